"""A second column of times, which the one that is taken does not go with: each signal has its own."""

import shlex
from collections.abc import Sequence
from typing import Final

import numpy as np

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.sampled import Sample, called
from streammi.ingest.files.tables import Table
from streammi.ingest.files.times.found_time import FoundTime
from streammi.ingest.files.times.time_detection import TimeDetection
from streammi.ingest.files.times.time_names import rank_of

TOGETHER: Final = 1e-3  # s: the end of a sample goes with its start, and local time with that of Greenwich


def times_apart(
    table: Table, sample: Sample, places: Sequence[int], found: FoundTime, options: FileOptions
) -> str:  # fmt: skip
    """A word on times that stand between the columns of x and of y, at ``places``; empty for none."""
    low, high = sorted(places[:2])
    if found.form is None or high - low < 2:
        return ""
    times = TimeDetection(table, sample, options)
    shared = found.seconds([sample.column(k) for k in found.places])
    for k in range(low + 1, high):
        if k in found.places or (rank_of(table.names[k]) is None and not times.looks_like_dates(k)):
            continue
        form, _ = times.readable(k)
        own = form.seconds(sample.column(k)) if form is not None else np.empty(0)
        apart = own - shared if own.size == shared.size else np.empty(0)
        apart = apart[np.isfinite(apart)]
        if apart.size > 1 and float(np.ptp(apart)) > TOGETHER:
            path, (x, y) = table.source.path, (called(table.names, place) for place in places[:2])
            words = shlex.join(["--x", f"{path}:{x}", "--y", f"{path}:{y}"])
            return f"{called(table.names, high)} has times of its own, {called(table.names, k)}: {words} pairs by them"
    return ""
