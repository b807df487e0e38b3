"""The demo's signals: their known couplings, and the same ones however they are asked for."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import mutual_info_score

from streammi.errors import ConfigError
from streammi.samples import plant
from streammi.samples.made_up import NOISE, PHASES, Seed


def mi_bits(x: np.ndarray, y: np.ndarray) -> float:
    symbols = (np.digitize(values, np.quantile(values, np.arange(1, 10) / 10)) for values in (x, y))
    return float(mutual_info_score(*symbols) / np.log(2))


def test_each_phase_is_coupled_as_it_says() -> None:
    n = 20_000
    seed = Seed(np.random.default_rng(1), n)
    x, y = seed.pairs(3 * n)
    assert 0 <= x.min() < x.max() < 1
    linear, parabola, independent = (slice(k * n, (k + 1) * n) for k in range(3))
    assert np.std(y[linear] - x[linear]) == pytest.approx(NOISE, rel=0.03)
    assert np.std(y[parabola] - (2 * x[parabola] - 1) ** 2) == pytest.approx(NOISE, rel=0.03)
    assert np.corrcoef(x[linear], y[linear])[0, 1] > 0.9
    assert 0 <= y[independent].min() < y[independent].max() < 1
    for part in (parabola, independent):
        assert abs(np.corrcoef(x[part], y[part])[0, 1]) < 0.03
    assert mi_bits(x[linear], y[linear]) > 1
    assert mi_bits(x[parabola], y[parabola]) > 0.5
    assert mi_bits(x[independent], y[independent]) < 0.01


@given(st.integers(1, 50), st.lists(st.integers(0, 40), max_size=20), st.integers(0, 100))
def test_phases_cycle_whatever_the_portions(length: int, portions: list[int], key: int) -> None:
    seed = Seed(np.random.default_rng(key), length)
    made = 0
    for portion in portions:
        assert seed.phase == PHASES[made // length % 3]
        x, y = seed.pairs(portion)
        assert x.shape == y.shape == (portion,)
        made += portion


def test_the_same_generator_makes_the_same_signals() -> None:
    (x, y), (again_x, again_y) = (Seed(np.random.default_rng(3), 10).pairs(100) for _ in range(2))
    np.testing.assert_array_equal(x, again_x)
    np.testing.assert_array_equal(y, again_y)


def test_a_phase_lasts() -> None:
    with pytest.raises(ConfigError, match="phase_length must be >= 1 samples, got 0"):
        Seed(np.random.default_rng(0), 0)


def test_the_plant_is_coupled_in_groups_and_breaks_as_its_phases_say() -> None:
    made = plant.Plant(np.random.default_rng(2), 4000)
    rows, phases = made.rows(6400), ["well"]
    group = [name.partition(".")[0] for name in plant.NAMES]
    for _ in plant.PHASES[1:]:
        phases.append(made.phase)
        rows = np.concatenate((rows, made.rows(4000)))
    assert phases == list(plant.PHASES)
    assert made.phase == "well"
    place = {name: k for k, name in enumerate(plant.NAMES)}
    of_phase = {phase: rows[6400 + 4000 * (k - 1) : 6400 + 4000 * k] for k, phase in enumerate(plant.PHASES) if k}

    def share(part: np.ndarray, x: str, y: str) -> float:
        return mi_bits(part[:, place[x]], part[:, place[y]])

    well, sensor, bus, slip = rows[:6400], *(of_phase[phase] for phase in plant.PHASES[1::2])
    for name, of in zip(plant.NAMES[1:], group[1:], strict=True):
        first = plant.NAMES[group.index(of)]
        if of != "site" and name != first:
            assert share(well, first, name) > 0.15, name
    assert share(well, "boiler.fuel", "mill.feed") < 0.05
    assert share(well, "site.wind", "site.rain") < 0.05
    assert abs(np.corrcoef(well[:, place["boiler.fuel"]], well[:, place["boiler.flame"]])[0, 1]) < 0.35
    assert share(well, "boiler.fuel", "boiler.flame") > 0.5
    assert share(sensor, "mill.feed", "mill.current") < 0.05 < 0.5 < share(sensor, "mill.feed", "mill.torque")
    assert share(bus, "cooling.flow", "cooling.valve") < 0.05 < 0.5 < share(bus, "boiler.fuel", "boiler.air")
    assert share(slip, "grid.power", "mill.feed") > 0.5
    assert share(well, "grid.power", "mill.feed") < 0.05


@given(st.lists(st.integers(0, 30), max_size=6))
def test_the_plant_goes_on_whatever_the_portions(portions: list[int]) -> None:
    made, total = plant.Plant(np.random.default_rng(0), 5), 0
    for portion in portions:
        rows = made.rows(portion)
        assert rows.shape == (portion, 32)
        assert np.isfinite(rows).all()
        total += portion
    within = total % (6 * 5 + 3)
    assert made.phase == plant.PHASES[max(within - 3, 0) // 5]
