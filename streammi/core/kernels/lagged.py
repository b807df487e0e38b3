"""Many joint histograms at once: the counts and the sums of each delay."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import zeros
from streammi.core.kernels.compiled import allocating_kernel, kernel

_ONE: Final = np.int64(1)


@allocating_kernel
def count_delays(x: Any, y: Any, delays: Any, starts: Any, first: int, last: int, step: int, joint: Any) -> None:
    """Add ``step`` (1 or -1) to the joint counts (D, Bx, By) of each delay for the later places [first, last).

    At delay L >= 0 the pair of place s is (x[s - L], y[s]), at L < 0 it is (x[s], y[s + L]); places before starts[d]
    have no partner and are left out. One delay after the other over all samples: its histogram and the symbols stay in
    the first-level cache (1.5 ns per delay and sample to evict one pair and add one).
    """
    width = np.uint64(joint.shape[2])
    flat = joint.reshape(joint.shape[0], joint.shape[1] * joint.shape[2])
    change = np.uint32(step)
    for d in range(delays.size):
        counts = flat[d]
        start = max(first, starts[d])
        size = last - start
        if size <= 0:
            continue
        ahead = max(delays[d], 0)
        behind = max(-delays[d], 0)
        i, j = x[start - ahead : last - ahead], y[start - behind : last - behind]
        for k in range(size):
            counts[np.uint64(i[k]) * width + np.uint64(j[k])] += change


@kernel
def delay_bits(joint: Any, f: Any, whole: Any, unit_bits: float, sums: Any, bits: Any) -> None:
    """For each joint histogram (D, Bx, By): how many pairs it holds, S_x + S_y and S_xy of ``f``, to sums (3, D).

    And MI in bits, by these and ``whole``, W of so many pairs, in ``unit_bits``, to ``bits`` (D,).
    """
    x_size, y_size = joint.shape[1], joint.shape[2]
    columns = zeros(y_size)
    for d in range(joint.shape[0]):
        for j in range(y_size):
            columns[j] = 0
        margins = cells = np.int64(0)
        n = np.int64(0)
        for i in range(x_size):
            row = np.int64(0)
            for j in range(y_size):
                c = np.int64(joint[d, i, j])
                row += c
                columns[j] += c
                cells += f[c]
            margins += f[row]
            n += row
        for j in range(y_size):
            margins += f[columns[j]]
        sums[0, d], sums[1, d], sums[2, d] = n, margins, cells
        bits[d] = (whole[n] - margins + cells) * (unit_bits / max(n, _ONE))
