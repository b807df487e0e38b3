"""The pictures of a report, made of what was found."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from streammi.dashboard.drawing.history_columns import Past, join
from streammi.records import Event, FloatArray
from streammi.records.events import kind_of
from streammi.records.verdict import lag_unit, leads_with_delay
from streammi.report.axes import line_up, places, time_axis
from streammi.report.collect import Findings
from streammi.report.curves import Curve
from streammi.report.portraits import joint, pointwise
from streammi.report.style import (
    BAD,
    BESIDE,
    MI_COLOUR,
    NULL_COLOUR,
    TONES,
    WIDTH,
    X_COLOUR,
    Y_COLOUR,
    label_ticks,
    short_name,
)
from streammi.report.svg import Picture, picture, style


def draw(found: Findings) -> dict[str, Picture]:
    """Each picture there is something for, under its name."""
    pictures: dict[str, Picture] = {}

    def add(name: str, figure: Figure, alt: str, caption: str) -> None:
        pictures[name] = picture(figure, len(pictures), alt, caption)

    with style():
        for name, parts in over_time(found).items():
            add(name, *parts)
        if found.live and (past := history_of(found)).t.size > 1:
            add("past", *_past(found, past))
        for k, portrait in enumerate(found.portraits):
            add(f"portrait-{k}", *joint(portrait))
        for k, portrait in enumerate(found.portraits):
            add(f"pointwise-{k}", *pointwise(portrait))
        if found.snapshot.profile is not None:
            add("delays", *_delays(found))
        if found.snapshot.reading is not None:
            add("entropies", *_entropies(found))
    return pictures


def over_time(found: Findings) -> dict[str, tuple[Figure, str, str]]:
    """The signals and their MI: a moment is at the same place in both, where both have the same time."""
    drawn: dict[str, tuple[Figure, str, str]] = {}
    if found.series.t.size:
        drawn["series"] = _series(found)
    if found.readings.t.size:
        drawn["mi"] = _mi(found)
    if len(drawn) == 2 and found.series_axis == found.axis:
        line_up([figure for figure, _, _ in drawn.values()])
    return drawn


def _series(found: Findings) -> tuple[Figure, str, str]:
    figure = Figure(figsize=(WIDTH, 4), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    names, curve, signals = found.names, found.series, (found.snapshot.x, found.snapshot.y)
    for k, (plot, signal, colour) in enumerate(zip(axes, signals, (X_COLOUR, Y_COLOUR), strict=True)):
        _envelope(plot, places(curve.t, found.series_axis), curve.low[k], curve.high[k], colour)
        plot.set_ylabel(short_name(signal.titled, BESIDE))
        if found.labels[k]:
            label_ticks(plot, "y", found.labels[k])
        if found.series_axis == found.axis:
            _mark(plot, found, [event for event in found.events if event.signal in ("both", "xy"[k])], curve.t)
    time_axis(axes[1], found.series_axis)
    each = (
        ""
        if curve.step == 1
        else f" Each point stands for {curve.step:,} samples: the smallest and the largest are drawn."
    )
    return (
        figure,
        f"{names[0]} and {names[1]} over time",
        f"The two signals over {'the last window' if found.live else 'time'}.{each}",
    )


def _mi(found: Findings) -> tuple[Figure, str, str]:
    figure = Figure(figsize=(WIDTH, 3), layout="constrained")
    plot = figure.subplots()
    mi, warming, unit = found.reading_curve("mi_corrected"), found.reading_curve("warming"), found.unit
    t = places(mi.t, found.axis)
    said = []
    band = found.reading_curve("null_q95").high
    if np.isfinite(band).any():
        label = "chance: 95 % of what is unrelated"
        plot.fill_between(t, 0, band, color=NULL_COLOUR, alpha=0.35, lw=0, label=label)
        said.append("In the grey band MI may be chance: the same signals have as much when one is delayed by long.")
    low, high = found.reading_curve("baseline_low").low, found.reading_curve("baseline_high").high
    if np.isfinite(low).any():
        plot.fill_between(t, low, high, color=X_COLOUR, alpha=0.2, lw=0, label="normal, by the baseline")
    _plot_if(plot, t, found.reading_curve("peak_mi"), NULL_COLOUR, "at the best delay")
    _plot_if(plot, t, found.reading_curve("cmi"), X_COLOUR, f"given {short_name(found.snapshot.given)}")
    if mi.step > 1:
        plot.fill_between(t, mi.low, mi.high, color=MI_COLOUR, alpha=0.3, lw=0)
        said.append(
            f"Each point stands for {mi.step} readings: their mean, and the range from the smallest to the largest."
        )
    plot.plot(t, mi.mean, color=MI_COLOUR, lw=1.4, label="MI")
    _plot_if(plot, t, warming, MI_COLOUR, "while the window fills", ls=":")
    _mark(plot, found, list(found.events), mi.t)
    plot.set_ylabel(f"MI, {unit}")
    plot.set_ylim(bottom=min(0.0, plot.get_ylim()[0]))
    time_axis(plot, found.axis)
    _legend(plot)
    alt = f"Mutual information over time{_range_words(found)}"
    return figure, alt, f"MI of the window that ends at each moment ({found.snapshot.window}). {' '.join(said)}"


def history_of(found: Findings) -> Past:
    """The past that the monitor itself keeps: of MI at the best delay where that leads."""
    reading = found.snapshot.reading
    return join(found.snapshot.history, at_peak=reading is not None and leads_with_delay(reading))


def _past(found: Findings, past: Past) -> tuple[Figure, str, str]:
    """MI as far back as the monitor keeps it, coarser the longer ago."""
    figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    plot = figure.subplots()
    t = places(past.t, found.axis)
    mi, low, high, null = past.values
    gaps = np.flatnonzero(past.apart)  # no line over what is missing
    t, mi, low, high, null = (np.insert(each, gaps, np.nan) for each in (t, mi, low, high, null))
    if np.isfinite(null).any():
        plot.fill_between(t, 0, null, color=NULL_COLOUR, alpha=0.35, lw=0, label="chance: 95 % of what is unrelated")
    plot.fill_between(t, low, high, color=MI_COLOUR, alpha=0.3, lw=0)
    plot.plot(t, mi, color=MI_COLOUR, lw=1.2, label="MI")
    _mark(plot, found, list(found.events), past.t)
    plot.set_ylabel(f"MI, {found.unit}")
    plot.set_ylim(bottom=min(0.0, plot.get_ylim()[0]))
    time_axis(plot, found.axis)
    _legend(plot)
    said = "As far back as the monitor keeps it. The longer ago, the more readings a point stands for: "
    return (
        figure,
        "Mutual information since the monitor's start",
        f"{said}their mean, and the range from the smallest to the largest.",
    )


def _delays(found: Findings) -> tuple[Figure, str, str]:
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    plot = figure.subplots()
    profile, reading = found.snapshot.profile, found.snapshot.reading
    assert profile is not None
    plot.plot(profile.lags, profile.mi, color=MI_COLOUR, lw=1.2, marker="." if profile.lags.size < 100 else "")
    plot.axvline(0, color=NULL_COLOUR, lw=0.8)
    best = int(np.nanargmax(profile.mi))
    at, mi = float(profile.lags[best]), float(profile.mi[best])
    unit = "samples" if reading is None else lag_unit(reading)
    plot.plot([at], [mi], "o", color=BAD, ms=6)
    plot.set_xlabel(f"delay, {profile.lag_unit}; positive: y follows x")
    plot.set_ylabel(f"MI, {found.unit}")
    alt = f"Mutual information by delay, largest at {at:g} {unit}: {mi:.3f} {found.unit}"
    return figure, alt, f"MI at each delay of the last window; largest at {at:g} {unit} ({mi:.3f} {found.unit})."


def _entropies(found: Findings) -> tuple[Figure, str, str]:
    """The two bars whose overlap is the MI, and the three entropies over time."""
    figure = Figure(figsize=(WIDTH, 3), layout="constrained")
    bars, over_time = figure.subplots(1, 2, width_ratios=(1, 1.4))
    reading = found.snapshot.reading
    assert reading is not None
    total = reading.h_xy
    for row, (left, width, colour, name) in enumerate(
        ((0.0, reading.h_x, X_COLOUR, "H(X)"), (total - reading.h_y, reading.h_y, Y_COLOUR, "H(Y)"))
    ):
        bars.barh(1 - row, width, left=left, height=0.6, color=colour, alpha=0.75)
        bars.text(left + width / 2, 1 - row, f"{name} {width:.2f}", ha="center", va="center")
    bars.axvspan(total - reading.h_y, reading.h_x, color=MI_COLOUR, alpha=0.25, lw=0)
    bars.set_yticks([])
    bars.set_xlabel(f"{reading.unit}; H(X,Y) {total:.2f}, overlap {reading.mi:.2f}")
    bars.set_title("the last window")
    t = places(found.readings.t, found.axis)
    for name, colour, label in (("h_x", X_COLOUR, "H(X)"), ("h_y", Y_COLOUR, "H(Y)"), ("h_xy", NULL_COLOUR, "H(X,Y)")):
        _plot_if(over_time, t, found.reading_curve(name), colour, label)
    over_time.set_ylabel(reading.unit)
    over_time.set_title("over time")
    time_axis(over_time, found.axis)
    _legend(over_time)
    alt = f"Entropies: H(X) {reading.h_x:.2f}, H(Y) {reading.h_y:.2f}, H(X,Y) {total:.2f} {reading.unit}"
    caption = (
        "Entropy is what is unknown about a signal. The overlap of the two bars is the MI as counted, not corrected "
        "for the number of pairs and of bins."
    )
    return figure, alt, caption


def _range_words(found: Findings) -> str:
    least, most, unit = found.summary.least, found.summary.most, found.unit
    return "" if least is None or most is None else f", from {least.mi:.2f} to {most.mi:.2f} {unit}"


def _envelope(plot: Axes, t: Any, low: FloatArray, high: FloatArray, colour: str) -> None:
    """A line through the least and the most of each stretch."""
    if np.array_equal(low, high, equal_nan=True):
        plot.plot(t, low, color=colour, lw=0.8)
    else:
        plot.plot(np.repeat(t, 2), np.stack((low, high), axis=1).ravel(), color=colour, lw=0.6)


def _plot_if(plot: Axes, t: Any, curve: Curve, colour: str, label: str, ls: str = "-") -> None:
    if np.isfinite(curve.mean).any():
        plot.plot(t, curve.mean, color=colour, lw=1, ls=ls, label=label)


def _legend(plot: Axes) -> None:
    if plot.get_legend_handles_labels()[0]:
        plot.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=4, fontsize="small")


def _mark(plot: Axes, found: Findings, events: list[Event], t: FloatArray) -> None:
    """Mark the events between the first and the last place."""
    for event in events:
        if not np.nanmin(t) <= event.timestamp <= max(np.nanmax(t), found.snapshot.timestamp):
            continue
        [place] = places(np.array([event.timestamp]), found.axis)
        plot.axvline(place, color=TONES[kind_of(event).tone], lw=0.9, ls="--", alpha=0.8)
