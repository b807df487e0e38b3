"""302 pairs of signals of 30 families, drawn at random: the estimator's constants are chosen by them.

``first`` and ``second`` are two halves, drawn one after the other. MI by closed forms or by quadrature, to about 2e-3
nats. ``scripts/fit_extrapolation.py`` chooses the constants by them anew.
"""

import math
from collections.abc import Callable
from functools import cache

import fresh_truths
import further_truths
import numpy as np
import truths
from fresh_truths import Known
from scipy import special, stats
from unseen_truths import NOISES, Drawn, Rng, Values, normal_quantiles, of_cells, of_function, turned, within

Family = tuple[str, int, Callable[[Rng], Drawn]]  # name, how many of it, and how one is drawn
Part = tuple[float, float, float, float, float, float]  # of a mixture: weight, two means, two spreads, r


@cache
def first() -> tuple[Known, ...]:
    """The 165 of the first half."""
    return _drawn(FIRST, 1)


@cache
def second() -> tuple[Known, ...]:
    """The 137 of the second half."""
    return _drawn(SECOND, 2)


def _drawn(families: tuple[Family, ...], seed: int) -> tuple[Known, ...]:
    rng = np.random.default_rng(seed)
    return tuple(Known(f"{name} {k + 1}", *draw(rng)) for name, many, draw in families for k in range(many))


def family_of(pair: Known) -> str:
    """The name of its family."""
    return pair.name.rpartition(" ")[0]


# Ways to MI ----------------------------------------------------------------------------------------------------------


def same(pair: Known | truths.Pair) -> Drawn:
    return pair.nats, pair.sample


def gaussian(r: float) -> Drawn:
    return same(fresh_truths.gaussian(r))


def mixture(parts: list[Part]) -> Drawn:
    """Gaussians, by their density on a grid."""
    shares = np.array([float(part[0]) for part in parts])
    shares /= shares.sum()
    of = np.array(parts)[:, 1:]
    (x_low, y_low), (x_high, y_high) = (
        [extreme((of[:, k] + sign * 6 * of[:, 2 + k]).tolist()) for k in (0, 1)]
        for sign, extreme in ((-1, min), (1, max))
    )
    x, y = np.linspace(x_low, x_high, 1500)[:, None], np.linspace(y_low, y_high, 1500)[None]
    density = np.zeros((1500, 1500))
    for share, (x_mean, y_mean, x_spread, y_spread, r) in zip(shares, of, strict=True):
        a, b = (x - x_mean) / x_spread, (y - y_mean) / y_spread
        height = share / (x_spread * y_spread * math.sqrt(1 - r * r))
        density += height * np.exp(-(a * a - 2 * r * a * b + b * b) / (2 * (1 - r * r)))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        x_mean, y_mean, x_spread, y_spread, r = of[rng.choice(len(parts), n, p=shares)].T
        a, b = rng.normal(size=(2, n))
        return x_mean + x_spread * a, y_mean + y_spread * (r * a + np.sqrt(1 - r * r) * b)

    return of_cells(density), sample


def common(
    cause: tuple[Callable[[Values], Values], Callable[[Values], Values]],
    kinds: tuple[str, str],
    scales: tuple[float, float],
) -> Drawn:
    """Two signals of one variable that is uniform from 0 to 1, each with noise of its own."""
    at, cells = (np.arange(1500) + 0.5) / 1500, []
    for f, kind, scale in zip(cause, kinds, scales, strict=True):
        below, _, reach, _ = NOISES[kind]
        values, beyond = f(at), min(reach, 20) * scale
        edges = np.linspace(values.min() - beyond, values.max() + beyond, 1401)
        cells.append(np.diff(below((edges[None] - values[:, None]) / scale), axis=1))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        t = rng.random(n)
        seen = zip(cause, kinds, scales, strict=True)
        x, y = (f(t) + scale * NOISES[kind][1](rng, n) for f, kind, scale in seen)
        return x, y

    return of_cells(cells[0].T @ cells[1]), sample


def of_copula(density: Callable[[Values, Values], Values]) -> Drawn:
    """Both uniform from 0 to 1, by their density there."""
    at = (np.arange(700) + 0.5) / 700
    on_grid = density(at[:, None], at[None])
    most = on_grid.max() * 1.02

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        found = np.empty((2, 0))
        while found.shape[1] < n:
            u, v, height = rng.random((3, 4 * n))
            found = np.hstack([found, np.stack([u, v])[:, height * most < density(u, v)]])
        return found[0, :n], found[1, :n]

    return float(special.xlogy(on_grid, on_grid).mean()), sample


# X by its quantiles --------------------------------------------------------------------------------------------------


QUANTILES: dict[str, Callable[[Values], Values]] = {
    "uniform": lambda u: u * 2 - 1,
    "normal": normal_quantiles,
    "exponential": lambda u: -np.log1p(-np.clip(u, 0, 1 - 1e-7)) - 1,
    "arcsine": lambda u: -np.cos(np.pi * u),
    "beta": lambda u: 2 * special.betaincinv(2.0, 3.0, u) - 1,
}


def line(x: Values) -> Values:
    return x


def x_of(rng: Rng, *names: str) -> Callable[[Values], Values]:
    return QUANTILES[str(rng.choice(names))]


# The families of the first half --------------------------------------------------------------------------------------


def gaussians(rng: Rng) -> Drawn:
    nats = rng.choice([rng.uniform(0, 0.3), rng.uniform(0.3, 2.2)])
    return gaussian(math.sqrt(1 - math.exp(-2 * nats)))


def mixtures(rng: Rng) -> Drawn:
    many = rng.integers(2, 6)
    return mixture(
        [
            (rng.uniform(0.3, 1), *rng.normal(0, 1.5, 2), *np.exp(rng.uniform(-1.5, 0.3, 2)), rng.uniform(-0.95, 0.95))
            for _ in range(many)
        ]
    )


def polynomial(rng: Rng) -> Drawn:
    x_at = x_of(rng, "uniform", "normal", "beta")
    terms = rng.normal(0, 1.2, rng.integers(2, 6))
    return of_function(
        lambda x: np.tanh(np.polynomial.chebyshev.chebval(np.clip(x / 2.2, -1, 1), terms)),
        x_at,
        "normal",
        math.exp(rng.uniform(-3, 0.3)),
    )


def steps(rng: Rng) -> Drawn:
    many, x_at = rng.integers(2, 7), x_of(rng, "uniform", "normal")
    return of_function(lambda x: np.floor(many * (x + 1) / 2), x_at, "normal", math.exp(rng.uniform(-2, 0.5)))


def power_and_uniform(rng: Rng) -> Drawn:
    x_at, power = x_of(rng, "uniform", "beta", "normal"), rng.uniform(0.6, 1.6)
    return of_function(lambda x: np.sign(x) * np.abs(x) ** power, x_at, "uniform", math.exp(rng.uniform(-2.5, 1)))


def line_and_triangle(rng: Rng) -> Drawn:
    return of_function(line, x_of(rng, "uniform", "normal"), "triangle", math.exp(rng.uniform(-2.3, 0.8)))


def lissajous(rng: Rng) -> Drawn:
    phase, a, b = rng.uniform(0, 2 * np.pi), rng.integers(1, 4), rng.integers(1, 4)
    scales = np.exp(rng.uniform(-3, -0.7, 2))
    curve = (lambda t: np.cos(2 * np.pi * a * t)), (lambda t: np.sin(2 * np.pi * b * t + phase))
    return common(curve, ("normal", "normal"), (scales[0], scales[1]))


def ellipse(rng: Rng) -> Drawn:
    ratio, angle, hole = rng.uniform(0.2, 1), rng.uniform(0, np.pi), rng.choice([0, rng.uniform(0.3, 0.95)])

    def inside(x: Values, y: Values) -> Values:
        a, b = turned(angle, x, y)
        from_middle = a * a + (b / ratio) ** 2
        return (from_middle < 1) & (from_middle >= hole * hole)

    return within(inside)


def cosines(rng: Rng) -> Drawn:
    modes = rng.integers(1, 4)
    k, l = rng.integers(1, 5, (2, modes))  # noqa: E741
    heights = rng.dirichlet(np.ones(modes)) * rng.choice([-1, 1], modes) * rng.uniform(0.6, 1)

    def density(u: Values, v: Values) -> Values:
        waves = zip(heights, k, l, strict=True)
        return np.asarray(1 + sum(h * np.cos(np.pi * a * u) * np.cos(np.pi * b * v) for h, a, b in waves))

    return of_copula(density)


def scales(rng: Rng) -> Drawn:
    spreads, shares = np.exp(rng.normal(0, 1.2, 3)), rng.dirichlet(np.ones(3))
    return mixture([(share, 0, 0, spread, spread, 0.0) for spread, share in zip(spreads, shares, strict=True)])


def regime(rng: Rng) -> Drawn:
    r = rng.choice([-1, 1]) * rng.uniform(0.7, 0.99)
    other = rng.uniform(0.2, 3), 0.0, 0.0, *np.exp(rng.uniform(-0.5, 1, 2)), 0.0
    return mixture([(1, 0, 0, 1, 1, r), other])


def growing_noise(rng: Rng) -> Drawn:
    least, slope = rng.uniform(0.05, 1), rng.uniform(0, 1)
    scale = math.exp(rng.uniform(-1.5, 0))
    return of_function(lambda x: slope * x, QUANTILES["uniform"], "normal", scale, lambda x: least + np.abs(x))


FIRST: tuple[Family, ...] = (
    ("gaussian", 16, gaussians),
    ("nearly none", 1, lambda _: gaussian(0.0)),
    ("nearly none", 1, lambda _: gaussian(0.05)),
    ("nearly none", 1, lambda _: gaussian(0.1)),
    ("clayton", 9, lambda rng: same(fresh_truths.clayton(math.exp(rng.uniform(-1.5, 2))))),
    ("frank", 9, lambda rng: same(fresh_truths.frank(rng.uniform(1, 18)))),
    ("mixture", 24, mixtures),
    ("polynomial and normal", 18, polynomial),
    ("steps and normal", 10, steps),
    ("power and uniform", 14, power_and_uniform),
    ("line and triangle", 8, line_and_triangle),
    ("lissajous", 14, lissajous),
    ("ellipse", 8, ellipse),
    ("cosines", 8, cosines),
    ("scales", 8, scales),
    ("regime", 8, regime),
    ("growing noise", 8, growing_noise),
)

# Those of the second half --------------------------------------------------------------------------------------------


def student(rng: Rng) -> Drawn:
    freedom = float(rng.choice([1, 2, 3, 5]))
    return same(truths.student(freedom, math.sqrt(rng.uniform(0, 0.93))))


def plackett(rng: Rng) -> Drawn:
    odds = math.exp(rng.uniform(0.7, 5))
    more = odds - 1

    def log_density(u: Values, v: Values) -> Values:
        above = np.log(odds * (1 + more * (u + v - 2 * u * v)))
        return np.asarray(above - 1.5 * np.log((1 + more * (u + v)) ** 2 - 4 * odds * more * u * v))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        u, w = rng.random((2, n))
        a = w * (1 - w)
        b, c = odds + a * more * more, 2 * a * (u * odds * odds + 1 - u) + odds * (1 - 2 * a)
        root = math.sqrt(odds) * np.sqrt(odds + 4 * a * u * (1 - u) * more * more)
        return u, (c - (1 - 2 * w) * root) / (2 * b)

    return fresh_truths.of_copula(log_density), sample


def gammas(rng: Rng) -> Drawn:
    """X = A + B, Y = A + C, by the bins of equal frequency of either given A."""
    a, b, c = np.exp(rng.uniform(-0.3, 1.5, 3)).tolist()
    shared = stats.gamma.ppf((np.arange(3000) + 0.5) / 3000, a)
    cells = []
    for own in (b, c):
        edges = np.concatenate([[0], stats.gamma.ppf(np.linspace(0, 1, 900)[1:-1], a + own), [np.inf]])
        cells.append(np.diff(stats.gamma.cdf(np.maximum(edges[None] - shared[:, None], 0), own), axis=1))

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        both = rng.gamma(a, size=n)
        return both + rng.gamma(b, size=n), both + rng.gamma(c, size=n)

    return of_cells(cells[0].T @ cells[1]), sample


def sine(rng: Rng) -> Drawn:
    x_at = x_of(rng, "uniform", "normal", "arcsine")
    turns, phase = rng.uniform(0.4, 2.5), rng.uniform(0, 6.28)
    kind = str(rng.choice(["laplace", "logistic", "normal", "t"]))
    return of_function(lambda x: np.sin(np.pi * turns * x + phase), x_at, kind, math.exp(rng.uniform(-3, 0)))


def line_and_edge(rng: Rng) -> Drawn:
    x_at, kind = x_of(rng, "exponential", "uniform", "normal"), str(rng.choice(["exponential", "uniform"]))
    return of_function(line, x_at, kind, math.exp(rng.uniform(-2, 0.7)))


def saw(rng: Rng) -> Drawn:
    teeth = rng.uniform(0.5, 2)
    scale = math.exp(rng.uniform(-2.5, 0.3))
    return of_function(lambda x: (teeth * (x + 1)) % 1.0, QUANTILES["uniform"], "uniform", scale)


def bend(rng: Rng) -> Drawn:
    corner, x_at = rng.uniform(-0.7, 0.7), x_of(rng, "normal", "uniform")
    return of_function(lambda x: np.abs(x - corner), x_at, "laplace", math.exp(rng.uniform(-3, 0)))


def noise_by_x(rng: Rng) -> Drawn:
    power, slope = rng.uniform(0.1, 1), rng.uniform(0, 1.5)
    kind, scale = str(rng.choice(["laplace", "uniform", "normal"])), math.exp(rng.uniform(-2.5, -0.3))
    return of_function(lambda x: slope * x, lambda u: 1 + 4 * u, kind, scale, lambda x: x**power)


def polygon(rng: Rng) -> Drawn:
    corners = rng.uniform(-1, 1, (2, rng.integers(3, 7)))
    corners -= corners.mean(axis=1, keepdims=True)
    corners = corners[:, np.argsort(np.arctan2(corners[1], corners[0]))] / np.abs(corners).max()

    def inside(x: Values, y: Values) -> Values:
        x, y = np.broadcast_arrays(x, y)
        odd = np.zeros(x.shape, dtype=bool)
        for (x0, y0), (x1, y1) in zip(corners.T, np.roll(corners, -1, axis=1).T, strict=True):
            odd ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0 + 1e-300) + x0)
        return odd

    return within(inside)


def blocks(rng: Rng) -> Drawn:
    """A checkerboard whose fields are filled at random, with even margins."""
    many = int(rng.integers(2, 6))
    sharpness = rng.uniform(1, 6)
    fields = rng.random((many, many)) ** sharpness
    for _ in range(500):
        fields /= fields.sum(axis=0)
        fields /= fields.sum(axis=1, keepdims=True)
    shares = fields / fields.sum()

    def sample(rng: Rng, n: int) -> tuple[Values, Values]:
        field = rng.choice(many * many, n, p=shares.ravel())
        return (field // many + rng.random(n)) / many, (field % many + rng.random(n)) / many

    return of_cells(shares), sample


def spiral(rng: Rng) -> Drawn:
    turns, scales = rng.uniform(0.5, 2), np.exp(rng.uniform(-3, -1))
    kind = str(rng.choice(["normal", "uniform", "laplace"]))
    curve = (
        lambda t: (0.2 + t) * np.cos(2 * np.pi * turns * t),
        lambda t: (0.2 + t) * np.sin(2 * np.pi * turns * t),
    )
    return common(curve, (kind, kind), (scales, scales))


def seen_twice(rng: Rng) -> Drawn:
    """A common cause by two curved sensors, with heavy or flat noise."""
    bends = rng.uniform(0.4, 2, 2)
    kinds = rng.choice(["laplace", "logistic", "uniform", "normal"], 2)
    scales, at = np.exp(rng.uniform(-2.5, 0.3, 2)), x_of(rng, "normal", "uniform", "exponential")

    def sensor(bend: float) -> Callable[[Values], Values]:
        return lambda t: np.sign(at(t)) * np.abs(at(t)) ** bend

    x, y = (sensor(bend) for bend in bends)
    return common((x, y), (str(kinds[0]), str(kinds[1])), (scales[0], scales[1]))


def clusters(rng: Rng) -> Drawn:
    """Clusters along a path."""
    many, spread = rng.integers(3, 9), np.exp(rng.uniform(-2, -0.3))
    path = zip(np.linspace(-2, 2, many), rng.normal(0, 1, many), strict=True)
    return mixture([(1, x, y, spread, spread * rng.uniform(0.5, 2), 0.0) for x, y in path])


SECOND: tuple[Family, ...] = (
    ("nearly none", 2, lambda _: gaussian(0.0)),
    ("student", 14, student),
    ("gumbel", 9, lambda rng: same(fresh_truths.gumbel(1 + math.exp(rng.uniform(-1.5, 1.5))))),
    ("joe", 6, lambda rng: same(further_truths.joe(1 + math.exp(rng.uniform(-1, 1.5))))),
    ("plackett", 8, plackett),
    ("gammas", 8, gammas),
    ("sine and noise", 16, sine),
    ("line and an edge", 10, line_and_edge),
    ("saw and uniform", 8, saw),
    ("bend and laplace", 8, bend),
    ("noise that grows with x", 8, noise_by_x),
    ("polygon", 8, polygon),
    ("blocks", 6, blocks),
    ("spiral", 8, spiral),
    ("seen twice", 10, seen_twice),
    ("clusters", 8, clusters),
)
