"""Drift detectors, set for readings, and what they remember: a list of plain values and back."""

from collections import deque
from importlib.metadata import version
from typing import Any

from streammi.config import DetectorName
from streammi.detect.page_hinkley import PageHinkley


def drift_detector(name: DetectorName) -> Any:
    """The detector of that name, set for readings in units of their usual spread; all but the default one are river's.

    river.drift brings along scikit-learn and all of scipy.stats.
    """
    if name == "page-hinkley":
        return PageHinkley()
    from river import drift  # late: it takes longer than all the rest of a start

    if name == "adwin":
        return drift.ADWIN(delta=0.002, clock=1, grace_period=8)  # type: ignore[no-untyped-call]
    return drift.KSWIN(alpha=0.001, window_size=30, stat_size=10, seed=0)


def state_of(name: DetectorName, detector: Any) -> list[Any]:
    """The detector's memory, first the version of river whose memory this is, None for one of our own.

    river has no way to save a detector but pickle, so this reads the fields that its classes are made of; ADWIN's are
    in compiled code, which gives them as bytes.
    """
    if name == "page-hinkley":
        return [None, *detector.state()]
    fields: list[Any]
    if name == "adwin":
        fields = [detector._helper.__getstate__()]
    else:
        fields = [list(detector.window), detector.n, detector.p_value, detector._rng.getstate()]
    return [version("river"), detector.drift_detected, *fields]


def restore(name: DetectorName, detector: Any, state: list[Any], readings: list[float]) -> None:
    """Let a fresh detector remember what was saved; of river's under another version, the ``readings`` instead."""
    if name == "page-hinkley":
        detector.restore(state[1:])  # of river's, in states of before, too: it remembers the same
        return
    river, drift_detected, *fields = state
    if river != version("river"):
        for reading in readings:
            detector.update(reading)
        return
    detector._drift_detected = drift_detected
    if name == "adwin":
        detector._helper.__setstate__(fields[0])
    else:
        detector.window = deque(fields[0], maxlen=detector.window_size)
        detector.n, detector.p_value = fields[1:3]
        detector._rng.setstate(fields[3])
