"""The forms of dates and times of day, as people and loggers write them: where in a text each number stands."""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from streammi.errors import ConfigError
from streammi.ingest.files.times.date_words import month_of, plain_date
from streammi.ingest.files.times.time_zones import PLACE

Forms: TypeAlias = tuple[re.Pattern[str], ...]
Places: TypeAlias = dict[str, tuple[int, int]]

_DATES: Final = (
    r"(?P<Y>\d{4})(?P<s1>[-/.])(?P<m>\d{1,2})(?P=s1)(?P<d>\d{1,2})",
    r"(?P<a>\d{1,2})(?P<s2>\.\s|[-/.])(?P<b>\d{1,2})(?P=s2)(?P<Y>\d{4}|\d{2})",
    r"(?P<d>\d{1,2})(?:\.\s?|[-/ ])(?P<n>[^\W\d_]{3,12})\.?[-/ ,]\s?(?P<Y>\d{4}|\d{2})",
    r"(?P<n>[^\W\d_]{3,12})\.?\s(?P<d>\d{1,2}),?\s(?P<Y>\d{4})",
    r"(?P<Y>\d{4})[-/ ](?P<n>[^\W\d_]{3,12})[-/ ](?P<d>\d{1,2})",
    r"(?P<Y>\d{4})\. ?(?P<m>\d{1,2})\. ?(?P<d>\d{1,2})\.",  # Korea, Hungary
    r"(?P<Y>\d{4})-(?P<j>\d{3})",
    r"(?P<Y>\d{4})(?P<m>0\d|1[0-2])(?P<d>[0-2]\d|3[01])",  # 20032026 is of no year 2003
)
_HALF: Final = r"(?:\s?(?P<p>[AaPp])(?:\.?\s?[Mm]\.?|(?<=\d[apAP])(?=\s|$)))?"  # 10:00a, as weather stations have it
_TIME: Final = (
    # 1.02:03 is a day and two hours, and no time of day with a point in it.
    r"(?P<H>\d{1,2})(?P<s3>[:.h])(?P<M>\d{2})(?:(?:(?P=s3)|(?<=h\d\d)[:m])(?P<S>\d{2})(?:[.,:](?P<f>\d{1,9}))?s?)?"
    + _HALF
)
# Behind a date, small boards write 10:0:5: by itself, that may be a ratio.
_UNFILLED: Final = r"(?P<H>\d{1,2}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2})(?:[.,:](?P<f>\d{1,9}))?)?" + _HALF
_PACKED: Final = r"(?P<H>\d\d)(?P<M>\d\d)(?:(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?"
_SPAN: Final = r":(?P<M>[0-5]\d):(?P<S>[0-5]\d)(?:[.,](?P<f>\d{1,9}))?"
_DASHED: Final = r"(?P<H>\d\d)(?P<s4>[-_])(?P<M>\d\d)(?:(?P=s4)(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?"
_EAST: Final = r"[+-]\d{2}:?\d{2}|[+-]\d:\d{2}|[+-]\d{1,2}"  # of Greenwich, in hours
_LETTERS: Final = r"(?!(?:A|P|SA|CH)\b)[A-Z]{1,5}"  # of a zone, and not of a half of the day
_BEHIND_ZONE: Final = r"(?:\[[^]]*\])?(?:\s\([^)]*\))?"
_ZONE: Final = rf"(?:\s?(?:(?:GMT|UTC)(?=[+-]))?(?P<z>{_EAST}|{_LETTERS}|z){_BEHIND_ZONE})?"
_UNTIL: Final = r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ])?\d{1,2}:\d\d(?::\d\d)?(?:Z|\s?\(?[A-Z]{3,5}\)?)?"
_DAY_NAME: Final = r"(?:[^\W\d_]{2,12}\.?,?\s)?"
FORMS: Final = tuple(
    re.compile(rf"\s*\[?{form}\]?\s*")
    for form in (
        # Spans: as .NET, Python, databases and loggers write them.
        rf"(?P<D>\d{{1,5}})(?:[. T]|\s?d(?:ays?)?,?\s?)(?P<H>\d{{1,2}}){_SPAN}",
        r"(?P<D>\d{1,5})\s?d(?:ays?)?,?\s?(?P<H>\d{1,2}):(?P<M>[0-5]\d)",
        r"(?P<D>\d{1,5}):(?P<H>\d{1,2}):(?P<M>[0-5]\d):(?P<S>[0-5]\d)[.,](?P<f>\d{1,9})",
        # A colon stands only behind a whole year: 12 May 10:00:00 is not of 2010.
        *(rf"{_DAY_NAME}{date}(?:(?:[Tt ,;_]|\s-\s|(?<=\d{{4}}):|,\s)\s?{_TIME}{_ZONE})?" for date in _DATES),
        *(rf"{date}[T ]\s?{_UNFILLED}{_ZONE}" for date in _DATES[:4]),
        rf"{_DATES[-1]}[T _-]?{_PACKED}{_ZONE}",
        *(rf"{date} {_PACKED}" for date in _DATES[:2]),
        rf"{_DATES[0]}[-_T ]{_DASHED}",
        rf"{_TIME}{_ZONE}(?:\s|,\s?){_DAY_NAME}{_DATES[0]}",
        rf"{_TIME}{_ZONE}(?:\s|,\s?){_DAY_NAME}{_DATES[1]}",
        # C's ctime and the program date.
        rf"{_DAY_NAME}(?P<n>[^\W\d_]{{3,9}})\s{{1,2}}(?P<d>\d{{1,2}})\s{_TIME}(?:\s(?P<z>[A-Z]{{1,5}}))?\s(?P<Y>\d{{4}})",
        *(rf"{date}[T ]{_TIME}{_ZONE}\s?(?:[-–/]|to|bis)\s?{_UNTIL}" for date in _DATES[:2]),  # the start counts
        rf"(?P<H>\d{{1,4}}){_SPAN}",
        rf"{_TIME}",
        r"(?P<M>\d{1,4}):(?P<S>[0-5]\d)[.,](?P<f>\d{1,9})",
    )
)
DATED: Final = tuple(form for form in FORMS if "Y" in form.groupindex)
# What only a column of times is read as: of another one it would be too little to tell.
_OTHER_DATES: Final = (
    *_DATES,
    r"(?P<Y>\d{4})(?P<s1>[-/._])(?P<m>\d{1,2})(?P=s1)(?P<d>\d{1,2})",
    r"(?P<Y>\d{4})[-:/.](?P<j>\d{3})",
    r"(?P<Y>\d{4})[-/ ]?(?:W|KW ?)(?P<w>\d\d)(?:-?(?P<u>[1-7]))?",  # a week, and its day, as ISO 8601 counts them
    r"(?P<d>\d{1,2})(?P<n>[^\W\d_]{3})(?P<Y>\d{4}|\d{2})",  # SAS
    r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|x)?[.,]?\s(?:de\s|of\s)?(?P<n>[^\W\d_]{3,12})\.?,?\s(?:del?\s)?(?P<Y>\d{4})(?:\sx\.?)?",
    r"(?P<n>[^\W\d_]{3,9})\.?\s(?P<d>\d{1,2})(?:st|nd|rd|th),?\s(?P<Y>\d{4})",
)
_OTHER_TIME: Final = (
    r"(?P<H>\d{1,2})(?:(?P<s3>[:.h])(?P<M>\d{2})(?:(?P=s3)(?P<S>\d{2})(?:[.,:](?P<f>\d{1,9}))?)?)?"
    r"(?:\s?(?:Uhr|hrs?|h))?"
    r"(?:\s?(?P<p>[AaPp](?=\.?\s?[Mm]|$)|vorm|nachm|(?:d[eu]|[ai]p|[fe]m)(?=\.)|dop|odp|SA|CH)\.?(?:\s?[Mm]\.?)?)?"
)
_BETWEEN: Final = r"(?:,?\s(?:klo|kl\.?|at|um|om|o|à|x|a las|às|alle|alle ore)\s|,?\s|T|(?<=\d{3}):|-|/|_|;)"
_OTHER_ZONE: Final = (
    rf"(?:\s?\(?(?:(?:GMT|UTC)(?=[+-]))?(?P<z>{_EAST}|{PLACE}|{_LETTERS})\)?"
    r"(?:\s[A-Z]{3,4})?(?:\sm=[+-][\d.]+)?)?"  # Go's
)
_IEC: Final = r"(?:L?(?:DTL?|DATE_AND_TIME|D|DATE|TOD|TIME_OF_DAY)#)?"  # of programs of controllers
OTHER_FORMS: Final = tuple(
    re.compile(rf"\s*{_IEC}=?[\['\"]?{form}[\]'\"]?\s*")
    for form in (
        *(rf"{_DAY_NAME}{date}(?:{_BETWEEN}{_OTHER_TIME}{_OTHER_ZONE})?" for date in _OTHER_DATES),
        rf"(?P<Y>\d{{4}})(?P<j>\d{{3}})[T _-]?{_PACKED}{_ZONE}",
        rf"(?P<Y>\d{{4}})-?W(?P<w>\d\d)-?(?P<u>[1-7])T{_PACKED}{_ZONE}",
        rf"(?P<Y>\d{{4}})(?P<s1>[-/._])(?P<m>\d\d)(?P=s1)(?P<d>\d\d)[-/._ T](?P<H>\d\d)(?P<s3>[-._])(?P<M>\d\d)"
        rf"(?:(?P=s3)(?P<S>\d\d)(?:[-._,](?P<f>\d{{1,9}}))?)?{_ZONE}",
        # Receivers of GPS, and others without a sign.
        *(rf"(?P<a>\d\d)(?P<b>\d\d)(?P<Y>\d{{4}}|\d\d)[ T_-]{clock}" for clock in (_PACKED, _TIME)),
        r"(?P<Y>\d{4})[-/](?P<m>\d\d)",
        r"(?P<n>[^\W\d_]{3,9})\.?[ -](?P<Y>\d{4})",
        _TIME,
    )
)
MINUTES: Final = (re.compile(r"\s*(?P<M>\d{1,4}):(?P<S>[0-5]\d)\s*"),)  # and seconds, of a stopwatch
DAYS: Final = (re.compile(r"\s*(?P<D>\d{1,5}):(?P<H>[01]?\d|2[0-3]):(?P<M>[0-5]\d):(?P<S>[0-5]\d)\s*"),)  # to seconds
_STRPTIME: Final = {
    "%Y": r"(?P<Y>\d{4})", "%y": r"(?P<Y>\d\d)", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>[ \d]?\d)",
    "%b": r"(?P<n>[^\W\d_]{3,9})\.?", "%B": r"(?P<n>[^\W\d_]{3,9})", "%j": r"(?P<j>\d{1,3})", "%H": r"(?P<H>\d{1,2})",
    "%I": r"(?P<H>\d{1,2})", "%M": r"(?P<M>\d{1,2})", "%S": r"(?P<S>\d{1,2})", "%f": r"(?P<f>\d{1,9})",
    "%p": r"(?P<p>[AaPp])\.?[Mm]\.?", "%z": r"(?P<z>Z|[+-]\d\d:?\d\d|[+-]\d\d)", "%Z": r"(?P<z>[A-Z]{1,5})",
    "%a": r"[^\W\d_]{2,9}\.?", "%A": r"[^\W\d_]{2,9}", "%%": "%",
}  # fmt: skip
_WITHOUT_YEAR: Final = re.compile(
    rf"\s*{_DAY_NAME}(?:(?P<before>[^\W\d_]{{3,9}})\.?\s+\d{{1,2}}"
    rf"|\d{{1,2}}(?:[-/ ]|\.\s?)(?:(?P<behind>[^\W\d_]{{3,9}})|\d{{1,2}})\.?)"
    rf"(?:[T ,_]\s*{_TIME}{_ZONE})?\s*"
)


def has_no_year(text: str) -> bool:
    """True if a text is a date and time of day, but for the year.

    >>> [has_no_year(text) for text in ("Mar  1 10:00:00", "01.03. 10:00", "03-01 10:00:00.5", "2026-03-01", "10:00")]
    [True, True, True, False, False]
    """
    match = _WITHOUT_YEAR.fullmatch(text)
    month = match["before"] or match["behind"] if match else None
    return match is not None and (not month or month_of(month) > 0) and places_of(text) is None


def places_of(text: str, forms: Forms = FORMS) -> Places | None:
    """Where the parts of a date or time of day stand in a text: Y, m or n (a name), d, H, M, S, f, p, z, or a and b."""
    text = plain_date(text)
    for form in forms:
        if match := form.fullmatch(text):
            found = {name: match.span(name) for name in match.groupdict() if match[name] is not None}
            return {name: span for name, span in found.items() if name[0] != "s"}
    return None


def has_date(places: Places) -> bool:
    """True if these parts have a day, not only the time of one."""
    return "Y" in places or "j" in places


def form_of(pattern: str) -> re.Pattern[str]:
    """The form of times in the words of strptime, such as ``%d.%m.%Y %H:%M:%S.%f``; ``ConfigError`` for others.

    >>> form_of("%d|%m|%Y %Hh").fullmatch("31|12|2025 23h").groupdict()
    {'d': '31', 'm': '12', 'Y': '2025', 'H': '23'}
    """
    parts = re.split(r"(%.)", pattern.strip())
    named = [part for part in parts if part.startswith("%")]
    unknown = [part for part in named if part not in _STRPTIME]
    pattern = pattern.strip()
    dateless = not {"%Y", "%y"} & set(named) and bool({"%m", "%d", "%b", "%B", "%j"} & set(named))
    if unknown or not named or len(set(named)) < len(named) or dateless:
        rule = "with the year, if it has a day" if dateless else "as strptime has it, of " + " ".join(_STRPTIME)
        raise ConfigError("--time-format", rule, pattern)
    regex = "".join(_STRPTIME.get(part) or re.sub(r"\\ ", r"\\s+", re.escape(part)) for part in parts)
    return re.compile(rf"\s*{regex}\s*")


def forms_of_day_and(parts: Sequence[str]) -> Forms:
    """The forms of dates behind which an hour, a minute and perhaps a second stand as such parts.

    >>> places_of("01.03.2026 9 05 0.5", forms_of_day_and("HMS"))["S"]
    (16, 17)
    """
    return tuple(re.compile(rf"\s*{date}\s{form_of_parts(parts).pattern}") for date in _DATES)


def form_of_parts(parts: Sequence[str]) -> re.Pattern[str]:
    """The form of dates whose parts, by strptime's letters, stand one behind the other; T is a time of day with signs.

    >>> form_of_parts("YmdHMS").fullmatch("26 3 1 10 0 0.5").groupdict()
    {'Y': '26', 'm': '3', 'd': '1', 'H': '10', 'M': '0', 'S': '0', 'f': '5'}
    >>> form_of_parts(("Y", "j", "HM")).fullmatch("2026 60 1000").groupdict()
    {'Y': '2026', 'j': '60', 'H': '10', 'M': '00'}
    """
    known = {
        "Y": r"(?P<Y>\d{4}|\d\d)", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})", "j": r"(?P<j>\d{1,3})",
        "H": r"(?P<H>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})(?:\.(?P<f>\d{1,9}))?", "T": _TIME,
        "HM": r"(?P<H>\d\d)(?P<M>\d\d)", "HMS": r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)",
    }  # fmt: skip
    return re.compile(r"\s*" + r"\s+".join(known[part] for part in parts) + r"\s*")
