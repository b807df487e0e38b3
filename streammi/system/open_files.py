"""How many files may be open: ZeroMQ ends a process, in the middle of whatever it does, that has too many."""

import resource
from typing import Final

from streammi.errors import ConfigError

ENOUGH: Final = 64  # of a monitor that publishes, records and serves metrics, with a few who look: 20 to 40
A_VIEW: Final = 8  # more for each monitor that a view looks at
USUAL: Final = 1024  # with which as many may look as are let in


def check_open_files(least: int = ENOUGH) -> None:
    """Have as many as usual, if that is allowed; ConfigError where there are fewer than the ``least`` that would do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    infinite = resource.RLIM_INFINITY
    if soft == infinite or soft >= max(USUAL, least):
        return
    wanted = max(USUAL, least) if hard == infinite else min(max(USUAL, least), hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < least:
        raise ConfigError("ulimit -n", f"at least {least} open files", soft)
