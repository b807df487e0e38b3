"""All that a picture of many devices is made of: the rows of their table."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.many.devices import Devices, Silent, Words
from streammi.dashboard.many.listed import Bools, Listed, Toned
from streammi.dashboard.names import names_in
from streammi.records import IntArray, Snapshot, Unit
from streammi.records.links import is_stale


@dataclass(frozen=True, kw_only=True)
class ManyDevices(Listed):
    """The devices of one monitor, as far as this view has heard of them."""

    noun = "device"
    sides = 1
    tested = False
    verdict_columns = 18  # linearly dependent

    whole: Snapshot  # the monitor's, without a reading
    devices: Devices
    silent: Silent  # those of which nothing comes any more, though it does of others

    @property
    def source(self) -> Snapshot:
        """The newest of the monitor as a whole."""
        return self.whole

    @property
    def published(self) -> Unit:
        """The unit of the readings."""
        return self.devices.unit

    @property
    def count(self) -> int:
        """How many have said a reading."""
        return len(self.devices)

    @property
    def is_empty(self) -> bool:
        """True if none has said a reading."""
        return not len(self.devices)

    @cached_property
    def now(self) -> float | None:
        """The monitor's time, by which a device is silent."""
        return time_of(self.whole)

    @property
    def title(self) -> str:
        """The name of each device's pair."""
        return self.whole.pair

    @property
    def what(self) -> str:
        """How many devices there are, and how many have said a reading."""
        count, heard = self.whole.devices or 0, self.count
        said = f"{count:,} device{'s' * (count != 1)} by {self.whole.key}"
        return said if heard >= count else f"{said}, {heard:,} with a reading so far"

    def names(self, number: int) -> tuple[str, ...]:
        """The name of a device."""
        return (self.devices.key(number),)

    @property
    def longest(self) -> int:
        """The columns that the longest name takes."""
        return self.devices.longest

    def fitted(self, numbers: IntArray, side: int, width: int, ellipsis: str) -> list[str]:
        """The name of each: cut so that no two of these look alike, where that can be."""
        return list(names_in(tuple(self.devices.key(number) for number in numbers.tolist()), width, ellipsis))

    def mi(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI in the unit that is shown."""
        return self.devices.mi(numbers) * self.factor

    def r(self, numbers: IntArray) -> NDArray[np.floating]:
        """Pearson's r."""
        return self.devices.r(numbers)

    def p(self, numbers: IntArray) -> NDArray[np.floating]:
        """Not known: devices are not tested."""
        return np.full(numbers.size, np.nan)

    def change(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI less its mean before, as far as this view has heard, in the unit that is shown."""
        return self.devices.change(numbers) * self.factor

    def past(self, numbers: IntArray, most: int) -> NDArray[np.floating]:
        """MI in the last readings of each."""
        return self.devices.past(numbers, most)

    def depends(self, numbers: IntArray) -> Bools:
        """True of those that depend by more than chance, as far as that is known without a test."""
        return np.array([one.depends for one in self._words(numbers)], np.bool_)

    def are_changed(self, numbers: IntArray) -> Bools:
        """Never: how far chance goes is not known of devices."""
        return np.zeros(numbers.size, np.bool_)

    def words(self, numbers: IntArray) -> list[Toned]:
        """The verdict on each."""
        return [one[:2] for one in self._words(numbers)]

    def _words(self, numbers: IntArray) -> list[Words]:
        """These devices in words, which several columns are of."""
        known = self._known.get(key := numbers.tobytes())
        if known is None:
            known = self._known[key] = self.devices.words(numbers, self.now)
        return known

    @cached_property
    def _known(self) -> dict[bytes, list[Words]]:
        return {}


def time_of(whole: Snapshot) -> float | None:
    """A monitor's time, by which a device is silent; None where nothing comes of any, which is said of all at once."""
    return None if any(is_stale(link.state) for link in whole.links) else whole.timestamp
