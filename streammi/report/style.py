"""The looks that all pictures of a report share: colours, sizes, and names that fit."""

import math
from typing import Final

from matplotlib.axes import Axes

# Each is seen on white and on black.
X_COLOUR, Y_COLOUR, MI_COLOUR, NULL_COLOUR, BAD = "#3b82f6", "#e0791f", "#12a37f", "#8a8f98", "#e5484d"
TONES: Final = {"good": MI_COLOUR, "bad": BAD, "warn": Y_COLOUR}
WIDTH: Final = 9.6  # inches
TICKS: Final = 12  # labels on an axis
NAME_LENGTH: Final = 40
BESIDE: Final = 22  # letters of a name beside one of two plots, one above the other


def label_ticks(plot: Axes, side: str, labels: tuple[str, ...]) -> None:
    """Write labels along an axis, as many as there is room for."""
    step = math.ceil(len(labels) / TICKS)
    places = range(0, len(labels), step)
    axis = plot.xaxis if side == "x" else plot.yaxis
    axis.set_ticks(list(places), [short_name(labels[k], 16) for k in places])
    if side == "x" and len(labels) > 4:
        plot.tick_params(axis="x", rotation=45)


def short_name(name: str, most: int = NAME_LENGTH) -> str:
    """A name that fits; white space and what does not print would break the line, or the XML.

    >>> short_name("a\\nb"), short_name("x" * 50, 5)
    ('a b', 'xxxx…')
    """
    clean = "".join(c if c.isprintable() else " " for c in name)
    return clean if len(clean) <= most else clean[: most - 1] + "…"
