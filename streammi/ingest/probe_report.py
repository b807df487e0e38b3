"""The report of a probe: what was heard of a feed, of each topic, and of each number and text in it."""

import msgspec


def range_text(low: float, high: float) -> str:
    """From the least to the most of a signal, in as many digits as tell them apart.

    >>> range_text(0.125, 20), range_text(1700000000.0, 1700001999.0)
    ('0.125 to 20', '1700000000 to 1700001999')
    """
    digits = next((n for n in range(6, 17) if f"{low:.{n}g}" != f"{high:.{n}g}"), 10)
    digits = digits if digits == 6 else max(digits, 10)  # of large numbers that differ little all of their digits
    return f"{low:.{digits}g} to {high:.{digits}g}"


class SignalSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A number that messages carry."""

    path: str
    values: int  # that were looked at
    low: float | None  # None: none of them was finite
    high: float | None
    example: float | None
    array: bool = False  # many values a message

    @property
    def varies(self) -> bool:
        """True if it had more than one value."""
        return self.low != self.high


class TextSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A text that messages carry: a label, if there are few of them."""

    path: str
    values: tuple[str, ...]  # the first few
    more: bool  # than these


class TopicSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one topic."""

    topic: str
    messages: int
    rate: float | None  # messages a second
    formats: dict[str, int]  # messages that were looked at, the most frequent format first
    signals: tuple[SignalSeen, ...] = ()
    texts: tuple[TextSeen, ...] = ()
    timestamp: str | None = None  # where the samples' time is, and in which form
    age: float | None = None  # median of receive time less the samples' time, s
    sequence: str | None = None  # where a sequence number is
    missing: int | None = None  # samples, by these numbers, among the first messages
    guess: str = ""  # what the format rests on, where messages do not say it themselves
    unknown: str = ""  # why the first messages could not be read that are in no format


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The report of what was heard."""

    endpoint: str
    seconds: float
    messages: int
    bytes: int
    topics: tuple[TopicSeen, ...]
    more_topics: int = 0  # messages of topics beyond MAX_TOPICS
    monitor: bool = False  # a streammi monitor publishes there
    problem: str = ""  # why nothing came, or nothing that can be read
    command: str | None = None  # that watches it
