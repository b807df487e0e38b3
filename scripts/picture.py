#!/usr/bin/env python3
"""Make the README's picture of the dashboard: the demo's parabola after its linear phase, drawn by the program itself.

.venv/bin/python scripts/picture.py .github/dashboard.svg [COLUMNSxROWS]
"""

import sys
from datetime import UTC
from pathlib import Path

import numpy as np

from streammi.config import MonitorConfig, span
from streammi.dashboard.save import save_svg
from streammi.ingest.seed import Seed
from streammi.monitor import Monitor
from streammi.records import LinkHealth, PairBatch

START = 1_767_225_600.0
ENDPOINT = "tcp://127.0.0.1:5556"


def main() -> None:
    path, size = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "120x40"
    monitor = Monitor(MonitorConfig(pair="demo", window=span(2000), lags=(-20, 20)))
    seed = Seed(np.random.default_rng(1), 10_000)
    snapshots = []
    for k in range(180):
        x, y = seed.pairs(100)
        monitor.feed(PairBatch(x=x, y=y, received=START + k / 10))
        link = LinkHealth(
            endpoint=ENDPOINT, state="connected", messages=100 * k + 100, pairs=100 * k + 100, rate=1000.0
        )
        snapshots.append(monitor.snapshot(run=0, seq=k, timestamp=START + k / 10, links=(link,)))
    width, _, height = size.partition("x")
    save_svg(snapshots, int(width), int(height), path, zone=UTC)


if __name__ == "__main__":
    main()
