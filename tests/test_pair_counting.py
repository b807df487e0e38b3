"""The counts of all pairs, by bits and row by row: both against numpy's, of any widths, with gaps, slid and anew."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi.config import span
from streammi.core.channels.helpers import Helpers
from streammi.core.channels.pair_counts import PairCounts
from streammi.core.kernels import channel_rows, pair_counting
from streammi.core.kernels.channel_rows import WORD
from streammi.core.kernels.turns import turns_of

LANES = 16


def words(symbols: Any, missing: int, widths: Any, lanes: int) -> Any:
    out = np.full((len(symbols), -(-symbols.shape[1] // WORD), lanes), 77, dtype=np.uint64)
    channel_rows.set_bits(symbols, missing, widths, out)
    return out


def counted(symbols: Any, others: Any, missing: int, counts: PairCounts) -> tuple[Any, Any]:
    """The counts of all pairs as they lie, and their sums by the square of each count: by numpy."""
    cells: list[Any] = []
    for i, rows in enumerate(counts.widths.tolist()):
        for j, columns in enumerate(counts.widths.tolist()):
            if i < j:
                there = (symbols[i] != missing) & (others[j] != missing)
                of_both = symbols[i][there].astype(int) * columns + others[j][there]
                cells.append(np.bincount(of_both, minlength=rows * columns))
    return np.concatenate(cells), [int((one**2).sum()) for one in cells]


@settings(deadline=None, max_examples=60)
@given(
    widths=st.lists(st.sampled_from([1, 2, 3, 7, 8, 9, 10, 13, 16, 17]), min_size=2, max_size=5),
    n=st.sampled_from([1, 63, 64, 65, 200]), hop=st.sampled_from([0, 1, 64, 130]),
    gaps=st.sampled_from([0.0, 0.2, 1.0]), lanes=st.sampled_from([0, LANES]),
    seed=st.integers(0, 1 << 30),
)  # fmt: skip
def test_counts_are_numpys_by_bits_and_row_by_row(
    widths: list[int], n: int, hop: int, gaps: float, lanes: int, seed: int
) -> None:
    rng, sizes = np.random.default_rng(seed), np.array(widths)
    missing = np.uint8(255)
    symbols = (rng.random((sizes.size, n + hop)) * sizes[:, None]).astype(np.uint8)
    symbols[rng.random(symbols.shape) < gaps * (rng.random(sizes.size) < 0.6)[:, None]] = missing
    gappy = (symbols == missing).any(axis=1)
    layout = PairCounts(sizes, span(max(n, 2)), Helpers(1))
    sizes = layout.widths  # of few bins as many as are counted at once
    f, steps = np.arange(n + hop + 1) ** 2, 2 * np.arange(n + hop) + 1
    f.flags.writeable = steps.flags.writeable = False  # as tables are: the kernels are compiled for these
    counts = np.zeros(layout.cells, dtype=np.min_scalar_type(n + hop))
    sums, none = np.zeros(layout.pairs, dtype=np.int64), np.zeros(sizes.size, dtype=np.bool_)

    window = np.ascontiguousarray(symbols[:, :n])
    late = np.ascontiguousarray(np.roll(window, n // 3, axis=1))
    for others in (late, window):
        bits, other_bits = words(window, missing, sizes, lanes), words(others, missing, sizes, lanes)
        given = window, others, bits, other_bits, gappy, ~none, missing
        pair_counting.recount(*given, *layout.layout, f, counts, sums, turns_of(0, sizes.size))
        expected, of_them = counted(window, others, missing, layout)
        assert counts.tolist() == expected.tolist()
        assert sums.tolist() == of_them

    moved = np.empty((4, layout.pairs), dtype=np.int64)
    margins = np.array([int((np.bincount(s[s != missing]) ** 2).sum()) for s in window])
    bits, other_bits = words(window, missing, sizes, lanes), words(late, missing, sizes, lanes)
    given = window, late, bits, other_bits, gappy, missing, sizes, f, margins, moved
    pair_counting.sums_of_shifted(*given, turns_of(0, sizes.size))
    assert moved[3].tolist() == counted(window, late, missing, layout)[1]

    new, old = (np.ascontiguousarray(part) for part in (symbols[:, n:], symbols[:, : min(hop, n)]))
    bits = words(new, missing, sizes, lanes), words(old, missing, sizes, lanes)
    pair_counting.slide_bits(*bits, none, *layout.layout, f, counts, sums, turns_of(0, sizes.size))
    given = new, old, bits[0], gappy, none, missing
    pair_counting.slide(*given, *layout.layout, steps, counts, sums, turns_of(0, sizes.size))
    left = symbols[:, min(hop, n) :]
    expected, of_them = counted(left, left, missing, layout)
    assert counts.tolist() == expected.tolist()
    assert sums.tolist() == of_them


@pytest.mark.parametrize(
    ("widths", "rows", "expected"),
    [
        ([8, 8, 8], 100, LANES // 2),
        ([8, 8, 8], 5, 0),
        ([17, 17, 17], 100, 0),
        ([10, 10, 10], 100, 12),
        ([16, 16, 3], 100, LANES),
        ([200], 90, 0),
    ],
)
def test_bits_are_set_where_they_are_cheaper(widths: list[int], rows: int, expected: int) -> None:
    """Not of a few rows, nor where no pair has few enough bins."""
    assert PairCounts(np.array(widths), span(1000), Helpers(1)).lanes(rows, rows) == expected
