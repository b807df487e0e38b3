"""The devices of a monitor as far as this server has heard of them: the newest reading of each, and its past."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.many.choices import Sort
from streammi.dashboard.wording import elapsed, number, signed
from streammi.errors import FeedError
from streammi.publish.messages import published_reading, read_reading, reading_topic
from streammi.records import UNIT_PER_BIT, FloatArray, HistoryLevel, IntArray, MatrixSnapshot, Snapshot, Unit
from streammi.records.codec import UNREADABLE
from streammi.records.linear import linear_equivalent
from streammi.records.status import Status, status_words
from streammi.records.verdict import is_dependent, verdict

POINTS: Final = 120  # of each device's past; as long as there are few, the picture is of
LEAST_POINTS: Final = 20
NOT_HEARD: Final = 3.0  # times as long as its readings usually are apart: then a device is silent,
LEAST_SILENCE: Final = 5.0  # s, and no sooner
UNTESTED: Final = "untested"
SAID: Final = int(Status.WARMING_UP | Status.CLIPPED | Status.UNDERSAMPLED)  # of a device: the feed is that of all
HEIGHT: Final = 100  # of a picture of the past
LEAST_SPARK_BITS: Final = 0.1  # at its top: what chance does is no mountain


class _Brief(msgspec.Struct, frozen=True):
    """The part of a reading that a table is sorted by."""

    v: int
    run: int
    timestamp: float
    unit: Unit
    mi_corrected: float | None = None
    r: float | None = None


class DeviceReading(NamedTuple):
    """A reading of a device as it came: its name in topics, what a table is sorted by, and the frames."""

    name: str
    brief: _Brief
    frames: Sequence[bytes]


# What comes from a monitor: of a pair, of many channels, of devices as a whole or of one, and a device's reading.
Said: TypeAlias = Snapshot | MatrixSnapshot | DeviceReading
_brief: Final = msgspec.json.Decoder(_Brief).decode


def read_device(frames: Sequence[bytes]) -> DeviceReading:
    """A reading of a device; FeedError for what is none."""
    topic = reading_topic("")
    if len(frames) != 2 or not frames[0].startswith(topic):
        raise FeedError("wrong frames", f"{len(frames)} frames, {frames[0][:40]!r}")
    try:
        return DeviceReading(frames[0][len(topic) :].decode(), _brief(frames[1]), frames)
    except UNREADABLE as error:
        raise FeedError("not JSON", str(error)) from None


class Devices:
    """The devices of one monitor, each with a number that it keeps."""

    def __init__(self) -> None:
        self._run: int | None = None
        self.unit: Unit = "bit"
        self.comings = 0  # how often one has come or gone
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        self._newest: list[DeviceReading | None] = []  # by number,
        self._keys: list[str] = []  # and the devices' own names, as they are shown
        self._past: FloatArray = np.full((0, 2, POINTS), np.nan)  # times, s, and MI; oldest first

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

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
        if before is None or brief.timestamp > before.brief.timestamp:  # else it is said again, to a late joiner
            past[:, :-1] = past[:, 1:]
            past[:, -1] = brief.timestamp, np.nan if brief.mi_corrected is None else brief.mi_corrected
        self._newest[number] = reading

    def limit(self, most: int) -> None:
        """Let go of those that have been silent longest where they are more than their monitor has."""
        gone = len(self) - most
        if gone <= 0:
            return
        self.comings += 1
        for name in sorted(self._numbers, key=lambda name: self._past.item(self._numbers[name], 0, -1))[:gone]:
            number = self._numbers.pop(name)
            self._newest[number] = None
            self._free.append(number)

    def is_gone(self, number: int) -> bool:
        """True if no device has this number."""
        return not 0 <= number < len(self._newest) or self._newest[number] is None

    def in_order(self, sort: Sort, words: str = "") -> IntArray:
        """The numbers of the devices that have all of the words in their names, the one to look at first."""
        asked = words.casefold().split()
        numbers = np.array(
            [n for n in self._numbers.values() if all(word in self._keys[n].casefold() for word in asked)], np.int64
        )
        if sort == "name":
            return np.array(sorted(numbers.tolist(), key=lambda n: (self._keys[n].casefold(), n)), np.int64)
        worth = self._past[numbers, 1, -1]
        if sort == "MI high, r low":
            worth = linear_equivalent(worth / UNIT_PER_BIT[self.unit]) - np.abs(self._r(numbers))
        found: IntArray = numbers[np.argsort(-worth, kind="stable")]  # NaN comes last
        return found

    def rows(self, numbers: IntArray, now: float | None) -> list[dict[str, Any]]:
        """The devices with these numbers, a row each, at their monitor's time ``now``, s; None: none is silent."""
        pasts = self._heights(numbers)
        return [self._row(number, past, now) for number, past in zip(numbers.tolist(), pasts, strict=True)]

    def history(self, name: str) -> tuple[HistoryLevel, ...]:
        """The past of a device as far as this server has seen it."""
        t, mi = self._past[self._numbers[name]]
        known = np.isfinite(t)
        t, mi = t[known], mi[known]
        return (HistoryLevel(step=1, t=t, mi=mi, low=mi, high=mi, null_q95=np.full(t.size, np.nan)),)

    def _row(self, number: int, past: list[int | None], now: float | None) -> dict[str, Any]:
        newest = self._newest[number]
        assert newest is not None
        _, fields = read_reading(newest.frames)
        reading, brief = published_reading(fields), newest.brief
        said, tone = "", "dim"
        if reading is not None:
            said = verdict(reading, labels=brief.r is None, untested=UNTESTED).removesuffix(f" ({UNTESTED})")
            tone = "text" if is_dependent(reading) else "dim"
        status = fields.get("status")
        words = [said, *status_words(status & SAID if isinstance(status, int) else 0)]
        silent = 0.0 if now is None else now - brief.timestamp
        if silent > max(NOT_HEARD * self._apart(number), LEAST_SILENCE):
            words, tone = [f"silent for {elapsed(silent)}", said], "warn"
        mi = brief.mi_corrected
        return {
            "pair": number, "label": newest.name, "x": self._keys[number], "y": "", "mi": number_of(mi),
            "sure": False, "past": past, "change": "", "changed": False, "r": signed(brief.r, 2), "p": "",
            "word": (", ".join(filter(None, words)), tone), "through": "",
        }  # fmt: skip

    def _give_number(self, name: str) -> int:
        self.comings += 1
        number = self._free.pop() if self._free else len(self._newest)
        if number == len(self._newest):
            self._newest.append(None)
            self._keys.append("")
        if number >= len(self._past):
            more = np.full((max(64, len(self._past)), 2, POINTS), np.nan)
            self._past = np.concatenate((self._past, more))
        self._past[number] = np.nan
        self._numbers[name], self._keys[number] = number, unquote(name.partition("/")[0])
        return number

    def _r(self, numbers: IntArray) -> FloatArray:
        found = (self._newest[number] for number in numbers.tolist())
        known = (None if newest is None else newest.brief.r for newest in found)
        return np.array([np.nan if r is None else r for r in known], np.float64)

    def _apart(self, number: int) -> float:
        """How long two readings of a device usually are apart, s; 0 where there are not two."""
        t = self._past[number, 0]
        apart: NDArray[np.float64] = np.diff(t[np.isfinite(t)])
        return float(np.median(apart)) if apart.size else 0.0

    def _heights(self, numbers: IntArray) -> list[list[int | None]]:
        """The past of each from 0 up, by its own largest: heights, None where it is not known."""
        values = self._past[numbers, 1]
        known = np.isfinite(values)
        began = int(np.argmax(known.any(axis=0))) if known.any() else 0
        values, known = (each[:, min(began, POINTS - LEAST_POINTS) :] for each in (values, known))
        least = LEAST_SPARK_BITS * UNIT_PER_BIT[self.unit]
        top = np.max(values, axis=1, where=known, initial=least, keepdims=True)
        heights = np.rint(np.clip(np.where(known, values, 0.0) / top, 0, 1) * HEIGHT).astype(np.int64)
        return [
            [height if there else None for height, there in zip(row, seen, strict=True)]
            for row, seen in zip(heights.tolist(), known.tolist(), strict=True)
        ]


def number_of(mi: float | None) -> str:
    """MI as it is shown: what is below 0 is drawn at 0."""
    return number(None if mi is None else max(mi, 0.0))
