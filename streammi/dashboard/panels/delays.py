"""MI at each delay, with the peak."""

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.cells import columns
from streammi.dashboard.drawing.wording import number, short, short_in, signed
from streammi.dashboard.panels.title import titled
from streammi.dashboard.scene import Scene
from streammi.records import DelayProfile, FloatArray
from streammi.records.verdict import best_delay, delay_stands_out

LEAST_SIZE = (24, 5)

LABEL = 6  # as in the chart over time


def says(scene: Scene) -> bool:
    """True if a bank of delays is kept and holds something."""
    profile = scene.snapshot.profile if scene.snapshot else None
    return profile is not None and bool(np.isfinite(profile.mi).any())


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw the profile as bars, one column or more a delay, the peak marked, and the peak in words."""
    theme, profile = scene.theme, scene.snapshot.profile if scene.snapshot else None
    assert profile is not None
    body = titled(canvas, theme, f"MI BY DELAY ({scene.unit})", "positive: y follows x")
    words = next((one for one in in_words(scene) if columns(one) <= body.width), "")
    body.text(0, 0, words, theme.strong)
    room = body.part(LABEL, 1, body.width - LABEL, body.height - 2)
    if room.width < 3 or room.height < 1:
        return
    mi, peak = per_column(profile.mi, room.width)
    top = charts.nice_ceiling(float(np.nanmax(mi)))
    room.glyphs[...] = charts.bars(mi / top, room.height, theme.glyphs.levels)
    room.pens[...] = theme.mi_soft
    room.pens[:, peak] = theme.mi_strong
    body.part(0, 1, LABEL, 1).right(0, short_in(top, LABEL - 1), theme.dim, margin=1)
    body.part(0, room.height, LABEL, 1).right(0, "0", theme.dim, margin=1)
    _axis(body.part(LABEL, body.height - 1, room.width, 1), room, profile, scene)


def per_column(mi: FloatArray, width: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The MI of each column, the most of its delays where several share one, and which columns hold the peak.

    >>> values, peak = per_column(np.array([0.1, 0.5, 0.2]), 7)
    >>> values.tolist(), np.flatnonzero(peak).tolist()
    ([0.1, 0.1, 0.1, 0.5, 0.5, 0.2, 0.2], [3, 4])
    >>> per_column(np.array([0.1, 0.5, 0.2, 0.3]), 2)[0].tolist()
    [0.5, 0.3]
    """
    starts = np.arange(width) * len(mi) // width  # where several columns share a delay, reduceat takes that one
    values = np.fmax.reduceat(mi, starts)
    at_peak = np.logical_or.reduceat(np.arange(len(mi)) == np.nanargmax(mi), starts)
    return values, at_peak


def _axis(canvas: Canvas, plot: Canvas, profile: DelayProfile, scene: Scene) -> None:
    theme = scene.theme
    low, high = float(profile.lags[0]), float(profile.lags[-1])
    canvas.text(0, 0, signed(low, 0) if low == round(low) else short(low).replace("-", "−"), theme.dim)
    canvas.right(0, f"{signed(high, 0) if high == round(high) else short(high)} {profile.lag_unit}", theme.dim)
    if low < 0 < high:
        # In the middle of its columns, as they are dealt out to the delays.
        zero = int((-low / (high - low) * (len(profile.lags) - 1) + 0.5) * plot.width / len(profile.lags))
        canvas.text(zero, 0, "0", theme.dim)
        free = plot.glyphs[:, zero] == SPACE
        plot.glyphs[free, zero], plot.pens[free, zero] = ord(theme.glyphs.dotted_down), theme.faint


def in_words(scene: Scene) -> tuple[str, ...]:
    """Where the peak is and what that means, in longer and shorter words."""
    reading = scene.reading
    if reading is None or reading.peak_lag is None:
        return ("",)
    words = best_delay(reading)
    mi = f"{'' if delay_stands_out(reading) else 'most '}{number(reading.peak_mi)} {scene.unit}"
    sure = "" if reading.peak_p is None else f", p {reading.peak_p:.3g}"
    return (f"{words}: {mi}{sure}", f"{words}: {mi}", words, mi)
