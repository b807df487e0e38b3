"""KeyedMonitor: pairs of many devices in, readings of those that are due out. No I/O, no clock of its own."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.config import KeyedConfig
from streammi.core.keyed.keyed_window import KeyedWindow
from streammi.monitor.bins import bins_for
from streammi.records import IntArray, KeyedBatch, Reading
from streammi.records.codec import State

LIMIT: Final = "--max-keys"


class KeyedMonitor:
    """Takes pairs with their keys, and says of each key that has new ones what its window says, when it is due.

    A key is due ``every`` so many of its own pairs, or so many seconds after its first pair or its last reading. Those
    that have waited longest come first. ``notes`` are for the person watching.

    >>> from streammi.config import MonitorConfig, Span
    >>> pair = MonitorConfig(window=Span(pairs=100), every=Span(pairs=50))
    >>> monitor = KeyedMonitor(KeyedConfig(pair=pair, key="id"))
    >>> x = np.random.default_rng(0).normal(size=60)
    >>> monitor.feed(KeyedBatch(keys=["a"] * 50 + ["b"] * 10, x=x, y=x, received=7.0))
    >>> [(key, reading.n) for key, reading in monitor.readings(7.0)]
    [('a', 50)]
    """

    def __init__(self, config: KeyedConfig) -> None:
        self.config = config
        self.windows = KeyedWindow(*bins_for(config.pair), config.pair.window, max_keys=config.max_keys)
        self.notes: list[str] = []
        self.nonfinite = self.dropped_keys = 0
        self._keys: list[str] = []  # by slot; of a slot that is free what it was last
        most = config.max_keys
        self._said = np.zeros(most, dtype=np.int64)  # pairs at the last reading,
        self._due = np.full(most, np.inf)  # and when the next one is, s
        self._seen = np.full(most, -np.inf)  # when the newest pair came, s
        self._full = False

    def feed(self, batch: KeyedBatch) -> None:
        """Take in pairs."""
        if not batch.keys:
            return
        before, refused = len(self.windows), self.windows.refused
        slots = self.windows.admit(batch.keys)
        if len(self.windows) > before:
            self._begin(batch, slots)
        known = slots if self.windows.refused == refused else slots[slots >= 0]
        self._seen[known] = batch.received
        self.nonfinite += int(batch.x.size - np.count_nonzero(np.isfinite(batch.x) & np.isfinite(batch.y)))
        self.windows.enter(slots, batch.x, batch.y)
        if self.windows.refused > refused and not self._full:
            self._full = True
            self.notes.append(
                f"{self.config.max_keys:,} keys have a window, which is the limit ({LIMIT}): "
                "the pairs of any further one are counted as refused, until a key is idle"
            )

    def due(self, now: float) -> IntArray:
        """The slots of the keys that are due, those that have waited longest first."""
        pairs = self.windows.pairs[: len(self._keys)]
        new = pairs - self._said[: pairs.size]
        every = self.config.pair.every
        if every.pairs is not None:
            due = np.flatnonzero(new >= every.pairs)
            order = np.argsort(-new[due], kind="stable")
        else:
            due = np.flatnonzero((new > 0) & (self._due[: pairs.size] <= now))
            order = np.argsort(self._due[due], kind="stable")
        ordered: IntArray = due[order]
        return ordered

    def readings(self, now: float) -> Iterator[tuple[str, Reading]]:
        """Each key that is due, and its reading; what is not asked for stays due."""
        for slot in self.due(now).tolist():
            found = self._reading(slot, now)
            if found is not None:
                yield found

    def last(self, now: float) -> Iterator[tuple[str, Reading]]:
        """Each key with pairs that no reading has counted, and its reading."""
        pairs = self.windows.pairs[: len(self._keys)]
        for slot in np.flatnonzero(pairs > self._said[: pairs.size]).tolist():
            found = self._reading(slot, now)
            if found is not None:
                yield found

    def idle(self, now: float) -> list[str]:
        """The keys that have been idle for too long."""
        if self.config.idle_s is None:
            return []
        found = np.flatnonzero(self._seen[: len(self._keys)] < now - self.config.idle_s)
        return [self._keys[slot] for slot in found.tolist()]

    def drop_idle(self, now: float) -> list[str]:
        """Drop the windows of keys that have been idle for too long; returns which."""
        gone = self.idle(now)
        for key in gone:
            slot = self.windows.slot(key)
            self._said[slot], self._due[slot], self._seen[slot] = 0, np.inf, np.inf
            self.windows.forget(key)
        self.dropped_keys += len(gone)
        if gone:
            self._full = False
        return gone

    def limit(self, max_keys: int, idle_s: float | None) -> None:
        """Let so many keys have a window from now on, and be idle for so long; those that have one keep it."""
        self.config = replace(self.config, max_keys=max_keys, idle_s=idle_s)
        self.windows.limit(max_keys)
        if (more := max_keys - self._said.size) > 0:
            self._said = np.append(self._said, np.zeros(more, dtype=np.int64))
            self._due = np.append(self._due, np.full(more, np.inf))
            self._seen = np.append(self._seen, np.full(more, -np.inf))
        self._full &= len(self.windows) >= max_keys

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        header, arrays = self.windows.state()
        slots = self.windows.slots
        plain = {"windows": header, "nonfinite": self.nonfinite, "dropped_keys": self.dropped_keys, "full": self._full}
        plain |= {"idle_s": self.config.idle_s}
        return plain, [*arrays, self._said[slots], self._due[slots], self._seen[slots]]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state, with the limits of then: from then on it says what it would have said."""
        *windows, said, due, seen = arrays
        self.windows = KeyedWindow.from_state(header["windows"], windows)
        slots, most = self.windows.slots, len(self.windows.pairs)
        self._said, self._due = np.zeros(most, dtype=np.int64), np.full(most, np.inf)
        self._seen = np.full(most, -np.inf)
        self._keys = [""] * (int(slots.max(initial=-1)) + 1)
        for key, slot in zip(self.windows.keys, slots.tolist(), strict=True):
            self._keys[slot] = key
        self._seen[: len(self._keys)] = np.inf  # of a slot that is free
        self._said[slots], self._due[slots], self._seen[slots] = said, due, seen
        self.config = replace(self.config, max_keys=self.windows.max_keys, idle_s=header["idle_s"])
        self.nonfinite, self.dropped_keys, self._full = header["nonfinite"], header["dropped_keys"], header["full"]

    def _begin(self, batch: KeyedBatch, slots: NDArray[np.int64]) -> None:
        """Keep account of keys that have just come."""
        keys, n = self._keys, len(self._keys)
        keys += [""] * (int(slots.max()) + 1 - n)
        every = self.config.pair.every.seconds or np.inf
        new = np.unique(slots[(slots >= 0)])
        new = new[np.isinf(self._seen[new])]
        self._said[new], self._due[new] = 0, batch.received + every
        named = set(new.tolist())
        for key, slot in zip(batch.keys, slots.tolist(), strict=True):
            if slot in named:
                keys[slot] = key

    def _reading(self, slot: int, now: float) -> tuple[str, Reading] | None:
        pairs, key = self.windows.pairs.item(slot), self._keys[slot]
        self._said[slot] = pairs
        self._due[slot] = now + (self.config.pair.every.seconds or np.inf)
        reading = self.windows.reading(key, self.config.pair.unit, self.config.pair.estimator, batched=True)
        return None if reading is None else (key, reading)
