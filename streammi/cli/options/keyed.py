"""Many devices: where a message says which one it is of, and how many are watched."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import typer

from streammi.cli.help_panels import MANY
from streammi.cli.options.refusals import check_unused
from streammi.config import MAX_KEYS, KeyedConfig, MonitorConfig, seconds
from streammi.errors import ConfigError

IDLE: Final = "10m"
EVERY: Final = "10s"  # the readings of 10,000 keys are 1,000 a second then
HEEDED: Final = frozenset((
    "endpoint", "x", "y", "topic", "pull", "format", "receive_queue", "max_message", "key", "max_keys", "key_idle",
    "window", "bins", "x_range", "y_range", "every", "unit", "estimator", "name", "publish", "insecure", "metrics",
    "seconds", "strict", "samples", "state", "state_every", "record", "record_limit", "log",
    "output", "quiet", "config", "curve_server_key", "curve_secret", "authorized_keys",
))  # fmt: skip


@dataclass(frozen=True)
class KeyedOptions:
    """The options that say which device a message is of, and how many of them have a window, for how long."""

    panel: ClassVar = MANY

    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="PATH|topic",
            help="A window for each device: the path of its name in a message, or its topic.",
        ),
    ] = None
    max_keys: Annotated[
        int | None,
        typer.Option(
            "--max-keys", metavar="N", help=f"With --key: how many devices may have a window.  [default: {MAX_KEYS}]"
        ),
    ] = None
    key_idle: Annotated[
        str | None,
        typer.Option(
            "--key-idle",
            metavar="DURATION",
            help=f"With --key: drop a device that has sent no pair for this long.  [default: {IDLE}]",
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.key is None:
            check_unused("without --key", max_keys=self.max_keys, key_idle=self.key_idle)

    def check(self, given: set[str]) -> None:
        """ConfigError for one of the options ``given`` that nothing heeds with --key."""
        for name in sorted(given - HEEDED):
            raise ConfigError("--" + name.replace("_", "-"), "left out with --key")

    def config(self, pair: MonitorConfig) -> KeyedConfig:
        """The settings of a monitor of many devices with such a pair each; ConfigError for what cannot work."""
        assert self.key is not None
        most = MAX_KEYS if self.max_keys is None else self.max_keys
        return KeyedConfig(
            pair=pair, key=self.key, max_keys=most, idle_s=seconds(self.key_idle or IDLE, "--key-idle") or None
        )
