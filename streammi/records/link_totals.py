"""The links of a pair's sources as one."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from streammi.records.links import LinkHealth, Tally, badness
from streammi.records.published import fields_of

_COUNTERS: Final = tuple(f.attribute for f in fields_of(LinkHealth) if f.published.counter and f.kind is int)
TALLY_PARTS: Final = tuple(name for name in Tally.__struct_fields__ if name != "received")


def worst(*states: str) -> str:
    """The state that is worst of these.

    >>> worst("connected", "stalled")
    'stalled'
    """
    return states[0] if len(set(states)) == 1 else max(states, key=badness)


def total(links: Sequence[LinkHealth]) -> LinkHealth:
    """One link in place of all: its state is the worst, its counters are sums; pairs and their rate are of the join.

    >>> x = LinkHealth(endpoint="tcp://a:1", state="connected", signal="x", messages=3, pairs=2, gaps=1)
    >>> y = LinkHealth(endpoint="tcp://b:1", state="stalled", signal="y", messages=4, pairs=2, note="silent")
    >>> both = total((x, y))
    >>> both.state, both.messages, both.pairs, both.gaps, both.note
    ('stalled', 7, 2, 1, 'silent')

    Nothing is wrong with no link: a monitor that is handed its pairs needs none.
    """
    if not links:
        return LinkHealth(endpoint="", state="connected")
    if len(links) == 1:
        return links[0]
    blamed = max(links, key=lambda link: badness(link.state))
    malformed = Counter[str]()
    for link in links:
        malformed.update(link.malformed)
    return LinkHealth(
        endpoint=" + ".join(link.endpoint for link in links),
        state=blamed.state,
        since=blamed.since,
        pairs=max(link.pairs for link in links),
        nonfinite=max(link.nonfinite for link in links),
        malformed=dict(malformed),
        why_none=next((link.why_none for link in links if link.why_none), ""),
        rate=links[0].rate,
        message_rate=_sum_or_none([link.message_rate for link in links]),
        behind=any(link.behind for link in links),
        lag=max((link.lag for link in links if link.lag is not None), default=None),
        tally=_sum_of_tallies([link.tally for link in links if link.tally is not None]),
        format=" + ".join(dict.fromkeys(link.format for link in links if link.format)) or None,
        clock_offset=blamed.clock_offset,
        pair_offset=blamed.pair_offset,
        note="; ".join(link.note for link in links if link.note),
        **{name: sum(getattr(link, name) for link in links) for name in _COUNTERS},
    )


def _sum_of_tallies(tallies: Sequence[Tally]) -> Tally | None:
    if not tallies:
        return None
    return Tally(*(sum(getattr(tally, name) for tally in tallies) for name in Tally.__struct_fields__))


def _sum_or_none(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def lost(link: LinkHealth, dropped: int = 0) -> str:
    """The losses among what was sent, in words; empty when all of it came and could be used, as far as is known.

    ``dropped`` pairs were older than the window when they came.

    >>> lost(LinkHealth(endpoint="tcp://a:1", state="connected", gaps=2, malformed={"not JSON": 1}))
    '2 samples missing by sequence numbers, 1 message malformed'
    """
    tally = link.tally or Tally()
    counts = (
        (link.gaps, "sample", "missing by sequence numbers"),
        (sum(link.malformed.values()), "message", "malformed"),
        (link.resets, "time", "the sequence numbers began again"),
        (link.reconnects, "time", "the connection broke"),
        (tally.late, "sample", "late"),
        (tally.dropped, "sample", "dropped"),
        (dropped, "pair", "older than the whole window"),
    )
    return ", ".join(f"{count:,} {noun}{'s' * (count > 1)} {what}" for count, noun, what in counts if count)


def tally_words(tally: Tally) -> str:
    """The fate of a source's samples, in words; the numbers add up to the first.

    >>> tally_words(Tally(received=4730, paired=12, unmatched=4718))
    '4,730 samples = 12 paired + 4,718 unmatched'
    """
    parts = [f"{getattr(tally, name):,} {name}" for name in TALLY_PARTS if getattr(tally, name) or name == "paired"]
    return f"{tally.received:,} samples = {' + '.join(parts)}"
