#!/usr/bin/env python3
"""Conditional MI and transfer entropy beside what they should be: markdown tables, each with its bar.

    .venv/bin/python scripts/conditional.py [--quick] [--only zero,cycle]

Ends with 1 when a bar is missed. Seeds are fixed. The rules (bins, weight, thresholds) were chosen on Gaussian triples
and coupled AR(1) signals with other parameters and seeds than those here; what is judged besides are transforms of the
values, and coupled maps.
"""

import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
from arguments import sections_parser
from scipy.signal import lfilter
from scipy.special import entr
from sections import judge, met

from streammi import ConditionalWindow, TransferWindow, UniformBins, rolling_cmi
from streammi.core.conditional.cycle import phase
from streammi.core.conditional.division import learnt_bins
from streammi.core.conditional.given_null import GivenNull
from streammi.records import FloatArray

Triple = tuple[FloatArray, FloatArray, FloatArray]
Maker = Callable[[np.random.Generator, int, float], Triple]


def main() -> int:
    sections = {
        "exact": exactness,
        "zero": truth_zero,
        "alarms": false_alarms,
        "cycle": shared_cycle,
        "signals": truth_not_zero,
        "power": power,
        "direction": directions,
        "transfer": gaussian_transfer,
        "peers": beside_infomeasure,
    }
    options = sections_parser(__doc__, sections, quick="fewer repeats: the figures are rougher").parse_args()
    return judge(sections, options.only, options.quick)


# Against entropies of counts that numpy makes by cumulative sums ------------------------------------------------------


def exactness(_: bool) -> Iterator[str]:
    yield "| 100,000 triples, window 1,000, 4 x 4 x 6 bins | largest difference, nats | bar |"
    yield "|---|---|---|"
    n, size, of_each = 100_000, 1000, (4, 4, 6)
    triple = chain(0.7)(np.random.default_rng(9), n, 0.9)
    axes = tuple(UniformBins(-3, 3, count) for count in of_each)
    said = rolling_cmi(*triple, size, *axes, unit="nat")[size - 1 :]
    cells = np.ravel_multi_index([axis.symbols(v) for axis, v in zip(axes, triple, strict=True)], of_each)
    came = np.concatenate((np.zeros((1, 96), dtype=np.int32), np.cumsum(np.eye(96, dtype=np.int32)[cells], axis=0)))
    counts = (came[size:] - came[:-size]).reshape(-1, *of_each)
    parts = {"xyz": counts, "xz": counts.sum(axis=2), "yz": counts.sum(axis=1), "z": counts.sum(axis=(1, 2))}
    h = {name: entr(part.reshape(len(part), -1) / size).sum(axis=1) for name, part in parts.items()}
    apart = np.abs(np.maximum(h["xz"] + h["yz"] - h["xyz"] - h["z"], 0.0) - said).max()
    yield f"| conditional MI at each of {said.size:,} samples | {apart:.1e} | 1e-12: {met(apart <= 1e-12)} |"
    window, apart = ConditionalWindow(*axes, size, estimator="plugin"), 0.0
    for stop in range(size, n + 1):
        window.extend(*(v[0 if stop == size else stop - 1 : stop] for v in triple))
        reading = window.reading("nat")
        assert reading is not None
        of_reading = {"xyz": reading.h_xyz, "xz": reading.h_xz, "yz": reading.h_yz, "z": reading.h_z}
        apart = max(apart, *(abs(of_reading[name] - h[name][stop - size]) for name in h))
    yield f"| each of the four entropies at each of them | {apart:.1e} | 1e-12: {met(apart <= 1e-12)} |"


# Where z accounts for everything --------------------------------------------------------------------------------------


def ar(rng: np.random.Generator, n: int, phi: float) -> FloatArray:
    """An AR(1) signal of variance 1."""
    return lfilter([math.sqrt(1 - phi * phi)], [1, -phi], rng.standard_normal(n + 2000))[2000:]


def chain(r: float) -> Maker:
    def make(rng: np.random.Generator, n: int, phi: float) -> Triple:
        x = ar(rng, n, phi)
        z = r * x + math.sqrt(1 - r * r) * ar(rng, n, phi)
        return x, r * z + math.sqrt(1 - r * r) * ar(rng, n, phi), z

    return make


def driver(r: float, lag: int = 0) -> Maker:
    def make(rng: np.random.Generator, n: int, phi: float) -> Triple:
        longer = ar(rng, n + lag, phi)
        z = longer[lag:]
        noise = math.sqrt(1 - r * r)
        return r * z + noise * ar(rng, n, phi), r * longer[:n] + noise * ar(rng, n, phi), z

    return make


def unrelated(rng: np.random.Generator, n: int, phi: float) -> Triple:
    return ar(rng, n, phi), ar(rng, n, phi), ar(rng, n, phi)


def transformed(make: Maker) -> Maker:
    """The same law in other units: information does not change."""

    def other(rng: np.random.Generator, n: int, phi: float) -> Triple:
        x, y, z = make(rng, n, phi)
        return x**3, np.exp(y), np.tanh(z)

    return other


ZERO: dict[str, Maker] = {
    "chain, r .7": chain(0.7),
    "driver, r .85": driver(0.85),
    "driver, r .85, transformed": transformed(driver(0.85)),
    "unrelated": unrelated,
    "driver, r .85, y 3 samples later": driver(0.85, 3),
}


def cmi_nats(triple: Triple) -> float:
    n = triple[0].size
    window = ConditionalWindow(*learnt_bins(n), n)
    window.extend(*triple)
    said = window.reading("nat")
    assert said is not None
    return said.cmi_corrected


def truth_zero(quick: bool) -> Iterator[str]:
    yield "| truth 0, independent samples | triples | mean, nats | standard error of it | bar |"
    yield "|---|---|---|---|---|"
    for n, repeats, bar in ((1000, 200, 0.01), (10_000, 40, 0.005)):
        for number, (name, make) in enumerate(ZERO.items()):
            rng = np.random.default_rng([1, n, number])
            found = np.array([cmi_nats(make(rng, n, 0.0)) for _ in range(repeats // (4 if quick else 1))])
            good = met(abs(found.mean()) <= bar)
            error = found.std() / math.sqrt(found.size)
            yield f"| {name} | {n:,} | {found.mean():+.4f} | {error:.4f} | {bar}: {good} |"


def p_of(triple: Triple, n: int, past: int = 9) -> float:
    null = GivenNull()
    null.extend(triple[0], n)
    found = null.p(np.array([v[-n:] for v in triple]))
    assert found is not None
    assert triple[0].size >= past * n
    return found


def false_alarms(quick: bool) -> Iterator[str]:
    yield "| p <= 0.05 where z explains all, % of windows | triples | phi 0 | 0.9 | 0.98 | bar |"
    yield "|---|---|---|---|---|---|"
    for n in (1000, 10_000):
        for number, (name, make) in enumerate(ZERO.items()):
            shares = []
            for phi in (0.0, 0.9, 0.98):
                rng = np.random.default_rng([2, n, number, int(100 * phi)])
                p = [p_of(make(rng, 9 * n, phi), n) for _ in range(100 if quick else 400)]
                shares.append(np.mean(np.array(p) <= 0.05))
            row = " | ".join(f"{100 * share:.1f}" for share in shares)
            yield f"| {name} | {n:,} | {row} | 8: {met(max(shares) <= 0.08)} |"


def shared_cycle(quick: bool) -> Iterator[str]:
    yield "| two noisy sines of one period, given the cycle | amplitude, of the noise | p <= 0.05, % of windows | bar |"
    yield "|---|---|---|---|"
    n = 1000
    for period in (50, 700, 1440):
        for amplitude in (0.7, 2.0):
            rng = np.random.default_rng([3, period, int(10 * amplitude)])
            found = []
            for _ in range(400 // (4 if quick else 1)):
                t = np.arange(9 * n)
                turns = [2 * np.pi * (t / period + start) for start in rng.random(2)]
                x, y = (amplitude * math.sqrt(2) * np.sin(turn) + rng.standard_normal(t.size) for turn in turns)
                found.append(p_of((x, y, phase(t, period)), n) <= 0.05)
            share = np.mean(found)
            yield f"| {period} samples | {amplitude} | {100 * share:.1f} | 8: {met(share <= 0.08)} |"


# Where something is left ----------------------------------------------------------------------------------------------


def gaussian(covariance: FloatArray) -> tuple[Maker, float]:
    """Gaussian triples with this covariance of x, y, z, and their conditional MI in nats."""

    def log_det(*of: int) -> float:
        return float(np.linalg.slogdet(covariance[np.ix_(of, of)])[1])

    def make(rng: np.random.Generator, n: int, _: float) -> Triple:
        x, y, z = rng.multivariate_normal(np.zeros(3), covariance, n).T
        return x, y, z

    return make, 0.5 * (log_det(0, 2) + log_det(1, 2) - log_det(0, 1, 2) - log_det(2))


def mixed(*rows: list[float]) -> tuple[Maker, float]:
    matrix = np.array(rows)
    return gaussian(matrix @ matrix.T)


CASES: dict[str, tuple[Maker, float]] = {
    "collider, noise 1": mixed([1, 0, 0], [0, 1, 0], [1, 1, 1.0]),
    "collider, noise .5": mixed([1, 0, 0], [0, 1, 0], [1, 1, 0.5]),
    "direct edge": mixed([0.8, 0, 0.6], [0.48, 1, 0.86], [0, 0, 1]),
    "direct and indirect": mixed([1, 0, 0], [0.8, 0.7, 0.4], [0.7, 0, 0.7]),
    "strong edge": mixed([1, 0, 0], [0.9, 0.4, 0.1], [0.2, 0, 1]),
}
CASES |= {f"{name}, transformed": (transformed(make), truth) for name, (make, truth) in CASES.items()}


def truth_not_zero(quick: bool) -> Iterator[str]:
    yield "| 10,000 triples | truth, nats | mean | mean absolute error |"
    yield "|---|---|---|---|"
    errors = []
    for number, (name, (make, truth)) in enumerate(CASES.items()):
        rng = np.random.default_rng([4, number])
        found = np.array([cmi_nats(make(rng, 10_000, 0.0)) for _ in range(20 // (4 if quick else 1))])
        errors.append(np.abs(found - truth).mean())
        yield f"| {name} | {truth:.3f} | {found.mean():.3f} | {errors[-1]:.3f} |"
    yield f"| mean | | | {np.mean(errors):.3f}, bar 0.03: {met(float(np.mean(errors)) <= 0.03)} |"


def power(quick: bool) -> Iterator[str]:
    yield "| 1,000 triples | truth, nats | p <= 0.05, % of windows | bar |"
    yield "|---|---|---|---|"
    for number, (name, (make, truth)) in enumerate(CASES.items()):
        rng = np.random.default_rng([5, number])
        found = np.mean([p_of(make(rng, 9000, 0.0), 1000) <= 0.05 for _ in range(100 // (4 if quick else 1))])
        yield f"| {name} | {truth:.3f} | {100 * found:.0f} | 90: {met(found >= 0.9)} |"


# Which drives which ---------------------------------------------------------------------------------------------------

N_DIRECTION = 5000
PAST = 5  # windows of it, for the null: as much as it needs at least, and half


def autoregressive(coupling: float, lag: int) -> Callable[[np.random.Generator], tuple[FloatArray, FloatArray]]:
    def make(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        n = (PAST + 1) * N_DIRECTION
        x = ar(rng, n + lag, 0.6)
        return x[lag:], lfilter([1], [1, -0.6], coupling * x[:n] + rng.standard_normal(n))

    return make


def logistic(coupling: float) -> Callable[[np.random.Generator], tuple[FloatArray, FloatArray]]:
    def make(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        n = (PAST + 1) * N_DIRECTION
        x, y = rng.uniform(0.1, 0.9, 2).tolist()
        found = np.empty((2, n + 500))
        for t in range(n + 500):
            both = (1 - coupling) * y + coupling * x
            x, y = 3.9 * x * (1 - x), 3.85 * both * (1 - both)
            found[:, t] = x, y
        return found[0, 500:], found[1, 500:]

    return make


def henon(coupling: float) -> Callable[[np.random.Generator], tuple[FloatArray, FloatArray]]:
    def make(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        n = (PAST + 1) * N_DIRECTION
        while True:
            (x, u), (y, v) = rng.uniform(0, 0.2, (2, 2)).tolist()
            found = np.empty((2, n + 500))
            for t in range(n + 500):
                x, u, y, v = (
                    1.4 - x * x + 0.3 * u,
                    x,
                    1.4 - (coupling * x * y + (1 - coupling) * y * y) + 0.3 * v,
                    y,
                )
                if abs(y) > 10:
                    break
                found[:, t] = x, y
            else:
                return found[0, 500:], found[1, 500:]

    return make


PAIRS = {
    "coupled AR(1), .3": (autoregressive(0.3, 1), True),
    "coupled AR(1), .3, 4 samples later": (autoregressive(0.3, 4), True),
    "coupled logistic maps, .2": (logistic(0.2), True),
    "Henon pair, .4": (henon(0.4), True),
    "AR(1), uncoupled": (autoregressive(0.0, 1), False),
    "logistic maps, uncoupled": (logistic(0.0), False),
    "Henon pair, uncoupled": (henon(0.0), False),
}


def directions(quick: bool) -> Iterator[str]:
    yield "| 5,000 samples, delays 1 to 5, history 1 | x drives y | y drives x | both | neither | bar |"
    yield "|---|---|---|---|---|---|"
    for number, (name, (make, coupled)) in enumerate(PAIRS.items()):
        rng = np.random.default_rng([6, number])
        words = []
        for _ in range(200 // (5 if quick else 1)):
            x, y = make(rng)
            window = TransferWindow(N_DIRECTION, delays=range(1, 6))
            window.extend(x, y)
            for _ in range(3):  # the null is made a part at a reading
                said = window.reading()
            assert said is not None
            words.append(said.direction)
        shares = [words.count(word) / len(words) for word in ("x drives y", "y drives x", "both", "neither")]
        good = shares[0] >= 0.95 if coupled else sum(shares[:3]) <= 0.05
        row = " | ".join(f"{100 * share:.1f}" for share in shares)
        yield f"| {name} | {row} | {'95 named right' if coupled else '5 named at all'}: {met(good)} |"


def transfer_of_coupled(coupling: float, own: float, driven: float) -> float:
    """T(x -> y) in nats: x AR(1) with phi ``own`` and variance 1, y = driven y + coupling x one sample ago + noise."""
    both = coupling * own / (1 - driven * own)  # covariance of x and y one sample before the driven one
    variance = (coupling**2 + 1 + 2 * driven * coupling * both) / (1 - driven**2)
    return 0.5 * math.log(1 + coupling**2 * (1 - both**2 / variance))


def gaussian_transfer(quick: bool) -> Iterator[str]:
    yield "| coupled AR(1), 10,000 samples | truth, nats | mean | the other way, truth 0 | bar |"
    yield "|---|---|---|---|---|"
    for number, coupling in enumerate((0.2, 0.5, 0.8, 1.2)):
        rng = np.random.default_rng([7, number])
        truth = transfer_of_coupled(coupling, 0.4, 0.7)
        found = []
        for _ in range(20 // (4 if quick else 1)):
            x = ar(rng, 10_001, 0.4)
            y = lfilter([1], [1, -0.7], np.concatenate(([0.0], coupling * x[:-1])) + rng.standard_normal(x.size))
            window = TransferWindow(10_000, delays=[1])
            window.extend(x, y)
            found.append([way.item() for way in window.profile("nat")])
        forth, back = np.mean(found, axis=0).tolist()
        good = met(abs(forth - truth) <= 0.01 and abs(back) <= 0.01)
        yield f"| coupling {coupling} | {truth:.4f} | {forth:.4f} | {back:+.4f} | 0.01: {good} |"


# Beside infomeasure, on the same data --------------------------------------------------------------------------------

BESIDE = {
    "chain, r .7": (chain(0.7), 0.0),
    "driver, r .85, y 3 samples later": (driver(0.85, 3), 0.0),
    **{name: CASES[name] for name in ("collider, noise .5", "direct edge", "strong edge", "direct edge, transformed")},
}


def coupled_triple(coupling: float, own: float = 0.4, driven: float = 0.7) -> tuple[Maker, float]:
    """y now, x a sample ago and y a sample ago of coupled AR(1) signals: its conditional MI is T(x -> y), in nats."""

    def make(rng: np.random.Generator, n: int, _: float) -> Triple:
        x = ar(rng, n + 1, own)
        y = lfilter([1], [1, -driven], np.concatenate(([0.0], coupling * x[:-1])) + rng.standard_normal(x.size))
        return y[1:], x[:-1], y[:-1]

    return make, transfer_of_coupled(coupling, own, driven)


BESIDE |= {f"transfer entropy, coupling {c}": coupled_triple(c) for c in (0.2, 0.8)}


def beside_infomeasure(quick: bool) -> Iterator[str]:
    yield "| 1,000 triples: mean, mean error, nats | truth | streammi | infomeasure, discrete, same bins | its KSG |"
    yield "|---|---|---|---|---|"
    try:
        import infomeasure
    except ImportError:
        yield "| infomeasure (missing) | nan | nan | nan | nan |"
        return
    apart = 0.0
    for number, (name, (make, truth)) in enumerate(BESIDE.items()):
        rng = np.random.default_rng([8, number])
        found = []
        for _ in range(20 // (4 if quick else 1)):
            x, y, z = make(rng, 1000, 0.0)
            window = ConditionalWindow(*learnt_bins(1000), 1000)
            window.extend(x, y, z)
            said = window.reading("nat")
            assert said is not None
            i, j, k = (bins.learn(v).symbols(v) for bins, v in zip(learnt_bins(1000), (x, y, z), strict=True))
            if name.startswith("transfer"):  # as its own function has it: source and destination
                source, target = np.append(j, 0), np.concatenate((k[:1], i))
                discrete = infomeasure.transfer_entropy(source, target, approach="discrete")
                nearest = infomeasure.transfer_entropy(np.append(y, 0.0), np.concatenate((z[:1], x)), approach="metric")
            else:
                discrete = infomeasure.conditional_mutual_information(i, j, cond=k, approach="discrete")
                nearest = infomeasure.conditional_mutual_information(x, y, cond=z, approach="metric")
                apart = max(apart, abs(discrete - said.cmi))
            found.append((said.cmi_corrected, discrete, nearest))
        means, errors = np.mean(found, axis=0), np.abs(np.array(found) - truth).mean(axis=0)
        row = " | ".join(f"{mean:.3f}, {error:.3f}" for mean, error in zip(means, errors, strict=True))
        yield f"| {name} | {truth:.3f} | {row} |"
    yield f"| largest difference of plug-in from discrete | | {apart:.1e}, bar 1e-12: {met(apart <= 1e-12)} | | |"


if __name__ == "__main__":
    sys.exit(main())
