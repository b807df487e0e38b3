"""The decimal point of a file, and what stands between thousands."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from streammi.ingest.files.numbers.digits import plain_digits
from streammi.ingest.files.numbers.missing import COMMA

THOUSANDS: Final = {
    # As in India, only the last group is of three: 12,34,567.
    ".": re.compile(
        r"[+-]?[1-9][0-9]{0,2}(?:(?:[, '_\u00a0\u2019][0-9]{3})+|(?:,[0-9]{2})+,[0-9]{3})"
        r"(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
    ),
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:[. '_\u00a0\u2019][0-9]{3})+(?:,[0-9]*)?(?:[eE][+-]?[0-9]+)?"),
    # Where nothing says which it is, one comma may be either.
    "": re.compile(
        r"[+-]?[1-9][0-9]{0,2}(?:(?:[, '_\u00a0\u2019][0-9]{3})+\.[0-9]*|(?:[ '_\u00a0\u2019][0-9]{3})+"
        r"|(?:,[0-9]{3}){2,})(?:[eE][+-]?[0-9]+)?"
    ),
}
GROUPS: Final = re.compile(r"[ '_\u00a0\u2019]")
OPEN: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")  # decimal, or between thousands
WITH_UNIT: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9][0-9.,' ]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?)\s*"
    r"(?P<unit>[^\d\s'\"+.,-][^\d,\"]{0,11})"
)
CURRENCY: Final = re.compile(r"(?P<sign>[+-]?)\s*(?P<unit>[$€£¥₹]|[A-Z]{3}|Rs\.?)\s*(?P<number>[+-]?[0-9.,].*)")
# Several groups: what is between them is no decimal point.
_POINTS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}")
_SHORT: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}")
_LONG: Final = re.compile(r"[+-]?[0-9]{4,}")
TOLD_FROM: Final = 3  # numbers with a mark, and as many others without
_ONE_MARK: Final = re.compile(r"[+-]?[0-9]*([.,])[0-9]*(?:[eE][+-]?[0-9]+)?")
_COMMAS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}")


def decimal_of(columns: Sequence[Sequence[str]]) -> tuple[str, str]:
    """The decimal point of a file by all of its columns, and a field that leaves it open; empty: unknown, and none.

    >>> decimal_of([["1,5", "2,25"]]), decimal_of([["1,234.5"]]), decimal_of([["1,234", "2,500"]])
    ((',', ''), ('.', ''), ('.', '1,234'))
    >>> decimal_of([["1.234", "2.500"]]), decimal_of([["1", "2"]])
    (('.', '1.234'), ('', ''))
    >>> decimal_of([["1,5 kW"]]), decimal_of([["1.234.567", "999.888"]]), decimal_of([["1,234,567", "999,888"]])
    ((',', ''), (',', ''), ('.', ''))
    """
    comma, point, either, grouped = 0, 0, "", ""
    for text in (_bare(text) for column in columns for text in column):
        if "," not in text:
            if "." in text and _is_float(text):
                alike = THOUSANDS[","].fullmatch(text)
                point, grouped = point + (alike is None), grouped or (text if alike else "")
            elif _POINTS.fullmatch(text):
                comma += 1
        elif _COMMAS.fullmatch(text) or (THOUSANDS["."].fullmatch(text) and "." in text):
            point += 1
        elif THOUSANDS[","].fullmatch(text):
            comma += 1
        elif COMMA.fullmatch(text):
            if THOUSANDS["."].fullmatch(text):
                either = either or text
            else:
                comma += 1
    if comma:
        return ",", ""
    return "." if point or either or grouped else "", "" if point else either or grouped


def thousands_in(columns: Sequence[Sequence[str]]) -> tuple[str, str]:
    """The mark between thousands where a column tells it, as it has whole numbers up to 999 without; and one of these.

    A decimal point would stand in nearly all of its numbers, or before fewer digits in some.

    >>> thousands_in([["1.234", "532", "2.310", "17", "1.001", "840"]]), thousands_in([["1.234", "2.310", "0.5"]])
    (('.', '532'), ('', ''))
    """
    for column in columns:
        texts = [_bare(text) for text in column]
        short = dict.fromkeys(text for text in texts if _SHORT.fullmatch(text))
        if len(short) < TOLD_FROM or any(_LONG.fullmatch(text) for text in texts):
            continue
        for mark, groups in ((".", THOUSANDS[","]), (",", THOUSANDS["."])):
            marked = [text for text in texts if mark in text]
            if len(marked) >= TOLD_FROM and all(map(groups.fullmatch, marked)):
                return mark, next(iter(short))
    return "", ""


class Marks(NamedTuple):
    """The marks in the numbers of one column: the numbers that have them so."""

    point: Sequence[str] = ()  # 1.5: decimal, as nothing else is written so
    comma: Sequence[str] = ()  # 1,5
    point_or: Sequence[str] = ()  # 1.250: decimal, or between thousands
    comma_or: Sequence[str] = ()  # 1,250
    both: bool = False  # 1,234.5, which tells

    @property
    def either(self) -> bool:
        """True if there are decimal points and decimal commas, and each number says by itself which it has."""
        return bool(self.point and self.comma and not self.point_or and not self.comma_or and not self.both)

    @property
    def doubt(self) -> str:
        """Two numbers that no one way of writing has; empty where there are none, or hardly any.

        What writes 1.250 with its decimals writes 1,250.000, and not 1,250.
        """
        points, commas = (*self.point_or, *self.point), (*self.comma_or, *self.comma)
        if self.both or self.either or min(len(points), len(commas)) < TOLD_FROM:
            return ""
        return f"{points[0]} and {commas[0]}"


def marks_in(texts: Iterable[str]) -> Marks:
    """The marks in the numbers of a column.

    >>> [marks_in(3 * one).doubt for one in (["1.250", "53,250"], ["1.25", "53,2"], ["0.5", "1,250.5", "1,250"])]
    ['1.250 and 53,250', '', '']
    """
    found: dict[str, list[str]] = {"point": [], "comma": [], "point_or": [], "comma_or": []}
    for text in map(_bare, texts):
        if one := _ONE_MARK.fullmatch(text):
            found[("point" if one[1] == "." else "comma") + "_or" * bool(OPEN.fullmatch(text))].append(text)
        elif "," in text and "." in text and any(THOUSANDS[mark].fullmatch(text) for mark in ".,"):
            return Marks(both=True)
    return Marks(found["point"], found["comma"], found["point_or"], found["comma_or"])


def _bare(text: str) -> str:
    """A number without what stands with it: a unit, a minus behind."""
    text = plain_digits(text.strip()).removesuffix("-")
    if not text or "0" <= text[-1] <= "9":
        match = CURRENCY.fullmatch(text) if text[:1].isalpha() or text[:1] in "$€£¥₹" else None
    else:
        match = WITH_UNIT.fullmatch(text) or CURRENCY.fullmatch(text)
    return match["number"].strip() if match else text


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
