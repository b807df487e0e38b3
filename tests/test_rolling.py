"""rolling_mi at every sample against a recomputation that shares nothing with it."""

import math

import numpy as np
import oracles
import pytest

from streammi import ConfigError, QuantileBins, UniformBins, rolling_mi

SAMPLES, SIZE = 1_000_000, 1000


def feed(name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    x, y = rng.random((2, n))
    match name:
        case "heavy-tailed":
            x, y = rng.standard_t(1.2, (2, n))
        case "constant":
            x = np.full(n, 0.5)
        case "spikes and NaN":
            x[rng.integers(0, n, n // 500)] = 1e9
            y[rng.integers(0, n, n // 500)] = np.nan
    return x, y


@pytest.mark.parametrize("name", ["uniform", "heavy-tailed", "constant", "spikes and NaN"])
def test_every_sample_of_a_million(name: str) -> None:
    """At every sample the change of MI is that of the counts, in floats summed anew; scikit-learn at 200 of them."""
    x, y = feed(name, SAMPLES)
    bins = UniformBins(0, 1, 8)
    out = rolling_mi(x, y, SIZE, bins, bins, unit="nat")
    kept = np.isfinite(x) & np.isfinite(y)
    cells = bins.symbols(x[kept]) * 8 + bins.symbols(y[kept])
    at = np.cumsum(kept) - 1  # the newest kept pair at each sample
    rng = np.random.default_rng(12)
    first = int(np.searchsorted(at, SIZE - 1))
    assert np.isnan(out[:first]).all()
    for k in rng.integers(first, SAMPLES, 200):
        joint = np.bincount(cells[at[k] - SIZE + 1 : at[k] + 1], minlength=64).reshape(8, 8)
        assert out[k] == pytest.approx(oracles.mi_nats_of_counts(joint), abs=1e-12)
    np.testing.assert_allclose(out[first:], every_sample(cells, at[first:]), rtol=0, atol=1e-12)


def every_sample(cells: np.ndarray, at: np.ndarray) -> np.ndarray:
    """MI in nats of the SIZE cells that end at each place, from cumulative counts: no table, no increments."""
    results = np.empty(at.size)
    for start in range(0, at.size, 20_000):
        part = at[start : start + 20_000]
        low = part[0] - SIZE + 1
        one = np.zeros((part[-1] - low + 2, 64), dtype=np.int32)
        one[np.arange(1, one.shape[0]), cells[low : part[-1] + 1]] = 1
        total = np.cumsum(one, axis=0)
        joint = (total[part - low + 1] - total[part - low + 1 - SIZE]).reshape(-1, 8, 8)
        results[start : start + part.size] = (
            term(joint.sum(axis=2)).sum(axis=1) + term(joint.sum(axis=1)).sum(axis=1) - term(joint).sum(axis=(1, 2))
        )
    return results


TERMS = np.array([0.0] + [-c / SIZE * math.log(c / SIZE) for c in range(1, SIZE + 1)])


def term(counts: np.ndarray) -> np.ndarray:
    return TERMS[counts]


def test_min_count_and_what_comes_before_it() -> None:
    x = np.arange(10.0)
    bins = UniformBins(0, 10, 10)
    out = rolling_mi(x, x, 4, bins, bins, min_count=2)
    assert np.isnan(out[0])
    assert out[1:].tolist() == pytest.approx([1.0, math.log2(3)] + [2.0] * 7)


@pytest.mark.parametrize("transform", [np.exp, np.arctan, lambda v: v**3, lambda v: 5 * v - 7, np.sinh])
def test_quantile_bins_do_not_see_an_increasing_transform(transform: object) -> None:
    rng = np.random.default_rng(13)
    x = rng.normal(size=5000)
    y = 0.6 * x + rng.normal(size=5000)
    plain = rolling_mi(x, y, 500, QuantileBins(8), QuantileBins(8))
    bent = rolling_mi(transform(x), y, 500, QuantileBins(8), QuantileBins(8))  # type: ignore[operator]
    assert plain[499:].tolist() == bent[499:].tolist()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"unit": "bits"}, "unit must be bit, nat or ban"),
        ({"estimator": "best"}, "estimator must be one of"),
        ({"min_count": 0}, "min_count must be a whole number from 1"),
        ({"min_count": 11}, "min_count must be a whole number from 1"),
        ({"min_count": True}, "min_count must be a whole number from 1 to the window's 10 pairs, got True"),
        ({"size": "10s"}, "size must be a number of pairs"),
        ({"size": 1}, "size must be >= 2 pairs, got 1"),
        ({"estimator": ""}, "estimator must be one of"),
        ({"x": 1.0}, r"x must be an array of shape \(n,\), got \(\)"),
        ({"y": [[1.0]]}, r"y must be an array of shape \(n,\), got \(1, 1\)"),
        ({"y": ["a"]}, r"y must be numbers \(labels need Categories bins\), got \['a'\]"),
        ({"x": ["a"] * 100_000}, r"x must be numbers .{,350}$"),
        ({"y": [1.0, 2.0]}, r"x and y must be of one length, got \(1, 2\)"),
    ],
)
def test_what_cannot_work(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        rolling_mi(
            **{"x": [1.0], "y": [1.0], "size": 10, "x_bins": QuantileBins(2), "y_bins": QuantileBins(2)} | options
        )  # type: ignore[arg-type]
