"""Feeds of what is no pairs, for scripts/recognition.py: one function a kind, none of them encoded by streammi.

TUNED are the kinds with which the recognition was made; JUDGED those that nobody looked at before it was done.
"""

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import random
import re
import struct
import uuid
import zlib
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final, TypeAlias

import cbor2
import msgpack
import numpy as np
import pyarrow as pa
from pyarrow import parquet

Random: TypeAlias = random.Random
Send: TypeAlias = Callable[[], bytes]
Generator: TypeAlias = np.random.Generator


def generator_of(rng: Random) -> Generator:
    return np.random.default_rng(rng.getrandbits(32))


def record(rng: Random) -> dict[str, object]:
    names = rng.sample(["temp", "power", "id", "state", "flow", "time", "unit", "values"], rng.randint(2, 6))
    values: list[object] = [rng.gauss(20, 3), rng.randint(0, 10 ** rng.randint(1, 9)), "ok", None, True, [1.5] * 5]
    return {name: rng.choice(values) for name in names}


def pickled(rng: Random) -> Send:
    protocol = rng.randint(0, 5)
    kinds: list[Callable[[], object]] = [
        lambda: record(rng),
        lambda: (rng.gauss(20, 3), rng.gauss(5, 1)),
        lambda: [rng.random() for _ in range(rng.randint(1, 50))],
        lambda: np.array([rng.random() for _ in range(rng.randint(1, 50))]),
    ]
    kind = rng.choice(kinds)
    return lambda: bytes(ForkingPickler.dumps(kind(), protocol))


def packed(rng: Random) -> Send:
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


def picture(rng: Random) -> Send:
    """Rows of a picture or of sound (around 0), raw, in the widths that cameras and sound cards have."""
    width = rng.choice([16, 64, 640])
    dtype = rng.choice(["u1", "<u2", "<i2", ">u2", "<i4"])
    middle, spread = 0.5 if "i" in dtype else rng.random(), rng.choice([0.002, 0.02, 0.2])
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    generator = generator_of(rng)
    smooth = rng.random() < 0.5

    def send() -> bytes:
        noise = generator.normal(0, spread, width)
        values = middle + (np.cumsum(noise) / 8 if smooth else noise)
        return np.clip(low + values * (high - low), low, high).astype(dtype).tobytes()

    return send


def text(rng: Random) -> Send:
    words = "the pump stopped at 12 of 40 bar and then value 3.5 was ok alarm 7 temp high"
    pad = rng.choice([0, 16, 32, 64])
    encoding = rng.choice(["utf-8", "utf-8", "utf-16-le", "latin-1"])

    def send() -> bytes:
        said = " ".join(rng.choice(words.split()) for _ in range(rng.randint(1, 12)))
        return said.encode(encoding).ljust(pad, b"\0")

    return send


STRUCTS = "<If <IIff <Qff <Qd <Qdd <Id <4f <6f <8f <4d <3d <dff <ffd <hhf <HHHH <4h <8h <4i <qq <2i <Iif <8sd <4sf"
MORE = "<16sdd <BBHf <Bxxxf <dI4x <fI <QQ <iihhf <d8s <ff8x <4Bf >dd >ff >Qd >4f >Id <fHH <qd <dd4I <fffI <Idd4x"


def structs(rng: Random) -> Send:
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


def protobuf(rng: Random) -> Send:
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


def counts(rng: Random) -> Send:
    """Whole numbers of a converter around a middle, in any width and order."""
    dtype = rng.choice(["<i4", "<i2", ">i2", "<u2", ">i4", "<u4", "<i8"])
    n, middle = rng.choice([2, 4, 8, 12, 16, 64, 256, 1000]), rng.choice([0, 100, 2048, 30000])
    spread, info, generator = rng.choice([1, 20, 400, 3000]), np.iinfo(dtype), generator_of(rng)
    return lambda: np.clip(np.round(generator.normal(middle, spread, n)), info.min, info.max).astype(dtype).tobytes()


def behind_a_header(rng: Random) -> Send:
    """Float64s behind a header of whole numbers or letters."""
    layout = rng.choice(["<II", "<IHH", "<Q", "<BBHI", "<4sI", "<8s", ">II", "<qq", "<HHHHQ"])
    n, turn = rng.choice([1, 2, 3, 4, 6, 16]), [0]
    kinds = struct.unpack(layout, bytes(struct.calcsize(layout)))

    def send() -> bytes:
        turn[0] += 1
        numbers = [
            b"SENSOR01"[: len(kind)] if isinstance(kind, bytes) else (turn[0] + k * 7) % 250
            for k, kind in enumerate(kinds)
        ]
        return struct.pack(layout, *numbers) + struct.pack(f"<{n}d", *(rng.gauss(20, 2) for _ in range(n)))

    return send


def mavlink(rng: Random) -> Send:
    turn, length = [rng.randrange(256)], rng.choice([28, 9, 14, 20, 36, 52])

    def send() -> bytes:
        turn[0] = (turn[0] + 1) % 256
        fields = b"".join(struct.pack("<f", rng.gauss(0, 1)) for _ in range(length // 4 - 1))
        body = struct.pack("<I", 1000 * turn[0]) + fields + bytes(length % 4)
        return bytes([0xFD, len(body), 0, 0, turn[0], 1, 1, 30, 0, 0]) + body + rng.randbytes(2)

    return send


def can(rng: Random) -> Send:
    """Frames of a CAN bus, as SocketCAN has them."""
    names, n, turn = [rng.randrange(0x7FF) for _ in range(rng.choice([1, 3]))], rng.choice([1, 4]), [0]

    def one() -> bytes:
        turn[0] += 1
        head = struct.pack("<IB3x", rng.choice(names), 8)
        data = (turn[0] % 65536, int(rng.gauss(0, 500)), rng.randrange(4), turn[0] % 16, int(abs(rng.gauss(3000, 20))))
        return head + struct.pack("<HhBBH", *data)

    return lambda: b"".join(one() for _ in range(n))


def rtp(rng: Random) -> Send:
    number, clock, source = rng.randrange(60000), rng.randrange(2**31), rng.getrandbits(32)
    n, turn, kind = rng.choice([160, 164, 20, 320]), [0], rng.choice([0, 96])

    def send() -> bytes:
        turn[0] += 1
        head = struct.pack(">BBHII", 0x80, kind, (number + turn[0]) % 65536, (clock + n * turn[0]) % 2**32, source)
        return head + bytes(int(128 + rng.gauss(0, 20)) & 255 for _ in range(n))

    return send


def letters(rng: Random) -> Send:
    n = rng.choice([6, 12, 24, 48, 96])
    if rng.random() < 0.5:
        return lambda: rng.randbytes(n).hex().encode()
    return lambda: base64.b64encode(struct.pack(f"<{n // 6}d", *(rng.gauss(20, 3) for _ in range(n // 6))))


def by_chance(rng: Random) -> Send:
    n = rng.choice([8, 16, 24, 32, 48, 64, 128, 256, 1024, 4096])
    return lambda: rng.randbytes(n)


def encrypted(rng: Random) -> Send:
    n, turn = rng.choice([16, 32, 64]), [0]

    def send() -> bytes:
        turn[0] += 1
        return struct.pack("<Q", turn[0]) + hashlib.sha512(bytes([turn[0] % 256]) * n).digest()[:n]

    return send


def sound(rng: Random) -> Send:
    dtype, amplitude = rng.choice([("<i2", 8000), ("<i2", 300), ("<i4", 10**8), ("<i4", 2**23 * 100), ("u1", 40)])
    n, pitch, turn = rng.choice([64, 160, 512, 1024]), rng.uniform(0.01, 0.3), [0]
    generator, info = generator_of(rng), np.iinfo(dtype)

    def send() -> bytes:
        t = np.arange(turn[0], turn[0] + n)
        turn[0] += n
        x = amplitude * (np.sin(pitch * t) + 0.3 * generator.normal(size=n)) + (128 if dtype == "u1" else 0)
        return np.clip(x, info.min, info.max).astype(dtype).tobytes()

    return send


def inside_jpeg(rng: Random) -> Send:
    n = rng.choice([64, 256, 1024])
    return lambda: rng.randbytes(n).replace(b"\xff", b"\xff\x00")[:n]


def uuids(rng: Random) -> Send:
    n = rng.choice([1, 2, 4])
    return lambda: b"".join(uuid.UUID(int=rng.getrandbits(128), version=4).bytes for _ in range(n))


def stamps(rng: Random) -> Send:
    unit = rng.choice([1, 10**3, 10**6, 10**9])
    dtype = rng.choice(["<i8", ">i8", *(["<u4"] if unit == 1 else [])])
    n, clock = rng.choice([1, 2, 4, 16, 64]), [1.76e9]

    def send() -> bytes:
        clock[0] += n * 0.01
        return ((clock[0] + np.arange(n) * 0.01) * unit).astype(dtype).tobytes()

    return send


def half(rng: Random) -> Send:
    n, middle, generator = rng.choice([4, 8, 12, 64, 256]), rng.choice([0, 1, 20]), generator_of(rng)
    return lambda: generator.normal(middle, 1 + middle / 10, n).astype("<f2").tobytes()


def colours(rng: Random) -> Send:
    n, channels, generator = rng.choice([64, 640]), rng.choice([3, 4]), generator_of(rng)
    return lambda: (
        np.clip(np.cumsum(generator.normal(0, 4, (n, channels)), 0) + generator.uniform(50, 200, channels), 0, 255)
        .astype("u1")
        .tobytes()
    )


def of_24_bits(rng: Random) -> Send:
    n = rng.choice([8, 16, 64, 256])
    return lambda: b"".join(int(rng.gauss(0, 1e5)).to_bytes(3, "little", signed=True) for _ in range(n))


def inertial(rng: Random) -> Send:
    spread, n = rng.choice([100, 2000]), rng.choice([6, 8, 9, 10])
    return lambda: struct.pack(f"<{n}h", *(int(max(min(rng.gauss(0, spread), 32767), -32768)) for _ in range(n)))


def bits(rng: Random) -> Send:
    n, mask = rng.choice([8, 16, 32]), rng.choice([0x01, 0x0F, 0xFF])
    return lambda: bytes(rng.randrange(256) & mask for _ in range(n))


def other_floats(rng: Random) -> Send:
    """Points of a cloud: three float32 and an intensity; big-endian floats."""
    kind, n = rng.choice([0, 1, 2]), rng.choice([1, 3, 10])
    if kind == 0:
        return lambda: b"".join(
            struct.pack("<fffI", *(rng.gauss(0, 3) for _ in range(3)), rng.randrange(256)) for _ in range(n)
        )
    return lambda: struct.pack(f">{2 * n}{'d' if kind == 1 else 'f'}", *(rng.gauss(20, 3) for _ in range(2 * n)))


def smooth(generator: Generator, n: int, columns: int, low: float, high: float) -> np.ndarray[Any, Any]:
    """Rows of signals that move slowly between two values, shape (n, columns)."""
    start = generator.uniform(low + (high - low) / 4, high - (high - low) / 4, columns)
    walk = np.cumsum(generator.normal(0, (high - low) / 200, (n, columns)), axis=0)
    return np.clip(start + walk, low, high)


def wave_file(rng: Random) -> Send:
    """PCM of 16 bits and two channels out of a WAV file, without its head: silence, then loud."""
    n, generator, loud, turn = rng.choice([128, 441, 1024, 2048]), generator_of(rng), rng.choice([50, 3000, 32000]), [0]

    def send() -> bytes:
        turn[0] += n
        t = np.arange(turn[0], turn[0] + n)[:, None] * np.array([0.031, 0.047])
        return (
            np.clip(loud * np.sin(t) * abs(np.sin(t / 50)) + generator.normal(0, 9, t.shape), -32768, 32767)
            .astype("<i2")
            .tobytes()
        )

    return send


def brain_float(rng: Random) -> Send:
    """bfloat16: the upper half of a float32."""
    n, middle, generator = rng.choice([4, 8, 32, 128, 768]), rng.choice([0.0, 1.0, 20.0, 300.0]), generator_of(rng)
    return lambda: (generator.normal(middle, 1 + middle / 8, n).astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


def weights(rng: Random) -> Send:
    """float16 of a network: small, of both signs; or a spectrum, of all sizes; in either byte order."""
    n, generator, dtype = rng.choice([4, 16, 128, 512]), generator_of(rng), rng.choice(["<f2", ">f2"])
    if rng.random() < 0.5:
        return lambda: generator.normal(0, 0.03, n).astype(dtype).tobytes()
    return lambda: np.minimum(generator.lognormal(2, 2, n), 65000).astype(dtype).tobytes()


def photo(rng: Random) -> Send:
    """Lines of a photograph: light changes slowly and has edges; 1, 3 or 4 channels (the fourth opaque or not)."""
    channels, width, generator = rng.choice([1, 3, 4]), rng.choice([32, 160, 320, 1280]), generator_of(rng)
    opaque, low, high = rng.random() < 0.5, rng.choice([0, 30, 90]), rng.choice([110, 200, 255])

    def send() -> bytes:
        rows = smooth(generator, width, channels, low, high) + generator.normal(0, 2, (width, channels))
        rows[rng.randrange(width) :] += rng.choice([-40, 0, 40])
        rows = np.clip(rows, 0, 255).astype("u1")
        if channels == 4 and opaque:
            rows[:, 3] = 255
        return rows.tobytes()

    return send


def depth(rng: Random) -> Send:
    """A depth camera's uint16 millimetres, 0 where it sees nothing; or thermal centikelvins."""
    width, generator = rng.choice([64, 160, 424, 640]), generator_of(rng)
    low, high = rng.choice([(300, 4500), (800, 12000), (29000, 31500), (9000, 20000)])

    def send() -> bytes:
        row = smooth(generator, width, 1, low, high)[:, 0]
        row[generator.random(width) < 0.05] = 0 if low < 20000 else low
        return row.astype("<u2").tobytes()

    return send


def converters(rng: Random) -> Send:
    """Signals as whole numbers or floats in the other byte order, several channels in turn."""
    dtype = rng.choice([">i2", ">u2", ">i4", ">u4", ">i8", ">f4", ">f8"])
    n, channels, generator = rng.choice([1, 2, 8, 50]), rng.choice([1, 2, 4, 8]), generator_of(rng)
    scale = rng.choice([1, 1000, 30000] if dtype[2] == "2" else [1, 500, 1e5, 1e8])
    floats = dtype[1] == "f"

    def send() -> bytes:
        rows = generator.normal(0.5 * scale, 0.1 * scale, (n, channels))
        return (rows if floats else np.round(np.abs(rows))).astype(dtype).tobytes()

    return send


def whole_numbers(rng: Random) -> Send:
    """Little-endian whole numbers: of pulses, of a 24-bit converter left in 32, of a meter in 64."""
    kind, n, channels = rng.randrange(4), rng.choice([1, 4, 16, 100]), rng.choice([2, 4])
    generator, total = generator_of(rng), np.zeros(channels)

    def send() -> bytes:
        nonlocal total
        rows = generator.normal(0, 1, (n, channels))
        if kind == 0:
            return (rows * 2e5).astype("<i4").tobytes()
        if kind == 1:
            return (np.round(rows * 1e6) * 256).astype("<i4").tobytes()
        steps = generator.poisson(50, (n, channels)).cumsum(axis=0) + total
        total = steps[-1]
        return (steps + (0 if kind == 2 else 123_456_789)).astype("<i8" if kind == 2 else "<i4").tobytes()

    return send


def arrow(rng: Random) -> Send:
    """A batch of two columns as an Arrow stream or file, or its body alone (a column behind the other, with ids)."""
    n, kind, turn = rng.choice([1, 8, 64]), rng.randrange(3), [0]

    def send() -> bytes:
        turn[0] += n
        table = pa.table(
            {
                "id": pa.array(range(turn[0], turn[0] + n)),
                "x": [rng.gauss(20, 2) for _ in range(n)],
                "ok": [True] * n,
            }
        )
        out = io.BytesIO()
        if kind == 2:
            return bytes(table.to_batches()[0].serialize())
        with (pa.ipc.new_stream if kind == 0 else pa.ipc.new_file)(out, table.schema) as writer:
            writer.write_table(table)
        return out.getvalue()

    return send


def parquet_file(rng: Random) -> Send:
    def send() -> bytes:
        out = io.BytesIO()
        parquet.write_table(pa.table({"x": [rng.random() for _ in range(20)], "y": ["a"] * 20}), out)
        return out.getvalue()

    return send


def compressed(rng: Random) -> Send:
    """The bytes that zstd, lz4 (framed and raw), snappy (raw) and brotli make of a record."""
    codec = rng.choice(["zstd", "lz4", "lz4_raw", "snappy", "brotli", "gzip"])
    n, cut = rng.choice([1, 5, 40]), rng.choice([1, 8])

    def send() -> bytes:
        data = json.dumps([record(rng) for _ in range(n)]).encode()
        whole = pa.compress(data, codec=codec, asbytes=True)
        return whole[: max(len(whole) // cut * cut, 8)]

    return send


def avro(rng: Random) -> Send:
    """Records in Avro's binary encoding, without a file around them: zigzag numbers, doubles, strings."""
    turn = [0]

    def send() -> bytes:
        turn[0] += 1
        number = varint(2 * turn[0]) + varint(2 * 1_700_000_000_000 + 200 * turn[0])
        name = varint(10) + b"pump1"
        return number + name + struct.pack("<d", rng.gauss(20, 2)) + struct.pack("<d", rng.gauss(5, 1)) + b"\x01"

    return send


def bson(rng: Random) -> Send:
    """A document of doubles, a text and a date; the length in front right."""
    n, turn = rng.choice([1, 2, 3, 6]), [0]

    def send() -> bytes:
        turn[0] += 1
        fields = b"".join(b"\x01v%d\0" % k + struct.pack("<d", rng.gauss(20, 2)) for k in range(n))
        fields += b"\x02name\0\x06\0\0\0pump1\0" + b"\x09at\0" + struct.pack("<q", 1_700_000_000_000 + turn[0])
        return struct.pack("<i", len(fields) + 5) + fields + b"\0"

    return send


def flat(rng: Random) -> Send:
    """A flatbuffer or a Cap'n Proto message: offsets or pointers, then fields at their places."""
    kind, turn, n = rng.randrange(2), [0], rng.choice([1, 2, 4])

    def send() -> bytes:
        turn[0] += 1
        doubles = struct.pack(f"<{n}d", *(rng.gauss(20, 2) for _ in range(n)))
        if kind == 0:
            table = struct.pack("<HHHH", 8, 8 + 8 * n, 4, 8) + struct.pack("<iI", 8, turn[0]) + doubles
            return struct.pack("<I4s", 16, b"SENS") + table
        words = struct.pack("<Q", turn[0]) + doubles
        return struct.pack("<II", 0, 1 + len(words) // 8) + struct.pack("<IHH", 0, len(words) // 8, 0) + words

    return send


def ros(rng: Random) -> Send:
    """A message of ROS as CDR has it: encapsulation, stamp, a name of its frame, doubles; or of ROS 1, serialised."""
    cdr, turn, n = rng.random() < 0.5, [0], rng.choice([3, 4, 10])

    def send() -> bytes:
        turn[0] += 1
        stamp = struct.pack("<II", 1_700_000_000 + turn[0] // 10, turn[0] % 10 * 10**8)
        name = b"base_link\0" if cdr else b"base_link"
        head = (b"\0\1\0\0" if cdr else struct.pack("<I", turn[0])) + stamp + struct.pack("<I", len(name)) + name
        head = head.ljust(-(-(len(head) - 4) // 8) * 8 + 4, b"\0") if cdr else head
        return head + struct.pack(f"<{n}d", *(rng.gauss(0, 1) for _ in range(n)))

    return send


def network_time(rng: Random) -> Send:
    """NTP packets: 48 bytes, four times in seconds since 1900 and fractions of 32 bits, big-endian."""
    turn = [0]

    def send() -> bytes:
        turn[0] += 1
        times = [(3_900_000_000 + 64 * turn[0], rng.getrandbits(32)) for _ in range(4)]
        head = struct.pack(">BBbbII4s", 0x24, 2, 6, -20, rng.randrange(1 << 12), rng.randrange(1 << 12), b"\xc0\0\2\1")
        return head + b"".join(struct.pack(">II", *one) for one in times)

    return send


def modbus(rng: Random) -> Send:
    """Modbus over TCP: a head, and registers of 16 bits, big-endian; some hold floats in two."""
    n, turn, floats = rng.choice([1, 2, 5, 11, 60]), [0], rng.random() < 0.3

    def send() -> bytes:
        turn[0] += 1
        data = b"".join(
            struct.pack(">f", rng.gauss(20, 1)) if floats else struct.pack(">H", int(rng.gauss(2000, 9)))
            for _ in range(n)
        )
        return struct.pack(">HHHBBB", turn[0] % 65536, 0, 3 + len(data), 1, 3, len(data) % 256) + data

    return send


def packets(rng: Random) -> Send:
    """A packet as a capture has it: its record, Ethernet, IP, UDP and a payload."""
    n, turn = rng.choice([8, 22, 64, 300]), [0]

    def send() -> bytes:
        turn[0] += 1
        frame = bytes.fromhex("0200000000010200000000020800") + struct.pack(
            ">BBHHHBBH4s4sHHHH", 0x45, 0, 28 + n, turn[0], 0, 64, 17, 0, b"\n\0\0\1", b"\n\0\0\2", 5000, 5001, 8 + n, 0
        )
        frame += rng.randbytes(n)
        return struct.pack("<IIII", 1_700_000_000 + turn[0], rng.randrange(10**6), len(frame), len(frame)) + frame

    return send


def java(rng: Random) -> Send:
    """A serialised Java object: a stream's magic, class descriptions, fields big-endian."""
    return lambda: (
        b"\xac\xed\0\5sr\0\6Sample"
        + rng.randbytes(8)
        + b"\2\0\2D\0\1xD\0\1yxp"
        + struct.pack(">dd", rng.gauss(2, 1), 5.5)
    )


def npy(rng: Random) -> Send:
    """A .npy or .npz file of an array of any shape."""
    shape = rng.choice([(3,), (2, 5), (4, 4, 3), ()])
    generator, zipped, dtype = generator_of(rng), rng.random() < 0.5, rng.choice(["<f8", "<f4", ">i2", "?"])

    def send() -> bytes:
        out = io.BytesIO()
        array = np.asarray(generator.normal(0, 3, shape)).astype(dtype)
        np.savez(out, a=array) if zipped else np.save(out, array)
        return out.getvalue()

    return send


def sorted_ids(rng: Random) -> Send:
    """Ids that grow, of 32 or 64 bits; or offsets into something."""
    dtype, n = rng.choice(["<u4", "<u8", ">u4"]), rng.choice([2, 8, 100])
    first = [rng.choice([0, 10**6, 10**9, 3 * 10**9])]

    def send() -> bytes:
        ids = first[0] + np.cumsum([rng.randint(1, 50) for _ in range(n)])
        first[0] = int(ids[-1])
        return ids.astype(dtype).tobytes()

    return send


def log_lines(rng: Random) -> Send:
    """Lines that programs write: log lines, SQL, XML, YAML; in UTF-8 or UTF-16."""
    kind, encoding, turn = rng.randrange(4), rng.choice(["utf-8", "utf-16-le", "utf-16"]), [0]

    def send() -> bytes:
        turn[0] += 1
        value = rng.gauss(20, 2)
        said = (
            f"Nov 28 06:{turn[0]:02d}:13 host kernel: [{value:.6f}] usb 1-1: new device",
            f"INSERT INTO samples (id, temp) VALUES ({turn[0]}, {value:.2f});",
            f'<?xml version="1.0"?><sample id="{turn[0]}"><temp unit="C">{value:.2f}</temp></sample>',
            f"sample:\n  id: {turn[0]}\n  temp: {value:.2f}\n",
        )[kind]
        return said.encode(encoding)

    return send


def extended(rng: Random) -> Send:
    """msgpack or CBOR of something else: an extension, a time, bytes, whole numbers without names."""
    makers: list[Callable[[], object]] = [
        lambda: msgpack.ExtType(5, rng.randbytes(16)),
        lambda: rng.randbytes(24),
        lambda: msgpack.Timestamp(1_700_000_000 + rng.randrange(9), rng.randrange(10**9)),
        lambda: ["pump", rng.randrange(1 << 40), b"\0" * 8],
    ]
    make, plain = rng.choice(makers), rng.random() < 0.7
    return lambda: msgpack.packb(make()) if plain else cbor2.dumps({1: rng.randbytes(8), 2: rng.randrange(9)})


def inside_png(rng: Random) -> Send:
    """Pieces of a PNG: its chunks, each with a length, a name and a checksum, without the head of the file."""
    n = rng.choice([20, 100, 1000])

    def send() -> bytes:
        data = zlib.compress(bytes(int(rng.gauss(90, 9)) & 255 for _ in range(n)))[: n // 8 * 8 + 4]
        return struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))

    return send


def radio(rng: Random) -> Send:
    """Samples of a receiver: int8 or int16 in pairs of I and Q."""
    dtype, n, generator = rng.choice(["i1", "u1", "<i2"]), rng.choice([16, 128, 1024]), generator_of(rng)
    loud = rng.choice([3, 30, 90]) * (200 if dtype == "<i2" else 1)

    def send() -> bytes:
        noise = np.round(generator.normal(0, loud, 2 * n)) + (127.5 if dtype == "u1" else 0)
        return np.clip(noise, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype).tobytes()

    return send


def points(rng: Random) -> Send:
    """A laser's points: x, y, z as float32 or int16, with an intensity, a ring and a time."""
    layout, n = rng.choice(["<fffBBH", "<fffH2x", "<hhhBB", "<ffffHH", "<fffIHH"]), rng.choice([1, 4, 32])
    kinds = struct.unpack(layout, bytes(struct.calcsize(layout)))

    def one() -> bytes:
        fields = [rng.gauss(0, 8) if isinstance(kind, float) else int(rng.uniform(0, 120)) for kind in kinds]
        return struct.pack(layout, *fields)

    return lambda: b"".join(one() for _ in range(n))


def quaternions(rng: Random) -> Send:
    """Fields of a drone: a counter of ms, a quaternion, a status; or a float32 and flags."""
    layout, turn = rng.choice(["<I4fHH", "<Q4fII", "<fI", "<fBBBB", "<dI4B", "<IfIf"]), [0]
    kinds = struct.unpack(layout, bytes(struct.calcsize(layout)))

    def send() -> bytes:
        turn[0] += 20
        fields = [
            rng.gauss(0, 0.5) if isinstance(kind, float) else (turn[0] if k == 0 else rng.choice([0, 1, 3]))
            for k, kind in enumerate(kinds)
        ]
        return struct.pack(layout, *fields)

    return send


def fixed_point(rng: Random) -> Send:
    """Q16.16 or Q8.24: whole numbers of 32 bits that stand for fractions, little-endian or not."""
    n, order, bits_behind = rng.choice([2, 8, 64]), rng.choice("<>"), rng.choice([16, 24])
    middle, spread = rng.choice([0, 1.5, 20]), rng.choice([0.01, 0.5])

    def send() -> bytes:
        return struct.pack(f"{order}{n}i", *(int(rng.gauss(middle, spread) * (1 << bits_behind)) for _ in range(n)))

    return send


def film(rng: Random) -> Send:
    """Lines of YUV 4:2:2, of a Bayer sensor with 10 or 12 bits, or of one bit a pixel."""
    kind, width, generator = rng.randrange(4), rng.choice([64, 320, 752]), generator_of(rng)

    def send() -> bytes:
        light = smooth(generator, width, 1, 16, 235)[:, 0]
        if kind == 0:
            return np.stack([light, generator.normal(128, 3, width)], axis=1).clip(0, 255).astype("u1").tobytes()
        if kind == 3:
            return np.packbits(light > 120).tobytes()
        return (light * (4 if kind == 1 else 16) + generator.normal(0, 3, width)).astype("<u2").tobytes()

    return send


def telephone(rng: Random) -> Send:
    """mu-law sound, or sound of 12 bits in 16."""
    n, generator, law = rng.choice([80, 160, 800]), generator_of(rng), rng.random() < 0.5

    def send() -> bytes:
        x = np.sin(np.arange(n) * 0.05 + rng.random()) * 0.4 + generator.normal(0, 0.05, n)
        if law:
            folded = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)
            return (~(folded * 127).astype("i1").view("u1")).tobytes()
        return (np.round(x * 2047).astype("<i2") * 16).astype("<i2").tobytes()

    return send


def positions(rng: Random) -> Send:
    """A receiver of satellites: a UBX frame with degrees times 1e7, millimetres and a checksum; or only its numbers."""
    framed, turn = rng.random() < 0.5, [0]

    def send() -> bytes:
        turn[0] += 250
        where = (
            int(85_000_000 + rng.gauss(0, 900)),
            int(473_000_000 + rng.gauss(0, 900)),
            int(rng.gauss(450_000, 800)),
        )
        body = struct.pack(
            "<IiiiiII", turn[0], *where, where[2] - 47_000, rng.randrange(900, 1500), rng.randrange(2000)
        )
        return b"\xb5b\x01\x02" + struct.pack("<H", len(body)) + body + rng.randbytes(2) if framed else body

    return send


def addresses(rng: Random) -> Send:
    """Snowflake ids, IPv4 addresses and ports, hashes: whole numbers without an order."""
    kind, n, turn = rng.randrange(3), rng.choice([1, 2, 16]), [0]

    def one() -> bytes:
        turn[0] += rng.randint(1, 90)
        if kind == 0:
            return struct.pack("<Q", (800_000_000_000 + turn[0]) << 22 | rng.randrange(1 << 12))
        if kind == 1:
            return bytes([192, 168, rng.randrange(4), rng.randrange(255)]) + struct.pack(
                ">HH", 443, rng.randrange(1 << 16)
            )
        return hashlib.sha256(struct.pack("<I", turn[0])).digest()[:8]

    return lambda: b"".join(one() for _ in range(n))


def meters(rng: Random) -> Send:
    """Messages of meters and controllers: BCD digits, states in bits, numbered registers."""
    kind, turn = rng.randrange(3), [rng.randrange(10**6)]

    def send() -> bytes:
        turn[0] += rng.randint(0, 9)
        if kind == 0:
            return bytes.fromhex(f"{turn[0]:016d}") + bytes.fromhex(f"{int(abs(rng.gauss(2300, 9))):016d}")
        if kind == 1:
            return struct.pack("<IHHQ", turn[0], rng.choice([0, 1, 0x8001]), 0x00FF, rng.choice([0, 1 << 63, 5]))
        return b"".join(struct.pack(">HH", k, int(abs(rng.gauss(500 * k, 5)))) for k in range(1, 5))

    return send


def vectors(rng: Random) -> Send:
    """Three or five float64s a row, of different size."""
    columns, n = rng.choice([3, 5]), rng.choice([2, 4])
    sizes = [rng.choice([0.01, 1, 50, 1e5]) * 7 ** (k % 3) for k in range(columns)]
    return lambda: b"".join(struct.pack(f"<{columns}d", *(rng.gauss(one, one / 9) for one in sizes)) for _ in range(n))


TUNED: Final[dict[str, Callable[[Random], Send]]] = {
    "pickles": pickled, "packed": packed, "pictures and sound": picture, "text": text, "structs": structs,
    "protobuf": protobuf, "counts": counts, "a header and float64s": behind_a_header, "MAVLink": mavlink, "CAN": can,
    "RTP": rtp, "base64 and hex": letters, "by chance": by_chance, "encrypted": encrypted, "sound": sound,
    "inside a JPEG": inside_jpeg, "UUIDs": uuids, "times": stamps, "float16": half, "RGB and RGBA": colours,
    "24 bits": of_24_bits, "inertial int16": inertial, "bits": bits, "other floats": other_floats,
    # Those of the first judged ones of which more than one in a thousand were taken:
    "bfloat16": brain_float, "float16 of a network": weights, "sorted ids": sorted_ids,
    "rows of 3 or 5 float64s": vectors,
}  # fmt: skip

JUDGED: Final[dict[str, Callable[[Random], Send]]] = {
    "WAV": wave_file, "photographs": photo, "depth": depth,
    "big-endian": converters, "whole numbers": whole_numbers, "Arrow": arrow, "Parquet": parquet_file,
    "zstd, lz4, snappy, brotli": compressed, "Avro": avro, "BSON": bson, "flatbuffers and Cap'n Proto": flat,
    "ROS": ros, "NTP": network_time, "Modbus": modbus, "packets": packets, "Java": java, ".npy and .npz": npy,
    "log lines, SQL, XML": log_lines, "msgpack extensions": extended,
    "inside a PNG": inside_png, "radio": radio, "points": points, "drones": quaternions, "fixed point": fixed_point,
    "film": film, "telephone": telephone, "satellites": positions, "ids and addresses": addresses, "meters": meters,
}  # fmt: skip
