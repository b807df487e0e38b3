"""The arithmetic of tiles on an NVIDIA GPU, by cupy, which is imported when it is asked for and not before.

Measured with a prototype of the same steps on an H100: 10,000 channels (50 million pairs) of 8 bins in a window of
1,000 rows take 26 ms, 1,000 channels 0.75 ms.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.channels.pair_tiles import ALIGNED, Arithmetic, OnHost, sums_of_tile
from streammi.errors import ConfigError, MissingExtra

CUDA: Final = "cuda"
MOST_BINS: Final = 256  # of which a thread keeps the counts of y; a tile of more is summed by cupy's own functions
THREADS: Final = 128  # a block
INT8, INT32 = 3, 10  # cudaDataType

# One thread a pair. A pair's cells lie in BINS pieces of BINS: with int4 a piece is read in as few loads as it has
# fours. FULL: values are missing, so that a pair has margins of its own.
SOURCE: Final = r"""
extern "C" __global__ void pair_sums(const int* counts, const long long* f, long long* out, int rows, int columns,
                                     long long wide) {
    int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y;
    if (j >= columns) return;
    const int* own = counts + (long long)i * BINS * wide + (long long)j * BINS;
    long long pair = (long long)i * columns + j, all = (long long)rows * columns, s_xy = 0;
#if FULL
    long long n = 0, s_x = 0, s_y = 0;
    int y[BINS];
    for (int b = 0; b < BINS; ++b) y[b] = 0;
#endif
    for (int a = 0; a < BINS; ++a) {
        const int* cells = own + (long long)a * wide;
#if FULL
        int x = 0;
        for (int b = 0; b < BINS; ++b) {
            int c = cells[b];
            s_xy += f[c];
            x += c;
            y[b] += c;
        }
        n += x;
        s_x += f[x];
#elif BINS % 4 == 0
        const int4* fours = reinterpret_cast<const int4*>(cells);
        for (int b = 0; b < BINS / 4; ++b) {
            int4 c = fours[b];
            s_xy += f[c.x] + f[c.y] + f[c.z] + f[c.w];
        }
#else
        for (int b = 0; b < BINS; ++b) s_xy += f[cells[b]];
#endif
    }
#if FULL
    for (int b = 0; b < BINS; ++b) s_y += f[y[b]];
    out[pair] = n;
    out[all + pair] = s_x;
    out[2 * all + pair] = s_y;
    out[3 * all + pair] = s_xy;
#else
    out[pair] = s_xy;
#endif
}
"""


def arithmetic_of(device: str) -> Arithmetic:
    """The arithmetic of the device of that name; ConfigError, or MissingExtra, for one that cannot be used."""
    check_installed(device)
    return _on_gpu()


def check_installed(device: str) -> None:
    """ConfigError for a device that is none, MissingExtra without cupy; nothing is loaded."""
    if device != CUDA:
        raise ConfigError("--device", f"{CUDA}, or left out: then the processor counts", device)
    if find_spec("cupy") is None:
        raise MissingExtra(f"--device {CUDA}", "cupy-cuda12x", "gpu")


@lru_cache(maxsize=1)
def _on_gpu() -> Arithmetic:
    gpu = OnGpu()
    gpu.check()
    return gpu


class OnGpu:
    """Products of int8 by cuBLAS, sums by a kernel of our own; where a GPU has no such product, one of float32."""

    def __init__(self) -> None:
        self._whole = True  # there is a product of integers
        self._kernels: dict[tuple[int, bool], Any] = {}
        with _told():
            import cupy

            self.xp: Any = cupy
            if not cupy.cuda.runtime.getDeviceCount():
                raise RuntimeError("there is none")

    def product(self, first: Any, second: Any) -> Any:
        """As Arithmetic has it."""
        with _told():
            if self._whole:
                return self._product(first, second)
            return (first.astype(np.float32) @ second.astype(np.float32).T).astype(np.int32)

    def sums(self, counts: Any, f: Any, bins: int, full: bool) -> Any:
        """As Arithmetic has it."""
        with _told():
            if bins > MOST_BINS:
                return sums_of_tile(self.xp, counts, f, bins, full)
            rows, columns = counts.shape[0] // bins, counts.shape[1] // bins
            out = self.xp.empty((4 if full else 1, rows, columns), dtype=np.int64)
            wide = np.int64(counts.strides[0] // counts.itemsize)
            given = counts, f, out, np.int32(rows), np.int32(columns), wide
            self._kernel(bins, full)((-(-columns // THREADS), rows), (THREADS,), given)
            return out

    def fetched(self, array: Any) -> NDArray[Any]:
        """As Arithmetic has it."""
        with _told():
            fetched: NDArray[Any] = self.xp.asnumpy(array)
            return fetched

    def check(self) -> None:
        """Compare tiles with the host's, integer by integer; ConfigError where they are not the same."""
        with _told():
            from cupy_backends.cuda.libs.cublas import CUBLASError

            some = self.xp.zeros((ALIGNED, ALIGNED), dtype=np.int8)
            try:
                self._product(some, some)
            except CUBLASError:  # an older GPU, or cuBLAS: floating-point numbers are as exact, and slower
                self._whole = False
        host, rng = OnHost(), np.random.default_rng(0)
        f = rng.integers(0, 1 << 50, 513)
        for bins in (5, 8):
            first, second = (rng.integers(0, 2, (48, 512), dtype=np.int8) for _ in range(2))
            counts = self.product(self.xp.asarray(first), self.xp.asarray(second))
            expected = host.product(first, second)
            same = np.array_equal(self.fetched(counts), expected)
            for full in (False, True):
                tile, on_host = counts[: 2 * bins, : 3 * bins], expected[: 2 * bins, : 3 * bins]
                # The margins of what is no one-hot product are larger than the table: sums of fewer are looked up.
                small, few = tile // 64, on_host // 64
                found = self.fetched(self.sums(small, self.xp.asarray(f), bins, full))
                same = same and np.array_equal(found, host.sums(few, f, bins, full))
            if not same:
                raise ConfigError("--device", "one that counts as the processor does, or left out", CUDA)

    def _product(self, first: Any, second: Any) -> Any:
        """By cuBLAS, whose matrices lie by columns: what is ours by rows is the other factor's transpose there."""
        from cupy_backends.cuda.libs import cublas

        (m, k), wide = first.shape, second.shape[0]
        out = self.xp.empty((m, wide), dtype=np.int32)
        one, zero = np.array(1, dtype=np.int32), np.array(0, dtype=np.int32)
        cublas.gemmEx(
            self.xp.cuda.device.get_cublas_handle(), cublas.CUBLAS_OP_T, cublas.CUBLAS_OP_N, wide, m, k,
            one.ctypes.data, second.data.ptr, INT8, k, first.data.ptr, INT8, k,
            zero.ctypes.data, out.data.ptr, INT32, wide, cublas.CUBLAS_COMPUTE_32I, cublas.CUBLAS_GEMM_DEFAULT,
        )  # fmt: skip
        return out

    def _kernel(self, bins: int, full: bool) -> Any:
        if (bins, full) not in self._kernels:
            options = f"-DBINS={bins}", f"-DFULL={int(full)}"
            self._kernels[bins, full] = self.xp.RawKernel(SOURCE, "pair_sums", options=options)
        return self._kernels[bins, full]


@contextmanager
def _told() -> Iterator[None]:
    """A thing that cupy raises as a refusal that says what to do."""
    try:
        yield
    except ConfigError:
        raise
    except _raised_by_cupy() as error:
        why = " ".join(str(error).split()).partition(", ")[0]
        rule = "an NVIDIA GPU that can be used, with its driver and enough free memory, or left out"
        raise ConfigError("--device", f"{rule} ({type(error).__name__}: {why})", CUDA) from error


def _raised_by_cupy() -> tuple[type[Exception], ...]:
    """What cupy raises: also of a kernel that it cannot compile, which is no RuntimeError."""
    compiler = sys.modules.get("cupy.cuda.compiler")
    own = (ImportError, MemoryError, OSError, RuntimeError)
    return own if compiler is None else (*own, compiler.CompileException)
