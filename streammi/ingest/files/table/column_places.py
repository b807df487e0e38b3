"""Where the columns of a text table are, from row to row: loggers that were restarted may write others."""

import re
from collections.abc import Sequence
from typing import Final

from streammi.errors import Reason
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.table.csv_layout import Layout
from streammi.ingest.files.table.header import plain_name
from streammi.ingest.files.table.rows import holds_values, is_value

_WORD: Final = re.compile(r"[^\W\d_]")


class ColumnPlaces:
    """Where columns are now: as the layout has them, until a line of names says otherwise."""

    def __init__(self, layout: Layout, options: FileOptions, *, of_labels: bool) -> None:
        self._layout, self._names = layout, layout.names
        self._again = (layout.delimiter.join(layout.header)).encode() if layout.header else b""
        self._tells = bool(layout.header) and not options.columns  # whether a line of names says where they are
        self._of_labels = of_labels  # rows without a number are as good as others
        self._moved: dict[int, int] | None = None  # None: where the layout has them
        self._last_line = 0
        self.width = len(layout.names)
        self.hold = True  # whether the rows are of this table: there may be another one below it

    def of(self, k: int) -> int:
        """Where the column is that was the ``k`` th."""
        return k if self._moved is None else self._moved[k]

    def may_change(self, text: bytes, wanted: Sequence[int]) -> bool:
        """True if there may be a line of names in a text: the same again, or others with those that are wanted."""
        if self._again and self._again in text:
            return True
        names = [self._names[k] for k in wanted]
        return self._tells and not any(map(is_value, names)) and all(name.encode() in text for name in names)

    def why_none(self, row: Sequence[str], wanted: Sequence[int], line: int) -> Reason | None:
        """Why a row has no values of the columns that are wanted; None where it has."""
        before, self._last_line = self._last_line, line
        if any("\0" in field for field in row):
            return "with NUL bytes"
        if tuple(row) == self._layout.header:
            self._moved, self.hold, self.width = None, True, len(self._names)
            return "header again"
        if self._tells and len(row) > 1 and not holds_values(row) and self._is_other(row, wanted, line > before + 1):
            return "header again" if self.hold else "of other columns"
        if not self.hold:
            return "of other columns"
        if len(row) <= max((self.of(k) for k in wanted), default=0) or len(row) < min(self._layout.least, self.width):
            return "too few fields"
        return "too many fields" if any(row[self.width :]) else None

    def _is_other(self, row: Sequence[str], wanted: Sequence[int], is_apart: bool) -> bool:
        """Take a line of other names for what it says: where the columns are from here on, or that they are no more."""
        names = [plain_name(field) for field in row]
        known = {k: names.index(self._names[k]) for k in wanted if self._names[k] and self._names[k] in names}
        if len(known) == len(set(wanted)):
            self._moved, self.hold, self.width = known, True, len(names)
            return True
        # Most are called as before, or a line stands apart that is no row: other columns, or another table.
        most = 2 * len(set(names) & set(self._names)) > len(names)
        told = most if self._of_labels else is_apart and self._is_like_names(names)
        if told or (known and not self._of_labels):
            self.hold = False
            return True
        return False

    def _is_like_names(self, names: Sequence[str]) -> bool:
        """True if these are as many words as there are columns, each another."""
        return len(names) == len(set(names)) == len(self._names) and all(map(_WORD.match, names))
