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


class Lacking(Protocol):
    """Something that knows why the newest message without a usable value had none."""

    @property
    def detail(self) -> str:
        """Why, the reason first; empty before there was one."""

    @property
    def lacking(self) -> str:
        """The path of the signal that it lacked; empty where that is not why."""


def why_none(decoder: Lacking, **paths: str | None) -> str:
    """Why the newest message without a sample had none; ``paths`` are those of the signals, by which one is named.

    >>> from types import SimpleNamespace
    >>> why_none(SimpleNamespace(detail="no such path: 'b': did you mean B?", lacking="b"), x="a", y="b")
    "no such path: y 'b': did you mean B?"
    """
    signal = next((signal for signal, path in paths.items() if path == decoder.lacking), "")
    reason, colon, detail = decoder.detail.partition(": ")
    return f"{reason}: {signal} {detail}" if signal and colon else decoder.detail


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
