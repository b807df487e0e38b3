"""CBOR is decoded by cbor2; what we ask of it is held against examples of RFC 8949 and 8746, and its encoder."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi.errors import FeedError
from streammi.ingest.formats import cbor
from streammi.ingest.timestamps import to_seconds

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 64), (1 << 64) - 1),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.binary(max_size=20),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.integers(0, 30), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(TREES)
def test_what_cbor2_writes_is_read(tree: Any) -> None:
    assert cbor.decode(cbor2.dumps(tree)) == tree


@given(TREES, st.data())
def test_a_message_that_was_cut_is_refused(tree: Any, data: st.DataObject) -> None:
    whole = cbor2.dumps(tree)
    with pytest.raises(FeedError, match="not CBOR"):
        cbor.decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    with contextlib.suppress(FeedError):  # and nothing else
        cbor.decode(message)


KINDS = {64: ">u1", 65: ">u2", 66: ">u4", 67: ">u8", 69: "<u2", 70: "<u4", 71: "<u8", 72: ">i1", 73: ">i2", 74: ">i4",
         75: ">i8", 77: "<i2", 78: "<i4", 79: "<i8", 80: ">f2", 81: ">f4", 82: ">f8", 84: "<f2", 85: "<f4",
         86: "<f8"}  # fmt: skip


@pytest.mark.parametrize(("tag", "dtype"), KINDS.items())
def test_typed_arrays(tag: int, dtype: str) -> None:
    """RFC 8746, section 2.1."""
    values = np.arange(5).astype(dtype)
    found = cbor.decode(cbor2.dumps(cbor2.CBORTag(tag, values.tobytes())))
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, values)
    if values.itemsize > 1:
        with pytest.raises(FeedError):
            cbor.decode(cbor2.dumps(cbor2.CBORTag(tag, values.tobytes()[:-1])))


def test_matrices_by_rows_and_by_columns() -> None:
    """RFC 8746, section 3.1: tags 40 and 1040."""
    matrix = np.arange(6.0).reshape(2, 3)
    for tag, order in ((40, "C"), (1040, "F")):
        flat = cbor2.CBORTag(86, matrix.astype("<f8").tobytes(order))  # type: ignore[arg-type]
        np.testing.assert_array_equal(cbor.decode(cbor2.dumps(cbor2.CBORTag(tag, [[2, 3], flat]))), matrix)
        with pytest.raises(FeedError):
            cbor.decode(cbor2.dumps(cbor2.CBORTag(tag, [[3, 3], flat])))


def test_tags_that_say_nothing_of_use_and_indefinite_lengths() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert to_seconds(cbor.decode(cbor2.dumps(when))) == when.timestamp()  # tag 0, ISO 8601
    assert to_seconds(cbor.decode(b"\xc1\x1a\x69\x55\xb9\x00")) == when.timestamp()  # tag 1, seconds
    assert cbor.decode(b"\x9f\x01\x02\xff") == [1, 2]
    assert cbor.decode(b"\xbf\x61a\x01\xff") == {"a": 1}
    with pytest.raises(FeedError, match="too deep"):
        cbor.decode(b"\x81" * 100 + b"\x01")


# RFC 8949, appendix A; decimals and bigfloats of section 3.4.4; and what must not become an object, or never end.
EXAMPLES: dict[str, Any] = {
    "1bffffffffffffffff": 18446744073709551615, "c249010000000000000000": 18446744073709551616,
    "3bffffffffffffffff": -18446744073709551616, "f97bff": 65504.0, "fa7f7fffff": 3.4028234663852886e38,
    "fb7e37e43c8800759c": 1.0e300, "f5": True, "f6": None, "f7": None, "d74401020304": b"\x01\x02\x03\x04",
    "c48221196ab3": 273.15, "c5822003": 1.5, "d81e820103": 1 / 3, "5f42010243030405ff": b"\x01\x02\x03\x04\x05",
    "9f018202039f0405ffff": [1, [2, 3], [4, 5]], "bf6346756ef563416d7421ff": {"Fun": True, "Amt": -2},
    "d8236161": "a", "d81c8101": [1], "d81d00": 0, "d9010283010203": [1, 2, 3], "c16161": "a", "c06161": "a",
    "c4821a3b9aca0001": float("inf"), "d9d9f7f5": True,
}  # fmt: skip


@pytest.mark.parametrize(("written", "value"), EXAMPLES.items())
def test_the_examples_of_the_standard(written: str, value: Any) -> None:
    found = cbor.decode(bytes.fromhex(written))
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("written", ["0102", "9bffffffffffffffff", "ff", "c4820203ff", "c46161", "d81e820100", ""])
def test_what_is_no_cbor(written: str) -> None:
    with pytest.raises(FeedError, match="not CBOR"):
        cbor.decode(bytes.fromhex(written))
