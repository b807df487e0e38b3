"""ChannelWindow: the joint histograms of every pair of many channels in one sliding window, in integers."""

from typing import ClassVar

import numpy as np

from streammi.config import EstimatorName, Unit
from streammi.core.bins.binning import Categories
from streammi.core.channels import matrices, significance
from streammi.core.channels.matrices import Measure
from streammi.core.channels.row_window import RowWindow
from streammi.core.channels.significance import Significance
from streammi.core.window.joint_window import JointWindow
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray


class ChannelWindow(RowWindow):
    """The counts of every pair of channels in the last ``size`` rows, or in those of the last seconds, and their MI.

    A row has a value of each channel, NaN where there is none. A pair of channels is counted in the rows of the window
    in which both have a value. Its numbers are exactly those of a JointWindow with the same axes and just these rows.
    (A JointWindow that is fed row by row holds the last ``size`` rows in which both have a value, so it reaches farther
    back where values are missing.) ``size`` is a number of rows, or a duration (timedelta or "10s"). With a duration
    each row needs its time in seconds.

    ``bins`` are those of each channel, or one for all; what is learnt is learnt by channel. ``names`` are by default
    "0", "1" and so on, as many as the first row has values. Rows are coded as they come, and counted when something is
    asked, by ``threads`` at a time: the rows since then slide in, or the window is counted anew where that is cheaper.
    Threads share what takes 0.1 ms and more, as 35 rows at a time of 64 channels with 16 bins.
    With ``device="cuda"`` an NVIDIA GPU counts, the same integers, always anew. That is no part of a saved state: what
    is loaded counts on the processor. Raises ConfigError for what cannot work, and MissingExtra without streammi[gpu].

    >>> from streammi import UniformBins
    >>> window = ChannelWindow(UniformBins(0, 2, 2), size=4, names=["a", "b", "c"])
    >>> window.extend([[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]])
    >>> window.matrix("mi")
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """

    FORMAT: ClassVar = "channels 1"

    def counts(self, x: str | int, y: str | int) -> IntArray:
        """The joint counts of two channels, by name or number, shape (Bx, By); a copy.

        Of a channel and itself its own counts are on the diagonal.
        """
        i, j = self.number(x), self.number(y)
        sizes = self._axes.sizes
        return self._settled().counts_of(i, j)[: sizes[i], : sizes[j]]

    def matrix(
        self, measure: Measure = "mi", *, estimator: EstimatorName | None = None, unit: Unit = "bit"
    ) -> FloatArray:
        """A measure of every pair of channels, shape (C, C); NaN where it is not known.

        As a JointWindow says it: "mi" (plug-in, ``JointWindow.mi``), "mi_corrected" (by ``estimator``, None being the
        default), "mi_binned" (corrected, of the bins), "h_xy", "h_x_given_y", "nmi", "pearson_r", or "n", the pairs of
        values. On the diagonal stands what is said of a channel and itself. "mi" is O(1) a pair, and so is "n"; of what
        is corrected it is O(Bx By), and of Pearson's r O(n).
        """
        if not self._names:
            raise ConfigError("matrix", "asked of a window that knows its channels: by their names, or the first row")
        return matrices.matrix(self._settled(), self._ring, self._axes, measure, estimator, unit)

    def between(
        self, first: int, measure: Measure = "mi", *, estimator: EstimatorName | None = None, unit: Unit = "bit"
    ) -> FloatArray:
        """A measure of the pairs of the ``first`` channels with the later ones, shape (first, C - first).

        As ``matrix`` has them, at half the cost where these are halves: it is for a matrix that is made in parts.
        """
        if not self._names or not 0 < first < len(self._names):
            raise ConfigError("first", "some of the channels and not all", first)
        self._counts.count_between(self._ring, first)
        return matrices.matrix(self._counts, self._ring, self._axes, measure, estimator, unit)[:first, first:]

    def correlations(self) -> FloatArray:
        """Pearson's r of every pair, (C, C), as ``matrix("pearson_r")`` but for rounding, and several times as fast."""
        return matrices.correlations(self._settled(), self._ring, self._known_axes())

    def correlation(self, x: str | int, y: str | int) -> float:
        """Pearson's r of one pair, as ``matrix("pearson_r")`` has it to the last bit; NaN where not known. O(n)."""
        i, j = self.number(x), self.number(y)
        return matrices.correlation_of(self._settled(), self._ring, self._known_axes(), i, j)

    def significance(self) -> Significance:
        """The pairs that depend more than by chance, signals with a memory too; O(n) a pair, eight times or more."""
        if not self._names:
            raise ConfigError("significance", "asked of a window that knows its channels")
        return significance.significance(self._settled(), self._ring, self._axes)

    def pair(self, x: str | int, y: str | int) -> JointWindow:
        """The pair of two channels, by name or number, as a JointWindow of the window's rows; O(n).

        Its bins are those of the channels now, learnt or given; a value is clipped outside of those that were given.
        ConfigError while the bins of one are not known.
        """
        i, j = self.number(x), self.number(y)
        bins = self.axes[i], self.axes[j]
        if bins[0] is None or bins[1] is None:
            raise ConfigError("pair", "of channels whose bins are known", self.names[i if bins[0] is None else j])
        learnt = bool(self._axes.learnt[i]), bool(self._axes.learnt[j])
        window = JointWindow.of_axes(bins[0], bins[1], self._span, learnt)
        t = self._ring.times_in_order()
        values = (self._ring.values_of(c) for c in (i, j))
        columns = [v.astype(object) if isinstance(b, Categories) else v for v, b in zip(values, bins, strict=True)]
        window.extend(columns[0], columns[1], None if t is None or not np.isfinite(t).all() else t)
        return window
