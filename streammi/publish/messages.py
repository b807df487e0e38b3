"""The published messages, frame by frame; pure.

========================  ==========================  =======================================================
``mi/<pair>``             a reading as compact JSON   numbers or null, text only in ``unit``: see FIELDS
``event/<pair>``          an event as compact JSON    see streammi.records.Event
``snapshot/<pair>``       a snapshot as msgpack       for dashboards: see streammi.publish.snapshot_bytes
========================  ==========================  =======================================================

Every message is exactly two frames: the topic and the payload. ``v`` is the schema version; fields may be added
within one version, so that a consumer skips what it does not know.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec

from streammi.config import check_pair_name
from streammi.errors import ConfigError, FeedError
from streammi.records import Event, LinkHealth, Reading, Tally
from streammi.records.codec import UNREADABLE
from streammi.records.published import Field, Published, fields_of, in_order

VERSION: Final = 1
MAX_TEXT_BYTES: Final = 1 << 16  # of a reading or an event; ours are about 1 KiB
Fields: TypeAlias = dict[str, float | int | str | None]

_decode_fields: Final = msgspec.json.Decoder(Fields).decode
_decode_event: Final = msgspec.json.Decoder(Event).decode


def reading_topic(pair: str) -> bytes:
    """The topic of a pair's readings."""
    return b"mi/" + pair.encode()


def event_topic(pair: str) -> bytes:
    """The topic of a pair's events."""
    return b"event/" + pair.encode()


def snapshot_topic(pair: str) -> bytes:
    """The topic of a pair's snapshots."""
    return b"snapshot/" + pair.encode()


_ORIGIN: Final = {
    "v": Field("v", int, Published("The schema's version: fields may be added within one")),
    "run": Field("run", int, Published("When the monitor was started", "s", metric="start_time_seconds")),
    "seq": Field("seq", int, Published("Readings said", metric="readings", counter=True)),
    "timestamp": Field(
        "timestamp", float, Published("When the newest reading was made", "s", metric="reading_timestamp_seconds")
    ),
}
_STATUS: Final = Field(
    "status",
    int,
    Published("Sum of the flags of streammi_status_flag; 0 is a full window on a live feed", metric="status"),
)
_UNIT: Final = Field("unit", str, Published("The unit of all information: bit, nat or ban"))
_READING: Final = tuple(field for field in fields_of(Reading) if field.name is not None)
_LINK: Final = tuple(field for field in fields_of(LinkHealth) if field.name is not None)
_TALLY: Final = tuple(field for field in fields_of(Tally) if field.name is not None)
# All that is published, in this order; times are seconds since the epoch.
FIELDS: Final = (*in_order(_ORIGIN.values(), _READING, _LINK, _TALLY), _STATUS, _UNIT)

_of_reading: Final = attrgetter(*(field.attribute for field in _READING))
_of_link: Final = attrgetter(*(field.attribute for field in _LINK))
_READING_NAMES: Final = tuple(str(field.name) for field in _READING)
_LINK_NAMES: Final = tuple(str(field.name) for field in _LINK)
# With all names in it, a copy is filled without growing: a third faster than a dictionary made of ordered values.
_BLANK: Final[Fields] = {str(field.name): VERSION if field.name == "v" else None for field in FIELDS}


def result_fields(
    reading: Reading, *, run: int, seq: int, timestamp: float, link: LinkHealth, status: int = 0
) -> Fields:
    """A reading as it is published and printed: always all ``FIELDS``, in their order; None is not known.

    ``unmatched`` is that of both of two joined sources. ``status`` is a sum of streammi.records.status.Status.
    """
    fields = _BLANK.copy()
    fields.update(zip(_READING_NAMES, _of_reading(reading), strict=True))
    fields.update(zip(_LINK_NAMES, _of_link(link), strict=True))
    if link.tally is not None:
        fields.update({str(field.name): getattr(link.tally, field.attribute) for field in _TALLY})
    fields |= {"run": run, "seq": seq, "timestamp": timestamp, "status": int(status), "unit": reading.unit}
    fields["malformed"] = sum(link.malformed.values())
    return fields


def published_reading(fields: Fields) -> Reading | None:
    """As much of a reading as is published; None where not even its counts and entropies are there.

    >>> published_reading({"n": 4, "unit": "bit", "mi": 0.25}) is None
    True
    """
    found = {field.attribute: fields.get(str(field.name)) for field in _READING} | {"unit": fields.get("unit")}
    known: dict[str, object] = {name: value for name, value in found.items() if value is not None}
    known |= {name: found[name] for name in ("nmi", "pearson_r")}  # they have no default
    known |= {f"{side}_constant": fields.get(f"h{side}") == 0 for side in "xy"}
    if fields.get("p") is not None or fields.get("p_due") is not None:
        known["test"] = "g" if fields.get("null_mean") is None and fields.get("p_due") is None else "shift"
    try:
        return msgspec.convert(known, Reading)
    except msgspec.ValidationError:
        return None


def reading_message(pair: str, fields: Fields) -> list[bytes]:
    """``[topic, json]`` of a reading's ``result_fields``; NaN and infinities become null.

    >>> reading_message("xy", {"v": 1, "n": 4, "mi": 0.25, "nmi": float("nan"), "r": None, "unit": "bit"})
    [b'mi/xy', b'{"v":1,"n":4,"mi":0.25,"nmi":null,"r":null,"unit":"bit"}']
    """
    return [reading_topic(pair), msgspec.json.encode(fields)]


def read_reading(frames: Sequence[bytes], channel: bytes = reading_topic("")) -> tuple[str, Fields]:
    """The pair and the fields of a published reading, of this channel; FeedError for anything else."""
    pair, payload = open_frames(frames, channel, MAX_TEXT_BYTES)
    try:
        fields = _decode_fields(payload)
    except UNREADABLE as error:
        raise FeedError("not JSON", str(error)) from None
    check_version(fields.get("v"))
    return pair, fields


def event_message(event: Event) -> list[bytes]:
    """``[topic, json]`` of an event."""
    fields = {"v": VERSION, **msgspec.structs.asdict(event)}
    if not event.rule:  # only alarms have one
        del fields["rule"]
    return [event_topic(event.pair), msgspec.json.encode(fields)]


def read_event(frames: Sequence[bytes]) -> Event:
    """A published event; FeedError for anything else."""
    pair, payload = open_frames(frames, event_topic(""), MAX_TEXT_BYTES)
    try:
        event = _decode_event(payload)
    except UNREADABLE as error:
        raise FeedError("not JSON", str(error)) from None
    if event.pair != pair:
        raise FeedError("bad header", f"topic of {pair!r}, event of {event.pair!r}")
    return event


def open_frames(frames: Sequence[bytes], channel: bytes, most: int) -> tuple[str, bytes]:
    """The pair's name and the payload of a message of one channel, at most ``most`` bytes; FeedError otherwise."""
    if len(frames) != 2 or not frames[0].startswith(channel):
        raise FeedError("wrong frames", f"not [{channel.decode()}<pair>, payload]")
    if len(frames[1]) > most:
        raise FeedError("too large", f"{len(frames[1])} bytes")
    try:
        return check_pair_name(frames[0].removeprefix(channel).decode()), frames[1]
    except (UnicodeDecodeError, ConfigError):
        raise FeedError("bad header", "the topic holds no pair's name") from None


def check_version(version: object) -> None:
    """FeedError unless this is the schema version that is read here."""
    if version != VERSION:
        raise FeedError("other format", f"schema version {version!r}; this streammi reads {VERSION}")
