"""What this process may have: libraries that get too little hang, or end it, without a word of what they lack."""

import os
import re
import resource
import threading
from typing import Final

from streammi.errors import ConfigError

THREADS: Final = 12  # of a monitor that publishes, records, serves metrics and runs commands: 6 to 10
SCARCE: Final = 1024  # processes and threads of one user: with fewer allowed, whether there are enough left is tried
NUMBA_THREADS: Final = "NUMBA_NUM_THREADS"
UNLIMITED: Final = resource.RLIM_INFINITY


def check_process_limits() -> None:
    """ConfigError where less memory or fewer threads are allowed than would do, before a library finds out.

    OpenBLAS asks for memory for ever, or ends the process in silence or as Ctrl-C does; ZeroMQ and LLVM abort it.
    """
    memory = {"v": (resource.RLIMIT_AS, 1024), "d": (resource.RLIMIT_DATA, 512)}
    allowed = {option: resource.getrlimit(which)[0] for option, (which, _) in memory.items()}
    for option, (_, least) in memory.items():
        if allowed[option] != UNLIMITED and allowed[option] < least << 20:
            raise ConfigError(f"ulimit -{option}", f"at least {least << 10} ({least} MiB)", allowed[option] >> 10)
    threads, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if any(most != UNLIMITED for most in allowed.values()):
        # It would set memory aside for each core; so do threads, which are not tried then.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    elif threads != UNLIMITED and threads < SCARCE and not _can_start(THREADS):
        raise ConfigError("ulimit -u", f"at least {THREADS} more than this user has processes and threads", threads)


def check_environment() -> None:
    """ConfigError for what is set for a library that would fail of it, or warn in its own words."""
    value = os.environ.get(NUMBA_THREADS, "")
    if not value.strip():
        os.environ.pop(NUMBA_THREADS, None)
    elif not (re.fullmatch(r"\s*\+?[0-9]+\s*", value) and int(value) > 0):
        raise ConfigError(NUMBA_THREADS, "a whole number of threads, 1 or more, or not set", value)


def _can_start(threads: int) -> bool:
    """Whether so many threads can be there at once beside those of now."""
    go = threading.Event()
    started = list[threading.Thread]()
    try:
        for _ in range(threads):
            one = threading.Thread(target=go.wait)
            one.start()
            started.append(one)
    except RuntimeError:
        return False
    finally:
        go.set()
        for one in started:
            one.join()
    return True
