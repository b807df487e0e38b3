"""The pictures of many channels: the matrix of all, pairs as points, and MI of what changed over time."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from streammi.dashboard.many.similarity import leaf_order
from streammi.publish.matrices import square_of
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray, MatrixSnapshot
from streammi.records.events import kind_of
from streammi.records.linear import linear_equivalent
from streammi.report.axes import places, time_axis
from streammi.report.curves import within_reach
from streammi.report.many.collect import ManyFindings
from streammi.report.style import BAD, MI_COLOUR, NULL_COLOUR, TONES, WIDTH, X_COLOUR, Y_COLOUR, short_name
from streammi.report.svg import Picture, picture, style

NAMED: Final = 64  # channels: of more the names beside a matrix could not be read
LEAST_CHANGE_BITS: Final = 0.1  # at the ends of the colours of change
ACROSS: Final = 4  # small pictures side by side
DOTS: Final = 600  # points of a small one
LINES: Final = 6  # pairs over time: more cannot be told apart
COLOURS: Final = (MI_COLOUR, X_COLOUR, Y_COLOUR, BAD, "#8b5cf6", "#0891b2")
MARKED: Final = 200  # changed pairs with a frame of their own


def order_of(matrix: MatrixSnapshot) -> IntArray:
    """The channels in the order of their similarity, as on the screen of many channels."""
    bits = matrix.mi / np.float32(UNIT_PER_BIT[matrix.unit])
    return leaf_order(bits, len(matrix.names))


def draw(found: ManyFindings, lists: Sequence[Sequence[tuple[int, int]]]) -> dict[str, Picture]:
    """Each picture there is something for, under its name; of each of the ``lists`` of pairs one, ``pairs-k``."""
    pictures: dict[str, Picture] = {}

    def add(name: str, figure: Figure, alt: str, caption: str) -> None:
        pictures[name] = picture(figure, len(pictures), alt, caption)

    order = order_of(found.matrix)
    with style():
        if len(found.matrix.names) > 1:
            add("matrix", *_matrix(found, order))
        last = found.last
        if last is not None and last.change is not None and np.isfinite(last.change).any():
            add("change", *_change(last, order))
        for k, pairs in enumerate(lists):
            drawn = [pair for pair in pairs if pair in found.points and found.points[pair].shape[1]]
            if drawn:
                add(f"pairs-{k}", *_small(found, drawn))
        if found.past is not None and found.past.t.size > 1:
            add("past", *_past(found))
    return pictures


def _matrix(found: ManyFindings, order: IntArray) -> tuple[Figure, str, str]:
    matrix = found.matrix
    shown = linear_equivalent(matrix.mi.astype(np.float64) / UNIT_PER_BIT[matrix.unit])
    if matrix.q is not None:
        shown = np.where(matrix.q > matrix.fdr, 0.0, shown)  # else chance would look like something
    figure, plot = _square(order)
    mesh = _shade(plot, square_of(shown, order.size), order, cmap=colormaps["cividis"], vmin=0, vmax=1)
    figure.colorbar(mesh, ax=plot, label="MI as |r|: the r of a line with as much MI", shrink=0.8)
    _channel_names(plot, matrix.names, order)
    chance = "Pairs that are no more than chance are 0. " if matrix.q is not None else ""
    said = f"Channels that are alike stand side by side. {chance}Empty is what is not known."
    return figure, f"Matrix of {order.size} channels: MI of each pair, as |r|", said


def _change(last: MatrixSnapshot, order: IntArray) -> tuple[Figure, str, str]:
    assert last.change is not None
    figure, plot = _square(order)
    most = max(float(np.nanmax(np.abs(last.change))), LEAST_CHANGE_BITS * UNIT_PER_BIT[last.unit])
    square = square_of(last.change, order.size)
    mesh = _shade(plot, square, order, cmap=colormaps["coolwarm"], norm=TwoSlopeNorm(0, -most, most))
    figure.colorbar(mesh, ax=plot, label=f"MI now less the usual, {last.unit}", shrink=0.8)
    _channel_names(plot, last.names, order)
    numbers = np.zeros(0, np.int64) if last.changed is None else last.changed
    place = np.argsort(order)
    sides = [place[side[numbers]] for side in np.triu_indices(order.size, 1)]
    if 0 < numbers.size <= MARKED:
        for a, b in ((sides[0], sides[1]), (sides[1], sides[0])):
            plot.scatter(a, b, marker="s", s=_dot(order.size), facecolors="none", edgecolors=BAD, lw=0.9)
    framed = " A red frame: by more than chance." if 0 < numbers.size <= MARKED else ""
    said = f"The last window beside the windows before it: blue is less MI than usual, red more.{framed}"
    return figure, f"Matrix of the change of MI: {numbers.size} pairs have changed", said


def _square(order: IntArray) -> tuple[Figure, Axes]:
    side = min(max(3.6, 0.15 * order.size + 2.2), WIDTH)
    figure = Figure(figsize=(WIDTH, side), layout="compressed")  # the square, its names and its colours side by side
    return figure, figure.subplots()


def _dot(channels: int) -> float:
    """The size of a mark as large as a cell, in points squared."""
    return (min(max(3.6, 0.15 * channels + 2.2), WIDTH) * 0.72 * 72 / channels) ** 2


def _shade(plot: Axes, square: FloatArray, order: IntArray, **how: Any) -> Any:
    plot.set_aspect("equal")
    edges = np.arange(order.size + 1) - 0.5
    mesh = plot.pcolormesh(edges, edges, np.ma.masked_invalid(square[np.ix_(order, order)]), rasterized=True, **how)
    plot.invert_yaxis()
    return mesh


def _channel_names(plot: Axes, names: Sequence[str], order: IntArray) -> None:
    if order.size > NAMED:
        plot.set_xticks([])
        plot.set_yticks([])
        return
    shown = [short_name(names[k], 24) for k in order.tolist()]
    size = 9 if order.size <= 40 else 7
    plot.set_xticks(range(order.size), shown, rotation=90, fontsize=size)
    plot.set_yticks(range(order.size), shown, fontsize=size)
    plot.tick_params(length=0)
    for side in ("left", "bottom"):
        plot.spines[side].set_visible(False)


def _small(found: ManyFindings, pairs: Sequence[tuple[int, int]]) -> tuple[Figure, str, str]:
    """Each pair as points."""
    down = math.ceil(len(pairs) / ACROSS)
    figure = Figure(figsize=(WIDTH, 2.5 * down), layout="constrained")
    plots = figure.subplots(down, ACROSS, squeeze=False).ravel()
    names = found.matrix.names
    for plot, (i, j) in zip(plots, pairs, strict=False):
        points = within_reach(found.points[i, j])
        x, y = points[:, :: max(1, math.ceil(points.shape[1] / DOTS))]
        plot.plot(x, y, ".", ms=2.5, alpha=0.5, color=MI_COLOUR, rasterized=True, mew=0)
        r = found.found.r.item(i, j)
        of_r = f"  r {r:.2f}" if math.isfinite(r) else ""
        plot.set_title(f"MI {found.found.mi.item(i, j):.2f}{of_r}", fontsize=9)
        plot.set_xlabel(short_name(names[i], 26), fontsize=8)
        plot.set_ylabel(short_name(names[j], 26), fontsize=8)
        plot.tick_params(labelsize=6)
        plot.locator_params(nbins=3)
    for plot in plots[len(pairs) :]:
        plot.set_axis_off()
    named = ", ".join(f"{names[i]} and {names[j]}" for i, j in pairs)
    return figure, f"Pairs as points: {named}", f"MI in {found.unit}. The pictures are in the order of the table."


def _past(found: ManyFindings) -> tuple[Figure, str, str]:
    """MI of the pairs that changed most, or else of the strongest, and below it how many pairs have changed."""
    past, changes = found.past, found.changes
    assert past is not None
    assert changes is not None
    pairs = changes.most(LINES)
    counted = bool(past.changed.any())
    figure = Figure(figsize=(WIDTH, 4.6 if counted else 3.2), layout="constrained")
    plots = figure.subplots(1 + counted, 1, sharex=True, squeeze=False, height_ratios=[3, 1][: 1 + counted]).ravel()
    t, first, second = places(past.t, found.axis), *np.triu_indices(len(found.matrix.names), 1)
    shown = pairs or np.argsort(-np.nan_to_num(found.matrix.mi, nan=-np.inf), kind="stable")[:LINES].tolist()
    names = found.matrix.names
    for number, colour in zip(shown, COLOURS, strict=False):
        label = f"{short_name(names[first[number]], 26)} ~ {short_name(names[second[number]], 26)}"
        plots[0].plot(t, past.of(number), color=colour, lw=1.2, label=label)
    for event in found.events:
        [place] = places(np.array([event.timestamp]), found.axis)
        for plot in plots:
            plot.axvline(place, color=TONES[kind_of(event).tone], lw=0.8, ls="--", alpha=0.7)
    plots[0].set_ylabel(f"MI, {found.unit}")
    plots[0].set_ylim(bottom=min(0.0, plots[0].get_ylim()[0]))
    if counted:
        plots[1].fill_between(t, 0, past.changed, color=NULL_COLOUR, alpha=0.6, lw=0, step="mid")
        plots[1].set_ylabel("pairs that\nhave changed")
    time_axis(plots[-1], found.axis)
    figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    which = "the pairs that changed most" if pairs else "the strongest pairs"
    each = f" Each point is the mean of {past.step} readings." if past.step > 1 else ""
    window = "" if found.last is None else f" ({found.last.window})"
    return figure, f"MI of {which} over time", f"MI of {which}, of the window that ends at each moment{window}.{each}"
