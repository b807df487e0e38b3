"""The dashboard on a terminal: pyte reads what is written, tmux and a pseudo-terminal run the real program."""

import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import numpy as np
import pyte
import pytest
from dashboard_samples import HOSTILE, KINDS, NOW, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from streammi.dashboard import save, view
from streammi.dashboard.glyphs import SETS
from streammi.dashboard.screen import Screen
from streammi.dashboard.state import State, act
from streammi.dashboard.theme import Pens, make_theme

SIZES = [(20, 5), (40, 12), (80, 24), (120, 40), (200, 60)]
SNAPSHOTS = {kind: snapshot(kind) for kind in KINDS}


class Television:
    """A terminal emulator of another hand that shows what the screen writes."""

    def __init__(self, width: int, height: int, glyphs: str = "braille", depth: str = "truecolor") -> None:
        self.pens = Pens(depth)  # type: ignore[arg-type]
        self.theme = make_theme(SETS[glyphs], self.pens)
        self.screen = Screen(self.pens)
        self.emulator = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.emulator)

    def show(self, kind: str, state: State | None = None, size: tuple[int, int] | None = None) -> bytes:
        width, height = size or (self.emulator.columns, self.emulator.lines)
        if size and size != (self.emulator.columns, self.emulator.lines):
            self.emulator.resize(height, width)
        canvas = view.draw([SNAPSHOTS[kind]], state or State(), self.theme, width, height, "waiting", NOW + 6)
        data = self.screen.frame(canvas)
        self._stream.feed(data)
        shown = [line.rstrip() for line in self.emulator.display]
        # pyte keeps a wide character in one cell and leaves the next one empty, as our lines do.
        assert shown == [line.rstrip() for line in canvas.lines()]
        return data

    @property
    def text(self) -> str:
        return "\n".join(self.emulator.display)


@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
@pytest.mark.parametrize("size", SIZES)
def test_every_snapshot_at_every_size(size: tuple[int, int], glyphs: str, depth: str) -> None:
    for kind in KINDS:
        television = Television(*size, glyphs=glyphs, depth=depth)
        television.show(kind)
        if glyphs == "ascii" and kind not in ("hostile", "labels"):
            assert (
                television.text.replace("—", "-")
                .replace("…", "~")
                .replace("−", "-")
                .replace("←", "<")
                .replace("→", ">")
                .isascii()
            )


def test_what_an_operator_needs_is_there() -> None:
    television = Television(120, 40)
    television.show("parabola")
    reading = SNAPSHOTS["parabola"].reading
    assert reading is not None
    for words in (
        "demo",
        "connected",
        "1000 pairs/s",
        f"MI {reading.mi_corrected:.3f} bit",
        f"plug-in {reading.mi:.3f} bit",
        "Pearson r",
        "not linearly",
        "MI over time, bit",
        "temperature",
        "power",
        f"H(X) {reading.h_x:.3f}",
        f"H(Y) {reading.h_y:.3f}",
        f"H(X,Y) {reading.h_xy:.3f} bit",
        "I(X;Y)",
        "6,000 pairs",
        "q quit",
    ):
        assert words in television.text, words


def test_nothing_changed_is_no_byte() -> None:
    television = Television(120, 40)
    assert len(television.show("linear")) > 1000
    assert television.show("linear") == b""


def test_names_from_outside_cannot_steer_the_terminal() -> None:
    television = Television(120, 40)
    written = television.show("hostile")
    assert b"owned" not in written.replace(b"]0;owned", b"")
    assert b"\x1b]" not in written
    assert HOSTILE not in television.text
    assert "日本語" in television.text


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 100), st.sampled_from(KINDS)), min_size=1, max_size=8))
def test_a_storm_of_sizes_leaves_no_stale_cell(steps: list[tuple[int, int, str]]) -> None:
    """After any resizes and feeds the terminal shows what a fresh one would."""
    television = Television(80, 24)
    for width, height, kind in steps:
        television.screen.forget()
        television.show(kind, size=(width, height))


def test_keys_change_what_they_say() -> None:
    shots = [SNAPSHOTS["linear"], SNAPSHOTS["parabola"]]
    panels = view.shown_panels(shots[0])

    def press(state: State, *actions: str) -> State:
        for action in actions:
            state = act(state, action, "2", shots, panels, NOW)  # type: ignore[arg-type]
        return state

    start = State()
    assert press(start, "unit").unit == "nat"
    assert press(start, "unit", "unit", "unit").unit == "bit"
    assert press(start, "next pair").pair == 1
    assert press(start, "pair").pair == 1
    assert press(start, "freeze").frozen_at == NOW
    assert press(start, "freeze", "freeze").frozen_at is None
    assert press(start, "heatmap", "heatmap").mode == "pointwise"
    assert press(start, "back").back > 0
    assert press(start, "back", "now").back == 0
    assert press(start, "enlarge").enlarged == panels[0]
    assert press(start, "enlarge", "overview").enlarged is None
    television = Television(80, 24)
    television.show("linear", press(start, "unit"))
    assert "nat" in television.text
    assert " bit" not in television.text
    television.show("linear", press(start, "help"))
    assert "freeze the picture" in television.text


def test_a_negative_estimate_is_drawn_at_zero_with_a_mark() -> None:
    television = Television(80, 24)
    reading = SNAPSHOTS["independent"].reading
    assert reading is not None
    import msgspec

    SNAPSHOTS["negative"] = msgspec.structs.replace(
        SNAPSHOTS["independent"], reading=msgspec.structs.replace(reading, mi_corrected=-0.01)
    )
    television.show("negative")
    assert "MI 0.000▾ bit" in television.text


def test_the_saved_picture_is_what_was_shown(tmp_path: Path) -> None:
    television = Television(80, 24)
    canvas = view.draw([SNAPSHOTS["linear"]], State(), television.theme, 80, 24, "", NOW)
    picture, state = save.save(tmp_path, "shot", canvas, television.theme, [SNAPSHOTS["linear"]])
    assert picture.read_text().startswith("<svg")
    assert "joint" in picture.read_text()
    assert b'"pair":"demo"' in state.read_bytes()


def test_the_marginals_and_the_heatmap_have_the_counts() -> None:
    """With one cell a bin, a cell is blank exactly where the count is 0."""
    television = Television(120, 40, glyphs="ascii", depth="none")
    television.show("linear", State(enlarged="heatmap"))
    counts = SNAPSHOTS["linear"].counts
    assert counts is not None
    rows = [line[7:] for line in television.emulator.display[4:]]
    wide = (120 - 7 - 6) // counts.shape[0]
    tall = (38 - 1 - 2 - 1) // counts.shape[1]
    shown = np.array(
        [[rows[r * tall][c * wide] != " " for r in range(counts.shape[1])] for c in range(counts.shape[0])]
    )
    assert shown.tolist() == (counts[:, ::-1] > 0).tolist()


class Session:
    """A real program on a pseudo-terminal, seen through pyte."""

    def __init__(self, words: list[str], width: int = 80, height: int = 24) -> None:
        self.emulator = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.emulator)
        self.written = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "", "LINES": ""}
            os.execv(sys.executable, [sys.executable, "-m", "streammi", *words])
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                self.written += data
                self._stream.feed(data)

    def until(self, words: str, seconds: float = 40.0) -> None:
        deadline = time.monotonic() + seconds
        while words not in "\n".join(self.emulator.display):
            assert time.monotonic() < deadline, "\n".join(self.emulator.display)
            self.read(0.05)

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def end(self) -> int:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            self.read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("it did not end")


def restored(session: Session) -> bool:
    return session.written.rstrip().endswith(b"\x1b[?1049l") and b"\x1b[?25h" in session.written


def test_the_demo_on_a_real_terminal_answers_keys_and_gives_it_back() -> None:
    session = Session(["demo"])
    session.until("MI over time, bit")
    session.until("connected")
    session.type(b"u")
    session.until("MI over time, nat", 5)
    session.type(b"?")
    session.until("freeze the picture", 5)
    session.type(b"? ")
    session.until("frozen", 5)
    session.type(b"q")
    assert session.end() == 0
    assert restored(session)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 0)])
def test_a_signal_gives_the_terminal_back(number: signal.Signals, status: int) -> None:
    session = Session(["view", "tcp://127.0.0.1:9"])
    session.until("waiting for readings")
    os.kill(session.pid, number)
    assert session.end() == status
    assert restored(session)


def test_a_monitor_that_cannot_start_says_so_after_the_screen_is_back(tmp_path: Path) -> None:
    session = Session(["watch", "nowhere", "--x", "a", "--y", "b"])
    assert session.end() == 2
    assert b"ENDPOINT must be an endpoint" in session.written


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux here")
def test_the_demo_in_tmux(tmp_path: Path) -> None:
    def tmux(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(tmp_path / "tmux"), *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def until(words: str) -> None:
        deadline = time.monotonic() + 40
        while words not in (screen := tmux("capture-pane", "-p", "-t", "demo")):
            assert time.monotonic() < deadline, screen
            time.sleep(0.1)

    tmux("new-session", "-d", "-s", "demo", "-x", "100", "-y", "30", f"{sys.executable} -m streammi demo; sleep 60")
    try:
        until("joint histogram")
        until("connected")
        tmux("resize-window", "-t", "demo", "-x", "50", "-y", "14")
        until("MI over time")
        tmux("send-keys", "-t", "demo", "?")
        until("freeze the picture")
        tmux("send-keys", "-t", "demo", "q")
        deadline = time.monotonic() + 20
        while "freeze" in tmux("capture-pane", "-p", "-t", "demo"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        tmux("kill-server")
