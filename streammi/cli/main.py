"""The program: runs the command line, says what went wrong, and is the only place that exits the process."""

import errno
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise

import typer

from streammi.cli.app import app
from streammi.cli.usage_errors import USAGE_ERROR, usage
from streammi.errors import StreammiError
from streammi.system.log import Form, Log
from streammi.system.process_limits import check_environment, check_process_limits
from streammi.system.spool import MIB
from streammi.system.spooled_stream import SpooledStream

FAILURE = 1  # exit status
ERRORS_ROOM = MIB  # of messages that nobody reads
NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # of an OSError: no defect of ours
# Typer uses the library click or, in newer versions, a copy of its own: the usage errors of whichever it is.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def log_form(words: Sequence[str]) -> Form:
    """The form that --log asks for among the words of a command, which may be wrong otherwise.

    >>> log_form(["monitor", "--log", "json"]), log_form(["monitor", "--log=json"]), log_form(["view"])
    ('json', 'json', 'text')
    """
    return "json" if "--log=json" in words or ("--log", "json") in pairwise(words) else "text"


def main() -> None:
    """Run the command line; exit with 0, 1 for a failure, 2 for what cannot work, or 128 + the signal that ended it."""
    # Somebody may have closed them.
    sys.stdout, stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    errors = sys.stderr = SpooledStream(stderr, ERRORS_ROOM)
    log = Log(errors, log_form(sys.argv[1:]))
    errors.spool.omitted = log.omitted
    log.take_over()
    # Of what river brings along, where nothing can be written: nothing here has anything to do with it.
    warnings.filterwarnings("ignore", message=".*joblib will operate in serial mode")
    status = _run(log)
    try:
        sys.stdout.flush()
    except OSError as error:
        if status == 0 and not isinstance(error, BrokenPipeError):  # whose reader has gone: nothing is wrong
            status = _fail_to_write(error, log)
        # The interpreter would complain of it on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr = errors.end()
    gc.freeze()  # else the interpreter looks through all there is on its way out: 0.3 s, or 2 s on a busy machine
    sys.exit(status)


def _run(log: Log) -> int:
    """Run the command; what it fails of is said on ``log``. Returns the exit status."""
    try:
        check_process_limits()
        check_environment()
        return int(app(standalone_mode=False, obj=log) or 0)
    except StreammiError as error:
        log.fail(str(error))
        return USAGE_ERROR
    except UsageError as error:
        said = usage(error)
        if "\n" in said:  # the help, where nothing was given
            print(said, file=sys.stderr)
        else:
            log.fail(said)
        return USAGE_ERROR
    except Exception as error:  # noqa: BLE001 - said in full, and ended with
        if isinstance(error, OSError) and error.errno in NOT_WRITTEN:
            return _fail_to_write(error, log)
        if (unmet := _unmet(error)) is not None:
            log.fail(unmet)
            return USAGE_ERROR
        log.defect(error)
        return FAILURE


def _unmet(error: Exception) -> str | None:
    """What the system has to grant for this not to fail; None where it is no matter of the system."""
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return "the system must allow more processes and threads (ulimit -u, or the limit of a container or service)"
    if isinstance(error, FileNotFoundError):
        try:
            os.getcwd()
        except FileNotFoundError:
            return "the current folder must be there to name files in, got one that was removed"
    return None


def _fail_to_write(error: OSError, log: Log) -> int:
    log.fail(f"cannot write to {error.filename or 'standard output'}: {error.strerror}")
    return FAILURE
