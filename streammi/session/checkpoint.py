"""A monitor's state in a folder: at any moment, also of a power cut, there is a whole one in it.

The folder holds two generations, ``state.0`` and ``state.1``, which take turns: the one that is written is never the
newest. A state goes to a file of another name first, is brought to the disk, and then takes its place at once.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from streammi.errors import ConfigError
from streammi.records import codec
from streammi.records.codec import DamagedError, State
from streammi.system import file_lock

KIND: Final = "checkpoint 38"
GENERATIONS: Final = 2
DAMAGE: Final = {errno.EIO, errno.EBADMSG, errno.EUCLEAN}  # reading what the disk or its file system has lost


class Place(NamedTuple):
    """Behind so many entries of a file of a recording."""

    recording: str  # its path
    file: int
    entries: int
    run: int = 0  # start second of the process that made the file; 0: not known


class Checkpoint(msgspec.Struct, frozen=True):
    """The state that a monitor goes on from."""

    settings: dict[str, str]  # it was made with, by option
    saved: float  # wall clock, s
    session: State
    place: Place | None = None  # in the recording: what came before it is counted


class StateFolder:
    """A folder for the state of one monitor, made if need be, and locked until it is closed.

    ``notes`` say what of it is damaged. Raises ConfigError where there can be no such folder, where another monitor
    uses it, and where there may be a state that we are not allowed to read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.notes: list[str] = []
        self.damaged = 0  # generations that are there and cannot be read
        self._serial = 0
        try:
            _make(self.path)
        except OSError as error:
            raise ConfigError("--state", f"a folder ({error.strerror})", str(path)) from None
        self._lock = self._locked()

    def newest(self) -> Checkpoint | None:
        """The newest whole state; None when there is none.

        ConfigError for one that another version made, and for one that is there but kept from us: it would be replaced.
        """
        found: dict[int, Checkpoint] = {}
        for generation in range(GENERATIONS):
            read = self._read(generation)
            if read is None:
                continue
            header, arrays = read
            place = None if header["place"] is None else Place(*header["place"])
            session = header["session"], arrays
            found[header["serial"]] = Checkpoint(header["settings"], header["saved"], session, place)
        self._serial = max(found, default=0)
        return found.get(self._serial)

    def write(self, checkpoint: Checkpoint) -> int:
        """Bring a state to the disk, in place of the one before the newest; returns its bytes. Raises OSError."""
        session, arrays = checkpoint.session
        serial = self._serial + 1
        header = {
            "serial": serial,
            "settings": checkpoint.settings,
            "saved": checkpoint.saved,
            "place": checkpoint.place,
            "session": session,
        }
        pieces = codec.pieces(KIND, header, arrays)
        self._take_back()
        fresh = self.path / "state.new"
        with open(fresh, "wb", opener=_private) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._file(serial % GENERATIONS))
        _sync(self.path)  # else a power cut may undo the renaming
        self._serial = serial
        return sum(map(len, pieces))

    def refusal(self, error: ConfigError) -> ConfigError:
        """Why a state that is there cannot be gone on from, and how to begin anew."""
        anew = f"to begin anew: another --state, or remove {self.path}/state.*"
        return ConfigError(error.name, f"{error.rule} ({anew})", error.value)

    def close(self) -> None:
        """Let others use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_back(self) -> None:
        """Make the folder anew, and lock it, where somebody has removed or replaced it meanwhile. Raises OSError."""
        if self._lock is None:  # there never was one to be had
            return
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(self.path / "lock"), os.fstat(self._lock)):
                return
        _make(self.path)
        lock = _lock(self.path)
        os.close(self._lock)
        self._lock = lock

    def _file(self, generation: int) -> Path:
        return self.path / f"state.{generation}"

    def _read(self, generation: int) -> State | None:
        """The state that a file holds; None when it is not there, or damaged, which is noted."""
        path = self._file(generation)
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for without end
                rule = f"a folder whose state can be read ({path}: no regular file)"
                raise ConfigError("--state", rule, str(self.path))
            return codec.unpack(KIND, path.read_bytes())
        except FileNotFoundError:
            return None
        except DamagedError as error:
            why = f"it must be {error.rule}"
        except ConfigError as error:
            raise self.refusal(error) from None
        except OSError as error:
            why = str(error.strerror)
            if error.errno not in DAMAGE:
                rule = f"a folder whose state can be read ({path}: {why})"
                raise ConfigError("--state", rule, str(self.path)) from None
        self.notes.append(f"{path} cannot be used: {why}")
        self.damaged += 1
        return None

    def _locked(self) -> int | None:
        """The lock's descriptor; None in a folder that cannot be written to, where nobody can do harm."""
        try:
            return _lock(self.path)
        except BlockingIOError:
            raise ConfigError("--state", "a folder that no other monitor uses", str(self.path)) from None
        except OSError as error:
            if isinstance(error, PermissionError) and os.access(self.path, os.W_OK | os.X_OK):
                rule = f"a folder whose lock can be opened ({self.path}/lock: {error.strerror})"
                raise ConfigError("--state", rule, str(self.path)) from None
            self.notes.append(f"{self.path} cannot be locked ({error.strerror})")
            return None


def _make(folder: Path) -> None:
    """Make a folder, and those above it that are missing, on the disk: else a power cut takes its states with it."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in missing:
        if os.access(one.parent, os.R_OK):  # one that may be written to and not read cannot be asked
            _sync(one.parent)


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """The descriptor of the folder's lock; BlockingIOError where another process has it, OSError for other reasons."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        file_lock.lock(descriptor, "another monitor uses it")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def printable(path: Path) -> str:
    r"""A path as text that can be saved: a file's name may hold bytes that are no text.

    >>> printable(Path(os.fsdecode(b"/data/\xff.rec")))
    '/data/\\udcff.rec'
    """
    return str(path).encode("utf-8", "backslashreplace").decode()


def located(recording: str | os.PathLike[str]) -> str:
    """Where a recording is, however its folder is spelt: without ``..`` and symbolic links.

    A link to the file itself is kept: the next files are beside the link.

    >>> located("/data/../data/./feed.rec")
    '/data/feed.rec'
    """
    path = Path(recording)
    return printable(Path(os.path.realpath(path.parent), path.name))
