"""What is declared once of a field, an event or a state, and what is made of it: messages, metrics, tables, pages."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import msgpack
import msgspec
import numpy as np
import pytest
from dashboard_samples import linear, viewer

from streammi.dashboard.drawing.glyphs import SETS
from streammi.dashboard.scene import in_unit
from streammi.publish.influx_lines import influx_line
from streammi.publish.messages import FIELDS, event_message, read_event, result_fields
from streammi.publish.metrics import LABELS, MALFORMED
from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message
from streammi.publish.tables import reading_types
from streammi.records import Event, EventKind, LinkHealth, LinkState, Reading, Tally
from streammi.records.events import EVENTS
from streammi.records.link_totals import total, worst
from streammi.records.links import LINK_STATES
from streammi.records.published import INFORMATION, Published, declare, fields_of, in_order
from streammi.records.status import Status, status_of

ROOT = Path(__file__).parents[1]
# As published before the fields were declared at one place: consumers know them by these names, in this order.
ORDER = """v run seq timestamp t0 n fill mi mi_corrected nmi hx hy hxy hx_given_y hy_given_x r spearman_r stderr p z
    null_mean null_q95 correlation_time peak_lag peak_lag_s peak_mi peak_p epoch x_clipped y_clipped x_run y_run pairs
    gaps resets reordered repeated unmatched clock_offset pair_offset dropped late malformed nonfinite clipped messages
    reconnects rate lag status unit"""


def known(record: type[msgspec.Struct], **more: object) -> dict[str, object]:
    """A different number for each field that is one."""
    fields = enumerate(msgspec.structs.fields(record), 1)
    hints = {f.name: (k, str(f.type)) for k, f in fields}
    return {name: k for name, (k, kind) in hints.items() if "int" in kind or "float" in kind} | more


READING = msgspec.convert(known(Reading, unit="nat"), Reading)
LINK = msgspec.convert(
    known(
        LinkHealth, endpoint="a", state="stalled", tally=Tally(unmatched=70), malformed={"a": 30, "b": 50}, since=1.0
    ),
    LinkHealth,
)


def test_fields_keep_their_names_and_their_order() -> None:
    names = [str(field.name) for field in FIELDS]
    assert [name for name in names if name in ORDER.split()] == ORDER.split()
    assert len(set(names)) == len(names)


def test_each_field_holds_its_own_value() -> None:
    fields = result_fields(READING, run=1, seq=2, timestamp=3.5, link=LINK, status=4)
    assert (fields["v"], fields["run"], fields["seq"], fields["timestamp"], fields["status"]) == (1, 1, 2, 3.5, 4)
    assert (fields["hx"], fields["hy_given_x"], fields["r"]) == (READING.h_x, READING.h_y_given_x, READING.pearson_r)
    assert (fields["malformed"], fields["unmatched"], fields["unit"]) == (80, 70, "nat")
    for record in (READING, LINK):
        for field in fields_of(type(record)):
            if field.name not in (None, "malformed"):
                assert fields[str(field.name)] == getattr(record, field.attribute), field
    types = reading_types()
    assert list(types) == list(fields)
    assert all(isinstance(value, types[name] | int) for name, value in fields.items())  # type: ignore[operator]
    line = influx_line("xy", fields)
    assert all(
        f"{name}={float(value)!r}" in line for name, value in fields.items() if name not in ("v", "timestamp", "unit")
    )  # type: ignore[arg-type]


def test_every_number_of_a_reading_is_published_or_said_not_to_be() -> None:
    """A field that somebody adds and forgets to declare is found here."""
    inner = {"unit", "t1", "spans_gap", "estimator", "test", "x_constant", "y_constant", "cells"}
    assert set(Reading.__struct_fields__) - {field.attribute for field in fields_of(Reading)} == inner
    names = [row.name for row in LABELS]
    assert len(set(names)) == len(names)
    assert MALFORMED.help.endswith("by reason")


def test_another_unit_changes_all_information_and_nothing_else() -> None:
    before = msgspec.structs.replace(linear(), reading=msgspec.structs.replace(READING, unit="bit"))
    after = in_unit(before, "nat").reading
    assert before.reading is not None
    assert after is not None
    information = {field.attribute for field in fields_of(Reading) if field.published.unit == INFORMATION}
    assert {"mi", "h_xy_stderr", "null_q95", "stderr_batch", "peak_mi"} <= information
    for name in set(Reading.__struct_fields__) - {"unit"}:
        old, new = getattr(before.reading, name), getattr(after, name)
        assert new == (pytest.approx(old * np.log(2)) if name in information else old), name


def test_a_field_may_follow_another_and_not_one_that_is_none() -> None:
    class First:
        a: int
        b: int | None
        c: float

    class Second:
        d: int
        e: int

    declare(First, a=Published("a"), b=Published("b", name="bee"), c=Published("c", name=None))
    declare(Second, d=Published("d", after="a"), e=Published("e"))
    assert [field.name for field in in_order(fields_of(First), fields_of(Second))] == ["a", "d", "e", "bee"]
    with pytest.raises(ValueError, match="follow none"):
        in_order(fields_of(Second))
    with pytest.raises(ValueError, match="First has no field z"):
        declare(First, z=Published("z"))


def test_the_readme_has_what_is_declared() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/reference.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), "scripts/reference.py --write"


def test_every_kind_of_event_and_state_of_a_link_is_declared_and_drawn() -> None:
    assert set(EVENTS) == set(get_args(EventKind))
    assert set(LINK_STATES) == set(get_args(LinkState))
    for glyphs in SETS.values():
        marks = [getattr(glyphs, name) for name in [*(kind.mark for kind in EVENTS.values()), *LINK_STATES]]
        assert all(isinstance(mark, str) and len(mark) == 1 for mark in marks)
    assert status_of(READING, LINK) & Status.STALLED
    assert all(state.upper() in Status.__members__ for state in LINK_STATES if state != "connected")


# An older screen before a newer monitor.

STRANGE = Event(
    pair="boiler", kind="name", timestamp=5.0, size=2.0, unit="volts", evidence="as never before", signal="z"
)


def test_an_event_of_another_kind_is_read() -> None:
    topic, payload = event_message(STRANGE)
    newer = json.dumps(json.loads(payload) | {"colour": "blue"}).encode()
    assert read_event([topic, newer]) == STRANGE


@pytest.mark.parametrize("glyphs", SETS)
@pytest.mark.parametrize("size", [(120, 40), (200, 60), (80, 24), (40, 12), (20, 5), (60, 1)])
def test_what_a_newer_monitor_says_is_drawn_as_text(glyphs: str, size: tuple[int, int]) -> None:
    topic, payload = snapshot_message(msgspec.structs.replace(linear(), events=(STRANGE,), links=(LINK,)))
    message = msgpack.unpackb(payload)
    message["snapshot"]["links"][0] |= {"state": "half_blocks", "signal": "z", "temperature": 3}
    message["snapshot"]["reading"] |= {"test": "block permutation", "vigour": 0.5}
    snapshot = read_snapshot([topic, msgpack.packb(message)])
    assert snapshot.links[0].state == "half_blocks"
    text = "\n".join(viewer(snapshot, glyphs=glyphs).canvas(*size).lines())  # type: ignore[arg-type]
    if size[1] >= 24:
        assert "half_blocks" in text
    if size[1] >= 40:
        assert "name z 2 volts as never before" in text


def test_a_state_of_a_newer_monitor_hides_nothing_that_is_wrong() -> None:
    new = msgspec.structs.replace(LINK, state="draining", signal="z")
    assert worst("connected", "draining") == "draining"
    assert worst("lost", "draining") == "lost"
    assert total((new, msgspec.structs.replace(LINK, state="connected"))).state == "draining"
    assert status_of(READING, new) == status_of(READING, msgspec.structs.replace(LINK, state="connected"))
