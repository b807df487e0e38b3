"""The content of one message, and the samples in it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.clock import Clock
from streammi.ingest.formats.columns import Column, column, is_array, is_time, label, number, times
from streammi.ingest.formats.envelope import Places as Envelope
from streammi.ingest.formats.named import by_name
from streammi.ingest.formats.paths import Chain, find, follow, has, heads, into_records
from streammi.ingest.formats.records import batch_in
from streammi.ingest.sequence import Each, Numbers
from streammi.ingest.side_frame import Beside
from streammi.records import IntArray

TIME_NAMES: Final = ("timestamp", "time", "ts", "t")  # looked for in this order, at the top of each record
SEQ_NAMES: Final = ("seq",)
_USUAL: Final = frozenset({*TIME_NAMES, *SEQ_NAMES})
MANY: Final = 8  # records
FEW: Final = 64  # keys of a record, and
KINDS: Final = 64  # of records, whose places are kept: a message may have them all different
_NESTS: Final = (dict, list, np.ndarray)
MAX_COLUMNS: Final = 1 << 16
SEQ_LIMIT: Final = 1 << 62  # beyond it a number is no sequence number, and does not fit an int64


class Wanted(msgspec.Struct, frozen=True):
    """The wanted parts of messages: a path for each signal, and where their times and sequence numbers are."""

    paths: tuple[str, ...]
    t: str | None = None  # None: one of TIME_NAMES, where there is one
    seq: str | None = None  # None: one of SEQ_NAMES, where there is one
    labels: bool = False
    partial: bool = False  # what a message does not have at a path, or is no number, is NaN: but not all of it
    memory: dict[str, Any] = {}  # of the readers of formats in which one message does not say everything
    clock: Clock = msgspec.field(default_factory=Clock)  # the feed's; it learns from each message that is read
    beside: Beside = msgspec.field(default_factory=Beside)  # what stands beside the payloads, likewise


class Content(NamedTuple):
    """A message as it was read: ``tree`` is what paths lead into, made of dicts, lists, arrays and plain values."""

    tree: Any
    stamp: bytes | str | float | None = None  # the time, where it stands beside the tree
    beside: bytes | None = None  # a frame beside the payload, which may be a time or a counter
    at: Envelope = Envelope()  # where in the frames the payload and that are
    hint: str = ""  # what a person should know of messages like this one
    lines: bool = False  # the tree is made of lines of the payload
    first: int | None = None  # the number of the first sample, where samples are numbered


class Places(NamedTuple):
    """Where in a tree everything is."""

    values: tuple[Chain | None, ...]  # None where there is nothing, of messages that need not have all
    t: Chain | None
    seq: Chain | None


class Samples(NamedTuple):
    """The samples of a message, or of several: columns of equal length."""

    values: tuple[Column, ...]
    t: Column | None = None  # s
    numbers: Each | Numbers | None = None  # of each sample, or of the message
    places: Places | None = None  # where they were in each record, if these have one sample each


def samples(content: Content, wanted: Wanted) -> Samples:
    """The samples in a message: ``FeedError`` with the reason when there are none.

    The tree is a record, a list of records, or a record whose values are arrays of equal length.

    >>> samples(Content([{"a": 1, "t": 60}, {"a": 2, "t": 61}]), Wanted(("a",))).values
    ([1.0, 2.0],)
    >>> samples(Content({"a": [1, 2, 3]}), Wanted(("a",))).values
    (array([1., 2., 3.]),)
    """
    tree = signals(content.tree, wanted) if isinstance(content.tree, np.ndarray) else content.tree
    try:
        found = _of_tree(tree, wanted)
    except FeedError as error:
        records = by_name(tree) if error.reason == "no such path" else None
        if records is None:
            raise
        found = _of_records(records, wanted)._replace(places=None)
    n = len(found.values[0])
    if found.t is None and content.stamp is not None:
        found = found._replace(t=times(content.stamp, n, wanted.clock))
    if content.first is not None:
        found = found._replace(numbers=Numbers(content.first, n))
    return found if content.beside is None else _with_beside(found, content.beside, n, wanted)


def _with_beside(found: Samples, frame: bytes, n: int, wanted: Wanted) -> Samples:
    """The samples with the time or the number in the frame beside them, unless they have their own."""
    value = wanted.beside.read(frame)
    if isinstance(value, Numbers):
        if found.numbers is None:
            found = found._replace(numbers=value._replace(weight=n))
        else:
            wanted.beside.earlier()
    elif value is not None and found.t is None:
        found = found._replace(t=times(value, n, wanted.clock))
    return found if wanted.beside.is_known else found._replace(places=None)


def _of_tree(tree: Any, wanted: Wanted) -> Samples:
    if isinstance(tree, list) and not tree:
        raise FeedError("empty", "an empty array")
    batch = batch_in(tree, wanted.paths)
    if batch is not None:
        return _of_batch(tree, *batch, wanted)
    return _of_records(list(tree), wanted) if has_records(tree) else _of_record(tree, wanted)


def has_records(tree: Any) -> bool:
    """True if a message is a list of records, and not one record."""
    return isinstance(tree, list) and len(tree) > 0 and isinstance(tree[0], dict | list)


def signals(array: NDArray[Any], wanted: Wanted) -> dict[str, Any]:
    """An array as a record of columns: a row is a sample; or the one sample or signal that it is.

    >>> signals(np.array([[1, 2], [3, 4]]), Wanted(("0", "1")))
    {'0': array([1, 3]), '1': array([2, 4])}
    """
    if array.dtype.names:
        # [()]: of a single sample the value, not an array of it.
        return {name: array[name][()] for name in array.dtype.names}
    if array.dtype.kind == "c":
        return {"0": array.real[()], "1": array.imag[()]}
    if array.ndim == 1 and wanted.paths == ("0",):
        return {"0": array}
    return {str(k): array[..., k][()] for k in range(min(array.shape[-1], MAX_COLUMNS) if array.ndim else 0)}


def _of_batch(tree: Any, chain: Chain, rests: tuple[str, ...], wanted: Wanted) -> Samples:
    """Of each record in a list under a key; their times and numbers are their own, or else those beside the list."""
    records = follow(tree, chain)
    if not records:
        raise FeedError("empty", "an empty array")
    inside = {name: into_records(tree, path) for name in ("t", "seq") if (path := getattr(wanted, name)) is not None}
    own = {name: None if found is None else found[1] for name, found in inside.items()}
    named = msgspec.structs.replace(wanted, paths=rests, **own)
    found = _of_records(records, named)._replace(places=None)
    n = len(found.values[0])
    beside = _places_beside(tree, wanted, inside)
    if found.t is None:
        found = found._replace(t=_times(tree, beside, n, wanted))
    return found if found.numbers is not None else found._replace(numbers=_numbers(tree, beside, n))


def _places_beside(tree: Any, wanted: Wanted, inside: dict[str, Any]) -> Places:
    """Where the time and the number beside a list of records are, unless they are asked for inside it."""
    t = _usual(tree, TIME_NAMES, (), is_time) if wanted.t is None else None
    if wanted.t is not None and inside["t"] is None:
        t = find(tree, wanted.t)
    seq = _usual(tree, SEQ_NAMES, (), _is_seq) if wanted.seq is None else None
    if wanted.seq is not None and inside["seq"] is None:
        seq = find(tree, wanted.seq)
    return Places((), t, seq)


def locate(tree: Any, wanted: Wanted) -> Places:
    """Where everything that is wanted is in a record."""
    values = _find_values(tree, wanted)
    t = _usual(tree, TIME_NAMES, values, is_time) if wanted.t is None else find(tree, wanted.t)
    if t is None and (unread := _usual(tree, TIME_NAMES, values, lambda value: True)):
        wanted.clock.unread(unread[0], tree[unread[0]])
    seq = _usual(tree, SEQ_NAMES, values, _is_seq) if wanted.seq is None else find(tree, wanted.seq)
    return Places(values, t, seq)


def _find_values(tree: Any, wanted: Wanted) -> tuple[Chain | None, ...]:
    if not wanted.partial:
        return tuple(find(tree, path) for path in wanted.paths)
    found = tuple(find(tree, path) if has(tree, path) else None for path in wanted.paths)
    if not any(found):
        raise FeedError("no such path", f"none of {', '.join(wanted.paths[:3])}"[:80])
    return found


class _PlacesByKeys:
    """Where everything that is wanted is in records, looked for once for those with the same keys: they may be many."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        # Deeper paths depend on the values, and so does what has the name of a time or a number.
        plain = all(len(heads(path)) == 1 for path in wanted.paths)
        self._plain = plain and wanted.t is None and wanted.seq is None
        self._known: dict[tuple[Any, ...], Places | FeedError] = {}

    def any_in(self, tree: Any) -> bool:
        """True if a record has something that is wanted."""
        paths = self._wanted.paths
        if self._plain and type(tree) is dict and any(path in tree for path in paths):
            return True
        return any(has(tree, path) for path in paths)

    def read(self, tree: Any) -> Samples | FeedError:
        """The samples in a record, or why there are none: of many, none is to cost what raising an error does."""
        try:
            found = self._places(tree)
            return found if isinstance(found, FeedError) else _at_places(tree, found, self._wanted)
        except FeedError as error:
            return error

    def _places(self, tree: Any) -> Places | FeedError:
        if not self._plain or type(tree) is not dict or len(tree) > FEW:
            return locate(tree, self._wanted)
        keys = tuple(tree)
        found = self._known.get(keys)
        if found is None:
            found = self._located(tree)
            if not _USUAL.intersection(keys) and len(self._known) < KINDS:
                self._known[keys] = found
        return found

    def _located(self, tree: Any) -> Places | FeedError:
        try:
            return locate(tree, self._wanted)
        except FeedError as error:
            return error


def _of_record(tree: Any, wanted: Wanted) -> Samples:
    return _at_places(tree, locate(tree, wanted), wanted)


def _at_places(tree: Any, places: Places, wanted: Wanted) -> Samples:
    found = [np.nan if chain is None else follow(tree, chain) for chain in places.values]
    arrays = [is_array(value) for value in found]
    if any(arrays):
        return _of_arrays(tree, places, found, wanted)
    if wanted.partial:
        values = _numbers_among(found)
    else:
        convert = label if wanted.labels else number
        values = tuple([convert(value)] for value in found)
    return Samples(values, _times(tree, places, 1, wanted), _numbers(tree, places, 1), places)


def _numbers_among(found: list[Any]) -> tuple[Column, ...]:
    """The values as samples of one row, NaN for one that is no number; FeedError where all are none."""
    values, problem = [], None
    for value in found:
        try:
            values.append([number(value)])
        except FeedError as error:
            problem = problem or error
            values.append([np.nan])
    if problem is not None and np.isnan(values).all():
        raise problem
    return tuple(values)


def _of_arrays(tree: Any, places: Places, found: list[Any], wanted: Wanted) -> Samples:
    if wanted.partial:
        n = max(len(value) for value in found if is_array(value))
        found = [np.full(n, np.nan) if chain is None else v for v, chain in zip(found, places.values, strict=True)]
    lengths = [len(value) if is_array(value) else 1 for value in found]
    if len(set(lengths)) > 1:
        sizes = (f"{path} has {length}" for path, length in zip(wanted.paths, lengths, strict=True))
        raise FeedError("lengths differ", ", ".join(sizes)[:80])
    values = tuple(column(value if is_array(value) else [value], wanted.labels) for value in found)
    n = lengths[0]
    return Samples(values, _times(tree, places, n, wanted), _numbers(tree, places, n))


def _of_records(trees: list[Any], wanted: Wanted) -> Samples:
    """Of each record in a list. One that has none of the paths is another kind of record, and left out; one whose
    values cannot be used becomes NaN, so that it is counted as not finite; unless that is all there is.
    """
    # Without a look at each that has nothing: a frame has room for a million of these.
    filled = trees if np.ndarray in {*map(type, trees)} else filter(None, trees)
    nests = (tree for tree in filled if isinstance(tree, _NESTS))
    places = _PlacesByKeys(wanted)
    known = [tree for tree in nests if places.any_in(tree)]
    for path in () if wanted.partial else wanted.paths:
        if known and not any(has(tree, path) for tree in known):
            find(known[0], path)  # raises: as none has it, there is no need to say so of each
    if (found := _alike(known, wanted)) is not None:
        return found
    rows: list[Samples] = []
    problem: FeedError | None = None
    usable = False
    for tree in known:
        row = places.read(tree)
        if isinstance(row, FeedError):
            problem = problem or row
            row = Samples(tuple([np.nan] for _ in wanted.paths), numbers=numbers_of(tree, wanted))
        else:
            usable = True
        rows.append(row)
    if usable:
        return _appended(rows)
    if problem is not None:
        raise problem
    return _of_record(trees, wanted)  # the path may begin with an index into the list


def _alike(trees: list[Any], wanted: Wanted) -> Samples | None:
    """Do what ``_of_record`` does with many flat records with the same keys, column by column: 1 us each, not 10.

    None where they are anything else.
    """
    if len(trees) < MANY or wanted.labels or not _same_keys(trees):
        return None
    try:
        places = locate(trees[0], wanted)
        chains = [chain for chain in places.values if chain is not None]
        if len(chains) < len(places.values) or any(
            len(chain) > 1 for chain in (*chains, places.t or (), places.seq or ())
        ):
            return None
        columns = [np.array([number(tree[key]) for tree in trees]) for (key,) in chains]
    except FeedError:
        return None
    usual = [name for name in (*TIME_NAMES, *SEQ_NAMES) if isinstance(trees[0], dict) and name in trees[0]]
    if {(name,) for name in usual} - {*places.values, places.t, places.seq}:
        return None  # what one record has no time or number in, another may
    t = None if places.t is None else [tree[places.t[0]] for tree in trees]
    numbers = None if places.seq is None else [tree[places.seq[0]] for tree in trees]
    if (t and not {*map(type, t)} <= {int, float}) or (numbers and not all(map(_is_seq, numbers))):
        return None
    found = None if t is None else times(t, len(trees), wanted.clock)
    return Samples(tuple(columns), found, None if numbers is None else np.array(numbers), places)


def _same_keys(trees: list[Any]) -> bool:
    first = trees[0]
    if isinstance(first, list):
        return all(type(tree) is list and len(tree) == len(first) for tree in trees)
    return isinstance(first, dict) and all(type(tree) is dict and tree.keys() == first.keys() for tree in trees)


def _appended(rows: list[Samples]) -> Samples:
    values = tuple([one for row in rows for one in row.values[k]] for k in range(len(rows[0].values)))
    timed = any(row.t is not None for row in rows)
    t = [one for row in rows for one in ([np.nan] * len(row.values[0]) if row.t is None else row.t)]
    each = [row.numbers.first for row in rows if isinstance(row.numbers, Numbers) and len(row.values[0]) == 1]
    numbers = np.array(each) if len(each) == len(rows) else None
    same = rows[0].places if all(row.places == rows[0].places for row in rows) else None
    return Samples(values, t if timed else None, numbers, same)


def numbers_of(tree: Any, wanted: Wanted) -> Numbers | None:
    """The sequence number of a record that has no samples: it came, so it is not missing."""
    try:
        seq = _usual(tree, SEQ_NAMES, (), _is_seq) if wanted.seq is None else find(tree, wanted.seq)
        return None if seq is None or is_array(follow(tree, seq)) else _number_of(follow(tree, seq), 1)
    except FeedError:
        return None


def _usual(
    tree: Any, names: tuple[str, ...], taken: tuple[Chain | None, ...], usable: Callable[[Any], bool]
) -> Chain | None:
    if not isinstance(tree, dict):
        return None
    return next(((name,) for name in names if name in tree and (name,) not in taken and usable(tree[name])), None)


def _is_seq(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(type(one) is int and abs(one) < SEQ_LIMIT for one in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iu"
    return type(value) is int and abs(value) < SEQ_LIMIT


def _times(tree: Any, places: Places, n: int, wanted: Wanted) -> Column | None:
    if places.t is None:
        return None
    try:
        return times(follow(tree, places.t), n, wanted.clock)
    except FeedError:
        if wanted.t is not None:
            raise
        return None  # it was not asked for by name, so it need not be what its name says


def _numbers(tree: Any, places: Places, n: int) -> IntArray | Numbers | None:
    value = None if places.seq is None else follow(tree, places.seq)
    if value is None:
        return None
    if not is_array(value):
        return _number_of(value, n)
    large = getattr(value, "dtype", None) == np.uint64  # as it is: from 2**63 on it would be below 0
    try:
        numbers: IntArray = np.asarray(value, dtype=np.uint64 if large else np.int64)
    except (ValueError, TypeError, OverflowError):
        raise _not_a_number(value) from None
    return numbers if numbers.shape == (n,) else None


def _number_of(value: Any, n: int) -> Numbers | None:
    """One number for a message of ``n`` samples: a missing one then stands for as many."""
    try:
        first = int(value)
    except (ValueError, TypeError, OverflowError):
        raise _not_a_number(value) from None
    return Numbers(first, 1, n) if abs(first) < SEQ_LIMIT else None


def _not_a_number(value: Any) -> FeedError:
    return FeedError("not a number", f"sequence number {repr(value)[:60]}")
