"""The devices of a monitor as far as a view has heard of them: the newest reading of each, and its past."""

from copy import copy
from heapq import nsmallest
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.cells import columns
from streammi.dashboard.drawing.wording import elapsed
from streammi.dashboard.many.choices import Sort
from streammi.dashboard.many.device_words import Words, key_of, words_of
from streammi.publish.device_readings import DeviceReading
from streammi.records import UNIT_PER_BIT, FloatArray, HistoryLevel, IntArray, Unit
from streammi.records.linear import linear_equivalent

POINTS: Final = 120  # of each device's past
NOT_HEARD: Final = 3.0  # times as long as its readings usually are apart: then a device is silent,
LEAST_SILENCE: Final = 5.0  # s, and no sooner
SPACINGS: Final = 5  # between its newest readings, whose median is what is usual
LEAST_USUAL: Final = 4.5  # readings of full windows, as they are weighted: after 5 it is known what is usual
FADES: Final = 1 - 1 / POINTS  # what a reading counts less with each one after it
SOME: Final = 500  # devices that tell how far apart the readings of one usually are
NAMED: Final = 3  # devices that are silent are named, at the most
SILENT_FIRST: Final = 1e6  # bits that the silence of a device counts as, where what has changed comes first


class Silent(NamedTuple):
    """How many devices are silent, and the names of the first few."""

    devices: int = 0
    named: tuple[str, ...] = ()


class Devices:
    """The devices of one monitor, each with a number that it keeps."""

    def __init__(self) -> None:
        self._run: int | None = None
        self.unit: Unit = "bit"
        self.comings = 0  # how often one has come or gone
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.comings += 1
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._newest: list[DeviceReading | None] = []  # by number, as all that follows is,
        self._keys: list[str] = []  # the devices' own names, as they are shown,
        self._words: dict[int, tuple[DeviceReading, Words]] = {}  # what was said of a reading, as long as it is newest
        self._past: FloatArray = np.full((0, 2, POINTS), np.nan)  # times, s, and MI; oldest first
        # Beside the past, for looks at all devices at once, which would gather 19 MB of it otherwise:
        self._times: FloatArray = np.full((0, SPACINGS + 1), np.nan)  # of the newest readings
        self._now: FloatArray = np.full((0, 3), np.nan)  # the newest MI, r, and MI where it is of a full window
        self._usual: FloatArray = np.zeros((0, 2))  # weights of the full windows before, and their MI so weighted
        self._by_name: tuple[int, IntArray] = (-1, np.zeros(0, np.int64))  # of so many comings

        self._longest = -1, 0  # likewise
        self._typical = np.inf  # how long the readings of a device usually are apart, s

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def copy(self) -> "Devices":
        """The devices as they are now, whatever comes after."""
        kept = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict | list | np.ndarray):
                setattr(kept, name, value.copy())
        return kept

    def take(self, reading: DeviceReading) -> None:
        """Take in a reading; one of another run of the monitor begins anew."""
        brief = reading.brief
        if self._run != brief.run:
            self._begin_anew()
            self._run, self.unit = brief.run, brief.unit
        number = self._numbers.get(reading.name)
        if number is None:
            number = self._give_number(reading.name)
        past, before = self._past[number], self._newest[number]
        mi = np.nan if brief.mi_corrected is None else brief.mi_corrected
        if before is None or brief.timestamp > before.brief.timestamp:  # else it is said again, to a late joiner
            full_before = self._now.item(number, 2)
            if full_before == full_before:
                self._usual[number] = self._usual[number] * FADES + (1, full_before)
            past[:, :-1] = past[:, 1:]
            past[:, -1] = brief.timestamp, mi
            self._times[number] = past[0, -SPACINGS - 1 :]
        self._now[number] = mi, np.nan if brief.r is None else brief.r, mi if brief.fill >= 1 else np.nan
        self._newest[number] = reading

    def limit(self, most: int) -> None:
        """Let go of those that have been silent longest where they are more than their monitor has."""
        gone = len(self) - most
        if gone <= 0:
            return
        self.comings += 1
        for name in sorted(self._numbers, key=lambda name: self._times.item(self._numbers[name], -1))[:gone]:
            number = self._numbers.pop(name)
            self._newest[number] = None
            self._words.pop(number, None)
            self._free.append(number)

    def number(self, name: str) -> int | None:
        """The number of the device that topics call so; None where there is none."""
        return self._numbers.get(name)

    def is_gone(self, number: int) -> bool:
        """True if no device has this number."""
        return not 0 <= number < len(self._newest) or self._newest[number] is None

    def name(self, number: int) -> str:
        """The name in topics of the device with this number."""
        newest = self._newest[number]
        assert newest is not None
        return newest.name

    def key(self, number: int) -> str:
        """The device's own name."""
        return self._keys[number]

    @property
    def longest(self) -> int:
        """The columns that the longest of the names takes."""
        if self._longest[0] != self.comings:
            self._longest = self.comings, max((columns(self._keys[one]) for one in self._numbers.values()), default=0)
        return self._longest[1]

    def in_order(self, sort: Sort, words: str = "", now: float | None = None) -> IntArray:
        """The numbers of the devices that have all of the words in their names, the one to look at first.

        Where that is what has changed, those come first that are silent at their monitor's time ``now``, s.
        """
        asked = words.casefold().split()
        found = self._sorted_by_name() if sort == "name" else np.fromiter(self._numbers.values(), np.int64, len(self))
        if asked:
            keys = self._keys
            found = np.array([n for n in found.tolist() if all(word in keys[n].casefold() for word in asked)], np.int64)
        if sort == "name":
            return found
        ordered: IntArray = found[np.argsort(-self._worth(found, sort, now), kind="stable")]  # NaN comes last
        return ordered

    def _worth(self, numbers: IntArray, sort: Sort, now: float | None) -> FloatArray:
        """By how much each device comes first, (n,); NaN where that is not known."""
        mi = self.mi(numbers)
        if sort == "MI high, r low":
            return np.asarray(linear_equivalent(mi / UNIT_PER_BIT[self.unit]) - np.abs(self.r(numbers)))
        if sort != "change":
            return mi
        off = np.abs(self.change(numbers))
        silent = self.are_silent(numbers, now)
        return np.where(silent, np.nan_to_num(off) + SILENT_FIRST, off)

    def _sorted_by_name(self) -> IntArray:
        """All numbers in the order of the devices' own names."""
        if self._by_name[0] != self.comings:
            keys = self._keys
            found = sorted(self._numbers.values(), key=lambda n: (keys[n].casefold(), n))
            self._by_name = self.comings, np.array(found, np.int64)
        return self._by_name[1]

    def mi(self, numbers: IntArray) -> FloatArray:
        """The newest MI of each, (n,); NaN where it is not known."""
        found: FloatArray = self._now[numbers, 0]
        return found

    def r(self, numbers: IntArray) -> FloatArray:
        """The newest r of each, likewise."""
        found: FloatArray = self._now[numbers, 1]
        return found

    def change(self, numbers: IntArray) -> FloatArray:
        """MI of each less its mean in the full windows before, the newer ones more; NaN where there were not five."""
        count, total = self._usual[numbers].T
        usual = total / np.where(count >= LEAST_USUAL, count, np.nan)
        return np.asarray(self._now[numbers, 2] - usual)

    def past(self, numbers: IntArray, most: int) -> FloatArray:
        """The MI of each in its last ``most`` readings, oldest first, (k, n)."""
        return self._past[numbers, 1, -most:].T

    def are_silent(self, numbers: IntArray, now: float | None) -> NDArray[np.bool_]:
        """True of each of which nothing has come for three times as long as usual, 5 s at least; of none for None.

        Where one reading is all there is of a device, what is usual of the others is so of it.
        """
        if now is None:
            return np.zeros(numbers.size, np.bool_)
        usual = self._usually_apart(numbers)
        allowed = NOT_HEARD * np.where(np.isfinite(usual), usual, self._typical)
        silent: NDArray[np.bool_] = now - self._times[numbers, -1] > np.maximum(allowed, LEAST_SILENCE)
        return silent

    def _usually_apart(self, numbers: IntArray) -> FloatArray:
        """The median time between the last readings of each, s; NaN where there are not two."""
        apart = np.sort(np.diff(self._times[numbers], axis=1), axis=1)  # NaN comes last
        known = np.count_nonzero(np.isfinite(apart), axis=1)
        found: FloatArray = apart[np.arange(numbers.size), np.maximum(known - 1, 0) // 2]
        return found

    def silent(self, now: float | None) -> Silent:
        """All that are silent at their monitor's time ``now``, s: to be asked once a second."""
        if now is None:
            return Silent()
        numbers = np.fromiter(self._numbers.values(), np.int64, len(self))
        usual = self._usually_apart(numbers[:: len(numbers) // SOME + 1])
        known = usual[np.isfinite(usual)]
        self._typical = float(np.median(known)) if known.size else np.inf
        late = numbers[now - self._times[numbers, -1] > LEAST_SILENCE]  # no other one can be
        found = late[self.are_silent(late, now)].tolist()
        return Silent(len(found), tuple(nsmallest(NAMED, (self._keys[number] for number in found))))

    def heard(self, number: int) -> float:
        """The time of a device's newest reading, s."""
        return self._times.item(number, -1)

    def words(self, numbers: IntArray, now: float | None) -> list[Words]:
        """Each device in words at its monitor's time ``now``, s; None: none is silent."""
        silent = self.are_silent(numbers, now)
        found = []
        for number, is_silent in zip(numbers.tolist(), silent.tolist(), strict=True):
            said = self._said_of(number)
            if is_silent and now is not None:
                said = Words(f"silent for {elapsed(now - self.heard(number))}, {said.said}", "warn", False)
            found.append(said)
        return found

    def _said_of(self, number: int) -> Words:
        """The newest reading of a device in words: made once."""
        newest, known = self._newest[number], self._words.get(number)
        assert newest is not None
        if known is None or known[0] is not newest:
            known = self._words[number] = newest, words_of(newest)
        return known[1]

    def history(self, name: str) -> tuple[HistoryLevel, ...]:
        """The past of a device as far as this view has heard of it; nothing of one that is not there."""
        if name not in self._numbers:
            return ()
        t, mi = self._past[self._numbers[name]]
        known = np.isfinite(t)
        t, mi = t[known], mi[known]
        return (HistoryLevel(step=1, t=t, mi=mi, low=mi, high=mi, null_q95=np.full(t.size, np.nan)),)

    def _give_number(self, name: str) -> int:
        self.comings += 1
        number = self._free.pop() if self._free else len(self._newest)
        if number == len(self._newest):
            self._newest.append(None)
            self._keys.append("")
        if number >= len(self._past):
            rows = max(64, len(self._past))
            self._past = _longer(self._past, rows)
            self._times = _longer(self._times, rows)
            self._now = _longer(self._now, rows)
            self._usual = _longer(self._usual, rows)
        self._past[number] = self._times[number] = self._now[number] = np.nan
        self._usual[number] = 0.0
        self._numbers[name], self._keys[number] = number, key_of(name)
        return number


def _longer(array: FloatArray, rows: int) -> FloatArray:
    return np.concatenate((array, np.full((rows, *array.shape[1:]), np.nan)))
