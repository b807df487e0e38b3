"""numpy arrays over ZeroMQ: a JSON header and the bytes."""

import math
import re
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError, FeedError
from streammi.ingest.formats.content import MAX_COLUMNS, Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.json import is_json
from streammi.ingest.formats.json_text import parse_json
from streammi.ingest.formats.nested_lists import WIDE
from streammi.ingest.formats.samples import signals
from streammi.ingest.formats.split_columns import names_in
from streammi.network.frames import Frames

DTYPE: Final = re.compile(r"[<>=|]?[iufbc][0-9]{1,2}|float(16|32|64)|u?int(8|16|32|64)|bool|complex(64|128)")
MAX_DIMENSIONS: Final = 8
SCALES: Final = ("scale", "scale_factor", "scaling", "factor", "gain", "lsb", "offset", "add_offset", "bias")
_BYTE_ORDERS: Final[dict[str, Literal["<", ">"]]] = {"little": "<", "<": "<", "big": ">", ">": ">"}


def is_numpy(frames: Frames) -> bool:
    """True if the frame before the last is JSON with a dtype and a shape."""
    if not 2 <= len(frames) <= 3 or not is_json(frames[:-1]):
        return False
    header = parse_json(frames[-2])
    return isinstance(header, dict) and "dtype" in header and "shape" in header


def read_numpy(frames: Frames, wanted: Wanted) -> Content:
    """``[json {dtype, shape}, buffer]``, behind a topic or none: an array, a row a sample and a column a signal.

    Paths are column numbers, field names of a structured dtype (a list of names and types), or 0 and 1 for the real and
    imaginary parts of complex numbers. One dimension is one sample; for a single path 0, that signal's samples.
    Other keys of the header (timestamp, seq) are read too; a list of as many names as there are columns names them.
    """
    if not 2 <= len(frames) <= 3:
        raise FeedError("wrong frames", f"{len(frames)} frames, not a header and an array")
    header = parse_json(frames[-2])
    if not isinstance(header, dict):
        raise FeedError("bad header", repr(header)[:60])
    array = _array_of(frames[-1], header)
    columns = signals(array, wanted)
    names = names_in(header)
    named = dict(zip(names, columns.values(), strict=True)) if len(names) == len(columns) else {}
    return Content({**header, **named, **columns}, hint=_hint(array) or _scaled(header, wanted))


def read_rows(frames: Frames, wanted: Wanted) -> Content:
    """The same of arrays of which a row is a signal, and a column a sample."""
    content = read_numpy(frames, wanted)
    header = content.tree
    array = _array_of(frames[-1], header)
    if array.ndim != 2:
        raise FeedError("bad header", f"shape {list(array.shape)}, not rows of signals")
    return Content(header | {str(k): row for k, row in enumerate(array[:MAX_COLUMNS])})


def _scaled(header: dict[str, Any], wanted: Wanted) -> str:
    """A word on a scale that the header has and the array's numbers lack; FeedError where it is another one now."""
    found = {key: header[key] for key in SCALES if isinstance(header.get(key), int | float | list)}
    first = wanted.memory.setdefault("numpy scale", found)
    if found != first:
        raise FeedError("another unit", f"a header with {_words(found)}, those before with {_words(first)}"[:120])
    return f"the header has {_words(found)}: the array's numbers are taken as they are, without it" if found else ""


def _words(scale: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in scale.items()) or "no scale"


def _hint(array: NDArray[Any]) -> str:
    if array.ndim != 2 or array.shape[0] >= array.shape[1] or array.shape[1] < WIDE:
        return ""
    rows, columns = array.shape
    return (
        f"the header says shape [{rows}, {columns}], which is {rows} samples a message of {columns} signals; "
        f"if it is {rows} signals of {columns} samples, give --format numpy:rows"
    )


def array_of(buffer: bytes, dtype: Any, shape: Any) -> NDArray[Any]:
    """An array of a plain dtype; ``FeedError`` where the header makes no sense or does not fit the buffer."""
    try:
        kind = np.dtype([(str(name), _plain_dtype(one)) for name, one in dtype] if isinstance(dtype, list) else
                        _plain_dtype(dtype))  # fmt: skip
        if not 0 <= len(shape) <= MAX_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError("shape")
    except (ValueError, TypeError):
        raise FeedError("bad header", f"dtype {dtype!r}, shape {shape!r}"[:80]) from None
    if math.prod(shape) * kind.itemsize != len(buffer):
        raise FeedError("lengths differ", f"{len(buffer)} bytes for shape {shape!r} of {kind}"[:80])
    try:
        return np.frombuffer(buffer, dtype=kind).reshape(shape)
    except ValueError:  # no bytes, and a dimension that no array can have, or a dtype without fields
        raise FeedError("bad header", f"dtype {dtype!r}, shape {shape!r}"[:80]) from None


def _array_of(buffer: bytes, header: dict[str, Any]) -> NDArray[Any]:
    """The array that a header describes, with the orders of its dimensions and of the bytes of a number, where it says.

    ``order`` is C or F, as numpy has it, or ``fortran_order`` true or false, as a .npy file has it; or ``strides`` say
    so. ``byteorder`` is little or big, or < or >.
    """
    array = array_of(buffer, _dtype_of(header), header.get("shape"))
    order = header.get("order") or ("F" if header.get("fortran_order") is True else "C")
    if order not in ("C", "F"):
        raise FeedError("bad header", f"order {order!r}, not C or F"[:80])
    columns_first = array.reshape(-1).reshape(array.shape, order="F")
    strides = header.get("strides") or None
    if strides is not None and strides not in (list(array.strides), list(columns_first.strides)):
        raise FeedError("bad header", f"strides {strides!r} for shape {list(array.shape)} of {array.dtype}"[:80])
    by_rows = order == "C" if strides is None else strides == list(array.strides)
    return array if by_rows else columns_first


def _dtype_of(header: dict[str, Any]) -> Any:
    dtype, bytes_order = header.get("dtype"), header.get("byteorder")
    if bytes_order is None or not isinstance(dtype, str) or dtype[:1] in ("<", ">", "=", "|"):
        return dtype
    if not isinstance(bytes_order, str) or bytes_order not in _BYTE_ORDERS:
        raise FeedError("bad header", f"byteorder {bytes_order!r}, not little or big"[:80])
    try:
        return np.dtype(_plain_dtype(dtype)).newbyteorder(_BYTE_ORDERS[bytes_order]).str
    except ValueError:
        return dtype


def _plain_dtype(name: Any) -> str:
    if not isinstance(name, str) or not DTYPE.fullmatch(name):
        raise ValueError(name)
    return name


def _variant(name: str) -> Format:
    if name != "rows":
        raise ConfigError("--format", "numpy, or numpy:rows where a row is a signal", f"numpy:{name}")
    return FORMAT._replace(name="numpy:rows", read=read_rows)


FORMAT: Final = Format(
    "numpy",
    "[topic,] header with dtype and shape, array",
    "0, 1, ... (numpy:rows where a row is a signal), or names of a structured dtype",
    is_numpy,
    read_numpy,
    topic_from=3,
    header=frozenset({"dtype", "shape"}),
    variant=_variant,
)
