"""Layouts that are common in the field: each sender's messages in, the right pairs, times and gaps out.

Nothing here is encoded by streammi: json, msgpack, cbor2, struct, zlib and numpy write the messages.
"""

import gzip
import json
import math
import struct
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import cbor2
import msgpack
import numpy as np
import pytest

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.network.frames import Frames

START = 1_767_225_600  # 2026-01-01T00:00:00Z
N = 12
TREES = [{"x": k + 0.5, "y": 7.25 - k} for k in range(N)]
X, Y = [tree["x"] for tree in TREES], [tree["y"] for tree in TREES]
PACKERS: dict[str, Callable[[Any], bytes]] = {
    "json": lambda tree: json.dumps(tree).encode(),
    "msgpack": msgpack.packb,
    "cbor": cbor2.dumps,
}


def decoder(x: str = "x", y: str = "y", **more: Any) -> Decoder:
    return Decoder(FeedConfig(endpoint="", x=x, y=y, **more))


def taken(one: Decoder, messages: list[Frames], together: bool = False) -> tuple[list[float], list[float], Any]:
    """What comes of messages, one by one or all at once: the two ways of reading must agree."""
    batches = [messages] if together else [[message] for message in messages]
    found = [one.decode(batch, START + 60.0) for batch in batches]
    x, y = (np.concatenate([getattr(batch, name) for batch in found]).tolist() for name in "xy")
    t = [value for batch in found if batch.t is not None for value in batch.t.tolist()]
    return x, y, t or None


STAMPS: dict[str, Callable[[int], bytes]] = {
    "s": lambda k: b"%d.5" % (START + k),
    "whole s": lambda k: b"%d" % (START + k),
    "ms": lambda k: b"%d" % ((START + k) * 1000 + 500),
    "us": lambda k: b"%d" % ((START + k) * 10**6 + 500_000),
    "ns": lambda k: b"%d" % ((START + k) * 10**9 + 500_000_000),
    "double": lambda k: struct.pack("<d", START + k + 0.5),
    "big-endian double": lambda k: struct.pack(">d", START + k + 0.5),
    "u64 ns": lambda k: struct.pack("<Q", (START + k) * 10**9 + 500_000_000),
    "big-endian u64 ms": lambda k: struct.pack(">Q", (START + k) * 1000 + 500),
}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("stamp", STAMPS)
def test_a_time_behind_the_payload(stamp: str, packer: str, together: bool) -> None:
    """PlotJuggler's senders: topic, payload, time."""
    messages: list[Frames] = [[b"test", PACKERS[packer](tree), STAMPS[stamp](k)] for k, tree in enumerate(TREES)]
    one = decoder()
    half = 0.0 if stamp == "whole s" else 0.5
    assert taken(one, messages, together) == (X, Y, [START + k + half for k in range(N)])
    assert (one.format, one.malformed, one.gaps, one.numbered) == (packer, {}, 0, False)


COUNTERS: dict[str, Callable[[int], bytes]] = {
    "<I": lambda k: struct.pack("<I", k),
    ">I": lambda k: struct.pack(">I", k),
    "<Q": lambda k: struct.pack("<Q", k),
    ">Q": lambda k: struct.pack(">Q", k),
    "<H": lambda k: struct.pack("<H", k),
    "ascii": lambda k: b"%d" % k,
}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("first", [0, 250, 60_000])
def test_a_counter_behind_the_payload_counts(counter: str, packer: str, first: int, together: bool) -> None:
    numbers = [first + k + 3 * (k > 1) + 5 * (k > 7) for k in range(N)]  # 3 missing early, 5 later
    messages: list[Frames] = [
        [b"t", PACKERS[packer](tree), COUNTERS[counter](number)] for tree, number in zip(TREES, numbers, strict=True)
    ]
    one = decoder()
    assert taken(one, messages, together) == (X, Y, None)
    assert (one.format, one.malformed, one.gaps, one.numbered) == (packer, {}, 8, True)


def test_a_counter_between_topic_and_payload_counts() -> None:
    """As in the guide's clone pattern: key, sequence in network order, body."""
    messages: list[Frames] = [
        [b"key", struct.pack(">Q", 9 + k + (k > 5)), PACKERS["json"](t)] for k, t in enumerate(TREES)
    ]
    one = decoder()
    assert taken(one, messages) == (X, Y, None)
    assert one.gaps == 1


@pytest.mark.parametrize("last", [b"END", b"\x00\x00", b"\xff" * 4, b"", b"k7"])
def test_what_is_neither_is_ignored(last: bytes) -> None:
    one = decoder()
    assert taken(one, [[b"t", PACKERS["json"](tree), last] for tree in TREES * 3])[:2] == (X * 3, Y * 3)
    assert (one.malformed, one.gaps, one.numbered) == ({}, 0, False)


def test_numbers_of_its_own_come_first() -> None:
    messages: list[Frames] = [
        [b"t", json.dumps({**tree, "seq": k * k}).encode(), b"%d" % k] for k, tree in enumerate(TREES)
    ]
    one = decoder()
    taken(one, messages)
    assert one.gaps == (N - 1) * (N - 2)


@pytest.mark.parametrize("frames", [lambda p: [b"", p], [lambda p: [b"id", b"", p]][0], lambda p: [p, b""]])
@pytest.mark.parametrize("packer", PACKERS)
def test_empty_frames(frames: Callable[[bytes], Frames], packer: str) -> None:
    """As a ROUTER or a REQ leaves them."""
    one = decoder()
    assert taken(one, [frames(PACKERS[packer](tree)) for tree in TREES])[:2] == (X, Y)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "", "\n\n"])
def test_several_objects_in_a_frame_are_a_batch(end: str, together: bool) -> None:
    text = end.join(map(json.dumps, TREES))
    one = decoder()
    assert taken(one, [[text.encode()], [b"topic", (text + end).encode()]] * 3, together)[:2] == (X * 6, Y * 6)
    assert one.malformed == {}


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, lambda data: zlib.compress(data, 1)])
@pytest.mark.parametrize("packer", PACKERS)
def test_what_zlib_packed_is_taken(pack: Callable[[bytes], bytes], packer: str) -> None:
    one = decoder()
    assert taken(one, [[b"t", pack(PACKERS[packer](tree))] for tree in TREES])[:2] == (X, Y)
    assert (one.format, one.malformed) == (packer, {})
    assert "packed" in one.recognised


def test_raw_pairs_may_be_packed_too() -> None:
    rows = np.random.default_rng(5).normal(20, 2, (40, 64, 2))
    one = decoder("0", "1")
    found = one.decode([[zlib.compress(part.tobytes())] for part in rows], 0.0)
    np.testing.assert_array_equal(found.x, rows[:, :, 0].ravel())
    assert "a guess" in one.note


def test_what_unpacks_to_too_much_is_refused() -> None:
    bomb = zlib.compress(b'{"x": 1, "y": 2, "pad": "' + b"a" * (1 << 20) + b'"}')
    assert len(bomb) < 2000
    one = decoder()
    assert taken(one, [[bomb]] * 3)[0] == []
    assert one.malformed == {"too large": 3}
    settled = decoder()
    taken(settled, [[zlib.compress(PACKERS["json"](tree))] for tree in TREES])
    taken(settled, [[bomb]])
    assert settled.malformed == {"too large": 1}


@pytest.mark.parametrize("padding", [0, 60_000])  # a batch within the limit of a message, and one far beyond it
@pytest.mark.parametrize("bad", ["", "large", "frames", "sum"])
def test_one_message_beyond_a_limit_is_refused_among_many_with_topics(padding: int, bad: str) -> None:
    rows = [json.dumps({"x": k, "y": -k, "pad": "-" * padding}).encode() for k in range(200)]
    messages: list[Frames] = [[b"imu", row] for row in rows]
    limit = 1 << 20
    beyond: dict[str, tuple[Frames, str]] = {
        "large": ([b"imu", b'{"x": 1, "y": 2, "pad": "%s"}' % (b"-" * limit)], "too large"),
        "frames": ([b"imu"] * 300 + [rows[0]], "too many frames"),
        "sum": ([b"-" * (limit - 1)] * 17 + [rows[0]], "too large"),
    }
    one = decoder()
    one.decode([messages[0]], 0.0)
    frames, reason = beyond.get(bad, (None, ""))
    found = one.decode(messages[1:100] + ([] if frames is None else [frames]) + messages[100:], 0.0)
    assert found.x.tolist() == [float(k) for k in range(1, 200)]
    assert one.malformed == ({} if frames is None else {reason: 1})


@pytest.mark.parametrize(
    "prefix", [b"bs ", b"bs event ", b"a b c: ", b"topic\t", b"data: ", b"bs[3] event ", b"sensor{1} ", b"[INFO] [a]: "]
)
def test_words_before_the_json(prefix: bytes) -> None:
    one = decoder()
    assert taken(one, [[prefix + PACKERS["json"](tree)] for tree in TREES])[:2] == (X, Y)


@pytest.mark.parametrize(
    "dressed",
    [
        lambda text: text.encode() + b"\0",
        lambda text: text.encode().ljust(200, b"\0"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
        lambda text: b"\r\n" + text.encode() + b"\r\n",
    ],
)
def test_json_with_something_around_it(dressed: Callable[[str], bytes]) -> None:
    one = decoder()
    assert taken(one, [[b"t", dressed(json.dumps(tree))] for tree in TREES])[:2] == (X, Y)
    assert (one.format, one.malformed) == ("json", {})


@pytest.mark.parametrize(
    ("printed", "value"),
    [("nan", math.nan), ("-nan", math.nan), ("-nan(ind)", math.nan), ("NAN", math.nan), ("1.#QNAN", math.nan),
     ("-1.#IND", math.nan), ("nan(0x7ff)", math.nan), ("inf", math.inf), ("-inf", -math.inf), ("1.#INF", math.inf),
     ("-1.#INF00", -math.inf), ("Infinity", math.inf), ("INF", math.inf)],
)  # fmt: skip
def test_what_printf_makes_of_values_that_are_not_finite(printed: str, value: float) -> None:
    """They are samples that came: no loss, and no gap."""
    messages: list[Frames] = [[json.dumps({**tree, "seq": k}).encode()] for k, tree in enumerate(TREES[:3])]
    text = '{"name": "nan, inf", "x": ' + printed + ', "y": 1.2, "seq": 1}'
    messages.insert(1, [text.encode()])
    messages[2:] = [[json.dumps({**tree, "seq": k + 2}).encode()] for k, tree in enumerate(TREES[1:3])]
    one = decoder()
    x, _, _ = taken(one, messages)
    np.testing.assert_array_equal(x, [X[0], value, X[1], X[2]])
    assert (one.malformed, one.gaps) == ({}, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"x": 1, "y": 2, // the flow\n}', "comments are not JSON"),
        ('{"x": 1, /* c */ "y": 2}', "comments are not JSON"),
        ('{"x": 1, "y": 2,}', "a comma before a closing bracket"),
        ("{'x': 1, 'y': 2}", "json.dumps"),
        ('{"x": 1,5, "y": 2}', "a decimal comma is not JSON"),
        ("{x: 1, y: 2}", "names without quotes"),
        ('{"x": True, "y": 2}', "json.dumps"),
    ],
)
def test_what_is_nearly_json_is_refused_by_name(text: str, words: str) -> None:
    one = decoder()
    assert taken(one, [[text.encode()]] * 2)[0] == []
    assert one.malformed == {"not JSON": 2}
    assert words in one.detail


def test_decimals_of_cbor() -> None:
    """Tag 4: 20.251 is no array of -3 and 20251."""
    one = decoder()
    messages: list[Frames] = [[cbor2.dumps({"x": Decimal("20.251"), "y": Decimal(k) / 8, "n": 1})] for k in range(3)]
    assert taken(one, messages)[:2] == ([20.251] * 3, [0.0, 0.125, 0.25])
    # Written by hand, from RFC 8949: 4([-2, 27315]) is 273.15, 5([-1, 3]) is 1.5; 4([1000000000, 1]) fits no float.
    for written, value in (("c48221196ab3", 273.15), ("c5822003", 1.5), ("c4821a3b9aca0001", math.inf)):
        found = decoder().decode([[bytes.fromhex("a26178" + written + "617901")]], 0.0)
        assert found.x.tolist() == [value]


@pytest.mark.parametrize(
    "text", ["x=20,378 y=41,404", "x=20,378;y=41,404", "x=20,378, y=41,404", "x: 20,378 y: 41,404", "x=1,5,y=2,5"]
)
def test_a_number_is_not_cut_off_at_its_comma(text: str) -> None:
    """20 and 41 would be numbers too, and nobody would see that they are wrong."""
    one = decoder()
    assert taken(one, [[text.encode()]] * N)[0] == []
    assert one.malformed == {"not a number": N}
    assert "decimal comma" in one.detail


def test_a_comma_between_names_is_none_of_the_number() -> None:
    assert taken(decoder(), [[b"x=1.5,y=2.5"], [b"t=7, x=2.5 ,y=3.5"]])[:2] == ([1.5, 2.5], [2.5, 3.5])


@pytest.mark.parametrize("layout", ["<B3xff", "flag:<u1,V3,f4,f4"])
def test_a_field_that_a_struct_does_not_have_is_refused(layout: str) -> None:
    one = decoder("temp", "f3", format=f"struct:{layout}")
    assert taken(one, [[b"topic", struct.pack("<B3xff", 1, 2.5, 3.5)]] * N)[0] == []
    assert one.malformed == {"no such path": N}


def test_what_is_an_array_by_chance_is_no_pair_when_the_feed_ends() -> None:
    """Eight bytes may be an array in msgpack: one such message shows nothing, after others that are none."""
    chance = b"\x97\x0a\xee\x01\x02\x03\x04\x05"
    assert msgpack.unpackb(chance) == [10, -18, 1, 2, 3, 4, 5]
    one = decoder("0", "1")
    before = [[b"sensor", bytes(3), struct.pack("<d", START + k)] for k in range(3)]
    assert taken(one, [*before, [b"sensor", bytes(3), chance]])[0] == []
    assert one.end(0.0).x.size == 0


@pytest.mark.parametrize("stamp", ["double", "big-endian double", "u64 ns"])
@pytest.mark.parametrize("topic", [[], [b"sensor/1"]])
@pytest.mark.parametrize("together", [False, True])
def test_a_time_as_long_as_the_struct_before_it(stamp: str, topic: list[bytes], together: bool) -> None:
    """Read as the struct, it would be pairs of -8e31 and 27.3."""
    messages = [[*topic, struct.pack("<ff", x, y), STAMPS[stamp](k)] for k, (x, y) in enumerate(zip(X, Y, strict=True))]
    one = decoder("f0", "f1", format="struct:<f4,f4")
    assert taken(one, messages, together) == (X, Y, [START + k + 0.5 for k in range(N)])


def test_a_topic_as_long_as_a_struct_that_may_be_a_time() -> None:
    """27.35 is the upper half of a time since 1970 in a float64."""
    messages = [[b"sensor/1", struct.pack("<ff", x, 27.25)] for x in X]
    assert taken(decoder("f0", "f1", format="struct:<f4,f4"), messages)[:2] == (X, [27.25] * N)


@pytest.mark.parametrize("kind", ["auto", "pairs", "pairs32"])
@pytest.mark.parametrize("code", ["<dd", "<ff"])
def test_a_time_beside_raw_pairs_is_refused_with_what_reads_it(kind: str, code: str) -> None:
    one = decoder("0", "1", format=kind)
    messages = [[b"s", struct.pack(code, x, y), STAMPS["double"](k)] for k, (x, y) in enumerate(zip(X, Y, strict=True))]
    assert taken(one, messages)[0] == []
    assert "struct:<f8,f8" in one.detail


@pytest.mark.parametrize("packer", PACKERS)
def test_rows_that_may_be_signals_are_said(packer: str) -> None:
    """Two samples of twelve signals, or two signals of twelve samples: nothing in them says which."""
    one = decoder("0", "1")
    taken(one, [[PACKERS[packer]([X, Y])]])
    assert "2 rows of 12" in one.note
    assert '"x": [...]' in one.note
    rows = decoder("0", "1")
    assert taken(rows, [[PACKERS[packer]([list(row) for row in zip(X, Y, strict=True)])]])[:2] == (X, Y)
    assert "rows" not in rows.note


@pytest.mark.parametrize(
    ("order", "header"),
    [
        ("F", {"dtype": "float64", "order": "F"}),
        ("F", {"dtype": "<f8", "fortran_order": True}),
        ("F", {"dtype": "float64", "strides": [8, 8 * N]}),
        ("C", {"dtype": "float64", "strides": [16, 8], "order": "C"}),
        ("C", {"dtype": "float64", "strides": None, "order": None, "fortran_order": False}),
        ("C", {"dtype": "float64", "byteorder": "big"}),
        ("F", {"dtype": ">f8", "order": "F", "byteorder": "big"}),
    ],
)
def test_an_array_is_read_in_the_order_that_its_header_says(order: Any, header: dict[str, Any]) -> None:
    kind = ">f8" if header.get("byteorder") == "big" else "<f8"
    sent = np.column_stack([X, Y]).astype(kind).tobytes(order)
    message = [json.dumps({"shape": [N, 2], **header}).encode(), sent]
    assert taken(decoder("0", "1"), [message]) == (X, Y, None)


@pytest.mark.parametrize("wrong", [{"order": "A"}, {"order": [1]}, {"strides": [8, 8]}, {"byteorder": []}])
def test_an_array_in_an_order_that_it_cannot_have_is_refused(wrong: dict[str, Any]) -> None:
    one = decoder("0", "1")
    message = [json.dumps({"dtype": "float64", "shape": [N, 2], **wrong}).encode(), bytes(16 * N)]
    assert taken(one, [message]) == ([], [], None)
    assert one.malformed == {"bad header": 1}


def numpy_packed(values: list[float]) -> dict[bytes, Any]:
    """As msgpack_numpy has it."""
    sent = np.array(values)
    return {b"nd": True, b"type": sent.dtype.str, b"kind": b"", b"shape": sent.shape, b"data": sent.tobytes()}


OTHER_WAYS: dict[str, tuple[Callable[[float, float], Frames], str, str, str]] = {
    "a topic with its NUL": (lambda x, y: [b"room/1\0" + PACKERS["json"]({"x": x, "y": y})], "x", "y", "json"),
    "a topic of 8 bytes": (lambda x, y: [b"room\0\0\0\0" + PACKERS["json"]({"x": x, "y": y})], "x", "y", "json"),
    "a schema's number": (lambda x, y: [b"\0\0\0\1\7" + PACKERS["json"]({"x": x, "y": y})], "x", "y", "json"),
    "a word among blanks": (lambda x, y: [f"room {x} {y}".encode()], "1", "2", "csv"),
    "names in bytes": (lambda x, y: [b"t", msgpack.packb({b"x": x, b"y": y})], "x", "y", "msgpack"),
    "an array in msgpack": (lambda x, y: [msgpack.packb(numpy_packed([x, y]))], "0", "1", "msgpack"),
    "arrays in msgpack": (lambda x, y: [
        msgpack.packb({"x": numpy_packed([x]), "y": numpy_packed([y]), "n": [1]})], "x", "y", "msgpack"),
    "numpy's numbers in msgpack": (lambda x, y: [msgpack.packb({
        "x": {b"nd": False, b"type": b"<f8", b"data": struct.pack("<d", x)}, "y": y})], "x", "y", "msgpack"),
    "CBOR that says so": (lambda x, y: [
        cbor2.dumps(cbor2.CBORTag(55799, {"a": [{"x": x}, {"x": 0.0}], "y": y}))], "a/0/x", "y", "cbor"),
}  # fmt: skip


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_other_ways_to_say_the_same(way: str) -> None:
    write, *paths, name = OTHER_WAYS[way]
    one = decoder(*paths)
    assert taken(one, [write(x, y) for x, y in zip(X, Y, strict=True)]) == (X, Y, None)
    assert (one.format, one.malformed) == (name, {})


def test_a_sequence_of_maps_in_cbor_is_a_batch() -> None:
    """RFC 8742; what is behind a map and is none is no such sequence."""
    together = b"".join(map(cbor2.dumps, TREES))
    assert taken(decoder(), [[b"t", together]]) == (X, Y, None)
    assert taken(decoder(), [[b"t", together + b"\x07"]]) == ([], [], None)


@pytest.mark.parametrize("row", [b"%d.5,20,30", b"[%d, 20, 30]", b"[[%d, 20, 30], [%d, 21, 31]]"])
def test_a_time_among_columns_without_names_is_said(row: bytes) -> None:
    """Paths are 0 and 1 unless they are given: the time would be taken for x in silence."""
    messages = [[row % ((START + k,) * row.count(b"%"))] for k in range(N)]
    asked, unasked = decoder("1", "2"), decoder("0", "1")
    assert taken(unasked, messages)[0][0] >= START
    assert "0 is a time by its size: --t 0, and --x 1 --y 2" in unasked.note
    assert taken(asked, messages)[0][0] == 20
    assert asked.note == ""


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        (b"20,5, -1,25", [20.5], [-1.25]),
        (b"x=20.5 C y=-1.25 %", [20.5], [-1.25]),
        (b"x=20.5 ok y=-1.25 from 3 s", [20.5], [-1.25]),
    ],
)
def test_a_line_of_numbers_with_commas_or_words_behind_them(text: bytes, x: list[float], y: list[float]) -> None:
    one = decoder("x", "y") if b"=" in text else decoder("0", "1")
    assert taken(one, [[text]])[:2] == (x, y)


def test_what_columns_are_by_later_headers_or_may_be_is_said() -> None:
    one = decoder("0", "1")
    assert taken(one, [[b"x,y\n1,2\n"], [b"y,x\n4,3\n"], [b"7,8\n"]])[:2] == ([1, 4, 7], [2, 3, 8])
    assert "column 1 was y and is x by a later header" in one.note
    one = decoder("0", "1")
    taken(one, [[b"18,053,37,132"]])
    assert "decimal commas" in one.note
    one = decoder("a/v", "b/v")
    taken(one, [[b"[a]\nv = 1.5125\n[b]\nv = 2.5\n"]])
    assert "names in brackets (INI, TOML) are not JSON" in one.detail


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([b"t", b"18.3", b"41.4"], "each value is in a frame of its own: send them in one, such as 18.3,41.4"),
        ([b"/acc\0\0\0\0,ff\0" + struct.pack(">ff", 1.5, 2.5)], "OSC: streammi does not read it"),
        ([b"#bundle\0" + bytes(8) + struct.pack(">I", 4) + b"/a\0\0"], "OSC: streammi does not read it"),
        ([b"s:\n  x: 1.5\n  y: 2.5\n"], "nested YAML: streammi does not read it"),
        ([b"PUTVAL h/cpu/x interval=10 1:2"], "collectd's lines: streammi does not read it"),
        ([b'{"0": 0x1F, "1": 3}'], "hexadecimal numbers are not JSON"),
        ([b'{"0": "0x1F", "1": 3}'], "hexadecimal: send a number"),
        ([b'{"0": "\xe2\x88\x921.5", "1": 3}'], "a minus sign that is none of ASCII"),
        ([b'{"0": "ukkMAiunMkA=", "1": 3}'], "base64 maybe"),
        ([b'{"0": "1,234.5", "1": 3}'], "a decimal comma, or thousands"),
        ([b'{"0": "20.5%", "1": 3}'], "something is behind the number"),
    ],
)
def test_what_is_not_read_is_named_with_what_would_be_right(frames: Frames, said: str) -> None:
    one = decoder("0", "1")
    assert taken(one, [frames])[0] == []
    assert said in one.detail
