"""Triples of x, y and a condition z into a window and out of it: counts and entropy sums, O(1) each.

A triple (i, j, k) has the code ``i << yz_bits | j << z_bits | k``: that is its cell of xyz, ``i << z_bits | k`` that of
xz, ``j << z_bits | k`` that of yz, and k that of z. (With as many cells as are needed and no more, each is a product: a
sample cost 8 instead of 5 ns, 17 instead of 11 with coarse bins.) The conditional MI of a table is
S_xyz + S_z - S_xz - S_yz: the terms that depend on the number of pairs alone cancel.
"""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import allocating_kernel, kernel, part
from streammi.core.kernels.counting import ONE, step_down, step_up
from streammi.core.kernels.nested import LN2


# ``tables`` is (yz_bits, z_bits, xyz, xz, yz, z); ``nest`` is (x_parts, y_parts, z_parts) and the same of the coarse
# bins, or None, for which all of it is left out when a kernel is compiled. The parts are where they are in a code.
@part
def _cells(code: Any, yz_bits: Any, z_bits: Any) -> Any:
    """The cells of xz, yz and z."""
    k = code & ((ONE << z_bits) - ONE)
    return code >> yz_bits << z_bits | k, code & ((ONE << yz_bits) - ONE), k


# One sum of all four tables: four of them took 13 instead of 12 ns a sample with coarse bins.
@part
def _put(code: Any, tables: Any, steps: Any) -> Any:
    """Count a triple; by how much S_xyz + S_z - S_xz - S_yz grows."""
    yz_bits, z_bits, xyz, xz, yz, z = tables
    in_xz, in_yz, in_z = _cells(code, yz_bits, z_bits)
    return step_up(xyz, code, steps) + step_up(z, in_z, steps) - step_up(xz, in_xz, steps) - step_up(yz, in_yz, steps)


@part
def _take(code: Any, tables: Any, steps: Any) -> Any:
    """Count a triple no more; by how much that sum shrinks."""
    yz_bits, z_bits, xyz, xz, yz, z = tables
    in_xz, in_yz, in_z = _cells(code, yz_bits, z_bits)
    down = step_down(xyz, code, steps) + step_down(z, in_z, steps)
    return down - step_down(xz, in_xz, steps) - step_down(yz, in_yz, steps)


@part
def _coarse(code: Any, tables: Any, nest: Any) -> Any:
    """The code of a triple in the coarse bins."""
    yz_bits, z_bits = tables[:2]
    x_parts, y_parts, z_parts = nest[:3]
    j, k = (code & ((ONE << yz_bits) - ONE)) >> z_bits, code & ((ONE << z_bits) - ONE)
    return x_parts[code >> yz_bits] | y_parts[j] | z_parts[k]


@part
def bits_of(fine: Any, coarse: Any, weight: float, scale: float) -> float:
    """Conditional MI in bits of the sums times ``scale``, extrapolated from the coarse bins with a ``weight``, or 0."""
    bits = fine * scale
    return bits + weight * (bits - coarse * scale)  # type: ignore[no-any-return]


@kernel
def slide(
    new: Any, old: Any, n: int, tables: Any, nest: Any, steps: Any, state: Any, weight: float, unit_bits: float,
    floor: float, out: Any,
) -> None:  # fmt: skip
    """Take triples with the codes ``old`` (k,) out of a window of ``n``, and those with ``new`` (m,) in, in turn.

    ``state`` (2,) holds the sums, of the fine and of the coarse bins, of a table whose entries grow by ``steps``. With
    ``out`` of m places, out[t] becomes the conditional MI in bits after triple t, ``floor`` at least; an empty one
    emits nothing.
    """
    fine, coarse = state[0], state[1]
    emit = out.size > 0
    ahead = old.size - new.size
    for t in range(ahead):
        code = np.uint64(old[t])
        fine -= _take(code, tables, steps)
        if nest is not None:
            coarse -= _take(_coarse(code, tables, nest), nest[3:], steps)
        n -= 1
    scale = unit_bits / max(n, 1)
    for t in range(new.size):
        s = t + ahead
        if s >= 0:
            code = np.uint64(old[s])
            fine -= _take(code, tables, steps)
            if nest is not None:
                coarse -= _take(_coarse(code, tables, nest), nest[3:], steps)
        else:
            n += 1
            scale = unit_bits / n
        code = np.uint64(new[t])
        fine += _put(code, tables, steps)
        if nest is not None:
            coarse += _put(_coarse(code, tables, nest), nest[3:], steps)
        if emit:
            out[t] = max(floor, bits_of(fine, coarse, weight, scale))
    state[0], state[1] = fine, coarse


MANY: Final = 64.0  # pairs expected in a cell, from which on a series says as much
REMEMBERED: Final = 1024  # sizes of a row of a stratum whose expectations are kept: 8 KB each


@part
def _expected(a: Any, b: Any, n: Any, f: Any, unit_bits: float) -> Any:
    """The mean of c log2 c in a cell with ``a`` of ``n`` in its row and ``b`` in its column, by chance alone.

    c is hypergeometric then. Source: Vinh, Epps & Bailey 2010, J. Mach. Learn. Res. 11, 2837 (adjusted MI).
    """
    mean = a * b / n
    if mean >= MANY:  # c log c around its mean, up to the fourth moment
        v = mean * (n - a) / n * (n - b) / (n - 1)
        third = v * (n - 2 * a) / n * (n - 2 * b) / (n - 2)
        nats = mean * np.log(mean) + v / (2 * mean) - third / (6 * mean**2) + 3 * v * v / (12 * mean**3)
        return nats / LN2
    low, high = max(0, a + b - n), min(a, b)
    mode = min(max((a + 1) * (b + 1) // (n + 2), low), high)
    total, whole = float(f[mode]), 1.0  # in parts of the mode's probability
    p, c = 1.0, mode
    while c < high and p > 1e-12:
        p *= (a - c) * (b - c) / ((c + 1.0) * (n - a - b + c + 1.0))
        c += 1
        total, whole = total + p * f[c], whole + p
    p, c = 1.0, mode
    while c > low and p > 1e-12:
        p *= c * (n - a - b + c) / ((a - c + 1.0) * (b - c + 1.0))
        c -= 1
        total, whole = total + p * f[c], whole + p
    return total / whole * unit_bits


@allocating_kernel
def beyond_chance(
    x: Any, yz: Any, y_size: int, z_size: int, delays: Any, f: Any, unit_bits: float, out: Any
) -> None:  # fmt: skip
    """The plug-in conditional MI, times n, in bits, less its mean over all orders of x among equal z, to ``out`` (S,).

    x is delayed by each of ``delays`` (S,). ``yz`` (n,) are the symbols ``j z_size + k`` of the newest n triples, ``x``
    the symbols of x, with as many before those as the longest delay; ``f`` is a table of c log2 c in ``unit_bits``.
    """
    n = yz.size
    x_size = np.int64(0)
    for i in x:
        x_size = max(x_size, np.int64(i) + 1)
    width = y_size * z_size
    of_yz, of_z = np.zeros(width, dtype=np.int64), np.zeros(z_size, dtype=np.int64)
    for symbol in yz:
        of_yz[symbol] += 1
        of_z[symbol % z_size] += 1
    known = np.full((width, min(of_z.max() + 1, REMEMBERED)), np.nan)
    xyz = np.empty(x_size * width, dtype=np.int64)
    for d in range(delays.size):
        xyz[:] = 0
        start = x.size - n - delays[d]
        for t in range(n):
            xyz[np.uint64(x[start + t]) * np.uint64(width) + np.uint64(yz[t])] += 1
        total = 0.0
        for i in range(x_size):
            for k in range(z_size):
                a = np.int64(0)
                for j in range(y_size):
                    a += xyz[i * width + j * z_size + k]
                for j in range(y_size):
                    cell = j * z_size + k
                    if a == 0 or of_yz[cell] == 0:
                        continue
                    total += f[xyz[i * width + cell]] * unit_bits
                    if a >= known.shape[1]:
                        total -= _expected(a, of_yz[cell], of_z[k], f, unit_bits)
                        continue
                    if np.isnan(known[cell, a]):
                        known[cell, a] = _expected(a, of_yz[cell], of_z[k], f, unit_bits)
                    total -= known[cell, a]
        out[d] = total


@kernel
def join(target: Any, y_of: Any, z_of: Any, y_size: int, z_size: int, history: int, out: Any) -> None:
    """The symbol of each place of ``target`` (n,) and its last ``history`` samples together, to ``out`` (n,).

    ``y_of`` and ``z_of`` say what symbols are merged to, to be known and as past; ``y_size`` and ``z_size`` stand for
    what is missing, and the largest of all symbols, y_size z_size^history, for a place that lacks any of it.
    """
    whole = np.int64(z_size) ** history
    for t in range(target.size):
        found = np.int64(y_of[target[t]])
        there = found < y_size and t >= history
        for back in range(1, history + 1 if there else 1):
            past = np.int64(z_of[target[t - back]])
            there = there and past < z_size
            found = found * z_size + past
        out[t] = found if there else y_size * whole


@allocating_kernel
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


@allocating_kernel
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
