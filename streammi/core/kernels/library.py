"""What LLVM makes of a kernel's code.

numba has each function made simpler by itself, then all of a kernel together by cheap passes, and only then by the full
ones, to have fewer references counted. The full passes begin with the same, and kernels count none or few: without the
others, and what compiler.py leaves out, a cold start takes a twentieth less, and what comes out is as fast and computes
the same.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary


class KernelLibrary(JITCodeLibrary):
    """The code of a kernel, with all that is taken in."""

    def _optimize_functions(self, ll_module: Any) -> None:
        """Leave it to the passes over all."""
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        """Make it fast."""
        passes, builder = self._codegen._module_pass_manager()  # type: ignore[no-untyped-call]
        passes.run(self._final_module, builder)


class PartLibrary(KernelLibrary):
    """The code of a part: as it was made of the function, with that of the parts that it calls."""

    def _optimize_final_module(self) -> None:
        """Leave it to the kernels that take it in."""

    def _finalize_final_module(self) -> None:
        """End as numba's own does, but make no machine code."""
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True
