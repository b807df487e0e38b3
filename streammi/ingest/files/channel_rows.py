"""ChannelRows: the rows of a file that hold many channels, however it is written."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from streammi.records import FloatArray


def counted(channels: int, rows: int) -> str:
    """So many channels and rows, for a message.

    >>> counted(1, 3000)
    '1 channel and 3,000 rows'
    """
    return f"{channels:,} channel{'s' * (channels != 1)} and {rows:,} row{'s' * (rows != 1)}"


class ChannelRows(ABC):
    """Iterates once over rows (n, C) of the channels ``names``, and their times (n,), None where not ``timed``."""

    names: Sequence[str]
    said: str  # one line of what was guessed of how it is written; empty for what goes without saying,
    hint: str  # and of what may be wrong with the values

    @property
    @abstractmethod
    def timed(self) -> bool:
        """True if rows have times."""

    @property
    @abstractmethod
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of the whole file, 0 where that is not known."""

    @property
    @abstractmethod
    def note(self) -> str:
        """One line on what was left out; empty for nothing."""

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        """The rows, block by block."""

    @abstractmethod
    def close(self) -> None:
        """Close the file; standard input stays open."""

    def whole(self) -> tuple[FloatArray, FloatArray | None]:
        """All rows at once."""
        parts = list(self)
        if not parts:
            return np.empty((0, len(self.names))), np.empty(0) if self.timed else None
        values = np.concatenate([rows for rows, _ in parts])
        return values, np.concatenate([t for _, t in parts if t is not None]) if self.timed else None
