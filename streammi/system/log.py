"""The log: messages for a person while a program runs, one line each, as text or as JSON."""

import json
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, TextIO, TypeAlias

from streammi.system.spool import LineStream

Form: TypeAlias = Literal["text", "json"]
Level: TypeAlias = Literal["info", "warning", "error"]
FORMS: Final[tuple[Form, ...]] = ("text", "json")


class Log:
    """Writes messages to ``stream``, flushed; what cannot be written there is counted in ``lost``.

    Nothing that a feed may have put into a message acts on a terminal.

    >>> import sys
    >>> Log(sys.stdout).say("the topic is a\\x1b[2Jb")
    streammi: the topic is a\\x1b[2Jb
    >>> Log(sys.stdout, "json", clock=lambda: 1.5).warn("cannot save", folder="/var/lib/streammi")
    {"timestamp":1.5,"level":"warning","message":"cannot save","folder":"/var/lib/streammi"}
    """

    def __init__(self, stream: LineStream, form: Form = "text", clock: Callable[[], float] = time.time) -> None:
        self.lost = 0
        self.form = form
        self._stream, self._clock = stream, clock

    def say(self, message: str, level: Level = "info", **fields: object) -> None:
        """Write one message; JSON has the ``fields`` as well."""
        self._write(self._line(message, level, **fields))

    def warn(self, message: str, **fields: object) -> None:
        """Write one message that somebody should act on."""
        self.say(message, "warning", **fields)

    def fail(self, message: str, **fields: object) -> None:
        """Write why the program ends."""
        self.say(message, "error", **fields)

    def defect(self, error: BaseException) -> None:
        """Write what nobody foresaw, with its traceback: Python's own lines in text, a field in JSON."""
        lines = "".join(traceback.format_exception(error))
        if self.form == "json":
            self.fail(f"{type(error).__name__}: {error}", traceback=lines)
        else:
            self._write(lines)

    def omitted(self, lines: int) -> str:
        """The line in the place of so many that nobody read."""
        return self._line(f"{lines} lines of messages were left out here: nobody read them", "warning")

    def take_over(self) -> None:
        """Write also what threads end with, and Python's warnings, for as long as this process lasts."""

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            self.warn(f"{category.__name__}: {message}", place=f"{filename}:{lineno}")

        threading.excepthook = lambda ended: None if ended.exc_value is None else self.defect(ended.exc_value)
        warnings.showwarning = show

    def report(self, title: str, sections: dict[str, dict[str, object]]) -> None:
        """Write a report: one object in JSON, a line a section in text."""
        if self.form == "json":
            self.say(title, "info", **sections)
            return
        for name, values in sections.items():
            self.say(f"{title}: {name}: " + ", ".join(f"{key} {value}" for key, value in values.items()))

    def _line(self, message: str, level: Level, **fields: object) -> str:
        if self.form == "json":
            record = {"timestamp": self._clock(), "level": level, "message": message, **fields}
            line = json.dumps(record, separators=(",", ":")).replace("\x7f", "\\u007f")  # ASCII, else printable
            return f"{line}\n"
        return f"streammi: {'warning: ' if level == 'warning' else ''}{harmless(message)}\n"

    def _write(self, lines: str) -> None:
        try:
            self._stream.write(lines)
            self._stream.flush()
        except OSError:  # its reader has gone, or a disk is full: neither is a reason to stop watching a feed
            self.lost += 1


def time_of_day(at: float) -> str:
    """A wall clock's time, s, for a person.

    >>> time_of_day(1767225600.0)
    '2026-01-01 00:00:00 UTC'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def harmless(text: str) -> str:
    r"""Text with what is not printable written as escapes.

    >>> harmless("a\x1b]0;title\x07\n")
    'a\\x1b]0;title\\x07\\n'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def harmless_json(text: str) -> str:
    r"""JSON as one line of the same meaning, in which what is not printable is written as JSON's escapes.

    >>> harmless_json('{"unit":\n"bit\x9b2J"}')
    '{"unit": "bit\\u009b2J"}'
    """
    if text.isprintable():
        return text
    # JSON has white space between its values alone, and nothing else below a space.
    return "".join(
        c if c.isprintable() else " " if c in "\n\r\t" else json.dumps(c)[1:-1].replace("\x7f", "\\u007f") for c in text
    )
