"""The name that was meant where one is given that is none."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

LEAST: Final = 3  # letters of a beginning
CLOSE: Final = 0.7  # by difflib: a lower one finds `unit` for `quiet`


def instead(given: str, names: Iterable[str]) -> str:
    """The name that was meant, in words; empty where none is like it.

    >>> instead("--windw", ["--window", "--bins"]), instead("--fast", ["--window"])
    (' (perhaps --window)', '')
    >>> instead("toler", ["pair", "tolerance"]), instead("quiet", ["unit"])
    (' (perhaps tolerance)', '')
    """
    asked, known = given.replace("_", "-").lstrip("-"), {name.lstrip("-"): name for name in names}
    begun = [name for name in known if len(asked) >= LEAST and name.startswith(asked)]
    near = begun or get_close_matches(asked, known, n=1, cutoff=CLOSE)
    return f" (perhaps {known[near[0]]})" if near else ""
