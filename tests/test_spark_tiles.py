"""The matrix in tiles, without Spark: what goes from one worker to the other, and what comes of it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from streammi.core.bins import binning
from streammi.core.bins.binning import Bins, QuantileBins, UniformBins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.errors import ConfigError
from streammi.interop.spark.tiles import LongBlocks, Question, Tiles, WideBlocks, block_of, of_block

ROWS, NAMES = 120, [f"c{k:02}" for k in range(17)]


def values(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = rng.random((len(NAMES), ROWS))
    found[1] = found[0] + rng.normal(0, 0.1, ROWS)
    found[3, 10:30], found[9, 5] = np.nan, np.inf
    found[6] = np.round(found[6], 1)
    return found


def tiled(pieces: list[pa.Table | pa.RecordBatch], question: Question) -> dict[tuple[str, str], float]:
    table = pa.concat_tables([one if isinstance(one, pa.Table) else pa.Table.from_batches([one]) for one in pieces])
    found: dict[tuple[str, str], float] = {}
    for tile in sorted(set(table.column("tile").to_pylist())):
        mask = pc.equal(table.column("tile"), tile)
        for row in Tiles(question)(table.filter(mask)).to_pylist():
            pair = row["x"], row["y"]
            assert pair not in found
            assert pair[::-1] not in found
            found[pair] = row["value"]
    return found


def hold(found: dict[tuple[str, str], float], window: ChannelWindow, question: Question) -> None:
    matrix = window.matrix(question.measure, estimator=question.estimator, unit=question.unit)
    assert (
        len(found)
        == len(NAMES) * (len(NAMES) - 1) // 2 - (np.isnan(matrix).sum() - np.isnan(matrix.diagonal()).sum()) // 2
    )
    for (x, y), value in found.items():
        assert value == matrix[window.number(x), window.number(y)]


CASES: list[tuple[Bins, dict[str, Any]]] = [
    (UniformBins(0, 1, 8), {"measure": "mi"}),
    (QuantileBins(6), {"measure": "mi", "unit": "nat"}),
    (UniformBins(0, 1, 8), {"measure": "mi_corrected"}),
    (UniformBins(0, 1, 5), {"measure": "mi_binned", "estimator": "grassberger"}),
    (UniformBins(0, 1, 4), {"measure": "pearson_r"}),
]


@pytest.mark.parametrize(("bins", "asked"), CASES)
def test_the_tiles_are_the_matrix_of_one_window(bins: Bins, asked: dict[str, Any]) -> None:
    settings = {"estimator": None, "unit": "bit", "least": None} | asked
    question = Question(bins=binning.to_plain(bins), **settings)
    window = ChannelWindow(bins, ROWS, NAMES)
    window.extend(values().T)
    order = np.random.default_rng(1).permutation(ROWS)  # as the rows come
    wide = pa.table({"order": order} | {name: row[order] for name, row in zip(NAMES, values(), strict=True)})
    batches = wide.to_batches(max_chunksize=50)
    for block in (1, 5, 17, 99):
        hold(tiled([*WideBlocks(NAMES, block)(iter(batches))], question), window, question)


def test_rows_of_a_value_each_find_their_places() -> None:
    question = Question(
        bins=binning.to_plain(UniformBins(0, 1, 8)), measure="mi", estimator=None, unit="bit", least=None
    )
    window = ChannelWindow(UniformBins(0, 1, 8), ROWS, NAMES)
    window.extend(values().T)
    rng = np.random.default_rng(2)
    places = np.sort(rng.random(ROWS)) + 1.7e9
    pieces = []
    for number, part in ((0, NAMES[::2]), (2, NAMES[1::2])):  # the hash has put no channel into blocks 1 and 3
        rows = [(number, name, t, v) for name in part for t, v in zip(places, values()[NAMES.index(name)], strict=True)]
        rows += [(number, part[0], places[7], -5.0)]  # again: the largest counts
        rng.shuffle(rows)
        pieces.append(
            LongBlocks(places, 4)(pa.table(dict(zip("bcov", map(list, zip(*rows, strict=True)), strict=True))))
        )
    hold(tiled(pieces, question), window, question)


def test_pairs_below_the_least_are_left_out() -> None:
    question = Question(
        bins=binning.to_plain(UniformBins(0, 1, 8)), measure="pearson_r", estimator=None, unit="bit", least=0.9
    )
    wide = pa.table({"order": np.arange(ROWS)} | dict(zip(NAMES, values(), strict=True)))
    assert list(tiled([*WideBlocks(NAMES, 5)(iter(wide.to_batches()))], question)) == [("c00", "c01")]


def test_a_block_comes_back_bit_for_bit() -> None:
    names, found = of_block(block_of(NAMES, values()))
    assert names == NAMES
    assert found.tobytes() == np.where(np.isfinite(values()), values(), np.nan).tobytes()


def test_between_leaves_the_window_as_it_was() -> None:
    window = ChannelWindow(UniformBins(0, 1, 8), ROWS, NAMES)
    window.extend(values()[:, :90].T)
    before = window.matrix("mi")
    assert np.array_equal(window.between(5), before[:5, 5:], equal_nan=True)
    assert np.array_equal(window.matrix("mi"), before, equal_nan=True)
    window.extend(values()[:, 90:].T)
    assert np.array_equal(window.between(16, "n"), window.matrix("n")[:16, 16:])
    with pytest.raises(ConfigError, match="first must be some of the channels"):
        window.between(17)
