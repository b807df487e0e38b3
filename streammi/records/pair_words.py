"""A word on each pair of many channels: what has changed first, then whether it depends at all, then how."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streammi.records.batches import IntArray
from streammi.records.channels import MatrixSnapshot
from streammi.records.readings import UNIT_PER_BIT

# A word and its tone, the first that holds.
WORDS: Final = (
    ("unknown", "dim"), ("lost", "bad"), ("gained", "good"), ("weaker", "bad"), ("stronger", "good"),
    ("constant", "dim"), ("untested", "dim"), ("chance", "dim"), ("indirect", "text"), ("linear", "text"),
    ("not linear", "mi"),
)  # fmt: skip

COMPARED: Final = 20_000  # with each other, at the most: of one pair and 50 in 4 us, by isin in 60


def pair_words(matrix: MatrixSnapshot, numbers: IntArray) -> list[tuple[str, str]]:
    """A word on each of the pairs with these numbers, and its tone.

    A pair is constant where one of its channels is, in the rows where both have a value: then there is no r. It is
    linear where r accounts for half of its MI or more, as in ``records.verdict``.
    """
    changed = _among(numbers, matrix.changed)
    bits = matrix.mi[numbers] / UNIT_PER_BIT[matrix.unit]
    usual = bits if matrix.change is None else bits - matrix.change[numbers] / UNIT_PER_BIT[matrix.unit]
    r = matrix.r[numbers].astype(np.float64)
    q = np.full(numbers.size, np.nan) if matrix.q is None else matrix.q[numbers]
    explained = _among(numbers, None if matrix.indirect is None else matrix.indirect[:, 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = -0.5 * np.log2(np.maximum(1 - r * r, 0.0))
        holds = [
            np.isnan(bits), changed & (bits < usual / 3), changed & (bits > 3 * usual), changed & (bits < usual),
            changed, np.isnan(r) & ~(bits > 0), np.isnan(q), ~(q <= matrix.fdr), explained, linear >= bits / 2,
            np.ones(numbers.size, np.bool_),
        ]  # fmt: skip
    return [WORDS[k] for k in np.argmax(holds, axis=0).tolist()]


def _among(numbers: IntArray, some: IntArray | None) -> NDArray[np.bool_]:
    """True of the numbers that are among some."""
    if some is None:
        return np.zeros(numbers.size, np.bool_)
    if numbers.size * some.size > COMPARED:
        return np.isin(numbers, some)
    return np.asarray((numbers[:, None] == some).any(axis=1))
