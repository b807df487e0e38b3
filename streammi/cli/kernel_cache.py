"""The warning where the compiled kernels cannot be kept for the next start, as without a home in a container."""

from streammi.core.kernels.compiled import uncached
from streammi.system.log import Log


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
