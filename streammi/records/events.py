"""Events: changes that somebody should know of, and what kinds of them there are."""

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

EventKind: TypeAlias = Literal[
    "gained", "lost", "shifted", "reshaped", "moved", "stuck", "saturated", "stalled", "recovered", "gap", "alarm",
    "cleared", "many", "omitted",
]  # fmt: skip


class Kind(NamedTuple):
    """The description of events of a kind, in the docs, and how a screen marks them."""

    meaning: str
    size: str  # what `size` is
    mark: str  # a glyph of dashboard.drawing.glyphs
    tone: Literal["good", "bad", "warn"]
    signed: bool = False  # whether `size` is a change, shown with its sign


EVENTS: Final[dict[str, Kind]] = {
    "gained": Kind("A dependence has appeared", "change of MI", "up", "good", signed=True),
    "lost": Kind("The dependence is no longer there", "change of MI", "down_arrow", "bad", signed=True),
    "shifted": Kind("MI has changed in another way", "change of MI", "peak", "warn", signed=True),
    "reshaped": Kind(
        "The signals go together in another way than in the baseline, whatever MI is (`--baseline`)",
        "distance from the baseline's joint histogram",
        "peak",
        "warn",
        signed=True,
    ),
    "moved": Kind("MI is largest at another delay (`--lags`)", "change of the delay", "moved", "warn", signed=True),
    "stuck": Kind(
        "x or y has had one value for half a window, unlike before, or since its first sample. "
        "Nothing is said of the dependence until it changes again",
        "samples",
        "ended",
        "bad",
    ),
    "saturated": Kind(
        "A quarter of x or y is outside the range given for its bins, or has labels beyond their limit",
        "share of the window",
        "steady",
        "warn",
    ),
    "stalled": Kind(
        "The feed is silent, or brings nothing that can be used (NaN, no such value)", "none", "stalled", "bad"
    ),
    "gap": Kind("Samples are missing by the feed's own numbers", "samples", "gap", "warn"),
    "recovered": Kind(
        "A stuck or saturated input, or a stalled feed, is back to normal",
        "samples, share, seconds",
        "recovered",
        "good",
    ),
    "alarm": Kind(
        "A rule of `--alarm` is met: `rule` says which", "the value, or the size of the event", "alarm", "bad"
    ),
    "cleared": Kind(
        "A rule of `--alarm` is no longer met, for as long as it took to raise it",
        "the value",
        "recovered",
        "good",
    ),
    "many": Kind(
        "Many pairs of many channels have changed at once, as when a bus fails: one event for all",
        "pairs",
        "peak",
        "warn",
    ),
    "omitted": Kind(
        "Lines were left out here, because their reader took none; among lines only", "lines", "gap", "warn"
    ),
}
OTHER: Final = Kind("Of a newer monitor: not known here", "as its unit says", "peak", "warn")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change that somebody should know of: its ``kind``, such as "lost", and when, how large and why.

    ``timestamp`` is in seconds, by the clock of the readings. ``size`` is in ``unit``, None where a kind has none.
    ``evidence`` is a sentence with the numbers that led to it. ``signal`` is "x", "y" or "both".

    >>> Event(pair="a", kind="lost", timestamp=2.0, size=-1.0, unit="bit", evidence="MI went from 1 to 0 bit").signal
    'both'
    """

    pair: str
    kind: str  # an EventKind; of a newer monitor perhaps another word
    timestamp: float  # by the readings' clock: the wall clock of a live feed, the samples' own time of a recording, s
    size: float | None  # how large: change of MI, of the delay, a share, a number of samples; None where it has none
    unit: str  # of `size`: bit, nat, ban, samples, share, s, lines
    evidence: str  # one sentence with the numbers that led to it
    signal: str = "both"  # or "x", "y"
    rule: str = ""  # of `--alarm`, of an alarm


def kind_of(event: Event) -> Kind:
    """The description of the event's kind; ``OTHER`` for one that is not known here."""
    return EVENTS.get(event.kind, OTHER)
