"""Hexadecimal numbers, as programs, assemblers and controllers write them."""

import re
from collections.abc import Sequence
from typing import Final

_DIGITS: Final = "[0-9A-Fa-f]"
_MARKED: Final = re.compile(rf"(?:0[xX]|16#|&[hH]|\\x)({_DIGITS}{{1,16}})|[xX]'({_DIGITS}{{1,16}})'|0")
_WEAKLY: Final = re.compile(rf"[$#]({_DIGITS}{{1,16}})|({_DIGITS}{{2,16}})[hH]")  # $25 is money too, and 12h a time
_NO_MONEY: Final = re.compile(r"[$#][0-9]*[A-Fa-f][0-9A-Fa-f]*")
_BARE: Final = re.compile(rf"((?:{_DIGITS}{{2}}){{2,8}})")
_BITS: Final = re.compile(r"0[bB][01]{1,63}")


def is_hexadecimal(texts: Sequence[str]) -> bool:
    """True if all are of one kind: 0x1F, or of one even length, such as 001F; words, money and hours are none.

    >>> [is_hexadecimal(texts) for texts in (["0x1F", "0"], ["07D0h", "07DAh"], ["$0025", "$00FF"], ["001F", "0020"])]
    [True, True, True, True]
    >>> is_hexadecimal(["$0", "$5B", "$182"])
    True
    >>> [is_hexadecimal(texts) for texts in (["$25", "$30"], ["12Ah", "15Ah"], ["12h", "24h"], ["dead", "beef"])]
    [False, False, False, False]
    """
    if all(map(_MARKED.fullmatch, texts)):
        return True
    if all(text[:1] in "$#" and _WEAKLY.fullmatch(text) for text in texts) and any(map(_NO_MONEY.fullmatch, texts)):
        return True
    if all(map(_BITS.fullmatch, texts)) or len(set(map(len, texts))) != 1:
        return False
    if all(map(_WEAKLY.fullmatch, texts)):
        lasts = {text[-2] for text in texts}
        lettered = any(map(str.isalpha, "".join(texts).upper().replace("H", "")))
        return lettered and (len(lasts) > 1 or not lasts.pop().isalpha())
    digits = sum(any(map(str.isdigit, text)) for text in texts)
    return all(map(_BARE.fullmatch, texts)) and digits > 0.5 * len(texts)


def hexadecimal(text: str) -> float | None:
    """The number; None for a text that is none.

    >>> [hexadecimal(text) for text in ("0x1F", "07D0h", "16#FF", "x'0A'", "001F", "0", "1.5")]
    [31.0, 2000.0, 255.0, 10.0, 31.0, 0.0, None]
    """
    match = _MARKED.fullmatch(text) or _WEAKLY.fullmatch(text) or _BARE.fullmatch(text)
    return None if match is None else float(int(next(filter(None, match.groups()), "0"), 16))
