"""The demo's made-up signals: their coupling changes as they go."""

from typing import Final

import numpy as np

from streammi.errors import ConfigError
from streammi.records import FloatArray

PHASES: Final = ("linear", "parabola", "independent")
NOISE: Final = 0.1


class Seed:
    """X ~ U(0, 1); Y = X + N(0, 0.1), then (2X - 1)^2 + N(0, 0.1) where r is 0 and MI is not, then U(0, 1) by itself.

    Each lasts for ``phase_length`` samples, and then they begin again.

    >>> seed = Seed(np.random.default_rng(0), phase_length=2)
    >>> x, y = seed.pairs(4)
    >>> seed.phase
    'independent'
    """

    def __init__(self, rng: np.random.Generator, phase_length: int) -> None:
        if phase_length < 1:
            raise ConfigError("phase_length", ">= 1 samples", phase_length)
        self._rng, self._length = rng, phase_length
        self._made = 0

    @property
    def phase(self) -> str:
        """How the next pair is coupled."""
        return PHASES[self._made // self._length % len(PHASES)]

    def pairs(self, n: int) -> tuple[FloatArray, FloatArray]:
        """The next ``n`` pairs: x and y, each (n,)."""
        x, noise, other = self._rng.random(n), self._rng.normal(0, NOISE, n), self._rng.random(n)
        phase = (self._made + np.arange(n)) // self._length % len(PHASES)
        self._made += n
        return x, np.choose(phase, (x + noise, (2 * x - 1) ** 2 + noise, other))
