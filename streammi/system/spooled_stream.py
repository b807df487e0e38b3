"""A spool as a text stream: for whatever writes to standard error."""

import io
from typing import TextIO

from streammi.system.spool import Spool


class SpooledStream(io.TextIOBase):
    """A text stream that never holds up who writes to it: pieces of a line wait for its end, or for a flush."""

    def __init__(self, stream: TextIO, room: int) -> None:
        self.spool = Spool.on(stream, room=room)
        self._stream, self._piece = stream, ""

    def end(self) -> TextIO:
        """Give what waits a quarter of a second; returns the stream below."""
        self.flush()
        self.spool.finish(lambda: True, wait=False)
        return self._stream

    def write(self, text: str) -> int:
        """Take text."""
        whole, newline, self._piece = (self._piece + text).rpartition("\n")
        if newline:
            self.spool.write(whole + newline)
        return len(text)

    def flush(self) -> None:
        """Hand on also a line without its end, such as a bar that grows."""
        piece, self._piece = self._piece, ""
        if piece:
            self.spool.write(piece)

    def writable(self) -> bool:
        """It takes text."""
        return True

    def isatty(self) -> bool:
        """True if the stream below is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor of the stream below."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream below."""
        return self._stream.encoding
