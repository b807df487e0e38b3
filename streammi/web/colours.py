"""The colours of the terminal's theme as a style sheet, for a light ground and a dark one, and its ramps."""

from streammi.dashboard.drawing.palettes import DIVERGING, PALETTES
from streammi.dashboard.drawing.theme import INKS


def sheet() -> str:
    """The style sheet: a variable for each role.

    >>> "--mi: #8a6d00;" in sheet(), "--mi: #f0e442;" in sheet()
    (True, True)
    """
    light, dark = ("".join(f" --{role}: #{inks[side]};" for role, inks in INKS.items()) for side in (1, 0))
    dark = dark.replace("_", "-")
    return f":root {{{light.replace('_', '-')} }}\n@media (prefers-color-scheme: dark) {{ :root {{{dark} }} }}\n"


def ramps() -> dict[str, object]:
    """The colours of heatmaps, from little to much, and from rarer to more often than chance on both grounds."""
    return {"heat": PALETTES, "diverging": DIVERGING}
