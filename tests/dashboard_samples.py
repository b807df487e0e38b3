"""Snapshots to draw: each says something that a dashboard must show."""

import numpy as np

from streammi.config import MonitorConfig, bins, span
from streammi.monitor import Monitor
from streammi.records import Event, LinkHealth, PairBatch, Snapshot

NOW = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC
HOSTILE = "\x1b[2J\x1b]0;owned\x07日本語 é\u202e"


def snapshot(kind: str = "linear", pair: str = "demo", state: str = "connected") -> Snapshot:
    """What a monitor says after 60 readings of a feed of one kind."""
    rng = np.random.default_rng(1)
    config = MonitorConfig(
        pair=pair,
        x_name=HOSTILE if kind == "hostile" else "temperature",
        y_name="power",
        window=span(1000),
        bins=bins("categories" if kind == "labels" else "16"),
        lags=(-10, 10) if kind == "delayed" else None,
    )
    monitor = Monitor(config)
    for k in range(0 if kind == "empty" else 60):
        x = rng.random(100)
        y = {
            "parabola": (2 * x - 1) ** 2 + rng.normal(0, 0.1, 100),
            "independent": rng.random(100),
            "stuck": np.full(100, 3.0),
        }.get(kind, x + rng.normal(0, 0.1, 100))
        if kind == "labels":
            x, y = (np.array(["off", "on", HOSTILE], dtype=object)[(v * 2.99).astype(int) % 3] for v in (x, y))
        monitor.feed(PairBatch(x=x, y=y, received=NOW + k / 10))
    events = (Event(pair=pair, kind="lost", timestamp=NOW + 3, size=0.9, unit="bit", evidence=f"fell {HOSTILE}"),)
    link = LinkHealth(
        endpoint="tcp://127.0.0.1:5556",
        state=state,  # type: ignore[arg-type]
        messages=6000,
        pairs=6000,
        rate=1000.0,
        malformed={"not JSON": 3} if kind == "hostile" else {},
        lag=0.002,
    )
    made = monitor.snapshot(run=1, seq=60, timestamp=NOW + 6, link=link)
    if kind != "hostile":
        return made
    import msgspec

    return msgspec.structs.replace(made, events=events)


KINDS = ("linear", "parabola", "independent", "stuck", "labels", "delayed", "hostile", "empty")
