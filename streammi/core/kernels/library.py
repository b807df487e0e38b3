"""What LLVM makes of a kernel's code.

numba has each function made simpler by itself, then all of a kernel together by cheap passes, and only then by the full
ones, to have fewer references counted. The full passes begin with the same, and kernels count none or few: without the
others, and what compiler.py leaves out, a cold start takes a twentieth less, and what comes out is as fast and computes
the same.

numba also puts into each function all that it calls, and that calls: what is deep down is copied and looked at on each
way up. Here each part is its own code alone, and a kernel takes in once what it reaches.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary


class KernelLibrary(JITCodeLibrary):
    """The code of a kernel, with all that is taken in."""

    def _optimize_functions(self, ll_module: Any) -> None:
        """Leave it to the passes over all."""
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Take in what the kernel calls, and what that calls, and go on as numba's own does."""
        self._linking_libraries = _reached(self)
        super().finalize()  # type: ignore[no-untyped-call]

    def _optimize_final_module(self) -> None:
        """Make it fast."""
        passes, builder = self._codegen._module_pass_manager()  # type: ignore[no-untyped-call]
        passes.run(self._final_module, builder)


class PartLibrary(KernelLibrary):
    """The code of a part: as it was made of the function, without that of the parts that it calls."""

    def add_llvm_module(self, ll_module: Any) -> None:
        """Have the code of the function, of which there is no other."""
        self._optimize_functions(ll_module)
        self._final_module = ll_module

    def finalize(self) -> None:
        """Leave all to the kernels that take it in, and make no machine code."""
        self._raise_if_finalized()  # type: ignore[no-untyped-call]
        for one in self._final_module.functions:
            if not one.is_declaration and one.linkage.name == "external":
                one.linkage = "linkonce_odr"
        self._shared_module = self._final_module
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True


def _reached(library: Any) -> list[Any]:
    """All that code calls, and what that calls, each once."""
    found: dict[Any, None] = {}
    left = list(library._linking_libraries)
    while left:
        one = left.pop(0)
        if one not in found:
            found[one] = None
            left += one._linking_libraries if isinstance(one, PartLibrary) else []
    return list(found)
