"""The keys of the screen of many channels, or devices, and what they do to its choices."""

from collections.abc import Sequence
from typing import Final, TypeVar, get_args

from msgspec.structs import replace

from streammi.dashboard.keys import (
    FIRST_AID,
    FREEZE,
    HELP,
    LOG,
    OF_TERMINAL,
    OTHER_PAIRS,
    PALETTE,
    QUIT,
    UNIT,
    Action,
    Binding,
)
from streammi.dashboard.many.channel_order import zoomed
from streammi.dashboard.many.choices import ManyState, Room, Shade, Sort
from streammi.dashboard.many.listed import Listed
from streammi.dashboard.many.pair_list import Many
from streammi.dashboard.many.pairs import sides

BINDINGS: Final = (
    QUIT,
    HELP,
    Binding(("up",), "up", "↑ ↓", "the row above, below; page up, page down, home and end"),
    Binding(("down",), "down"),
    Binding(("pageup",), "far back"),
    Binding(("pagedown",), "far forward"),
    Binding(("home",), "start"),
    Binding(("end",), "now"),
    Binding(("enter",), "open", "enter", "the row's own view; esc comes back"),
    Binding(("/",), "filter", "/", "filter: type parts of names; enter keeps it, esc ends it"),
    Binding(("s",), "sort", "s", "order: by MI, by change, by name, by MI high where r is low"),
    Binding(("m",), "matrix", "m", "the matrix of all channels, those alike side by side; again: the table"),
    Binding(("left",), "back", "← →", "matrix: the channel to the left, to the right"),
    Binding(("right",), "forward"),
    Binding(("+", "="), "zoom in", "+ -", "matrix: zoom"),
    Binding(("-", "_"), "zoom out"),
    Binding(("v",), "shade", "v", "matrix: MI, r or the change of MI"),
    Binding(("o",), "arrange", "o", "matrix: order the channels anew"),
    Binding(("escape",), "overview", "esc", "back: from the filter, from the matrix", changes=False),
    FREEZE,
    LOG,
    UNIT,
    Binding(("tab",), "next pair", "tab 1-9", "next monitor, or one by its number"),
    *OTHER_PAIRS,
    PALETTE,
    Binding(("S",), "save", "S", "save: the screen (SVG), what it shows (JSON)"),
    FIRST_AID,
    *OF_TERMINAL,
)
HINTS: Final[dict[Action, str]] = {  # in the order of what is needed most: a narrow footer ends early
    "quit": "quit", "help": "help", "open": "open", "filter": "filter", "sort": "sort", "matrix": "matrix",
    "zoom in": "zoom", "shade": "r", "arrange": "order", "freeze": "freeze", "next pair": "monitor", "log": "log",
    "unit": "unit", "save": "save", "palette": "colours",
}  # fmt: skip
OF_DESK: Final = (  # actions on what is chosen here; the others are those of every view
    "up", "down", "far back", "far forward", "start", "now", "open", "filter", "sort", "matrix", "back", "forward",
    "zoom in", "zoom out", "shade", "arrange", "overview",
)  # fmt: skip
OF_MATRIX: Final = ("back", "forward", "zoom in", "zoom out", "shade", "arrange")
LONGEST: Final = 64  # letters of a filter
_MOVES: Final = {"up": -1, "down": 1}
_PAGES: Final = {"far back": -1, "far forward": 1}
Choice = TypeVar("Choice")


def works(many: Listed, binding: Binding, monitors: int) -> bool:
    """True if a key does anything on what is shown."""
    action = binding.action
    if action in OF_MATRIX:
        return many.state.matrix
    if action in ("sort", "filter"):
        return not many.state.matrix and not many.is_empty
    if action == "next pair":
        return monitors > 1
    if action in ("matrix", "log"):  # devices have no events
        return many.has_events and (action == "log" or not many.is_empty)
    if action in ("open", "up", "save", "freeze", "unit"):
        return not many.is_empty
    if action == "overview":
        return many.state.matrix or bool(many.state.words)
    return True


def act(many: Listed, action: Action, room: Room) -> ManyState:
    """The state after an action, where so much is seen."""
    state = many.state
    if isinstance(many, Many) and (state.matrix or action == "matrix"):
        return _of_matrix(many, action, room)
    match action:
        case "sort":
            return replace(state, sort=_after(get_args(Sort), state.sort), pair=None)
        case "filter":
            return replace(state, typing=True)
        case "overview":
            return replace(state, words="", typing=False)
    return _in_table(many, action, room.page)


def _of_matrix(many: Many, action: Action, room: Room) -> ManyState:
    """The state after an action on the matrix, or on the way into it or out."""
    match action:
        case "matrix" | "overview":
            return _to_table(many) if many.state.matrix else _to_matrix(many)
        case "shade":
            return replace(many.state, shade=_after(get_args(Shade), many.state.shade))
    return _in_matrix(many, action, room)


def typed(state: ManyState, key: str) -> ManyState | None:
    """The state after a key while the filter is typed; None for a key that is none of its."""
    if key in ("\x7f", "\x08"):
        return replace(state, words=state.words[:-1], pair=None)
    if key == "\x15":  # Ctrl-U
        return replace(state, words="", pair=None)
    if key == "enter":
        return replace(state, typing=False)
    if key == "escape":
        return replace(state, typing=False, words="")
    letter = " " if key == "space" else key
    if len(letter) != 1 or not letter.isprintable():
        return None
    return replace(state, words=(state.words + letter)[:LONGEST], pair=None)


def _in_table(many: Listed, action: Action, page: int) -> ManyState:
    last = many.order.size - 1
    if last < 0:
        return many.state
    if action in ("start", "now"):
        return replace(many.state, pair=None if action == "start" else many.order.item(last))
    by = _MOVES.get(action, _PAGES.get(action, 0) * max(page - 1, 1))
    if not by:
        return many.state
    place = max(0, min(many.place + by, last))
    return replace(many.state, pair=many.order.item(place))


def _in_matrix(many: Many, action: Action, room: Room) -> ManyState:
    state, last, step = many.state, many.channels - 1, room.step
    if action in ("zoom in", "zoom out"):
        return replace(state, scale=zoomed(state.scale or room.whole, room.whole, 1 if action == "zoom in" else -1))
    if action in ("start", "now"):
        place = 0 if action == "start" else last
        return replace(state, row=place, column=place)
    down = _MOVES.get(action, 0) * step + _PAGES.get(action, 0) * max(room.page - 1, 1) * step
    across = {"back": -step, "forward": step}.get(action, 0)
    return replace(state, row=max(0, min(state.row + down, last)), column=max(0, min(state.column + across, last)))


def _to_matrix(many: Many) -> ManyState:
    leaves, number = many.leaves, many.number
    if leaves is None or number is None:
        return replace(many.state, matrix=True)
    first, second = (int(leaves.place[side[number]]) for side in sides(many.channels))
    return replace(many.state, matrix=True, row=first, column=second)


def _to_table(many: Many) -> ManyState:
    state = replace(many.state, matrix=False)  # with the cursor where it was
    number = many.leaves.number(state.row, state.column) if many.leaves is not None else None
    return state if number is None or not many.order.size else replace(state, pair=number)


def _after(choices: Sequence[Choice], current: object) -> Choice:
    return choices[(choices.index(current) + 1) % len(choices)]
