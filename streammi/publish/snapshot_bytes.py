"""Snapshots as msgpack, their arrays as publish.packed_messages has them, and whether the arrays fit together."""

from collections.abc import Sequence
from typing import Final

from streammi.errors import FeedError
from streammi.publish.messages import snapshot_topic
from streammi.publish.packed_messages import PackedMessages
from streammi.records import AxisInfo, FloatArray, Snapshot

MAX_SNAPSHOT_BYTES: Final = 1 << 24  # 1024 x 1024 counts are 8 MiB; history, events and links the rest

_messages: Final = PackedMessages(Snapshot, "snapshot", MAX_SNAPSHOT_BYTES)


def snapshot_message(snapshot: Snapshot) -> list[bytes]:
    """``[topic, msgpack]`` of a snapshot."""
    return _messages.write(snapshot_topic(snapshot.pair), snapshot)


def read_snapshot(frames: Sequence[bytes]) -> Snapshot:
    """A published snapshot, its arrays read-only and of shapes that fit together; FeedError for anything else."""
    pair, snapshot = _messages.read(frames, snapshot_topic(""))
    if snapshot.pair != pair:
        raise FeedError("bad header", f"topic of {pair!r}, snapshot of {snapshot.pair!r}")
    if not _shapes_fit(snapshot):
        raise FeedError("lengths differ", "arrays of a snapshot")
    return snapshot


def _shapes_fit(snapshot: Snapshot) -> bool:
    x, y, counts, profile = snapshot.x, snapshot.y, snapshot.counts, snapshot.profile
    if counts is not None and counts.ndim != 2:
        return False
    rows, columns = (None, None) if counts is None else counts.shape
    groups: list[tuple[FloatArray, ...]]
    groups = [
        (level.t, level.mi, level.low, level.high, level.null_q95, *_known(level.peak, level.fill))
        for level in snapshot.history
    ]
    groups += [(profile.lags, profile.mi)] if profile else []
    if (trace := snapshot.trace) is not None:
        groups += [(trace.x_low, trace.x_high, trace.y_low, trace.y_high), (trace.x_newest, trace.y_newest)]
    return (
        _axis_fits(x, rows)
        and _axis_fits(y, columns)
        and all(array.shape == (group[0].size,) for group in groups for array in group)
    )


def _known(*arrays: FloatArray | None) -> tuple[FloatArray, ...]:
    """Those that are there."""
    return tuple(array for array in arrays if array is not None)


def _axis_fits(axis: AxisInfo, bins: int | None) -> bool:
    """True if the edges are those of so many bins, or the labels no more than they are; None: any number."""
    if axis.edges is not None:
        return axis.edges.ndim == 1 and axis.edges.size >= 2 and bins in (None, axis.edges.size - 1)
    return bins is None or (axis.labels is not None and len(axis.labels) <= bins)
