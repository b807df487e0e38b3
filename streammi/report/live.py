"""A running monitor as a report: what it publishes while somebody listens, and what it knows of the time before."""

from collections.abc import Callable
from typing import Final

from streammi.errors import FeedError
from streammi.publish.messages import Fields, published_reading, read_reading
from streammi.publish.snapshot_bytes import read_snapshot
from streammi.records import Snapshot
from streammi.report.collect import Collector, Findings

TOPICS: Final = ("mi/", "snapshot/")
MOST_OTHERS: Final = 6  # pairs that are named


class Listener:
    """Takes the messages of one pair, the first that is heard of; each reading is handed to ``on_reading``, too."""

    def __init__(self, on_reading: Callable[[Fields], object]) -> None:
        self._on_reading = on_reading
        self._collector = Collector(arrival=True)
        self._pair: str | None = None
        self.snapshot: Snapshot | None = None
        self.of_devices = False  # the monitor has many, and of none so much as a page shows
        self.readings = 0
        self._last: tuple[int, int] | None = None  # run and seq of the newest reading
        self._missed = self._restarts = self._unreadable = 0
        self._others: set[str] = set()

    def take(self, frames: list[bytes]) -> None:
        """Take a message; what cannot be read is counted."""
        try:
            if frames[0].startswith(b"snapshot/"):
                self._take_snapshot(read_snapshot(frames))
            else:
                self._take_reading(*read_reading(frames))
        except FeedError:
            self._unreadable += 1

    def findings(self) -> Findings | None:
        """Everything found; None while there is no snapshot with a reading."""
        if self.snapshot is None or self.snapshot.reading is None:
            return None
        return self._collector.heard(self.snapshot)

    @property
    def notes(self) -> list[str]:
        """Everything to know of what was heard, in words."""
        found = (
            (self._restarts, "the monitor was started again {} meanwhile", "once", "{:,} times"),
            (self._missed, "{} not heard: this program was too slow", "a reading was", "{:,} readings were"),
            (self._unreadable, "{} could not be read", "a message", "{:,} messages"),
        )
        notes = [words.format((one if n == 1 else many).format(n)) for n, words, one, many in found if n]
        if self._others:
            others = ", ".join(sorted(self._others)) + (" …" if len(self._others) == MOST_OTHERS else "")
            notes.append(f"other pairs of this monitor are not in here: {others}")
        return notes

    def _mine(self, pair: str) -> bool:
        self._pair = self._pair or pair
        if pair != self._pair and len(self._others) < MOST_OTHERS:
            self._others.add(pair)
        return pair == self._pair

    def _take_snapshot(self, snapshot: Snapshot) -> None:
        self.of_devices |= snapshot.devices is not None
        if self._mine(snapshot.pair):
            self.snapshot = snapshot

    def _take_reading(self, pair: str, fields: Fields) -> None:
        reading, (run, seq, timestamp) = published_reading(fields), map(fields.get, ("run", "seq", "timestamp"))
        if not self._mine(pair):
            return
        if not (isinstance(run, int) and isinstance(seq, int) and isinstance(timestamp, float | int)):
            raise FeedError("bad header", "no run, seq and timestamp")
        if reading is None:
            raise FeedError("too few fields", "no counts and entropies")
        if self._last is not None:
            again = self._last[0] != run
            self._restarts += again
            if not again and seq <= self._last[1]:  # sent anew to another who joined late
                return
            self._missed += 0 if again else seq - self._last[1] - 1
        self._last = run, seq
        self.readings += 1
        self._collector.item(float(timestamp), reading)
        self._on_reading(fields)


def findings_of(snapshot: Snapshot) -> Findings:
    """Everything that a report shows of one moment of a monitor."""
    return Collector(arrival=True).heard(snapshot)
