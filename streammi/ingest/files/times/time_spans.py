"""Seconds from a start that are written with their units, or with a sign, and numbers since 1970 with signs around."""

import math
import re
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.ingest.time_units import DAY
from streammi.records import FloatArray

_NUMBER: Final = r"\d+(?:[.,]\d+)?"
_ISO: Final = re.compile(
    rf"P(?:(?P<w>{_NUMBER})W)?(?:(?P<d>{_NUMBER})D)?(?:T(?:(?P<h>{_NUMBER})H)?(?:(?P<m>{_NUMBER})M)?(?:(?P<s>{_NUMBER})S)?)?"
)
_PER: Final = {"w": 7 * DAY, "d": DAY, "h": 3600.0, "m": 60.0, "s": 1.0}
_SECONDS: Final = {
    word: seconds
    for seconds, words in (
        (7 * DAY, "w wk week weeks"),
        (DAY, "d day days tag tage jour jours"),
        (3600.0, "h hr hrs hour hours std stunde stunden"),
        (60.0, "m min mins minute minutes minuten ' ′"),
        (1.0, "s sec secs second seconds sek sekunden '' ″"),
        (1e-3, "ms msec millis milliseconds"),
        (1e-6, "us µs μs usec microseconds"),
        (1e-9, "ns nsec nanoseconds"),
    )
    for word in words.split()
}
_PART: Final = re.compile(rf"({_NUMBER})\s*([^\W\d_]+|''?|[′″])\.?(?:\s*(?:,|and|und|et)?\s*)")
_PARTS: Final = re.compile(rf"(?:{_PART.pattern})+")
_CLOCK: Final = re.compile(r"(?P<h>\d+):(?P<m>[0-5]?\d)(?::(?P<s>[0-5]?\d(?:[.,]\d+)?))?")
_SIGNED: Final = re.compile(r"(?:[Tt]\s?(?=[+-]))?(?P<sign>[+-]?)\s?(?P<rest>.*)", re.DOTALL)
_IEC: Final = re.compile(r"L?(?:T|TIME)#")  # of programs of controllers: T#1m2s
_OF_NET: Final = re.compile(r"\\?/Date\((?P<ms>-?\d+)(?:[+-]\d{4})?\)\\?/")  # JSON of .NET: what is behind is no offset
_UNIX: Final = re.compile(r"@(?P<s>\d+(?:\.\d+)?)")  # as the program date takes it


def span_of(text: str) -> float:
    """A text as seconds; NaN for what is none. Months and years are no spans: they differ.

    >>> [span_of(text) for text in ("PT1H2M3.5S", "1 h 2 min", "2m3s", "-00:01:30", "T+00:00:05", "12,5 ms", "T#1h2s")]
    [3723.5, 3720.0, 123.0, -90.0, 5.0, 0.0125, 3602.0]
    >>> span_of("/Date(1700000000500)/"), span_of("@1700000000"), span_of("P1M"), span_of("5 kg"), span_of("P")
    (1700000000.5, 1700000000.0, nan, nan, nan)
    """
    text = _IEC.sub("", text.strip())
    if since := _OF_NET.fullmatch(text):
        return int(since["ms"]) / 1000
    if since := _UNIX.fullmatch(text):
        return float(since["s"])
    signed = _SIGNED.fullmatch(text)
    rest = signed["rest"] if signed else ""
    sign = -1.0 if signed and signed["sign"] == "-" else 1.0
    if (match := _ISO.fullmatch(rest) or _CLOCK.fullmatch(rest)) and rest[-1] not in "PT":
        return sign * math.fsum(_number(part) * _PER[name] for name, part in match.groupdict().items() if part)
    if _PARTS.fullmatch(rest):
        parts = [(_number(number), _SECONDS.get(word.lower())) for number, word in _PART.findall(rest)]
        return sign * math.fsum(number * (per or math.nan) for number, per in parts)
    return _number(rest) * sign if text[:1] in "Tt" and re.fullmatch(_NUMBER, rest) else math.nan


def spans_of(fields: pa.Array) -> FloatArray:
    """Texts as seconds, (n,); NaN where there is none."""
    return np.array([math.nan if text is None else span_of(text) for text in fields.to_pylist()], dtype=np.float64)


def _number(text: str) -> float:
    return float(text.replace(",", "."))
