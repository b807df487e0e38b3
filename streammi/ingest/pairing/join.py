"""Two sources into pairs: an event-time join with bounded memory.

What comes out depends on the samples' times and on the order within each source, not on how the two sources interleave
or are cut into batches (as long as nothing is dropped and no clock is set back). A sample is settled when no sample
that may still come could change its lot: each source lets in what is at most ``lateness_s`` older than its newest, so
the older of the two limits is the watermark.
"""

from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from streammi.config import PairMode
from streammi.errors import ConfigError
from streammi.ingest.pairing.arrivals import Side, Values
from streammi.ingest.pairing.matching import between, mutual_nearest, neighbours, previous
from streammi.records import FloatArray, PairBatch, SampleBatch

LIMIT: Final = 100_000  # waiting samples a side: 2.4 MB
OFFSETS_KEPT: Final = 1000  # pairs over which their offset is taken
# What to settle: what nothing to come can change; also what has a partner as it is; or everything.
_What: TypeAlias = Literal["due", "known", "all"]
SAVED: Final = ("_started", "_untimed", "_arrived", "_settled", "_offsets")


class _Pairs(NamedTuple):
    """Columns (n,) of pairs and of their samples' times."""

    x: Values
    y: Values
    tx: FloatArray
    ty: FloatArray


class Join:
    """Pairs of two sources' samples, in the order of x's time, which is the pair's time.

    - ``exact``: equal times. Each sample is in one pair at most; the k-th x of a time goes with the k-th y of it.
    - ``nearest``: each is the other's nearest, and at most ``tolerance_s`` away; the earlier of two that are equally
      near. Each sample is in one pair at most. For sources of about one rate.
    - ``previous``: every x with the newest y that is not after it and at most ``tolerance_s`` old. A y may be in many
      pairs: it is what was known. Of y with equal times the first counts.
    - ``interpolate``: every x with the straight line between the y before and the y after it, both at most
      ``tolerance_s`` away; numbers only.

    A source whose first batch has no times makes this a join by arrival: ``exact`` then pairs the k-th x with the k-th
    y (samples known to be missing count), the others go by the time of arrival; ``note`` says so.
    Each side's ``tally`` says what became of every sample received. At most ``limit`` samples a side wait.

    >>> join = Join("nearest", tolerance_s=0.5)
    >>> _ = join.add("x", SampleBatch(values=np.array([1.0, 2.0, 3.0]), t=np.array([0.0, 1.0, 2.0])))
    >>> pairs = join.add("y", SampleBatch(values=np.array([10.0, 30.0]), t=np.array([0.2, 2.1])))
    >>> pairs.x, pairs.y, pairs.t  # whether 2.1 is the nearest to 2.0 is not known yet
    (array([1.]), array([10.]), array([0.]))
    >>> join.flush().x, join.x.tally.unmatched
    (array([3.]), 1)
    """

    def __init__(
        self, mode: PairMode = "nearest", tolerance_s: float = np.inf, lateness_s: float = 0.0, limit: int = LIMIT
    ) -> None:
        if mode not in get_args(PairMode):
            raise ConfigError("--pair", " or ".join(get_args(PairMode)), mode)
        if not tolerance_s >= 0:
            raise ConfigError("--tolerance", ">= 0 s", tolerance_s)
        if not 0 <= lateness_s < np.inf:
            raise ConfigError("--lateness", ">= 0 s", lateness_s)
        if limit < 2:
            raise ConfigError("limit", ">= 2 samples", limit)
        self.mode: PairMode = mode
        self.x, self.y = Side(lateness_s), Side(lateness_s)
        self._tolerance = 0.0 if mode == "exact" else tolerance_s
        self._limit = limit
        self._started: set[str] = set()
        self._untimed = ""  # the side without times that made this a join by arrival
        self._arrived = {"x": 0, "y": 0}  # samples that came or are known to be missing, for a join by order
        self._settled = -np.inf  # time before which no further pair of equals is made, s
        self._offsets: FloatArray = np.empty(0)

    def add(self, side: Literal["x", "y"], batch: SampleBatch) -> PairBatch:
        """Take samples of one source; returns the pairs that are settled now, maybe none."""
        own = self.x if side == "x" else self.y
        if self.mode == "interpolate" and side == "y" and batch.values.dtype == object:
            raise ConfigError("--pair", "exact, nearest or previous for labels", self.mode)
        values, t = self._timed(side, own, batch)
        pairs = []
        while len(t):
            n = own.add(values, t)
            if n < len(t):
                pairs.append(self._settle("all"))
                own.restart()
            values, t = values[n:], t[n:]
        pairs.append(self._settle("due"))
        own.trim(self._limit)
        return self._batch(pairs, batch.received, batch.gaps)

    def settle(self) -> PairBatch:
        """Pair what has a partner and waits only for one still nearer, or late; what has none goes on waiting."""
        return self._batch([self._settle("known")], 0.0, 0)

    def flush(self) -> PairBatch:
        """Settle everything that waits, as if nothing more came; returns the last pairs."""
        return self._batch([self._settle("all")], 0.0, 0)

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes; they are copied before more samples come."""
        return {"x": self.x.state(), "y": self.y.state()} | {name: getattr(self, name) for name in SAVED}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a join with the same settings."""
        self.x.restore(state["x"])
        self.y.restore(state["y"])
        for name in SAVED:
            setattr(self, name, state[name])

    @property
    def clock_offset_s(self) -> float | None:
        """How far y's clock is ahead of x's, if both take equally long to get here; None without receive times."""
        x, y = self.x.lag_s, self.y.lag_s
        return None if x is None or y is None or self._untimed else x - y

    @property
    def pair_offset_s(self) -> float | None:
        """Median of y's time minus x's over the last pairs; None before the first."""
        return float(np.median(self._offsets)) if len(self._offsets) and not self._untimed else None

    @property
    def note(self) -> str:
        """A note for a person on how these pairs are made; empty when it is by the samples' own times."""
        if not self._untimed:
            return ""
        by = "order, a lost sample shifts all later pairs" if self.mode == "exact" else "time of arrival"
        return f"{self._untimed} has no timestamps: paired by {by}"

    def _timed(self, name: str, own: Side, batch: SampleBatch) -> tuple[Values, FloatArray]:
        """The samples that have a time, and the time that they are joined by."""
        n = len(batch.values)
        if n and name not in self._started:
            self._started.add(name)
            if batch.t is None and not self._untimed:
                self._settle("all")  # what waits has times of another kind
                self.x.restart()
                self.y.restart()
                self._untimed = name
        if self._untimed:
            own.received(n, 0, None)
            if self.mode != "exact":
                return batch.values, np.full(n, batch.received)
            self._arrived[name] += batch.gaps
            first, self._arrived[name] = self._arrived[name], self._arrived[name] + n
            return batch.values, np.arange(first, first + n, dtype=np.float64)
        if batch.t is None:
            own.received(n, n, None)
            return batch.values[:0], np.empty(0)
        known = np.isfinite(batch.t)
        lag = batch.received - float(batch.t[-1]) if n and batch.received else None
        own.received(n, n - int(np.count_nonzero(known)), lag)
        return (batch.values, batch.t) if known.all() else (batch.values[known], batch.t[known])

    def _settle(self, what: _What) -> _Pairs:
        x, y = self.x, self.y
        symmetric = self.mode in ("exact", "nearest")
        pairs = self._settle_both(x, y, what) if symmetric else self._settle_following(x, y, what)
        if len(pairs.tx):
            self._offsets = np.concatenate((self._offsets, pairs.ty - pairs.tx))[-OFFSETS_KEPT:]
        return pairs

    def _settle_both(self, x: Side, y: Side, what: _What) -> _Pairs:
        """Pairs of each other's nearest that nothing to come can undo, or of what there is."""
        final = what == "all"
        watermark = np.inf if final else min(x.watermark, y.watermark)
        i, j = mutual_nearest(x.t, y.t, self._tolerance)
        # Those in a pair, and those that were settled to be in none, are there only to be compared to.
        fresh = ~(x.used[i] | y.used[j]) & (np.minimum(x.t[i], y.t[j]) >= self._settled)
        i, j = i[fresh], j[fresh]
        tx, ty = x.t[i], y.t[j]
        apart = np.abs(ty - tx)
        # Nothing to come is nearer to either: it is at the watermark or after it, and of equals the earlier one counts.
        settled = (what != "due") | (watermark - tx >= apart) & (watermark - ty >= apart)
        n = len(settled) if settled.all() else int(np.argmin(settled))
        pairs = _Pairs(x.values[i[:n]], y.values[j[:n]], tx[:n], ty[:n])
        x.pair(i[:n])
        y.pair(j[:n])
        if what == "known":  # what is in no pair yet may still come into one
            return pairs
        # The lot of a sample hangs on its nearest, and on that one's: no further than two tolerances. Three leave room
        # for rounding, and two more keep whatever those that are not settled are compared to.
        self._settled = -np.inf if final else watermark - 3 * self._tolerance
        for side, rows in ((x, i[:n]), (y, j[:n])):
            # Pairs of nearest do not cross: all before the newest pair is settled, and farther from what comes.
            done = int(rows[-1]) if n else 0
            old = int(np.searchsorted(side.t, watermark - 5 * self._tolerance))
            side.close(len(side.t) if final else max(done, old))
        return pairs

    def _settle_following(self, x: Side, y: Side, what: _What) -> _Pairs:
        """A pair for every x whose y is known."""
        final = what == "all"
        x_mark, y_mark = (np.inf if final else side.newest if what == "known" else side.watermark for side in (x, y))
        follow = neighbours if self.mode == "interpolate" else previous
        known, good, left, right = follow(x.t, y.t, self._tolerance, y_mark)
        if final:
            known[:] = True
        known &= x.t <= x_mark  # else an x may come that is before it
        n = len(known) if known.all() else int(np.argmin(known))
        rows = np.flatnonzero(good[:n])
        left, right = left[rows], right[rows]
        tx = x.t[rows]
        pairs = _Pairs(x.values[rows], between(tx, y.t, y.values, left, right), tx, y.t[left])
        x.pair(rows)
        y.pair(left)
        y.pair(right)
        x.close(n)
        if final:
            y.close(len(y.t))
        elif len(y.t):
            oldest = min(x.t[0] if len(x.t) else np.inf, x_mark)  # any x to be settled is at this or after it
            last = max(int(np.searchsorted(y.t, oldest, side="right")) - 1, 0)
            y.close(int(np.searchsorted(y.t, y.t[last])))
        return pairs

    def _batch(self, parts: list[_Pairs], received: float, gaps: int) -> PairBatch:
        columns = zip(*parts, strict=True)
        pairs = parts[0] if len(parts) == 1 else _Pairs(*(np.concatenate(column) for column in columns))
        return PairBatch(x=pairs.x, y=pairs.y, t=None if self._untimed else pairs.tx, received=received, gaps=gaps)
