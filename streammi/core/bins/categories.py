"""Labels to symbols, for signals that are no measurements."""

from collections.abc import Hashable, Iterable, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.core import finite_values
from streammi.core.bins.number import check_count
from streammi.core.kernels import state_layout
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray

Codes: TypeAlias = NDArray[np.uint16]

WORTH: Final = 0.02  # of the pairs: labels that are so much more frequent take the symbols of others


@dataclass(frozen=True)
class Categories:
    """One symbol a label, for discrete signals.

    With ``labels`` the set is fixed. Without, labels are added in the order in which they are seen, up to ``limit``.
    All further labels share the symbol "other" and count as clipped. Labels are strings, whole numbers, booleans and
    finite numbers; as in a dict, True, 1 and 1.0 are the same label.

    >>> Categories(["off", "on"]).symbols(["on", "off", "broken"]).tolist()
    [1, 0, 2]
    """

    labels: tuple[Hashable, ...]
    limit: int
    _waiting: tuple[Hashable, ...] = field(repr=False)  # of "other": they get symbols once there are some to spare
    OTHER: ClassVar[str] = "other"

    def __init__(self, labels: Iterable[Hashable] | None = None, limit: int = 64) -> None:
        if labels is not None and (not isinstance(labels, Iterable) or isinstance(labels, str | bytes | AbstractSet)):
            raise ConfigError(
                "labels", "a list of labels, in the order of their symbols, or None to learn them", labels
            )
        known = () if labels is None else tuple(finite_values.labels(list(labels), "labels"))
        if labels is not None and not known:
            raise ConfigError("labels", "at least one label, or None to learn them", labels)
        if len(set(known)) != len(known):
            raise ConfigError("labels", "all different", known)
        if any(not finite_values.is_label(label) for label in known):
            raise ConfigError("labels", "strings, whole numbers, booleans or finite numbers", known)
        object.__setattr__(self, "labels", known)
        object.__setattr__(self, "_waiting", ())
        object.__setattr__(
            self,
            "limit",
            check_count(len(known) if known else limit, "limit" if labels is None else "number of labels"),
        )

    @property
    def count(self) -> int:
        """The number of symbols that can occur: ``limit`` labels and "other"."""
        return self.limit + 1

    def extended(self, values: NDArray[Any]) -> "Categories":
        """Itself, or with the labels among ``values`` (n,) that are new, up to the limit."""
        return self._more(values, self.limit)

    def with_waiting(self, others: NDArray[Any]) -> "Categories":
        """Itself, or with the labels among ``others`` (n,), which have no symbol, as waiting: as many as the limit."""
        return self._more(others, 2 * self.limit)

    def _more(self, values: NDArray[Any], most: int) -> "Categories":
        names = self.labels + self._waiting
        if len(names) >= most:
            return self
        known = dict.fromkeys(names)
        for label in values.tolist():
            if label not in known:
                known[label] = None
                if len(known) >= most:
                    break
        return self if len(known) == len(names) else self._with(tuple(known))

    def kept(self, values: NDArray[Any], codes: Codes) -> Codes:
        """A number for each of the labels (n,) that have these codes: its symbol, or one above where it waits."""
        numbers = codes & np.uint16(state_layout.SYMBOL)
        if self._waiting:
            number_of = {label: self.count + k for k, label in enumerate(self._waiting)}
            for at in np.flatnonzero(numbers == self.limit).tolist():
                numbers[at] = number_of.get(values[at], self.limit)
        return numbers

    def renewed(self, kept: FloatArray) -> tuple["Categories", IntArray] | None:
        """Itself with symbols for those labels of ``kept`` (n,) that are the most frequent ones, and no others.

        With it comes what each number becomes that was ``kept``. None where that changes little: no label that waits
        would come in place of one of which no pair is left, or of less frequent ones, with 2 % of the pairs together.
        """
        known = self.count + len(self._waiting)
        held = np.bincount(kept.astype(np.int64), minlength=known)
        pairs = {k: held.item(k) for k in range(known) if k != self.limit and held[k]}
        names = dict(enumerate(self.labels)) | dict(enumerate(self._waiting, self.count))
        first = sorted(pairs, key=lambda k: -pairs[k])[: self.limit]  # of equally frequent ones those with a symbol
        come = [k for k in first if k > self.limit]
        leave = [k for k in pairs if k < self.limit and k not in first]
        gained = sum(pairs[k] for k in come) - sum(pairs[k] for k in leave)
        if not come or (leave and gained < WORTH * kept.size):
            return None
        order = sorted(first) + sorted(pairs.keys() - set(first))
        renewed = self._with(tuple(names[k] for k in order))
        numbers = np.full(known, self.limit)
        for place, k in enumerate(order):
            numbers[k] = place if place < self.limit else place + 1
        return renewed, numbers

    def _with(self, labels: tuple[Hashable, ...]) -> "Categories":
        result = object.__new__(Categories)
        object.__setattr__(result, "labels", labels[: self.limit])
        object.__setattr__(result, "limit", self.limit)
        object.__setattr__(result, "_waiting", labels[self.limit :])
        return result

    def code(self, values: NDArray[Any], out: Codes) -> None:
        """Write the codes (see core.kernels.state_layout) of the labels ``values`` (n,) to ``out`` (n,)."""
        symbol_of = {label: k for k, label in enumerate(self.labels)}
        other = self.limit | state_layout.CLIPPED
        out[:] = [symbol_of.get(label, other) for label in values.tolist()]

    def symbols(self, values: ArrayLike) -> NDArray[np.int64]:
        """The symbols of labels, shape (n,)."""
        array = finite_values.labels(values, "values")
        codes = np.empty(array.size, dtype=np.uint16)
        self.code(array, codes)
        return (codes & state_layout.SYMBOL).astype(np.int64)

    def plain(self) -> list[Any]:
        """Its labels, those that wait too, and its limit: plain values, for a saved state."""
        return [[*self.labels, *self._waiting], self.limit]

    @staticmethod
    def from_plain(labels: list[Any], limit: int) -> "Categories":
        """The one that ``plain`` described."""
        return Categories(limit=limit)._with(tuple(labels))
