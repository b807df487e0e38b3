"""Whether a reading's MI is more than chance: by its p where that is known, else by its standard errors."""

from typing import Final

from streammi.core.measures import SIGNIFICANT, UNIT_PER_BIT, noise_bits
from streammi.records import Reading

CHANCE: Final = 3.0  # standard deviations of MI
CHANCE_OF_MANY: Final = 6.0  # the same for the largest of many delays


def is_dependent(reading: Reading) -> bool:
    """Whether the signals depend on each other; with delays, at the best of them."""
    if reading.peak_mi is not None:
        return is_peak(reading, reading.peak_mi)
    if reading.p is not None:
        return reading.p <= SIGNIFICANT
    return reading.mi_corrected > CHANCE * _noise(reading)


def is_peak(reading: Reading, peak: float) -> bool:
    """Whether the MI at the best delay is more than the largest of so many would be by chance."""
    if reading.peak_p is not None:
        return reading.peak_p <= SIGNIFICANT
    return peak > CHANCE_OF_MANY * _noise(reading)


def _noise(reading: Reading) -> float:
    return max(noise_bits(reading) * UNIT_PER_BIT[reading.unit], reading.stderr_batch or 0.0)
