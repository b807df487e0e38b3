"""Tiles: the matrix of many channels in squares of pairs, each counted where it is, of the values of two blocks."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from streammi.config import EstimatorName, Unit
from streammi.core.bins import binning
from streammi.core.bins.binning import Bins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.channels.matrices import Measure
from streammi.interop.spark import packed
from streammi.records import FloatArray, codec

BLOCK: Final = "spark channels 1"
PIECES: Final = pa.schema([("tile", pa.int32()), ("side", pa.int8()), ("data", pa.binary())])
PAIRS: Final = "x string, y string, value double"
FIRST, SECOND, BOTH = range(3)  # the sides of a tile on which a block is


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The question that is asked of each pair, and the bins of all channels."""

    bins: Any  # as streammi.core.bins.binning makes them plain
    measure: Measure
    estimator: EstimatorName | None
    unit: Unit
    least: float | None  # pairs below it are left out


def tile_number(first: int, second: int) -> int:
    """The number of the tile of two blocks, the first not the later one: 0 of (0, 0), 1 of (0, 1), 2 of (1, 1).

    >>> [tile_number(a, b) for b in range(3) for a in range(b + 1)]
    [0, 1, 2, 3, 4, 5]
    """
    return second * (second + 1) // 2 + first


def block_of(names: list[str], values: FloatArray) -> bytes:
    """Channels with their values (k, n), NaN where there is none, as bytes."""
    there = np.isfinite(values)
    columns = [packed.pack(row[mask]) for row, mask in zip(values, there, strict=True)]
    holes = [b"" if mask.all() else np.packbits(mask).tobytes() for mask in there]
    return codec.pack(BLOCK, {"names": names, "rows": values.shape[1], "columns": columns, "holes": holes}, [])


def of_block(data: bytes) -> tuple[list[str], FloatArray]:
    """The channels of ``block_of`` and their values (k, n)."""
    header, _ = codec.unpack(BLOCK, data)
    rows = header["rows"]
    values = np.full((len(header["names"]), rows), np.nan)
    for row, column, hole in zip(values, header["columns"], header["holes"], strict=True):
        there: Any = slice(None)
        if hole:
            there = np.unpackbits(np.frombuffer(hole, dtype=np.uint8), count=rows).astype(np.bool_)
        row[there] = packed.unpack(column)
    return header["names"], values


def pieces_of(block: int, blocks: int, data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """A block for each tile that it has a part in: the tile's number, the side, the bytes."""
    for other in range(blocks):
        first, second = min(block, other), max(block, other)
        yield tile_number(first, second), BOTH if first == second else SECOND if block == second else FIRST, data


class WideBlocks:
    """The rows of a window, with a column of each channel, to pieces of tiles, for ``mapInArrow``."""

    def __init__(self, names: list[str], size: int) -> None:
        self._names, self._size = names, size

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take in all rows: the order in the first column, then the channels."""
        table = pa.Table.from_batches([*batches], None) if batches else None
        if table is None or not table.num_rows:
            return
        rows = np.argsort(table.column(0).to_numpy(), kind="stable")
        blocks = -(-len(self._names) // self._size)
        for block in range(blocks):
            part = slice(block * self._size, (block + 1) * self._size)
            columns = [table.column(1 + k) for k in range(part.start, min(part.stop, len(self._names)))]
            values = np.stack([column.to_numpy().astype(np.float64, copy=False)[rows] for column in columns])
            yield _pieces(pieces_of(block, blocks, block_of(self._names[part], values)))


class LongBlocks:
    """The rows of a share of the channels, a value each, to pieces of tiles, for ``applyInArrow``."""

    def __init__(self, places: NDArray[Any], blocks: int) -> None:
        self._places, self._blocks = places, blocks

    def __call__(self, table: pa.Table) -> pa.Table:
        """Take in the rows of a block: its number, the channel, the order, the value."""
        names = sorted(set(table.column(1).to_pylist()))
        number = {name: k for k, name in enumerate(names)}
        row = np.array([number[name] for name in table.column(1).to_pylist()])
        order, value = table.column(2).to_numpy(), table.column(3).to_numpy().astype(np.float64, copy=False)
        sorting = np.argsort(value, kind="stable")  # of several at one place the largest, however they come
        values = np.full((len(names), self._places.size), np.nan)
        finite = sorting[np.isfinite(value[sorting])]
        values[row[finite], np.searchsorted(self._places, order[finite])] = value[finite]
        block = table.column(0)[0].as_py()
        return pa.Table.from_batches([_pieces(pieces_of(block, self._blocks, block_of(names, values)))])


class Tiles:
    """The pieces of tiles to the pairs of their channels, for ``applyInArrow``."""

    def __init__(self, question: Question) -> None:
        self._question = question

    def __call__(self, table: pa.Table) -> pa.Table:
        """Take in the one block or the two of a tile: tile, side, data.

        Of two blocks one may have no channels, where they are shared out by a hash: then there is no pair of them.
        """
        found = dict(zip(table.column(1).to_pylist(), table.column(2).to_pylist(), strict=True))
        if found.keys() in ({FIRST}, {SECOND}):
            return _pairs([], [], [])
        names, values = of_block(found[min(found)])
        ask = self._question
        if BOTH in found:
            matrix = _window(ask, names, values).matrix(ask.measure, estimator=ask.estimator, unit=ask.unit)
            rows, columns = np.triu_indices(len(names), 1)
            x, y, value = rows, columns, matrix[rows, columns]
            others = names
        else:
            others, other_values = of_block(found[SECOND])
            window = _window(ask, names + others, np.concatenate((values, other_values)))
            matrix = window.between(len(names), ask.measure, estimator=ask.estimator, unit=ask.unit)
            x, y = (index.ravel() for index in np.indices(matrix.shape))
            value = matrix.ravel()
        kept = ~np.isnan(value) if ask.least is None else value >= ask.least
        return _pairs(np.array(names, dtype=object)[x[kept]], np.array(others, dtype=object)[y[kept]], value[kept])


def _window(ask: Question, names: list[str], values: FloatArray) -> ChannelWindow:
    bins: Bins = binning.from_plain(ask.bins)
    window = ChannelWindow(bins, max(values.shape[1], 2), names)
    window.extend(values.T)
    return window


def _pieces(pieces: Iterable[tuple[int, int, bytes]]) -> pa.RecordBatch:
    tile, side, data = zip(*pieces, strict=True)
    arrays = [pa.array(tile, pa.int32()), pa.array(side, pa.int8()), pa.array(data, pa.binary())]
    return pa.RecordBatch.from_arrays(arrays, schema=PIECES)


def _pairs(x: ArrayLike, y: ArrayLike, value: ArrayLike) -> pa.Table:
    kinds = {"x": pa.string(), "y": pa.string(), "value": pa.float64()}
    return pa.table({name: pa.array(column, kinds[name]) for name, column in zip(kinds, (x, y, value), strict=True)})
