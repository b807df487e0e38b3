"""Picklable: an object whose whole state is plain values and arrays, as bytes, copies and pickles of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from streammi.records import codec


class Picklable(ABC):
    """Something to be saved and gone on from, bit for bit; equal ones have equal bytes. ``FORMAT`` names the kind."""

    FORMAT: ClassVar[str]

    @abstractmethod
    def state(self) -> codec.State:
        """The whole state as plain values and arrays; equal ones have equal states."""

    @classmethod
    @abstractmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]]) -> Self:
        """The one whose ``state`` this is, bit for bit."""

    def to_bytes(self) -> bytes:
        """The whole state, with a version and a checksum; equal ones have equal bytes."""
        return codec.pack(self.FORMAT, *self.state())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The one that ``to_bytes`` saved, bit for bit; ConfigError when the bytes are cut, changed or foreign."""
        return cls.from_state(*codec.unpack(cls.FORMAT, data))

    def copy(self) -> Self:
        """An independent one with the same content and counters; what follows it does not follow the copy."""
        return self.from_bytes(self.to_bytes())

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[Callable[[bytes], Self], tuple[bytes]]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # it changes
