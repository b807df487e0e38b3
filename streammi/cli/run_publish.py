"""Samples out: a recording, this machine's own readings or made-up signals as a ZeroMQ publisher."""

import os
import socket as sockets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any, Final, TextIO

import msgspec
import numpy as np
import zmq

from streammi.cli.publish_source import Block, FileBlocks, live
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.network.connections import LOOK_SECONDS, Connections
from streammi.network.endpoints import MAX_SUBSCRIPTION_BYTES, Binding, check_binding
from streammi.network.kernel_sockets import is_unread
from streammi.network.security import Keys
from streammi.session.diagnosis import report
from streammi.system.log import Log
from streammi.system.open_files import check_open_files
from streammi.system.signals import Stop, parent_of

LIVE: Final = {"seed": 1000.0, "host": 4.0, "plant": 200.0}  # samples a second of what never ends
LINGER_MS: Final = 5000  # when the time asked for is over; what is not taken by then is given up
SIGNALLED_LINGER_MS: Final = 500  # after a signal
UNTIL_TAKEN: Final = -1  # at the end of a recording: 5 s lost the last 286 of 3,500 to a receiver that stood for 10 s
NOTHING: Final = 1  # exit status where a recording had no pair
SLOW_SECONDS: Final = 1.0  # a longer wait is worth a word


def run_publish(
    source: str, endpoint: str, *, x: str | None, y: str | None, t: str | None = None, options: FileOptions = PLAIN,
    rate: float | None, loop: bool, pairs: bool, batch: int, push: bool,
    insecure: bool, keys: Keys, seconds: float | None, log: TextIO | None = None,
) -> int:  # fmt: skip
    """Publish samples until they end, a signal, or for ``seconds``; returns the exit status.

    A recording waits for its first subscriber, then for a slow one, and at its end until all is taken, so that nothing
    is lost; a live source waits for nobody. Raises ConfigError for an endpoint or a source that cannot be used.
    """
    journal = Log(log or sys.stderr)
    if rate is not None and not rate > 0:  # NaN is not
        raise ConfigError("--rate", "samples a second > 0", rate)
    check_open_files()
    check_binding(endpoint, "--bind", keys=keys, insecure=insecure)
    recorded = source not in LIVE
    recording = FileBlocks(source, x, y, t, loop, options) if recorded else None
    blocks, columns = recording.opened() if recording is not None else live(source, x, y)
    if recording is not None and recording.nothing:
        for line in (*recording.said, recording.note):
            journal.say(line)
        return NOTHING
    rate = rate or LIVE.get(source)
    held: list[sockets.socket] = []
    with (
        Stop(seconds, parent=parent_of(os.environ), stdin=source == "-") as stop,
        _delivering(stop, held, journal) as context,
        keys.guarding(context, journal.warn),
    ):
        outlet = Outlet(context, endpoint, push=push, patient=recorded, insecure=insecure, keys=keys)
        settings = {
            "source": source, "--x": columns[0], "--y": columns[1], "--rate": rate, "--loop": loop,
            "--format": "pairs" if pairs else "json", "--batch": batch, "--push": push,
        }  # fmt: skip
        with closing(outlet):
            stop.answer(lambda: journal.report("report", report(time.time(), settings, socket=outlet.summary)))
            for line in recording.said if recording is not None else ():
                journal.say(line)
            journal.say(f"publishing {source} on {outlet.endpoint}")
            if recorded and not outlet.wait_for_subscriber(stop):
                return stop.status
            _send_all(paced(_resized(blocks, batch), rate, stop), columns, outlet, stop, pairs=pairs)
            held += outlet.linger(stop)
            journal.say(f"published {outlet.samples} samples")
            if recording is not None and (note := recording.note):
                journal.say(note)
    return stop.status or (NOTHING if recording is not None and recording.nothing else 0)


def _send_all(parts: Iterator[Block], columns: tuple[str, str], outlet: "Outlet", stop: Stop, *, pairs: bool) -> None:
    """Send until there is no more, or a signal."""
    encode = _encode_pairs if pairs else _encode_json
    try:
        for part in parts:
            if not outlet.send(encode(part, columns, outlet.samples), part[columns[0]].size, stop):
                break
    except ConfigError:
        if not stop.status:  # standard input that a signal has ended before its first row is no wrong file
            raise


@contextmanager
def _delivering(stop: Stop, held: list[sockets.socket], journal: Log) -> Iterator[zmq.Context[Any]]:
    """A context that lasts, at the end, until what was sent is taken or given up; says so when that is not at once.

    ``held`` are duplicates of its connections, which are closed thereafter.
    """
    context: zmq.Context[Any] = zmq.Context()
    try:
        yield context
    finally:
        # ZeroMQ has no word for "taken" but that a context has ended, which cannot be polled, nor interrupted for sure.
        ending = Thread(target=_end, args=(context, held), daemon=True)
        ending.start()
        ending.join(SLOW_SECONDS)
        patient = not stop.requested
        if ending.is_alive() and patient:
            journal.say("waiting for a slow receiver to take the last of them; Ctrl-C gives them up")
        while ending.is_alive() and not stop.requested:
            ending.join(0.1)
        ending.join((SIGNALLED_LINGER_MS if patient else LINGER_MS) / 1000)
        if ending.is_alive():
            journal.say("the last of them were not taken, and are given up")


def _end(context: zmq.Context[Any], held: list[sockets.socket]) -> None:
    """Wait until ZeroMQ has handed over what was sent, and then until the receivers have taken it from the kernel.

    libzmq 4.3.5 forgets what a receiver with a full queue has not read when the connection is hung up, as ipc's is with
    the sender's end (the last 621 of 18,000 samples); and a container takes its sockets with it.
    """
    context.destroy()
    for connection in held:
        with connection:
            while is_unread(connection):
                time.sleep(0.01)


class Outlet:
    """A PUB or PUSH socket; a patient one waits for slow receivers where others would drop."""

    def __init__(
        self, context: zmq.Context[Any], endpoint: str, *, push: bool, patient: bool, insecure: bool, keys: Keys
    ) -> None:
        self.samples = 0  # sent so far
        self._push, self._state = push, "publishing"
        self._socket = context.socket(zmq.PUSH if push else zmq.XPUB)
        self._socket.linger = LINGER_MS
        self._connections = Connections(self._socket)
        self._tend_at = 0.0
        if not push:
            self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
            self._socket.setsockopt(zmq.XPUB_NODROP, int(patient))
        try:
            self._binding = Binding(self._socket, endpoint, "--bind", keys=keys, insecure=insecure)
        except ConfigError:
            self._close(0)
            raise

    @property
    def endpoint(self) -> str:
        """Where it is bound, with the port that was chosen for ``*``."""
        return self._binding.endpoint

    @property
    def summary(self) -> dict[str, object]:
        """Its name and how it is doing, for a report."""
        return {
            "kind": "PUSH" if self._push else "PUB",
            "endpoint": self.endpoint,
            "state": self._state,
            "connections": len(self._connections),
            "samples": self.samples,
        }

    def wait_for_subscriber(self, stop: Stop) -> bool:
        """Wait until somebody receives; False when it is time to stop first."""
        self._state = "waiting for a first receiver"
        found = self._wait(zmq.POLLOUT if self._push else zmq.POLLIN, stop)
        self._state = "publishing"
        return found

    def send(self, message: bytes, samples: int, stop: Stop) -> bool:
        """Send a message of so many samples; False when it is time to stop before there is room."""
        while not stop.requested:
            self._tend(time.monotonic())
            try:
                self._socket.send(message, zmq.NOBLOCK)
                self.samples += samples
                return True
            except zmq.Again:
                # XPUB is always said to be writable: nothing to poll for, so look again soon.
                if self._push:
                    self._wait(zmq.POLLOUT, stop)
                else:
                    time.sleep(0.001)
        return False

    def linger(self, stop: Stop) -> list[sockets.socket]:
        """All is sent: let what is on its way be taken, for as long as the reason for the end allows.

        Returns the connections to be held until then.
        """
        self._state = "waiting until the last of them are taken"
        self._socket.linger = SIGNALLED_LINGER_MS if stop.status else LINGER_MS if stop.requested else UNTIL_TAKEN
        return [] if stop.requested else self._connections.hold()

    def close(self) -> None:
        """Close; what was sent lingers."""
        self._close(None)
        self._binding.release()

    def _close(self, linger: int | None) -> None:
        self._connections.close()
        self._socket.close(linger)

    def _tend(self, now: float) -> None:
        """Take in what subscribers ask for, so that it does not pile up, and cut off who asks for too much."""
        if now >= self._tend_at:
            self._tend_at = now + LOOK_SECONDS
            self._connections.subscriptions()

    def _wait(self, event: int, stop: Stop) -> bool:
        poller = zmq.Poller()
        poller.register(self._socket, event)
        poller.register(stop.fileno(), zmq.POLLIN)
        while not stop.requested:
            if any(socket is self._socket for socket, _ in poller.poll(100)):
                return True
        return False


def _resized(blocks: Iterator[Block], size: int) -> Iterator[Block]:
    """The same samples in blocks of ``size``; the last of each block may be smaller."""
    for block in blocks:
        n = len(next(iter(block.values())))
        for start in range(0, n, size):
            yield {name: column[start : start + size] for name, column in block.items()}


def paced(
    blocks: Iterator[Block], rate: float | None, stop: Stop, clock: Callable[[], float] = time.monotonic
) -> Iterator[Block]:
    """The blocks, at ``rate`` samples a second on the average, until it is time to stop."""
    start, sent = clock(), 0
    for block in blocks:
        while rate and not stop.requested and (ahead := start + sent / rate - clock()) > 0:
            time.sleep(min(ahead, 0.1))
        if stop.requested:
            return
        yield block
        sent += len(next(iter(block.values())))


def _encode_pairs(block: Block, columns: tuple[str, str], seq: int) -> bytes:
    return np.column_stack([block[name] for name in columns]).astype("<f8").tobytes()


def _encode_json(block: Block, columns: tuple[str, str], seq: int) -> bytes:
    """One object, or an array of them; a sample without its own time gets the time it is sent."""
    names = list(block)
    now = time.time()
    rows = zip(*(column.tolist() for column in block.values()), strict=True)
    samples = [{"timestamp": now, **dict(zip(names, row, strict=True)), "seq": seq + k} for k, row in enumerate(rows)]
    # msgspec writes what is not finite as null: JSON has no word for it.
    return msgspec.json.encode(samples[0] if len(samples) == 1 else samples)
