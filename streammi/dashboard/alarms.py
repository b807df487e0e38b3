"""The alarms that nobody has acknowledged, of all pairs that a view shows."""

from streammi.dashboard.choices import PairKey
from streammi.records import Event, Snapshot


class Alarms:
    """Alarms as they come, until they are acknowledged; and whether there is something to ring for."""

    def __init__(self) -> None:
        self.open: dict[tuple[PairKey, str], Event] = {}  # by rule, newest last
        self._acknowledged: dict[tuple[PairKey, str], Event] = {}  # the newest of each rule
        self._rings = False  # a new one has come

    def take(self, key: PairKey, before: Snapshot | None, snapshot: Snapshot) -> None:
        """Keep the alarms that are raised, and those that came and went since the snapshot before."""
        if not snapshot.alarms and (before is None or before.events == snapshot.events):  # nearly always
            return
        old = () if before is None else before.events
        gone = [] if before is None else [one for one in snapshot.events if one.kind == "alarm" and one not in old]
        for alarm in (*gone, *snapshot.alarms):
            place = key, alarm.rule
            if alarm in (self.open.get(place), self._acknowledged.get(place)):
                continue
            self.open.pop(place, None)
            self.open[place] = alarm
            self._rings = True

    def ring(self) -> None:
        """Ring for what is no alarm."""
        self._rings = True

    def rang(self) -> bool:
        """True if there was something to ring for since this was asked last."""
        rings, self._rings = self._rings, False
        return rings

    def acknowledge(self) -> None:
        """Show none of those that there are any more."""
        self._acknowledged |= self.open
        self.open = {}

    def shown(self, key: PairKey) -> tuple[tuple[str, Event], ...]:
        """The alarms, newest first, each with its pair's name where that is another one than ``key``."""
        found = reversed(self.open.items())
        return tuple(("" if of == key else of[1], alarm) for (of, _), alarm in found)
