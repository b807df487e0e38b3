"""Digits of other scripts as ASCII has them."""

from typing import Final

_ZEROS: Final = "٠۰०０"  # of Arabic, Persian, Hindi and full width; nine others follow each
_DIGITS: Final = {ord(zero) + value: str(value) for zero in _ZEROS for value in range(10)} | {
    ord("٫"): ".", ord("٬"): ",", ord("．"): ".", ord("，"): ",", ord("：") : ":", ord("－"): "-", ord("／"): "/",
}  # fmt: skip


def plain_digits(text: str) -> str:
    """A text with digits, and the marks among them, as ASCII has them; as long as it was.

    >>> plain_digits("٢٠٫٥"), plain_digits("２０．５"), plain_digits("20,5")
    ('20.5', '20.5', '20,5')
    """
    return text if text.isascii() else text.translate(_DIGITS)
