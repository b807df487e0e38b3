"""Files as loggers write them, and what is read of them."""

import io
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.pair_file import read_pairs
from streammi.ingest.files.tables import Recorded

MARCH = datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()
ROWS = [(MARCH + k, 20 + k / 8, 1000.5 * k - 3) for k in range(60)]  # t, x, y


class Read:
    """A file's pairs, all at once."""

    def __init__(self, pairs: Recorded) -> None:
        batches = list(pairs)
        self.x, self.y = (np.concatenate([getattr(batch, name) for batch in batches] or [[]]) for name in "xy")
        times = [batch.t for batch in batches if batch.t is not None]
        self.t = np.concatenate(times) if times else None
        self.said, self.hint, self.note, self.why_empty = pairs.said, pairs.hint, pairs.note, pairs.why_empty


def tarred(data: bytes) -> bytes:
    """A tar archive with a file of these bytes."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        inside = tarfile.TarInfo("logger.csv")
        inside.size = len(data)
        archive.addfile(inside, io.BytesIO(data))
    return file.getvalue()


def read_file(path: Path, data: str | bytes, x: str = "x", y: str = "y", t: str | None = None, **options: Any) -> Read:
    """What is read of a file that has these bytes."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return Read(read_pairs(path, x, y, t, options=FileOptions(**options)))


def lines(rows: Iterable[Iterable[object]], header: str = "time,x,y", delimiter: str = ",", end: str = "\n") -> str:
    return end.join([header.replace(",", delimiter), *(delimiter.join(map(str, row)) for row in rows)]) + end


def iso(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).isoformat()


def plain(**how: str) -> str:
    return lines(((iso(t), x, y) for t, x, y in ROWS), **how)


def as_rows(found: Read, rows: list[tuple[float, float, float]] = ROWS, atol: float = 0) -> None:
    """The very same numbers, and times to within ``atol``."""
    t, x, y = np.array(rows).T
    np.testing.assert_array_equal(found.x, x)
    np.testing.assert_array_equal(found.y, y)
    assert found.t is not None
    np.testing.assert_allclose(found.t, t, rtol=0, atol=atol)
    assert (found.note, found.why_empty) == ("", "")
