"""What is taken for pairs that is none, and what is not recognised that is, on made-up feeds: the bars of the docs.

Feeds of pickles, packed bytes, pictures, text, structs and protobuf, and a fifth as many feeds of pairs in six formats.
Nothing is encoded by streammi. Exits with 1 if a bar is missed.
"""

import argparse
import bz2
import gzip
import io
import json
import lzma
import random
import re
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.reduction import ForkingPickler

import cbor2
import msgpack
import numpy as np
from arguments import at_least

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.network.frames import Frames

MESSAGES = 20  # of a feed
TAKEN = 0.001  # share of the feeds that may be taken for pairs
Random = random.Random


def record(rng: Random) -> dict[str, object]:
    names = rng.sample(["temp", "power", "id", "state", "flow", "time", "unit", "values"], rng.randint(2, 6))
    values: list[object] = [rng.gauss(20, 3), rng.randint(0, 10 ** rng.randint(1, 9)), "ok", None, True, [1.5] * 5]
    return {name: rng.choice(values) for name in names}


def pickled(rng: Random) -> Callable[[], bytes]:
    protocol = rng.randint(0, 5)
    kinds: list[Callable[[], object]] = [
        lambda: record(rng),
        lambda: (rng.gauss(20, 3), rng.gauss(5, 1)),
        lambda: [rng.random() for _ in range(rng.randint(1, 50))],
        lambda: np.array([rng.random() for _ in range(rng.randint(1, 50))]),
    ]
    kind = rng.choice(kinds)
    return lambda: bytes(ForkingPickler.dumps(kind(), protocol))


def packed(rng: Random) -> Callable[[], bytes]:
    """Something packed, with its head or (deflate, encrypted) without one, and of any length or a round one."""
    pack: Callable[[bytes], bytes] = rng.choice(
        [
            zlib.compress,
            gzip.compress,
            bz2.compress,
            lzma.compress,
            lambda data: zlib.compress(data)[2:],
            noise(rng),
        ]
    )
    n = rng.choice([1, 4, 30])
    inside = rng.choice([json.dumps, repr])
    cut = rng.choice([1, 8, 16])

    def send() -> bytes:
        whole = pack(inside([record(rng) for _ in range(n)]).encode())
        return whole[: max(len(whole) // cut * cut, 8)]

    return send


def noise(rng: Random) -> Callable[[bytes], bytes]:
    return lambda data: rng.randbytes(len(data))


def picture(rng: Random) -> Callable[[], bytes]:
    """Rows of a picture or of sound (around 0), raw, in the widths that cameras and sound cards have."""
    width = rng.choice([16, 64, 640])
    dtype = rng.choice(["u1", "<u2", "<i2", ">u2", "<i4"])
    middle, spread = 0.5 if "i" in dtype else rng.random(), rng.choice([0.002, 0.02, 0.2])
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    generator = np.random.default_rng(rng.getrandbits(32))
    smooth = rng.random() < 0.5

    def send() -> bytes:
        noise = generator.normal(0, spread, width)
        values = middle + (np.cumsum(noise) / 8 if smooth else noise)
        return np.clip(low + values * (high - low), low, high).astype(dtype).tobytes()

    return send


def text(rng: Random) -> Callable[[], bytes]:
    words = "the pump stopped at 12 of 40 bar and then value 3.5 was ok alarm 7 temp high"
    pad = rng.choice([0, 16, 32, 64])
    encoding = rng.choice(["utf-8", "utf-8", "utf-16-le", "latin-1"])

    def send() -> bytes:
        said = " ".join(rng.choice(words.split()) for _ in range(rng.randint(1, 12)))
        return said.encode(encoding).ljust(pad, b"\0")

    return send


STRUCTS = "<If <IIff <Qff <Qd <Qdd <Id <4f <6f <8f <4d <3d <dff <ffd <hhf <HHHH <4h <8h <4i <qq <2i <Iif <8sd <4sf"
MORE = "<16sdd <BBHf <Bxxxf <dI4x <fI <QQ <iihhf <d8s <ff8x <4Bf >dd >ff >Qd >4f >Id <fHH <qd <dd4I <fffI <Idd4x"


def structs(rng: Random) -> Callable[[], bytes]:
    """A C struct, each field with a life of its own: counters, clocks, small numbers, letters, measurements."""
    layout = rng.choice(f"{STRUCTS} {MORE}".split())
    fields = struct.unpack(layout, bytes(struct.calcsize(layout)))
    turn = [0]
    makers = [field(rng, value, turn, layout, place) for place, value in enumerate(fields)]

    def send() -> bytes:
        turn[0] += 1
        return struct.pack(layout, *(make() for make in makers))

    return send


def field(rng: Random, value: object, turn: list[int], layout: str, place: int) -> Callable[[], object]:
    if isinstance(value, bytes):
        name = rng.choice([b"temp", b"pressure", b"S1", b"ABCDEFGH", b"TEMP", b"\xf0\x9f\x8c\xa1"])
        return lambda: name
    if isinstance(value, float):
        centre = rng.choice([0.0, 1.0, 20.0, 1013.0, 1e5, 1e-3]) * (1 + place)
        spread = rng.choice([0.01, 0.3]) * (centre or 1.0)
        return lambda: rng.gauss(centre, spread)
    counted = re.findall(r"([0-9]*)([a-zA-Z])", layout)
    codes = [code for many, code in counted if code not in "xs" for _ in range(int(many or 1))]
    width = struct.calcsize("<" + codes[place - layout.count("s")])
    if width == 8:
        start = rng.choice([0, 1_700_000_000_000, 1_700_000_000_000_000_000, 10**6])
        step = rng.choice([1, 10, 1_000_000])
        return lambda: start + turn[0] * step
    limit = (1 << (8 * width - 1)) - 1
    kinds: list[Callable[[], object]] = [
        lambda: turn[0] % limit,
        lambda: rng.randint(0, min(limit, 100)),
        lambda: rng.randint(0, min(limit, 4095)),
        lambda: min(limit, 1_700_000_000 + turn[0]),
    ]
    return rng.choice(kinds)


def protobuf(rng: Random) -> Callable[[], bytes]:
    """Fields of the wire format: varints, fixed32, fixed64, strings, packed doubles."""
    layout = [(number, rng.choice([0, 1, 2, 2, 5])) for number in range(1, rng.randint(3, 9))]
    strings = rng.random() < 0.5

    def send() -> bytes:
        out = io.BytesIO()
        for number, kind in layout:
            out.write(bytes([number << 3 | kind]))
            if kind == 0:
                out.write(varint(rng.randint(0, 10**9)))
            elif kind == 1:
                out.write(struct.pack("<d", rng.gauss(20, 3)))
            elif kind == 5:
                out.write(struct.pack("<f", rng.gauss(20, 3)))
            else:
                content = b"sensor" if strings else struct.pack("<4d", *(rng.gauss(20, 3) for _ in range(4)))
                out.write(varint(len(content)) + content)
        whole = out.getvalue()
        return whole.ljust(-(-len(whole) // 8) * 8, b"\0") if len(layout) % 2 else whole

    return send


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


NO_PAIRS = {"pickles": pickled, "packed": packed, "pictures and sound": picture, "text": text, "structs": structs,
            "protobuf": protobuf}  # fmt: skip


def decoded(messages: list[Frames], x: str = "0", y: str = "1") -> tuple[Decoder, int]:
    decoder = Decoder(FeedConfig(endpoint="", x=x, y=y))
    n = sum(decoder.decode([message], 0.0).x.size for message in messages)
    return decoder, n + decoder.end(0.0).x.size


def false_pairs(feeds: int, seed: int = 1) -> Iterator[tuple[str, list[Frames], Decoder, int]]:
    """Feeds of what is no pairs that something was read from."""
    rng = Random(seed)
    for k in range(feeds):
        kind = list(NO_PAIRS)[k % len(NO_PAIRS)]
        send = NO_PAIRS[kind](rng)
        messages: list[Frames] = [[send()] for _ in range(MESSAGES)]
        decoder, n = decoded(messages)
        if n:
            yield kind, messages, decoder, n


Rows = np.ndarray


def values(rng: Random, generator: np.random.Generator, n: int) -> Rows:
    """Measurements: of any size and kind, some of them missing, some of them constant for a while."""
    kind = rng.randrange(9)
    centre = rng.choice([0.0, 1.0, 20.0, 101325.0, 3e-12, 1.6e9])
    rows = generator.normal(centre, abs(centre) * rng.choice([1e-3, 0.1, 1.0]) or 1.0, (n, 2))
    if kind == 0:
        rows = np.round(rows, 1) if centre > 0.5 else rows
    elif kind == 1:
        rows = generator.integers(0, rng.choice([2, 100, 4096]), (n, 2)).astype(float)
    elif kind == 2:
        rows = np.cumsum(generator.normal(0, 1, (n, 2)), axis=0) * 0.01 * (centre or 1.0) + centre
    elif kind == 3:
        rows = generator.lognormal(0, 3, (n, 2))
    elif kind == 4:
        rows[:, 0] = rows[0, 0]
    elif kind == 5:
        rows[:, 1] = np.round(rows[0, 1], 3)
    elif kind == 6:
        rows[:, 0] = 1.7e9 + np.arange(n) / 100
    elif kind == 7:
        rows = generator.standard_cauchy((n, 2)) + centre
    rows[generator.random((n, 2)) < rng.choice([0, 0, 0.1, 0.5])] = np.nan
    return rows


def raw(dtype: str) -> Callable[[Random], tuple[list[Frames], int]]:
    def feed(rng: Random) -> tuple[list[Frames], int]:
        generator = np.random.default_rng(rng.getrandbits(32))
        sizes = rng.choice([[1], [2], [1, 2, 3], [16], [1, 64], [4096], [5, 7, 200]])
        each = [rng.choice(sizes) for _ in range(MESSAGES)]
        rows = values(rng, generator, sum(each)).astype(dtype)
        cuts = np.cumsum(each)[:-1]
        topic = rng.choice([[], [b"room/1"]])
        return [[*topic, part.tobytes()] for part in np.split(rows, cuts)], sum(each)

    return feed


def named(encode: Callable[[dict[str, object]], bytes]) -> Callable[[Random], tuple[list[Frames], int]]:
    def feed(rng: Random) -> tuple[list[Frames], int]:
        generator = np.random.default_rng(rng.getrandbits(32))
        rows = values(rng, generator, MESSAGES).tolist()
        topic = rng.choice([[], [b"room/1"]])
        return [[*topic, encode({"0": x, "1": y})] for x, y in rows], MESSAGES

    return feed


PAIRS: dict[str, Callable[[Random], tuple[list[Frames], int]]] = {
    "pairs": raw("<f8"),
    "pairs32": raw("<f4"),
    "json": named(lambda tree: json.dumps(tree).encode()),
    "msgpack": named(msgpack.packb),
    "cbor": named(cbor2.dumps),
    "csv": named(lambda tree: f"{tree['0']!r},{tree['1']!r}".encode()),
}


def few_values(messages: list[Frames]) -> bool:
    """Whether a feed of raw pairs has fewer than eight different values."""
    joined = b"".join(message[-1] for message in messages)
    return len({joined[at : at + 4] for at in range(0, len(joined), 4)}) < 8


def misread(feeds: int, seed: int = 2) -> Iterator[tuple[str, list[Frames], Decoder, int, int]]:
    """Feeds of pairs of which not all was read, or in another format."""
    rng = Random(seed)
    for k in range(feeds):
        name = list(PAIRS)[k % len(PAIRS)]
        messages, expected = PAIRS[name](rng)
        decoder, n = decoded(messages)
        if decoder.format is None and few_values(messages):
            continue  # refused, and said: so few values, none of them round, show nothing
        if decoder.format != name or n != expected:
            yield name, messages, decoder, n, expected


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=at_least(1), default=10_000, help="of what is no pairs (10,000)")
    parser.add_argument("--show", action="store_true", help="each feed that is read as what it is not")
    given = parser.parse_args()
    feeds = given.feeds
    taken: Counter[str] = Counter()
    unsaid = 0
    for kind, messages, decoder, n in false_pairs(feeds):
        if decoder.format not in ("pairs", "pairs32"):
            continue
        taken[kind] += 1
        unsaid += "a guess" not in decoder.note
        if given.show:
            print(f"  {kind}: {n} pairs of {messages[0]!r:.120}: {decoder.note}")
    print(f"{feeds:,} feeds of {MESSAGES} messages that are no pairs: {taken.total()} taken for pairs {dict(taken)},")
    print(f"  {unsaid} of these without saying that it is a guess")
    wrong: Counter[str] = Counter()
    for name, messages, decoder, n, expected in misread(feeds // 5):
        wrong[name] += 1
        if given.show:
            print(f"  {name}: {n} of {expected} pairs, as {decoder.format}: {decoder.malformed} {decoder.detail}")
            print(f"    {messages[:3]!r:.300}")
    print(f"{feeds // 5:,} feeds of pairs, {MESSAGES} messages each: {wrong.total()} not read as such {dict(wrong)}")
    return int(taken.total() > TAKEN * feeds or unsaid > 0 or wrong.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
