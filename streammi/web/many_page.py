"""The page of many channels: each part of it is made once for all who look at the same, where somebody does."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, Literal, get_args

import msgspec
import numpy as np

from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.choices import Shade, Sort
from streammi.dashboard.many.keys import LONGEST
from streammi.dashboard.many.pair_list import Many
from streammi.dashboard.many.pairs import in_order
from streammi.dashboard.many.similarity import leaf_order
from streammi.dashboard.scene import Scene
from streammi.records import IntArray
from streammi.web import many_model, page_model
from streammi.web.browser_json import encode

PAGE: Final = 50  # rows of the table
REORDER_SECONDS: Final = 5.0  # between two orders of the table: what jumps about cannot be read
MOST_ORDERS: Final = 32  # that are kept: a browser each may have its own


class Wish(msgspec.Struct, frozen=True):
    """The choices of a browser that shows many channels; as it comes from a stranger."""

    sort: Sort = "MI"
    words: str = ""
    first: int = 0  # row of the table
    matrix: bool = False
    shade: Shade = "MI"
    pair: int | None = None  # under the cursor
    open: str | None = None  # the pair whose own view is shown, as topics call it


Kind = Literal["many", "pairs", "leaves", "levels", "chosen", "events"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class WishedPage(ABC):
    """A page of which each browser is shown what it wishes: a part is made once for all that wish for the same."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._made: dict[tuple[Any, ...], bytes] = {}  # of this scene
        self._before: dict[tuple[Any, ...], bytes] = {}  # of the one before: what is the same is sent to nobody again
        self._orders: dict[tuple[Sort, str], tuple[float, IntArray]] = {}

    @abstractmethod
    def _wished(self, kind: Kind, wish: Wish, scene: Scene) -> bool:
        """True if a browser with this wish is shown such a part."""

    @abstractmethod
    def _value(self, kind: Kind, wish: Wish, scene: Scene) -> object:
        """A part."""

    def _begin(self, scene: Scene) -> None:
        self._scene = scene
        self._before, self._made = self._made, {}

    def news(self, wish: Wish, known: dict[str, bytes]) -> list[bytes]:
        """The parts that are otherwise than those ``known``, as members of a JSON object; then they are known."""
        found = []
        for kind in KINDS:
            encoded = self._part(kind, wish)
            if encoded and known.get(kind) is not encoded:
                known[kind] = encoded
                found.append(b'"%b":%b' % (kind.encode(), encoded))
        return found

    def _part(self, kind: Kind, wish: Wish) -> bytes:
        """A part as JSON; empty where nobody wants it."""
        scene = self._scene
        if scene is None or not self._wished(kind, wish, scene):
            return b""
        key: tuple[Any, ...] = (kind,)
        if kind == "pairs":
            key = (kind, wish.sort, wish.words[:LONGEST], wish.first)
        elif kind == "levels":
            key = (kind, wish.shade)
        elif kind == "chosen":
            key = (kind, wish.pair)
        if key not in self._made:
            encoded = encode(self._value(kind, wish, scene))
            before = self._before.get(key)
            self._made[key] = before if before == encoded else encoded
        return self._made[key]

    def _kept_order(self, sort: Sort, words: str, now: float, *, anew: bool, make: Callable[[], IntArray]) -> IntArray:
        """The order of the table, made ``anew``, or where it is not known or of some seconds ago."""
        kept = self._orders.get((sort, words))
        if kept is None or anew or not 0 <= now - kept[0] < REORDER_SECONDS:
            while len(self._orders) >= MOST_ORDERS:
                del self._orders[next(iter(self._orders))]
            kept = self._orders[sort, words] = now, make()
        return kept[1]


def paged(found: IntArray, wish: Wish, rows: Callable[[IntArray], list[Any]]) -> dict[str, Any]:
    """The part of a table in this order that a browser wishes to see; ``rows`` makes it of numbers."""
    first = max(0, min(wish.first, found.size - 1) // PAGE * PAGE) if found.size else 0
    return {
        "sort": wish.sort, "words": wish.words[:LONGEST], "first": first, "count": int(found.size), "page": PAGE,
        "rows": rows(found[first : first + PAGE]),
    }  # fmt: skip


class ManyPage(WishedPage):
    """One monitor of many channels as browsers are shown it."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[str] = []
        self._names: tuple[str, ...] = ()
        self._leaves: Leaves | None = None
        self._leaves_full = False

    def show(self, scene: Scene, labels: list[str]) -> None:
        """Show this from now on."""
        names = _pairs_of(scene).matrix.names
        self._begin(scene)
        self._labels = labels
        if names != self._names:
            self._names, self._leaves, self._orders = names, None, {}

    def _wished(self, kind: Kind, wish: Wish, scene: Scene) -> bool:
        if kind in ("leaves", "levels"):
            return wish.matrix and not _pairs_of(scene).is_empty
        return kind != "pairs" or not wish.matrix

    def _value(self, kind: Kind, wish: Wish, scene: Scene) -> object:
        many = _pairs_of(scene)
        match kind:
            case "many":
                return many_model.head(scene, many)
            case "pairs":
                return self._pairs(wish, many)
            case "leaves":
                return many_model.order(many, self._arranged(many))
            case "levels":
                return many_model.levels(many, wish.shade)
            case "chosen":
                there = wish.pair is not None and 0 <= wish.pair < many.matrix.mi.size
                return (
                    many_model.chosen(scene, many, wish.pair, self._labels) if there and wish.pair is not None else None
                )
            case "events":
                return page_model.happened(scene)

    def _pairs(self, wish: Wish, many: Many) -> object:
        sort, words = wish.sort, wish.words[:LONGEST]
        changed = sort == "change" and many.changed.size > 0
        found = self._kept_order(
            sort, words, many.matrix.timestamp, anew=changed, make=lambda: in_order(many.matrix, sort, words)
        )
        if found.max(initial=0) >= many.matrix.mi.size:
            found = self._kept_order(
                sort, words, many.matrix.timestamp, anew=True, make=lambda: in_order(many.matrix, sort, words)
            )
        return paged(found, wish, lambda numbers: many_model.rows(many, numbers, self._labels))

    def _arranged(self, many: Many) -> Leaves:
        """The channels in the order of their similarity: as it was when the window was full first."""
        full = many.matrix.fill >= 1
        if self._leaves is None or (full and not self._leaves_full):
            bits = many.matrix.mi * np.float32(unit_factor(many.matrix.unit, "bit"))
            self._leaves, self._leaves_full = Leaves(leaf_order(bits, many.channels)), full
        return self._leaves


def _pairs_of(scene: Scene) -> Many:
    assert isinstance(scene.many, Many)
    return scene.many
