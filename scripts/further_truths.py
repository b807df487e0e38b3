"""Still more pairs of signals whose mutual information is known, by which other ways to extrapolate are weighed.

Edges that lie across the bins, steps, waves, clusters, copulas: closed forms, or quadrature to 1e-3 nats. Together with
those of ``truths`` and ``fresh_truths`` they are two halves, fixed before any of them was looked at by itself: one to
choose by, one to judge by.
"""

import math
from collections.abc import Callable
from functools import cache

import fresh_truths
import numpy as np
import truths
from fresh_truths import Known, entropy, of_copula, of_parts

Rng = np.random.Generator
Samples = tuple[np.ndarray, np.ndarray]


@cache
def tuning() -> tuple[Known, ...]:
    """The half to choose by: those that the constants were chosen by, every second fresh one, and seven more."""
    more = (
        diamond(),
        exponentials(0.3),
        of_function("sine, 2 turns, noise 0.3", lambda x: np.sin(4 * np.pi * x), 0.3),
        of_function("4 steps, noise 0.2", lambda x: np.floor(4 * x), 0.2),
        of_parts("a line, and a third of it unrelated", [*[((0, 0), (1, 1), 0.95)] * 2, ((0, 0), (2, 2), 0.0)]),
        of_parts("two long humps", [((-2, -2), (1, 0.5), 0.8), ((2, 1), (0.5, 1.5), -0.5)]),
        known(truths.student(5, 0.9)),
    )
    return (*map(known, truths.chosen()), *fresh_truths.fresh()[::2], *more)


@cache
def judging() -> tuple[Known, ...]:
    """The half to judge by: the other fresh ones, and ten more."""
    letters = [((-2.5, 0), (0.5, 1.5), 0.9), ((-1, 0), (0.5, 1.5), -0.9)]
    letters += [((-1.75, -0.4), (0.4, 0.15), 0.0), ((2, 0), (0.15, 1.5), 0.0)]
    waves = [((x, 1.5 * (-1) ** k), (0.4, 0.6), 0.0) for k, x in enumerate(np.linspace(-5, 5, 8).tolist(), 1)]
    more = (
        disc(),
        checkerboard(4),
        exponentials(1.5),
        of_function("sine, 1 turn, noise 0.2", lambda x: np.sin(2 * np.pi * x), 0.2),
        of_function("3 steps, noise 0.4", lambda x: np.floor(3 * x), 0.4),
        of_parts("a ball and a bar", [((0, 0), (0.5, 0.5), 0.0), ((0, 0), (2.5, 2.5), 0.97)]),
        of_parts("letters", letters),
        of_parts("waves of eight", waves),
        known(truths.student(5, 0.6)),
        joe(3.0),
    )
    return (*fresh_truths.fresh()[1::2], *more)


def known(pair: truths.Pair) -> Known:
    return Known(pair.name, pair.nats, pair.sample)


def of_function(name: str, f: Callable[[np.ndarray], np.ndarray], noise: float) -> Known:
    """X ~ U(0, 1), Y = f(X) + N(0, noise)."""
    return known(truths.function_and_noise(name, f, lambda u: u, noise))


def diamond() -> Known:
    """Evenly within |x| + |y| <= 2."""

    def sample(rng: Rng, n: int) -> Samples:
        u, v = rng.uniform(-1, 1, (2, n))
        return u + v, u - v

    return Known("diamond", 1 - math.log(2), sample)


def disc() -> Known:
    """Evenly within a circle."""

    def sample(rng: Rng, n: int) -> Samples:
        angle, radius = rng.uniform(0, 2 * np.pi, n), np.sqrt(rng.random(n))
        return radius * np.cos(angle), radius * np.sin(angle)

    return Known("disc", math.log(math.pi) - 1, sample)


def checkerboard(fields: int) -> Known:
    """Evenly on every second field of a board of so many, an even number, squared."""

    def sample(rng: Rng, n: int) -> Samples:
        column = rng.integers(0, fields, n)
        row = (column + 2 * rng.integers(0, fields // 2, n)) % fields
        return column + rng.random(n), row + rng.random(n)

    return Known(f"checkerboard of {fields}", math.log(2), sample)


def exponentials(scale: float) -> Known:
    """X exponential with mean 1, Y = X + exponential with another mean."""
    rate = 1 / scale

    def density(y: float) -> float:
        return rate / (rate - 1) * (math.exp(-y) - math.exp(-rate * y))

    def sample(rng: Rng, n: int) -> Samples:
        x = rng.exponential(size=n)
        return x, x + rng.exponential(scale, n)

    nats = entropy(density, 1e-12, 0.1, 1, 5, 40) - 1 - math.log(scale)
    return Known(f"exponential noise, {scale:g}", nats, sample)


def joe(theta: float) -> Known:
    """Dependent most where both are large; uniform margins."""

    def power_sum(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = (1 - u) ** theta, (1 - v) ** theta
        return a + b - a * b

    def log_density(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        u, v = (np.clip(w, 1e-15, 1 - 1e-15) for w in (u, v))
        s = power_sum(u, v)
        rest = np.log1p(-u) + np.log1p(-v)
        return (1 / theta - 2) * np.log(s) + (theta - 1) * rest + np.log(theta - 1 + s)

    def sample(rng: Rng, n: int) -> Samples:
        u, w = rng.random((2, n))
        low, high = np.zeros(n), np.ones(n)
        for _ in range(50):  # v with P(V <= v | u) = w, by bisection
            v = (low + high) / 2
            below = power_sum(u, v) ** (1 / theta - 1) * (1 - u) ** (theta - 1) * (1 - (1 - v) ** theta) < w
            low, high = np.where(below, v, low), np.where(below, high, v)
        return u, v

    return Known(f"Joe copula, theta {theta:g}", of_copula(log_density), sample)
