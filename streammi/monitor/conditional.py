"""What a third signal accounts for, and which signal drives which, of one monitored pair."""

import math
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import DEFAULT_PARTNERS, Condition, MonitorConfig
from streammi.core.bins.binning import Bins, UniformBins
from streammi.core.conditional.conditional_window import ConditionalWindow
from streammi.core.conditional.cycle import phase
from streammi.core.conditional.division import learnt_bins
from streammi.core.conditional.given_null import GivenNull
from streammi.core.conditional.transfer_window import TransferWindow
from streammi.records import DIRECTIONS, FloatArray, PairBatch, Reading
from streammi.records.codec import State, joined, parts_of

TYPICAL: Final = 1000  # samples that a window of seconds is taken to hold, for the number of bins
FARTHEST: Final = 10  # delays in samples, where no --lags say how many
REST_OF_DELAY: Final = 6e-6  # s for each delay and pair of the window: a tenth of a core at the most, up to the seconds
MOST_REST: Final = 0.5  # that a part of the null takes, however long the window
REST: Final = 6e-6  # s for each pair of the window from one p to the next: a tenth of a core at the most


class Relation(Protocol):
    """Something that goes along with a monitor's window, and adds to its readings."""

    def extend(self, batch: PairBatch, start: int, stop: int) -> None:
        """Take in a part of a batch."""

    def complete(self, reading: Reading, timestamp: float, *, renew: bool) -> Reading:
        """The reading with what this adds; ``renew`` False for somebody who only looks."""

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
        self._p: float | None = None
        self._at = -math.inf

    def extend(self, batch: PairBatch, start: int, stop: int) -> None:
        """Take in a part of a batch."""
        part = slice(start, stop)
        x, y = batch.x[part].astype(np.float64), batch.y[part].astype(np.float64)
        t = None if batch.t is None else batch.t[part]
        z = np.column_stack([self._values(k, c, batch, part) for k, c in enumerate(self._config.given)])
        self._seen += x.size
        before = self._window.triples
        self._window.extend(x, y, z, t)
        self._null.extend(self._window.newest(self._window.triples - before)[0], self._window.n)

    def complete(self, reading: Reading, timestamp: float, *, renew: bool) -> Reading:
        """The reading with the conditional MI, its p, and the share of the MI that is explained."""
        said = self._window.reading(reading.unit)
        if said is None:
            return reading
        rests = 0 <= timestamp - self._at < REST * said.n
        p = self._p if rests else self._null.p(self._window.values())
        if renew and not rests:
            self._p, self._at = p, timestamp
        mi, cmi = reading.mi_corrected, said.cmi_corrected
        return msgspec.structs.replace(reading, cmi=cmi, cmi_p=p, explained=(mi - cmi) / mi if mi > 0 else None)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        own = {"seen": self._seen, "p": self._p, "at": self._at}
        return joined({"own": (own, []), "window": self._window.state(), "null": self._null.state()})

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        parts = parts_of((header, arrays))
        own = parts["own"][0]
        self._seen, self._p, self._at = own["seen"], own["p"], own["at"]
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

    def __init__(self, config: MonitorConfig) -> None:
        farthest = max(map(abs, config.lags)) if isinstance(config.lags, tuple) else FARTHEST
        delays = range(1, max(min(farthest, (config.window.pairs or TYPICAL) // 2), 1) + 1)
        self._window = TransferWindow(
            config.window, delays=delays, history=config.history, partners=config.null or DEFAULT_PARTNERS
        )
        self._rest = REST_OF_DELAY * len(delays)
        self._p: tuple[float | None, float | None] = (None, None)
        self._at = -math.inf

    def extend(self, batch: PairBatch, start: int, stop: int) -> None:
        """Take in a part of a batch."""
        part = slice(start, stop)
        x, y = batch.x[part].astype(np.float64), batch.y[part].astype(np.float64)
        self._window.extend(x, y, None if batch.t is None else batch.t[part])

    def complete(self, reading: Reading, timestamp: float, *, renew: bool) -> Reading:
        """The reading with both transfer entropies at their best delays, their p and the direction."""
        rests = 0 <= timestamp - self._at < min(self._rest * self._window.n, MOST_REST)
        p = self._p if rests or not renew else self._window.p_values()
        if renew and not rests:
            self._p, self._at = p, timestamp
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
        return joined({"own": ({"p": list(self._p), "at": self._at}, []), "window": self._window.state()})

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        parts = parts_of((header, arrays))
        own = parts["own"][0]
        self._p, self._at = (own["p"][0], own["p"][1]), own["at"]
        self._window = TransferWindow.from_state(*parts["window"])
