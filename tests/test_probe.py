"""What is said of a feed: by messages from encoders that are not ours, without a socket and over real ones."""

import io
import json
import shlex
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import msgpack
import numpy as np
import pytest
import zmq
from draws import drawn_alike
from feeds import published
from hypothesis import given, settings, strategies as st

from streammi.cli.run_probe import run_probe, what_is_wrong, words
from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.probe import KEPT_BYTES, Probe
from streammi.ingest.probe_report import Report
from streammi.ingest.record_fields import leaves
from streammi.network.frames import Frames
from streammi.network.link import UNANSWERED
from streammi.network.security import write_keys
from streammi.records import LinkHealth

ENDPOINT = "tcp://127.0.0.1:5556"
RNG = np.random.default_rng(4)
same_draws = drawn_alike(RNG)


def probed(messages: list[Frames], **more: Any) -> Report:
    probe = Probe(**more)
    probe.take(messages, 1.7e9)
    return probe.report(ENDPOINT, 2.0)


def openephys(channel: int, block: int) -> list[bytes]:
    content = {"stream": "probe", "channel_num": channel, "num_samples": 8, "sample_num": block * 8, "sample_rate": 1e4}
    header = {"message_num": block, "type": "data", "content": content, "data_size": 32}
    return [b"DATA\0", json.dumps(header).encode(), RNG.random(8).astype("<f4").tobytes()]


def karabo(k: int) -> list[bytes]:
    head = {"source": "MID/XGM/1", "content": "msgpack", "metadata": {"timestamp": 1.7e9 + k}}
    array = {"source": "MID/XGM/1", "content": "array", "path": "data.wave", "dtype": "float32", "shape": [4]}
    values = {"data.x": k / 7, "data.y": k % 3}
    return [msgpack.packb(head), msgpack.packb(values), msgpack.packb(array), RNG.random(4).astype("f4").tobytes()]


def numpy_message(k: int) -> list[bytes]:
    array = RNG.random((5, 3))
    return [json.dumps({"dtype": str(array.dtype), "shape": array.shape, "seq": k}).encode(), array.tobytes()]


SENDERS: dict[str, tuple[Callable[[int], Frames], str, set[str]]] = {
    "json": (lambda k: [b"imu", json.dumps({"acc": {"x": k, "y": -k}, "on": k % 2 == 0}).encode()], "json",
             {"acc/x", "acc/y", "on"}),
    "json records": (lambda k: [json.dumps([{"a": k, "b": 1}, {"a": k, "b": 2}]).encode()], "json", {"a", "b"}),
    "json array": (lambda k: [json.dumps([k, k * k, "text"]).encode()], "json", {"0", "1"}),
    "msgpack": (lambda k: [msgpack.packb({"a": k, "b": {"c": -k}})], "msgpack", {"a", "b/c"}),
    "cbor": (lambda k: [cbor2.dumps({"a": k, "b": k / 3})], "cbor", {"a", "b"}),
    "raw": (lambda k: [RNG.random((16, 2)).tobytes()], "pairs", {"0", "1"}),
    "raw float32": (lambda k: [RNG.random((16, 2)).astype("<f4").tobytes()], "pairs32", {"0", "1"}),
    "numpy": (numpy_message, "numpy", {"0", "1", "2"}),
    "csv": (lambda k: [f"{k},{k * 2},ok".encode()], "csv", {"0", "1"}),
    "keyvalue": (lambda k: [b"room a=%d, b=%d state=ok" % (k, k * k)], "keyvalue", {"a", "b"}),
    "influx": (lambda k: [f"weather,place=lab temp={k},wind={k * 2}i 17000000000000000{k:02}".encode()], "influx",
               {"temp", "wind", "weather/temp", "weather/wind"}),
    "glances": (lambda k: [b"glances", (b"cpu", b"load")[k % 2], (b'{"total":%d}', b'{"min1":%d}')[k % 2] % k],
                "glances", {"cpu/total", "load/min1"}),
    "karabo": (karabo, "karabo", {"MID/XGM/1/data.x", "MID/XGM/1/data.y", "MID/XGM/1/data.wave"}),
    "open-ephys": (lambda k: openephys(k % 2 + 3, k // 2), "open-ephys", {"3", "4"}),
    "gnuradio": (lambda k: [struct.pack("=HBQQ", 0x5FF0, 1, 8 * k, 0) + RNG.random((8, 2)).astype("f4").tobytes()],
                 "gnuradio", {"0", "1"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SENDERS)
def test_every_format_is_described_and_its_line_works(name: str) -> None:
    send, format_, paths = SENDERS[name]
    messages = [send(k) for k in range(40)]
    report = probed(messages)
    (topic,) = report.topics
    assert next(iter(topic.formats)) == format_
    assert paths <= {signal.path for signal in topic.signals}
    assert topic.rate == 20
    assert report.command is not None
    assert (report.problem, report.messages) == ("", 40)
    line = shlex.split(report.command)
    x, y = (line[line.index(flag) + 1] for flag in ("--x", "--y"))
    decoder = Decoder(FeedConfig(endpoint=ENDPOINT, x=x, y=y))
    assert decoder.decode(messages, 0.0).x.size > 15
    assert report.command in words(report)


def test_ranges_times_and_sequence_numbers_are_those_that_were_sent() -> None:
    sent = [{"a": k / 10, "b": -k, "timestamp": int(1.7e12) - 1500, "seq": k} for k in range(100) if k not in (30, 31)]
    (topic,) = probed([[json.dumps(one).encode()] for one in sent]).topics
    a, b = topic.signals
    assert (a.path, a.low, a.high, a.example, a.values) == ("a", 0.0, 9.9, 9.9, 98)
    assert (b.path, b.low, b.high) == ("b", -99.0, 0.0)
    assert (topic.timestamp, topic.age) == ("timestamp: milliseconds", 1.5)
    assert (topic.sequence, topic.missing) == ("seq", 2)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (12.5, "seconds from its start"),
        (1.7e9, "seconds"),
        (int(1.7e12), "milliseconds"),
        (int(1.7e15), "microseconds"),
        (int(1.7e18), "nanoseconds"),
        ("2026-01-01T00:00:00Z", "ISO 8601"),
        ("1700000000.5", "seconds"),
    ],
)
def test_how_times_are_written(value: object, form: str) -> None:
    (topic,) = probed([[json.dumps({"a": 1, "b": 2, "time": value}).encode()]]).topics
    assert topic.timestamp == f"time: {form}"
    assert {signal.path for signal in topic.signals} == {"a", "b"}


def test_two_topics_with_a_signal_each_are_joined() -> None:
    messages: list[Frames] = [[(b"flow", b"valve")[k % 2], b'{"v": %d, "time": %d}' % (k, k)] for k in range(20)]
    report = probed(messages)
    assert report.command == f"streammi watch --x '{ENDPOINT}#flow:v' --y '{ENDPOINT}#valve:v'"


def test_a_topic_is_named_where_there_are_others() -> None:
    messages: list[Frames] = [[b"imu", b'{"x": %d, "y": %d}' % (k, -k)] for k in range(20)]
    assert probed([*messages, [b"log", b"started"]]).command == f"streammi watch {ENDPOINT} --x x --y y --topic imu"
    report = probed(messages, topic="gps")
    assert (report.command, report.problem) == (None, "no topic starts with 'gps'; there are 'imu'")


@pytest.mark.parametrize(
    ("message", "problem"),
    [(b'{"a": 1}', "there are no two numbers that come together"), (b'{"a": "b"}', "there is no number")],
)
def test_what_cannot_be_watched_is_said(message: bytes, problem: str) -> None:
    report = probed([[message]] * 3)
    assert report.command is None
    assert problem in report.problem


@settings(max_examples=200)
@given(st.lists(st.lists(st.binary(max_size=60) | st.sampled_from([b"DATA\0", b"cpu", b"{}"]), max_size=4), max_size=8))
def test_no_message_is_too_strange(messages: list[Frames]) -> None:
    report = probed(messages)
    assert report.messages == len(messages)
    assert words(report).isprintable() or "\n" in words(report)


TREES = st.recursive(
    st.floats(-9, 9) | st.integers(-9, 9),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), TREES, min_size=2, max_size=4))
def test_every_leaf_can_be_watched(tree: dict[str, Any]) -> None:
    for path, value in leaves(tree):
        found = Decoder(FeedConfig(endpoint=ENDPOINT, x=path, y=path)).decode([[json.dumps(tree).encode()]], 0.0)
        assert found.x.tolist() == [value]


def publishing(messages: list[Frames], configure: Callable[[zmq.Socket[bytes]], None] = lambda socket: None) -> Any:
    """Sends these over and over until the end."""
    return published(lambda: messages, every_s=0.005, configure=configure)


def listened(endpoint: str, seconds: float = 1.5, **more: Any) -> tuple[int, str]:
    out = io.StringIO()
    return run_probe(endpoint, seconds, out=out, **more), out.getvalue()


def test_a_live_feed() -> None:
    with publishing([[b"imu", b'{"x": 1.5, "y": 2}'], [b"imu", b'{"x": 0.5, "y": 3}']]) as endpoint:
        status, said = listened(endpoint)
        assert status == 0
        assert f"streammi watch {endpoint} --x x --y y" in said
        assert "x  0.5 to 1.5" in said
        status, said = listened(endpoint, as_json=True)
        assert json.loads(said)["topics"][0]["signals"][0] | {"values": 0, "example": 0} == {
            "path": "x", "values": 0, "low": 0.5, "high": 1.5, "example": 0, "array": False,
        }  # fmt: skip
        status, said = listened(endpoint, topic="gps")
        assert (status, "no topic starts with 'gps'; there are 'imu'" in said) == (1, True)


def test_what_is_wrong_when_nothing_comes(tmp_path: Path) -> None:
    with publishing([]) as endpoint:
        assert "connected, but silent" in listened(endpoint)[1]
    status, said = listened(endpoint, 0.3)
    assert (status, "no connection: connection refused" in said) == (1, True)
    assert "nobody is there" in listened(f"ipc://{tmp_path}/feed", 0.3)[1]
    assert "no connection: there is no host nowhere.invalid" in listened("tcp://nowhere.invalid:5556", 0.3)[1]
    # After some seconds the link has a word of its own, which holds for as long as it tries.
    waited = LinkHealth(endpoint=endpoint, state="connecting", note=UNANSWERED)
    assert what_is_wrong(waited, FeedConfig(endpoint=endpoint)) == "no connection: connection refused"


def test_an_encrypted_feed_asks_for_keys(tmp_path: Path) -> None:
    _, secret = write_keys(tmp_path / "plant")
    public, private = zmq.curve_keypair()
    assert secret.exists()

    def curve(socket: zmq.Socket[bytes]) -> None:
        socket.curve_publickey, socket.curve_secretkey, socket.curve_server = public, private, True

    with publishing([[b'{"x": 1, "y": 2}']], curve) as endpoint:
        status, said = listened(endpoint)
    assert (status, "CURVE keys" in said) == (1, True)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"a": [1, [2]], "b": [[1], [2, 3]], "c": [null, {}, "x"]}',
        b"[1, [2], {}]",
        b'{"": 1, "a": {"": 2}}',
        b'{"%s": 1}' % (b"a" * 300),
        b'{"t": 1e999, "x": "\\ud800"}',
        b'{"x": [1, ' + b"[" * 960 + b"]" * 960 + b"]}",
        cbor2.dumps({"t": 1 << 1023 << 1 | 1, "x": 1}),
        cbor2.dumps({"t": [1 << 1023 << 1], "seq": -(1 << 70)}),
        b"\xa1\x61x\xd8\x54\x44" + struct.pack(">e", 1.0) + b"\x7d\x01",  # a signalling NaN of 16 bits
    ],
    ids=lambda payload: repr(payload[:30]),
)
def test_what_a_feed_makes_up_is_no_reason_to_stop(payload: bytes) -> None:
    report = probed([[payload]] * 3 + [[b"topic", payload]] * 3)
    assert report.messages == 6
    assert words(report)


def test_topics_that_were_not_asked_for_are_not_kept_without_end() -> None:
    probe = Probe("wanted")
    probe.take([[b"%d" % k, b'{"x": 1}'] for k in range(5000)], 0.0)
    assert len(probe._others) <= 1000


def test_what_is_kept_to_try_on_is_bounded_in_bytes() -> None:
    """Of many topics with large messages, each has some."""
    probe, padding = Probe(), b" " * (500 << 10)
    for _ in range(4):
        for topic in range(60):
            probe.take([[b"t%d" % topic, b'{"a":%d,"b":%d}%s' % (topic, topic % 7, padding)]], 0.0)
    kept = [len(frame) for topic in probe._topics.values() for frames in topic.kept for frame in frames]
    assert 50 << 20 < sum(kept) <= KEPT_BYTES < 4 * 60 * len(padding)
    assert all(topic.kept for topic in probe._topics.values())
    assert probe.report(ENDPOINT, 1.0).messages == 240
