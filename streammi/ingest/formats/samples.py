"""The samples in a message: in a record, a list of records, or a record whose values are arrays."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.formats.columns import is_array, label, times
from streammi.ingest.formats.content import MAX_COLUMNS, Content, Places, Samples, Wanted
from streammi.ingest.formats.named import by_name
from streammi.ingest.formats.nested_lists import batch_in
from streammi.ingest.formats.paths import Chain, find, follow, into_records
from streammi.ingest.formats.record import number_in, numbers_at, of_record, time_in, times_at
from streammi.ingest.formats.record_list import of_records
from streammi.ingest.formats.split_columns import by_columns
from streammi.ingest.formats.units import check_names
from streammi.ingest.sequence import Numbers


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
        records = (
            (by_name(tree, together=len(wanted.paths) > 1) or by_columns(tree))
            if error.reason == "no such path"
            else None
        )
        of_one = _of_one_key(tree, wanted) if wanted.keyed and records is None else None
        if records is None and of_one is None:
            raise
        check_names(tree, wanted.paths, wanted)
        found = of_one or of_records(records or [], wanted)._replace(places=None)
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
    return of_records(list(tree), wanted) if has_records(tree) else of_record(tree, wanted)


def _of_one_key(tree: Any, wanted: Wanted) -> Samples | None:
    """The samples of a record that are all of one key, which stands beside their list or arrays; None for no such."""
    try:
        value = follow(tree, find(tree, wanted.paths[-1])) if isinstance(tree, dict) else None
        if value is None or is_array(value):
            return None
        found = _of_tree(tree, msgspec.structs.replace(wanted, paths=wanted.paths[:-1], keyed=False))
        return found._replace(values=(*found.values, [label(value)] * len(found.values[0])), places=None)
    except FeedError:
        return None


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
    found = of_records(records, named)._replace(places=None)
    n = len(found.values[0])
    beside = _places_beside(tree, (*chain, 0), wanted, inside)
    if found.t is None:
        found = found._replace(t=times_at(tree, beside, n, wanted))
    return found if found.numbers is not None else found._replace(numbers=numbers_at(tree, beside, n))


def _places_beside(tree: Any, records: Chain, wanted: Wanted, inside: dict[str, Any]) -> Places:
    """Where the time and the number beside a list of records are, unless they are asked for inside it."""
    t = time_in(tree, (records,)) if wanted.t is None else None
    if wanted.t is not None and inside["t"] is None:
        t = find(tree, wanted.t)
    seq = number_in(tree, (records,)) if wanted.seq is None else None
    if wanted.seq is not None and inside["seq"] is None:
        seq = find(tree, wanted.seq)
    return Places((), t, seq)
