"""C structs, of which nothing but their layout says what they are: ``--format 'struct:<u8,f4,f4'``."""

import re
import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError, FeedError
from streammi.ingest.formats.content import TIME_NAMES, Content, Samples, Wanted
from streammi.ingest.formats.envelope import has_time_behind, of_size
from streammi.ingest.formats.format import Format, never
from streammi.network.frames import Frames, Messages

RULE: Final = (
    "struct: and numpy's names of the fields, such as struct:<u8,f4,f4 (paths f0, f1, f2), struct:t:<u8,x:f4,y:f4 "
    "(paths x, y), or Python's struct:<Qff; < is little-endian, > big-endian, V4 four bytes that are left out; "
    "struct:4+<f8,f8 leaves out four bytes in front of all structs of a message"
)

_CODES: Final = {"b": "i1", "B": "u1", "?": "?", "h": "i2", "H": "u2", "i": "i4", "I": "u4", "l": "i4", "L": "u4",
                 "q": "i8", "Q": "u8", "e": "f2", "f": "f4", "d": "f8", "x": "V1", "c": "S1", "s": "S"}  # fmt: skip
_PYTHON: Final = re.compile(r"[@=<>!]?(?:[0-9]*[xcbB?hHiIlLqQefds])+")
_HEAD: Final = re.compile(r"\s*(?P<head>[0-9]{1,4})\s*\+")
_FIELD: Final = re.compile(r"(?:(?P<name>[A-Za-z_]\w*):)?(?P<order>[<>=|]?)(?P<type>\(?[0-9]*\)?[A-Za-z?][\w]*)")


def layout(text: str) -> np.dtype[Any]:
    """The fields of a struct; ``ConfigError`` for what is no layout.

    >>> layout("<u8,f4,f4")
    dtype([('f0', '<u8'), ('f1', '<f4'), ('f2', '<f4')])
    >>> layout("t:>u4,x:f8"), layout("<Ixxxxd")
    (dtype([('t', '>u4'), ('x', '>f8')]), dtype([('f0', '<u4'), ('f1', 'V4'), ('f2', '<f8')]))
    """
    text = "".join(text.split())
    fields = _of_python(text) if _PYTHON.fullmatch(text) else _of_numpy(text)
    python = _PYTHON.fullmatch(text) is not None
    try:
        found = np.dtype(fields, align=python and text[0] not in "=<>!")
        if python and found.itemsize > struct.calcsize(text):  # Python packs nothing behind the last field
            places: Any = {name: found.fields[name] for name in found.names or ()} if found.fields else {}
            kinds, offsets = zip(*(place[:2] for place in places.values()), strict=True)
            whole = {"names": list(places), "formats": kinds, "offsets": offsets, "itemsize": struct.calcsize(text)}
            found = np.dtype(whole)  # type: ignore[call-overload]
    except (ValueError, TypeError):
        raise ConfigError("--format", RULE, f"struct:{text}") from None
    if found.hasobject or not found.itemsize or any(found[name].base.kind in "OUmM" for name in found.names or ()):
        raise ConfigError("--format", RULE, f"struct:{text}")
    return found


def _of_numpy(text: str) -> list[tuple[str, Any]]:
    order = "<"
    fields: list[tuple[str, Any]] = []
    for k, one in enumerate(text.split(",")):
        match = _FIELD.fullmatch(one)
        if match is None:
            raise ConfigError("--format", RULE, f"struct:{text}")
        order = match["order"] if match["order"] in ("<", ">") else order
        try:
            kind = np.dtype(match["type"])
        except TypeError:
            raise ConfigError("--format", RULE, f"struct:{text}") from None
        fields.append((match["name"] or f"f{k}", kind.newbyteorder(">" if order == ">" else "<")))
    return fields


def _of_python(text: str) -> list[tuple[str, Any]]:
    """Python's own codes: a run of x is one field that is left out."""
    big = text[0] in ">!"
    kinds: list[Any] = []
    for many, code in re.findall(r"([0-9]*)([a-zA-Z?])", text):
        if code in "sx":
            kinds.append(f"{'S' if code == 's' else 'V'}{many or 1}")
        else:
            kinds += [np.dtype(_CODES[code]).newbyteorder(">" if big else "<")] * int(many or 1)
    merged: list[Any] = []
    for kind in kinds:
        if kind == "V1" and merged and str(merged[-1]).startswith("V"):
            merged[-1] = f"V{int(merged[-1][1:]) + 1}"
        else:
            merged.append(kind)
    return [(f"f{k}", kind) for k, kind in enumerate(merged)]


def made(text: str) -> Format:
    """The format of structs with this layout."""
    match = _HEAD.match(text)
    head = int(match["head"]) if match else 0
    dtype = layout(text[match.end() :] if match else text)

    def read(frames: Frames, wanted: Wanted) -> Content:
        at = of_size(frames, dtype.itemsize, head)
        payload = frames[at.payload]
        if (len(payload) - head) % dtype.itemsize or len(payload) < head:
            behind = f" behind {head}" if head else ""
            raise FeedError("odd length", f"{len(payload)} bytes are no structs of {dtype.itemsize}{behind}")
        array = np.frombuffer(payload, dtype=dtype, offset=head)
        beside = None if at.beside is None else frames[at.beside]
        columns = {name: _column(array[name]) for name in _names(dtype)}
        return Content(dict(zip(_numbers(dtype), columns.values(), strict=True)) | columns, beside=beside, at=at)

    name = f"struct:{text}"
    joined = None if head else lambda want: Joined(dtype, want)
    return Format(name, "[topic,] structs", ", ".join(_names(dtype)), never, read, joined)


def _names(dtype: np.dtype[Any]) -> list[str]:
    """The fields that are not left out."""
    return [name for name in dtype.names or () if dtype[name].base.kind != "V"]


def _numbers(dtype: np.dtype[Any]) -> list[str]:
    """By which numbers the same fields can be asked for."""
    return [str(k) for k in range(len(_names(dtype)))]


def _column(values: NDArray[Any]) -> Any:
    """A field of all structs: an array; of a field with several values one each, by their numbers; texts as texts."""
    if values.ndim > 1:
        return {str(k): _column(values[:, k]) for k in range(values.shape[1])}
    if values.dtype.kind == "c":
        return {"0": values.real, "1": values.imag}
    if values.dtype.kind == "S":
        return [text.decode("utf-8", "replace") for text in values.tolist()]
    return values


class Joined:
    """Reads runs of messages with structs as one buffer."""

    def __init__(self, dtype: np.dtype[Any], wanted: Wanted) -> None:
        self._dtype, self._wanted = dtype, wanted
        self._names = dict(zip(_numbers(dtype), _names(dtype), strict=True)) | {name: name for name in _names(dtype)}
        simple = {path for path, name in self._names.items() if dtype[name].kind in "fiub"}
        usual = next((name for name in TIME_NAMES if name in _names(dtype) and name not in wanted.paths), None)
        self._t = usual if wanted.t is None else wanted.t
        needed = {*wanted.paths, *([] if self._t is None else [self._t])}
        numbered = wanted.seq is not None or "seq" in _names(dtype)
        self._usable = needed <= simple and not wanted.labels and not numbered

    def learn(self, content: Content, places: Any) -> None:
        """There is nothing to learn: the layout is given."""

    def read_run(self, messages: Messages, start: int) -> tuple[int, Samples | None]:
        """Read messages from ``start`` on, up to the first that is different; returns its index."""
        stop, buffers = start, []
        while self._usable and stop < len(messages):
            frames = messages[stop]
            size = self._dtype.itemsize
            if not 1 <= len(frames) <= 2 or not frames[-1] or len(frames[-1]) % size or has_time_behind(frames, size):
                break
            buffers.append(frames[-1])
            stop += 1
        if not buffers:
            return start, None
        array = np.frombuffer(b"".join(buffers), dtype=self._dtype)
        values = tuple(array[self._names[path]].astype(np.float64) for path in self._wanted.paths)
        t = None if self._t is None else self._wanted.clock.array(array[self._names[self._t]])
        return stop, Samples(values, t)


def _read_none(frames: Frames, wanted: Wanted) -> Content | None:
    raise FeedError("bad header", "the layout of the struct is not given")


FORMAT: Final = Format(
    "struct", "[topic,] C structs: struct:<u8,f4,f4", "f0, f1, ... or names", never, _read_none, variant=made
)
