"""Messages that may be Protocol Buffers: they have no names, and no beginning, but fields that fill them exactly."""

from collections.abc import Sequence
from typing import Final

FIELDS: Final = 1000  # the number of a field that is looked for at most: larger ones are seldom
LEAST: Final = 3  # messages: one is such by chance more often
WIRES: Final = {0: "number", 1: "8 bytes", 2: "text or message", 5: "4 bytes"}


def protobuf(payloads: Sequence[bytes]) -> str:
    """Say which fields messages would have as Protocol Buffers; empty where they are none.

    >>> import struct
    >>> protobuf([b"\\x09" + struct.pack("<d", x) + b"\\x11" + struct.pack("<d", x) for x in (1.5, 2.5, 7.25)])
    'field 1: 8 bytes, field 2: 8 bytes'
    >>> protobuf([struct.pack("<dd", x, x) for x in (1.5, 2.5, 7.25)])
    ''
    """
    if len(payloads) < LEAST:
        return ""
    found = [fields_of(one) for one in payloads]
    if not all(found) or len({next(iter(fields)) for fields in found}) > 1:
        return ""
    fields = {number: wire for one in found for number, wire in one.items()}
    return ", ".join(f"field {number}: {WIRES[wire]}" for number, wire in sorted(fields.items())[:6])


def fields_of(payload: bytes) -> dict[int, int]:
    """The fields of a message, and the kind of each on the wire; empty for what is none.

    Source: protobuf.dev/programming-guides/encoding.
    """
    found: dict[int, int] = {}
    at = 0
    while at < len(payload):
        tag, at = _varint(payload, at)
        number, wire = tag >> 3, tag & 7
        if not 1 <= number <= FIELDS or wire not in WIRES:
            return {}
        if wire == 0:
            _, at = _varint(payload, at)
        elif wire == 2:
            size, at = _varint(payload, at)
            at += size
        else:
            at += 8 if wire == 1 else 4
        if found.setdefault(number, wire) != wire:
            return {}
    return found if at == len(payload) else {}


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    """The number at this place, and where the next begins: beyond the end where it is not whole."""
    value = 0
    for k, byte in enumerate(payload[at : at + 10]):
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    return 0, len(payload) + 1
