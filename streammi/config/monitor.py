"""The settings of a pair: its window and bins, what is computed, and how often it is said."""

from typing import Final, Literal, TypeAlias, get_args

import msgspec

from streammi.config.alarms import Alarm, check_rules
from streammi.config.conditions import Condition, check_conditions
from streammi.config.did_you_mean import one_of
from streammi.config.quantities import LagSpan, check_lags
from streammi.config.spans import Span
from streammi.errors import ConfigError

Unit: TypeAlias = Literal["bit", "nat", "ban"]
EstimatorName: TypeAlias = Literal[
    "plugin", "miller_madow", "zhang", "grassberger", "jackknife", "schuermann", "extrapolated"
]
DEFAULT_ESTIMATOR: Final[EstimatorName] = "extrapolated"
OTHER_ESTIMATORS: Final = tuple(name for name in get_args(EstimatorName)[::-1] if name != DEFAULT_ESTIMATOR)
DetectorName: TypeAlias = Literal["adwin", "page-hinkley", "kswin"]
DEFAULT_DETECTOR: Final[DetectorName] = "page-hinkley"
SignificanceTest: TypeAlias = Literal["shift", "g"]
BinsKind: TypeAlias = Literal["quantile", "uniform", "categories"]
DEFAULT_PARTNERS = 99  # of the shift null: p down to 0.01
MAX_KSG_PAIRS: Final = 20_000  # of a window whose neighbours are looked for
MAX_NEIGHBOURS: Final = 100
MAX_KSG_WORK: Final = 400_000  # pairs times neighbours: 20,000 of 20, 4,000 of 100, which hold the loop up for 75 ms
MAX_WORDS: Final = 64  # characters of a signal's label or unit
MAX_HISTORY: Final = 4  # samples of its own past that transfer entropy goes beyond
LEAST_WINDOWS = 2  # of a baseline: three looks
MAX_BINS = 1024  # a joint histogram of 4 MiB


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The joint histogram of a baseline, and how far, in nats, looks at it were from the rest of it."""

    x_edges: tuple[float, ...]  # between its bins: one more of them than edges
    y_edges: tuple[float, ...]
    counts: tuple[int, ...]  # (Bx * By,)
    looks: int
    mean: float
    squares: float  # sum of the squared deviations from the mean
    expected: float  # mean variance that so many pairs let expect


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The normal state: the ``first`` stretch of what comes, still to be learnt, or what ``source`` has taught.

    Learnt, it is the MI of looks at windows half a window apart, in the unit of the settings that it was learnt with.
    """

    first: Span | None = None
    source: str = ""  # a file, as it was given
    looks: int = 0
    mean: float = 0.0  # of MI in the bins, as detectors look at it
    squares: float = 0.0  # sum of the squared deviations from the mean
    expected: float = 0.0  # mean variance that the looks' own errors let expect
    shown_mean: float = 0.0  # the same of MI as it is published
    shown_squares: float = 0.0
    shown_expected: float = 0.0
    dependent: bool = False  # most of them
    shape: Shape | None = None  # of labels, at the best of many delays, and of too few looks there is none

    def __str__(self) -> str:
        return (
            str(self.first) if self.first else f"{self.source} ({self.looks} looks, {self.shown_mean:.4g} on average)"
        )


class BinsConfig(msgspec.Struct, frozen=True):
    """How both signals are divided: ``count`` None means chosen from the window (``auto``)."""

    kind: BinsKind | None = None  # None: uniform where a range is given, else quantile
    count: int | None = None  # of categories: the most labels, further ones being one "other"

    def __str__(self) -> str:
        return f"{self.kind}:{self.count or 'auto'}" if self.kind else str(self.count or "auto")


def bins(text: str | int, name: str = "--bins") -> BinsConfig:
    """Read ``auto``, ``16``, ``uniform:16``, ``quantile:16``, ``categories`` or, with at most 100, ``categories:100``.

    >>> bins("uniform:16")
    BinsConfig(kind='uniform', count=16)
    """
    kind, colon, number = str(text).rpartition(":")
    if not colon and number in get_args(BinsKind):
        kind, number = number, "auto"
    rule = "auto, N, quantile:N, uniform:N, categories or categories:N"
    if (kind or colon) and kind not in get_args(BinsKind):
        raise ConfigError(name, rule, text)
    try:
        count = None if number == "auto" else int(number)
    except ValueError:
        raise ConfigError(name, rule, text) from None
    if count is not None and not 2 <= count <= MAX_BINS:
        raise ConfigError(name, f"between 2 and {MAX_BINS}", text)
    return BinsConfig(kind or None, count)  # type: ignore[arg-type]


def max_ksg_pairs(k: int) -> int:
    """Of how many pairs at most the ``k`` nearest neighbours are looked for.

    >>> max_ksg_pairs(4), max_ksg_pairs(100)
    (20000, 4000)
    """
    return min(MAX_KSG_PAIRS, MAX_KSG_WORK // k)


def ksg_rule(k: int | None, window: Span, bins: BinsConfig) -> str:
    """The rule that ``k`` nearest neighbours break in such a window; empty where they can be looked for."""
    if k is None:
        return ""
    if not hasattr(k, "__index__") or not 1 <= k <= MAX_NEIGHBOURS:
        return f"1 to {MAX_NEIGHBOURS} neighbours, such as 4, or left out for none"
    if window.pairs is not None and k >= window.pairs:
        return f"fewer neighbours than the {window.pairs} pairs of the window, such as 1"
    if window.pairs is not None and window.pairs > MAX_KSG_PAIRS:
        return f"left out with a window of more than {MAX_KSG_PAIRS:,} pairs"
    if window.pairs is not None and window.pairs > (most := max_ksg_pairs(k)):
        return f"at most {MAX_KSG_WORK // window.pairs} neighbours in a window of {window} (of {k}: {most:,} pairs)"
    return "left out with --bins categories: labels have no neighbours" if bins.kind == "categories" else ""


class MonitorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one pair: what is computed, and how often it is said; ConfigError for what cannot work.

    ``streammi.config.span`` and ``bins`` read what the command line takes.

    >>> from streammi.config import bins, span
    >>> MonitorConfig(window=span("10s"), every=span(100), bins=bins(16)).window.seconds
    10.0
    >>> MonitorConfig(window=1000)
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: window must be a Span: streammi.config.span reads 1000 or "10s", got 1000
    """

    pair: str = "xy"
    x_name: str = "x"
    y_name: str = "y"
    x_label: str = ""  # what it is called on screens and in reports; empty: as x_name
    y_label: str = ""
    x_unit: str = ""  # of its values, for screens and reports
    y_unit: str = ""
    window: Span = Span(pairs=1000)
    bins: BinsConfig = BinsConfig()
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    every: Span = Span(seconds=0.1)
    unit: Unit = "bit"
    estimator: EstimatorName | None = None  # None: DEFAULT_ESTIMATOR
    null: int = 0  # delayed partners of the shift null; 0: no significance by it
    test: SignificanceTest = "shift"  # "g": by the G-test instead, which takes each sample as independent of the others
    lags: tuple[int, int] | LagSpan | None = None  # samples, or seconds
    ksg: int | None = None  # MI by so many nearest neighbours, too
    given: tuple[Condition, ...] = ()  # MI given these, too
    transfer: bool = False  # transfer entropy both ways, too,
    history: int = 1  # beyond so many samples of a signal's own past
    detector: DetectorName | None = None  # None: no detection
    baseline: Baseline | None = None  # what is normal; None: whatever the level is, until it changes
    alarms: tuple[Alarm, ...] = ()  # what somebody is to be told of
    endpoint: str = ""  # for the snapshot's header only

    @property
    def called(self) -> tuple[str, str]:
        """The names of x and y on screens and in reports."""
        return self.x_label or self.x_name, self.y_label or self.y_name

    def __post_init__(self) -> None:
        for name, given in (("window", self.window), ("every", self.every)):
            if not isinstance(given, Span):
                raise ConfigError(name, 'a Span: streammi.config.span reads 1000 or "10s"', given)
        if not isinstance(self.bins, BinsConfig):
            raise ConfigError("bins", 'a BinsConfig: streammi.config.bins reads 16 or "auto"', self.bins)
        check_pair_name(self.pair)
        for name in ("x_label", "y_label", "x_unit", "y_unit"):
            _check_words(getattr(self, name), "--" + name.replace("_", "-"))
        if self.unit not in get_args(Unit):
            raise ConfigError("--unit", "bit, nat or ban", self.unit)
        if self.estimator is not None and self.estimator not in get_args(EstimatorName):
            raise ConfigError("--estimator", one_of(self.estimator, get_args(EstimatorName)), self.estimator)
        if self.null and not 19 <= self.null <= 9999:
            raise ConfigError("--null", "0 (off) or between 19 and 9999 delayed partners", self.null)
        if self.test not in get_args(SignificanceTest):
            raise ConfigError("--test", "shift or g", self.test)
        if self.test == "g" and self.null:
            raise ConfigError("--null", "left out with --test g: its partners are the shift test's", self.null)
        self._check_ranges()
        if rule := ksg_rule(self.ksg, self.window, self.bins):
            raise ConfigError("--ksg", rule, self.ksg)
        check_conditions(self.given, labels=self.bins.kind == "categories")
        self._check_transfer()
        if isinstance(self.lags, tuple):
            check_lags(self.lags, "--lags", self.lags)
        if isinstance(self.lags, LagSpan) and self.window.seconds is None:
            raise ConfigError("--lags", "in samples with a window of pairs, such as -50:50", str(self.lags))
        if self.detector is not None and self.detector not in get_args(DetectorName):
            raise ConfigError("--detect", one_of(self.detector, get_args(DetectorName)), self.detector)
        if self.baseline is not None:
            self._check_baseline(self.baseline)
        check_rules(self.alarms)

    def _check_transfer(self) -> None:
        if self.transfer and self.bins.kind == "categories":
            raise ConfigError("--transfer", "left out with --bins categories", "given")
        if isinstance(self.history, bool) or self.history not in range(1, MAX_HISTORY + 1):
            raise ConfigError("--history", f"1 to {MAX_HISTORY} samples", self.history)
        if self.history > 1 and not self.transfer:
            raise ConfigError("--history", "given with --transfer, whose it is", self.history)

    def _check_baseline(self, baseline: Baseline) -> None:
        """ConfigError for one that nothing heeds, or that two windows do not fit into."""
        if self.detector is None:
            rule = "left out with --detect off: it is what a detector compares with"
            raise ConfigError("--baseline", rule, str(baseline))
        first, window = baseline.first, self.window
        if first is None:
            return
        pairs, seconds = (first.pairs, window.pairs), (first.seconds, window.seconds)
        for stretch, size in (pairs, seconds):
            if stretch is not None and size is not None and stretch < LEAST_WINDOWS * size:
                raise ConfigError("--baseline", f"at least {LEAST_WINDOWS} windows of {window}", str(first))

    def _check_ranges(self) -> None:
        """A range divides a signal into bins of equal width: ConfigError where others are asked for."""
        kind, ranges = self.bins.kind, {"--x-range": self.x_range, "--y-range": self.y_range}
        for option, given in ranges.items():
            if kind == "categories" and given is not None:
                raise ConfigError(option, "left out with --bins categories: labels have no range", given)
        if kind == "quantile" and None not in ranges.values():
            rule = "N or uniform:N where --x-range and --y-range are given, which make bins of equal width"
            raise ConfigError("--bins", rule, str(self.bins))


def _check_words(words: str, option: str) -> None:
    """ConfigError for a label or a unit that is not up to 64 printable characters."""
    if len(words) > MAX_WORDS or not words.isprintable():
        raise ConfigError(option, f"up to {MAX_WORDS} printable characters", words)


def check_pair_name(name: str) -> str:
    """A pair's name becomes part of a topic: 1 to 64 printable characters, no white space."""
    if not 1 <= len(name) <= 64 or not name.isprintable() or any(c.isspace() for c in name):
        raise ConfigError("--name", "1 to 64 printable characters without white space", name)
    return name
