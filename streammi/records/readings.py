"""Readings: what one window says."""

import math
from typing import Final, NamedTuple

import msgspec

from streammi.config import DEFAULT_ESTIMATOR, Unit
from streammi.records.published import INFORMATION, Published, declare

# The directions of transfer entropy as numbers, for messages.
DIRECTIONS: Final = {"x drives y": 1, "y drives x": -1, "both": 2, "neither": 0}
UNIT_PER_BIT: Final[dict[Unit, float]] = {"bit": 1.0, "nat": math.log(2.0), "ban": math.log10(2.0)}


class Side(NamedTuple):
    """The numbers of one signal of a window alone."""

    name: str
    constant: bool  # every value in the window is the same
    run: int  # newest pairs with one and the same value
    clipped: int  # pairs in the window with a value outside the bins' range


class Reading(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """The numbers of one window: entropies and mutual information in ``unit``, and what is needed to believe them.

    None means not known (no data yet, r of a constant, a null that is warming up), never zero.

    - ``n`` pairs; the entropies ``h_x``, ``h_y``, ``h_xy``, ``h_x_given_y``, ``h_y_given_x`` of the bins.
    - ``mi`` is the plug-in value, ``mi_corrected`` that of the signals, with ``stderr`` for independent pairs and
      ``stderr_batch`` for signals with a memory. ``mi_binned`` is without bias, but of the bins; ``p`` is of it.
    - ``nmi`` is MI as a share of the entropies, 0 to 1; ``pearson_r`` and ``spearman_r`` are -1 to 1.
    - ``peak_lag`` and others are there if they were asked for. ``streammi help fields`` explains all of them.

    >>> from streammi import JointWindow, UniformBins
    >>> window = JointWindow(UniformBins(0, 2, 2), UniformBins(0, 2, 2), 4)
    >>> window.extend([0, 0, 1, 1], [0, 0, 1, 1])
    >>> reading = window.reading()
    >>> reading.n, reading.h_x, reading.mi, reading.nmi, reading.unit
    (4, 1.0, 1.0, 1.0, 'bit')
    """

    n: int  # pairs in the window
    unit: Unit
    h_x: float
    h_y: float
    h_xy: float
    h_x_given_y: float
    h_y_given_x: float
    mi: float  # biased up by about (Kxy - Kx - Ky + 1)/(2n) nats
    mi_corrected: float
    nmi: float | None  # None when neither signal varies
    pearson_r: float | None  # of the window's own values; None for a constant or for labels
    estimator: str = DEFAULT_ESTIMATOR  # of mi_corrected
    stderr: float | None = None  # of mi_corrected, for independent pairs
    stderr_batch: float | None = None  # the same for signals with a memory
    mi_binned: float | None = None  # what p and the verdict are of: extrapolating adds to the spread, and no evidence
    binned_stderr: float | None = None  # of mi_binned, by the delta method
    binned_stderr_batch: float | None = None  # by batch means
    h_x_stderr: float | None = None
    h_y_stderr: float | None = None
    h_xy_stderr: float | None = None
    spearman_r: float | None = None
    mi_ksg: float | None = None  # by nearest neighbours, when asked for
    fill: float = 1.0
    spans_gap: bool = False  # samples are missing inside the window, or may be: a connection broke
    t0: float | None = None
    t1: float | None = None  # event time of the newest pair
    epoch: int = 0
    x_constant: bool = False  # what is said of one signal alone: see Side
    y_constant: bool = False
    x_run: int = 0
    y_run: int = 0
    x_clipped: int = 0
    y_clipped: int = 0
    pairs: int = 0
    clipped: int = 0
    nonfinite: int = 0
    late: int = 0
    dropped: int = 0
    # of the joint histogram: the bins of x that hold a pair, times those of y, less what MI says that pairs leave empty
    cells: int = 0
    # differential entropies, of signals measured in their own units: may be negative; None for labels, for signals of
    # few values, and where a single value is heavy
    dh_x: float | None = None
    dh_y: float | None = None
    dh_xy: float | None = None
    # significance, when asked for: against delayed partners, or by the G-test
    test: str | None = None  # the SignificanceTest that p is of, or will be once it has warmed up
    p: float | None = None
    p_due: int | None = None  # about so many pairs are still to come until it is known
    z: float | None = None
    null_mean: float | None = None
    null_q95: float | None = None
    correlation_time: float | None = None  # partners start at twice it
    # delays, when asked for; positive: y follows x
    peak_lag: float | None = None  # None where the samples of a time window are irregular
    peak_lag_s: float | None = None  # None where it is samples
    peak_mi: float | None = None
    peak_binned: float | None = None  # mi_binned at that delay
    peak_p: float | None = None
    # given a third signal, when asked for
    cmi: float | None = None  # less its bias, as mi_corrected is
    cmi_p: float | None = None
    explained: float | None = None  # None where MI is not above 0
    # which signal drives which, when asked for: transfer entropy at the delay where it is largest
    te_xy: float | None = None
    te_yx: float | None = None
    te_xy_lag: int | None = None
    te_yx_lag: int | None = None
    te_xy_p: float | None = None
    te_yx_p: float | None = None
    direction: int | None = None  # see DIRECTIONS
    # what is normal, where a baseline has taught it: 19 of 20 readings of it are between these
    baseline_low: float | None = None
    baseline_high: float | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        """The numbers of each signal alone."""
        return (
            Side("x", self.x_constant, self.x_run, self.x_clipped),
            Side("y", self.y_constant, self.y_run, self.y_clipped),
        )

    @property
    def constant(self) -> bool:
        """True if a signal does not vary: then all MI is 0."""
        return self.x_constant or self.y_constant


declare(
    Reading,
    n=Published("Pairs in the window", metric="window_pairs"),
    t0=Published("Event time of the oldest pair in the window", "s", after="timestamp"),
    fill=Published("Share of the window that is filled, 0 to 1", metric="window_fill_ratio", after="n"),
    mi=Published("Mutual information of the window, plug-in estimate", INFORMATION, metric="mi"),
    mi_corrected=Published(
        "Mutual information less its bias; may be slightly negative", INFORMATION, metric="mi_corrected"
    ),
    nmi=Published("Normalised mutual information, 2 MI / (H(X) + H(Y)), 0 to 1", metric="nmi"),
    h_x=Published("Entropy H(X)", INFORMATION, "hx", "entropy_x"),
    h_y=Published("Entropy H(Y)", INFORMATION, "hy", "entropy_y"),
    h_xy=Published("Joint entropy H(X,Y)", INFORMATION, "hxy", "entropy_xy"),
    dh_x=Published("Differential entropy h(X); may be negative", INFORMATION, "dhx", "differential_entropy_x"),
    dh_y=Published("Differential entropy h(Y); may be negative", INFORMATION, "dhy", "differential_entropy_y"),
    dh_xy=Published(
        "Joint differential entropy h(X,Y); may be negative", INFORMATION, "dhxy", "differential_entropy_xy"
    ),
    h_x_given_y=Published("Conditional entropy H(X|Y)", INFORMATION, "hx_given_y", "entropy_x_given_y"),
    h_y_given_x=Published("Conditional entropy H(Y|X)", INFORMATION, "hy_given_x", "entropy_y_given_x"),
    pearson_r=Published("Pearson's correlation, -1 to 1", "", "r", "pearson_r"),
    spearman_r=Published("Spearman's rank correlation, -1 to 1", metric="spearman_r"),
    mi_ksg=Published(
        "Mutual information by nearest neighbours; may be slightly negative",
        INFORMATION,
        metric="mi_ksg",
        option="--ksg",
    ),
    stderr=Published("Standard error of mi_corrected, for independent pairs", INFORMATION, metric="mi_stderr"),
    stderr_batch=Published(
        "Standard error of mi_corrected, for signals with a memory", INFORMATION, metric="mi_stderr_batch"
    ),
    mi_binned=Published(
        "Mutual information in the bins, less its bias: not extrapolated", INFORMATION, metric="mi_binned"
    ),
    binned_stderr=Published(
        "Standard error of mi_binned, for independent pairs", INFORMATION, metric="mi_binned_stderr"
    ),
    binned_stderr_batch=Published(
        "Standard error of mi_binned, for signals with a memory", INFORMATION, metric="mi_binned_stderr_batch"
    ),
    h_x_stderr=Published("Standard error of H(X)", INFORMATION, None),
    h_y_stderr=Published("Standard error of H(Y)", INFORMATION, None),
    h_xy_stderr=Published("Standard error of H(X,Y)", INFORMATION, None),
    p=Published(
        "p of the MI: against delayed partners (b + 1)/(S + 1), or by the G-test",
        metric="p_value",
        option="--null or --test g",
    ),
    p_due=Published(
        "About how many pairs are still to come until p is known", "pairs", metric="p_due_pairs", option="--null"
    ),
    z=Published(
        "Standard deviations above what chance gives: the mean with delayed partners, or by the G-test",
        metric="z_score",
        option="--null or --test g",
    ),
    null_mean=Published(
        "Mean mutual information with delayed partners: what chance gives",
        INFORMATION,
        metric="null_mean",
        option="--null",
    ),
    null_q95=Published(
        "95 % quantile of the mutual information with delayed partners",
        INFORMATION,
        metric="null_q95",
        option="--null",
    ),
    correlation_time=Published(
        "Samples until the faster signal forgets itself",
        "samples",
        metric="correlation_time_samples",
        option="--null",
    ),
    peak_lag=Published(
        "Delay of the largest MI, in samples, or s for a time window; positive: y follows x",
        "samples or s",
        metric="peak_lag",
        option="--lags",
    ),
    peak_lag_s=Published(
        "Delay of the largest MI of a time window; positive: y follows x",
        "s",
        metric="peak_lag_seconds",
        option="--lags",
    ),
    peak_mi=Published("Largest mutual information over the delays", INFORMATION, metric="peak_mi", option="--lags"),
    peak_binned=Published(
        "mi_binned at the delay of the largest mutual information",
        INFORMATION,
        metric="peak_mi_binned",
        option="--lags",
    ),
    peak_p=Published("p of the largest mutual information, over all delays", metric="peak_p_value", option="--lags"),
    cmi=Published(
        "Mutual information that is left given the conditions, less its bias; may be slightly negative",
        INFORMATION,
        metric="cmi",
        option="--given",
    ),
    cmi_p=Published("p of what is left: against x delayed", metric="cmi_p_value", option="--given"),
    explained=Published(
        "Share of mi_corrected that the conditions account for; below 0: they bring out more than there is without",
        metric="explained_ratio",
        option="--given",
    ),
    **{
        f"te_{way}{what}": Published(
            words.format(source, target),
            INFORMATION if not what else "samples" if what == "_lag" else "",
            metric=f"te_{way}{metric}",
            option="--transfer",
        )
        for way, source, target in (("xy", "x", "y"), ("yx", "y", "x"))
        for what, metric, words in (
            ("", "", "Transfer entropy from {} to {}, at the delay where it is largest"),
            ("_lag", "_lag_samples", "Delay of the largest transfer entropy from {} to {}"),
            ("_p", "_p_value", "p of the largest transfer entropy from {} to {}, over all delays"),
        )
    },
    direction=Published(
        "1: x drives y, -1: y drives x, 2: both, 0: neither; null: cannot say",
        metric="transfer_direction",
        option="--transfer",
    ),
    baseline_low=Published(
        "19 of 20 readings of the baseline are above this", INFORMATION, metric="baseline_low", option="--baseline"
    ),
    baseline_high=Published("And below this", INFORMATION, metric="baseline_high", option="--baseline"),
    epoch=Published("How often the bins were fitted", metric="bin_fits", counter=True),
    **{
        f"{side}_{what}": Published(words.format(side), metric=f"window_{side}_{what}_pairs")
        for what, words in (
            ("clipped", "Pairs in the window whose {} is outside the bins' range"),
            ("run", "Newest pairs with one and the same {}"),
        )
        for side in "xy"
    },
    pairs=Published("Pairs taken in", metric="pairs", counter=True),
    dropped=Published("Late pairs that were older than the window", metric="dropped_pairs", counter=True),
    late=Published("Pairs with a timestamp that stepped back", metric="late_pairs", counter=True),
    nonfinite=Published("Pairs skipped because a value was not finite", metric="nonfinite_pairs", counter=True),
    clipped=Published("Pairs with a value outside the bins' range", metric="clipped_pairs", counter=True),
)
