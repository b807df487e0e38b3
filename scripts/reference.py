#!/usr/bin/env python3
"""Makes parts of the README and the pages of what is declared and computed: fields, events, estimators, pictures.

With --write it is written into them; without, what differs is printed, and the exit status is 1 if anything does.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer

from streammi import analyse
from streammi.cli.help_panels import ORDER, OTHER
from streammi.cli.main import app
from streammi.config import DEFAULT_ESTIMATOR, OTHER_ESTIMATORS
from streammi.ingest.formats.registry import FORMATS
from streammi.publish.messages import FIELDS
from streammi.records import FloatArray
from streammi.records.events import EVENTS
from streammi.records.published import INFORMATION, Field
from streammi.records.status import MEANINGS

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT, GAP = 28, 8, "   "  # of a picture, in letters; a letter of braille has 2 x 4 dots
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a letter, by column and row: Unicode 2800
SHOWN = 250  # of 1,000 pairs: all of them would be a blot


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
        meaning = "0: a full window on a live feed; else the sum of the [flags](#status) that hold"
    return f"| {' | '.join((f'`{field.name}`', unit, metric, meaning.replace('|', chr(92) + '|')))} |"


def flags() -> list[str]:
    """The table of the flags of a reading's status."""
    rows = [f"| {int(flag)} | {str(flag.name).lower().replace('_', ' ')} | {MEANINGS[flag]} |" for flag in MEANINGS]
    return ["| flag | status | means |", "|---|---|---|", *rows]


def formats() -> list[str]:
    """The table of the formats."""
    rows = [f"| `{row.name}` | {row.frames} | {row.paths} |" for row in FORMATS.values()]
    return ["| format | what a message consists of | what signals are called in it |", "|---|---|---|", *rows]


def events() -> list[str]:
    """The table of the events."""
    rows = [f"| `{name}` | {kind.meaning} | {kind.size} |" for name, kind in EVENTS.items()]
    return ["| event | means | size |", "|---|---|---|", *rows]


def estimators(text: str) -> str:
    """The text with the estimators by their names."""
    names = f"{DEFAULT_ESTIMATOR} by default; {', '.join(OTHER_ESTIMATORS)}"
    return re.sub(r"\(`--estimator`: [^)]*\)", f"(`--estimator`: {names})", text)


def pictures() -> list[str]:
    """Three relations as points, with their r and MI below: what correlation sees of them, and what MI sees."""
    random = np.random.default_rng(0)
    x, noise = random.random(1000), random.normal(size=1000)
    relations = {
        "a line": 2 * x - 1 + 0.1 * noise,
        "a parabola": (2 * x - 1) ** 2 + 0.05 * noise,
        "nothing": random.random(1000),
    }
    columns = [_picture(title, x, y) for title, y in relations.items()]
    return ["```text", *(GAP.join(row).rstrip() for row in zip(*columns, strict=True)), "```"]


def _picture(title: str, x: FloatArray, y: FloatArray) -> list[str]:
    letters = np.zeros((HEIGHT, WIDTH), np.int64)
    across = ((x - x.min()) / np.ptp(x) * (2 * WIDTH - 1)).round().astype(int)
    down = ((y.max() - y) / np.ptp(y) * (4 * HEIGHT - 1)).round().astype(int)
    for column, row in zip(across[:SHOWN], down[:SHOWN], strict=True):
        letters[row // 4, column // 2] |= DOTS[column % 2][row % 4]
    found = analyse(x, y, null=0, detector=None).reading
    values = f"r {found.pearson_r:.2f}   MI {abs(round(found.mi_corrected, 1)):.1f} {found.unit}"
    rows = ["".join(chr(0x2800 + letter) for letter in row) for row in letters]
    return [title.center(WIDTH), *rows, values.center(WIDTH)]


def table(make: Callable[[], list[str]]) -> Callable[[str], str]:
    """Puts a block of lines in the place of that which begins likewise and ends in the same way."""

    def put(text: str) -> str:
        new, lines = make(), text.split("\n")
        first = lines.index(new[0])
        if new[0].startswith("```"):
            end = lines.index("```", first + 1) + 1
        else:
            end = next(k for k in range(first, len(lines)) if not lines[k].startswith("|"))
        return "\n".join((*lines[:first], *new, *lines[end:]))

    return put


def options(text: str) -> str:
    """The page of the options, with each of them by what it is about, beside the commands that take it."""
    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="streammi")
    panels: dict[str, dict[tuple[str, str], list[str]]] = {panel: {} for panel in ORDER}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if parameter.param_type_name == "option" and record is not None:
                panel = getattr(parameter, "rich_help_panel", None) or OTHER
                panels[panel].setdefault(record, []).append(name)
    lines = [text.partition("\n## ")[0].rstrip()]
    for panel, records in panels.items():
        rows = [
            f"| `{_cell(option)}` | {', '.join(names)} | {_cell(words)} |" for (option, words), names in records.items()
        ]
        lines += ["", f"## {panel}", "", "| option | of | |", "|---|---|---|", *rows] if rows else []
    return "\n".join([*lines, ""])


def _cell(words: str) -> str:
    return re.sub(r"\s+", " ", words).replace("|", chr(92) + "|").replace("<", "&lt;")


OWNERS: dict[str, Callable[[str], str]] = {
    "README.md": table(pictures),
    "streammi/docs/reference/fields.md": lambda text: table(flags)(table(fields)(text)),
    "streammi/docs/reference/formats.md": table(formats),
    "streammi/docs/reference/options.md": options,
    "streammi/docs/reference/events.md": table(events),
    "streammi/docs/explanation/numbers.md": estimators,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write it")
    write = parser.parse_args().write
    status = 0
    for name, put in OWNERS.items():
        before = (ROOT / name).read_text()
        after = put(before)
        if write:
            (ROOT / name).write_text(after)
        else:
            said = list(difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, "declared"))
            sys.stdout.writelines(said)
            status |= bool(said)
    return status


if __name__ == "__main__":
    sys.exit(main())
