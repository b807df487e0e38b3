"""The settings of a monitor of many devices: those of the pair, and how many devices, and for how long."""

from typing import Final

import msgspec

from streammi.config.monitor import MonitorConfig
from streammi.errors import ConfigError

MAX_KEYS: Final = 10_000
MOST_KEYS: Final = 1_000_000
MOST_OF_NAME: Final = 24  # characters of the pair's name: the key has 39, and a topic 64


class KeyedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of signals of each of up to ``max_keys`` devices, whose ``key`` is a path in the messages, or topic."""

    pair: MonitorConfig  # window, bins, unit and how often, of each
    key: str
    max_keys: int = MAX_KEYS
    idle_s: float | None = 600.0  # without a pair for so long a key's window is dropped; None: never

    def __post_init__(self) -> None:
        if self.pair.window.pairs is None:
            raise ConfigError("--window", "a number of pairs, such as 1000, with --key", str(self.pair.window))
        if self.pair.bins.kind == "categories":
            raise ConfigError("--bins", "auto, N, quantile:N or uniform:N with --key", str(self.pair.bins))
        if len(self.pair.pair) > MOST_OF_NAME:
            raise ConfigError("--name", f"at most {MOST_OF_NAME} characters with --key", self.pair.pair)
        if not 1 <= self.max_keys <= MOST_KEYS:
            raise ConfigError("--max-keys", f"between 1 and {MOST_KEYS:,}", self.max_keys)
