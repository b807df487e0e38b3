"""``streammi replay`` of a recording whose messages have many channels: as recorded, but for the options given now."""

import dataclasses
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from streammi.cli.options import ChannelOptions, PairOptions
from streammi.cli.replay_sinks import Sinks
from streammi.cli.run_channel_monitor import channel_settings
from streammi.core.channels.cuda import arithmetic_of
from streammi.errors import ConfigError
from streammi.recording.entries import Settings, files_of
from streammi.recording.reader import Recording
from streammi.session.channel_replay import ChannelReplay

OF_CONFIG: Final = ("window", "bins", "every", "unit", "estimator")
HEEDED: Final = frozenset((
    *OF_CONFIG, "file", "channels", "top", "fdr", "grid", "hold", "pairs", "target", "device", "name", "speed",
    "output", "out",
))  # fmt: skip


def replay_channels(
    path: str, pair: PairOptions, many: ChannelOptions, given: Collection[str], sinks: Sinks
) -> ChannelReplay:
    """The replay; ``given`` are the names of the options that were given: ConfigError for one that is not heeded."""
    sinks.spare(*files_of(Path(path)).values())
    recording = Recording(path)
    if many.device is not None:
        arithmetic_of(many.device)
    override = recorded_settings(pair, many, given)
    override(recording.begin.settings)  # refused here, if at all
    lines, _ = sinks.lines("channels", "jsonl")
    return ChannelReplay(recording, lines, override, many.device)


def recorded_settings(
    pair: PairOptions, many: ChannelOptions, given: Collection[str]
) -> Callable[[Settings], Settings]:
    """The settings that a recording is replayed with, of those that were recorded; ConfigError as above."""
    for name in sorted(set(given) - HEEDED):
        raise ConfigError("--" + name.replace("_", "-"), "left out where FILE is a recording of many channels")

    def override(recorded: Settings) -> Settings:
        if recorded.feed is None:
            raise ConfigError("--channels", "left out where FILE is a recording of two sources", many.channels)
        settings = recorded.channels
        if settings is None:
            return replace(recorded, channels=channel_settings(pair, many, set(given)))
        now = {name: getattr(many, name) for name in ("top", "fdr") if name in given}
        now |= {f"{name}_s": getattr(many, f"{name}_s") for name in ("grid", "hold") if name in given}
        if many.channels is not None:
            now["patterns"] = tuple(many.patterns())
        if "pairs" in given:
            now["pairs"] = many.of_pairs
        if many.target is not None:
            now["target"] = many.target
        if pair.name is not None:
            now["name"] = pair.name
        asked = dataclasses.replace(many, channels=many.channels or "all")
        config = channel_settings(pair, asked, set(given)).config
        other = {name: getattr(config, name) for name in OF_CONFIG if name in given}
        return replace(recorded, channels=replace(settings, **now, config=replace(settings.config, **other)))

    return override
