"""Rows of a DataFrame into blocks of samples, one of each shard: few and large instead of many and small.

Spark shuffles, sorts and hands over rows one by one, at a microsecond and more each; blocks it hands over as bytes.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from streammi.interop.spark.samples import Samples, X, to_block
from streammi.records import FloatArray

BLOCKS: Final = pa.schema([("shard", pa.int32()), ("data", pa.binary())])
LATEST: Final = 253_402_300_799.0  # s: the end of the year 9999; what is further off is no time, or not in seconds
AT_ONCE: Final = 1 << 22  # bytes of rows that are made blocks of together


class Layout(msgspec.Struct, frozen=True):
    """The columns of the rows: shard, key, order, and ``numbers`` more, of numbers or of arrays of them."""

    numbers: int
    arrays: bool
    ordered: bool  # the order is an array too: each sample has its own


class Blocks:
    """Batches of rows to batches of blocks, for ``mapInArrow``.

    With each partition comes an empty block of shard 0, which there is whatever the number of shards: so its settings
    are looked at in each batch. Where there are more shards than before, and few keys, all of these may be in shards
    that are new, and would begin anew without a word.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take in the rows of a partition."""
        waiting: list[pa.RecordBatch] = []
        size = 0
        for batch in batches:
            waiting.append(batch)
            size += batch.nbytes
            if size >= AT_ONCE:
                yield _blocks(self._layout, waiting)
                waiting, size = [], 0
        if waiting:
            yield _blocks(self._layout, waiting)
        yield _batch([0], [b""])


def _blocks(layout: Layout, batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    made = [(shard, to_block(*content)) for shard, content in by_shard(layout, pa.Table.from_batches(batches))]
    return _batch([shard for shard, _ in made], [data for _, data in made])


def _batch(shards: list[int], data: list[bytes]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(shards, pa.int32()), pa.array(data, pa.binary())], schema=BLOCKS)


def by_shard(layout: Layout, table: pa.Table) -> Iterator[tuple[int, tuple[list[Any], list[int], Samples]]]:
    """The rows of each shard: their keys, how many samples each has, and these, one key after the other."""
    table = table.combine_chunks()
    shard = table.column(0).to_numpy()
    coded = pc.dictionary_encode(table.column(1)).combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    keys, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()
    group = shard.astype(np.int64) * max(len(keys), 1) + codes
    rows = np.argsort(group, kind="stable")
    samples, sizes = _arrays(layout, table, rows) if layout.arrays else (_long(layout, table, rows), None)
    group = group[rows]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.concatenate((starts[1:], [group.size]))
    below = np.arange(group.size + 1) if sizes is None else np.concatenate(([0], np.cumsum(sizes)))
    found: dict[int, list[tuple[Any, int, int]]] = {}
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        row = rows[start]
        found.setdefault(int(shard[row]), []).append((keys[codes[row]], int(below[start]), int(below[end])))
    for number, some in found.items():
        part = slice(some[0][1], some[-1][2])
        yield number, ([key for key, _, _ in some], [stop - start for _, start, stop in some], samples.at(part))


def _long(layout: Layout, table: pa.Table, rows: NDArray[np.int64]) -> Samples:
    numbers = np.empty((layout.numbers, rows.size))
    for k in range(layout.numbers):
        numbers[k] = _floats(table.column(3 + k))[rows]
    return Samples(table.column(2).to_numpy()[rows], np.zeros(rows.size, dtype=np.uint32), numbers)


def _arrays(layout: Layout, table: pa.Table, rows: NDArray[np.int64]) -> tuple[Samples, NDArray[np.int64]]:
    """The samples of rows of arrays, and how many each row has, (rows,)."""
    taken = table.take(pa.array(rows))
    sizes = pc.list_value_length(taken.column(3)).to_numpy().astype(np.int64)
    numbers = np.stack([_floats(pc.list_flatten(taken.column(3 + k))) for k in range(layout.numbers)])
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    if layout.ordered:
        order = _forward(_floats(pc.list_flatten(taken.column(2))), sizes, numbers)
    else:
        order = np.repeat(taken.column(2).to_numpy(), sizes)
    return Samples(order, place.astype(np.uint32), numbers), sizes


def _forward(times: FloatArray, sizes: NDArray[np.int64], numbers: FloatArray) -> FloatArray:
    """Times (n,) in which a sample without one has that of the nearest before it in its row, or else behind it.

    So has one whose time is none. It stays where it stands, and its x goes: as a pair that is not finite it is counted,
    and in no window. A row in which no sample has a time stays without.
    """
    known = np.abs(times) <= LATEST
    if known.all():
        return times
    numbers[X, ~known] = np.nan
    row = np.repeat(np.arange(sizes.size), sizes)
    at = np.arange(times.size)
    before = np.maximum.accumulate(np.where(known, at, -1))
    behind = np.minimum.accumulate(np.where(known, at, times.size)[::-1])[::-1]
    found = times.copy()
    for source in (behind, before):  # what is before it last: it is the better one
        fits = ~known & (source >= 0) & (source < times.size)
        fits[fits] = row[source[fits]] == row[fits]
        found[fits] = times[source[fits]]
    return found


def _floats(column: Any) -> FloatArray:
    """A column of numbers, with NaN where there is none."""
    values: FloatArray = column.to_numpy().astype(np.float64, copy=False)
    return values
