"""What the readers of files have in common: columns by name, and rows in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from streammi.errors import Reason
from streammi.ingest.files.source import Source


@dataclass
class Block:
    """Some rows: the columns that were asked for, each of ``rows`` fields, and what of the text were none."""

    columns: list[pa.Array]
    rows: int
    first: int  # the first one's line
    text: bytes = b""
    lines: list[int] | None = None  # of each row; None where they are not known without a closer look
    skipped: list[tuple[Reason, int, str]] = field(default_factory=list)  # why, in which line, and what was there


class Table(Protocol):
    """A file's columns."""

    names: list[str]
    said: list[str]  # what is worth a word of how it is written
    source: Source

    @property
    def decimal(self) -> str:
        """The decimal point of its texts."""

    def sample(self) -> list[Block]:
        """Rows from the beginning and from places all over, all columns of them."""

    def blocks(self, wanted: Sequence[int]) -> Iterator[Block]:
        """The columns ``wanted``, of one block of rows after the other."""

    def again(self, block: Block, wanted: Sequence[int]) -> Block:
        """The same block, with the line of each row."""
