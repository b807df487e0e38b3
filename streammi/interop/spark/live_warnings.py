"""What whoever runs a query over a live feed is to know of it: a source of a query has no screen and no readings."""

from typing import Final

from streammi.ingest.intake import Intake
from streammi.records import LinkHealth

COMPLAINT_SECONDS: Final = 60.0  # between two warnings of what cannot be used


class LiveWarnings:
    """Finds what should be warned of, each once, or, of messages that cannot be used, once a minute.

    >>> from streammi.config import FeedConfig
    >>> from streammi.ingest.intake import PairIntake
    >>> intake, found = PairIntake(FeedConfig(endpoint="tcp://a:1", x="flow", y="valve")), LiveWarnings()
    >>> _ = intake.decode(0, [[b'{"Flow": 1, "valve": 2}']], 5.0)
    >>> found.due(intake, LinkHealth(endpoint="tcp://a:1", state="connected"), 5.0)
    ["tcp://a:1: messages that yielded no pair: 1, the newest: no such path: 'flow': did you mean Flow?"]
    """

    def __init__(self) -> None:
        self._malformed, self._due = 0, 0.0
        self._note = self._remarks = ""

    def due(self, intake: Intake, link: LinkHealth, now: float) -> list[str]:
        """The warnings on a link as its feed has it, and on its messages, that are due at ``now``, s since 1970."""
        found = [link.note] if link.note and link.note != self._note else []
        self._note = link.note
        (remarks,), (judged,) = intake.remarks, intake.describe((link,), now)
        found += [remarks] if remarks and remarks != self._remarks else []
        self._remarks = remarks
        more = sum(judged.malformed.values()) - self._malformed
        if more and not 0 < self._due - now < COMPLAINT_SECONDS:
            found.append(f"messages that yielded no pair: {more:,}, the newest: {intake.detail}")
            self._malformed, self._due = self._malformed + more, now + COMPLAINT_SECONDS
        return [f"{link.endpoint}: {words}" for words in found]
