"""The settings of a monitor of many devices, of the options that were given."""

from dataclasses import replace
from typing import Final

from streammi.cli.options import FeedOptions, JoinOptions, KeyedOptions, PairOptions
from streammi.cli.options.computed import in_a_name
from streammi.cli.options.keyed import EVERY
from streammi.config import FeedConfig, JoinConfig, KeyedConfig
from streammi.errors import ConfigError

SIDE: Final = 11  # characters of a signal's name in a pair's, of which the key takes most


def keyed_settings(
    endpoint: str | None,
    feed: FeedOptions,
    joining: JoinOptions,
    pair: PairOptions,
    devices: KeyedOptions,
    given: set[str],
) -> tuple[KeyedConfig, FeedConfig]:
    """The settings and the feed; ``given`` are the options' names. ConfigError for what cannot work with --key."""
    devices.check(given)
    x, y = feed.names
    settings = replace(
        pair,
        every=pair.every if "every" in given else EVERY,
        detect="off",
        name=pair.name or f"{in_a_name(x, SIDE)}~{in_a_name(y, SIDE)}",
    )
    source = feed.config(endpoint, pair.labels, joining)
    if isinstance(source, JoinConfig):
        raise ConfigError("--key", "given with one ENDPOINT, whose messages hold both signals", devices.key)
    return devices.config(settings.config(x, y, endpoint or "")), source
