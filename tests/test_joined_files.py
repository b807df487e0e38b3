"""Two sources on the command line: recordings and live ones, in real processes."""

import json
import re
from pathlib import Path

import msgpack
import numpy as np
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE
from programs import BOTH, started

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
