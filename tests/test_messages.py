"""Messages are held against other libraries' decoders: json, msgpack and numpy."""

import json
import math
from typing import Any

import msgpack
import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from streammi.errors import FeedError
from streammi.publish.messages import (
    event_message,
    read_event,
    read_reading,
    reading_message,
    result_fields,
)
from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message
from streammi.records import (
    AxisInfo,
    DelayProfile,
    Event,
    HistoryLevel,
    LinkHealth,
    Reading,
    Snapshot,
)
from streammi.records.status import Status, status_of, status_words

READING = Reading(
    n=1000, unit="bit", h_x=3.9, h_y=3.8, h_xy=6.4, h_x_given_y=2.6, h_y_given_x=2.5, mi=1.3, mi_corrected=1.21,
    nmi=0.33, pearson_r=None, fill=1.0, t0=1767225500.25, t1=1767225600.0, pairs=5000, clipped=7, nonfinite=2,
    late=3, dropped=1,
)  # fmt: skip
LINK = LinkHealth(
    endpoint="tcp://127.0.0.1:5556", state="connected", messages=5010, pairs=5000, gaps=4, reconnects=2, rate=99.5,
    malformed={"not JSON": 8, "empty": 2}, lag=0.003,
)  # fmt: skip
SAID = {"run": 1767225600, "seq": 7, "timestamp": 1767225609.5, "link": LINK}
LISTED = """v run seq timestamp t0 n fill mi mi_corrected nmi hx hy hxy r gaps dropped malformed nonfinite clipped rate
    lag status unit hx_given_y hy_given_x stderr p z null_mean null_q95 peak_lag peak_mi peak_p epoch late spearman_r"""


def test_a_reading_is_two_frames_of_plain_json() -> None:
    topic, payload = reading_message("xy", result_fields(READING, **SAID, status=Status.SPANS_GAP))
    assert topic == b"mi/xy"
    assert payload == json.dumps(json.loads(payload), separators=(",", ":")).encode()
    fields = json.loads(payload)
    assert set(fields) >= set(LISTED.split())
    assert (fields["hx"], fields["hy"], fields["hxy"], fields["mi"], fields["n"]) == (3.9, 3.8, 6.4, 1.3, 1000)
    assert (fields["gaps"], fields["malformed"], fields["dropped"], fields["late"]) == (4, 10, 1, 3)
    assert (fields["rate"], fields["lag"], fields["status"], fields["unit"]) == (99.5, 0.003, 2, "bit")
    assert fields["r"] is None
    assert fields["p"] is None


def test_values_are_numbers_or_null_and_only_the_unit_is_text() -> None:
    fields = result_fields(READING, **SAID)
    assert [key for key, value in fields.items() if isinstance(value, str)] == ["unit"]
    assert not [key for key, value in fields.items() if isinstance(value, bool)]


def test_what_is_not_finite_becomes_null() -> None:
    odd = msgspec.structs.replace(READING, nmi=math.nan, z=math.inf)
    fields = json.loads(reading_message("xy", result_fields(odd, **SAID))[1], parse_constant=pytest.fail)
    assert fields["nmi"] is None
    assert fields["z"] is None


def test_a_reading_comes_back() -> None:
    assert read_reading(reading_message("xy", result_fields(READING, **SAID))) == ("xy", result_fields(READING, **SAID))


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "wrong frames"),
        ([b"mi/xy"], "wrong frames"),
        ([b"mi/xy", b"{}", b""], "wrong frames"),
        ([b"event/xy", b"{}"], "wrong frames"),
        ([b"mi/", b"{}"], "bad header"),
        ([b"mi/a b", b"{}"], "bad header"),
        ([b"mi/\xff", b"{}"], "bad header"),
        ([b"mi/xy", b""], "not JSON"),
        ([b"mi/xy", b'{"v":1,"n":[1]}'], "not JSON"),
        ([b"mi/xy", b'{"v":1,"a":' + b"[" * 9999], "not JSON"),
        ([b"mi/xy", b'{"\xff":1}'], "not JSON"),
        ([b"mi/xy", b"{}"], "other format"),
        ([b"mi/xy", b'{"v":2}'], "other format"),
        ([b"mi/xy", b" " * 70_000], "too large"),
    ],
)
def test_what_is_not_a_reading_is_refused_by_reason(frames: list[bytes], reason: str) -> None:
    with pytest.raises(FeedError) as caught:
        read_reading(frames)
    assert caught.value.reason == reason


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"mi/xy", b"event/xy", b"snapshot/xy"]), max_size=3))
def test_any_frames_raise_feed_error_or_nothing(frames: list[bytes]) -> None:
    for read in (read_reading, read_event, read_snapshot):
        try:
            read(frames)
        except FeedError:
            continue


EVENT = Event(pair="xy", kind="gained", timestamp=5.5, size=0.8, unit="bit", evidence="0.1 to 0.9 bit over 500 pairs")


def test_an_event_is_json_and_comes_back() -> None:
    topic, payload = event_message(EVENT)
    assert topic == b"event/xy"
    fields = json.loads(payload)
    assert (fields["kind"], fields["timestamp"], fields["size"], fields["unit"]) == ("gained", 5.5, 0.8, "bit")
    assert fields["evidence"] == EVENT.evidence
    assert read_event([topic, payload]) == EVENT
    with pytest.raises(FeedError):
        read_event([b"event/other", payload])


def test_status_says_what_holds() -> None:
    assert status_of(READING, LINK) == Status.OK
    assert status_of(None, msgspec.structs.replace(LINK, state="lost")) == Status.LOST | Status.WARMING_UP
    stuck = msgspec.structs.replace(READING, x_constant=True, fill=0.5, y_clipped=51)
    assert status_words(status_of(stuck, LINK)) == ("warming up", "stuck", "clipped")
    assert status_words(Status.OK) == ()


# Snapshots

FLOATS = hnp.arrays(np.float64, st.integers(0, 9), elements=st.floats(width=64))
LEVELS = st.integers(0, 5).flatmap(
    lambda k: st.tuples(*[hnp.arrays(np.float64, k, elements=st.floats(width=64))] * 5).map(
        lambda arrays: HistoryLevel(step=4, **dict(zip(("t", "mi", "low", "high", "null_q95"), arrays, strict=True)))
    )
)
SHAPES = st.tuples(st.integers(1, 8), st.integers(1, 8))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    rows, columns = draw(SHAPES)
    lags = draw(FLOATS)
    return Snapshot(
        pair="xy",
        run=1767225600,
        seq=draw(st.integers(0, 2**62)),
        timestamp=draw(st.floats(0, 4e9)),
        window="10 s",
        x=AxisInfo(name=draw(st.text(st.characters(exclude_categories=["Cs"]))), edges=np.arange(rows + 1.0)),
        y=AxisInfo(name="y", labels=tuple("abcdefgh"[:columns])),
        reading=draw(st.sampled_from([None, READING])),
        counts=draw(st.none() | hnp.arrays(np.int64, (rows, columns))),
        history=tuple(draw(st.lists(LEVELS, max_size=3))),
        profile=draw(st.sampled_from([None, DelayProfile(lags=lags, mi=lags[::-1])])),
        events=draw(st.sampled_from([(), (EVENT, EVENT)])),
        links=(LINK,),
        verdict="linearly dependent",
        status=3,
    )


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, msgspec.Struct):
        return type(a) is type(b) and all(same(getattr(a, f), getattr(b, f)) for f in a.__struct_fields__)
    return bool(a == b)


@given(snapshots())
def test_a_snapshot_comes_back_exactly(snapshot: Snapshot) -> None:
    topic, payload = snapshot_message(snapshot)
    assert topic == b"snapshot/xy"
    assert same(read_snapshot([topic, payload]), snapshot)


SNAPSHOT = Snapshot(
    pair="xy", run=1, seq=2, timestamp=3.0, window="1000 pairs", x=AxisInfo(name="x", edges=np.array([0.0, 1.0, 2.0])),
    y=AxisInfo(name="y", labels=("off", "on", "other")), reading=READING,
    counts=np.arange(6, dtype=np.int64).reshape(2, 3),
    profile=DelayProfile(lags=np.array([-1.0, 0.0, 1.0]), mi=np.array([0.1, 0.2, 0.3])), events=(EVENT,), links=(LINK,),
)  # fmt: skip


def test_the_layout_is_as_documented() -> None:
    envelope = msgpack.unpackb(snapshot_message(SNAPSHOT)[1])
    assert envelope["v"] == 1
    counts = envelope["snapshot"]["counts"]
    assert counts.code == 1
    assert counts.data[:10] == b"i\x02" + (2).to_bytes(4, "little") + (3).to_bytes(4, "little")
    assert np.array_equal(np.frombuffer(counts.data[10:], "<i8").reshape(2, 3), SNAPSHOT.counts)
    assert envelope["snapshot"]["x"]["edges"].data[:2] == b"f\x01"


def test_arrays_of_a_read_snapshot_cannot_be_written_to() -> None:
    counts = read_snapshot(snapshot_message(SNAPSHOT)).counts
    assert counts is not None
    assert counts.flags.aligned
    with pytest.raises(ValueError, match="read-only"):
        counts[0, 0] = 1


def test_other_arrays_are_not_sent() -> None:
    for array in (np.zeros((2, 3), np.uint32), np.zeros((2, 3), ">i8"), np.zeros((1, 2, 3), np.int64), object()):
        with pytest.raises(TypeError):
            snapshot_message(msgspec.structs.replace(SNAPSHOT, counts=array))


def packed(shape: tuple[int, ...], raw: bytes, code: bytes = b"i") -> msgpack.ExtType:
    sizes = b"".join(size.to_bytes(4, "little") for size in shape)
    return msgpack.ExtType(1, code + bytes([len(shape)]) + sizes + raw)


@pytest.mark.parametrize(
    "counts",
    [
        packed((2, 3), bytes(47)),
        packed((2, 3), bytes(49)),
        packed((2, 3), bytes(48), b"O"),
        packed((2, 3), bytes(48), b"f"),
        packed((3, 2), bytes(48)),
        packed((6,), bytes(48)),
        packed((2**32 - 1, 2**32 - 1), bytes(48)),
        packed((0, 2**32 - 1), b""),
        packed((1,) * 255, bytes(8)),
        packed((), bytes(8)),
        msgpack.ExtType(1, b""),
        msgpack.ExtType(1, b"i"),
        msgpack.ExtType(1, b"i\x02\x00"),
        msgpack.ExtType(2, b"i\x02"),
        [[0, 1, 2], [3, 4, 5]],
        {"a": 1},
        b"bytes",
        7,
    ],
)
def test_arrays_that_do_not_fit_are_refused(counts: object) -> None:
    envelope = msgpack.unpackb(snapshot_message(SNAPSHOT)[1])
    envelope["snapshot"]["counts"] = counts
    with pytest.raises(FeedError):
        read_snapshot([b"snapshot/xy", msgpack.packb(envelope)])


@pytest.mark.parametrize(
    "payload",
    [
        b"\xdd\xff\xff\xff\xff",  # an array of 2^32 - 1 items that are not there
        b"\x91" * 100_000,  # nested
        b"\x82\xa1v\x01\xa8snapshot" + b"\x91" * 100_000,
        b"\x82\xa1v\x02\xa8snapshot\x80",  # another version
        b"\x82\xa1v\x01\xa8snapshot\x81\xc7\x00\x01\x01",  # an array as a key
        bytes(17 << 20),
    ],
)
def test_hostile_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(FeedError):
        read_snapshot([b"snapshot/xy", payload])


@given(st.data())
def test_damaged_snapshots_raise_feed_error_or_decode(data: st.DataObject) -> None:
    payload = bytearray(snapshot_message(SNAPSHOT)[1])
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(payload)))
    for damaged in (bytes(payload), bytes(payload[:cut])):
        try:
            read_snapshot([b"snapshot/xy", damaged])
        except FeedError:
            continue
