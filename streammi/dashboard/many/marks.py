"""The marks on the screens of many channels and of devices, and what they mean, for their help."""

from typing import Final, TypeAlias

from streammi.dashboard.drawing.glyphs import Glyphs

Toned: TypeAlias = tuple[str, str]  # a word, and its tone: the name of a pen of the theme
Mark: TypeAlias = tuple[Toned, str]  # and its meaning
CHANGED: Final = "farther from the usual than chance goes"
PAST: Final[Mark] = (("past", "mi_soft"), "MI as this view has seen it, each row by its own largest")


def of_pairs(glyphs: Glyphs) -> list[Mark]:
    """The marks of the table of pairs."""
    return [
        (("1.234", "mi_strong"), "MI corrected for bias; strong: more than chance among all pairs"),
        PAST,
        (("change", "text"), "MI less what it usually is, by the windows before"),
        ((f"{glyphs.alarm} {glyphs.up} {glyphs.down_arrow}", "bad"), CHANGED),
        ((f"{glyphs.connected} {glyphs.connecting}", "mi_strong"), "p counts among so many pairs; does not"),
        (("chance", "dim"), "no more MI than unrelated channels show"),
        (("not linear", "mi"), "r accounts for less than half of the MI"),
        (("indirect", "text"), "no more than chance is left, given a third channel"),
    ]


def of_matrix(glyphs: Glyphs) -> list[Mark]:
    """The marks of the matrix of channels."""
    return [
        ((f"{glyphs.cursor} {glyphs.down_arrow}", "strong"), "both channels of the pair under the cursor"),
        (("changed", "bad"), f"in a colour of its own: {CHANGED}"),
        (("diagonal", "dim"), "a channel with itself, which is no pair; each pair is there twice"),
        (("order", "dim"), "channels that depend on each other lie side by side"),
        (("as |r|", "mi"), "MI on the scale of r: the r of a noisy line with as much"),
        (("zoomed out", "dim"), "of the pairs in a dot, the one that is farthest from 0"),
    ]


def of_devices() -> list[Mark]:
    """The marks of the table of devices."""
    return [
        (("1.234", "mi_strong"), "MI corrected for bias; strong: more than chance, though untested"),
        PAST,
        (("change", "text"), "MI less its mean in this view so far"),
        (("silent", "warn"), "nothing came for three times as long as usual"),
    ]
