"""The words that stand for no value in a file: as somebody says, and as the values look."""

import re
from contextlib import suppress
from typing import Final

import numpy as np

from streammi.ingest.timestamps import is_missing
from streammi.records import FloatArray

# How files write that there is no value, besides what timestamps.MISSING has: by hand, in spreadsheets, in dumps of
# databases, by C's printf and by Microsoft's.
_NONE: Final = re.compile(
    r"\.|-{1,9}(?:[.,]-{1,3})?|\*{1,9}|\?{1,3}|#n/?a|#nv|#[¡!]?[^\W\d_]{2,9}(?:/0)?[!?]|#name\?|[+-]?[qs]?nan(?:\(\w*\))?"
    r"|[+-]?1[.,]#(?:ind|[qs]nan|j|io|r|qo|so)\d*|n\.a\.|missing|\\n|[(<\[](?:na|null|none|nil)[)>\]]|nil",
    re.IGNORECASE,
)
COMMA: Final = re.compile(r"[+-]?(?:[0-9]+,[0-9]*|,[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?")
SENTINELS: Final = 3  # values that stand for none, at most;
SENTINEL_TIMES: Final = 3  # each comes at least so often,
SENTINEL_FAR: Final = 3.0  # and is so many times the others' range away from them


def is_no_value(text: str) -> bool:
    """True if a field says that there is no value, in any of the usual ways.

    >>> is_no_value("---.-"), is_no_value("****"), is_no_value("-1")
    (True, True, False)
    >>> [is_no_value(text) for text in ("--", "#DIV/0!", "#BEZUG!", "-1.#IND00", "\\\\N", "(null)", "OL", "0")]
    [True, True, True, True, True, True, False, False]
    """
    return is_missing(text) or _NONE.fullmatch(text.strip()) is not None


def read_missing(text: str | None, decimal: str = ".") -> tuple[tuple[float, ...], frozenset[str]]:
    """Read ``--missing``: values, told by what they are, and texts.

    Where commas are decimal, semicolons are between them, and a number with one comma is one.

    >>> read_missing("-9999,OFFLINE") == ((-9999.0,), frozenset({"-9999", "OFFLINE"}))
    True
    >>> read_missing("-99,9", ","), read_missing("-99,9;-1", ",")[0]
    (((-99.9,), frozenset({'-99,9'})), (-1.0, -99.9))
    """
    if not text:
        return (), frozenset()
    whole = decimal == "," and (";" in text or COMMA.fullmatch(text.strip()) is not None)
    texts = frozenset(part.strip() for part in text.split(";" if whole else ","))
    values: list[float] = []
    for part in sorted(texts):
        with suppress(ValueError):
            values.append(float(part.replace(",", ".") if whole else part))
    return tuple(values), texts


def sentinel_of(values: FloatArray) -> float | None:
    """A value that stands for none: one far outside the others that comes again and again; None where there is none.

    >>> sentinel_of(np.array([20.1, 20.4, -9999, 20.2, 19.9, -9999, 20.3, -9999, 20.6]))
    -9999.0
    >>> sentinel_of(np.array([0.0, 0, 0, 1, 1, 1, 1])), sentinel_of(np.arange(9.0))
    (None, None)
    """
    finite = values[np.isfinite(values)]
    found, counts = np.unique(finite, return_counts=True)
    for kinds in range(1, SENTINELS + 1):  # there may be several, one for each kind of fault
        if found.size < kinds + SENTINEL_TIMES + 1:
            return None
        for outer, rest, often in (
            (found[:kinds], found[kinds:], counts[:kinds]),
            (found[-kinds:][::-1], found[:-kinds], counts[-kinds:]),
        ):
            nearest, low, high = float(outer[-1]), float(rest[0]), float(rest[-1])  # numpy would warn of 1e308 - -1e308
            gap = min(abs(nearest - low), abs(nearest - high))
            if (often >= SENTINEL_TIMES).all() and gap > SENTINEL_FAR * (high - low):
                return float(outer[0])
    return None


def hint_of(name: str, sentinel: float) -> str:
    """The hint on such a value, in all of its digits: it is to be told by them.

    >>> hint_of("x", 2147483647.0)
    'x is 2147483647 again and again, far outside the rest: --missing=2147483647?'
    """
    written = f"{sentinel:g}" if float(f"{sentinel:g}") == sentinel else repr(sentinel).removesuffix(".0")
    return f"{name} is {written} again and again, far outside the rest: --missing={written}?"
