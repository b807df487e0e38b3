"""Alarms: when a rule is fulfilled, and when it is over. Each is said once, as an event.

A field that is not known (null) fulfils no rule and ends nothing: such a reading is passed over, and its time counts
neither way. So is a reading of a window that is not full yet, for what is said of a window: MI of ten pairs is no news.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from streammi.config import Alarm, MonitorConfig
from streammi.config.alarms import ANY, OPTION
from streammi.config.did_you_mean import instead, meant
from streammi.errors import ConfigError
from streammi.records import Event, LinkHealth, Reading, Tally
from streammi.records.events import EVENTS
from streammi.records.published import INFORMATION, fields_of
from streammi.records.status import Status

Fields: TypeAlias = Mapping[str, float | int | str | None]
_NOT_RAISING: Final = ("alarm", "cleared", "omitted")  # kinds that are said here, and one that is only among lines


class Watched(NamedTuple):
    """A published number that a rule may be about."""

    unit: str
    of_window: bool  # so it means something only once the window is full
    option: str  # without which it is not known


def _watched() -> dict[str, Watched]:
    found = {"status": Watched("", of_window=False, option="")}
    for record in (Reading, LinkHealth, Tally):
        for field in fields_of(record):
            if field.name is not None and field.kind is not str:
                said = field.published
                of_window = record is Reading and not said.counter and field.name not in ("n", "fill", "t0", "p_due")
                found[field.name] = Watched(said.unit, of_window, said.option)
    return found


WATCHED: Final = _watched()
_SHARE: Final = (0.0, 1.0)
_RANGES: Final = {  # the least and the most that a field can be; others have no bounds worth naming
    "fill": _SHARE,
    "nmi": _SHARE,
    "r": (-1.0, 1.0),
    "spearman_r": (-1.0, 1.0),
    "direction": (-1.0, 2.0),
    "status": (0.0, float(sum(Status))),
    **dict.fromkeys(("p", "peak_p", "cmi_p", "te_xy_p", "te_yx_p"), _SHARE),
    **dict.fromkeys(("mi", "hx", "hy", "hxy", "hx_given_y", "hy_given_x", "stderr", "rate", "n"), (0.0, math.inf)),
}
_ATTRIBUTES: Final = {field.attribute: field.name for field in fields_of(Reading) if field.name in WATCHED}


def check_alarms(config: MonitorConfig) -> None:
    """ConfigError for a rule about a field, or a kind of event, that there is not, or not with these settings."""
    for one in config.alarms:
        kinds = [kind for kind in EVENTS if kind not in _NOT_RAISING]
        if one.event and one.event not in (*kinds, ANY):
            rule = f"event:* or an event of {', '.join(kinds)}{instead(one.event, kinds)}"
            raise ConfigError(OPTION, rule, one.rule)
        if not one.field:
            continue
        if one.field not in WATCHED:
            named = _ATTRIBUTES.get(one.field)  # as a program in Python knows it
            question = (
                f"did you mean {named}?" if named else meant(one.field, WATCHED)
            ) or f"one of {', '.join(sorted(WATCHED))}"
            raise ConfigError(OPTION, f"about a number that is published in readings ({question})", one.rule)
        option = WATCHED[one.field].option
        if option and not _is_given(option, config):
            raise ConfigError(OPTION, f"about a number that is known: {one.field} is so only with {option}", one.rule)
        _check_limit(one, config)


def _check_limit(one: Alarm, config: MonitorConfig) -> None:
    """ConfigError for a limit that no value of the field is beyond: such an alarm would stay silent for ever."""
    low, high = _RANGES.get(one.field, (-math.inf, math.inf))
    tested = one.field in ("p", "peak_p") and config.null > 0
    if tested:
        low = 1 / (config.null + 1)
    if not (one.holds(low) or one.holds(high)):
        known = f"at least {low:.3g}" if high == math.inf else f"from {low:.3g} to {high:g}"
        because = f" with --null {config.null}" if tested else ""
        raise ConfigError(OPTION, f"a rule that can be met ({one.field} is {known}{because})", one.rule)


def _is_given(option: str, config: MonitorConfig) -> bool:
    given = {
        "--ksg": config.ksg is not None,
        "--null": config.null > 0,
        "--null or --test g": config.null > 0 or config.test == "g",
        "--lags": config.lags is not None,
        "--given": bool(config.given),
        "--transfer": config.transfer,
        "--baseline": config.baseline is not None,
    }
    return given.get(option, True)  # whether there are two sources is the feed's


class Lasted(NamedTuple):
    """How long something had been so when it was taken for so."""

    seconds: float
    readings: int


class Held:
    """A condition, by what was seen of it: it turns only once the other thing has held for long enough.

    >>> held = Held(seconds=2.0)
    >>> [bool(held.see(so, t)) for t, so in enumerate([True, True, None, True, True, False, True])]
    [False, False, False, False, True, False, False]
    """

    def __init__(self, seconds: float = 0.0, readings: int = 1) -> None:
        # Sums of tenths of a second are a little less than they should be.
        self._seconds, self._readings = seconds * (1 - 1e-9), readings
        self.on = False
        self._held = 0.0  # how long the other thing has been seen, s,
        self._seen = 0  # and how often
        self._last = math.nan  # when it was seen last; NaN where what is not known has come between

    def see(self, so: bool | None, at: float) -> Lasted | None:
        """Take note of how it is; what it took where it turns. None: not known, which counts neither way."""
        if so is None:
            self._last = math.nan
            return None
        if so == self.on:
            self._forget()
            return None
        passed = at - self._last
        self._held += passed if passed > 0 else 0.0  # a clock may be set back
        self._seen += 1
        self._last = at
        if self._held < self._seconds or self._seen < self._readings:
            return None
        lasted = Lasted(self._held, self._seen)
        self.on = so
        self._forget()
        return lasted

    def _forget(self) -> None:
        self._held, self._seen, self._last = 0.0, 0, math.nan

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        return [self.on, self._held, self._seen, self._last]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.on, self._held, self._seen, self._last = state


class Alarms:
    """The rules of a pair, and which of them are fulfilled: ``raised``, the newest event of each, oldest first."""

    def __init__(self, config: MonitorConfig) -> None:
        check_alarms(config)
        self.notes: list[str] = []  # what a person should know, once each
        self.raised: dict[str, Event] = {}
        self._pair, self._unit = config.pair, config.unit
        self._fields = [(one, _held(one)) for one in config.alarms if one.field]
        self._events = [one for one in config.alarms if one.event]
        self._silences = [one for one in config.alarms if not (one.field or one.event)]
        self._silent: set[str] = set()  # signals whose links are stalled
        self._turned = -math.inf  # when that came or went last
        self._unknown: set[str] = set()  # rules whose field was not known, as was said

    def of_reading(self, fields: Fields) -> list[Event]:
        """The alarms that a published reading raises and ends; ``fields`` by their published names."""
        events = []
        at, fill = _number(fields["timestamp"]), _number(fields["fill"])
        for one, held in self._fields:
            watched, value = WATCHED[one.field], _number(fields.get(one.field))
            known = math.isfinite(value)
            if not known and fill >= 1:
                self._note_unknown(one)
            counts = known and (fill >= 1 or not watched.of_window)
            lasted = held.see(one.holds(value) if counts else None, at)
            if lasted is not None:
                unit = self._unit if watched.unit == INFORMATION else watched.unit
                said = f"{one.field} is {value:.6g}{f' {unit}' if unit else ''}{_after(one, lasted)}"
                events.append(self._say(one, at, value, unit, said, on=held.on))
        return events

    def of_events(self, events: Iterable[Event]) -> list[Event]:
        """The alarms that other events raise: each a new one, which nothing ends."""
        found = []
        for event in events:
            if event.kind in ("stalled", "recovered") and event.unit == "s":
                self._silence(event)
            for one in self._events:
                if one.event in (ANY, event.kind):
                    said = f"{event.kind}: {event.evidence}"
                    found.append(msgspec.structs.replace(event, kind="alarm", evidence=said, rule=one.rule))
                    self._keep(found[-1])
        return found

    def of_time(self, now: float) -> list[Event]:
        """The alarms of a feed that is stalled, or is so no more, as of ``now`` (wall clock, s).

        They go by how long that has lasted, not by how often it was looked at: where nothing turns nothing changes.
        """
        events = []
        silent, lasted = bool(self._silent), now - self._turned
        for one in self._silences:
            least = one.hold.seconds if one.hold is not None and one.hold.seconds is not None else 0.0
            if silent != (one.rule in self.raised) and lasted >= least:
                said = f"the feed is {'stalled' if silent else 'well again'}{f' for {lasted:.4g} s' if least else ''}"
                events.append(self._say(one, now, lasted, "s", said, on=silent))
        return events

    def state(self) -> dict[str, Any]:
        """Plain values that ``restore`` needs."""
        return {
            "held": {one.rule: held.state() for one, held in self._fields},
            "raised": [msgspec.structs.asdict(event) for event in self.raised.values()],
            "silent": self._silent,
            "turned": self._turned,
            "unknown": self._unknown,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the state of the same rules."""
        for one, held in self._fields:
            held.restore(state["held"][one.rule])
        self.raised = {event["rule"]: Event(**event) for event in state["raised"]}
        self._silent, self._turned, self._unknown = set(state["silent"]), state["turned"], set(state["unknown"])

    def _silence(self, event: Event) -> None:
        before = bool(self._silent)
        (self._silent.add if event.kind == "stalled" else self._silent.discard)(event.signal)
        if bool(self._silent) != before:
            self._turned = event.timestamp

    def _say(self, one: Alarm, at: float, value: float, unit: str, evidence: str, *, on: bool) -> Event:
        event = Event(
            pair=self._pair,
            kind="alarm" if on else "cleared",
            timestamp=at,
            size=value,
            unit=unit,
            evidence=evidence,
            rule=one.rule,
        )
        self.raised.pop(one.rule, None)
        if on:
            self._keep(event)
        return event

    def _keep(self, event: Event) -> None:
        self.raised.pop(event.rule, None)
        self.raised[event.rule] = event  # the newest last

    def _note_unknown(self, one: Alarm) -> None:
        if one.rule not in self._unknown:
            self._unknown.add(one.rule)
            self.notes.append(
                f"--alarm {one.rule}: {one.field} is not known now; until it is, nothing is raised or ended"
            )


def _held(one: Alarm) -> Held:
    if one.hold is None:
        return Held()
    return Held(seconds=one.hold.seconds or 0.0, readings=one.hold.pairs or 1)


def _after(one: Alarm, lasted: Lasted) -> str:
    """How long it took, in words, where the rule asks for it."""
    if one.hold is None:
        return ""
    return f", for {lasted.readings} readings" if one.hold.pairs else f", for {lasted.seconds:.4g} s"


def _number(value: object) -> float:
    """The value; NaN for what is not known."""
    return float(value) if isinstance(value, float | int) else math.nan
