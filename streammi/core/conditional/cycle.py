"""The phase of a known cycle, as a condition."""

import numpy as np

from streammi.records import FloatArray, IntArray


def phase(places: FloatArray | IntArray, period: float) -> FloatArray:
    """Where in a cycle of ``period`` places (n,), samples or seconds, are: from 0 up to 1, shape (n,).

    >>> phase(np.array([0.0, 12.0, 30.0]), 24.0).tolist()
    [0.0, 0.5, 0.25]
    """
    turns = np.asarray(places, dtype=np.float64) / period
    found: FloatArray = turns - np.floor(turns)
    return np.where(found < 1.0, found, 0.0)  # of a place just below 0
