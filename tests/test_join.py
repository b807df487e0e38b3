"""The join is held against one that compares all samples with all, and against what is known of real streams."""

import math
from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import oracles_pairing as oracle
import pytest
from hypothesis import given, settings, strategies as st

from streammi.config import PairMode
from streammi.errors import ConfigError
from streammi.ingest.files.pair_file import read_pairs
from streammi.ingest.pairing.arrivals import RESTART_AFTER, Side
from streammi.ingest.pairing.join import Join
from streammi.records import PairBatch, SampleBatch

NAB = Path(__file__).parents[2] / "shared/data/nab"
needs_data = pytest.mark.skipif(not NAB.is_dir(), reason="the recordings are not here")
Sample = tuple[float, float]  # time and value
MODES: tuple[PairMode, ...] = ("exact", "nearest", "previous", "interpolate")


def batch(values: object, t: object, received: float = 0.0, gaps: int = 0) -> SampleBatch:
    times = None if t is None else np.array(t, dtype=float)
    return SampleBatch(values=np.array(values), t=times, received=received, gaps=gaps)


def rows(batches: list[PairBatch]) -> list[tuple[float, float, float]]:
    found = [b for b in batches if len(b.x)]
    return [row for b in found if b.t is not None for row in zip(b.t.tolist(), b.x.tolist(), b.y.tolist(), strict=True)]


def lots(side: Side) -> Counter[str]:
    tally = msgspec.structs.asdict(side.tally)
    assert tally["received"] == sum(tally.values()) - tally["received"]
    return +Counter({name: count for name, count in tally.items() if name != "received"})


TIMES = st.one_of(
    st.integers(0, 12).map(float),
    # To a microsecond: the oracle compares differences, in which closer times cannot be told apart.
    st.integers(0, 12_000_000).map(lambda k: k / 1e6),
    st.integers(0, 120).map(lambda k: k / 10),
)
STREAM = st.lists(st.tuples(st.one_of(TIMES, st.just(math.nan)), st.floats(-9, 9)), max_size=25)
ORDERED = st.lists(st.tuples(TIMES, st.floats(-9, 9)), max_size=25).map(sorted)
STREAMS = st.one_of(STREAM, ORDERED)
TOLERANCES = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, math.inf])
LATENESSES = st.sampled_from([0.0, 0.3, 2.0, 50.0])


@settings(max_examples=300)
@given(st.sampled_from(MODES), STREAMS, STREAMS, TOLERANCES, LATENESSES, st.data())
def test_the_join_is_the_one_that_compares_all(
    mode: PairMode, xs: list[Sample], ys: list[Sample], tolerance: float, lateness: float, data: st.DataObject
) -> None:
    expected = oracle.join(mode, xs, ys, tolerance, lateness)
    join = Join(mode, tolerance, lateness)
    batches: list[PairBatch] = []
    waiting: dict[Literal["x", "y"], list[Sample]] = {"x": list(xs), "y": list(ys)}
    while waiting["x"] or waiting["y"]:
        name = data.draw(st.sampled_from([side for side in waiting if waiting[side]]))
        n = data.draw(st.integers(1, len(waiting[name])))
        part, waiting[name] = waiting[name][:n], waiting[name][n:]
        batches.append(join.add(name, batch([value for _, value in part], [t for t, _ in part])))
        lots(join.x), lots(join.y)  # add up at all times
    batches.append(join.flush())
    got = rows(batches)
    assert [row[0] for row in got] == sorted(row[0] for row in got)
    assert len(got) == len(expected.pairs)
    np.testing.assert_allclose(got, expected.pairs, rtol=1e-9, atol=1e-9)
    assert (lots(join.x), lots(join.y)) == (expected.x, expected.y)


@given(ORDERED, ORDERED, TOLERANCES, st.sampled_from(["exact", "nearest"]), st.integers(0, 25), st.integers(0, 25))
def test_what_is_settled_before_its_time_are_the_pairs_of_what_there_is(
    xs: list[Sample], ys: list[Sample], tolerance: float, mode: PairMode, x_came: int, y_came: int
) -> None:
    """Of two sources that fall silent somewhere, and then go on: a sample comes into one pair at the most."""
    join = Join(mode, tolerance)
    batches = []
    for name, came in (("x", xs[:x_came]), ("y", ys[:y_came])):
        batches.append(join.add(name, batch([value for _, value in came], [t for t, _ in came])))  # type: ignore[arg-type]
    batches.append(join.settle())
    so_far = oracle.join(mode, xs[:x_came], ys[:y_came], tolerance, 0.0).pairs
    np.testing.assert_allclose(rows(batches) or np.empty((0, 3)), so_far or np.empty((0, 3)), rtol=1e-9, atol=1e-9)
    assert not join.settle().x.size
    for name, left in (("x", xs[x_came:]), ("y", ys[y_came:])):
        batches.append(join.add(name, batch([value for _, value in left], [t for t, _ in left])))  # type: ignore[arg-type]
    batches.append(join.flush())
    got = rows(batches)
    assert len({(t, x) for t, x, _ in got}) == len(got) or len({t for t, _ in xs}) < len(xs)
    lots(join.x), lots(join.y)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("silent", ["x", "y"])
def test_what_was_held_up_on_its_way_has_its_partners_still(mode: PairMode, silent: Literal["x", "y"]) -> None:
    """One of two sources is silent for 50 samples, and then all of them come at once."""
    join, other = Join(mode, 0.4), "x" if silent == "y" else "y"
    t = np.arange(200.0)
    found = []
    for k in range(100):
        for name in ("x", "y"):
            if name != silent or k < 50:
                found.append(join.add(name, batch([k], [t[k]])))  # type: ignore[arg-type]
        if k == 53:
            found.append(join.settle())
    found.append(join.add(silent, batch(np.arange(50, 100), t[50:100])))
    found.append(join.add(other, batch([100], [100.0])))  # type: ignore[arg-type]
    found.append(join.flush())
    assert [row[0] for row in rows(found)] == list(range(100))


@given(st.sampled_from(MODES), st.integers(2, 9), st.integers(0, 2**32), st.sampled_from([0.0, 5.0]))
def test_memory_is_bounded_and_the_lots_add_up(mode: PairMode, limit: int, key: int, lateness: float) -> None:
    rng = np.random.default_rng(key)
    join = Join(mode, tolerance_s=math.inf, lateness_s=lateness, limit=limit)
    clock = {"x": 0.0, "y": 0.0}
    for _ in range(30):
        name: Literal["x", "y"] = "x" if rng.random() < 0.8 else "y"
        n = int(rng.integers(0, 12))
        t = clock[name] + rng.normal(0.5, 1, n).cumsum()
        clock[name] = float(t[-1]) if n else clock[name]
        join.add(name, batch(rng.random(n), t))
        for side in (join.x, join.y):
            lots(side)
            assert len(side.t) == len(side.values) == len(side.used) <= limit
    join.flush()
    assert lots(join.x)["pending"] == lots(join.y)["pending"] == 0


def nab(name: str) -> list[SampleBatch]:
    pairs = read_pairs(NAB / f"{name}.csv.gz", "value", "value", chunk=4096)
    return [SampleBatch(values=b.x, t=b.t) for b in pairs]


def join_all(join: Join, x: list[SampleBatch], y: list[SampleBatch]) -> int:
    """Both streams, the one that is behind first, as they would arrive."""
    n, streams = 0, {"x": x, "y": y}
    while any(streams.values()):
        name = min((side for side in streams if streams[side]), key=lambda side: streams[side][0].t[0])  # type: ignore
        n += len(join.add(name, streams[name].pop(0)).x)  # type: ignore[arg-type]
    return n + len(join.flush().x)


@needs_data
@pytest.mark.parametrize(
    ("name", "mode", "tolerance", "pairs"),
    [
        ("cloud_disk1ef3de_x_net5abac7", "exact", 0.0, 12),  # twelve of each came with one time when the clock changed
        ("cloud_disk1ef3de_x_net5abac7", "nearest", 150.0, 4729),
        ("cloud_cpu825cc2_x_net257a54", "exact", 0.0, 4032),
        ("traffic_t4013_occ_x_speed", "exact", 0.0, 2494),
        ("ambient_x_machine_temp", "exact", 0.0, 1890),
    ],
)
def test_real_streams(name: str, mode: PairMode, tolerance: float, pairs: int) -> None:
    join = Join(mode, tolerance)
    assert join_all(join, nab(f"{name}.x"), nab(f"{name}.y")) == pairs
    assert lots(join.x)["paired"] == lots(join.y)["paired"] == pairs


@needs_data
def test_a_real_clock_that_stepped_back_is_reported() -> None:
    join = Join("nearest", 300.0)
    join_all(join, nab("ambient_x_machine_temp.x"), nab("ambient_x_machine_temp.y"))
    step = join.y.last_step
    assert (join.y.steps, join.x.steps) == (1, 0)
    assert step is not None
    assert (step.sample, step.before - step.after) == (10149, 3300.0)
    assert lots(join.y)["late"] == 11  # 02:00 to 02:50; the second 02:55 is not before the first
    assert join.y.note == "stepped back once, last by 3300 s at 2014-01-07T02:55:00+00:00 (sample 10149)"
    assert join.x.note == join.note == ""


@needs_data
def test_the_offset_of_real_clocks() -> None:
    join = Join("nearest", 150.0)
    join_all(join, nab("cloud_disk1ef3de_x_net5abac7.x"), nab("cloud_disk1ef3de_x_net5abac7.y"))
    assert join.pair_offset_s == 120.0
    assert join.clock_offset_s is None  # a file has no receive times


def test_the_offset_between_clocks_by_receive_time() -> None:
    join = Join("nearest", 10.0)
    assert join.clock_offset_s is None
    for k in range(20):
        now = 1767225600.0 + k
        join.add("x", batch([0.0, 0.0], [now - 0.6, now - 0.1], received=now))
        join.add("y", batch([0.0], [now + 2.5], received=now + 0.1 + (30 if k == 7 else 0)))  # one stalled
    assert join.clock_offset_s == pytest.approx(2.5, abs=1e-5)
    assert join.pair_offset_s is not None


def test_a_clock_that_is_set_back_for_good_is_followed() -> None:
    join = Join("exact")
    for start in (1e6, 0.0):
        for k in range(0, 300, 10):
            t = start + np.arange(k, k + 10)
            join.add("x", batch(t, t))
            join.add("y", batch(t, t))
    join.flush()
    for side in (join.x, join.y):
        assert (side.steps, side.restarts, lots(side)["late"]) == (1, 1, RESTART_AFTER - 1)
        assert lots(side)["paired"] >= 300 + 300 - RESTART_AFTER - 10
    said = (
        "stepped back once, last by 1000299 s at 1970-01-12T13:51:39+00:00 (sample 300), and was taken as set back once"
    )
    assert join.x.note == join.y.note == said


def test_one_wild_time_does_not_end_the_pairing() -> None:
    join = Join("exact")
    n = 0
    for k in range(1000):
        join.add("x", batch([1.0], [1e12 if k == 50 else k]))
        n += len(join.add("y", batch([1.0], [k])).x)
    assert n >= 1000 - RESTART_AFTER - 2


def test_without_times_by_order() -> None:
    join = Join("exact")
    assert len(join.add("x", batch([1.0, 2.0, 3.0], None)).x) == 0
    pairs = join.add("y", batch([10.0, 20.0], None))
    assert (pairs.x.tolist(), pairs.y.tolist(), pairs.t) == ([1.0, 2.0], [10.0, 20.0], None)
    pairs = join.add("y", batch([40.0], None, gaps=1))  # the third is known to be lost
    assert (len(pairs.x), pairs.gaps) == (0, 1)
    assert join.add("x", batch([4.0], None)).y.tolist() == [40.0]
    assert lots(join.x) == {"paired": 3, "unmatched": 1} or lots(join.x)["pending"]
    assert join.note == "x has no timestamps: paired by order, a lost sample shifts all later pairs"
    assert join.clock_offset_s is join.pair_offset_s is None


def test_without_times_by_arrival() -> None:
    join = Join("previous", tolerance_s=5.0)
    join.add("y", batch([10.0], [123456.0], received=1.0))
    join.add("x", batch([1.0], None, received=2.0))  # from here on by arrival; what waited had times of another kind
    join.add("y", batch([20.0], [123457.0], received=3.0))
    pairs = [join.add("x", batch([2.0, 3.0], None, received=4.0)), join.add("y", batch([30.0], [0.0], received=9.0))]
    assert [(b.x.tolist(), b.y.tolist(), b.t) for b in pairs if len(b.x)] == [([2.0, 3.0], [20.0, 20.0], None)]
    assert join.note == "x has no timestamps: paired by time of arrival"


def test_messages_without_a_sample_say_nothing_of_timestamps() -> None:
    join = Join("nearest", tolerance_s=0.5)
    join.add("x", batch([], None))
    join.add("x", batch([1.0, 2.0], [0.0, 1.0]))
    join.add("y", batch([5.0, 6.0], [0.1, 1.1]))
    assert join.flush().x.tolist() == [2.0]
    assert join.note == ""


def test_samples_that_lose_their_time_are_dropped() -> None:
    join = Join("exact")
    join.add("x", batch([1.0, 2.0], [0.0, 1.0]))
    join.add("x", batch([3.0], None))
    join.add("x", batch([4.0, 5.0], [math.nan, 2.0]))
    assert lots(join.x) == {"dropped": 2, "pending": 3}


def test_labels() -> None:
    join = Join("previous")
    join.add("y", SampleBatch(values=np.array(["on", "off"], dtype=object), t=np.array([0.0, 5.0])))
    assert join.add("x", batch([1.0, 2.0], [1.0, 5.0])).y.tolist() == ["on", "off"]
    with pytest.raises(ConfigError, match="--pair must be exact, nearest or previous for labels, got 'interpolate'"):
        Join("interpolate").add("y", SampleBatch(values=np.array(["on"], dtype=object), t=np.array([0.0])))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "closest"}, "--pair must be exact or nearest or previous or interpolate, got 'closest'"),
        ({"tolerance_s": -1.0}, "--tolerance must be >= 0 s, got -1.0"),
        ({"tolerance_s": math.nan}, "--tolerance"),
        ({"lateness_s": math.inf}, "--lateness must be >= 0 s, got inf"),
        ({"limit": 1}, "limit must be >= 2 samples, got 1"),
    ],
)
def test_settings_that_cannot_work(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Join(**options)  # type: ignore[arg-type]
