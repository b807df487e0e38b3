"""Compiled kernels that are kept for the next start, or cannot be: no place for them is a reason to fail."""

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba.core.caching import FunctionCache, InTreeCacheLocator, UserProvidedCacheLocator
from numba.core.cpu import CPUContext
from numba.extending import intrinsic

from streammi.cli import kernel_cache
from streammi.cli.kernel_cache import compiled_beside, warn_uncached
from streammi.core.kernels import compiled
from streammi.core.kernels.compiled import is_kept, uncached
from streammi.core.kernels.compiler import KernelCompiler
from streammi.system.log import Log

SOURCE = """
from streammi.core.kernels.compiled import kernel

@kernel
def doubled(x):
    return 2 * x
"""


CALLING = """
from factors import factor
from streammi.core.kernels.compiled import kernel

@kernel
def times(x):
    return factor() * x
"""
LOGARITHM = """
import math
from streammi.core.kernels.compiled import part

@part
def factor():
    return math.log2(4.0)
"""
# What a function calls further down is not there yet when it is read.
CALLING_BELOW = """
from factors import factor
from streammi.core.kernels.compiled import kernel, part

@kernel
def times(x):
    return _below(x)

@part
def _below(x):
    return factor() * x
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "some_kernels.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(compiled, "_uncached", set())
    yield tmp_path
    sys.modules.pop("some_kernels", None)


def loaded() -> ModuleType:
    """The kernels as the next start has them."""
    sys.modules.pop("some_kernels", None)
    importlib.invalidate_caches()
    return importlib.import_module("some_kernels")


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("*.nb?"))


def test_a_kernel_is_kept_and_a_damaged_one_compiled_anew(folder: Path) -> None:
    assert loaded().doubled(21) == 42
    assert [path.suffix for path in kept(folder)] == [".nbc", ".nbi"]
    code, index = kept(folder)
    for file, content in ((index, b""), (index, index.read_bytes()[:40]), (code, b""), (code, b"\x80\x05no pickle")):
        whole = file.read_bytes()
        file.write_bytes(content)  # as a power cut may leave it
        assert is_kept(loaded().doubled) == (file is code)  # of the code nobody knows before it is loaded
        assert loaded().doubled(21) == 42
        assert uncached() == ""
        assert len(file.read_bytes()) == len(whole)  # and kept again
    module = loaded()
    assert module.doubled(21) == 42
    assert sum(module.doubled.stats.cache_hits.values()) == 1


def test_a_kernel_that_is_kept_is_loaded_without_what_compiles(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def imports_all_of_numba(self: CPUContext) -> None:
        raise AssertionError("which takes a sixth of a start")

    assert loaded().doubled(21) == 42
    monkeypatch.setattr(CPUContext, "refresh", imports_all_of_numba)
    assert loaded().doubled(21) == 42


def test_a_kernel_is_known_to_be_kept_once_it_was_compiled(folder: Path) -> None:
    module = loaded()
    assert not is_kept(module.doubled)
    assert module.doubled(21) == 42
    assert is_kept(loaded().doubled)
    (folder / "some_kernels.py").write_text(SOURCE.replace("2 * x", "x + x"))
    assert not is_kept(loaded().doubled)  # another one


@pytest.mark.parametrize(
    ("kept_already", "cores", "why", "alone", "helps"),
    [
        (False, 2, "", True, True),
        (True, 2, "", True, False),
        (False, 1, "", True, False),
        (False, 2, "no home", True, False),
        (False, 2, "", False, False),  # a lock that another thread holds would never be free
    ],
)
def test_a_second_process_compiles_where_it_is_of_use(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    kept_already: bool,
    cores: int,
    why: str,
    alone: bool,
    helps: bool,
) -> None:
    done = tmp_path / "done"
    monkeypatch.setattr(kernel_cache, "_compile_readings", done.touch)
    monkeypatch.setattr(kernel_cache, "_is_alone", lambda: alone)
    monkeypatch.setattr(kernel_cache, "is_kept", lambda kernel: kept_already)
    monkeypatch.setattr(kernel_cache, "_cores", lambda: cores)
    monkeypatch.setattr(kernel_cache, "uncached", lambda: why)
    with compiled_beside() as others:
        others()
        assert done.exists() == helps


def test_a_second_process_does_not_outlive_the_first_ones_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache, "_compile_readings", lambda: time.sleep(60))
    monkeypatch.setattr(kernel_cache, "_is_alone", lambda: True)
    monkeypatch.setattr(kernel_cache, "is_kept", lambda kernel: False)
    monkeypatch.setattr(kernel_cache, "_cores", lambda: 2)
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="refused"), compiled_beside():
        raise RuntimeError("refused")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("source", [CALLING, CALLING_BELOW])
def test_what_is_called_from_another_file_is_compiled_anew_with_it(folder: Path, source: str) -> None:
    (folder / "some_kernels.py").write_text(source)
    for number in (2, 30):
        (folder / "factors.py").write_text(
            f"from streammi.core.kernels.compiled import part\n\n@part\ndef factor():\n    return {number}\n"
        )
        sys.modules.pop("factors", None)
        assert loaded().times(21) == number * 21
    assert is_kept(loaded().times)
    (folder / "factors.py").write_text((folder / "factors.py").read_text().replace("part", "allocating_part"))
    sys.modules.pop("factors", None)
    assert not is_kept(loaded().times)  # nor where it is compiled in another way
    (folder / "factors.py").write_text(LOGARITHM)
    sys.modules.pop("factors", None)
    assert loaded().times(4.0) == 8.0
    (folder / "factors.py").write_text(LOGARITHM.replace("log2", "exp"))
    sys.modules.pop("factors", None)
    assert not is_kept(loaded().times)  # nor where it is another function, by name alone
    sys.modules.pop("factors", None)


def test_a_full_disk_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(self: FunctionCache, sig: object, data: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FunctionCache, "save_overload", full)
    assert loaded().doubled(21) == 42
    assert warn_uncached(Log(sys.stdout), "4.2 s")
    cache = folder / "__pycache__"
    assert capsys.readouterr().out == (
        f"streammi: warning: compiling took 4.2 s, and will at each start ({cache}: No space left on device): "
        "set NUMBA_CACHE_DIR to a folder to keep it in\n"
    )


def test_where_no_folder_can_be_written_to_kernels_are_compiled_each_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container: no home, a read-only installation."""
    monkeypatch.setattr(compiled._Place, "_locator_classes", [])
    assert loaded().doubled(21) == 42
    assert kept(folder) == []
    assert uncached() == "there is no folder for them that can be written to"


def test_without_a_home_nothing_is_read_from_where_we_happen_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as of a user that the system does not know
    try:
        importlib.reload(compiled)
        assert compiled._Place._locator_classes == [UserProvidedCacheLocator, InTreeCacheLocator]
    finally:
        monkeypatch.undo()
        importlib.reload(compiled)


def test_an_operation_that_is_first_met_in_a_part_is_compiled_with_it() -> None:
    """What kernels say to LLVM is known to numba from when its types are first asked for, amid compiling."""

    def of(_: Any, x: Any) -> Any:
        return x(x), lambda _context, builder, _signature, given: builder.mul(given[0], given[0])

    squared = intrinsic(of)

    def square_below(x: Any) -> Any:
        return squared(x)

    below = compiled.part(square_below)

    def square(x: Any) -> Any:
        return below(x)

    assert compiled._Kernel(square, targetoptions=compiled._KERNEL, pipeline_class=KernelCompiler)(7) == 49


@compiled.allocating_part
def _made(n: int) -> Any:
    return np.zeros(n)


@compiled.part
def _first(values: Any) -> Any:
    return values[:1], 1


def test_no_array_is_lost_between_those_that_count_them_and_those_that_do_not() -> None:
    """It would stay for ever, or, on the stack of what has returned, be gone."""

    def sum_of(n: int) -> Any:
        return _made(n).sum()

    def first_of(values: Any) -> Any:
        return _first(values)[0][0]

    assert compiled._kernel(sum_of, compiled._KERNEL | compiled._COUNTED)(3) == 0.0
    for function, given, told in (
        (sum_of, 3, "counts no arrays, and calls _made, which does"),
        (first_of, np.ones(2), "_first counts no arrays, and returns one"),
    ):
        with pytest.raises(Exception, match=told):
            compiled._kernel(function, compiled._KERNEL)(given)
