"""A link with what was counted of its messages."""

from typing import Protocol

from msgspec.structs import replace

from streammi.records import LinkHealth


class Counted(Protocol):
    """Something that reads messages, and has counted what became of them."""

    @property
    def messages(self) -> int:
        """All so far."""

    @property
    def bytes(self) -> int:
        """Theirs."""

    @property
    def malformed(self) -> dict[str, int]:
        """Those without a usable value, by reason."""

    @property
    def gaps(self) -> int:
        """Samples that are missing by the feed's own numbers."""

    @property
    def resets(self) -> int:
        """How often the feed's numbers began again."""

    @property
    def reordered(self) -> int:
        """Messages that came after later ones."""

    @property
    def repeated(self) -> int:
        """Samples that came twice."""

    @property
    def format(self) -> str | None:
        """The format, as recognised."""

    @property
    def note(self) -> str:
        """One line for the person watching."""


def described(link: LinkHealth, decoder: Counted, *notes: str, **more: object) -> LinkHealth:
    """The link with its decoder's totals, ``more`` fields and notes."""
    return replace(
        link,
        messages=decoder.messages,
        bytes=decoder.bytes,
        malformed=dict(decoder.malformed),
        gaps=decoder.gaps,
        resets=decoder.resets,
        reordered=decoder.reordered,
        repeated=decoder.repeated,
        format=decoder.format,
        note="; ".join(filter(None, (link.note, decoder.note, *notes))),
        **more,
    )
