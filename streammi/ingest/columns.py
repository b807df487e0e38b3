"""What was found in messages, collected in order: samples as rows, or whole arrays, until a batch is made of them."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.timestamps import scale
from streammi.records import FloatArray

Row: TypeAlias = tuple[Any, ...]  # a value a signal, then the time (NaN: none) and the sequence number (NaN: none)


class Columns:
    """Samples of several signals with their times and sequence numbers.

    >>> columns = Columns(2, labels=False)
    >>> columns.add((1.0, 2.0, np.nan, 7))
    >>> columns.add_block([np.array([3.0]), np.array([4.0])])
    >>> values, t = columns.take()
    >>> [v.tolist() for v in values], t
    ([[1.0, 3.0], [2.0, 4.0]], None)
    """

    def __init__(self, signals: int, labels: bool) -> None:
        self.sequence = Sequence()
        self._signals, self._dtype = signals, np.object_ if labels else np.float64
        self._rows: list[Row] = []
        self._blocks: list[tuple[list[NDArray[Any]], FloatArray | None]] = []
        self.add: Callable[[Row], None] = self._rows.append

    def add_block(self, values: list[NDArray[Any]], t: FloatArray | None = None, seq: float = np.nan) -> None:
        """Add arrays of shape (n,), of any number type and stride; FeedError("lengths differ") when they do."""
        n = values[0].size
        if any(column.shape != (n,) for column in values) or (t is not None and t.shape != (n,)):
            raise FeedError("lengths differ", " and ".join(str(column.size) for column in values))
        self._close_rows()
        self.sequence.message(seq, n)
        self._blocks.append((values, t))

    def take(self) -> tuple[list[NDArray[Any]], FloatArray | None]:
        """The columns so far, each (n,), and their times, None where none has one; leaves nothing behind."""
        self._close_rows()
        blocks, self._blocks = self._blocks, []
        if not blocks:
            return [np.empty(0, dtype=self._dtype) for _ in range(self._signals)], None
        # One pass over everything, which also packs and converts: blocks may be views into messages.
        values = [
            np.concatenate([block[0][k] for block in blocks], dtype=self._dtype, casting="unsafe")
            for k in range(self._signals)
        ]
        if all(t is None for _, t in blocks):
            return values, None
        t = np.concatenate([np.full(block[0].size, np.nan) if t is None else t for block, t in blocks])
        return values, None if np.isnan(t).all() else t

    def _close_rows(self) -> None:
        if not self._rows:
            return
        table: NDArray[Any] = np.empty((len(self._rows), self._signals + 2), dtype=self._dtype)
        table[:] = self._rows
        self._rows.clear()
        *values, t, seq = (np.ascontiguousarray(column) for column in table.T)
        self.sequence.samples(seq.astype(np.float64))
        self._blocks.append((values, scale(t.astype(np.float64))))


class Sequence:
    """Sequence numbers: what is missing between them, and how often they began again."""

    def __init__(self) -> None:
        self.gaps = 0  # samples that never came
        self.resets = 0  # the numbers stepped back: the sender began again, or the network changed the order
        self._next: float | None = None

    def samples(self, seq: FloatArray) -> None:
        """Check the numbers of consecutive samples, shape (n,); NaN where a sample has none."""
        seq = seq[np.isfinite(seq)]
        if seq.size:
            expected = np.concatenate(([seq[0] if self._next is None else self._next], seq[:-1] + 1))
            self._judge(seq - expected)
            self._next = float(seq[-1]) + 1

    def message(self, seq: float, n: int) -> None:
        """Check the number of a message with ``n`` samples, which counts messages."""
        self.samples(np.array([seq]))

    def _judge(self, ahead: FloatArray) -> None:
        self.gaps += int(ahead[ahead > 0].sum())
        self.resets += int((ahead < 0).sum())
