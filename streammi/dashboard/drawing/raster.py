"""A canvas as pixels, and pixels as PNG: for pictures of charts where there is neither a browser nor a font."""

import struct
import zlib
from dataclasses import fields
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import ascii_cells
from streammi.dashboard.drawing.glyphs import ASCII, BRAILLE
from streammi.dashboard.drawing.pens import RGB
from streammi.dashboard.drawing.theme import Theme

Pixels: TypeAlias = NDArray[np.uint8]
ACROSS, UP = 8, 16  # parts of a cell, as pixels are: blocks and dots begin and end at whole ones
SCALE: Final = 2  # pixels a part
GROUNDS: Final[dict[str, tuple[RGB, RGB]]] = {  # and what is written on them
    "dark": ((12, 14, 18), (215, 219, 225)),
    "light": ((250, 250, 250), (20, 20, 20)),
}

# The letters of character displays, 5 x 7 dots and one below for tails, from space to tilde: five bytes a letter, a
# column each from the left, the lowest bit at the top.
_LETTERS: Final = bytes.fromhex(
    "0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649562050 0000070000 001c224100 0041221c00"
    "2a1c7f1c2a 08083e0808 0080703000 0808080808 0000606000 2010080402 3e5149453e 00427f4000 7249494946 2141494d33"
    "1814127f10 2745454539 3c4a494931 4121110907 3649494936 464949291e 0000140000 0040340000 0008142241 1414141414"
    "0041221408 0201590906 3e415d594e 7c1211127c 7f49494936 3e41414122 7f4141413e 7f49494941 7f09090901 3e41415173"
    "7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f021c027f 7f0408107f 3e4141413e 7f09090906 3e4151215e"
    "7f09192946 2649494932 03017f0103 3f4040403f 1f2040201f 3f4038403f 6314081463 0304780403 6159494d43 007f414141"
    "0204081020 004141417f 0402010204 4040404040 0003070800 2054547840 7f28444438 3844444428 384444287f 3854545418"
    "00087e0902 18a4a49c78 7f08040478 00447d4000 2040403d00 7f10284400 00417f4000 7c04780478 7c08040478 3844444438"
    "fc18242418 18242418fc 7c08040408 4854545424 04043f4424 3c4040207c 1c2040201c 3c4030403c 4428102844 4c9090907c"
    "4464544c44 0008364100 0000770000 0041360800 0201020402"
)
_ALIKE: Final = {
    ord(getattr(BRAILLE, field.name)): ord(getattr(ASCII, field.name))
    for field in reversed(fields(BRAILLE))  # the first that has a glyph says what it is like
    if field.name != "name" and len(str(getattr(BRAILLE, field.name))) == len(str(getattr(ASCII, field.name))) == 1
}
_LINES: Final = {  # of box drawing, as left, top, right and bottom
    "─": [(0, 7, 8, 8)], "│": [(3, 0, 4, 16)], "┊": [(3, 1, 4, 4), (3, 6, 4, 9), (3, 11, 4, 14)],
    "┼": [(0, 7, 8, 8), (3, 0, 4, 16)], "├": [(3, 7, 8, 8), (3, 0, 4, 16)], "┤": [(0, 7, 4, 8), (3, 0, 4, 16)],
}  # fmt: skip
Rectangle: TypeAlias = tuple[int, int, int, int]


def drawn(glyphs: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """True of the cells that are blocks or braille."""
    return ((glyphs >= 0x2580) & (glyphs <= 0x2593)) | ((glyphs >= 0x2800) & (glyphs <= 0x28FF))


def inked(cell: int) -> tuple[list[Rectangle], float]:
    """Left, top, right and bottom of what is inked in a block or braille cell; and how much ink."""
    if cell >= 0x2800:
        dots = [(k // 3 if k < 6 else k - 6, k % 3 if k < 6 else 3) for k in range(8) if cell - 0x2800 >> k & 1]
        return [(4 * x + 1, 4 * y + 1, 4 * x + 3, 4 * y + 3) for x, y in dots], 1.0
    if cell == 0x2580:
        return [(0, 0, 8, 8)], 1.0
    if cell <= 0x2588:
        return [(0, 16 - 2 * (cell - 0x2580), 8, 16)], 1.0
    if cell <= 0x258F:
        return [(0, 0, 0x2590 - cell, 16)], 1.0
    return [(0, 0, 8, 16)], (cell - 0x2590) / 4  # light, medium and dark shade


def raster(canvas: Canvas, theme: Theme) -> Pixels:
    """The picture as pixels, shape (height, width, 3); what has no glyph here is a question mark."""
    ground, front = (np.array(colour, float) for colour in GROUNDS[theme.background])
    pixels = np.empty((canvas.height * UP, canvas.width * ACROSS, 3))
    pixels[...] = ground
    letters = ascii_cells(canvas.glyphs)
    for y, x in np.argwhere((canvas.glyphs != ord(" ")) | (canvas.pens != 0)).tolist():
        style = theme.pens.style(int(canvas.pens[y, x]))
        ink, paper = (
            np.array(colour.get_truecolor(), float) if colour else usual
            for colour, usual in ((style.color, front), (style.bgcolor, ground))
        )
        cell = pixels[y * UP : (y + 1) * UP, x * ACROSS : (x + 1) * ACROSS]
        cell[...] = ink if style.reverse else paper
        rectangles, share = _rectangles(int(canvas.glyphs[y, x]), int(letters[y, x]))
        for left, top, right, bottom in rectangles:
            cell[top:bottom, left:right] += share * ((paper if style.reverse else ink) - cell[top:bottom, left:right])
    return pixels.round().astype(np.uint8).repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def _rectangles(glyph: int, letter: int) -> tuple[list[Rectangle], float]:
    if 0x2580 <= glyph <= 0x2593 or 0x2800 <= glyph <= 0x28FF:
        return inked(glyph)
    if 0x2500 <= glyph < 0x2580 and chr(glyph) in _LINES:
        return _LINES[chr(glyph)], 1.0
    code = _ALIKE.get(glyph, letter) - ord(" ")
    columns = _LETTERS[5 * code : 5 * code + 5]
    dots = [(x, y) for x, column in enumerate(columns) for y in range(8) if column >> y & 1]
    return [(x + 1, y + 4, x + 2, y + 5) for x, y in dots], 1.0


def png(pixels: Pixels) -> bytes:
    """An 8-bit RGB PNG of ``pixels``, shape (height, width, 3) (W3C PNG specification, third edition)."""
    height, width, _ = pixels.shape
    rows = np.concatenate((np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)), axis=1)  # filter 0 in each row

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + chunk(b"IEND", b"")
    )
