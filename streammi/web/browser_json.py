"""Values as JSON for browsers."""

import re
from typing import Any, Final

import msgspec

from streammi.dashboard.drawing.cells import printable

# All but letters, signs and arrows that do nothing to what is around them.
ODD: Final = re.compile("[^\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2070-\u2bff]")


def encode(value: object) -> bytes:
    r"""A value as JSON; NaN and infinities are null, and no text steers how the page is written.

    >>> encode(["a\u202eb", 0.5, float("nan")])
    b'["ab",0.5,null]'
    """
    encoded = msgspec.json.encode(value)
    if encoded.isascii() and b"\\" not in encoded:  # nearly always
        return encoded
    return msgspec.json.encode(_harmless(value))


def _harmless(value: Any) -> Any:
    match value:
        case str():
            return printable(value) if ODD.search(value) else value
        case dict():
            return {name: _harmless(one) for name, one in value.items()}
        case list() | tuple():
            return [_harmless(one) for one in value]
    return value
