"""Numbers that go on by the same from one to the next, as the numbers of rows do."""

import math
from typing import Final

import numpy as np

from streammi.records import FloatArray

TOLD_FROM: Final = 4  # numbers
WITHIN: Final = 1e-6  # of a step: decimals are rounded


class EvenSteps:
    """Watches whether numbers do so.

    >>> steps = EvenSteps()
    >>> steps.take(np.array([7.0, 8.0]))
    >>> steps.take(np.array([9.0, 10.0]))
    >>> steps.even
    True
    """

    def __init__(self) -> None:
        self._last, self._step = math.nan, math.nan
        self._even, self._count = True, 0

    def take(self, values: FloatArray) -> None:
        """Take in finite numbers, (n,)."""
        if not values.size or not self._even:
            return
        steps = np.diff(values) if math.isnan(self._last) else np.diff(values, prepend=self._last)
        if steps.size:
            self._step = steps.item(0) if math.isnan(self._step) else self._step
            self._even = self._step != 0 and bool((np.abs(steps - self._step) <= WITHIN * abs(self._step)).all())
        self._last, self._count = values.item(-1), self._count + values.size

    def one(self, value: float) -> None:
        """Take in one finite number."""
        if self._even:
            step = value - self._last
            self._step = step if math.isnan(self._step) else self._step
            if not math.isnan(step):
                self._even = self._step != 0 and abs(step - self._step) <= WITHIN * abs(self._step)
            self._last, self._count = value, self._count + 1

    @property
    def even(self) -> bool:
        """True if they do so, as far as can be told."""
        return self._even and self._count >= TOLD_FROM
