"""Text that is no table, named where a column of it is asked for: the fields of its lines would mislead."""

import re
from collections.abc import Sequence
from typing import Final

from streammi.ingest.formats.influx import is_influx
from streammi.ingest.formats.json import payload_of
from streammi.ingest.formats.keyvalue import is_keyvalue
from streammi.ingest.formats.magic import named_text

LOOKED_AT: Final = 50  # lines
_ROWS: Final = "write a column a signal, or JSON Lines"


def no_table(head: bytes, wanted: Sequence[str]) -> str:
    """Name what a text is, of which none of these is a column, and what would do; empty where it is not known.

    >>> no_table(b"10:00 x=1.5 y=2\\n", ("x", "y")), no_table(b"a,b\\n1,2\\n", ("x", "y"))
    ('x=1.5 y=2.5 in its lines: write a column a signal, or JSON Lines', '')
    >>> no_table(b"name,value\\nx,1\\ny,2\\n", ("x", "y"))
    'a signal a row (x is a field of line 2): put each signal in a column of its own'
    """
    lines = [line.strip() for line in head.split(b"\n", LOOKED_AT)[:LOOKED_AT]]
    first = next(filter(None, lines), b"")
    if first.startswith(b"<") or named_text(first).startswith("XML"):
        return "HTML or XML in it: export the table as CSV"
    if is_influx([first]):
        return f"Influx lines: {_ROWS}"
    if payload_of([first]) is not first:
        return "JSON behind words in its lines: grep -o '{.*}' FILE | streammi replay - ..."
    if is_keyvalue([first]):
        return f"x=1.5 y=2.5 in its lines: {_ROWS}"
    rows = [{field.strip(' "') for field in re.split("[,;\t]", line.decode("utf-8", "replace"))} for line in lines]
    places = [next((number for number, row in enumerate(rows, 1) if name in row), 0) for name in wanted]
    if not all(places):
        return ""
    return f"a signal a row ({wanted[0]} is a field of line {places[0]}): put each signal in a column of its own"
