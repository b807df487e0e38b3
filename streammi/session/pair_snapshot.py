"""One pair of a monitor of many channels as its own view shows it, made of the window's rows when it is asked for."""

from typing import Any

import msgspec
import numpy as np

from streammi.config import ChannelConfig
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.information.rank_correlation import spearman
from streammi.monitor.bins import axis_info
from streammi.monitor.signal_trace import SignalTraces
from streammi.records import ChannelMatrices, Snapshot
from streammi.records.link_totals import total
from streammi.records.status import status_of
from streammi.records.verdict import verdict


def pair_snapshot(
    window: ChannelWindow, i: int, j: int, found: ChannelMatrices, config: ChannelConfig, **origin: Any
) -> Snapshot:
    """The snapshot of two channels by number; ``origin``: its pair, run, seq, timestamp, links and events.

    It has no history, which the matrices tell, and no delays; p is that of the newest test of all pairs. O(n log n).
    """
    names, known = window.names, all(window.axes[k] is not None for k in (i, j))
    pair = window.pair(i, j) if known else None
    by = config.estimator
    reading = None if pair is None else pair.reading(config.unit, by, pair.batch_errors(by))
    words = "too few rows to learn bins"
    if pair is not None and reading is not None:
        p = None if found.p is None else found.p.item((i, j))
        reading = msgspec.structs.replace(
            reading,
            spearman_r=spearman(*pair.values) if pair.n > 1 else None,
            fill=window.fill,  # of rows: a pair whose values are missing now and then never fills it
            test="shift" if config.tested else None,
            p=p if p is not None and np.isfinite(p) else None,
        )
        words = verdict(reading, untested=found.untested or "untested")
    elif pair is not None:
        words = "in no row are both there"
    x, y = (axis_info(names[k], "", window.axes[k] if known else None) for k in (i, j))
    return Snapshot(
        window=str(window.size).replace("pairs", "rows"), window_seconds=window.size.seconds, x=x, y=y, reading=reading,
        counts=None if pair is None or reading is None else pair.counts.astype(np.int64), verdict=words,
        status=int(status_of(reading, total(origin["links"]))),
        trace=None if pair is None or reading is None else SignalTraces().of(pair), **origin,
    )  # fmt: skip
