"""Sequence numbers that go by more than one, such as those of every tenth sample, as numbers that go by one."""

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np

from streammi.ingest.sequence import RESET_FROM, WRAPS, Each, Numbers, in_a_row

HELD: Final = 6  # numbers, after which it is known by how much they go
ALIKE: Final = 3  # steps among these that are as long
SEVERAL: Final = 16  # numbers, after which it is known whether several senders count so, each by itself
BEGINNINGS: Final = SEVERAL // 4  # among these, at most: numbers that are no step behind an earlier one
MISFITS: Final = 3  # numbers in a row that are none of the steps: then they go by one
NEAR: Final = 8  # steps around a counter's overflow


class NumberSteps:
    """Tells by how much a feed's numbers go from one message to the next, and counts these steps instead.

    Nearly all go by one, which shows with the second. Until it shows, ``of`` and ``each`` hold numbers back; ``left``
    are those, once no more will come. ``only_one``: whatever comes, as where messages may go to others in turn.
    Where several senders count in the same steps, the steps of each go on by one, wherever it began.

    >>> steps = NumberSteps()
    >>> [steps.of(Numbers(number)) for number in (100, 110, 120, 130, 140)]
    [[], [], [], [], []]
    >>> [numbers.first for numbers in steps.of(Numbers(150))], steps.note
    ([0, 1, 2, 3, 4, 5], 'its numbers go by 10')
    >>> [numbers.first for numbers in steps.of(Numbers(180))]  # 160 and 170 are missing
    [8]
    >>> NumberSteps().of(Numbers(7)), NumberSteps(only_one=True).of(Numbers(7))
    ([], [Numbers(first=7, many=1, weight=1)])
    """

    def __init__(self, *, only_one: bool = False) -> None:
        self.step = 1 if only_one else 0  # by which they go; 0: not known yet
        self._held: list[Numbers] = []
        self._zero = 0  # the number that counts as 0,
        self._last = 0  # and the last one that came
        self._misfits = 0  # in a row
        self._several = False  # senders, each with numbers of its own that go by as much
        self.goes_on_at: int | None = None  # the first number that is as it is again; None where there is none

    @property
    def note(self) -> str:
        """One line for a person; empty where they go by one."""
        of_each = ", those of each sender by themselves" if self._several else ""
        return f"its numbers go by {self.step:,}{of_each}" if self.step > 1 else ""

    def of(self, numbers: Numbers) -> list[Numbers]:
        """The numbers that are known now, with the next one."""
        if self.step == 1:
            return [numbers]
        if self.step:
            return [self._counted(numbers)]
        self._held.append(numbers)
        self.step = self._told()
        return self.left() if self.step else []

    def each(self, numbers: Each) -> list[Numbers | Each]:
        """The same of numbers of consecutive samples."""
        found: list[Numbers | Each] = []
        for k in range(len(numbers)):
            if self.step == 1:
                return [*found, numbers[k:]]
            if self.step and (rest := self._all_counted(np.asarray(numbers[k:]))) is not None:
                return [*found, rest]
            found += self.of(Numbers(int(numbers[k])))
        return found

    def left(self) -> list[Numbers]:
        """Those that are held back, which are held no more."""
        held, self._held = self._held, []
        if held and not self.step:
            self.step = 1
        if self.step == 1 or not held:
            return held
        self._zero = self._last = held[0].first
        return [self._counted(one) for one in held]

    def state(self) -> list[Any]:
        """The state that ``restore`` needs, plain values."""
        return [self.step, [list(one) for one in self._held], self._zero, self._last, self._misfits, self._several]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.step, held, self._zero, self._last, self._misfits, self._several = state
        self._held = [Numbers(*one) for one in held]

    def _told(self) -> int:
        """By how much the numbers go that are held; 0 while that is open."""
        if self._held[-1].many > 1:
            return 1
        steps = [after.first - before.first for before, after in pairwise(self._held)]
        if 1 in steps:
            return 1
        if all(0 < step < RESET_FROM for step in steps):
            step = math.gcd(*steps) if len(self._held) == HELD else 0
            if step and steps.count(step) >= ALIKE:
                return step
        return self._told_of_several()

    def _told_of_several(self) -> int:
        """The same of senders in turn: the step by which fewest numbers are no step behind an earlier one."""
        numbers = [one.first for one in self._held]
        if any(number + 1 in numbers for number in numbers):
            return 1
        if len(numbers) < SEVERAL:
            return 0
        ways = {later - number for k, number in enumerate(numbers) for later in numbers[k + 1 :] if later > number}
        begun = {step: len({*numbers} - {number + step for number in numbers}) for step in ways if step < RESET_FROM}
        step = min(begun, key=lambda step: (begun[step], step), default=1)
        self._several = step > 1 and begun[step] <= BEGINNINGS
        return step if self._several else 1

    def _counted(self, numbers: Numbers) -> Numbers:
        """A number as how many steps it is from the first."""
        if self._several:
            return Numbers((numbers.first - self._zero) // self.step, 1, numbers.weight)
        first, last, self._last = numbers.first, self._last, numbers.first
        at = (last - self._zero) // self.step
        steps, odd = divmod(first - self._zero, self.step)
        self._misfits = self._misfits + 1 if odd else 0
        if self._misfits >= MISFITS:  # they go by one, or by something else: from here on
            self.step, self.goes_on_at = 1, first
            return numbers
        if over := _steps_over(last, first, self.step):
            steps = at + over
        elif odd and first > last:  # something is missing, and they go on otherwise
            steps = at + -(-(first - last) // self.step)
        elif odd:  # a new beginning
            steps = 0
        self._zero = first - steps * self.step
        return Numbers(steps, 1, numbers.weight)

    def _all_counted(self, numbers: Any) -> Each | None:
        """Many numbers, if all are of the steps and go up; else None."""
        if self._several:
            return None
        steps = numbers.astype(np.int64) - self._zero
        if numbers.dtype == np.uint64 or (steps % self.step).any() or numbers[0] < self._last or self._misfits:
            return None
        if (steps[1:] < steps[:-1]).any():
            return None
        self._last = int(numbers[-1])
        return in_a_row((steps // self.step).tolist())


def _steps_over(last: int, first: int, step: int) -> int:
    """How many steps there are between two numbers with a counter's overflow between them; 0 where there is none."""
    for wrap in WRAPS if first < last else ():
        way = wrap - last + first
        if first >= 0 and last < wrap and way % step == 0 and way <= NEAR * step:
            return way // step
    return 0
