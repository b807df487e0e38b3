"""A command that is run for each of some messages, beside whoever has them: never waited for, never in a shell."""

import contextlib
import os
import queue
import select
import shlex
import shutil
import signal
import subprocess
import threading
import time
from typing import Final

from streammi.errors import ConfigError

PACE_SECONDS: Final = 1.0  # from the start of one run to that of the next
MOST_SECONDS: Final = 10.0  # that one may take
WAITING: Final = 60  # messages at the most; what comes when there are as many is left out
GRACE_SECONDS: Final = 0.4  # that a run has left at the end, and
KILL_SECONDS: Final = 0.2  # from when it is asked to end until it is made to
LOOK_SECONDS: Final = 0.05
KEPT_BYTES: Final = 400  # of what it writes to its standard error
READ_BYTES: Final = 1 << 16
PIPE_READS: Final = 16  # are all of a pipe, which has room for 1 MiB at most


def words_of(command: str, option: str) -> list[str]:
    """The words of a command, as a shell would part them, and nothing else that a shell does; ConfigError for none.

    >>> words_of("sh -c 'cat; true'", "--exec")
    ['sh', '-c', 'cat; true']
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(option, f"words as a shell parts them ({error})", command) from None
    if not words or "\0" in command:
        raise ConfigError(option, "a command, such as 'notify.sh plant'", command)
    if shutil.which(words[0]) is None:
        rule = "a program that there is, and that may be run; for pipes and variables: sh -c '...'"
        raise ConfigError(option, rule, words[0])
    return words


class Commands:
    """Runs a command for each message, which it has on its standard input, followed by a line break.

    One at a time, one a second at most, each for 10 s at most: then it is ended with all that it has started. What
    waits is bounded: further messages are left out, and ``notes`` say so, and what went wrong, once a run at most. Its
    standard output goes nowhere: ours is for readings.
    """

    def __init__(self, words: list[str], pace: float = PACE_SECONDS, most: float = MOST_SECONDS) -> None:
        self.notes: list[str] = []
        self.runs = self.failed = 0
        self._words, self._pace, self._most = words, pace, most
        self._waiting: queue.Queue[bytes] = queue.Queue(WAITING)
        self._left_out = 0
        self._ending = threading.Event()
        self._end_at = 0.0  # by the monotonic clock, once it is ending
        self._thread = threading.Thread(target=self._work, name="commands", daemon=True)
        self._thread.start()

    @property
    def unsaved(self) -> bool:
        """Nothing that is to be saved depends on it."""
        return False

    @property
    def summary(self) -> str:
        """How often it was run, in words."""
        return f"{self.runs} runs of {self._words[0]}, {self.failed} failed"

    def run(self, message: bytes) -> None:
        """Have it run with this message as soon as may be; returns at once."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """End what runs, within 0.6 s; what waits is not run any more."""
        self._end_at = time.monotonic() + GRACE_SECONDS
        self._ending.set()
        self._thread.join(GRACE_SECONDS + KILL_SECONDS + 10 * LOOK_SECONDS)
        self._note("")

    def _note(self, failure: str) -> None:
        left_out, self._left_out = self._left_out, 0
        lost = f"alarms left out, as they came faster than it runs: {left_out}" if left_out else ""
        if failure or lost:
            self.notes.append(f"--exec {self._words[0]}: " + "; ".join(filter(None, (failure, lost))))

    def _work(self) -> None:
        began = -self._pace
        while True:
            try:
                message = self._waiting.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if self._ending.is_set():
                    return
                continue
            left = began + self._pace - time.monotonic()
            ended = (left > 0 and self._ending.wait(left)) or (
                self._ending.is_set() and time.monotonic() >= self._end_at
            )
            if ended:
                self._left_out += 1
                continue
            began = time.monotonic()
            self.runs += 1
            failure = self._run(message)
            self.failed += bool(failure)
            self._note(failure)

    def _run(self, message: bytes) -> str:
        """Run it once; returns what went wrong, in words."""
        # In memory: whoever does not read its standard input keeps nobody waiting, and no disk need have room for it.
        try:
            with open(os.memfd_create("message"), "w+b") as given:
                given.write(message + b"\n")
                given.seek(0)
                process = subprocess.Popen(
                    self._words,
                    stdin=given,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,  # Ctrl-C is the monitor's; and it is ended with all that it has started
                )
        except OSError as error:
            return f"cannot be run ({error.strerror})"
        assert process.stderr is not None
        with process.stderr as stderr:
            os.set_blocking(stderr.fileno(), False)
            return self._attend(process, stderr.fileno())

    def _attend(self, process: subprocess.Popen[bytes], stderr: int) -> str:
        late, written, open_ = time.monotonic() + self._most, b"", True
        while process.poll() is None:
            now = time.monotonic()
            if now >= late or (self._ending.is_set() and now >= self._end_at):
                _end(process)
                return f"took longer than {self._most:g} s, and was ended" if now >= late else "was ended with the rest"
            if open_:
                select.select([stderr], [], [], LOOK_SECONDS)
                more = _read(stderr)
                open_, written = more != b"", (written + (more or b""))[-KEPT_BYTES:]
            else:
                time.sleep(LOOK_SECONDS / 5)
        if process.returncode == 0:
            return ""
        for _ in range(PIPE_READS):  # what it left behind may write without end
            written = (written + (_read(stderr) or b""))[-KEPT_BYTES:]
        lines = written.decode(errors="replace").split("\n")
        words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        how = f"status {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        return f"ended with {how}" + (f" ({words})" if words else "")


def _read(descriptor: int) -> bytes | None:
    """Read what there is; nothing at its end; None where nothing has come."""
    try:
        return os.read(descriptor, READ_BYTES)
    except BlockingIOError:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started, in its own session."""
    for number, patience in ((signal.SIGTERM, KILL_SECONDS), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone, or another user's by now
            os.killpg(process.pid, number)
        try:
            process.wait(patience)
            if number == signal.SIGTERM:
                continue  # what it has started may be there still
        except subprocess.TimeoutExpired:
            continue
