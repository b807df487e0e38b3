"""Colours and what they mean: a pen for each role.

Roles take their colours from Okabe and Ito's set, which people with any common colour vision tell apart; each role
also has a glyph, a word or a place of its own, so that colour is never all that carries a meaning.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.glyphs import Glyphs
from streammi.dashboard.drawing.palettes import Background, Palette, Ramp, diverging_ramp, heat_ramp, marked
from streammi.dashboard.drawing.pens import Ink, Pens, ink
from streammi.records.links import LINK_STATES, state_of

MOST_PENS = 1 << 14  # three palettes on two grounds, as of now and as of then, need less than half of that


class Ground:
    """Rows of ``Theme.grounds``: the terminal's own, below what chance reaches, below the line of MI."""

    NONE, NULL, MI = range(3)
    ROLES = (None, "under_null", "under_mi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The glyphs and pens that everything is drawn with."""

    glyphs: Glyphs
    pens: Pens
    background: Background
    palette: Palette
    faded: bool  # for what is of then, not of now
    text: int
    dim: int
    faint: int
    title: int
    strong: int
    bar: int  # header and footer
    bar_strong: int
    bar_dim: int
    key: int
    mi: int
    mi_strong: int
    mi_soft: int
    x: int
    y: int
    x_soft: int  # marginals: large areas
    y_soft: int
    in_x: int  # words on a bar of that colour; where there are no colours, words
    in_mi: int
    in_y: int
    null: int
    null_in_mi: int  # the level of chance where it crosses the bars of MI
    grounds: NDArray[np.uint16]  # (Ground, pen): the same pen on another ground
    good: int
    warn: int
    bad: int
    bar_good: int
    bar_warn: int
    bar_bad: int
    heat: Ramp
    diverging: Ramp
    marks: tuple[Ink, Ink]  # of a dot of a matrix: what has changed, and where the cursor is
    cursor: Ink  # the ground of the row under the cursor
    _marked: dict[int, NDArray[np.uint16]] = field(default_factory=dict)

    @property
    def half_blocks(self) -> bool:
        """True if a heatmap cell may carry two colours: without many colours they would be one uniform field."""
        return self.glyphs.half_blocks and self.pens.depth in ("truecolor", "256")

    def marked(self, ramp: Ramp) -> NDArray[np.uint16]:
        """Half blocks of one of the ramps with ``marks`` as further levels, made when they are first asked for."""
        kept = self._marked.get(id(ramp))
        if kept is None:
            kept = self._marked[id(ramp)] = marked(self.pens, ramp, self.marks)
        return kept

    def state(self, state: str, *, bar: bool = False) -> tuple[str, int]:
        """The glyph and the pen of a link's state."""
        glyph: str = getattr(self.glyphs, state) if state in LINK_STATES else self.glyphs.warning
        return glyph, getattr(self, f"{'bar_' if bar else ''}{state_of(state).tone}")


# role: (dark, light, one of sixteen on dark, on light)
INKS: dict[str, tuple[str, str, int, int]] = {
    "dim": ("9aa3ad", "5c6670", 7, 8),
    "faint": ("4d5661", "b8c0c8", 8, 7),
    "title": ("d5dbe1", "20262c", 15, 0),
    "mi": ("f0e442", "8a6d00", 11, 3),
    "mi_soft": ("857f35", "cdbb6e", 3, 3),
    "x": ("56b4e9", "0072b2", 14, 4),
    "y": ("d98cc0", "a3397f", 13, 5),
    "x_soft": ("2f6a8c", "8fc0dd", 6, 6),
    "y_soft": ("7f5080", "dcb0ce", 5, 5),
    "then": ("6b747e", "939ba4", 8, 7),
    "under_mi": ("1d1f14", "f4f0da", 0, 15),
    "under_null": ("33231a", "f3e2d6", 0, 15),
    "null": ("c98a5e", "a3562a", 3, 3),
    "good": ("2fbf8f", "007a57", 10, 2),
    "warn": ("f2a93b", "9c5f00", 11, 3),
    "bad": ("ff6b4a", "c03000", 9, 1),
    "ground": ("1b232c", "e4e9ee", 0, 7),
    "cursor": ("303f4e", "cfd9e3", 8, 7),
}


# What a role is drawn as where it is of then: in no colour, and words as readable as ever.
_FADED = {
    "title": "dim", "mi": "dim", "good": "dim", "warn": "dim", "bad": "dim", "x": "then", "y": "then",
    "mi_soft": "faint", "x_soft": "faint", "y_soft": "faint", "null": "faint",
}  # fmt: skip


def make_theme(
    glyphs: Glyphs, pens: Pens, background: Background = "dark", palette: Palette = "cividis", *, faded: bool = False
) -> Theme:
    """The theme for a terminal, for what is of now or, ``faded``, of then.

    Pens of earlier themes on the same ``pens`` stay as they were.
    """
    roles = _RolePens(pens, background, faded=faded)
    pen, bar, inside, inks = roles.pen, roles.bar, roles.inside, roles.inks
    return Theme(
        glyphs=glyphs,
        pens=pens,
        background=background,
        palette=palette,
        faded=faded,
        text=pen(None),
        dim=pen("dim"),
        faint=pen("faint", "dim" if pens.depth == "none" else ""),
        title=pen("title", "bold"),
        strong=pen(None, "bold"),
        bar=bar(None),
        bar_strong=bar(None, "bold"),
        bar_dim=bar("dim"),
        key=bar("mi", "bold"),
        mi=pen("mi"),
        mi_strong=pen("mi", "bold"),
        mi_soft=pen("mi_soft"),
        x=pen("x"),
        y=pen("y"),
        x_soft=pen("x_soft"),
        y_soft=pen("y_soft"),
        in_x=inside("x"),
        in_mi=inside("mi"),
        in_y=inside("y"),
        null=pen("null"),
        null_in_mi=pen("mi_soft", "reverse"),
        grounds=np.stack([roles.grounded(role) for role in Ground.ROLES]),
        good=pen("good"),
        warn=pen("warn", "bold"),
        bad=pen("bad", "bold"),
        bar_good=bar("good"),
        bar_warn=bar("warn", "bold"),
        bar_bad=bar("bad", "bold"),
        heat=heat_ramp(pens, glyphs.shades, palette, background, faded=faded),
        diverging=diverging_ramp(pens, glyphs.signs, background, faded=faded),
        marks=(inks["bad"], ink("101418", 0) if background == "light" else ink("ffffff", 15)),
        cursor=inks["cursor"],
    )


class _RolePens:
    """The pens of roles on one background, and the inks that they are of."""

    def __init__(self, pens: Pens, background: Background, *, faded: bool) -> None:
        light = background == "light"
        self.inks = {role: ink(c[1], c[3]) if light else ink(c[0], c[2]) for role, c in INKS.items()}
        self._pens, self._faded = pens, faded
        self._ground = self.inks["ground"] if pens.depth in ("truecolor", "256") else None
        if faded:
            self.inks |= {role: self.inks[other] for role, other in _FADED.items()}

    def pen(self, role: str | None, attributes: str = "") -> int:
        """On the ground of all."""
        if self._faded:
            attributes = "dim" if self._pens.depth == "none" else ""  # and nothing bold
            role = role or "dim"
        return self._pens.pen(self.inks[role] if role else None, None, attributes)

    def bar(self, role: str | None, attributes: str = "") -> int:
        """In a bar. A reversed one takes one pen: a coloured word in it would be a block of that colour."""
        front, reverse = self.inks[role] if role and self._ground else None, "" if self._ground else "reverse"
        return self._pens.pen(front, self._ground, f"{attributes} {reverse}".strip())

    def inside(self, role: str) -> int:
        """On an area of its own colour."""
        return 0 if self._pens.depth == "none" else self.pen(role, "reverse")

    def grounded(self, role: str | None) -> NDArray[np.uint16]:
        """The pen in the place of each, shape (MOST_PENS,), where a curve is drawn over such an area."""
        table = np.arange(MOST_PENS, dtype=np.uint16)
        if role and self._ground and not self._faded:
            for over in (None, "mi", "null", "faint"):
                front = self.inks[over] if over else None
                table[self._pens.pen(front)] = self._pens.pen(front, self.inks[role])
        return table
