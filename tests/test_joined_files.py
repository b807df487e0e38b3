"""Two sources on the command line: recordings and live ones, in real processes."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import msgpack
import numpy as np
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE
from logger_files import Read
from programs import BOTH, started

from streammi.config import FeedConfig, JoinConfig
from streammi.errors import ConfigError
from streammi.ingest.files.joined_files import read_joined

NAB = Path(__file__).parents[2] / "shared" / "data" / "nab"


def run(*words: str, status: int = 0) -> tuple[list[dict[str, float]], str]:
    done = streammi(*words)
    assert done.returncode == status, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.skipif(not NAB.exists(), reason="no recordings beside the checkout")
@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("cloud_disk1ef3de_x_net5abac7", ["--pair", "exact"], "x: 4,730 samples = 12 paired + 4,718 unmatched"),
        ("cloud_disk1ef3de_x_net5abac7", ["--tolerance", "150s"], "x: 4,730 samples = 4,729 paired + 1 unmatched"),
        (
            "ambient_x_machine_temp",
            ["--tolerance", "300s"],
            "its clock stepped back once, last by 3300 s",
        ),
        ("ambient_x_machine_temp", ["--tolerance", "300s"], "(sample 10149)"),
    ],
)
def test_replay_joins_two_recordings(name: str, words: list[str], said: str) -> None:
    x, y = (f"{NAB / name}.{side}.csv.gz:value" for side in "xy")
    readings, err = run("replay", "--x", x, "--y", y, *words, "--every", "1000")
    assert said in err
    for reading in readings:
        assert reading["pair_offset"] is not None


@pytest.fixture
def joined(tmp_path: Path) -> Callable[..., Read]:
    """What comes of x in a file with this text and y in another."""

    def join(x_text: str, y_text: str) -> Read:
        (tmp_path / "x.csv").write_text(x_text)
        (tmp_path / "y.csv").write_text(y_text)
        x, y = (FeedConfig(endpoint=str(tmp_path / f"{name}.csv"), x=name, y=name) for name in "xy")
        return Read(read_joined(JoinConfig(x=x, y=y)))

    return join


def test_files_without_times_are_paired_row_by_row(joined: Callable[..., Read]) -> None:
    """In the blocks as which they are read, a row of the one was paired with one far from it of the other."""
    n = 300_000
    x, y = np.arange(n) % 997, np.arange(n) % 991
    short, long = "x\n" + "\n".join(map(str, x)), "y,z\n" + "\n".join(f"{value},{'a' * 9}" for value in y)
    for most in (n, n - 7):
        found = joined(short, long[: long.rindex("\n", 0, len(long) - 11 * (n - most))] if most < n else long)
        pairs = found.x.size
        assert n - 9 < pairs <= n
        np.testing.assert_array_equal(found.x, x[:pairs])
        np.testing.assert_array_equal(found.y, y[:pairs])
        assert found.t is None
        assert found.said.endswith("neither file has times: paired row by row")
    with pytest.raises(
        ConfigError, match=r"--y must be a column with a number in each row where files have no times \(1"
    ):
        joined("x\n1\n2\n3\n", "y\n1\nred\n3\n")


@pytest.mark.parametrize(
    ("x", "y", "rule"),
    [
        (
            "time,x\n1,1\n2,2\n",
            "y\n1\n2\n",
            r"--y must be of a file with times, as .*x.csv has \(--time COL names them",
        ),
        ("x\n1\n2\n", "time,y\n1,1\n2,2\n", r"--x must be of a file with times, as .*y.csv has"),
        (
            "time,x\n2026-03-01,1\n",
            "time,y\n0.5,1\n",
            r"--y must be of a file with dates, as the other has: .*, got '0.5 s'",
        ),
        ("time,x\n0.5,1\n", "time,y\n1772359200,1\n", r"--x must be of a file with dates, as the other has"),
        ("time,x\n1,1\n", "time,z\n1,1\n", r"--y must be a column of .*y.csv \(time, z\), got 'y'"),
    ],
)
def test_files_that_no_time_joins_are_refused(joined: Callable[..., Read], x: str, y: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        joined(x, y)


def test_monitor_joins_two_sources() -> None:
    """A sender of JSON and one of msgpack, behind topics."""
    rng = np.random.default_rng(8)
    a = rng.normal(size=400)
    b = a + rng.normal(size=400)
    with zmq.Context() as context, context.socket(zmq.XPUB) as left, context.socket(zmq.XPUB) as right:
        ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in (left, right)]
        x, y = (f"tcp://127.0.0.1:{port}#{rest}" for port, rest in zip(ports, ("boiler:flow", "valve:at"), strict=True))
        words = ["--x", x, "--y", y, "--pair", "exact", "--samples", "400", "--window", "400", "--every", "400"]
        process = started("monitor", *words, **BOTH)
        for socket, topic in ((left, b"boiler"), (right, b"valve")):
            assert socket.poll(40_000)
            assert socket.recv() == b"\x01" + topic
        for k, (one, other) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
            left.send_multipart([b"boiler", json.dumps({"flow": one, "time": k}).encode()])
            left.send_multipart([b"boring", b"nobody asked for this"])
            right.send_multipart([b"valve", msgpack.packb({"at": other, "time": k})])
        right.send_multipart([b"valve", msgpack.packb({"at": 0, "time": 400})])
        left.send_multipart([b"boiler", json.dumps({"flow": 0, "time": 400}).encode()])
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    last = json.loads(out.splitlines()[-1])
    assert last["n"] == 400
    assert last["r"] == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert last["pair_offset"] == 0.0
    assert re.search(r"streammi: x: 40[01] samples = 40[01] paired", err)
    assert re.search(r"streammi: y: 40[01] samples = 40[01] paired", err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["monitor", "--window", "50"], ["ENDPOINT must be given", "--x"]),
        (["monitor", "tcp://a:1", "--x", "tcp://a:1#v", "--y", "tcp://a:1#w"], ["ENDPOINT must be left out"]),
        (["monitor", "--x", "tcp://a:1#v"], ["--y must be ENDPOINT#TOPIC:PATH too"]),
        (["monitor", "--x", "tcp://a:1", "--y", "tcp://a:1#v"], ["--x must be ENDPOINT#TOPIC:PATH", "'tcp://a:1'"]),
        (["monitor", "tcp://a:1", "--tolerance", "1s"], ["--tolerance must be left out"]),
        (
            ["monitor", "--x", "tcp://a:1#v", "--y", "tcp://b:1#v", "--pair", "closest"],
            ["--pair", "nearest", "'closest'"],
        ),
        (["monitor", "--x", "tcp://a:1#v", "--y", "tcp://b:1#v", "--tolerance", "5"], ["--tolerance", "150s", "'5'"]),
        (
            ["watch", "--x", "tcp://a:1#v", "--y", "tcp://a:1#w", "--pull"],
            ["--pull must be given with an endpoint"],
        ),
        (["replay", "--x", "a", "--y", "b"], ["--x must be FILE:COL"]),
        (["replay", "a.csv", "--x", "a", "--y", "b", "--pair", "exact"], ["--pair must be left out"]),
    ],
)
def test_what_cannot_be_joined_is_one_clear_line(words: list[str], said: list[str]) -> None:
    _, err = run(*words, status=2)
    assert len(err.strip().splitlines()) == 1
    for part in said:
        assert part in err
