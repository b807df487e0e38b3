"""Where a report comes from: what was read and lost, what was said meanwhile, and what it takes to make it again."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from streammi.records import LinkHealth
from streammi.records.link_totals import lost, tally_words, total
from streammi.report.html import table


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The source of a report, and how it was made: to be made again."""

    source: str  # the files or the recording, and how large
    command: str
    sections: Mapping[str, Mapping[str, Any]]  # settings and versions, by section
    notes: Sequence[str]  # what was said while it ran
    table: str  # the file with the numbers; empty where there is none,
    of_table: str = "The readings"  # and what these are


def trouble(links: Sequence[LinkHealth], dropped: int) -> Iterable[str]:
    """The losses, and each link with what came over it, as HTML."""
    losses = lost(total(links), dropped)
    if not any(link.messages for link in links):  # of a file
        losses = losses.replace("messages malformed", "rows").replace("message malformed", "row")
    yield f"<p>{escape(f'Lost: {losses}.' if losses else 'Nothing was lost, as far as is known.')}</p>"
    for link in links:
        rows = [("Source", link.endpoint), ("State", link.state), ("Pairs taken", f"{link.pairs:,}")]
        rows += [("Format", link.format)] if link.format else []
        rows += [("Messages", f"{link.messages:,}")] if link.messages else []
        rows += [("Not finite", f"{link.nonfinite:,}")] if link.nonfinite else []
        rows += [(f"Skipped: {why}", f"{count:,}") for why, count in link.malformed.items()]
        rows += [("Samples", tally_words(link.tally))] if link.tally is not None else []
        rows += [("Note", link.note)] if link.note else []
        yield table(rows)


def said(origin: Origin) -> str:
    """The words that were said meanwhile, as HTML; empty for nothing."""
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in origin.notes)}</ul>" if origin.notes else ""


def again(origin: Origin) -> Iterable[str]:
    """The command, the settings and the versions, as HTML."""
    yield f"<pre>{escape(origin.command)}</pre>"
    yield f"<p>{escape(origin.of_table)}, one a row: {escape(origin.table)}</p>" if origin.table else ""
    for name, values in origin.sections.items():
        yield f"<h3>{escape(name.capitalize())}</h3>"
        yield table((key, str(value)) for key, value in values.items())
