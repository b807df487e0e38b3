"""The compiled kernels that are kept for the next start: made by two processes, and a warning where they cannot be.

As without a home in a container.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from streammi.core.kernels.compiled import is_kept, uncached
from streammi.core.kernels.reading import of_counts
from streammi.system.log import Log

# It ends without putting its memory in order, and without a look for garbage: 0.3 s.
_READINGS: Final = """
import gc, os
gc.disable()
from streammi.core.window.warm_up import warm_up_readings
warm_up_readings()
os._exit(0)
"""


@contextmanager
def compiled_beside() -> Iterator[Callable[[], object]]:
    """Yields what waits until a second process has compiled the kernels of readings, and kept them for this one.

    There is one only where they are not kept yet, and can be, and where it has a core for itself: compilers of one
    process do not run side by side.
    """
    if uncached() or _cores() < 2 or is_kept(of_counts):
        yield lambda: None
        return
    process = subprocess.Popen([sys.executable, "-c", _READINGS], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield lambda: (gc.collect(), process.wait())  # there is time for that now
    finally:
        process.kill()
        process.wait()


def _cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warn_uncached(log: Log, took: str) -> bool:
    """Say what it costs, and what mends it; returns whether there was something to say.

    ``took`` is how long compiling takes, in words.
    """
    why = uncached()
    if why:
        log.warn(
            f"compiling took {took}, and will at each start ({why}): set NUMBA_CACHE_DIR to a folder to keep it in"
        )
    return bool(why)
