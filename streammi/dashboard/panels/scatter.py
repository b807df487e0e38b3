"""The newest pairs as points, in the place of the heatmap: what one pair is, and not how many are alike."""

from typing import Final

import msgspec
import numpy as np

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.theme import Theme
from streammi.records import AxisInfo, FloatArray, IntArray, Snapshot

BRIGHT: Final = 16  # the newest of them, which stand out: where the pair is now


def framed(snapshot: Snapshot) -> Snapshot:
    """The snapshot with axes that reach all of its points: beyond the bins as they are, empty ones."""
    trace, counts = snapshot.trace, snapshot.counts
    assert trace is not None
    assert counts is not None
    axes = []
    for side, (axis, values) in enumerate(((snapshot.x, trace.x_newest), (snapshot.y, trace.y_newest))):
        assert axis.edges is not None
        least, most = values.min(), values.max()
        below, above = least < axis.edges[0], most > axis.edges[-1]
        edges = [*([least] if below else []), *axis.edges, *([most] if above else [])]
        empty = [(0, 0), (0, 0)]
        empty[side] = int(below), int(above)
        counts = np.pad(counts, empty)
        axes.append(msgspec.structs.replace(axis, edges=np.array(edges)))
    return msgspec.structs.replace(snapshot, counts=counts, x=axes[0], y=axes[1])


def points_legend(snapshot: Snapshot) -> tuple[str, str]:
    """The name of what is drawn, in longer and shorter words."""
    assert snapshot.trace is not None
    points = snapshot.trace.x_newest.size
    return f"the newest {points:,} pairs, the last {BRIGHT} bright", f"newest {points:,}"


def draw_points(canvas: Canvas, snapshot: Snapshot, theme: Theme) -> None:
    """Draw the points of a framed snapshot, y upwards."""
    trace = snapshot.trace
    assert trace is not None
    across, up = charts.DOTS["braille"] if theme.glyphs.name == "braille" else (1, 1)
    x = _places(trace.x_newest, snapshot.x, canvas.width * across)
    y = canvas.height * up - 1 - _places(trace.y_newest, snapshot.y, canvas.height * up)
    if up > 1:
        canvas.glyphs[...] = charts.braille(charts.braille_points(x, y, canvas.width, canvas.height))
    else:
        canvas.glyphs[y, x] = ord("*")
    canvas.pens[...] = theme.mi_soft
    canvas.pens[y[-BRIGHT:] // up, x[-BRIGHT:] // across] = theme.mi_strong


def _places(values: FloatArray, axis: AxisInfo, dots: int) -> IntArray:
    """The dot of each value, of ``dots`` from one end of the axis to the other."""
    assert axis.edges is not None
    share = charts.shares(values, axis.edges.item(0), axis.edges.item(-1))
    return np.asarray(np.minimum(share * dots, dots - 1).astype(np.int64))
