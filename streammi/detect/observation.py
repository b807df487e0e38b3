"""What a detector observes of a reading: the level of MI, at the best delay where there are delays."""

from typing import Final, NamedTuple

from streammi.records import UNIT_PER_BIT, EventKind, Reading
from streammi.records.verdict import (
    binned,
    binned_error_of,
    error_of,
    is_dependent,
    is_dependent_with_delay,
    peak_binned,
)

# Of stationary feeds (AR(1), phi 0 to .98, r 0 to .95, windows of 60 to 1,000) the readings' spread was 0.8 to 1.9
# times their standard error by batch means, 1.2 times on the average.
PER_ERROR: Final = 1.2
LEAST_SPREAD_BITS: Final = 0.03  # so that nothing below 0.09 bit is reported, however long the window


class Observation(NamedTuple):
    """One reading's level, in its unit."""

    mi: float  # in the bins: beyond them there is more of it, but it spreads more, too
    error: float  # how much that is expected to spread
    shown: float  # as it is published,
    shown_error: float
    dependent: bool


def observation_of(reading: Reading) -> Observation:
    """What is observed of a reading."""
    at_peak, least = reading.peak_mi is not None, LEAST_SPREAD_BITS * UNIT_PER_BIT[reading.unit]
    mi, shown, dependent = binned(reading), reading.mi_corrected, is_dependent(reading)
    if reading.peak_mi is not None:
        mi, shown, dependent = peak_binned(reading), reading.peak_mi, is_dependent_with_delay(reading)
    error, shown_error = (PER_ERROR * of(reading, at_peak=at_peak) for of in (binned_error_of, error_of))
    return Observation(mi, max(error, least), shown, max(shown_error, least), dependent)


def kind_of_change(was: bool, is_now: bool) -> EventKind:
    """The name of a change of level, by whether there was a dependence and is one now."""
    if was == is_now:
        return "shifted"
    return "gained" if is_now else "lost"
