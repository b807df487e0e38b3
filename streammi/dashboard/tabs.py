"""The pairs of a view by their numbers, which are the keys 1 to 9 and the tabs at its top."""

from collections import Counter
from collections.abc import Callable, Sequence

from streammi.dashboard.choices import PairKey
from streammi.dashboard.drawing.wording import place


class Tabs:
    """Gives each pair a number in the order in which they come; a monitor without one yet has the place of its first.

    >>> tabs = Tabs(2)
    >>> tabs.add((0, "a"), 1, run_of={}.get), tabs.add((0, "b"), 1, run_of={(0, "a"): 1}.get)
    ((0, ''), None)
    >>> tabs.keys
    [(0, 'a'), (1, ''), (0, 'b')]
    """

    def __init__(self, monitors: int) -> None:
        self.keys: list[PairKey] = [(monitor, "") for monitor in range(monitors)]

    def add(self, key: PairKey, run: int, run_of: Callable[[PairKey], int | None]) -> PairKey | None:
        """Find a number for a pair that is new; the one that had it before, where its monitor has begun anew since.

        ``run_of`` is the run of a pair's monitor that what is known of it is of; None where nothing is.
        """
        for number, other in enumerate(self.keys):
            if other[0] == key[0] and run_of(other) != run:
                self.keys[number] = key
                return other
        self.keys.append(key)
        return None

    def labels(self, endpoints: Sequence[str]) -> list[str]:
        """The names of all: of two pairs of one name each with its monitor's endpoint, which stands alone for none."""
        named = Counter(pair for _, pair in self.keys)
        wheres = [place(endpoints[monitor]) for monitor, _ in self.keys]
        return [
            where if not pair else f"{pair} {where}" if named[pair] > 1 else pair
            for (_, pair), where in zip(self.keys, wheres, strict=True)
        ]
