"""Times are held against datetime's own arithmetic, and the column reader against the single one."""

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi.errors import FeedError
from streammi.ingest.timestamps import by_size_array, to_seconds, to_seconds_array

MODERN = st.datetimes(min_value=datetime(1973, 4, 1), max_value=datetime(2200, 1, 1))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MODERN, OFFSETS)
def test_iso_with_a_zone_is_the_instant(when: datetime, zone: timezone) -> None:
    aware = when.replace(tzinfo=zone)
    assert to_seconds(aware.isoformat()) == aware.timestamp()
    assert to_seconds(aware) == aware.timestamp()


@given(MODERN)
def test_naive_times_are_utc(when: datetime) -> None:
    expected = when.replace(tzinfo=UTC).timestamp()
    assert to_seconds(str(when)) == to_seconds(when.isoformat()) == to_seconds(when) == expected


@given(MODERN, st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_the_unit_is_told_by_size(when: datetime, per_second: int) -> None:
    seconds = int(when.replace(tzinfo=UTC).timestamp())
    ticks = seconds * per_second
    assert to_seconds(ticks) == to_seconds(str(ticks)) == to_seconds(str(ticks).encode()) == seconds
    np.testing.assert_allclose(by_size_array(np.array([ticks, -ticks])), [seconds, -seconds], rtol=0, atol=1e-6)


@pytest.mark.parametrize("small", [0, 0.0, 0.01, -3, 20_171_222, "0.010078907", "5e-3", " 7 "])
def test_small_numbers_are_seconds_as_they_are(small: float | str) -> None:
    assert to_seconds(small) == float(small)


@pytest.mark.parametrize(
    "value",
    [
        *["", "yesterday", "now", "today", "2026-02-30", "2026-13-01 00:00:00", "2026-01-01   00:00 h m", "nan", "inf"],
        *["9" * 5000, "1e400", "0x10", b"\xff", math.nan, math.inf, 10**20, True, None, [1]],
    ],
)
def test_what_is_not_a_time_is_refused(value: object) -> None:
    with pytest.raises(FeedError) as caught:
        to_seconds(value)  # type: ignore[arg-type]
    assert caught.value.reason == "not a time"
    if isinstance(value, str):
        assert np.isnan(to_seconds_array(["2026-01-01", value])[1])


ISO_COLUMN = st.lists(st.one_of(MODERN.map(str), MODERN.map(lambda when: when.isoformat() + "Z")))
ODD_TEXT = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.+Z-]{0,16})?", fullmatch=True),
    st.sampled_from(["", "NA", "2026-02-30", "1767225600", "٢٠٢٦-٠١-٠١"]),
)


def _single(text: str) -> float:
    try:
        return to_seconds(text)
    except FeedError:
        return math.nan


@given(st.one_of(ISO_COLUMN, st.lists(st.one_of(MODERN.map(str), ODD_TEXT)), st.lists(st.floats().map(repr))))
def test_a_column_reads_as_its_fields(texts: list[str]) -> None:
    expected = np.array([_single(text) for text in texts], dtype=np.float64)
    np.testing.assert_allclose(to_seconds_array(texts), expected, rtol=0, atol=2.5e-7)


def test_a_column_with_zones_and_gaps() -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    times = [datetime(2026, 1, 1, tzinfo=zone) + timedelta(milliseconds=250 * k) for k in range(1000)]
    texts = [when.isoformat() for when in times]
    texts[17] = ""
    expected = np.array([when.timestamp() for when in times])
    expected[17] = np.nan
    np.testing.assert_array_equal(to_seconds_array(texts), expected)


@pytest.mark.parametrize(
    "odd", ["2026-02-30T00:00:00", "2026-13-01T00:00:00", "2026-01-01T24:00:00", "0000-01-01T00:00:00"]
)
@pytest.mark.parametrize("n", [2, 1000])
def test_a_day_that_does_not_exist_is_no_time_among_many(odd: str, n: int) -> None:
    """numpy's own reading of dates ended the process at such a day in an array of more than 500."""
    texts = ["2024-02-29T23:59:59", odd] * (n // 2)
    expected = [datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC).timestamp(), _single(odd)] * (n // 2)
    np.testing.assert_array_equal(to_seconds_array(texts), expected)


def test_a_zone_that_does_not_exist_makes_a_text_no_time_and_others_remain() -> None:
    texts = ["2026-01-01T00:00:00+99:99", "2026-01-01T00:00:00+01:00"]
    np.testing.assert_array_equal(to_seconds_array(texts), [math.nan, _single(texts[1])])
