"""The command line as a user meets it: real sockets, and real processes where that is what matters."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE, free_port, published
from programs import BOTH, LINES, started

from streammi.cli.app import app
from streammi.errors import ConfigError

DATA = Path(__file__).parents[2] / "shared" / "data"
FURNACE = DATA / "gas_furnace" / "gasrate_co2.csv.gz"  # without timestamps
ROOM = DATA / "room_occupancy_uci864" / "part1.csv.gz"


def command(*words: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "streammi", *words]


def run(*words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = streammi(*words)
    assert done.returncode == status, done.stderr
    return done


def readings(text: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in text.splitlines()]


def unstalled(text: str) -> list[dict[str, Any]]:
    """The lines of a monitor, but those that say that its feed stalls or goes on: on a busy machine it may."""
    return [line for line in readings(text) if line.get("kind") not in ("stalled", "recovered")]


def without_clock(reading: dict[str, float]) -> dict[str, float]:
    """What must not depend on when and how a reading was made."""
    moving = {"run", "timestamp", "rate", "lag", "messages", "status", "reconnects"}
    return {name: value for name, value in reading.items() if name not in moving}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    x = rng.random(3000)
    y = x + rng.normal(0, 0.1, 3000)
    rows = [f"{1.7e9 + k * 0.01:.2f},{a!r},{b!r}" for k, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True))]
    file = tmp_path / "signals.csv"
    file.write_text("timestamp,left,right\n" + "\n".join(rows) + "\n")
    return file


@pytest.mark.parametrize("name", ["monitor", "watch", "view", "demo", "publish", "replay"])
def test_each_command_has_examples_in_its_help(name: str) -> None:
    text = run(name, "--help").stdout
    assert f"streammi {name}" in text
    assert "Examples:" in text


def test_help_starts_without_what_computes() -> None:
    heavy = ("numpy", "numba", "zmq", "river", "rich")
    code = f"import sys, streammi.cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["monitor", "tcp://127.0.0.1:1", "--window", "1"], ["--window", "got 1", ">= 2"]),
        (["monitor", "tcp://127.0.0.1:1", "--every", "soon"], ["--every", "soon", "500ms"]),
        (["monitor", "tcp://127.0.0.1:1", "--x-range", "3:1"], ["--x-range", "3:1"]),
        (["monitor", "tcp://127.0.0.1:1", "--unit", "bits"], ["--unit", "bits", "nat"]),
        (["monitor", "tcp://127.0.0.1:1", "--bins", "1"], ["--bins", "got '1'"]),
        (["monitor", "tcp://127.0.0.1:1", "--state-every", "5", "--state", "s"], ["--state-every", "got '5'", "5s"]),
        (["monitor", "nowhere"], ["ENDPOINT", "nowhere", "tcp://"]),
        (["monitor", "tcp://127.0.0.1:1", "--publish", "tcp://*:0"], ["--publish", "tcp://*:0", "--insecure"]),
        (["replay", "no-such-file.csv", "--x", "a", "--y", "b"], ["no-such-file.csv", "No such file"]),
        (["publish", "seed", "--bind", "tcp://1.2.3.4:5"], ["--bind", "tcp://1.2.3.4:5"]),
        (["publish", "seed", "--bind", "127.0.0.1:5556"], ["--bind must be an endpoint with", "'127.0.0.1:5556'"]),
        (["publish", "seed", "--bind", "tcp://[::1]"], ["--bind must be an endpoint with", "'tcp://[::1]'"]),
        (["publish", "seed", "--bind", "tcp://127.0.0.1:*", "--rate", "nan"], ["--rate", "> 0", "nan"]),
        (["publish", "host", "--bind", "tcp://127.0.0.1:*", "--x", "cpu.heat"], ["cpu.heat", "cpu.percent"]),
        (["publish", "seed", "--bind", "tcp://127.0.0.1:65536"], ["--bind", "tcp://127.0.0.1:65536", "65535"]),
        (["monitor", "tcp://127.0.0.1:99999"], ["ENDPOINT", "tcp://127.0.0.1:99999", "65535"]),
        (["view", "tcp://127.0.0.1:-1"], ["ENDPOINT", "tcp://127.0.0.1:-1", "65535"]),
        (["publish", "seed", "--bind", "tcp://127.0.0.1:*", "--batch", "few"], ["--batch", "'few'"]),
        (["monitor", "tcp://127.0.0.1:1", "--samples", "0"], ["--samples", "0"]),
        (["monitor", "tcp://127.0.0.1:1", "--windw", "10"], ["--windw"]),
        (["publish", "seed"], ["--bind must be given (Where to publish)"]),
        (["monitor", "tcp://127.0.0.1:1", "--x", ""], ["--x must be a path such as", "got ''"]),
        (["publish", str(ROOM), "--bind", "tcp://127.0.0.1:*", "--x", "S1_Sound"], ["--y", "S2_Sound"]),
        (["mnitor"], ["mnitor"]),
        (["monitor", "tcp://127.0.0.1:1", "--state-every", "5s"], ["--state-every", "without --state", "'5s'"]),
        (["watch", "tcp://127.0.0.1:1", "--record-limit", "1GiB"], ["--record-limit", "without --record", "'1GiB'"]),
        (["monitor", "tcp://127.0.0.1:1", "--insecure"], ["--insecure", "without --publish or --metrics"]),
        (["monitor", "tcp://127.0.0.1:1", "--pair", "nearest"], ["--pair", "one source", "'nearest'"]),
        (["watch", "tcp://127.0.0.1:1", "--lateness", "0s"], ["--lateness", "one source", "'0s'"]),
        (["monitor", "tcp://127.0.0.1:1", "--quiet", "--output", "jsonl"], ["--output", "with --quiet", "'jsonl'"]),
        (["monitor", "tcp://127.0.0.1:1", "--bins", "categories", "--y-range", "0:1"], ["--y-range", "categories"]),
        (
            ["monitor", "tcp://127.0.0.1:1", "--bins", "quantile:8", "--x-range", "0:1", "--y-range", "0:1"],
            ["--bins", "equal width", "'quantile:8'"],
        ),
        (["monitor", "tcp://127.0.0.1:1", "--test", "g", "--null", "99"], ["--null", "--test g", "99"]),
        (["monitor", "tcp://127.0.0.1:1", "--curve-server-key", "k"], ["--curve-secret", "--curve-server-key"]),
        (["demo", "--x", "cpu.percent"], ["--x", "--source seed", "'cpu.percent'"]),
        (["publish", "seed", "--bind", "tcp://127.0.0.1:*", "--y", "a"], ["--y", "SOURCE is seed", "'a'"]),
        (["publish", "-", "--bind", "tcp://127.0.0.1:*", "--x=a", "--y=b", "--loop"], ["--loop", "SOURCE is no file"]),
        (
            ["replay", str(FURNACE), "--x", "gas_rate_ft3min", "--y", "co2_pct", "--speed", "1"],
            ["--speed", "no timestamps", "1.0"],
        ),
    ],
)
def test_what_cannot_work_is_one_clear_line(words: list[str], said: list[str]) -> None:
    done = run(*words, status=2)
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    for part in said:
        assert part in done.stderr


def test_a_bound_endpoint_is_named() -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as socket:
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        done = run("monitor", "tcp://127.0.0.1:1", "--publish", f"tcp://127.0.0.1:{port}", status=2)
    assert f"127.0.0.1:{port}" in done.stderr
    assert "in use" in done.stderr


@pytest.mark.parametrize(
    "words", [["monitor", "--x=a", "--y=b"], ["view", "--output=jsonl"], ["view", "--output=once"]], ids=" ".join
)
def test_an_endpoint_where_nobody_answers_is_named(words: list[str]) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    once = "--output=once" in words
    done = run(words[0], nobody, *words[1:], "--seconds=4", status=1 if once else 2)
    *before, last = done.stderr.splitlines()
    said = f"no reading of {nobody} within 4 s: nobody answered"
    assert last == "streammi: " + (said if once else f"ENDPOINT must be reachable (nobody answered), got '{nobody}'")
    assert ["nobody answers there yet" in line for line in before] == [True] * len(before)
    assert done.stdout == ""


def test_one_view_says_a_reading_of_each_of_several_monitors() -> None:
    reading = {"v": 1, "run": 1, "seq": 1, "timestamp": 1.5, "n": 9, "mi_corrected": 0.5, "status": 0, "unit": "bit"}
    said = json.dumps(reading).encode()
    with published(lambda: [[b"mi/a", said]]) as a, published(lambda: [[b"mi/b", said]]) as b:
        endpoints = [a, b]
        places = [endpoint.removeprefix("tcp://") for endpoint in endpoints]
        done = run("view", *endpoints, "--output=once")
        assert sorted(done.stdout.splitlines()) == [f"a {places[0]}  0.500 bit", f"b {places[1]}  0.500 bit"]
        nobody = f"tcp://127.0.0.1:{free_port()}"
        done = run("view", nobody, endpoints[0], "--output=once", "--seconds=2", status=1)
        assert done.stdout == f"a {places[0]}  0.500 bit\n"
        assert done.stderr.endswith(f"streammi: no reading of {nobody} within 2 s: nobody answered\n")
    done = run("view", *endpoints, "--output=jsonl", status=2)
    assert "--output must be plain, influx or once of several monitors" in done.stderr


@pytest.mark.parametrize(
    ("flags", "status", "said"),
    [
        (1 | 16, 4, "warming up  lost  no more of now: as of 6.0"),
        (1024, 0, "unsaved"),
    ],
)
def test_a_reading_that_is_no_more_of_now_has_a_status_of_its_own(flags: int, status: int, said: str) -> None:
    reading = {"v": 1, "run": 1, "seq": 1, "timestamp": time.time() - 361, "n": 9, "mi_corrected": 0.5, "unit": "bit"}
    message = [b"mi/a~b", json.dumps(reading | {"status": flags}).encode()]
    with published(lambda: [message]) as endpoint:
        done = run("view", endpoint, "--output=once", status=status)
    assert done.stdout.startswith("a~b  0.500 bit")
    assert said in done.stdout
    assert ("no more of now" in done.stdout) == (status == 4)


def test_watch_ends_with_its_monitors_status() -> None:
    """Also where it is asked to end before its monitor has started."""
    nobody = f"tcp://127.0.0.1:{free_port()}"
    watch = started("watch", nobody, "--x=a", "--y=b", "--seconds=0.1", **BOTH)
    _, err = watch.communicate(timeout=PATIENCE)
    assert watch.returncode == 2
    assert err.endswith(f"streammi: ENDPOINT must be reachable (nobody answered), got '{nobody}'\n")


def test_a_file_is_watched_as_if_it_came_live(tmp_path: Path) -> None:
    file = tmp_path / "logger.csv"
    file.write_text("Temp,Flow,other\n" + "".join(f"{k % 7},{k % 7 * 2},0\n" for k in range(2000)))
    watch = started("watch", str(file), "--x=Temp", "--y=Flow", "--window=70", "--output=once", **BOTH)
    said, err = watch.communicate(timeout=PATIENCE)
    assert watch.returncode == 0, err
    assert 1 < float(said.split()[1]) < 3, said  # log2(7) in the end
    assert "r +1.00" in said
    for more, why in (
        (["--x=Temp", "--y=none"], "--y must be a column of"),
        (["--x=Temp"], "--y must be given, a column of"),
        (["--x=Temp", "--y=Flow", "--given=other"], "--given must be left out where a file is watched"),
        (["--x=Temp", "--y=Flow", "--topic=a"], "--topic must be left out where a file is watched"),
    ):
        with pytest.raises(ConfigError, match=why):
            app(["watch", str(file), *more], standalone_mode=False)
    with pytest.raises(ConfigError, match="watch, replay and report take files"):
        app(["view", str(file)], standalone_mode=False)


def test_what_somebody_has_closed_is_written_to_by_nobody(tmp_path: Path) -> None:
    """Neither a file that is opened later and gets the number of standard output, nor what is no stream at all."""
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n3,4\n" * 20)
    words = command(
        "replay", str(tmp_path / "a.csv"), "--x=a", "--y=b", "--window=5", f"--samples-out={tmp_path}/s.csv"
    )
    subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *words], check=True)
    assert (tmp_path / "s.csv").read_text().count("\n") == 41


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no full device here")
def test_a_full_disk_behind_standard_output_ends_in_words(recording: Path) -> None:
    replay = ["replay", str(recording), "--x", "left", "--y", "right", "--window", "10"]
    for words in (replay, ["grafana"], ["--version"]):
        with FULL.open("w") as full:
            done = streammi(*words, stdout=full)
        assert done.returncode == 1
        assert done.stderr.endswith("streammi: cannot write to standard output: No space left on device\n")


@pytest.mark.skipif(not FULL.exists(), reason="no full device here")
@pytest.mark.parametrize("watched", [["--x=a", "--y=b"], ["--x=a", "--y=b", "--key=id"], ["--channels=a,b"]])
def test_a_monitor_whose_last_lines_could_not_be_written_says_so_and_ends_with_1(
    tmp_path: Path, watched: list[str]
) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket, FULL.open("w") as full:
        words = [f"ipc://{tmp_path}/feed", "--pull", "--window=10", "--bins=2", "--every=1", "--samples=20", *watched]
        socket.bind(words[0])
        rows = np.random.default_rng(0).random((20, 2)).tolist()
        sent = json.dumps([{"a": a, "b": b, "id": "one"} for a, b in rows]).encode()
        sender = threading.Thread(target=socket.send, args=[sent])
        sender.start()
        done = streammi("monitor", *words, stdout=full)
        sender.join()
    said = done.stderr
    assert done.returncode == 1
    assert re.search(r"streammi: warning: standard output: the last \d+ lines could not be written\n", said)
    warning = "streammi: warning: standard output: No space left on device; lines wait until it takes them again\n"
    assert said.count(warning) == 1


def test_a_missing_column_is_named_with_those_there_are(recording: Path) -> None:
    done = run("replay", str(recording), "--x", "left", "--y", "middle", status=2)
    assert "middle" in done.stderr
    assert "right" in done.stderr


def test_a_file_without_timestamps_is_replayed_by_the_sample(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n" + "".join(f"{k % 7},{k % 5}\n" for k in range(250)))
    words = ["replay", str(file), "--x", "a", "--y", "b"]
    done = run(*words)
    assert [reading["n"] for reading in readings(done.stdout)] == [100, 200, 250]
    assert "each 100 samples" in done.stderr
    for option, value in (("--every", "1s"), ("--window", "10s")):
        assert f"{option} must be a number of" in run(*words, option, value, status=2).stderr
    joined = ["replay", "--x", f"{file}:a", "--y", f"{file}:b"]
    assert readings(run(*joined).stdout)[-1]["mi"] == readings(done.stdout)[-1]["mi"]
    assert "each 100 samples" in run(*joined).stderr
    assert "--window must be a number of" in run(*joined, "--window", "10s", status=2).stderr


def test_a_replay_without_a_reading_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    learning = "no reading: learning the bins: 3 of 16 pairs"
    for rows, words in (("", "no pair: there is no row below the names"), ("1,2\n" * 3, learning)):
        file.write_text("a,b\n" + rows)
        assert words in run("replay", str(file), "--x", "a", "--y", "b", status=int(not rows)).stderr


def test_replay_equals_a_notebook(recording: Path) -> None:
    """The last window by np.histogram2d, over the range that was given."""
    words = ["--x", "left", "--y", "right", "--bins", "10", "--x-range", "0:1", "--y-range=-0.5:1.5", "--every", "1000"]
    *_, last = readings(run("replay", str(recording), *words).stdout)
    _, x, y = np.loadtxt(recording, delimiter=",", skiprows=1, unpack=True)
    joint = np.histogram2d(x[-1000:], y[-1000:], 10, range=[[0, 1], [-0.5, 1.5]])[0] / 1000
    outer = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    mi = (joint[joint > 0] * np.log2(joint[joint > 0] / outer[joint > 0])).sum()
    assert last["mi"] == pytest.approx(mi, abs=1e-12)
    assert last["n"] == 1000


def test_replay_speaks_event_time(recording: Path) -> None:
    """3,000 samples 10 ms apart last 29.99 s: 5 readings at 5 s, 10 s, ... and the last one."""
    found = readings(
        run("replay", str(recording), "--x", "left", "--y", "right", "--every", "5s", "--window", "2s").stdout
    )
    assert [round(r["timestamp"] - 1.7e9) for r in found] == [5, 10, 15, 20, 25, 30]
    assert {r["n"] for r in found} == {200}


@pytest.mark.skipif(not ROOM.exists(), reason="no recordings beside the checkout")
def test_live_equals_replay_on_a_real_recording(tmp_path: Path) -> None:
    words = ["--x", "S1_Sound", "--y", "S2_Sound"]
    expected = readings(run("replay", str(ROOM), *words, "--every", "500").stdout)
    feed, out = f"ipc://{tmp_path}/feed", f"ipc://{tmp_path}/out"
    # PUSH and PULL: a publisher at full speed drops what a loaded machine cannot take.
    publisher = started("publish", str(ROOM), *words, "--bind", feed, "--push", stderr=subprocess.DEVNULL)
    monitor = started(
        "monitor", feed, *words, "--pull", "--every", "500", "--samples", "5305", "--publish", out, **LINES
    )
    with zmq.Context() as context, context.socket(zmq.SUB) as consumer:
        consumer.subscribe("mi/")
        consumer.connect(out)
        lines, _ = monitor.communicate(timeout=PATIENCE)
        assert publisher.wait(PATIENCE) == 0
        live, received = unstalled(lines), {}
        while received != live[-1]:
            assert consumer.poll(40_000)
            topic, payload = consumer.recv_multipart()
            assert topic == b"mi/S1_Sound~S2_Sound"
            received = json.loads(payload)
    assert [without_clock(r) for r in live] == [without_clock(r) for r in expected]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_monitor_with_its_last_reading(tmp_path: Path, number: signal.Signals, status: int) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(f"ipc://{tmp_path}/feed")
        words = ["--pull", "--x", "a", "--y", "b", "--every", "60", "--window", "10", "--bins", "2"]
        process = started("monitor", f"ipc://{tmp_path}/feed", *words, **BOTH)
        sender.send_json([{"a": k % 7, "b": k % 5} for k in range(100)])
        assert process.stdout is not None
        assert readings(process.stdout.readline())[0]["pairs"] == 60
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status
    assert "Traceback" not in err
    assert [line["pairs"] for line in unstalled(out)] == [100]


def test_a_closed_pipe_is_no_error(recording: Path) -> None:
    words = ["replay", str(recording), "--x", "left", "--y", "right", "--every", "1"]
    process = started(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b'{"v":1')
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


def test_publish_host_gives_live_readings(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("publish", "host", "--bind", f"ipc://{tmp_path}/host", "--rate", "20", "--seconds", "20"),
        stderr=subprocess.DEVNULL,
    )
    with zmq.Context() as context, context.socket(zmq.SUB) as consumer:
        consumer.subscribe("")
        consumer.connect(f"ipc://{tmp_path}/host")
        assert consumer.poll(40_000)
        first = consumer.recv_json()
        second = consumer.recv_json()
    process.terminate()
    assert process.wait(PATIENCE) == 143
    assert second["seq"] == first["seq"] + 1
    assert abs(first["timestamp"] - time.time()) < 60
    assert 0 <= first["memory.percent"] <= 100


def test_a_change_is_an_event_among_the_lines_and_on_the_socket(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=4000)
    y = np.where(np.arange(4000) < 2000, x, 0) + rng.normal(0, 0.3, 4000)
    feed, out = f"ipc://{tmp_path}/feed", f"ipc://{tmp_path}/out"
    words = ["--window", "200", "--every", "100", "--detect", "page-hinkley", "--name", "a", "--samples", "4000"]
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender, context.socket(zmq.SUB) as consumer:
        sender.bind(feed)
        for topic in ("mi/", "event/"):
            consumer.subscribe(topic)
        consumer.connect(out)
        process = started("monitor", feed, "--pull", *words, "--publish", out, **LINES)
        pairs = np.column_stack((x, y)).astype("<f8")
        sender.send(pairs[:2000].tobytes())
        assert consumer.poll(40_000)  # it hears us: what comes now cannot be missed
        for start in range(2000, 4000, 100):  # at leisure, so that there is time for a look at each
            time.sleep(0.02)
            sender.send(pairs[start : start + 100].tobytes())
        lines, _ = process.communicate(timeout=PATIENCE)
        said, heard = unstalled(lines), list[dict[str, Any]]()
        while not heard or heard[-1] != said[-1]:
            assert consumer.poll(40_000)
            heard.append(json.loads(consumer.recv_multipart()[1]))
    [event] = [line for line in said if "kind" in line]
    assert (event["kind"], event["pair"], event["unit"]) == ("lost", "a", "bit")
    assert [line for line in heard if line.get("kind") == "lost"] == [event]


def test_one_signal_taken_for_both_is_said(recording: Path, tmp_path: Path) -> None:
    words = "x and y are both left: MI is the entropy of that one signal\n"
    once, joined = ["--x=left", "--y=left"], [f"--x={recording}:left", f"--y={recording}:left"]
    nobody = ["monitor", f"ipc://{tmp_path}/nobody", "--window=50", "--seconds=0.1"]
    for done in (
        run("replay", str(recording), *once),
        run("replay", *joined),
        run(*nobody, *once, status=2),
        run(*nobody, *once, "--key=topic", status=2),
    ):
        assert done.stderr.count(words) == 1
    assert words not in run("replay", str(recording), "--x=left", "--y=right").stderr
