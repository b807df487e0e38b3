"""The table of formats, in the order in which they are tried."""

from typing import Final

from streammi.errors import FeedError
from streammi.ingest.formats import (
    cbor,
    csv,
    glances,
    gnuradio,
    influx,
    json,
    karabo,
    msgpack,
    numpy,
    open_ephys,
    pairs,
)
from streammi.ingest.formats.format import Format
from streammi.network.frames import Frames

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
        csv.FORMAT,
        pairs.PAIRS,
        pairs.PAIRS32,
    )
}


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
    return [name for name, row in FORMATS.items() if _is(row, frames)]


def _is(row: Format, frames: Frames) -> bool:
    try:
        return row.recognise(frames)
    except FeedError:
        return False


def _doubtful(row: Format, frames: Frames) -> bool:
    return row.judge is not None or row.doubtful(frames)
