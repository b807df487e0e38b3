#!/usr/bin/env python3
"""Kill a monitor at random moments, damage what it saved at random places, and hold what comes after to account.

    .venv/bin/python scripts/crash.py [--kills 200] [--damages 1000] [--seed 1]

Kills: monitors with --state and --record, one after the other with other options, are killed (SIGKILL) at random
moments, from their first to their last; the feeds of two sources begin anew meanwhile. What each says over all its
lives must be, byte for byte but for ``run``, ``seq`` and the flag of what may have been said before, what one
uninterrupted run over the recorded frames says, without a hole, and nothing is said twice without that flag. Damages:
a state or a recording that is cut, zeroed or flipped at a random place must be seen: the other generation is gone on
from, what is read of a recording is what was written, and the loss is said.
"""

import argparse
import contextlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from arguments import at_least
from processes import begun

from streammi.cli.app import app
from streammi.errors import ConfigError
from streammi.recording.entries import encode
from streammi.recording.framing import Position
from streammi.recording.reader import Recording
from streammi.records.status import Status
from streammi.session.checkpoint import StateFolder

OPTIONS = {  # of the monitors that are killed
    "learnt bins, delays, significance": "--window 500 --bins 8 --every 200 --null 19 --lags=-3:3",
    "all by default": "",
    "a window of time, adwin, another unit": "--window 2s --every 50ms --detect adwin --unit nat --lags=-5ms:5ms",
    "labels": "--bins categories:6 --every 100 --window 300",
    "given bins, files that change": "--x-range=-3:3 --y-range=-4:4 --bins 16 --every 100 --record-limit 4MiB",
    "lines for Influx, the G-test": "--output influx --test g --every 200",
    "two sources, the nearest": "--pair nearest --tolerance 50ms --every 200 --null 19",
    "two sources, interpolated": "--pair interpolate --lateness 5ms --every 200 --lags=-3:3",
}
OWN = re.compile(rb'"run":\d+,"seq":\d+,|run=[\d.]+,seq=[\d.]+,')  # what tells the lives of a monitor apart
STATUS = re.compile(rb'("?status"?[:=])(\d+)')
PAIRS = re.compile(rb'"?pairs"?[:=](\d+)')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=at_least(0), default=200, help="at random moments (default 200)")
    parser.add_argument("--damages", type=at_least(0), default=1000, help="at random places (default 1000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="streammi-crash-") as folder:
        rng = random.Random(options.seed)
        for turn, (name, words) in enumerate(OPTIONS.items()):
            one = Path(folder) / str(turn)
            one.mkdir()
            share = (turn + 1) * options.kills // len(OPTIONS) - turn * options.kills // len(OPTIONS)
            print(f"{name}: {kills(one, share, rng, words.split())}", flush=True)
        first = Path(folder) / "0"
        print(damaged_states(first / "state", options.damages, rng), flush=True)
        print(damaged_recordings(first, options.damages, rng), flush=True)


def kills(
    folder: Path,
    count: int,
    rng: random.Random,
    options: list[str],
    rate: float = 4000.0,
    start: Callable[..., Any] = begun,
) -> str:
    """Kill a monitor ``count`` times, let it end in order, and compare; AssertionError if anything is wrong."""
    feed, recording = f"ipc://{folder}/feed", folder / "feed.rec"
    words = ["monitor", feed, "--x", "x", "--y", "y"]
    if "--pair" in options:
        words = ["monitor", "--x", f"{feed}#one:x", "--y", f"{feed}#two:y"]
    words += [*options, "--state", str(folder / "state"), "--state-every", "200ms", "--record", str(recording)]
    lives: list[list[bytes]] = []
    with sender(feed, rate, two="--pair" in options, labels="categories:6" in options, seed=rng.random()):
        for life in range(count + 1):
            output, last = folder / f"life{life}", life == count
            with output.open("wb") as lines, (folder / "log").open("wb") as log:
                process = start(*words, stdout=lines, stderr=log)
                try:
                    # Of a life in three the start is what is hit, and not the loop; the last one comes to its end.
                    moment = rng.uniform(0.0, 1.2) if life % 3 == 2 and not last else rng.uniform(0.0, 0.8)
                    if life % 3 != 2 or last:
                        wait_for_line(process, output, folder / "log")
                    deadline = time.monotonic() + moment
                    while time.monotonic() < deadline:
                        assert process.poll() is None, (folder / "log").read_text()
                        time.sleep(0.002)
                    process.send_signal(signal.SIGTERM if last else signal.SIGKILL)
                    assert process.wait(60) == (143 if last else -signal.SIGKILL), (folder / "log").read_text()
                finally:
                    process.kill()
                    process.wait()
            lives.append([line for line in output.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")])
    whole = [common(line) for line in replayed(recording, *(["--output", "influx"] if "influx" in options else []))]
    return f"{count} kills: {compared(lives, whole)}"


def replayed(recording: Path, *words: str) -> list[bytes]:
    """The lines that one uninterrupted run over a recording says."""
    with tempfile.TemporaryFile("w+") as lines, contextlib.redirect_stdout(lines):
        assert not app(["replay", str(recording), *words], standalone_mode=False)
        lines.seek(0)
        return lines.read().encode().splitlines(keepends=True)


def compared(lives: list[list[bytes]], whole: list[bytes]) -> str:
    """Hold what each life said against the uninterrupted run: the very same lines, and no hole between two lives."""
    said, again = 0, 0
    for life, lines in enumerate(lives):
        own = [common(line) for line in lines]
        if not own:
            continue
        start = whole.index(own[0])
        for place, line in enumerate(lines[: max(said - start, 0)]):
            assert may_be_again(line), f"line {start + place} is said again by life {life} as if it were new"
        assert whole[start : start + len(own)] == own, f"life {life} says something else"
        assert start <= said, f"lines {said} to {start} were never said"
        again += said - start
        said = max(said, start + len(own))
    assert said == len(whole), f"lines {said} to {len(whole)} were never said"
    pairs = max(int(found[1]) for line in whole if (found := PAIRS.search(line)))
    return f"{len(whole)} lines over {pairs} pairs equal those of an uninterrupted run; {again} were said again"


def common(line: bytes) -> bytes:
    """A line without what tells the lives apart."""
    return STATUS.sub(lambda found: b"%s%d" % (found[1], int(found[2]) & ~Status.CAUGHT_UP), OWN.sub(b"", line))


def may_be_again(line: bytes) -> bool:
    """True if it says that it may have been said before; an event has no status."""
    found = STATUS.search(line)
    return found is None or bool(int(found[2]) & Status.CAUGHT_UP)


def wait_for_line(process: subprocess.Popen[bytes], output: Path, log: Path) -> None:
    deadline = time.monotonic() + 180  # the first of all may have to compile
    while not output.stat().st_size:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "no reading"
        time.sleep(0.01)


@contextlib.contextmanager
def sender(feed: str, rate: float, *, two: bool = False, labels: bool = False, seed: float = 5.0):
    """A feed in plain pyzmq: dependent pairs, numbered, one a message; or ``two`` with a signal each under its topic.

    The feed with a signal each is closed at times, and comes back 0.1 to 0.5 s later.
    """
    stop = threading.Event()

    def send() -> None:
        rng, number, start = random.Random(seed), 0, time.monotonic()
        with zmq.Context() as context:
            while not stop.is_set():
                with context.socket(zmq.PUB) as socket:
                    socket.bind(feed)
                    until = time.monotonic() + (rng.uniform(2, 8) if two else 1e9)
                    while not stop.is_set() and time.monotonic() < until:
                        while number < (time.monotonic() - start) * rate:
                            for message in messages(rng, number, two=two, labels=labels):
                                socket.send_multipart(message)
                            number += 1
                        time.sleep(0.001)
                stop.wait(rng.uniform(0.1, 0.5))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def messages(rng: random.Random, number: int, *, two: bool, labels: bool) -> list[list[bytes]]:
    """The messages that are sent of one pair."""
    x = rng.gauss(0, 1)
    y, now = x + rng.gauss(0, 1), time.time()
    if labels:
        return [[b'{"x":"%c","y":"%c","seq":%d}' % (65 + int(abs(3 * x)), 65 + int(abs(3 * y)), number)]]
    if two:
        one = b'{"x":%.6f,"seq":%d,"timestamp":%.6f}' % (x, number, now)
        return [[b"one", one], [b"two", b'{"y":%.6f,"seq":%d,"timestamp":%.6f}' % (y, number, now + 1e-4)]]
    return [[b'{"x":%.6f,"y":%.6f,"seq":%d,"timestamp":%.6f}' % (x, y, number, now)]]


def damage(data: bytes, rng: random.Random) -> bytes:
    """The bytes cut, with zeros somewhere, or with one bit flipped."""
    place = rng.randrange(len(data))
    match rng.randrange(3):
        case 0:
            return data[:place]
        case 1:
            end = min(place + rng.choice((1, 16, 512, 4096)), len(data))
            return data[:place] + bytes(end - place) + data[end:]
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def damaged_states(folder: Path, count: int, rng: random.Random) -> str:
    """Damage one generation of a state, or both, and read it."""
    files = [folder / "state.0", folder / "state.1"]
    whole = [file.read_bytes() for file in files]
    saved = [at(folder, files, [data if k == one else b"" for k, data in enumerate(whole)]) for one in (0, 1)]
    newest = max(range(2), key=lambda k: saved[k][0] or 0.0)
    seen = 0
    for turn in range(count):
        hit = [newest] if turn % 4 else [0, 1]
        data = [damage(whole[k], rng) if k in hit else whole[k] for k in range(2)]
        left = [k for k in range(2) if data[k] == whole[k]]
        expected = max((saved[k][0] or 0.0 for k in left), default=None)
        found, notes = at(folder, files, data)
        assert found == expected
        assert len(notes) == 2 - len(left)
        seen += len(notes)
    for file, data in zip(files, whole, strict=True):
        file.write_bytes(data)
    return f"{count} damages of states: {seen} damaged files seen, always the newest whole one used"


def at(folder: Path, files: list[Path], contents: list[bytes]) -> tuple[float | None, list[str]]:
    """When the state was saved that is found, and what is said, with files of these contents."""
    for file, data in zip(files, contents, strict=True):
        file.write_bytes(data)
    with contextlib.closing(StateFolder(folder)) as opened:
        found = opened.newest()
        return None if found is None else found.saved, opened.notes


def damaged_recordings(folder: Path, count: int, rng: random.Random) -> str:
    """Damage a file of the recording, and read it: what is read are its first entries, and the rest is said."""
    sources = sorted(folder.glob("feed.rec*"), key=lambda file: file.stat().st_size)[-3:]
    place = folder / "damaged"
    place.mkdir()
    entries = {}
    for source in sources:
        entries[source] = read(Path(shutil.copy(source, place / "rec")))[0]
    lost = 0
    for turn in range(count):
        source = sources[turn % len(sources)]
        data = damage(source.read_bytes(), rng)
        (place / "rec").write_bytes(data)
        found, notes = read(place / "rec")
        assert found == entries[source][: len(found)]
        if data != source.read_bytes() and len(found) < len(entries[source]):
            cut_between = source.read_bytes().startswith(data) and not notes  # a whole recording, but a shorter one
            assert notes or cut_between
            lost += len(entries[source]) - len(found)
    mean = sum(map(len, entries.values())) / len(sources)
    return f"{count} damages of recordings: never a wrong entry; {lost / count:.0f} of {mean:.0f} entries lost each"


def read(path: Path) -> tuple[list[tuple[Position, bytes]], list[str]]:
    """The entries of a recording, and what is said of it."""
    try:
        recording = Recording(path)
    except ConfigError as error:
        return [], [str(error)]
    found = [(position, encode(entry)) for position, entry in recording.entries()]
    return found, recording.notes


if __name__ == "__main__":
    main()
