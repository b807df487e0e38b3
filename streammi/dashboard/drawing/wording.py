"""Numbers, times and amounts in words, as they go on a screen: never without their unit."""

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import lru_cache

from streammi.records import UNIT_PER_BIT, LinkHealth, Unit
from streammi.records.link_totals import total

SELDOM = 0.95  # a second: what is rarer is said by how long it takes


def unit_factor(source: Unit, target: Unit) -> float:
    """The factor of a number in ``source`` that is to be in ``target``.

    >>> round(unit_factor("bit", "nat"), 4)
    0.6931
    """
    return UNIT_PER_BIT[target] / UNIT_PER_BIT[source]


def number(value: float | None, digits: int = 3) -> str:
    """Return ``value`` with ``digits`` decimals and a true minus; what is not known is an em dash, never 0.

    >>> number(1.5), number(-0.25, 1), number(None), number(-0.0001)
    ('1.500', '−0.2', '—', '0.000')
    """
    if value is None or not math.isfinite(value):
        return "—"
    text = f"{abs(value):.{digits}f}"
    return f"−{text}" if value < 0 and float(text) else text


def signed(value: float | None, digits: int = 3) -> str:
    """Return ``value`` with its sign, a true minus.

    >>> signed(0.25), signed(-0.25, 1)
    ('+0.250', '−0.2')
    """
    if value is None or not math.isfinite(value):
        return "—"
    text = number(value, digits)
    return text if text.startswith("−") else "+" + text


def short(value: float | None) -> str:
    """An axis value in about four significant digits.

    >>> short(0.30000001), short(12345.0), short(1.5e9), short(-2.0)
    ('0.3', '12.3k', '1.5G', '-2')
    """
    if value is None or not math.isfinite(value):
        return "—"
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-3:
        return f"{value:.2g}"
    if size < 1e4:
        return f"{value:.4g}" if size >= 1 else f"{value:.3g}"
    scale, letter = next((s, c) for s, c in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")) if size >= s)
    return f"{value / scale:.3g}{letter}"


def short_in(value: float | None, width: int) -> str:
    """An axis value with a true minus in ``width`` columns: with fewer digits where it must be, never a part of one.

    >>> short_in(-0.25, 7), short_in(-3.9e300, 7), short_in(0.000375, 5), short_in(-0.25, 4), short_in(-3.9e300, 3)
    ('−0.25', '−4e300', '4e−4', '−.25', '…')
    """
    forms = [short(value)]
    if value is not None and math.isfinite(value):
        forms.append(forms[0].replace("0.", ".", 1) if abs(value) < 1 else forms[0])
        for digits in (1, 0):
            mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
            forms.append(f"{mantissa}e{int(exponent)}")
    return next((text.replace("-", "−") for text in forms if len(text) <= width), "…")


def count(value: int) -> str:
    """A total with its thousands apart, shortened from ten million up.

    >>> count(1234567), count(123456789)
    ('1,234,567', '123M')
    """
    return f"{value:,}" if abs(value) < 10_000_000 else short(float(value))


def size(count_bytes: int) -> str:
    """A number of bytes.

    >>> size(2596), size(54_300), size(3_980_000)
    ('2596 B', '54.3 kB', '3.98 MB')
    """
    text = short(float(count_bytes))
    letter = text[-1] if text[-1].isalpha() else ""
    return f"{text.removesuffix(letter)} {letter}B"


@lru_cache(maxsize=1024)
def duration(seconds: float) -> str:
    """A length of time in one unit, with a true minus.

    >>> duration(0.25), duration(30), duration(90), duration(7200), duration(86400 * 3333.3), duration(-3600)
    ('250 ms', '30 s', '1.5 min', '2 h', '3,333 d', '−60 min')
    """
    for least, scale, unit in (
        (172800, 86400, "d"),
        (5400, 3600, "h"),
        (60, 60, "min"),
        (1, 1, "s"),
        (1e-3, 1e-3, "ms"),
    ):
        if abs(seconds) >= least:
            said = f"{seconds / scale:.3g}" if abs(seconds) < 1000 * scale else f"{seconds / scale:,.0f}"
            return f"{said} {unit}".replace("-", "−", 1)
    return f"{seconds * 1e6:.3g} µs".replace("-", "−") if seconds else "0 s"


def pace(rate: float, what: str = "pairs") -> str:
    """How often something comes: where that is seldom, how long it takes.

    >>> pace(1234.0), pace(1.0), pace(0.2), pace(1 / 90, "messages"), pace(0.0)
    ('1234 pairs/s', '1 pairs/s', '1 every 5 s', '1 message every 1.5 min', '0 pairs/s')
    """
    if not 0 < rate < SELDOM:
        return f"{short(rate)} {what}/s"
    return f"1 {'message ' if what == 'messages' else ''}every {duration(float(f'{1 / rate:.3g}'))}"


def elapsed(seconds: float) -> str:
    """How long something has lasted, in whole seconds or in two units: a clock that runs.

    >>> elapsed(9.7), elapsed(72), elapsed(7500), elapsed(90000 * 3), elapsed(-5)
    ('9 s', '1 min 12 s', '2 h 5 min', '3 d 3 h', '0 s')
    """
    whole = max(int(seconds), 0) if math.isfinite(seconds) else 0
    for scale, unit, part, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= scale:
            return f"{whole // scale} {unit} {whole % scale // part} {smaller}"
    return f"{whole} s"


def ahead(seconds: float) -> str:
    """How long something will take, in whole units, rounded up.

    >>> ahead(44.1), ahead(4951), ahead(90000), ahead(1e6)
    ('45 s', '83 min', '25 h', '12 d')
    """
    for most, scale, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h"), (math.inf, 86400, "d")):
        if seconds < most:
            return f"{math.ceil(seconds / scale):,} {unit}"
    return "—"


def clock(timestamp: float | None, zone: tzinfo | None, *, date: bool = False) -> str:
    """The time of day of ``timestamp`` (seconds since the epoch) in ``zone``; None: the machine's own.

    >>> from datetime import timezone
    >>> clock(0.0, timezone.utc), clock(0.0, timezone.utc, date=True)
    ('00:00:00', '1970-01-01 00:00:00')
    """
    if timestamp is None or not math.isfinite(timestamp):
        return "—"
    moment = _moment(int(timestamp // 1), zone)
    return moment if date else moment[11:]


@lru_cache(maxsize=1024)
def _moment(second: int, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromtimestamp(second, zone):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, OSError, ValueError):  # a feed may call anything a time
        return f"{'—':>10} {'—':>8}"


def place(endpoint: str) -> str:
    """The part of an endpoint that tells its monitor from others.

    >>> place("tcp://plant:5557"), place("ipc:///run/plant/readings")
    ('plant:5557', 'readings')
    """
    return endpoint.rpartition("/")[2]


def why_no_pair(links: Sequence[LinkHealth]) -> tuple[str, str]:
    """Why most messages that yielded no pair did not, of which signal that is known; and the same without advice.

    >>> why = "no such path: y 'flow': did you mean Flow?"
    >>> why_no_pair([LinkHealth(endpoint="", state="connected", malformed={"no such path": 2}, why_none=why)])[1]
    "no such path: y 'flow'"
    """
    malformed = total(links).malformed
    reason = max(malformed, key=malformed.__getitem__)
    why = next((link.why_none for link in links if link.why_none.startswith(f"{reason}: ")), reason)
    brief, advised, _ = why.partition("': ")
    return why, f"{brief}'" if advised else why
