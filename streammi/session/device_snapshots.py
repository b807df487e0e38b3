"""What a view of a monitor of devices shows: the monitor as a whole, and one device, made when it is asked for."""

from typing import Any

import msgspec
import numpy as np

from streammi.config import KeyedConfig
from streammi.core.information.rank_correlation import spearman
from streammi.core.keyed.keyed_window import KeyedWindow
from streammi.monitor.bins import axis_infos, shown_counts
from streammi.monitor.signal_trace import SignalTraces
from streammi.records import AxisInfo, LinkHealth, Snapshot
from streammi.records.status import Status, status_of
from streammi.records.verdict import verdict


def snapshot_of_all(windows: KeyedWindow, config: KeyedConfig, link: LinkHealth, **origin: Any) -> Snapshot:
    """The snapshot of the monitor as a whole, without a reading; ``origin``: its run, seq and timestamp."""
    pair, count = config.pair, len(windows)
    x, y = pair.called
    return Snapshot(
        pair=pair.pair,
        window=str(pair.window),
        x=AxisInfo(name=x, unit=pair.x_unit),
        y=AxisInfo(name=y, unit=pair.y_unit),
        reading=None,
        counts=None,
        links=(link,),
        devices=count,
        key=config.key,
        verdict=f"{count:,} device{'s' * (count != 1)} by {config.key}",
        status=int(status_of(None, link) & ~Status.WARMING_UP),
        **origin,
    )


def snapshot_of_device(
    windows: KeyedWindow, key: str, config: KeyedConfig, link: LinkHealth, **origin: Any
) -> Snapshot:
    """The snapshot of one device; ``origin``: its pair as topics call it, its run, seq and timestamp. O(n log n).

    It has no history, which its readings tell, no delays and no p: neither is computed of devices.
    """
    pair, window = config.pair, windows.window(key)
    reading = window.reading(pair.unit, pair.estimator, window.batch_errors(pair.estimator))
    if reading is not None:
        ranks = spearman(*windows.values(key)) if window.n > 1 else None
        reading = msgspec.structs.replace(reading, spearman_r=ranks, **windows.totals(key))
    x, y = axis_infos(pair, window)
    return Snapshot(
        window=str(pair.window),
        x=x,
        y=y,
        reading=reading,
        counts=None if reading is None else shown_counts(window.counts.astype(np.int64), (x, y)),
        trace=None if reading is None else SignalTraces().of(window),
        links=(link,),
        verdict="too few pairs to learn bins" if reading is None else verdict(reading, untested="untested"),
        status=int(status_of(reading, link)),
        **origin,
    )
