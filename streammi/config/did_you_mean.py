"""The name that was meant where one is given that is none."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

LEAST: Final = 3  # letters of a beginning
CLOSE: Final = 0.7  # by difflib: a lower one finds `unit` for `quiet`


def meant(given: str, names: Iterable[str]) -> str:
    """A question for the name that was meant, to stand in a list of those there are; empty where none is like it.

    >>> meant("tmp", ["Time", "Temp"]), meant("power", ["Time", "Temp"])
    ('did you mean Temp?', '')
    """
    asked, known = _plain(given), {_plain(name): name for name in names}
    begun = [name for name in known if len(asked) >= LEAST and name.startswith(asked)]
    near = begun or get_close_matches(asked, known, n=1, cutoff=CLOSE)
    return f"did you mean {known[near[0]]}?" if near else ""


def one_of(given: str, names: Sequence[str]) -> str:
    """The rule that a choice breaks: the names that there are, and which was meant.

    >>> one_of("onc", ["auto", "once"]), one_of("many", ["auto", "once"])
    ('auto or once (did you mean once?)', 'auto or once')
    """
    return f"{', '.join(names[:-1])} or {names[-1]}{instead(given, names)}"


def instead(given: str, names: Iterable[str]) -> str:
    """The same question in brackets, to stand behind a rule.

    >>> instead("--windw", ["--window", "--bins"]), instead("--fast", ["--window"])
    (' (did you mean --window?)', '')
    >>> instead("toler", ["pair", "tolerance"]), instead("quiet", ["unit"])
    (' (did you mean tolerance?)', '')
    """
    question = meant(given, names)
    return f" ({question})" if question else ""


def _plain(name: str) -> str:
    return name.replace("_", "-").lstrip("-").casefold()
