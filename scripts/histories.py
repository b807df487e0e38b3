#!/usr/bin/env python3
"""Random histories: is a window's MI that of a monitor that started with it, whatever came before?

    .venv/bin/python scripts/histories.py                     1,000 histories and 1,000 others, 3 minutes on one core
    .venv/bin/python scripts/histories.py --histories 200 --half tuning
    .venv/bin/python scripts/histories.py --histories 500 --first 9000

A history is a chain of stretches: quiet, active, stuck, rescaled, of two levels, of rare spikes, of steps, drifting.
The rules were chosen by those with an even number, and judged by those with an odd one, and by others, whose
stretches are of kinds that were made afterwards: a sine of growing amplitude, a converter whose gain changes, heavy
tails, stuck but for one spike, a random walk, bursts, a saw, counts. All of these were looked at when the rules were
mended once more, and so were those from 60000, 300000 and 800000 on: --first 950000 --histories 300 are judged now.
One window after each change, and two, the window's MI is held against that of a fresh window with the same pairs. It is
off if it differs by more than three standard errors and 0.05 bit, beside the error of bins that were learnt from other
pairs of the same signal. Then: how often bins are learnt anew of signals that do not change. Ends with 1 where more are
off than SHARES_OFF, or where an MI is 0 that should not be, two windows after a change.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from arguments import at_least

from streammi import Categories, JointWindow, QuantileBins
from streammi.core.bins.binning import Bins, SpanBins
from streammi.records import Reading

WITHIN_BITS = 0.05
WITHIN_ERRORS = 3.0
RANGE_BITS = 0.15  # by which MI varies with the range of a window of one and the same signal, which bins are made of
SMALL_BITS = 0.05  # an MI below this may as well be 0
# What may be off, one window after a change and two. Set before the half that is judged was looked at.
SHARES_OFF = {("steady", 1): 0.02, ("steady", 2): 0.01, ("drifting", 1): 0.05, ("drifting", 2): 0.05}
WINDOWS = (50, 5000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=at_least(1), default=1000)
    parser.add_argument("--first", type=at_least(0), default=0, help="seed of the first one (0)")
    parser.add_argument("--half", choices=("both", "tuning", "judging"), default="both")
    parser.add_argument("--verbose", action="store_true", help="say each miss")
    options = parser.parse_args()
    halves = {"both": (0, 1), "tuning": (0,), "judging": (1,)}[options.half]
    missed = False
    for name, signals in {"stretches as they were tuned on": SIGNALS, "other stretches": OTHERS}.items():
        if signals is OTHERS and options.half == "tuning":
            continue
        tally = Tally()
        for seed in range(options.first, options.first + options.histories):
            if seed % 2 in halves:
                for check in history(seed, signals=signals):
                    tally.add(check)
                    if options.verbose and check.missed:
                        print(check)
        print(f"{name}:", *tally.table(), "", sep="\n")
        missed = missed or tally.missed
    print(*stationary(), sep="\n")
    return 1 if missed else 0


# A signal, of n pairs -------------------------------------------------------------------------------------------------


def quiet(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(0, rng.choice([1e-9, 1e-3]), n) if rng.random() < 0.5 else np.zeros(n)


def active(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n) if rng.random() < 0.5 else rng.random(n)


def stuck(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.full(n, rng.normal())


def rescaled(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.choice([-1e6, 1e-6, 10.0, 1e6]) * active(rng, n) + rng.choice([0.0, 100.0])


def two_level(rng: np.random.Generator, n: int) -> np.ndarray:
    return (rng.random(n) < rng.choice([0.03, 0.1, 0.3, 0.5, 0.7])) * rng.choice([1.0, 5.0])


def spikes(rng: np.random.Generator, n: int) -> np.ndarray:
    return (rng.random(n) < 0.01) * (1 + rng.random(n))


def steps(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.round(rng.normal(0, rng.choice([0.7, 2.0]), n))


def drifting(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n) + np.linspace(0, rng.choice([1.0, 3.0]), n)


SIGNALS: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = (
    quiet, active, active, stuck, rescaled, two_level, spikes, steps, drifting,
)  # fmt: skip


# Of these nothing was known when the rules were chosen.


def growing(rng: np.random.Generator, n: int) -> np.ndarray:
    k = np.arange(n)
    return np.sin(k * rng.uniform(0.05, 1.5)) * np.linspace(rng.choice([0.0, 1.0]), rng.choice([1.0, 4.0]), n)


def converted(rng: np.random.Generator, n: int) -> np.ndarray:
    """A converter of few digits, the gain of which changes from one stretch to the next."""
    return np.round(np.clip(rng.normal(0, 0.3, n) * rng.choice([1, 4, 16]), -8, 8) * 16) / 16


def heavy(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_t(2, n)


def one_spike(rng: np.random.Generator, n: int) -> np.ndarray:
    x = np.full(n, rng.normal())
    x[rng.integers(n)] += 100
    return x


def walk(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.cumsum(rng.normal(0, 1 / np.sqrt(n), n)) + rng.normal(0, 0.3, n)


def bursts(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n) * (np.arange(n) % int(rng.integers(10, 60)) < 5)


def saw(rng: np.random.Generator, n: int) -> np.ndarray:
    return (np.arange(n) * rng.uniform(0.01, 0.3)) % 1.0


def counted(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.poisson(rng.choice([0.1, 1.0, 20.0]), n).astype(float)


OTHERS: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = (
    growing, converted, heavy, one_spike, walk, bursts, saw, counted,
)  # fmt: skip
UNSTEADY = ("drifting", "growing", "walk")


def partner(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """A y for x: the same doubled, with noise, its square, or something of its own."""
    scale = x.std() or 1.0
    match rng.integers(5):
        case 0 | 1:
            return 2 * x
        case 2:
            return x + rng.normal(0, 0.3 * scale, x.size)
        case 3:
            return (x - x.mean()) ** 2 / scale
        case _:
            return np.asarray(rng.choice(np.array(SIGNALS[:-1], dtype=object))(rng, x.size))


# Histories ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """A window's reading, one window (or two) after a change, and a fresh window's of the same pairs."""

    seed: int
    bins: str
    stretch: str  # what came before, and what after the change
    later: int  # windows after the change
    old: Reading
    fresh: Reading

    @property
    def missed(self) -> str:
        for name in ("mi", "mi_corrected"):
            off = abs(getattr(self.old, name) - getattr(self.fresh, name))
            if off > max(WITHIN_BITS, WITHIN_ERRORS * (self.fresh.stderr or 0.0)) + self.by_bins:
                return f"{name} off by {off:.3f}"
        return "0" if self.old.mi < 1e-9 and self.fresh.mi > SMALL_BITS else ""

    @property
    def by_bins(self) -> float:
        """The error of bins that were learnt from another window of the same signals, in bits.

        Their shares differ by chance, which costs either entropy (B - 1) / (n ln 2) bits on the average, and three
        times as much at most.
        """
        bins = max(2.0**self.fresh.h_x, 2.0**self.fresh.h_y)
        of_range = RANGE_BITS if self.bins.startswith("uniform") else 0.0
        return float(3 * (bins - 1) / (self.fresh.n * np.log(2))) + of_range

    def __str__(self) -> str:
        return (
            f"{self.seed}: {self.stretch}, window {self.fresh.n}, {self.bins}, {self.later} later: "
            f"mi {self.old.mi:.3f} {self.old.mi_corrected:.3f}, fresh {self.fresh.mi:.3f} "
            f"{self.fresh.mi_corrected:.3f} +- {self.fresh.stderr:.3f}: {self.missed}"
        )


def history(
    seed: int,
    windows: tuple[int, int] = WINDOWS,
    signals: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = SIGNALS,
) -> Iterator[Check]:
    """The checks of one random history, whose stretches are of these ``signals``."""
    rng = np.random.default_rng([17, seed])
    n = round(np.exp(rng.uniform(*np.log(windows))))
    name, bins = some_bins(rng)
    span = rng.choice([0.0, 10.0])  # s; 0: a window of pairs
    window, x, y, t = JointWindow(bins, bins, f"{span}s" if span else n), *np.empty((3, 0))
    before = ""
    for _ in range(rng.integers(3, 7)):
        make = signals[rng.integers(len(signals))]
        rate = n / span * rng.choice([0.3, 1.0, 1.0, 3.0]) if span else 1.0
        full = max(int(rate * span) + 1, 20) if span else n
        part = make(rng, int(full * rng.choice([0.4, 1.3, 2.5, 4.2]) * rng.uniform(0.9, 1.1)))
        other = partner(rng, part)
        if isinstance(bins, Categories):
            part, other = np.round(part, 1) % 4, np.round(other, 1) % 4
        times = (t[-1] if t.size else 0.0) + np.arange(1, part.size + 1) / rate
        at = x.size
        x, y, t = np.append(x, part), np.append(y, other), np.append(t, times)
        fed = at
        for later in (1, 2):
            end = at + later * full
            if end > x.size:
                break
            feed(rng, window, x[fed:end], y[fed:end], t[fed:end] if span else None)
            fed = end
            fresh = JointWindow(bins, bins, f"{span}s" if span else n)
            held = slice(end - window.n, end)
            fresh.extend(x[held], y[held], t[held] if span else None)
            if span:  # full, as far as it knows
                fresh = learnt_from_all(bins, x[held], y[held])
            old, new = window.reading(), fresh.reading()
            assert old is not None
            assert new is not None
            if before:
                yield Check(
                    seed, f"{name} of {span:g} s" if span else name, f"{before} to {make.__name__}", later, old, new
                )
        feed(rng, window, x[fed:], y[fed:], t[fed:] if span else None)
        before = make.__name__


def learnt_from_all(bins: Bins, x: np.ndarray, y: np.ndarray) -> JointWindow:
    window = JointWindow(bins, bins, max(x.size, 2))
    window.extend(x, y)
    return window


def feed(rng: np.random.Generator, window: JointWindow, x: np.ndarray, y: np.ndarray, t: np.ndarray | None) -> None:
    """Feed pairs in batches of any length."""
    start = 0
    while start < x.size:
        stop = start + int(rng.integers(1, 3000))
        window.extend(x[start:stop], y[start:stop], None if t is None else t[start:stop])
        start = stop


def some_bins(rng: np.random.Generator) -> tuple[str, Bins]:
    match rng.integers(9):
        case 0 | 1 | 2:
            return "auto", QuantileBins()
        case 3 | 4 | 5:
            count = int(rng.integers(2, 25))
            return f"{count}", QuantileBins(count)
        case 6:
            return "uniform", SpanBins()
        case 7:
            count = int(rng.integers(2, 25))
            return f"uniform:{count}", SpanBins(count)
        case _:
            return "categories:64", Categories()


@dataclass
class Tally:
    checks: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    misses: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    zeros: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def add(self, check: Check) -> None:
        kind = check.bins.split(" ")[0].split(":")[0]
        kind = "counted" if kind.isdigit() else kind
        kind += ", of seconds" if check.bins.endswith(" s") else ""
        key = "drifting" if check.stretch.endswith(UNSTEADY) else "steady", kind, check.later
        self.checks[key] += 1
        self.misses[key] += bool(check.missed)
        self.zeros[key] += check.old.mi < 1e-9 and check.fresh.mi > max(
            SMALL_BITS, WITHIN_ERRORS * (check.fresh.stderr or 0.0)
        )

    @property
    def missed(self) -> bool:
        worse = any(self.share(*key) > most for key, most in SHARES_OFF.items())
        return worse or any(zeros for (_, _, later), zeros in self.zeros.items() if later == 2)

    def share(self, after: str, later: int) -> float:
        checks, misses = (
            sum(n for key, n in counts.items() if (key[0], key[2]) == (after, later))
            for counts in (self.checks, self.misses)
        )
        return misses / max(checks, 1)

    def table(self) -> Iterator[str]:
        yield "| after it | bins | windows after a change | compared | off | 0 |"
        yield "|---|---|---|---|---|---|"
        for key in sorted(self.checks):
            yield f"| {' | '.join(map(str, key))} | {self.checks[key]:,} | {self.misses[key]} | {self.zeros[key]} |"
        for (after, later), most in SHARES_OFF.items():
            yield f"{after}, {later}: {self.share(after, later):.1%} off, bar {most:.0%}"


# Signals that do not change -------------------------------------------------------------------------------------------


def ar(phi: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    def made(rng: np.random.Generator, n: int) -> np.ndarray:
        from scipy.signal import lfilter

        return np.asarray(lfilter([1.0], [1.0, -phi], rng.normal(size=n + 1000)))[1000:]

    return made


STATIONARY: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "Gaussian": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "Student-t, 3 degrees": lambda rng, n: rng.standard_t(3, n),
    "two levels, 30 %": lambda rng, n: (rng.random(n) < 0.3) * 1.0,
    "spikes, 1 %": spikes,
    "steps": lambda rng, n: np.round(rng.normal(size=n)),
    "AR(1), phi 0.8": ar(0.8),
    "AR(1), phi 0.98": ar(0.98),
}


def stationary(windows: int = 200) -> Iterator[str]:
    """How often bins are learnt anew though nothing changes."""
    yield f"| nothing changes, {windows} windows: bins learnt anew, of 100 windows | " + " | ".join(
        f"{n} pairs, {name}" for n in (50, 200, 1000, 5000) for name in ("auto", "uniform")
    )
    yield "|" + "---|" * 9
    for name, make in STATIONARY.items():
        cells = []
        for n in (50, 200, 1000, 5000):
            for bins in (QuantileBins(), SpanBins()):
                rng = np.random.default_rng(n)
                x = make(rng, n * windows)
                window = JointWindow(bins, bins, n)
                window.extend(x, x + rng.normal(0, 0.5, x.size))
                reading = window.reading()
                assert reading is not None
                cells.append(f"{(reading.epoch - 1) / windows * 100:.3g}")
        yield f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
