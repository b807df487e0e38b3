"""The dashboard's figures: what a frame costs, and what the whole program costs on a terminal of 120 x 40."""

import contextlib
import fcntl
import os
import pty
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import psutil
import zmq
from sections import met

from streammi.config import BinsConfig, ChannelConfig, MonitorConfig, Span
from streammi.dashboard.capabilities import Look
from streammi.dashboard.drawing.glyphs import BRAILLE
from streammi.dashboard.screen import Screen
from streammi.dashboard.viewer import Viewer
from streammi.monitor import ChannelMonitor, Monitor
from streammi.publish.device_readings import read_device
from streammi.publish.matrices import as_sent, snapshot_of
from streammi.publish.messages import reading_message, result_fields
from streammi.records import AxisInfo, LinkHealth, MatrixSnapshot, PairBatch, Reading, RowBatch, Snapshot

WIDTH, HEIGHT = 120, 40
RATE = 100_000  # samples a second
KEYS = 40


def drawing(x: np.ndarray, y: np.ndarray) -> Iterator[str]:
    """CPU and bytes a frame, without a terminal: medians over 200 frames."""
    snapshots = list(_snapshots(x, y))
    rng = np.random.default_rng(1)
    yield "| frame, 120 x 40, 64 x 64 bins | ms CPU | bytes |"
    yield "|---|---|---|"
    yield _row("only the charts changed", *_cost(snapshots))
    noise = [
        msgspec.structs.replace(s, counts=rng.integers(0, 60, (64, 64)), seq=k) for k, s in enumerate(snapshots[100:])
    ]
    yield _row("everything, heatmap enlarged", *_cost(noise, keys="ee", forget=True))
    yield _row("nothing changed", *_cost(snapshots[-1:] * 200))


def drawing_many() -> Iterator[str]:
    """CPU and bytes a frame of the table and the matrix of 32 and of 1,000 channels, likewise."""
    yield "| frame, 120 x 40 | ms CPU | <= 3 | bytes |"
    yield "|---|---|---|---|"
    for channels, count in ((32, 60), (1000, 20)):
        matrices = list(_matrices(channels, count))
        for screen, keys in (("table", ""), ("matrix", "m")):
            for what, snapshots, key in (("a new reading", matrices, ""), ("a key", matrices[:1] * count, "down")):
                cpu, size = _cost(snapshots, keys, each=key)
                words = f"{screen} of {channels:,} channels, {what}"
                yield f"| {words} | {cpu * 1e3:.2f} | {met(cpu <= 0.003)} | {size:,.0f} |"


def drawing_devices() -> Iterator[str]:
    """CPU and bytes a frame of the table of 10,000 devices, of which 1,000 say a reading between two frames."""
    yield "| frame, 120 x 40 | ms CPU | <= 3 | bytes |"
    yield "|---|---|---|---|"
    for what, each, keys in (
        ("1,000 new readings, taken in before", "", ""), ("a key", "down", ""), ("by change", "", "s"),
    ):  # fmt: skip
        cpu, size = _cost_of_devices(10_000, 40, each, keys)
        yield f"| table of 10,000 devices, {what} | {cpu * 1e3:.2f} | {met(cpu <= 0.003)} | {size:,.0f} |"


def _cost_of_devices(devices: int, frames: int, each: str, keys: str) -> tuple[float, float]:
    """Median CPU seconds and bytes of a frame; what it costs to take readings in is said beside it."""
    viewer = Viewer(Look(BRAILLE, "truecolor"))
    viewer.connect("connected")
    screen = Screen(viewer.pens)
    link = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected", rate=10_000.0, pairs=1)
    axis = AxisInfo(name="x")
    rng = np.random.default_rng(0)
    cpu, sizes = [], []
    for k in range(frames):
        at = 1.8e9 + k - 9 * (not k)  # each says one every 10 s
        whole = Snapshot(
            pair="x~y", run=1, seq=k, timestamp=at, window="1000 pairs", x=axis, y=axis, reading=None, counts=None,
            links=(link,), devices=devices, key="id",
        )  # fmt: skip
        some = range(devices) if k < 2 else range(k % 10, devices, 10)
        readings = [read_device(_reading_of_device(one, at, float(rng.random()))) for one in some]
        viewer.receive([whole, *readings])
        if not k:
            for key in keys:
                viewer.press(key)
        start = time.process_time()
        if each:
            viewer.press(each)
        data = screen.frame(viewer.canvas(WIDTH, HEIGHT))
        cpu.append(time.process_time() - start)
        sizes.append(len(data))
    return statistics.median(cpu[frames // 3 :]), statistics.median(sizes[frames // 3 :])


def _reading_of_device(one: int, at: float, mi: float) -> list[bytes]:
    reading = Reading(
        n=1000, h_x=3.0, h_y=3.0, h_xy=6.0 - mi, h_x_given_y=3.0 - mi, h_y_given_x=3.0 - mi, mi=mi + 0.05,
        mi_corrected=mi, nmi=mi / 3, pearson_r=mi * 0.9, unit="bit",
    )  # fmt: skip
    link = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")
    return reading_message(f"node{one:05d}/x~y", result_fields(reading, run=1, seq=1, timestamp=at, link=link))


def _matrices(channels: int, count: int) -> Iterator[MatrixSnapshot]:
    """What a view receives of channels in groups of 25, tested, 50 pairs of which have changed."""
    rng = np.random.default_rng(0)
    groups = rng.random((1000 + 100 * count, -(-channels // 25))).repeat(25, axis=1)[:, :channels]
    rows = 0.5 * rng.random(groups.shape) + 0.5 * groups
    names = tuple(f"rack{c // 10}/sensor{c}/temp" for c in range(channels))
    monitor = ChannelMonitor(ChannelConfig(names=names, window=Span(pairs=1000), every=Span(pairs=100)))
    link, first = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected"), None
    for at, found in monitor.feed(RowBatch(rows=rows, received=1.8e9)):
        if found.n < 1000:
            continue
        first = found.mi if first is None else first
        seq = int(monitor.window.rows)
        change = as_sent(found.mi - first)
        yield snapshot_of(
            found, name="channels", run=1, seq=seq, timestamp=at + seq / 100, fdr=0.05, links=(link,), notes=(),
            window="1,000 rows", missing=0, rows=seq, fill=1.0, usual_windows=9, change=change,
            changed=np.sort(np.argsort(-np.abs(change))[:50]),
        )  # fmt: skip


def _row(name: str, cpu_s: float, size: float) -> str:
    return f"| {name} | {cpu_s * 1e3:.2f} | {size:,.0f} |"


def _snapshots(x: np.ndarray, y: np.ndarray) -> Iterator[Snapshot]:
    link = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")
    monitor = Monitor(MonitorConfig(bins=BinsConfig("quantile", 64), window=Span(pairs=50_000), every=Span(pairs=500)))
    for k in range(300):
        part = slice(k * 500, k * 500 + 500)
        monitor.feed(PairBatch(x=x[part], y=y[part], received=1.8e9 + k / 10))
        yield monitor.snapshot(run=0, seq=k, timestamp=1.8e9 + k / 10, links=(link,))


def _cost(
    snapshots: Sequence[Snapshot | MatrixSnapshot], keys: str = "", forget: bool = False, each: str = ""
) -> tuple[float, float]:
    """Median CPU seconds and bytes of a frame, the first of them, which fill the screen, not counted."""
    viewer = Viewer(Look(BRAILLE, "truecolor"))
    viewer.connect("connected")
    screen = Screen(viewer.pens)
    viewer.receive(snapshots[:1])
    for key in keys:
        viewer.press(key)
    cpu, sizes = [], []
    for snapshot in snapshots:
        if forget:
            screen.forget()
        start = time.process_time()
        viewer.receive([snapshot])
        if each:
            viewer.press(each)
        data = screen.frame(viewer.canvas(WIDTH, HEIGHT))
        cpu.append(time.process_time() - start)
        sizes.append(len(data))
    late = slice(len(cpu) // 3, None)
    return statistics.median(cpu[late]), statistics.median(sizes[late])


class Watched:
    """``streammi watch`` on a pseudo-terminal that is always read, its feed from a PUSH socket of ours."""

    def __init__(self, port: int) -> None:
        words = [sys.executable, "-m", "streammi", "watch", f"tcp://127.0.0.1:{port}", "--pull", "--x=x", "--y=y"]
        self.fd, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI")}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self._view = subprocess.Popen(words, stdin=end, stdout=end, env=environment, start_new_session=True)
        os.close(end)
        self.bytes = 0
        self.last = 0.0  # when something was written
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 1 << 16):
                self.bytes += len(data)
                self.last = time.perf_counter()

    def cpu(self) -> tuple[float, float]:
        """CPU seconds of the view and of the monitor beside it."""
        view = psutil.Process(self._view.pid)
        times = [sum(process.cpu_times()[:2]) for process in (view, *view.children())]
        return times[0], sum(times[1:])

    def share(self, seconds: float) -> tuple[float, float, float]:
        """Of a core over so many seconds: the view, the monitor; and bytes a second."""
        before, written = self.cpu(), self.bytes
        time.sleep(seconds)
        after = self.cpu()
        view, monitor = ((b - a) / seconds for a, b in zip(before, after, strict=True))
        return view, monitor, (self.bytes - written) / seconds

    def key_s(self, key: bytes) -> float:
        """Seconds from a key to the bytes that answer it; asked while nothing else is drawn."""
        start, self.last = time.perf_counter(), 0.0  # before it is asked: the answer may come at once
        os.write(self.fd, key)
        while not self.last and time.perf_counter() < start + 5:
            time.sleep(0.0002)
        return self.last - start

    def close(self) -> None:
        os.write(self.fd, b"q")
        self._view.wait(20)


def _feed(port: int, going: threading.Event) -> None:
    """``RATE`` JSON objects a second, one a message, in bursts of 10 ms."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.bind(f"tcp://127.0.0.1:{port}")
        rng = np.random.default_rng(0)
        x = rng.random(10_000)
        y = x + rng.normal(0, 0.1, x.size)
        messages = [b'{"x":%.6f,"y":%.6f}' % pair for pair in zip(x.tolist(), y.tolist(), strict=True)]
        start, sent = time.perf_counter(), 0
        while going.is_set():
            while sent < (time.perf_counter() - start) * RATE and going.is_set():
                if not socket.poll(100, zmq.POLLOUT):
                    continue
                for k in range(RATE // 100):
                    socket.send(messages[(sent + k) % len(messages)])
                sent += RATE // 100
            time.sleep(0.002)
        socket.close(0)


def watching(port: int, quick: bool) -> Iterator[str]:
    """The whole of ``watch``: busy, then idle, then its answers to keys."""
    import multiprocessing

    seconds = 3.0 if quick else 10.0
    going = multiprocessing.Event()
    going.set()
    sender = multiprocessing.Process(target=_feed, args=(port, going))
    sender.start()
    watched = Watched(port)
    try:
        time.sleep(6)  # to its first picture, and its kernels loaded
        busy = watched.share(seconds)
        going.clear()
        sender.join()
        time.sleep(12)  # rates fall to 0, the link is called stalled, a lost one is tried again
        idle = watched.share(seconds)
        keys = [watched.key_s(b"u") for _ in range(KEYS)]
    finally:
        going.clear()
        watched.close()
    yield "| watch, 120 x 40 | view, % of a core | monitor, % of a core | bytes/s |"
    yield "|---|---|---|---|"
    for name, (view, monitor, written) in (("100,000 samples/s, 10 frames/s", busy), ("idle feed", idle)):
        yield f"| {name} | {view * 100:.1f} | {monitor * 100:.1f} | {written:,.0f} |"
    yield ""
    yield f"Key to screen: median {statistics.median(keys) * 1e3:.1f} ms, most {max(keys) * 1e3:.1f} ms of {KEYS}."
