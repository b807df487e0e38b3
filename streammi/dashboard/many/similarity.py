"""Channels in the order of their similarity: the leaves of a tree that joins what is alike first.

Average linkage (UPGMA) by chains of nearest neighbours: O(C^2), of 1,000 channels 60 ms (Murtagh 1983, The Computer
Journal 26(4); Muellner 2011, arXiv:1109.2378). Each time two branches are joined, they are turned so that the leaves
that meet are as alike as can be (Gruvaeus & Wainer 1972, British J. of Mathematical and Statistical Psychology 25).
"""

import numpy as np

from streammi.dashboard.many.pairs import number_of
from streammi.records import FloatArray, IntArray
from streammi.records.channels import SmallArray
from streammi.records.linear import linear_equivalent


def leaf_order(mi_bits: SmallArray, channels: int) -> IntArray:
    """The channels in the order of their similarity, (C,), by MI of each pair in bits, (P,).

    What is not known is taken for nothing in common.

    >>> leaf_order(np.array([0.0, 2.0, 0.0, 0.0, 2.0, 0.0], np.float32), 4).tolist()
    [0, 2, 1, 3]
    """
    if channels < 3:
        return np.arange(channels)
    distances = distances_of(mi_bits, channels)
    return turned(joined(distances.copy()), distances)


def distances_of(mi_bits: SmallArray, channels: int) -> FloatArray:
    """How far apart the channels are, (C, C): 1 less the |r| of a Gaussian pair with as much MI."""
    square = np.ones((channels, channels))
    rows = np.arange(channels)
    off = rows[:, None] != rows
    apart = 1 - linear_equivalent(np.nan_to_num(mi_bits.astype(np.float64)))
    first, second = np.nonzero(off)
    square[off] = apart[number_of(first, second, channels)]
    return square


def joined(distances: FloatArray) -> IntArray:
    """The branches that are joined, nearest first, (C - 1, 2): leaves by number, then joints from C on.

    ``distances`` is used up. Source: NN_CHAIN of Muellner 2011, figure 4.
    """
    channels = len(distances)
    np.fill_diagonal(distances, np.inf)
    sizes, here = np.ones(channels), np.ones(channels, np.bool_)
    found, heights, chain = [], [], list[int]()
    for _ in range(channels - 1):
        if not chain:
            chain = [int(np.argmax(here))]
        while True:
            last = chain[-1]
            near = int(np.argmin(distances[last]))
            if len(chain) > 1 and distances[last, near] >= distances[last, chain[-2]]:
                near = chain[-2]  # of equals the one before, so that the chain ends
            if len(chain) > 1 and near == chain[-2]:
                break
            chain.append(near)
        a, b = chain.pop(), chain.pop()
        found.append((a, b))
        heights.append(distances[a, b])
        mean = (sizes[a] * distances[a] + sizes[b] * distances[b]) / (sizes[a] + sizes[b])
        mean[b] = np.inf
        distances[a], distances[:, a] = np.inf, np.inf  # a is gone, b stands for both
        distances[b], distances[:, b] = np.where(here, mean, np.inf), np.where(here, mean, np.inf)
        distances[a], distances[:, a], distances[b, b] = np.inf, np.inf, np.inf
        here[a], sizes[b] = False, sizes[a] + sizes[b]
    return _named(np.array(found), np.argsort(heights, kind="stable"), channels)


def _named(found: IntArray, order: IntArray, channels: int) -> IntArray:
    """The same with joints by number, in order of their height, where the chain names a joint by one of its leaves."""
    stands_for = list(range(channels))
    branch = list(range(channels))

    def root(leaf: int) -> int:
        while stands_for[leaf] != leaf:
            stands_for[leaf] = stands_for[stands_for[leaf]]
            leaf = stands_for[leaf]
        return leaf

    out = np.empty((channels - 1, 2), np.int64)
    for k, place in enumerate(order.tolist()):
        a, b = (root(leaf) for leaf in found[place].tolist())
        out[k] = branch[a], branch[b]
        stands_for[a], branch[b] = b, channels + k
    return out


def turned(joints: IntArray, distances: FloatArray) -> IntArray:
    """The leaves of the tree, each branch turned so that those that meet are as near as can be."""
    branches: list[list[int]] = [[leaf] for leaf in range(len(distances))]
    for a, b in joints.tolist():
        left, right = branches[a], branches[b]
        ends = [(distances[x, y], k) for k, (x, y) in enumerate(
            [(left[-1], right[0]), (left[-1], right[-1]), (left[0], right[0]), (left[0], right[-1])]
        )]  # fmt: skip
        which = min(ends)[1]
        branches.append((left[::-1] if which >= 2 else left) + (right[::-1] if which % 2 else right))
    whole = branches[-1]
    return np.array(whole if whole[0] < whole[-1] else whole[::-1])
