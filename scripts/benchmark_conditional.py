"""The cost of conditional MI and transfer entropy at each sample, beside infomeasure on one window."""

from collections.abc import Callable, Iterator

import numpy as np
from sections import met

from streammi import TransferWindow, UniformBins, rolling_cmi
from streammi.core.conditional.conditional_window import ConditionalWindow

WINDOW = 1000
DELAYS = 41
BINS = UniformBins(-3, 3, 4), UniformBins(-3, 3, 4), UniformBins(-3, 3, 6)


def conditional(quick: bool, timed: Callable[..., tuple[float, ...]], clock: Callable[[], float]) -> Iterator[str]:
    """Each way at every sample; infomeasure's plug-in of one window of the same symbols."""
    n = 100_000 if quick else 400_000
    rng = np.random.default_rng(0)
    x, y, z = rng.standard_normal((3, n))
    y = 0.5 * y + 0.5 * x + z
    yield "| window 1,000; bins 4, 4 and 6 | ns CPU/sample | bar |"
    yield "|---|---|---|"
    plugin, extrapolated, both_ways = timed(
        lambda: rolling_cmi(x, y, z, WINDOW, *BINS),
        lambda: rolling_cmi(x, y, z, WINDOW, *BINS, estimator="extrapolated"),
        lambda: [_transfer(*pair) for pair in ((x, y), (y, x))],
        clock=clock,
    )
    yield f"| conditional MI, plug-in | {plugin / n * 1e9:.0f} | 40: {met(plugin / n <= 40e-9)} |"
    yield f"| conditional MI, extrapolated | {extrapolated / n * 1e9:.0f} | 40: {met(extrapolated / n <= 40e-9)} |"
    yield f"| transfer entropy, both ways, one delay | {both_ways / n * 1e9:.0f} | 60: {met(both_ways / n <= 60e-9)} |"
    window = TransferWindow(WINDOW, delays=range(1, DELAYS + 1))
    (many,) = timed(lambda: _in_hops(window, x, y), clock=clock)
    yield f"| the same at {DELAYS} delays, counts | {many / n * 1e9:,.0f} | 1,500: {met(many / n <= 1.5e-6)} |"
    yield ""
    yield "| one window of 1,000, anew | us |"
    yield "|---|---|"
    yield from _peers(x[:WINDOW], y[:WINDOW], z[:WINDOW], timed, clock)


def _transfer(x: np.ndarray, y: np.ndarray) -> None:
    """Transfer entropy x -> y after each sample, plug-in, in bins that are given."""
    window = ConditionalWindow(BINS[0], BINS[1], BINS[2], WINDOW, estimator="plugin")
    window.emit(y[1:], x[:-1], y[:-1], np.empty(y.size - 1))


def _in_hops(window: TransferWindow, x: np.ndarray, y: np.ndarray) -> None:
    for start in range(0, x.size, WINDOW // 4):
        window.extend(x[start : start + WINDOW // 4], y[start : start + WINDOW // 4])
        window.profile()


def _peers(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, timed: Callable[..., tuple[float, ...]], clock: Callable[[], float]
) -> Iterator[str]:
    try:
        import infomeasure
    except ImportError:
        yield "| infomeasure (missing) | nan |"
        return
    i, j, k = (bins.symbols(values) for bins, values in zip(BINS, (x, y, z), strict=True))
    cmi, te = timed(
        lambda: infomeasure.conditional_mutual_information(i, j, cond=k, approach="discrete"),
        lambda: infomeasure.transfer_entropy(i, j, approach="discrete"),
        clock=clock,
    )
    yield f"| infomeasure, conditional MI | {cmi * 1e6:,.0f} |"
    yield f"| infomeasure, transfer entropy, one way, one delay | {te * 1e6:,.0f} |"
