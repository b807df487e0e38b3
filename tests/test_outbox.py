"""Lines for a stream that does not always take them."""

import errno
import io
import os

import pytest

from streammi.publish.outbox import UnfailingLines


class Disk(io.StringIO):
    """A file on a disk that fills up, as the system says it."""

    fails_with = 0

    def flush(self) -> None:
        if self.fails_with:
            raise OSError(self.fails_with, os.strerror(self.fails_with))


def test_a_full_disk_is_said_once_and_its_end_too() -> None:
    disk = Disk()
    lines = UnfailingLines(disk, "the lines")
    lines.write("a\n")
    assert (lines.unsaved, lines.notes, lines.summary) == (False, [], "1 lines")
    disk.fails_with = errno.ENOSPC
    lines.write("b\n")
    lines.write("c\n")
    assert lines.unsaved
    assert lines.notes == ["the lines: No space left on device; lines are lost until it takes them again"]
    disk.fails_with = 0
    lines.write("d\n")
    assert not lines.unsaved
    assert lines.notes[1:] == ["the lines takes lines again; by their seq you see which are lost"]
    disk.fails_with = errno.EPIPE
    with pytest.raises(BrokenPipeError):
        lines.write("e\n")
