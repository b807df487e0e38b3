"""The number of a message with several samples: it counts messages, or it is that of its first or its last sample."""

from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

from streammi.ingest.sequence import Numbers

Meaning: TypeAlias = Literal["", "messages", "either", "first", "last"]

MISTAKEN: Final = 3  # steps that samples cannot go by
HELD: Final = 20  # messages, after which a number that has not shown what it counts counts messages


class MessageNumbers:
    """Tells what a feed's numbers count, of which each message has one, by how far they go from one to the next.

    By 1: messages. By as many as the samples of the message before, or of its own: samples, of which it is the first or
    the last. Until that shows, ``of`` holds them back; ``left`` are those, once no more will come.

    >>> numbers = MessageNumbers()
    >>> numbers.of(Numbers(0, 1, 100)), numbers.of(Numbers(100, 1, 100))
    ([], [Numbers(first=0, many=100, weight=1), Numbers(first=100, many=100, weight=1)])
    >>> numbers.note
    'its numbers count samples, not messages'
    >>> MessageNumbers().of(Numbers(7, 1, 1))
    [Numbers(first=7, many=1, weight=1)]
    """

    def __init__(self) -> None:
        self._meaning: Meaning = ""
        self._before: Numbers | None = None  # that of the last message with samples
        self._shift = 1  # added to the number of a last sample, less those of its message
        self._held: list[tuple[Numbers, bool]] = []  # and whether there were samples
        self._ones = 0  # steps in a row that only messages go by

    @property
    def note(self) -> str:
        """One line for a person; empty where numbers count messages, as most do."""
        return "" if self._meaning in ("", "messages") else "its numbers count samples, not messages"

    def of(self, numbers: Numbers, *, samples: bool = True) -> list[Numbers]:
        """The numbers that are known now, with the next one, of a message whose samples are its ``weight``.

        ``samples``: it had some. Without, it may have had any number of them.
        """
        if self._meaning == "messages":
            return [numbers]
        if self._meaning:
            return self._of_samples(numbers, samples)
        if numbers.weight == 1 and not self._held:  # messages and samples are one; of many only one passes here
            return [numbers]
        self._held.append((numbers, samples))
        self._meaning = self._told()
        if not self._meaning and len(self._held) < HELD:
            return []
        return self.left()

    def left(self) -> list[Numbers]:
        """Those that are held back, which are held no more."""
        held, self._held = self._held, []
        if held and not self._meaning:
            self._meaning = "messages"
        if self._meaning == "messages":
            return [numbers for numbers, _ in held]
        return [one for numbers, samples in held for one in self._of_samples(numbers, samples)]

    def state(self) -> list[Any]:
        """The state that ``restore`` needs, plain values."""
        before = None if self._before is None else list(self._before)
        held = [[list(numbers), samples] for numbers, samples in self._held]
        return [self._meaning, before, self._shift, held, self._ones]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._meaning, before, self._shift, held, self._ones = state
        self._before = None if before is None else Numbers(*before)
        self._held = [(Numbers(*numbers), samples) for numbers, samples in held]

    def _told(self) -> Meaning:
        """The meaning that shows by the numbers that are held; a step shows nothing where it would be the same in all.

        Messages may be missing, so steps may be longer than they are by a meaning, but never shorter.
        """
        numbers = [one for one, samples in self._held if samples]
        steps = [(after.first - one.first, one.weight, after.weight) for one, after in pairwise(numbers)]
        first = all(step >= before or step <= 0 for step, before, _ in steps)
        last = all(step >= own or step <= 0 for step, _, own in steps)
        if not (first or last):
            return "messages"
        found: Meaning = ""
        for step, before, own in steps:
            if step > 1 and before == own == step and first and last:
                found = found or "either"
            elif step > 1 and step == before and first:
                return "first"
            elif step > 1 and step == own and last:
                return "last"
        return found

    def _of_samples(self, numbers: Numbers, samples: bool) -> list[Numbers]:
        """The samples of a message whose number is one of theirs."""
        if not samples:  # what it had is missing, if it had any: the next number shows it
            return []
        first, _, many = numbers
        before, self._before = self._before, numbers
        step = 0 if before is None else first - before.first
        self._ones = self._ones + 1 if step == 1 and before is not None and min(before.weight, many) > 1 else 0
        if self._ones >= MISTAKEN:
            self._meaning = "messages"
            return [numbers]
        # As long as all messages were as long, the first and the last went by the same steps.
        if self._meaning == "either" and before is not None and before.weight != many and step in (before.weight, many):
            self._meaning = "first" if step == before.weight else "last"
            self._shift = before.weight
        return [Numbers(first - many + self._shift if self._meaning == "last" else first, many)]
