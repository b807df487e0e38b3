"""First-aid reports on what runs, as those who look after it ask for them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from dashboard_terminal import Session
from feeds import PATIENCE, published, wait
from programs import started

STREAMMI = [sys.executable, "-W", "error", "-m", "streammi"]
HELD = 1 << (signal.SIGUSR1 - 1)


@contextmanager
def running(*words: str) -> Iterator["subprocess.Popen[str]"]:
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = started(*words, text=True, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[str]:
    """A feed of made-up samples."""
    rng = np.random.default_rng(0)
    with published(lambda: [[rng.random((5, 2)).tobytes()]], f"ipc://{tmp_path}/samples") as endpoint:
        yield endpoint


def ask(process: "subprocess.Popen[str]") -> None:
    """Send SIGUSR1 once our program, and not yet the interpreter alone, has it in hand."""
    wait(lambda: in_hand(process.pid), every_s=0.005)
    process.send_signal(signal.SIGUSR1)


def in_hand(pid: int) -> bool:
    """Whether SIGUSR1 is held back or caught."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigBlk:", "SigCgt:"))]
    return any(mask & HELD for mask in masks)


def reported(process: "subprocess.Popen[str]", last: str, messages: Iterable[str] | None = None) -> dict[str, str]:
    """The sections of the next report among a program's messages; ``last`` is the one at its end."""
    found: dict[str, str] = {}
    lines = iter(messages or process.stderr or ())
    while last not in found:
        line = next(lines)
        if line.startswith("streammi: report: "):
            name, words = line.removeprefix("streammi: report: ").rstrip("\n").split(": ", 1)
            found[name] = words
    assert f"pid {process.pid}," in found["process"]
    assert "libzmq" in found["versions"]
    return found


def test_a_publisher_says_what_it_waits_for_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n")
    place = f"ipc://{tmp_path}/samples"
    with running("publish", f"{tmp_path}/a.csv", "--x=a", "--y=b", f"--bind={place}") as publisher:
        ask(publisher)
        found = reported(publisher, "socket")
        assert found["socket"] == (
            f"kind PUB, endpoint {place}, state waiting for a first receiver, connections 0, samples 0"
        )
        assert "--x a, --y b, --loop False" in found["settings"]
        with running("probe", place, "--seconds=2") as probe:
            ask(probe)  # it has no report, and goes on
            assert "2 messages" in probe.communicate(timeout=PATIENCE)[0]
        assert publisher.wait(PATIENCE) == 0


def test_who_shows_or_replays_reports_and_goes_on(samples: str, tmp_path: Path) -> None:
    readings = f"ipc://{tmp_path}/readings"
    with (
        running("monitor", samples, "--quiet", f"--publish={readings}"),
        running("view", readings, "--output=jsonl") as view,
        running("replay", "-", "--x=a", "--y=b", "--x-range=0:9", "--y-range=0:9", "--every=2") as replay,
    ):
        assert view.stdout is not None
        view.stdout.readline()
        ask(view)
        found = reported(view, f"link {readings}")
        assert re.match(r"state connected, since 20.* UTC, messages [1-9]\d*, bytes [1-9]", found[f"link {readings}"])
        assert "output jsonl" in found["settings"]
        asked = time.time()
        while json.loads(view.stdout.readline())["timestamp"] < asked:
            pass
        assert view.poll() is None
        ask(replay)
        lines, messages = replay.communicate("a,b\n1,2\n3,4\n5,6\n7,8\n", timeout=PATIENCE)
        assert (lines.count('"mi"'), replay.returncode) == (2, 0)
        found = reported(replay, "progress", messages.splitlines())
        assert "--every 2" in found["settings"]
        assert found["progress"].startswith("bytes_read ")


def after_screen(session: Session) -> str:
    """Quit; what is written once the screen has closed, and no report before."""
    session.type("q")
    assert session.end() == 0
    screen, _, after = session.written.rpartition(b"\x1b[?1049l")
    assert b"report: versions" not in screen
    return after.decode()


def test_the_report_of_a_view_is_printed_once_its_screen_closes(samples: str, tmp_path: Path) -> None:
    readings = f"ipc://{tmp_path}/readings"
    with running("monitor", samples, "--quiet", f"--publish={readings}"):
        session = Session(["view", readings], 120, 40)
        session.until("OVER TIME")
        os.kill(session.pid, signal.SIGUSR1)
        session.until("report: printed when this screen closes")
        assert f"streammi: report: link {readings}: state connected" in after_screen(session)


def test_the_report_of_a_monitor_beside_its_screen_is_printed_once_that_closes(samples: str) -> None:
    session = Session(["watch", samples], 120, 40)
    session.until("OVER TIME")
    session.type("?")
    session.until("first aid: a report on the monitor")
    session.type(" a")
    session.until("report: printed when this screen closes")
    assert b"report: versions" not in session.written
    session.type("c")
    session.until("printed when this screen closes", gone=True)
    os.kill(session.pid, signal.SIGUSR1)
    session.until("printed when this screen closes")
    after = after_screen(session)
    assert f"streammi: {samples}: connected" in after
    monitor = [line for line in after.splitlines() if line.startswith("streammi: report: process: pid ")]
    assert monitor
    assert f"pid {session.pid}," not in monitor[0]


def test_a_report_asked_for_and_then_left_at_once_is_printed() -> None:
    session = Session(["demo"], 100, 30)
    session.until("OVER TIME")
    session.type("aq")
    assert session.end() == 0
    assert session.written.rpartition(b"\x1b[?1049l")[2].count(b"report: versions: ") == 1


def test_where_messages_go_to_a_file_the_report_is_there_at_once(samples: str, tmp_path: Path) -> None:
    words = f"{' '.join(STREAMMI)} watch {samples} --log=json 2>{tmp_path}/log"
    session = Session(["-c", f"exec {words}"], 120, 40, program="sh")
    session.until("OVER TIME")
    session.type("a")
    session.until("report: see the log")
    deadline = time.monotonic() + PATIENCE
    while "report" not in said(tmp_path / "log"):
        assert time.monotonic() < deadline, said(tmp_path / "log")
        session.read(0.05)
    session.type("q")
    assert session.end() == 0


def said(log: Path) -> list[str]:
    whole = log.read_text().rpartition("\n")[0].splitlines()
    return [json.loads(line)["message"] for line in whole]


def test_without_a_screen_the_report_comes_among_the_messages(samples: str) -> None:
    with running("watch", samples, "--output=plain") as watch:
        assert watch.stdout is not None
        assert watch.stderr is not None
        watch.stdout.readline()
        watch.send_signal(signal.SIGUSR1)
        while not (line := watch.stderr.readline()).startswith("streammi: report: process: pid "):
            assert line
        assert int(line.split()[4].rstrip(",")) in [child.pid for child in psutil.Process(watch.pid).children()]
        assert watch.stdout.readline()
        watch.terminate()
        assert watch.wait(PATIENCE) == 143
