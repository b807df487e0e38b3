"""Statistics for river (https://riverml.xyz): mutual information, given a third signal, and transfer entropy."""

from collections.abc import Iterable
from typing import Any

from river import stats

from streammi.config import EstimatorName, Unit
from streammi.core import finite_values
from streammi.core.bins.binning import Bins, Categories, QuantileBins
from streammi.core.conditional.conditional_window import ConditionalWindow
from streammi.core.conditional.division import learnt_bins
from streammi.core.conditional.transfer_window import TransferReading, TransferWindow
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
            return float(axis.symbols([value])[0]) if finite_values.is_label(value) else None
        number = finite_values.number(value, "xy"[side])
        return number if abs(number) < float("inf") else None


class RollingConditionalMutualInformation(stats.base.Statistic):
    """The information of x on y that z does not give already, over the last ``window_size`` triples, in O(1) a triple.

    Near 0 where z accounts for what x and y have in common. It takes three values, or four with two conditions, so it
    is fed by hand: river's own pairs have no place for z.

    Parameters
    ----------
    window_size
        The number of triples.
    conditions
        How many signals are the condition, 1 or 2.
    estimator
        Which estimator of the entropies; the default corrects for the bias and for what bins cannot resolve.
    unit
        bit, nat or ban.

    Examples
    --------

    z drives both x and y, which share nothing else:

    >>> import random
    >>> from streammi.interop.river import RollingConditionalMutualInformation
    >>> cmi, mi = RollingConditionalMutualInformation(2000), RollingMutualInformation(2000)
    >>> rng = random.Random(1)
    >>> for _ in range(2000):
    ...     z = rng.gauss(0, 1)
    ...     x, y = z + rng.gauss(0, 0.5), z + rng.gauss(0, 0.5)
    ...     cmi.update(x, y, z)
    ...     mi.update(x, y)
    >>> mi.get() > 0.6, abs(cmi.get()) < 0.05
    (True, True)
    """

    def __init__(
        self, window_size: int = 1000, conditions: int = 1, estimator: EstimatorName = DEFAULT, unit: Unit = "bit"
    ) -> None:
        self.window_size = window_size
        self.conditions = conditions
        self.estimator: EstimatorName = estimator
        self.unit: Unit = check_unit(unit)
        x_bins, y_bins, *z_bins = learnt_bins(window_size, conditions)
        self._window = ConditionalWindow(x_bins, y_bins, z_bins, window_size, estimator=estimator)

    @property
    def n(self) -> int:
        """The number of triples in the window."""
        return self._window.n

    def update(self, x: float, y: float, *z: float) -> None:
        """Take in x, y and each condition; a triple that is not finite is skipped."""
        self._window.update(x, y, z)

    def get(self) -> float:
        """The conditional mutual information; 0 while nothing is known, and slightly below 0 where there is none."""
        cmi = self._window.cmi
        return 0.0 if cmi is None else cmi * UNIT_PER_BIT[self.unit]


class RollingTransferEntropy(stats.base.Bivariate):
    """The information of x's past on y that y's own lacks, over the last ``window_size`` samples: does x drive y?

    As ``similarity`` of ``feature_selection.SelectKBest`` it keeps the features that drive the target.

    Parameters
    ----------
    window_size
        The number of samples.
    delays
        At which delays, in samples, x may act; the largest counts.
    history
        Beyond so many samples of y's own past.
    unit
        bit, nat or ban.

    Examples
    --------

    y is x two samples later, and noise:

    >>> import random
    >>> from streammi.interop.river import RollingTransferEntropy
    >>> entropy, rng = RollingTransferEntropy(1000, delays=[1, 2, 3]), random.Random(1)
    >>> x = [rng.gauss(0, 1) for _ in range(1000)]
    >>> for k in range(2, 1000):
    ...     entropy.update(x[k], x[k - 2] + rng.gauss(0, 0.5))
    >>> entropy.get() > 0.8, entropy.reading.lag_xy
    (True, 2)
    """

    def __init__(
        self, window_size: int = 1000, delays: Iterable[int] = (1,), history: int = 1, unit: Unit = "bit"
    ) -> None:
        self.window_size = window_size
        self.delays = tuple(delays)
        self.history = history
        self.unit: Unit = check_unit(unit)
        self._window = TransferWindow(window_size, delays=self.delays, history=history)

    @property
    def n(self) -> int:
        """The number of samples in the window."""
        return self._window.n

    @property
    def reading(self) -> TransferReading | None:
        """Both ways, each with its delay and its p, and the direction in words; None while nothing is known."""
        return self._window.reading(self.unit)

    def update(self, x: float, y: float) -> None:
        """Take in a sample of each; one that is not finite is missing."""
        self._window.update(x, y)

    def get(self) -> float:
        """Transfer entropy from x to y, the largest over the delays; 0 while nothing is known."""
        forth, _ = self._window.profile(self.unit)
        known = forth[forth == forth]
        return float(known.max()) if known.size else 0.0
