"""CodedRows: rows of many channels on their way into a window, coded by the bins of each, which are learnt of them."""

from functools import partial
from typing import Final

import numpy as np

from streammi.core.channels.channel_axes import ChannelAxes
from streammi.core.channels.helpers import Helpers
from streammi.core.channels.pair_counts import PairCounts
from streammi.core.channels.row_ring import RowRing, Symbols
from streammi.core.kernels import channel_rows
from streammi.records import FloatArray

CODE_NS: Final = 3.0  # a value, about


class CodedRows:
    """Takes rows in: into the ring, with their symbols, by the axes as they are, and has these looked at when due.

    What a refit makes of a channel's symbols is to be counted anew: so it tells the ``counts``.
    """

    def __init__(self, ring: RowRing, axes: ChannelAxes, counts: PairCounts, helpers: Helpers) -> None:
        self._ring, self._axes, self._counts, self._helpers = ring, axes, counts, helpers
        self.untimed = 0  # rows skipped for a time that is not finite

    def admit(self, rows: FloatArray, t: FloatArray | None) -> None:
        """Add the rows (m, C) that their times let in."""
        ring = self._ring
        if t is None and ring.newest > -np.inf:
            t = np.full(len(rows), ring.newest)  # a count window whose feed has lost its clock
        if t is None:
            self._add(rows, None)
            return
        timed = np.isfinite(t)
        if not timed.all():
            self.untimed += int(t.size - np.count_nonzero(timed))
            rows, t = rows[timed], t[timed]
        start = 0
        while start < len(rows):  # once, but where the clock is set back
            kept, clock, back = ring.admit(t[start:])
            self._axes.set_back(back)
            looked = rows[start : start + kept.size]
            self._add(looked if clock.size == kept.size else looked[kept], clock)
            start += kept.size

    def push(self, rows: FloatArray, t: FloatArray | None, symbols: Symbols | None = None) -> None:
        """Take in rows (m, C), by the bins as they are; their symbols go to ``symbols`` (C, m) too."""
        ring, axes, m = self._ring, self._axes, len(rows)
        if rows.flags.c_contiguous:
            values, across, along = rows.reshape(-1), 1, rows.shape[1]
        else:
            values, across, along = np.ascontiguousarray(rows.T).reshape(-1), m, 1
        values.flags.writeable = False  # as some are: the kernel is compiled for these
        place, at = ring.push(m, t)
        into, at = (ring.symbols, at) if symbols is None else (symbols, 0)
        missing = ring.symbols.dtype.type(ring.missing)
        known = values, m, across, along, place, ring.values, *axes.divided, missing, at, into, *axes.totals
        work = partial(channel_rows.take_in, *known), rows.shape[1], channel_rows.SIDE_BY_SIDE
        self._helpers.do(CODE_NS * values.size, work)
        for c in axes.labelled:
            _, outside = channel_rows.write_codes(axes.codes(c, rows[:, c]), missing, at, into[c])
            axes.clipped[c] += outside
        if symbols is not None:
            ring.keep(symbols)

    def check_due(self) -> None:
        """Have the bins looked at that it is time for, and the symbols written anew of those that were learnt."""
        due = self._axes.now_due(self._ring.newest).tolist()
        if not due:
            return
        ring = self._ring
        t, f = ring.times_in_order(), self._counts.table("plugin", ring.values.shape[1]).f
        newest = ring.first, ring.newest
        learnt = [c for c in due if self._axes.check(c, ring.values_of(c), t, f, newest)]
        if (self._axes.sizes > self._counts.widths).any():  # once for all: of 1,000 channels each time takes 1 ms
            self._counts.lay_out(self._axes.widths)
        for c in learnt:
            self.recode(c)

    def recode(self, c: int) -> None:
        """Write the symbols of a channel's values in the window anew."""
        ring = self._ring
        missing, at = ring.symbols.dtype.type(ring.missing), ring.tail % ring.symbols.shape[1]
        channel_rows.write_codes(self._axes.codes(c, ring.values_of(c)), missing, at, ring.symbols[c])
        self._counts.stale[c] = True

    def _add(self, rows: FloatArray, t: FloatArray | None) -> None:
        """Add rows that belong to the window, and learn where it is time to."""
        start = 0
        while start < len(rows):
            left = None if t is None else t[start:]
            stop = min(len(rows), start + self._axes.due(left))
            self.push(rows[start:stop], None if t is None else t[start:stop])
            start = stop
            self.check_due()
