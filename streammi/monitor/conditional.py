"""Conditional MI and transfer entropy of one monitored pair."""

import math
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import DEFAULT_PARTNERS, Condition, MonitorConfig, Span
from streammi.core.bins.binning import Bins, UniformBins
from streammi.core.conditional.conditional_window import ConditionalWindow
from streammi.core.conditional.cycle import phase
from streammi.core.conditional.division import TYPICAL, learnt_bins
from streammi.core.conditional.given_null import GivenNull
from streammi.core.conditional.measures import ConditionalReading
from streammi.core.conditional.transfer_window import LEAST, TransferWindow
from streammi.records import DIRECTIONS, FloatArray, PairBatch, Reading
from streammi.records.codec import State, joined, parts_of

FARTHEST: Final = 10  # delays in samples, where no --lags say how many
REST_OF_DELAY: Final = 6e-6  # s for each delay and pair of the window: a tenth of a core at the most, up to the seconds
MOST_REST: Final = 0.5  # that a part of the null takes, however long the window
REST: Final = 6e-6  # s for each pair of the window from one p to the next: a tenth of a core at the most


LEAST_KNOWN: Final = 0.5  # of the window's pairs that have their conditions, for anything to be said of them


class Relation(Protocol):
    """Something that goes along with a monitor's window, and adds to its readings."""

    words: str  # why it has nothing to say of the newest reading, as a clause; empty where it has

    def extend(self, batch: PairBatch, start: int, stop: int) -> None:
        """Take in a part of a batch."""

    def complete(self, reading: Reading, timestamp: float, *, renew: bool) -> Reading:
        """The reading with what this adds; ``renew`` False for somebody who only looks."""

    def of_record(self, reading: Reading) -> Reading:
        """The same, of a whole record that was taken in."""

    def warm_up(self) -> None:
        """Load or compile every kernel that this will use."""

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""


def relations(config: MonitorConfig) -> dict[str, Relation]:
    """Those that a monitor with these settings keeps, by name."""
    kept: dict[str, Relation] = {}
    if config.given:
        kept["given"] = Given(config)
    if config.transfer:
        kept["transfer"] = Transfer(config)
    return kept


def complete_record(reading: Reading, config: MonitorConfig, batch: PairBatch) -> tuple[Reading, str]:
    """The reading of a whole record, which ``batch`` is, with what conditions account for and what drives what.

    With it, why nothing can be said of one of these, or nothing.
    """
    # A window of pairs has delays in pairs, and a whole record may be longer than what neighbours are looked for in.
    lags = config.lags if isinstance(config.lags, tuple) else None
    size = Span(pairs=max(batch.x.size, 2))
    whole = msgspec.structs.replace(config, window=size, baseline=None, lags=lags, ksg=None)
    words = []
    for relation in relations(whole).values():
        relation.extend(batch, 0, batch.x.size)
        reading = relation.of_record(reading)
        words.append(relation.words)
    return reading, "; ".join(filter(None, words))


class Pace:
    """When something costly was done last: not again before some time, or a quarter of a window, has passed."""

    def __init__(self) -> None:
        self._at = -math.inf
        self._pairs = -1

    def rests(self, reading: Reading, timestamp: float, seconds: float) -> bool:
        """True if it is too soon; nobody waits for a clock that was set back."""
        return 0 <= timestamp - self._at < seconds and 0 <= reading.pairs - self._pairs < max(reading.n // 4, 1)

    def done(self, reading: Reading, timestamp: float) -> None:
        """It was done for this reading."""
        self._at, self._pairs = timestamp, reading.pairs

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        return [self._at, self._pairs]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._at, self._pairs = state


class Given:
    """The conditional MI of the window, given one or two conditions, and its p."""

    def __init__(self, config: MonitorConfig) -> None:
        self._config = config
        n = config.window.pairs or TYPICAL
        x_bins, y_bins, *z_bins = learnt_bins(n, len(config.given))
        of_each: list[Bins] = [
            UniformBins(0, 1, bins.wanted(n)) if condition.cycle else bins
            for bins, condition in zip(z_bins, config.given, strict=True)
        ]
        self._window = ConditionalWindow(x_bins, y_bins, of_each, config.window)
        self._null = GivenNull(config.null or DEFAULT_PARTNERS)
        self._seen = 0  # samples, for a cycle of samples
        self._pairs = 0  # of them that the monitor's window took in
        self.words = ""
        self._p: float | None = None
        self._pace = Pace()

    def extend(self, batch: PairBatch, start: int, stop: int) -> None:
        """Take in a part of a batch."""
        part = slice(start, stop)
        x, y = batch.x[part].astype(np.float64, copy=False), batch.y[part].astype(np.float64, copy=False)
        finite = np.isfinite(x) & np.isfinite(y)
        # A window of pairs is to know which of its pairs have conditions, so their numbers are their times.
        t = None if batch.t is None else batch.t[part]
        if self._config.window.pairs:
            t = self._pairs + np.cumsum(finite, dtype=np.float64)
        self._pairs += int(np.count_nonzero(finite))
        z = np.column_stack([self._values(k, c, batch, part) for k, c in enumerate(self._config.given)])
        self._seen += x.size
        before = self._window.triples
        self._window.extend(x, y, z, t)
        self._null.extend(self._window.newest(self._window.triples - before)[0], self._window.n)

    def complete(self, reading: Reading, timestamp: float, *, renew: bool) -> Reading:
        """The reading with the conditional MI, its p, and the share of the MI that is explained."""
        said = self._known(reading)
        if said is None:
            return reading
        rests = self._pace.rests(reading, timestamp, REST * said.n)
        p = self._p if rests else self._null.p(self._window.values())
        if renew and not rests:
            self._p = p
            self._pace.done(reading, timestamp)
        return self._with(reading, said, p)

    def of_record(self, reading: Reading) -> Reading:
        """The reading of a whole record that was taken in, with the same; chance by x shifted around in a circle."""
        said = self._known(reading)
        if said is None:
            return reading
        return self._with(reading, said, self._null.p(self._window.values(), around=True))

    def warm_up(self) -> None:
        """Load or compile every kernel that this will use; what was taken in is lost."""
        values = np.random.default_rng(0).random((2 + len(self._config.given), 256))
        self._window.extend(values[0], values[1], values[2:].T, np.arange(256.0))
        self._window.reading()
        self._null.p(self._window.values(), around=True)

    def _known(self, reading: Reading) -> ConditionalReading | None:
        """The window's numbers; None, and why in ``words``, where they are not of the pairs that the reading is of."""
        names = " and ".join(condition.words for condition in self._config.given)
        self.words = ""
        span, newest = self._config.window, reading.t1
        oldest = float(self._pairs - reading.n) if span.pairs else (newest or 0.0) - (span.seconds or 0.0)
        said = self._window.reading(reading.unit)
        if self._window.since(oldest) < LEAST_KNOWN * reading.n:
            self.words = f"{names} not known in most of the window"
        elif said is not None and said.h_z == 0.0 and said.n > 1:
            self.words = f"{names} constant, which can explain nothing"
        return None if self.words else said

    def _with(self, reading: Reading, said: ConditionalReading, p: float | None) -> Reading:
        return msgspec.structs.replace(reading, cmi=said.cmi_corrected, cmi_p=p, explained=said.explained)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        own = {"seen": self._seen, "pairs": self._pairs, "p": self._p, "pace": self._pace.state()}
        return joined({"own": (own, []), "window": self._window.state(), "null": self._null.state()})

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        parts = parts_of((header, arrays))
        own = parts["own"][0]
        self._seen, self._pairs, self._p = own["seen"], own["pairs"], own["p"]
        self._pace.restore(own["pace"])
        self._window = ConditionalWindow.from_state(*parts["window"])
        self._null.restore(*parts["null"])

    def _values(self, number: int, condition: Condition, batch: PairBatch, part: slice) -> FloatArray:
        """The condition's values (m,) of a part of a batch; NaN where there is none."""
        m = batch.x[part].size
        if condition.cycle is None:
            paths = [k for k, one in enumerate(self._config.given) if one.cycle is None]
            return np.full(m, np.nan) if batch.z is None else batch.z[part, paths.index(number)]
        if condition.cycle.pairs is not None:
            return phase(np.arange(self._seen, self._seen + m), condition.cycle.pairs)
        assert condition.cycle.seconds is not None
        return np.full(m, np.nan) if batch.t is None else phase(batch.t[part], condition.cycle.seconds)


class Transfer:
    """The transfer entropies of the window, both ways, with their p and a direction."""

    words = ""

    def __init__(self, config: MonitorConfig) -> None:
        farthest = max(map(abs, config.lags)) if isinstance(config.lags, tuple) else FARTHEST
        delays = range(1, max(min(farthest, (config.window.pairs or TYPICAL) // 2), 1) + 1)
        self._window = TransferWindow(
            config.window, delays=delays, history=config.history, partners=max(config.null or DEFAULT_PARTNERS, LEAST)
        )
        self._rest = REST_OF_DELAY * len(delays)
        self._p: tuple[float | None, float | None] = (None, None)
        self._pace = Pace()

    def extend(self, batch: PairBatch, start: int, stop: int) -> None:
        """Take in a part of a batch."""
        part = slice(start, stop)
        x, y = batch.x[part].astype(np.float64, copy=False), batch.y[part].astype(np.float64, copy=False)
        self._window.extend(x, y, None if batch.t is None else batch.t[part])

    def complete(self, reading: Reading, timestamp: float, *, renew: bool) -> Reading:
        """The reading with both transfer entropies at their best delays, their p and the direction."""
        rests = self._pace.rests(reading, timestamp, min(self._rest * self._window.n, MOST_REST))
        if renew and not rests:
            self._p = self._window.p_values()
            self._pace.done(reading, timestamp)
        return self._with(reading, self._p)

    def of_record(self, reading: Reading) -> Reading:
        """The reading of a whole record that was taken in, with the same; chance by shifts around in a circle."""
        return self._with(reading, self._window.p_values(around=True))

    def warm_up(self) -> None:
        """Load or compile every kernel that this will use; what was taken in is lost."""
        x, y = np.random.default_rng(0).random((2, 256))
        self._window.extend(x, y, np.arange(256.0) if self._window.size.seconds else None)
        self._window.reading(p=self._window.p_values(around=True))

    def _with(self, reading: Reading, p: tuple[float | None, float | None]) -> Reading:
        said = self._window.reading(reading.unit, p)
        if said is None:
            return reading
        return msgspec.structs.replace(
            reading,
            te_xy=said.te_xy,
            te_yx=said.te_yx,
            te_xy_lag=said.lag_xy,
            te_yx_lag=said.lag_yx,
            te_xy_p=said.te_xy_p,
            te_yx_p=said.te_yx_p,
            direction=DIRECTIONS.get(said.direction),
        )

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        return joined({"own": ({"p": list(self._p), "pace": self._pace.state()}, []), "window": self._window.state()})

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        parts = parts_of((header, arrays))
        own = parts["own"][0]
        self._p = own["p"][0], own["p"][1]
        self._pace.restore(own["pace"])
        self._window = TransferWindow.from_state(*parts["window"])
