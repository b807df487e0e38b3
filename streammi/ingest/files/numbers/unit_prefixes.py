"""Units of one column that differ by their prefix: W among kW, MiB among KiB."""

from collections import Counter
from typing import Final

_PREFIXES: Final = {
    "": 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9,
    "T": 1e12, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_OF_SOME: Final = {("h", "Pa"): 100.0, ("c", "m"): 0.01, ("c", "l"): 0.01, ("d", "l"): 0.1, ("h", "l"): 100.0}
_BASES: Final = frozenset({
    "W", "Wh", "Ws", "V", "VA", "VAh", "var", "varh", "A", "Ah", "As", "Hz", "g", "m", "s", "Pa", "bar", "N", "Nm", "J",
    "K", "l", "L", "B", "b", "bit", "bps", "Bps", "Ohm", "Ω", "F", "H", "T", "eV", "cal", "mol", "Sv", "Gy", "Bq", "S",
    "lx", "cps",
})  # fmt: skip
BARE: Final = frozenset(_PREFIXES) - {""}  # K and M, of whatever it is


def scales_of(units: Counter[str]) -> tuple[str, tuple[tuple[str, float], ...]]:
    """The commonest of these units, and those that are the same with another prefix: how many of it each is.

    >>> scales_of(Counter({"kW": 5, "W": 3, "V": 1})), scales_of(Counter({"m": 2, "mm": 1}))
    (('kW', (('W', 0.001),)), ('m', (('mm', 0.001),)))
    >>> scales_of(Counter({"K": 2, "M": 1})), scales_of(Counter({"°C": 2, "°F": 1}))
    (('K', (('M', 1000.0),)), ('°C', ()))
    """
    unit = units.most_common(1)[0][0]
    known = _ways(unit)
    found: list[tuple[str, float]] = []
    for other in units:
        shared = {base: factor / known[base] for base, factor in _ways(other).items() if base in known}
        if other != unit and shared:
            found.append((other, shared[max(shared, key=len)]))
    return unit, tuple(found)


def _ways(unit: str) -> dict[str, float]:
    """The bases that a unit may have, and how many of each it is: a prefix alone has none."""
    stem, slash, per = unit.partition("/")
    ways = {base: factor for (prefix, base), factor in _OF_SOME.items() if stem == prefix + base}
    for prefix, factor in _PREFIXES.items():
        base = stem.removeprefix(prefix)
        if stem.startswith(prefix) and (base in _BASES or (not base and prefix)):
            ways[base] = factor
    return {base + slash + per: factor for base, factor in ways.items()}
