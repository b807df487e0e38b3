"""Frozen values that cross a stage, a thread or a socket, their status in one number, and arrays as bytes."""

from streammi.config import Unit as Unit
from streammi.records.batches import (
    FloatArray as FloatArray,
    IntArray as IntArray,
    PairBatch as PairBatch,
    SampleBatch as SampleBatch,
)
from streammi.records.events import (
    Event as Event,
    EventKind as EventKind,
)
from streammi.records.links import (
    LinkHealth as LinkHealth,
    LinkState as LinkState,
    Tally as Tally,
)
from streammi.records.readings import (
    UNIT_PER_BIT as UNIT_PER_BIT,
    Reading as Reading,
)
from streammi.records.snapshots import (
    AxisInfo as AxisInfo,
    DelayProfile as DelayProfile,
    HistoryLevel as HistoryLevel,
    Snapshot as Snapshot,
)
