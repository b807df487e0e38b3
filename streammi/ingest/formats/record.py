"""One record of a message: where in it everything is, and its samples."""

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from streammi.errors import FeedError
from streammi.ingest.formats.beside_values import is_date, likely_time, nested
from streammi.ingest.formats.columns import Column, column, is_array, is_time, label, number, times
from streammi.ingest.formats.content import SEQ_LIMIT, SEQ_NAMES, TIME_NAMES, Places, Samples, Wanted
from streammi.ingest.formats.paths import Chain, find, follow, has
from streammi.ingest.formats.units import in_another, units_of
from streammi.ingest.sequence import Numbers
from streammi.ingest.time_guesses import number_of
from streammi.ingest.time_units import epoch_unit
from streammi.ingest.timestamps import is_missing
from streammi.records import IntArray

DIGITS: Final = re.compile(r"[0-9]{1,18}(?:\.0{0,9})?")
A_DAY: Final = 86_400  # s
EXACT: Final = 1 << 53  # whole numbers up to here are float64s


def of_record(tree: Any, wanted: Wanted) -> Samples:
    """The samples of a record; FeedError for why there are none."""
    return at_places(tree, locate(tree, wanted), wanted)


def locate(tree: Any, wanted: Wanted) -> Places:
    """Where everything that is wanted is in a record."""
    values = _find_values(tree, wanted)
    t = time_in(tree, values) if wanted.t is None else find(tree, wanted.t)
    if t is None and (unread := usual(tree, TIME_NAMES, values, lambda value: True)):
        wanted.clock.unread(unread[0], tree[unread[0]])
    if t is None and wanted.clock.lacks:
        wanted.clock.suggest(likely_time(tree))
    seq = number_in(tree, values) if wanted.seq is None else find(tree, wanted.seq)
    return Places(values, t, seq, units_of(tree, values, wanted))


def time_in(tree: Any, values: tuple[Chain | None, ...]) -> Chain | None:
    """Where a record has the time of these values, if it has one under one of the usual names."""
    return usual(tree, TIME_NAMES, values, is_time) or nested(tree, values, TIME_NAMES, is_date)


def number_in(tree: Any, values: tuple[Chain | None, ...]) -> Chain | None:
    """Where a record has the sequence number of these values, likewise."""
    return usual(tree, SEQ_NAMES, values, is_seq) or nested(tree, values, SEQ_NAMES, is_seq)


def _find_values(tree: Any, wanted: Wanted) -> tuple[Chain | None, ...]:
    if not wanted.partial:
        return tuple(find(tree, path) for path in wanted.paths)
    found = tuple(find(tree, path) if has(tree, path) else None for path in wanted.paths)
    if not any(found):
        raise FeedError("no such path", f"none of {', '.join(wanted.paths[:3])}"[:80])
    return found


def usual(
    tree: Any, names: tuple[str, ...], taken: tuple[Chain | None, ...], usable: Callable[[Any], bool]
) -> Chain | None:
    """The first of these names at the top of a record, if it is not ``taken`` and its value is usable."""
    if not isinstance(tree, dict):
        return None
    return next(((name,) for name in names if name in tree and (name,) not in taken and usable(tree[name])), None)


def is_seq(value: Any) -> bool:
    """True for a sequence number, or several; as a text or a float, too, as senders without whole numbers have them.

    >>> is_seq(7), is_seq("7"), is_seq(7.0), is_seq([7, 8.0]), is_seq(7.5), is_seq("seven"), is_seq(True)
    (True, True, True, True, False, False, False)
    """
    if isinstance(value, list):
        return bool(value) and all(map(_is_number_of, value))
    if isinstance(value, np.ndarray):
        whole = value.dtype.kind == "f" and bool((np.abs(value) <= EXACT).all()) and bool((value % 1 == 0).all())
        return value.dtype.kind in "iu" or whole
    return _is_number_of(value)


def whole(value: Any) -> int:
    """A sequence number as a whole one; ValueError, TypeError and OverflowError for what is none.

    >>> whole(7), whole("7"), whole("0007.0"), whole(7.0)
    (7, 7, 7, 7)
    """
    return int(value.partition(".")[0] if isinstance(value, str) else value)


def _is_number_of(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < SEQ_LIMIT
    if isinstance(value, float):
        return abs(value) <= EXACT and value.is_integer()
    return isinstance(value, str) and DIGITS.fullmatch(value) is not None


def at_places(tree: Any, places: Places, wanted: Wanted) -> Samples:
    """The samples at these places of a record."""
    found = [np.nan if chain is None else follow(tree, chain) for chain in places.values]
    for k, unit in enumerate(places.units):
        if other := in_another(tree, unit):
            if not wanted.partial:
                raise FeedError("another unit", f"{wanted.paths[k]} {other}"[:120])
            found[k] = np.nan
    arrays = [is_array(value) for value in found]
    if any(arrays):
        return _of_arrays(tree, places, found, wanted)
    if wanted.partial:
        values = _numbers_among(found)
    else:
        convert = label if wanted.labels else number
        values = tuple([convert(value)] for value in found)
    return Samples(values, times_at(tree, places, 1, wanted), numbers_at(tree, places, 1), places)


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
    if {*lengths} == {2} and (at := _time_beside_value(found)) is not None:
        ways = " ".join(f"--{axis} {path}/{1 - at}" for axis, path in zip("xy", wanted.paths, strict=False))
        raise FeedError("not a number", f"each is a value and its time: {ways} --t {wanted.paths[0]}/{at}")
    if len(set(lengths)) > 1:
        sizes = (f"{path} has {length}" for path, length in zip(wanted.paths, lengths, strict=True))
        raise FeedError("lengths differ", ", ".join(sizes)[:80])
    values = tuple(column(value if is_array(value) else [value], wanted.labels) for value in found)
    n = lengths[0]
    return Samples(values, times_at(tree, places, n, wanted), numbers_at(tree, places, n))


def _time_beside_value(found: list[Any]) -> int | None:
    """Where the time is if each value is ``[time, value]``, or the other way round, and all are of about one time; None
    where they are not. Read as two samples, times would be among the values.
    """
    if not all(isinstance(value, list) for value in found):
        return None
    for at in (0, 1):
        numbers = [number_of(value[at]) for value in found if type(value[at]) is not bool and value[at] is not None]
        if len(numbers) < len(found) or any(is_date(value[1 - at]) for value in found):
            continue
        texts = [value[at] for value in found if isinstance(value[at], str) and not is_missing(value[at])]
        if len(texts) == len(found) and all(number is None for number in numbers) and all(map(is_date, texts)):
            return at
        units = {None if number is None else epoch_unit(number) for number in numbers}
        unit = units.pop()
        known = [number for number in numbers if number is not None]
        if unit is not None and not units and max(known) - min(known) <= A_DAY * unit.per:
            return at
    return None


def times_at(tree: Any, places: Places, n: int, wanted: Wanted) -> Column | None:
    """The times, s, of the ``n`` samples of a record; None where it has none."""
    if places.t is None:
        return None
    try:
        return times(follow(tree, places.t), n, wanted.clock)
    except FeedError:
        if wanted.t is not None:
            raise
        return None  # it was not asked for by name, so it need not be what its name says


def numbers_at(tree: Any, places: Places, n: int) -> IntArray | Numbers | None:
    """The sequence numbers of the ``n`` samples of a record, or the one of all of it."""
    value = None if places.seq is None else follow(tree, places.seq)
    if value is None:
        return None
    if not is_array(value):
        return _number_of(value, n)
    large = getattr(value, "dtype", None) == np.uint64  # as it is: from 2**63 on it would be below 0
    try:
        value = [*map(whole, value)] if isinstance(value, list) else value
        numbers: IntArray = np.asarray(value, dtype=np.uint64 if large else np.int64)
    except (ValueError, TypeError, OverflowError):
        raise _not_a_number(value) from None
    return numbers if numbers.shape == (n,) else None


def numbers_of(tree: Any, wanted: Wanted) -> Numbers | None:
    """The sequence number of a record that has no samples: it came, so it is not missing."""
    try:
        seq = usual(tree, SEQ_NAMES, (), is_seq) if wanted.seq is None else find(tree, wanted.seq)
        return None if seq is None or is_array(follow(tree, seq)) else _number_of(follow(tree, seq), 1)
    except FeedError:
        return None


def _number_of(value: Any, n: int) -> Numbers | None:
    """One number for a message of ``n`` samples: a missing one then stands for as many."""
    try:
        first = whole(value)
    except (ValueError, TypeError, OverflowError):
        raise _not_a_number(value) from None
    return Numbers(first, 1, n) if abs(first) < SEQ_LIMIT else None


def _not_a_number(value: Any) -> FeedError:
    return FeedError("not a number", f"sequence number {repr(value)[:60]}")
