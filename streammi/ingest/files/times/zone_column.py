"""The zones of times, which stand in a column of their own beside these."""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.ingest.files.times.time_zones import ahead_of_utc
from streammi.records import FloatArray, IntArray

FARTHEST: Final = 14.0  # hours that a zone is ahead of Greenwich; no more than 12 behind
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+-]?)(?P<h>\d{1,2})(?::(?P<m>[0-5]\d)|(?P<part>[.,]\d+))?")
_PACKED: Final = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+-])(?P<h>\d\d)(?P<m>[0-5]\d)")
_NUMBER: Final = re.compile(r"[+-]?\d{2,5}(?:\.0*)?")


def ahead_in_column(zones: pa.Array, local: FloatArray, *, of_offsets: bool = True) -> FloatArray:
    """Seconds that the zone of each row is ahead of Greenwich at its ``local`` time, (n,); NaN for one not known.

    ``of_offsets``: a number without a sign is one, too; in a column that is called zone it may number anything.

    >>> ahead_in_column(pa.array(["CET", "+05:30", "-3", "UTC+1", "120", "XYZ"]), np.zeros(6)).tolist()
    [3600.0, 19800.0, -10800.0, 3600.0, 7200.0, nan]
    """
    found = np.full(local.shape, np.nan)
    texts = pc.cast(zones, pa.string()).dictionary_encode()
    which = texts.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    for k, text in enumerate(texts.dictionary.to_pylist()):
        rows = np.flatnonzero((which == k) & np.isfinite(local))
        if (ahead := _ahead(text.strip(), np.floor(local[rows]).astype(np.int64), of_offsets=of_offsets)) is not None:
            found[rows] = ahead
    return found


def _ahead(text: str, local: IntArray, *, of_offsets: bool) -> IntArray | float | None:
    """Seconds ahead of Greenwich by a name, hours (and minutes), minutes or seconds; of offsets without a sign, too."""
    if text.isdecimal() and not of_offsets:
        return None
    if (match := _OFFSET.fullmatch(text) or _PACKED.fullmatch(text)) and int(match["h"]) <= FARTHEST:
        parts = match.groupdict()
        hours = int(parts["h"]) + int(parts["m"] or 0) / 60 + float((parts.get("part") or "0").replace(",", "."))
        return 3600 * hours * (-1 if parts["sign"] == "-" else 1)
    if _NUMBER.fullmatch(text):  # minutes, or seconds; zones go by quarters of an hour
        number = float(text)
        seconds = number * 60 if abs(number) <= 60 * FARTHEST else number
        return seconds if seconds % 900 == 0 and abs(seconds) <= 3600 * FARTHEST else None
    return ahead_of_utc(text, local)
