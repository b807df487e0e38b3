"""Keys on Spark, without Spark: what a shard says and keeps, however the stream is cut and whatever is lost of it."""

import copy
import sys
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi.config import Condition, MonitorConfig, alarm, bins, span
from streammi.core.bins.binning import UniformBins
from streammi.errors import ConfigError, MissingExtra
from streammi.interop.spark import packed, shard_numbers
from streammi.interop.spark.key_states import Cache, Shard
from streammi.interop.spark.plan import OF_VALUES, Plan, Table, check, tables as plan_tables
from streammi.interop.spark.rows import Blocks, Layout
from streammi.interop.spark.samples import Samples, to_block
from streammi.monitor import Monitor
from streammi.records import Event, PairBatch, Reading

RANGES: dict[str, Any] = {"x_range": (0.0, 1.0), "y_range": (-0.5, 1.5), "bins": bins(16)}


class MemoryLog:
    """A log whose last batch may be lost."""

    def __init__(self) -> None:
        self.data: dict[int, bytes] = {}
        self.top: bytes | None = None
        self.written = 0

    def head(self) -> bytes | None:
        return self.top

    def set_head(self, data: bytes) -> None:
        self.top = data

    def records(self) -> Iterable[tuple[int, bytes]]:
        return list(self.data.items())[::-1]

    def put(self, number: int, data: bytes) -> None:
        self.data[number] = data
        self.written += len(data)

    def remove(self, number: int) -> None:
        del self.data[number]

    @property
    def size(self) -> int:
        return sum(map(len, self.data.values()))


def plan_of(config: MonitorConfig, **options: Any) -> Plan:
    given = {"by_time": True, "timed": True, "events": bool(config.detector)} | options
    return check(Plan(config=config, **given))


def signals(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    return x, np.where(np.arange(n) < 0.7 * n, x, rng.random(n)) + rng.normal(0, 0.1, n), np.arange(n) * 0.1 + 1.7e9


def block(key: Any, order: np.ndarray, *numbers: np.ndarray) -> bytes:
    return to_block([key], [order.size], Samples(order, np.zeros(order.size, dtype=np.uint32), np.array(numbers)))


def fed(plan: Plan, log: MemoryLog, blocks: list[bytes], cache: Cache | None = None) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, outputs in Shard(plan, log, cache).feed(blocks):
        found[key] = found.get(key, []) + outputs
    return found


# The monitors' own outputs, cut at random ----------------------------------------------------------------------------

CONFIGS = {
    "ranges": MonitorConfig(window=span(300), every=span(64), **RANGES),
    "learnt bins and events": MonitorConfig(window=span(200), every=span(50), detector="page-hinkley"),
    "a window of seconds": MonitorConfig(window=span("20s"), every=span("3s")),
    "partners and delays": MonitorConfig(window=span(128), every=span(64), null=19, lags=(-2, 2), **RANGES),
    "a condition": MonitorConfig(window=span(200), every=span(100), given=(Condition(path="z"),)),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_however_the_stream_is_cut_the_outputs_are_the_monitors(name: str) -> None:
    config, n = CONFIGS[name], 1500
    plan = plan_of(config)
    rng = np.random.default_rng(len(name))
    feeds = {key: (*signals(k, n), rng.random(n)) for k, key in enumerate(("a", "b", 7))}
    logs, cache = MemoryLog(), Cache()
    got: dict[Any, list[Any]] = {key: [] for key in feeds}
    start = 0
    while start < n:
        stop = start + int(rng.integers(1, 400))
        blocks = []
        for key, (x, y, t, z) in feeds.items():
            at = rng.permutation(np.arange(start, min(stop, n)))  # Spark keeps no order of rows
            numbers = [x[at], y[at], *([z[at]] if config.given else [])]
            for half in (slice(0, at.size // 2), slice(at.size // 2, None)):
                blocks.append(block(key, t[at][half], *(v[half] for v in numbers)))
        before = copy.deepcopy(logs)
        lost = fed(plan, logs, blocks, cache)
        if rng.random() < 0.4:  # the batch is lost, after its state was written, and comes again
            logs = before
            assert fed(plan, logs, blocks, cache) == lost
        for key, outputs in lost.items():
            got[key] += outputs
        start = stop
    for key, (x, y, t, z) in feeds.items():
        batch = PairBatch(x=x, y=y, t=t, z=z[:, None] if config.given else None)
        want = Monitor(config, event_time=True).feed(batch)
        assert len(want) > 5
        assert got[key] == want


def test_by_number_with_times_and_copies_and_late_ones() -> None:
    config = MonitorConfig(window=span(100), every=span(10), **RANGES)
    plan, log = plan_of(config, by_time=False), MemoryLog()
    x, y, t = signals(1, 100)
    number = np.arange(100)
    first = fed(
        plan, log, [block("a", number[:60], x[:60], y[:60], t[:60]), block("a", number[:5], x[:5], y[:5], t[:5])]
    )
    then = fed(plan, log, [block("a", number[55:], x[55:], y[55:], t[55:])])
    want = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    said = first["a"] + then["a"]
    assert [(at, msgspec.structs.replace(r, late=0, dropped=0)) for at, r in said] == want
    assert [r.dropped for _, r in said] == [5] * 6 + [10] * 4


def test_alarms_are_raised_at_the_same_readings_however_the_stream_is_cut() -> None:
    rules = (alarm("mi<1"), alarm("r>0.9 for 20s"), alarm("event:stuck"))
    config = MonitorConfig(window=span(100), every=span(20), detector="page-hinkley", alarms=rules, **RANGES)
    x, y, t = signals(4, 1200)
    x[600:900] = 0.5
    whole = fed(plan_of(config), MemoryLog(), [block("a", t, x, y)])["a"]
    kinds = {item.rule for _, item in whole if isinstance(item, Event)}
    assert kinds >= {"mi<1", "event:stuck"}
    log, got = MemoryLog(), []
    for part in np.split(np.arange(1200), np.sort(np.random.default_rng(0).integers(0, 1200, 15))):
        got += fed(plan_of(config), log, [block("a", t[part], x[part], y[part])]).get("a", []) if part.size else []
    assert sorted(map(repr, got)) == sorted(map(repr, whole))


@given(disorder=st.integers(0, 30), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_within_the_watermark_rows_are_sorted_in(disorder: int, seed: int) -> None:
    config = MonitorConfig(window=span(50), every=span(10), **RANGES)
    plan, log = plan_of(config, watermark=3.0), MemoryLog()  # s: 30 samples
    x, y, t = signals(seed, 300)
    rng = np.random.default_rng(seed)
    arrival = np.argsort(np.arange(300) + rng.integers(0, disorder + 1, 300), kind="stable")
    got = []
    for part in np.split(arrival, np.sort(rng.integers(0, 300, 6))):
        got += fed(plan, log, [block("a", t[part], x[part], y[part])]).get("a", []) if part.size else []
    want = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    assert got == want[: len(got)]
    assert len(want) - len(got) <= 4  # what waits for the watermark


def test_late_beyond_the_watermark_is_counted_and_left_out() -> None:
    config = MonitorConfig(window=span(50), every=span(10), **RANGES)
    plan, log = plan_of(config, watermark=1.0), MemoryLog()
    x, y, t = signals(2, 200)
    before = len(fed(plan, log, [block("a", t[:100], x[:100], y[:100])])["a"])
    late = fed(plan, log, [block("a", t[20:25], x[20:25], y[20:25]), block("a", t[100:], x[100:], y[100:])])
    want = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    assert [r.mi for _, r in late["a"]] == [r.mi for _, r in want][before : before + len(late["a"])]
    assert {(r.late, r.dropped, r.nonfinite) for _, r in late["a"]} == {(5, 5, 0)}


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_poison_is_counted_where_it_stands(poison: float) -> None:
    config = MonitorConfig(window=span(50), every=span(10), **RANGES)
    x, y, t = signals(3, 100)
    x[[7, 55]], y[7] = poison, np.nan
    t = np.where(np.arange(100) == 60, np.nan, t)  # without a place in the order
    log = MemoryLog()
    got = [
        out
        for part in (slice(0, 33), slice(33, 100))
        for out in fed(plan_of(config), log, [block("a", t[part], x[part], y[part])])["a"]
    ]
    ordered = np.isfinite(t)
    want = Monitor(config, event_time=True).feed(PairBatch(x=x[ordered], y=y[ordered], t=t[ordered]))
    assert [r.mi for _, r in got] == [r.mi for _, r in want]
    assert got[-1][1].nonfinite == 2
    assert got[-1][1].dropped == 1


def test_samples_of_one_time_are_in_one_order_however_they_come() -> None:
    rng = np.random.default_rng(0)
    order, place = np.repeat([1.0, 2.0, 3.0], 20), np.zeros(60, dtype=np.uint32)
    samples = Samples(order, place, rng.integers(0, 2, (3, 60)).astype(np.float64))  # x, y and a condition
    for _ in range(5):
        mixed = samples.at(rng.permutation(60)).sorted()
        assert np.array_equal(mixed.order, order)
        assert np.array_equal(mixed.numbers, samples.sorted().numbers)


# Idle keys -----------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 999), watermark=st.sampled_from([None, 2.0]))
@settings(max_examples=15)
def test_behind_a_gap_a_key_begins_anew_and_what_is_idle_goes(seed: int, watermark: float | None) -> None:
    config, idle = MonitorConfig(window=span(50), every=span(10), **RANGES), 8.0
    plan, log, cache, rng = (
        plan_of(config, idle=idle, watermark=watermark),
        MemoryLog(),
        Cache(),
        np.random.default_rng(seed),
    )
    feeds = {}
    for key in range(6):
        x, y, _ = signals(key, 300)
        t = 1.7e9 + np.cumsum(np.where(rng.random(300) < 0.02, rng.uniform(1, 30, 300), 0.1))
        feeds[key] = x, y, t
    end = max(t[-1] for _, _, t in feeds.values())
    got: dict[Any, list[Any]] = {key: [] for key in feeds}
    low = 1.7e9
    while low < end:
        high = low + rng.uniform(0.5, 20)
        blocks = []
        for key, (x, y, t) in feeds.items():
            at = rng.permutation(np.flatnonzero((t > low) & (t <= high)))
            blocks += [block(key, t[at], x[at], y[at])] if at.size else []
        before = copy.deepcopy(log)
        said = fed(plan, log, blocks, cache)
        if rng.random() < 0.3:
            log = before
            assert fed(plan, log, blocks, cache if rng.random() < 0.5 else None) == said
        for key, outputs in said.items():
            got[key] += outputs
        low = high
    for key, (x, y, t) in feeds.items():
        want: list[Any] = []
        for part in np.split(np.arange(300), np.flatnonzero(np.diff(t) > idle) + 1):
            want += Monitor(config, event_time=True).feed(PairBatch(x=x[part], y=y[part], t=t[part]))
        assert got[key] == want[: len(got[key])]
        assert len(want) - len(got[key]) <= (0 if watermark is None else 3)
    for _ in range(30):  # all are idle now; what is left of them goes with the log's cleaning
        end += 100.0
        fed(plan, log, [block("new", end + np.arange(60.0), *np.ones((2, 60)))])
    assert [*Shard(plan, log).book.keys] == ["new"]
    assert log.size < 1000 + (1 << 14) // 10


def test_one_clock_that_is_ahead_drops_no_other_key() -> None:
    plan, log = plan_of(MonitorConfig(window=span(50), every=span(10), **RANGES), idle=60.0), MemoryLog()
    x, y, t = signals(0, 20)
    fed(plan, log, [block(key, t, x, y) for key in ("a", "b")])
    fed(plan, log, [block("a", t + 5, x, y), block("b", t + 5, x, y), block("in 2100", t + 2.4e9, x, y)])
    assert {*Shard(plan, log).book.keys} == {"a", "b", "in 2100"}


# What is kept --------------------------------------------------------------------------------------------------------


def grown(plan: Plan, batches: int, size: int, keys: int = 5) -> tuple[MemoryLog, list[int]]:
    """A log after so many batches of so many samples a key, and the bytes that each of them wrote."""
    log, written, n = MemoryLog(), [], batches * size
    feeds = {f"device-{k:05}": signals(k, n) for k in range(keys)}
    for start in range(0, n, size):
        part, before = slice(start, start + size), log.written
        fed(plan, log, [block(key, t[part], x[part], y[part]) for key, (x, y, t) in feeds.items()])
        written.append(log.written - before)
    return log, written


@pytest.mark.parametrize(("keep", "pair", "estimator"), [("symbols", 2, "grassberger"), ("rounded", 4, None)])
def test_symbols_and_rounded_values_take_less_than_6_kb_a_key(keep: Any, pair: int, estimator: Any) -> None:
    config = MonitorConfig(window=span(1000), every=span(1000), estimator=estimator, **RANGES)
    log, written = grown(plan_of(config, keep=keep), batches=10, size=256, keys=10)
    assert log.size / 10 < 6000
    assert max(written) / 10 < 256 * (2 * pair + 1) + 1000  # what is new, what is moved, and the rest


def test_what_a_batch_writes_grows_with_what_is_new_not_with_the_window() -> None:
    for size in (1000, 4000):
        _, written = grown(
            plan_of(MonitorConfig(window=span(size), every=span(100), **RANGES)), batches=90, size=10, keys=2
        )
        assert np.mean(written) / 2 < 10 * 24 * 2 + 900  # what is new, twice, and the small state; not size * 24


def test_a_log_is_at_most_half_as_long_again_as_what_counts() -> None:
    config = MonitorConfig(window=span(1000), every=span(100), **RANGES)
    plan, log = plan_of(config), MemoryLog()
    rng = np.random.default_rng(0)
    feeds = [signals(k, 2500) for k in range(12)]
    at = [0] * 12
    for _ in range(50):
        blocks = []
        for k in np.flatnonzero(rng.random(12) < np.linspace(0.02, 1, 12)).tolist():  # some seldom have something
            x, y, t = feeds[k]
            part = slice(at[k], at[k] + 40)
            at[k] += 40
            blocks.append(block(k, t[part], x[part], y[part]))
        fed(plan, log, blocks)
    book = Shard(plan, log).book
    assert log.size < 1.5 * sum(book.live.values()) + (1 << 14) + 40 * 24 * 12
    for k, (x, y, t) in enumerate(feeds):
        want = Monitor(config, event_time=True)
        want.feed(PairBatch(x=x[: at[k]], y=y[: at[k]], t=t[: at[k]]))
        if at[k]:
            assert Shard(plan, log)._device(k).monitor.window == want.window


def test_symbols_say_what_symbols_can_say() -> None:
    config = MonitorConfig(window=span(200), every=span(50), estimator="grassberger", **RANGES)
    x, y, t = signals(0, 1000)
    x[::50] += 2  # outside
    log, got = MemoryLog(), []
    for start in range(0, 1000, 170):
        part = slice(start, start + 170)
        got += fed(plan_of(config, keep="symbols"), log, [block("a", t[part], x[part], y[part])])["a"]
    want = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    unknown = dict.fromkeys(OF_VALUES)
    assert got == [(at, msgspec.structs.replace(reading, **unknown)) for at, reading in want]


def test_rounded_values_say_what_the_monitor_says_of_them_and_nearly_what_it_says_of_all() -> None:
    config = MonitorConfig(window=span(1000), every=span(250), detector="page-hinkley", **RANGES)
    plan, log, got = plan_of(config, keep="rounded"), MemoryLog(), []
    x, y, t = signals(0, 3000)
    x[::50] += 0.5  # some of them outside
    for start in range(0, 3000, 256):
        part = slice(start, start + 256)
        got += fed(plan, log, [block("a", t[part], x[part], y[part])])["a"]
    tables = plan_tables(plan)
    assert tables is not None
    near = [table.stand_ins(values) for table, values in zip(tables, (x, y), strict=True)]
    assert np.abs(near[0] - x).max() <= 0.5 / 2**15
    assert got == Monitor(config, event_time=True).feed(PairBatch(x=near[0], y=near[1], t=t))
    exact = dict(Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t)))
    for at, reading in got:
        if isinstance(reading, Reading):
            assert (reading.h_xy, reading.mi, reading.clipped) == (exact[at].h_xy, exact[at].mi, exact[at].clipped)
            assert reading.pearson_r == pytest.approx(exact[at].pearson_r, abs=1e-5)
            assert reading.mi_corrected == pytest.approx(exact[at].mi_corrected, abs=1e-3)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"window": span(99)}, "window must be 100 pairs, as when the state was saved, got '99 pairs'"),
        ({"x_range": (0.0, 2.0)}, "x_range must be"),
        ({"null": 19}, "null must be"),
        ({"x_name": "power"}, "x_name must be x, as when the state was saved, got 'power'"),  # another column
    ],
)
def test_a_state_of_other_settings_is_refused_by_their_names(changed: dict[str, Any], named: str) -> None:
    config, log = MonitorConfig(window=span(100), every=span(10), **RANGES), MemoryLog()
    x, y, t = signals(0, 100)
    fed(plan_of(config), log, [block("a", t, x, y)])
    with pytest.raises(ConfigError, match=named):
        Shard(plan_of(msgspec.structs.replace(config, **changed)), log)
    with pytest.raises(ConfigError, match="watermark must be None"):
        Shard(plan_of(config, watermark=1.0), log)
    log.top = (log.top or b"")[:-1]
    with pytest.raises(ConfigError, match="whole and unchanged"):
        Shard(plan_of(config), log)


def test_a_shard_in_which_there_are_no_keys_knows_its_settings() -> None:
    (mark,) = Blocks(Layout(2, arrays=False, ordered=False))([])
    assert (mark.column(0).to_pylist(), mark.column(1).to_pylist()) == ([0], [b""])
    assert all(shard_numbers.numbers_of(shards)[0] == 0 for shards in range(1, 50))
    config, log = MonitorConfig(window=span(100), every=span(10), **RANGES), MemoryLog()
    plan, cache = plan_of(config, shards=4), Cache()
    assert fed(plan, log, [b""], cache) == {}
    with pytest.raises(ConfigError, match="shards must be 4, as when the state was saved, got '5'"):
        Shard(plan_of(config, shards=5), log)
    x, y, t = signals(0, 200)
    first = fed(plan, log, [block("a", t[:90], x[:90], y[:90]), b""], cache)["a"]
    assert fed(plan, log, [b""], cache) == {}
    then = fed(plan, log, [block("a", t[90:], x[90:], y[90:])], cache)["a"]
    assert first + then == Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"given": (Condition(cycle=span("24h")),)}, "given must be a number, not a time, where no column t has times"),
        ({"alarms": (alarm("mi<1 for 10s"),)}, "alarms must be a number, not a time"),
        ({"alarms": (alarm("stalled"),)}, "alarms must be about what a job knows"),
        ({"alarms": (alarm("event:gap"),)}, "alarms must be about what a job knows"),
        ({"alarms": (alarm("rate<10"),)}, "alarms must be about what a job knows"),
    ],
)
def test_what_a_job_cannot_know_is_refused(config: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        plan_of(MonitorConfig(every=span(100), **config), timed=False, by_time=False, events=True)
    if "number" in named:
        plan_of(MonitorConfig(every=span(100), **config), events=True)


def test_without_spark_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import streammi.interop.spark as package

    monkeypatch.delitem(sys.modules, "streammi.interop.spark.pairs", raising=False)
    for name in ("pyspark", "pyspark.sql"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"spark\.all_pairs needs pyspark, .* 'streammi\[spark\]'"):
        package.all_pairs  # noqa: B018


# Bytes ---------------------------------------------------------------------------------------------------------------

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.integers(-(10**9), 10**9).map(lambda k: k / 100),
    st.just(-0.0),
)
decimals = st.one_of(st.integers(-99, 99).map(lambda k: k / 100), st.just(-0.0))


@given(st.one_of(st.lists(numbers, max_size=40), st.lists(decimals, max_size=40)))
def test_numbers_come_back_bit_for_bit(values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    assert packed.unpack(packed.pack(array)).tobytes() == array.tobytes()


def test_decimals_with_negative_zeros_are_small_too() -> None:
    values = np.random.default_rng(0).normal(0, 0.3, 1000).round(2)
    assert (np.signbit(values) & (values == 0)).any()
    data = packed.pack(values)
    assert packed.unpack(data).tobytes() == values.tobytes()
    assert len(data) == 22 + 1000


@given(step=st.sampled_from([0.1, 0.004, 1.0, 60.0]), first=st.integers(0, 2 * 10**9), n=st.integers(2, 500))
def test_a_fixed_rate_takes_next_to_nothing(step: float, first: int, n: int) -> None:
    times = np.round(first + np.arange(n) * step, 6)
    data = packed.pack(times)
    assert packed.unpack(data).tobytes() == times.tobytes()
    assert len(data) < 30


@given(st.lists(st.floats(-2, 3, allow_nan=False), max_size=60), st.integers(2, 40), st.booleans())
def test_symbols_and_rounded_values_come_back_in_the_same_bins(values: list[float], count: int, rounded: bool) -> None:
    table = Table.of(UniformBins(0, 1, count), 3000 // count, 900) if rounded else Table.of(UniformBins(0, 1, count))
    stand_ins = table.stand_ins(np.array(values, dtype=np.float64))
    assert np.array_equal(table.bins.symbols(stand_ins), table.bins.symbols(np.array(values, dtype=np.float64)))
    assert np.array_equal((stand_ins < 0) + 2 * (stand_ins > 1), [(v < 0) + 2 * (v > 1) for v in values])
    data = packed.pack(stand_ins, table.values)
    assert packed.unpack(data, table.values).tobytes() == stand_ins.tobytes()
    assert len(data) <= 22 + 1 + len(values) * (2 if rounded else (count + 1).bit_length() / 8)


def test_shards_are_shared_out_evenly() -> None:
    for shards, partitions in ((1, 200), (8, 8), (64, 8), (5, 5)):
        found = shard_numbers.numbers_of(shards)
        assert len({*found}) == shards
        assert max(np.bincount([shard_numbers._hash(k) % partitions for k in found])) == -(-shards // partitions)


def test_a_worker_needs_nothing_of_the_terminal_or_the_sockets() -> None:
    import subprocess

    code = (
        "import streammi.interop.spark.workers, streammi.interop.spark.tiles, sys\n"
        "print(sorted({'rich', 'zmq', 'typer', 'river', 'psutil', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
