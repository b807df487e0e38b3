"""Everything received of monitors: the newest snapshot of each pair, those at the time of freezing, ages and links."""

from streammi.dashboard.choices import PairKey
from streammi.dashboard.scene import Extremes
from streammi.records import LinkState, Snapshot
from streammi.records.verdict import strength


class Received:
    """Of each pair the newest snapshot, when it came, and the extremes of MI; ``now`` is the wall clock here, s."""

    def __init__(self, monitors: int) -> None:
        self.now: float | None = None
        self.links: list[tuple[LinkState, str]] = [("connecting", "")] * monitors  # how each is, and why
        self._since: list[float | None] = [None] * monitors  # when they came into that state
        self.newest: dict[PairKey, Snapshot] = {}
        self._came: dict[PairKey, float | None] = {}  # when the newest did
        self._extremes: dict[PairKey, Extremes] = {}
        self._frozen: dict[PairKey, Snapshot] | None = None
        self._frozen_at: float | None = None

    @property
    def shown(self) -> dict[PairKey, Snapshot]:
        """The snapshots that are shown: the newest of each pair, or those at the moment of freezing."""
        return self.newest if self._frozen is None else self._frozen

    @property
    def is_frozen(self) -> bool:
        """True if what is shown is of an earlier moment."""
        return self._frozen is not None

    def connect(self, monitor: int, state: LinkState, note: str) -> bool:
        """Take note of how the link to a monitor is, and why; returns whether that is new."""
        before, self.links[monitor] = self.links[monitor], (state, note)
        if before[0] != state:
            self._since[monitor] = self.now
        return before != self.links[monitor]

    def link_seconds(self, monitor: int) -> float | None:
        """How long the link to a monitor has been as it is, s; None where that is not known."""
        return self.lasted(self._since[monitor])

    def take(self, key: PairKey, snapshot: Snapshot) -> bool:
        """Take in a snapshot of a pair; returns whether anything but the clock is new."""
        self.came(key)
        news = _differ(self.newest.get(key), snapshot)
        self.newest[key] = snapshot
        if snapshot.reading is not None and snapshot.reading.fill >= 1:  # of fewer pairs it is another thing
            self._extremes[key] = _widened(self._extremes.get(key), snapshot)
        return news

    def came(self, key: PairKey) -> None:
        """Something of this pair, or monitor of many, has come now."""
        self._came[key] = self.now

    def forget(self, key: PairKey) -> None:
        """Let go of all that is known of a pair."""
        for known in (self.newest, self._came, self._extremes):
            known.pop(key, None)

    def extremes(self, key: PairKey) -> Extremes | None:
        """The least and the most MI of a full window so far."""
        return self._extremes.get(key)

    def reset_extremes(self, key: PairKey) -> None:
        """Begin anew with them."""
        self._extremes.pop(key, None)

    def freeze(self, *, frozen: bool) -> None:
        """Show what there is now from now on, or the newest again."""
        self._frozen, self._frozen_at = dict(self.newest) if frozen else None, self.now

    def lasted(self, since: float | None) -> float | None:
        """How long it is since then, s, as of the moment that is shown; None where that is not known."""
        now = self.now if self._frozen is None else self._frozen_at
        return None if since is None or now is None else max(now - since, 0.0)

    def age(self, key: PairKey) -> float | None:
        """How long it is since the newest of a pair came, s; None where nothing has."""
        return self.lasted(self._came.get(key))

    def behind(self, key: PairKey) -> tuple[float, int] | None:
        """How far what is shown is behind, s and readings; None where it is not frozen."""
        if self._frozen is None or key not in self._frozen:
            return None if self._frozen is None else (0.0, 0)
        old = self._frozen[key]
        new = self.newest.get(key, old)  # its monitor may have begun anew under another name
        return new.timestamp - old.timestamp, new.seq - old.seq


def _differ(old: Snapshot | None, new: Snapshot) -> bool:
    if old is None:
        return True
    fields = ("run", "seq", "reading", "links", "status", "events", "alarms", "verdict")
    return any(getattr(old, name) != getattr(new, name) for name in fields)


def _widened(seen: Extremes | None, snapshot: Snapshot) -> Extremes:
    assert snapshot.reading is not None
    mi = strength(snapshot.reading)
    if seen is None:
        return Extremes(mi, mi, snapshot.timestamp)
    return Extremes(min(seen.low, mi), max(seen.high, mi), seen.since)
