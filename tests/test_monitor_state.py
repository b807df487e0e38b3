"""A monitor and a decoder that were saved and taken up again say, byte for byte, what uninterrupted ones say."""

import copy
import io
import math
import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi import ConfigError, Monitor, PairBatch
from streammi.config import FeedConfig, JoinConfig, MonitorConfig, PairMode, bins, lag_range, span
from streammi.detect.alarms import Alarms
from streammi.ingest.decoder import Decoder
from streammi.ingest.intake import intake_of
from streammi.monitor.bins import BinNotes
from streammi.monitor.costly_estimates import quantities
from streammi.monitor.delays_and_null import DelaysAndNull
from streammi.monitor.detection_schedule import DetectionSchedule
from streammi.monitor.last_gap import LastGap
from streammi.monitor.reading_parts import ReadingParts
from streammi.monitor.window_notes import WindowNotes
from streammi.publish.outbox import Outbox
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import LinkHealth, Reading, codec

LINK = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")


def saved(monitor: Monitor, event_time: bool) -> Monitor:
    """The monitor after its state was written and read again."""
    other = Monitor(monitor.config, event_time=event_time)
    other.restore(codec.unpack("monitor", codec.pack("monitor", *monitor.state())))
    return other


class Said:
    """What a monitor says to whoever listens: lines as published, and at times a snapshot."""

    def __init__(self, config: MonitorConfig, event_time: bool) -> None:
        self.monitor = Monitor(config, event_time=event_time)
        self.lines = io.StringIO()
        self.snapshots: list[bytes] = []
        self._outbox = Outbox(config.pair, None, self.lines, run=1)

    def feed(self, batch: PairBatch, look: bool) -> None:
        for timestamp, item in self.monitor.feed(batch):
            self._outbox.publish(timestamp, item, LINK)
        if look:
            snapshot = self.monitor.snapshot(run=1, seq=2, timestamp=batch.received, links=(LINK,))
            self.snapshots.append(snapshot_message(snapshot)[1])
            health = msgspec.structs.replace(LINK, state="stalled", gaps=int(batch.received * 1000) % 50)
            self.snapshots += [repr(said).encode() for said in self.monitor.link(health, batch.received)]


@st.composite
def configs(draw: st.DrawFn) -> MonitorConfig:
    kind = draw(st.sampled_from(["auto", "4", "uniform:5", "categories"]))
    window = span(draw(st.sampled_from([20, 64, 300, "200ms", "3s"])))
    return MonitorConfig(
        window=window,
        bins=bins(kind),
        x_range=draw(st.sampled_from([None, (-1.0, 1.5)])) if kind != "categories" else None,
        every=span(draw(st.sampled_from([1, 17, 100, "20ms"]))),
        unit=draw(st.sampled_from(["bit", "nat"])),
        estimator=draw(st.sampled_from([None, "jackknife"])),
        null=draw(st.sampled_from([0, 0, 19, 25])),
        lags=draw(st.sampled_from([None, None, (-3, 9) if window.pairs else lag_range("-5ms:8ms")])),
        ksg=draw(st.sampled_from([None, 3])) if kind != "categories" else None,
        detector=draw(st.sampled_from([None, "page-hinkley", "adwin", "kswin"])),
    )


def pairs(config: MonitorConfig, rng: np.random.Generator, start: int, n: int, timed: bool) -> PairBatch:
    """n pairs of a drifting, at times stuck signal, 1 ms apart: some not finite, some late."""
    at = np.arange(start, start + n)
    x = np.cumsum(rng.normal(size=n)) * 0.1 + at // 150
    y = np.where(at % 400 < 40, 1.0, 0.5 * x + rng.normal(size=n))
    x[rng.random(n) < 0.02] = np.nan
    t = 1e9 + at / 1000 - np.where(rng.random(n) < 0.05, 0.1, 0.0) if timed else None
    if config.bins.kind == "categories":
        x, y = (np.array([f"s{int(np.nan_to_num(v)) % 7}" for v in values], dtype=object) for values in (x, y))
    gaps, interrupted = int(rng.random() < 0.1), bool(rng.random() < 0.1)
    return PairBatch(x=x, y=y, t=t, received=1e9 + (start + n) / 1000, gaps=gaps, interrupted=interrupted)


@settings(max_examples=24)
@given(
    configs(),
    st.lists(st.tuples(st.integers(1, 250), st.booleans(), st.booleans()), min_size=1, max_size=25),
    st.sampled_from(["samples' clock", "samples' times", "no times"]),
    st.integers(0, 2**32 - 1),
)
def test_a_monitor_goes_on_as_if_nothing_had_happened(
    config: MonitorConfig, steps: list[tuple[int, bool, bool]], times: str, seed: int
) -> None:
    timed = times != "no times" or config.window.seconds is not None
    event_time = times == "samples' clock"
    rng, start = np.random.default_rng(seed), 0
    whole, pieces = Said(config, event_time), Said(config, event_time)
    for n, cut, look in steps:
        batch = pairs(config, rng, start, n, timed)
        start += n
        whole.feed(batch, look)
        pieces.feed(batch, look)
        if cut:
            pieces.monitor = saved(pieces.monitor, event_time)
            assert codec.pack("m", *pieces.monitor.state()) == codec.pack("m", *whole.monitor.state())
    assert pieces.lines.getvalue() == whole.lines.getvalue()
    assert pieces.snapshots == whole.snapshots
    assert pieces.monitor.last(2e9) == whole.monitor.last(2e9)
    assert pieces.monitor.notes == whole.monitor.notes


def test_every_attribute_is_a_setting_or_saved() -> None:
    """Whoever adds one here has to say in state() and restore() what becomes of it."""
    assert set(vars(Monitor(MonitorConfig()))) == {
        "config", "window", "notes", "_event_time", "_cadence", "_detector", "_schedule", "_links", "_history",
        "_events", "_latest", "_readings", "_cycle_note", "_bin_notes", "_window_notes", "_alarms", "_traces",
    }  # fmt: skip
    assert set(vars(ReadingParts(MonitorConfig()))) == {
        "gap", "followers", "relations", "_config", "_errors", "_afresh"
    }  # fmt: skip
    assert set(vars(Alarms(MonitorConfig()))) == {
        "notes", "raised", "_pair", "_unit", "_fields", "_events", "_silences", "_silent", "_turned", "_unknown"
    }  # fmt: skip
    for quantity in quantities(MonitorConfig(ksg=4)):
        assert set(vars(quantity)) == {
            "_field", "_quantity", "_cost", "_labels", "_often", "_made", "_said", "_shown"
        }  # fmt: skip
    assert set(vars(DetectionSchedule(MonitorConfig().window, False))) == {"_event_time", "_cadence", "_looked"}
    assert set(vars(BinNotes(MonitorConfig()))) == {
        "_config", "said_learnt", "_too_many_labels", "_seen", "_said", "_said_at"
    }  # fmt: skip
    assert set(vars(DelaysAndNull(MonitorConfig()))) == {"delays", "_config", "_null"}
    assert set(vars(LastGap())) == {"place"}
    assert set(vars(WindowNotes(MonitorConfig().window))) == {"_span", "_start", "_few", "_said"}


def test_a_copied_monitor_goes_on_alike() -> None:
    """A window's copy has no followers: copied one by one, bank and null would count nothing any more."""
    config = MonitorConfig(window=span(50), every=span(10), null=19, lags=(-2, 2), bins=bins("3"), detector="adwin")
    rng = np.random.default_rng(1)
    monitor = Monitor(config)
    monitor.feed(pairs(config, rng, 0, 700, timed=True))
    later = pairs(config, rng, 700, 500, timed=True)
    twins = [copy.deepcopy(monitor), copy.copy(monitor), pickle.loads(pickle.dumps(monitor))]  # noqa: S301
    said = monitor.feed(later)
    assert any(isinstance(item, Reading) and item.peak_p is not None for _, item in said)
    assert [twin.feed(later) for twin in twins] == [said] * 3


def test_a_state_is_a_copy() -> None:
    config = MonitorConfig(window=span(50), every=span(10), null=19, lags=(-2, 2), bins=bins("3"))
    rng = np.random.default_rng(1)
    monitor = Monitor(config)
    monitor.feed(pairs(config, rng, 0, 700, timed=True))
    state = monitor.state()
    before = codec.pack("m", *state)
    monitor.feed(pairs(config, rng, 700, 5000, timed=True))
    assert codec.pack("m", *state) == before


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"window": span(100)}, r"--window must be 50 pairs, as when the state was saved, got '100 pairs'"),
        ({"bins": bins("uniform:4"), "lags": (-1, 1)}, r"--bins, --lags must be auto, not given, .* 'uniform:4, -1:1'"),
        ({"x_range": (0, 1)}, "--x-range must be not given"),
        ({"unit": "nat"}, "--unit must be bit"),
    ],
)
def test_other_settings_are_refused_by_name(other: dict[str, Any], said: str) -> None:
    config = MonitorConfig(window=span(50))
    state = Monitor(config).state()
    with pytest.raises(ConfigError, match=said):
        Monitor(msgspec.structs.replace(config, **other)).restore(state)


GLANCES = [
    [b"g", b"cpu", b'{"total": 1.5}'],
    [b"g", b"mem", b'{"percent": 20, "all": 99999999999999999999999}'],
    [b"g", b"load", b"{}"],
]
EPHYS = [
    [
        b"DATA\0",
        b'{"content":{"stream":"s","channel_num":%d,"sample_num":%d,"num_samples":2,"sample_rate":10}}'
        % (channel, first),
        np.array([channel + first, first], dtype="<f4").tobytes(),
    ]
    for first in (0, 2, 6, 8)
    for channel in (0, 1)
]
FEEDS = {
    "json": ("a", "b", [[b'{"a":%d,"b":2,"seq":%d,"t":%d}' % (k, k, k)] for k in (0, 1, 4, 5, 3, 6, 2, 9)]),
    "csv": ("left", "right", [[b"left,right\n0,0"], [b"1,2\n3,4\n"], [b"5,6"], [b"x"], [b"7,8\n9"]]),
    "glances": ("cpu.total", "mem.percent", GLANCES * 3),
    "open-ephys": ("0", "1", EPHYS),
    "changed": ("a", "b", [[b'{"a":1,"b":2}']] * 2 + [[msgspec.msgpack.encode({"a": 3, "b": 4})]] * 7),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_decoder_goes_on_as_if_nothing_had_happened(name: str) -> None:
    x, y, messages = FEEDS[name]
    config = FeedConfig(endpoint="", x=x, y=y)
    for cut in range(len(messages)):
        whole, first, second = Decoder(config), Decoder(config), Decoder(config)
        whole.decode(messages[:cut], 1.0)
        first.decode(messages[:cut], 1.0)
        plain, _ = codec.unpack("d", codec.pack("d", {"feed": codec.to_plain(first.state())}, []))
        second.restore(codec.from_plain(plain["feed"]))
        expected, found = (decoder.decode(messages[cut:], 2.0) for decoder in (whole, second))
        assert str(columns(found)) == str(columns(expected))  # a row that is short has a NaN, which equals none
        assert str(second.state()) == str(whole.state())
        assert (second.pairs, second.messages, second.note) == (whole.pairs, whole.messages, whole.note)
        assert whole.pairs > 0


def samples(name: str, numbers: range) -> list[list[bytes]]:
    return [[b'{"%s":%d,"t":%f}' % (name.encode(), k, k + k % 3 / 10 - 8 * (k % 20 == 19))] for k in numbers]


@pytest.mark.parametrize("mode", ["exact", "nearest", "previous", "interpolate"])
def test_a_join_goes_on_as_if_nothing_had_happened(mode: PairMode) -> None:
    x, y = FeedConfig(endpoint="x", x="a"), FeedConfig(endpoint="y", y="b")
    config = JoinConfig(x=x, y=y, mode=mode, tolerance_s=math.inf if mode == "exact" else 0.5, lateness_s=2.0)
    whole, pieces = intake_of(config), intake_of(config)
    links = tuple(LinkHealth(endpoint=end, state="connected") for end in "xy")
    paired = 0
    for k in range(40):
        source, name = k % 2, "ab"[k % 2]
        messages = samples(name, range(k * 4 - 3 * source, k * 4 + 5))
        expected, found = (intake.decode(source, messages, 100.0 + k) for intake in (whole, pieces))
        assert columns(found) == columns(expected)
        assert pieces.describe(links, 101.0 + k) == whole.describe(links, 101.0 + k)
        paired += found.x.size
        plain, _ = codec.unpack("i", codec.pack("i", {"feed": codec.to_plain(pieces.state())}, []))
        pieces = intake_of(config)
        pieces.restore(codec.from_plain(plain["feed"]))
    assert columns(pieces.settle()) == columns(whole.settle())
    assert paired > 20


def columns(batch: PairBatch) -> list[object]:
    return [batch.x.tolist(), batch.y.tolist(), str(None if batch.t is None else batch.t.tolist()), batch.gaps]
