"""Batches under a key: all samples of a message are taken, or what is taken of it is said."""

import json
from collections.abc import Callable
from typing import Any

import cbor2
import msgpack
import numpy as np
import pytest

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.probe import Probe

Encode = Callable[[Any], bytes]
ENCODERS: dict[str, Encode] = {
    "json": lambda tree: json.dumps(tree).encode(),
    "msgpack": msgpack.packb,
    "cbor": cbor2.dumps,
}


def read(trees: list[Any], x: str, y: str, encode: Encode = ENCODERS["json"], **more: Any) -> tuple[Decoder, Any]:
    decoder = Decoder(FeedConfig(endpoint="tcp://a:1", x=x, y=y, **more))
    return decoder, decoder.decode([[encode(tree)] for tree in trees], 1.8e9)


def records(n: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"x": k, "y": -k} for k in range(first, first + n)]


LAYOUTS: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str, str]] = {
    "records": (lambda rows: {"samples": rows}, "samples/x", "samples/y"),
    "each record": (lambda rows: {"samples": rows}, "samples/*/x", "samples.*.y"),
    "deeper": (lambda rows: {"a": {"b": [{"v": row} for row in rows]}}, "a/b/v/x", "a.b.v.y"),
    "a device's": (lambda rows: {"devices": [{"s": rows}, {"s": []}]}, "devices/0/s/x", "devices/0/s/y"),
    "rows": (lambda rows: {"d": [[row["x"], row["y"]] for row in rows]}, "d/0", "d/1"),
    "rows with times": (lambda rows: {"d": [[0, row["x"], row["y"]] for row in rows]}, "d/1", "d/2"),
    "each row": (lambda rows: {"d": [[row["x"], row["y"]] for row in rows]}, "d/*/0", "d/*/1"),
    "each row at the top": (lambda rows: [[row["x"], row["y"]] for row in rows], "*/0", "*/1"),
    "columns": (lambda rows: {"d": {"x": [row["x"] for row in rows], "y": [row["y"] for row in rows]}}, "d/x", "d/y"),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_sample_of_a_batch_under_a_key_is_taken(name: str, encoder: str) -> None:
    tree, x, y = LAYOUTS[name]
    decoder, found = read([tree(records(4, at)) for at in (0, 4, 8)], x, y, ENCODERS[encoder])
    assert found.x.tolist() == list(range(12))
    assert found.y.tolist() == [-k for k in range(12)]
    assert decoder.malformed == {}
    assert "take" not in decoder.note


def test_the_times_and_numbers_of_a_batch_are_those_in_it_or_beside_it() -> None:
    inside = [{"s": [{"x": k, "y": k, "t": 1.7e9 + k, "seq": k} for k in range(at, at + 4)]} for at in (0, 8)]
    decoder, found = read(inside, "s/x", "s/y")
    assert found.t.tolist() == [1.7e9 + k for k in (0, 1, 2, 3, 8, 9, 10, 11)]
    assert decoder.gaps == 4
    beside = [{"t": 1.7e9 + k, "seq": k, "s": records(4)} for k in (0, 2, 3)]
    decoder, found = read(beside, "s/x", "s/y")
    assert found.t.tolist() == [1.7e9] * 4 + [1.7e9 + 2] * 4 + [1.7e9 + 3] * 4
    assert decoder.gaps == 4  # a message that is missing had four samples
    asked = [{"at": 1.7e9, "no": 7, "s": [{"x": 1, "y": 2, "when": 1.7e9 + 5}] * 2}]
    assert read(asked, "s/x", "s/y", t="s/when")[1].t.tolist() == [1.7e9 + 5] * 2
    assert read(asked, "s/x", "s/y", t="at")[1].t.tolist() == [1.7e9] * 2


def test_an_empty_batch_is_empty_and_a_ragged_one_not_finite_where_it_lacks() -> None:
    decoder, found = read([{"s": []}, {"s": [{"x": 1, "y": 2}, {"x": 3}]}], "s/x", "s/y")
    assert found.x[0] == 1
    assert found.x.size == 2
    assert decoder.malformed == {"empty": 1}


@pytest.mark.parametrize(
    ("tree", "x", "y", "said"),
    [
        ({"s": records(5)}, "s/0/x", "s/0/y", "take 1 of 5 records in a message; s/*/x and s/*/y take each"),
        ({"d": [[1, 2], [3, 4], [5, 6]]}, "d/0/0", "d/0/1", "take 1 of 3 records in a message; d/*/0 and d/*/1"),
        (records(3), "0/x", "0/y", "take 1 of 3 records in a message; */x and */y"),
        (
            {"x": list(range(9)), "y": list(range(9))},
            "x/0",
            "y/0",
            "take 1 of 9 values in a message; x and y",
        ),
    ],
)
def test_one_that_is_asked_for_by_its_index_is_taken_and_said(tree: Any, x: str, y: str, said: str) -> None:
    decoder, found = read([tree], x, y)
    assert found.x.size == 1
    assert said in decoder.note


@pytest.mark.parametrize(
    ("tree", "x", "y"),
    [
        ({"sensors": [{"temp": 1}, {"temp": 2}]}, "sensors/0/temp", "sensors/1/temp"),
        ({"pos": [1, 2, 3]}, "pos/0", "pos/1"),
        ({"l": [1, 2, 3], "r": [4, 5, 6]}, "l/0", "r/0"),
        ({"m": [[1, 2], [3, 4]]}, "m/0/1", "m/1/0"),
    ],
)
def test_what_is_no_batch_is_read_as_before(tree: Any, x: str, y: str) -> None:
    decoder, found = read([tree], x, y)
    assert (found.x.size, decoder.note) == (1, "")


def test_as_many_rows_as_columns_are_refused_with_the_way_out() -> None:
    decoder, found = read([{"d": [[1, 2], [3, 4]]}], "d/0", "d/1")
    assert found.x.size == 0
    assert "2 rows of 2 may be samples or signals; d/*/0 and d/*/1 take samples" in decoder.detail
    assert read([{"d": [[1, 2], [3, 4]]}], "d/*/0", "d/*/1")[1].x.tolist() == [1, 3]


def test_paths_into_different_lists_are_refused() -> None:
    decoder, _ = read([{"a": records(3), "b": records(2)}], "a/x", "b/y")
    assert "a/x and b/y lead into different lists" in decoder.detail


def test_whoever_asks_for_names_in_a_list_is_told_its_key() -> None:
    decoder, _ = read([{"samples": records(3)}], "x", "y")
    assert "--x samples/x --y samples/y" in decoder.note


@pytest.mark.parametrize("encoder", ENCODERS)
def test_probe_proposes_all_of_a_batch(encoder: str) -> None:
    probe = Probe()
    probe.take([[ENCODERS[encoder]({"samples": records(4, k)})] for k in range(5)], 0.0)
    assert probe.report("tcp://a:1", 1.0).command == "streammi watch tcp://a:1 --x samples/x --y samples/y"


def test_metrics_that_name_themselves_under_a_key_are_read_by_name() -> None:
    metrics = [{"name": "t", "value": 20.5, "dataType": "Float"}, {"name": "p", "value": 5}]
    decoder, found = read([{"timestamp": 1.7e12, "seq": 3, "metrics": metrics}], "t", "p")
    assert (found.x.tolist(), found.y.tolist(), found.t.tolist()) == ([20.5], [5], [1.7e9])
    assert decoder.malformed == {}


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"x": {"value": 20.5, "unit": "C"}, "y": 1}, "add /value to the path"),
        ({"x": "20.5 C", "y": 1}, "send the number by itself"),
        ({"x": "warm", "y": 1}, "--bins categories"),
    ],
)
def test_a_value_that_is_none_is_refused_with_what_would_be_right(tree: Any, said: str) -> None:
    decoder, found = read([tree], "x", "y")
    assert found.x.size == 0
    assert said in decoder.detail


STAMPED: dict[str, tuple[Callable[[float], Any], str]] = {
    "beside": (lambda t: {"id": "a", "d": {"x": 1, "y": 2, "time": t}}, "d"),
    "around": (lambda t: {"m": {"ts": t, "seq": int(t), "d": {"x": 1, "y": 2, "t": 20.5}}}, "m/d"),
    "in a header": (
        lambda t: {"header": {"seq": int(t), "stamp": {"sec": int(t), "nanosec": 500_000_000}}, "a": XY},
        "a",
    ),
    "in a header below": (lambda t: {"op": "publish", "msg": {"header": {"stamp": t}, "a": XY}}, "msg/a"),
    "at the top": (lambda t: {"t": t, "d": {"x": 1, "y": 2, "time": t - 99}}, "d"),
    "beside a list": (lambda t: {"m": {"time": t, "s": [XY]}}, "m/s"),
    "in each record": (lambda t: [{"d": {"x": 1, "y": 2, "stamp": t}}], "d"),
}
XY = {"x": 1, "y": 2}


@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_time_of_nested_values_is_the_date_beside_or_around_them(name: str, encoder: str) -> None:
    tree, where = STAMPED[name]
    times = [1.7e9 + k + 0.5 for k in range(40)]
    decoder, found = read([tree(t) for t in times], f"{where}/x", f"{where}/y", ENCODERS[encoder])
    assert (found.x.size, decoder.malformed, decoder.note) == (40, {}, "")
    np.testing.assert_allclose(found.t, times, atol=1e-6)
    probe = Probe()
    probe.take([[ENCODERS[encoder](tree(t))] for t in times], 1.7e9)
    (topic,) = probe.report("tcp://a:1", 1.0).topics
    assert topic.timestamp is not None
    assert decoder.numbered == (topic.sequence is not None)


@pytest.mark.parametrize(
    ("tree", "note"),
    [
        ({"d": {"t": 20.5, **XY}}, ""),
        ({"a": {"x": 1, "t": 1.7e9}, "b": {"y": 1, "t": 1.7e9}}, "--t a/t would"),
        ({**XY, "d": XY, "measuredTime": "2026-01-01T00:00:00Z"}, "--t measuredTime would"),
    ],
)
def test_what_may_be_a_time_is_none_that_is_taken_without_being_asked_for(tree: Any, note: str) -> None:
    x, y = ("a/x", "b/y") if "a" in tree else ("d/x", "d/y")
    decoder, found = read([tree] * 30, x, y)
    assert (found.x.size, found.t) == (30, None)
    assert decoder.note.startswith(note)
    assert bool(note) == bool(decoder.note)


@pytest.mark.parametrize(
    "tree",
    [
        lambda row: {"columns": ["y", "x"], "index": [0, 1], "data": [row[::-1], row[::-1]]},  # pandas' orient="split"
        lambda row: {
            "results": [{"series": [{"name": "m", "columns": ["time", "x", "y"], "values": [[7, *row]] * 2}]}]
        },
        lambda row: [{"columns": [{"text": "x", "type": "n"}, {"text": "y"}], "rows": [row, row], "type": "table"}],
    ],
    ids=["pandas", "InfluxDB", "Grafana"],
)
def test_rows_are_read_by_the_names_beside_them(tree: Callable[[list[int]], Any]) -> None:
    _, found = read([tree([k, -k]) for k in range(9)], "x", "y")
    assert found.x.tolist() == [k for k in range(9) for _ in "ab"]
    assert found.y.tolist() == [-k for k in range(9) for _ in "ab"]
    probe = Probe()
    probe.take([[json.dumps(tree([k, -k])).encode()] for k in range(9)], 0.0)
    assert {"x", "y"} <= {signal.path for signal in probe.report("tcp://a:1", 1.0).topics[0].signals}


IN_UNITS: dict[str, tuple[Callable[[float, str], Any], str]] = {
    "beside": (lambda v, unit: {"x": {"value": v, "unit": unit}, "y": 1}, "x/value"),
    "u": (lambda v, unit: {"x": {"v": v, "u": unit}, "y": 1}, "x/v"),
    "by the name": (lambda v, unit: {"x": v, "x_unit": unit, "y": 1}, "x"),
    "of all": (lambda v, unit: {"x": v, "y": 1, "unit": unit}, "x"),
    "a batch": (lambda v, unit: [{"x": v, "y": 1, "unit": unit}] * 9, "x"),
    "SenML": (lambda v, unit: [{"n": "x", "u": unit, "v": v}, {"n": "y", "v": 1}], "x"),
    "SenML's base": (lambda v, unit: [{"bn": "r/", "bu": unit, "n": "x", "v": v}, {"n": "y", "u": "%", "v": 1}], "r/x"),
}


@pytest.mark.parametrize("name", IN_UNITS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_value_in_another_unit_than_those_before_it_is_refused(name: str, encoder: str) -> None:
    tree, x = IN_UNITS[name]
    messages = [*(tree(k, "C") for k in range(20)), *(tree(9 * k, "F") for k in range(5)), tree(20, "C")]
    decoder, found = read(messages, x, "r/y" if "base" in name else "y", ENCODERS[encoder])
    assert sorted({*found.x.tolist()}) == list(range(21))
    assert decoder.malformed == {"another unit": 5}
    assert "in 'F', those before in 'C'" in decoder.detail
