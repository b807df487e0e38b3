"""Alarms: what rules are read as, when they are raised and ended, held against a slow oracle; and who is told."""

import json
import math
import os
import re
import shlex
import signal
import tempfile
import time
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE, wait
from hypothesis import given, strategies as st
from programs import BOTH, started

from streammi.config import MonitorConfig, alarm
from streammi.config.alarms import Alarm
from streammi.detect.alarms import WATCHED, Alarms
from streammi.errors import ConfigError
from streammi.monitor import Monitor
from streammi.publish.messages import FIELDS, event_message
from streammi.records import Event, LinkHealth
from streammi.system.commands import Commands, words_of


def config_of(*rules: str, **more: object) -> MonitorConfig:
    return MonitorConfig(alarms=tuple(map(alarm, rules)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "rule", "value", "holds"),
    [
        ("mi<0.2", "mi<0.2", 0.1, True),
        ("mi < 0.2", "mi<0.2", 0.2, False),
        (" mi_corrected\t<= -.5 ", "mi_corrected<=-.5", -0.5, True),
        ("rate>=1e3 for 2 min", "rate>=1e3 for 2 min", 999.0, False),
        ("p > 5e-2 for 1 reading", "p>5e-2 for 1 reading", 0.05, False),
    ],
)
def test_a_condition_is_read(text: str, rule: str, value: float, holds: bool) -> None:
    found = alarm(text)
    assert (found.rule, found.holds(value)) == (rule, holds)
    assert alarm(found.rule) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mi", "FIELD < NUMBER"),
        ("mi==0.2", "hardly ever equal"),
        ("mi<0.2bit", "a number alone"),
        ("mi<", "FIELD < NUMBER"),
        ("0.2>mi", "FIELD < NUMBER"),
        ("mi<0.2 for 10", "for 5 readings"),
        ("mi<0.2 for ever", "for 5 readings"),
        ("mi<0.2 for 0 readings", "for 1 to 1000000 readings"),
        ("mi<0.2 for", "FIELD < NUMBER"),
        ("mi<1e999", "finite"),
        ("stalled for 3 readings", "no readings come then"),
        ("event:lost for 3s", "without `for`"),
        ("staled", "did you mean stalled?"),
        ("", "FIELD < NUMBER"),
        ("mi<0.2\x1b[2J", "printable"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_would_be(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        alarm(text)
    assert said in str(refused.value)
    assert str(refused.value).startswith("--alarm must be ")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("mi_corected<0.2", "did you mean mi_corrected?"),
        ("pearson_r<0.2", "did you mean r?"),
        ("power<0.2", "one of "),
        ("event:lsot", "did you mean lost?"),
        ("event:alarm", "event:*"),
        ("p>0.05", "p is so only with --null or --test g"),
        ("cmi<0.1", "only with --given"),
        ("peak_mi<0.1", "only with --lags"),
        ("unit<3", "published"),
        ("nmi>2", "nmi is from 0 to 1)"),
        ("r<-1", "r is from -1 to 1)"),
        ("fill>=1.5", "fill is from 0 to 1)"),
        ("rate<0 for 10s", "rate is at least 0)"),
        ("mi<=-0.1", "mi is at least 0)"),
        ("status>4095", "status is from 0 to 4095)"),
    ],
)
def test_a_rule_that_could_never_be_fulfilled_is_refused(rule: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"--alarm") as refused:
        Monitor(config_of(rule))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "null", "possible"),
    [("p<0.01", 99, False), ("p<=0.01", 99, True), ("p<0.01", 199, True), ("peak_p<0.001", 199, False)],
)
def test_a_p_below_that_of_no_partner_above_is_refused(rule: str, null: int, *, possible: bool) -> None:
    """p = (b + 1)/(S + 1): an alarm on less would wait for ever."""
    with nullcontext() if possible else pytest.raises(ConfigError, match=f" is from .* to 1 with --null {null}"):
        Monitor(config_of(rule, null=null, lags=(-2, 2)))


def test_every_published_number_can_be_watched() -> None:
    told_apart = {"v", "run", "seq", "timestamp", "unit"}
    assert set(WATCHED) == {str(field.name) for field in FIELDS} - told_apart


def oracle(rule: Alarm, readings: list[tuple[float, float | None, bool]]) -> list[int]:
    """Where a rule turns: by looking back, at each reading, over all that came since it turned last."""
    on, since, turns = False, 0, []
    for k in range(len(readings)):
        opposite: list[int] = []
        for j in range(k, since - 1, -1):
            _, value, full = readings[j]
            if value is None or not full:
                continue
            if rule.holds(value) == on:
                break
            opposite.insert(0, j)
        if not opposite or opposite[-1] != k:
            continue
        # Only between readings with nothing unknown between them time has passed in it.
        held = sum(readings[b][0] - readings[a][0] for a, b in pairwise(opposite) if b == a + 1)
        least, times = (rule.hold.seconds or 0.0, rule.hold.pairs or 1) if rule.hold else (0.0, 1)
        if held >= least and len(opposite) >= times:
            on, since = not on, k + 1
            turns.append(k)
    return turns


@given(
    st.sampled_from(["mi<0.5", "mi<0.5 for 2s", "mi>=0.5 for 3 readings"]),
    st.lists(
        st.tuples(
            st.integers(0, 3).map(lambda quarters: quarters / 4),  # exact sums
            st.sampled_from([None, 0.25, 0.5, 0.75, math.nan]),
            st.booleans() | st.just(True),
        ),
        max_size=40,
    ),
)
def test_a_rule_turns_where_looking_back_says_so(rule: str, steps: list[tuple[float, float | None, bool]]) -> None:
    alarms, at = Alarms(config_of(rule)), 0.0
    readings, found = [], []
    for k, (step, value, full) in enumerate(steps):
        at += step
        unknown = value is None or math.isnan(value)
        readings.append((at, None if unknown else value, full))
        said = alarms.of_reading({"timestamp": at, "fill": 1.0 if full else 0.5, "mi": value})
        found += [k] * len(said)
        assert len(said) <= 1
        assert {event.rule for event in said} <= {rule}
        # From any place on, a copy says the same.
        again = Alarms(config_of(rule))
        again.restore(json_plain(alarms.state()))
        alarms = again
    assert found == oracle(alarm(rule), readings)
    assert bool(alarms.raised) == (len(found) % 2 == 1)


def json_plain(state: dict[str, object]) -> dict[str, object]:
    from streammi.records import codec

    plain: dict[str, object] = codec.from_plain(codec.to_plain(state))
    return plain


def test_raised_and_ended_once_each_with_what_it_took() -> None:
    alarms = Alarms(config_of("mi<0.5 for 2s"))
    said = []
    for second, mi in enumerate([0.9, 0.4, 0.3, 0.2, 0.1, 0.6, 0.1, 0.7, 0.8, 0.9, 0.9]):
        said += [(second, event) for event in alarms.of_reading({"timestamp": float(second), "fill": 1.0, "mi": mi})]
    assert [(second, event.kind, event.size, event.unit) for second, event in said] == [
        (3, "alarm", 0.2, "bit"),
        (9, "cleared", 0.9, "bit"),
    ]
    assert said[0][1].evidence == "mi is 0.2 bit, for 2 s"


def test_of_an_unknown_field_it_is_said_that_nothing_is_raised() -> None:
    alarms = Alarms(config_of("lag>5"))
    for second in range(3):
        assert alarms.of_reading({"timestamp": float(second), "fill": 1.0, "lag": None}) == []
    assert alarms.notes == ["--alarm lag>5: lag is not known now; until it is, nothing is raised or ended"]


def an_event(kind: str, unit: str = "bit", at: float = 3.0, of: str = "both") -> Event:
    return Event(pair="xy", kind=kind, timestamp=at, size=-0.5, unit=unit, evidence="why", signal=of)


def test_events_raise_alarms_of_their_own() -> None:
    alarms = Alarms(config_of("event:lost", "event:*"))
    said = alarms.of_events([an_event("lost"), an_event("gap")])
    assert [(event.kind, event.rule, event.evidence, event.size) for event in said] == [
        ("alarm", "event:lost", "lost: why", -0.5),
        ("alarm", "event:*", "lost: why", -0.5),
        ("alarm", "event:*", "gap: why", -0.5),
    ]
    assert list(alarms.raised) == ["event:lost", "event:*"]
    assert all("rule" not in json.loads(event_message(event)[1]) for event in [an_event("lost")])
    assert json.loads(event_message(said[0])[1])["rule"] == "event:lost"


def test_a_stalled_feed_raises_an_alarm_after_its_time_however_often_it_is_looked_at() -> None:
    for looks in (10, 1000):
        monitor = Monitor(config_of("stalled for 5s", "stalled"))
        said = []
        for k in range(looks):
            now = 100.0 + 30.0 * k / looks
            state, since = ("stalled", 103.0) if 103 <= now < 118 else ("connected", 100.0 if now < 103 else 118.0)
            said += monitor.link(LinkHealth(endpoint="tcp://h:1", state=state, since=since), now)
        told = [(event.kind, event.rule) for _, event in said if isinstance(event, Event) and event.rule]
        assert told == [
            ("alarm", "stalled"),
            ("alarm", "stalled for 5s"),
            ("cleared", "stalled"),
            ("cleared", "stalled for 5s"),
        ]
        first = next(at for at, event in said if isinstance(event, Event) and event.rule == "stalled for 5s")
        assert 108 <= first <= 108 + 30 / looks + 1e-9


def test_of_two_sources_the_feed_is_well_again_when_both_are() -> None:
    alarms = Alarms(config_of("stalled"))
    alarms.of_events([an_event("stalled", "s", 1.0, "x"), an_event("stalled", "s", 2.0, "y")])
    assert [event.kind for event in alarms.of_time(2.0)] == ["alarm"]
    alarms.of_events([an_event("recovered", "s", 3.0, "x")])
    assert alarms.of_time(9.0) == []
    alarms.of_events([an_event("recovered", "s", 9.0, "y")])
    assert [event.kind for event in alarms.of_time(9.0)] == ["cleared"]


# The command.


def test_a_command_has_the_message_on_its_standard_input_and_no_shell(tmp_path: Path) -> None:
    out = tmp_path / "out; touch wrong"
    commands = Commands(words_of(f"sh -c 'cat > \"$0\"' {shlex.quote(str(out))}", "--exec"), pace=0.0)
    commands.run(b'{"kind":"alarm"}')
    wait(lambda: out.exists() and out.read_bytes().endswith(b"\n"))
    assert json.loads(out.read_bytes()) == {"kind": "alarm"}
    commands.close()
    assert commands.notes == []
    assert os.listdir(tmp_path) == ["out; touch wrong"]


def test_how_a_command_fails_is_said_and_none_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(["sh", "-c", "echo first >&2; echo why >&2; exit 3"], pace=0.0)
    commands.run(b"{}")
    wait(lambda: bool(commands.notes))
    assert commands.notes == ["--exec sh: ended with status 3 (why)"]
    commands.close()
    pid = tmp_path / "pid"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))  # as where there is no disk that can be written to
    slow = Commands(["sh", "-c", f"sleep 60 & echo $! > {pid}; wait"], pace=0.0, most=0.3)
    slow.run(b"{}")
    wait(lambda: bool(slow.notes))
    assert slow.notes == ["--exec sh: took longer than 0.3 s, and was ended"]
    slow.close()
    wait(lambda: not alive(int(pid.read_text())))
    assert no_children()


def alive(pid: int) -> bool:
    try:
        return "(Z)" not in Path(f"/proc/{pid}/status").read_text().replace("Z (zombie)", "(Z)")
    except OSError:
        return False


def no_children() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return True


def test_commands_are_bounded_in_rate_and_number_and_end_at_once() -> None:
    commands = Commands(["sleep", "60"], pace=0.2)
    for _ in range(200):
        commands.run(b"{}")
    time.sleep(0.1)
    began = time.monotonic()
    commands.close()
    assert time.monotonic() - began < 30  # it waits for no run
    assert commands.runs <= 2
    assert commands.notes[0].startswith("--exec sleep: was ended with the rest")
    left_out = r"left out, as they came faster than it runs: (\d+)"
    lost = sum(int(many) for many in re.findall(left_out, "".join(commands.notes)))
    assert commands.runs + lost == 200


@pytest.mark.parametrize(
    ("command", "said"),
    [("", "a command"), ("sh 'x", "No closing quotation"), ("no-such-program-here x", "a program that there is")],
)
def test_what_cannot_be_run_is_refused(command: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        words_of(command, "--exec")


def test_without_a_rule_there_is_nothing_to_run() -> None:
    ended = streammi("monitor", "tcp://127.0.0.1:1", "--x=a", "--y=b", "--exec=cat")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "--exec must be left out without --alarm" in ended.stderr


# Live, recorded, and again.


def test_an_alarm_reaches_lines_socket_and_command_and_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    told, recording = tmp_path / "told", tmp_path / "feed.rec"
    context = zmq.Context()
    sender, reader = context.socket(zmq.PUB), context.socket(zmq.SUB)
    port = sender.bind_to_random_port("tcp://127.0.0.1")
    reader.connect(f"ipc://{tmp_path}/out")
    for topic in (b"event/", b"mi/"):
        reader.subscribe(topic)
    words = [
        "monitor", f"tcp://127.0.0.1:{port}", "--x=x", "--y=y", "--window=100", "--x-range=0:1", "--y-range=0:1",
        "--every=100", "--alarm=mi<0.7 for 2 readings", "--alarm=pairs>=300", f"--record={recording}",
        f"--publish=ipc://{tmp_path}/out", f"--exec=sh -c 'cat >> {told}; sleep 60'", "--name=plant",
    ]  # fmt: skip
    program = started(*words, **BOTH)
    rng = np.random.default_rng(3)
    try:
        assert program.stderr is not None
        while "connected" not in program.stderr.readline():
            pass
        for k in range(800):
            x = rng.random()
            sender.send_json({"x": x, "y": x if k < 250 or k >= 500 else rng.random()})
            time.sleep(0.0005)
            assert k != 200 or reader.poll(40_000)  # it hears a reading: no event can be missed
        wait(lambda: told.exists() and told.read_bytes().endswith(b"\n"))
        received: list[dict[str, Any]] = []
        while sum("rule" in event for event in received) < 3:
            assert reader.poll(40_000)
            received.append(json.loads(reader.recv_multipart()[1]))
        began = time.monotonic()
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=PATIENCE)
        took = time.monotonic() - began
    finally:
        program.kill()
        program.wait()
    assert took < 30, err  # it does not wait for what the command sleeps
    events = [json.loads(line) for line in out.splitlines() if '"rule"' in line]
    assert [(event["kind"], event["rule"]) for event in events] == [
        ("alarm", "pairs>=300"),
        ("alarm", "mi<0.7 for 2 readings"),
        ("cleared", "mi<0.7 for 2 readings"),
    ]
    assert json.loads(told.read_text()) == events[0]  # the others wait for it
    assert "alarms left out, as they came faster than it runs: 2" in err
    while reader.poll(0):
        received.append(json.loads(reader.recv_multipart()[1]))
    context.destroy(linger=0)
    assert [event for event in received if "rule" in event] == events
    again = streammi("replay", str(recording))
    assert again.stdout == out
    other = streammi("replay", str(recording), "--alarm", "mi<0.1")
    assert '"rule"' not in other.stdout
