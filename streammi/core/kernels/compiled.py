"""How kernels are compiled: once a machine, to run beside other threads, and only the entrances that somebody uses.

An entrance takes as long to compile as a short loop: without those from C, and those from Python into a part of a
kernel, a cold start compiles for a fifth less. numba has both options but does not list them in its annotations.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from numba import njit
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
)
from numba.misc.appdirs import AppDirs

F = TypeVar("F", bound=Callable[..., Any])

_KERNEL: Final[dict[str, Any]] = {"nogil": True, "no_cfunc_wrapper": True}
_PART: Final = _KERNEL | {"no_cpython_wrapper": True}
_uncached: Final[set[str]] = set()  # why kernels are not kept for the next start


def kernel(function: F) -> F:
    """A function compiled to be called from Python and from other kernels."""
    compiled: F = _kept(njit(**_KERNEL)(function), function)
    return compiled


def part(function: F) -> F:
    """A function compiled to be called from kernels alone: from Python it would end the process."""
    compiled: F = _kept(njit(**_PART)(function), function)
    return compiled


def uncached() -> str:
    """Why kernels are compiled and not kept for the next start; empty where they are kept."""
    return min(_uncached, default="")


class _Place(CompileResultCacheImpl):
    """Where numba keeps what it has compiled; without a home never there.

    numba would make a folder called ~ wherever we happen to be, and run what it finds in it.
    """

    if AppDirs("numba").user_cache_dir.startswith("~"):  # type: ignore[no-untyped-call]
        _locator_classes = [UserProvidedCacheLocator, InTreeCacheLocator]


class _Cache(FunctionCache):
    """numba's cache of a function on the disk, as something to be faster with and nothing to fail of.

    numba's own raises what reading and writing it does: a disk that is full, or a file that a power cut has emptied,
    would end each start.
    """

    _impl_class = _Place

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature; None where it is to be compiled."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - it is read with pickle, which raises whatever damaged bytes make it
            self._try(self.flush)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if that can be."""
        save = super().save_overload
        self._try(lambda: save(sig, data))  # type: ignore[no-untyped-call]

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            _uncached.add(f"{self.cache_path}: {error.strerror}")


def _kept(compiled: Any, function: Callable[..., Any]) -> Any:
    """The compiled function, with a cache where there is a place for one."""
    try:
        compiled._cache = _Cache(function)  # type: ignore[no-untyped-call]
    except RuntimeError:
        _uncached.add("there is no folder for them that can be written to")
    return compiled
