"""Rules of alarms as people write them: ``mi<0.2 for 10s``, ``event:lost``, ``stalled for 1min``."""

import math
import re
from typing import Final, Literal, TypeAlias

import msgspec

from streammi.config.did_you_mean import instead
from streammi.config.spans import Span, span
from streammi.errors import ConfigError

Comparator: TypeAlias = Literal["<", "<=", ">", ">="]
OPTION: Final = "--alarm"
RULE: Final = (
    "FIELD < NUMBER, with <, <=, > or >= and perhaps `for 10s` or `for 5 readings` behind it; event:KIND or event:*; "
    "or stalled"
)
STALLED: Final = "stalled"
ANY: Final = "*"  # event of any kind
MAX_RULES: Final = 32
MAX_RULE: Final = 100  # characters

_CONDITION: Final = re.compile(r"([A-Za-z_]\w*)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_READINGS: Final = re.compile(r"(\d+)\s*readings?")


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that raises an alarm: a field of the readings on one side of a number, a kind of event, or silence.

    With ``hold`` only once it has been so for that long, or in so many readings (``hold.pairs``) on end; and over only
    once it has not been so for as long.
    """

    rule: str  # as it is shown
    field: str = ""  # by its published name; empty for the others
    comparator: Comparator = "<"
    limit: float = 0.0
    event: str = ""  # a kind, or ANY; empty for the others: with no field either, it is of a feed that is stalled
    hold: Span | None = None

    def __str__(self) -> str:
        return self.rule

    def holds(self, value: float) -> bool:
        """True if the value is on the side of the limit that the alarm is about."""
        match self.comparator:
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
            case ">":
                return value > self.limit
        return value >= self.limit


def alarm(text: str) -> Alarm:
    """Read one rule; whether there is such a field, or such a kind of event, is known only above: see detect.alarms.

    >>> alarm("mi < 0.2 for 10s")
    Alarm(rule='mi<0.2 for 10s', field='mi', comparator='<', limit=0.2, event='', hold=Span(pairs=None, seconds=10.0))
    >>> alarm("rate>=1e4 for 3 readings").hold, alarm("event:lost").event, alarm("stalled for 1min").hold.seconds
    (Span(pairs=3, seconds=None), 'lost', 60.0)
    """
    words = " ".join(text.split())
    if not words.isprintable() or len(words) > MAX_RULE:
        raise ConfigError(OPTION, f"at most {MAX_RULE} printable characters", text)
    what, wait, length = words.partition(" for ")
    if not wait and (what.startswith("for ") or what.endswith(" for")):
        raise ConfigError(OPTION, RULE, text)
    hold = _hold(length.strip(), text) if wait else None
    behind = f" for {length.strip()}" if wait else ""
    kind, colon, event = what.replace(" ", "").partition(":")
    if colon and kind == "event" and event:
        if wait:
            raise ConfigError(OPTION, "without `for`: an event is at one moment", text)
        return Alarm(rule=f"event:{event}", event=event)
    if what == STALLED:
        if hold is not None and hold.seconds is None:
            raise ConfigError(OPTION, "for a duration, such as stalled for 10s: no readings come then", text)
        return Alarm(rule=STALLED + behind, hold=hold)
    match = _CONDITION.fullmatch(what)
    if match is None:
        raise ConfigError(OPTION, _refused(what), text)
    field, comparator, number = match.groups()
    limit = float(number)
    if not math.isfinite(limit):
        raise ConfigError(OPTION, "a finite number to compare with", text)
    return Alarm(
        rule=f"{field}{comparator}{number}{behind}",
        field=field,
        comparator=comparator,  # type: ignore[arg-type]  # as the pattern has it
        limit=limit,
        hold=hold,
    )


def _hold(length: str, text: str) -> Span:
    """The length behind ``for``."""
    readings = _READINGS.fullmatch(length)
    if readings:
        many = int(readings[1])
        if not 1 <= many <= 1_000_000:
            raise ConfigError(OPTION, "for 1 to 1000000 readings", text)
        return Span(pairs=many)
    rule = "a duration or a number of readings behind `for`, such as `for 10s` or `for 5 readings`"
    try:
        found = span(length, OPTION)
    except ConfigError:
        raise ConfigError(OPTION, rule, text) from None
    if found.seconds is None:
        raise ConfigError(OPTION, rule, text)
    return found


def _refused(what: str) -> str:
    """The rule that such words break."""
    if re.search(r"(^|[^<>])(==?|!=|≠)", what):
        return "compared with <, <=, > or >=: two numbers with decimals are hardly ever equal"
    if re.fullmatch(r"[A-Za-z_]\w*\s*[<>]=?\s*\S.*", what):
        number = re.split(r"[<>]=?", what, maxsplit=1)[1].strip()
        return f"a number alone behind the comparison, in the unit of the readings (got {number!r}), such as mi<0.2"
    return RULE + instead(what, [STALLED])


def check_rules(alarms: tuple[Alarm, ...]) -> None:
    """ConfigError for too many rules, or one that is given twice."""
    if len(alarms) > MAX_RULES:
        raise ConfigError(OPTION, f"at most {MAX_RULES} rules", len(alarms))
    rules = [one.rule for one in alarms]
    twice = [rule for k, rule in enumerate(rules) if rule in rules[:k]]
    if twice:
        raise ConfigError(OPTION, "given once for each rule", twice[0])
