"""Saved states: the same back, and refused when a byte differs."""

import struct
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from streammi import ConfigError
from streammi.records import codec

ARRAYS = st.lists(
    st.sampled_from(sorted(codec.ARRAY_TYPES)).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
    ),
    max_size=4,
)
HEADERS = st.dictionaries(
    st.text(max_size=5),
    st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-(2**63), 2**63 - 1), st.text(max_size=5)),
    max_size=4,
)
SAVED = codec.pack("kind 1", {"n": 3, "name": "x"}, [np.arange(6.0).reshape(2, 3), np.arange(3, dtype=np.uint16)])


def sealed(body: bytes) -> bytes:
    return struct.pack("<8sI", codec.MAGIC, zlib.crc32(body)) + body


@given(HEADERS, ARRAYS)
def test_what_goes_in_comes_out(header: dict[str, object], given_: list[np.ndarray]) -> None:
    found, back = codec.unpack("kind 1", codec.pack("kind 1", header, given_))
    assert found == header
    assert [(a.dtype, a.shape, a.tobytes()) for a in back] == [(a.dtype, a.shape, a.tobytes()) for a in given_]


def test_arrays_need_not_be_contiguous() -> None:
    table = np.arange(12.0).reshape(3, 4)
    _, (back,) = codec.unpack("k", codec.pack("k", {}, [table[:, ::2].T]))
    assert back.tolist() == table[:, ::2].T.tolist()


@pytest.mark.parametrize("bit", range(8))
def test_each_bit_counts(bit: int) -> None:
    for place in range(len(SAVED)):
        changed = bytearray(SAVED)
        changed[place] ^= 1 << bit
        with pytest.raises(ConfigError, match="saved state"):
            codec.unpack("kind 1", bytes(changed))


def test_each_cut_and_each_addition_is_seen() -> None:
    for place in range(len(SAVED)):
        with pytest.raises(ConfigError, match="saved state"):
            codec.unpack("kind 1", SAVED[:place])
        with pytest.raises(ConfigError, match="saved state"):
            codec.unpack("kind 1", SAVED[:place] + bytes(len(SAVED) - place) + b"\0")
    with pytest.raises(ConfigError, match="checksum"):
        codec.unpack("kind 1", SAVED + b"\0")


def test_another_kind_or_version_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"of the kind 'kind 2', got 'kind 1'"):
        codec.unpack("kind 2", SAVED)


@given(st.binary(max_size=60))
def test_a_checksum_alone_does_not_make_a_state(body: bytes) -> None:
    for data in (body, sealed(body), sealed(struct.pack("<I", len(body)) + body)):
        with pytest.raises(ConfigError, match="saved state"):
            codec.unpack("kind 1", data)


@pytest.mark.parametrize("value", [b"\x91" * 100_000 + b"\xc0", b"\xa1\xff"], ids=["nested too deep", "no UTF-8"])
def test_what_cannot_be_decoded_is_damage(value: bytes) -> None:
    first = b"\x93\xa6kind 1\x81\xa1k" + value + b"\x90"
    with pytest.raises(codec.DamagedError, match="saved state"):
        codec.unpack("kind 1", sealed(struct.pack("<I", len(first)) + first))


@pytest.mark.parametrize("shapes", [[("object", [1])], [("float64", [10**6])], [("float64", [-1])], [("<U9", [1])]])
def test_arrays_are_of_known_types_and_inside_the_bytes(shapes: list[object]) -> None:
    first = msgspec.msgpack.encode(("kind 1", {}, shapes))
    with pytest.raises(ConfigError, match="saved state"):
        codec.unpack("kind 1", sealed(struct.pack("<I", len(first)) + first + bytes(16)))


@pytest.mark.parametrize("order", "<>")
def test_the_bytes_are_the_same_on_every_machine(order: str) -> None:
    """Lowest byte first, whatever the order in which a machine, or whoever made the array, has them."""
    values = np.array([1.5, -2.0], dtype=order + "f8"), np.array([1, 258], dtype=order + "u2")
    data = codec.pack("m", {}, [*values])
    assert data.endswith(struct.pack("<2d2H", 1.5, -2.0, 1, 258))
    _, arrays = codec.unpack("m", data)
    assert [array.tolist() for array in arrays] == [[1.5, -2.0], [1, 258]]
    assert all(array.dtype.isnative for array in arrays)
