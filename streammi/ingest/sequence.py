"""Sequence numbers: what is missing between them, what came late after all, and when they began again."""

from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from streammi.records import IntArray

WRAPS: Final = (1 << 8, 1 << 16, 1 << 31, 1 << 32, 1 << 63, 1 << 64)  # where counters begin again at 0
# Numbers that may be missing around a counter's first overflow, else it is a sender that began again: so many, or this
# share of all there are.
OVERFLOW_LEAST: Final = 8
OVERFLOW_SHARE: Final = 64
RESET_FROM: Final = 1 << 31  # numbers ahead: not a gap, another sender
REMEMBERED: Final = 64  # gaps in which a late number is still looked for


# A number for each of consecutive samples, shape (n,); a range where each is one more than the one before: then nobody
# needs to look at each.
Each: TypeAlias = IntArray | range


class Numbers(NamedTuple):
    """The numbers ``first`` to ``first + many - 1``, each of which stands for ``weight`` samples."""

    first: int
    many: int = 1
    weight: int = 1


def in_a_row(numbers: list[int]) -> Each:
    """The numbers of one or more consecutive samples, as a range where they are one.

    >>> in_a_row([7, 8, 9]), in_a_row([7, 9])
    (range(7, 10), array([7, 9]))
    """
    first = numbers[0]
    row = range(first, first + len(numbers))
    return row if numbers[-1] == row[-1] and numbers == [*row] else np.array(numbers, dtype=np.int64)


def runs(numbers: Each) -> list[range]:
    """Numbers of consecutive samples, parted where one is not the next.

    >>> runs(np.array([7, 8, 11, 3, 4]))
    [range(7, 9), range(11, 12), range(3, 5)]
    """
    if isinstance(numbers, range):
        return [numbers]
    each = numbers.tolist()
    # Not where it overflows, as a uint64 may.
    ends = np.flatnonzero((numbers[1:] - numbers[:-1] != 1) | (numbers[1:] < numbers[:-1])) + 1
    return [range(each[first], each[end - 1] + 1) for first, end in pairwise((0, *ends.tolist(), len(each)))]


class GapCounter:
    """Follows a feed's numbers; ``gaps`` are samples, ``reordered`` and ``resets`` are occasions.

    A number that comes after a later one, and was counted as missing, is no longer missing but reordered. Any other
    step back is a reset: the sender began again, or there is more than one. A counter's overflow is neither, also where
    numbers around it are missing.

    >>> counter = GapCounter()
    >>> for number in (7, 8, 11, 9, 12, 0):
    ...     counter.check(Numbers(number))
    >>> counter.gaps, counter.reordered, counter.resets  # 10 is missing, 9 came late, 0 is a new beginning
    (1, 1, 1)
    """

    def __init__(self) -> None:
        self.gaps = self.reordered = self.resets = 0
        self._next: int | None = None
        self._wrap = 0  # where the counter has begun again at 0, if it has
        self._missing: list[Numbers] = []

    @property
    def started(self) -> bool:
        """True if there was a number yet."""
        return self._next is not None

    @property
    def next(self) -> int | None:
        """The number that is expected."""
        return self._next

    def go_on_at(self, number: int) -> None:
        """Expect this number next, whatever came."""
        self._next = number

    def lacks(self, numbers: Numbers) -> bool:
        """True if these are missing."""
        end = numbers.first + numbers.many
        return any(gap.first <= numbers.first and end <= gap.first + gap.many for gap in self._missing)

    def distance(self, first: int) -> int:
        """How far a number is from the next one: what is behind it is farther than all that is ahead, unless the
        counter has begun again.
        """
        if self._next is None:
            return 0
        if first >= self._next:
            return first - self._next
        if wrap := self._overflow(self._next, first):
            return wrap - self._next + first
        return RESET_FROM + self._next - first

    def check_each(self, numbers: Each) -> None:
        """Check the numbers of consecutive samples."""
        for run in runs(numbers):
            for number in run:
                if self._next == number:  # then so are those behind it
                    self._next = run.stop
                    break
                self.check(Numbers(number))

    def check(self, numbers: Numbers) -> None:
        """Check the numbers that came next."""
        expected = numbers.first if self._next is None else self._next
        ahead = numbers.first - expected
        # What is far ahead may be of before an overflow.
        if (ahead < 0 or 0 < self._wrap < 2 * ahead) and self._was_missing(numbers):
            self.reordered += 1
            self.gaps -= numbers.many * numbers.weight
            return
        if ahead < 0:
            if wrap := self._overflow(expected, numbers.first):
                self._wrap = wrap
                self._miss(expected, wrap - expected, numbers.weight)
                self._miss(0, numbers.first, numbers.weight)
            else:
                self._restart()
        elif ahead >= RESET_FROM:
            self._restart()
        else:
            self._miss(expected, ahead, numbers.weight)
        self._next = numbers.first + numbers.many

    def state(self) -> list[Any]:
        """The state that ``restore`` needs, plain values."""
        missing = [list(gap) for gap in self._missing]
        return [self.gaps, self.reordered, self.resets, self._next, self._wrap, missing]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.gaps, self.reordered, self.resets, self._next, self._wrap, missing = state
        self._missing = [Numbers(*gap) for gap in missing]

    def _miss(self, first: int, many: int, weight: int) -> None:
        if many > 0:
            self.gaps += many * weight
            self._missing = [*self._missing[1 - REMEMBERED :], Numbers(first, many, weight)]

    def _overflow(self, expected: int, first: int) -> int:
        """Where the counter has begun again at 0 between these numbers, of which the second is less; 0: it has not."""
        for wrap in (self._wrap,) if self._wrap else WRAPS:
            most = wrap // 2 if self._wrap else max(wrap // OVERFLOW_SHARE, OVERFLOW_LEAST)
            if first >= 0 and expected <= wrap and wrap - expected + first <= most:
                return wrap
        return 0

    def _restart(self) -> None:
        self.resets += 1
        self._missing.clear()

    def _was_missing(self, late: Numbers) -> bool:
        end = late.first + late.many
        for k, gap in enumerate(self._missing):
            gap_end = gap.first + gap.many
            if gap.first <= late.first and end <= gap_end:
                left = Numbers(gap.first, late.first - gap.first, gap.weight)
                right = Numbers(end, gap_end - end, gap.weight)
                self._missing[k : k + 1] = [piece for piece in (left, right) if piece.many]
                del self._missing[:-REMEMBERED]
                return True
        return False
