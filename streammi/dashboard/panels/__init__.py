"""A module a panel, named in the layout: ``says(scene)``, ``draw(canvas, scene)``, and the ``LEAST_SIZE`` it needs."""

import importlib
from typing import Final, Protocol, cast, get_args

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.layout import PanelName
from streammi.dashboard.scene import Scene


class Panel(Protocol):
    """The interface of a panel's module."""

    LEAST_SIZE: tuple[int, int]  # columns and rows below which it cannot be read

    def says(self, scene: Scene) -> bool:
        """True if it has something to say."""

    def draw(self, canvas: Canvas, scene: Scene) -> None:
        """Draw it."""


PANELS: Final = {
    cast(PanelName, name): cast(Panel, importlib.import_module(f"{__name__}.{name}")) for name in get_args(PanelName)
}
