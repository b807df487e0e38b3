"""A running monitor of many channels as a report: its matrices while somebody listens, and the pairs to be drawn."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from streammi.errors import FeedError
from streammi.publish.matrices import labels, read_matrix
from streammi.publish.snapshot_bytes import read_snapshot
from streammi.records import FloatArray, MatrixSnapshot
from streammi.report.collect import axis_of
from streammi.report.many.collect import ChannelCollector, ManyFindings, as_matrices

TOPIC: Final = "matrix/"
Pair = tuple[int, int]


class ManyListener:
    """Takes the messages of one monitor of many channels, the first that is heard of."""

    def __init__(self) -> None:
        self._collector = ChannelCollector(arrival=True)
        self._name: str | None = None
        self._others: set[str] = set()
        self._restarts = self._unreadable = 0
        self._labels: list[str] = []
        self.points: dict[Pair, FloatArray] = {}  # (2, k) of each pair that was asked for

    @property
    def newest(self) -> MatrixSnapshot | None:
        """The newest matrices with pairs in them."""
        return self._collector.last

    def take(self, frames: list[bytes]) -> None:
        """Take a message; what cannot be read is counted."""
        try:
            if frames[0].startswith(TOPIC.encode()):
                self._take_matrix(read_matrix(frames))
            else:
                self._take_pair(frames)
        except FeedError:
            self._unreadable += 1

    def topics(self, pairs: Sequence[Pair]) -> list[str]:
        """The topics by which the snapshots of these pairs are asked for, without those that have come."""
        found = [f"snapshot/{self._labels[i]}~{self._labels[j]}" for i, j in pairs if (i, j) not in self.points]
        return list(dict.fromkeys(found))

    def findings(self) -> ManyFindings | None:
        """Everything found; None while there are no pairs."""
        last, heard = self._collector.last, self._collector
        if last is None:
            return None
        assert heard.past is not None
        return ManyFindings(
            found=as_matrices(last), matrix=last, of=f"the last window ({last.window})", last=last, past=heard.past,
            changes=heard.changes, events=tuple(heard.events), events_omitted=heard.omitted, channels=(),
            points={}, rows=last.rows, start=float(heard.past.t[0]),
            axis=axis_of(np.append(heard.past.t, last.timestamp), timed=True), links=last.links,
        )  # fmt: skip

    @property
    def notes(self) -> list[str]:
        """Everything to know of what was heard, in words."""
        last = self._collector.last
        notes = [] if last is None else list(last.notes)
        if self._restarts:
            notes.append(f"the monitor was started again {self._restarts:,} times meanwhile")
        if self._unreadable:
            notes.append(f"{self._unreadable:,} messages could not be read")
        if self._others:
            notes.append(f"other monitors at this endpoint are not in here: {', '.join(sorted(self._others))}")
        return notes

    def _take_matrix(self, snapshot: MatrixSnapshot) -> None:
        self._name = self._name or snapshot.name
        if snapshot.name != self._name:
            self._others.add(snapshot.name)
            return
        before = self._collector.last
        if before is not None and before.run != snapshot.run:
            self._restarts += 1
        if before is None or before.names != snapshot.names:
            self._labels, self.points = labels(snapshot.names), {}
        self._collector.matrix(snapshot)

    def _take_pair(self, frames: list[bytes]) -> None:
        snapshot = read_snapshot(frames)
        first, _, second = snapshot.pair.partition("~")
        if first in self._labels and second in self._labels:
            pair, trace = (self._labels.index(first), self._labels.index(second)), snapshot.trace
            self.points[pair] = np.empty((2, 0)) if trace is None else np.stack((trace.x_newest, trace.y_newest))
