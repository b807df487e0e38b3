"""Counts of triples to a ConditionalReading."""

import math

import msgspec
import numpy as np

from streammi.config import EstimatorName, Unit
from streammi.core.conditional.triple_counts import TripleCounts
from streammi.core.information.estimators import Table
from streammi.records import UNIT_PER_BIT, IntArray


class ConditionalReading(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a ConditionalWindow; information in ``unit``."""

    n: int  # triples in the window
    unit: Unit
    cmi: float  # I(X;Y|Z) of the bins, plug-in
    cmi_corrected: float  # by ``estimator``
    mi_corrected: float  # I(X;Y) by the same estimator in the same bins
    explained: (
        float | None
    )  # (MI - CMI) / MI; below 0: z brings out more than it explains; None where MI is not above 0
    h_z: float  # plug-in entropies
    h_xz: float
    h_yz: float
    h_xyz: float
    estimator: EstimatorName
    cells: int  # that x, y and z could fill: with more cells than triples the numbers say too much
    epoch: int  # how often bins were learnt


def reading(counts: TripleCounts, epoch: int, unit: Unit) -> ConditionalReading:
    """The numbers by the counts of at least one triple, in ``unit``; O(Bx By Bz)."""
    n, xyz, per_bit = counts.n, counts.xyz, UNIT_PER_BIT[unit]
    plugin = counts.plugin
    h = {names: entropy(xyz.sum(axis=gone), plugin) for names, gone in _MARGINS.items()}
    cmi = counts.bits()
    mi = _mi(xyz.sum(axis=2), counts)
    filled = [int(np.count_nonzero(xyz.sum(axis=gone))) for gone in ((1, 2), (0, 2), (0, 1))]
    return ConditionalReading(
        n=n,
        unit=unit,
        cmi=max(0.0, h["xz"] + h["yz"] - h["xyz"] - h["z"]) * per_bit,
        cmi_corrected=cmi * per_bit,
        mi_corrected=mi * per_bit,
        explained=(mi - cmi) / mi if mi > 0 else None,
        h_z=h["z"] * per_bit,
        h_xz=h["xz"] * per_bit,
        h_yz=h["yz"] * per_bit,
        h_xyz=h["xyz"] * per_bit,
        estimator=counts.estimator,
        cells=math.prod(filled),
        epoch=epoch,
    )


_MARGINS: dict[str, tuple[int, ...]] = {"z": (0, 1), "xz": (1,), "yz": (0,), "xyz": ()}


def entropy(counts: IntArray, table: Table) -> float:
    """The entropy in bits of counts of one triple at least, by a table.

    >>> from streammi.core.information import estimators
    >>> entropy(np.array([1, 1, 2]), estimators.table("plugin", 4, 40))
    1.5
    """
    n = int(counts.sum())
    return float((table.whole.item(n) - int(table.f[counts].sum())) * (table.unit_bits / n))


def _mi(xy: IntArray, counts: TripleCounts) -> float:
    """MI in bits of the joint counts of x and y, by the estimator of ``counts``, extrapolated as they are."""
    table = counts.table
    fine = _mi_by(xy, table)
    if counts.nest is None:
        return max(0.0, fine) if counts.estimator == "plugin" else fine
    x_parts, y_parts = counts.nest.x_parts, counts.nest.y_parts
    coarse = np.zeros((x_parts[-1] + 1, y_parts[-1] + 1), dtype=np.int64)
    np.add.at(coarse, (x_parts[:, None], y_parts[None, :]), xy)
    return fine + counts.weight * (fine - _mi_by(coarse, table))


def _mi_by(xy: IntArray, table: Table) -> float:
    return entropy(xy.sum(axis=1), table) + entropy(xy.sum(axis=0), table) - entropy(xy, table)
