"""A feed that goes on, and brings nothing that can be used: said like a silent one."""

import json
from io import StringIO

import msgspec
import pytest

from streammi.config import FeedConfig, JoinConfig, MonitorConfig
from streammi.detect.links import LinkWatch
from streammi.ingest.intake import Intake, Links, intake_of
from streammi.monitor import Monitor
from streammi.network.silence import Spacing
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, LinkChanged
from streammi.records import LinkHealth
from streammi.records.status import Status
from streammi.session.log_messages import Operator
from streammi.session.pair_log_messages import PairLogMessages
from streammi.session.session import Session
from streammi.system.log import Log
from streammi.system.service_manager import Notifier

START = 1.7e9
LINK = LinkHealth(endpoint="tcp://127.0.0.1:1", state="connected", since=START)
ONE = FeedConfig(endpoint="", x="a", y="b")
GOOD = {"a": 1.0, "b": 2.0}
BAD = {  # a message, each of them of another kind
    "NaN": b'{"a": 1.0, "b": NaN}',
    "null": b'{"a": 1.0, "b": null}',
    "without the value": b'{"a": 1.0}',
    "text": b'{"a": 1.0, "b": "n/a"}',
    "no message": b"\x00\xff",
}


def take(intake: Intake, at: float, message: bytes, source: int = 0, count: int = 3) -> None:
    intake.decode(source, [[message]] * count, START + at)


def links(intake: Intake, *of: LinkHealth) -> Links:
    return intake.describe(of or (LINK,), START + 1e6)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_cannot_be_used_stalls_a_link_that_is_connected(bad: bytes) -> None:
    intake, good = intake_of(ONE), json.dumps(GOOD).encode()
    for k in range(10):
        take(intake, k / 10, good)
    take(intake, 3.8, bad)
    assert links(intake)[0].state == "connected"  # not for so long yet
    take(intake, 4.0, bad)
    (link,) = links(intake)
    assert (link.state, link.since) == ("stalled", pytest.approx(START + 0.9 + 3))
    assert link.note == "nothing that comes can be used"
    take(intake, 60.0, bad)
    assert links(intake)[0].since == link.since
    intake.decode(0, [[bad], [good], [bad]], START + 61.0)  # one good one among them
    (link,) = links(intake)
    assert (link.state, link.since, link.note) == ("connected", START + 61.0, "")
    take(intake, 62.0, bad)
    take(intake, 63.0, good)  # no stall, and no news
    assert links(intake)[0].since == START + 61.0


def test_a_feed_that_was_never_usable_counts_from_its_connection() -> None:
    intake = intake_of(ONE)
    states = []
    for at in (1.0, 2.9, 3.0):
        take(intake, at, BAD["NaN"])
        states.append(links(intake)[0].state)
    assert states == ["connected", "connected", "stalled"]
    again = msgspec.structs.replace(LINK, since=START + 2)
    assert links(intake, again)[0].state == "connected"


def test_a_slow_feed_may_have_a_bad_sample_between_good_ones() -> None:
    intake = intake_of(ONE)
    for k in range(20):
        take(intake, 60.0 * k, json.dumps(GOOD).encode(), count=1)
    take(intake, 60.0 * 20, BAD["NaN"], count=1)
    assert links(intake)[0].state == "connected"
    take(intake, 60.0 * 23, BAD["NaN"], count=1)
    assert links(intake)[0].state == "stalled"


@pytest.mark.parametrize("seconds", [6.0, 9.0, 60.0])
@pytest.mark.parametrize("first", range(4))
def test_one_bad_sample_among_the_first_of_a_slow_feed_is_no_event(seconds: float, first: int) -> None:
    intake, watch = intake_of(ONE), LinkWatch("pair")
    for k in range(8):
        at = seconds * k + 1
        take(intake, at, BAD["NaN"] if k == first else json.dumps(GOOD).encode(), count=1)
        assert watch.update(links(intake)[0], START + at) == []


def test_a_link_in_another_state_keeps_it_and_silence_is_not_ours_to_say() -> None:
    intake = intake_of(ONE)
    take(intake, 0.0, json.dumps(GOOD).encode())
    assert links(intake)[0].state == "connected"  # nothing came since, whatever the time is
    take(intake, 9.0, BAD["NaN"])
    for state in ("lost", "stalled", "ended"):
        link = msgspec.structs.replace(LINK, state=state)
        assert (links(intake, link)[0].state, links(intake, link)[0].note) == (state, "")


def test_what_was_not_missed_is_not_back() -> None:
    intake = intake_of(ONE)
    for at, message in ((0.0, json.dumps(GOOD).encode()), (2.9, BAD["NaN"]), (3.5, json.dumps(GOOD).encode())):
        take(intake, at, message)
        assert (links(intake)[0].state, links(intake)[0].since) == ("connected", START)


def test_a_label_that_is_absent_is_none() -> None:
    intake = intake_of(msgspec.structs.replace(ONE, labels=True))
    for at, message, state in (
        (0.0, b'{"a": "on", "b": "open"}', "connected"),
        (1.0, b'{"a": "on", "b": null}', "connected"),
        (5.0, b'{"a": "on", "b": null}', "stalled"),
        (6.0, b'{"a": "off", "b": 7}', "connected"),
    ):
        take(intake, at, message)
        assert links(intake)[0].state == state


def test_a_clock_that_is_set_back_hides_no_stall_for_as_long_as_that() -> None:
    intake, early = intake_of(ONE), msgspec.structs.replace(LINK, since=START - 9000)
    take(intake, 0.0, json.dumps(GOOD).encode())
    for at, state in ((-3600.0, "connected"), (-3597.5, "connected"), (-3596.0, "stalled")):
        take(intake, at, BAD["NaN"])
        assert links(intake, early)[0].state == state


def test_of_two_sources_the_one_is_named_whose_samples_cannot_be_used() -> None:
    intake = intake_of(JoinConfig(x=FeedConfig(endpoint="", x="a"), y=FeedConfig(endpoint="", y="b")))
    for k in range(50):
        stamped = GOOD | {"timestamp": START + k / 10}
        take(intake, k / 10, json.dumps(stamped).encode(), source=0, count=1)
        take(intake, k / 10, json.dumps(stamped | ({"b": None} if k > 5 else {})).encode(), source=1, count=1)
    x, y = links(intake, LINK, LINK)
    assert (x.state, y.state) == ("connected", "stalled")


def test_the_events_are_those_of_a_silent_feed_and_take_as_long_as_it_lasted() -> None:
    intake, watch = intake_of(ONE), LinkWatch("pair")
    found = []
    for at, message in (
        (0.0, json.dumps(GOOD).encode()),
        (2.0, BAD["NaN"]),
        (5.0, BAD["NaN"]),
        (9.0, b'{"a":1,"b":2}'),
    ):
        take(intake, at, message)
        found += watch.update(links(intake)[0], START + at)
    assert [(event.kind, event.timestamp - START, event.size) for event in found] == [
        ("stalled", 3.0, None),
        ("recovered", 9.0, 6.0),
    ]
    assert "can be used" in found[0].evidence


@pytest.mark.parametrize("before", [[], [0.5], [0.5, 2.0, 0.1] * 5])
@pytest.mark.parametrize("many", [1, 2, 5, 9])
def test_messages_that_come_together_are_no_distance_apart(before: list[float], many: int) -> None:
    together, each = Spacing(), Spacing()
    for spacing in (together, each):
        for gap in (None, *before):
            spacing.add(gap)
    together.add(0.5, many)
    each.add(0.5)
    for _ in range(many - 1):
        each.add(0.0)
    assert (together.usual, together.patience) == pytest.approx((each.usual, each.patience), rel=1e-12)


def test_a_saved_state_goes_on_as_if_nothing_had_been() -> None:
    whole, saved = intake_of(ONE), intake_of(ONE)
    take(whole, 0.5, json.dumps(GOOD).encode())
    saved.restore(whole.state())
    for intake in (whole, saved):
        take(intake, 5.0, BAD["NaN"])
    assert links(saved) == links(whole)
    assert links(saved)[0].state == "stalled"


def test_readings_and_the_log_say_it() -> None:
    log, lines = StringIO(), StringIO()
    session = Session(Monitor(MonitorConfig()), ONE, Outbox("pair", None, lines, run=1))
    upkeep = PairLogMessages(session, {}, Operator(Log(log), Notifier({}, 1)))
    session.apply(LinkChanged(0, START, "connected", START, 0, "", False))
    good = [json.dumps({"a": k / 100, "b": (k * 37 % 100) / 100}).encode() for k in range(100)]
    batches = ((0.0, good[:50]), (1.0, good[50:]), (5.0, [BAD["NaN"]]), (6.0, good))
    for at, messages in batches:
        session.apply(Arrived(0, START + at, [[message] for message in messages]))
        upkeep.turn(START + at, 1e6 + at)
    statuses = [json.loads(line)["status"] for line in lines.getvalue().splitlines()]
    assert [bool(status & Status.STALLED) for status in statuses] == [False, False, True, False]
    assert log.getvalue().splitlines() == [
        "streammi: read as json ([topic,] JSON [, time or counter]), as the first messages are; "
        "--format FORMAT overrides it",
        "streammi: warning: stalled: nothing that comes can be used",
        "streammi: warning: pairs that are not finite (NaN, infinite or absent), and not counted: 1",
        "streammi: connected",
    ]
