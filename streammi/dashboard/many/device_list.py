"""All that a picture of many devices is made of: the rows of their table."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.glyphs import Glyphs
from streammi.dashboard.drawing.names import names_in
from streammi.dashboard.drawing.wording import count, why_no_pair
from streammi.dashboard.many.device_words import Words
from streammi.dashboard.many.devices import Devices, Silent
from streammi.dashboard.many.listed import Bools, Listed
from streammi.dashboard.many.marks import Mark, Toned, of_devices
from streammi.records import IntArray, Snapshot, Unit
from streammi.records.link_totals import total
from streammi.records.links import is_stale


@dataclass(frozen=True, kw_only=True)
class ManyDevices(Listed):
    """The devices of one monitor, as far as this view has heard of them."""

    noun = "device"
    sides = 1
    tested = False
    verdict_columns = 18  # linearly dependent
    has_events = False
    pieces = "pairs"
    incomplete = " pairs that are not finite"

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

    @property
    def window(self) -> tuple[str, bool]:
        """The window of each device in words; each fills its own."""
        return f"window {self.whole.window} of each", True

    @property
    def totals(self) -> list[tuple[str, str]]:
        """How many pairs have come."""
        return [(count(total(self.whole.links).pairs), " pairs")]

    def standing(self, glyphs: Glyphs, *, stale: bool) -> list[Toned]:
        """Which devices are silent, or what is waited for."""
        if self.is_empty:
            return [(f"{glyphs.warning} {self._waited_for()}", "warn")]
        if self.now is None or stale:
            return [(f"{glyphs.warning} nothing comes of any of them: these are their last readings", "warn")]
        found = self.silent_words(glyphs) or [(f"{glyphs.connected} all of them send", "text")]
        return [*found, ("   not tested against chance", "dim")]

    def _waited_for(self) -> str:
        link = total(self.whole.links)
        if not self.whole.devices and link.malformed:
            why, _ = why_no_pair(self.whole.links)
            return f"no pair in {count(link.messages)} messages: {why}"
        return "waiting for the first reading of a device" if link.messages else "no message yet"

    def silent_words(self, glyphs: Glyphs) -> list[Toned]:
        """The devices of which nothing comes any more; nothing where all send."""
        silent, named = self.silent
        if not silent:
            return []
        more = f" and {silent - len(named):,} more" if silent > len(named) else ""
        return [(f"{glyphs.warning} {silent:,} silent: ", "warn"), (f"{', '.join(named)}{more}", "strong")]

    def marks(self, glyphs: Glyphs) -> list[Mark]:
        """The marks of the table, and what they mean."""
        return of_devices()

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
