"""The published stream as the programs of others read it: PlotJuggler, Telegraf."""

import json
import math
import time
from contextlib import closing
from datetime import UTC
from typing import Any, get_args

import msgspec
import pytest
import zmq
from feeds import PATIENCE
from hypothesis import given, strategies as st
from line_protocol import parse_line

from streammi.config import check_pair_name
from streammi.dashboard.drawing.glyphs import BRAILLE
from streammi.dashboard.line_output import Lines
from streammi.errors import ConfigError
from streammi.publish.client import Source
from streammi.publish.influx_lines import influx_event_line, influx_line
from streammi.publish.messages import event_message, reading_message, result_fields
from streammi.publish.outbox import Outbox
from streammi.records import Event, EventKind, LinkHealth, Reading
from streammi.records.status import status_of


def made(record: type[msgspec.Struct], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records with anything that their types allow in them."""
    kinds = {int: st.integers(-(2**53), 2**53), float: st.floats(), str: st.text(max_size=10)}
    fields = {}
    for field in msgspec.structs.fields(record):
        kind = kinds[field.type] if field.type in kinds else st.from_type(field.type)
        fields[field.name] = given.get(field.name, kind)
    return st.fixed_dictionaries(fields).map(lambda values: record(**values))


def is_pair_name(name: str) -> bool:
    try:
        return bool(check_pair_name(name))
    except ConfigError:
        return False


names = st.text(min_size=1, max_size=20).filter(is_pair_name) | st.sampled_from(["a,b=c", "\\", "tail\\", "a\\,b", "#"])
times = st.floats(-1e10, 1e10)
counts = st.dictionaries(st.text(max_size=5), st.integers(0, 2**40), max_size=3)
readings, links = made(Reading), made(LinkHealth, malformed=counts)
events = made(
    Event, pair=names, kind=st.sampled_from(get_args(EventKind)), timestamp=times, evidence=st.text(max_size=40),
    size=st.none() | st.floats(allow_nan=False, allow_infinity=False), unit=st.sampled_from(["bit", "samples", "s"]),
    signal=st.sampled_from(["x", "y", "both"]),
)  # fmt: skip


@given(pair=names, reading=readings, link=links, timestamp=times)
def test_plotjuggler_takes_the_stream_as_it_is(pair: str, reading: Reading, link: LinkHealth, timestamp: float) -> None:
    """Two frames; the payload one flat JSON object whose values are numbers or null, text only in ``unit``."""
    frames = reading_message(pair, result_fields(reading, run=1, seq=2, timestamp=timestamp, link=link, status=3))
    assert len(frames) == 2
    assert frames[0] == b"mi/" + pair.encode()
    fields = json.loads(frames[1], parse_constant=pytest.fail)
    assert fields["timestamp"] == timestamp
    for name, value in fields.items():
        assert type(value) in ((str,) if name == "unit" else (int, float, type(None)))


@given(pair=names, reading=readings, link=links, timestamp=times)
def test_telegraf_takes_readings(pair: str, reading: Reading, link: LinkHealth, timestamp: float) -> None:
    fields = result_fields(reading, run=1, seq=2, timestamp=timestamp, link=link)
    point = parse_line(influx_line(pair, fields))
    assert point.measurement == "streammi"
    assert point.tags == {"pair": pair.replace("\\", "/"), "unit": reading.unit}
    numbers = {name: value for name, value in fields.items() if isinstance(value, int | float)}
    known = {
        name: float(value) for name, value in numbers.items() if math.isfinite(value)
    }  # floats: no whole numbers above 2^53
    del known["timestamp"], known["v"]
    assert point.fields == known
    assert all(type(value) is float for value in point.fields.values())  # a type of its own for good
    assert point.nanoseconds == round(timestamp * 1e9)


@given(event=events)
def test_telegraf_takes_events(event: Event) -> None:
    point = parse_line(influx_event_line(event))
    assert point.measurement == "streammi_event"
    assert point.tags == {
        "pair": event.pair.replace("\\", "/"), "kind": event.kind, "signal": event.signal, "unit": event.unit,
    } | ({"rule": rule} if (rule := " ".join(event.rule.split()).replace("\\", "/")) else {})  # fmt: skip
    evidence = " ".join(event.evidence.split())
    assert point.fields == {"evidence": evidence} | ({} if event.size is None else {"size": event.size})
    assert point.nanoseconds == round(event.timestamp * 1e9)


def test_monitor_and_view_say_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    reading = Reading(
        n=1, unit="nat", h_x=0.0, h_y=0.0, h_xy=0.0, h_x_given_y=0.0, h_y_given_x=0.0, mi=0.0, mi_corrected=-0.1,
        nmi=None, pearson_r=None,
    )  # fmt: skip
    event = Event(pair="xy", kind="gap", timestamp=2.0, size=5, unit="samples", evidence="5 are missing")
    link = LinkHealth(endpoint="", state="connected")
    outbox = Outbox("xy", None, sys.stdout, run=1, form="influx")
    outbox.publish(1.5, reading, link)
    outbox.publish(2.0, event, link)
    said = capsys.readouterr().out.splitlines()
    view = Lines("influx", BRAILLE)
    messages = [
        reading_message("xy", result_fields(reading, run=1, seq=1, timestamp=1.5, link=link, status=1)),
        event_message(event),
    ]
    assert [parse_line(line).measurement for line in said] == ["streammi", "streammi_event"]
    assert said[1] == view.line(messages[1])
    assert parse_line(said[0])._replace(fields={}) == parse_line(view.line(messages[0]) or "")._replace(fields={})


def test_an_event_in_words_has_the_signal_and_a_minus_that_programs_read() -> None:
    view = Lines("plain", BRAILLE, UTC)
    lost = Event(
        pair="a−b", kind="lost", timestamp=2.0, size=-1.25, unit="bit", evidence="MI went from 1.3 to −0.01 bit"
    )
    assert view.line(event_message(lost)) == "00:00:02  a−b  lost -1.25 bit  MI went from 1.3 to -0.01 bit"
    stuck = Event(pair="xy", kind="stuck", timestamp=2.0, size=500, unit="samples", evidence="", signal="y")
    assert view.line(event_message(stuck)) == "00:00:02  xy  stuck y 500 samples"


def test_a_view_of_what_is_no_monitor_says_so() -> None:
    now = 100.0
    with zmq.Context() as context, context.socket(zmq.PUB) as feed:
        endpoint = f"tcp://127.0.0.1:{feed.bind_to_random_port('tcp://127.0.0.1')}"
        with closing(Source(endpoint, context, "mi/", clock=lambda: now)) as source:
            deadline = time.monotonic() + PATIENCE
            while source.link != "connected" and time.monotonic() < deadline:
                source.messages()
            assert (source.link, source.note) == ("connected", "")
            now += 60.0
            assert source.messages() == []
            assert "is not what a monitor was told to --publish at" in source.note


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({}, "xy  0.500 bit  linearly dependent (untested)  r +0.80"),
        ({"p": 0.01, "null_mean": 0.0}, "xy  0.500 bit  linearly dependent  r +0.80  p 0.01"),
        ({"p": 0.01},
         "xy  0.500 bit  linearly dependent (by the G-test: if the samples are independent)  r +0.80  p 0.01"),
        ({"p": 0.2, "null_mean": 0.0}, "xy  0.500 bit  not distinguishable from independent  r +0.80  p 0.2"),
        ({"mi_corrected": -0.001, "pearson_r": 0.01}, "xy  -0.001 bit  no dependence seen (untested)  r +0.01"),
        ({"pearson_r": None, "x_clipped": 400, "h_y": 0.7},
         "xy  0.500 bit  x has a label beyond their limit in 40% of the pairs  clipped"),
        ({"x_run": 700}, "xy  0.500 bit  x has not changed for 700 pairs  r +0.80"),
        ({"h_x": 0.0, "x_constant": True, "pearson_r": None}, "xy  0.500 bit  x is constant  stuck"),
        ({"peak_lag": 3.0, "peak_mi": 1.5},
         "xy  y follows x by 3 samples: 1.500 bit (untested)  0.500 bit without delay  r +0.80"),
        ({"peak_lag": -0.25, "peak_lag_s": -0.25, "peak_mi": 1.5, "p": 0.3, "null_mean": 0.0, "peak_p": 0.05},
         "xy  x follows y by 0.25 s: 1.500 bit  0.500 bit without delay  r +0.80  p 0.3  p 0.05 over all delays"),
        ({"peak_lag": 0.0, "peak_mi": 0.5},
         "xy  0.500 bit  linearly dependent (untested)  r +0.80  at no delay: 0.500 bit"),
        ({"p": 0.3, "null_mean": 0.0, "peak_lag": 3.0, "peak_mi": 0.1, "peak_p": 0.2},
         "xy  0.500 bit  not distinguishable from independent  r +0.80  p 0.3  no delay stands out"),
    ],
)  # fmt: skip
def test_a_line_in_words_has_what_is_known(found: dict[str, object], words: str) -> None:
    fields: dict[str, object] = {
        "n": 1000, "unit": "bit", "h_x": 1.0, "h_y": 1.0, "h_xy": 1.4, "h_x_given_y": 0.4, "h_y_given_x": 0.4,
        "mi": 0.6, "mi_corrected": 0.5, "nmi": 0.6, "pearson_r": 0.8,
    }  # fmt: skip
    reading = Reading(**(fields | found))  # type: ignore[arg-type]
    link = LinkHealth(endpoint="", state="connected")
    frames = reading_message(
        "xy", result_fields(reading, run=1, seq=1, timestamp=1.5, link=link, status=status_of(reading, link))
    )
    assert Lines("once", BRAILLE).line(frames) == words
    plain = Lines("plain", BRAILLE, UTC).line(frames)
    assert plain is not None
    assert f"  {words}  " in plain


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a",
        "a b",
        "a,b c=1",
        "a,b= c=1",
        "a b=nan",
        "a b=1 2 3",
        'a b="x',
        "a b=1.0x",
        "a,t=x\\ b=1",
        "_a b=1",
        "a b=1\n",
    ],
)
def test_the_parser_refuses_what_is_no_line(line: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse_line(line)
