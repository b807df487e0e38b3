"""One module a panel: ``says(scene)``, whether it has something to say, and ``draw(canvas, scene)``."""

from collections.abc import Callable
from typing import NamedTuple

from streammi.dashboard.canvas import Canvas
from streammi.dashboard.choices import PanelName
from streammi.dashboard.panels import correlation, delays, entropy, events, health, heatmap, history, now
from streammi.dashboard.scene import Scene


class Panel(NamedTuple):
    """What a panel's module offers."""

    says: Callable[[Scene], bool]
    draw: Callable[[Canvas, Scene], None]
    least: tuple[int, int]  # columns and rows below which it cannot be read


PANELS: dict[PanelName, Panel] = {
    "history": Panel(history.says, history.draw, (20, 5)),
    "heatmap": Panel(heatmap.says, heatmap.draw, (24, 8)),
    "delays": Panel(delays.says, delays.draw, (24, 5)),
    "events": Panel(events.says, events.draw, (30, 2)),
    "health": Panel(health.says, health.draw, (30, 3)),
    "entropy": Panel(entropy.says, entropy.draw, (36, 4)),
    "correlation": Panel(correlation.says, correlation.draw, (30, 4)),
    "now": Panel(now.says, now.draw, (30, 4)),
}
