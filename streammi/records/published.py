"""How a record's field is published: declared once, below the record, and read by all that show it to others."""

from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Final, NamedTuple, get_args, get_origin, get_type_hints

INFORMATION: Final = "bit, nat or ban"  # in the unit of the reading: a screen in another unit converts these


class Published(NamedTuple):
    """A field as others are told of it, in the messages, the tables, the metrics and the reference in the docs."""

    meaning: str
    unit: str = ""  # INFORMATION, s, pairs, ...; empty: a plain number
    name: str | None = ""  # as published in a reading; empty: the field's own name; None: not published there
    metric: str = ""  # Prometheus' name for it, without streammi_; none if empty
    counter: bool = False  # a total since the start: it only rises
    option: str = ""  # without which it is not known
    after: str = ""  # the published name that it follows; empty: the field before it


class Field(NamedTuple):
    """A field of a record with what is said of it."""

    attribute: str
    kind: type  # int, float, str; of what may be None, too
    published: Published

    @property
    def name(self) -> str | None:
        """Its name in a published reading."""
        return self.attribute if self.published.name == "" else self.published.name


_SAID: Final[dict[type, dict[str, Published]]] = {}


def declare(record: type, **said: Published) -> None:
    """Say how fields of a record are published, in the order in which they are."""
    if unknown := set(said) - set(record.__annotations__):
        raise ValueError(f"{record.__name__} has no field {', '.join(sorted(unknown))}")
    _SAID[record] = said


def fields_of(record: type) -> Iterator[Field]:
    """The fields of a record of which something is said, as declared.

    >>> class Point:
    ...     x: float | None
    >>> declare(Point, x=Published("to the right", unit="m"))
    >>> [(field.name, field.kind, field.published.unit) for field in fields_of(Point)]
    [('x', <class 'float'>, 'm')]
    """
    hints = get_type_hints(record)
    for attribute, said in _SAID[record].items():
        yield Field(attribute, _kind(hints[attribute]), said)


def _kind(hint: object) -> type:
    known = [kind for kind in get_args(hint) if kind is not type(None)] if isinstance(hint, UnionType) else [hint]
    kind = get_origin(known[0]) or known[0]
    assert isinstance(kind, type)
    return kind


def in_order(*groups: Iterable[Field]) -> tuple[Field, ...]:
    """All published fields of some records, as declared, but for those that say what they follow."""
    followers: dict[str, list[Field]] = {}
    before = ""
    for field in (field for group in groups for field in group if field.name is not None):
        if field.published.after:
            followers.setdefault(field.published.after, []).append(field)
        else:
            followers.setdefault(before, []).insert(0, field)
        before = str(field.name)
    ordered, left = [], followers.pop("", [])
    while left:
        ordered.append(left.pop())
        left += followers.pop(str(ordered[-1].name), [])
    if followers:
        raise ValueError(f"fields that follow none: {followers}")
    return tuple(ordered)
