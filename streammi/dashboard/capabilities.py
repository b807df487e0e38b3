"""The abilities of a terminal: colours and glyphs, from its environment or as asked for."""

import locale
from collections.abc import Mapping
from dataclasses import dataclass

from streammi.dashboard.drawing.glyphs import ASCII, BLOCK, BRAILLE, SETS, Glyphs
from streammi.dashboard.drawing.palettes import Background, Palette
from streammi.dashboard.drawing.pens import Depth


@dataclass(frozen=True)
class Look:
    """How to draw on one terminal."""

    glyphs: Glyphs
    depth: Depth
    palette: Palette = "cividis"
    background: Background = "dark"


def is_terminal(environment: Mapping[str, str], stream_is_one: bool) -> bool:
    """True if there is a person at a terminal that can place text: not in a pipe, a dumb terminal or a CI job.

    >>> is_terminal({"TERM": "xterm"}, True), is_terminal({"TERM": "dumb"}, True), is_terminal({"CI": "true"}, True)
    (True, False, False)
    """
    return stream_is_one and environment.get("TERM", "dumb") != "dumb" and not environment.get("CI")


def background_of(environment: Mapping[str, str], asked: str = "auto") -> Background:
    """The ground as asked for, or by COLORFGBG where the terminal sets it; dark until the terminal itself says more.

    >>> background_of({"COLORFGBG": "0;15"}), background_of({})
    ('light', 'dark')
    """
    if asked in ("dark", "light"):
        return "light" if asked == "light" else "dark"
    return "light" if environment.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else "dark"


def depth_of(environment: Mapping[str, str]) -> Depth:
    """How many colours: none for NO_COLOR and dumb terminals.

    >>> depth_of({"TERM": "xterm-256color"}), depth_of({"TERM": "xterm", "NO_COLOR": "1"})
    ('256', 'none')
    """
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or term in ("", "dumb") or term.startswith("vt"):
        return "none"
    if environment.get("STY"):  # GNU screen passes COLORTERM on, but not the colours
        return "256"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "direct" in term:
        return "truecolor"
    return "256" if "256" in term else "16"


def glyphs_of(environment: Mapping[str, str], asked: str = "auto") -> Glyphs:
    """The glyphs: those asked for, or ASCII where the locale has no others and blocks on the Linux console.

    >>> glyphs_of({"TERM": "xterm", "LANG": "C.UTF-8"}).name
    'braille'
    """
    if asked != "auto":
        return SETS[asked]
    named = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    encoding = named.rpartition(".")[2] or locale.getpreferredencoding(False)
    if "utf" not in encoding.lower() or environment.get("TERM") == "dumb":
        return ASCII
    return BLOCK if environment.get("TERM") == "linux" else BRAILLE
