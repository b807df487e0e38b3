"""Eighty-six pairs of signals of fourteen families, made when the estimator's form was fixed, to judge it by.

Their parameters are drawn at random, once. MI by closed forms or by quadrature, to about 2e-3 nats. Other families than
those that anything was chosen by, but that these had independent pairs, mixtures of Gaussians and common causes too.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from fresh_truths import Known, Sample, gaussian
from scipy import special, stats

Rng = np.random.Generator
Values = np.ndarray
Drawn = tuple[float, Sample]  # MI in nats, and how pairs are drawn
EACH = 6  # of a family


@cache
def unseen() -> tuple[Known, ...]:
    """All of them."""
    rng = np.random.default_rng(7)
    found = [gaussian(0.0), gaussian(0.0)]
    for name, draw in FAMILIES.items():
        found += [Known(f"{name} {k + 1}", *draw(rng)) for k in range(EACH)]
    return tuple(found)


# Ways to MI ----------------------------------------------------------------------------------------------------------


def of_cells(density: Values) -> float:
    """MI in nats of a density on an even grid."""
    joint = density / density.sum()
    return float(special.rel_entr(joint, joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)).sum())


NOISES: dict[str, tuple[Callable[[Values], Values], Callable[[Rng, int], Values], float, float]] = {
    # P(noise <= z), n of them, how far they reach, and their entropy
    "normal": (special.ndtr, lambda rng, n: rng.normal(size=n), 4.8, 0.5 * math.log(2 * math.pi * math.e)),
    "uniform": (lambda z: np.clip((z + 1) / 2, 0, 1), lambda rng, n: rng.uniform(-1, 1, n), 1.0, math.log(2)),
    "laplace": (stats.laplace.cdf, lambda rng, n: rng.laplace(size=n), 13.0, 1 + math.log(2)),
    "logistic": (special.expit, lambda rng, n: rng.logistic(size=n), 14.0, 2.0),
    "triangle": (
        lambda z: np.where(z < 0, np.clip(1 + z, 0, 1) ** 2 / 2, 1 - np.clip(1 - z, 0, 1) ** 2 / 2),
        lambda rng, n: rng.random(n) - rng.random(n),
        1.0,
        0.5,
    ),
    "exponential": (lambda z: -np.expm1(-np.maximum(z, 0)), lambda rng, n: rng.exponential(size=n), 14.0, 1.0),
    "t": (lambda z: special.stdtr(3, z), lambda rng, n: rng.standard_t(3, n), 40.0, float(stats.t.entropy(3))),
}


def of_function(
    f: Callable[[Values], Values],
    x_at: Callable[[Values], Values],
    kind: str,
    scale: float,
    growth: Callable[[Values], Values] = np.ones_like,
) -> Drawn:
    """X by its quantiles, Y = f(X) + noise, whose scale may grow with X: h(Y) - h(noise)."""
    below, draw, reach, entropy = NOISES[kind]
    x = x_at((np.arange(4000) + 0.5) / 4000)
    middle, wide = f(x), scale * growth(x)
    edges = np.linspace((middle - reach * wide).min(), (middle + reach * wide).max(), 3001)
    shares = np.zeros(3000)
    for some, its in zip(np.split(middle, 8), np.split(wide, 8), strict=True):
        shares += np.diff(below((edges[None] - some[:, None]) / its[:, None]), axis=1).sum(axis=0) / middle.size
    of_y = float(special.entr(shares).sum() + math.log(edges[1] - edges[0]) * shares.sum())
    nats = of_y - entropy - float(np.log(wide).mean())

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        x = x_at(rng.random(n))
        return x, f(x) + scale * growth(x) * draw(rng, n)

    return nats, sample


def conditional(
    x_at: Callable[[Values], Values], below: Callable[[Values, Values], Values], draw: Callable[[Rng, Values], Values]
) -> Drawn:
    """Y given X by its distribution, ``below`` (y, x): MI of X with Y in 2,500 bins."""
    x, rng = x_at((np.arange(3000) + 0.5) / 3000), np.random.default_rng(0)
    many = draw(rng, x_at(rng.random(600_000)))
    edges = np.unique(np.quantile(many, np.linspace(0, 1, 2501)[1:-1]))
    inside = [np.zeros((x.size, 1)), below(edges[None], x[:, None]), np.ones((x.size, 1))]
    shares = np.diff(np.concatenate(inside, axis=1), axis=1).clip(0)

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        x = x_at(rng.random(n))
        return x, draw(rng, x)

    return float(special.rel_entr(shares, shares.mean(axis=0)).sum() / x.size), sample


def within(inside: Callable[[Values, Values], Values]) -> Drawn:
    """Evenly spread within a figure that lies between -1 and 1."""
    at = (np.arange(2000) + 0.5) / 1000 - 1

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        found = np.empty((2, 0))
        while found.shape[1] < n:
            points = rng.uniform(-1, 1, (2, 8 * n))
            found = np.hstack([found, points[:, inside(*points)]])
        return found[0, :n], found[1, :n]

    return of_cells(inside(at[:, None], at[None]).astype(float)), sample


def turned(angle: float, x: Values, y: Values) -> tuple[Values, Values]:
    """The coordinates of points after the axes were turned."""
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


# The families --------------------------------------------------------------------------------------------------------


def dirichlet(rng: Rng) -> Drawn:
    """Two of three shares of a whole."""
    weights = np.exp(rng.uniform(0, 2, 3))
    a, b, c = weights.tolist()

    def entropy(*of: float) -> float:
        return float(stats.dirichlet.entropy(np.array(of)))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        x, y, _ = rng.dirichlet(weights, n).T
        return x, y

    return entropy(a, b + c) + entropy(b, a + c) - entropy(a, b, c), sample


def exponential_rate(rng: Rng) -> Drawn:
    power = rng.uniform(0.2, 2)
    return conditional(
        lambda u: (4 * u + 0.2) ** power,
        lambda y, x: -np.expm1(-np.maximum(y, 0) * x),
        lambda r, x: r.exponential(1 / x),
    )


def uniform_above(rng: Rng) -> Drawn:
    slope, more = rng.uniform(0, 0.9), rng.uniform(0.1, 1)

    def draw(rng: Rng, x: Values) -> Values:
        return slope * x + (x + more - slope * x) * rng.random(x.size)

    return conditional(lambda u: 2 * u, lambda y, x: np.clip((y - slope * x) / (x + more - slope * x), 0, 1), draw)


def beta_of_mean(rng: Rng) -> Drawn:
    c = math.exp(rng.uniform(0.5, 3.5))
    return conditional(
        lambda u: 0.05 + 0.9 * u,
        lambda y, x: special.betainc(c * x, c * (1 - x), np.clip(y, 0, 1)),
        lambda r, x: r.beta(c * x, c * (1 - x)),
    )


def weibull_of_scale(rng: Rng) -> Drawn:
    k = math.exp(rng.uniform(-0.3, 2))
    return conditional(
        lambda u: special.ndtri(np.clip(u, 1e-6, 1 - 1e-6)),
        lambda y, x: -np.expm1(-((np.maximum(y, 0) * np.exp(-x)) ** k)),
        lambda r, x: np.exp(x) * r.weibull(k, x.size),
    )


def rectangle(rng: Rng) -> Drawn:
    angle, ratio = rng.uniform(0.1, 1.4), rng.uniform(0.08, 0.8)

    def inside(x: Values, y: Values) -> Values:
        a, b = turned(angle, x, y)
        return (abs(a) < 0.7) & (abs(b) < 0.7 * ratio)

    return within(inside)


def crescent(rng: Rng) -> Drawn:
    aside, radius = rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.9)
    return within(lambda x, y: (x * x + y * y < 1) & ((x - aside) ** 2 + y * y > radius**2))


def cross(rng: Rng) -> Drawn:
    (wide, high), angle = rng.uniform(0.15, 0.5, 2), rng.uniform(0, 0.8)

    def inside(x: Values, y: Values) -> Values:
        a, b = turned(angle, x, y)
        return ((abs(a) < wide) & (abs(b) < 0.75)) | ((abs(b) < high) & (abs(a) < 0.75))

    return within(inside)


def logistic_map(rng: Rng) -> Drawn:
    scale, a = math.exp(rng.uniform(-3, -0.5)), rng.uniform(3, 4)
    kind = str(rng.choice(["normal", "uniform", "laplace"]))
    return of_function(lambda x: a * x * (1 - x), lambda u: np.sin(np.pi * u / 2) ** 2, kind, scale)


def arctan_of_cauchy(rng: Rng) -> Drawn:
    kind, scale = str(rng.choice(["normal", "logistic", "t"])), math.exp(rng.uniform(-2.3, 0.3))
    return of_function(np.arctan, lambda u: np.tan(np.pi * (np.clip(u, 1e-4, 1 - 1e-4) - 0.5)), kind, scale)


def normal_quantiles(u: Values) -> Values:
    return np.asarray(special.ndtri(np.clip(u, 1e-7, 1 - 1e-7)))


def logarithm(rng: Rng) -> Drawn:
    scale, kind = math.exp(rng.uniform(-1.5, 0.7)), str(rng.choice(["normal", "logistic", "triangle"]))
    return of_function(lambda x: np.log(abs(x) + 0.05), normal_quantiles, kind, scale)


def broken_line(rng: Rng) -> Drawn:
    corners, scale = int(rng.integers(4, 12)), 3 * math.exp(rng.uniform(-3.5, -1.5))
    heights = np.concatenate([[0], np.cumsum(rng.normal(0, 0.5, corners))])
    kind = str(rng.choice(["normal", "laplace", "triangle"]))
    return of_function(
        lambda x: np.interp(x, np.linspace(-1, 1, corners + 1), heights), lambda u: 2 * u - 1, kind, scale
    )


def two_lines(rng: Rng) -> Drawn:
    share, r, spread = rng.uniform(0.2, 0.8), rng.uniform(0.8, 0.995), math.exp(rng.uniform(-1, 1))
    other = rng.uniform(-1, 1), spread * rng.uniform(0.4, 1), rng.choice([-r, 0.3 * r, -0.5])
    middles, spreads, rs = np.array([0, other[0]]), np.array([spread, other[1]]), np.array([r, other[2]])
    x, y = np.linspace(-7, 7, 1500)[:, None], np.linspace(-6 * spread, 6 * spread, 1500)[None]
    density = np.zeros((1500, 1500))
    for weight, a, s, q in zip((share, 1 - share), middles, spreads, rs, strict=True):
        z = ((x - a) ** 2 - 2 * q * (x - a) * y / s + (y / s) ** 2) / (2 * (1 - q * q))
        density += weight * np.exp(-z) / (s * math.sqrt(1 - q * q))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        which = (rng.random(n) >= share).astype(int)
        a, b = rng.normal(size=(2, n))
        return middles[which] + a, spreads[which] * (rs[which] * a + np.sqrt(1 - rs[which] ** 2) * b)

    return of_cells(density), sample


def shared_cause(rng: Rng) -> Drawn:
    """Two curved sensors of one normal variable, with long-tailed noise each."""
    scales, kinds, bends = rng.uniform(0.3, 1.5, 2), ("logistic", "t"), (1.0, 0.7)
    cause = normal_quantiles((np.arange(1500) + 0.5) / 1500)
    cells = []
    for scale, kind, bend in zip(scales, kinds, bends, strict=True):
        at, reach = np.sinh(bend * cause), min(NOISES[kind][2], 20) * scale
        edges = np.linspace(at.min() - reach, at.max() + reach, 1401)
        cells.append(np.diff(NOISES[kind][0]((edges[None] - at[:, None]) / scale), axis=1))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        cause = rng.normal(size=n)
        seen = zip(scales, kinds, bends, strict=True)
        x, y = (np.sinh(bend * cause) + scale * NOISES[kind][1](rng, n) for scale, kind, bend in seen)
        return x, y

    return of_cells(cells[0].T @ cells[1]), sample


FAMILIES: dict[str, Callable[[Rng], Drawn]] = {
    "shares of a whole": dirichlet,
    "exponential, its rate X": exponential_rate,
    "uniform from aX to X + b": uniform_above,
    "beta, its mean X": beta_of_mean,
    "Weibull, its scale e^X": weibull_of_scale,
    "rectangle, turned": rectangle,
    "crescent": crescent,
    "cross, turned": cross,
    "logistic map and noise": logistic_map,
    "arctan of a Cauchy variable": arctan_of_cauchy,
    "logarithm and noise": logarithm,
    "broken line and noise": broken_line,
    "two lines": two_lines,
    "two sensors of one cause": shared_cause,
}
