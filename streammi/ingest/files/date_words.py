"""Words in dates: months, halves of the day, and the signs that East Asia has between their parts."""

import re
from typing import Final

from streammi.ingest.files.digits import plain_digits

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# By their first letters, in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish and Russian.
_MONTH_NAMES: Final = {
    "mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "fév": 2, "avr": 4,
    "juin": 6, "août": 8, "déc": 12, "janv": 1, "févr": 2, "juil": 7, "sept": 9, "gen": 1, "mag": 5, "giu": 6, "lug": 7,
    "set": 9, "ott": 10, "fev": 2, "out": 10, "mrt": 3, "maa": 3, "mei": 5, "maj": 5, "янв": 1, "фев": 2, "мар": 3,
    "апр": 4, "май": 5, "мая": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "окт": 10, "ноя": 11, "дек": 12,
} | {name: k for k, name in enumerate(MONTHS, 1)}  # fmt: skip
_BLANKS: Final = re.compile(r"[\s\u00a0\u2009\u202f\u3000]+")
_SIGNS: Final = str.maketrans(dict.fromkeys("年년月월", "-") | dict.fromkeys("时時点點시分분", ":")
                              | dict.fromkeys("日일", " ") | dict.fromkeys("秒초", ""))  # fmt: skip
_FORENOON: Final = re.compile(r"上午|午前|오전|π\.?\s?μ\.?|ص")
_AFTERNOON: Final = re.compile(r"下午|午後|오후|μ\.?\s?μ\.?|م")
_HALF_BEFORE: Final = re.compile(r"([AP]M) ?(\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?)")
_WEEKDAY: Final = re.compile(r"\([^\W\d_]{1,3}\)|[周週星曜]\w{0,2}")
_EAST: Final = re.compile(r"[년年]")
_WORD: Final = re.compile(r"[^\W\d_]{3,12}")


def month_of(name: str) -> int:
    """The number of a month, 0 for no month's name.

    >>> [month_of(name) for name in ("March", "März", "settembre", "мая", "hall")]
    [3, 3, 9, 5, 0]
    """
    name = name.lower()
    return next((_MONTH_NAMES[name[:size]] for size in (9, 5, 4, 3) if name[:size] in _MONTH_NAMES), 0)


def _month_in_english(word: re.Match[str]) -> str:
    k = 0 if word[0].isascii() else month_of(word[0])
    return MONTHS[k - 1] if k else word[0]


def plain_date(text: str) -> str:
    """A date as ASCII has it: signs and words that stand for others by these, other letters by x.

    >>> plain_date("2026年3月1日 下午1时05分"), plain_date("1. März 2026"), plain_date("3/1/26, 1:05\\u202fPM")
    ('2026-3-1 1:05 PM', '1. mar 2026', '3/1/26, 1:05 PM')
    """
    if text.isascii():
        return text
    text = plain_digits(text)
    if _EAST.search(text):
        text = _WEEKDAY.sub(" ", text)
    text = _AFTERNOON.sub("PM", _FORENOON.sub("AM", text)).translate(_SIGNS)
    text = _HALF_BEFORE.sub(r"\2 \1", _BLANKS.sub(" ", text)).strip().rstrip(":")
    text = _WORD.sub(_month_in_english, re.sub(r"([-:]) (?=\d)", r"\1", text))
    return re.sub(r"[^\x00-\x7f]", "x", text)
