"""Events of a pair's links: stalled and recovered, and gap where samples are missing."""

import math
from typing import Any, Final, TypeAlias

from streammi.records import Event, EventKind, LinkHealth

GAP_SECONDS: Final = 60.0  # between two reports of missing samples
_Link: TypeAlias = tuple[str, str]  # its endpoint and signal


class LinkWatch:
    """Events of a pair's links.

    A gap is reported at once; those of the next minute are added up, so that a feed that loses samples all the time
    does not fill the log.

    >>> watch = LinkWatch("xy")
    >>> states = [("connected", 1.0), ("stalled", 5.0), ("connected", 12.5)]
    >>> healths = [LinkHealth(endpoint="tcp://h:1", state=state, since=t) for state, t in states]
    >>> [event.kind for health in healths for event in watch.update(health, now=health.since)]
    ['stalled', 'recovered']
    """

    def __init__(self, pair: str) -> None:
        self._pair = pair
        self._silent_since: dict[_Link, float] = {}
        self._gaps: dict[_Link, tuple[float, int]] = {}  # when they were reported last, and the total then

    def update(self, health: LinkHealth, now: float) -> list[Event]:
        """The events of a link, as of ``now`` (wall clock, s)."""
        link = (health.endpoint, health.signal)
        return self._silence(link, health) + self._gap(link, health, now)

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs: plain values and tuples, which are copied before the next update."""
        return {"silent_since": self._silent_since, "gaps": self._gaps}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._silent_since, self._gaps = state["silent_since"], state["gaps"]

    def _silence(self, link: _Link, health: LinkHealth) -> list[Event]:
        at, silent_since = health.since, self._silent_since.get(link)
        if health.state in ("stalled", "lost") and silent_since is None:
            self._silent_since[link] = at
            nonfinite = f" and {health.nonfinite} that are not finite" if health.nonfinite else ""
            counted = f"{health.pairs} pairs{nonfinite} in {health.messages} messages"
            said = f"{health.endpoint} is {health.state} after {counted}"
            said += f": {health.note}" if health.note else ""
            return [self._event("stalled", health, at, None, "s", said)]
        if health.state == "connected" and silent_since is not None:
            del self._silent_since[link]
            said = f"{health.endpoint} is back after {at - silent_since:.3g} s"
            return [self._event("recovered", health, at, at - silent_since, "s", said)]
        return []

    def _gap(self, link: _Link, health: LinkHealth, now: float) -> list[Event]:
        at, reported = self._gaps.get(link, (-math.inf, 0))
        missing = health.gaps - reported
        if missing <= 0 or 0 <= now - at < GAP_SECONDS:
            return []
        self._gaps[link] = (now, health.gaps)
        since = "since the start" if at == -math.inf else f"in {now - at:.0f} s"
        missed = (
            f"{missing} sample of {health.endpoint} is"
            if missing == 1
            else f"{missing} samples of {health.endpoint} are"
        )
        said = f"{missed} missing {since}, by its own sequence numbers"
        return [self._event("gap", health, now, missing, "samples", said)]

    def _event(
        self, kind: EventKind, health: LinkHealth, timestamp: float, size: float | None, unit: str, evidence: str
    ) -> Event:
        return Event(
            pair=self._pair,
            kind=kind,
            timestamp=timestamp,
            size=size,
            unit=unit,
            evidence=evidence,
            signal=health.signal,
        )
