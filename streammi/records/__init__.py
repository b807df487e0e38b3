"""What crosses a stage, a thread or a socket: frozen values, their status in one number, and arrays as bytes."""

from streammi.config import Unit as Unit
from streammi.records.batches import (
    FloatArray as FloatArray,
)
from streammi.records.batches import (
    IntArray as IntArray,
)
from streammi.records.batches import (
    PairBatch as PairBatch,
)
from streammi.records.batches import (
    SampleBatch as SampleBatch,
)
from streammi.records.events import (
    Event as Event,
)
from streammi.records.events import (
    EventKind as EventKind,
)
from streammi.records.links import (
    LinkHealth as LinkHealth,
)
from streammi.records.links import (
    LinkState as LinkState,
)
from streammi.records.links import (
    Tally as Tally,
)
from streammi.records.readings import (
    UNIT_PER_BIT as UNIT_PER_BIT,
)
from streammi.records.readings import (
    Reading as Reading,
)
from streammi.records.snapshots import (
    AxisInfo as AxisInfo,
)
from streammi.records.snapshots import (
    DelayProfile as DelayProfile,
)
from streammi.records.snapshots import (
    HistoryLevel as HistoryLevel,
)
from streammi.records.snapshots import (
    Snapshot as Snapshot,
)
