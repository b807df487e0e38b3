"""Digits and signs of other scripts, and of typesetters, as ASCII has them."""

from typing import Final

_ZEROS: Final = "٠۰०０"  # of Arabic, Persian, Hindi and full width; nine others follow each
_DIGITS: Final = {
    **{ord(zero) + value: str(value) for zero in _ZEROS for value in range(10)},
    ord("٫"): ".",
    ord("٬"): ",",
    ord("．"): ".",
    ord("，"): ",",
    ord("："): ":",
    ord("－"): "-",
    ord("／"): "/",
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2007\u2008\u2009\u200a\u202f"), "\u00a0"),
}
# A mark of the order of bytes amid a file, marks of the direction of writing, and what has no width.
_UNSEEN: Final = dict.fromkeys((0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065)))


def plain_digits(text: str) -> str:
    """A text with digits, and the marks among them, as ASCII has them, and narrow blanks alike; as long as it was.

    >>> plain_digits("٢٠٫٥"), plain_digits("２０．５"), plain_digits("20,5"), plain_digits("\u22121\u2009234")
    ('20.5', '20.5', '20,5', '-1\xa0234')
    """
    return text if text.isascii() else text.translate(_DIGITS)


def without_unseen(text: str) -> str:
    """A text without the marks that nobody sees.

    >>> without_unseen("\ufeff1.5\u200b")
    '1.5'
    """
    return text if text.isascii() else text.translate(_UNSEEN)
