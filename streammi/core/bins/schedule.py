"""Schedule: when learnt bins are looked at, and when they may be learnt anew."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.bins.refit import Finding
from streammi.core.kernels.bin_fit import GLANCES, LEAST_GLANCE, SOONEST
from streammi.core.kernels.state_layout import CHECK, DUE, FEW, GLANCE, NEVER, PAIRS
from streammi.records import FloatArray, IntArray

LEARN_FROM: Final = 16  # pairs from which bins are learnt first
MOST_IDLE: Final = 3  # waits in a row for a jump to leave the window, where all is well still,
MOST_LATE: Final = 2  # and where it is not, and another jump follows
MOST_CREDIT: Final = 3  # windows: bins may be learnt so many times at once, and on the average once a window,
MOST_DEBT: Final = 2  # and so many times more where a jump has left,
MOST_DEBT_FAR_OFF: Final = 6  # or where MI is far off without it: a signal that has moved a while may jump as well
MOST_WAIT: Final = 1 / 2  # windows until the next look, where bins may not be learnt yet: MI may be far off by then,
MOST_WAIT_SECONDS: Final = 1 / 4  # in a window of seconds sooner: after a fall of the rate that has few new pairs
# It is not known to the pair where a jump is. So the bins are looked at twice: when all but so small a part of the
# window, 1/64, is from behind it, and when all should be.
EARLY: Final = 64
SOON: Final = 1 / 4  # of a window: a jump that leaves it so soon is waited for without learning from the mixture


class Schedule:
    """When the next look at the bins is due, in pairs and, in a window of seconds, also in seconds.

    From a full window on, the kernels glance at the bins a few times a window (see core.kernels.bin_fit). What they
    find, or a time that is set here, makes a check due. Where a check finds a jump in the window, the next one is when
    all from before it has left: what is learnt of a mixture does not fit the stretch that follows.
    """

    def __init__(self, state: IntArray, least: int, seconds: float) -> None:
        # The window's own, see core.kernels.state_layout: PAIRS is read, CHECK, GLANCE and DUE are set.
        self._state = state
        self._state[CHECK], self._state[GLANCE] = least, NEVER
        self._seconds = seconds  # of the window; 0 of one of pairs
        self.least = least
        self.next_time = math.inf  # s, in a window of seconds: a pair of that time makes a check due,
        self.soonest = least  # but not before so many pairs have come
        self.filled = False  # whether a first window was full
        self.reviews = False  # whether the next check that is set is of learnt bins, and not only of coarse ones
        self._awaited = False  # whether it is due because a jump has left the window
        self._between = False  # whether it is due because a value far outside has left, while others are waited for
        self._waits = 0, 0  # in a row: all was well still, or not
        self._rest: tuple[int, float] = 0, math.inf  # what is to be waited for then still: so many pairs, or until then
        # How often bins may be learnt; up to which pair that is counted, or up to when, wherever a clock begins.
        self._credit, self._credited = 0.0, -math.inf if seconds else 0.0

    def set_back(self, seconds: float) -> None:
        """The samples' clock was set back by so much."""
        self.next_time -= seconds
        self._rest = self._rest[0], self._rest[1] - seconds
        self._credited -= seconds if self._seconds else 0.0

    def first_at(self, pairs: int) -> None:
        """Let the first look be when so many pairs have come; asked before one has."""
        self._state[CHECK] = pairs

    def never(self) -> None:
        """Look at nothing, ever."""
        self._next(NEVER, math.inf)

    def room(self, t: FloatArray | None) -> int:
        """How many of the next pairs, with the times ``t`` (n,), may come until one of them makes a check due."""
        if t is None or self.next_time == math.inf:
            return NEVER
        return max(int(np.searchsorted(t, self.next_time)) + 1, self.soonest - self._state.item(PAIRS))

    def is_due(self, newest: float) -> bool:
        """True if a check is due, now that the ``newest`` pair has come at that time."""
        if self._state.item(DUE):
            return True
        return newest >= self.next_time and self._state.item(PAIRS) >= self.soonest

    def glances(self, newest: float) -> bool:
        """True if what is due is a glance, and no check, now that the ``newest`` pair has come at that time."""
        pairs = self._state.item(PAIRS)
        return self._state.item(GLANCE) <= pairs < self._state.item(CHECK) and newest < self.next_time

    def reason(self) -> int:
        """Why a check is due, see core.kernels.bin_fit; asked once: then it is not due any more."""
        reason = self._state.item(DUE)
        self._state[DUE] = 0
        return reason

    def after_filling(self, n: int, room: float, start: float) -> None:
        """Bins were learnt as the first window fills: so they are when it has doubled, or is full.

        There is room for so many pairs still, or for those until the time ``start`` in s, whichever is.
        """
        self._next(min(max(n, self.least), room), start)

    def may_learn(self, found: Finding, n: int, newest: float) -> bool:
        """True if what is ``found`` to be needed is to be learnt in a window of ``n`` pairs: at once, or after a jump.

        That is on the average once a window at most, however the signal moves. ``newest`` is the time of its last pair
        in s: after a fall of the rate it takes long until as many pairs have come as were in a window of seconds.
        """
        now, window = (newest, self._seconds) if self._seconds else (self._state.item(PAIRS), max(n, 1))
        self._credit = min(self._credit + (now - self._credited) / window, MOST_CREDIT)
        self._credited = now
        if not found.needed:
            return False
        if self._between:  # others are to leave still: there would be no end of learning
            return found.far_off and self._credit > -MOST_DEBT_FAR_OFF
        if found.far_off and found.before <= SOON * n:
            return self._credit > -MOST_DEBT_FAR_OFF
        if self._credit >= 1:
            return self.awaited or not found.before or found.before > SOON * n
        late = found.before and self._waits[1] >= MOST_LATE
        return self.awaited and not late and self._credit > -MOST_DEBT

    @property
    def awaited(self) -> bool:
        """True if a check is due because a jump has left the window."""
        return self._awaited and not self._between

    def learnt(self) -> None:
        """Count that bins were learnt."""
        self._credit -= 1

    def after_review(
        self, found: Finding, n: int, leaves: float, newest: float, *, learnt: bool, wait: int = 0
    ) -> None:
        """Set what is next of what was ``found`` in a window of ``n`` pairs, the ``newest`` of which came then, in s.

        ``leaves`` is the time in s at which a pair of before the jump will be the last to leave a window of seconds;
        ``wait`` is how many pairs there are to be before the next glance at least.
        """
        idle, late = self._waits
        self.reviews, self._between = True, False
        if self._awaited and self._rest[0] and self._same(found.before, n, leaves):
            self._rest = 0, math.inf
            self._await(found.before, leaves)
        elif self._awaited and self._rest[0] and found.before:
            # Another jump, behind the one that is waited for: what is left of that comes first, as it spoils a range.
            more, self._rest = self._rest, (0, math.inf)
            self._await(*more)
        elif found.before and (late < MOST_LATE if found.needed else idle < MOST_IDLE):
            self._waits = (idle, late + self._awaited) if found.needed else (idle + 1, late)
            self._rest = n // EARLY, leaves
            self._await(found.before - n // EARLY, leaves - self._seconds / EARLY)
        elif self._awaited and self._rest[0]:
            more, self._rest = self._rest, (0, math.inf)
            self._await(*more)
        else:
            self._awaited, self._waits = False, (0, 0)
            if found.needed and not learnt:
                most = MOST_WAIT_SECONDS if self._seconds else MOST_WAIT
                windows = min(max(1 - self._credit, 1 / GLANCES), most)
                time = newest + windows * self._seconds if self._seconds else math.inf
                self._next(max(math.ceil(windows * n), LEAST_GLANCE), time, LEAST_GLANCE)
            else:
                self.glance(n, max(wait, LEAST_GLANCE))

    def _same(self, before: int, n: int, leaves: float) -> bool:
        """True if it is a jump that is waited for already, of which there are ``before`` pairs left."""
        if self._seconds:
            return abs(leaves - self._rest[1]) <= 2 * self._seconds / EARLY
        return 0 < before <= 2 * n // EARLY

    def _await(self, pairs: int, time: float) -> None:
        """Let the next look be a check when a jump is out: in so many more pairs, or, in a window of seconds, then."""
        self._awaited = True
        pairs = max(pairs, 1)
        if self._seconds:
            self._next(NEVER, time, 1)
        else:
            self._next(pairs, math.inf)

    def glance(self, n: int, least: int, soon: float = math.inf) -> None:
        """Let the next look be a glance: in ``least`` pairs, an eighth of the window, or ``soon``."""
        wait = min(max(n // GLANCES, least), max(soon, n // SOONEST, 1))
        pairs = self._state.item(PAIRS)
        self._next(NEVER, math.inf)
        self.reviews = False
        self._state[GLANCE], self._state[FEW] = pairs + int(wait), n - n // GLANCES

    def look_by(self, found: Finding, n: int, time: float) -> None:
        """Let bins over a range be looked at when what makes it too wide has left, in a window of seconds at that time.

        Where that is about when the jump that is awaited has left, it is the same.
        """
        pairs = found.narrower
        if not pairs:
            return
        check, now = self._state.item(CHECK), self._state.item(PAIRS)
        sooner = time < self.next_time if self._seconds else not now < check <= now + pairs
        if sooner and self._seconds:
            self.next_time, self.soonest = time, now + 1
        elif sooner:
            self._state[CHECK] = now + pairs
        self.reviews = True
        self._between = sooner and self._awaited and found.before > pairs + n // GLANCES

    def check_within(self, pairs: int) -> None:
        """Let the next check be in so many pairs at the latest."""
        check, now = self._state.item(CHECK), self._state.item(PAIRS)
        self._state[CHECK] = min(check if check > now else NEVER, now + pairs)

    def _next(self, more: float, time: float, least: int = LEARN_FROM) -> None:
        """Let the next look be a check, when so many more pairs have come, or one of that ``time``, ``least`` of them.

        In a sparse window of seconds, in which each pair is a window's time after the last, it is not due so soon.
        """
        pairs = self._state.item(PAIRS)
        more = int(min(more, NEVER - pairs))
        self._state[CHECK], self._state[GLANCE], self._state[FEW] = pairs + more, NEVER, 0
        self.next_time = time
        self.soonest = pairs + min(more, least)

    def to_plain(self) -> list[Any]:
        """Plain values, for a saved state; CHECK and GLANCE are saved with the window's."""
        times = [self.next_time, self.soonest, self.filled, self.reviews, self._awaited, self._between]
        return [*times, list(self._waits), list(self._rest), self._credit, self._credited]

    def restore(self, plain: list[Any]) -> None:
        """Take up saved values."""
        self.next_time, self.soonest, self.filled, self.reviews, self._awaited, self._between = plain[:6]
        waits, rest, self._credit, self._credited = plain[6:]
        self._waits, self._rest = (waits[0], waits[1]), (rest[0], rest[1])
