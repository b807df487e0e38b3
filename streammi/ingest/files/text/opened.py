"""A file, or standard input, opened to be read as bytes."""

import io
import select
import sys
from typing import Any, Final, cast

from streammi.errors import ConfigError

WAITED_MS: Final = 200  # at once, for what comes from standard input


def opened(path: str, stdin: io.BufferedReader | None) -> tuple[io.BufferedReader, list[Any]]:
    """The stream to read, and what is to be closed in the end, first to last."""
    try:
        if path == "-":
            if stdin is None and sys.stdin is None:
                raise ConfigError("file", "readable (standard input is closed)", path)
            return stdin or io.BufferedReader(
                _Stdin(cast(io.RawIOBase, cast(io.BufferedReader, sys.stdin.buffer).raw))
            ), []
        source = open(path, "rb")  # noqa: SIM115 -- the Source closes it
        try:
            source.peek(1)
        except OSError:
            source.close()
            raise
    except OSError as error:
        raise ConfigError("file", f"readable ({error.strerror})", path) from None
    return source, [source]


class _Stdin(io.RawIOBase):
    """Standard input, waited for in pieces: between two of them what a signal does is done (see system.signals.Stop).

    A signal that comes just before a read would else wait for the next byte, as it interrupts nothing.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._poller = raw, select.poll()
        self._poller.register(raw.fileno(), select.POLLIN)

    def readable(self) -> bool:
        """True: it is there to be read."""
        return True

    def fileno(self) -> int:
        """That of standard input."""
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        """Wait for what there is next; returns how many bytes of it, 0 at the end."""
        while not self._poller.poll(WAITED_MS):
            pass
        return self._raw.readinto(buffer)
