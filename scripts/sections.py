"""Tables with bars, a section after the other: what the scripts that judge have in common."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

MISSED = "MISSED"


def met(good: bool) -> str:
    """A bar in a table."""
    return "met" if good else MISSED


def print_sections(sections: Mapping[str, Callable[..., Iterable[str]]], only: Iterable[str], *given: Any) -> int:
    """Print the tables of some sections, which are called with what is ``given``; returns how many bars they miss."""
    missed = 0
    for name in only:
        for line in sections[name](*given):
            print(line, flush=True)
            missed += MISSED in line
        print()
    return missed


def judge(sections: Mapping[str, Callable[..., Iterable[str]]], only: Iterable[str], *given: Any) -> int:
    """``print_sections`` with how many bars are missed as the last line; returns the exit status, 1 for any."""
    missed = print_sections(sections, only, *given)
    print(f"{missed} bars missed" if missed else "every bar met")
    return int(missed > 0)
