"""Locks of files and folders against other processes: advisory, and gone with the process that has one."""

import errno
import fcntl


def lock(descriptor: int, held: str = "another process has it") -> None:
    """Lock an open file; BlockingIOError, at once, that says ``held`` where another process has it, else OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(errno.EAGAIN, held) from None
