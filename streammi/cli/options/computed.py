"""One pair: what is computed, and how often it is said."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args

import typer

from streammi.cli.baseline import stretch
from streammi.cli.help_panels import COMPUTED, SAID, WINDOW
from streammi.cli.options.refusals import check_choice
from streammi.config import (
    DEFAULT_DETECTOR,
    DEFAULT_ESTIMATOR,
    DEFAULT_PARTNERS,
    OTHER_ESTIMATORS,
    DetectorName,
    MonitorConfig,
    alarm,
    bins,
    condition,
    lag_range,
    span,
    value_range,
)


@dataclass(frozen=True)
class PairOptions:
    """The options of one pair: what is computed, and how often it is said."""

    panel: ClassVar = WINDOW

    window: Annotated[
        str,
        typer.Option(
            "--window",
            metavar="N|DURATION",
            help="Length of the sliding window, in pairs or as a duration such as 10s.",
        ),
    ] = "1000"
    bins: Annotated[
        str,
        typer.Option(
            "--bins", metavar="BINS", help="auto, N, quantile:N, uniform:N, or categories:N for at most N labels (64)."
        ),
    ] = "auto"
    x_range: Annotated[
        str | None, typer.Option("--x-range", metavar="LO:HI", help="Range of x, divided into bins of equal width.")
    ] = None
    y_range: Annotated[str | None, typer.Option("--y-range", metavar="LO:HI", help="Range of y, likewise.")] = None
    every: Annotated[
        str,
        typer.Option(
            "--every",
            metavar="N|DURATION",
            rich_help_panel=SAID,
            help="How often there is a reading: each 100ms, or each N samples.",
        ),
    ] = "100ms"
    unit: Annotated[
        str,
        typer.Option("--unit", metavar="UNIT", rich_help_panel=SAID, help="Unit of MI and entropies: bit, nat or ban."),
    ] = "bit"
    estimator: Annotated[
        str | None,
        typer.Option(
            "--estimator",
            metavar="NAME",
            rich_help_panel=COMPUTED,
            help=f"How MI is corrected: {DEFAULT_ESTIMATOR} (the default), {', '.join(OTHER_ESTIMATORS)}.",
        ),
    ] = None
    null: Annotated[
        int,
        typer.Option(
            "--null",
            metavar="S",
            rich_help_panel=COMPUTED,
            help="Test against chance by S comparisons with the distant past, such as 99.",
        ),
    ] = 0
    test: Annotated[
        str | None,
        typer.Option(
            "--test",
            metavar="NAME",
            rich_help_panel=COMPUTED,
            help="Test behind p: shift (--null, 99 if not given), or g, the G-test, for independent samples only.",
        ),
    ] = None
    lags: Annotated[
        str | None,
        typer.Option(
            "--lags",
            metavar="FIRST:LAST",
            rich_help_panel=COMPUTED,
            help="MI at each of these delays, in samples, or as -5s:5s for a window in seconds; positive: y follows x.",
        ),
    ] = None
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="PATH|cycle:LENGTH",
            rich_help_panel=COMPUTED,
            help="How much of the MI a third signal explains, or a cycle of 24h or 50 samples. Up to two of them.",
        ),
    ] = None
    transfer: Annotated[
        bool,
        typer.Option(
            "--transfer",
            rich_help_panel=COMPUTED,
            help="Which signal drives the other: transfer entropy both ways, at delays up to --lags, or 10 samples.",
        ),
    ] = False
    history: Annotated[
        int,
        typer.Option(
            "--history",
            metavar="K",
            rich_help_panel=COMPUTED,
            help="With --transfer: how many samples of a signal's own past are accounted for.",
        ),
    ] = 1
    ksg: Annotated[
        int | None,
        typer.Option(
            "--ksg",
            metavar="K",
            rich_help_panel=COMPUTED,
            help="Also MI by K nearest neighbours, such as 4: a second opinion without bins.",
        ),
    ] = None
    detect: Annotated[
        str,
        typer.Option(
            "--detect",
            metavar="NAME",
            rich_help_panel=COMPUTED,
            help="The detector of changes: page-hinkley, adwin, kswin, or off.",
        ),
    ] = DEFAULT_DETECTOR
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="FILE|DURATION",
            rich_help_panel=COMPUTED,
            help="Normal operation: a recording, FILE or FILE#X,Y, or the first 1h or N pairs; off for none.",
        ),
    ] = None
    alarm: Annotated[
        list[str] | None,
        typer.Option(
            "--alarm",
            metavar="RULE",
            rich_help_panel=SAID,
            help="Raise an alarm: 'mi<0.2 for 10s', 'rate<1', event:lost, 'stalled for 1min'. Can be repeated.",
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="PAIR", rich_help_panel=SAID, help="Name of the pair in topics; x~y if not given."
        ),
    ] = None
    x_label: Annotated[
        str,
        typer.Option("--x-label", metavar="NAME", rich_help_panel=SAID, help="Name of x on screens and in reports."),
    ] = ""
    y_label: Annotated[
        str, typer.Option("--y-label", metavar="NAME", rich_help_panel=SAID, help="Name of y, likewise.")
    ] = ""
    x_unit: Annotated[
        str, typer.Option("--x-unit", metavar="UNIT", rich_help_panel=SAID, help="The unit of x, such as degC.")
    ] = ""
    y_unit: Annotated[str, typer.Option("--y-unit", metavar="UNIT", rich_help_panel=SAID, help="The unit of y.")] = ""

    @property
    def labels(self) -> bool:
        """True if the values are labels, not numbers."""
        return bins(self.bins).kind == "categories"

    @property
    def detector(self) -> DetectorName | None:
        """The detector, None for none; ConfigError for a name that is none of them."""
        names = get_args(DetectorName)
        return None if check_choice("--detect", self.detect, (*names, "off")) == "off" else self.detect  # type: ignore[return-value]

    @property
    def condition_paths(self) -> tuple[str, ...]:
        """The paths of the conditions that are values of the messages."""
        return tuple(one.path for one in map(condition, self.given or ()) if one.cycle is None)

    def config(self, x: str, y: str, source: str) -> MonitorConfig:
        """The settings of a monitor for the signals ``x`` and ``y``; ConfigError names the option that is wrong."""
        return checked(MonitorConfig(**self.settings(x, y, source)))

    def settings(self, x: str, y: str, source: str) -> dict[str, Any]:
        """Each setting of a monitor by its name; ConfigError for an option that is wrong by itself."""
        return {
            "pair": self.name or f"{in_a_name(x)}~{in_a_name(y)}",
            "x_name": x,
            "y_name": y,
            "x_label": self.x_label,
            "y_label": self.y_label,
            "x_unit": self.x_unit,
            "y_unit": self.y_unit,
            "window": span(self.window, "--window", least_pairs=2),
            "bins": bins(self.bins),
            "x_range": None if self.x_range is None else value_range(self.x_range, "--x-range"),
            "y_range": None if self.y_range is None else value_range(self.y_range, "--y-range"),
            "every": span(self.every, "--every"),
            "unit": self.unit,  # MonitorConfig checks the names
            "estimator": self.estimator,
            "null": self.null or (DEFAULT_PARTNERS if self.test == "shift" else 0),
            "test": self.test or "shift",
            "lags": None if self.lags is None else lag_range(self.lags),
            "ksg": self.ksg,
            "given": tuple(map(condition, self.given or ())),
            "transfer": self.transfer,
            "history": self.history,
            "detector": self.detector,
            "baseline": stretch(self.baseline),
            "alarms": tuple(map(alarm, self.alarm or ())),
            "endpoint": source,
        }


def checked(config: MonitorConfig) -> MonitorConfig:
    """The settings; ConfigError for an alarm that they can never raise."""
    if config.alarms:
        from streammi.detect.alarms import check_alarms  # late: --help answers without numpy

        check_alarms(config)
    return config


def in_a_name(path: str, most: int = 31) -> str:
    """A path as part of a pair's name: no white space, nothing that does not print."""
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in path)[:most] or "_"
