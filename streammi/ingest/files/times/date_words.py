"""Words in dates: months, halves of the day, and the signs that East Asia has between their parts."""

import re
from typing import Final

from streammi.ingest.files.numbers.digits import plain_digits

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# By their first letters, in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish and Russian; Danish,
# Norwegian, Polish, Czech, Turkish, Finnish, Hungarian, Romanian, Greek and Ukrainian. Left out: lip, srp and listopad,
# which are one month in Poland or in Prague and another in Zagreb.
_MONTH_NAMES: Final = {
    "mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "fév": 2, "avr": 4,
    "juin": 6, "août": 8, "déc": 12, "janv": 1, "févr": 2, "juil": 7, "sept": 9, "gen": 1, "mag": 5, "giu": 6, "lug": 7,
    "set": 9, "ott": 10, "fev": 2, "out": 10, "mrt": 3, "maa": 3, "mei": 5, "maj": 5, "янв": 1, "фев": 2, "мар": 3,
    "апр": 4, "май": 5, "мая": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "окт": 10, "ноя": 11, "дек": 12, "des": 12,
    "sty": 1, "lut": 2, "kwi": 4, "cze": 6, "lipca": 7, "lipie": 7, "lipnj": 6, "lipan": 6, "sie": 8, "wrz": 9,
    "paź": 10, "gru": 12, "led": 1, "úno": 2, "bře": 3, "dub": 4, "kvě": 5, "červe": 6, "červenec": 7, "července": 7,
    "čvn": 6, "čvc": 7, "srpna": 8, "srpen": 8, "srpnj": 7, "srpan": 7, "zář": 9, "říj": 10, "pro": 12, "oca": 1,
    "şub": 2, "červn": 6,
    "nis": 4, "haz": 6, "tem": 7, "ağu": 8, "eyl": 9, "eki": 10, "kas": 11, "ara": 12, "tammi": 1, "helmi": 2,
    "huhti": 4, "touko": 5, "kesä": 6, "heinä": 7, "elo": 8, "syys": 9, "loka": 10, "marra": 11, "joulu": 12, "már": 3,
    "ápr": 4, "máj": 5, "jún": 6, "júl": 7, "szept": 9, "ian": 1, "iun": 6, "iul": 7, "noi": 11, "ιαν": 1, "φεβ": 2,
    "μαρ": 3, "απρ": 4, "μαΐ": 5, "μαϊ": 5, "ιουν": 6, "ιουλ": 7, "αυγ": 8, "σεπ": 9, "οκτ": 10, "νοε": 11, "δεκ": 12,
    "січ": 1, "лют": 2, "бер": 3, "кві": 4, "тра": 5, "чер": 6, "лип": 7, "сер": 8, "вер": 9, "жов": 10, "лис": 11,
    "гру": 12,
} | {name: k for k, name in enumerate(MONTHS, 1)}  # fmt: skip
_ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911, "西暦": 0, "公元": 0}
_ERA: Final = re.compile(rf"({'|'.join(_ERAS)})\s?(\d+|元)\s?年")
_BLANKS: Final = re.compile(r"[\s\u00a0\u2009\u202f\u3000]+")
_SIGNS: Final = str.maketrans(dict.fromkeys("年년月월", "-") | dict.fromkeys("时時点點시分분", ":")
                              | dict.fromkeys("日일", " ") | dict.fromkeys("秒초", ""))  # fmt: skip
_FORENOON: Final = re.compile(r"上午|午前|오전|π\.?\s?μ\.?|ص|ق\.?\s?ظ|ÖÖ|पूर्वाह्न|ก่อนเที่ยง")
_AFTERNOON: Final = re.compile(r"下午|午後|오후|μ\.?\s?μ\.?|م|ب\.?\s?ظ|ÖS|अपराह्न|หลังเที่ยง")
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
    return next((_MONTH_NAMES[name[:size]] for size in (9, 8, 5, 4, 3) if name[:size] in _MONTH_NAMES), 0)


def _month_in_english(word: re.Match[str]) -> str:
    k = 0 if word[0].isascii() else month_of(word[0])
    return MONTHS[k - 1] if k else word[0]


def plain_date(text: str) -> str:
    """A date as ASCII has it: signs and words that stand for others by these, other letters by x.

    >>> plain_date("2026年3月1日 下午1时05分"), plain_date("1. März 2026"), plain_date("3/1/26, 1:05\\u202fPM")
    ('2026-3-1 1:05 PM', '1. mar 2026', '3/1/26, 1:05 PM')
    >>> plain_date("令和8年3月1日")
    '2026-3-1'
    """
    if text.isascii():
        return text
    text = plain_digits(text)
    if text[0] in "令平昭民西公":
        text = _ERA.sub(lambda era: f"{_ERAS[era[1]] + int(era[2].replace('元', '1'))}年", text)
    if _EAST.search(text):
        text = _WEEKDAY.sub(" ", text)
    text = _AFTERNOON.sub("PM", _FORENOON.sub("AM", text)).translate(_SIGNS)
    text = _HALF_BEFORE.sub(r"\2 \1", _BLANKS.sub(" ", text)).strip().rstrip(":")
    text = _WORD.sub(_month_in_english, re.sub(r"([-:]) (?=\d)", r"\1", text))
    return re.sub(r"[^\x00-\x7f]", "x", text)
