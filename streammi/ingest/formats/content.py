"""The content of one message as it was read, what of it is wanted, and the samples that are found in it."""

from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from streammi.ingest.clock import Clock
from streammi.ingest.formats.columns import Column, Columns
from streammi.ingest.formats.envelope import Places as Envelope
from streammi.ingest.formats.paths import Chain
from streammi.ingest.sequence import Each, Numbers
from streammi.ingest.side_frame import Beside

TIME_NAMES: Final = ("timestamp", "time", "ts", "t")  # looked for in this order, at the top of each record
SEQ_NAMES: Final = ("seq",)
MAX_COLUMNS: Final = 1 << 16
SEQ_LIMIT: Final = 1 << 62  # beyond it a number is no sequence number, and does not fit an int64


class Wanted(msgspec.Struct, frozen=True):
    """The wanted parts of messages: a path for each signal, and where their times and sequence numbers are."""

    paths: tuple[str, ...]
    t: str | None = None  # None: one of TIME_NAMES, where there is one
    seq: str | None = None  # None: one of SEQ_NAMES, where there is one
    labels: bool = False
    keyed: bool = False  # the last path is of a key, of which there may be one for all samples of a message
    partial: bool = False  # what a message does not have at a path, or is no number, is NaN: but not all of it
    memory: dict[str, Any] = {}  # of the readers of formats in which one message does not say everything
    clock: Clock = msgspec.field(default_factory=Clock)  # the feed's; it learns from each message that is read
    beside: Beside = msgspec.field(default_factory=Beside)  # what stands beside the payloads, likewise


class Content(NamedTuple):
    """A message as it was read: ``tree`` is what paths lead into, made of dicts, lists, arrays and plain values."""

    tree: Any
    stamp: bytes | str | float | None = None  # the time, where it stands beside the tree
    beside: bytes | None = None  # a frame beside the payload, which may be a time or a counter
    at: Envelope = Envelope()  # where in the frames the payload and that are
    hint: str = ""  # what a person should know of messages like this one
    lines: bool = False  # the tree is made of lines of the payload
    first: int | None = None  # the number of the first sample, where samples are numbered


UnitOf: TypeAlias = tuple[Chain, str]  # where a value's unit is, and the one that the feed's first value had


class Places(NamedTuple):
    """Where in a tree everything is."""

    values: tuple[Chain | None, ...]  # None where there is nothing, of messages that need not have all
    t: Chain | None
    seq: Chain | None
    units: tuple[UnitOf | None, ...] = ()  # of each value; empty where none has one


class Samples(NamedTuple):
    """The samples of a message, or of several: columns of equal length."""

    values: Columns
    t: Column | None = None  # s
    numbers: Each | Numbers | None = None  # of each sample, or of the message
    places: Places | None = None  # where they were in each record, if these have one sample each
