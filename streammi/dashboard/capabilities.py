"""What a terminal can show: colours and glyphs, from its environment or as asked for."""

import locale
from collections.abc import Mapping
from dataclasses import dataclass

from streammi.dashboard.glyphs import ASCII, BLOCK, BRAILLE, SETS, Glyphs
from streammi.dashboard.theme import Background, Depth, Palette


@dataclass(frozen=True)
class Look:
    """How to draw on one terminal."""

    glyphs: Glyphs
    depth: Depth
    palette: Palette = "cividis"
    background: Background = "dark"


def depth_of(environment: Mapping[str, str]) -> Depth:
    """How many colours: none for NO_COLOR and dumb terminals.

    >>> depth_of({"TERM": "xterm-256color"}), depth_of({"TERM": "xterm", "NO_COLOR": "1"})
    ('256', 'none')
    """
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or term in ("", "dumb") or term.startswith("vt"):
        return "none"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "direct" in term:
        return "truecolor"
    return "256" if "256" in term else "16"


def glyphs_of(environment: Mapping[str, str], asked: str = "auto") -> Glyphs:
    """Which glyphs: those asked for, or ASCII where the locale has no others and blocks on the Linux console.

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
