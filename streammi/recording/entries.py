"""The entries of a recording, and the names of its files; shared by who writes and who reads one."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from streammi.config import ChannelSettings, FeedConfig, JoinConfig, KeyedConfig, MonitorConfig


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a monitor on which its readings depend: of a pair, or of many ``channels`` or ``keys``."""

    monitor: MonitorConfig = MonitorConfig()  # of a pair; of no account where there are channels or keys
    feed: FeedConfig | None = None  # one source,
    join: JoinConfig | None = None  # or two; one of these is set
    samples: int | None = None  # it ended after so many pairs, or rows
    channels: ChannelSettings | None = None
    keys: KeyedConfig | None = None


def settings_of(monitor: MonitorConfig, source: FeedConfig | JoinConfig, samples: int | None) -> Settings:
    """The settings of a monitor of this source."""
    if isinstance(source, JoinConfig):
        return Settings(monitor=monitor, join=source, samples=samples)
    return Settings(monitor=monitor, feed=source, samples=samples)


class Begin(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The first entry of each file."""

    version: str  # of streammi
    run: int  # start second of the monitor, as published
    settings: Settings
    continues: bool = False  # the same process goes on with what the file before holds
    lost: int = 0  # batches before this file that could not be written; where it is read, entries that are missing
    resumed: bool = False  # the monitor went on from a checkpoint and what was recorded behind it,
    seq: int = 0  # and had said so many readings then
    taken: int = 0  # of so many pairs
    after: int = -1  # entries of the file before, which this one continues; -1: not known


class Arrived(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The messages of one source that were taken off the wire together."""

    source: int
    received: float  # wall clock, s
    messages: Sequence[Sequence[bytes]]


class LinkChanged(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """How a source's link is from now on."""

    source: int
    at: float
    state: str
    since: float
    reconnects: int
    note: str = ""
    behind: bool = False


class Ended(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The monitor ended in order, and said its last reading at this time."""

    at: float


class Polled(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Something was done though nothing had arrived: what no reading had said was, or idle keys dropped."""

    at: float


class Flagged(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """The flags added to the status of each reading from now on: see streammi.records.status."""

    at: float
    flags: int


class Tested(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """The test beside the counting of many channels has found something, which is said from now on."""

    at: float


class Due(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Of the readings of many keys that were due, so many were made at this time; the others waited."""

    at: float
    most: int


Entry: TypeAlias = Begin | Arrived | LinkChanged | Ended | Polled | Flagged | Tested | Due

encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Entry).decode


def files_of(path: Path) -> dict[int, Path]:
    """The files of a recording that there are, by number, in order: FILE is number 0, then FILE.1, FILE.2, ..."""
    found = {0: path} if path.exists() else {}
    named = re.compile(re.escape(path.name) + r"\.([1-9][0-9]{0,8})")
    if path.parent.is_dir():
        for other in path.parent.iterdir():
            if match := named.fullmatch(other.name):
                found[int(match[1])] = other
    return dict(sorted(found.items()))


def numbered(path: Path, number: int) -> Path:
    """The name of the file with this number."""
    return path.with_name(f"{path.name}.{number}") if number else path
