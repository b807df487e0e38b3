"""The pairs of many channels as the rows of a table, or a matrix: all that a picture of them is made of."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.glyphs import Glyphs
from streammi.dashboard.drawing.names import names_in
from streammi.dashboard.drawing.wording import count, signed
from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.listed import Bools, Listed
from streammi.dashboard.many.marks import Mark, Toned, of_matrix, of_pairs
from streammi.dashboard.many.pairs import longest, sides
from streammi.dashboard.many.past import Past
from streammi.records import IntArray, MatrixSnapshot, Unit
from streammi.records.pair_words import pair_words

MOST_PAST = 240  # matrices that are in a sparkline
TOLD = 3  # changed pairs that are named; of more it is said how many there are
LEAST_WINDOWS = 4  # as of detect.changed_pairs: from so many on it is known what is usual


@dataclass(frozen=True, kw_only=True)
class Many(Listed):
    """The pairs of many channels, as far as they are known."""

    noun = "pair"
    sides = 2
    tested = True
    verdict_columns = 10
    has_events = True
    pieces = "rows"
    incomplete = " rows without any value"

    matrix: MatrixSnapshot
    seen: Past
    leaves: Leaves | None  # the channels in the order of their similarity; None before it was asked for

    @property
    def source(self) -> MatrixSnapshot:
        """The newest matrix."""
        return self.matrix

    @property
    def published(self) -> Unit:
        """The unit of the matrix."""
        return self.matrix.unit

    @property
    def newest(self) -> float | None:
        """The time of its newest row, s."""
        return self.matrix.t1

    @property
    def window(self) -> tuple[str, bool]:
        """The window in words, and whether it is full; no words before channels are known."""
        full = self.matrix.fill >= 1
        words = f"window {self.matrix.window}{'' if full else f' {self.matrix.fill:.0%} full'}"
        return (words if self.matrix.names else "", full)

    @property
    def totals(self) -> list[tuple[str, str]]:
        """How many rows have come, and how many values were missing in them."""
        matrix = self.matrix
        found = [(count(matrix.rows), " rows")]
        if matrix.missing:
            share = matrix.missing / max(matrix.rows * len(matrix.names) + matrix.missing, 1)
            found.append((count(matrix.missing), f" values missing ({share:.1%})"))
        return found

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.matrix.names)

    @property
    def is_empty(self) -> bool:
        """True if no pair is known."""
        return not self.matrix.mi.size

    @property
    def nothing(self) -> str:
        """Why there is no pair though nothing is filtered."""
        return super().nothing if self.count or not self.matrix.names else "no pair fits --pairs"

    @property
    def title(self) -> str:
        """The name of the monitor."""
        return self.matrix.name

    @property
    def what(self) -> str:
        """How many channels there are."""
        return f"{self.channels:,} channels" if self.channels else ""

    @property
    def longest(self) -> int:
        """The columns that the longest name takes."""
        return longest(self.matrix.names)

    def fitted(self, numbers: IntArray, side: int, width: int, ellipsis: str) -> list[str]:
        """One channel of each pair: cut so that no two of all channels look alike, where that can be."""
        names = names_in(self.matrix.names, width, ellipsis)
        return [names[channel] for channel in sides(self.channels)[side][numbers].tolist()]

    def mi(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI in the unit that is shown."""
        return np.asarray(self.matrix.mi[numbers] * self.factor)

    def r(self, numbers: IntArray) -> NDArray[np.floating]:
        """Pearson's r."""
        return self.matrix.r[numbers]

    def p(self, numbers: IntArray) -> NDArray[np.floating]:
        """The p of the newest test."""
        return _of(self.matrix.p, numbers)

    def change(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI less what is usual by the windows before, in the unit that is shown."""
        return _of(self.matrix.change, numbers) * self.factor

    def past(self, numbers: IntArray, most: int) -> NDArray[np.floating]:
        """MI in the last matrices, each column the mean of several where there are more."""
        return self.seen.of(numbers, most, MOST_PAST, self.matrix.timestamp)

    def are_changed(self, numbers: IntArray) -> Bools:
        """True of those that are so by the monitor."""
        return self.has_changed[numbers]

    def words(self, numbers: IntArray) -> list[Toned]:
        """A word on each."""
        return pair_words(self.matrix, numbers)

    @property
    def matrix_shown(self) -> bool:
        """True if the matrix is, in the place of the table."""
        return self.state.matrix

    @property
    def itself(self) -> str:
        """The channel that the cursor of the matrix has on both sides; empty for none."""
        if not self.state.matrix or self.leaves is None or not self.leaves.order.size or self.chosen is not None:
            return ""
        return self.matrix.names[self.leaves.order.item(self.state.row)]

    @property
    def chosen(self) -> int | None:
        """The pair under the cursor, of the matrix where that is shown; None where there is none."""
        if not self.state.matrix or self.leaves is None:
            return self.number
        return self.leaves.number(self.state.row, self.state.column)

    @cached_property
    def changed(self) -> IntArray:
        """The numbers of the pairs that have changed."""
        return np.zeros(0, np.int64) if self.matrix.changed is None else self.matrix.changed

    @cached_property
    def has_changed(self) -> NDArray[np.bool_]:
        """True of each pair that has, (P,)."""
        found = np.zeros(self.matrix.mi.size, np.bool_)
        found[self.changed] = True
        return found

    @cached_property
    def via(self) -> dict[int, int]:
        """The channel that explains a pair, by the pair's number."""
        return {} if self.matrix.indirect is None else dict(self.matrix.indirect.tolist())

    def through(self, number: int) -> str:
        """The name of that channel; empty where there is none."""
        return self.matrix.names[self.via[number]] if number in self.via else ""

    def evidence(self, number: int) -> list[tuple[str, float]]:
        """The p and the q of a pair; nothing before the first test."""
        if self.matrix.p is None or self.matrix.q is None:
            return []
        return [("p", self.matrix.p.item(number)), ("q", self.matrix.q.item(number))]

    def depends(self, numbers: IntArray) -> NDArray[np.bool_]:
        """The pairs that depend by more than chance; none where nothing was tested."""
        if self.matrix.q is None:
            return np.zeros(numbers.shape, np.bool_)
        with np.errstate(invalid="ignore"):
            found: NDArray[np.bool_] = self.matrix.q[numbers] <= self.matrix.fdr
        return found

    @property
    def dependent(self) -> int | None:
        """How many pairs do; None where nothing was tested."""
        return _dependent(self.matrix)

    @property
    def count(self) -> int:
        """How many pairs there are, of those that were asked for."""
        return self.matrix.mi.size if self.matrix.said is None else self.matrix.said.size

    def names(self, number: int) -> tuple[str, str]:
        """Both channels of a pair."""
        first, second = (side.item(number) for side in sides(self.channels))
        return self.matrix.names[first], self.matrix.names[second]

    @property
    def silent(self) -> tuple[str, ...]:
        """The channels of which no pair is known, though some are of others: they have no values in the window."""
        return _silent(self.matrix)

    @cached_property
    def blamed(self) -> tuple[str, int]:
        """The channel that most of the changed pairs have, and how many of them."""
        first, second = sides(self.channels)
        counts = np.bincount(np.concatenate((first[self.changed], second[self.changed])), minlength=self.channels)
        most = int(np.argmax(counts)) if counts.size else 0
        return (self.matrix.names[most], int(counts[most])) if counts.size else ("", 0)

    @property
    def changed_at(self) -> float | None:
        """The time of the newest change, s; None where nothing has changed."""
        return self.matrix.events[-1].timestamp if self.changed.size and self.matrix.events else None

    def standing(self, glyphs: Glyphs, *, stale: bool) -> list[Toned]:
        """What has changed, or how it stands, or what is waited for; and which channels are silent."""
        return (self._news(glyphs) or self._steady(glyphs)) + self._silence(glyphs)

    def _news(self, glyphs: Glyphs) -> list[Toned]:
        """The newest change in words; one thing, however many pairs it is of; nothing where nothing has."""
        numbers = self.changed
        if not numbers.size:
            return []
        if numbers.size > TOLD:
            name, times = self.blamed
            together = f"{glyphs.alarm} {numbers.size:,} of {self.matrix.mi.size:,} pairs have changed together"
            of_one: list[Toned] = [(", most of them of ", "text"), (name, "strong")]
            return [(together, "bad"), *(of_one if times * 2 >= numbers.size else [])]
        words: list[Toned] = [(f"{glyphs.alarm} changed: ", "bad")]
        changes = self.change(numbers).tolist() if self.matrix.change is not None else [None] * numbers.size
        for k, (one, change, (word, tone)) in enumerate(
            zip(numbers.tolist(), changes, self.words(numbers), strict=True)
        ):
            by = "" if change is None else f" {signed(change, 2)}"
            words += [(", " * bool(k) + " ~ ".join(self.names(one)) + " ", "strong"), (f"{word}{by}", tone)]
        return [*words, (f" {self.unit}", "dim")]

    def _steady(self, glyphs: Glyphs) -> list[Toned]:
        """How it stands where nothing has changed."""
        matrix = self.matrix
        if not matrix.names:
            notes = [link.note for link in matrix.links if link.note]
            waits = notes[0] if notes else "looking for channels in the first second"
            come = any(link.messages for link in matrix.links)
            return [(f"{glyphs.warning} {waits}" if come else "no message yet", "warn")]
        if self.dependent is None:
            words = "not tested against chance yet" if matrix.untested in ("", "untested") else matrix.untested
            return [(f"{glyphs.connecting} {words}", "dim")]
        learnt = matrix.usual_windows >= LEAST_WINDOWS
        nothing = "nothing has changed" if learnt else "what is usual is still being learnt"
        return [
            (f"{glyphs.connected} ", "mi_strong"), (f"{self.dependent:,}", "strong"),
            (f" of {self.count:,} pairs depend", "text"), (f" (false ones {matrix.fdr:.0%} at most)", "dim"),
            (f"   {nothing}", "dim"),
        ]  # fmt: skip

    def _silence(self, glyphs: Glyphs) -> list[Toned]:
        """The channels that have no values in the window; nothing where all have."""
        if not self.silent:
            return []
        more = f" and {len(self.silent) - TOLD} more" if len(self.silent) > TOLD else ""
        return [(f"   {glyphs.warning} no values of {', '.join(self.silent[:TOLD])}{more}", "warn")]

    def marks(self, glyphs: Glyphs) -> list[Mark]:
        """The marks of the table, or of the matrix, and what they mean."""
        return of_matrix(glyphs) if self.state.matrix else of_pairs(glyphs)


def _of(values: NDArray[np.float32] | None, numbers: IntArray) -> NDArray[np.floating]:
    """Those of some pairs; NaN where nothing is known of any."""
    return np.full(numbers.size, np.nan) if values is None else values[numbers]


# Of each matrix once, however many pictures show it: of half a million pairs 1 ms.
@lru_cache(maxsize=2)
def _dependent(matrix: MatrixSnapshot) -> int | None:
    if matrix.q is None:
        return None
    said = slice(None) if matrix.said is None else matrix.said
    with np.errstate(invalid="ignore"):
        return int(np.count_nonzero(matrix.q[said] <= matrix.fdr))


@lru_cache(maxsize=2)
def _silent(matrix: MatrixSnapshot) -> tuple[str, ...]:
    known = np.isfinite(matrix.mi)
    if known.all() or not known.any():
        return ()
    channels = len(matrix.names)
    has = np.zeros(channels, np.bool_)
    for side in sides(channels):
        has[side[known]] = True
    return tuple(matrix.names[k] for k in np.flatnonzero(~has).tolist())
