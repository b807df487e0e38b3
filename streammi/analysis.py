"""Everything that streammi says, of recorded arrays at once."""

from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi import config
from streammi.config import (
    DEFAULT_DETECTOR,
    DEFAULT_PARTNERS,
    Baseline,
    Condition,
    DetectorName,
    EstimatorName,
    LagSpan,
    MonitorConfig,
    SignificanceTest,
    Span,
)
from streammi.core import finite_values
from streammi.core.bins.binning import as_values
from streammi.core.information import rank_correlation, sample_interval
from streammi.core.information.lags import LagBank
from streammi.core.significance import gtest
from streammi.core.significance.shift_null import LEAST_PARTNERS, ShiftNull, correlation_time
from streammi.core.window.joint_window import JointWindow
from streammi.errors import ConfigError
from streammi.monitor import Monitor
from streammi.monitor.baseline import learn
from streammi.monitor.bins import bins_for
from streammi.monitor.conditional import complete_record
from streammi.monitor.costly_estimates import mi_ksg
from streammi.monitor.cycle_note import of_record
from streammi.monitor.delay_profile import MOST_TIMED, with_peak
from streammi.records import DelayProfile, Event, FloatArray, IntArray, PairBatch, Reading, Unit
from streammi.records.verdict import is_dependent, verdict

Given: TypeAlias = str | ArrayLike


class Analysis(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The findings of ``analyse``; information is in the readings' unit, a positive delay means that y follows x.

    - ``reading`` is of the whole record, and ``verdict`` puts it in plain words.
    - ``profile`` has MI of the whole record at each delay; it is None unless delays were asked for.
    - ``rolling`` has k readings of the window, ten a window. ``at``, shape (k,), is when: the time in s of the newest
      pair, or how many samples came before where there are no times.
    - ``events`` are the changes between windows.

    >>> x = np.sin(np.arange(3000) ** 1.5)
    >>> found = analyse(x, x**2, null=0)
    >>> len(found.rolling) == found.at.size, found.verdict
    (True, 'dependent but not linearly (untested without null)')
    """

    reading: Reading  # of the whole record
    verdict: str  # of it, in plain words
    profile: DelayProfile | None  # MI of the whole record at each delay; None unless asked for
    rolling: tuple[Reading, ...]  # of the window, ten readings a window
    at: FloatArray  # (k,) time in s of the newest pair of each rolling reading, or how many samples it came after
    events: tuple[Event, ...]  # changes between windows that overlap by half at most


def analyse(
    x: ArrayLike,
    y: ArrayLike,
    *,
    t: ArrayLike | None = None,
    window: int | str | Span = 1000,
    bins: int | str = "auto",
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    null: int | None = None,
    test: SignificanceTest = "shift",
    lags: tuple[int, int] | str | None = None,
    ksg: int | None = None,
    given: Given | tuple[Given, ...] | None = None,
    transfer: bool = False,
    history: int = 1,
    unit: Unit = "bit",
    estimator: EstimatorName | None = None,
    detector: DetectorName | None = DEFAULT_DETECTOR,
    baseline: Sequence[ArrayLike] | int | str | None = None,
) -> Analysis:
    """Analyse a recording: x, y and their times ``t`` in seconds, arrays of shape (n,), in order.

    The settings are those of the command line:

    - ``window``: pairs, or a duration, which needs ``t``. ``bins``: "auto", 16, "categories" and so on.
    - ``null``: how many delayed partners (99; 0: no significance). ``test``: "shift" or "g".
    - ``lags``: the first and the last delay in samples, (-50, 50) or "-50:50", or with a window in seconds "-5s:5s".
      Delays are in seconds if the window is. Positive: y follows x.
    - ``given``: a condition, or a tuple of two: values of shape (n,), or a cycle such as "cycle:24h" (of the times) or
      "cycle:50" (of samples). The result has the MI that is left, and the share that the conditions explain.
    - ``transfer``: the transfer entropies, too, beyond ``history`` samples of the own past, at the delays from 1 to the
      largest of ``lags``, or to 10.
    - ``baseline``: a normal time: the arrays (x, y) or (x, y, t) of another record, or the first stretch of this one,
      such as 5000 or "1h".

    The null of the whole record is that of y shifted around in a circle. p is None if the record is too short for 19
    shifts that are clear of its correlation time. Pairs that are not finite are skipped and counted. Raises
    ConfigError for arrays or settings that cannot work.

    >>> x = np.sin(np.arange(3000) ** 1.5)
    >>> found = analyse(x, np.roll(x, 3) ** 2, lags=(-5, 5))
    >>> found.reading.peak_lag, found.reading.peak_p
    (3.0, 0.01)
    """
    size = config.span(window)
    conditions, z = _conditions(given)
    if size.seconds is not None and t is None:
        raise ConfigError("window", "a number of pairs where there are no times t", window)
    settings = MonitorConfig(
        window=size,
        bins=config.bins(bins),
        x_range=x_range,
        y_range=y_range,
        every=_every(size),
        unit=unit,
        estimator=estimator,
        null=(DEFAULT_PARTNERS if test == "shift" else 0) if null is None else null,
        test=test,
        lags=config.lag_range(lags, "lags") if isinstance(lags, str) else lags,
        ksg=ksg,
        given=conditions,
        transfer=transfer,
        history=history,
        detector=detector,
    )
    settings = _beside(settings, baseline)
    batch = _batch(x, y, t, z, settings)
    reading, profile, untested, unsaid = _whole(batch, settings)
    said = Monitor(settings, event_time=True).feed(batch)
    rolling = [(at, item) for at, item in said if isinstance(item, Reading)]
    return Analysis(
        reading=reading,
        verdict="; ".join(filter(None, (_in_words(reading, batch, settings, untested), unsaid))),
        profile=profile,
        rolling=tuple(r for _, r in rolling),
        at=np.array([at for at, _ in rolling]),
        events=tuple(item for _, item in said if isinstance(item, Event)),
    )


def _in_words(reading: Reading, batch: PairBatch, settings: MonitorConfig, untested: str) -> str:
    """The verdict of the whole record, and the cycle that both signals follow where no condition was given."""
    labels = settings.bins.kind == "categories"
    given = " and ".join(condition.words for condition in settings.given)
    said = verdict(reading, labels=labels, untested=untested, given=given)
    if labels or settings.given or not is_dependent(reading):
        return said
    usable = finite_values.usable(batch.x, batch.y)
    cycle = of_record(np.array([batch.x[usable], batch.y[usable]], dtype=np.float64))
    return f"{said}; {cycle}" if cycle else said


def _beside(settings: MonitorConfig, baseline: Sequence[ArrayLike] | int | str | None) -> MonitorConfig:
    """The settings with what is normal."""
    if baseline is None:
        return settings
    if isinstance(baseline, int | str):
        return msgspec.structs.replace(settings, baseline=Baseline(first=config.span(baseline, "baseline")))
    if not 2 <= len(baseline) <= 3:
        raise ConfigError("baseline", "the arrays (x, y) or (x, y, t) of a record, or a stretch such as 1h", baseline)
    x, y, *times = baseline
    normal = _batch(x, y, times[0] if times else None, [], settings)
    return msgspec.structs.replace(settings, baseline=learn(settings, [normal], "baseline", "baseline"))


def _every(size: Span) -> Span:
    """A tenth of the window."""
    if size.pairs is not None:
        return Span(pairs=max(size.pairs // 10, 1))
    assert size.seconds is not None
    return Span(seconds=size.seconds / 10)


def _conditions(given: Given | tuple[Given, ...] | None) -> tuple[tuple[Condition, ...], list[ArrayLike]]:
    """The conditions, and the values (n,) of those that are no cycles."""
    several = given if isinstance(given, tuple) else () if given is None else (given,)
    values = [one for one in several if not isinstance(one, str)]
    names = iter(["z"] if len(values) == 1 else [f"z{k + 1}" for k in range(len(values))])
    conditions = [
        config.condition(one, "given") if isinstance(one, str) else Condition(path=next(names)) for one in several
    ]
    for text, condition in zip(several, conditions, strict=True):
        if isinstance(text, str) and condition.cycle is None:
            raise ConfigError("given", "values, or a cycle such as cycle:24h or cycle:50", text)
    return tuple(conditions), values


def _batch(x: ArrayLike, y: ArrayLike, t: ArrayLike | None, z: list[ArrayLike], settings: MonitorConfig) -> PairBatch:
    x_bins, y_bins = bins_for(settings)
    x_values, y_values = as_values(x, x_bins, "x"), as_values(y, y_bins, "y")
    times = None if t is None else finite_values.numbers(t, "t")
    finite_values.check_lengths("x and y" if t is None else "x, y and t", x_values, y_values, times)
    conditions = [finite_values.numbers(values, "given") for values in z]
    finite_values.check_lengths("x, y and given", x_values, *conditions)
    return PairBatch(x=x_values, y=y_values, t=times, z=np.column_stack(conditions) if conditions else None)


def _whole(batch: PairBatch, settings: MonitorConfig) -> tuple[Reading, DelayProfile | None, str, str]:
    """The reading of the whole record, complete, MI at each delay, what to say where there is no p, and what else."""
    bins = bins_for(settings)
    usable = finite_values.usable(batch.x, batch.y)
    x, y = batch.x[usable], batch.y[usable]
    window = JointWindow(*bins, max(x.size, 2))  # as long as what it gets: the bins are learnt from all of it
    step = _step(batch, usable, settings)
    lags = _delays(settings.lags, step)
    bank = None if lags is None else LagBank(lags)
    if bank is not None:
        window.follow(bank)
    window.extend(x, y)
    reading = window.reading(settings.unit, settings.estimator, window.batch_errors(settings.estimator))
    if reading is None:
        raise ConfigError("x and y", "16 or more finite pairs", f"{window.n} finite pairs")
    if settings.bins.kind != "categories":
        reading = msgspec.structs.replace(reading, spearman_r=rank_correlation.spearman(*window.values))
    if settings.ksg is not None:
        reading = msgspec.structs.replace(reading, mi_ksg=mi_ksg(settings, *window.values))
    reading, unsaid = complete_record(reading, settings, batch)
    profile = None if bank is None else bank.profile(window.table(settings.estimator), settings.unit, step)
    if profile is not None:
        reading = with_peak(reading, profile, in_seconds=settings.window.seconds is not None)
    untested = "untested without null"
    if settings.null:
        reading, untested = _significance(reading, window, x, y, settings, lags)
    elif settings.test == "g":
        reading = gtest.complete(reading, window.counts)
    return msgspec.structs.replace(reading, fill=1.0, nonfinite=batch.x.size - x.size), profile, untested, unsaid


def _significance(
    reading: Reading,
    window: JointWindow,
    x: NDArray[Any],
    y: NDArray[Any],
    settings: MonitorConfig,
    lags: IntArray | None,
) -> tuple[Reading, str]:
    """The reading with its p, or why it has none.

    The record goes round twice, so that a delayed partner is a circular shift.
    """
    assert window.x_axis is not None
    assert window.y_axis is not None
    memory = min(correlation_time(axis.symbols(v)) for axis, v in ((window.x_axis, x), (window.y_axis, y)))
    reach = 0 if lags is None else int(np.abs(lags).max())
    # What a partner is compared at must not meet the delays where the dependence may be.
    shifts = _shifts(memory, reach, x.size, settings.null)
    if shifts.size < LEAST_PARTNERS:
        longer = (n for n in count(x.size + 1) if _shifts(memory, reach, n, settings.null).size >= LEAST_PARTNERS)
        untested = f"untested: about {next(longer):,} samples are needed, {x.size:,} are there"
        return msgspec.structs.replace(reading, correlation_time=memory), untested
    again = JointWindow(window.x_axis, window.y_axis, x.size)
    bank = None if lags is None else LagBank(lags)
    null = ShiftNull(bank=bank, delays=shifts)
    for follower in (bank, null):
        if follower is not None:
            again.follow(follower)
    for _ in range(2):
        again.extend(x, y)
    return null.complete(reading, window.table(settings.estimator), renew="all"), ""


def _step(batch: PairBatch, usable: NDArray[np.bool_], settings: MonitorConfig) -> float | None:
    """The seconds a sample, where delays are said in seconds and that is known."""
    if batch.t is None or settings.window.seconds is None:
        return None
    return sample_interval.interval(np.maximum.accumulate(batch.t[usable]))


def _delays(lags: tuple[int, int] | LagSpan | None, step: float | None) -> IntArray | None:
    """The delays in samples, (k,); ConfigError for seconds of samples that come irregularly."""
    if not isinstance(lags, LagSpan):
        return None if lags is None else np.arange(lags[0], lags[1] + 1)
    if step is None:
        raise ConfigError("lags", "in samples, such as -50:50, where these come irregularly", str(lags))
    return sample_interval.delays_between(lags.first, lags.last, step, MOST_TIMED)


def _shifts(memory: int, reach: int, n: int, partners: int) -> IntArray:
    """Shifts of ``n`` pairs, spread over what is clear of both ends of the record; none where that is too little."""
    clear = max(2 * memory, n // 20, 1) + 2 * reach
    if n - 2 * clear < partners // 2:
        return np.empty(0, dtype=np.int64)
    spread: FloatArray = np.linspace(clear, n - clear, partners)
    return np.unique(np.rint(spread).astype(np.int64))
