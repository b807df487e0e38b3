"""Each channel of a report by itself: over time, what it has and lacks."""

from html import escape

import numpy as np

from streammi.report.html import marked_table, section
from streammi.report.many.collect import ChannelFacts, ManyFindings

SPARK_WIDTH, SPARK_HEIGHT = 150, 24


def channel_section(found: ManyFindings) -> str:
    """The table of the channels, with a picture of each over time; empty where nothing is known of them."""
    if not found.channels:
        return ""
    rows = [
        (
            escape(one.name), _sparkline(one), f"{one.present / one.rows:.1%}" if one.rows else "",
            *(escape(_value(v)) for v in (one.least, one.mean, one.most)),
            f"{one.same / max(one.present - 1, 1):.0%}" if one.present > 1 else "", escape(_trouble(one)),
        )
        for one in found.channels
    ]  # fmt: skip
    head = ("channel", "over time", "there", "least", "mean", "most", "unchanged", "")
    words = "<p>There: the rows in which it has a value. Unchanged: those with the value of the row before.</p>"
    return section("The channels", words, marked_table(rows, head))


def _trouble(one: ChannelFacts) -> str:
    if not one.present:
        return "no values"
    if one.least == one.most:
        return "constant"
    return "mostly missing" if one.present < one.rows / 2 else ""


def _sparkline(one: ChannelFacts) -> str:
    """The channel over time, the least and the most of each stretch, as a picture in a line."""
    low, high = one.curve.low, one.curve.high
    known = np.isfinite(low) & np.isfinite(high)
    if np.count_nonzero(known) < 2:
        return ""
    bottom, top = float(low[known].min()), float(high[known].max())
    x, reach = np.linspace(1, SPARK_WIDTH - 1, low.size), (top - bottom) or 1.0
    up, down = (SPARK_HEIGHT - 2 - (end - bottom) / reach * (SPARK_HEIGHT - 4) for end in (high, low))
    path = ""
    for part in np.split(np.flatnonzero(known), np.flatnonzero(np.diff(np.flatnonzero(known)) > 1) + 1):
        there = [f"{x[k]:.0f} {up[k]:.1f}" for k in part]
        back = [f"{x[k]:.0f} {down[k]:.1f}" for k in part[::-1]]
        path += f"M{'L'.join([*there, *back])}Z"
    label = escape(f"{one.name} over time, from {_value(one.least)} to {_value(one.most)}", quote=True)
    return (
        f'<svg role="img" aria-label="{label}" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" '
        f'viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}"><path d="{path}" fill="currentColor" stroke="currentColor" '
        'stroke-width="0.8"/></svg>'
    )


def _value(value: float) -> str:
    return f"{value:.5g}" if np.isfinite(value) else "—"
