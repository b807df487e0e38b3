"""Counts by products of tiles: against ChannelWindow's own, JointWindow's and a count pair by pair; on a GPU if any."""

import copy
import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from test_channel_window import BINS, check, made_rows

from streammi import ChannelWindow, ConfigError, QuantileBins, UniformBins
from streammi.config import ChannelConfig, Span
from streammi.core.bins.binning import Bins
from streammi.core.channels import cuda, pair_tiles
from streammi.core.channels.matrices import MEASURES
from streammi.core.channels.pair_tiles import OnHost, PairTiles, sums_of_tile
from streammi.errors import MissingExtra
from streammi.monitor import ChannelMonitor
from streammi.records import RowBatch


@pytest.fixture
def on_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """--device cuda is numpy, and tiles are as small as leaves several of them, in pieces of 100 rows."""
    monkeypatch.setattr(cuda, "arithmetic_of", lambda device: OnHost())
    monkeypatch.setattr(pair_tiles, "TILE_CELLS", 24**2)
    monkeypatch.setattr(pair_tiles, "PIECE", 100)


def counted(symbols: Any, others: Any, missing: int, f: Any, bins: int) -> Any:
    """The sums of all pairs, (4, P), one pair after the other."""
    found = []
    for i in range(len(symbols)):
        for j in range(i + 1, len(symbols)):
            cells = np.zeros((bins, bins), dtype=np.int64)
            there = (symbols[i] != missing) & (others[j] != missing)
            np.add.at(cells, (symbols[i][there], others[j][there]), 1)
            found.append([cells.sum(), f[cells.sum(1)].sum(), f[cells.sum(0)].sum(), f[cells].sum()])
    return np.array(found).T


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    channels=st.integers(2, 12), bins=st.integers(2, 30), n=st.integers(0, 230), gaps=st.sampled_from([0, 0.3, 1]),
    shift=st.integers(0, 5), wide=st.booleans(), held=st.sampled_from([1, 1 << 30]), seed=st.integers(0, 99),
)  # fmt: skip
def test_tiles_are_counted_as_one_pair_after_the_other(
    channels: int, bins: int, n: int, gaps: float, shift: int, wide: bool, held: int, seed: int, on_host: None
) -> None:
    rng = np.random.default_rng(seed)
    symbols = rng.integers(0, bins, (channels, n)).astype(np.uint16 if wide else np.uint8)
    missing = int(np.iinfo(symbols.dtype).max)
    symbols[(rng.random((channels, n)) < gaps) & (rng.random(channels) < 0.5)[:, None]] = missing
    f = rng.integers(-(1 << 40), 1 << 40, n + 1)
    f[0] = 0
    others = np.roll(symbols, shift, axis=1) if shift else symbols
    own = (symbols != missing).sum(1) < n
    expected = counted(symbols, others, missing, f, bins)
    found = np.full_like(expected, -1)
    found[:3] = expected[:3]  # of pairs without a gap the caller knows them
    found[:3, np.logical_or(*(own[k] for k in np.triu_indices(channels, 1)))] = -1
    tiles = PairTiles(OnHost(), bins)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_tiles, "HELD_BYTES", held)
        tiles.packed(tiles.of(symbols, others, missing, f, own), found)
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bins=BINS, channels=st.integers(2, 7), missing=st.sampled_from([0.0, 0.2]), seed=st.integers(0, 99))
def test_every_measure_is_that_of_a_joint_window(
    bins: Bins, channels: int, missing: float, seed: int, on_host: None
) -> None:
    rows = made_rows(330, channels, seed, missing)
    several = [bins[k % len(bins)] for k in range(channels)] if isinstance(bins, list) else bins
    window = ChannelWindow(several, 130, [f"c{k}" for k in range(channels)], device="cuda")
    for part in np.array_split(rows, [3, 90, 91, 200, 329]):
        window.extend(part)
        window.matrix("mi")
    check(window, rows[-130:])


@pytest.mark.parametrize("channels", [24, 300])
def test_many_channels_are_those_without_a_device(
    channels: int, on_host: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_tiles, "TILE_CELLS", 1000**2)
    rows = made_rows(260, channels, 1, 0.01)
    rows[:, ::3] = np.nan_to_num(rows[:, ::3])
    one, other = (ChannelWindow(QuantileBins(8), 200, device=device) for device in (None, "cuda"))
    for window in (one, other):
        window.extend(rows)
    for measure in MEASURES if channels < 100 else ("mi", "h_xy"):
        np.testing.assert_array_equal(one.matrix(measure), other.matrix(measure), measure)  # type: ignore[arg-type]
    if channels < 100:
        np.testing.assert_array_equal(one.significance().p, other.significance().p)
        np.testing.assert_array_equal(one.between(20), other.between(20))
    assert one == other  # what counts is no part of a window's state
    for same in (copy.copy(other), copy.deepcopy(other), ChannelWindow.from_bytes(other.to_bytes())):
        np.testing.assert_array_equal(same.matrix(), other.matrix())


def test_a_monitor_says_the_same_and_goes_on_by_the_device(on_host: None, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ChannelConfig(names=("a", "b", "c"), window=Span(pairs=100), every=Span(pairs=40))
    rows = made_rows(250, 3, 2, 0.1)
    one, other = ChannelMonitor(config), ChannelMonitor(config, device="cuda")
    again = ChannelMonitor(config, device="cuda")
    for part in (rows[:130], rows[130:]):
        said = [monitor.feed(RowBatch(rows=part)) for monitor in (one, other)]
        for (_, x), (_, y) in zip(*said, strict=True):
            np.testing.assert_array_equal(x.mi, y.mi)
            np.testing.assert_array_equal(x.p, y.p)
        again.restore(*other.state())
        np.testing.assert_array_equal(again.window.matrix(), one.window.matrix())
    asked: list[str] = []
    monkeypatch.setattr(cuda, "arithmetic_of", lambda device: asked.append(device) or OnHost())
    again.restore(*one.state())
    again.window.copy()
    assert asked == ["cuda", "cuda"]


def test_more_channels_than_the_host_has_cells_for(on_host: None) -> None:
    names = [str(k) for k in range(9000)]
    with pytest.raises(ConfigError, match="9000 channels, 2,591,712,000 cells"):
        ChannelWindow(UniformBins(0, 1, 8), 10, names)
    window = ChannelWindow(UniformBins(0, 1, 8), 10, names, device="cuda")
    window.extend(np.random.default_rng(0).random((3, 9000)))
    assert window.counts(8000, 17).sum() == 3


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(ConfigError, match="--device must be cuda, or left out: then the processor counts, got 'gpu'"):
        ChannelWindow(UniformBins(0, 1, 8), 10, device="gpu")
    try:
        import cupy
    except ImportError:
        with pytest.raises(MissingExtra, match=r"--device cuda needs cupy-cuda12x, .*pip install .*'streammi\[gpu\]'"):
            ChannelWindow(UniformBins(0, 1, 8), 10, device="cuda")
        return
    if not cupy.is_available():
        with pytest.raises(ConfigError, match="--device must be an NVIDIA GPU"):
            ChannelWindow(UniformBins(0, 1, 8), 10, device="cuda")


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
@pytest.mark.parametrize(("bins", "full"), [(8, False), (5, False), (8, True)])
def test_the_kernel_sums_as_numpy_does(bins: int, full: bool, tmp_path: Path) -> None:
    """Its very source, compiled for the processor: a block after the other, a thread after the other."""
    source = f"""
    #define __global__
    struct int4 {{ int x, y, z, w; }};
    struct {{ int x, y; }} blockIdx, blockDim, threadIdx;
    {cuda.SOURCE}
    extern "C" void all_threads(const int* counts, const long long* f, long long* out, int rows, int columns,
                                long long wide, int threads) {{
        blockDim.x = threads;
        for (blockIdx.y = 0; blockIdx.y < rows; ++blockIdx.y)
            for (blockIdx.x = 0; blockIdx.x * threads < columns; ++blockIdx.x)
                for (threadIdx.x = 0; threadIdx.x < threads; ++threadIdx.x)
                    pair_sums(counts, f, out, rows, columns, wide);
    }}
    """
    (tmp_path / "kernel.cpp").write_text(source)
    built = ["g++", "-shared", "-fPIC", "-O1", f"-DBINS={bins}", f"-DFULL={int(full)}"]
    subprocess.run([*built, "-o", tmp_path / "kernel.so", tmp_path / "kernel.cpp"], check=True)
    kernel = ctypes.CDLL(str(tmp_path / "kernel.so")).all_threads
    rng = np.random.default_rng(0)
    rows, columns, wide = 7, 9, 16 * bins
    counts = rng.integers(0, 4, (rows * bins, wide)).astype(np.int32)
    f = rng.integers(-(1 << 50), 1 << 50, 4 * bins * bins)
    out = np.full((4 if full else 1, rows, columns), -1)
    kernel(
        *(one.ctypes.data_as(ctypes.c_void_p) for one in (counts, f, out)), rows, columns, ctypes.c_longlong(wide), 4
    )
    np.testing.assert_array_equal(out, sums_of_tile(np, counts[:, : columns * bins], f, bins, full))


def gpu() -> bool:
    try:
        import cupy
    except ImportError:
        return False
    return bool(cupy.is_available())


@pytest.mark.skipif(not gpu(), reason="no GPU that cupy can use")
@pytest.mark.parametrize(("channels", "bins"), [(2, 2), (61, 8), (300, 30), (40, 300)])
@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_a_gpu_counts_as_the_processor_does(channels: int, bins: int, missing: float) -> None:
    rows = made_rows(700, channels, 3, missing)
    asked: list[Bins] = [UniformBins(-3, 3, bins), UniformBins(-3, 3, 2)]
    one, other = (
        ChannelWindow([asked[k % 2] for k in range(channels)], 500, device=device) for device in (None, "cuda")
    )
    for window in (one, other):
        window.extend(rows)
    for measure in MEASURES:
        np.testing.assert_array_equal(one.matrix(measure), other.matrix(measure), measure)  # type: ignore[arg-type]
