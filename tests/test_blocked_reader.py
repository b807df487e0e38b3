"""A short run of scripts/blocked_reader.py: a monitor whose lines and messages nobody reads, and its subscriber."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import blocked_reader
from programs import started


def test_nobody_misses_anything_because_somebody_does_not_read(tmp_path: Path) -> None:
    found = blocked_reader.blocked(str(tmp_path), 1.5, 1000.0, started)
    assert found.counted == found.sent > 1000
    assert (found.missed, found.status, found.cut) == (0, 143, False)
    assert 0 < found.read < 100  # the pipe holds 64 KiB: it was full for nearly all of the run
    assert found.ended_s < 30  # scripts/blocked_reader.py holds it to 1 s, on a machine with nothing else to do
