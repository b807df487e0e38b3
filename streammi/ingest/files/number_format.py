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

from streammi.ingest.files.decimal_point import CURRENCY, GROUPS, THOUSANDS, WITH_UNIT
from streammi.ingest.files.digits import plain_digits, without_unseen
from streammi.ingest.files.missing import is_no_value, read_missing
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
SWITCHES: Final = (
    ("off", "on"), ("false", "true"), ("no", "yes"), ("closed", "open"), ("low", "high"), ("aus", "ein"), ("n", "y"),
    ("f", "t"), ("nein", "ja"), ("falsch", "wahr"), ("non", "oui"), ("faux", "vrai"), ("no", "si"), ("no", "sí"),
    ("falso", "vero"), ("falso", "verdadero"), ("inactive", "active"), ("disabled", "enabled"), ("нет", "да"),
)  # fmt: skip
_SWITCHED: Final = {word: float(k) for pair in SWITCHES for k, word in enumerate(pair)}
_INFINITE: Final = re.compile(r"([+-]?)(?:1[.,]#[iI][nN][fF]\d*|∞)")  # as Microsoft's printf and scopes write it
_SIGN_APART: Final = re.compile(r"[+-]\s+(?=[0-9.,])")
_BRACKETED: Final = re.compile(r"\(\s*[$€£¥₹]?\s*[0-9.,][^()]*\)")
_MINUS_BEHIND: Final = re.compile(r"[0-9][0-9.,']*-")  # as SAP writes it
_FORTRAN: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))[dD]([+-][0-9]{1,3})")
_FORTRAN_FAST: Final = r"^(\s*[+-]?[0-9.]+)[dD]([+-][0-9]{1,3}\s*)$"
_HEX: Final = re.compile(r"0[xX][0-9A-Fa-f]{1,16}|0")
_BITS: Final = re.compile(r"0[bB][01]{1,63}")
_FORMULA: Final = re.compile(r'="?"?([^"]*)"?"?')  # as spreadsheets keep a number text: ="5"
_BARE_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){2,8}")
_PREFIXES: Final = frozenset("kKMGTmµμun")  # thousands, ...: beside numbers without one they are no unit
LOOKED_AT: Final = 2000  # fields that are looked at one by one


class NumberFormat(NamedTuple):
    """How numbers are written: the decimal point, a unit behind each, words for on and off, values that are none."""

    decimal: str = "."  # empty: nothing in the file says it, and a point is
    unit: str = ""
    switch: bool = False
    brackets: bool = False  # (1.5) for -1.5, as accountants write
    hexadecimal: bool = False
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
        alone = self._replace(unit="")
        texts = (text for text in fields.to_pylist() if self.unit and text and self.unit not in text)
        return next((text for text in texts if _is(alone.one, text) and math.isfinite(alone.one(text) or math.nan)), "")

    @property
    def words(self) -> str:
        """A word on how the numbers are written; empty for nothing."""
        found = ["decimal commas"] if self.decimal == "," else []
        if self.unit:
            found.append(f"in {self.unit}")
        if self.switch:
            found.append("words for 0 and 1")
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
        if self.switch and text.lower() in _SWITCHED:
            return _SWITCHED[text.lower()]
        if _BITS.fullmatch(text):
            return float(int(text, 2))
        if self.hexadecimal and (_HEX.fullmatch(text) or _BARE_HEX.fullmatch(text)):
            return float(int(text, 16))
        if text.startswith("=") and (formula := _FORMULA.fullmatch(text)):
            text = formula[1].strip()
        if self.brackets and _BRACKETED.fullmatch(text):
            return -self._replace(brackets=False)._value(text[1:-1])
        text = self._without_unit(text)
        if _MINUS_BEHIND.fullmatch(text):
            text = f"-{text[:-1]}"
        if _SIGN_APART.match(text):
            text = text[0] + text[1:].lstrip()
        if THOUSANDS[self.decimal].fullmatch(text):
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


def format_of(fields: pa.StringArray, decimal: str, missing: str | None) -> NumberFormat:
    """How a column writes its numbers, by these of its fields.

    >>> format_of(pa.array(["3.2 kW", "1 kW", ""]), ".", None).unit
    'kW'
    """
    values, words = read_missing(missing, decimal)
    plain = NumberFormat(decimal, missing=values, missing_texts=words)
    other = NumberFormat("." if decimal == "," else ",", missing=values, missing_texts=words)
    if not plain.array(fields)[1].any():
        return plain
    texts = ["" if text is None else without_unseen(text) for text in fields.to_pylist()[:LOOKED_AT]]
    present = [plain_digits(text.strip()) for text in texts if not _is_none(plain, text)]
    if not present:
        return plain
    # A column of a file with decimal commas may have points all the same: 3.25 is in no locale 325.
    if "." in other.decimal and all(_is(other.one, text) for text in present):
        return other
    if _is_hexadecimal(present):
        return plain._replace(hexadecimal=True)
    odd = [text for text in present if not _is(plain.one, text)]
    if any(map(_BRACKETED.fullmatch, odd)):
        plain = plain._replace(brackets=True)
        odd = [text.strip("( )") for text in odd if not _is(plain.one, text)]
    matches = (CURRENCY.fullmatch(text) or WITH_UNIT.fullmatch(text) for text in odd)
    units = Counter(match["unit"].strip() for match in matches if match)
    if units and (unit := units.most_common(1)[0][0]) and units[unit] >= 0.5 * len(present):
        return plain if unit in _PREFIXES and units[unit] < len(present) else plain._replace(unit=unit)
    switched = [text.lower() for text in odd if text.lower() in _SWITCHED]
    letters = max(map(len, switched), default=0) == 1  # which may be anything, but where there is nothing else
    few = len(switched) <= 0.5 * (len(present) if letters else len(odd))
    return plain if few else plain._replace(switch=True)


def _is_hexadecimal(texts: Sequence[str]) -> bool:
    """True if all are of this kind: 0x1F, or of one even length without the 0x, such as 001F; words are none."""
    if all(map(_HEX.fullmatch, texts)):
        return True
    if any(map(_BITS.fullmatch, texts)):
        return False
    digits = sum(any(map(str.isdigit, text)) for text in texts)
    return len(set(map(len, texts))) == 1 and all(map(_BARE_HEX.fullmatch, texts)) and digits > 0.5 * len(texts)


def _is_none(form: NumberFormat, text: str) -> bool:
    return text.strip() in form.missing_texts or is_no_value(text)


def _is(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
