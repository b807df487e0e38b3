"""The fields of C structs of one size, told by their values: floats, whole numbers that are counters, ids or times."""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.evidence import against, alike, support
from streammi.ingest.formats.float_bits import FLOAT32, FLOAT64, Layout, is_number, is_round, lie_close
from streammi.ingest.formats.widths import is_clock
from streammi.ingest.time_units import epoch_unit

Words: TypeAlias = NDArray[np.uint64]

LARGEST: Final = 64  # bytes of a struct that is looked into
MESSAGES: Final = 8  # of which that many show its fields
_TEXT: Final = re.compile(rb"[!-~][ -~]{3,}\0*")  # of fewer letters it is so by chance
A_DAY: Final = 86_400  # s
SMALL: Final = 1 << 16  # numbers of a channel, a state, a counter
STEP: Final = 1 << 16  # by which a counter grows at most


def as_struct(payloads: list[bytes]) -> str:
    """Say how to ask for structs that these are, of different fields; empty where they are none, or rows of floats.

    >>> import struct
    >>> as_struct([struct.pack("<If", k, 20 + k / 7) for k in range(20)])
    "they may be C structs: --format 'struct:<u4,<f4', of which f1 is a float"
    >>> as_struct([struct.pack("<dff", 1.8e9 + k, 20 + k / 7, 5 - k / 9) for k in range(20)])
    "they may be C structs: --format 'struct:<f8,<f4,<f4' --x f1 --y f2 --t f0"
    """
    size = len(payloads[0])
    if len(payloads) < MESSAGES or size > LARGEST or size % 4 or any(len(one) != size for one in payloads):
        return ""
    words = np.frombuffer(b"".join(payloads), dtype="<u4").astype(np.uint64).reshape(len(payloads), -1)
    fields = list(_fields(words))
    kinds = {kind for kind, _ in fields}
    has_time = any(is_time for _, is_time in fields)
    if len(fields) < 2 or not kinds & {"f4", "f8"} or "" in kinds or (len(kinds) == 1 and not has_time):
        return ""
    layout = ",".join(kind if kind[0] == "V" else f"<{kind}" for kind, _ in fields)
    floats = [f"f{k}" for k, (kind, is_time) in enumerate(fields) if kind[0] == "f" and not is_time]
    times = [f" --t f{k}" for k, (_, is_time) in enumerate(fields) if is_time]
    if len(floats) < 2:
        which = f", of which {floats[0]} is a float" if floats else ""
        return f"they may be C structs: --format 'struct:{layout}'{which}"
    return f"they may be C structs: --format 'struct:{layout}' --x {floats[0]} --y {floats[1]}{''.join(times[:1])}"


def _fields(words: Words) -> Iterator[tuple[str, bool]]:
    """The kind of each field, "" for what is none, and whether it is a time."""
    at = 0
    while at < words.shape[1]:
        if letters := _letters(words[:, at:]):
            yield f"V{4 * letters}", False
            at += letters
            continue
        both = at + 1 < words.shape[1] and (at % 2 == 0 or words.shape[1] % 2 == 1)  # else it is packed
        wide = _wide(words[:, at], words[:, at + 1]) if both else None
        if wide is not None:
            yield wide
            at += 2
            continue
        if _are_floats(words[:, at], FLOAT32):
            yield "f4", False
        else:
            yield ("u4" if _counts(words[:, at]) else ""), _is_time(words[:, at])
        at += 1


def _letters(words: Words) -> int:
    """How many words in front are one and the same text, maybe filled up with NULs."""
    changes = np.flatnonzero((words != words[0]).any(axis=0))
    still = words[0, : changes[0] if changes.size else None]
    text = _TEXT.match(still.astype("<u4").tobytes())
    return text.end() // 4 if text else 0


def _wide(low: Words, high: Words) -> tuple[str, bool] | None:
    """The kind of two words as one field of 64 bits; None where they are two."""
    whole = low | high << np.uint64(32)
    if is_clock(whole):
        return "f8", True
    if _is_time(whole):
        return "u8", True
    if not high.any():
        return ("u8", False) if _counts(low) else None
    if not _are_floats(whole, FLOAT64):
        return None
    narrow = _are_floats(high, FLOAT32)
    if not low.any():  # a round float64, or a number that is 0 before a float32
        return None if narrow and not is_round(whole, FLOAT64) else ("f8", False)
    return None if narrow and (_counts(low) or _are_floats(low, FLOAT32)) else ("f8", False)


def _is_time(words: Words) -> bool:
    """True for whole numbers that are times since 1970, and go forward within a day."""
    first, last, unit = int(words[0]), int(words[-1]), epoch_unit(int(words[0]))
    forward = bool((words[1:] >= words[:-1]).all())
    return unit is not None and unit == epoch_unit(last) and forward and last - first < A_DAY * unit.per


def _counts(words: Words) -> bool:
    """True for whole numbers: small ones, one and the same, or a counter."""
    steps = np.diff(words.astype(np.int64))
    return bool(words.max() < SMALL or not steps.any() or (steps.min() >= 0 and steps.max() < STEP))


def _are_floats(words: NDArray[Any], layout: Layout) -> bool:
    numbers = np.unique(words[is_number(words, layout)])
    if not numbers.size or (numbers.size > 1 and not lie_close(numbers, layout)):
        return False
    return not (against(words, layout) or alike(words, layout)) and support(numbers, layout) > 0
