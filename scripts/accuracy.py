#!/usr/bin/env python3
"""Each number that streammi publishes beside what it should be: markdown tables, each with its bar.

    .venv/bin/pip install -c constraints.txt '.[test]'      scipy
    .venv/bin/python scripts/accuracy.py [--quick] [--only estimators,null]

Ends with 1 when a bar is missed. Seeds are fixed: the same versions print the same figures. The recordings are looked
for beside the checkout, or, but for section detection, where --data says; without them what needs them is left out.
"""

import gzip
import math
import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import detection
import fresh_truths
import numpy as np
import truths
import unseen_truths
from arguments import folder, sections_parser
from scipy.signal import lfilter
from sections import judge, met
from sklearn.feature_selection import mutual_info_regression

from streammi import JointWindow, QuantileBins, UniformBins, analyse
from streammi.core.information import estimators, ksg
from streammi.core.information.lags import LagBank, mi_of
from streammi.core.significance.gtest import g_test
from streammi.core.significance.shift_null import ShiftNull
from streammi.dashboard.panels.now import MOVES
from streammi.records.verdict import error_of

DATA = Path(__file__).parents[2] / "shared/data"
NATS = math.log(2)  # in a bit


def main() -> int:
    sections = {
        "estimators": estimator_errors,
        "null": null_bias,
        "signals": of_the_signals,
        "truth": known_truth,
        "invariance": invariance,
        "alarms": false_alarms,
        "power": power,
        "delays": delays,
        "stderr": standard_errors,
        "coverage": coverage,
        "arrow": arrow,
        "detection": changes,
    }
    parser = sections_parser(__doc__, sections, quick="fewer repeats: the figures are rougher")
    parser.add_argument("--data", type=folder, default=DATA, help="folder of the recordings")
    options = parser.parse_args()
    return judge(sections, options.only, options.quick, options.data)


# What the estimators of a histogram say, against the exact MI of that histogram -------------------------------------

WINDOWS = (200, 500, 1000, 10_000)
BINS = (4, 8, 16, 32, 64)


def continuous() -> list[truths.Pair]:
    correlations = [truths.gaussian(r) for r in (0, 0.3, 0.6, 0.75, 0.9, 0.99)]
    others = [truths.uniform_noise(0.1), truths.circle(0.1), truths.parabola(1.0), truths.student(3, 0.5)]
    return [*correlations, truths.textbook(), *others]


def estimator_errors(quick: bool, _: Path) -> Iterator[str]:
    """Bias, standard deviation and root-mean-square error of each estimator, and which one is nearest on the whole."""
    repeats, windows = (40, (200, 1000)) if quick else (100, WINDOWS)
    rng = np.random.default_rng(1)
    names = [name for name in estimators.ESTIMATORS if name != "extrapolated"]  # which is of the signals
    yield "Errors in nats: bias ± standard deviation, root-mean-square. Truth: the exact MI of the binned signals."
    for axes in ("fixed axes", "axes learnt from the window"):
        yield ""
        yield f"| {axes} | pairs | bins | truth | " + " | ".join(names) + " |"
        yield "|---|---|---|---|" + "---|" * len(names)
        scores: dict[str, dict[str, list[float]]] = {"sampled": {}, "undersampled": {}}
        for name, n, bins, truth, joint in cases(axes == "fixed axes", windows, repeats, rng):
            errors = [estimated(joint, e) - truth for e in names]
            rms = [math.sqrt(float((e * e).mean())) for e in errors]
            cells = (f"{e.mean():+.4f} ± {e.std():.4f}, {r:.4f}" for e, r in zip(errors, rms, strict=True))
            yield f"| {name} | {n} | {bins} | {truth:.4f} | " + " | ".join(cells) + " |"
            kind = scores["sampled" if joint[0].size <= n else "undersampled"]
            for e, r in zip(names, rms, strict=True):
                kind.setdefault(e, []).append(r / min(rms))
        yield from ranking(axes, scores, names)


def ranking(axes: str, scores: dict[str, dict[str, list[float]]], names: list[str]) -> Iterator[str]:
    """How many times the error of the best estimator of each case, on the (geometric) average; the default's bar."""
    yield ""
    yield f"| {axes}: error, in times the best estimator's of each case | cases | " + " | ".join(names) + " | bar |"
    yield "|---|---|" + "---|" * len(names) + "---|"
    everything = {e: scores["sampled"][e] + scores["undersampled"][e] for e in names}
    for kind, found in (
        ("a pair a cell or more", scores["sampled"]),
        ("fewer pairs than cells", scores["undersampled"]),
        ("all", everything),
    ):
        means = {e: math.exp(float(np.log(found[e]).mean())) for e in names}
        best = min(means, key=means.__getitem__)
        bar = ""
        if kind == "all":
            bar = f"{estimators.OF_CELLS} least: {met(best == estimators.OF_CELLS)}"
        values = " | ".join(f"**{m:.3f}**" if e == best else f"{m:.3f}" for e, m in means.items())
        yield f"| {kind} | {len(found[names[0]])} | {values} | {bar} |"


def cases(
    fixed: bool, windows: tuple[int, ...], repeats: int, rng: np.random.Generator
) -> Iterator[tuple[str, int, int, float, np.ndarray]]:
    """Name, pairs, bins, truth in nats and ``repeats`` joint histograms (repeats, B, B)."""
    for pair in continuous():
        for bins in BINS:
            cells = pair.cells(bins)
            truth = truths.mi_nats(cells)
            for n in windows:
                joint = drawn(cells, n, repeats, rng) if fixed else learnt(pair, bins, n, repeats // 2, rng)
                yield pair.name, n, bins, truth, joint
    if fixed:  # labels have no axes to learn
        for name, (cells, truth) in truths.channels().items():
            for n in windows:
                yield name, n, max(cells.shape), truth, drawn(cells, n, repeats, rng)


def drawn(cells: np.ndarray, n: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Joint histograms of n pairs, drawn from the cells' exact probabilities."""
    counts = rng.multinomial(n, cells.ravel() / cells.sum(), size=repeats)
    return counts.reshape(repeats, *cells.shape).astype(np.uint32)


def learnt(pair: truths.Pair, bins: int, n: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Joint histograms of n pairs whose bins were learnt from the same pairs."""
    joint = np.zeros((repeats, bins, bins), dtype=np.uint32)
    for counts in joint:
        i, j = (QuantileBins(bins).learn(v).symbols(v) for v in pair.sample(rng, n))
        np.add.at(counts, (i, j), 1)
    return joint


def estimated(joint: np.ndarray, name: str) -> np.ndarray:
    """MI in nats of joint histograms (R, B, B) of equally many pairs, by the integer table that a window uses."""
    n = int(joint[0].sum())
    return mi_of(joint, estimators.table(name, n, estimators.scale_bits(n)))[0] * NATS


# What a window says --------------------------------------------------------------------------------------------------


def window_nats(x: np.ndarray, y: np.ndarray, bins: int | None = None) -> float:
    """Corrected MI in nats of one full window, as it is published."""
    window = JointWindow(QuantileBins(bins), QuantileBins(bins), x.size)
    window.extend(x, y)
    return window.reading("nat").mi_corrected


def null_bias(quick: bool, _: Path) -> Iterator[str]:
    """Mean corrected MI of independent signals, whose MI is 0."""
    repeats = 200 if quick else 1000
    rng = np.random.default_rng(2)
    yield "| independent Gaussians, learnt bins | mean corrected MI, nats | standard error | bar | |"
    yield "|---|---|---|---|---|"
    for n, bins, bar in ((500, 8, 0.003), (500, 16, 0.02), (500, None, 0.003), (1000, None, 0.003)):
        found = np.array([window_nats(*rng.normal(size=(2, n)), bins) for _ in range(repeats)])
        mean, error = float(found.mean()), float(found.std()) / math.sqrt(repeats)
        name = f"{n} pairs, {bins} x {bins}" if bins else f"{n} pairs, auto"
        yield f"| {name} | {mean:+.5f} | {error:.5f} | within {bar} of 0 | {met(abs(mean) <= bar)} |"


SIGNALS = (
    (200, 0.080, 150),
    (500, None, 60),
    (1000, 0.032, 60),
    (2000, None, 20),
    (5000, None, 10),
    (10_000, 0.010, 20),
)
MANY = 40  # distributions: each has fewer windows then


def of_the_signals(quick: bool, _: Path) -> Iterator[str]:
    """Mean absolute error against the MI of the signals themselves, beside nearest neighbours and the bins alone.

    Those of bins are schuermann's with about sqrt(n / 5) bins an axis, which was the default before; scikit-learn's are
    the means of both directions, which are equal but for the jitter that it adds. Those made afresh were looked at
    when nothing was chosen any more; the bars are those of the distributions that are judged on.
    """
    columns = ("extrapolated", "schuermann", "scikit-learn, k 4", "streammi --ksg 4")
    yield "| mean absolute error, nats | pairs | windows each | " + " | ".join(columns) + " | |"
    yield "|---|---|---|" + "---|" * len(columns) + "---|"
    sets = {
        "chosen by": truths.chosen(),
        "judged on": truths.judged(),
        "made afresh:": list(fresh_truths.fresh()),
        "not seen before:": [] if quick else list(unseen_truths.unseen()),
    }
    worst: list[str] = []
    for name, pairs in sets.items():
        if not pairs:
            continue
        rng = np.random.default_rng(10)
        for n, bar, repeats in SIGNALS:
            if quick and n not in (200, 1000):
                continue
            repeats = max(repeats // (6 if quick or len(pairs) > MANY else 1), 1)
            each = np.array([signal_errors(pair, n, repeats, rng) for pair in pairs]).mean(axis=1)
            ours, bins, neighbours, own = each.mean(axis=0).tolist()
            good = ours < bins and ours <= neighbours and (bar is None or ours <= bar)
            wanted = "" if name == "chosen by" else f"{f'<= {bar}, ' if bar else ''}least: {met(good)}"
            row = f"{n} | {repeats} | **{ours:.4f}** | {bins:.4f} | {neighbours:.4f} | {own:.4f} | {wanted}"
            yield f"| {name} {len(pairs)} distributions | {row} |"
            if name.startswith("made") and n in (200, 1000, 10_000):
                worst += [
                    f"| {pair.name}, {pair.nats:.4f} | {n} | | " + " | ".join(f"{e:.4f}" for e in errors) + " | |"
                    for pair, errors in zip(pairs, each.tolist(), strict=True)
                ]
    yield from worst


def signal_errors(pair: truths.Pair | fresh_truths.Known, n: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Absolute errors of windows of n pairs, nats, (repeats, 4): extrapolated, schuermann, nearest neighbours twice."""
    found = []
    for _ in range(repeats):
        x, y = pair.sample(rng, n)
        window = JointWindow(QuantileBins(round(math.sqrt(n / 5))), QuantileBins(round(math.sqrt(n / 5))), n)
        window.extend(x, y)
        [neighbours] = mutual_info_regression(x[:, None], y, n_neighbors=4, random_state=0)
        bins = window.reading("nat", "schuermann").mi_corrected
        found.append((window_nats(x, y), bins, neighbours, ksg.mi_nats(x, y, 4)))
    return np.abs(np.array(found) - pair.nats)


def known_truth(quick: bool, _: Path) -> Iterator[str]:
    """Corrected MI at default settings against closed forms; what the bins cannot resolve counts as error here."""
    repeats = 2 if quick else 10
    rng = np.random.default_rng(3)
    errors = []
    yield "| 10,000 pairs, default settings, nats | truth | mean of readings | mean absolute error | of `--ksg 4` |"
    yield "|---|---|---|---|---|"
    for pair in truths.nine():
        samples = [pair.sample(rng, 10_000) for _ in range(repeats)]
        found = np.array([(window_nats(x, y), ksg.mi_nats(x, y, 4)) for x, y in samples])
        errors.append(np.abs(found - pair.nats).mean(axis=0))
        ours, by_ksg = errors[-1]
        yield f"| {pair.name} | {pair.nats:.4f} | {found[:, 0].mean():.4f} | {ours:.4f} | {by_ksg:.4f} |"
    mean, by_ksg = np.mean(errors, axis=0)
    yield f"| mean of the nine; bar: <= 0.03: {met(mean <= 0.03)} | | | {mean:.4f} | {by_ksg:.4f} |"


TRANSFORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "x": lambda x: x,
    "exp x": np.exp,
    "x³": lambda x: x**3,
    "arctan x": np.arctan,
    "1e-6 x + 5": lambda x: 1e-6 * x + 5,
    "-sinh x": lambda x: -np.sinh(x),
}


def invariance(_: bool, __: Path) -> Iterator[str]:
    """Monotone transforms of a signal leave learnt bins, and MI, as they are."""
    x, y = truths.gaussian(0.75).sample(np.random.default_rng(4), 1000)
    found = {name: window_nats(f(x), y) for name, f in TRANSFORMS.items()}
    yield "| 1,000 pairs, Gaussian, r 0.75, default settings | corrected MI, nats |"
    yield "|---|---|"
    for name, value in found.items():
        yield f"| {name} | {value:.15f} |"
    spread = max(found.values()) - min(found.values())
    yield f"| largest difference; bar: 0: {met(spread == 0)} | {spread:.3g} |"


# Significance --------------------------------------------------------------------------------------------------------


def autoregressive(phi: float, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(lfilter([1], [1, -phi], rng.normal(size=n + 1000))[1000:])


def p_values(x: np.ndarray, y: np.ndarray, n: int, bins: int | None) -> np.ndarray:
    """p by the shift null and by the naive G-test of windows that do not overlap, where both are known; (k, 2)."""
    window, null = JointWindow(QuantileBins(bins), QuantileBins(bins), n), ShiftNull(99)
    window.follow(null)
    found = []
    for start in range(0, x.size - n + 1, n):
        window.extend(x[start : start + n], y[start : start + n])
        p = null.complete(window.reading(), window.table(None)).p
        naive = g_test(window.counts)
        if p is not None and naive is not None:
            found.append((p, naive))
    return np.array(found).reshape(-1, 2)


def peak_p_values(x: np.ndarray, y: np.ndarray, n: int) -> np.ndarray:
    """p over all delays from -20 to 20, and the G-test of the best of them, likewise; (k, 2)."""
    window, bank = JointWindow(QuantileBins(8), QuantileBins(8), n), LagBank(range(-20, 21))
    null = ShiftNull(99, bank)
    for follower in (bank, null):
        window.follow(follower)
    found = []
    for start in range(0, x.size - n + 1, n):
        window.extend(x[start : start + n], y[start : start + n])
        p = null.complete(window.reading(), window.table(None)).peak_p
        if p is not None:
            best = int(np.argmax(bank.mi(window.table(None))))
            found.append((p, g_test(bank.counts[best])))
    return np.array(found, dtype=float).reshape(-1, 2)


def false_alarms(quick: bool, data: Path) -> Iterator[str]:
    """How often unrelated signals are called dependent at a nominal 5 %."""
    yield "| unrelated signals, 99 partners, p <= 0.05 | window | bins | windows | shift null | naive G-test | |"
    yield "|---|---|---|---|---|---|---|"
    rng = np.random.default_rng(5)
    windows = 800 if quick else 1500  # a rate of 5 % is then known to 0.8 %
    for bins in (8, None):
        for phi in (0, 0.5, 0.8, 0.9, 0.95):
            x, y = (autoregressive(phi, 512 * windows, rng) for _ in "xy")
            yield alarm_line(f"AR(1), phi {phi:g}", 512, bins, p_values(x, y, 512, bins))
    for phi in (0.99, 0.995):
        x, y = (autoregressive(phi, 1000 * windows // 2, rng) for _ in "xy")
        yield alarm_line(f"AR(1), phi {phi:g}", 1000, None, p_values(x, y, 1000, None))
    for phi in (0, 0.8, 0.95):
        x, y = (autoregressive(phi, 512 * max(windows // 2, 300), rng) for _ in "xy")
        yield alarm_line(f"AR(1), phi {phi:g}, best of 41 delays", 512, 8, peak_p_values(x, y, 512))
    found = sorted(data.glob("independent_constructed/*.csv.gz"))
    if not found:
        yield f"| no recordings in {data} | | | | | | left out |"
        return
    for n in (512,) if quick else (256, 512, 1000):
        for bins in (8, None):
            ps = [p_values(*columns(path, 1, 2), n, bins) for path in found]
            if n == 512:
                for path, p in zip(found, ps, strict=True):
                    yield alarm_line(path.name.partition(".")[0], n, bins, p, bar=False)
            yield alarm_line(f"all {len(found)} constructed pairs", n, bins, np.concatenate(ps))
    pairs = list(unrelated(found))
    for n in (512,) if quick else (256, 512, 1000):
        p = np.concatenate([p_values(x, y, n, 8) for x, y in pairs])
        yield alarm_line(f"all {len(pairs)} pairs of their signals from two sources", n, 8, p)
        if n <= 512:
            p = np.concatenate([peak_p_values(x, y, n) for x, y in pairs])
            yield alarm_line(f"all {len(pairs)} pairs, best of 41 delays", n, 8, p)


def unrelated(paths: list[Path]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each two signals of the constructed pairs whose sources differ, side by side by their rows."""
    signals: dict[str, np.ndarray] = {}
    for path in paths:
        names = path.name.partition(".")[0].partition("_")[2].split("__")
        signals |= dict(zip(names, columns(path, 1, 2), strict=True))
    for (a, x), (b, y) in combinations(signals.items(), 2):
        if a.partition("_")[0] != b.partition("_")[0]:
            n = min(x.size, y.size)
            yield x[:n], y[:n]


def alarm_line(name: str, n: int, bins: int | None, p: np.ndarray, bar: bool = True) -> str:
    shift, naive = (p <= 0.05).mean(axis=0) if p.size else (math.nan, math.nan)
    verdict = f"<= 8 %: {met(shift <= 0.08)}" if bar else ""
    return f"| {name} | {n} | {bins or 'auto'} | {len(p)} | {shift:.1%} | {naive:.1%} | {verdict} |"


def power(quick: bool, _: Path) -> Iterator[str]:
    """How often dependence is found, at the settings at which the false alarms were counted."""
    windows = 60 if quick else 400
    rng = np.random.default_rng(6)
    yield "| dependent signals, 1,000 pairs, 99 partners, p <= 0.05 | bins | windows | MI, nats | found | |"
    yield "|---|---|---|---|---|---|"
    for pair in (truths.gaussian(0.3), truths.circle(0.3), truths.parabola(2.0)):
        for bins in (8, None):
            p = p_values(*pair.sample(rng, 1000 * windows), 1000, bins)[:, 0]
            found = float((p <= 0.05).mean())
            verdict = f">= 90 %: {met(found >= 0.9)}"
            yield f"| {pair.name} | {bins or 'auto'} | {p.size} | {pair.nats:.3f} | {found:.1%} | {verdict} |"


# Delays --------------------------------------------------------------------------------------------------------------


def delays(quick: bool, data: Path) -> Iterator[str]:
    """The delay at which MI is largest; positive: y follows x."""
    yield "| delays | expected | found | |"
    yield "|---|---|---|---|"
    furnace, river = data / "gas_furnace/gasrate_co2.csv.gz", data / "usgs/nf_shenandoah_daily_2008-2017.csv.gz"
    if furnace.exists() and river.exists():
        found = analyse(*columns(furnace, 0, 1), lags=(-20, 20), window=100, detector=None).reading
        yield delay_line("Box-Jenkins gas furnace, samples of 9 s", 5, found.peak_lag, found.peak_p)
        up, down = np.log(columns(river, 1, 2))
        found = analyse(up, down, lags=(-10, 10), detector=None).reading
        yield delay_line("NF Shenandoah, log flow, days", 1, found.peak_lag, found.peak_p)
    else:
        yield f"| no recordings in {data} | | | left out |"
    rng = np.random.default_rng(7)
    wanted = range(0, 201, 20 if quick else 1)
    wrong = [lag for lag in wanted if synthetic_delay(lag, rng) != lag]
    yield (
        f"| Y = X delayed + N(0, 1), X ~ N(0, 1), 1,000 pairs, {len(wanted)} delays from 0 to 200 of -200:200 "
        f"| all of them | {len(wanted) - len(wrong)} exactly | {met(not wrong)} |"
    )


def synthetic_delay(lag: int, rng: np.random.Generator) -> float | None:
    x = rng.normal(size=1000 + lag)
    y = np.roll(x, lag) + rng.normal(size=x.size)
    reading = analyse(x, y, lags=(-200, 200), null=0, detector=None).reading
    return reading.peak_lag


def delay_line(name: str, expected: int, found: float | None, p: float | None) -> str:
    return f"| {name} | {expected:+d} | {found:+g}, p {p:.2g} over all delays | {met(found == expected)} |"


# Standard errors -----------------------------------------------------------------------------------------------------


def standard_errors(quick: bool, _: Path) -> Iterator[str]:
    """The published standard errors against what readings of fresh windows scatter by, and against the bootstrap."""
    repeats = 100 if quick else 400
    rng = np.random.default_rng(8)
    yield "| 1,000 pairs, 8 x 8 fixed bins, nats | stderr | sd of fresh windows | bootstrap of one | ratio to sd | |"
    yield "|---|---|---|---|---|---|"
    for pair in (truths.gaussian(0.3), truths.gaussian(0.75), truths.circle(0.1), truths.student(3, 0.5)):
        cells = pair.cells(8)
        found = [stderr_of(joint) for joint in drawn(cells, 1000, repeats, rng)]
        errors, mi = np.array(found).T
        once = drawn(cells, 1000, 1, rng)[0]
        again = estimated(drawn(once, 1000, repeats, rng), "plugin").std()
        ratio = float(errors.mean() / mi.std())
        verdict = f"within 15 %: {met(abs(ratio - 1) <= 0.15)}"
        yield f"| {pair.name} | {errors.mean():.4f} | {mi.std():.4f} | {again:.4f} | {ratio:.2f} | {verdict} |"


def stderr_of(joint: np.ndarray) -> tuple[float, float]:
    """The published standard error and MI, nats, of a window with this joint histogram (B, B)."""
    i, j = np.nonzero(joint)
    repeat = joint[i, j]
    axis = UniformBins(0, joint.shape[0], joint.shape[0])
    window = JointWindow(axis, axis, int(joint.sum()))
    window.extend(np.repeat(i, repeat) + 0.5, np.repeat(j, repeat) + 0.5)
    reading = window.reading("nat")
    return reading.binned_stderr, reading.mi


def coverage(quick: bool, _: Path) -> Iterator[str]:
    """How often the truth is within 1.96 standard errors: for independent pairs, and for those with a memory."""
    windows = 60 if quick else 500
    rng = np.random.default_rng(11)
    yield "| windows of 1,000 pairs | windows | within 1.96 stderr | within 1.96 stderr_batch | |"
    yield "|---|---|---|---|---|"
    iid = []
    others = truths.judged()[:: 3 if quick else 1]
    for pair in (*(truths.gaussian(r) for r in (0.3, 0.6, 0.75, 0.9)), *others):
        within, batch = covered(pair.nats, (pair.sample(rng, 1000) for _ in range(windows)))
        iid.append(within)
        wanted = f"95 % ± 3: {met(abs(within - 0.95) <= (0.07 if quick else 0.03))}" if len(iid) <= 4 else ""
        yield f"| {pair.name} | {windows} | {within:.1%} | {batch:.1%} | {wanted} |"
    mean = float(np.mean(iid[4:]))
    near = abs(mean - 0.95) <= (0.05 if quick else 0.03)
    yield f"| the ten that it is judged on | | {mean:.1%} | | 95 % ± 3: {met(near)} |"
    if not quick:
        within, batch = np.mean(
            [covered(pair.nats, (pair.sample(rng, 1000) for _ in range(windows))) for pair in fresh_truths.fresh()],
            axis=0,
        )
        near = abs(within - 0.95) <= 0.03
        yield f"| the thirteen made afresh | | {within:.1%} | {batch:.1%} | 95 % ± 3: {met(near)} |"
    for phi in (0.5, 0.9):
        for r in (0.3, 0.6, 0.75):
            nats = truths.gaussian(r).nats
            within, batch = covered(nats, (coupled(r, phi, 1000, rng) for _ in range(windows)))
            wanted = f">= 90 %: {met(batch >= (0.84 if quick else 0.9))}"
            yield f"| Gaussian, r {r:g}, AR(1) with phi {phi:g} | {windows} | {within:.1%} | {batch:.1%} | {wanted} |"


def coupled(r: float, phi: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two AR(1) signals whose values have the correlation r."""
    x, other = (autoregressive(phi, n, rng) for _ in "xy")
    return x, r * x + math.sqrt(1 - r * r) * other


def covered(nats: float, pairs: Iterator[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """In which share of windows the truth is within 1.96 stderr, and within 1.96 stderr_batch."""
    found = []
    for x, y in pairs:
        window = JointWindow(QuantileBins(), QuantileBins(), x.size)
        window.extend(x, y)
        reading = window.reading("nat", batch_errors=window.batch_errors())
        off = abs(reading.mi_corrected - nats)
        found.append((off <= 1.96 * reading.stderr, off <= 1.96 * reading.stderr_batch))
    within, batch = np.mean(found, axis=0).tolist()
    return within, batch


def arrow(quick: bool, _: Path) -> Iterator[str]:
    """How often the screen calls the MI of a stationary feed rising or falling, against one window ago."""
    windows = 100 if quick else 2000
    rng = np.random.default_rng(12)
    yield "| AR(1), windows of 1,000 pairs, one after the other | looks | rising or falling | |"
    yield "|---|---|---|---|"
    for phi in (0, 0.9):
        for r in (0, 0.6, 0.9):
            x, y = coupled(r, phi, 1000 * windows, rng)
            window, before, moved = JointWindow(QuantileBins(), QuantileBins(), 1000), math.nan, 0
            for start in range(0, x.size, 1000):
                window.extend(x[start : start + 1000], y[start : start + 1000])
                reading = window.reading(batch_errors=window.batch_errors())
                error = MOVES * math.sqrt(2) * error_of(reading, at_peak=False)
                moved += abs(max(reading.mi_corrected, 0.0) - before) > error
                before = max(reading.mi_corrected, 0.0)
            share = moved / windows
            yield f"| phi {phi:g}, r {r:g} | {windows} | {share:.1%} | <= 5 %: {met(share <= 0.05)} |"


# Changes -------------------------------------------------------------------------------------------------------------


def changes(quick: bool, data: Path) -> Iterator[str]:
    """The tables of scripts/detection.py, and whether the default detector finds in recordings what it should."""
    yield from detection.tables(quick)
    if not detection.DATA.exists():
        return
    yield ""
    yield "| what is to be found in the recordings, and nothing else | |"
    yield "|---|---|"
    for name, case in detection.RECORDINGS.items():
        yield f"| {name.strip()} | {met(case.holds(detection.DEFAULT_DETECTOR))} |"


def columns(path: Path, *which: int) -> np.ndarray:
    """Columns of a recording, shape (k, n)."""
    with gzip.open(path, "rt") as lines:
        return np.genfromtxt(lines, delimiter=",", skip_header=1, usecols=which).T


if __name__ == "__main__":
    sys.exit(main())
