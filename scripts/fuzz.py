#!/usr/bin/env python
"""Damaged messages of every format, with good ones between them, and what the decoder makes of them held to account.

For each format three decoders see the same messages: one message by message, one in batches of random size, one that
recognises the format by itself. What must hold:

- nothing is raised or warned of, no batch takes longer than SLOW_SECONDS, memory stays flat;
- each message gives pairs, or is counted as malformed by one reason, or is of no interest: exactly one of the three;
- the three agree on every pair, time and counter;
- each good message gives exactly its pairs, whatever came before it;
- the window that is fed from the batches has the counts of np.histogram2d over the pairs that came out, and these
  include every good one.

    scripts/fuzz.py                      2,000,000 messages, seed 0
    scripts/fuzz.py --messages 20000 --format cbor --seed 7
    scripts/fuzz.py --coverage           lets atheris (pip install atheris) look for new paths, until it is stopped
"""

import argparse
import faulthandler
import json
import signal
import statistics
import struct
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import psutil
from arguments import at_least

from streammi import JointWindow, UniformBins
from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.feed_format import SWITCH_AFTER
from streammi.ingest.formats.registry import FORMATS
from streammi.ingest.recognition import HELD
from streammi.records import PairBatch

Message = list[bytes]
Decoded = tuple[PairBatch, int]  # and how many of its messages were refused
SLOW_SECONDS: Final = 10.0  # of CPU time, a batch of BATCH messages: how busy the machine is does not matter
BATCH: Final = 256
WINDOW: Final = 5000
LONG: Final = 2_000_000  # messages; the allocator's last step of 20 MiB was seen as late as after 500,000
GROWTH: Final = 4 << 20  # bytes, from the third quarter of the messages to the last
LARGE: Final = FeedConfig(endpoint="").max_message  # the largest frame
NESTS: Final = [  # what goes down a level, and up again
    (b"[", b"]"), (b'{"a":', b"}"), (b"[1,", b"]"), (b"\x91", b""), (b"\x81\xa1a", b""), (b"\xd8\x28\x82", b""),
]  # fmt: skip
SPECIAL: Final = [
    b"",
    b"\0",
    b"\xff" * 8,
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 400,
    b"[" * 3000,
    b'{"a":' * 2000,
    b"\x1b[2J\x07",
    b"null",
    b"true",
    b'"',
    b"\\",
    b"\r\n",
    "é日本\u202e".encode(),
    b"\xf0\x28\x8c\x28",
    b"\x81" * 2000,
    b"\x7f\xff\xff\xff",
    struct.pack("<d", float("nan")),
    struct.pack(">d", float("inf")),
    struct.pack("<q", -(2**63)),
    b"\xdd\xff\xff\xff\xff",
    b"\x9b" + b"\xff" * 8,
    b"\xbf",
    b"\xdf\xff\xff\xff\xff",
    b"shape",
    b'"shape":[1000000000,1000000000]',
    b"float64",
]


class Kind(NamedTuple):
    """A format: the paths of its signals, and what makes good messages of a pair, the last of which gives it."""

    x: str
    y: str
    make: Callable[[float, float, int], list[Message]]


def pack_json(value: object) -> bytes:
    return json.dumps(value).encode()


def make_json(x: float, y: float, k: int) -> list[Message]:
    record = {"imu": {"x": x, "y": y}, "timestamp": 1.7e9 + k, "name": "a"}
    return [[[b"topic", pack_json(record)], [pack_json([record])], [b"topic " + pack_json(record)]][k % 3]]


def make_open_ephys(x: float, y: float, k: int) -> list[Message]:
    first = 10**12 + k * 7919  # far from what a damaged digit makes of another's
    messages = []
    for channel, value in enumerate((x, y)):
        content = {"stream": "s", "channel_num": channel, "num_samples": 1, "sample_num": first, "sample_rate": 100}
        header = {"message_num": k, "type": "data", "content": content}
        messages.append([b"DATA\0", pack_json(header), np.float32(value).tobytes()])
    return messages


def make_karabo(x: float, y: float, k: int) -> list[Message]:
    pack = msgspec.msgpack.encode
    header = {"source": "s", "content": "msgpack", "metadata": {"timestamp": 1.7e9 + k}}
    array = {"source": "s", "content": "array", "path": "y", "dtype": "float64", "shape": [1]}
    return [[pack(header), pack({"x": [x]}), pack(array), np.float64(y).tobytes()]]


def make_glances(x: float, y: float, k: int) -> list[Message]:
    cpu = [b"glances", b"cpu", pack_json({"total": x})]
    return [cpu, cpu, [b"glances", b"mem", pack_json({"percent": y})]]  # the second begins a new turn


def make_gnuradio(x: float, y: float, k: int) -> list[Message]:
    tag = struct.pack("=Q", k) + b"\x02\x00\x03key" + b"\x04" + struct.pack(">d", 1.0) + b"\x06"
    return [[struct.pack("=HBQQ", 0x5FF0, 1, k, k % 2) + tag * (k % 2) + np.array([x, y], "<f4").tobytes()]]


def make_csv(x: float, y: float, k: int) -> list[Message]:
    return [[[b"%r,%r" % (x, y)], [b"t", b"%r;%r\n" % (x, y)], [b"%r\t%r\tok" % (x, y)]][k % 3]]


def make_cbor(x: float, y: float, k: int) -> list[Message]:
    typed = b"\xa2\x61x\xd8\x56\x48" + struct.pack("<d", x) + b"\x61y\xd8\x56\x48" + struct.pack("<d", y)
    return [[typed if k % 2 else b"\xa2\x61x\xfb" + struct.pack(">d", x) + b"\x61y\xfb" + struct.pack(">d", y)]]


def make_keyvalue(x: float, y: float, k: int) -> list[Message]:
    return [[[b"x=%r y=%r" % (x, y)], [b"t", b"x: %r, y: %r, ok: yes" % (x, y)], [b"x=%r\ny=%r\n" % (x, y)]][k % 3]]


STRUCT: Final = "struct:<u4,x:f8,y:f4"
KINDS: Final = {
    "open-ephys": Kind("0", "1", make_open_ephys),
    "karabo": Kind("s/x", "s/y", make_karabo),
    "numpy": Kind(
        "0", "1", lambda x, y, k: [[pack_json({"dtype": "<f8", "shape": [1, 2]}), np.array([x, y]).tobytes()]]
    ),
    "glances": Kind("cpu/total", "mem/percent", make_glances),
    "json": Kind("imu/x", "imu.y", make_json),
    "gnuradio": Kind("0", "1", make_gnuradio),
    "influx": Kind("x", "y", lambda x, y, k: [[b"m,host=a x=%r,y=%r %d" % (x, y, 17 * 10**17 + k)]]),
    "csv": Kind("0", "1", make_csv),
    "keyvalue": Kind("x", "y", make_keyvalue),
    STRUCT: Kind("x", "y", lambda x, y, k: [[struct.pack("<Idf", k, x, y)]]),
    "msgpack": Kind("a/x", "a/y", lambda x, y, k: [[b"t", msgspec.msgpack.encode({"a": {"x": x, "y": y}})]]),
    "cbor": Kind("x", "y", make_cbor),
    "pairs": Kind("0", "1", lambda x, y, k: [[np.array([x, y], "<f8").tobytes()]]),
    "pairs32": Kind("0", "1", lambda x, y, k: [[b"topic", np.array([x, y], "<f4").tobytes()]]),
}
assert KINDS.keys() - {STRUCT} == FORMATS.keys() - {"struct"}


class Mutator:
    """Damages messages: their bytes, their frames, or puts parts of others in."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._others: list[Message] = []

    def remember(self, message: Message) -> None:
        if len(self._others) < 200:
            self._others.append(message)
        else:
            self._others[int(self._rng.integers(200))] = message

    def damaged(self) -> Message:
        """One of those remembered, damaged one to four times."""
        message = list(self._pick(self._others))
        for _ in range(int(self._rng.integers(1, 5))):
            self._damage(message)
        return message

    def _pick(self, items: list[Any]) -> Any:
        return items[int(self._rng.integers(len(items)))]

    def _damage(self, message: Message) -> None:
        rng = self._rng
        choice = int(rng.integers(18))
        if not message or choice == 0:
            message.insert(int(rng.integers(len(message) + 1)), self._pick(SPECIAL))
            return
        at = int(rng.integers(len(message)))
        if choice == 1:
            del message[at]
        elif choice == 2:
            message.append(message[at])
        elif choice == 3:
            message[at], message[-1] = message[-1], message[at]
        elif choice == 4 and rng.random() < 0.05:
            message.extend([b"x"] * int(rng.integers(300)))
        else:
            message[at] = self._bytes(message[at], choice)

    def _bytes(self, frame: bytes, choice: int) -> bytes:
        rng = self._rng
        a, b = sorted(int(k) for k in rng.integers(len(frame) + 1, size=2))
        if choice == 5:
            return frame[:a]
        if choice == 6:
            return frame[:a] + frame[b:]
        if choice == 7:
            return frame[:b] + frame[a:]
        if choice == 8:
            return frame[:a] + self._pick(SPECIAL) + frame[a:]
        if choice == 9:
            return frame[:a] + self._pick(SPECIAL) + frame[b:]
        if choice == 10 and (other := self._pick(self._others)):
            return frame[:a] + self._pick(other)[-64:] + frame[b:]
        if choice == 11:
            return frame[:a] + frame[a:b] * int(rng.integers(2, 40)) + frame[b:]
        if choice == 16:
            return self._nested(frame[:a], frame[b:])
        if choice == 17 and rng.random() < 0.02:
            return frame + self._pick([b" ", b"\0", b"\n"]) * LARGE
        if choice == 12:
            return bytes(rng.integers(256, size=int(rng.integers(100)), dtype=np.uint8))
        changed = bytearray(frame)
        for _ in range(int(rng.integers(1, 4)) if frame else 0):
            k = int(rng.integers(len(frame)))
            changed[k] = changed[k] ^ 1 << int(rng.integers(8)) if choice % 2 else int(rng.integers(256))
        return bytes(changed)

    def _nested(self, head: bytes, tail: bytes) -> bytes:
        """A value of many levels, most of them about as many as Python can have, whole or not."""
        depth = int(self._rng.integers(900, 1001) if self._rng.random() < 0.9 else self._rng.integers(60, 200_000))
        down, up = self._pick(NESTS)
        return bytes(head + down * depth + b"1" + up * (depth if self._rng.random() < 0.8 else 0) + tail)


class Subject:
    """One format's decoders and window, and what was found of them."""

    def __init__(self, name: str, rng: np.random.Generator) -> None:
        self.name, self._kind, self._rng = name, KINDS[name], rng
        self._mutator = Mutator(rng)
        self._one, self._batched = self._decoder(name), self._decoder(name)
        self._auto = self._decoder(STRUCT if name == STRUCT else "auto")
        self._k = 0
        self._settle()
        self._window = JointWindow(UniformBins(-8, 8, 16), UniformBins(-8, 8, 16), WINDOW)
        self._tail = np.empty((0, 2))  # of the pairs that came out message by message
        self.lots: Counter[str] = Counter()
        self.good = 0
        self.slowest = 0.0

    @property
    def malformed(self) -> dict[str, int]:
        return self._one.malformed

    def _decoder(self, format_: str) -> Decoder:
        return Decoder(FeedConfig(endpoint="", x=self._kind.x, y=self._kind.y, format=format_))

    def _settle(self) -> None:
        """Let all decoders know the format: of raw bytes that takes more than one message."""
        for x, y in np.round(self._rng.normal(0, 1, (HELD, 2)) * 1024) / 1024:
            self._k += 1
            for decoder in (self._one, self._batched, self._auto):
                decoder.decode(self._kind.make(float(x), float(y), self._k), 0.0)
        for decoder in (self._one, self._batched, self._auto):
            assert decoder.format == self.name
            decoder.malformed.clear()  # nothing, or turns that these begin in the middle

    def run(self, n: int) -> int:
        """At least ``n`` messages; returns how many."""
        messages, expected = self._stream(n)
        sizes = self._rng.integers(1, 65, size=len(messages))
        cuts = [0, *(cut for cut in np.cumsum(sizes).tolist() if cut < len(messages)), len(messages)]
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SLOW_SECONDS)
        pieces = self._decode(self._one, messages, range(len(messages) + 1))
        parts, autos = (self._decode(decoder, messages, cuts) for decoder in (self._batched, self._auto))
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.slowest = max(self.slowest, time.process_time() - started)
        for message, (batch, refused), wanted in zip(messages, pieces, expected, strict=True):
            self._account(message, batch, refused, wanted)
        whole = _joined(pieces)
        self._agree(whole, _joined(parts), self._batched)
        self._agree(whole, _joined(autos), self._auto)
        assert _same_reasons(self._batched.malformed, self._one.malformed), self.name
        for batch, _ in parts:
            self._window.extend(batch.x, batch.y)
        self._tail = np.concatenate([self._tail, np.stack(whole[:2], axis=1)])
        self._tail = self._tail[np.isfinite(self._tail).all(axis=1)][-WINDOW:]
        self._check_counts()
        return len(messages)

    @staticmethod
    def _decode(decoder: Decoder, messages: list[Message], cuts: Sequence[int]) -> list[Decoded]:
        """The outcome of the messages between the cuts, always at one depth of the stack: nesting is bounded by it."""
        decoded = []
        for start, stop in pairwise(cuts):
            before = sum(decoder.malformed.values())
            batch = decoder.decode(messages[start:stop], received=0.0)
            decoded.append((batch, sum(decoder.malformed.values()) - before))
        return decoded

    def _agree(self, whole: tuple[np.ndarray, ...], found: tuple[np.ndarray, ...], decoder: Decoder) -> None:
        """A decoder says the same as the one that goes message by message."""
        assert np.array_equal(whole[0], found[0], equal_nan=True), self.name
        assert np.array_equal(whole[1], found[1], equal_nan=True), self.name
        # What comes before the first time of all has that time if they are of one batch, and none by itself.
        timed = np.isfinite(whole[2])
        assert np.array_equal(whole[2][timed], found[2][timed]), self.name
        for count in (lambda of: sum(of.malformed.values()), attrgetter("messages", "bytes", "pairs", "gaps")):
            assert count(decoder) == count(self._one), self.name

    def _stream(self, n: int) -> tuple[list[Message], list[tuple[float, float] | None]]:
        """Good and damaged messages, and the pair that each good one must give; the first is a good one."""
        messages: list[Message] = []
        expected: list[tuple[float, float] | None] = []
        while len(messages) < n:
            self._k += 1
            x = float(np.round(self._rng.normal() * 1024) / 1024)  # exact in float32 and in decimals
            y = float(np.round((x + self._rng.normal()) * 1024) / 1024)
            unit = self._kind.make(x, y, self._k)
            messages += unit
            expected += [None] * (len(unit) - 1) + [(x, y)]
            self.good += len(unit)
            for message in unit:
                self._mutator.remember(message)
            # Fewer in a row than would make a feed of another format of it.
            for _ in range(int(self._rng.integers(1, SWITCH_AFTER))):
                messages.append(self._mutator.damaged())
                expected.append(None)
        return messages, expected

    def _account(self, message: Message, batch: PairBatch, refused: int, wanted: tuple[float, float] | None) -> None:
        """One message became exactly one thing; a good one its pair."""
        assert refused in (0, 1)
        assert batch.x.shape == batch.y.shape
        assert batch.t is None or batch.t.shape == batch.x.shape
        assert not (refused and batch.x.size), (self.name, message)
        assert refused or max(map(len, message), default=0) <= LARGE, (self.name, "too large")
        self.lots["refused" if refused else "accepted" if batch.x.size else "of no interest"] += 1
        if wanted is not None:
            assert (batch.x.tolist(), batch.y.tolist()) == ([wanted[0]], [wanted[1]]), (self.name, message, wanted)

    def _check_counts(self) -> None:
        symbols = np.clip(
            np.floor(self._tail + 8), 0, 15
        )  # (v - low) * count / (high - low), as UniformBins defines it
        fresh = np.histogram2d(symbols[:, 0], symbols[:, 1], bins=16, range=[[-0.5, 15.5]] * 2)[0]
        assert np.array_equal(self._window.counts, fresh), self.name


def _same_reasons(ours: dict[str, int], theirs: dict[str, int]) -> bool:
    """True if messages were refused for the same reasons; at Python's last level one may say that there is none."""
    deep = ours.get("too deep", 0) + theirs.get("too deep", 0)
    others = (ours.keys() | theirs.keys()) - {"too deep"}
    return sum(abs(ours.get(reason, 0) - theirs.get(reason, 0)) for reason in others) <= deep


def _joined(decoded: list[Decoded]) -> tuple[np.ndarray, ...]:
    batches = [batch for batch, _ in decoded]
    t = [np.full(batch.x.size, np.nan) if batch.t is None else batch.t for batch in batches]
    return (
        np.concatenate([batch.x for batch in batches]),
        np.concatenate([batch.y for batch in batches]),
        np.concatenate(t),
    )


def fuzz(messages: int, seed: int, formats: list[str]) -> None:
    """Raise AssertionError for the first thing that does not hold; print what was found."""
    faulthandler.register(signal.SIGPROF, chain=True)  # which then ends it: a hang inside C is shown too
    subjects = [Subject(name, np.random.default_rng([seed, k])) for k, name in enumerate(formats)]
    process, done, started = psutil.Process(), 0, time.monotonic()
    rss: list[int] = []
    while done < messages:
        for subject in subjects:
            done += subject.run(min(BATCH, messages))
        rss.append(process.memory_info().rss)
    # Medians: a frame of 1 MiB more or less in the batch at hand is no growth.
    quarter = len(rss) // 4
    grown = statistics.median(rss[-quarter:]) - statistics.median(rss[-2 * quarter : -quarter]) if quarter else 0
    for subject in subjects:
        lots = subject.lots
        total = sum(lots.values())
        assert total == lots["accepted"] + sum(subject.malformed.values()) + lots["of no interest"]
        reasons = ", ".join(f"{name} {n}" for name, n in sorted(subject.malformed.items(), key=lambda one: -one[1])[:5])
        print(
            f"{subject.name:10}  {total:8,} messages, {subject.good:7,} good: {lots['accepted']:7,} accepted,"
            f" {lots['refused']:7,} refused, {lots['of no interest']:6,} of no interest; slowest batch"
            f" {subject.slowest * 1e3:.0f} ms; {reasons}"
        )
    seconds = time.monotonic() - started
    print(f"{done:,} messages in {seconds:.0f} s; memory, third to last quarter {grown / 2**20:+.1f} MiB; all held")
    assert messages < LONG or grown < GROWTH, "memory grew"


def coverage(arguments: list[str]) -> None:
    """Let atheris choose the bytes: format, then frames of given lengths; the decoders of a format live on."""
    import atheris

    with atheris.instrument_imports(include=["streammi"]):
        for name in [name for name in sys.modules if name.startswith("streammi.ingest")]:
            del sys.modules[name]
        from streammi.ingest.decoder import Decoder as Instrumented

    decoders = [Instrumented(FeedConfig(endpoint="", x=k.x, y=k.y, format=name)) for name, k in KINDS.items()]

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        decoder = decoders[provider.ConsumeIntInRange(0, len(decoders) - 1)]
        n = provider.ConsumeIntInRange(1, 4)
        message = [provider.ConsumeBytes(provider.ConsumeIntInRange(0, 4096)) for _ in range(n - 1)]
        message.append(provider.ConsumeBytes(provider.remaining_bytes()))
        before = decoder.pairs, sum(decoder.malformed.values())
        decoder.decode([message], received=0.0)
        assert decoder.pairs == before[0] or sum(decoder.malformed.values()) == before[1]

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=at_least(1), default=LONG)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=list(KINDS), action="append")
    parser.add_argument("--coverage", nargs=argparse.REMAINDER, help="for atheris, such as -max_total_time=60")
    given = parser.parse_args()
    warnings.simplefilter("error")
    if given.coverage is not None:
        coverage(given.coverage)
    else:
        fuzz(given.messages, given.seed, given.format or list(KINDS))


if __name__ == "__main__":
    main()
