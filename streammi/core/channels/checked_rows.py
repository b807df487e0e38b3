"""Names and rows of channels as somebody gave them, checked."""

from collections.abc import Sequence

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import ArrayLike

from streammi.core import finite_values
from streammi.errors import ConfigError
from streammi.records import FloatArray


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of channels, as they are; ConfigError where one is empty, or two are alike."""
    known = () if isinstance(names, str) else tuple(names)
    if not known or any(not isinstance(name, str) or not name for name in known):
        raise ConfigError("names", "a list with a name for each channel", names)
    if len(set(known)) != len(known):
        twice = next(name for k, name in enumerate(known) if name in known[:k])
        raise ConfigError("names", "all different", f"{twice!r} twice")
    return known


def as_rows(values: ArrayLike, dimensions: int) -> FloatArray:
    """Rows as float64; what is masked or None as NaN."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in finite_values.REAL:
            raise TypeError
        if isinstance(values, MaskedArray):
            array = np.ma.filled(values.astype(np.float64), np.nan)
        found = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError("rows", "numbers", values) from None
    if found.ndim == 1 and not found.size:
        found = found.reshape(0, 0)
    if found.ndim != dimensions:
        raise ConfigError(
            "rows", "an array of shape (n, C)" if dimensions == 2 else "an array of shape (C,)", found.shape
        )
    return found
