"""A portrait of the pairs of a window: as a joint histogram with points, and where its MI comes from."""

import math
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from streammi.records import AxisInfo, FloatArray, Reading
from streammi.report.collect import Portrait
from streammi.report.curves import within_reach
from streammi.report.style import MI_COLOUR, WIDTH, label_ticks, short_name

DOTS: Final = 3000


def joint(portrait: Portrait) -> tuple[Figure, str, str]:
    """The points, and the joint histogram beside them."""
    numbers, alone = _numbers_of(portrait.reading), not portrait.points.size
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    figure.suptitle(f"{portrait.title}: {numbers}")
    if alone:
        counts = figure.subplots()
    else:
        dots, counts = figure.subplots(1, 2, sharex=True, sharey=True)
        _points(dots, portrait)
    seen = np.where(portrait.counts > 0, portrait.counts, np.nan).astype(np.float64)
    mesh = _mesh(counts, portrait, seen, cmap=colormaps["viridis"], norm=PowerNorm(0.5, vmin=0))
    bar = figure.colorbar(mesh, ax=counts, label="pairs in a cell")
    bar.ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    counts.set_title("the joint histogram")
    shown = "joint histogram" if alone else "points and joint histogram"
    return figure, f"{portrait.title}: {shown} of {portrait.x.name} and {portrait.y.name}, {numbers}", ""


def _points(dots: Axes, portrait: Portrait) -> None:
    x, y = within_reach(portrait.points[:, _evenly(portrait.points.shape[1])])
    if portrait.x.labels or portrait.y.labels:  # many are at one place: spread within half a step
        random = np.random.default_rng(0)
        x, y = (
            v if axis.labels is None else v + random.uniform(-0.3, 0.3, v.size)
            for v, axis in ((x, portrait.x), (y, portrait.y))
        )
    dots.plot(x, y, ".", ms=4, alpha=0.6, color=MI_COLOUR, rasterized=True, mew=0)
    dots.set_title("the pairs as points")
    _names(dots, portrait)


def pointwise(portrait: Portrait) -> tuple[Figure, str, str]:
    """Where the MI comes from: log of how much more often a cell is hit than if the signals were unrelated."""
    figure = Figure(figsize=(WIDTH * 0.6, 4.2), layout="constrained")
    plot = figure.subplots()
    p = portrait.counts / portrait.counts.sum()
    apart = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.where(p > 0, np.log2(p / apart), np.nan)
    most = max(float(np.nanmax(np.abs(bits))), 1e-9)
    mesh = _mesh(plot, portrait, bits, cmap=colormaps["coolwarm"], norm=TwoSlopeNorm(0, -most, most))
    figure.colorbar(mesh, ax=plot, label="pointwise MI, bit")
    plot.set_title(portrait.title)
    alt = f"{portrait.title}: pointwise mutual information of {portrait.x.name} and {portrait.y.name}"
    return figure, alt, ""


def _mesh(plot: Axes, portrait: Portrait, values: FloatArray, **how: Any) -> Any:
    mesh = plot.pcolormesh(_edges(portrait.x), _edges(portrait.y), values.T, rasterized=True, **how)
    _names(plot, portrait)
    for limit, edges, seen in (
        (plot.set_xlim, _edges(portrait.x), portrait.counts.any(axis=1)),
        (plot.set_ylim, _edges(portrait.y), portrait.counts.any(axis=0)),
    ):
        used = np.flatnonzero(seen)  # bins may reach far beyond a window that has become quiet
        limit(edges[used[0]], edges[used[-1] + 1])
    return mesh


def _names(plot: Axes, portrait: Portrait) -> None:
    plot.set_xlabel(short_name(portrait.x.titled))
    plot.set_ylabel(short_name(portrait.y.titled))
    for side, axis in (("x", portrait.x), ("y", portrait.y)):
        if axis.labels is not None:
            label_ticks(plot, side, axis.labels)


def _edges(axis: AxisInfo) -> FloatArray:
    """The edges of the cells; labels are half a step around their numbers."""
    if axis.edges is not None:
        return within_reach(axis.edges)
    return np.arange(len(axis.labels or ()) + 1, dtype=np.float64) - 0.5


def _evenly(n: int) -> slice:
    return slice(None, None, max(1, math.ceil(n / DOTS)))


def _numbers_of(reading: Reading) -> str:
    """The numbers of a window, in a line."""
    parts = [f"MI {reading.mi_corrected:.2f} {reading.unit}"]
    if reading.pearson_r is not None:
        parts.append(f"r {reading.pearson_r:.2f}")
    return " · ".join((*parts, f"{reading.n:,} pairs"))
