"""Messages that have values, but not those that were asked for: what is said is what helps."""

import json
import shlex
import struct
from typing import Any

import cbor2
import numpy as np
import pytest

from streammi.cli.run_probe import words
from streammi.config import FeedConfig, JoinConfig, signal
from streammi.errors import ConfigError
from streammi.ingest.decoder import Decoder
from streammi.ingest.intake import intake_of
from streammi.ingest.probe import Probe
from streammi.ingest.probe_report import Report
from streammi.network.frames import Frames
from streammi.records import LinkHealth

ENDPOINT = "tcp://127.0.0.1:5556"
N = 12


def record(**values: Any) -> bytes:
    return json.dumps(values).encode()


def decoded(messages: list[Frames], x: str, y: str, **more: Any) -> tuple[Decoder, list[tuple[Any, Any]]]:
    decoder = Decoder(FeedConfig(endpoint=ENDPOINT, x=x, y=y, **more))
    found = decoder.decode(messages, 1.7e9)
    return decoder, list(zip(found.x.tolist(), found.y.tolist(), strict=True))


def probed(messages: list[Frames]) -> Report:
    probe = Probe()
    probe.take(messages, 1.7e9)
    return probe.report(ENDPOINT, 2.0)


def joined(line: str, messages: list[Frames]) -> tuple[int, list[dict[str, int]]]:
    """How many pairs come of the two sources that a line names, each of which gets what its topic begins with."""
    given = shlex.split(line)
    x, y = (signal(given[given.index(option) + 1], option) for option in ("--x", "--y"))
    one, other = (FeedConfig(endpoint=s.endpoint, topic=s.topic, x=s.path, y=s.path) for s in (x, y))
    intake = intake_of(JoinConfig(x=one, y=other, tolerance_s=0.5))
    n = 0
    for frames in messages:
        for source, feed in enumerate((one, other)):
            if frames[0].startswith(feed.topic.encode()):
                n += intake.decode(source, [frames], 1.7e9).x.size
    links = intake.describe((LinkHealth(endpoint=ENDPOINT, state="connected"),) * 2, 1.7e9)
    return n, [link.malformed for link in links]


@pytest.mark.parametrize(("x", "y", "words"), [
    ("temp", "flow", "no such path: y 'flow': did you mean Flow?"),
    ("room/heat", "temp", "no such path: x 'room/heat'"),
    ("nothing", "flow", "no such path: x 'nothing'"),  # when that is mended, y is said
])  # fmt: skip
@pytest.mark.parametrize("batch", [False, True])
def test_a_link_says_which_signal_is_missing(x: str, y: str, words: str, batch: bool) -> None:
    message = record(temp=1.5, Flow=2.0)
    frames = [b"[" + message + b"," + message + b"]" if batch else message]
    intake = intake_of(FeedConfig(endpoint=ENDPOINT, x=x, y=y))
    intake.decode(0, [frames] * 3, 1.7e9)
    (link,) = intake.describe((LinkHealth(endpoint=ENDPOINT, state="connected"),), 1.7e9)
    assert link.malformed == {"no such path": 3}
    assert link.why_none.startswith(words)
    together = intake_of(JoinConfig(x=FeedConfig(endpoint="a", x="temp"), y=FeedConfig(endpoint="b", y="flow")))
    together.decode(1, [frames] * 3, 1.7e9)
    links = together.describe((LinkHealth(endpoint=ENDPOINT, state="connected"),) * 2, 1.7e9)
    assert [link.why_none[:22] for link in links] == ["", "no such path: y 'flow'"]


APART: dict[str, list[Frames]] = {
    "a key each": [[record(temp=k, t=1.7e9 + k)] if j else [record(hum=k, t=1.7e9 + k)]
                   for k in range(N) for j in (1, 0)],
    "named": [[record(name=name, value=k, time=1.7e9 + k)] for k in range(N) for name in ("temp", "hum", "other")],
    "SenML, one a message": [[cbor2.dumps([{"n": name, "v": k, "bt": 1.7e9 + k}])]
                             for k in range(N) for name in ("temp", "hum")],
    "a topic each": [[f"room/{name}".encode(), record(value=k, time=1.7e9 + k)]
                     for k in range(N) for name in ("temp", "hum")],
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_signals_that_come_in_messages_of_their_own_are_joined_by_the_line_that_is_said(name: str) -> None:
    decoder, pairs = decoded(APART[name], "temp", "hum")
    assert pairs == []
    assert decoder.note.startswith("temp and hum come in messages of their own: --x")
    assert decoder.note in decoder.detail
    n, malformed = joined(decoder.note, APART[name])
    assert n >= N - 1
    assert all(sum(one.values()) <= 2 for one in malformed)  # the others' records are no faults
    report = probed(APART[name])
    assert report.command is not None
    assert joined(report.command, APART[name])[0] >= N - 1


def test_records_that_name_their_signals_are_read_by_these_names() -> None:
    senml = [[record(bn="x"), b""]]
    assert decoded(senml, "x", "y")[1] == []
    batch = [{"bn": "dev/", "bt": 1.7e9, "n": "x", "v": 1}, {"n": "y", "v": 2}, {"n": "x", "v": 3, "t": 1},
             {"n": "y", "v": 4, "t": 1}]  # fmt: skip
    assert decoded([[json.dumps(batch).encode()]], "dev/x", "dev/y")[1] == [(1.0, 2.0), (3.0, 4.0)]
    both = [{"name": "x", "value": 5}, {"name": "z", "value": 0}, {"name": "y", "value": 6}]
    assert decoded([[json.dumps(both).encode()]], "x", "y")[1] == [(5.0, 6.0)]
    decoder, _ = decoded([[record(name="flow", value=1)]] * 3, "x", "y")
    assert "records are named flow" in decoder.note


READING = record(v=1, run=1.7e9, seq=3, timestamp=1.7e9, mi=0.5, n=1000, unit="bit")


def test_a_monitor_is_called_one() -> None:
    messages: list[Frames] = [[b"mi/xy", READING], [b"event/xy", b'{"kind": "gained"}']] * 5
    decoder, _ = decoded(messages, "a", "b")
    assert f"this is a streammi monitor: streammi view {ENDPOINT}" in decoder.note
    report = probed(messages)
    said = words(report).splitlines()
    assert report.command == f"streammi view {ENDPOINT}"
    assert any("this is a streammi monitor" in line for line in said)
    assert len(said) < 8
    # Whoever wants to watch what a monitor says still can.
    assert decoded([[b"mi/xy", READING]], "mi", "n")[1] == [(0.5, 1000.0)]


@pytest.mark.parametrize("values", [{"imu": {"temp": 1.0}, "power": 2.0}, [{"imu": {"temp": 1.0}, "power": 2.0}]])
def test_a_path_that_is_nearly_one_is_asked_for(values: Any) -> None:
    decoder, pairs = decoded([[json.dumps(values).encode()]] * 3, "imu/tmp", "Power")
    assert pairs == []
    assert "did you mean imu/temp? did you mean power?" in decoder.note


def test_texts_are_shown_with_the_option_that_takes_them() -> None:
    messages: list[Frames] = [[record(state=("hot", "cold")[k % 2], fan=("on", "off")[k % 2])] for k in range(9)]
    report = probed(messages)
    assert report.command == f"streammi watch {ENDPOINT} --x state --y fan --bins categories"
    assert "'hot', 'cold' (labels: --bins categories)" in words(report)
    decoder, _ = decoded(messages, "state", "fan")
    assert "--bins categories" in decoder.detail
    assert decoded(messages, "state", "fan", labels=True)[1][0] == ("hot", "on")


@pytest.mark.parametrize(
    ("layout", "code", "paths"),
    [
        ("<u8,f4,f4", "<Qff", ("f1", "f2")),
        ("<Qff", "<Qff", ("f1", "f2")),
        ("<Qff", "<Qff", ("1", "2")),
        ("k:>u8,x:f4,y:f4", ">Qff", ("x", "y")),
        ("<u4,V4,x:<f8,y:>f8", "", ("x", "y")),
        ("@Idf", "@Idf", ("f1", "f2")),
        ("u1,<f4,f8", "", ("f1", "f2")),
    ],
)
@pytest.mark.parametrize("together", [False, True])
def test_c_structs(layout: str, code: str, paths: tuple[str, str], together: bool) -> None:
    def pack(k: int) -> bytes:
        values = (k, k + 0.5, -k / 4)
        if code:
            return struct.pack(code, *values)
        if layout[0] == "u":
            return struct.pack("<Bfd", *values)
        return struct.pack("<I4xd", *values[:2]) + struct.pack(">d", values[2])

    expected = [(k + 0.5, -k / 4) for k in range(N)]
    packed = [pack(k) for k in range(N)]
    one: list[Frames] = [[b"".join(packed)]]
    decoder, pairs = decoded(one if together else [[b"t", each] for each in packed], *paths, format=f"struct:{layout}")
    assert (pairs, decoder.malformed, decoder.note) == (expected, {}, "")
    assert decoded([[packed[0] + b"?"]], *paths, format=f"struct:{layout}")[0].malformed == {"odd length": 1}


def test_a_time_and_a_number_in_a_struct() -> None:
    packed = [struct.pack("<Qdd", 1_767_225_600_000 + 10 * k, k, 1) for k in range(5)]
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y", format="struct:time:<u8,x:f8,y:f8"))
    found = decoder.decode([[one] for one in packed], 1_767_225_601.0)
    assert found.t is not None
    np.testing.assert_allclose(found.t, [1_767_225_600 + k / 100 for k in range(5)])
    numbered = Decoder(FeedConfig(endpoint="", x="x", y="y", format="struct:seq:<u8,x:f8,y:f8"))
    numbered.decode([[struct.pack("<Qdd", k + 2 * (k > 2), k, 1)] for k in range(5)], 0.0)
    assert numbered.gaps == 2


@pytest.mark.parametrize("format_", ["struct", "struct:", "struct:O", "struct:q9", "struct:f4,,f4", "struct:x:f4,x:f4",
                                     "json:x", "numpy:columns"])  # fmt: skip
def test_what_is_no_format(format_: str) -> None:
    with pytest.raises(ConfigError, match="--format must be"):
        decoded([], "x", "y", format=format_)


def test_the_shape_of_a_numpy_header_is_said_where_it_is_doubtful() -> None:
    array = np.arange(1000.0).reshape(2, 500)
    message: Frames = [json.dumps({"dtype": "<f8", "shape": array.shape}).encode(), array.tobytes()]
    decoder, pairs = decoded([message], "0", "1")
    assert len(pairs) == 2
    assert "shape [2, 500]" in decoder.note
    assert "--format numpy:rows" in decoder.note
    decoder, pairs = decoded([message], "0", "1", format="numpy:rows")
    assert pairs == list(zip(array[0].tolist(), array[1].tolist(), strict=True))


@pytest.mark.parametrize(
    "line",
    [b"x=1.5 y=2.5", b"x=1.5,y=2.5", b"x=1.5;y=2.5\r\n", b"x = 1.5 & y = 2.5", b"x: 1.5, y: 2.5", b"x=1.5\ny=2.5",
     b'level=info msg="all = well" x=1.5 y=2.5', b"pump x=1.5 y=2.5 ok", b"x=1.5|y=2.5"],
)  # fmt: skip
def test_names_and_values_in_text(line: bytes) -> None:
    decoder, pairs = decoded([[b"t", line]] * 3, "x", "y")
    assert (decoder.format, pairs) == ("keyvalue", [(1.5, 2.5)] * 3)


@pytest.mark.parametrize(
    "line",
    [b"1.5,2.5", b"1.5;2.5", b"1.5\t2.5", b"1.5 2.5", b"1.5|2.5", b"1,5;2,5", b"1,5\t2,5", b"1,5 2,5", b"1.5,2.5\r\n"],
)
def test_numbers_in_text_however_they_are_parted(line: bytes) -> None:
    decoder, pairs = decoded([[line]] * 3, "0", "1")
    assert (decoder.format, pairs) == ("csv", [(1.5, 2.5)] * 3)


def test_a_sentence_is_no_csv() -> None:
    decoder = Decoder(FeedConfig(endpoint="", x="0", y="1"))
    assert decoder.decode([[b"12 of 40 men came"], [b"40 12 more than before"], [b"9 o'clock"]], 0.0).x.size == 0
    assert decoder.end(0.0).x.size == 0
