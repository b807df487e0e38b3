"""Text that is no table, named where a column of it is asked for: the fields of its lines would mislead."""

import re
from collections.abc import Sequence
from typing import Final

from streammi.ingest.formats.influx import is_influx
from streammi.ingest.formats.json import payload_of
from streammi.ingest.formats.keyvalue import is_keyvalue
from streammi.ingest.formats.magic import named_text
from streammi.ingest.record_fields import leaves

LOOKED_AT: Final = 50  # lines
_OTHERS: Final = (
    (re.compile(rb"# (?:HELP|TYPE) "), "metrics of Prometheus: a query over time as CSV would do"),
    (re.compile(rb"[$!][A-Z]{2,5},"), "sentences of NMEA: write a column a signal (gpsd and others convert them)"),
    (re.compile(rb"(?i)@relation\b"), "ARFF's head: write the names as one line above the rows, without the @ lines"),
    (re.compile(rb"date \w{3} \w{3} .*\d{4}$"), "the log of a bus (.asc): export its signals as CSV"),
    (re.compile(rb"\(\d+\.\d+\) \w+ [0-9A-F]+#|;\$FILEVERSION"), "the log of a bus: export its signals as CSV"),
    (re.compile(rb"\$(?:date|version|timescale)\b"), "a value change dump (VCD): export its signals as CSV"),
    (re.compile(rb"- \w+: |---$"), "YAML: write JSON Lines"),
)
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
    if what := next((what for pattern, what in _OTHERS if pattern.match(first)), ""):
        return what
    if payload_of([first]) is not first or any(re.match(rb"(?:\w*\()?[\[{]+ *\"", line) for line in lines):
        return "JSON behind words in its lines: grep -o '{.*}' FILE | streammi replay - ..."
    if is_keyvalue([first]):
        return f"x=1.5 y=2.5 in its lines: {_ROWS}"
    rows = [{field.strip(' "') for field in re.split("[,;\t]", line.decode("utf-8", "replace"))} for line in lines]
    if not wanted or any(map(str.isdigit, wanted)):  # places of columns, which are among the values as well
        return ""
    places = [next((number for number, row in enumerate(rows, 1) if name in row), 0) for name in wanted]
    if not all(places) or len(set(places)) < len(set(wanted)):  # names side by side head columns
        return ""
    return f"a signal a row ({wanted[0]} is a field of line {places[0]}): put each signal in a column of its own"


def signal_a_record(records: Sequence[object], wanted: Sequence[str]) -> str:
    """Name records of JSON that have one of these signals each, by its name; empty for others.

    >>> signal_a_record([{"name": "x", "v": 1}, {"name": "y", "v": 2}], ("x", "y"))
    'a signal a record (name is x in record 1): put all signals of one time in one record'
    """
    found: dict[str, tuple[str, int]] = {}
    for k, record in enumerate(records[:LOOKED_AT], 1):
        for path, value in leaves(record):
            if isinstance(value, str) and value in wanted:
                found.setdefault(value, (path, k))
    if len(found) < len(set(wanted)) or len({path for path, _ in found.values()}) > 1:
        return ""
    path, k = found[wanted[0]]
    return f"a signal a record ({path} is {wanted[0]} in record {k}): put all signals of one time in one record"
