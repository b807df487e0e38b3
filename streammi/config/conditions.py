"""Conditions: the third signals that MI is taken given."""

import re
from typing import Final

import msgspec

from streammi.config.spans import Span, span
from streammi.errors import ConfigError

MOST_CONDITIONS: Final = 2
CYCLE: Final = "cycle:"


class Condition(msgspec.Struct, frozen=True):
    """One condition: the value at a ``path`` of the messages, or the phase of a ``cycle`` of samples or seconds."""

    path: str = ""
    cycle: Span | None = None

    def __str__(self) -> str:
        if self.cycle is None:
            return self.path
        return f"{CYCLE}{self.cycle.pairs}" if self.cycle.pairs else f"{CYCLE}{self.cycle.seconds:g}s"

    @property
    def words(self) -> str:
        """The condition as a sentence names it."""
        if self.cycle is None:
            return self.path
        return f"the cycle of {str(self.cycle).replace('pairs', 'samples')}"


def condition(text: str, name: str = "--given") -> Condition:
    """Read ``PATH``, ``cycle:24h`` or ``cycle:50``, a cycle of 50 samples.

    >>> condition("motor/temp").path, str(condition("cycle:24h"))
    ('motor/temp', 'cycle:86400s')
    """
    if not text.startswith(CYCLE):
        if not text.strip():
            raise ConfigError(name, "a path such as motor/temp, or a cycle such as cycle:24h or cycle:50", text)
        return Condition(path=text)
    length = text.removeprefix(CYCLE)
    if not re.search(r"\d", length):
        raise ConfigError(name, "a cycle with its length, such as cycle:24h or cycle:50", text)
    return Condition(cycle=span(length, name, least_pairs=2))


def check_conditions(given: tuple[Condition, ...], *, labels: bool) -> None:
    """ConfigError for conditions that cannot be heeded."""
    if not given:
        return
    if labels:
        raise ConfigError("--given", "left out with --bins categories", ", ".join(map(str, given)))
    if len(given) > MOST_CONDITIONS or len(set(given)) < len(given):
        raise ConfigError("--given", f"at most {MOST_CONDITIONS} different conditions", ", ".join(map(str, given)))
