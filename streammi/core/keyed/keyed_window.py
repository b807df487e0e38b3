"""KeyedWindow: the windows of thousands of devices, in arrays that all of them share."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import MAX_KEYS, MOST_KEYS, EstimatorName, Span, span
from streammi.core import finite_values
from streammi.core.bins import binning
from streammi.core.bins.binning import Bins, Categories, EdgeBins, UniformBins
from streammi.core.bins.schedule import LEARN_FROM
from streammi.core.information.measures import NOT_KNOWN
from streammi.core.kernels import keyed as kernels
from streammi.core.kernels.keyed import HEAD, PAIRS, STATE_SIZE, N
from streammi.core.window.joint_window import JointWindow
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray, Reading, Unit, codec

FORMAT: Final = "keyed window 2"


class KeyedWindow:
    """A window of the last ``size`` pairs of each key, for up to ``max_keys`` keys, in the order of their arrival.

    A key gets its window with its first pair. Beyond ``max_keys`` keys there are no more windows, and the pairs are
    counted in ``refused``. ``window`` and ``reading`` return for a key what a JointWindow with its pairs alone returns.
    Learnt bins are learnt from the pairs that are in the window when you ask, as by a JointWindow whose first window
    these are. So a key takes the memory of its values, 16 bytes a pair, and taking in a pair costs the same whatever
    you ask. Raises ConfigError for a size, a number of keys or bins that cannot work.

    >>> bins = UniformBins(0, 4, 4)
    >>> windows = KeyedWindow(bins, bins, size=4)
    >>> windows.extend(["a", "b", "a", "a", "a"], [0, 7, 1, 2, 3], [0, 7, 1, 2, 3])
    >>> windows.window("a").mi, len(windows), windows.totals("b")["clipped"]
    (2.0, 2, 1)
    """

    def __init__(
        self, x_bins: Bins, y_bins: Bins, size: int | str | timedelta | Span, *, max_keys: int = MAX_KEYS
    ) -> None:
        self._span = span(size, "window", least_pairs=2)
        if self._span.pairs is None:
            raise ConfigError("window", "a number of pairs, such as 1000, of many keys", str(self._span))
        for name, bins in (("x_bins", x_bins), ("y_bins", y_bins)):
            if not isinstance(bins, Bins) or isinstance(bins, Categories):
                raise ConfigError(name, "UniformBins, EdgeBins, QuantileBins or SpanBins of many keys", bins)
        if isinstance(max_keys, bool) or not isinstance(max_keys, int) or not 1 <= max_keys <= MOST_KEYS:
            raise ConfigError("max_keys", f"a whole number from 1 to {MOST_KEYS:,}", max_keys)
        self._bins, self.max_keys = (x_bins, y_bins), max_keys
        self._ranges = *_range_of(x_bins), *_range_of(y_bins)
        self._learns = not all(isinstance(bins, UniformBins | EdgeBins) for bins in self._bins)
        self._values, self._state = self._room(max_keys)
        self._slots: dict[str, int] = {}
        self._free: list[int] = []  # slots of keys that were forgotten, the last one last
        self.refused = 0  # pairs of keys beyond the limit

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: object) -> bool:
        return key in self._slots

    def __repr__(self) -> str:
        return f"<KeyedWindow of {self._span}, {len(self)} of {self.max_keys} keys>"

    @property
    def size(self) -> Span:
        """The length of each window."""
        return self._span

    @property
    def keys(self) -> list[str]:
        """The keys that have a window, in the order in which they came."""
        return list(self._slots)

    def slot(self, key: str) -> int:
        """The number of a key's window, below ``max_keys``, while it has one; ConfigError where it has none."""
        if key not in self._slots:
            raise ConfigError("key", "one that has a window", key)
        return self._slots[key]

    @property
    def slots(self) -> IntArray:
        """The number of each of ``keys``."""
        return np.fromiter(self._slots.values(), dtype=np.int64, count=len(self._slots))

    @property
    def pairs(self) -> IntArray:
        """The pairs that each slot has taken in, shape (max_keys,) or more: a read-only view."""
        view = self._state[:, PAIRS]
        view.flags.writeable = False
        return view

    def extend(self, keys: Sequence[str], xs: ArrayLike, ys: ArrayLike) -> None:
        """Take in pairs, arrays of shape (n,), with the key of each, in order.

        A pair that is not finite, or masked, is skipped and counted for its key. Raises ConfigError, and leaves all
        windows as they were, for values that are no numbers, and for arrays that are not of one length.
        """
        x, y = finite_values.numbers(xs, "xs"), finite_values.numbers(ys, "ys")
        if not x.size == y.size == len(keys):
            raise ConfigError("keys, xs and ys", "of one length", (len(keys), x.size, y.size))
        self.enter(self.admit(keys), x, y)

    def admit(self, keys: Sequence[str]) -> IntArray:
        """The slots of the keys (n,), of new ones too, -1 for those that are beyond the limit, which are counted."""
        known = self._slots
        try:
            return np.array([known[key] for key in keys], dtype=np.int64)
        except KeyError:
            slots = np.array([self._slot_of(key) for key in keys], dtype=np.int64)
        self.refused += int((slots < 0).sum())
        return slots

    def enter(self, slots: IntArray, x: FloatArray, y: FloatArray) -> None:
        """Take in pairs (n,) of keys with these ``slots`` (n,)."""
        kernels.enter(slots, x, y, *self._ranges, self._values, self._state)

    def limit(self, max_keys: int) -> None:
        """Let so many keys have a window from now on; those that have one keep it, also where they are more."""
        if max_keys > len(self._state):
            used = len(self._slots) + len(self._free)
            values, state = self._room(max_keys)
            values[:used], state[:used] = self._values[:used], self._state[:used]
            self._values, self._state = values, state
        self.max_keys = max_keys

    def forget(self, key: str) -> None:
        """Let a key's window go; with its next pair it begins anew."""
        slot = self.slot(key)
        del self._slots[key]
        self._state[slot] = 0
        self._free.append(slot)

    # What a window says ---------------------------------------------------------------------------------------------

    def totals(self, key: str) -> dict[str, int]:
        """The totals of a key since its window began, by their names in a Reading."""
        _, _, pairs, clipped, nonfinite = self._state[self.slot(key)].tolist()
        return {"pairs": pairs, "clipped": clipped, "nonfinite": nonfinite}

    @property
    def all_totals(self) -> dict[str, int]:
        """The totals of all keys that have a window, together."""
        _, _, pairs, clipped, nonfinite = self._state.sum(axis=0).tolist()
        return {"pairs": pairs, "clipped": clipped, "nonfinite": nonfinite}

    def values(self, key: str) -> FloatArray:
        """The values of a key's window, oldest first, shape (2, n); a copy."""
        slot = self.slot(key)
        head, n = self._state[slot, HEAD].item(), self._state[slot, N].item()
        ring = self._values[slot]
        return ring[:, :n].copy() if n < ring.shape[1] else np.roll(ring, -head, axis=1)

    def window(self, key: str) -> JointWindow:
        """A key's window as a JointWindow of its own; O(n)."""
        assert self._span.pairs is not None
        values = self.values(key)
        few = values.shape[1] < min(LEARN_FROM, self._span.pairs)
        if self._learns and not few:
            return JointWindow.learnt_at_once(*self._bins, self._span, *values)
        window = JointWindow(*self._bins, self._span)
        window.extend(*values)
        return window

    def reading(
        self, key: str, unit: Unit = "bit", estimator: EstimatorName | None = None, *, batched: bool = False
    ) -> Reading | None:
        """The reading of a key's window, as JointWindow's; None before there is anything, or there are bins. O(n).

        ``batched``: with the standard errors for signals with a memory.
        """
        window = self.window(key)
        reading = window.reading(unit, estimator, window.batch_errors(estimator) if batched else NOT_KNOWN)
        if reading is None:
            return None
        totals: dict[str, Any] = self.totals(key)
        return msgspec.structs.replace(reading, **totals)

    # Its state ------------------------------------------------------------------------------------------------------

    def state(self) -> codec.State:
        """The whole state as plain values and arrays; what does not matter for what follows is not in it."""
        header = {
            "span": [self._span.pairs, self._span.seconds],
            "bins": [binning.to_plain(bins) for bins in self._bins],
            "max_keys": self.max_keys,
            "keys": list(self._slots),
            "slots": list(self._slots.values()),
            "free": list(self._free),
            "refused": self.refused,
        }
        state = self._state[self.slots].copy()
        state[:, HEAD] = 0
        pieces = [self.values(key) for key in self._slots]
        values = np.concatenate(pieces, axis=1) if pieces else np.zeros((2, 0))
        return header, [state, values]

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]]) -> "KeyedWindow":
        """The windows whose ``state`` this is: from then on they say what those would have said."""
        state, values = arrays
        x_bins, y_bins = (binning.from_plain(bins) for bins in header["bins"])
        slots, free = header["slots"], header["free"]
        windows = cls(x_bins, y_bins, Span(*header["span"]), max_keys=max(header["max_keys"], len(slots) + len(free)))
        windows.limit(header["max_keys"])
        windows._slots, windows._free = dict(zip(header["keys"], slots, strict=True)), list(free)
        windows._state[slots] = state
        windows.refused = header["refused"]
        start = 0
        for slot, n in zip(slots, state[:, N].tolist(), strict=True):
            windows._values[slot, :, :n] = values[:, start : start + n]
            windows._state[slot, HEAD] = n % windows._values.shape[2]
            start += n
        return windows

    def to_bytes(self) -> bytes:
        """The whole state, with a version and a checksum."""
        return codec.pack(FORMAT, *self.state())

    @classmethod
    def from_bytes(cls, data: bytes) -> "KeyedWindow":
        """The windows that ``to_bytes`` saved; ConfigError when the bytes are cut, changed or foreign."""
        return cls.from_state(*codec.unpack(FORMAT, data))

    # How it is done -------------------------------------------------------------------------------------------------

    def _room(self, keys: int) -> tuple[FloatArray, IntArray]:
        """Values and states of so many keys; of a slot that no key has had the system keeps no page."""
        assert self._span.pairs is not None
        try:
            return np.zeros((keys, 2, self._span.pairs)), np.zeros((keys, STATE_SIZE), dtype=np.int64)
        except MemoryError:
            rule = f"so few that {16 * self._span.pairs:,} bytes for each can be had"
            raise ConfigError("max_keys", rule, keys) from None

    def _slot_of(self, key: str) -> int:
        slot = self._slots.get(key)
        if slot is not None:
            return slot
        if not isinstance(key, str):
            raise ConfigError("keys", "texts", key)
        if len(self._slots) >= self.max_keys:
            return -1
        slot = self._slots[key] = self._free.pop() if self._free else len(self._slots) + len(self._free)
        return slot


def _range_of(bins: Bins) -> tuple[float, float]:
    """Beyond which values are clipped: what is learnt clips nothing."""
    if isinstance(bins, UniformBins):
        return bins.low, bins.high
    return (bins.edges.item(0), bins.edges.item(-1)) if isinstance(bins, EdgeBins) else (-math.inf, math.inf)
