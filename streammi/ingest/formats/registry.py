"""The table of formats, in the order in which they are tried."""

import re
from typing import Final

from streammi.config.did_you_mean import one_of
from streammi.errors import ConfigError, FeedError
from streammi.ingest.formats import (
    cbor,
    csv,
    glances,
    gnuradio,
    influx,
    json,
    karabo,
    keyvalue,
    msgpack,
    numpy,
    open_ephys,
    pairs,
    struct,
)
from streammi.ingest.formats.format import Format
from streammi.network.frames import Frames, is_text

FORMATS: Final[dict[str, Format]] = {
    row.name: row
    for row in (
        open_ephys.FORMAT,
        karabo.FORMAT,
        numpy.FORMAT,
        glances.FORMAT,
        json.FORMAT,
        gnuradio.FORMAT,
        msgpack.FORMAT,
        cbor.FORMAT,
        influx.FORMAT,
        keyvalue.FORMAT,
        csv.FORMAT,
        pairs.PAIRS,
        pairs.PAIRS32,
        struct.FORMAT,
    )
}


def format_of(name: str) -> Format:
    """The format of this name, which may have more behind a colon; ``ConfigError`` where there is none.

    >>> format_of("struct:<u4,x:f4,y:f4").paths
    'f0, x, y'
    """
    known, _, rest = name.partition(":")
    row = FORMATS.get(known)
    if row is None or (rest and row.variant is None) or (known == "struct" and not rest):
        names = ["auto", *(one for one in FORMATS if one != "struct"), "struct:LAYOUT such as struct:<u8,f4,f4"]
        raise ConfigError("--format", one_of(name, names), name)
    return row.variant(rest) if rest and row.variant is not None else row


def recognise(frames: Frames) -> str | None:
    """The name of the format that a message itself says it is in; None where it says nothing, or may be so by chance.

    >>> recognise([b"topic", b'{"x": 1}']), recognise([b"1.5,2.5"]), recognise([b"hello"]), recognise([bytes(16)])
    ('json', 'csv', None, None)
    """
    return next((name for name, row in FORMATS.items() if _is(row, frames) and not _doubtful(row, frames)), None)


def possible(frames: Frames) -> list[str]:
    """The names of the formats that a message can be in, maybe by chance.

    >>> possible([bytes(16)]), possible([b"hello"])
    (['pairs', 'pairs32'], [])
    """
    return [name for name, row in FORMATS.items() if _is(row, frames)] if frames else []


def topic_of(name: str | None, frames: Frames) -> str:
    """The topic of a message in this format, as ``--format`` names it; empty when it has none.

    >>> topic_of("json", [b"boiler:{}"]), topic_of("json", [b"boiler\\0", b"{}"]), topic_of("json", [b"bs[3] {}"])
    ('boiler', 'boiler', 'bs[3]')
    >>> topic_of("json", [b"boiler", b"{}"]), topic_of("json", [b"boiler {}"]), topic_of("numpy:rows", [b"{}", b""])
    ('boiler', 'boiler', '')
    """
    least = 2 if name is None else format_of(name).topic_from
    if least is not None and len(frames) >= least:
        plain = frames[0].rstrip(b"\0")  # C has one behind it
        return (plain if plain and is_text(plain) else frames[0]).decode("utf-8", "backslashreplace")
    if name == "json" and frames[0][:1] not in (b"{", b"["):
        word = re.match(rb"[^\s\0{]*", frames[0])
        return word[0].rstrip(b":;,=|").decode("utf-8", "backslashreplace") if word else ""
    return ""


def _is(row: Format, frames: Frames) -> bool:
    try:
        return row.recognise(frames)
    except FeedError:
        return False


def _doubtful(row: Format, frames: Frames) -> bool:
    return row.judge is not None or row.doubtful(frames)
