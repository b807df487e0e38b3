"""What a reading says in words, and which MI it is of."""

import itertools
from functools import cache

import msgspec
import numpy as np
import pytest
from scipy import stats
from test_measures import reading_of

from streammi import JointWindow, Reading, UniformBins
from streammi.records.verdict import CHANCE_OF_MANY, best_delay, leads_with_delay, strength, verdict


@cache  # and not while tests are collected, which each worker does: it may have to be compiled
def linear() -> Reading:
    """A reading of signals that depend linearly, untested."""
    return msgspec.structs.replace(
        reading_of(np.full((4, 4), 62, dtype=np.uint32)),
        mi=0.55,
        mi_corrected=0.54,
        stderr=0.02,
        mi_binned=None,
        binned_stderr=None,
        pearson_r=0.72,
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "linearly dependent (untested without --null)"),
        ({"test": "shift", "p_due": 4250}, "linearly dependent (untested yet: for about 4,250 more pairs)"),
        ({"p": 0.01}, "linearly dependent"),
        ({"p": 0.01, "mi": 0.01, "mi_corrected": -0.001, "pearson_r": 0.01}, "dependent"),
        ({"p": 0.01, "pearson_r": 0.05}, "dependent but not linearly"),
        ({"p": 0.01, "pearson_r": None}, "dependent"),
        ({"p": 0.01, "pearson_r": -1.0}, "linearly dependent"),
        ({"p": 0.2, "mi": 0.02, "mi_corrected": 0.01}, "not distinguishable from independent"),
        ({"mi": 0.02, "mi_corrected": 0.01}, "no dependence seen (untested without --null)"),
        (
            {"mi": 0.02, "mi_corrected": 0.01, "test": "shift", "p_due": 4250},
            "no dependence seen (untested yet: for about 4,250 more pairs)",
        ),
        ({"p": 0.2, "stderr": 0.1}, "too few samples to say"),
        # Amid a change, or of slow signals: it is no lack of samples.
        ({"stderr_batch": 0.2}, "too uncertain to say: slow signals, or amid a change"),
        ({"n": 10}, "too few samples to say"),
        ({"n": 25}, "too few samples to say"),
        ({"x_constant": True}, "x is constant"),
        ({"y_constant": True, "p": 0.01}, "y is constant"),
        ({"x_constant": True, "y_constant": True}, "both signals are constant"),
        ({"x_clipped": 300, "p": 0.01}, "x is outside its bins' range in 30% of the pairs"),
        ({"x_clipped": 240, "p": 0.01}, "linearly dependent"),
        ({"y_run": 500, "p": 0.5, "mi": 0.02, "mi_corrected": 0.01}, "y has not changed for 500 pairs"),
        ({"y_run": 400, "p": 0.01}, "linearly dependent"),
        ({"p": 0.4, "peak_mi": 0.9, "peak_lag": 7.0, "peak_p": 0.01}, "y follows x by 7 samples: 0.900 bit"),
        (
            {"p": 0.4, "peak_mi": 0.9, "peak_lag": -0.5, "peak_lag_s": -0.5},
            "x follows y by 0.5 s: 0.900 bit (untested without --null)",
        ),
        ({"p": 0.4, "peak_mi": 0.9, "test": "g"}, "dependent with a delay: 0.900 bit (untested without --null)"),
        (
            {"p": 0.4, "peak_mi": 0.9, "peak_lag": -1.0, "test": "shift", "p_due": 4250},
            "x follows y by 1 sample: 0.900 bit (untested yet: for about 4,250 more pairs)",
        ),
        ({"p": 0.4, "peak_mi": 0.9, "peak_lag": 7.0, "peak_p": 0.3}, "not distinguishable from independent"),
        # One unrelated window in 20 has such a p, and no more than chance: that is no certainty.
        ({"p": 0.4, "peak_mi": 0.05, "peak_lag": 7.0, "peak_p": 0.04}, "perhaps y follows x by 7 samples: 0.050 bit"),
        ({"p": 0.4, "peak_mi": 0.05, "peak_lag": 7.0, "peak_p": 0.01}, "y follows x by 7 samples: 0.050 bit"),
        ({"p": 0.4, "peak_mi": 0.9, "peak_lag": 7.0, "peak_p": 0.04}, "y follows x by 7 samples: 0.900 bit"),
        # Dependent without a delay as well: whichever has more, beyond chance.
        ({"p": 0.01, "peak_mi": 0.9, "peak_lag": 7.0, "peak_p": 0.01}, "y follows x by 7 samples: 0.900 bit"),
        ({"p": 0.01, "peak_mi": 0.57, "peak_lag": 1.0, "peak_p": 0.01}, "linearly dependent"),
        ({"p": 0.01, "peak_mi": 0.54, "peak_lag": 0.0, "peak_p": 0.01}, "linearly dependent"),
        ({"p": 0.4, "peak_mi": 0.9, "peak_lag": 7.0, "peak_p": 0.01, "y_run": 600}, "y has not changed for 600 pairs"),
        ({"n": 10, "peak_mi": 0.9, "peak_lag": 7.0}, "too few samples to say"),
    ],
)
def test_the_verdict_in_words(fields: dict[str, object], words: str) -> None:
    assert verdict(msgspec.structs.replace(linear(), **fields)) == words


def test_labels_are_in_no_range() -> None:
    others = msgspec.structs.replace(linear(), x_clipped=300, p=0.01)
    assert verdict(others, labels=True) == "x has a label beyond their limit in 30% of the pairs"


@pytest.mark.parametrize("unit", ["bit", "nat", "ban"])
def test_the_verdict_does_not_depend_on_the_unit(unit: str) -> None:
    rng = np.random.default_rng(31)
    for noise, words in ((0.1, "linearly"), (30.0, "no dependence seen")):
        x = rng.random(2000)
        window = JointWindow(UniformBins(0, 1, 6), UniformBins(-3 * noise, 1 + 3 * noise, 6), 2000)
        window.extend(x, x + rng.normal(0, noise, 2000))
        reading = window.reading(unit)  # type: ignore[arg-type]
        assert reading is not None
        assert verdict(reading).startswith(words)


def test_the_largest_of_many_delays_of_unrelated_signals_is_chance_with_two_bins_too() -> None:
    """2 n MI of 2 x 2 bins is chi-square with one degree of freedom, whose tail is longer than a Gaussian's."""
    threshold = stats.norm.sf(CHANCE_OF_MANY)
    for bins in (2, 3, 8):
        freedom, n = (bins - 1) ** 2, 1000
        bias = freedom / (2 * n)  # nats
        reading = msgspec.structs.replace(
            linear(), n=n, unit="nat", mi=bias, mi_corrected=0.0, stderr=0.0, peak_mi=0.0, peak_lag=3.0
        )
        for tail, dependent in ((1e-5, False), (threshold / 100, True)):
            peak = stats.chi2.isf(tail, freedom) / (2 * n) - bias
            said = verdict(msgspec.structs.replace(reading, peak_mi=peak))
            assert said.startswith("y follows x by 3 samples") == dependent, (bins, tail)


def test_sixteen_unrelated_pairs_are_not_called_dependent() -> None:
    rng, said = np.random.default_rng(32), []
    for _ in range(100):
        window = JointWindow(UniformBins(0, 16, 2), UniformBins(0, 16, 2), 16)
        window.extend(rng.permutation(16), rng.permutation(16))
        reading = window.reading()
        assert reading is not None
        said.append("dependent" in verdict(reading).split())
    assert sum(said) <= 5


def test_the_number_that_is_shown_is_the_one_that_the_verdict_is_of() -> None:
    peak = {"p": 0.4, "peak_mi": 0.9, "peak_lag": 7.0, "peak_p": 0.01}
    for more, number in (({}, 0.9), ({"peak_p": 0.2}, 0.54), ({"x_constant": True}, 0.54), ({"n": 8}, 0.54)):
        reading = msgspec.structs.replace(linear(), **(peak | more))
        assert (strength(reading), leads_with_delay(reading)) == (number, number == 0.9)
        assert ("0.900 bit" in verdict(reading)) == (number == 0.9)


def test_the_delays_do_not_deny_what_the_verdict_says() -> None:
    """Amid a change, with large errors by batches, the largest of many delays may be chance where one alone is not."""
    tests = [(None, None), (0.01, 0.01), (0.04, 0.2), (0.4, 0.4), (0.4, 0.04)]
    for batch, (p, peak_p) in itertools.product((None, 0.02, 0.1, 0.17, 0.2), tests):
        known = {"p": p, "peak_p": peak_p, "stderr_batch": batch, "peak_mi": 0.54}
        none, next_to_it = (msgspec.structs.replace(linear(), peak_lag=lag, **known) for lag in (0.0, 1.0))
        said = verdict(none), best_delay(none)
        assert ("dependent" in said[0].split()) <= (said[1] == "at no delay"), said
        assert ("dependent" in verdict(next_to_it).split()) <= (best_delay(next_to_it) != "no delay stands out")
        assert p is not None or (
            said[0].startswith(("too", "linear")) and said[0].startswith("too") == (said[1] in said[0])
        )
