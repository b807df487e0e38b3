"""JSON as it is written in the field: with NaN as Python or C print it, a byte order mark, a NUL, or in lines."""

import json
import re
from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.network.frames import utf8

OLD: Final = "cp1252"
MAX_DIGITS: Final = 19  # of a whole number that is kept as one: nanoseconds since the epoch

# One without its end goes to the last character: it is looked for once, not from each quote in it anew.
_TEXT: Final = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
LOOKED_AT: Final = 4096  # characters, for what is wrong
# What printf makes of values that are not finite: nan, -nan, nan(ind), inf; and 1.#QNAN, 1.#INF of older libraries.
_PRINTED: Final = re.compile(
    rf"{_TEXT}|(?P<sign>[-+]?)(?:(?P<nan>nan(?:\([\w ]*\))?|1\.#(?:[qs]?nan|ind)\w*)|(?P<inf>inf(?:inity)?|1\.#inf\w*))"
    r"(?![\w.#])",
    re.IGNORECASE | re.DOTALL,
)
_WRONG: Final = (  # what is often there that JSON does not have, texts left out
    (re.compile(r"\A\s*\[[A-Za-z][\w.\- ]*\]\s*$", re.MULTILINE), "names in brackets (INI, TOML) are not JSON"),
    (re.compile(r"[:\[,]\s*0[xX][0-9A-Fa-f]"), "hexadecimal numbers are not JSON"),
    (re.compile(r"[:\[,]\s*[-+]?0[0-9]"), "zeros in front of a number are not JSON"),
    (re.compile(r"[:\[,]\s*(?:\+[0-9]|\.[0-9]|[-+]\.[0-9])|[0-9]\.\s*[,}\]]"), "+1, .5 and 5. are not JSON"),
    (re.compile(r"&quot;"), "&quot; is HTML: send the JSON as it is"),
    (
        re.compile(r"[\[{]\s*[A-Za-z_][\w.]*\s*="),
        "names with = are not JSON: send x=1.5 y=2.5 without brackets, or JSON",
    ),
    (
        re.compile(r"\A\s*\[\s*[-+0-9.eE]+[ \t;]+[-+0-9.]"),
        "numbers between blanks, as MATLAB and numpy print them, are not JSON",
    ),
    (re.compile(r"//|/\*|^\s*#", re.MULTILINE), "comments are not JSON"),
    (re.compile(r",\s*[}\]]"), "a comma before a closing bracket is not JSON"),
    (re.compile(r"'"), "single quotes are not JSON: json.dumps() writes it, print() does not"),
    (re.compile(r"\b(?:True|False|None)\b"), "True, False and None are Python's: json.dumps() writes JSON"),
    (re.compile(r":\s*[-+]?[0-9]+,[0-9]+\s*[,}]"), "a decimal comma is not JSON"),
    (re.compile(r"[{,]\s*[A-Za-z_]\w*\s*:"), "names without quotes are not JSON"),
)
_BEGINS: Final = re.compile(r"[\s,\x1e]*[\[{\"+\-0-9tfnNiI]")
_GAP: Final = re.compile(r"[\s,\x1e]*")  # between one value and the next


def parse_json(payload: bytes) -> Any:
    """The value of a JSON text, with NaN and infinities however they are written; bad UTF-8 in a text is replaced.

    >>> parse_json(b'{"x": NaN, "y": 1e999}'), parse_json(b'{"x": -nan(ind), "y": -inf}'), parse_json(b'{"x": 1}\\0')
    ({'x': nan, 'y': inf}, {'x': nan, 'y': -inf}, {'x': 1})
    """
    try:
        value = msgspec.json.decode(payload)
    except RecursionError:
        raise FeedError("too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value = _lenient(_text_of(payload))
    # send_json(json.dumps(record)) is JSON twice
    return parse_json(value.encode()) if isinstance(value, str) and value[:1] in ("{", "[") else value


def parse_lines(payload: bytes) -> list[Any] | None:
    """The values in a payload that holds several, one a line or one behind the other; None where it holds no two.

    >>> parse_lines(b'{"x": 1}\\n{"x": nan}\\n'), parse_lines(b'{"x": 1}'), parse_lines(b'{"x": 1} {"x"')
    ([{'x': 1}, {'x': nan}], None, None)
    """
    text = _finite_or_named(_text_of(payload))
    decoder = json.JSONDecoder(strict=False, parse_int=_whole)
    values: list[Any] = []
    at = _GAP.match(text, 0).end()  # type: ignore[union-attr]
    try:
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            at = _GAP.match(text, at).end()  # type: ignore[union-attr]
    except RecursionError:
        raise FeedError("too deep") from None
    except ValueError:
        return None
    return values if len(values) > 1 else None


def _text_of(payload: bytes) -> str:
    """A payload as text: UTF-8, else what old Windows programs write; without the separator of RFC 7464 in front."""
    plain = utf8(payload).lstrip(b"\x1e")
    try:
        return plain.decode()
    except UnicodeDecodeError:
        is_utf8 = not plain.decode("utf-8", "ignore").isascii()  # with a letter that is broken
        return plain.decode("utf-8" if is_utf8 else OLD, "replace")


def _lenient(text: str) -> Any:
    try:
        return json.loads(_finite_or_named(text), strict=False, parse_int=_whole)
    except RecursionError:
        raise FeedError("too deep") from None
    except ValueError as error:
        raise FeedError("not JSON", f"{_why(text) or error} in {text[:40]!r}") from None


def _finite_or_named(text: str) -> str:
    """A text in which values that are not finite are written as Python reads them; as it is where it is no JSON."""
    if not _BEGINS.match(text) or not re.search("nan|in[fd]", text, re.IGNORECASE):
        return text
    return _PRINTED.sub(_as_python, text)


def _as_python(match: re.Match[str]) -> str:
    if match["nan"] is not None:
        return "NaN"
    if match["inf"] is not None:
        return "-Infinity" if match["sign"] == "-" else "Infinity"
    return match[0]


def _why(text: str) -> str:
    bare = re.sub(_TEXT, '""', text[:LOOKED_AT], flags=re.DOTALL)
    return next((words for wrong, words in _WRONG if wrong.search(bare)), "")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)
