#!/usr/bin/env python3
"""Make the README's pictures: the demo's signals at a fixed time, drawn by the program itself, one picture a layout.

.venv/bin/python scripts/picture.py .github
"""

import argparse
from collections.abc import Iterator
from datetime import UTC

import numpy as np
from arguments import folder

from streammi.config import MonitorConfig, span
from streammi.dashboard.picture_files import save_svg
from streammi.monitor import Monitor
from streammi.records import LinkHealth, PairBatch, Snapshot
from streammi.samples.made_up import Seed

START = 1_767_225_600.0
PER_SECOND, PHASE_SECONDS = 1000, 10
SECONDS = 78  # the third parabola: all that a line, a parabola and nothing leave behind is in the last minute
ENDPOINT = "tcp://127.0.0.1:5556"
PICTURES = {  # layout: its size, and the keys pressed
    "wide": ((200, 60), ""),
    "full": ((120, 40), ""),
    "compact": ((80, 24), ""),
    "small": ((40, 12), ""),
    "line": ((20, 5), ""),
    "pointwise": ((100, 30), "eemm"),
}


def snapshots(seconds: float) -> Iterator[Snapshot]:
    """The demo's snapshots, ten a second, from its beginning on."""
    config = MonitorConfig(pair="demo", window=span(2000), lags=(-20, 20), null=99, detector="page-hinkley")
    monitor, seed = Monitor(config), Seed(np.random.default_rng(1), PHASE_SECONDS * PER_SECOND)
    for k in range(round(seconds * 10)):
        n = PER_SECOND // 10
        x, y = seed.pairs(n)
        monitor.feed(PairBatch(x=x, y=y, received=START + k / 10))
        link = LinkHealth(
            endpoint=ENDPOINT, state="connected", since=START - 1, messages=n * (k + 1), pairs=n * (k + 1),
            rate=float(PER_SECOND), bytes=90 * n * (k + 1), format="json",
        )  # fmt: skip
        yield monitor.snapshot(run=0, seq=k, timestamp=START + k / 10, links=(link,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=folder, help="where the pictures go")
    into = parser.parse_args().folder
    shown = list(snapshots(SECONDS))
    for name, ((width, height), keys) in PICTURES.items():
        save_svg(shown, width, height, into / f"dashboard-{name}.svg", keys=keys, zone=UTC)
    save_svg(shown, 120, 40, into / "dashboard-light.svg", keys=["light"], zone=UTC)


if __name__ == "__main__":
    main()
