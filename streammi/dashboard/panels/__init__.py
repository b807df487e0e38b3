"""One module a panel: ``says(scene)``, whether it has something to say, and ``draw(canvas, scene)``."""

from collections.abc import Callable
from typing import NamedTuple

from streammi.dashboard.canvas import Canvas
from streammi.dashboard.panels import correlation, delays, entropy, events, health, heatmap, history, now
from streammi.dashboard.scene import Scene
from streammi.dashboard.state import PanelName


class Panel(NamedTuple):
    """What a panel's module offers."""

    says: Callable[[Scene], bool]
    draw: Callable[[Canvas, Scene], None]


PANELS: dict[PanelName, Panel] = {
    "history": Panel(history.says, history.draw),
    "heatmap": Panel(heatmap.says, heatmap.draw),
    "delays": Panel(delays.says, delays.draw),
    "events": Panel(events.says, events.draw),
    "health": Panel(health.says, health.draw),
    "entropy": Panel(entropy.says, entropy.draw),
    "correlation": Panel(correlation.says, correlation.draw),
    "now": Panel(now.says, now.draw),
}
