"""Bytes from the terminal to keys, and what each key does.

An escape sequence may come in pieces, and a lone ESC looks like the beginning of one: ``Keys`` keeps what is
incomplete for ``WAIT`` seconds at most, so that nothing typed ever waits for something else.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

WAIT = 0.03  # s; over slow links the pieces of one sequence still arrive together
LONGEST = 256  # bytes of one sequence: a longer one is not for us
PASTE = "paste:"  # before a text that was pasted: one key, as none of its letters is meant as a key
PASTE_ENDS = 1.0  # s after which what comes is typed anew, though the end of the pasted text never came
_PASTE_BEGIN, _PASTE_END = "\x1b[200~", "\x1b[201~"

_SEQUENCES = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "Z": "backtab",
    "1~": "home", "7~": "home", "4~": "end", "8~": "end", "5~": "pageup", "6~": "pagedown",
}  # fmt: skip
_CONTROLS = {" ": "space", "\t": "tab", "\r": "enter", "\n": "enter", "\x0c": "redraw", "\x04": "q"}
# CSI with its parameters, SS3 (arrows in application mode), OSC to its end (an answer of the terminal), Alt + a key.
_SEQUENCE = re.compile(
    r"\x1b(?:\[(?P<csi>[0-?]*[ -/]*[@-~])|O(?P<ss3>[ -~])|\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)|(?P<alt>[^\[O\]\x1b]))"
)
_BACKGROUND = re.compile(r"11;rgba?:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")


class Keys:
    """Turns what was read into names of keys: ``a`` for itself, ``left``, ``space``, ``escape``, ``light``."""

    def __init__(self) -> None:
        self._rest = ""
        self._since = 0.0
        self._pasted: str | None = None  # so far; None: nothing is being pasted

    @property
    def waiting(self) -> bool:
        """True if something incomplete is kept: call ``feed(b"", now)`` when ``WAIT`` is over."""
        return bool(self._rest)

    def feed(self, data: bytes, now: float) -> list[str]:
        """The keys that are complete.

        >>> Keys().feed(b"q\\x1b[A\\x1bOB", 0.0)
        ['q', 'up', 'down']
        >>> keys = Keys()
        >>> keys.feed(b"\\x1b", 0.0), keys.feed(b"", 1.0)
        ([], ['escape'])
        >>> keys.feed(b"\\x1b[200~q", 2.0), keys.feed(b"uit\\x1b[201~m", 2.0)
        ([], ['paste:quit', 'm'])
        """
        if self._pasted is not None and data:
            return self._paste(data, now)
        if not self._rest:
            self._since = now
        text = self._rest + data.decode("utf-8", "replace")
        found: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                found.append(_CONTROLS.get(text[at], text[at]))
                at += 1
                continue
            match = _SEQUENCE.match(text, at)
            if match is None:
                break
            at = match.end()
            if match[0] == _PASTE_BEGIN:
                self._rest, self._pasted, self._since = "", "", now
                return found + self._paste(text[at:].encode(), now)
            found.extend(_sequence(match))
        self._rest = text[at:]
        if self._rest and (now - self._since >= WAIT or len(self._rest) > LONGEST):
            found.extend(["escape"] if self._rest == "\x1b" else [])
            self._rest = ""
        return found

    def _paste(self, data: bytes, now: float) -> list[str]:
        """Take in more of a text that is pasted; its end may never come."""
        assert self._pasted is not None
        if now - self._since > PASTE_ENDS:
            self._pasted = None
            return self.feed(data, now)
        self._since = now
        text = self._pasted + data.decode("utf-8", "replace")
        pasted, end, rest = text.partition(_PASTE_END)
        if not end:
            self._pasted = text
            return []
        self._pasted = None
        return [PASTE + pasted, *self.feed(rest.encode(), now)]


def _sequence(match: re.Match[str]) -> list[str]:
    if match["csi"] is not None:
        body = match["csi"]
        # Modified keys (1;5A) mean the same as plain ones here.
        name = _SEQUENCES.get(re.sub(r"^(\d+);\d+~$", r"\1~", body)) or (
            _SEQUENCES.get(body[-1]) if body[-1] != "~" else None
        )
        return [name] if name else []
    if match["ss3"] is not None:
        name = _SEQUENCES.get(match["ss3"])
        return [name] if name else []
    answer = _BACKGROUND.match(match["osc"] or "")
    if answer:
        red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in answer.groups())
        return ["light" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "dark"]
    return []


Action: TypeAlias = Literal[
    "quit", "freeze", "help", "next pair", "previous pair", "pair", "back", "forward", "far back", "far forward",
    "start", "now", "zoom in", "zoom out", "unit", "heatmap", "axes", "enlarge", "overview", "palette", "reset", "save",
    "page", "log", "acknowledge", "report", "redraw", "light", "dark", "up", "down", "sort", "filter", "open",
    "matrix", "shade", "arrange", "paste",
]  # fmt: skip


class Binding(NamedTuple):
    """Keys that do one thing, and what the help says of it; without words it is not listed."""

    keys: tuple[str, ...]
    action: Action
    shown: str = ""
    words: str = ""
    changes: bool = True  # so it does nothing under --readonly


# Of every view:
QUIT = Binding(("q", "Q"), "quit", "q", "quit", changes=False)
HELP = Binding(("?", "h"), "help", "?", "this help", changes=False)
FREEZE = Binding(("space",), "freeze", "space", "freeze the picture; receiving goes on")
OTHER_PAIRS = (Binding(("backtab",), "previous pair"), Binding(tuple("123456789"), "pair"))
LOG = Binding(("l",), "log", "l", "log of events")
UNIT = Binding(("u",), "unit", "u", "unit: bit, nat, ban")
PALETTE = Binding(("c",), "palette", "c", "colours: cividis, viridis, greyscale")
FIRST_AID = Binding(("a",), "report", "a", "first aid: a report on the monitor, for whoever is to help")
OF_TERMINAL = (  # no keys: what a terminal answers, or is asked for
    Binding(("redraw",), "redraw", changes=False),
    Binding(("light",), "light", changes=False),
    Binding(("dark",), "dark", changes=False),
)

BINDINGS = (
    QUIT,
    FREEZE,
    HELP,
    Binding(("tab",), "next pair", "tab 1-9", "next pair, or a pair by its number"),
    *OTHER_PAIRS,
    Binding(("e",), "enlarge", "e", "enlarge the next panel"),
    Binding(("escape",), "overview", "esc", "back to the overview", changes=False),
    LOG,
    Binding(("k",), "acknowledge", "k", "acknowledge the alarms: they are shown until then"),
    Binding(("m",), "heatmap", "m", "heatmap: counts, p(y|x), pointwise information; points"),
    Binding(("v",), "axes", "v", "heatmap by value, its cells as wide as their bins; or by rank"),
    Binding(("left",), "back", "← →", "scroll the history back and forth"),
    Binding(("right",), "forward"),
    Binding(("pageup",), "far back"),
    Binding(("pagedown",), "far forward"),
    Binding(("home",), "start", "home end", "oldest reading, newest reading"),
    Binding(("end",), "now"),
    Binding(("+", "=", "up"), "zoom in", "+ -", "zoom the history (or ↑ ↓)"),
    Binding(("-", "_", "down"), "zoom out"),
    UNIT,
    PALETTE,
    Binding(("r",), "reset", "r", "reset the extremes"),
    Binding(("s",), "save", "s", "save: the screen (SVG), its charts (PNG), the state (JSON)"),
    Binding(("R",), "page", "R", "report with pictures: a page of this moment, to be shown to others"),
    FIRST_AID,
    *OF_TERMINAL,
)
