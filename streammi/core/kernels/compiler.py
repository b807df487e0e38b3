"""numba's compiler, without what kernels have no use for, and with a memory for what it looks up again and again.

A cold start is a compiler at work. numba asks each of its dozens of ways to add, one by one, what a sum of two integers
is, anew for each sum: to remember the answers takes a fifth off, and to leave out passes for closures, ``with`` and
literals, which kernels have none of, with what is checked after each, a tenth. So do lifetimes of variables, which
numba works out after each pass and uses after the last, and its look for what was registered meanwhile, of a thousand
registrations, at each function that it calls.

A part is made fast where it is taken in, with all around it: to do that for each by itself first, and again for each
that it is taken in by, and to make machine code that nobody calls, took a tenth of a cold start.
"""

from copy import copy
from functools import cache, partial
from typing import Any, Final

from numba._dynfunc import make_function
from numba.core import types
from numba.core.compiler import CompilerBase, Flags
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.ir_utils import build_definitions
from numba.core.ssa import reconstruct_ssa
from numba.core.transforms import canonicalize_cfg
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NoPythonSupportedFeatureValidation,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.typing.context import Context
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    ReconstructSSA,
    RewriteSemanticConstants,
    TranslateByteCode,
)
from numba.extending import models, register_model

from streammi.core.kernels.library import KernelLibrary, PartLibrary


def _plain(of_numba: Any) -> Any:
    """numba's own pass, after which it does not work out the lifetimes of variables."""
    name = f"kernel_{of_numba.name()}"
    return register_pass(mutates_CFG=False, analysis_only=False)(type(name, (of_numba,), {"_name": name}))  # type: ignore[no-untyped-call]


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _Graph(TranslateByteCode):
    """numba's own pass, without lifetimes of variables."""

    _name = "kernel_graph"

    def run_pass(self, state: Any) -> bool:
        """Make the function's graph of blocks, with one way back in each loop."""
        super().run_pass(state)  # type: ignore[no-untyped-call]
        state.func_ir.blocks = canonicalize_cfg(state.func_ir.blocks)  # type: ignore[no-untyped-call]
        return True


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _Ends(IRLegalization):
    """numba's own pass, which says where each variable ends, if anything is to be done there."""

    _name = "kernel_ends"

    def run_pass(self, state: Any) -> bool:
        """See to it where references are counted."""
        return bool(state.flags.nrt and super().run_pass(state))  # type: ignore[no-untyped-call]


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _Ssa(ReconstructSSA):
    """numba's own pass, without lifetimes of variables."""

    _name = "kernel_ssa"

    def run_pass(self, state: Any) -> bool:
        """Let each variable have one value, and say by which statement."""
        state.func_ir = reconstruct_ssa(state.func_ir)  # type: ignore[no-untyped-call]
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)  # type: ignore[no-untyped-call]
        return True


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _NoPhis(PreLowerStripPhis):
    """numba's own pass, without lifetimes of variables."""

    _name = "kernel_strip_phis"

    def run_pass(self, state: Any) -> bool:
        """Put what a variable may be into the blocks that it comes from."""
        state.func_ir = self._strip_phi_nodes(state.func_ir)  # type: ignore[no-untyped-call]
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)  # type: ignore[no-untyped-call]
        return True


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _Types(NopythonTypeInference):
    """numba's own pass, which looks also that no array is lost between those that count them and those that do not."""

    _name = "kernel_types"

    def run_pass(self, state: Any) -> bool:
        """Find the type of each variable; TypeError where an array would stay for ever, or be gone too early."""
        changed = super().run_pass(state)  # type: ignore[no-untyped-call]
        if not state.flags.nrt:
            _check_uncounted(state)
        return bool(changed)


def _check_uncounted(state: Any) -> None:
    """TypeError where a function that counts no arrays calls one that does, or returns one, alone or in a tuple.

    What is made by the first would never be let go of: half a kilobyte a reading, once. What is on the stack of the
    second would be gone.
    """
    name = state.func_id.func_qualname
    for kind in state.typemap.values():
        if isinstance(kind, types.Dispatcher) and kind.dispatcher.targetoptions.get("_nrt", True):
            called = kind.dispatcher.py_func.__qualname__
            raise TypeError(f"{name} counts no arrays, and calls {called}, which does: let it write to one of {name}'s")
    if state.targetctx.data_model_manager[state.return_type].contains_nrt_meminfo():
        raise TypeError(f"{name} counts no arrays, and returns one: let it write to one of its caller's")


# In numba's order. Left out are those for closures and comprehensions, which numba then refuses to compile, for
# ``with``, for functions and literals that are written into their callers, and for whole arrays in one expression.
_TO_GRAPH: Final = (_Graph, _plain(FixupArgs))
_OF_NONE: Final = (RewriteSemanticConstants, DeadBranchPrune)  # what is not done where an argument is None
_TO_TYPES: Final = (
    _plain(GenericRewrites), _Ssa, _Types, _NoPhis, NoPythonSupportedFeatureValidation, _Ends, AnnotateTypes,
)  # fmt: skip
_TO_CALL: Final = _plain(NoPythonBackend)


class _Registered:
    """What numba knows the types and the code of, looked through again only when there is more of it."""

    def __init__(self, target: Any) -> None:
        self._target, self._size = target, -1

    def refresh(self) -> None:
        """Have numba look for what was registered since."""
        if self._registrations() != self._size:
            self._target.refresh()
            self._size = self._registrations()

    def _registrations(self) -> int:
        return sum(
            len(getattr(registry, name))
            for loaders in (self._target._registries, self._target.typing_context._registries)
            for registry, loader in loaders.items()
            for name in loader.registry_items
        )


@cache
def _of(target: Any) -> tuple[Any, _Registered]:
    """numba's own context for code, but for that."""
    registered = _Registered(target)
    own = copy(target)
    own.refresh = registered.refresh
    return own, registered


class _Typing(Context):
    """numba's own, with which it shares all, but that its functions remember, and attributes of arrays as well."""

    __slots__ = ("_found_attributes", "_found_functions", "refresh")
    _found_attributes: dict[Any, Any]
    _found_functions: dict[Any, Any]

    def __init__(self, shared: Any, registered: _Registered) -> None:
        object.__setattr__(self, "__dict__", vars(shared))
        self._found_attributes, self._found_functions = {}, {}
        self.refresh = registered.refresh  # type: ignore[method-assign]

    def _lookup_global(self, gv: Any) -> Any:
        """The type of a function by what Python calls it by, None where there is none."""
        found = super()._lookup_global(gv)  # type: ignore[no-untyped-call]
        if type(found) is not types.Function:
            return found
        if found not in self._found_functions:
            self._found_functions[found] = _Function(found.templates)
        return self._found_functions[found]

    def resolve_getattr(self, typ: Any, attr: str) -> Any:
        """The type of an attribute, None where there is none."""
        if not isinstance(typ, types.Array):
            return super().resolve_getattr(typ, attr)  # type: ignore[no-untyped-call]
        if (typ, attr) not in self._found_attributes:
            self._found_attributes[typ, attr] = super().resolve_getattr(typ, attr)  # type: ignore[no-untyped-call]
        return self._found_attributes[typ, attr]


@cache
def _beside(shared: Any, registered: _Registered, counted: bool) -> _Typing:
    """The one for kernels whose arrays are ``counted``, or are not, as what they call is compiled for either."""
    return _Typing(shared, registered)


class _Function(types.Function):
    """A function of numba's that remembers what it is for which types."""

    def __init__(self, templates: Any) -> None:
        super().__init__(templates)
        self._signatures: dict[Any, Any] = {}

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """The signature of a call, which the first one looks for."""
        key = context, tuple(args), tuple(kws.items())
        if key not in self._signatures:
            self._signatures[key] = super().get_call_type(context, args, kws)
        return self._signatures[key]

    def augment(self, other: Any) -> Any:
        """The function for which there are more types: numba's own again."""
        return types.Function(self.templates).augment(other)


register_model(_Function)(models.OpaqueModel)


class _Flags(Flags):
    """numba's own, told apart by those that are set, not by all that there are."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(frozenset(self._values))

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, _Flags) else NotImplemented


@cache
def _size_of(target: Any, kind: Any) -> Any:
    """The size, bytes, of values of a kind in memory, for which LLVM has to read a module that holds one."""
    return kind.get_abi_size(target)


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _KernelLowering(NativeLowering):
    """numba's own pass from a typed function to code, to a library of this kind."""

    _name = "kernel_lowering"

    def run_pass(self, state: Any) -> bool:
        """Make the code."""
        name = state.func_id.func_qualname
        state.library = KernelLibrary(state.targetctx.codegen(), name)  # type: ignore[no-untyped-call]
        state.library.enable_object_caching()
        return bool(super().run_pass(state))  # type: ignore[no-untyped-call]


class KernelCompiler(CompilerBase):
    """numba's own compiler, with fewer passes and that memory."""

    lowering: Any = _KernelLowering

    def __init__(
        self, typingctx: Any, targetctx: Any, library: Any, args: Any, return_type: Any, flags: Any, *rest: Any
    ) -> None:
        own, registered = _of(targetctx)
        types = _beside(typingctx, registered, flags.nrt)
        super().__init__(types, own, library, args, return_type, _Flags(flags), *rest)  # type: ignore[no-untyped-call]
        target = self.state.targetctx  # a copy, for this function alone
        target.typing_context = types
        target.get_abi_sizeof = partial(_size_of, target.target_data)

    def define_pipelines(self) -> list[Any]:
        """The passes, in order."""
        passes = PassManager("kernel")  # type: ignore[no-untyped-call]
        of_none = _OF_NONE if types.none in self.state.args else ()
        chosen = *_TO_GRAPH, *of_none, *_TO_TYPES, self.lowering, _TO_CALL
        passes.passes = [(one, "") for one in chosen]
        passes.finalize()  # type: ignore[no-untyped-call]
        return [passes]


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _PartLowering(NativeLowering):
    """numba's own pass from a typed function to code, to a library of this kind."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Make the code, and let kernels find it under a function that Python cannot call."""
        state.library = library = PartLibrary(  # type: ignore[no-untyped-call]
            state.targetctx.codegen(), state.func_id.func_qualname
        )
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        made, named = state["cr"], state.func_id.func_name
        if state.pipeline.apart:
            function = library.get_function(made.fndesc.llvm_func_name)  # type: ignore[no-untyped-call]
            function.add_function_attribute("noinline")
        found = make_function(made.fndesc.lookup_module(), named, "", 0, made.env, (library,))
        state.targetctx.insert_user_function(found, made.fndesc, [library])
        state["cr"] = made._replace(cfunc=found)
        return True


class PartCompiler(KernelCompiler):
    """The same for what only kernels call."""

    lowering = _PartLowering
    apart = False


class ApartCompiler(PartCompiler):
    """The same for what stays by itself where it is called."""

    apart = True
