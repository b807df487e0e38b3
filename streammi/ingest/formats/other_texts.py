"""Texts that are in no format, and what would do instead."""

import base64
import binascii
import re
from typing import Final

from streammi.network.frames import is_text

LOOKED_AT: Final = 4096  # bytes
TEXTS: Final = "of texts, JSON, CSV, x=1.5 y=2.5 and Influx lines are read"
_NUMBER: Final = r"[-+]?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?"
_NAMED: Final = re.compile(rf"\s*(?P<name>[A-Za-z_][\w./\-]*)[ \t]+(?P<value>{_NUMBER})\s*")
_WITH_UNITS: Final = re.compile(rf"\s*{_NUMBER}\s?[^\W\d_%]{{0,4}}%?(?:[,;]\s*{_NUMBER}\s?[^\W\d_%]{{0,4}}%?)+\s*")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
_BYTES: Final = re.compile(r"b'.*'\s*|b\".*\"\s*", re.DOTALL)
_ONE_A_LINE: Final = re.compile(
    rf"(?:[A-Za-z_][\w./\-]*[ \t]+{_NUMBER}\s*\n){{1,64}}(?:[A-Za-z_][\w./\-]*[ \t]+{_NUMBER})?\s*"
)
# Letters of both kinds and digits, as bytes have them by chance.
_BASE64: Final = re.compile(
    r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]=)?"
)
_NETSTRING: Final = re.compile(r"(?P<size>[0-9]{1,7}):(?P<text>[\[{].*),\s*", re.DOTALL)
_CALL: Final = re.compile(r"[\w.$]{1,40}\(\s*[\[{].*\);?\s*", re.DOTALL)
_TUPLE: Final = re.compile(rf"\s*\(\s*{_NUMBER}(?:\s*,\s*{_NUMBER})*,?\s*\)\s*")


def in_words(payload: bytes) -> str:
    """Say what a text is that is in no format, and what would do; empty where it is not known.

    >>> in_words(b"temp 20.5")
    "a name and a number: where x and y come so, --format csv --x 'ENDPOINT#temp:1' --y 'ENDPOINT#NAME:1' joins them"
    >>> in_words(b"20.5 C,40 %"), in_words(b"(20.5, 40)"), in_words(b"eyJ4IjogMS41fQ==")
    ('numbers with units: send them without', 'a tuple as print() writes it: json.dumps() writes JSON', \
'JSON in base64: send the JSON itself')
    """
    text = payload[:LOOKED_AT].decode("utf-8", "replace")
    if named := _NAMED.fullmatch(text):
        way = f"--format csv --x 'ENDPOINT#{named['name']}:1' --y 'ENDPOINT#NAME:1'"
        return f"a name and a number: where x and y come so, {way} joins them"
    if _WITH_UNITS.fullmatch(text):
        return "numbers with units: send them without"
    if _TUPLE.fullmatch(text):
        return "a tuple as print() writes it: json.dumps() writes JSON"
    if _NETSTRING.fullmatch(text):
        return "JSON behind its length: send the JSON alone"
    if _CALL.fullmatch(text):
        return "JSON in a call, as of JSONP: send the JSON alone"
    if _BYTES.match(text):
        return "bytes as print() writes them: send the bytes themselves"
    if text[:3].upper() in ("%7B", "%5B"):
        return "JSON as in an address of the web: send it as it is"
    if _ONE_A_LINE.fullmatch(text):
        return "a name and a number a line: send x=1.5 y=2.5, or JSON"
    if _HEX.fullmatch(text.strip()):
        return "hexadecimal digits of bytes: send the bytes, or JSON"
    if _is_base64(payload):
        return "JSON in base64: send the JSON itself"
    return "base64: send the bytes, or JSON" if _BASE64.fullmatch(text.strip()) else ""


def _is_base64(payload: bytes) -> bool:
    """True if a text is JSON in base64."""
    start = payload.strip()[: LOOKED_AT // 4 * 4]
    try:
        plain = base64.b64decode(start, validate=True)
    except (binascii.Error, ValueError):
        return False
    return plain.lstrip()[:1] in (b"{", b"[") and is_text(plain)
