"""The compiled kernels that are kept for the next start: made by two processes, and a warning where they cannot be.

As without a home in a container.
"""

import gc
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from streammi.core.kernels.compiled import collected_later, is_kept, uncached
from streammi.core.kernels.reading import of_counts
from streammi.system.log import Log

GARBAGE: Final = 100_000  # objects that compiling leaves behind, 160 bytes each, and loading does not


@contextmanager
def compiling() -> Iterator[None]:
    """Nobody looks for garbage while kernels are loaded or compiled, and then once, if there is any."""
    with collected_later():
        yield
        _collect()


def _collect() -> None:
    if gc.get_count()[0] > GARBAGE:
        gc.collect()


@contextmanager
def compiled_beside() -> Iterator[Callable[[], object]]:
    """Yields what waits until a second process has compiled the kernels of readings, and kept them for this one.

    There is one only where they are not kept yet, and can be, and where it has a core for itself: compilers of one
    process do not run side by side. It is forked off this one, with all that is imported already, which takes half a
    second of the processor; so this one may have no other thread yet, which might hold a lock that the other would wait
    for.
    """
    if uncached() or _cores() < 2 or not _is_alone() or is_kept(of_counts):
        yield lambda: None
        return
    from multiprocessing import get_context  # late: no other start needs it

    process = get_context("fork").Process(target=_compile_in_silence, daemon=True)
    with warnings.catch_warnings():  # of threads, which are those of numpy's library: it sees to them itself
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()

    def wait() -> None:
        _collect()  # there is time for that now
        process.join()

    try:
        yield wait
    finally:
        process.kill()
        process.join()


def _compile_in_silence() -> None:
    """The second process: it holds nothing of the first one's that others wait for the end of."""
    gc.disable()
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    _compile_readings()
    os._exit(0)  # without putting its memory in order: 0.3 s


def _compile_readings() -> None:
    from streammi.core.window.warm_up import warm_up_readings

    warm_up_readings()


def _cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_alone() -> bool:
    """True if no other thread runs in this process, and it may fork."""
    return hasattr(os, "fork") and threading.active_count() == 1


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
