"""The choices of the person at the keys on the screen of many channels, or devices; changed only by actions."""

from typing import Literal, NamedTuple, TypeAlias

import msgspec

Sort: TypeAlias = Literal["MI", "change", "name", "MI high, r low"]
Shade: TypeAlias = Literal["MI", "r", "change"]


class Room(NamedTuple):
    """The part that was seen last, which some keys go by."""

    page: int = 20  # rows of the table, or of the matrix
    step: int = 1  # channels of the matrix that are a dot
    whole: int = 1  # the scale at which all of the matrix is seen


class ManyState(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of one view of many channels; an action makes a new state of an old one."""

    sort: Sort = "MI"
    words: str = ""  # of the filter
    typing: bool = False  # keys are letters of the filter
    matrix: bool = False  # else the table
    pair: int | None = None  # the cursor in the table, by the row's number; None: whichever comes first
    row: int = 0  # the cursor in the matrix, by place in its order
    column: int = 1
    scale: int | None = None  # dots a channel, or less the channels a dot; None: as large as all of it can be seen
    shade: Shade = "MI"  # what the matrix shows
