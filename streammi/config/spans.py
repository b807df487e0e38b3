"""Lengths of a stream: a number of pairs, or a duration."""

import math
import operator
import re
from datetime import timedelta
from typing import Final

import msgspec

from streammi.errors import ConfigError

SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SPAN_RULE: Final = "a number of pairs or a duration such as 10s or 500ms"
MAX_WINDOW_PAIRS: Final = 1 << 24  # 16.8 M pairs: 0.5 GB of values, symbols and times


class Span(msgspec.Struct, frozen=True):
    """A length of stream: a number of pairs, or a duration in seconds; exactly one is set."""

    pairs: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        if self.pairs is not None:
            return f"{self.pairs} pairs"
        assert self.seconds is not None
        return f"{self.seconds:g} s" if self.seconds >= 1 else f"{self.seconds * 1e3:g} ms"


def span(value: int | str | timedelta | Span, name: str = "window", least_pairs: int = 1) -> Span:
    """Read ``1000``, ``"1000"``, ``"10s"``, ``"500ms"``, ``"2h"`` or a timedelta.

    >>> span("500ms"), span(1000).pairs
    (Span(pairs=None, seconds=0.5), 1000)
    >>> span("fast", "every")
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: every must be a number of pairs or a duration such as 10s or 500ms, got 'fast'
    """
    if isinstance(value, Span):
        if value.seconds is not None and value.pairs is None:
            return _duration(value.seconds, name, value)
        if value.pairs is None or value.seconds is not None:
            raise ConfigError(name, "either a number of pairs or a duration", value)
        value = value.pairs
    if isinstance(value, timedelta):
        return _duration(value.total_seconds(), name, value)
    if isinstance(value, str):
        number, unit = _quantity(value, name)
        if unit:
            return _duration(number * SECONDS[unit], name, value)
        if not number.is_integer():
            raise ConfigError(name, "a whole number of pairs, or a duration with its unit such as 10s", value)
        value = int(number)
    try:
        pairs = None if isinstance(value, bool) else operator.index(value)  # also numpy's integers
    except TypeError:
        pairs = None
    if pairs is None:
        raise ConfigError(name, SPAN_RULE, value)
    if not least_pairs <= pairs <= MAX_WINDOW_PAIRS:
        rule = f">= {least_pairs} pairs" if pairs < least_pairs else f"<= {MAX_WINDOW_PAIRS} pairs"
        raise ConfigError(name, rule, pairs)
    return Span(pairs=pairs)


def _quantity(text: str, name: str) -> tuple[float, str]:
    """The number in a text and its unit of time, empty where there is none."""
    # A comma separates thousands, and nothing else: 1,5s is no duration.
    digits = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9][0-9_]*)(?:\.[0-9]*)?(?:e[0-9]+)?"
    match = re.fullmatch(rf"\s*({digits})\s*([a-z]*)\s*", text.lower())
    if not match or (match[2] and match[2] not in SECONDS):
        raise ConfigError(name, SPAN_RULE, text)
    return float(match[1].replace("_", "").replace(",", "")), match[2]


def _duration(seconds: float, name: str, given: object) -> Span:
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ConfigError(name, "a duration > 0", given)
    return Span(seconds=seconds)
