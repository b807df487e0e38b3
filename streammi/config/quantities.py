"""Durations, sizes, ranges and delays as people write them: 150ms, 1GiB, -1:1, -50:50."""

import math
import re

import msgspec

from streammi.config.spans import MAX_WINDOW_PAIRS, SECONDS, span
from streammi.errors import ConfigError


def seconds(text: str, name: str) -> float:
    """Read a duration of 0 or more, such as ``150s`` or ``5ms``.

    >>> seconds("2min", "--tolerance"), seconds("0s", "--lateness")
    (120.0, 0.0)
    """
    if re.fullmatch(r"\s*0+(\.0*)?\s*[a-z]*\s*", text.lower()):
        return 0.0
    found = span(text, name).seconds
    if found is None:
        raise ConfigError(name, "a duration with its unit, such as 150s or 5ms", text)
    return found


def byte_size(text: str, name: str = "--record-limit", least: int = 1 << 20) -> int:
    """Read ``1GiB``, ``500MB`` or a number of bytes.

    >>> byte_size("1GiB"), byte_size("1.5 MB")
    (1073741824, 1500000)
    """
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?)\s*(?:([kmgt])(i?)b?|b)?\s*", text.lower())
    if not match:
        raise ConfigError(name, "a size such as 1GiB or 500MB", text)
    exponent = " kmgt".index(match[2] or " ")
    size = int(float(match[1]) * (1024 if match[3] else 1000) ** exponent)
    if size < least:
        raise ConfigError(name, f"at least {least} bytes", text)
    return size


def value_range(text: str, name: str) -> tuple[float, float]:
    """Read ``LO:HI``.

    >>> value_range("-1:2.5", "--x-range")
    (-1.0, 2.5)
    """
    low, colon, high = text.partition(":")
    try:
        pair = float(low), float(high)
    except ValueError:
        raise ConfigError(name, "LOW:HIGH, two numbers", text) from None
    if not (colon and math.isfinite(pair[0]) and math.isfinite(pair[1]) and pair[0] < pair[1]):
        raise ConfigError(name, "LOW:HIGH with LOW < HIGH", text)
    return pair


class LagSpan(msgspec.Struct, frozen=True):
    """The first and the last delay in seconds."""

    first: float
    last: float

    def __str__(self) -> str:
        return f"{self.first:g}s:{self.last:g}s"


def lag_range(text: str, name: str = "--lags") -> tuple[int, int] | LagSpan:
    """Read ``FIRST:LAST`` in samples, such as ``-50:50``, or in time, such as ``-5s:500ms``.

    >>> lag_range("-50:50"), str(lag_range("-5s:500ms"))
    ((-50, 50), '-5s:0.5s')
    """
    first, _, last = text.partition(":")
    times = [re.fullmatch(r"([+-]?[0-9.]+)([a-z]+)", end.strip()) for end in (first, last)]
    try:
        if times[0] and times[1]:
            found = LagSpan(*(float(time[1]) * SECONDS[time[2]] for time in times if time))
            if not (math.isfinite(found.first) and found.first < found.last):
                raise ConfigError(name, "FIRST:LAST with FIRST < LAST", text)
            return found
        pair = int(first), int(last)
    except (KeyError, ValueError):
        raise ConfigError(name, "FIRST:LAST, two whole numbers of samples or two times as -5s:5s", text) from None
    check_lags(pair, name, text)
    return pair


def check_lags(lags: tuple[int, int], name: str, given: object) -> None:
    """ConfigError unless these are a first and a last delay in samples that there is room for."""
    if len(lags) != 2 or not all(hasattr(lag, "__index__") for lag in lags):
        raise ConfigError(name, "two whole numbers of samples", given)
    first, last = lags
    if first > last or last - first >= 10_000:
        raise ConfigError(name, "FIRST:LAST with FIRST <= LAST and at most 10000 delays", given)
    if max(-first, last) > MAX_WINDOW_PAIRS or min(-first, last) < -MAX_WINDOW_PAIRS:
        raise ConfigError(name, f"delays of at most {MAX_WINDOW_PAIRS} samples", given)
