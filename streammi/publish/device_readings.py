"""Readings of devices as a view takes them in: of each as much as a table is sorted by, the rest when it is seen."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from streammi.errors import FeedError
from streammi.publish.messages import reading_topic
from streammi.records import Unit
from streammi.records.codec import UNREADABLE


class Brief(msgspec.Struct, frozen=True):
    """The part of a reading that a table is sorted by."""

    v: int
    run: int
    timestamp: float
    unit: Unit
    fill: float = 1.0
    mi_corrected: float | None = None
    r: float | None = None


class DeviceReading(NamedTuple):
    """A reading of a device as it came: its name in topics, what a table is sorted by, and the frames."""

    name: str
    brief: Brief
    frames: Sequence[bytes]


_brief: Final = msgspec.json.Decoder(Brief).decode
_TOPIC: Final = reading_topic("")


def read_device(frames: Sequence[bytes]) -> DeviceReading:
    """A reading of a device; FeedError for what is none."""
    if len(frames) != 2 or not frames[0].startswith(_TOPIC):
        raise FeedError("wrong frames", f"{len(frames)} frames, {frames[0][:40]!r}")
    try:
        return DeviceReading(frames[0][len(_TOPIC) :].decode(), _brief(frames[1]), frames)
    except UNREADABLE as error:
        raise FeedError("not JSON", str(error)) from None
