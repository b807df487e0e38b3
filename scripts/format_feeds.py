"""Feeds in each format of the docs, for scripts/recognition.py: a function a format, none of them encoded by streammi.

What GNU Radio, karabo-bridge, Open Ephys and RFC 8746 have is written here by their specifications.
"""

import json
import random
import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import cbor2
import msgpack
import numpy as np

Random: TypeAlias = random.Random
Rows: TypeAlias = np.ndarray  # n x 2
Frames: TypeAlias = list[bytes]

MESSAGES: Final = 20  # of a feed


class Feed(NamedTuple):
    """Messages, the two paths, the rows that are in them, and the format that they are in."""

    messages: list[Frames]
    x: str
    y: str
    rows: Rows
    format: str


def values(rng: Random, n: int) -> Rows:
    """Measurements: of any size and kind, some of them missing, some of them constant for a while."""
    generator = np.random.default_rng(rng.getrandbits(32))
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


def parts(rng: Random, dtype: str = "<f8") -> list[Rows]:
    """The rows of each message: as many in each, or any mix of sizes."""
    sizes = rng.choice([[1], [2], [1, 2, 3], [16], [1, 64], [500], [5, 7, 200]])
    each = [rng.choice(sizes) for _ in range(MESSAGES)]
    rows = values(rng, sum(each)).astype(dtype)
    return np.split(rows, np.cumsum(each)[:-1])


def topic(rng: Random) -> Frames:
    return rng.choice([[], [b"room/1"], [b"t"]])


def raw(dtype: str) -> Callable[[Random], Feed]:
    def feed(rng: Random) -> Feed:
        each, key = parts(rng, dtype), topic(rng)
        name = "pairs" if dtype == "<f8" else "pairs32"
        return Feed([[*key, part.tobytes()] for part in each], "0", "1", np.concatenate(each), name)

    return feed


def tree(encode: Callable[[Any], bytes], name: str) -> Callable[[Random], Feed]:
    """A map in a message: flat, nested, with a time, a number and texts beside it."""

    def feed(rng: Random) -> Feed:
        rows, key = values(rng, MESSAGES), topic(rng)
        nested, more = rng.random() < 0.4, rng.random() < 0.5
        stamp, start = rng.choice(["t", "timestamp", None]), 1.7e9 + rng.randrange(10**6)
        messages = []
        for k, (x, y) in enumerate(rows.tolist()):
            record: dict[str, Any] = {"imu": {"acc": {"x": x, "y": y}}} if nested else {"x": x, "y": y}
            record |= {"seq": k, "host": "pi-7", "ok": True, "none": None, "list": [1, 2, 3]} if more else {}
            record |= {stamp: start + k} if stamp else {}
            messages.append([*key, encode(record)])
        mark = rng.choice(["/", "."])
        paths = (f"imu{mark}acc{mark}x", f"imu{mark}acc{mark}y") if nested else ("x", "y")
        return Feed(messages, *paths, rows, name)

    return feed


def batch(encode: Callable[[Any], bytes], name: str) -> Callable[[Random], Feed]:
    """An array of records, an array under a key, or an array for each signal."""

    def feed(rng: Random) -> Feed:
        each, key, kind = parts(rng), topic(rng), rng.randrange(3)
        messages = []
        for part in each:
            records: Any = [{"x": x, "y": y} for x, y in part.tolist()]
            if kind == 1:
                records = {"host": "pi", "samples": records}
            if kind == 2:
                records = {"x": part[:, 0].tolist(), "y": part[:, 1].tolist()}
            messages.append([*key, encode(records)])
        paths = ("samples/x", "samples/y") if kind == 1 else ("x", "y")
        return Feed(messages, *paths, np.concatenate(each), name)

    return feed


def json_stamp(rng: Random) -> Feed:
    """``[topic, json, b"1767225600.12"]``."""
    rows = values(rng, MESSAGES)
    return Feed(
        [
            [b"room", json.dumps({"x": x, "y": y}).encode(), f"{1767225600 + k / 10:.2f}".encode()]
            for k, (x, y) in enumerate(rows.tolist())
        ],
        "x",
        "y",
        rows,
        "json",
    )


def gnuradio(rng: Random) -> Feed:
    """Float32 of vector length 2 or complex64, behind the header of pass_tags, with tags of several kinds."""
    each, key, offset, vectors = parts(rng, "<f4"), topic(rng), rng.randrange(10**9), rng.random() < 0.5
    messages = []
    for part in each:
        tags = [pmt_tag(rng, offset + k) for k in range(rng.choice([0, 0, 1, 3]))]
        head = struct.pack("=HBQQ", 0x5FF0, 1, offset, len(tags)) + b"".join(tags)
        items = part if vectors else np.ascontiguousarray(part).view("<c8")
        messages.append([*key, head + items.tobytes()])
        offset += len(part)
    return Feed(messages, "0", "1", np.concatenate(each), "gnuradio")


def pmt_tag(rng: Random, offset: int) -> bytes:
    """A tag: u64 offset, then key, value and source id as polymorphic values (big-endian)."""
    symbol = b"\x02" + struct.pack(">H", 7) + b"rx_time"
    value = rng.choice(
        [
            b"\x04" + struct.pack(">d", 1.5),
            b"\x03" + struct.pack(">i", 7),
            b"\x0c" + struct.pack(">I", 2) + b"\x0b" + struct.pack(">Q", 9) + b"\x04" + struct.pack(">d", 0.5),
            b"\x07" + symbol + b"\x00",
            b"\x0a\x08" + struct.pack(">I", 2) + b"\x01\x00" + struct.pack(">ff", 1, 2),
        ]
    )
    return struct.pack("=Q", offset) + symbol + value + b"\x01"


def gnuradio_plain(rng: Random) -> Feed:
    """complex64 without a header, as a sink without pass_tags sends it: pairs of float32."""
    each = parts(rng, "<f4")
    items = [np.ascontiguousarray(part).view("<c8") for part in each]
    return Feed([[one.tobytes()] for one in items], "0", "1", np.concatenate(each), "pairs32")


def numpy_header(rng: Random) -> Feed:
    dtype = rng.choice(["<f8", "float64", "float32", "<f4", ">f8", ">f4"])
    each, key = parts(rng), topic(rng)
    each = [part.astype(dtype) for part in each]
    messages = []
    for k, part in enumerate(each):
        header = {"dtype": dtype, "shape": list(part.shape)} | ({"seq": k, "copy": False} if k % 2 else {})
        messages.append([*key, json.dumps(header).encode(), part.tobytes()])
    return Feed(messages, "0", "1", np.concatenate(each).astype("f8"), "numpy")


def glances(rng: Random) -> Feed:
    rows, messages = values(rng, MESSAGES // 2), []
    for x, y in rows.tolist():
        for plugin, record in (("cpu", {"total": x, "user": 1.5}), ("load", {"min1": 2}), ("mem", {"percent": y})):
            messages.append([b"G", plugin.encode(), json.dumps(record).encode()])
    return Feed(messages, "cpu/total", "mem.percent", rows, "glances")


def cbor_typed(rng: Random) -> Feed:
    """Typed arrays of RFC 8746: of 32 and 64 bits, both byte orders; or rows and columns (tags 40, 1040)."""
    each, key, tag = parts(rng), topic(rng), rng.choice([81, 82, 85, 86])
    dtype = {81: ">f4", 82: ">f8", 85: "<f4", 86: "<f8"}[tag]
    each, kind, messages = [part.astype(dtype) for part in each], rng.choice(["columns", "40", "1040"]), []
    for part in each:
        if kind == "columns":
            content: Any = {k: cbor2.CBORTag(tag, part[:, n].tobytes()) for n, k in enumerate("01")}
        else:
            order: Any = "C" if kind == "40" else "F"
            content = cbor2.CBORTag(int(kind), [list(part.shape), cbor2.CBORTag(tag, part.tobytes(order))])
        messages.append([*key, cbor2.dumps(content)])
    return Feed(messages, "0", "1", np.concatenate(each).astype("f8"), "cbor")


def karabo(rng: Random) -> Feed:
    rows, messages = values(rng, MESSAGES), []
    for k, (x, y) in enumerate(rows.tolist()):
        frames: Frames = []
        for source, content in (("SA1/XTD/1", {"pulse": x, "id": k}), ("SA1/XTD/2", {"pulse": y, "image.n": 3})):
            about = {"source": source, "timestamp": 1.7e9 + k / 10, "timestamp.tid": 10**9 + k}
            frames += [
                msgpack.packb({"source": source, "content": "msgpack", "metadata": about}),
                msgpack.packb(content),
            ]
        image = np.full((2, 3), k, dtype="<u2")
        head = {"source": "SA1/XTD/2", "content": "array", "path": "image", "dtype": "uint16", "shape": [2, 3]}
        messages.append([*frames, msgpack.packb(head), image.tobytes()])
    return Feed(messages, "SA1/XTD/1/pulse", "SA1/XTD/2/pulse", rows, "karabo")


def open_ephys(rng: Random) -> Feed:
    each, messages, first = parts(rng, "<f4")[: MESSAGES // 2], [], rng.randrange(10**9)
    for part in each:
        for channel in range(3):
            content = {"stream": "probe-A", "channel_num": channel, "num_samples": len(part), "sample_num": first}
            content |= {"sample_rate": 30000}
            head = {"message_num": len(messages), "type": "data", "content": content, "data_size": 4 * len(part)}
            column = part[:, min(channel, 1)]
            messages.append([b"DATA\0", json.dumps(head).encode(), np.ascontiguousarray(column).tobytes()])
        first += len(part)
    return Feed(messages, "0", "1", np.concatenate(each), "open-ephys")


def csv_text(rng: Random) -> Feed:
    """Lines of numbers, or a header in front of the first; one line a message or several."""
    each, key, mark = parts(rng), topic(rng), rng.choice([",", ";", "\t", ", "])
    named, end = rng.random() < 0.3, rng.choice(["", "\n", "\r\n"])
    messages = []
    for k, part in enumerate(each):
        lines = [f"x{mark}y"] if named and k == 0 else []
        lines += [f"{x!r}{mark}{y!r}" for x, y in part.tolist()]
        messages.append([*key, ("\n".join(lines) + end).encode()])
    return Feed(messages, *(("x", "y") if named else ("0", "1")), np.concatenate(each), "csv")


def influx(rng: Random) -> Feed:
    """Lines as Telegraf writes them: it leaves out what is no number, so there is none that is not finite."""
    each = [np.nan_to_num(part, nan=3.5, posinf=9.5, neginf=-9.5) for part in parts(rng)]
    key, tags, stamp, messages = topic(rng), rng.choice(["", ",host=a,room=b\\ c"]), 1_700_000_000_000_000_000, []
    for part in each:
        lines = []
        for x, y in part.tolist():
            stamp += 10**8
            lines.append(f"cpu{tags} x={x!r},y={y!r},n=3i,up=true {stamp}")
        messages.append([*key, ("\n".join(lines) + "\n").encode()])
    return Feed(messages, "x", "y", np.concatenate(each), "influx")


def keyvalue(rng: Random) -> Feed:
    rows, key, mark = values(rng, MESSAGES), topic(rng), rng.choice(["=", ": ", ":"])
    gap = rng.choice([" ", ", "])
    return Feed(
        [[*key, f"x{mark}{x!r}{gap}y{mark}{y!r}".encode()] for x, y in rows.tolist()], "x", "y", rows, "keyvalue"
    )


def dumps(record: Any) -> bytes:
    return json.dumps(record).encode()


FORMAT_FEEDS: Final[dict[str, Callable[[Random], Feed]]] = {
    "pairs": raw("<f8"), "pairs32": raw("<f4"), "JSON": tree(dumps, "json"), "JSON in batches": batch(dumps, "json"),
    "JSON and a time": json_stamp, "GNU Radio with tags": gnuradio, "complex64": gnuradio_plain,
    "numpy": numpy_header, "Glances": glances, "msgpack": tree(msgpack.packb, "msgpack"),
    "msgpack in batches": batch(msgpack.packb, "msgpack"), "CBOR": tree(cbor2.dumps, "cbor"),
    "CBOR in batches": batch(cbor2.dumps, "cbor"), "CBOR's typed arrays": cbor_typed, "karabo-bridge": karabo,
    "Open Ephys": open_ephys, "CSV": csv_text, "Influx": influx, "x=1 y=2": keyvalue,
}  # fmt: skip
