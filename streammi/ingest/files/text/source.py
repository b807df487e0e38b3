"""The text of a file, or of standard input, in blocks of whole lines: unpacked, as UTF-8, lines that end with LF."""

import codecs
import io
import os
import select
import stat
from collections.abc import Iterator, Sequence
from typing import Final, cast

from streammi.errors import ConfigError
from streammi.ingest.files.binary_files import refused
from streammi.ingest.files.text.encodings import OLD, encoding_of
from streammi.ingest.files.text.lines import MAX_LINE, whole_rows, with_plain_ends
from streammi.ingest.files.text.opened import opened
from streammi.ingest.files.text.unpacking import BROKEN, unpacked

HEAD: Final = 1 << 20  # bytes from which is told how a file is written
PLACES: Final = 24  # of a file that are looked into as well, where one can go there
PLACE: Final = 1 << 12  # bytes of each
STARTED_LINES: Final = 32  # of a pipe that are waited for, for as long as
STARTED_SECONDS: Final = 0.3
END_OF_DOS: Final = b"\x1a"  # Ctrl-Z, behind the last line


class Source:
    """The lines of an open file, or of standard input, once; ``ConfigError`` for what cannot be read.

    ``head`` is how it begins and ``places`` are pieces from all over it, as whole lines, which are not used up.
    ``encoding`` is what it is written in, ``packing`` what it is packed with; empty for none. ``wanted`` are names that
    stand in it, by which encodings are told that look alike.
    """

    def __init__(
        self, path: str, chunk: int, stdin: io.BufferedReader | None = None, wanted: Sequence[str] = ()
    ) -> None:
        if chunk < 1:
            raise ConfigError("chunk", ">= 1 bytes", chunk)
        self.path, self._chunk = path, chunk
        self._raw, self._opened = opened(path, stdin)
        self._is_pipe = not (self._opened and stat.S_ISREG(os.fstat(self._opened[-1].fileno()).st_mode))
        self.size = 0 if self._is_pipe else os.fstat(self._opened[-1].fileno()).st_size
        self.read = 0  # bytes of the file so far, packed as it is
        self.line = 1  # number of the next line
        self._ended = False
        self._broken_at: str | None = None  # what is wrong with it, behind what is whole
        self._held = b""  # half a line end
        self._rest = b""  # text that is no block yet
        try:
            self._stream, self.packing = unpacked(self._raw, is_pipe=self._is_pipe)
            if self.packing and self._opened:
                self._opened.insert(0, self._stream)
            raw = self._first_bytes()
            self.encoding = encoding_of(raw, wanted)
            while raw.startswith(codecs.BOM_UTF8):  # two, where a program wrote one that had read the other as text
                raw = raw.removeprefix(codecs.BOM_UTF8)
            self._decoder = None if self.encoding == "utf-8" else codecs.getincrementaldecoder(self.encoding)("replace")
            self._rest = self._text(raw)
            self.head = self._rest if self._ended else self._rest[: self._rest.rfind(b"\n") + 1]
        except BaseException:
            self.close()
            raise

    @property
    def note(self) -> str:
        """A note on what became of the file while it was read; empty for nothing."""
        if self._is_pipe or not self._ended or self.read >= self.size or self.packing:  # which has its own end
            return ""
        return f"the file was cut while it was read: it had {self.size:,} bytes, and ended at {self.read:,}"

    @property
    def is_live(self) -> bool:
        """True for a pipe of which more may come."""
        return self._is_pipe and not self._ended

    @property
    def ended(self) -> bool:
        """True if all of it has been read."""
        return self._ended

    def close(self) -> None:
        """Close what was opened here; standard input stays open."""
        for file in self._opened:
            file.close()

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Whole lines as they come, and the number of the first of them; a row in quotes may have several."""
        while self._rest or not self._ended:
            cut = len(self._rest) if self._ended else whole_rows(self._rest)
            if not cut:
                if len(self._rest) > max(MAX_LINE, self._chunk):
                    raise ConfigError(
                        "file", f"text with lines of at most {MAX_LINE} bytes (line {self.line})", self.path
                    )
                self._rest += self._text(self._more())
                continue
            # What is known already, of the beginning, may be more than a block.
            if cut > self._chunk:
                cut = whole_rows(self._rest[: self._chunk]) or cut
            block, self._rest = self._rest[:cut], self._rest[cut:]
            line, self.line = self.line, self.line + block.count(b"\n")
            yield line, block

    def rest(self, limit: int) -> Iterator[bytes]:
        """All of the text, piece by piece; ``ConfigError`` where it is longer than ``limit``, in bytes."""
        size = 0
        while self._rest or not self._ended:
            size += len(self._rest)
            if size > limit:
                rule = f"JSON with an object a line (jq -c '.[]'), where it is larger than {limit >> 20} MiB"
                raise ConfigError("file", rule, self.path)
            yield self._rest
            self._rest = b"" if self._ended else self._text(self._more())

    def places(self, row: int = 0) -> list[bytes]:
        """Whole lines from places all over the file, the last of them its end; none where one cannot go there.

        ``row`` is how long one is, in bytes.
        """
        if self.packing or self._is_pipe or self.size <= HEAD or self.encoding not in ("utf-8", OLD):
            return []
        found: list[bytes] = []
        size = max(PLACE, 2 * row)
        with open(self.path, "rb") as file:
            for k in range(1, PLACES + 1):
                file.seek(HEAD + max(self.size - HEAD - size, 0) * k // PLACES)
                data = with_plain_ends(file.read(size))
                start, stop = data.find(b"\n") + 1, data.rfind(b"\n") + 1
                if start < stop:
                    found.append(data[start:stop].decode(self.encoding, "replace").encode())
        return found

    def _first_bytes(self) -> bytes:
        raw = b""
        while len(raw) < HEAD and not self._ended:
            if self._is_pipe and raw and not self._wait_for_more(raw):
                break
            raw += self._more()
            if self._broken_at:  # what is whole comes first
                break
        if self._broken_at and not raw:
            raise self._broken()
        if (no_text := refused(raw, self.path)) is not None:
            what, instead = no_text
            raise ConfigError("file", f"CSV, JSON Lines or Parquet, not {what}: {instead}", self.path)
        return raw

    def _wait_for_more(self, raw: bytes) -> bool:
        """True if a pipe is to be read on before a first look: of a live source little may be there."""
        if raw.count(b"\n") + raw.count(b"\r") >= STARTED_LINES:
            return False
        try:
            return bool(select.select([self._raw], [], [], STARTED_SECONDS)[0])
        except (OSError, ValueError):  # it is no file of the system's
            return True

    def _more(self) -> bytes:
        """The bytes there are, at most a chunk; waits only when there are none."""
        if self._broken_at:
            raise self._broken()
        try:
            data = self._stream.read1(self._chunk) if hasattr(self._stream, "read1") else self._stream.read(self._chunk)
        except BROKEN:
            self._broken_at = self.packing
            return b""
        except OSError as error:
            if self.packing:
                self._broken_at = self.packing
                return b""
            raise ConfigError("file", f"readable ({error.strerror})", self.path) from None
        self._ended = not data
        if not self._is_pipe:
            self.read = self._opened[-1].tell()
        return cast(bytes, data)

    def _broken(self) -> ConfigError:
        line = self.line + self._rest.count(b"\n")
        return ConfigError("file", f"whole {self.packing} (it is broken after line {line})", self.path)

    def _text(self, data: bytes) -> bytes:
        if self._decoder is not None:
            data = self._decoder.decode(data, self._ended).encode()
        if self._held:
            data, self._held = self._held + data, b""
        if self._ended:
            data = data.rstrip(END_OF_DOS) if data.endswith(END_OF_DOS) else data
        elif data.endswith((b"\r", END_OF_DOS)):  # it may be the first half of a line end, or the end
            self._held, data = data[-1:], data[:-1]
        return with_plain_ends(data)
