"""The encodings of texts."""

import codecs
from collections.abc import Sequence
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OLD: Final = "cp1252"  # of Windows programs in the west
_OTHERS: Final = ("cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "big5", "euc_kr", "koi8-r", "cp850")


def encoding_of(raw: bytes, wanted: Sequence[str] = ()) -> str:
    """The encoding of a text, by its first bytes: UTF-8, UTF-16 or -32, or else the one of old Windows programs.

    What else it may be is told by the names that are ``wanted``: as one of these, they stand in it.

    >>> encoding_of("zeit;°C".encode()), encoding_of("zeit;°C".encode("cp1252")), encoding_of("t,x".encode("utf-16-le"))
    ('utf-8', 'cp1252', 'utf-16-le')
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return name
    start = raw[:512]
    for name, first in (("utf-32-le", 0), ("utf-32-be", 3)):  # without a mark: three of four bytes of Latin text
        if len(start) > 8 and not start[first::4].count(0) and start.count(0) >= 3 * (len(start) // 4):
            return name
    if start.count(0) > len(start) // 3:  # every other byte of Latin text
        return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return next((name for name in (OLD, *_OTHERS) if _has_all(raw, wanted, name)), OLD)
    return "utf-8"


def _has_all(raw: bytes, wanted: Sequence[str], encoding: str) -> bool:
    """True if all of these names stand in a text of this encoding."""
    try:
        return all(name.encode(encoding) in raw for name in wanted)
    except UnicodeEncodeError:
        return False
