#!/usr/bin/env python3
"""Make the README's picture of the dashboard: the demo's parabola after its linear phase, drawn by the program itself.

.venv/bin/python scripts/picture.py .github/dashboard.svg
"""

import sys
from pathlib import Path

import numpy as np

from streammi.config import MonitorConfig, span
from streammi.dashboard import save, view
from streammi.dashboard.glyphs import BRAILLE
from streammi.dashboard.state import State
from streammi.dashboard.theme import Pens, make_theme
from streammi.ingest.seed import Seed
from streammi.monitor import Monitor
from streammi.records import LinkHealth, PairBatch

START = 1_767_225_600.0
ENDPOINT = "tcp://127.0.0.1:5556"


def main() -> None:
    path = Path(sys.argv[1])
    monitor = Monitor(MonitorConfig(pair="demo", window=span(2000), lags=(-20, 20)))
    seed = Seed(np.random.default_rng(1), 10_000)
    for k in range(180):
        x, y = seed.pairs(100)
        monitor.feed(PairBatch(x=x, y=y, received=START + k / 10))
    link = LinkHealth(endpoint=ENDPOINT, state="connected", messages=18_000, pairs=18_000, rate=1000.0)
    snapshot = monitor.snapshot(run=0, seq=180, timestamp=START + 18, link=link)
    theme = make_theme(BRAILLE, Pens("truecolor"))
    canvas = view.draw([snapshot], State(), theme, 112, 34, "", START + 18)
    path.write_text(save.svg(canvas, theme, "streammi demo"))


if __name__ == "__main__":
    main()
