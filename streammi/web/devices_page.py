"""The page of a monitor of devices: a table of what their readings say, in the form of that of many channels."""

from typing import Any

import numpy as np

from streammi.dashboard.many.keys import LONGEST
from streammi.dashboard.scene import Scene
from streammi.records import Snapshot
from streammi.web import page_model
from streammi.web.devices import Devices
from streammi.web.many_page import Kind, Wish, WishedPage, paged


class DevicesPage(WishedPage):
    """One monitor of devices as browsers are shown it."""

    def __init__(self) -> None:
        super().__init__()
        self._devices = Devices()
        self._comings = 0

    def show(self, scene: Scene, devices: Devices) -> None:
        """Show this from now on."""
        self._begin(scene)
        self._devices = devices
        if devices.comings != self._comings:  # one that is new, or gone, is to be seen, or no more, at once
            self._comings, self._orders = devices.comings, {}

    def _wished(self, kind: Kind, wish: Wish, scene: Scene) -> bool:
        return kind in ("many", "pairs", "chosen")

    def _value(self, kind: Kind, wish: Wish, scene: Scene) -> object:
        snapshot = scene.snapshot
        assert snapshot is not None
        match kind:
            case "many":
                return self._head(scene, snapshot)
            case "pairs":
                return self._table(wish, scene)
            case _:
                return self._chosen(wish, scene)

    def _head(self, scene: Scene, snapshot: Snapshot) -> dict[str, Any]:
        count, heard = snapshot.devices or 0, len(self._devices)
        said = f"{count:,} device{'s' * (count != 1)} by {snapshot.key}"
        if heard < count:
            said += f", {heard:,} with a reading so far"
        head = page_model.head(scene)
        return head | {
            "name": snapshot.pair,
            "devices": said,
            "channels": 0,
            "pairs": heard,
            "unit": self._devices.unit,
            "filled": True,
            "window": f"window {snapshot.window} of each",
            "changed": 0,
            "news": [],
            "links": head["feed"]["links"],
            "facts": head["feed"]["facts"],
            "notes": [],
        }

    def _table(self, wish: Wish, scene: Scene) -> dict[str, Any]:
        sort, words, devices = wish.sort, wish.words[:LONGEST], self._devices
        found = self._kept_order(sort, words, scene.wall, anew=False, make=lambda: devices.in_order(sort, words))
        return paged(found, wish, lambda numbers: devices.rows(numbers, _now(scene)))

    def _chosen(self, wish: Wish, scene: Scene) -> dict[str, Any] | None:
        """The device under the cursor."""
        if wish.pair is None or self._devices.is_gone(wish.pair):
            return None
        [row] = self._devices.rows(np.array([wish.pair]), _now(scene))
        numbers = [(f"MI {row['mi']} {self._devices.unit}", "mi"), (f"  r {row['r']}  ", "text"), row["word"]]
        return {**{name: row[name] for name in ("pair", "label", "x", "y")}, "words": numbers}


def _now(scene: Scene) -> float | None:
    """The monitor's time; None where nothing comes at all, which is said of all at once."""
    return None if scene.stale else scene.wall
