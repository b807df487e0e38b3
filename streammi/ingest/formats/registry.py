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
        influx.FORMAT,
        csv.FORMAT,
        msgpack.FORMAT,
        cbor.FORMAT,
        pairs.PAIRS,
        pairs.PAIRS32,
    )
}


def recognise(frames: Frames) -> str | None:
    """The name of the first format that a message can be in.

    >>> recognise([b"topic", b'{"x": 1}']), recognise([b"1.5,2.5"]), recognise([b"hello"])
    ('json', 'csv', None)
    """
    return next((name for name, row in FORMATS.items() if _is(row, frames)), None)


def _is(row: Format, frames: Frames) -> bool:
    try:
        return row.recognise(frames)
    except FeedError:
        return False
