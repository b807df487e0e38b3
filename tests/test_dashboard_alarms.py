"""Alarms on the screen: shown until somebody acknowledges them, with the bell and the title of a real terminal."""

import time
from pathlib import Path

import msgspec
import pytest
import zmq
from dashboard_samples import event, linear, two_pairs
from dashboard_terminal import Session, Television

from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message
from streammi.records import Event, Snapshot


def alarm(rule: str = "mi<0.2 for 10s", at: float = 0.0) -> Event:
    return event("alarm", at, 0.153, "bit", "mi is 0.153 bit, for 10.1 s", rule=rule)


def after(snapshot: Snapshot, *raised: Event, said: tuple[Event, ...] = (), seq: int = 1) -> Snapshot:
    """The next snapshot, with these raised, and these events said so far."""
    return msgspec.structs.replace(snapshot, seq=snapshot.seq + seq, events=said, alarms=raised)


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (40, 12), (30, 5), (60, 1)])
@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_an_alarm_is_shown_at_every_size_until_it_is_acknowledged(size: tuple[int, int], glyphs: str) -> None:
    seen = Television(linear(), size=size, glyphs=glyphs)  # type: ignore[arg-type]
    seen.show()
    assert "mi<0.2" not in seen.text
    raised = alarm()
    cleared = event("cleared", -5.0, 0.9, "bit", "mi is 0.9 bit", rule=raised.rule)
    seen.viewer.receive([after(linear(), raised, said=(raised,))])
    seen.show()
    assert "mi<0.2" in seen.text.splitlines()[0]
    seen.viewer.receive([after(linear(), said=(raised, cleared), seq=2)])  # over, but nobody has seen it
    seen.show()
    assert "mi<0.2" in seen.text.splitlines()[0]
    assert "mi<0.2" not in seen.press("k").splitlines()[0]
    seen.viewer.receive([after(linear(), said=(raised, cleared), seq=3)])
    seen.show()
    assert "mi<0.2" not in seen.text.splitlines()[0]


def test_one_that_came_and_went_between_two_pictures_is_shown_and_an_older_one_is_not() -> None:
    first, second = alarm("p>0.05", 50.0), alarm("mi<0.2", 1.0)
    seen = Television(after(linear(), said=(first,)), size=(120, 40))
    seen.show()
    assert "alarm p>0.05" not in seen.text.splitlines()[0]
    seen.viewer.receive([after(linear(), said=(first, second), seq=2)])
    seen.show()
    assert "alarm mi<0.2" in seen.text.splitlines()[0]
    assert seen.viewer.rang()
    assert not seen.viewer.rang()


def test_a_rule_that_is_fulfilled_anew_is_a_new_alarm() -> None:
    seen = Television(after(linear(), alarm()), size=(120, 40))
    assert "alarm mi<0.2" not in seen.press("k").splitlines()[0]
    seen.viewer.receive([after(linear(), alarm(at=-60.0), seq=2)])
    seen.show()
    assert "alarm mi<0.2" in seen.text.splitlines()[0]


def test_of_another_pair_it_says_which() -> None:
    one, other = two_pairs()
    seen = Television(one, after(other, alarm()), size=(120, 40))
    seen.show()
    assert f"alarm {other.pair}: mi<0.2 for 10s" in seen.text.splitlines()[0]
    assert "k acknowledge" in seen.text.splitlines()[-1]


def test_who_may_only_look_cannot_acknowledge() -> None:
    seen = Television(after(linear(), alarm()), size=(120, 40), readonly=True)
    assert "alarm mi<0.2" in seen.press("k").splitlines()[0]


def test_a_snapshot_of_before_there_were_alarms_is_read() -> None:
    frames = snapshot_message(linear())
    envelope = msgspec.msgpack.decode(frames[1])
    del envelope["snapshot"]["alarms"]
    assert read_snapshot([frames[0], msgspec.msgpack.encode(envelope)]).alarms == ()


def test_the_bell_and_the_title_of_a_real_terminal(tmp_path: Path) -> None:
    hostile = alarm("mi<0.2\x1b]0;owned\x07")
    with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.linger = 0
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        session = Session(["view", f"tcp://127.0.0.1:{port}", "--bell"], 120, 40, tmp_path)
        publisher.recv()
        publisher.send_multipart(snapshot_message(linear()))
        session.until("JOINT COUNTS")
        assert b"\a" not in session.written
        for k, raised in enumerate((alarm(), hostile)):
            start = len(session.written)
            publisher.send_multipart(snapshot_message(after(linear(), raised, seq=k + 1)))
            session.until_written(b"\a", start)
            session.until_titled(lambda title, k=k: title.startswith("alarm mi<0.2") and ("+1" in title) == (k == 1))
            assert "owned" not in session.emulator.title or "]0;owned" in session.emulator.title  # as plain text
        session.type("k")
        session.until_written(b"\x1b[23;2t")
        session.until_titled(lambda title: title == "")
        rings = session.written.count(b"\a")
        time.sleep(0.2)
        publisher.send_multipart(snapshot_message(after(linear(), hostile, seq=3)))  # still raised, and acknowledged
        session.read(0.4)
        assert session.written.count(b"\a") == rings
        session.type("q")
        assert session.end() == 0
        assert session.restored
