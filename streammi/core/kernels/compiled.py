"""How kernels are compiled: once a machine, to run beside other threads, and only the entrances that somebody uses.

An entrance takes as long to compile as a short loop: without those from C, and those from Python into a part of a
kernel, a cold start compiles for a fifth less. Nor do kernels count who refers to an array, which Python does for them:
33 ns of a call for each array, and a fifth of what many take to compile. Those that make arrays have to, and are named
so; in others numba refuses to make one. A division by 0 is infinite or not a number, as numpy has it: to look out for
it takes a thirtieth. numba has these options but does not list them in its annotations.
"""

import gc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from types import CodeType, ModuleType
from typing import Any, Final, TypeVar

import numpy as np
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
)
from numba.core.registry import CPUDispatcher
from numba.misc.appdirs import AppDirs

from streammi.core.kernels.compiler import ApartCompiler, KernelCompiler, PartCompiler

F = TypeVar("F", bound=Callable[..., Any])

_KERNEL: Final[dict[str, Any]] = {
    "nopython": True,
    "nogil": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
    "error_model": "numpy",
}
_COUNTED: Final[dict[str, Any]] = {"_nrt": True}
_uncached: Final[set[str]] = set()  # why kernels are not kept for the next start


@contextmanager
def collected_later() -> Iterator[None]:
    """Nobody looks for garbage meanwhile, which takes a fifth of what compiling does, and more of loading."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class _Kernel(CPUDispatcher):
    """What Python calls; to other kernels a part. Where Python does not call it, no machine code is made of it."""

    def compile(self, sig: Any) -> Any:
        """Compile, or load, it for types."""
        with collected_later():
            return super().compile(sig)

    def enable_caching(self) -> None:
        """Keep it for the next start; RuntimeError where there is no place for it."""
        self._cache = _Cache(self.py_func, self.targetoptions)

    @cached_property
    def _as_part(self) -> Any:
        return _part(self.py_func, self.targetoptions)

    @property
    def _numba_type_(self) -> Any:
        return self._as_part._numba_type_


def kernel(function: F) -> F:
    """A function compiled to be called from Python and from other kernels."""
    compiled: F = _kernel(function, _KERNEL)
    return compiled


def allocating_kernel(function: F) -> F:
    """As ``kernel``, of a function that makes arrays."""
    compiled: F = _kernel(function, _KERNEL | _COUNTED)
    return compiled


def part(function: F) -> F:
    """A function compiled to be called from kernels alone: from Python it would end the process.

    It is kept as what kernels have of it: to keep each by itself took a twentieth of a start.
    """
    compiled: F = _part(function, _KERNEL)
    return compiled


def allocating_part(function: F) -> F:
    """As ``part``, of a function that makes arrays, or returns a part of one."""
    compiled: F = _part(function, _KERNEL | _COUNTED)
    return compiled


def apart(compiled: F) -> F:
    """A part that is called where kernels have it, and not written into them: made fast once, not at each place.

    For what is called from several places, and is long beside a call.
    """
    to_kernels: Any = compiled._as_part if isinstance(compiled, _Kernel) else compiled
    to_kernels._compiler.pipeline_class = ApartCompiler
    return compiled


def is_kept(compiled: Any) -> bool:
    """True if a kernel, as it is now, was compiled before, for whatever types, and is kept."""
    compiled._cache.stamp()
    try:
        return bool(compiled._cache._cache_file._load_index())
    except Exception:  # noqa: BLE001 - read with pickle; what is damaged is compiled anew, where it is loaded
        return False


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

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._options = options
        self._function: Callable[..., Any] | None = function  # None once it is known what is compiled in with it

    def stamp(self) -> None:
        """Let what is kept be that of the function as it is now, and of all that it calls.

        Not before it is needed: while the file is read, what it calls further down is not there yet.
        """
        if self._function is None:
            return
        function, self._function = self._function, None
        # numba looks at the function's own file alone, and goes on with what it has compiled in from another that was
        # changed since: by a git pull, say.
        all_of_it = repr((self._options, _taken_in(function, {})))
        stamp = self._impl.locator.get_source_stamp(), zlib.crc32(all_of_it.encode())
        self._cache_file = IndexDataCacheFile(  # type: ignore[no-untyped-call]
            self._cache_path, self._impl.filename_base, stamp
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature; None where it is to be compiled."""
        self.stamp()
        try:
            if self._options["_nrt"]:  # the counting of references is ready to be called then
                return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
            # numba's own imports all of numba first, for which what is compiled already has no use: a sixth of a start.
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - it is read with pickle, which raises whatever damaged bytes make it
            self._try(self.flush)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if that can be."""
        self.stamp()
        save = super().save_overload
        self._try(lambda: save(sig, data))  # type: ignore[no-untyped-call]

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            _uncached.add(f"{self.cache_path}: {error.strerror}")


def _taken_in(function: Callable[..., Any], seen: dict[str, Any]) -> dict[str, Any]:
    """Everything compiled in with a function, by name: the code of what it calls, in other files too, and constants.

    With how each was to be compiled: one that counts its arrays ends the process where another took it not to.
    """
    names = function.__code__.co_names
    found = {name: function.__globals__[name] for name in names if name in function.__globals__}
    for module in [one for one in found.values() if isinstance(one, ModuleType)]:
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in names if hasattr(module, name)}
    for name, value in sorted(found.items()):
        called = getattr(value, "py_func", None)
        written = getattr(value, "_defn", None)  # of what is written for LLVM
        if called is None and isinstance(value, int | float | str | np.generic):
            seen[f"{function.__module__}.{name}"] = value
        elif written is not None:
            seen[f"{function.__module__}.{name}"] = _said(written.__code__)
        elif called is not None and (key := f"{called.__module__}.{called.__name__}") not in seen:
            seen[key] = _said(called.__code__), value.targetoptions
            _taken_in(called, seen)
    return seen


def _said(code: CodeType) -> tuple[Any, ...]:
    """All that code says, and that of functions within."""
    consts = tuple(_said(one) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.co_code, consts, code.co_names, code.co_varnames


def _kernel(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """A kernel, with a cache where there is a place for one."""
    compiled = _Kernel(function, targetoptions=options, pipeline_class=KernelCompiler)
    try:
        compiled.enable_caching()
    except RuntimeError:
        _uncached.add("there is no folder for them that can be written to")
    return compiled


def _part(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    return CPUDispatcher(function, targetoptions=options | {"no_cpython_wrapper": True}, pipeline_class=PartCompiler)
