"""Figures as SVG inside a page: nothing outside is asked for, and letters and axes have the page's own colour."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import Any, Final

import msgspec
from matplotlib import rc_context
from matplotlib.figure import Figure

INK: Final = "#010203"  # stands for the page's own colour until the figure is in it
STYLE: Final[Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "legend.frameon": False,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # letters stay letters: to be searched, copied and read aloud
    "svg.hashsalt": "streammi",  # the same recording has the same page
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a signal's name is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
}
NO_METADATA: Final = {"Creator": None, "Date": None, "Format": None, "Type": None}


class Picture(msgspec.Struct, frozen=True):
    """A figure in a page: its SVG, what it shows in words for those who do not see it, and what stands below it."""

    svg: str
    alt: str
    caption: str


@contextmanager
def style() -> Iterator[None]:
    """The style in which figures are made and drawn."""
    with rc_context(STYLE), warnings.catch_warnings():
        # It is the browser that draws the letters; that a font of matplotlib's has not all of them changes nothing.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def picture(figure: Figure, number: int, alt: str, caption: str) -> Picture:
    """A figure as a picture; ``number`` tells what it names inside apart from what other figures of the page do."""
    out = StringIO()
    figure.savefig(out, format="svg", metadata=NO_METADATA)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # Between < and > only: texts are as they are.
    seen = Counter[str]()
    svg = re.sub(r"<[^!<>]*>", lambda tag: _numbered(tag.group(), number, seen), svg)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return Picture(svg, alt, caption)


def _numbered(tag: str, number: int, seen: Counter[str]) -> str:
    """A tag with what it names as this picture's; images that are alike have one name, of which each gets its own."""

    def named(found: re.Match[str]) -> str:
        seen[found[1]] += 1
        again = f"-{seen[found[1]]}" if seen[found[1]] > 1 else ""
        return f'id="p{number}-{found[1]}{again}"'

    tag = re.sub(r'\bid="([^"]*)"', named, tag)
    return re.sub(r'(href="|url\()#', rf"\1#p{number}-", tag)
