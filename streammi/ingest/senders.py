"""The sequence numbers of a feed that may have several senders, each with a counter of its own."""

from typing import Any, Final

from streammi.ingest.sequence import Each, GapCounter, Numbers, runs

MOST: Final = 8  # senders
RETURNS: Final = 4  # of each counter to where it was left: late messages seldom come so often in turn
WATCHED: Final = 1000  # numbers after one that was not the next, in which others may turn out to be another sender's


class SenderCounter:
    """Follows the numbers of a feed, as GapCounter does; where several counters come in turn, each by itself.

    After a number that is not the next, it looks whether what was left goes on where it was, again and again. If it
    does, there are ``senders`` of them, and what was counted meanwhile as missing, late or a new beginning was none.

    >>> counter = SenderCounter()
    >>> for k in range(6):
    ...     counter.check(Numbers(100 + k))
    ...     counter.check(Numbers(5000 + k))
    >>> counter.senders, counter.gaps, counter.resets
    (2, 0, 0)
    >>> counter.check(Numbers(5008))
    >>> counter.gaps  # of the second, 5006 and 5007
    2
    """

    def __init__(self) -> None:
        self._counters = [GapCounter()]
        self._before: list[Any] = []  # the state before the number that was not the next
        self._watched = 0
        self._left: list[
            list[int]
        ] = []  # of each counter since: its first number, its next, how often it was returned to
        self._current = 0  # of these

    @property
    def senders(self) -> int:
        """How many counters there are."""
        return len(self._counters)

    @property
    def gaps(self) -> int:
        """Samples that are missing."""
        return self._counters[0].gaps if len(self._counters) == 1 else sum(counter.gaps for counter in self._counters)

    @property
    def reordered(self) -> int:
        """Messages that came after later ones."""
        return sum(counter.reordered for counter in self._counters)

    @property
    def notes(self) -> list[str]:
        """Remarks for a person on the numbers."""
        found = []
        if self.senders > 1:
            found.append(f"numbers of {self.senders} counters come in turn (several senders?), each counted by itself")
        if self.resets:
            times = "once" if self.resets == 1 else f"{self.resets:,} times"
            found.append(f"numbers began again {times}: the sender restarted, sends some twice, or there are several")
        if self.reordered:
            found.append(f"{self.reordered} messages came after later ones")
        return found

    @property
    def resets(self) -> int:
        """How often a counter began again."""
        return sum(counter.resets for counter in self._counters)

    @property
    def started(self) -> bool:
        """True if there was a number yet."""
        return self._counters[0].started

    def go_on_at(self, number: int) -> None:
        """Expect this number next, of one sender, whatever came."""
        self._counters[0].go_on_at(number)
        self._left = []

    def check_each(self, numbers: Each) -> None:
        """Check the numbers of consecutive samples."""
        counter = self._counters[0]
        if not self._left and len(self._counters) == 1 and isinstance(numbers, range) and counter.next == numbers.start:
            counter.go_on_at(numbers.stop)  # nearly always: nothing is missing
            return
        for run in runs(numbers):
            for number in run:
                self.check(Numbers(number))
                if self._skip(range(number + 1, run.stop)):
                    break

    def check(self, numbers: Numbers) -> None:
        """Check the numbers that came next."""
        if self.senders > 1:
            self._of(numbers).check(numbers)
            return
        counter = self._counters[0]
        if not self._left and counter.next not in (None, numbers.first):
            self._before = counter.state()
            self._left, self._watched, self._current = [[counter.next or 0, counter.next or 0, 0]], 0, 0
        counter.check(numbers)
        if self._left:
            self._watch(numbers)

    def state(self) -> list[Any]:
        """The state that ``restore`` needs, plain values."""
        counters = [counter.state() for counter in self._counters]
        return [counters, self._before, self._watched, [list(one) for one in self._left], self._current]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        counters, self._before, self._watched, self._left, self._current = state
        self._counters = [GapCounter() for _ in counters]
        for counter, one in zip(self._counters, counters, strict=True):
            counter.restore(one)

    def _watch(self, numbers: Numbers) -> None:
        """Look whether a counter goes on that was left, or where it is."""
        self._watched += 1
        going_on = [k for k, (_, end, _) in enumerate(self._left) if end == numbers.first]
        if going_on:
            # Of two that would go on alike, the one that was not the last.
            which = next((k for k in going_on if k != self._current), self._current)
            self._left[which][1] += numbers.many
            self._left[which][2] += which != self._current
            self._current = which
        else:
            self._left.append([numbers.first, numbers.first + numbers.many, 0])
            self._current = len(self._left) - 1
        if len(self._left) > 1 and min(one[2] for one in self._left) >= RETURNS and not self._closes():
            self._part()
        elif len(self._left) > MOST or self._watched >= WATCHED:
            self._left = []

    def _closes(self) -> bool:
        """True if a counter has come to where another began: then its numbers may have been late."""
        firsts = {one[0] for one in self._left}
        return any(one[1] in firsts for one in self._left)

    def _part(self) -> None:
        """Each has a counter of its own from now on; what was counted since they came in turn is not."""
        first = GapCounter()
        first.restore(self._before)
        self._counters = [first, *(GapCounter() for _ in self._left[1:])]
        for counter, (_, end, _) in zip(self._counters, self._left, strict=True):
            counter.go_on_at(end)
        self._left = []

    def _skip(self, rest: range) -> bool:
        """Count numbers that go on from the last one, if they can only be of its counter; whether that is so.

        What is missing sends no batch of a thousand through a loop.
        """
        counter = next((one for one in self._counters if one.next == rest.start), None)
        others = [one.next for one in self._counters if one is not counter]
        if self._left:
            current = self._left[self._current]
            others = [one[1] for one in self._left if one is not current]
            if current[1] != rest.start or min(one[2] for one in self._left) >= RETURNS:
                return False
        if counter is None or any(number in rest for number in others if number is not None):
            return False
        counter.go_on_at(rest.stop)
        if self._left:
            current[1], self._watched = rest.stop, min(self._watched + len(rest), WATCHED)
            if self._watched == WATCHED:
                self._left = []
        return True

    def _of(self, numbers: Numbers) -> GapCounter:
        """The counter whose next number is closest, or which lacks it."""
        lacking = next((counter for counter in self._counters if counter.lacks(numbers)), None)
        exact = next((counter for counter in self._counters if counter.next == numbers.first), None)
        return exact or lacking or min(self._counters, key=lambda counter: counter.distance(numbers.first))
