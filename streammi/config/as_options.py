"""Settings under the names of their options: what a state was made with, held against what is given now."""

import msgspec

from streammi.config.channels import ChannelSettings
from streammi.config.feed import FeedConfig, JoinConfig
from streammi.config.monitor import MonitorConfig
from streammi.config.spans import Span
from streammi.errors import ConfigError

OPTION_NAMES = {
    "pair": "--name", "x_name": "--x", "y_name": "--y", "detector": "--detect", "endpoint": "ENDPOINT",
    "alarms": "--alarm", "mode": "--pair", "tolerance_s": "--tolerance", "lateness_s": "--lateness",
}  # fmt: skip
# How messages are fetched and signals are called, not what they mean: a saved state goes on under other ones; and what
# --bins decides.
NOT_COMPARED = frozenset({"pull", "receive_queue", "max_message", "labels", "x_label", "y_label", "x_unit", "y_unit"})


def options_of(config: MonitorConfig | FeedConfig | JoinConfig) -> dict[str, str]:
    """The settings that decide the meaning of what was counted: each setting under its option's name, as text.

    >>> options_of(MonitorConfig(lags=(-5, 5)))["--lags"]
    '-5:5'
    """
    settings: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(config).items():
        if isinstance(value, FeedConfig):
            settings |= {f"{option} of {name}": text for option, text in options_of(value).items()}
        elif name not in NOT_COMPARED and not (name == "given" and isinstance(config, FeedConfig)):  # the monitor's
            settings[OPTION_NAMES.get(name, "--" + name.replace("_", "-"))] = _as_text(value)
    return settings


def options_of_channels(settings: ChannelSettings) -> dict[str, str]:
    """The settings of a monitor of many channels that decide the meaning of what was counted, likewise.

    >>> from streammi.config import ChannelConfig, Span
    >>> config = ChannelConfig(names=(), every=Span(seconds=2.0))
    >>> found = options_of_channels(ChannelSettings(name="plant", config=config, patterns=("a", "b/*")))
    >>> found["--channels"], found["--every"]
    ('a, b/*', '2 s')
    """
    config, found = settings.config, {"--channels": ", ".join(settings.patterns), "--name": settings.name}
    found |= {"--grid": _of_seconds(settings.grid_s), "--hold": _of_seconds(settings.hold_s)}
    compared = ("window", "bins", "every", "unit", "estimator")
    return found | {f"--{name}": _as_text(getattr(config, name)) for name in compared}


def _of_seconds(value: float | None) -> str:
    return "not given" if value is None else str(Span(seconds=value))


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        between = ":" if all(isinstance(one, float | int) for one in value) else ", "
        return between.join(f"{one:g}" if isinstance(one, float | int) else str(one) for one in value) or "not given"
    text = "not given" if value is None else str(value)
    return text.encode("utf-8", "backslashreplace").decode()  # an argument may hold bytes that are no text


def check_same(now: dict[str, str], then: dict[str, str]) -> None:
    """ConfigError that names the settings that a saved state was made with, and are others now.

    One that is not among them was made by a version without it: it did what the default does.

    >>> check_same({"--window": "100 pairs", "--x": "a"}, {"--window": "1000 pairs", "--x": "a"})
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: --window must be 1000 pairs, as when the state was saved, got '100 pairs'
    """
    default = options_of(MonitorConfig()) | options_of(FeedConfig(endpoint="", x="x", y="y"))
    names = [name for name in now | then if (default | now).get(name) != (default | then).get(name)]
    if names:
        before, after = (", ".join(found.get(name, "not given") for name in names) for found in (then, now))
        raise ConfigError(", ".join(names), f"{before}, as when the state was saved", after)
