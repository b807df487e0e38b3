"""Contents that are known by how they begin, none of which is read here: what they are, for whoever sends them."""

import re
import zlib
from typing import Final

from streammi.network.frames import is_text

INSTEAD: Final = "streammi does not read it; send JSON, msgpack or raw pairs"
_NEVER: Final = "streammi never unpickles; send JSON or msgpack"
_UNPACKED: Final = "send it unpacked, or packed by zlib or gzip"

# What the bytes begin with, what that is, and what to do.
_BEGINNINGS: Final = (
    (b"\x93NUMPY", "a .npy file", "send a JSON header {dtype, shape} and array.tobytes(), or raw pairs"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", _UNPACKED),
    (b"\x04\x22\x4d\x18", "packed by lz4", _UNPACKED),
    (b"BZh", "packed by bzip2", _UNPACKED),
    (b"\xfd7zXZ\x00", "packed by xz", _UNPACKED),
    (b"\xff\x06\x00\x00sNaPpY", "packed by snappy", _UNPACKED),
    (b"\x1f\x8b\x08", "packed by gzip", "what is in it cannot be read"),
    (b"PK\x03\x04", "a zip archive (.npz, .xlsx, ...)", INSTEAD),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", INSTEAD),
    (b"\xff\xd8\xff", "a JPEG picture", INSTEAD),
    (b"GIF8", "a GIF picture", INSTEAD),
    (b"II*\x00", "a TIFF picture", INSTEAD),
    (b"MM\x00*", "a TIFF picture", INSTEAD),
    (b"RIFF", "a RIFF file (WAV, AVI, WebP)", INSTEAD),
    (b"OggS", "an Ogg stream", INSTEAD),
    (b"fLaC", "FLAC audio", INSTEAD),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video", INSTEAD),
    (b"%PDF-", "a PDF file", INSTEAD),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", INSTEAD),
    (b"PAR1", "a Parquet file", INSTEAD),
    (b"ARROW1", "an Arrow file", INSTEAD),
    (b"\xff\xff\xff\xff", "an Arrow stream", INSTEAD),
    (b"Obj\x01", "an Avro file", INSTEAD),
    (b"SQLite format 3\x00", "an SQLite file", INSTEAD),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", INSTEAD),
    (b"CDF\x01", "a NetCDF file", INSTEAD),
    (b"CDF\x02", "a NetCDF file", INSTEAD),
    (b"\xac\xed\x00\x05", "a Java object", INSTEAD),
    (b"\x00\x01\x00\x00\x00\xff\xff\xff\xff", "a .NET object", INSTEAD),
    (b"\xd4\xc3\xb2\xa1", "a capture of packets (pcap)", INSTEAD),
    (b"\x7fELF", "a program", INSTEAD),
    (b"#bundle\x00", "OSC", INSTEAD),
    (b":)\n", "Smile", INSTEAD),
)
# An address that is filled up with NULs, and the types of what is behind it.
_OSC: Final = re.compile(rb"(?:/[!-~]{0,200})\0{1,4},[ifsbhtdTFNI]{1,32}\0")
_UBJSON: Final = re.compile(rb"\{(?:i|U).[ -~]{1,40}[iUIlLdD]", re.DOTALL)
_TEXTS: Final = (
    (re.compile(rb"# (?:HELP|TYPE) |[a-zA-Z_:][\w:]*\{[^}\n]*\} [-+\d]"), "text of Prometheus"),
    (re.compile(rb"[\w.\-/]+:[-+\d.]+\|(?:g|c|ms|h|s|d)\b"), "StatsD"),
    (re.compile(rb"[A-Za-z_][\w\-]*(?:\.[\w\-]+)+ [-+\d.eE]+ \d{9,10}\s"), "Graphite's lines"),
    (re.compile(rb"<\?xml|<[A-Za-z][\w:]*[ >/]"), "XML"),
    (re.compile(rb"(?:---\s*\n)?[\w.\-]{1,64}:[ \t]*\r?\n[ \t]+(?:- )?[\w.\-]{1,64}:[ \t]"), "nested YAML"),
    (re.compile(rb"PUTVAL \S+/\S+ "), "collectd's lines"),
)
PEEKED: Final = 4096  # bytes, packed and unpacked
UNPACKED_LEAST: Final = 16  # bytes that are unpacked of a beginning: fewer come of two floats by chance
# A topic in front, and what stands between it and the rest.
_WORDS: Final = re.compile(rb"[ -~]{2,64}[ \0:|](?=[^ -~])")
_JSON_INSIDE: Final = re.compile(rb'\{"[A-Za-z_][\w./ -]{0,40}":')
_LEAST: Final = 8  # bytes: of fewer, two bytes of a beginning say nothing
# The opcodes with which a pickle of protocol 0 or 1 begins: mark, dict, list, tuple, string, number, global, ...
_OLD_PICKLE: Final = re.compile(rb"(?:\(|\)|\]|\}|c[A-Za-z_][\w.]*\n|[FIL][-+.\w]+\n|[SVU]).*\.", re.DOTALL)
# Bounded, and looked for where a pickle begins and ends: of 1 MiB of I's it took hours.
_OLD_PICKLE_PARTS: Final = re.compile(
    rb"(?:[pg][0-9]{1,9}\n|q.|[FIL][-+.\w]{1,40}\n|G.{8}|[\])}]q|\(K|t\.$)", re.DOTALL
)
_ZLIB_METHODS: Final = frozenset({0x58, 0x68, 0x78})  # deflate with windows of 8, 16 and 32 KiB


def named(payload: bytes) -> str:
    """Name what a payload is that streammi does not read, and what to send instead; empty where it is not known.

    >>> named(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(100))
    'a PNG picture: streammi does not read it; send JSON, msgpack or raw pairs'
    >>> import pickle
    >>> named(pickle.dumps({"x": 1.5}))
    'a Python pickle: streammi never unpickles; send JSON or msgpack'
    """
    if _is_pickle(payload):
        return f"a Python pickle: {_NEVER}"
    if len(payload) < _LEAST:
        return ""
    if payload.startswith(b"PK\x03\x04") and b"data.pkl" in payload[:PEEKED]:
        return f"a file of torch.save, which is a pickle: {_NEVER}, or x.numpy().tobytes()"
    for beginning, what, advice in _BEGINNINGS:
        if payload.startswith(beginning):
            return f"{what}: {advice}"
    if payload[8:10] == b'{"' and int.from_bytes(payload[:8], "little") <= len(payload) - 8:
        return f"safetensors: {INSTEAD}"
    if is_zlib(payload) and _unpacks(payload):
        return "packed by zlib: what is in it cannot be read"
    if _is_bson(payload):
        return f"BSON: {INSTEAD}"
    if len(payload) % 4 == 0 and _OSC.match(payload):
        return f"OSC: {INSTEAD}"
    if _UBJSON.match(payload) and payload[2] < 0x20 and not is_text(payload):
        return f"UBJSON: {INSTEAD}"
    if _has_length(payload):
        return "text behind its length, as LabVIEW flattens a string: send the text alone"
    words = _WORDS.match(payload)
    if words and (what := named(payload[words.end() :])):
        return f"behind words, {what}"
    if (json := _JSON_INSIDE.search(payload, 1, PEEKED)) is not None and not is_text(payload[: json.start()]):
        return f"JSON behind what is no text ({json.start()} of its bytes), packed maybe: send the JSON alone"
    return ""


def named_text(payload: bytes) -> str:
    """Name what a text is that streammi does not read, and what to send instead; empty where it is not known.

    >>> named_text(b"temp:20.5|g")
    'StatsD: streammi does not read it; send JSON, CSV, x=1.5 y=2.5 or Influx lines'
    """
    start = payload[:PEEKED]
    what = next((words for pattern, words in _TEXTS if pattern.match(start)), "")
    return f"{what}: streammi does not read it; send JSON, CSV, x=1.5 y=2.5 or Influx lines" if what else ""


def is_zlib(payload: bytes) -> bool:
    """True if a payload begins as what zlib packs does (RFC 1950: a method, and a check of it).

    >>> import zlib
    >>> is_zlib(zlib.compress(b"{}")), is_zlib(b"x=1 y=2")
    (True, False)
    """
    return len(payload) >= _LEAST and payload[0] in _ZLIB_METHODS and int.from_bytes(payload[:2], "big") % 31 == 0


def _unpacks(payload: bytes) -> bool:
    """True if what zlib packed is behind that beginning: two bytes are so by chance."""
    try:
        return len(zlib.decompressobj().decompress(payload[:PEEKED], PEEKED)) >= UNPACKED_LEAST
    except zlib.error:
        return False


def _is_pickle(payload: bytes) -> bool:
    if payload[-1:] != b"." or len(payload) < 4:
        return False
    if payload[0] == 0x80 and 2 <= payload[1] <= 5:
        return True
    ends = payload[:PEEKED], payload[-PEEKED:]
    return bool(_OLD_PICKLE.fullmatch(payload)) and any(map(_OLD_PICKLE_PARTS.search, ends))


def _has_length(payload: bytes) -> bool:
    """A length in front, in either order, that is that of the text behind it."""
    length = len(payload) - 4
    return payload[:4] in (length.to_bytes(4, "big"), length.to_bytes(4, "little")) and is_text(payload[4:])


def _is_bson(payload: bytes) -> bool:
    """A length in front that is its own, a type of element, and a NUL behind everything."""
    return (
        int.from_bytes(payload[:4], "little") == len(payload)
        and payload[-1] == 0
        and 1 <= payload[4] <= 0x13
        and b"\0" in payload[5:64]
    )
