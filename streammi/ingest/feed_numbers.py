"""The sequence numbers of a feed: what they count, by how much they go, and what is missing among them."""

from typing import Any

from streammi.ingest.message_numbers import MessageNumbers
from streammi.ingest.number_steps import NumberSteps
from streammi.ingest.senders import SenderCounter
from streammi.ingest.sequence import Each, Numbers


class FeedNumbers:
    """Follows the numbers of a feed's messages and samples, whatever they count.

    ``shared``: messages may go to other consumers too, in turn, as those of a PUSH socket do. Then numbers that go by
    two are half of them missing; else they just go by two.

    >>> numbers, shared = FeedNumbers(), FeedNumbers(shared=True)
    >>> for number in (2, 4, 6, 8, 10, 12, 16):
    ...     numbers.of_message(Numbers(number))
    ...     shared.of_message(Numbers(number))
    >>> numbers.senders.gaps, shared.senders.gaps
    (1, 8)
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._messages = MessageNumbers()
        self._steps = NumberSteps(only_one=shared)
        self.senders = SenderCounter()  # of what is missing, late and begun again

    @property
    def notes(self) -> list[str]:
        """Remarks for a person on the numbers."""
        return [*filter(None, (self._messages.note, self._steps.note)), *self.senders.notes]

    def of_message(self, numbers: Numbers, *, samples: bool = True) -> None:
        """Take in the number of a message, whose samples are its ``weight``; ``samples``: it had some."""
        self._check(self._messages.of(numbers, samples=samples))

    def of_each(self, numbers: Each) -> None:
        """Take in the numbers of consecutive samples."""
        if self._steps.step == 1:
            self.senders.check_each(numbers)
            return
        for one in self._steps.each(numbers):
            if isinstance(one, Numbers):
                self._follow(one)
            else:
                self.senders.check_each(one)

    def end(self) -> None:
        """No more will come: what was held back until it is known what it counts, is known now."""
        self._check(self._messages.left())
        for one in self._steps.left():
            self.senders.check(one)

    def earlier(self, numbers: list[Numbers]) -> None:
        """Take in numbers of which it is known that they count messages."""
        self._check(numbers)

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs, plain values."""
        return {"messages": self._messages.state(), "steps": self._steps.state(), "senders": self.senders.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._messages.restore(state["messages"])
        self._steps.restore(state["steps"])
        self.senders.restore(state["senders"])

    def _check(self, known: list[Numbers]) -> None:
        for numbers in known:
            for one in [numbers] if self._steps.step == 1 else self._steps.of(numbers):
                self._follow(one)

    def _follow(self, numbers: Numbers) -> None:
        if self._steps.goes_on_at == numbers.first:
            self._steps.goes_on_at = None
            self.senders.go_on_at(numbers.first)
        self.senders.check(numbers)
