"""Pairs of many channels that depend only through a third: the data processing inequality, then conditional MI."""

from typing import Final

import numpy as np

from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.conditional.given_null import GivenNull
from streammi.core.kernels.indirect import stronger_ways
from streammi.records import ChannelMatrices, FloatArray, IntArray
from streammi.records.verdict import SIGNIFICANT

TOLERANCE: Final = 0.1  # of the smaller MI of the two other sides: MI so near to it is not called the weaker
MOST_TESTED: Final = 200  # the strongest of the weakest sides: a few ms each at 1,000 rows


def weakest_sides(mi: FloatArray, edges: IntArray, tolerance: float = TOLERANCE) -> IntArray:
    """The edges (k, 2) that are the weakest side of a triangle, with the third channel, (m, 3); strongest first.

    In a chain x - z - y I(x;y) <= min(I(x;z), I(z;y)), the data processing inequality; so an edge whose MI is below the
    smaller of two others by more than ``tolerance`` of it may be due to them. Source: ARACNE, Margolin et al. 2006,
    BMC Bioinformatics 7 (Suppl 1), S7.

    >>> mi = np.array([[0, 0.9, 0.3], [0.9, 0, 0.8], [0.3, 0.8, 0]])
    >>> weakest_sides(mi, np.array([[0, 1], [0, 2], [1, 2]])).tolist()
    [[0, 2, 1]]
    """
    linked = np.zeros(mi.shape, dtype=np.bool_)
    linked[edges[:, 0], edges[:, 1]] = linked[edges[:, 1], edges[:, 0]] = True
    strength = np.where(linked, mi, -np.inf)
    through = np.empty(len(edges), dtype=np.int64)
    stronger_ways(strength, edges, 1 - tolerance, through)
    weak = np.flatnonzero(through >= 0)
    weak = weak[np.argsort(-mi[edges[weak, 0], edges[weak, 1]], kind="stable")]
    return np.column_stack((edges[weak], through[weak]))


def explained_by(window: ChannelWindow, found: ChannelMatrices, rate: float) -> IntArray:
    """The channel that explains each pair's dependence, (C, C); -1 where there is none, or where it was not tested.

    Of the pairs whose q is ``rate`` at most, the weakest sides of triangles are tested, 200 at most: one is explained
    where what is left given the third channel is no more than chance (p > 0.05, x shifted around in a circle).
    """
    explained = np.full(found.mi.shape, -1, dtype=np.int64)
    for i, j, k in weakest_sides(found.mi, found.edges(rate))[:MOST_TESTED].tolist():
        values = np.array([window.values(c) for c in (i, j, k)])
        values = values[:, np.isfinite(values).all(axis=0)]
        p = GivenNull().p(values, around=True) if values.shape[1] else None
        if p is not None and p > SIGNIFICANT:
            explained[i, j] = explained[j, i] = k
    return explained
