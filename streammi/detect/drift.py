"""river's drift detectors, set for readings, and what they remember: a list of plain values and back."""

from collections import deque
from importlib.metadata import version
from typing import Any, Final

from streammi.config import DetectorName

PAGE_HINKLEY: Final = ("_sum_increase", "_sum_decrease", "_min_increase", "_max_decrease")


def drift_detector(name: DetectorName) -> Any:
    """river's detector of that name, set for readings in units of their usual spread."""
    from river import drift  # late: it takes as long as all the rest of a start, and short runs never get here

    if name == "adwin":
        return drift.ADWIN(delta=0.002, clock=1, grace_period=8)  # type: ignore[no-untyped-call]
    if name == "kswin":
        return drift.KSWIN(alpha=0.001, window_size=30, stat_size=10, seed=0)
    # Deviations of less than one spread do not add up; the sum of what is beyond must exceed eight. Of independent
    # Gaussian readings whose level and spread are known, one in 20 million would be a false alarm: a CUSUM with k = 1
    # and h = 8 (Siegmund 1985, Sequential Analysis); with a sum of five it would be one in 50,000.
    return drift.PageHinkley(min_instances=4, delta=1.0, threshold=8.0, alpha=1.0)


def state_of(name: DetectorName, detector: Any) -> list[Any]:
    """The detector's memory, first the version of river whose memory this is.

    river has no way to save a detector but pickle, so this reads the fields that its classes are made of; ADWIN's are
    in compiled code, which gives them as bytes.
    """
    fields: list[Any]
    if name == "adwin":
        fields = [detector._helper.__getstate__()]
    elif name == "kswin":
        fields = [list(detector.window), detector.n, detector.p_value, detector._rng.getstate()]
    else:
        mean = detector._x_mean
        fields = [mean.n, mean._mean, *(getattr(detector, field) for field in PAGE_HINKLEY)]
    return [version("river"), detector.drift_detected, *fields]


def restore(name: DetectorName, detector: Any, state: list[Any], readings: list[float]) -> None:
    """Let a fresh detector remember what was saved; under another version of river, the ``readings`` instead."""
    river, drift_detected, *fields = state
    if river != version("river"):
        for reading in readings:
            detector.update(reading)
        return
    detector._drift_detected = drift_detected
    if name == "adwin":
        detector._helper.__setstate__(fields[0])
    elif name == "kswin":
        detector.window = deque(fields[0], maxlen=detector.window_size)
        detector.n, detector.p_value = fields[1:3]
        detector._rng.setstate(fields[3])
    else:
        mean = detector._x_mean
        mean.n, mean._mean = fields[:2]
        for field, value in zip(PAGE_HINKLEY, fields[2:], strict=True):
            setattr(detector, field, value)
