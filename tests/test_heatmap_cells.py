"""Heatmaps by value against pairs that are really thrown into the dots."""

import msgspec
import numpy as np
import pytest
from dashboard_samples import learnt, linear
from dashboard_terminal import Television

from streammi.dashboard.drawing.heatmap_cells import Shape, spread_out
from streammi.dashboard.scene import by_rank, unequal
from streammi.records import AxisInfo, FloatArray, Snapshot


def shape_of(dots_x: int, dots_y: int) -> Shape:
    return Shape(7, dots_x, dots_y, 1, 0, dots_x, dots_y)


def with_axes(x: FloatArray, y: FloatArray, counts: np.ndarray) -> Snapshot:
    return msgspec.structs.replace(
        linear(), counts=counts, x=AxisInfo(name="x", edges=x), y=AxisInfo(name="y", edges=y)
    )


@pytest.mark.parametrize("bins", [(3, 5), (16, 16), (200, 7)])
def test_each_dot_has_the_share_of_the_bins_that_it_covers(bins: tuple[int, int]) -> None:
    """Against pairs that lie evenly in their bins, and are counted by numpy."""
    rng = np.random.default_rng(bins[0])
    x, y = (np.concatenate(([-2.0], np.sort(rng.uniform(-2, 5, n - 1)), [5.0])) for n in bins)
    counts = rng.integers(0, 9, bins)
    found = spread_out(with_axes(x, y, counts), shape_of(21, 13))
    fine = (np.arange(400) + 0.5) / 400
    across, up = ((edges[:-1, None] + fine * np.diff(edges)[:, None]) for edges in (x, y))
    wanted = np.zeros((21, 13))
    share_x = np.array([np.histogram(row, 21, (-2, 5))[0] / 400 for row in across])
    share_y = np.array([np.histogram(row, 13, (-2, 5))[0] / 400 for row in up])
    for i, j in np.ndindex(*bins):
        wanted += counts[i, j] * np.outer(share_x[i], share_y[j])
    assert found.sum() == pytest.approx(counts.sum())
    assert np.abs(found - wanted).max() < 0.02 * counts.max() * max(1.0, bins[0] / 16)


def test_a_value_that_has_a_bin_to_itself_is_in_one_dot() -> None:
    edges = np.array([0.0, 1.0, np.nextafter(1.0, 2), 2.0])  # as many of the pairs are 1.0
    found = spread_out(with_axes(edges, edges, np.diag([1, 90, 9])), shape_of(10, 10))
    assert found[5, 5] == pytest.approx(90 + 9 / 25)
    assert found.sum() == pytest.approx(100)


def test_only_bins_of_different_widths_are_ranks() -> None:
    equal = AxisInfo(name="x", edges=np.linspace(-1e6, 1.7, 17))
    assert not unequal(equal)
    assert not unequal(AxisInfo(name="x", labels=("a", "b")))
    assert not unequal(AxisInfo(name="x"))
    assert unequal(AxisInfo(name="x", edges=np.array([0, 1.0, 3.0])))
    huge = np.array([-1.7e308, 0.0, 1.0, 1.7e308])
    assert not by_rank(with_axes(huge, huge, np.eye(3, dtype=np.int64)))
    for words in ([], ["v"], ["v", "m"], ["v", "m", "m"]):
        assert "JOINT" in Television(with_axes(huge, huge, np.eye(3, dtype=np.int64))).press(*words) or "m" in words


@pytest.mark.parametrize("size", [(60, 17), (80, 24), (120, 40), (200, 60)])
def test_that_cells_are_ranks_is_said_and_v_draws_them_by_value(size: tuple[int, int]) -> None:
    television = Television(learnt(), size=size)
    assert "ranks " in television.press()
    text = television.press("v")
    assert "values " in text
    assert "ranks " not in text.rpartition("\n")[0]
    assert (", BY VALUE" in text) == (size[0] > 80)
    well = Television(linear(), size=size).press()
    assert "ranks" not in well
    assert "v values" not in well
    assert Television(linear(), size=size).press("v") == well  # the key does nothing there


def test_a_parabola_is_a_line_by_rank_and_a_parabola_by_value() -> None:
    """Where the heatmap is highest in each column, of y = x squared: by rank on the diagonal, by value half of it."""
    shot = learnt()
    assert shot.counts is not None
    by_rank_ = shot.counts.argmax(axis=1) / shot.counts.shape[1]
    assert np.abs(by_rank_ - np.arange(16) / 16).max() == 0
    dots = spread_out(shot, shape_of(64, 64)).argmax(axis=1) / 64
    assert np.abs(dots - (np.arange(64) / 64) ** 2).max() < 0.1
