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


# C: S of the coarse bins, where there are any; DUE: why a check is to be made, or 0.
HEAD, N, S_X, S_Y, S_XY, C_X, C_Y, C_XY, X_CLIPPED, Y_CLIPPED, DUE = range(11)
# When so many PAIRS have come, there is to be a CHECK, or a GLANCE whether there should be one; and when fewer than FEW
# are left in a window of seconds.
PAIRS, CLIPPED_TOTAL, LATE, DROPPED, DROPPED_RUN, CHECK, GLANCE, FEW = range(11, 19)
STATE_SIZE: Final = 19
NEVER: Final = 1 << 62  # pairs

SET_BACK_AFTER: Final = 100  # pairs in a row that would be dropped for their times: the clock was set back for good
