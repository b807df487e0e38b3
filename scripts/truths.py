"""Pairs of signals whose mutual information is known: by a closed form, or by quadrature to 1e-6 nats.

Three truths are kept apart. ``nats`` is the MI of the signals themselves. ``cells(B)`` are the exact probabilities of
the B x B joint histogram whose bins hold equally much of each signal; their MI is what an estimator of that histogram
should say, and what is missing to ``nats`` is lost by the bins, not by the estimator. A channel is discrete: its cells
are the whole of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

NODES = 24  # of the quadrature inside one bin of x, or one panel of y
PANELS = 64  # that the range of y is divided into


@dataclass(frozen=True)
class Pair:
    """X and Y, given by X's quantiles and what Y is when X is known.

    ``x_at`` (u) is X's quantile function, ``below`` (y, x) = P(Y <= y | X = x); ``sample`` (rng, n) draws n pairs.
    """

    name: str
    nats: float
    sample: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
    x_at: Callable[[np.ndarray], np.ndarray]
    below: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def cells(self, bins: int) -> np.ndarray:
        """Probabilities of the joint histogram with equal-probability bins, shape (bins, bins)."""
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        u = (np.arange(bins)[:, None] + (nodes + 1) / 2) / bins  # (bins, NODES)
        x, weight = self.x_at(u), weights / 2 / bins
        edges = np.array([self._quantile(k / bins, x, weight) for k in range(1, bins)])
        inside = np.concatenate(
            [np.zeros((*x.shape, 1)), self.below(edges, x[..., None]), np.ones((*x.shape, 1))], axis=-1
        )
        return np.einsum("k,ikj->ij", weight, np.diff(inside, axis=-1)).clip(min=0)

    def _quantile(self, p: float, x: np.ndarray, weight: np.ndarray) -> float:
        """y with P(Y <= y) = p, by bisection."""
        low, high = -1.0, 1.0
        while (self.below(low, x) * weight).sum() > p:
            low *= 2
        while (self.below(high, x) * weight).sum() < p:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if (self.below(middle, x) * weight).sum() < p else (low, middle)
        return (low + high) / 2


def mi_nats(cells: np.ndarray) -> float:
    """MI of joint probabilities, shape (Bx, By)."""
    independent = cells.sum(axis=1, keepdims=True) * cells.sum(axis=0, keepdims=True)
    return float(special.rel_entr(cells, independent).sum())


def normal_density(v: float, mean: np.ndarray, spread: float) -> np.ndarray:
    """As scipy.stats.norm.pdf, which takes longer to look at what it is given than to compute."""
    z = (v - mean) / spread
    return np.exp(-0.5 * z * z) / (spread * math.sqrt(2 * math.pi))


def gaussian(r: float) -> Pair:
    """MI = -1/2 ln(1 - r^2)."""
    rest = math.sqrt(1 - r * r)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=n)
        return x, r * x + rest * rng.normal(size=n)

    return Pair(
        f"Gaussian, r {r:g}",
        -0.5 * math.log(1 - r * r),
        sample,
        special.ndtri,
        lambda y, x: special.ndtr((y - r * x) / rest),
    )


def student(freedom: float, r: float) -> Pair:
    """Bivariate Student-t: -1/2 ln(1 - r^2) and twice the margin's entropy less that of the uncorrelated pair."""

    def entropy(d: int) -> float:
        half = (freedom + d) / 2
        log_peak = special.gammaln(half) - special.gammaln(freedom / 2) - d / 2 * math.log(freedom * math.pi)
        return float(half * (special.psi(half) - special.psi(freedom / 2)) - log_peak)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = gaussian(r).sample(rng, n)
        scale = np.sqrt(rng.chisquare(freedom, n) / freedom)
        return x / scale, y / scale

    def below(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        spread = np.sqrt((freedom + x * x) / (freedom + 1) * (1 - r * r))
        return special.stdtr(freedom + 1, (y - r * x) / spread)

    nats = 2 * entropy(1) - entropy(2) - 0.5 * math.log(1 - r * r)
    return Pair(f"Student-t, {freedom:g} degrees, r {r:g}", nats, sample, lambda u: special.stdtrit(freedom, u), below)


def uniform_noise(reach: float) -> Pair:
    """X ~ U(0, 1), Y = X + U(-reach, reach): MI = reach - ln(2 reach) up to 1/2, 1/(4 reach) above."""
    nats = reach - math.log(2 * reach) if reach <= 0.5 else 1 / (4 * reach)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.random(n)
        return x, x + rng.uniform(-reach, reach, n)

    def below(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.clip((y - x + reach) / (2 * reach), 0, 1)

    return Pair(f"uniform noise, ±{reach:g}", nats, sample, lambda u: u, below)


def function_and_noise(
    name: str, f: Callable[[np.ndarray], np.ndarray], x_at: Callable[[np.ndarray], np.ndarray], noise: float
) -> Pair:
    """Y = f(X) + N(0, noise): MI = h(Y) - h(N), h(Y) by quadrature over the mixture's density."""
    nodes, weights = special.roots_legendre(2000)
    f_nodes, weight = f(x_at((nodes + 1) / 2)), weights / 2
    low, high = f_nodes.min() - 9 * noise, f_nodes.max() + 9 * noise
    y_nodes, y_weights = special.roots_legendre(NODES)
    half = (high - low) / PANELS / 2
    y = low + half * (2 * np.arange(PANELS)[:, None] + 1 + y_nodes)  # (PANELS, NODES)
    density = np.array([[normal_density(v, f_nodes, noise) @ weight for v in panel] for panel in y])
    entropy = float((special.entr(density) * y_weights).sum() * half)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = x_at(rng.random(n))
        return x, f(x) + rng.normal(0, noise, n)

    nats = entropy - 0.5 * math.log(2 * math.pi * math.e * noise**2)
    return Pair(name, nats, sample, x_at, lambda y, x: special.ndtr((y - f(x)) / noise))


def textbook() -> Pair:
    """X ~ U(0, 1), Y = X + N(0, 0.1)."""
    return function_and_noise("X ~ U(0, 1), Y = X + N(0, 0.1)", lambda x: x, lambda u: u, 0.1)


def parabola(noise: float) -> Pair:
    """X ~ N(0, 1), Y = X^2 + N(0, noise)."""
    return function_and_noise(
        f"X², noise {noise:g}", np.square, lambda u: special.ndtri(np.clip(u, 1e-12, None)), noise
    )


def circle(noise: float) -> Pair:
    """X = cos a, Y = sin a + N(0, noise), a ~ U(0, 2 pi): two noisy branches of Y over each X."""

    def branch(x: np.ndarray) -> np.ndarray:
        return np.sqrt(np.clip(1 - x * x, 0, None))

    nodes = (np.arange(5_000) + 0.5) / 5_000
    sines = np.sin(2 * np.pi * nodes)
    x_nodes = np.cos(np.pi * nodes)
    y = np.linspace(-1 - 9 * noise, 1 + 9 * noise, 1501)
    density = np.array([normal_density(v, sines, noise).mean() for v in y])
    entropy_y = float(special.entr(density).sum() * (y[1] - y[0]))

    def of_two(apart: np.ndarray) -> np.ndarray:
        """h(Y | X): two equal Gaussians, ``apart`` of their spreads from their middle."""
        z = np.linspace(-9, 9, 721)
        grid = np.linspace(0, float(apart.max()), 400)
        at = z[None, :] * (1 + grid[:, None] / 9)
        both = 0.5 * (stats.norm.pdf(at - grid[:, None]) + stats.norm.pdf(at + grid[:, None]))
        values = special.entr(both).sum(axis=1) * (at[:, 1] - at[:, 0])
        return np.interp(apart, grid, values)

    nats = entropy_y - float(of_two(branch(x_nodes) / noise).mean()) - math.log(noise)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        angle = rng.uniform(0, 2 * np.pi, n)
        return np.cos(angle), np.sin(angle) + rng.normal(0, noise, n)

    def below(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return 0.5 * (special.ndtr((y - branch(x)) / noise) + special.ndtr((y + branch(x)) / noise))

    return Pair(f"circle, noise {noise:g}", nats, sample, lambda u: -np.cos(np.pi * u), below)


def monotone(pair: Pair, name: str, f: Callable[[np.ndarray], np.ndarray]) -> Pair:
    """Both signals through an increasing function: neither the MI nor the cells change."""

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = pair.sample(rng, n)
        return f(x), f(y)

    return replace(pair, name=f"{name} of {pair.name}", sample=sample)


def bimodal(x: np.ndarray) -> np.ndarray:
    """A Gaussian's values to those of two humps, 0.3 N(-2, 1) + 0.7 N(2, 0.5)."""
    at = np.linspace(-9, 9, 20_001)
    return np.interp(special.ndtr(x), 0.3 * special.ndtr(at + 2) + 0.7 * special.ndtr((at - 2) / 0.5), at)


def wiggly(x: np.ndarray) -> np.ndarray:
    return x + 0.4 * np.sin(x) + 0.2 * np.sin(1.7 * x + 1) + 0.03 * np.sin(3.3 * x - 2.5)


def nine() -> list[Pair]:
    """The nine 1 x 1 tasks of Czyz et al. 2023, "Beyond Normal", NeurIPS: all closed forms."""
    normal, heavy = gaussian(0.75), student(1, 0)
    return [
        normal,
        monotone(normal, "half-cube", lambda x: np.sign(x) * np.abs(x) ** 1.5),
        monotone(normal, "normal cdf", special.ndtr),
        monotone(normal, "wiggle", wiggly),
        monotone(normal, "two humps", bimodal),
        heavy,
        monotone(heavy, "asinh", np.arcsinh),
        uniform_noise(0.1),
        uniform_noise(0.75),
    ]


def judged() -> list[Pair]:
    """Ten with closed forms, on which the extrapolated estimator is judged: nothing of it was chosen by these."""
    normal, heavy = gaussian(0.75), student(1, 0)
    return [
        gaussian(0),
        normal,
        gaussian(0.95),
        monotone(normal, "normal cdf", special.ndtr),
        monotone(normal, "half-cube", lambda x: np.sign(x) * np.abs(x) ** 1.5),
        monotone(normal, "wiggle", wiggly),
        uniform_noise(0.1),
        uniform_noise(0.75),
        heavy,
        monotone(heavy, "asinh", np.arcsinh),
    ]


def chosen() -> list[Pair]:
    """Those by which its constants were chosen: its weight, the rule for the number of bins, the doubt in its error."""
    normal = [gaussian(r) for r in (0.3, 0.6, 0.8, 0.9, 0.99)]
    flat = [uniform_noise(reach) for reach in (0.05, 0.25, 0.5, 1.0)]
    heavy = [student(1, 0.5), student(2, 0), student(2, 0.8), student(3, 0.5)]
    return [*normal, *flat, *heavy, textbook(), circle(0.1), circle(0.3), parabola(1.0), parabola(2.0)]


def binary(p: float) -> float:
    """Entropy in nats of a coin."""
    return float(special.entr(p) + special.entr(1 - p))


def channels() -> dict[str, tuple[np.ndarray, float]]:
    """Joint probabilities of a channel's input and output, and its MI in nats by the closed form."""
    typewriter = (np.eye(8) + np.roll(np.eye(8), 1, axis=1)) / 16
    symmetric = np.where(np.eye(4) > 0, 0.2, 0.2 / 12)  # 4 x 0.2 right, the other fifth shared out evenly
    return {
        "binary symmetric, flips 0.1": (np.array([[0.45, 0.05], [0.05, 0.45]]), math.log(2) - binary(0.1)),
        "binary erasure, 0.3": (np.array([[0.35, 0.15, 0], [0, 0.15, 0.35]]), 0.7 * math.log(2)),
        "Z channel, 0.4": (np.array([[0.5, 0], [0.2, 0.3]]), binary(0.3) - 0.5 * binary(0.4)),
        "4-ary symmetric, 0.2 wrong": (symmetric, math.log(4) - binary(0.2) - 0.2 * math.log(3)),
        "noisy typewriter, 8 keys": (typewriter, math.log(4)),
    }
