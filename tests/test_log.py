"""One line a message, whatever it holds and wherever it goes."""

import io
import json
import os

from hypothesis import given, strategies as st

from streammi.system.log import Log

ANY = st.text(st.characters())  # half a surrogate pair among them


@given(ANY, ANY)
def test_a_message_is_one_harmless_line(message: str, field: str) -> None:
    text, lines = io.StringIO(), io.StringIO()
    Log(text).warn(message)
    assert text.getvalue().endswith("\n")
    assert text.getvalue()[:-1].isprintable()
    Log(lines, "json", clock=lambda: 2.5).warn(message, endpoint=field)
    assert lines.getvalue().count("\n") == 1
    assert lines.getvalue()[:-1].isprintable()
    found = json.loads(lines.getvalue())
    assert found == {"timestamp": 2.5, "level": "warning", "message": message, "endpoint": field}


def test_a_report_is_a_line_a_section_or_one_object() -> None:
    sections: dict[str, dict[str, object]] = {"versions": {"numpy": "2"}, "window": {"n": 3, "pairs": 4}}
    text, lines = io.StringIO(), io.StringIO()
    Log(text).report("report", sections)
    assert text.getvalue() == "streammi: report: versions: numpy 2\nstreammi: report: window: n 3, pairs 4\n"
    Log(lines, "json").report("report", sections)
    assert json.loads(lines.getvalue())["window"] == {"n": 3, "pairs": 4}


def test_a_full_disk_stops_nothing() -> None:
    with open(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0) as raw:
        log = Log(io.TextIOWrapper(raw, write_through=True))
        log.say("hello")
    assert log.lost == 1
