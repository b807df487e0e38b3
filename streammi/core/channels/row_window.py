"""RowWindow: the rows of many channels in a sliding window, taken in, coded and counted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import Span, span
from streammi.core import finite_values
from streammi.core.bins import binning
from streammi.core.bins.binning import Axis, Bins
from streammi.core.channels import cuda
from streammi.core.channels.channel_axes import ChannelAxes, check_bins
from streammi.core.channels.checked_rows import as_rows, check_names
from streammi.core.channels.coded_rows import CodedRows
from streammi.core.channels.gpu_counts import DeviceCounts
from streammi.core.channels.helpers import Helpers
from streammi.core.channels.pair_counts import PairCounts
from streammi.core.channels.row_ring import RowRing, Symbols
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray, codec
from streammi.records.picklable import Picklable

CHUNK: Final = 1 << 20  # values coded at a time: 8 MiB
MOST_CHANNELS: Final = 1 << 15
MOST_THREADS: Final = 256


class RowWindow(Picklable):
    """The rows of channels in a window, coded by the bins of each, and the counts of every pair of them.

    Of how long and of what it is, and of what goes in and how, see ChannelWindow, which says what is known of pairs.
    """

    def __init__(
        self,
        bins: Bins | Sequence[Bins],
        size: int | str | timedelta | Span,
        names: Sequence[str] | None = None,
        *,
        threads: int = 1,
        device: str | None = None,
    ) -> None:
        self._span = span(size, "size", least_pairs=2)
        if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
            raise ConfigError("threads", f"a whole number from 1 to {MOST_THREADS}", threads)
        self._threads, self._device = threads, device
        self._arithmetic = None if device is None else cuda.arithmetic_of(device)
        self._names = None if names is None else check_names(names)
        self._bins = bins
        several = check_bins(bins, None if self._names is None else len(self._names))
        if self._names is None and not isinstance(bins, Bins):
            self._names = tuple(map(str, range(len(several))))
        if self._names is not None:
            self._begin(self._names)

    def _begin(self, names: tuple[str, ...]) -> None:
        if not 1 <= len(names) <= MOST_CHANNELS:
            raise ConfigError("channels", f"1 to {MOST_CHANNELS:,}", len(names))
        self._names = names
        self._axes = ChannelAxes(check_bins(self._bins, len(names)), self._span)
        widths = self._axes.widths
        symbols = np.uint8 if int(widths.max()) <= 255 else np.uint16
        self._ring = RowRing(len(names), self._span, symbols)
        helpers = Helpers(self._threads)
        self._counts = (
            PairCounts(widths, self._span, helpers)
            if self._arithmetic is None
            else DeviceCounts(widths, self._span, helpers, self._arithmetic)
        )
        self._coded = CodedRows(self._ring, self._axes, self._counts, helpers)

    # What the window says -------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        size = str(self._span).replace("pairs", "rows")
        return f"<ChannelWindow of {len(self.names)} channels, {size}, {self.n} in it>"

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names; none before the first row where they are not given."""
        return self._names or ()

    @property
    def size(self) -> Span:
        """The window's length: rows (its ``pairs``) or seconds."""
        return self._span

    @property
    def n(self) -> int:
        """Rows in the window now."""
        return self._ring.n if self._names else 0

    @property
    def rows(self) -> int:
        """Rows taken in since the start."""
        return self._ring.head if self._names else 0

    @property
    def fill(self) -> float:
        """The share of the window that is filled, 0 to 1."""
        if self._span.pairs:
            return self.n / self._span.pairs
        ring = self._ring
        return min((ring.newest - ring.first) / (self._span.seconds or 1.0), 1.0) if self.n else 0.0

    @property
    def totals(self) -> dict[str, int]:
        """Rows since the start: all, those late, those dropped for their time, and those without a time."""
        if not self._names:
            return dict.fromkeys(("rows", "late", "dropped", "untimed"), 0)
        return {
            "rows": self.rows,
            "late": self._ring.late,
            "dropped": self._ring.dropped,
            "untimed": self._coded.untimed,
        }

    @property
    def set_back(self) -> float:
        """By how many seconds altogether the clock of the rows was set back, so far."""
        return self._ring.set_back if self._names else 0.0

    @property
    def t0(self) -> float | None:
        """The time of the oldest row, s; None where it came without."""
        return self._time(self._ring.tail) if self.n else None

    @property
    def t1(self) -> float | None:
        """The time of the newest row, s; None where it came without."""
        return self._time(self._ring.head - 1) if self.n else None

    @property
    def axes(self) -> tuple[Axis | None, ...]:
        """How each channel is divided now; None until its bins are learnt."""
        known = self._axes.known if self._names else ()
        return tuple(axis if there else None for axis, there in zip(self._axes.now, known, strict=True))

    @property
    def epochs(self) -> IntArray:
        """How often the bins of each channel were learnt: from the first window, as it filled, and then anew; (C,)."""
        return self._known_axes().epochs

    @property
    def missing(self) -> IntArray:
        """Values that each channel did not have, or that were not finite, since the start; (C,)."""
        return self._known_axes().absent.copy()

    @property
    def clipped(self) -> IntArray:
        """Values of each channel outside the range that was given, since the start; (C,)."""
        return self._known_axes().clipped.copy()

    @property
    def bins(self) -> list[Bins]:
        """The bins that were asked for of each channel."""
        return self._known_axes().bins

    @property
    def ring(self) -> RowRing:
        """The window's rows: to be looked at alone."""
        self._known_axes()
        return self._ring

    @property
    def due(self) -> int:
        """How many of the next rows, without times, may come until some channel's bins are looked at: a bound."""
        return self._known_axes().due(None)

    def values(self, name: str | int) -> FloatArray:
        """The window's values of a channel, by name or number, oldest first, shape (n,); NaN where there is none."""
        return self._ring.values_of(self.number(name))

    def number(self, name: str | int) -> int:
        """The number of a channel, by its name, or the number itself; ConfigError for what is none."""
        names = self.names
        if isinstance(name, str) and name in names:
            return names.index(name)
        if isinstance(name, int) and 0 <= name < len(names):
            return name
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise ConfigError("channel", f"one of {shown}" if names else "known: by the names, or the first row", name)

    # What goes in ---------------------------------------------------------------------------------------------------

    def update(self, row: ArrayLike, t: float | None = None) -> None:
        """Take in one row, shape (C,), whose time in seconds is ``t``."""
        values = as_rows(row, 1)
        self.extend(values[None, :], None if t is None else [t])

    def extend(self, rows: ArrayLike, ts: ArrayLike | None = None) -> None:
        """Take in rows, shape (n, C), in order; ``ts`` (n,) are their times in seconds.

        A value that is not finite, or masked, or None, is missing. A row whose time steps back is late, or dropped, as
        a pair is in a JointWindow; one whose time is not finite is skipped and counted. Raises ConfigError, and leaves
        the window as it was, for rows that are not numbers or not of the shape, and when a time window gets no times.
        """
        values = as_rows(rows, 2)
        if self._names is None:
            if not len(values):
                return
            self._begin(tuple(map(str, range(values.shape[1]))))
        if values.shape[1] != len(self.names):
            raise ConfigError("rows", f"of {len(self.names)} values, one a channel", values.shape)
        t = None if ts is None else finite_values.numbers(ts, "ts")
        if t is None and self._span.seconds:
            raise ConfigError("ts", "given for each row of a time window")
        if t is not None and t.size != len(values):
            raise ConfigError("rows and ts", "of one length", (len(values), t.size))
        piece = max(CHUNK // values.shape[1], 1)
        for start in range(0, len(values), piece):
            part = slice(start, start + piece)
            self._coded.admit(values[part], None if t is None else t[part])

    def take(self, columns: FloatArray) -> Symbols:
        """Take in rows by columns, (C, m), all of them finite and without times; returns their symbols, (C, m).

        Bins are looked at behind the last row alone, so there must not be more than are ``due``.
        """
        newest = self._ring.newest  # of rows that came with times, before these
        symbols = np.empty(columns.shape, dtype=self._ring.symbols.dtype)
        self._coded.push(columns.T, np.full(columns.shape[1], newest) if newest > -np.inf else None, symbols)
        self._coded.check_due()
        return symbols

    def settle(self) -> None:
        """Count what has come since something was asked; whoever asks next need not wait for it."""
        if self._names:
            self._settled()

    # Its state ------------------------------------------------------------------------------------------------------

    def state(self) -> codec.State:
        """The whole state as plain values and arrays; equal windows have equal ones."""
        header: dict[str, Any] = {"span": [self._span.pairs, self._span.seconds], "threads": self._threads}
        if self._names is None:
            assert isinstance(self._bins, Bins)
            return {**header, "names": None, "bins": binning.to_plain(self._bins)}, []
        ring, ring_arrays = self._ring.state()
        axes, axes_arrays = self._axes.state()
        header |= {"names": list(self._names), "untimed": self._coded.untimed, "ring": ring, "axes": axes}
        return {**header, "arrays": len(ring_arrays)}, [*ring_arrays, *axes_arrays]

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]], device: str | None = None) -> Self:
        """The window whose ``state`` this is, bit for bit; what counts it is no part of it."""
        size, threads, names = Span(*header["span"]), header["threads"], header["names"]
        if names is None:
            return cls(binning.from_plain(header["bins"]), size, threads=threads, device=device)
        bins = [binning.from_plain(one) for one in header["axes"]["bins"]]
        window = cls(bins, size, names, threads=threads, device=device)
        window._coded.untimed = header["untimed"]
        window._ring.restore(header["ring"], arrays[: header["arrays"]])
        window._axes.restore(header["axes"], arrays[header["arrays"] :])
        window._counts.lay_out(window._axes.widths)
        for c in range(len(names)):
            window._coded.recode(c)
        return window

    def copy(self) -> Self:
        """An independent one with the same content, counted by the same device."""
        return self.from_state(*codec.unpack(self.FORMAT, self.to_bytes()), self._device)

    __copy__ = copy

    # How it is done -------------------------------------------------------------------------------------------------

    def _settled(self) -> PairCounts:
        """The counts of the window as it is now."""
        self._counts.follow(self._ring)
        return self._counts

    def _known_axes(self) -> ChannelAxes:
        if not self._names:
            raise ConfigError("channels", "known: by their names, or the first row")
        return self._axes

    def _time(self, row: int) -> float | None:
        times = self._ring.times
        t = np.nan if times is None else times.item(row % times.size)
        return t if np.isfinite(t) else None
