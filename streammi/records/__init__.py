"""What crosses a stage, a thread or a socket: frozen values, their status in one number, and arrays as bytes."""

from streammi.records.readings import (
    UNIT_PER_BIT as UNIT_PER_BIT,
)
from streammi.records.readings import (
    AxisInfo as AxisInfo,
)
from streammi.records.readings import (
    DelayProfile as DelayProfile,
)
from streammi.records.readings import (
    Event as Event,
)
from streammi.records.readings import (
    EventKind as EventKind,
)
from streammi.records.readings import (
    FloatArray as FloatArray,
)
from streammi.records.readings import (
    HistoryLevel as HistoryLevel,
)
from streammi.records.readings import (
    IntArray as IntArray,
)
from streammi.records.readings import (
    LinkHealth as LinkHealth,
)
from streammi.records.readings import (
    LinkState as LinkState,
)
from streammi.records.readings import (
    PairBatch as PairBatch,
)
from streammi.records.readings import (
    Reading as Reading,
)
from streammi.records.readings import (
    SampleBatch as SampleBatch,
)
from streammi.records.readings import (
    Snapshot as Snapshot,
)
from streammi.records.readings import (
    Tally as Tally,
)
from streammi.records.readings import (
    Unit as Unit,
)
