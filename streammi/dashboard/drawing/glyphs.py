"""The three sets of characters to draw with: braille, block and ASCII; one meaning, one glyph in each."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

GlyphName: TypeAlias = Literal["braille", "block", "ascii"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """Every field is one column wide unless its comment says otherwise."""

    name: GlyphName
    half_blocks: bool  # two colours a cell: a heatmap of twice the rows, and large digits
    across: str = "─"
    down: str = "│"
    dotted: str = "┄"
    dotted_down: str = "┊"
    tick: str = "┼"
    left_end: str = "├"
    right_end: str = "┤"
    levels: str = " ▁▂▃▄▅▆▇█"  # bars that grow upwards, empty to full
    lengths: str = " ▏▎▍▌▋▊▉█"  # bars that grow to the right
    shades: str = " ░▒▓█"  # a heatmap without colours
    signs: str = " =-·+#"  # pointwise information without colours: nothing, much less, less, as chance, more, much more
    x_only: str = "▒"
    shared: str = "█"
    y_only: str = "░"
    full: str = "█"
    ellipsis: str = "…"
    times: str = "×"
    plus_minus: str = "±"
    up: str = "▲"
    down_arrow: str = "▼"
    steady: str = "▬"
    below_zero: str = "▾"
    peak: str = "◆"
    connecting: str = "◌"
    connected: str = "●"
    stalled: str = "◑"
    lost: str = "✖"
    ended: str = "■"
    warning: str = "▲"
    moved: str = "↔"
    gap: str = "╎"
    warming: str = "░"  # MI of a window that is not full
    recovered: str = "✓"
    alarm: str = "‼"
    cursor: str = "▶"


BRAILLE = Glyphs(name="braille", half_blocks=True)
BLOCK = Glyphs(name="block", half_blocks=True)
ASCII = Glyphs(
    name="ascii",
    half_blocks=False,
    across="-",
    down="|",
    dotted=".",
    dotted_down=":",
    tick="+",
    left_end="|",
    right_end="|",
    levels=" .:-=+*#@",
    lengths=" ..::==##",
    shades=" .:-=+*#%@",
    signs=" =-.+#",
    x_only="x",
    shared="#",
    y_only="y",
    full="#",
    ellipsis="~",
    times="x",
    plus_minus="+/-",  # three columns
    up="^",
    down_arrow="v",
    steady="=",
    below_zero="v",
    peak="*",
    connecting="?",
    connected="o",
    stalled="!",
    lost="X",
    ended=".",
    warning="!",
    moved="<",
    gap=":",
    warming="-",
    recovered="+",
    alarm="!",
    cursor=">",
)
SETS: dict[str, Glyphs] = {"braille": BRAILLE, "block": BLOCK, "ascii": ASCII}

# Digits of 4 x 6 pixels (one column for the point): two pixels a cell with half blocks, so three rows of text.
DIGITS = {
    "0": ("0110", "1001", "1001", "1001", "1001", "0110"),
    "1": ("0010", "0110", "0010", "0010", "0010", "0111"),
    "2": ("0110", "1001", "0001", "0010", "0100", "1111"),
    "3": ("1110", "0001", "0110", "0001", "0001", "1110"),
    "4": ("0010", "0110", "1010", "1111", "0010", "0010"),
    "5": ("1111", "1000", "1110", "0001", "1001", "0110"),
    "6": ("0110", "1000", "1110", "1001", "1001", "0110"),
    "7": ("1111", "0001", "0010", "0010", "0100", "0100"),
    "8": ("0110", "1001", "0110", "1001", "1001", "0110"),
    "9": ("0110", "1001", "1001", "0111", "0001", "0110"),
    ".": ("0", "0", "0", "0", "0", "1"),
    "—": ("0000", "0000", "0000", "1111", "0000", "0000"),
}
