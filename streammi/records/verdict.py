"""A reading in words: the one place where they are decided, for the screen and for the lines.

Nothing here computes more than a few numbers of a reading, so that a view need not load what counts pairs.
"""

import math
import re
from functools import lru_cache
from typing import Final

from streammi.records.readings import DIRECTIONS, UNIT_PER_BIT, Reading

BOTH_WAYS: Final = DIRECTIONS["both"]
LEAST_PAIRS: Final = 16
RESOLVED_BITS: Final = 0.15  # a Gaussian pair with r = 0.43
SIGNIFICANT: Final = 0.05
SURE: Final = 0.01  # none of 99
CHANCE: Final = 3.0  # standard deviations of MI that chance is allowed,
CHANCE_OF_MANY: Final = 6.0  # the largest of many delays,
CHANCE_OF_G: Final = 1.645  # and what the G-test calls significant: 5 % of a Gaussian lie above
SATURATED: Final = 0.25  # share of the window outside the bins' range: the end bins make the MI
UNTESTED: Final = "untested without --null"
TOO_FEW: Final = "too few samples to say"
UNSURE: Final = "too uncertain to say: slow signals, or amid a change"  # however many samples there are
UNSEEN: Final = "no dependence seen"  # beyond chance, as far as that is known without a p
CONDITION: Final = "the condition"
PART: Final = 0.25  # of the MI: as much as is worth a word
STUCK: Final = 0.5  # share of the window without a change: little of the MI is of now


def verdict(reading: Reading, *, labels: bool = False, untested: str = UNTESTED, given: str = CONDITION) -> str:
    """A reading in plain words; ``labels``: of labels, not of numbers; ``untested``: what is said of
    it where it has no p; ``given``: the conditions' name.

    Dependence is decided by ``p`` where it is known (<= 0.05). Without it, corrected MI must exceed what
    ``chance_bits`` allows at three standard deviations, and the largest of many delays at six; that holds for signals
    without memory only, so it is then said to be untested. The G-test's p is far too small where a cell has a few
    pairs: of 200 unrelated windows of 10,000 pairs in 45 x 45 bins it called 48 % dependent, so that corrected MI must
    be beyond chance too. It is linear when the correlation accounts for at least half of the MI: for a Gaussian pair
    MI = -1/2 log(1 - r^2). Where another delay has more, that delay and its MI are the verdict. An input that says
    nothing comes first: constant, outside its bins' range in a quarter of the pairs, or the same for half the window.
    Behind it stands what conditions account for, and which signal drives which, where that is known.
    """
    trouble = _trouble(reading, labels)
    if trouble:
        return trouble
    return "; ".join(filter(None, (_of_pair(reading, untested), of_conditions(reading, given), of_direction(reading))))


def _of_pair(reading: Reading, untested: str) -> str:
    """The verdict on the two signals by themselves."""
    bits = reading.mi_corrected / UNIT_PER_BIT[reading.unit]
    if _too_few(reading):
        return TOO_FEW
    if leads_with_delay(reading):
        return at_peak(reading) + _untested(reading, reading.peak_p, untested)
    if not is_dependent(reading):
        if unresolved := _unresolved(reading):
            return unresolved
        tested = reading.p is not None
        return "not distinguishable from independent" if tested else UNSEEN + _untested(reading, None, untested)
    return _kind(reading.pearson_r, bits) + _doubt(reading, untested)


def of_conditions(reading: Reading, given: str = CONDITION) -> str:
    """The share that the conditions account for, in words; empty where that is not known."""
    if reading.cmi is None or reading.cmi_p is None:
        return ""
    left = reading.cmi_p <= SIGNIFICANT
    if not is_dependent(reading):
        return f"only together with {given}" if left else ""
    if not left:
        return f"explained by {given}"
    share = reading.explained or 0.0
    if share >= PART:
        return f"partly explained by {given}"
    return f"more so given {given}" if share <= -PART else f"direct as far as {given} goes"


def of_direction(reading: Reading) -> str:
    """The direction, which signal drives which and how far ahead, in words; empty where that is not known.

    "Drives" is meant as transfer entropy means it: its past says more of the other than that one's own past does.
    """
    ahead = {1: reading.te_xy_lag, -1: reading.te_yx_lag}.get(reading.direction or 0)
    if reading.direction == BOTH_WAYS:
        return "each drives the other"
    if ahead is None:
        return ""
    samples = f"{ahead} sample{'s' * (ahead != 1)} ahead"
    return f"x drives y, {samples}" if reading.direction == 1 else f"y drives x, {samples}"


def is_dependent(reading: Reading) -> bool:
    """True if the MI without delay is more than chance: by its p where that is known, else by its standard errors."""
    bits = binned(reading) / UNIT_PER_BIT[reading.unit]
    if reading.p is None:
        return bits > chance_bits(reading, CHANCE)
    return reading.p <= SIGNIFICANT and (reading.test != "g" or bits > CHANCE_OF_G * _independent_bits(reading))


def is_dependent_with_delay(reading: Reading) -> bool:
    """True if the MI at the best delay is more than the largest of so many would be by chance."""
    if reading.peak_mi is None:
        return False
    if reading.peak_p is not None:
        return reading.peak_p <= SIGNIFICANT
    return peak_binned(reading) / UNIT_PER_BIT[reading.unit] > chance_bits(reading, CHANCE_OF_MANY)


def is_sure_of_delay(reading: Reading) -> bool:
    """True if the MI at the best delay is what unrelated signals reach in 1 % of windows at the most.

    Of a feed that is looked at ten times a second, 5 % of looks is every two seconds.
    """
    if reading.peak_p is None or reading.peak_p <= SURE:
        return True
    return peak_binned(reading) / UNIT_PER_BIT[reading.unit] > chance_bits(reading, CHANCE_OF_MANY)


def leads_with_delay(reading: Reading) -> bool:
    """True if MI at the best delay is what there is to say: more than chance, and by more than chance than without."""
    if reading.peak_mi is None or reading.peak_lag == 0 or not is_dependent_with_delay(reading):
        return False
    if _trouble(reading, False) or _too_few(reading):  # whatever is largest then says nothing
        return False
    more = (peak_binned(reading) - binned(reading)) / UNIT_PER_BIT[reading.unit]
    return not is_dependent(reading) or more > CHANCE * noise_bits(reading)


def binned(reading: Reading) -> float:
    """The MI that evidence is of: in the bins, where that is told apart from what is beyond them."""
    return reading.mi_corrected if reading.mi_binned is None else reading.mi_binned


def peak_binned(reading: Reading) -> float:
    """The same at the best delay."""
    return (reading.peak_mi or 0.0) if reading.peak_binned is None else reading.peak_binned


def strength(reading: Reading) -> float:
    """The MI that the verdict is of, in the reading's unit: corrected, at the best delay where that leads."""
    return reading.peak_mi if reading.peak_mi is not None and leads_with_delay(reading) else reading.mi_corrected


def error_of(reading: Reading, *, at_peak: bool) -> float:
    """Standard error of corrected MI, in the reading's unit, for signals with a memory where it knows that."""
    batch = max(reading.stderr_batch or 0.0, reading.stderr or 0.0)
    return _error(reading, reading.stderr or 0.0, batch, at_peak=at_peak)


def least_error_of(reading: Reading, *, at_peak: bool) -> float:
    """The same as if no sample depended on those before: the error that is shown behind the number."""
    return _error(reading, reading.stderr or 0.0, reading.stderr or 0.0, at_peak=at_peak)


def binned_error_of(reading: Reading, *, at_peak: bool) -> float:
    """The same of MI in the bins, by batch means where it has them."""
    if reading.binned_stderr is None:
        return _error(reading, reading.stderr or 0.0, reading.stderr_batch or reading.stderr or 0.0, at_peak=at_peak)
    batch = reading.binned_stderr_batch or reading.binned_stderr
    return _error(reading, reading.binned_stderr, batch, at_peak=at_peak)


def _error(reading: Reading, plain: float, batch: float, *, at_peak: bool) -> float:
    """Errors of MI without delay, or of MI at the best delay.

    There the pointwise MI of Gaussian pairs has a standard deviation of |r| nats, one nat at the most, which the
    signals' memory makes worse by as much as it does without delay.
    """
    if not at_peak or not plain:
        return batch
    nat = UNIT_PER_BIT[reading.unit] / UNIT_PER_BIT["nat"]
    return max(batch, nat / math.sqrt(reading.n) * max(batch / plain, 1.0))


def at_peak(reading: Reading) -> str:
    """The best delay and its MI in words."""
    return f"{best_delay(reading)}: {reading.peak_mi:.3f} {reading.unit}"


def best_delay(reading: Reading) -> str:
    """The best delay in words, if its MI is more than chance; else that none is.

    Amid a change the errors are so large that the largest of many delays may be chance where the MI without delay is
    not: then a delay adds nothing to it.
    """
    if not delay_stands_out(reading):
        if is_dependent(reading):
            return "no delay has clearly more than none"
        unresolved = _unresolved(reading) if reading.peak_p is None else ""
        return unresolved.partition(":")[0] or "no delay stands out"
    perhaps = "" if is_sure_of_delay(reading) or reading.peak_lag == 0 else "perhaps "
    if reading.peak_lag is None:  # the samples come irregularly
        return f"{perhaps}dependent with a delay"
    return f"{perhaps}{follows(reading.peak_lag, lag_unit(reading))}"


def delay_stands_out(reading: Reading) -> bool:
    """True if the best delay's MI is more than chance: as the largest of many, or as that without delay, if it is."""
    return is_dependent_with_delay(reading) or (reading.peak_lag == 0 and is_dependent(reading))


def in_brief(words: str) -> str:
    """A verdict without the reason for which it is untested, for where there is no room for that.

    >>> in_brief("linearly dependent (untested yet: for about 4,250 more pairs)")
    'linearly dependent (untested yet)'
    """
    return re.sub(r"\((untested yet|untested|by the G-test)[^)]*\)", r"(\1)", words)


def lag_unit(reading: Reading) -> str:
    """The unit of the delays: samples or s."""
    return "samples" if reading.peak_lag_s is None else "s"


@lru_cache(maxsize=1024)
def follows(lag: float, unit: str) -> str:
    """A delay in words, ``unit`` samples or s; positive: y follows x.

    >>> follows(1.0, "samples"), follows(-0.25, "s"), follows(0.0, "s")
    ('y follows x by 1 sample', 'x follows y by 0.25 s', 'at no delay')
    """
    if lag == 0:
        return "at no delay"
    one = "sample" if unit == "samples" and abs(lag) == 1 else unit
    return f"{'y follows x' if lag > 0 else 'x follows y'} by {abs(lag):g} {one}"


def _too_few(reading: Reading) -> bool:
    """True if there are too few pairs for any number of them to be believed."""
    cells = 2.0 ** (reading.h_xy / UNIT_PER_BIT[reading.unit])
    return reading.n < LEAST_PAIRS or (cells > reading.n / 2 and (reading.p is None or reading.test == "g"))


def _unresolved(reading: Reading) -> str:
    """The reason why a weak dependence would not be seen; empty where it would.

    Errors by batch means are larger than those of as many independent samples where signals are slow, and where MI is
    another in each batch: amid a change.
    """
    if CHANCE * noise_bits(reading) <= RESOLVED_BITS:
        return ""
    plain = reading.stderr if reading.binned_stderr is None else reading.binned_stderr
    independent = max(_independent_bits(reading), (plain or 0.0) / UNIT_PER_BIT[reading.unit])
    return TOO_FEW if CHANCE * independent > RESOLVED_BITS else UNSURE


def _trouble(reading: Reading, labels: bool) -> str:
    """The trouble with the inputs; empty for none."""
    if reading.n < 2:  # one value never differs
        return TOO_FEW
    if all(side.constant for side in reading.sides):
        return "both signals are constant"
    for name, constant, run, clipped in reading.sides:
        if constant:
            return f"{name} is constant"
        if reading.n >= LEAST_PAIRS and clipped > SATURATED * reading.n:
            where = "has a label beyond their limit" if labels else "is outside its bins' range"
            return f"{name} {where} in {clipped / reading.n:.0%} of the pairs"
        if reading.n >= LEAST_PAIRS and run >= STUCK * reading.n:
            return f"{name} has not changed for {run} pairs"
    return ""


def _doubt(reading: Reading, untested: str) -> str:
    by_g = reading.test == "g" and reading.p is not None
    return " (by the G-test: if the samples are independent)" if by_g else _untested(reading, reading.p, untested)


def _untested(reading: Reading, p: float | None, why: str) -> str:
    if p is not None:
        return ""
    if reading.p_due is not None:
        return f" (untested yet: for about {reading.p_due:,} more pairs)"
    return " (untested yet)" if reading.test == "shift" else f" ({why})"


def chance_bits(reading: Reading, deviations: float) -> float:
    """How far corrected MI, in bits, may be above 0 by chance: so many standard deviations, whichever are the largest.

    Of independent samples 2 n MI (nats) is chi-square, which has a longer tail than a Gaussian the fewer bins there
    are: its quantile is that many standard deviations and (deviations^2 - 1) 2/3 above its mean (Cornish & Fisher
    1937). Without that term 18 of 30 unrelated windows in 2 x 2 bins were called dependent at one of 1,001 delays.
    """
    tail_nats = (deviations * deviations - 1) / (3 * reading.n)
    independent = deviations * _independent_bits(reading) + tail_nats / UNIT_PER_BIT["nat"]
    return max(independent, deviations * noise_bits(reading))


def noise_bits(reading: Reading) -> float:
    """The standard deviation in bits that MI in the bins has, or that of independent samples would; the largest."""
    known = reading.stderr, reading.stderr_batch
    if reading.binned_stderr is not None:
        known = reading.binned_stderr, reading.binned_stderr_batch
    return max(_independent_bits(reading), *((error or 0.0) / UNIT_PER_BIT[reading.unit] for error in known))


def _independent_bits(reading: Reading) -> float:
    """The standard deviation in bits that MI of independent samples has: sqrt(bias / n) nats, as 2 n MI is chi-square
    with 2 n bias degrees of freedom, of which there is one at least: a correction of few pairs may be none at all.
    """
    bias_nats = (reading.mi - binned(reading)) / UNIT_PER_BIT[reading.unit] * UNIT_PER_BIT["nat"]
    return math.sqrt(max(bias_nats, 0.5 / reading.n) / reading.n) / UNIT_PER_BIT["nat"]


def _kind(r: float | None, bits: float) -> str:
    if r is None or bits <= 0:  # more than its null by p, and yet nothing of which r could be a part
        return "dependent"
    explained = math.inf if r * r >= 1 else -0.5 * math.log2(1 - r * r)
    return "linearly dependent" if explained >= bits / 2 else "dependent but not linearly"
