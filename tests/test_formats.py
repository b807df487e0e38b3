"""Every format that a publisher may have: a sender that is not our encoder in, the right pairs out, recognised unasked.

GNU Radio, karabo-bridge, Open Ephys and Glances are written byte by byte from their documented layout.
"""

import json
import math
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import cbor2
import msgpack
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.ingest.decoder import Decoder
from streammi.ingest.feed_format import SWITCH_AFTER
from streammi.ingest.formats.registry import FORMATS, recognise
from streammi.network.frames import Frames

Rows = list[tuple[float, float]]
Send = Callable[[Rows], list[Frames]]
START = 1_767_225_600  # 2026-01-01T00:00:00Z


def singles(encode: Callable[[int, float, float], Frames]) -> Send:
    return lambda rows: [encode(k, x, y) for k, (x, y) in enumerate(rows)]


def whole(encode: Callable[[Rows], Frames]) -> Send:
    return lambda rows: [encode(rows)]


def array(rows: Rows, dtype: str) -> np.ndarray:
    return np.array(rows, dtype=dtype).reshape(-1, 2)


def symbol(text: bytes) -> bytes:
    """A PMT symbol."""
    return b"\x02" + struct.pack(">H", len(text)) + text


def gnuradio(rows: Rows, offset: int = 0) -> bytes:
    """tag_headers.cc: magic, version, offset, number of tags; each tag is an offset and a key, a value and a source."""
    values = [b"\x04" + struct.pack(">d", 2.4e9), b"\x0b" + struct.pack(">Q", 7), b"\x07" + symbol(b"a") + b"\x06"]
    tags = b"".join(struct.pack("=Q", offset) + symbol(b"rx_freq") + value + symbol(b"usrp") for value in values)
    return struct.pack("=HBQQ", 0x5FF0, 1, offset, len(values)) + tags + array(rows, "=f4").tobytes()


def karabo(rows: Rows) -> list[Frames]:
    messages: list[Frames] = []
    for k, (x, y) in enumerate(rows):
        frames = []
        for source, values in (("XGM/A", {"flux": x, "name": "a"}), ("LA/B", {"pos": y})):
            meta = {"source": source, "timestamp": START + k, "timestamp.tid": k}
            frames += [msgpack.packb({"source": source, "content": "msgpack", "metadata": meta}), msgpack.packb(values)]
            wave = np.arange(6, dtype="<u2")
            head = {"source": source, "content": "array", "path": "wave", "dtype": "uint16", "shape": [2, 3]}
            frames += [msgpack.packb(head), wave.tobytes()]
        messages.append(frames)
    return messages


def openephys(rows: Rows, first: int = 0, rate: float = 1000.0) -> list[Frames]:
    """Blocks of up to 5 samples of three channels, of which the one between is not asked for."""
    messages: list[Frames] = []
    for start in range(0, len(rows), 5):
        block = array(rows[start : start + 5], "<f4")
        for channel, values in ((4, block[:, 0]), (5, block[:, 0] * 0), (6, block[:, 1])):
            about = {"stream": "probe-A", "channel_num": channel, "num_samples": len(block),
                     "sample_num": first + start, "sample_rate": rate}  # fmt: skip
            header = {"message_num": len(messages), "type": "data", "content": about, "data_size": 4 * len(block)}
            messages.append([b"DATA\0", json.dumps(header).encode(), values.tobytes()])
        messages.append([b"EVENT\0", b'{"type": "event", "content": {}}', b"\0" * 10])
    return messages


def glances(rows: Rows) -> list[Frames]:
    """One plugin a message, a turn for each sample."""
    messages: list[Frames] = []
    for x, y in rows:
        for plugin, values in (("cpu", {"total": x, "idle": 9}), ("uptime", {"seconds": 4}), ("mem", {"percent": y})):
            messages.append([b"glances", plugin.encode(), json.dumps(values).encode()])
    return messages


def influx(rows: Rows) -> list[Frames]:
    lines = [f"room,place=attic\\ 1 x={x!r},y={y!r},on=t {(START + k) * 10**9}" for k, (x, y) in enumerate(rows)]
    return [["\n".join(lines).encode()]]  # type: ignore[list-item]


def typed(values: list[float], tag: int, dtype: str) -> cbor2.CBORTag:
    return cbor2.CBORTag(tag, np.array(values, dtype=dtype).tobytes())


def columns(rows: Rows) -> tuple[list[float], list[float]]:
    return [x for x, _ in rows], [y for _, y in rows]


def cbor_arrays(rows: Rows) -> Frames:
    """RFC 8746: little-endian float64 is tag 86, big-endian float64 tag 82."""
    x, y = columns(rows)
    return [cbor2.dumps({"x": typed(x, 86, "<f8"), "y": typed(y, 82, ">f8")})]


def cbor_matrix(rows: Rows) -> Frames:
    """A matrix in rows (tag 40) of little-endian float64."""
    flat = [value for row in rows for value in row]
    return [cbor2.dumps({"m": cbor2.CBORTag(40, [[len(rows), 2], typed(flat, 86, "<f8")])})]


def record(x: float, y: float, **more: object) -> bytes:
    return json.dumps({"x": x, "y": y, **more}).encode()


SENDERS: dict[str, tuple[str, Send, dict[str, str]]] = {
    "JSON": ("json", singles(lambda k, x, y: [record(x, y)]), {}),
    "JSON behind a topic": ("json", singles(lambda k, x, y: [b"room/1", record(x, y)]), {}),
    "JSON and ASCII seconds": ("json", singles(lambda k, x, y: [b"t", record(x, y), b"%d.25" % (START + k)]), {}),
    "topic and JSON in one frame": ("json", singles(lambda k, x, y: [b"room " + record(x, y)]), {}),
    "nested JSON": ("json", singles(lambda k, x, y: [json.dumps({"imu": {"acc": [y, x]}, "n": {"y": y}}).encode()]),
                    {"x": "imu/acc/1", "y": "n.y"}),
    "JSON numbers as texts": ("json", singles(lambda k, x, y: [record(repr(x), repr(y))]), {}),  # type: ignore[arg-type]
    "JSON array of records": ("json", whole(lambda rows: [
        json.dumps([{"x": x, "y": y} for x, y in rows]).encode()]), {}),
    "JSON array of rows": ("json", whole(lambda rows: [json.dumps([[9, x, y] for x, y in rows]).encode()]),
                           {"x": "1", "y": "2"}),
    "JSON of arrays": ("json", whole(lambda rows: [record(*columns(rows))]), {}),  # type: ignore[arg-type]
    "float64 pairs": ("pairs", whole(lambda rows: [array(rows, "<f8").tobytes()]), {"x": "0", "y": "1"}),
    "float64 pairs behind a topic": ("pairs", singles(lambda k, x, y: [b"a", struct.pack("<dd", x, y)]),
                                     {"x": "0", "y": "1"}),
    "float32 pairs": ("pairs32", whole(lambda rows: [b"a", array(rows, "<f4").tobytes()]), {"x": "0", "y": "1"}),
    "GNU Radio with tags": ("gnuradio", whole(lambda rows: [b"key", gnuradio(rows)]), {"x": "0", "y": "1"}),
    "GNU Radio, complex64": ("pairs32", whole(lambda rows: [
        (array(rows, "f4")[:, 0] + 1j * array(rows, "f4")[:, 1]).astype("c8").tobytes()]), {"x": "0", "y": "1"}),
    "numpy": ("numpy", whole(lambda rows: [
        json.dumps({"dtype": "<f4", "shape": [len(rows), 2]}).encode(), array(rows, "<f4").tobytes()]),
        {"x": "0", "y": "1"}),
    "numpy, one sample a message": ("numpy", singles(lambda k, x, y: [
        b"topic", json.dumps({"dtype": "float64", "shape": [2]}).encode(), struct.pack("=dd", x, y)]),
        {"x": "0", "y": "1"}),
    "numpy, one complex number a message": ("numpy", singles(lambda k, x, y: [
        json.dumps({"dtype": "complex128", "shape": []}).encode(), struct.pack("=dd", x, y)]), {"x": "0", "y": "1"}),
    "numpy, a record": ("numpy", whole(lambda rows: [
        json.dumps({"dtype": [["x", "<f8"], ["y", "<f8"]], "shape": [len(rows)]}).encode(),
        array(rows, "<f8").tobytes()]), {}),
    "Glances": ("glances", glances, {"x": "cpu/total", "y": "mem.percent"}),
    "msgpack": ("msgpack", singles(lambda k, x, y: [b"t", msgpack.packb({"x": x, "y": y, "who": "me"})]), {}),
    "msgpack of arrays": ("msgpack", whole(lambda rows: [
        msgpack.packb(dict(zip("xy", columns(rows), strict=True)))]), {}),
    "CBOR": ("cbor", singles(lambda k, x, y: [cbor2.dumps({"x": x, "y": y, "at": datetime.now(UTC)})]), {}),
    "CBOR of typed arrays": ("cbor", whole(cbor_arrays), {}),
    "karabo-bridge": ("karabo", karabo, {"x": "XGM/A/flux", "y": "LA/B/pos"}),
    "Open Ephys": ("open-ephys", openephys, {"x": "4", "y": "probe-A/6"}),
    "CSV": ("csv", singles(lambda k, x, y: [f"{k},{x!r},{y!r}".encode()]), {"x": "1", "y": "2"}),
    "CSV with a header": ("csv", lambda rows: [[b"x;y"], *([f"{x!r};{y!r}".encode()] for x, y in rows)], {}),
    "Influx lines": ("influx", influx, {}),
    "x=1 y=2": ("keyvalue", singles(lambda k, x, y: [f"x={x!r} y={y!r}".encode()]), {}),
}  # fmt: skip

NUMBERS = st.floats(-1e9, 1e9, width=32).map(float)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12)


def decoder(format_: str = "auto", **paths: str) -> Decoder:
    return Decoder(FeedConfig(endpoint="", format=format_, **{"x": "x", "y": "y", **paths}))


def pairs(found: Any) -> Rows:
    return list(zip(found.x.tolist(), found.y.tolist(), strict=True))


@pytest.mark.parametrize("name", SENDERS)
def test_it_is_recognised(name: str) -> None:
    """As a feed of everyday numbers: x around 20, y a parabola of it, as in the README."""
    format_, send, paths = SENDERS[name]
    x = np.random.default_rng(3).normal(20, 2, 40).astype("f4").astype(float)
    rows = list(zip(x.tolist(), (x * x).astype("f4").astype(float).tolist(), strict=True))
    one = decoder(**paths)
    assert pairs(one.decode(send(rows), 0.0)) == rows
    assert (one.format, one.malformed, one.gaps) == (format_, {}, 0)


@settings(max_examples=25)
@given(name=st.sampled_from(sorted(SENDERS)), rows=ROWS, cut=st.integers(0, 40))
def test_any_numbers_come_through_however_the_messages_are_cut(name: str, rows: Rows, cut: int) -> None:
    format_, send, paths = SENDERS[name]
    messages, one = send(rows), decoder(format_, **paths)
    found = pairs(one.decode(messages[:cut], 0.0)) + pairs(one.decode(messages[cut:], 0.0))
    assert found == rows
    assert one.malformed == {}
    assert one.messages == len(messages)
    assert one.bytes == sum(len(frame) for frames in messages for frame in frames)


def test_a_matrix_in_cbor() -> None:
    rows = [(1.0, 2.0), (3.0, 4.0)]
    found = decoder("cbor", x="m/0", y="m/1").decode([cbor_matrix(rows)], 0.0)
    assert pairs(found) == [(1.0, 3.0), (2.0, 4.0)]


def test_every_row_of_the_table_has_a_sender_here() -> None:
    assert {format_ for format_, _, _ in SENDERS.values()} == set(FORMATS) - {"struct"}  # which is asked for by name


GOOD = [b'{"x": 1, "y": 2}']
OPEN_EPHYS_FAR = json.dumps(  # a sample number beyond int64, of both channels
    {"content": {"stream": "probe-A", "channel_num": 4, "num_samples": 1, "sample_num": 10**30, "sample_rate": 1.0}}
).encode()


@pytest.mark.parametrize(
    ("format_", "message", "reason"),
    [
        ("json", [b'{"x": 1, "y": '], "not JSON"),
        ("json", [b""], "empty"),
        ("json", [b'{"x": 1}'], "no such path"),
        ("json", [b'{"x": 1, "y": "high"}'], "not a number"),
        ("json", [b'{"x": [1, 2], "y": [1]}'], "lengths differ"),
        ("json", [b'{"x":' * 2000 + b"1" + b"}" * 2000], "too deep"),
        ("json", [b'{"x": 1, "y": 2, "pad": "%s"}' % (b"-" * (1 << 20))], "too large"),
        ("json", [b"t"] * 300 + GOOD, "too many frames"),
        ("msgpack", [msgpack.packb({"x": 1, "y": 2})[:-1]], "not msgpack"),
        ("cbor", [cbor2.dumps({"x": 1, "y": 2})[:-1]], "not CBOR"),
        ("cbor", [b"\x9b" + b"\xff" * 8], "not CBOR"),
        ("pairs", [b"0123456789abcde"], "odd length"),
        ("pairs", [b"a", b"b", bytes(16)], "wrong frames"),
        ("pairs32", [bytes(12)], "odd length"),
        ("numpy", [b'{"dtype": "f8", "shape": [3, 2]}', bytes(16)], "lengths differ"),
        ("numpy", [b'{"dtype": "O", "shape": [1]}', bytes(8)], "bad header"),
        ("numpy", [b'{"dtype": "f8", "shape": [-1, 2]}', bytes(16)], "bad header"),
        ("numpy", [b'{"dtype": "f8", "shape": [0, 4611686018427387904]}', b""], "bad header"),
        ("numpy", [b'{"dtype": [], "shape": [2, 2]}', b""], "bad header"),
        ("karabo", [msgpack.packb({"source": "a", "content": "array"}), b""], "bad header"),
        ("karabo", [msgpack.packb({"source": "a", "content": "msgpack"})], "wrong frames"),
        ("open-ephys", [b"DATA\0", b'{"content": {}}', b""], "bad header"),
        ("open-ephys", openephys([(1, 2)] * 5)[0][:2], "wrong frames"),
        ("open-ephys", [b"DATA\0", OPEN_EPHYS_FAR, bytes(4)], "bad header"),
        ("gnuradio", [gnuradio([(1, 2)])[:30]], "bad header"),
        ("gnuradio", [gnuradio([(1, 2)])[:-4]], "odd length"),
        ("influx", [b"room x=1,y"], "not Influx lines"),
        ("influx", [b"\xff\xfe"], "not text"),
        ("glances", [b"glances", b"cpu"], "wrong frames"),
    ],
)
def test_what_cannot_be_used_is_counted_by_its_reason(format_: str, message: Frames, reason: str) -> None:
    paths = {"gnuradio": ("0", "1"), "pairs": ("0", "1"), "pairs32": ("0", "1"), "numpy": ("0", "1"),
             "open-ephys": ("4", "6"), "karabo": ("a/x", "a/y"), "glances": ("cpu/x", "mem/y")}  # fmt: skip
    x, y = paths.get(format_, ("x", "y"))
    one = decoder(format_, x=x, y=y)
    assert one.decode([message, message], 0.0).x.size == 0
    assert one.malformed == {reason: 2}
    assert one.detail.startswith(reason)


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(SENDERS)), rows=ROWS, data=st.data())
def test_a_message_that_was_cut_short_takes_no_other_with_it(name: str, rows: Rows, data: st.DataObject) -> None:
    """All the same pairs come of the messages around it, and it is counted, unless what is left of it is a message."""
    format_, send, paths = SENDERS[name]
    if name in ("Glances", "Open Ephys", "CSV with a header"):  # a message is a part of a sample there
        return
    messages = send(rows)
    victim = data.draw(st.integers(0, len(messages) - 1))
    last = messages[victim][-1]
    cut = [*messages[victim][:-1], last[: data.draw(st.integers(0, len(last) - 1))]]
    one, other = decoder(format_, **paths), decoder(format_, **paths)
    alone = pairs(other.decode([cut], 0.0))
    found = pairs(one.decode([*messages[:victim], cut, *messages[victim + 1 :]], 0.0))
    per_message = len(rows) // len(messages)
    expected = [*rows[: victim * per_message], *alone, *rows[(victim + 1) * per_message :]]
    np.testing.assert_array_equal(found, expected)
    assert sum(one.malformed.values()) == (not alone)


def test_mixed_messages_are_counted_and_a_change_of_format_is_reported() -> None:
    one = decoder()
    other = [msgpack.packb({"x": 3, "y": 4})]
    found = pairs(one.decode([GOOD, other, GOOD, [b"noise"], GOOD], 0.0))
    assert found == [(1.0, 2.0)] * 3
    assert one.malformed == {"other format": 1, "not JSON": 1}
    assert (one.format, one.note) == ("json", "")
    found = pairs(one.decode([other] * 10, 0.0))
    assert found == [(3.0, 4.0)] * (10 - SWITCH_AFTER + 1)
    assert one.malformed["other format"] == SWITCH_AFTER
    assert (one.format, one.note) == ("msgpack", "the feed changed its format from json to msgpack")


def test_a_format_that_was_given_is_kept() -> None:
    one = decoder("json")
    assert one.decode([[msgpack.packb({"x": 3, "y": 4})]] * 20, 0.0).x.size == 0
    assert (one.format, one.malformed) == ("json", {"not JSON": 20})


def test_what_no_format_is_like() -> None:
    assert recognise([b"hello there"]) is None
    assert recognise([b"\x00\x01\x02"]) is None
    with pytest.raises(ConfigError, match=r"--format must be auto, open-ephys, .*, got 'pickle'"):
        decoder("pickle")


def test_nothing_is_ever_unpickled() -> None:
    import pickle

    one = decoder()
    assert one.decode([[pickle.dumps({"x": 1.0, "y": 2.0})]], 0.0).x.size == 0
    assert sum(one.malformed.values()) == 1


def test_what_is_not_finite_or_null_passes_as_nan() -> None:
    """So that the window counts it: it is a sample, which was not measured."""
    messages: list[Frames] = [[b'{"x": null, "y": 1}'], [b'{"x": NaN, "y": 1e999}'], [b'{"x": true, "y": "2.5"}']]
    found = decoder().decode(messages, 0.0)
    np.testing.assert_array_equal(found.x, [math.nan, math.nan, 1.0])
    np.testing.assert_array_equal(found.y, [1.0, math.inf, 2.5])


WHEN = START + 0.25


@pytest.mark.parametrize(
    "written",
    [WHEN, int(WHEN * 1000), int(WHEN * 10**6), START * 10**9 + 250_000_000, "2026-01-01T00:00:00.250Z",
     "2026-01-01T02:00:00.25+02:00", "2026-01-01 00:00:00.25", str(WHEN)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["timestamp", "time", "ts", "t"])
def test_times_however_they_are_written(written: object, name: str) -> None:
    for pack in (json.dumps, msgpack.packb, cbor2.dumps):
        packed = pack({"x": 1, "y": 2, name: written})
        message = [packed.encode() if isinstance(packed, str) else packed]
        found = decoder().decode([message] * 3, 0.0)
        assert found.t is not None
        assert found.t.tolist() == [WHEN] * 3


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("JSON and ASCII seconds", [START + k + 0.25 for k in range(7)]),
        ("karabo-bridge", [START + k for k in range(7)]),
        ("Influx lines", [START + k for k in range(7)]),
        ("Open Ephys", [k / 1000 for k in range(7)]),
        ("float64 pairs", None),
    ],
)
def test_times_that_a_format_has_of_its_own(name: str, times: list[float] | None) -> None:
    format_, send, paths = SENDERS[name]
    found = decoder(format_, **paths).decode(send([(float(k), 0.5) for k in range(7)]), 0.0)
    assert (None if found.t is None else found.t.tolist()) == times


def test_sequence_numbers_of_every_kind_find_what_is_missing() -> None:
    rows = [(float(k), 0.5) for k in range(5)]
    one = decoder()
    found = one.decode([[record(*row, seq=seq)] for row, seq in zip(rows, (7, 8, 12, 13, 14), strict=True)], 0.0)
    assert (one.gaps, found.gaps) == (3, 3)
    one = decoder(x="0", y="1")
    one.decode([[gnuradio(rows, 100)], [gnuradio(rows, 105)], [gnuradio(rows, 120)]], 0.0)
    assert one.gaps == 10
    one = decoder(x="4", y="6")
    found = one.decode([*openephys(rows), *openephys(rows, 5), *openephys(rows, 30)], 0.0)
    assert (one.gaps, found.gaps) == (20, 20)
    # A channel's message that is lost takes its block with it: the samples are missing.
    one = decoder(x="4", y="6")
    lossy = [message for k, message in enumerate(openephys(rows * 3)) if k != 6]
    assert one.decode(lossy, 0.0).x.size == 10
    assert one.gaps == 5


def test_one_signal_of_two() -> None:
    one = Decoder(FeedConfig(endpoint="", x="x"), ("x",))
    found = one.samples([[record(k, 0, timestamp=START + k, seq=k * k)] for k in range(4)], 0.0)
    assert (found.values.tolist(), found.gaps) == ([0.0, 1.0, 2.0, 3.0], 6)


def test_labels() -> None:
    one = Decoder(FeedConfig(endpoint="", x="x", y="y", labels=True))
    found = one.decode([[b'{"x": "on", "y": 3}'], [b'{"x": null, "y": "low"}']], 0.0)
    assert found.x.tolist()[0] == "on"
    assert math.isnan(found.x[1])
    assert found.y.tolist() == [3, "low"]


def test_csv_of_labels_and_lines_of_text_among_numbers() -> None:
    labels = Decoder(FeedConfig(endpoint="", x="0", y="1", format="csv", labels=True))
    assert pairs(labels.decode([[b"on,low"], [b"off,high"]], 0.0)) == [("on", "low"), ("off", "high")]
    named = Decoder(FeedConfig(endpoint="", x="x", y="y", format="csv", labels=True))
    assert pairs(named.decode([[b"x,y"], [b"on,low"], [b"x,y"]], 0.0)) == [("on", "low")]
    numbers = decoder("csv")
    assert pairs(numbers.decode([[b"x,y"], [b"1,2"], [b"sensor,reset"], [b"3,4"]], 0.0)) == [(1.0, 2.0), (3.0, 4.0)]
    assert numbers.malformed == {"not a number": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_a_line_end_ends_a_line(end: str) -> None:
    text = end.join(['room x=1,y=2,said="a\u2028b\x85c" 1767225600000000000', "room x=3,y=4 1767225601000000000"])
    assert pairs(decoder("influx").decode([[text.encode()]], 0.0)) == [(1.0, 2.0), (3.0, 4.0)]


NESTS = [(b"[", b"]"), (b'{"a":', b"}"), (b"\x91", b""), (b"\x81\xa1a", b"")]
AROUND = [b"%s", b'{"x":%s,"y":1}', b'{"x":1,"y":2,"t":%s}', b"\x82\xa1x%s\xa1y\x01", b"\x83\xa1x\x01\xa1y\x02\xa1t%s"]


def test_what_is_as_deep_as_can_be_is_counted() -> None:
    """Just below Python's limit a value can be decoded, and not be shown in the reason why it is none."""
    n = 0
    for down, up in NESTS:
        for depth in range(940, 1001):
            deep = down * depth + b"1" + up * depth
            for around in AROUND:
                decoder = Decoder(FeedConfig(endpoint="", x="x", y="y", t="t" if b"t" in around else None))
                decoder.decode([[b"t", around.replace(b"%s", deep)]], received=0.0)
                n += decoder.malformed.get("too deep", 0)
                assert sum(decoder.malformed.values()) == 1
    assert n > 100


DEEP = """
import resource, sys
from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
for format in ("json", "msgpack", "cbor"):
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y", format=format))
    for down in (b"[", b'{"a":', b"\\x91", b"\\x81\\xa1a", b"\\xd8\\x28\\x82", b"\\xff["):
        decoder.decode([[down * depth] for depth in (100, 900, 990, 10_000, 100_000)], received=0.0)
    print(sum(decoder.malformed.values()))
"""


def test_what_is_deep_does_not_overflow_a_small_stack() -> None:
    """A main thread's stack is 8 MiB mostly; the levels are C's, so there is no second chance."""
    megabyte = 1 << 20
    done = subprocess.run(
        [sys.executable, "-c", DEEP],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (megabyte, megabyte)),
    )
    assert done.stdout.split() == ["30"] * 3
