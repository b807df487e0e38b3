"""How symbols, ring entries and the state are laid out.

Codes. An axis' code is a uint16: the symbol in the low 15 bits, ``CLIPPED`` set when the value lay outside the bins'
range, ``SKIP`` when it was not finite (an axis has 1,024 bins at most, so that no other code reads so). A ring entry is
``x_code << 16 | y_code``, uint32: 4 bytes a pair.

State. ``state`` is int64, laid out by the constants below; everything in it is an exact integer.
"""

from typing import Final

CLIPPED: Final = 0x8000
SYMBOL: Final = 0x7FFF
SKIP: Final = 0xFFFF

CLIPPED_ENTRY: Final = CLIPPED << 16 | CLIPPED  # in a ring entry, of x or of y

HEAD, N, S_X, S_Y, S_XY, C_X, C_Y, C_XY, X_CLIPPED, Y_CLIPPED = range(
    10
)  # C: S of the coarse bins, where there are any
PAIRS, CLIPPED_TOTAL, LATE, DROPPED, DROPPED_RUN = range(10, 15)
STATE_SIZE: Final = 15

SET_BACK_AFTER: Final = 100  # pairs in a row that would be dropped for their times: the clock was set back for good
