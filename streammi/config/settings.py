"""Frozen settings, validated once; the command line and programs both end here.

A value that cannot work raises ``ConfigError`` with the option's name, the rule and the value.
"""

import math
import re
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

import msgspec

from streammi.config.conditions import Condition, check_conditions
from streammi.config.near import one_of
from streammi.config.spans import MAX_WINDOW_PAIRS, SECONDS, Span, span
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
PairMode: TypeAlias = Literal["exact", "nearest", "previous", "interpolate"]

DEFAULT_PARTNERS = 99  # of the shift null: p down to 0.01
MAX_KSG_PAIRS: Final = 20_000  # of a window whose neighbours are looked for
MAX_NEIGHBOURS: Final = 100
MAX_HISTORY: Final = 4  # samples of its own past that transfer entropy goes beyond
LEAST_WINDOWS = 2  # of a baseline: three looks
MAX_BINS = 1024  # a joint histogram of 4 MiB
RECEIVE_QUEUE = 256  # whole messages that wait to be counted (RCVHWM)
MAX_MESSAGE = 1 << 20  # bytes a frame (MAXMSGSIZE); the frames of a message together: see network.frames


def byte_size(text: str, name: str = "--record-limit", least: int = 1 << 20) -> int:
    """Read ``1GiB``, ``500MB`` or a number of bytes.

    >>> byte_size("1GiB"), byte_size("1.5 MB")
    (1073741824, 1500000)
    """
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?)\s*(?:([kmgt])(i?)b?|b)?\s*", text.lower())
    if not match:
        raise ConfigError(name, "a size such as 1GiB or 500MB", text)
    exponent = " kmgt".index(match[2] or " ")
    size = int(float(match[1]) * (1024 if match[3] else 1000) ** exponent)
    if size < least:
        raise ConfigError(name, f"at least {least} bytes", text)
    return size


def value_range(text: str, name: str) -> tuple[float, float]:
    """Read ``LO:HI``.

    >>> value_range("-1:2.5", "--x-range")
    (-1.0, 2.5)
    """
    low, colon, high = text.partition(":")
    try:
        pair = float(low), float(high)
    except ValueError:
        raise ConfigError(name, "LOW:HIGH, two numbers", text) from None
    if not (colon and math.isfinite(pair[0]) and math.isfinite(pair[1]) and pair[0] < pair[1]):
        raise ConfigError(name, "LOW:HIGH with LOW < HIGH", text)
    return pair


class LagSpan(msgspec.Struct, frozen=True):
    """The first and the last delay in seconds."""

    first: float
    last: float

    def __str__(self) -> str:
        return f"{self.first:g}s:{self.last:g}s"


def lag_range(text: str, name: str = "--lags") -> tuple[int, int] | LagSpan:
    """Read ``FIRST:LAST`` in samples, such as ``-50:50``, or in time, such as ``-5s:500ms``.

    >>> lag_range("-50:50"), str(lag_range("-5s:500ms"))
    ((-50, 50), '-5s:0.5s')
    """
    first, _, last = text.partition(":")
    times = [re.fullmatch(r"([+-]?[0-9.]+)([a-z]+)", end.strip()) for end in (first, last)]
    try:
        if times[0] and times[1]:
            found = LagSpan(*(float(time[1]) * SECONDS[time[2]] for time in times if time))
            if not (math.isfinite(found.first) and found.first < found.last):
                raise ConfigError(name, "FIRST:LAST with FIRST < LAST", text)
            return found
        pair = int(first), int(last)
    except (KeyError, ValueError):
        raise ConfigError(name, "FIRST:LAST, two whole numbers of samples or two times as -5s:5s", text) from None
    _check_lags(pair, name, text)
    return pair


def _check_lags(lags: tuple[int, int], name: str, given: object) -> None:
    """ConfigError unless these are a first and a last delay in samples that there is room for."""
    if len(lags) != 2 or not all(hasattr(lag, "__index__") for lag in lags):
        raise ConfigError(name, "two whole numbers of samples", given)
    first, last = lags
    if first > last or last - first >= 10_000:
        raise ConfigError(name, "FIRST:LAST with FIRST <= LAST and at most 10000 delays", given)
    if max(-first, last) > MAX_WINDOW_PAIRS or min(-first, last) < -MAX_WINDOW_PAIRS:
        raise ConfigError(name, f"delays of at most {MAX_WINDOW_PAIRS} samples", given)


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
    """What is normal: the ``first`` stretch of what comes, which is still to be learnt, or what ``source`` has taught.

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


class FeedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One ZeroMQ source and what to take from its messages."""

    endpoint: str
    x: str = "0"  # path of the value: imu/acc/x or imu.acc.x; raw pairs have the paths 0 and 1
    y: str = "1"
    t: str | None = None  # path of the sample's time; None: `timestamp`, `time`, `ts` or `t` where there is one
    time_unit: str = "auto"  # of numeric times: see streammi.ingest.clock
    seq: str | None = None  # path of a sequence number; None: `seq` where there is one
    topic: str = ""
    pull: bool = False  # PULL takes frames away from other consumers, so it is asked for by name
    format: str = "auto"
    labels: bool = False  # values are labels, not numbers
    receive_queue: int = RECEIVE_QUEUE
    max_message: int = MAX_MESSAGE

    def __post_init__(self) -> None:
        if not 1 <= self.receive_queue <= 1_000_000:
            raise ConfigError("--receive-queue", "between 1 and 1,000,000 messages", self.receive_queue)
        if not 64 <= self.max_message <= 1 << 30:
            raise ConfigError("--max-message", "between 64 and 1,073,741,824 bytes", self.max_message)


class JoinConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Two ZeroMQ sources with a signal each, and how their samples become pairs: see streammi.ingest.pairing.join."""

    x: FeedConfig  # its path `x` is the signal
    y: FeedConfig  # its path `y` is the signal
    mode: PairMode = "nearest"
    tolerance_s: float = math.inf
    lateness_s: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in get_args(PairMode):
            raise ConfigError("--pair", one_of(self.mode, get_args(PairMode)), self.mode)
        if self.mode == "interpolate" and self.y.labels:
            raise ConfigError("--pair", "exact, nearest or previous for labels", self.mode)
        if self.x.pull and self.x.endpoint == self.y.endpoint:
            rule = "given with an endpoint for each signal: two that pull from one share its messages out"
            raise ConfigError("--pull", rule, self.x.endpoint)


class Signal(NamedTuple):
    """Where one signal comes from."""

    endpoint: str
    topic: str
    path: str

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.topic}:{self.path}" if self.topic else self.path


def signal(text: str, name: str) -> Signal:
    """Read ``ENDPOINT#TOPIC:PATH`` or ``ENDPOINT#PATH``. A path with a colon in it stands behind a bare colon.

    >>> signal("tcp://127.0.0.1:5556#boiler:flow/value", "--x")
    Signal(endpoint='tcp://127.0.0.1:5556', topic='boiler', path='flow/value')
    >>> signal("ipc:///run/bus#:AGIPD/0CH0:xtdf/image", "--x").path
    'AGIPD/0CH0:xtdf/image'
    """
    endpoint, _, rest = text.partition("#")
    topic, path = ("", rest[1:]) if rest.startswith(":") else rest.rpartition(":")[::2]
    if "://" not in endpoint or not path:
        raise ConfigError(name, "ENDPOINT#TOPIC:PATH, such as tcp://127.0.0.1:5556#boiler:flow", text)
    return Signal(endpoint, topic, path)


def seconds(text: str, name: str) -> float:
    """Read a duration of 0 or more, such as ``150s`` or ``5ms``.

    >>> seconds("2min", "--tolerance"), seconds("0s", "--lateness")
    (120.0, 0.0)
    """
    if re.fullmatch(r"\s*0+(\.0*)?\s*[a-z]*\s*", text.lower()):
        return 0.0
    found = span(text, name).seconds
    if found is None:
        raise ConfigError(name, "a duration with its unit, such as 150s or 5ms", text)
    return found


def ksg_rule(k: int | None, window: Span, bins: BinsConfig) -> str:
    """What ``k`` nearest neighbours would have to be to be looked for in such a window; empty where they can be."""
    if k is None:
        return ""
    if not hasattr(k, "__index__") or not 1 <= k <= MAX_NEIGHBOURS:
        return f"1 to {MAX_NEIGHBOURS} neighbours, such as 4, or left out for none"
    if window.pairs is not None and k >= window.pairs:
        return f"fewer neighbours than the {window.pairs} pairs of the window, such as 1"
    if window.pairs is not None and window.pairs > MAX_KSG_PAIRS:
        return f"left out with a window of more than {MAX_KSG_PAIRS:,} pairs"
    return "left out with --bins categories: labels have no neighbours" if bins.kind == "categories" else ""


class MonitorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one pair: what is computed, and how often it is said; ConfigError for what cannot work.

    ``span`` and ``bins`` of this module read what the command line takes.

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
    endpoint: str = ""  # for the snapshot's header only

    def __post_init__(self) -> None:
        for name, given in (("window", self.window), ("every", self.every)):
            if not isinstance(given, Span):
                raise ConfigError(name, 'a Span: streammi.config.span reads 1000 or "10s"', given)
        if not isinstance(self.bins, BinsConfig):
            raise ConfigError("bins", 'a BinsConfig: streammi.config.bins reads 16 or "auto"', self.bins)
        check_pair_name(self.pair)
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
            _check_lags(self.lags, "--lags", self.lags)
        if isinstance(self.lags, LagSpan) and self.window.seconds is None:
            raise ConfigError("--lags", "in samples with a window of pairs, such as -50:50", str(self.lags))
        if self.detector is not None and self.detector not in get_args(DetectorName):
            raise ConfigError("--detect", one_of(self.detector, get_args(DetectorName)), self.detector)
        if self.baseline is not None:
            self._check_baseline(self.baseline)

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
            raise ConfigError("--baseline", "left out with --detect off: it is what a detector compares with", baseline)
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
            raise ConfigError("--bins", rule, _as_text(self.bins))


def check_pair_name(name: str) -> str:
    """A pair's name becomes part of a topic: 1 to 64 printable characters, no white space."""
    if not 1 <= len(name) <= 64 or not name.isprintable() or any(c.isspace() for c in name):
        raise ConfigError("--name", "1 to 64 printable characters without white space", name)
    return name


OPTION_NAMES = {
    "pair": "--name", "x_name": "--x", "y_name": "--y", "detector": "--detect", "endpoint": "ENDPOINT",
    "mode": "--pair", "tolerance_s": "--tolerance", "lateness_s": "--lateness",
}  # fmt: skip
# How messages are fetched, not what they mean: a saved state goes on under other ones; and what --bins decides.
NOT_COMPARED = frozenset({"pull", "receive_queue", "max_message", "labels"})


def options_of(config: MonitorConfig | FeedConfig | JoinConfig) -> dict[str, str]:
    """The settings that decide the meaning of what was counted: each setting under its option's name, as text.

    >>> options_of(MonitorConfig(lags=(-5, 5)))["--lags"]
    '-5:5'
    """
    settings: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(config).items():
        if isinstance(value, FeedConfig):
            settings |= {f"{option} of {name}": text for option, text in options_of(value).items()}
        elif name not in NOT_COMPARED:
            settings[OPTION_NAMES.get(name, "--" + name.replace("_", "-"))] = _as_text(value)
    return settings


def _as_text(value: object) -> str:
    if isinstance(value, BinsConfig):
        return f"{value.kind}:{value.count or 'auto'}" if value.kind else str(value.count or "auto")
    if isinstance(value, tuple):
        return ":".join(str(one) if isinstance(one, Condition) else f"{one:g}" for one in value) or "not given"
    text = "not given" if value is None else str(value)
    return text.encode("utf-8", "backslashreplace").decode()  # an argument may hold bytes that are no text


def check_same(now: dict[str, str], then: dict[str, str]) -> None:
    """ConfigError that names the settings that a saved state was made with, and are others now.

    >>> check_same({"--window": "100 pairs", "--x": "a"}, {"--window": "1000 pairs", "--x": "a"})
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: --window must be 1000 pairs, as when the state was saved, got '100 pairs'
    """
    names = [name for name in now | then if now.get(name) != then.get(name)]
    if names:
        before, after = (", ".join(found.get(name, "not given") for name in names) for found in (then, now))
        raise ConfigError(", ".join(names), f"{before}, as when the state was saved", after)
