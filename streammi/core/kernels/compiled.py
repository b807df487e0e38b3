"""How kernels are compiled: once a machine, to run beside other threads, and only the entrances that somebody uses.

An entrance takes as long to compile as a short loop: without those from C, and those from Python into a part of a
kernel, a cold start compiles for a fifth less. numba has both options but does not list them in its annotations.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

_KERNEL: Final[dict[str, Any]] = {"nogil": True, "cache": True, "no_cfunc_wrapper": True}
_PART: Final = _KERNEL | {"no_cpython_wrapper": True}


def kernel(function: F) -> F:
    """A function compiled to be called from Python and from other kernels."""
    compiled: F = njit(**_KERNEL)(function)
    return compiled


def part(function: F) -> F:
    """A function compiled to be called from kernels alone: from Python it would end the process."""
    compiled: F = njit(**_PART)(function)
    return compiled
