"""Triples of x, y and a condition z into a window and out of it: counts and entropy sums, O(1) each.

A triple (i, j, k) is counted in cell ``(i By + j) Bz + k`` of xyz, ``i Bz + k`` of xz, ``j Bz + k`` of yz and k of z.
The conditional MI of a table is S_xyz + S_z - S_xz - S_yz: the terms that depend on the number of pairs alone cancel.
"""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import kernel, part
from streammi.core.kernels.counting import put, take

S_XYZ, S_XZ, S_YZ, S_Z, C_XYZ, C_XZ, C_YZ, C_Z = range(8)  # places of the sums; C: of the coarse bins
SUMS: Final = 8


# ``tables`` is (By, Bz, xyz, xz, yz, z); ``nest`` is (x_parts, y_parts, z_parts) and the same of the coarse bins, or
# None, for which all of it is left out when a kernel is compiled.
@part
def _enter(i: Any, j: Any, k: Any, tables: Any, nest: Any, f: Any, sums: Any) -> Any:
    y_size, z_size, xyz, xz, yz, z = tables
    s_xyz, s_xz, s_yz, s_z, c_xyz, c_xz, c_yz, c_z = sums
    s_xyz += put(xyz, (i * y_size + j) * z_size + k, f)
    s_xz += put(xz, i * z_size + k, f)
    s_yz += put(yz, j * z_size + k, f)
    s_z += put(z, k, f)
    if nest is not None:
        x_parts, y_parts, z_parts, y_size, z_size, xyz, xz, yz, z = nest
        i, j, k = x_parts[i], y_parts[j], z_parts[k]
        c_xyz += put(xyz, (i * y_size + j) * z_size + k, f)
        c_xz += put(xz, i * z_size + k, f)
        c_yz += put(yz, j * z_size + k, f)
        c_z += put(z, k, f)
    return s_xyz, s_xz, s_yz, s_z, c_xyz, c_xz, c_yz, c_z


@part
def _leave(i: Any, j: Any, k: Any, tables: Any, nest: Any, f: Any, sums: Any) -> Any:
    y_size, z_size, xyz, xz, yz, z = tables
    s_xyz, s_xz, s_yz, s_z, c_xyz, c_xz, c_yz, c_z = sums
    s_xyz -= take(xyz, (i * y_size + j) * z_size + k, f)
    s_xz -= take(xz, i * z_size + k, f)
    s_yz -= take(yz, j * z_size + k, f)
    s_z -= take(z, k, f)
    if nest is not None:
        x_parts, y_parts, z_parts, y_size, z_size, xyz, xz, yz, z = nest
        i, j, k = x_parts[i], y_parts[j], z_parts[k]
        c_xyz -= take(xyz, (i * y_size + j) * z_size + k, f)
        c_xz -= take(xz, i * z_size + k, f)
        c_yz -= take(yz, j * z_size + k, f)
        c_z -= take(z, k, f)
    return s_xyz, s_xz, s_yz, s_z, c_xyz, c_xz, c_yz, c_z


@part
def _load(state: Any) -> Any:
    return state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]


@part
def bits_of(sums: Any, weight: float, scale: float) -> float:
    """Conditional MI in bits of the sums times ``scale``, extrapolated from the coarse bins with a ``weight``, or 0."""
    s_xyz, s_xz, s_yz, s_z, c_xyz, c_xz, c_yz, c_z = sums
    fine = (s_xyz + s_z - s_xz - s_yz) * scale
    return fine + weight * (fine - (c_xyz + c_z - c_xz - c_yz) * scale)  # type: ignore[no-any-return]


@kernel
def slide(
    new: Any, old: Any, n: int, tables: Any, nest: Any, f: Any, state: Any, weight: float, unit_bits: float,
    floor: float, out: Any,
) -> None:  # fmt: skip
    """Take the symbols ``old`` (3, k) out of a window of ``n`` triples, ``new`` (3, m) in, in turn.

    ``state`` (8,) holds the sums of the table ``f``. With ``out`` of m places, out[t] becomes the conditional MI in
    bits after triple t, ``floor`` at least; an empty one emits nothing.
    """
    sums = _load(state)
    emit = out.size > 0
    ahead = old.shape[1] - new.shape[1]
    for t in range(ahead):
        sums = _leave(np.uint64(old[0, t]), np.uint64(old[1, t]), np.uint64(old[2, t]), tables, nest, f, sums)
        n -= 1
    for t in range(new.shape[1]):
        s = t + ahead
        if s >= 0:
            sums = _leave(np.uint64(old[0, s]), np.uint64(old[1, s]), np.uint64(old[2, s]), tables, nest, f, sums)
        else:
            n += 1
        sums = _enter(np.uint64(new[0, t]), np.uint64(new[1, t]), np.uint64(new[2, t]), tables, nest, f, sums)
        if emit:
            out[t] = max(floor, bits_of(sums, weight, unit_bits / n))
    for place in range(SUMS):
        state[place] = sums[place]


@kernel
def shifted_sums(x: Any, yz: Any, y_size: int, z_size: int, delays: Any, f: Any, out: Any) -> None:
    """S_xyz - S_xz of the table ``f`` for x delayed by each of ``delays`` (S,), to ``out`` (S,).

    ``yz`` (n,) are the symbols ``j z_size + k`` of the newest n triples, ``x`` the symbols of x, with as many before
    those as the longest delay. The other sums do not change with x.
    """
    n = yz.size
    x_size = np.int64(0)
    for i in x:
        x_size = max(x_size, np.int64(i) + 1)
    width = y_size * z_size
    xyz = np.empty(x_size * width, dtype=np.int64)
    xz = np.empty(x_size * z_size, dtype=np.int64)
    for d in range(delays.size):
        xyz[:], xz[:] = 0, 0
        start = x.size - n - delays[d]
        for t in range(n):
            xyz[np.uint64(x[start + t]) * np.uint64(width) + np.uint64(yz[t])] += 1
        total = np.int64(0)
        for i in range(x_size):
            for j in range(y_size):
                for k in range(z_size):
                    c = xyz[i * width + j * z_size + k]
                    total += f[c]
                    xz[i * z_size + k] += c
        for c in xz:
            total -= f[c]
        out[d] = total


@kernel
def count_transfer(source: Any, joined: Any, delays: Any, starts: Any, stops: Any, step: int, counts: Any) -> None:
    """Add ``step`` (1 or -1) to counts (D, Bs + 1, W + 1) of each delay L, for its places t of [starts[d], stops[d]).

    Place t has the symbol ``source[t - L]`` and ``joined[t]``, one of W for the target and its past together. What is
    missing has the symbol Bs, or W, so that it is counted where nobody looks. One delay after the other: its counts
    stay in the first-level cache.
    """
    width = np.uint64(counts.shape[2])
    flat = counts.reshape(counts.shape[0], counts.shape[1] * counts.shape[2])
    change = np.int32(step)
    for d in range(delays.size):
        size = stops[d] - starts[d]
        if size <= 0:
            continue
        own = flat[d]
        i, j = source[starts[d] - delays[d] : stops[d] - delays[d]], joined[starts[d] : stops[d]]
        for t in range(size):
            own[np.uint64(i[t]) * width + np.uint64(j[t])] += change


@kernel
def transfer_sums(counts: Any, s_parts: Any, y_parts: Any, z_parts: Any, f: Any, out: Any, pairs: Any) -> None:
    """S_xyz + S_z - S_xz - S_yz of counts (D, Bs + 1, By Bz + 1), of bins put together as the parts say.

    They go to ``out`` (D,), and how many triples there are to ``pairs`` (D,).
    """
    x_size, y_size = s_parts[s_parts.size - 1] + 1, y_parts[y_parts.size - 1] + 1
    z_size = z_parts.max() + 1
    xyz = np.empty((x_size, y_size, z_size), dtype=np.int64)
    for d in range(counts.shape[0]):
        xyz[:] = 0
        for i in range(s_parts.size):
            for j in range(y_parts.size):
                for k in range(z_parts.size):
                    xyz[s_parts[i], y_parts[j], z_parts[k]] += counts[d, i, j * z_parts.size + k]
        total, n = np.int64(0), np.int64(0)
        for k in range(z_size):
            of_z = np.int64(0)
            for i in range(x_size):
                c = np.int64(0)
                for j in range(y_size):
                    total += f[xyz[i, j, k]]
                    c += xyz[i, j, k]
                total -= f[c]
                of_z += c
            for j in range(y_size):
                c = np.int64(0)
                for i in range(x_size):
                    c += xyz[i, j, k]
                total -= f[c]
            total += f[of_z]
            n += of_z
        out[d], pairs[d] = total, n
