"""A scene as the page shows it: words with their roles, and numbers to draw. The browser places them, and decides
nothing but what a person chooses there; times go as seconds since the epoch, as a browser has its own time zone.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from streammi.dashboard.drawing.heatmap_cells import merge, shown_bins
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import ahead, number, pace
from streammi.dashboard.panels import correlation, delays, direct, entropy, events, health, history, now
from streammi.dashboard.panels.bars import filling
from streammi.dashboard.panels.title import Spans
from streammi.dashboard.scene import Scene, Tab, by_rank
from streammi.records import AxisInfo, FloatArray, LinkHealth, Reading, Snapshot
from streammi.records.events import kind_of
from streammi.records.link_totals import total
from streammi.records.links import is_stale, state_of
from streammi.records.verdict import SIGNIFICANT, strength

Json: TypeAlias = dict[str, Any]
Words: TypeAlias = list[tuple[str, str]]  # texts, each with its role: a class of the page's style sheet
ROLES: Final = ("dim", "faint", "text", "strong", "mi", "mi_strong", "x", "y", "null", "good", "warn", "bad")
MOST_DECIMALS: Final = 15  # that are rounded to: what is smaller goes as it is
MOST_CELLS: Final = 64  # a side of the heatmap: neighbours are added up until there are no more


def head(scene: Scene) -> Json:
    """Everything but the charts."""
    snapshot, reading = scene.snapshot, scene.reading
    found: Json = {
        "key": scene.shown,
        "states": states_of(scene, snapshot.links if snapshot else ()),
        "stale": scene.stale,
        "note": scene.link_note,
        "unit": scene.unit,
    }
    if snapshot is None:
        return found
    link = total(snapshot.links) if snapshot.links else None
    newest = reading.t1 if reading else None
    found |= {
        "pair": snapshot.pair,
        "run": snapshot.run,
        "seq": snapshot.seq,
        "x": snapshot.x.name,
        "y": snapshot.y.name,
        "at": scene.wall if scene.stale or newest is None else newest,
        "rate": pace(link.rate) if link is not None and link.rate is not None and not scene.stale else "",
        "window": f"window {snapshot.window}{filling(scene)}",
        "filled": reading is not None and reading.fill >= 1,
        "warnings": scene.warnings,
        "alarms": [alarm.rule for alarm in snapshot.alarms],
        "feed": _feed(scene, snapshot),
    }
    if reading is None:
        return found | {"waiting": now.waiting(scene)[0]}
    return found | _of_reading(scene, snapshot, reading)


def _of_reading(scene: Scene, snapshot: Snapshot, reading: Reading) -> Json:
    known = () if reading.test == "g" else (reading.p, reading.peak_p)  # by the G-test nothing is sure
    return {
        "mi": number(max(strength(reading), 0.0)),
        "delayed": scene.delayed,
        "estimator": reading.estimator.replace("_", "-"),
        "details": [words(spans, scene.theme) for spans in _details(scene, reading)],
        "verdict": snapshot.verdict,
        "sure": not scene.stale and any(p is not None and p <= SIGNIFICANT for p in known),
        "evidence": next(iter(now.significance(reading)), ""),
        "normal": history.band_of(scene),
        "entropy": _entropy(scene, reading) if entropy.says(scene) else None,
        "nmi": None if reading.nmi is None else number(reading.nmi, 2),
        "coefficients": [
            {"name": name, "value": min(max(value, -1.0), 1.0), "text": text, "role": role(pen, scene.theme)}
            for name, value, text, pen in correlation.coefficients(scene, reading)
        ],
        "why": _why(snapshot, reading) if direct.says(scene) else None,
    }


def words(spans: Spans, theme: Theme) -> Words:
    """Texts with the names of their roles in the place of pens."""
    return [(text, role(pen, theme)) for text, pen in spans]


def role(pen: int, theme: Theme) -> str:
    """The name of what a pen of a theme stands for."""
    return next((name for name in ROLES if getattr(theme, name) == pen), "text")


def states_of(scene: Scene, links: Sequence[LinkHealth]) -> list[Words]:
    """How the connection to the monitor is where it is not well, and how its feed is."""
    found: list[Words] = []
    if scene.link != "connected":
        found.append([(f"monitor {scene.link}{scene.link_lasted}", state_of(scene.link).tone)])
    if links and not is_stale(scene.link):  # else it is what it was
        link = total(links)
        lasted = scene.lasted(link) if link.state != "connected" else ""
        found.append([(f"{link.state}{lasted}", state_of(link.state).tone)])
    return found


def _details(scene: Scene, reading: Reading) -> Iterable[Spans]:
    """The words beside the number."""
    if scene.stale:
        yield now.stale(scene)
    if reading.fill < 1:
        left = scene.full_in
        share = f"{reading.fill:.0%} full"
        yield [(share if left is None else f"{share}, full in {ahead(left)}", scene.theme.warn)]
    yield from now.of_value(scene, reading)


def _entropy(scene: Scene, reading: Reading) -> Json:
    """The three parts of H(X,Y) as shares of it, and what they are in words."""
    h_x, h_y, h_xy = entropy.entropies(scene)
    first = min(max(reading.h_x_given_y / reading.h_xy, 0.0), 1.0)
    second = min(max(reading.h_x / reading.h_xy, first), 1.0)
    return {
        "x": f"{h_x} {reading.unit}",
        "y": f"{h_y} {reading.unit}",
        "xy": f"{h_xy} {reading.unit}",
        "shares": [first, second - first, 1 - second],
        "parts": [
            f"{name} {number(value, 2)} {reading.unit}"
            for name, value in (
                ("H(X|Y)", reading.h_x_given_y), ("I(X;Y)", reading.mi), ("H(Y|X)", reading.h_y_given_x),
            )
        ],
    }  # fmt: skip


def _why(snapshot: Snapshot, reading: Reading) -> Json:
    """The share that conditions explain, and which signal drives which."""
    given = snapshot.given if reading.cmi is not None else ""
    return {
        "given": given,
        "left": direct.left(reading, given)[0] if given else "",
        "share": direct.share_left(reading) if given else None,
        "arrows": [
            {"from": arrow.source, "to": arrow.target, "words": arrow.words[0], "sure": arrow.sure}
            for arrow in direct.arrows(reading)
        ],
    }


def _feed(scene: Scene, snapshot: Snapshot) -> Json:
    """Each link, then trouble before totals."""
    facts = health.trouble(scene, snapshot, by_reason=True) + health.counts(scene, snapshot)
    return {
        "links": links_of(scene, snapshot.links),
        "facts": [words(spans, scene.of_feed) for spans in facts],
    }


def links_of(scene: Scene, links: Sequence[LinkHealth]) -> list[Json]:
    """Each link of a feed."""
    live = scene.of_feed is scene.live
    return [
        {
            "state": link.state,
            "tone": state_of(link.state).tone if live else "dim",
            "signal": link.signal,
            "endpoint": link.endpoint,
            "format": link.format,
            "since": link.since or None,
            "note": link.note,
        }
        for link in links
    ]


def happened(scene: Scene) -> list[Json]:
    """The events, newest first."""
    return [
        {
            "t": event.timestamp,
            "tone": kind_of(event).tone,
            "mark": getattr(scene.live.glyphs, kind_of(event).mark),
            "what": events.event_words(event),
            "evidence": event.evidence,
        }
        for event in reversed(scene.events)
    ]


def cells(scene: Scene) -> Json | None:
    """The joint histogram: pairs in each cell, column by column, and both axes; None while there is none."""
    snapshot = scene.snapshot
    if snapshot is None or snapshot.counts is None or not snapshot.counts.any():
        return None
    bins_x, bins_y = (shown_bins(bins, MOST_CELLS) for bins in snapshot.counts.shape)
    counts = merge(snapshot.counts, bins_x, bins_y)
    return {
        "n": counts.tolist(),
        "x": _axis(snapshot.x, snapshot.counts.shape[0], bins_x),
        "y": _axis(snapshot.y, snapshot.counts.shape[1], bins_y),
        "ranks": by_rank(snapshot),
    }


def _axis(axis: AxisInfo, bins: int, shown: int) -> Json:
    step = math.ceil(bins / shown)
    if axis.edges is None:
        labels = axis.labels or ()
        groups = [labels[k : k + step] for k in range(0, bins, step)]
        return {"name": axis.name, "labels": [" … ".join(dict.fromkeys((*g[:1], *g[-1:]))) for g in groups]}
    edges = np.append(axis.edges[:-1][::step], axis.edges[-1])
    return {"name": axis.name, "unit": axis.unit, "edges": edges.tolist()}


def signals(scene: Scene) -> Json | None:
    """The two signals over the window, and the newest pairs; None where there are no values to draw a line between."""
    snapshot = scene.snapshot
    trace = snapshot.trace if snapshot else None
    if snapshot is None or trace is None or trace.x_newest.size < 2:
        return None
    return {
        "span": trace.stop - trace.start,
        "unit": trace.unit,
        "x": _signal(snapshot.x, trace.x_low, trace.x_high, trace.x_newest),
        "y": _signal(snapshot.y, trace.y_low, trace.y_high, trace.y_newest),
    }


def _signal(axis: AxisInfo, low: FloatArray, high: FloatArray, newest: FloatArray) -> Json:
    """A signal's values, as fine as a screen shows them."""
    reach = float(max(np.nanmax(high), newest.max()) - min(np.nanmin(low), newest.min()))
    decimals = 4 - math.floor(math.log10(reach)) if math.isfinite(reach) and reach > 0 else None
    shown = [
        values if decimals is None or decimals > MOST_DECIMALS else np.round(values, decimals)
        for values in (low, high, newest)
    ]
    return {
        "name": axis.name,
        "unit": axis.unit,
        **dict(zip(("low", "high", "points"), (v.tolist() for v in shown), strict=True)),
    }


def profile(scene: Scene) -> Json | None:
    """MI at each delay, and where it is largest, in words; None where no delays are kept."""
    found = scene.snapshot.profile if scene.snapshot else None
    if found is None or not delays.says(scene):
        return None
    return {
        "lags": found.lags.tolist(),
        "mi": np.round(found.mi, 5).tolist(),
        "unit": found.lag_unit,
        "words": delays.in_words(scene)[0],
    }


def tabs(found: Iterable[Tab], unit: str) -> list[Json]:
    """The pairs, or the monitors that are still waited for, in the order of their numbers."""
    return [
        {
            "key": tab.key,
            "label": tab.label,
            "mi": "" if tab.mi is None else f"{'peak ' * tab.delayed}{number(tab.mi, 2)} {unit}",
            "state": tab.state,
            "tone": state_of(tab.state).tone,
            "stale": is_stale(tab.state),
        }
        for tab in found
    ]
