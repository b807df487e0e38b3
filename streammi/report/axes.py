"""The axes of pictures along which time goes, or the number of the sample."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from streammi.records import FloatArray
from streammi.report.collect import MOST_DATE, SINCE_EPOCH, Axis

DAY: Final = 86400.0  # s


def moment(t: float, axis: Axis) -> str:
    """A place in a recording, in words.

    >>> moment(1.7e9, "date"), moment(1726200.5, "s"), moment(1200, "sample")
    ('2023-11-14 22:13:20 UTC', '1,726,200.5 s', 'sample 1,200')
    """
    if axis == "sample":
        return f"sample {t:,.0f}"
    if SINCE_EPOCH <= t < MOST_DATE:
        return f"{datetime.fromtimestamp(t, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"{t:,.10g} s"


def places(t: FloatArray, axis: Axis) -> Any:
    """Times as matplotlib has dates, where they are dates."""
    return t / DAY if axis == "date" else t


def time_axis(plot: Axes, axis: Axis) -> None:
    """Name the axis, and mark dates where it has them."""
    if axis != "date":
        plot.set_xlabel({"sample": "sample", "pairs": "pairs, of which the newest is at 0", "s": "time, s"}[axis])
    else:
        locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
        plot.xaxis.set_major_locator(locator)
        plot.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]
        plot.set_xlabel("time, UTC")


def line_up(figures: Sequence[Figure]) -> None:
    """Let the plots of figures that are equally wide have the same times at the same places."""
    plots = [plot for figure in figures for plot in figure.axes]
    ends = [plot.get_xlim() for plot in plots]
    for plot in plots:
        plot.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
    for figure in figures:  # its layout finds room for the labels, which are not equally long
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    boxes = [plot.get_position() for plot in plots]
    left, right = max(box.x0 for box in boxes), min(box.x1 for box in boxes)
    for plot, box in zip(plots, boxes, strict=True):
        plot.set_position((left, box.y0, right - left, box.height))
