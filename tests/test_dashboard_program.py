"""The real program on real terminals: a pseudo-terminal read by pyte, and tmux."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import zmq
from dashboard_samples import linear
from dashboard_terminal import Session
from feeds import PATIENCE, monitor_that

from streammi.publish.messages import reading_message, result_fields
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message

STREAMMI = ["-W", "error", "-m", "streammi"]


@pytest.fixture
def monitor() -> Iterator[str]:
    """A monitor in this process, which says one moment again and again: its endpoint."""
    snapshot = linear()
    assert snapshot.reading is not None
    reading = result_fields(snapshot.reading, run=1, seq=1, timestamp=time.time(), link=snapshot.links[0])
    messages = [snapshot_message(snapshot), reading_message(snapshot.pair, reading)]

    def say(publisher: Publisher) -> None:
        for message in messages:
            publisher.send(message)

    with monitor_that(say, 0.1) as endpoint:
        yield endpoint


def test_the_demo_answers_keys_and_gives_the_terminal_back(tmp_path: Path) -> None:
    session = Session(["demo"], 120, 40, tmp_path)
    session.until("OVER TIME")
    session.until("connected")
    session.type("s")
    session.until("as svg, png, json")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".png", ".svg"]
    session.type("u")
    session.until(" nat")
    session.type("?")
    session.until("any key closes")
    session.type("? ")
    session.until("FROZEN")
    session.type("q")
    assert session.end() == 0
    assert session.restored


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 0)])
def test_a_signal_gives_the_terminal_back(number: signal.Signals, status: int) -> None:
    session = Session(["view", "tcp://127.0.0.1:9"])
    session.until("waiting for a monitor")
    os.kill(session.pid, number)
    assert session.end() == status
    assert session.restored


def test_what_cannot_start_says_so_after_the_screen_is_back() -> None:
    session = Session(["watch", "nowhere", "--x", "a", "--y", "b"])
    assert session.end() == 2
    assert b"ENDPOINT must be an endpoint" in session.written


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_it_stops_and_goes_on_as_the_shell_expects() -> None:
    view = shlex.join([sys.executable, *STREAMMI, "view", "tcp://127.0.0.1:9"])
    script = f"set -m; {view}; echo STOPPED $?; stty -a; read _; fg; echo ENDED $?"
    session = Session(["-c", script], program="bash")
    session.until("waiting for a monitor")
    session.type("\x1a")
    session.until_written(b"STOPPED 148")
    session.until_written(b" icanon ")
    assert session.restored
    before = len(session.written)
    session.type("\n")
    session.until_written(b"waiting for a monitor", before)
    session.type("q")
    session.until_written(b"ENDED 0")
    assert session.end() == 0


def test_after_a_stop_that_cannot_be_caught_it_draws_everything_again() -> None:
    session = Session(["view", "tcp://127.0.0.1:9"])
    session.until("waiting for a monitor")
    os.kill(session.pid, signal.SIGSTOP)
    session.emulator.reset()
    os.kill(session.pid, signal.SIGCONT)
    session.until("waiting for a monitor")
    session.type("q")
    assert session.end() == 0
    assert session.restored


def test_a_crash_says_why_after_the_screen_is_back() -> None:
    code = (
        "from streammi.dashboard.viewer import Viewer\n"
        "def fail(*_): raise RuntimeError('the picture fell down')\n"
        "Viewer.canvas = fail"
    )
    session = Session(["view", "tcp://127.0.0.1:9"], before=code)
    assert session.end() == 1
    assert session.restored
    assert session.written.rindex(b"\x1b[?1049l") < session.written.index(b"the picture fell down")


def test_a_closed_terminal_ends_everything(tmp_path: Path) -> None:
    session = Session(["demo"], 100, 30, TMPDIR=str(tmp_path))
    session.until("connected")
    family = [psutil.Process(session.pid), *psutil.Process(session.pid).children(recursive=True)]
    assert len(family) == 3
    os.close(session.fd)
    session.process.wait(PATIENCE)
    assert psutil.wait_procs(family[1:], timeout=PATIENCE)[1] == []
    assert list(tmp_path.iterdir()) == []


def test_a_key_does_not_wait_for_the_next_frame(monitor: str) -> None:
    session = Session(["view", monitor, "--max-fps", "0.1"], 100, 30)
    deadline = time.monotonic() + PATIENCE
    while "(bit)" not in session.text and time.monotonic() < deadline:
        session.type("c")  # frames are 10 s apart, but for those that answer a key
        session.read(0.3)
    for unit in ("nat", "ban", "bit"):
        session.type("u")
        session.until(f"({unit})", 6)
    session.type("q")
    assert session.end() == 0


def test_a_terminal_that_is_not_read_delays_no_sample(tmp_path: Path) -> None:
    """Five seconds at 100,000 samples a second; then every pair is counted, and the terminal still is not read."""
    feed, readings = f"ipc://{tmp_path}/feed", f"ipc://{tmp_path}/readings"
    words = ["watch", feed, "--pull", "--window", "1000", "--publish", readings]
    block = np.random.default_rng(0).random((1000, 2)).tobytes()
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender, context.socket(zmq.SUB) as consumer:
        sender.bind(feed)
        consumer.subscribe("snapshot/")
        consumer.connect(readings)
        session = Session(words, 200, 60)
        sender.send(block)
        session.until("connected")
        written = len(session.written)
        start, sent = time.monotonic(), 1
        while sent < 500:
            if sent < (time.monotonic() - start) * 100:
                sender.send(block)
                sent += 1
            else:
                time.sleep(0.002)
        pairs, deadline = 0, time.monotonic() + PATIENCE
        while pairs < 500_000:
            assert time.monotonic() < deadline, pairs
            if consumer.poll(100):
                reading = read_snapshot(consumer.recv_multipart()).reading
                pairs = reading.pairs if reading else 0
        assert pairs == 500_000
        assert len(session.written) == written
        session.until("500,000 pairs")  # the newest picture, not those of five seconds in a row
        assert len(session.written) - written < 250_000
        session.type("q")
        assert session.end() == 0
        assert session.restored


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"CI": "true"}])
def test_where_text_cannot_be_placed_there_are_lines(monitor: str, environment: dict[str, str]) -> None:
    """Of a demo, whose monitor is not to say its own lines; and of a view, which has none."""
    words = ["demo", "--seconds", "60"] if "TERM" in environment else ["view", monitor]
    session = Session(words, 100, 30, **environment)
    session.until("demo  " if "TERM" in environment else f"{linear().pair}  ")
    session.until(" bit ")
    assert b"{" not in session.written  # nor are the lines for programs
    assert b"\x1b" not in session.written
    session.type("\x03")
    assert session.end() == 130


def test_without_colours_no_colour_is_written(monitor: str) -> None:
    session = Session(["view", monitor], 120, 40, NO_COLOR="1", COLORTERM="truecolor")
    session.until("JOINT COUNTS")
    session.type("q")
    assert session.end() == 0
    assert not re.search(rb"\x1b\[[0-9;]*\b([34]8|3[0-7]|4[0-7]|9[0-7]|10[0-7])\b[0-9;]*m", session.written)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
def test_a_view_in_tmux(monitor: str, tmp_path: Path) -> None:
    def tmux(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(tmp_path / "tmux"), *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def until(words: str, gone: bool = False) -> None:
        deadline = time.monotonic() + PATIENCE
        while (words in (screen := tmux("capture-pane", "-p", "-t", "view"))) == gone:
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)

    program = f"CI= {sys.executable} -m streammi view {monitor}; sleep 60"
    tmux("new-session", "-d", "-s", "view", "-x", "100", "-y", "30", program)
    try:
        until("JOINT COUNTS")
        until("connected")
        tmux("resize-window", "-t", "view", "-x", "50", "-y", "14")
        until("JOINT COUNTS", gone=True)
        until("connected")
        tmux("send-keys", "-t", "view", "?")
        until("any key closes")
        tmux("send-keys", "-t", "view", "q")
        until("any key closes", gone=True)
    finally:
        tmux("kill-server")


def test_a_pair_of_many_is_opened_and_left_again(tmp_path: Path) -> None:
    """Monitor and view of many channels, over real sockets: the pair's own view is made when it is asked for."""
    feed = f"ipc://{tmp_path}/feed"
    words = ["watch", feed, "--channels", "all", "--window", "100", "--every", "50", "--unit", "nat"]
    rng = np.random.default_rng(0)
    with zmq.Context() as context, context.socket(zmq.PUB) as sender:
        sender.bind(feed)
        session = Session(words, 120, 40)

        def until(words: str) -> None:
            deadline = time.monotonic() + PATIENCE
            while words not in session.text:
                assert time.monotonic() < deadline, session.text
                x = rng.normal()
                sender.send_json({"flow": x, "valve": x + 0.1 * rng.normal(), "wind": rng.normal()})
                session.read(0.01)

        until("3 channels")
        until("flow")
        until("1 of 3 pairs depend")
        session.type("/valve\r")
        until("2 of 3 pairs")
        session.type("\r")
        until("JOINT COUNTS")  # of the monitor's window
        until("MI OVER TIME (nat)")  # as this view has seen it
        session.type("\x1b")
        until("PAIRS BY MI")
        session.type("m")
        until("MATRIX OF MI")
        session.type("q")
        assert session.end() == 0
        assert session.restored
