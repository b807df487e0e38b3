"""The base of the readers of files: columns by name, and rows in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from streammi.errors import Reason
from streammi.ingest.files.text.source import Source
from streammi.records import LinkHealth, PairBatch


@dataclass
class Block:
    """Some rows: the columns that were asked for, each of ``rows`` fields, and what of the text were none."""

    columns: list[pa.Array]
    rows: int
    first: int  # the first one's line
    text: bytes = b""
    lines: list[int] | None = None  # of each row; None where they are not known without a closer look
    skipped: list[tuple[Reason, int, str]] = field(default_factory=list)  # why, in which line, and what was there


def rows_skipped(count: int, parts: Sequence[str]) -> str:
    """The words on so many rows.

    >>> rows_skipped(1, ["1 header again"]), rows_skipped(0, [])
    ('1 row skipped: 1 header again', '')
    """
    return f"{count:,} row{'s' * (count != 1)} skipped: {', '.join(parts)}" if count else ""


class Recorded(Protocol):
    """Iterates once over recorded pairs."""

    @property
    def timed(self) -> bool:
        """True if the samples have timestamps."""

    @property
    def empty(self) -> bool:
        """True if there is not a single row: nothing is known then of what the samples have."""

    @property
    def said(self) -> str:
        """One line of what was guessed of how it is written; empty for what goes without saying."""

    @property
    def hint(self) -> str:
        """One line of what may be wrong with the values; empty for nothing."""

    @property
    def note(self) -> str:
        """One line of what was skipped so far, and what else became of it; empty for nothing."""

    @property
    def why_empty(self) -> str:
        """Why there was no pair of finite values; empty when there was one."""

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of all, 0 where that is not known."""

    def health(self) -> tuple[LinkHealth, ...]:
        """As links of a feed: what was read so far."""

    def __iter__(self) -> Iterator[PairBatch]: ...

    def close(self) -> None:
        """Close what was opened; standard input stays open."""


class Table(Protocol):
    """A file's columns."""

    names: list[str]
    units: list[str]  # of each column, as it stands below its name; empty where none do
    said: list[str]  # what is worth a word of how it is written
    source: Source

    @property
    def decimal(self) -> str:
        """The decimal point of its texts."""

    def sample(self, k: int) -> pa.Array:
        """Fields of a column from the beginning and from places all over."""

    def blocks(self, wanted: Sequence[int]) -> Iterator[Block]:
        """The columns ``wanted``, of one block of rows after the other."""

    def again(self, block: Block, wanted: Sequence[int]) -> Block:
        """The same block, with the line of each row."""
