#!/usr/bin/env python3
"""The reference in the README, made of what is declared: the fields of a reading, the events, the estimators.

With --write it is written into the README; without, what differs is printed, and the exit status is 1 if anything does.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

from streammi.config import DEFAULT_ESTIMATOR, OTHER_ESTIMATORS
from streammi.publish.messages import FIELDS
from streammi.records.events import EVENTS
from streammi.records.published import INFORMATION, Field
from streammi.records.status import MORE, Status

README = Path(__file__).parents[1] / "README.md"


def fields() -> list[str]:
    """The table of the fields of a reading."""
    return ["| field of a reading | unit | metric: streammi_... | |", "|---|---|---|---|", *map(_field, FIELDS)]


def _field(field: Field) -> str:
    said = field.published
    unit = "`unit`" if said.unit == INFORMATION else said.unit
    metric = f"{said.metric}{'_total' if said.counter else ''}" if said.metric else ""
    more = f"; with {' or '.join(f'`{each}`' for each in said.option.split(' or '))}" if said.option else ""
    meaning = said.meaning + "; total since the start" * said.counter + more
    if field.name == "status":
        flags = [f"{int(flag)} {_words(flag)}{f' ({MORE[flag]})' if flag in MORE else ''}" for flag in Status if flag]
        meaning = f"0: a full window on a live feed; else the sum of {', '.join(flags)}"
    return f"| {' | '.join((f'`{field.name}`', unit, metric, meaning.replace('|', chr(92) + '|')))} |"


def _words(flag: Status) -> str:
    return str(flag.name).lower().replace("_", " ")


def events() -> list[str]:
    """The table of the events."""
    rows = [f"| `{name}` | {kind.meaning} | {kind.size} |" for name, kind in EVENTS.items()]
    return ["| event | means | size |", "|---|---|---|", *rows]


TABLES: dict[str, Callable[[], list[str]]] = {"| field of a reading |": fields, "| event | means |": events}


def with_tables(text: str) -> str:
    """The README with the tables as they should be."""
    lines = text.split("\n")
    for start, table in TABLES.items():
        first = next(k for k, line in enumerate(lines) if line.startswith(start))
        last = next(k for k in range(first, len(lines)) if not lines[k].startswith("|"))
        lines[first:last] = table()
    return re.sub(r"\(`--estimator`: [^)]*\)", f"(`--estimator`: {estimators()})", "\n".join(lines))


def estimators() -> str:
    """The estimators by their names."""
    return f"{DEFAULT_ESTIMATOR} by default; {', '.join(OTHER_ESTIMATORS)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write it")
    write = parser.parse_args().write
    before = README.read_text()
    after = with_tables(before)
    if write:
        README.write_text(after)
        return 0
    sys.stdout.writelines(
        difflib.unified_diff(before.splitlines(True), after.splitlines(True), "README.md", "declared")
    )
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main())
