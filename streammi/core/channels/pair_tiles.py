"""PairTiles: the sums of every pair of channels by tiles, each of which is one product of two matrices of integers.

A channel's symbols become rows of 0 and 1, one a bin; the product of those of two channels is their joint counts. So a
tile of a thousand channels with a thousand others is one large product, which is what a GPU does best, and the sums are
look-ups in the same int64 table as everywhere: the very integers that are counted one by one. A value that is missing
is 0 in each row, and so counts in no pair. The arrays are numpy's or cupy's, as the Arithmetic has them.
"""

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from streammi.core.channels.row_ring import Symbols
from streammi.records import IntArray

TILE_CELLS: Final = 1 << 26  # of a tile at most: 256 MiB of int32, 1,024 channels with 1,024 of 8 bins
PIECE: Final = 1 << 16  # rows of a product at most: what is counted in float32 is exact below 2**24
HELD_BYTES: Final = 1 << 30  # of 0 and 1 that are made once; more are made anew for each tile
ALIGNED: Final = 16  # rows and bins are filled up with 0 to a multiple of this: cuBLAS asks for 4, and is faster at 16


class Arithmetic(Protocol):
    """The arithmetic of a tile, and where it is done: on the host by numpy, or on a GPU by cupy."""

    xp: Any  # the module of the arrays

    def product(self, first: Any, second: Any) -> Any:
        """``first @ second.T`` of int8 (m, k) and (l, k), as int32 (m, l)."""

    def sums(self, counts: Any, f: Any, bins: int, full: bool) -> Any:
        """``sums_of_tile``, or what equals it to the last bit."""

    def fetched(self, array: Any) -> NDArray[Any]:
        """An array as one of numpy's."""


class Tile(NamedTuple):
    """The sums of channels from ``row`` on with channels from ``column`` on, (1, k, l) or (4, k, l).

    They are S_xy alone where no channel misses a value, else the pairs of values, S_x, S_y and S_xy.
    """

    row: int
    column: int
    sums: Any


class PairTiles:
    """The sums of all pairs of channels with up to ``bins`` bins each.

    >>> symbols = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1]], dtype=np.uint8)
    >>> none = np.zeros(3, dtype=np.bool_)
    >>> squares = np.arange(5) ** 2
    >>> (tile,) = PairTiles(OnHost(), 2).of(symbols, symbols, 255, squares, none)
    >>> tile.sums[0]
    array([[8, 8, 4],
           [8, 8, 4],
           [4, 4, 8]])
    """

    def __init__(self, arithmetic: Arithmetic, bins: int) -> None:
        self._arithmetic, self._bins = arithmetic, bins
        self._channels = max(math.isqrt(TILE_CELLS) // bins, 1)  # of a tile

    def of(
        self, symbols: Symbols, others: Symbols, missing: int, f: IntArray, gappy: NDArray[np.bool_]
    ) -> Iterator[Tile]:
        """The tiles of the upper triangle, by a table ``f`` of up to n entries.

        Each pair is a channel of ``symbols`` (C, n) and a later one of ``others`` (C, n), which is the same array but
        for a null. ``gappy`` (C,) says which miss a value, which has the symbol ``missing``.
        """
        table, size, count = self._arithmetic.xp.asarray(f), self._channels, len(symbols)
        first = _OneHot(self._arithmetic.xp, symbols, missing, self._bins, size)
        second = first if others is symbols else _OneHot(self._arithmetic.xp, others, missing, self._bins, size)
        for row in range(0, count, size):
            for column in range(row, count, size):
                full = bool(gappy[row : row + size].any() or gappy[column : column + size].any())
                counts = self._counts(first, second, row, column)
                yield Tile(row, column, self._arithmetic.sums(counts, table, self._bins, full))

    def packed(self, tiles: Iterator[Tile], out: IntArray) -> None:
        """Write the sums of all pairs to ``out`` (4, P), whose first three rows hold those of pairs without a gap."""
        channels = round((1 + math.sqrt(1 + 8 * out.shape[1])) / 2)
        for tile in tiles:
            sums = self._arithmetic.fetched(tile.sums)
            into = out[4 - len(sums) :]
            for k in range(sums.shape[1]):
                i = tile.row + k
                j = max(tile.column, i + 1)
                at = i * (2 * channels - i - 1) // 2 + j - i - 1
                into[:, at : at + sums.shape[2] - (j - tile.column)] = sums[:, k, j - tile.column :]

    def _counts(self, first: "_OneHot", second: "_OneHot", row: int, column: int) -> Any:
        """The joint counts of a tile, int32 (k * bins, l * bins)."""
        product, counts = self._arithmetic.product, None
        for piece in range(first.pieces):
            part = product(first.rows(row, piece), second.rows(column, piece))
            counts = part if counts is None else counts + part
        assert counts is not None
        return counts[: first.height(row), : second.height(column)]


class _OneHot:
    """Symbols (C, n) as 0 and 1, int8, made by ``size`` channels and PIECE rows as they are asked for."""

    def __init__(self, xp: Any, symbols: Symbols, missing: int, bins: int, size: int) -> None:
        self._xp, self._missing, self._bins, self._size = xp, missing, bins, size
        self._symbols = symbols
        self._levels = xp.arange(bins, dtype=symbols.dtype)[None, :, None]
        self.pieces = max(-(-symbols.shape[1] // PIECE), 1)
        self._held: dict[tuple[int, int], Any] | None = {} if symbols.size * bins <= HELD_BYTES else None

    def height(self, start: int) -> int:
        """How many rows of 0 and 1 the channels from ``start`` on have."""
        return min(self._size, len(self._symbols) - start) * self._bins

    def rows(self, start: int, piece: int) -> Any:
        """Those of the channels from ``start`` on in a piece of the rows, filled up with 0 at both ends."""
        if self._held is None:
            return self._made(start, piece)
        if (start, piece) not in self._held:
            self._held[start, piece] = self._made(start, piece)
        return self._held[start, piece]

    def _made(self, start: int, piece: int) -> Any:
        part = self._symbols[start : start + self._size, piece * PIECE : (piece + 1) * PIECE]
        named = self._xp.asarray(part)[:, None, :]
        height, length = self.height(start), part.shape[1]
        made = self._xp.zeros((_filled(height), _filled(length)), dtype=np.int8)
        made[:height, :length] = (named == self._levels).reshape(height, length)
        return made


class OnHost:
    """The arithmetic of tiles by numpy: what a GPU's is held against."""

    xp: Any = np

    def product(self, first: Any, second: Any) -> Any:
        """In float32, which is exact: there are fewer rows than 2**24."""
        return (first.astype(np.float32) @ second.astype(np.float32).T).astype(np.int32)

    def sums(self, counts: Any, f: Any, bins: int, full: bool) -> Any:
        """``sums_of_tile``."""
        return sums_of_tile(np, counts, f, bins, full)

    def fetched(self, array: Any) -> NDArray[Any]:
        """The array itself."""
        fetched: NDArray[Any] = array
        return fetched


def sums_of_tile(xp: Any, counts: Any, f: Any, bins: int, full: bool) -> Any:
    """The sums of the table ``f`` over the joint counts of a tile, int32 (k * bins, l * bins): int64 (1 or 4, k, l).

    S_xy, or where it is ``full`` also the pairs of values, S_x and S_y before it.
    """
    cells = counts.reshape(counts.shape[0] // bins, bins, counts.shape[1] // bins, bins)
    s_xy = f[cells].sum(axis=(1, 3))
    if not full:
        return s_xy[None]
    x, y = cells.sum(axis=3), cells.sum(axis=1)
    return xp.stack((x.sum(axis=1), f[x].sum(axis=1), f[y].sum(axis=2), s_xy)).astype(np.int64)


def _filled(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
