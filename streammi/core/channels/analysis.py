"""Every pair of the channels of a recording, all at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from streammi.config import DEFAULT_ESTIMATOR, EstimatorName, Unit
from streammi.core.bins.binning import Bins, QuantileBins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.errors import ConfigError
from streammi.records import ChannelMatrices


def analyse_channels(
    table: ArrayLike | Mapping[str, ArrayLike],
    names: Sequence[str] | None = None,
    *,
    bins: Bins | Sequence[Bins] | None = None,
    unit: Unit = "bit",
    estimator: EstimatorName | None = None,
    threads: int = 1,
) -> ChannelMatrices:
    """Analyse every pair of the channels of a recording: rows of shape (n, C), or columns by name.

    A mapping of columns is a dict, or a table of pandas, polars or pyarrow; a value that is NaN or None is missing.
    ``bins`` are learnt from each channel, as many as its rows want, unless given. MI is corrected by ``estimator``,
    ``q`` is the false discovery rate from which on a pair counts (see core.channels.significance), the order of what to
    look at is that of core.channels.ranking. Raises ConfigError for what is no such table.

    >>> x = np.random.default_rng(0).normal(size=(1000, 3))
    >>> x[:, 2] += x[:, 0] ** 2
    >>> found = analyse_channels(x, ["a", "b", "c"])
    >>> [(found.names[i], found.names[j]) for i, j in found.edges(0.05)], bool(found.mi[0, 2] > 0.2)
    ([('a', 'c')], True)
    """
    rows, names = _rows_of(table, names)
    window = ChannelWindow(QuantileBins() if bins is None else bins, max(len(rows), 2), names, threads=threads)
    window.extend(rows)
    return matrices_of(window, unit, estimator)


def matrices_of(
    window: ChannelWindow,
    unit: Unit = "bit",
    estimator: EstimatorName | None = None,
    *,
    tested: bool = True,
    exact: bool = True,
) -> ChannelMatrices:
    """The analysis of every pair of the window; O(n) a pair, and where it is ``tested`` eight times that or more.

    r is ``exact`` to the last bit, or but for rounding, which takes a fifth of the time.
    """
    found = window.significance() if tested else None
    return ChannelMatrices(
        names=window.names,
        n=window.n,
        unit=unit,
        estimator=estimator or DEFAULT_ESTIMATOR,
        mi=window.matrix("mi_corrected", estimator=estimator, unit=unit),
        r=window.matrix("pearson_r") if exact else window.correlations(),
        pairs=window.matrix("n"),
        t0=window.t0,
        t1=window.t1,
        p=None if found is None or found.untested else found.p,
        q=None if found is None or found.untested else found.q,
        untested="untested" if found is None else found.untested,
    )


def _rows_of(table: Any, names: Sequence[str] | None) -> tuple[Any, Sequence[str] | None]:
    """Rows and the names of the channels, of either kind of table."""
    columns = getattr(table, "column_names", None)  # pyarrow
    if columns is None:
        columns = list(table) if isinstance(table, Mapping) else getattr(table, "columns", None)
    if columns is None:
        return np.asarray(table) if not isinstance(table, np.ma.MaskedArray) else table, names
    wanted = list(columns) if names is None else list(names)
    for name in wanted:
        if name not in list(columns):
            raise ConfigError("names", "columns of the table", name)
    if not wanted:
        raise ConfigError("table", "columns of numbers, by name", table)
    try:
        return np.column_stack([np.asarray(table[name], dtype=np.float64) for name in wanted]), wanted
    except (TypeError, ValueError):
        raise ConfigError("table", "columns of numbers of one length", wanted) from None
