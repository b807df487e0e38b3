"""Lists in a message that may be its samples: which of them a pair of paths leads through, and what to say of them."""

import re
from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.paths import EACH, Chain, find, follow, into_records
from streammi.ingest.time_units import epoch_unit

VECTOR: Final = 4  # numbers that are one thing: a position, a quaternion
WIDE: Final = 8  # columns: of more than there are rows it is doubted that they are signals


def batch_in(tree: Any, paths: tuple[str, ...]) -> tuple[Chain, tuple[str, ...]] | None:
    """The keys to the list of records that all paths lead through, and what is left of each path; None where they lead
    through none. Rows of numbers of which there are more than they are long are records too.

    >>> batch_in({"samples": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, ("samples/x", "samples/y"))
    (('samples',), ('x', 'y'))
    >>> batch_in({"d": [[1, 2], [3, 4], [5, 6]]}, ("d/0", "d/1"))
    (('d',), ('0', '1'))
    >>> batch_in({"d": [[1, 2, 3], [4, 5, 6]]}, ("d/0", "d/1"))
    """
    if not isinstance(tree, dict) and not (isinstance(tree, list) and all(path.startswith(EACH) for path in paths)):
        return None
    found = [into_records(tree, path) for path in paths]
    chains = {one[0] for one in found if one is not None}
    if len(chains) == 1 and None not in found:
        return chains.pop(), tuple(one[1] for one in found if one is not None)
    if chains:
        raise FeedError("no such path", f"{' and '.join(paths)} lead into different lists")
    return _rows_in(tree, paths)


def hint_of(tree: Any, paths: tuple[str, ...] = ()) -> str:
    """A hint for a person on rows of numbers that may be signals, and not samples, and of lists of which one
    element is taken; empty where there is nothing.

    >>> hint_of([list(range(8)), list(range(8))])[:57]
    'a message is 2 rows of 8, read as 2 samples of 8 signals;'
    >>> hint_of([[1, 2], [3, 4]])
    ''
    >>> hint_of({"s": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, ("s/0/x", "s/0/y"))
    's/0/x and s/0/y take 1 of 2 records in a message; s/*/x and s/*/y take each'
    >>> hint_of([1767225600.5, 20.5, 40], ("0", "1"))
    '0 is a time by its size: --t 0, and --x 1 --y 2 for the two behind it'
    """
    if not isinstance(tree, dict | list):
        return ""
    if time := _hint_of_time(tree, paths):
        return time
    if picked := _hint_of_records(tree, paths):
        return picked
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], list):
        return ""
    rows, columns = len(tree), len(tree[0])
    # Two rows of three, of which 0 and 1 are asked for, are two signals as well as samples of three.
    covered = set(paths) == {str(k) for k in range(rows)}
    if rows < 2 or columns < (rows + 1 if covered else max(WIDE, rows + 1)):
        return ""
    return (
        f"a message is {rows} rows of {columns}, read as {rows} samples of {columns} signals; "
        f'if they are {rows} signals of {columns} samples, send {{"x": [...], "y": [...]}}'
    )


def _hint_of_time(tree: Any, paths: tuple[str, ...]) -> str:
    """The same of a row of three and more without names, the first of which is asked for and is a time since 1970."""
    if "0" not in paths:
        return ""
    if isinstance(tree, dict):  # columns, as of CSV
        row = [tree[name][0] for name in "012" if isinstance(tree.get(name), list) and tree[name]]
    else:
        row = tree[0] if tree and isinstance(tree[0], list) else tree
    if len(row) < 3 or not isinstance(row[0], str | int | float):
        return ""
    try:
        is_time = epoch_unit(float(row[0])) is not None
    except ValueError:
        return ""
    return "0 is a time by its size: --t 0, and --x 1 --y 2 for the two behind it" if is_time else ""


def _rows_in(tree: Any, paths: tuple[str, ...]) -> tuple[Chain, tuple[str, ...]] | None:
    """The same for ``d/0`` and ``d/1`` in rows of numbers: FeedError where these may be rows as well as columns."""
    chains = _chains(tree, paths)
    if not chains or len({chain[:-1] for chain in chains}) > 1 or not all(isinstance(one[-1], int) for one in chains):
        return None
    above = follow(tree, chains[0][:-1])
    if not isinstance(above, list) or not _are_rows(above):
        return None
    rows, columns = len(above), len(above[0])
    if rows == columns and len(paths) > 1:
        each = " and ".join(_each(path) for path in paths)
        raise FeedError("no such path", f"{rows} rows of {columns} may be samples or signals; {each} take samples")
    return (chains[0][:-1], tuple(str(chain[-1]) for chain in chains)) if rows > columns else None


def _hint_of_records(tree: Any, paths: tuple[str, ...]) -> str:
    chains = _chains(tree, paths)
    places = [next((k for k, key in enumerate(chain) if _picks(tree, chain, k)), None) for chain in chains]
    if not chains or len(set(places)) > 1 or places[0] is None:
        return _hint_of_columns(tree, paths, chains)
    if len({chain[: places[0] + 1] for chain in chains}) > 1:  # of different elements: each is a thing of its own
        return ""
    many = len(follow(tree, chains[0][: places[0]]))
    each = [_each_at(path, chain, places[0]) for path, chain in zip(paths, chains, strict=True)]
    return f"{' and '.join(paths)} take 1 of {many} records in a message; {' and '.join(each)} take each"


def _hint_of_columns(tree: Any, paths: tuple[str, ...], chains: list[Chain]) -> str:
    """The same of one place in columns that are longer than a vector is."""
    if len({chain[-1] for chain in chains}) != 1 or not all(isinstance(chain[-1], int) for chain in chains):
        return ""
    lengths = {len(follow(tree, chain[:-1])) for chain in chains}
    if len(lengths) > 1 or min(lengths) <= VECTOR or len({chain[:-1] for chain in chains}) < len(chains):
        return ""
    whole = " and ".join(re.split(r"[/.](?!.*[/.])", path)[0] for path in paths)
    return f"{' and '.join(paths)} take 1 of {lengths.pop()} values in a message; {whole} take each"


def _picks(tree: Any, chain: Chain, at: int) -> bool:
    """True if a key of a chain picks one of several records that are alike."""
    above = follow(tree, chain[:at])
    if not isinstance(chain[at], int) or not isinstance(above, list) or len(above) < 2:
        return False
    if _are_rows(above):
        return True
    return all(isinstance(one, dict) for one in above) and len({frozenset(map(str, one)) for one in above}) == 1


def _are_rows(above: list[Any]) -> bool:
    """True if a list is made of several lists of numbers, all as long."""
    lengths = {len(row) if isinstance(row, list) else -1 for row in above}
    return len(above) > 1 and len(lengths) == 1 and not lengths & {-1, 0} and not isinstance(above[0][0], list | dict)


def _chains(tree: Any, paths: tuple[str, ...]) -> list[Chain]:
    try:
        return [find(tree, path) for path in paths]
    except FeedError:
        return []


def _each(path: str) -> str:
    """A path to a row as the path to a column."""
    cut = max(path.rfind("/"), path.rfind("."))
    return f"{path[:cut]}{path[cut]}{EACH}{path[cut:]}"


def _each_at(path: str, chain: Chain, at: int) -> str:
    """A path of which the piece at this place is each element, and not one."""
    if at == len(chain) - 1:
        return _each(path)
    pieces = [str(key) for key in chain]
    return "/".join([*pieces[:at], EACH, *pieces[at + 1 :]])
