"""Lines for readers that do not always take them: pipes, terminals, disks."""

import errno
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest
from feeds import PATIENCE, wait
from programs import started
from test_diagnosis import in_hand

from streammi.system import spool as spools
from streammi.system.spool import LINGER_SECONDS, Spool
from streammi.system.spooled_stream import SpooledStream

LINE = f"{'x' * 99}\n"


class Pipe:
    """A pipe, and what reads it."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.end: TextIO = os.fdopen(writer, "w")

    def read(self, until: Callable[[bytes], bool] | None = None) -> bytes:
        """All that there is, or what comes until it is enough."""
        data, patience = b"", PATIENCE if until else 0.0
        while not (until and until(data)) and select.select([self.reader], [], [], patience)[0]:
            part = os.read(self.reader, 1 << 16)
            if not part:
                break
            data += part
        return data


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.end.close()
    os.close(made.reader)


def until(holds: Callable[[], object]) -> None:
    wait(holds, 90, 0.002)  # of a busy machine on which processes compile their kernels first


def held(reader: int) -> int:
    """Bytes that wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder)


def numbered(n: int) -> list[str]:
    return [f"{k:07d} {'x' * 91}\n" for k in range(n)]


def test_a_pipe_that_nobody_reads_holds_nobody_up_and_gets_whole_lines_when_it_is_read(pipe: Pipe) -> None:
    spool = Spool.on(pipe.end, room=100_000, omitted=lambda many: f"omitted {many}\n")
    lines = numbered(20_000)
    for line in lines[:700]:
        spool.write(line)
    until(lambda: held(pipe.reader) > 40_000)
    for line in lines[700:]:
        spool.write(line)  # or it would wait for ever
    assert spool.notes == ["standard output is not read as fast as lines come: some are left out"]
    said = pipe.read(lambda data: data.endswith(lines[-1].encode())).decode()
    *whole, end = said.split("\n")
    assert end == ""
    # Every line is there, or counted where it should be; the newest are.
    at = 0
    for line in whole:
        if line.startswith("omitted"):
            at += int(line.split()[1])
        else:
            assert f"{line}\n" == lines[at]
            at += 1
    assert at == len(lines)
    assert "omitted" in said
    until(lambda: len(spool.notes) == 2)
    assert spool.notes[1].startswith("standard output is read again; ")
    spool.finish(lambda: False)
    assert len(spool.notes) == 2


@pytest.mark.parametrize("wait", [False, True])
def test_the_end_waits_for_a_reader_no_longer_than_it_may(pipe: Pipe, wait: bool) -> None:
    spool = Spool.on(pipe.end)
    for line in numbered(2000):
        spool.write(line)
    began = time.monotonic()
    spool.finish(lambda: True, wait=wait)  # and comes back
    assert time.monotonic() - began >= LINGER_SECONDS
    taken = len(pipe.read().splitlines())  # what is in the pipe, and the few lines that were on their way
    left = int(spool.notes[0].split("the last ")[1].split()[0])
    assert spool.notes == [f"standard output: its reader did not take the last {left} lines; they are given up"]
    assert 0 <= taken - (2000 - left) <= select.PIPE_BUF // 100


def test_who_waits_for_a_reader_to_the_end_loses_nothing(pipe: Pipe) -> None:
    spool, said, read = Spool.on(pipe.end), list[str](), list[bytes]()
    for line in numbered(2000):
        spool.write(line)
    text = "".join(numbered(2000))
    slow = threading.Thread(target=lambda: read.append(pipe.read(lambda data: len(data) >= len(text))))

    def say(words: str) -> None:
        said.append(words)
        slow.start()

    spool.finish(lambda: False, say)
    slow.join()
    assert read[0].decode() == text
    assert said == ["waiting for the reader of standard output to take the last lines; Ctrl-C gives them up"]
    assert spool.notes == []


def test_a_patient_spool_leaves_nothing_out_until_it_is_told_to_end(pipe: Pipe) -> None:
    waits = True
    spool = Spool.on(pipe.end, room=10_000, patient=lambda: waits)
    read = list[bytes]()
    slow = threading.Timer(0.3, lambda: read.append(pipe.read(lambda data: len(data) >= 100_000)))
    slow.start()
    for line in numbered(1000):
        spool.write(line)
    spool.finish(lambda: False)
    slow.join()
    assert read[0].decode() == "".join(numbered(1000))
    waits = False
    with pytest.raises(BrokenPipeError):
        spool.write("".join(numbered(1000)))


def test_a_reader_that_goes_away_is_known_without_another_line(pipe: Pipe) -> None:
    spool = Spool.on(pipe.end)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as end:
        gone = Spool.on(end)
        gone.write(LINE)
        until(lambda: gone.gone)
        with pytest.raises(BrokenPipeError):
            gone.write(LINE)
        gone.finish(lambda: False)
        assert gone.notes == []
    spool.finish(lambda: False)


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    """Another program may have set it so: the pipe is shared."""
    os.set_blocking(pipe.end.fileno(), False)
    spool = Spool.on(pipe.end)
    for line in numbered(2000):
        spool.write(line)
    text = "".join(numbered(2000))
    assert pipe.read(lambda data: len(data) >= len(text)).decode() == text


def test_a_full_disk_is_said_once_and_its_end_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spools, "RETRY_SECONDS", 0.01)
    fails, disk = False, (tmp_path / "lines").open("wb", buffering=0)

    def put(chunk: bytes) -> int:
        if fails and len(chunk) < 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return disk.write(chunk[:2] if fails else chunk)  # the last two bytes that there is room for

    with disk:
        spool = Spool(put, "the lines", file=True)
        spool.write("a\n")
        until(lambda: spool.summary == "1 lines")
        assert (spool.unsaved, spool.notes) == (False, [])
        fails = True
        spool.write("bcd\n")
        spool.write("e\n")
        until(lambda: spool.unsaved)
        time.sleep(0.05)
        assert spool.notes == ["the lines: No space left on device; lines wait until it takes them again"]
        fails = False
        until(lambda: not spool.unsaved)
        spool.finish(lambda: False)
    assert spool.notes[1:] == ["the lines takes lines again; by their seq you see whether any are lost"]
    assert (tmp_path / "lines").read_text() == "a\nbcd\ne\n"  # no line is cut, and none came twice


def test_what_cannot_be_written_is_raised_where_all_of_it_matters() -> None:
    def full(chunk: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    spool = Spool(full, "out.csv", patient=lambda: True)
    spool.write("a\n")
    with pytest.raises(OSError, match=r"No space left on device: 'out\.csv'"):
        spool.finish(lambda: False)
    live = Spool(full, "the lines")
    live.write("a\n")
    live.finish(lambda: False)  # at once: it would never be asked to stop
    assert live.lost
    assert live.notes[1:] == ["the lines: the last 1 lines could not be written"]


def test_a_disk_that_hangs_is_said_while_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "HUNG_SECONDS", 0.05)
    answers = threading.Event()

    def put(chunk: bytes) -> int:
        answers.wait()
        return len(chunk)

    spool = Spool(put, "the lines", file=True)
    spool.write("a\n")
    until(lambda: spool.unsaved)
    assert spool.notes == ["the lines: the disk has taken nothing for 0 s"]
    answers.set()
    until(lambda: not spool.unsaved)
    spool.finish(lambda: False)


def test_a_stream_that_is_spooled_takes_pieces_of_lines(pipe: Pipe) -> None:
    stream = SpooledStream(pipe.end, 1000)
    print("a", 1, file=stream)
    print("b", end="", file=stream)
    print("c\nd", end="", file=stream, flush=True)
    assert (stream.isatty(), stream.fileno()) == (False, pipe.end.fileno())
    assert stream.end() is pipe.end
    assert pipe.read() == b"a 1\nbc\nd"


def test_no_reader_keeps_a_replay_from_its_end(tmp_path: Path) -> None:
    """Standard output and standard error are a pipe that nobody reads, or a terminal that is stopped with Ctrl-S."""
    (tmp_path / "pairs.csv").write_text("a,b\n" + "".join(f"{k % 7},{k % 5}\n" for k in range(50_000)))
    words = ["replay", str(tmp_path / "pairs.csv"), "--x=a", "--y=b", "--every=1", "--window=50", "--bins=4"]
    main, terminal = pty.openpty()
    termios.tcflow(terminal, termios.TCOOFF)
    reader, pipe = os.pipe()
    both = [started(*words, stdout=out, stderr=out) for out in (pipe, terminal)]
    try:
        until(lambda: held(reader) > 40_000)
        until(lambda: in_hand(both[1].pid))
        for process, number in zip(both, (signal.SIGTERM, signal.SIGINT), strict=True):
            process.send_signal(number)
        assert both[0].wait(PATIENCE) == 143
        assert both[1].wait(PATIENCE) in (130, -2)  # where it has not begun yet, at once
    finally:
        for process in both:
            process.kill()
            process.wait()
    for descriptor in (main, terminal, reader, pipe):
        os.close(descriptor)
