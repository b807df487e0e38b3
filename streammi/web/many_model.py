"""The pairs of many channels as the page shows them: words with their roles, numbers, and levels of colours."""

from base64 import b64encode
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np

from streammi.dashboard.drawing.palettes import LEVELS
from streammi.dashboard.drawing.wording import number, pace, signed
from streammi.dashboard.many import frame
from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.choices import ManyState, Shade
from streammi.dashboard.many.matrix import levels_of, most_changed, values_of
from streammi.dashboard.many.pair_list import Many
from streammi.dashboard.many.pairs import sides
from streammi.dashboard.scene import Scene
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray
from streammi.records.link_totals import total
from streammi.records.pair_words import pair_words
from streammi.web.page_model import links_of, states_of, words

Json: TypeAlias = dict[str, Any]
SPARK: Final = 40  # points of a pair's past in the table,
MOST_PAST: Final = 240  # of so many matrices
LEAST_SPARK_BITS: Final = 0.1  # at the top: what chance does is no mountain
HEIGHT: Final = 100  # of a picture of the past
CHANGED: Final = LEVELS + 1  # the level of a pair that has changed


def head(scene: Scene, many: Many) -> Json:
    """Everything but the table and the matrix."""
    matrix, theme = many.matrix, scene.theme
    link = total(matrix.links) if matrix.links else None
    window, full = many.window
    return {
        "key": scene.shown,
        "name": matrix.name,
        "run": matrix.run,
        "seq": matrix.seq,
        "channels": many.channels,
        "pairs": many.count,
        "states": states_of(scene, matrix.links),
        "stale": scene.stale,
        "note": scene.link_note,
        "unit": many.unit,
        "at": scene.wall if scene.stale or matrix.t1 is None else matrix.t1,
        "rate": pace(link.rate, "rows") if link is not None and link.rate is not None and not scene.stale else "",
        "window": window,
        "filled": full,
        "changed": int(many.changed.size),
        "news": words(frame.standing(scene, many), theme),
        "links": links_of(scene, matrix.links),
        "facts": [words(spans, scene.of_feed) for spans in frame.feed(scene, many)],
        "notes": list(matrix.notes),
    }


def rows(many: Many, numbers: IntArray, label: list[str]) -> list[Json]:
    """The pairs with these numbers, a row each; ``label``: what the channels are called in topics."""
    matrix, (first, second) = many.matrix, sides(many.channels)
    depends, said = many.depends(numbers), pair_words(matrix, numbers)
    past = _past(many, numbers)
    found = []
    for k, one in enumerate(numbers.tolist()):
        x, y = first.item(one), second.item(one)
        p = np.nan if matrix.p is None else matrix.p.item(one)
        change = np.nan if matrix.change is None else matrix.change.item(one) * many.factor
        mi = matrix.mi.item(one) * many.factor
        found.append({
            "pair": one,
            "label": f"{label[x]}~{label[y]}",
            "x": matrix.names[x],
            "y": matrix.names[y],
            "mi": number(mi if mi != mi else max(mi, 0.0)),
            "sure": bool(depends[k]),
            "past": past[k],
            "change": signed(change) if change == change else "—",
            "changed": bool(many.has_changed[one]),
            "r": signed(matrix.r.item(one), 2),
            "p": "—" if p != p else f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}".replace("e-0", "e-"),
            "word": said[k],
            "through": matrix.names[many.via[one]] if one in many.via else "",
        })  # fmt: skip
    return found


def _past(many: Many, numbers: IntArray) -> list[list[int | None]]:
    """The past of each pair from 0 up, by its own largest: heights, None where it is not known."""
    values: FloatArray = many.seen.of(numbers, SPARK, MOST_PAST, many.matrix.timestamp).astype(np.float64)
    if not len(values):
        return [[] for _ in numbers]
    known = np.isfinite(values)
    least = LEAST_SPARK_BITS * UNIT_PER_BIT[many.matrix.unit]
    top = np.fmax(np.max(values, axis=0, where=known, initial=0.0), least)
    heights = np.rint(np.clip(np.where(known, values, 0.0) / top, 0, 1) * HEIGHT).astype(np.int64)
    return [
        [height if there else None for height, there in zip(column, seen, strict=True)]
        for column, seen in zip(heights.T.tolist(), known.T.tolist(), strict=True)
    ]


def chosen(scene: Scene, many: Many, pair: int, label: list[str]) -> Json:
    """The pair under the cursor, its names in full and its numbers in words."""
    x, y = (side.item(pair) for side in sides(many.channels))
    return {
        "pair": pair,
        "label": f"{label[x]}~{label[y]}",
        "x": many.matrix.names[x],
        "y": many.matrix.names[y],
        "words": words(frame.numbers_of(many, scene.theme, pair), scene.theme),
    }


def levels(many: Many, shade: Shade) -> Json:
    """A level for each pair in the order of their numbers: 0 is not known, ``CHANGED`` has changed; and the ends."""
    many = replace(many, state=ManyState(shade=shade))
    found = levels_of(many, values_of(many))
    found[many.changed] = CHANGED
    most = most_changed(many) * many.factor
    ends = {
        "MI": ("0", "1 as |r|"), "r": ("−1", "+1"), "change": (f"−{most:.2f}", f"+{most:.2f} {many.unit}")
    }[shade]  # fmt: skip
    packed = b64encode(found.astype(np.uint8).tobytes()).decode()
    return {"shade": shade, "most": LEVELS, "changed": CHANGED, "ends": ends, "levels": packed}


def order(many: Many, leaves: Leaves) -> Json:
    """The channels in the order of their similarity."""
    return {"names": list(many.matrix.names), "order": leaves.order.tolist()}
