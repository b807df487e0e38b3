"""Names in as few columns as there are: cut where those that stand together are alike."""

from collections.abc import Sequence
from functools import lru_cache

from streammi.dashboard.drawing.cells import columns, fit


@lru_cache(maxsize=4096)
def fit_middle(name: str, width: int, ellipsis: str = "…") -> str:
    """The name in so many columns, cut in its middle: long names differ at their ends.

    >>> fit_middle("plant/unit3/reactor/temperature", 16)
    'plant/u…perature'
    """
    if columns(name) <= width:
        return name
    tail = name[-((width - 1) // 2 + 1) :]
    while tail and columns(tail) > (width - 1) // 2 + 1:
        tail = tail[1:]
    head = fit(name, width - columns(tail), ellipsis)
    return head + tail if head else fit(name, width, ellipsis)


@lru_cache(maxsize=16)
def names_in(names: tuple[str, ...], width: int, ellipsis: str = "…") -> tuple[str, ...]:
    """The names in so many columns: where they would look alike, without what all of them begin or end with.

    >>> names_in(("rack1/sensor1/temperature", "rack1/sensor2/temperature", "rack2/sensor1/temperature"), 12)
    ('…1/sensor1…', '…1/sensor2…', '…2/sensor1…')
    """
    in_middle = tuple(fit_middle(name, width, ellipsis) for name in names)
    if len(set(in_middle)) == len(set(names)):
        return in_middle
    first = _alike(names)
    last = min(_alike([name[::-1] for name in names]), min(map(len, names)) - first)
    begin, end = (ellipsis if cut > 1 else "" for cut in (first, last))
    first, last = first * (first > 1), last * (last > 1)
    cut = tuple(
        name if columns(name) <= width else fit_middle(f"{begin}{name[first : len(name) - last]}{end}", width, ellipsis)
        for name in names
    )
    return cut if len(set(cut)) > len(set(in_middle)) else in_middle


def _alike(names: Sequence[str]) -> int:
    """How many letters all of them begin with: as many as the first and the last in order do."""
    low, high = min(names), max(names)
    return next((k for k, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
