"""The last gap: where in the pairs samples are missing, and whether the window spans it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from streammi.core.window.joint_window import JointWindow

Place: TypeAlias = tuple[int, int]


class LastGap:
    """Samples are missing behind so many pairs: at least, and at most; ``place`` is None where none were missing."""

    def __init__(self) -> None:
        self.place: Place | None = None

    @contextmanager
    def within(self, window: JointWindow, pairs: int) -> Iterator[None]:
        """Samples are missing somewhere among the next ``pairs``, of which the window takes in what it can."""
        before = window.pairs
        self.place = before, before + pairs
        yield
        self.place = before, window.pairs

    def before_newest(self, window: JointWindow) -> None:
        """Samples are missing before the window's newest pair; elsewhere, too, in a batch that ``within`` is about."""
        last = window.pairs - 1
        if self.place is None or self.place[1] < last:
            self.place = last, last

    def is_spanned(self, window: JointWindow) -> bool:
        """True if the window has, or may have, pairs from both sides of it."""
        if self.place is None:
            return False
        return window.pairs > self.place[0] and window.pairs - window.n < self.place[1]
