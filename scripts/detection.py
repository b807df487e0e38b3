#!/usr/bin/env python3
"""How soon changes are found, how often where there are none, and what is found in real recordings, by each detector.

    .venv/bin/python scripts/detection.py            40 runs a feed: a minute
    .venv/bin/python scripts/detection.py --quick    5 runs a feed

The recordings are read from ../shared/data beside the checkout; without it their table is left out. Ends with 1 when a
recording's change is not found by the default detector, or something else is.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import get_args

import numpy as np
from msgspec.structs import replace

from streammi import Event, Monitor, PairBatch
from streammi.config import DEFAULT_DETECTOR, DetectorName, MonitorConfig, bins, span
from streammi.monitor.baseline import learn

DETECTORS: tuple[DetectorName, ...] = tuple(sorted(get_args(DetectorName), key=lambda name: name != DEFAULT_DETECTOR))
DATA = Path(__file__).parents[2] / "shared" / "data"
WINDOW = 1000  # pairs, of the made-up feeds; bins chosen by themselves
BEFORE, AFTER = 12, 12  # windows before and after a change
Pairs = tuple[np.ndarray, np.ndarray]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    for line in tables(parser.parse_args().quick):
        print(line, flush=True)
    wrong = [name for name, case in RECORDINGS.items() if DATA.exists() and not case.holds(DEFAULT_DETECTOR)]
    if DATA.exists():
        wrong += [f"{case}, {window} rows, baseline" for case in BROKEN for window in WINDOWS if not case.found(window)]
        wrong += [f"{case}, {window} rows, baseline" for case in SOUND for window in WINDOWS if case.found(window)]
    print("".join(f"{name}: not what was to be found\n" for name in wrong), end="")
    return 1 if wrong else 0


def tables(quick: bool) -> Iterator[str]:
    """The lines of the three tables."""
    yield from false_alarms(4 if quick else 40)
    yield ""
    yield from delays(5 if quick else 40)
    if DATA.exists():
        yield ""
        yield from recordings()
        yield ""
        yield from baselines()
        yield ""
        yield from normal_runs(16 if quick else 1)


# Made-up feeds ------------------------------------------------------------------------------------------------------


def false_alarms(runs: int) -> Iterator[str]:
    """Events per 100 windows of feeds that do not change."""
    windows = 50
    yield f"| events per 100 windows of {WINDOW:,} pairs, {runs * windows:,} windows each | {' | '.join(DETECTORS)} |"
    yield "|---|" + "---|" * len(DETECTORS)
    for phi in (0.0, 0.9, 0.98):
        for r in (0.0, 0.7, 0.95):
            cells = []
            for name in DETECTORS:
                found = [events(*coupled(r, windows * WINDOW, rng(run), phi), name) for run in range(runs)]
                cells.append(f"{sum(map(len, found)) / runs / windows * 100:.2f}")
            feed = "independent samples" if phi == 0 else f"AR(1), phi {phi}"
            yield f"| {feed}, r {r} | {' | '.join(cells)} |"


def delays(runs: int) -> Iterator[str]:
    """How soon a change is found and by its name."""
    yield f"| change, {runs} runs each: windows until the event, median (largest) | event | {' | '.join(DETECTORS)} |"
    yield "|---|---|" + "---|" * len(DETECTORS)
    for feed, (kind, make, lags) in CHANGES.items():
        cells = [_delay([_first(make, kind, name, lags, run) for run in range(runs)]) for name in DETECTORS]
        yield f"| {feed} | {kind} | {' | '.join(cells)} |"


def _first(
    make: Callable[[np.random.Generator, int], Pairs],
    kind: str,
    name: DetectorName,
    lags: tuple[int, int] | None,
    run: int,
) -> tuple[float | None, int]:
    """Windows from the change to the event that names it, and how many other events there were."""
    seed = rng(run)
    start = BEFORE * WINDOW + int(seed.integers(WINDOW))
    found = events(*make(seed, start), name, lags=lags)
    named = [event for event in found if event.kind == kind and event.timestamp > start]
    others = [event for event in found if event not in named[:1] and event.kind != "recovered"]
    return ((named[0].timestamp - start) / WINDOW if named else None), len(others)


def _delay(found: list[tuple[float | None, int]]) -> str:
    seen, others = [delay for delay, _ in found if delay is not None], sum(n for _, n in found)
    if not seen:
        return "none found"
    share = "" if len(seen) == len(found) else f"{len(seen)} of {len(found)} found, "
    wrong = f", {others} other" if others else ""
    return f"{share}{median(seen):.1f} ({max(seen):.1f}){wrong}"


def events(
    x: np.ndarray,
    y: np.ndarray,
    name: DetectorName,
    window: int = WINDOW,
    bins_: str = "auto",
    lags: tuple[int, int] | None = None,
    normal: Pairs | None = None,
) -> list[Event]:
    """The events of a recording, beside what is ``normal``; their timestamps are numbers of samples."""
    config = MonitorConfig(window=span(window), bins=bins(bins_), every=span(1 << 24), lags=lags, detector=name)
    if normal is not None:
        config = replace(config, baseline=learn(config, [PairBatch(x=normal[0], y=normal[1])], "normal"))
    return [item for _, item in Monitor(config, event_time=True).feed(PairBatch(x=x, y=y)) if isinstance(item, Event)]


def rng(run: int) -> np.random.Generator:
    return np.random.default_rng(run)


def coupled(r: float, n: int, seed: np.random.Generator, phi: float = 0.0) -> Pairs:
    """Gaussian pairs with correlation r, each signal AR(1)."""
    x = autoregressive(phi, n, seed)
    return x, r * x + np.sqrt(1 - r * r) * autoregressive(phi, n, seed)


def autoregressive(phi: float, n: int, seed: np.random.Generator) -> np.ndarray:
    """An AR(1) signal of variance 1, by convolution with its impulse response."""
    if phi == 0:
        return seed.normal(size=n)
    response = np.sqrt(1 - phi * phi) * phi ** np.arange(int(np.log(1e-9) / np.log(phi)))
    size = 1 << (n + 2 * response.size).bit_length()
    noise = seed.normal(size=n + response.size)
    return np.fft.irfft(np.fft.rfft(noise, size) * np.fft.rfft(response, size), size)[response.size : n + response.size]


def changing(before: float, after: float, phi: float, seed: np.random.Generator, start: int) -> Pairs:
    parts = coupled(before, start, seed, phi), coupled(after, AFTER * WINDOW, seed, phi)
    return np.concatenate([parts[0][0], parts[1][0]]), np.concatenate([parts[0][1], parts[1][1]])


def moving(seed: np.random.Generator, start: int) -> Pairs:
    """y follows x by 3 samples, then by 9."""
    x = seed.normal(size=start + AFTER * WINDOW)
    y = np.where(np.arange(x.size) < start, np.roll(x, 3), np.roll(x, 9))
    return x, y + 0.5 * seed.normal(size=x.size)


def sticking(seed: np.random.Generator, start: int) -> Pairs:
    """y keeps one value from the change on."""
    x, y = coupled(0.9, start + AFTER * WINDOW, seed)
    y[start:] = y[start - 1]
    return x, y


CHANGES: dict[str, tuple[str, Callable[[np.random.Generator, int], Pairs], tuple[int, int] | None]] = {
    "broken: r 0.9 to 0": ("lost", partial(changing, 0.9, 0.0, 0.0), None),
    "broken, AR(1) with phi 0.9": ("lost", partial(changing, 0.9, 0.0, 0.9), None),
    "appearing: r 0 to 0.9": ("gained", partial(changing, 0.0, 0.9, 0.0), None),
    "appearing, AR(1) with phi 0.9": ("gained", partial(changing, 0.0, 0.9, 0.9), None),
    "weaker: r 0.95 to 0.7": ("shifted", partial(changing, 0.95, 0.7, 0.0), None),
    "delay of 3 samples to 9": ("moved", moving, (-20, 20)),
    "y stuck": ("stuck", sticking, None),
}


# Recordings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recording:
    """A pair of signals, and what is to be found in it: between which samples; None for nothing."""

    load: Callable[[], tuple[Pairs, list[str]]]  # the signals, and each sample's name
    window: int
    bins: str
    expected: tuple[str, str] | None  # names of the first and the last sample
    quiet: tuple[tuple[str, str], ...]  # where there must be nothing

    def found(self, name: DetectorName) -> tuple[list[Event], list[str]]:
        """The events by a detector, and the name of the sample at which each was found."""
        (x, y), names = self.load()
        found = events(x, y, name, self.window, self.bins)
        return found, [names[int(event.timestamp) - 1] for event in found]

    def holds(self, name: DetectorName) -> bool:
        """True if what is to be found is, and nothing where there is nothing."""
        found, at = self.found(name)
        news = [when for event, when in zip(found, at, strict=True) if event.kind != "recovered"]
        if any(first <= when <= last for when in news for first, last in self.quiet):
            return False
        return self.expected is None or any(self.expected[0] < when <= self.expected[1] for when in news)

    def cell(self, name: DetectorName) -> str:
        """The first event that counts, as text."""
        found, at = self.found(name)
        start = "" if self.expected is None else self.expected[0]
        said = [
            f"{event.kind}, {when}"
            for event, when in zip(found, at, strict=True)
            if event.kind != "recovered" and when > start
        ]
        return said[0] if said else "nothing"


def recordings() -> Iterator[str]:
    """The events that are found in each recording."""
    yield f"| recording | window | to be found | {' | '.join(DETECTORS)} |"
    yield "|---|---|---|" + "---|" * len(DETECTORS)
    for name, case in RECORDINGS.items():
        expected = "nothing" if case.expected is None else " to ".join(case.expected)
        cells = " | ".join(case.cell(detector) for detector in DETECTORS)
        yield f"| {name} | {case.window}, {case.bins} bins | {expected} | {cells} |"


def columns(path: str) -> dict[str, list[str]]:
    """A recording's columns as text."""
    with gzip.open(DATA / path, "rt", newline="") as lines:
        rows = list(csv.reader(lines))
    return {name: [row[k] for row in rows[1:]] for k, name in enumerate(rows[0])}


def plant(file: str, x: str, y: str) -> tuple[Pairs, list[str]]:
    """Two columns of the Tennessee Eastman process; samples are named by their row."""
    table = columns(f"tep/{file}.csv.gz")
    return (numbers(table[x]), numbers(table[y])), [f"row {k:03}" for k in range(len(table[x]))]


def building(x: str, y: str) -> tuple[Pairs, list[str]]:
    """Two columns of an air handling unit while the building was occupied; samples are named by their time."""
    table = columns("lbnl_hvac/szvav_2017-09.csv.gz")
    occupied = numbers(table["occupied"]) == 1
    times = [time[5:16] for time, here in zip(table["timestamp"], occupied, strict=True) if here]
    return (numbers(table[x])[occupied], numbers(table[y])[occupied]), times


def cloud() -> tuple[Pairs, list[str]]:
    """Processor load and network traffic of two machines, joined by their equal times."""
    x, y = (columns(f"nab/cloud_cpu825cc2_x_net257a54.{side}.csv.gz") for side in "xy")
    traffic = dict(zip(y["timestamp"], numbers(y["value"]), strict=True))
    load = {time: value for time, value in zip(x["timestamp"], numbers(x["value"]), strict=True) if time in traffic}
    return (np.array(list(load.values())), np.array([traffic[time] for time in load])), [time[5:16] for time in load]


def numbers(column: list[str]) -> np.ndarray:
    return np.array([float(value) if value else np.nan for value in column])


def plant_case(file: str, x: str, y: str, fault: bool) -> Recording:
    """Windows of 40 rows, two hours: faults begin at row 160, and are to be found within 100 rows."""
    quiet = (("row 000", "row 160" if fault else "row 999"),)
    return Recording(partial(plant, file, x, y), 40, "4", ("row 160", "row 260") if fault else None, quiet)


_PLANT = (
    ("fault 14", "fault14", "XMEAS9", "XMEAS21", True),
    ("fault 14", "fault14", "XMEAS9", "XMV10", True),
    ("fault 6", "fault06", "XMEAS1", "XMV3", True),
    ("fault 3, not of this pair", "fault03", "XMEAS1", "XMV3", False),
    ("normal", "normal_d00_te", "XMEAS1", "XMV3", False),
    ("normal", "normal_d00_te", "XMEAS9", "XMEAS21", False),
    ("normal", "normal_d00_te", "XMEAS9", "XMV10", False),
)
RECORDINGS = {f"tep, {what}: {x} ~ {y}": plant_case(file, x, y, fault) for what, file, x, y, fault in _PLANT} | {
    # A day. The damper faults of the 18th and 19th do not touch this pair; the valve sticks on the 22nd.
    "lbnl_hvac, valve stuck on 22 September: SA_T ~ cool_valve": Recording(
        partial(building, "SA_T", "cool_valve"),
        720,
        "16",
        ("09-22 00:00", "09-22 23:59"),
        (("09-18 00:00", "09-21 23:59"), ("09-23 00:00", "09-24 23:59")),
    ),
    # A day.
    "nab, dependence on 16 April only: cpu825cc2 ~ net257a54": Recording(
        cloud,
        288,
        "8",
        ("04-16 00:00", "04-17 12:00"),
        (("04-10 00:00", "04-15 23:59"), ("04-17 12:01", "04-30 00:00")),
    ),
}

# With a normal run in front ------------------------------------------------------------------------------------------

WINDOWS = (40, 64, 128)  # rows: 2, 3.2 and 6.4 hours
FAULT_ROW = 160
NORMAL_ROWS = 960


@dataclass(frozen=True)
class Beside:
    """Two signals of the plant beside a baseline of a normal run."""

    file: str
    x: str
    y: str

    def __str__(self) -> str:
        return f"tep, {self.file}: {self.x} ~ {self.y}"

    def events(self, window: int, *, baseline: bool = True) -> list[Event]:
        """The events by the default detector. Of the normal run the first half is the baseline of the second."""
        (x, y), _ = plant(self.file, self.x, self.y)
        normal, _ = plant("normal_d00_te", self.x, self.y)
        if self.file == "normal_d00_te":
            half = x.size // 2
            normal, x, y = (x[:half], y[:half]), x[half:], y[half:]
        return events(x, y, DEFAULT_DETECTOR, window, "auto", normal=normal if baseline else None)

    def found(self, window: int) -> list[Event]:
        """The events that are found beside the baseline. Raises AssertionError for what comes before the fault."""
        news = [event for event in self.events(window) if event.kind != "recovered"]
        assert all(event.timestamp > FAULT_ROW for event in news) or self in SOUND, f"{self}: before the fault"
        return news


BROKEN = (
    Beside("fault06", "XMEAS1", "XMV3"),
    Beside("fault14", "XMEAS9", "XMEAS21"),
    Beside("fault14", "XMEAS9", "XMV10"),
    Beside("fault16", "XMEAS19", "XMV9"),  # not in MI: the flow follows something else as much as it did the valve
    Beside("fault19", "XMEAS20", "XMV5"),
)
SOUND = (
    Beside("fault03", "XMEAS1", "XMV3"),
    Beside("normal_d00_te", "XMEAS1", "XMV3"),
    Beside("normal_d00_te", "XMEAS9", "XMEAS21"),
    Beside("normal_d00_te", "XMEAS9", "XMV10"),
)


def baselines() -> Iterator[str]:
    """The events that are found beside a baseline, and without."""
    yield f"| beside a normal run; windows of | {' | '.join(f'{w} rows | without' for w in WINDOWS)} |"
    yield "|---|" + "---|" * 2 * len(WINDOWS)
    for case in BROKEN + SOUND:
        cells = [_first_of(case.events(w, baseline=beside)) for w in WINDOWS for beside in (True, False)]
        yield f"| {case} | {' | '.join(cells)} |"


def normal_runs(every: int) -> Iterator[str]:
    """How often something is found where there is nothing: in the normal run, of all pairs of its signals.

    And before the faults. Of every so many of these pairs; half of them chose the limits of a baseline's shape.
    """
    table = columns("tep/normal_d00_te.csv.gz")
    names = [name for name in table if name.startswith("X")]
    pairs = list(combinations(names, 2))
    np.random.default_rng(0).shuffle(pairs)
    signals = {name: numbers(table[name]) for name in names}
    chosen = [(signals[a], signals[b]) for a, b in pairs[::every]]
    half = NORMAL_ROWS // 2
    yield f"| normal run, {len(chosen)} pairs of its {len(names)} signals | stretches | with an event |"
    yield "|---|---|---|"
    for name, rows in (("stretches of 160 rows", 160), ("all of it, 960 rows", NORMAL_ROWS)):
        for bins_ in ("4", "auto"):
            found = [
                bool(_changes(events(x[k : k + rows], y[k : k + rows], DEFAULT_DETECTOR, 40, bins_)))
                for x, y in chosen
                for k in range(0, NORMAL_ROWS, rows)
            ]
            yield f"| {name}, windows of 40, {bins_} bins | {len(found)} | {sum(found)} |"
    faults = sorted(DATA.glob("tep/fault*.csv.gz"))
    before = [columns(f"tep/{path.name}") for path in faults]
    found = [
        bool(_changes(events(*(numbers(one[name])[:FAULT_ROW] for name in pair), DEFAULT_DETECTOR, 40, "4")))
        for one in before
        for pair in pairs[::every]
    ]
    yield f"| the {FAULT_ROW} rows before {len(faults)} faults, windows of 40, 4 bins | {len(found)} | {sum(found)} |"
    for window in WINDOWS:
        found = [
            bool(_changes(events(x[half:], y[half:], DEFAULT_DETECTOR, window, "auto", normal=(x[:half], y[:half]))))
            for x, y in chosen
        ]
        yield f"| the second half beside the first, windows of {window} | {len(found)} | {sum(found)} |"


def _changes(found: list[Event]) -> list[Event]:
    """Those of the dependence: a signal may well be stuck."""
    return [event for event in found if event.kind in ("gained", "lost", "shifted", "reshaped")]


def _first_of(found: list[Event]) -> str:
    return f"{found[0].kind}, row {found[0].timestamp:.0f}" if found else "nothing"


if __name__ == "__main__":
    sys.exit(main())
