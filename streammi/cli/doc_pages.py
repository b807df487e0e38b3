"""The pages of the documentation, which the package carries along, for a terminal or as they are."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TextIO

from streammi.config.did_you_mean import instead
from streammi.errors import ConfigError

if TYPE_CHECKING:
    from rich.markdown import Markdown

# What draws is imported where a terminal is drawn on: a page is printed without it.

# The folders, and what people look for in them.
FORMS: Final = {
    "tutorial": "Learn",
    "how-to": "Do something",
    "reference": "Look something up",
    "explanation": "Understand it",
}
DOCS: Final = Path(__file__).parents[1] / "docs"
WIDEST: Final = 120  # columns: longer lines are hard to read


@dataclass(frozen=True)
class Page:
    """A page: its folder, its title and its text, in Markdown."""

    form: str
    title: str
    text: str


def pages() -> dict[str, Page]:
    """All pages by their names, form by form."""
    return {file.stem: _page(form, file) for form in FORMS for file in sorted((DOCS / form).glob("*.md"))}


def _page(form: str, file: Path) -> Page:
    text = file.read_text(encoding="utf-8")
    return Page(form, text.partition("\n")[0].removeprefix("# "), text)


def of_form(topic: str, found: dict[str, Page]) -> dict[str, Page]:
    """The pages of the form that ``topic`` names, such as tutorial or how-to; none where it names no form."""
    return {name: page for name, page in found.items() if page.form == topic.casefold().rstrip("/")}


def contents(found: dict[str, Page]) -> str:
    """The list of the pages by their forms."""
    width = max(map(len, found))
    lines = ["streammi help PAGE prints one of these; streammi help COMMAND, what a command takes.", ""]
    for form, words in FORMS.items():
        if not any(page.form == form for page in found.values()):
            continue
        lines.append(words)
        lines += [f"  {name:{width}}  {page.title}" for name, page in found.items() if page.form == form]
        lines.append("")
    return "\n".join(lines)


def page_of(topic: str, found: dict[str, Page], commands: list[str]) -> Page:
    """The page of this name; ConfigError with the one that was meant, or those in which the word is."""
    name = topic.removesuffix(".md").rpartition("/")[2].casefold()
    if name in found:
        return found[name]
    question = instead(name, [*found, *commands])
    often = {key: page.text.casefold().count(name) for key, page in found.items()}
    there = sorted(filter(often.__getitem__, often), key=lambda key: -often[key])
    if there and not question:
        question = f" (of it: streammi help {' or '.join(there[:2])})"
    raise ConfigError("PAGE", f"one of those that streammi help lists, or a command{question}", topic)


def show(text: str, out: TextIO) -> None:
    """Print a page: as it is, or on a terminal drawn, a screenful at a time."""
    if not out.isatty() or os.environ.get("TERM") == "dumb":
        out.write(text)
        return
    from rich.console import Console

    console = Console(file=out, highlight=False)
    console.width = min(console.width, WIDEST)
    page = drawn(text)
    if len(console.render_lines(page)) < console.height:
        console.print(page)
        return
    os.environ.setdefault("LESS", "FRX")  # as git has it: colours, and no more than one screen where that is enough
    with console.pager(styles=True):
        console.print(page)


def drawn(text: str) -> "Markdown":
    """A page for a terminal: its links are commands there, and pictures are left out.

    A link within the page, or out of the pages, as to the README, is its words.
    """
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import Markdown, TableElement
    from rich.table import Table

    class Folded(TableElement):
        """A table that breaks a name which is too long for its column: rich would cut it off."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            for table in super().__rich_console__(console, options):
                assert isinstance(table, Table)
                for column in table.columns:
                    column.overflow = "fold"
                yield table

    class Page(Markdown):
        elements: ClassVar = {**Markdown.elements, "table_open": Folded}

    text = re.sub(r"^.*!\[.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]+)\]\((?:#[^)]*|[^)]*README\.md[^)]*)\)", r"\1", text)
    text = re.sub(r"\[([^\]]+)\]\((?:[^)]*/)?([\w-]+)\.md(?:#[^)]*)?\)", r"\1 (`streammi help \2`)", text)
    return Page(text, hyperlinks=False)
