"""The choices of the person at the keys: kept apart from what the feed says, and changed only by actions."""

from typing import Literal, TypeAlias

import msgspec

from streammi.config import Unit
from streammi.dashboard.drawing.palettes import Background, Palette
from streammi.dashboard.layout import PanelName

HeatmapMode: TypeAlias = Literal["counts", "conditional", "pointwise", "scatter"]
PairKey: TypeAlias = tuple[int, str]  # which monitor, and what it calls the pair; "" while it has none


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of one view; an action makes a new state of an old one."""

    pair: PairKey | None = None  # one that is not there, as None: the first there is
    unit: Unit | None = None  # None: as published
    heatmap: HeatmapMode = "counts"
    values: bool = False  # its axes: by value, cells as wide as their bins; else all bins alike
    palette: Palette = "cividis"
    background: Background = "dark"
    enlarged: PanelName | None = None
    span: int | None = None  # of the history, an index of history.SPANS; None: what suits the data
    until: float | None = None  # time at the history's right edge, s; None: the newest reading
    scrolled: int = 0  # lines of the event log
    help: bool = False
    readonly: bool = False
    reports: bool = False  # whether the monitor can be asked for a report from here
    message: str = ""  # the answer to the last key
