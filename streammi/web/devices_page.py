"""The page of a monitor of devices: a table of what their readings say, in the form of that of many channels."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from streammi.dashboard.drawing.wording import number, signed
from streammi.dashboard.many import frame
from streammi.dashboard.many.device_list import ManyDevices
from streammi.dashboard.many.devices import POINTS
from streammi.dashboard.many.keys import LONGEST
from streammi.dashboard.many.table import LEAST_SPARK_BITS
from streammi.dashboard.scene import Scene
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray, Unit
from streammi.web import page_model
from streammi.web.many_page import Kind, Wish, WishedPage, paged

LEAST_POINTS: Final = 20  # of a device's past; as long as there are few, the picture is of
HEIGHT: Final = 100  # of such a picture


class DevicesPage(WishedPage):
    """One monitor of devices as browsers are shown it."""

    def __init__(self) -> None:
        super().__init__()
        self._comings = 0

    def show(self, scene: Scene) -> None:
        """Show this from now on."""
        many = _devices_of(scene)
        self._begin(replace(scene, snapshot=many.whole))
        if many.devices.comings != self._comings:  # one that is new, or gone, is to be seen, or no more, at once
            self._comings, self._orders = many.devices.comings, {}

    def _wished(self, kind: Kind, wish: Wish, scene: Scene) -> bool:
        return kind in ("many", "pairs", "chosen")

    def _value(self, kind: Kind, wish: Wish, scene: Scene) -> object:
        match kind:
            case "many":
                return _head(scene, _devices_of(scene))
            case "pairs":
                return self._table(wish, _devices_of(scene))
            case _:
                return _chosen(wish, scene)

    def _table(self, wish: Wish, many: ManyDevices) -> dict[str, Any]:
        sort, words, now = wish.sort, wish.words[:LONGEST], many.whole.timestamp
        found = self._kept_order(
            sort, words, now, anew=False, make=lambda: many.devices.in_order(sort, words, many.now)
        )
        return paged(found, wish, lambda numbers: rows(many, numbers))


def _devices_of(scene: Scene) -> ManyDevices:
    assert isinstance(scene.many, ManyDevices)
    return scene.many


def _head(scene: Scene, many: ManyDevices) -> dict[str, Any]:
    head, silent = page_model.head(scene), many.silent_words(scene.theme.glyphs)
    return head | {
        "name": many.whole.pair,
        "devices": many.what,
        "channels": 0,
        "pairs": many.count,
        "unit": many.published,
        "filled": True,
        "window": many.window[0],
        "changed": 0,
        "news": [] if scene.stale else page_model.words(frame.in_pens(silent, scene.theme), scene.theme),
        "links": head["feed"]["links"],
        "facts": head["feed"]["facts"],
        "notes": [],
    }


def _chosen(wish: Wish, scene: Scene) -> dict[str, Any] | None:
    """The device under the cursor."""
    many = _devices_of(scene)
    if wish.pair is None or many.devices.is_gone(wish.pair):
        return None
    said = page_model.words(frame.numbers_of(many, scene.theme, wish.pair), scene.theme)
    named = {"label": many.devices.name(wish.pair), "x": many.devices.key(wish.pair), "y": ""}
    return {"pair": wish.pair, **named, "words": said}


def rows(many: ManyDevices, numbers: IntArray) -> list[dict[str, Any]]:
    """The devices with these numbers, a row each, in the unit of their readings."""
    devices = many.devices
    pasts, words = _heights(devices.past(numbers, POINTS), many.published), many.words(numbers)
    known = (devices.mi(numbers), devices.change(numbers), devices.r(numbers))
    values = zip(numbers.tolist(), *(each.tolist() for each in known), pasts, words, strict=True)
    return [
        {
            "pair": one, "label": devices.name(one), "x": devices.key(one), "y": "",
            "mi": number(mi if mi != mi else max(mi, 0.0)), "sure": False, "past": past,
            "change": signed(change) if change == change else "—", "changed": False,
            "r": signed(r, 2), "p": "", "word": word, "through": "",
        }
        for one, mi, change, r, past, word in values
    ]  # fmt: skip


def _heights(values: FloatArray, unit: Unit) -> list[list[int | None]]:
    """The past of each, (k, n), from 0 up, by its own largest: heights, None where it is not known."""
    known = np.isfinite(values)
    began = int(np.argmax(known.any(axis=1))) if known.any() else 0
    first = min(began, len(values) - LEAST_POINTS)
    values, known = values[first:].T, known[first:].T
    least = LEAST_SPARK_BITS * UNIT_PER_BIT[unit]
    top = np.max(values, axis=1, where=known, initial=least, keepdims=True)
    heights = np.rint(np.clip(np.where(known, values, 0.0) / top, 0, 1) * HEIGHT).astype(np.int64)
    return [
        [height if there else None for height, there in zip(row, seen, strict=True)]
        for row, seen in zip(heights.tolist(), known.tolist(), strict=True)
    ]
