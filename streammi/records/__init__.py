"""Frozen values that cross a stage, a thread or a socket, their status in one number, and arrays as bytes."""

from streammi.config import (
    Unit,
)
from streammi.records.batches import (
    FloatArray,
    IntArray,
    KeyedBatch,
    PairBatch,
    SampleBatch,
)
from streammi.records.channels import ChannelMatrices, MatrixSnapshot, RowBatch
from streammi.records.events import (
    Event,
    EventKind,
)
from streammi.records.links import (
    LinkHealth,
    LinkState,
    Tally,
)
from streammi.records.readings import (
    DIRECTIONS,
    UNIT_PER_BIT,
    Reading,
)
from streammi.records.snapshots import (
    AxisInfo,
    DelayProfile,
    HistoryLevel,
    SignalTrace,
    Snapshot,
)

__all__ = [
    "DIRECTIONS",
    "UNIT_PER_BIT",
    "AxisInfo",
    "ChannelMatrices",
    "DelayProfile",
    "Event",
    "EventKind",
    "FloatArray",
    "HistoryLevel",
    "IntArray",
    "KeyedBatch",
    "LinkHealth",
    "LinkState",
    "MatrixSnapshot",
    "PairBatch",
    "Reading",
    "RowBatch",
    "SampleBatch",
    "SignalTrace",
    "Snapshot",
    "Tally",
    "Unit",
]
