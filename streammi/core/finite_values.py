"""Values as somebody gives them: numbers or labels, one or an array of them, and which of them can be binned."""

import math
from typing import Any, Final

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import ArrayLike, NDArray

from streammi.core.kernels import coding
from streammi.errors import ConfigError
from streammi.records import FloatArray

FLOAT: Final = np.dtype(np.float64)
REAL: Final = "biufO"  # kinds of arrays that may hold real numbers: booleans, integers, floats, objects


def number(value: object, name: str) -> float:
    """The value as a float; ConfigError when it is no number, or beyond the largest one."""
    try:
        if not isinstance(value, str | bytes):
            return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        pass
    raise ConfigError(name, "a number", value)


def numbers(values: ArrayLike, name: str, rule: str = "numbers") -> FloatArray:
    """Values (n,) as contiguous float64, masked ones as NaN; ConfigError when they are not numbers in a row."""
    if type(values) is np.ndarray and values.dtype == FLOAT and values.ndim == 1 and values.flags.c_contiguous:
        return values  # as nearly always: to find that out by all that is below takes three times as long
    try:
        array = np.asarray(values)
        if array.dtype.kind not in REAL:
            raise TypeError
        if isinstance(values, MaskedArray):  # its mask is gone from the array
            array = np.ma.filled(values.astype(np.float64), np.nan)
        found = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError(name, rule, values) from None
    if array.ndim != 1:
        raise ConfigError(name, "an array of shape (n,)", array.shape)
    return found


def labels(values: Any, name: str) -> NDArray[Any]:
    """Labels (n,) as plain Python values, masked ones as None; ConfigError when they are not in a row."""
    try:
        array = np.array(values, dtype=object)
    except ValueError:  # lists among labels, of the same length
        raise ConfigError(name, "an array of shape (n,)", values) from None
    if array.ndim != 1:
        raise ConfigError(name, "an array of shape (n,)", array.shape)
    for k, label in enumerate(array):
        if isinstance(label, np.generic):
            array[k] = label.item()
    if isinstance(values, MaskedArray):
        array[np.ma.getmaskarray(values)] = None
    return array


def check_lengths(names: str, first: NDArray[Any], *others: NDArray[Any] | None) -> None:
    """ConfigError unless arrays (n,) of these names, those that are None left out, are equally long."""
    for other in others:
        if other is not None and other.size != first.size:
            lengths = tuple(array.size for array in (first, *others) if array is not None)
            raise ConfigError(names, "of one length", lengths)


def is_label(value: object) -> bool:
    """True if a value can be a category: a string of characters, a boolean, a whole (64 bits) or a finite number."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)  # half a pair: no character
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 63
    return isinstance(value, float) and math.isfinite(value)


def usable(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """The pairs of ``numbers`` or ``labels`` (n,) that can be binned: finite numbers, or labels; shape (n,)."""
    found = np.empty(x.size, dtype=np.bool_)
    if x.dtype == object or y.dtype == object:
        found[:] = [is_label(a) and is_label(b) for a, b in zip(x, y, strict=True)]
    else:
        coding.finite_pairs(x, y, found)
    return found
