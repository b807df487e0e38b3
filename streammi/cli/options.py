"""The command line's options: each declared once, grouped by what they set, read by several commands."""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, get_args

import typer
from msgspec.structs import replace

from streammi.cli.baseline import stretch
from streammi.cli.help_panels import COMPUTED, FEED, FILE, LIMITS, RUN, SAID, SCREEN, TWO, WINDOW
from streammi.config import (
    DEFAULT_DETECTOR,
    DEFAULT_ESTIMATOR,
    DEFAULT_PARTNERS,
    MAX_MESSAGE,
    OTHER_ESTIMATORS,
    RECEIVE_QUEUE,
    DetectorName,
    FeedConfig,
    JoinConfig,
    MonitorConfig,
    bins,
    byte_size,
    lag_range,
    seconds,
    signal,
    span,
    value_range,
)
from streammi.config.near import one_of
from streammi.errors import ConfigError
from streammi.network.security import Keys, read_keys
from streammi.system.log import FORMS

if TYPE_CHECKING:
    from streammi.ingest.files.file_options import FileOptions

Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="ZeroMQ endpoint, such as tcp://127.0.0.1:5556.")]
Endpoints = Annotated[
    list[str], typer.Argument(metavar="ENDPOINT", help="What monitors publish on, such as tcp://127.0.0.1:5557.")
]
OptionalEndpoint = Annotated[
    str | None, typer.Argument(metavar="ENDPOINT", help="Of both signals; or --x and --y have an endpoint each.")
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure/--no-insecure",
        rich_help_panel=LIMITS,
        show_default=False,
        help="Allow plain text where other machines can reach it.",
    ),
]
Seconds = Annotated[
    float | None, typer.Option(metavar="SECONDS", min=0.0, rich_help_panel=RUN, help="End after so many seconds.")
]

TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--t",
        "--time",
        metavar="COL",
        rich_help_panel=FEED,
        help="Column of the time, or DATE,TIME; found if not given.",
    ),
]
ServerKey = Annotated[
    str | None, typer.Option("--curve-server-key", metavar="KEY", help="The peer's public key: a file, or the key.")
]
SecretKey = Annotated[
    str | None, typer.Option("--curve-secret", metavar="FILE", help="Our own secret key (streammi keygen).")
]
AuthorizedKeys = Annotated[
    str | None,
    typer.Option("--authorized-keys", metavar="DIR", help="Let in only those whose public keys are in DIR."),
]


def _is_text(argument: str) -> bool:
    """Whether an argument holds no bytes that are no text: nothing could be recorded, saved or published of it."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class JoinOptions:
    """How the samples of two sources become pairs."""

    panel: ClassVar = TWO

    pair: Annotated[
        str | None,
        typer.Option(
            "--pair", metavar="MODE", help="Two sources: nearest (the default), exact, previous or interpolate."
        ),
    ] = None
    tolerance: Annotated[
        str | None,
        typer.Option("--tolerance", metavar="DURATION", help="Two sources: no pair farther apart than this."),
    ] = None
    lateness: Annotated[
        str | None,
        typer.Option("--lateness", metavar="DURATION", help="Two sources: how far out of order samples may come (0s)."),
    ] = None

    def config(self, x: FeedConfig, y: FeedConfig) -> JoinConfig:
        """The settings of two joined sources; ConfigError names the option that is wrong."""
        if self.pair == "exact" and self.tolerance is not None:
            raise ConfigError("--tolerance", "left out with --pair exact, which allows none", self.tolerance)
        return JoinConfig(
            x=x,
            y=y,
            mode=self.pair or "nearest",  # type: ignore[arg-type]  # JoinConfig checks the names
            tolerance_s=math.inf if self.tolerance is None else seconds(self.tolerance, "--tolerance"),
            lateness_s=seconds(self.lateness or "0s", "--lateness"),
        )

    def check_unused(self) -> None:
        """ConfigError when any of these is given though there is one source."""
        check_unused("where both signals have one source", **asdict(self))


@dataclass(frozen=True)
class FeedOptions:
    """The options of a feed: which messages to receive, and what to take from them."""

    panel: ClassVar = FEED

    x: Annotated[
        str,
        typer.Option("--x", metavar="PATH", help="The first signal, such as imu/acc/x, or ENDPOINT#TOPIC:PATH."),
    ] = "0"
    y: Annotated[
        str, typer.Option("--y", metavar="PATH", help="The second signal, likewise; raw pairs have 0 and 1.")
    ] = "1"
    t: Annotated[
        str | None,
        typer.Option("--t", metavar="PATH", help="The samples' time; found by its usual names if not given."),
    ] = None
    time_unit: Annotated[
        str, typer.Option("--time-unit", metavar="UNIT", help="Of numeric times: s, ms, us, gps, ...; auto guesses.")
    ] = "auto"
    topic: Annotated[
        str, typer.Option("--topic", metavar="TOPIC", help="Take only messages whose topic starts so.")
    ] = ""
    pull: Annotated[
        bool,
        typer.Option(
            "--pull/--no-pull",
            show_default=False,
            help="PULL instead of SUB: takes messages away from other consumers.",
        ),
    ] = False
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Format of the messages; auto recognises it (probe --help lists them).",
        ),
    ] = "auto"
    receive_queue: Annotated[
        int,
        typer.Option(
            "--receive-queue", metavar="N", rich_help_panel=LIMITS, help="Messages that may wait to be counted."
        ),
    ] = RECEIVE_QUEUE
    max_message: Annotated[
        int,
        typer.Option(
            "--max-message", metavar="BYTES", rich_help_panel=LIMITS, help="Largest frame that a message may have."
        ),
    ] = MAX_MESSAGE

    def config(self, endpoint: str | None, labels: bool, joining: JoinOptions) -> FeedConfig | JoinConfig:
        """The settings of a feed from ``endpoint``, or from one each for x and y; ConfigError says which is missing."""
        given = {"ENDPOINT": endpoint, "--x": self.x, "--y": self.y, "--t": self.t, "--topic": self.topic}
        for option, text in given.items():
            if text is not None and not _is_text(text):
                raise ConfigError(option, "text in UTF-8", text)
        common = FeedConfig(
            endpoint=endpoint or "",
            t=self.t,
            time_unit=self.time_unit,
            pull=self.pull,
            format=self.format,
            labels=labels,
            receive_queue=self.receive_queue,
            max_message=self.max_message,
        )
        if self._sources(endpoint):
            if self.topic:
                raise ConfigError("--topic", "a part of --x and --y where these have their own endpoints", self.topic)
            x, y = signal(self.x, "--x"), signal(self.y, "--y")
            return joining.config(
                replace(common, endpoint=x.endpoint, topic=x.topic, x=x.path),
                replace(common, endpoint=y.endpoint, topic=y.topic, y=y.path),
            )
        joining.check_unused()
        return replace(common, x=self.x, y=self.y, topic=self.topic)

    @property
    def names(self) -> tuple[str, str]:
        """The names of the signals."""
        given = (("--x", self.x), ("--y", self.y))
        x, y = (signal(text, option).name if "://" in text else text for option, text in given)
        return x, y

    def _sources(self, endpoint: str | None) -> bool:
        """Whether x and y have their own endpoints."""
        x, y = "://" in self.x, "://" in self.y
        if x != y:
            option, value = ("--y", self.y) if x else ("--x", self.x)
            raise ConfigError(option, "ENDPOINT#TOPIC:PATH too where the other signal is", value)
        if x and endpoint is not None:
            raise ConfigError("ENDPOINT", "left out where --x and --y have their own", endpoint)
        if not x and endpoint is None:
            raise ConfigError("ENDPOINT", "given, or a part of both --x and --y (ENDPOINT#TOPIC:PATH)", endpoint)
        return x


@dataclass(frozen=True)
class PairOptions:
    """The options of one pair: what is computed, and how often it is said."""

    panel: ClassVar = WINDOW

    window: Annotated[
        str, typer.Option("--window", metavar="N|DURATION", help="The sliding window: 1000 pairs, or 10s.")
    ] = "1000"
    bins: Annotated[
        str,
        typer.Option(
            "--bins", metavar="BINS", help="auto, N, quantile:N, uniform:N, or categories:N for at most N labels (64)."
        ),
    ] = "auto"
    x_range: Annotated[
        str | None, typer.Option("--x-range", metavar="LO:HI", help="Range of x: bins of equal width over it.")
    ] = None
    y_range: Annotated[str | None, typer.Option("--y-range", metavar="LO:HI", help="Range of y.")] = None
    every: Annotated[
        str,
        typer.Option(
            "--every", metavar="N|DURATION", rich_help_panel=SAID, help="A reading so often: 100ms, or each N samples."
        ),
    ] = "100ms"
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", rich_help_panel=SAID, help="bit, nat or ban.")] = "bit"
    estimator: Annotated[
        str | None,
        typer.Option(
            "--estimator",
            metavar="NAME",
            rich_help_panel=COMPUTED,
            help=f"The correction: {DEFAULT_ESTIMATOR} (the default), {', '.join(OTHER_ESTIMATORS)}.",
        ),
    ] = None
    null: Annotated[
        int,
        typer.Option(
            "--null", metavar="S", rich_help_panel=COMPUTED, help="Significance against S delayed partners, such as 99."
        ),
    ] = 0
    test: Annotated[
        str | None,
        typer.Option(
            "--test",
            metavar="NAME",
            rich_help_panel=COMPUTED,
            help="What p is by: shift (--null, 99 if not given), or g, the G-test, for samples without memory only.",
        ),
    ] = None
    lags: Annotated[
        str | None,
        typer.Option(
            "--lags",
            metavar="FIRST:LAST",
            rich_help_panel=COMPUTED,
            help="MI at each delay, in samples, or as -5s:5s with a window in seconds; positive: y follows x.",
        ),
    ] = None
    ksg: Annotated[
        int | None,
        typer.Option(
            "--ksg",
            metavar="K",
            rich_help_panel=COMPUTED,
            help="MI by K nearest neighbours too, such as 4: a second opinion without bins.",
        ),
    ] = None
    detect: Annotated[
        str,
        typer.Option(
            "--detect",
            metavar="NAME",
            rich_help_panel=COMPUTED,
            help="What finds changes: page-hinkley, adwin, kswin, or off.",
        ),
    ] = DEFAULT_DETECTOR
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="FILE|DURATION",
            rich_help_panel=COMPUTED,
            help="What is normal: a recording, FILE or FILE#X,Y, or the first 1h or N pairs; off for none.",
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="PAIR", rich_help_panel=SAID, help="The pair's name in its topics; x~y if not given."
        ),
    ] = None

    @property
    def labels(self) -> bool:
        """Whether the values are labels, not numbers."""
        return bins(self.bins).kind == "categories"

    @property
    def detector(self) -> DetectorName | None:
        """The detector, None for none; ConfigError for a name that is none of them."""
        names = get_args(DetectorName)
        return None if check_choice("--detect", self.detect, (*names, "off")) == "off" else self.detect  # type: ignore[return-value]

    def config(self, x: str, y: str, source: str) -> MonitorConfig:
        """The settings of a monitor for the signals ``x`` and ``y``; ConfigError names the option that is wrong."""
        return MonitorConfig(
            pair=self.name or f"{_in_a_name(x)}~{_in_a_name(y)}",
            x_name=x,
            y_name=y,
            window=span(self.window, "--window", least_pairs=2),
            bins=bins(self.bins),
            x_range=None if self.x_range is None else value_range(self.x_range, "--x-range"),
            y_range=None if self.y_range is None else value_range(self.y_range, "--y-range"),
            every=span(self.every, "--every"),
            unit=self.unit,  # type: ignore[arg-type]  # MonitorConfig checks the names
            estimator=self.estimator,  # type: ignore[arg-type]
            null=self.null or (DEFAULT_PARTNERS if self.test == "shift" else 0),
            test=self.test or "shift",  # type: ignore[arg-type]
            lags=None if self.lags is None else lag_range(self.lags),
            ksg=self.ksg,
            detector=self.detector,
            baseline=stretch(self.baseline),
            endpoint=source,
        )


@dataclass(frozen=True)
class FileReadOptions:
    """How a file is written, where that is not as found out."""

    panel: ClassVar = FILE

    missing: Annotated[
        str | None, typer.Option("--missing", metavar="VALUES", help="What stands for no value, such as -9999,OFF.")
    ] = None
    decimal: Annotated[
        str, typer.Option("--decimal", metavar="MARK", help="The decimal point of a file: . or a comma.")
    ] = "auto"
    time_format: Annotated[
        str | None, typer.Option("--time-format", metavar="FORM", help="Of its times, such as %d.%m.%Y_%H:%M:%S.")
    ] = None
    time_unit: Annotated[
        str, typer.Option("--time-unit", metavar="UNIT", help="Of its numeric times: s, ms, min, excel, gps, ...")
    ] = "auto"
    skip_rows: Annotated[
        int | None, typer.Option("--skip-rows", metavar="N", min=0, help="Lines above its names to leave out.")
    ] = None
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAMES", help="Names for its columns, with commas between.")
    ] = None

    def reading(self) -> "FileOptions":
        """What the reader of files takes; ConfigError for what cannot work."""
        from streammi.ingest.files.file_options import FileOptions

        names = tuple(name.strip() for name in self.columns.split(",")) if self.columns else ()
        given = FileOptions(self.missing, self.decimal, self.time_format, self.time_unit, self.skip_rows, names)
        given.check()
        return given

    def check_unused(self, where: str, but: tuple[str, ...] = ()) -> None:
        """ConfigError for one that is given where there is no such file, ``but`` for those that are heeded."""
        given = {name: None if value == "auto" else value for name, value in asdict(self).items() if name not in but}
        check_unused(where, **given)


@dataclass(frozen=True)
class RunOptions:
    """How long a monitor runs, and where its readings go."""

    panel: ClassVar = RUN

    publish: Annotated[
        str | None,
        typer.Option("--publish", metavar="ENDPOINT", rich_help_panel=SAID, help="Publish readings on this endpoint."),
    ] = None
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure/--no-insecure",
            rich_help_panel=LIMITS,
            show_default=False,
            help="Allow plain text where other machines can reach it.",
        ),
    ] = False
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="HOST:PORT", rich_help_panel=SAID, help="Serve metrics to Prometheus here."),
    ] = None
    record: Annotated[
        str | None, typer.Option("--record", metavar="FILE", help="Record what arrives; see streammi replay.")
    ] = None
    record_limit: Annotated[
        str | None,
        typer.Option("--record-limit", metavar="SIZE", help="All of its files together (1GiB); the oldest go first."),
    ] = None
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="SECONDS", min=0.0, help="End after so many seconds.")
    ] = None
    strict: Annotated[
        bool,
        typer.Option("--strict/--no-strict", show_default=False, help="End with status 3 as soon as anything is lost."),
    ] = False
    samples: Annotated[
        int | None, typer.Option("--samples", metavar="N", min=1, help="End after so many pairs, with a last reading.")
    ] = None
    state: Annotated[
        str | None, typer.Option("--state", metavar="DIR", help="Keep the state in this folder, and go on from it.")
    ] = None
    state_every: Annotated[
        str | None, typer.Option("--state-every", metavar="DURATION", help="How often the state is saved (5s).")
    ] = None
    log: Annotated[
        str,
        typer.Option(
            "--log", metavar="FORM", rich_help_panel=SAID, help="Messages as text, or as json: one line each."
        ),
    ] = "text"

    def __post_init__(self) -> None:
        check_choice("--log", self.log, FORMS)
        if self.record is None:
            check_unused("without --record", record_limit=self.record_limit)
        if self.state is None:
            check_unused("without --state", state_every=self.state_every)
        if self.publish is None and self.metrics is None:
            check_unused("without --publish or --metrics", insecure=self.insecure)
        _ = self.record_limit_bytes, self.state_every_s  # refused here, if at all

    @property
    def record_limit_bytes(self) -> int:
        """How much the files of a recording may take in all; ConfigError for what is no size."""
        return byte_size(self.record_limit or "1GiB")

    @property
    def state_every_s(self) -> float:
        """How often the state is saved, s; ConfigError for what is no duration."""
        try:
            every = seconds(self.state_every or "5s", "--state-every")
        except ConfigError:
            every = 0.0
        if not every:
            raise ConfigError("--state-every", "a duration such as 5s", self.state_every)
        return every


@dataclass(frozen=True)
class ConnectKeyOptions:
    """Keys of a program that connects."""

    panel: ClassVar = LIMITS

    curve_server_key: ServerKey = None
    curve_secret: SecretKey = None

    def keys(self) -> Keys:
        """The keys; ConfigError where they do not make sense."""
        return read_keys(self.curve_secret, server=self.curve_server_key)


@dataclass(frozen=True)
class BindKeyOptions:
    """Keys of a program that others connect to."""

    panel: ClassVar = LIMITS

    curve_secret: SecretKey = None
    authorized_keys: AuthorizedKeys = None

    def keys(self) -> Keys:
        """The keys; ConfigError where they do not make sense."""
        return read_keys(self.curve_secret, authorized=self.authorized_keys)


@dataclass(frozen=True)
class KeyOptions:
    """Keys of a program that connects to a feed, and that others connect to."""

    panel: ClassVar = LIMITS

    curve_server_key: ServerKey = None
    curve_secret: SecretKey = None
    authorized_keys: AuthorizedKeys = None

    def keys(self, publish: str | None) -> Keys:
        """The keys of a program that publishes on ``publish``; ConfigError where they do not make sense."""
        return read_keys(
            self.curve_secret,
            server=self.curve_server_key,
            authorized=self.authorized_keys,
            serves=publish is not None,
        )


@dataclass(frozen=True)
class ViewOptions:
    """How it is shown."""

    panel: ClassVar = SCREEN

    output: Annotated[
        str, typer.Option("--output", metavar="FORM", help="auto, tui, jsonl, plain, influx, or once: one reading.")
    ] = "auto"
    glyphs: Annotated[str, typer.Option("--glyphs", metavar="NAME", help="auto, braille, block or ascii.")] = "auto"
    palette: Annotated[str, typer.Option("--palette", metavar="NAME", help="cividis, viridis or greyscale.")] = (
        "cividis"
    )
    background: Annotated[
        str, typer.Option("--background", metavar="NAME", help="auto asks the terminal; dark or light.")
    ] = "auto"
    max_fps: Annotated[float, typer.Option("--max-fps", metavar="HZ", help="Draw at most so many frames a second.")] = (
        10.0
    )
    readonly: Annotated[
        bool, typer.Option("--readonly/--no-readonly", show_default=False, help="Keys change nothing but the picture.")
    ] = False

    def resolved_output(self, terminal: bool, somebody: bool) -> str:
        """The output, ``auto`` decided by whether there is a terminal that can be drawn on, or at least ``somebody``
        at one; ConfigError for a wrong choice.
        """
        check_choice("--output", self.output, ("auto", "tui", "jsonl", "plain", "influx", "once"))
        check_choice("--glyphs", self.glyphs, ("auto", "braille", "block", "ascii"))
        check_choice("--palette", self.palette, ("cividis", "viridis", "greyscale"))
        check_choice("--background", self.background, ("auto", "dark", "light"))
        if not 0.1 <= self.max_fps <= 60:
            raise ConfigError("--max-fps", "between 0.1 and 60", self.max_fps)
        if self.output == "auto":
            return "tui" if terminal else "plain" if somebody else "jsonl"
        if self.output == "tui" and not terminal:
            where = "the terminal cannot place text (TERM)" if somebody else "standard output is no terminal"
            raise ConfigError("--output", f"jsonl or plain where {where}", "tui")
        return self.output


def _in_a_name(path: str) -> str:
    """A path as part of a pair's name: no white space, nothing that does not print."""
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in path)[:31] or "_"


def check_unused(where: str, **given: object) -> None:
    """ConfigError for an option that is given though nothing heeds it; ``None`` and ``False`` are not given.

    >>> check_unused("without --state", state_every="10s")
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: --state-every must be left out without --state, got '10s'
    """
    for name, value in given.items():
        if value is not None and value is not False:
            got = () if value is True else (value,)
            raise ConfigError("--" + name.replace("_", "-"), f"left out {where}", *got)


def check_choice(option: str, value: str, choices: tuple[str, ...]) -> str:
    """The value; ConfigError when it is none of the choices."""
    if value not in choices:
        raise ConfigError(option, one_of(value, choices), value)
    return value
