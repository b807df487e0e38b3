"""More pairs of signals whose mutual information is known, all made after the last constant was chosen.

Copulas by their densities, mixtures, a spiral, noise that is multiplied or not Gaussian: MI by quadrature of the
density, to 1e-4 nats. Nobody has chosen anything by these, and nobody should.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy import special, stats
from scipy.integrate import quad

Sample = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Known:
    """A pair of signals: how ``n`` of them are drawn, and their MI."""

    name: str
    nats: float
    sample: Sample


@cache
def fresh() -> tuple[Known, ...]:
    """All of them."""
    return (
        *(gaussian(r) for r in (0.5, 0.85, 0.98)),
        clayton(2.0),
        gumbel(2.0),
        frank(8.0),
        shared_gamma(),
        crossing(0.9),
        clusters(),
        spiral(1.0),
        product(),
        growing_noise(0.2),
        laplace_noise(0.3),
    )


def gaussian(r: float) -> Known:
    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = rng.normal(size=(2, n))
        return x, r * x + math.sqrt(1 - r * r) * y

    return Known(f"Gaussian, r {r:g}", -0.5 * math.log(1 - r * r), sample)


# Copulas: of U and V, uniform each, with the density c(u, v); MI = E log c ------------------------------------------


def of_copula(log_density: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """E log c in nats, on a grid of the normal scores of u and v, where all of these densities are smooth."""
    at, step = np.linspace(-8, 8, 3201, retstep=True)
    u, weight = special.ndtr(at), stats.norm.pdf(at) * step
    total = 0.0
    for k in range(at.size):
        logs = log_density(np.full(at.size, u[k]), u)
        total += weight[k] * float((weight * np.exp(logs) * logs).sum())
    return total


def clayton(theta: float) -> Known:
    """Dependent where both are small; exponential margins."""

    def log_density(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        both = np.log(u) + np.log(v)
        return math.log(1 + theta) - (1 + theta) * both - (2 + 1 / theta) * np.log(u**-theta + v**-theta - 1)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        u, w = rng.random((2, n))
        v = ((w ** (-theta / (1 + theta)) - 1) * u**-theta + 1) ** (-1 / theta)
        return -np.log(u), -np.log(v)

    return Known(f"Clayton copula, theta {theta:g}, exponential margins", of_copula(log_density), sample)


def gumbel(theta: float) -> Known:
    """Dependent most where both are large; log-normal margins."""

    def log_density(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = -np.log(u), -np.log(v)
        s = a**theta + b**theta
        root = s ** (1 / theta)
        return (
            a
            + b
            - root
            + (theta - 1) * (np.log(a) + np.log(b))
            + (1 / theta - 2) * np.log(s)
            + np.log(theta - 1 + root)
        )

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        # Marshall & Olkin 1988, by a positive stable variable (Chambers, Mallows & Stuck 1976).
        alpha, angle, e = 1 / theta, np.pi * rng.random(n), rng.exponential(size=n)
        stable = np.sin(alpha * angle) / np.sin(angle) ** theta * (np.sin((1 - alpha) * angle) / e) ** (theta - 1)
        u, v = np.exp(-((rng.exponential(size=(2, n)) / stable) ** alpha))
        return np.exp(special.ndtri(u)), np.exp(special.ndtri(v))

    return Known(f"Gumbel copula, theta {theta:g}, log-normal margins", of_copula(log_density), sample)


def frank(theta: float) -> Known:
    """Dependent alike everywhere; uniform margins."""

    def log_density(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        whole = -math.expm1(-theta)
        rest = whole - np.expm1(-theta * u) * np.expm1(-theta * v)
        return math.log(theta * whole) - theta * (u + v) - 2 * np.log(rest)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        u, w = rng.random((2, n))
        a = np.exp(-theta * u)
        return u, -np.log1p(w * math.expm1(-theta) / (w + (1 - w) * a)) / theta

    return Known(f"Frank copula, theta {theta:g}, uniform margins", of_copula(log_density), sample)


# Densities on a plane -----------------------------------------------------------------------------------------------


def of_density(density: np.ndarray, cell: float) -> float:
    """MI in nats of a density on an even grid."""
    joint = density / density.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    assert abs(density.sum() * cell - 1) < 1e-3, "the grid has all of it"
    return float(special.rel_entr(joint, independent).sum())


def shared_gamma() -> Known:
    """X = A + B, Y = A + C, of gamma variables with 2 and 1 degrees: f = e^(-x-y) (1 + (m - 1) e^m), m the smaller."""

    def inner(x: float) -> float:
        def of(y: float) -> float:
            m = min(x, y)
            f = math.exp(-x - y) * (1 + (m - 1) * math.exp(m)) if m > 1e-4 else math.exp(-x - y) * m * m / 2
            return f * math.log(f / (x * x * y * y / 4 * math.exp(-x - y)))

        return float(quad(of, x, x + 45, epsabs=1e-9, limit=200)[0])

    nats = 2 * sum(quad(inner, a, b, epsabs=1e-7, limit=200)[0] for a, b in ((1e-6, 2), (2, 10), (10, 40)))

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        a = rng.gamma(2, size=n)
        return a + rng.exponential(size=n), a + rng.exponential(size=n)

    return Known("gamma, 2 of 3 degrees shared", nats, sample)


def of_parts(name: str, parts: list[tuple[tuple[float, float], tuple[float, float], float]]) -> Known:
    """Equal parts of Gaussians, each with a middle, two spreads and an r."""
    at, step = np.linspace(-9, 9, 1801, retstep=True)
    x, y = at[:, None], at[None, :]
    density = np.zeros((at.size, at.size))
    for (a, b), (s, t), r in parts:
        p, q, rest = (x - a) / s, (y - b) / t, 1 - r * r
        scale = len(parts) * 2 * math.pi * s * t * math.sqrt(rest)
        density += np.exp(-(p * p - 2 * r * p * q + q * q) / (2 * rest)) / scale

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        which, (u, v) = rng.integers(len(parts), size=n), rng.normal(size=(2, n))
        middles, spreads, r = (np.array(column)[which] for column in zip(*parts, strict=True))
        x = middles[:, 0] + spreads[:, 0] * u
        return x, middles[:, 1] + spreads[:, 1] * (r * u + np.sqrt(1 - r * r) * v)

    return Known(name, of_density(density, step * step), sample)


def crossing(r: float) -> Known:
    """Half of the pairs rise together, half fall: no correlation at all."""
    return of_parts(f"two Gaussians, r ±{r:g}", [((0, 0), (1, 1), r), ((0, 0), (1, 1), -r)])


def clusters() -> Known:
    return of_parts(
        "three clusters",
        [((-3, -2), (0.7, 1.0), 0.5), ((0, 3), (1.2, 0.6), -0.7), ((3, 0), (0.8, 0.8), 0.0)],
    )


def spiral(noise: float) -> Known:
    """t cos t and t sin t, t from 1.5 pi to 4.5 pi, with Gaussian noise: a Swiss roll seen from its end."""
    at, step = np.linspace(-21, 21, 1051, retstep=True)
    turns = 1.5 * np.pi + 3 * np.pi * (np.arange(4000) + 0.5) / 4000
    x = stats.norm.pdf(at[:, None], turns * np.cos(turns), noise)
    y = stats.norm.pdf(at[:, None], turns * np.sin(turns), noise)
    density = x @ y.T / turns.size

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        t = rng.uniform(1.5 * np.pi, 4.5 * np.pi, n)
        u, v = rng.normal(0, noise, (2, n))
        return t * np.cos(t) + u, t * np.sin(t) + v

    return Known(f"spiral, noise {noise:g}", of_density(density, step * step), sample)


# Y given X: MI = h(Y) - h(Y | X) --------------------------------------------------------------------------------------


def entropy(density: Callable[[float], float], *edges: float) -> float:
    """h in nats of a density, between neighbouring edges."""

    def surprise(v: float) -> float:
        return -float(special.xlogy(density(v), density(v)))

    return sum(quad(surprise, a, b, epsabs=1e-9, limit=400)[0] for a, b in pairwise(edges))


def product() -> Known:
    """Y = X Z of two Gaussians: noise that is multiplied, and nothing else."""
    half = entropy(lambda y: float(special.k0(y)) / math.pi, 1e-12, 1e-6, 1e-3, 0.1, 1, 10, 60)
    of_log_squares = -np.euler_gamma - math.log(2)  # E ln X^2
    nats = 2 * half - 0.5 * (math.log(2 * math.pi * math.e) + of_log_squares)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = rng.normal(size=(2, n))
        return x, x * z

    return Known("Y = X N(0, 1)", nats, sample)


def growing_noise(share: float) -> Known:
    """X ~ U(1, 5), Y = X (1 + share N): a sensor whose error is a share of what it reads."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = 3 + 2 * nodes
    h_y = entropy(lambda y: float((weights / 2 * stats.norm.pdf(y, x, share * x)).sum()), -6, 0, 2, 4, 6, 14)
    nats = h_y - 0.5 * math.log(2 * math.pi * math.e) - float((weights / 2 * np.log(share * x)).sum())

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(1, 5, n)
        return x, x * (1 + share * rng.normal(size=n))

    return Known(f"X ~ U(1, 5), Y = X (1 + {share:g} N)", nats, sample)


def laplace_noise(scale: float) -> Known:
    """X ~ N(0, 1), Y = X + Laplace."""

    def density(y: float) -> float:
        # Of a Gaussian and a Laplace: Hermite-Gauss would see the tip of the latter; in closed form it is seen whole.
        rate = 1 / scale
        logs = [rate * rate / 2 + sign * rate * y + special.log_ndtr(-sign * y - rate) for sign in (1, -1)]
        return rate / 2 * float(np.exp(logs).sum())

    nats = entropy(density, -15, -2, 0, 2, 15) - 1 - math.log(2 * scale)

    def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=n)
        return x, x + rng.laplace(0, scale, n)

    return Known(f"N(0, 1) and Laplace noise, {scale:g}", nats, sample)
