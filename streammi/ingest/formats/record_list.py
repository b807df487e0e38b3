"""The records of a message that has several: the samples of each, or, where they are alike, column by column."""

from typing import Any, Final

import numpy as np

from streammi.errors import FeedError
from streammi.ingest.formats.columns import number, times
from streammi.ingest.formats.content import SEQ_NAMES, TIME_NAMES, Places, Samples, Wanted
from streammi.ingest.formats.paths import find, has, heads
from streammi.ingest.formats.record import at_places, is_seq, locate, numbers_of, of_record, whole
from streammi.ingest.formats.units import in_another
from streammi.ingest.sequence import Numbers

_USUAL: Final = frozenset({*TIME_NAMES, *SEQ_NAMES})
MANY: Final = 8  # records
FEW: Final = 64  # keys of a record, and
KINDS: Final = 64  # of records, whose places are kept: a message may have them all different
_NESTS: Final = (dict, list, np.ndarray)


def of_records(trees: list[Any], wanted: Wanted) -> Samples:
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
    return of_record(trees, wanted)  # the path may begin with an index into the list


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
            return found if isinstance(found, FeedError) else at_places(tree, found, self._wanted)
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


def _alike(trees: list[Any], wanted: Wanted) -> Samples | None:
    """Do what ``of_record`` does with many flat records with the same keys, column by column: 1 us each, not 10.

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
        if any(in_another(tree, unit) for unit in places.units for tree in trees):
            return None
        columns = [np.array([number(tree[key]) for tree in trees]) for (key,) in chains]
    except FeedError:
        return None
    usual = [name for name in (*TIME_NAMES, *SEQ_NAMES) if isinstance(trees[0], dict) and name in trees[0]]
    if {(name,) for name in usual} - {*places.values, places.t, places.seq}:
        return None  # what one record has no time or number in, another may
    t = None if places.t is None else [tree[places.t[0]] for tree in trees]
    numbers = None if places.seq is None else [tree[places.seq[0]] for tree in trees]
    if (t and not {*map(type, t)} <= {int, float}) or (numbers and not all(map(is_seq, numbers))):
        return None
    found = None if t is None else times(t, len(trees), wanted.clock)
    return Samples(tuple(columns), found, None if numbers is None else np.array([*map(whole, numbers)]), places)


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
