"""river's detectors, saved and taken up again."""

import random
from typing import get_args

import msgspec
import pytest

from streammi.config import DetectorName
from streammi.detect import drift
from streammi.records import codec


def levels(n: int) -> list[float]:
    """A level that jumps every 150 values or so."""
    rng, level = random.Random(3), 0.0
    values = []
    for _ in range(n):
        level = rng.choice((0.0, 3.0, -4.0)) if rng.random() < 1 / 150 else level
        values.append(rng.gauss(level, 1.0))
    return values


@pytest.mark.parametrize("name", get_args(DetectorName))
def test_a_detector_goes_on_as_if_nothing_had_happened(name: DetectorName) -> None:
    whole, pieces, found = drift.drift_detector(name), drift.drift_detector(name), 0
    for k, value in enumerate(levels(600)):
        if k % 7 == 0:
            plain = msgspec.msgpack.decode(msgspec.msgpack.encode(codec.to_plain(drift.state_of(name, pieces))))
            pieces = drift.drift_detector(name)
            drift.restore(name, pieces, codec.from_plain(plain), [])
        whole.update(value)
        pieces.update(value)
        assert pieces.drift_detected == whole.drift_detected
        found += whole.drift_detected
    assert found > 1


def test_page_and_hinkleys_test_is_rivers_to_the_last_bit() -> None:
    from river.drift import PageHinkley

    ours, theirs, found = drift.drift_detector("page-hinkley"), PageHinkley(4, 1.0, 8.0, 1.0), 0
    for value in levels(3000):
        ours.update(value)
        theirs.update(value)
        saved = [theirs.drift_detected, theirs._x_mean.n, theirs._x_mean.get()]
        saved += [theirs._sum_increase, theirs._sum_decrease, theirs._min_increase, theirs._max_decrease]
        assert ours.state() == saved
        found += ours.drift_detected
    assert found > 10


def test_the_memory_of_another_river_is_made_anew_from_the_readings() -> None:
    usual = [random.Random(1).gauss(0, 1) for _ in range(50)]
    detector, fresh = drift.drift_detector("adwin"), drift.drift_detector("adwin")
    for value in usual:
        detector.update(value)
    _, *rest = drift.state_of("adwin", detector)
    drift.restore("adwin", fresh, ["0.1", *rest], usual)
    assert drift.state_of("adwin", fresh) == drift.state_of("adwin", detector)
