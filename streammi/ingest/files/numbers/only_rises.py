"""Numbers that only rise, as those of rows, times and counters do, which are no signals by themselves."""

import math
from typing import Final

import numpy as np

from streammi.records import FloatArray

TOLD_FROM: Final = 4  # numbers that go on by the same from one to the next,
RISING_FROM: Final = 12  # and those that rise anyhow
WITHIN: Final = 1e-6  # of a step: decimals are rounded


class OnlyRises:
    """Watches whether numbers do so.

    >>> rises = OnlyRises()
    >>> rises.take(np.array([7.0, 8.0]))
    >>> rises.take(np.array([9.0, 10.0]))
    >>> rises.told
    True
    """

    def __init__(self) -> None:
        self._last, self._step = math.nan, math.nan
        self._rises, self._even, self._count = True, True, 0

    def take(self, values: FloatArray) -> None:
        """Take in finite numbers, (n,)."""
        if not values.size or not self._rises:
            return
        steps = np.diff(values) if math.isnan(self._last) else np.diff(values, prepend=self._last)
        if steps.size:
            self._step = steps.item(0) if math.isnan(self._step) else self._step
            self._rises = bool((steps > 0).all())
            self._even &= bool((np.abs(steps - self._step) <= WITHIN * abs(self._step)).all())
        self._last, self._count = values.item(-1), self._count + values.size

    def one(self, value: float) -> None:
        """Take in one finite number."""
        if not self._rises:
            return
        step = value - self._last
        if not math.isnan(step):
            self._step = step if math.isnan(self._step) else self._step
            self._rises = step > 0
            self._even &= abs(step - self._step) <= WITHIN * abs(self._step)
        self._last, self._count = value, self._count + 1

    @property
    def told(self) -> bool:
        """True if they do so, as far as can be told."""
        return self._rises and self._count >= (TOLD_FROM if self._even else RISING_FROM)
