"""The clock of a feed: senders as they are met, whose true times are known, and what is said of them."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.ingest.clock import LEARNT_FROM, Clock
from streammi.ingest.decoder import Decoder
from streammi.ingest.time_units import UNITS, epoch_unit, unit_in_name
from streammi.records import FloatArray

NOW = 1_767_225_600.25  # 2026-01-01
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def arrivals(n: int, step: float) -> Iterator[float]:
    return (NOW + k * step for k in range(n))


def heard(stamps: list[Any], step: float, name: str = "t", **settings: Any) -> tuple[list[float | None], Decoder]:
    """The times of a feed with a message every ``step`` s, each message by itself; None where there is none."""
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y", **settings))
    found: list[float | None] = []
    for stamp, now in zip(stamps, arrivals(len(stamps), step), strict=True):
        batch = decoder.decode([[json.dumps({"x": 1, "y": 2, name: stamp}).encode()]], now)
        found += [None] * batch.x.size if batch.t is None else batch.t.tolist()
    return found, decoder


@pytest.mark.parametrize("unit", PER_SECOND)
@pytest.mark.parametrize("boot", [0.0, 600.0, 99_990.0, 1e6])
def test_an_uptime_has_one_unit_for_good(unit: str, boot: float) -> None:
    """Whole numbers since the start of a sender: in ms from 10^8 s on, in us and ns soon, they pass a bound."""
    ticks = [round((boot + 0.25 * k) * PER_SECOND[unit]) for k in range(0, 400, 1 if unit != "s" else 4)]
    times, decoder = heard(ticks, 0.25 if unit != "s" else 1.0)
    epoch_like = epoch_unit(ticks[0]) is not None
    if epoch_like:  # 10 minutes of ns are 20 years of ms: the rate shows it, and it is said
        assert f"--time-unit {unit}" in decoder.note
        times, decoder = heard(ticks, 0.25, time_unit=unit)
    np.testing.assert_allclose(times[30:], [tick / PER_SECOND[unit] for tick in ticks][30:], rtol=1e-12)
    assert unit == "s" or epoch_like or "since its start" in decoder.note or boot >= 99_990


@pytest.mark.parametrize("unit", PER_SECOND)
@pytest.mark.parametrize("encode", [lambda row: [json.dumps(row).encode()], lambda row: [msgpack.packb(row)]])
def test_times_of_now_are_known_from_the_first(unit: str, encode: Callable[[Any], Any]) -> None:
    times = [NOW + k / 10 for k in range(50)]
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    rows = [encode({"x": 1.5, "y": 2.5, "ts": int(t * PER_SECOND[unit])}) for t in times]
    batch = decoder.decode(rows, times[-1])
    assert batch.t is not None
    np.testing.assert_allclose(batch.t, times, atol=1.0 if unit == "s" else 1e-3, rtol=0)
    assert decoder.note == ""


def test_a_temperature_called_t_is_no_time_and_that_is_said() -> None:
    rng = np.random.default_rng(4)
    values = (20 + 3 * np.sin(np.arange(300) / 40) + rng.normal(0, 0.2, 300)).round(2).tolist()
    times, decoder = heard(values, 0.5)
    assert times[LEARNT_FROM:] == [None] * (300 - LEARNT_FROM)
    assert "its times go up and down" in decoder.note
    asked, decoder = heard(values, 0.5, t="t")
    assert asked == values
    assert "up and down" not in decoder.note


def test_a_clock_that_is_synchronised_later_is_followed() -> None:
    """A device that counts seconds since it was switched on, until it has asked a time server."""
    stamps = [5 + k for k in range(30)] + [int((NOW + k) * 1000) for k in range(30, 60)]
    times, _ = heard(stamps, 1.0)
    np.testing.assert_allclose(times[:30], stamps[:30])
    np.testing.assert_allclose(times[30:], np.array(stamps[30:]) / 1000)


def test_a_recording_played_at_any_speed_keeps_its_seconds() -> None:
    for speed in (0.1, 7.0, 250.0, 1000.0):
        stamps = [100.0 + k * speed / 10 + 0.25 for k in range(200)]
        times, _ = heard(stamps, 0.1)
        np.testing.assert_array_equal(times, stamps)


def test_samples_that_overtake_each_other_are_times() -> None:
    rng = np.random.default_rng(2)
    stamps = (np.arange(200) / 100 + rng.uniform(0, 0.03, 200)).tolist()
    times, decoder = heard(stamps, 0.01)
    assert times == stamps
    assert decoder.note == ""


NUMBERS = st.one_of(
    st.integers(0, 10**10), st.floats(-1e3, 1e12), st.integers(10**11, 10**19), st.floats(NOW - 1e5, NOW + 1e5)
)


@given(st.lists(NUMBERS, min_size=1, max_size=60), st.data())
def test_how_numbers_are_parted_makes_no_difference(numbers: list[float], data: st.DataObject) -> None:
    """Singly, as arrays of any length, and by a clock that was saved and taken up in between."""
    single, parted = Clock(), Clock()
    expected: list[float] = []
    found: list[FloatArray] = []
    for k in range(0, len(numbers), 20):
        values = [float(value) for value in numbers[k : k + 20]]
        now = NOW + k
        single.begin(now)
        parted.begin(now)
        expected += [single.one(value) for value in values]
        cut = data.draw(st.integers(0, len(values)))
        found += [parted.array(np.array(values[:cut])), parted.array(np.array(values[cut:]))]
        resumed = Clock()
        resumed.restore(parted.state())
        parted = resumed
    np.testing.assert_array_equal(np.concatenate(found), expected)
    assert parted.note == single.note


def test_what_was_asked_for_holds() -> None:
    assert heard([60_000, 61_000], 1.0, time_unit="ms")[0] == [60.0, 61.0]
    assert heard([1_767_225_600, 2], 1.0, time_unit="min")[0] == [1_767_225_600 * 60.0, 120.0]
    assert heard(["2026-01-01T00:00:01Z"], 1.0, time_unit="ms")[0] == [1_767_225_601.0]
    assert Clock("excel").one(46_023.5) == 1_767_225_600 + 43_200
    assert Clock("matlab").one(739_983.0) == 1_767_225_600
    with pytest.raises(ConfigError, match=r"--time-unit must be auto, s, ms, us, ns, .*, got 'fortnight'"):
        Clock("fortnight")


def test_nanoseconds_keep_their_digits() -> None:
    clock = Clock()
    assert clock.one(1_767_225_600_123_456_789) == clock.one(b"1767225600123456789") == 1_767_225_600.1234567


@pytest.mark.parametrize("stray", [math.nan, math.inf, 1e300])
def test_a_time_that_is_none_among_nanoseconds_is_that_of_the_sample_before(stray: float) -> None:
    """It ended the monitor: nanoseconds are read one by one, and nobody awaited a number that is no time."""
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    stamps = [1_767_225_600 * 10**9, 1_767_225_601 * 10**9, stray, 1_767_225_603 * 10**9]
    batch = decoder.decode([[msgpack.packb({"x": 1.0, "y": 2.0, "t": stamp})] for stamp in stamps], 0.0)
    assert batch.t is not None
    assert (batch.t - 1_767_225_600).tolist() == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *[("uptime_ms", "ms"), ("time (s)", "s"), ("Time[us]", "us"), ("t/ns", "ns"), ("elapsedMillis", "ms")],
        *[("minutes", "min"), ("timestamp", None), ("t", None), ("class", None), ("ms_total", None), ("", None)],
    ],
)
def test_the_unit_in_a_name(name: str, unit: str | None) -> None:
    found = unit_in_name(name)
    assert (found and found.name) == unit


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
def test_what_is_not_finite_teaches_nothing(value: float) -> None:
    clock = Clock()
    assert math.isnan(clock.array(np.array([value])).item())
    assert clock.one(60) == 60.0


@pytest.mark.parametrize("at", [1, 7, 25])
def test_a_feed_that_is_taken_up_again_has_the_same_times(at: int) -> None:
    """The state is saved before, while and after the unit is settled; from then on messages are read as before."""
    config = FeedConfig(endpoint="", x="x", y="y")
    batches = [
        ([[json.dumps({"x": 1, "y": 2, "t": 60_000 + 250 * (4 * k + j)}).encode()] for j in range(4)], NOW + k)
        for k in range(40)
    ]
    whole, parted = Decoder(config), Decoder(config)
    expected, found = [], []
    for k, (messages, received) in enumerate(batches):
        if k == at:
            state = parted.state()
            parted = Decoder(config)
            parted.restore(state)
        expected.append(whole.decode(messages, received).t)
        found.append(parted.decode(messages, received).t)
    np.testing.assert_array_equal(np.concatenate(found), np.concatenate(expected))
    assert parted.note == whole.note
    assert "milliseconds since its start" in whole.note


@pytest.mark.parametrize("stamp", [0, 0.0, 946_684_800, 86_400_000, "2026-11-28T10:00:00Z", "1970-01-01"])
@pytest.mark.parametrize("step", [0.02, 0.5, 3.0])
def test_a_time_that_stands_still_is_no_clock(stamp: float | str, step: float) -> None:
    """A sender whose clock was never set: all of its samples would be in a window of seconds, for ever."""
    found, decoder = heard([stamp] * int(12 / step + 25), step)
    assert found[-1] is None
    assert "stand still" in decoder.note


def test_a_time_that_stands_still_for_a_while_is_one() -> None:
    found, decoder = heard([k // 30 for k in range(120)], 0.2)
    assert found[-1] == 3.0
    assert decoder.note == ""
    found, decoder = heard([f"2026-11-28T10:00:{k // 30 * 8:02}Z" for k in range(120)], 0.25)
    assert np.diff(found[::30]).tolist() == [8.0] * 3
    assert decoder.note == ""


def test_dates_that_stand_still_are_judged_alike_however_they_are_parted() -> None:
    """Record by record or many at once, with the state saved and taken up between, and a number among them."""
    stamps = ["2026-11-28T10:00:00Z"] * 75
    stamps[40] = "1795860000"
    config = FeedConfig(endpoint="", x="x", y="y", t=None)
    found = []
    for many in (1, 5, 25):
        decoder, times = Decoder(config), list[float]()
        for start in range(0, 75, many):
            state, decoder = decoder.state(), Decoder(config)
            decoder.restore(state)
            records = [{"timestamp": t, "x": k, "y": k} for k, t in enumerate(stamps[start : start + many])]
            batch = decoder.decode([[json.dumps(records).encode()]], 1.7e9 + start // 25 * 25)
            times += [math.nan] * many if batch.t is None else batch.t.tolist()
        found.append((decoder.note, np.isnan(times[:25]).tolist(), np.isnan(times[50:]).tolist()))
    assert found[0] == found[1] == found[2]
    assert "stand still at 2026-11-28T10:00:00+00:00" in found[0][0]
    assert found[0][1:] == ([False] * 25, [True] * 25)


@pytest.mark.parametrize("stamp", ["Mon, 12 May 10:00:00", {"sec": 5, "frame": 6}, "12:30:05", "01/02/2026 10:00"])
def test_a_time_that_cannot_be_read_is_said(stamp: object) -> None:
    found, decoder = heard([stamp] * 5, 1.0, "timestamp")
    assert found == [None] * 5
    assert "no time that can be read" in decoder.note


@pytest.mark.parametrize(("name", "stamp"), [("t", "kitchen"), ("timestamp", None), ("other", "12:30:05")])
def test_what_need_not_be_a_time_is_none_in_silence(name: str, stamp: object) -> None:
    assert heard([stamp] * 5, 1.0, name)[1].note == ""


@pytest.mark.parametrize("unit", ["ticks", "filetime", "labview", "ntp", "gps", "y2000", "cocoa", "excel", "jd"])
@pytest.mark.parametrize("step", [0.25, 60.0])
def test_dates_of_other_kinds_that_are_now_are_known_from_the_first(unit: str, step: float) -> None:
    zero, per, leaps = {
        "ticks": (datetime(1, 1, 1), 10**7, 0), "filetime": (datetime(1601, 1, 1), 10**7, 0),
        "labview": (datetime(1904, 1, 1), 1, 0), "ntp": (datetime(1900, 1, 1), 1, 0),
        "gps": (datetime(1980, 1, 6), 1, 18), "y2000": (datetime(2000, 1, 1), 1, 0),
        "cocoa": (datetime(2001, 1, 1), 1, 0), "excel": (datetime(1899, 12, 30), 1 / 86_400, 0),
        "jd": (datetime(1, 1, 1), 1 / 86_400, 1_721_425.5 * 86_400),
    }[unit]  # fmt: skip
    since = (datetime(1970, 1, 1) - zero).total_seconds() + leaps
    stamps = [(t + since) * per if per <= 1 else int((t + since) * per) for t in arrivals(60, step)]
    found, decoder = heard(stamps, step)
    np.testing.assert_allclose(found, list(arrivals(60, step)), rtol=0, atol=2e-5)
    assert UNITS[unit].words in decoder.note
    asked, _ = heard(stamps, step, time_unit=unit)
    assert asked == found


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000_000])
def test_a_time_near_now_that_stands_still_is_no_clock(unit: int) -> None:
    """As of a device whose clock is not set again, or of a date of manufacture."""
    still, passing = Clock(), Clock()
    for k in range(60):
        still.begin(1_764_300_000.0 + k / 2)
        passing.begin(1_764_300_000.0 + k / 2)
        last = still.one(1_764_300_100 * unit), passing.one((1_764_300_100 + k // 2) * unit)
    assert still.is_none
    assert "stand still" in still.note
    assert np.isnan(last[0])
    assert last[1] == 1_764_300_129
    assert passing.note == ""
