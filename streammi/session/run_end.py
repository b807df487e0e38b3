"""The end of a run of any monitor: the loss that --strict ends it for, and its exit status."""

from collections.abc import Callable, Sequence
from typing import Final

from streammi.network.link import unreachable
from streammi.records import LinkHealth
from streammi.system.signals import Stop
from streammi.system.spool import Spool

LOSS_STATUS: Final = 3  # exit status of --strict
UNWRITTEN_STATUS: Final = 1  # where the last lines could not be written


class StrictLoss:
    """Ends a run with ``strict`` once ``loss``, in words as of a time in s, is not what it was when the run began."""

    def __init__(self, strict: bool, loss: Callable[[float], str], now: float) -> None:
        self._strict, self._loss = strict, loss
        self._before = loss(now)  # of the run that this one goes on from
        self.found = False

    def look(self, now: float) -> None:
        """Look whether there is any."""
        if self._strict:
            self.found = bool(self.words(now))

    def words(self, now: float) -> str:
        """All that is lost, if that is news and the run is strict; else empty."""
        return loss if self._strict and (loss := self._loss(now)) != self._before else ""


def exit_status(
    stop: Stop, links: Sequence[LinkHealth], lines: Spool | None, loss: str, warn: Callable[[str], None]
) -> int:
    """The status of a run that has ended, of a strict one with its ``loss``; ConfigError if nobody ever answered."""
    if stop.status == 0 and stop.requested and all(link.state == "connecting" for link in links):
        raise unreachable(links[0].endpoint, links[0].note)
    if loss:
        warn(f"--strict: {loss}")
        return LOSS_STATUS
    return stop.status or (UNWRITTEN_STATUS if lines is not None and lines.lost else 0)


def has_no_reader(lines: Spool | None) -> bool:
    """True if nobody reads the lines any more."""
    return lines is not None and lines.gone
