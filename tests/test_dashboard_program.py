"""The real program on real terminals: a pseudo-terminal read by pyte, and tmux."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dashboard_terminal import Session

STREAMMI = ["-W", "error", "-m", "streammi"]


def test_the_demo_answers_keys_and_gives_the_terminal_back() -> None:
    session = Session([*STREAMMI, "demo"], 120, 40)
    session.until("OVER TIME")
    session.until("connected")
    session.type("u")
    session.until(" nat", 5)
    session.type("?")
    session.until("any key closes", 5)
    session.type("? ")
    session.until("FROZEN", 5)
    session.type("q")
    assert session.end() == 0
    assert session.restored


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 0)])
def test_a_signal_gives_the_terminal_back(number: signal.Signals, status: int) -> None:
    session = Session([*STREAMMI, "view", "tcp://127.0.0.1:9"])
    session.until("waiting for a monitor")
    os.kill(session.pid, number)
    assert session.end() == status
    assert session.restored


def test_what_cannot_start_says_so_after_the_screen_is_back() -> None:
    session = Session([*STREAMMI, "watch", "nowhere", "--x", "a", "--y", "b"])
    assert session.end() == 2
    assert b"ENDPOINT must be an endpoint" in session.written


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
def test_the_demo_in_tmux(tmp_path: Path) -> None:
    def tmux(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(tmp_path / "tmux"), *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def until(words: str, gone: bool = False) -> None:
        deadline = time.monotonic() + 40
        while (words in (screen := tmux("capture-pane", "-p", "-t", "demo"))) == gone:
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)

    tmux("new-session", "-d", "-s", "demo", "-x", "100", "-y", "30", f"{sys.executable} -m streammi demo; sleep 60")
    try:
        until("JOINT COUNTS")
        until("connected")
        tmux("resize-window", "-t", "demo", "-x", "50", "-y", "14")
        until("JOINT COUNTS", gone=True)
        until("connected")
        tmux("send-keys", "-t", "demo", "?")
        until("any key closes")
        tmux("send-keys", "-t", "demo", "q")
        until("any key closes", gone=True)
    finally:
        tmux("kill-server")
