"""Messages that look like the ones before, read at full speed: a msgspec decoder made for just the wanted values.

Measured with {"x": ..., "y": ...}: 0.15 us a message in this decoder, 0.2 us decoded in full and then 3 us to look
for paths, times and numbers; the more else a message holds, the larger the difference.
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np

from streammi.ingest.clock import Clock
from streammi.ingest.formats.beside_values import not_there
from streammi.ingest.formats.columns import Column, Columns, or_nan
from streammi.ingest.formats.content import SEQ_LIMIT, SEQ_NAMES, TIME_NAMES, Content, Places, Samples, Wanted
from streammi.ingest.formats.envelope import Places as Envelope
from streammi.ingest.formats.paths import Chain, follow, heads
from streammi.ingest.formats.record import DIGITS, EXACT, whole
from streammi.ingest.formats.samples import has_records
from streammi.ingest.sequence import Each, in_a_row
from streammi.network.frames import Frames, Messages
from streammi.records import FloatArray
from streammi.records.codec import UNREADABLE

Decode: TypeAlias = Callable[[bytes], Any]
Tree: TypeAlias = dict[Any, Any]  # the types of the values at keys or indices, and trees of these

NUMBER: Final = float | None
LABEL: Final = float | int | str | bool | None
TIME: Final = int | float | datetime
SEQ: Final = Annotated[int, msgspec.Meta(gt=-SEQ_LIMIT, lt=SEQ_LIMIT)]
# Sequence numbers of senders without whole numbers, as streammi.ingest.formats.record has them.
SEQ_OTHERWISE: Final[dict[type, Any]] = {
    str: Annotated[str, msgspec.Meta(pattern=f"^{DIGITS.pattern}$")],
    float: Annotated[float, msgspec.Meta(ge=-EXACT, le=EXACT, multiple_of=1)],
}
SCALAR: Final = float | str | bool | None  # a list that begins with it is a record, not a list of records
ABSENT: Final = Literal["\0 this key must not be there"]
MAX_INDEX: Final = 4095
MAX_PLANS: Final = 8  # kinds of messages that a decoder is made for (0.2 ms each); the others are read in full
MANY: Final = 32  # numbers of a record of which one array is made: an array each takes ten times as long


class Plan(NamedTuple):
    """A decoder of the messages that have everything at the same places, and what picks the columns from its rows."""

    decode: Decode
    values: tuple[Callable[[Any], Any], ...]
    all_of_them: Callable[[Any], Any] | None  # the same at once, of MANY and more numbers
    t: Callable[[Any], Any] | None
    seq: Callable[[Any], Any] | None
    whole: bool  # the sequence numbers are whole numbers, neither texts nor floats
    records: bool  # a message is a list of rows, not one row
    at: Envelope  # where in the frames the payload is, and a time or a counter beside it
    payload: Callable[[Frames], bytes]


class Typed:
    """Reads runs of messages that have everything at the same places as one that was read in full.

    A message for which reading in full would find other places does not fit the decoder's types: a key that would
    have come first must be absent. So the two ways of reading agree, whatever came before.
    """

    def __init__(
        self, make: Callable[[Any], Decode], wanted: Wanted, make_lines: Callable[[Any], Decode] | None = None
    ) -> None:
        self._make, self._make_lines, self._wanted = make, make_lines, wanted
        self._plans: dict[tuple[Places, bool, bool, Envelope, Any], Plan | None] = {}
        self._plan: Plan | None = None
        self._chains: dict[str, Chain] = {}  # where each was, of messages that need not have all

    def learn(self, content: Content, places: Places | None) -> None:
        """Expect messages like this one."""
        if places is None or (self._wanted.partial and (places := self._completed(places)) is None):
            return
        records = has_records(content.tree)
        seq = _seq_type(content.tree[0] if records else content.tree, places)
        key = places, records, content.lines, content.at, seq
        if key not in self._plans and len(self._plans) < MAX_PLANS:
            self._plans[key] = self._made(places, records, content, seq)
        self._plan = self._plans.get(key)

    def _completed(self, places: Places) -> Places | None:
        """The places with those that earlier messages had; None while one was in none of them.

        What is made of them reads a message that lacks some just as well.
        """
        pairs = zip(self._wanted.paths, places.values, strict=True)
        self._chains.update((path, chain) for path, chain in pairs if chain is not None)
        if len(self._chains) < len(self._wanted.paths):
            return None
        return places._replace(values=tuple(self._chains[path] for path in self._wanted.paths))

    def _made(self, places: Places, records: bool, content: Content, seq: type) -> Plan | None:
        if content.stamp is not None or (records and content.at.beside is not None):
            return None
        if content.lines:
            return (
                None
                if self._make_lines is None
                else _plan(content, places, records, self._wanted, self._make_lines, seq, lines=True)
            )
        return _plan(content, places, records, self._wanted, self._make, seq)

    def read_run(self, messages: Messages, start: int) -> tuple[int, Samples | None]:
        """Read messages from ``start`` on, up to the first that is different; returns its index."""
        if self._plan is None:
            return start, None
        plan, rows, beside = self._plan, list[Any](), list[bytes]()
        if plan.records:
            stop = _take_records(plan, messages, start, rows)
        elif plan.at.beside is not None:
            stop = self._take_both(plan, messages, start, rows, beside)
        else:
            stop = _take_rows(plan, messages, start, rows)
        return stop, self._columns(plan, rows, beside) if rows else None

    def _take_both(self, plan: Plan, messages: Messages, start: int, rows: list[Any], beside: list[bytes]) -> int:
        payload, other = plan.at
        assert other is not None
        fits = self._wanted.beside.fitting()
        try:
            for k in range(start, len(messages)):
                if not fits(messages[k][other]):
                    break
                rows.append(plan.decode(messages[k][payload]))
                beside.append(messages[k][other])
        except (*UNREADABLE, IndexError):
            pass
        return start + len(rows)

    def _columns(self, plan: Plan, rows: list[Any], beside: list[bytes]) -> Samples:
        dtype = np.object_ if self._wanted.labels else np.float64
        values: Columns
        if plan.all_of_them is not None:
            values = np.ascontiguousarray(np.array([*map(plan.all_of_them, rows)], dtype=dtype).T)
        else:
            made = [np.array(list(map(pick, rows)), dtype=dtype) for pick in plan.values]
            values = tuple(made)  # by a generator it were two calls more a message
        if self._wanted.labels:
            for labels in values:
                labels[labels == None] = np.nan  # noqa: E711
        t: Column | None = None
        if plan.t is not None:
            t = _seconds(list(map(plan.t, rows)), self._wanted.clock)
        elif beside and self._wanted.beside.kind.startswith("time"):
            t = self._wanted.beside.times(beside, self._wanted.clock)
        numbers: Each | None = None
        if plan.seq is not None:
            numbers = in_a_row([*map(plan.seq, rows)] if plan.whole else [whole(plan.seq(row)) for row in rows])
        elif beside and self._wanted.beside.kind.startswith("count"):
            numbers = self._wanted.beside.numbers(beside)
        return Samples(values, t, numbers)


def _take_records(plan: Plan, messages: Messages, start: int, rows: list[Any]) -> int:
    decode, at = plan.decode, plan.at.payload
    for stop in range(start, len(messages)):
        try:
            records = decode(messages[stop][at])
        except (*UNREADABLE, IndexError):
            return stop
        if not records:
            return stop
        rows += records
    return len(messages)


def _take_rows(plan: Plan, messages: Messages, start: int, rows: list[Any]) -> int:
    try:
        # A list keeps what it has been given when what gives it ends in an error.
        rows.extend(map(plan.decode, map(plan.payload, messages[start:] if start else messages)))
    except (*UNREADABLE, IndexError):
        pass  # this one is read in full, which also finds the reason
    return start + len(rows)


def _seconds(values: list[int | float | datetime], clock: Clock) -> FloatArray:
    """As the clock reads each by itself, to the last bit: nanoseconds are more digits than a float64 has."""
    kinds = {*map(type, values)}
    if kinds == {float} or (datetime not in kinds and max(map(abs, values)) < EXACT):  # type: ignore[arg-type]
        return clock.array(np.array(values))
    return np.array([or_nan(value, clock.one) for value in values])


def _plan(
    content: Content,
    places: Places,
    records: bool,
    wanted: Wanted,
    make: Callable[[Any], Decode],
    seq_type: type,
    lines: bool = False,
) -> Plan | None:
    """None where no decoder can be made: an index from the end, a key that is a number, two uses of one value."""
    tree: Tree = {}
    at, record = content.at, content.tree[0] if records else content.tree
    kind = LABEL if wanted.labels else NUMBER
    try:
        chains = zip(wanted.paths, places.values, strict=True)
        names = [_place(tree, path, chain, kind) for path, chain in chains if chain is not None]
        t = _place_usual(tree, record, wanted.t, places.t, TIME_NAMES, places, TIME)
        otherwise = SEQ_OTHERWISE.get(seq_type, SEQ)
        seq = _place_usual(tree, record, wanted.seq, places.seq, SEQ_NAMES, places, otherwise)
        for chain, unit in {*filter(None, places.units)}:
            _place(tree, "/".join(map(str, chain)), chain, Literal[unit])
        row = _struct(tree, SCALAR, partial=wanted.partial)
        decode = make(list[row] if records and not lines else row)  # type: ignore[valid-type]
    except (ValueError, TypeError, LookupError):
        return None
    values = tuple(attrgetter(name) for name in names)
    all_of_them = attrgetter(*names) if len(names) >= MANY and not wanted.labels else None
    pick_t, pick_seq = attrgetter(t) if t else None, attrgetter(seq) if seq else None
    whole = seq_type not in SEQ_OTHERWISE
    return Plan(decode, values, all_of_them, pick_t, pick_seq, whole, records, at, itemgetter(at.payload))


def _seq_type(record: Any, places: Places) -> type:
    """The type of the sequence number in a record; that of whole numbers where there is none."""
    return int if places.seq is None else type(follow(record, places.seq))


def _place(tree: Tree, path: str, chain: Chain, kind: Any) -> str:
    """Put a value into the tree of types, and ABSENT where a longer key would come first; returns its dotted name."""
    name = []
    for depth, key in enumerate(chain, 1):
        if isinstance(key, int):
            path = path[len(heads(path)[-1]) + 1 :]
        else:
            for head in heads(path)[: heads(path).index(key)]:
                _put(tree, head, ABSENT)
            path = path[len(key) + 1 :]
        below = _put(tree, key, kind if depth == len(chain) else {})
        name.append(f"f{key if isinstance(key, int) else list(tree).index(key)}")
        tree = below
    return ".".join(name)


def _place_usual(
    tree: Tree, record: Any, path: str | None, chain: Chain | None, usual: tuple[str, ...], places: Places, kind: Any
) -> str | None:
    if path is not None and chain is not None:
        return _place(tree, path, chain, kind)
    for name in usual:
        if chain == (name,):
            return _place(tree, name, chain, kind)
        if (name,) not in places.values and not isinstance(tree.get(name), dict) and not _is_list(tree):
            _put(tree, name, ABSENT)
    for other in not_there(record, places.values, usual, chain):
        _put_absent(tree, other)
    return None if chain is None else _place(tree, "/".join(map(str, chain)), chain, kind)


def _put_absent(tree: Tree, chain: Chain) -> None:
    """Put ABSENT at a place, unless something else there is wanted."""
    for key in chain[:-1]:
        tree = _put(tree, key, {})
    if not tree or (not _is_list(tree) and chain[-1] not in tree):
        _put(tree, chain[-1], ABSENT)


def _put(tree: Tree, key: str | int, kind: Any) -> Any:
    if isinstance(key, int) and not 0 <= key <= MAX_INDEX:
        raise ValueError("an index from the end, or a far one")
    if tree and _is_list(tree) != isinstance(key, int):
        raise ValueError("a list and an object")
    there = tree.setdefault(key, kind)
    if there is not kind and not (isinstance(there, dict) and isinstance(kind, dict)):
        raise ValueError(f"{key!r} is used twice")
    return there


def _is_list(tree: Tree) -> bool:
    return isinstance(next(iter(tree)), int)


def _struct(tree: Tree, unused: Any = Any, *, partial: bool = False) -> type[msgspec.Struct]:
    """The type of an object with these keys, or of a list with values at these indices; ``partial``: or of some."""
    if _is_list(tree):
        kinds = [tree.get(k, unused) for k in range(max(map(int, tree)) + 1)]
        elements = [_field(k, kind, partial) for k, kind in enumerate(kinds)]
        return msgspec.defstruct("Sample", elements, array_like=True)
    fields = [_field(k, kind, partial) for k, kind in enumerate(tree.values())]
    names = {f"f{k}": str(key) for k, key in enumerate(tree)}
    return msgspec.defstruct("Sample", fields, rename=names, kw_only=True, gc=False)


def _field(k: int, kind: Any, partial: bool) -> Any:
    """A field of a type; its default where the value may be missing."""
    name = f"f{k}"
    if kind is ABSENT:
        return name, kind, None
    if not isinstance(kind, dict):
        return (name, kind, None) if partial and kind in (NUMBER, SCALAR, Any) else (name, kind)
    below = _struct(kind, partial=partial)
    optional = partial and not any(field.required for field in msgspec.structs.fields(below))
    return (name, below, msgspec.field(default_factory=below)) if optional else (name, below)
