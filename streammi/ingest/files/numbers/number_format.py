"""How a column of a file writes its numbers: found from several of its fields, then used for all of them."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from streammi.ingest.files.numbers.decimal_point import CURRENCY, GROUPS, OPEN, THOUSANDS, WITH_UNIT, marks_in
from streammi.ingest.files.numbers.digits import plain_digits, without_unseen
from streammi.ingest.files.numbers.hexadecimal import hexadecimal, is_hexadecimal
from streammi.ingest.files.numbers.missing import is_no_value, read_missing
from streammi.ingest.files.numbers.switch_words import SWITCH_SAID, SWITCHED
from streammi.ingest.files.numbers.unit_prefixes import BARE, scales_of
from streammi.records import FloatArray

NULLS: Final = [
    "",
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "NAN",
    "null",
    "NULL",
    "None",
    "NaT",
]  # the usual ones, as written
_NULLS: Final = pa.array(NULLS)
_INFINITE: Final = re.compile(r"([+-]?)(?:1[.,]#[iI][nN][fF]\d*|∞)")  # as Microsoft's printf and scopes write it
_SIGN_APART: Final = re.compile(r"[+-]\s+(?=[0-9.,])")
_BRACKETED: Final = re.compile(r"\(\s*[$€£¥₹]?\s*[0-9.,][^()]*\)")
_MINUS_BEHIND: Final = re.compile(r"[0-9][0-9.,']*-")  # as SAP writes it
_FORTRAN: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))[dD]([+-][0-9]{1,3})")
_FORTRAN_FAST: Final = r"^(\s*[+-]?[0-9.]+)[dD]([+-][0-9]{1,3}\s*)$"
_BITS: Final = re.compile(r"0[bB][01]{1,63}")
_FORMULA: Final = re.compile(r'="?"?([^"]*)"?"?')  # as spreadsheets keep a number text: ="5"
SEVERAL: Final = 3  # numbers of another unit, from which on these are no slip
LOOKED_AT: Final = 2000  # fields that are looked at one by one


class NumberFormat(NamedTuple):
    """How numbers are written: the decimal point, a unit behind each, words for on and off, values that are none."""

    decimal: str = "."  # empty: nothing in the file says it, and a point is
    unit: str = ""
    scales: tuple[tuple[str, float], ...] = ()  # others of it with another prefix, and how many of it each is
    switch: bool = False
    brackets: bool = False  # (1.5) for -1.5, as accountants write
    hexadecimal: bool = False
    lone: bool = True  # 1,250 is 1250, though no decimals tell which mark is which
    either: bool = False  # 1.5 and 1,5, each of which says by itself what it is
    doubt: str = ""  # two numbers that no one way of writing has
    unlike: str = ""  # two numbers that are of different units
    missing: tuple[float, ...] = ()
    missing_texts: frozenset[str] = frozenset()

    def one(self, text: str) -> float:
        """One number, NaN where there is none; ValueError for a text that is neither.

        >>> NumberFormat().one("1,234.5"), NumberFormat(",").one("1.234,5"), NumberFormat(unit="kW").one("3.2 kW")
        (1234.5, 1234.5, 3.2)
        >>> NumberFormat(unit="€", brackets=True).one("(€1,234.5)"), NumberFormat(hexadecimal=True).one("0x1F")
        (-1234.5, 31.0)
        >>> NumberFormat(switch=True).one("ON"), NumberFormat(missing=(-9999.0,)).one("-9999.00")
        (1.0, nan)
        """
        value = self._value(text)
        return math.nan if value in self.missing else value

    def array(self, fields: pa.StringArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Numbers (n,), NaN where there is none, and which fields are neither."""
        values = self._fast(fields)
        bad = np.zeros(len(fields), dtype=bool)
        if values is None:
            values = np.full(len(fields), np.nan)
            known: dict[str | None, float | None] = {None: math.nan}
            for row, text in enumerate(fields.to_pylist()):
                if text not in known:
                    if len(known) > 4096:
                        known = {None: math.nan}
                    known[text] = self._or_none(text)
                if (value := known[text]) is None:
                    bad[row] = True
                else:
                    values[row] = value
        for value in self.missing:
            values[values == value] = np.nan
        return values, bad

    def bare_in(self, fields: pa.StringArray) -> str:
        """The first of these fields that has a number other than 0, and no unit, where others have one; else empty.

        >>> NumberFormat(unit="%").bare_in(pa.array(["12 %", "0", "", "0.13"]))
        '0.13'
        """
        alone = self._replace(unit="", scales=())
        units = (self.unit, *(other for other, _ in self.scales))
        texts = (text for text in fields.to_pylist() if self.unit and text and not text.strip().endswith(units))
        return next((text for text in texts if _is(alone.one, text) and math.isfinite(alone.one(text) or math.nan)), "")

    @property
    def words(self) -> str:
        """A word on how the numbers are written; empty for nothing."""
        found = ["decimal commas"] if self.decimal == "," and not self.either else []
        if self.either:
            found.append("decimal points and decimal commas")
        if self.unit:
            found.append(f"in {self.unit}")
            found += [f"{other} as {scale:.4g} of it" for other, scale in self.scales]
        if self.switch:
            found.append(SWITCH_SAID)
        if self.brackets:
            found.append("(1) for -1")
        if self.hexadecimal:
            found.append("hexadecimal")
        return ", ".join(found)

    def _fast(self, fields: pa.StringArray) -> FloatArray | None:
        """All at once, by arrow's parser, which rounds as Python's does; None where a field needs a look."""
        if self.switch or self.brackets or self.hexadecimal:
            return None
        if self.unit:
            if pc.max(pc.count_substring(fields, self.unit)).as_py() not in (None, 0, 1):  # mm are no m
                return None
            fields = pc.utf8_rtrim_whitespace(pc.replace_substring(fields, self.unit, ""))
        if self.decimal == ",":
            if pc.any(pc.match_substring(fields, ".")).as_py():
                return None
            fields = pc.replace_substring(fields, ",", ".")
        try:
            found = pc.cast(fields, pa.float64())
        except pa.ArrowInvalid:
            try:
                fields = pc.replace_substring_regex(fields, _FORTRAN_FAST, r"\1e\2")
                found = pc.cast(pc.if_else(pc.is_in(fields, _NULLS), None, fields), pa.float64())
            except pa.ArrowInvalid:
                return None
        values: FloatArray = found.to_numpy(zero_copy_only=False)
        return values if values.flags.writeable else values.copy()

    def _or_none(self, text: str) -> float | None:
        try:
            return self.one(text)
        except ValueError:
            return None

    def _value(self, text: str) -> float:
        text = plain_digits(without_unseen(text).strip())
        if text[:1] == "'":  # as spreadsheets keep a number text, or a quote of another kind
            text = text.strip("'").strip()
        if text in self.missing_texts or is_no_value(text):
            return math.nan
        if infinite := _INFINITE.fullmatch(text):
            return -math.inf if infinite[1] == "-" else math.inf
        if self.switch and text.lower() in SWITCHED:
            return SWITCHED[text.lower()]
        if self.hexadecimal and (whole := hexadecimal(text)) is not None:
            return whole
        if _BITS.fullmatch(text):
            return float(int(text, 2))
        if text.startswith("=") and (formula := _FORMULA.fullmatch(text)):
            text = formula[1].strip()
        if self.brackets and _BRACKETED.fullmatch(text):
            return -self._replace(brackets=False)._value(text[1:-1])
        if (
            self.scales
            and (match := WITH_UNIT.fullmatch(text))
            and (scale := dict(self.scales).get(match["unit"].strip()))
        ):
            return scale * self._value(match["number"].strip())
        text = self._without_unit(text)
        if _MINUS_BEHIND.fullmatch(text):
            text = f"-{text[:-1]}"
        if _SIGN_APART.match(text):
            text = text[0] + text[1:].lstrip()
        if self.either:
            if OPEN.fullmatch(text):
                raise ValueError(f"{text!r} may be decimal, or between thousands")
            text = text.replace("," if self.decimal == "." else ".", self.decimal)
        if THOUSANDS[self.decimal].fullmatch(text):
            if not self.lone and OPEN.fullmatch(text):
                raise ValueError(f"{text!r} may be decimal, or between thousands")
            text = GROUPS.sub("", text).replace("." if self.decimal == "," else ",", "")
        if "_" in text:  # Python's float takes any of them for nothing: 2026_03_01 is no number
            raise ValueError(f"no number: {text!r}")
        if self.decimal == ",":
            if "." in text:
                raise ValueError(f"a point in {text!r}, where commas are decimal")
            text = text.replace(",", ".")
        if fortran := _FORTRAN.fullmatch(text):
            text = f"{fortran[1]}e{fortran[2]}"
        return float(text)

    def _without_unit(self, text: str) -> str:
        if self.unit and text.endswith(self.unit):
            return text[: -len(self.unit)].rstrip()
        if self.unit and (match := CURRENCY.fullmatch(text)) and match["unit"] == self.unit:
            return match["sign"] + match["number"]
        return text


def format_of(fields: pa.StringArray, decimal: str, missing: str | None, *, sure: bool = False) -> NumberFormat:
    """How a column writes its numbers, by these of its fields; ``sure``: somebody said what the ``decimal`` point is.

    >>> format_of(pa.array(["3.2 kW", "1 kW", ""]), ".", None).unit
    'kW'
    """
    values, words = read_missing(missing, decimal)
    plain = _marked(NumberFormat(decimal, missing=values, missing_texts=words), fields, sure=sure)
    other = NumberFormat("." if decimal == "," else ",", missing=values, missing_texts=words)
    if plain.doubt or not plain.array(fields)[1].any():
        return plain
    texts = ["" if text is None else without_unseen(text) for text in fields.to_pylist()[:LOOKED_AT]]
    present = [plain_digits(text.strip()) for text in texts if not _is_none(plain, text)]
    if not present:
        return plain
    # A column of a file with decimal commas may have points all the same: 3.25 is in no locale 325.
    if "." in other.decimal and all(_is(other.one, text) for text in present):
        return other
    if is_hexadecimal(present):
        return plain._replace(hexadecimal=True)
    odd = [text for text in present if not _is(plain.one, text)]
    if any(map(_BRACKETED.fullmatch, odd)):
        plain = plain._replace(brackets=True)
        odd = [text.strip("( )") for text in odd if not _is(plain.one, text)]
    if (with_units := _in_units(plain, present, odd)) is not None:
        return with_units
    return plain._replace(switch=_is_switched(plain, present, odd))


def _is_switched(plain: NumberFormat, present: Sequence[str], odd: Sequence[str]) -> bool:
    """True if the ``odd`` ones of these texts are words for 0 and 1.

    One word alone is an error's where there are other words or numbers: Open is what thermocouples say.
    """
    switched = [text.lower() for text in odd if text.lower() in SWITCHED]
    letters = max(map(len, switched), default=0) == 1  # which may be anything, but where there is nothing else
    if len(switched) <= 0.5 * (len(present) if letters else len(odd)):
        return False
    if len({SWITCHED[word] for word in switched}) > 1:
        return True
    others = (text for text in present if _is(plain.one, text) and plain.one(text) not in (0.0, 1.0))
    return len(switched) == len(odd) and next(others, None) is None


def _in_units(plain: NumberFormat, present: Sequence[str], odd: Sequence[str]) -> NumberFormat | None:
    """How numbers are written that have units with them, by the ``odd`` ones of those present; None for others."""
    matches = [match for text in odd if (match := CURRENCY.fullmatch(text) or WITH_UNIT.fullmatch(text))]
    units = Counter(match["unit"].strip() for match in matches)
    if not units:
        return None
    unit, scales = scales_of(units)
    alike = {unit, *(other for other, _ in scales)}
    many = sum(units[one] for one in alike)
    first = next(match[0] for match in matches if match["unit"].strip() == unit)
    bare = [text for text in present if _is(plain.one, text) and plain.one(text) != 0]
    others = bare if unit in BARE else [match[0] for match in matches if match["unit"].strip() not in alike]
    least = max(SEVERAL, 0.05 * len(present))
    if many >= least and len(others) >= (1 if unit in BARE else least):
        return plain._replace(unlike=f"{first} and {others[0]}")
    if many < 0.5 * len(present) or (unit in BARE and bare):  # beside numbers without one, k and M are no units
        return None
    return plain._replace(unit=unit, scales=scales)


def _marked(form: NumberFormat, fields: pa.StringArray, *, sure: bool) -> NumberFormat:
    """With what the marks in these fields say of those that may be decimal, or between thousands."""
    if sure or form.decimal not in (".", ","):
        return form
    mark, other = form.decimal, "," if form.decimal == "." else "."
    if not pc.any(pc.match_substring(fields, mark)).as_py():
        return form
    if not pc.any(pc.match_substring(fields, other)).as_py():
        return form._replace(lone=False)  # whatever comes later with the other mark alone
    marks = marks_in(text for text in fields.to_pylist() if text)
    decimals = marks.point or marks.point_or if mark == "." else marks.comma or marks.comma_or
    return form._replace(lone=marks.both or not decimals, either=marks.either, doubt=marks.doubt)


def _is_none(form: NumberFormat, text: str) -> bool:
    return text.strip() in form.missing_texts or is_no_value(text)


def _is(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
