"""RollingMutualInformation: a statistic for river (https://riverml.xyz)."""

from typing import Any

from river import stats

from streammi.config import EstimatorName, Unit
from streammi.core import validate
from streammi.core.bins.binning import Bins, Categories, QuantileBins
from streammi.core.information.estimators import DEFAULT
from streammi.core.information.measures import check_unit
from streammi.core.window.joint_window import JointWindow
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT


class RollingMutualInformation(stats.base.Bivariate):
    """Mutual information between two signals over the last ``window_size`` pairs, in O(1) a pair.

    It sees any dependence, also where the correlation is 0, so that ``feature_selection.SelectKBest`` keeps features
    that matter without being linear. Old pairs leave by themselves; with ``utils.TimeRolling`` they also leave by time.

    Parameters
    ----------
    window_size
        The number of pairs.
    x_bins
        How x is divided: UniformBins, EdgeBins, QuantileBins, SpanBins or Categories of streammi. Without it, into
        equal-frequency bins that are learnt from the data and again when they no longer fit.
    y_bins
        The same for y; ``Categories()`` for the labels of a classification.
    estimator
        Which estimator of the entropies; the default corrects for the bias, which differs between features.
    unit
        bit, nat or ban.

    Examples
    --------

    y is x squared, so that Pearson's correlation is 0; y is 0 in a third of the pairs: 1/3 log2 3 + 2/3 log2 3/2 bits.

    >>> from river import stats
    >>> from streammi.interop.river import RollingMutualInformation

    >>> mi, pearson = RollingMutualInformation(window_size=99, estimator="plugin"), stats.PearsonCorr()
    >>> for k in range(99):
    ...     mi.update(k % 3 - 1, (k % 3 - 1) ** 2)
    ...     pearson.update(k % 3 - 1, (k % 3 - 1) ** 2)
    >>> mi
    RollingMutualInformation: 0.918296
    >>> round(pearson.get(), 6)
    0.0

    A feature that says nothing is not selected:

    >>> from river import feature_selection
    >>> selector = feature_selection.SelectKBest(similarity=RollingMutualInformation(window_size=100), k=1)
    >>> for k in range(100):
    ...     selector.learn_one({"a": k % 7, "b": k % 10}, y=(k % 10 - 5) ** 2)
    >>> selector.transform_one({"a": 1, "b": 2})
    {'b': 2}
    """

    def __init__(
        self,
        window_size: int = 1000,
        x_bins: Bins | None = None,
        y_bins: Bins | None = None,
        estimator: EstimatorName = DEFAULT,
        unit: Unit = "bit",
    ) -> None:
        self.window_size = window_size
        self.x_bins = x_bins
        self.y_bins = y_bins
        self.estimator: EstimatorName = estimator
        self.unit: Unit = check_unit(unit)
        learnt = QuantileBins()
        self._window = JointWindow(x_bins or learnt, y_bins or learnt, window_size, estimator=estimator)

    @property
    def n(self) -> int:
        """The number of pairs in the window."""
        return self._window.n

    def update(self, x: Any, y: Any) -> None:
        """Take in a pair; one that is not finite is skipped."""
        self._window.update(x, y)

    def revert(self, x: Any, y: Any) -> None:
        """Take the oldest pair out before its time, as ``utils.Rolling`` and ``utils.TimeRolling`` do.

        Only the oldest pair can be reverted: ConfigError for another one.
        """
        pair = [self._value(0, x), self._value(1, y)]
        if None in pair:  # not finite: it was never taken in
            return
        if self._window.oldest != tuple(pair):
            raise ConfigError("revert", "of the oldest pair in the window", (x, y))
        self._window.evict()

    def get(self) -> float:
        """The mutual information; 0 while nothing is known, as of river's own statistics: SelectKBest compares them.

        It may be slightly below 0 where there is none: the estimate is corrected for its bias.
        """
        mi = self._window.mi
        return 0.0 if mi is None else mi * UNIT_PER_BIT[self.unit]

    def _value(self, side: int, value: Any) -> float | None:
        """A value as the window keeps it; None where it keeps nothing."""
        axis = (self._window.x_axis, self._window.y_axis)[side]
        if isinstance(axis, Categories):
            return float(axis.symbols([value])[0]) if validate.is_label(value) else None
        number = validate.number(value, "xy"[side])
        return number if abs(number) < float("inf") else None
