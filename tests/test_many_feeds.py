"""Signals that come one a topic, a name or a message, each with times of its own, as senders of all kinds send them."""

import json
import struct
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import cbor2
import msgpack
import numpy as np
import pytest
from command_line import streammi
from feeds import Messages, published

from streammi import ConfigError
from streammi.cli.main import app
from streammi.config import ChannelConfig, ChannelSettings, FeedConfig, Span
from streammi.ingest.decoder import Decoder
from streammi.ingest.formats import open_ephys
from streammi.ingest.row_intake import RowIntake
from streammi.recording.entries import Arrived, Ended, Entry
from streammi.records import LinkHealth, codec
from streammi.session.channel_session import ChannelSession

SOURCE = FeedConfig(endpoint="tcp://127.0.0.1:5556")
LINK = LinkHealth(endpoint="", state="connected")
Message = list[bytes]


def senml(name: str, value: float, t: float) -> Message:
    """RFC 8428: base name and base time in front of what is of them."""
    return [json.dumps([{"bn": "plant/", "bt": t - 7, "bu": "Cel"}, {"n": name, "t": 7, "v": value}]).encode()]


SENDERS = {  # a message of one signal
    "a bare number a topic": lambda name, v, t: [name.encode(), repr(v).encode()],
    "a value a topic": lambda name, v, t: [name.encode(), json.dumps({"value": v, "ts": t}).encode()],
    "msgpack a topic, a stamp behind": lambda name, v, t: [name.encode(), msgpack.packb({"v": v}), repr(t).encode()],
    "a topic in the frame": lambda name, v, t: [f"{name} {json.dumps({'value': v, 'timestamp': t * 1e3})}".encode()],
    "named records": lambda name, v, t: [json.dumps({"name": name, "value": v, "time": t}).encode()],
    "named records in CBOR": lambda name, v, t: [b"all", cbor2.dumps({"sensor": name, "reading": v, "timestamp": t})],
    "SenML": senml,
    "a field a message": lambda name, v, t: [json.dumps({name: v, "t": t}).encode()],
    "a struct a topic": lambda name, v, t: [name.encode(), struct.pack("<d", v)],
}


def source(kind: str) -> FeedConfig:
    return FeedConfig(endpoint="", format="struct:<f8") if "struct" in kind else SOURCE


def taken(
    messages: list[tuple[float, Message]],
    config: FeedConfig = SOURCE,
    patterns: str = "all",
    batch: int = 1,
    **how: float | None,
) -> tuple[RowIntake, np.ndarray, np.ndarray]:
    """The rows of messages, each of which came at its time, and their times."""
    intake = RowIntake(config, patterns.split(","), **how)
    found = []
    for start in range(0, len(messages), batch):
        received = messages[start][0]
        part = [message for _, message in messages[start : start + batch]]
        found += [intake.decode(part, received), intake.settle(received)]
    found += [intake.end(messages[-1][0])]
    batches = [one for one in found if one is not None]
    t = [one.t if one.t is not None else np.full(len(one.rows), np.nan) for one in batches]
    return intake, np.concatenate([one.rows for one in batches]), np.concatenate(t)


@pytest.mark.parametrize("kind", SENDERS)
def test_signals_of_one_pace_are_rows_of_what_they_were(kind: str) -> None:
    names, values = ["temp", "flow", "rack/fan"], np.random.default_rng(0).normal(size=(40, 3)).tolist()
    start = 1.7e9
    messages = [
        (start + k + 0.01 * c, SENDERS[kind](name, values[k][c], start + k + 0.01 * c))
        for k in range(40)
        for c, name in enumerate(names)
    ]
    intake, rows, t = taken(messages, source(kind))
    assert [name.removeprefix("plant/") for name in intake.names] == names
    np.testing.assert_array_equal(rows, values)
    np.testing.assert_allclose(t, start + np.arange(40) + 0.02, atol=1e-6)
    link = intake.describe(LINK, start + 40)
    assert (link.messages, link.malformed, intake.missing, intake.late) == (120, {}, 0, 0)


@pytest.mark.parametrize("kind", SENDERS)
def test_rows_on_a_grid_hold_the_last_values_by_then(kind: str) -> None:
    start = 1.7e9
    sent = sorted(
        [(start + 0.5 + 0.25 * k, "fast", float(k)) for k in range(200)]
        + [(start + 2 + 3 * k, "slow", -1.0 * k) for k in range(16)]
    )
    messages = [(t, SENDERS[kind](name, v, t)) for t, name, v in sent]
    _, rows, times = taken(messages, source(kind), grid_s=1.0, hold_s=4.0)
    at = {"fast": 0, "slow": 1}
    for row, t in zip(rows.tolist(), times.tolist(), strict=True):
        for name, c in at.items():
            last = [(one, v) for one, of, v in sent if of == name and one <= t + 1e-6]
            expected = last[-1][1] if last and t - last[-1][0] <= 4.0 else None
            assert row[c] == expected or (expected is None and row[c] != row[c]), (t, name)
    assert len(times) == 51


def test_topics_with_several_values_are_channels_of_their_own() -> None:
    messages = [
        (
            float(k),
            [f"rack{r}".encode(), json.dumps({"temp": k + r / 10, "fan": -k, "seq": k, "t": 100.0 + k}).encode()],
        )
        for k in range(30)
        for r in (1, 2)
        if (k, r) != (9, 2)
    ]
    intake, rows, _ = taken(messages)
    assert intake.names == ("rack1/temp", "rack1/fan", "rack2/temp", "rack2/fan")
    np.testing.assert_array_equal(rows[:9], [[k + 0.1, -k, k + 0.2, -k] for k in range(9)])
    assert intake.describe(LINK, 30.0).gaps == 1  # each by its own numbers
    one, rows, _ = taken(messages, patterns="rack2/*")
    assert one.names == ("temp", "fan")
    np.testing.assert_array_equal(rows[:3], [[k + 0.2, -k] for k in range(3)])  # and not those of the other rack
    assert len(rows) == 29


def test_asked_for_by_globs_of_topics_and_paths() -> None:
    messages = [
        (float(k), [topic, b'{"temp": 1, "fan": 2, "t": %d}' % k])
        for k in range(20)
        for topic in (b"a/1", b"a/2", b"b/1")
    ]
    for patterns, names in {
        "a/*/temp": ["a/1/temp", "a/2/temp"],
        "*/temp": ["a/1/temp", "a/2/temp", "b/1/temp"],
        "a/1/*,b/1/fan": ["a/1/temp", "a/1/fan", "b/1/fan"],
        "fan": ["a/1/fan", "a/2/fan", "b/1/fan"],
    }.items():
        intake, _, _ = taken(messages, patterns=patterns)
        assert list(intake.names) == names, patterns


def test_a_thousand_topics_and_names_that_come_later_or_go() -> None:
    names = [f"plant/unit{k // 50}/sensor{k % 50}" for k in range(1000)]
    messages = [
        (k + c / 2000, [name.encode(), b'{"value": %d.5, "ts": %d}' % (c + k, 1_700_000_000 + k)])
        for k in range(8)
        for c, name in enumerate(names)
        if not (c == 7 and k >= 4)
    ]
    messages.append((8.0, [b"plant/new", b'{"value": 1, "ts": 1700000008}']))
    intake, rows, t = taken(messages, batch=100)
    assert intake.names == tuple(names)
    np.testing.assert_array_equal(rows[:4], [[c + k + 0.5 for c in range(1000)] for k in range(4)])
    assert t.tolist()[:4] == [1.7e9 + k for k in range(4)]
    assert np.isnan(rows[-1, 7])
    assert np.isfinite(np.delete(rows[-1], 7)).all()
    assert list(intake.later) == ["plant/new"]
    note = intake.describe(LINK, 8.0).note
    assert "1 channel has come since and is not watched: plant/new" in note
    assert intake.expired >= 1


def test_duplicates_of_a_name_are_one_signal_and_two_of_one_name_are_told_apart() -> None:
    pack = [{"n": "a", "v": 1, "t": 1.7e9}, {"n": "b", "v": 5, "t": 1.7e9}, {"n": "a", "v": 2, "t": 1.7e9 + 1}]
    intake, rows, _ = taken([(float(k), [json.dumps(pack).encode()]) for k in range(3)])
    assert intake.names == ("a", "b")
    assert rows.tolist()[0] == [1, 5]
    both = [(float(k), m) for k in range(20) for m in ([b'{"a/b": 1, "c": 2}'], [b"a", b'{"b": 3, "d": 4}'])]
    intake, rows, _ = taken(both)
    assert intake.names == ("a/b", "c", "a/b#2", "a/d")
    assert rows.tolist()[-1] == [1, 2, 3, 4]


def test_a_device_that_comes_later_is_no_part_of_the_first_ones_channels() -> None:
    first = [(k / 10, [b"rack1", b'{"temp": %d, "fan": %d}' % (k, -k)]) for k in range(100)]
    second = [(k / 10 + 0.05, [b"rack2", b'{"temp": 99, "fan": 99}']) for k in range(50, 100)]
    intake, rows, _ = taken(sorted(first + second))
    np.testing.assert_array_equal(rows, [[k, -k] for k in range(100)])
    assert list(intake.later) == ["rack2/temp", "rack2/fan"]
    assert "2 channels have come since" in intake.describe(LINK, 10.0).note


def test_topics_that_are_others_with_each_message_are_none() -> None:
    messages = [(k / 10, [b"msg/%d" % k, b'{"x": %d, "y": %d}' % (k, -k)]) for k in range(200)]
    intake, rows, _ = taken(messages)
    assert intake.names == ("x", "y")
    np.testing.assert_array_equal(rows, [[k, -k] for k in range(200)])


def test_a_slow_signal_paces_the_rows_and_that_is_said() -> None:
    messages = sorted(
        [(k / 10, [b"fast", b'{"v": %d, "t": %f}' % (k, 1.7e9 + k / 10)]) for k in range(1200)]
        + [(0.05 + 30 * k, [b"slow", b'{"v": %d, "t": %f}' % (k, 1.7e9 + 30 * k)]) for k in range(4)]
        + [(k / 10, [b"third", b'{"v": %d, "t": %f}' % (k, 1.7e9 + k / 10)]) for k in range(1200)]
    )
    intake, rows, _ = taken(messages)
    assert np.count_nonzero(rows[:, 2] >= 1) == 3
    note = intake.describe(LINK, 120.0).note
    assert "rows are made at the pace of the slowest, slow: one in 30 s; --grid 1s makes more" in note
    assert intake.unused > 1500
    intake, rows, _ = taken(messages, grid_s=1.0)
    assert len(rows) >= 119
    assert "pace" not in intake.describe(LINK, 120.0).note
    assert np.isfinite(rows[31:]).all()  # from then on it is known how slow it is


def test_a_signal_without_times_is_said() -> None:
    messages = [
        (1e9 + k / 10, m)
        for k in range(100)
        for m in ([b"a", b'{"v": %d, "t": %f}' % (k, 50 + k / 10)], [b"b", b'{"v": %d}' % k])
    ]
    intake, rows, t = taken(messages)
    assert "b has no times of its own: rows are by the time of arrival" in intake.describe(LINK, 1e9 + 10).note
    assert abs(t[-1] - (1e9 + 9.9)) < 0.2
    assert all(abs(x - y) <= 1 for x, y in rows.tolist())


@pytest.mark.parametrize("grid", [None, 1.0])
def test_it_goes_on_from_a_state_of_any_moment(grid: float | None) -> None:
    rng = np.random.default_rng(4)
    values, stop = rng.normal(size=(120, 3)), [30, 100, 250]
    entries: list[Entry] = [
        Arrived(0, 100.0 + k + c / 10, [SENDERS["a value a topic"](f"s{c}", values[k, c], 1.7e9 + k + c / 10)])
        for k in range(120)
        for c in range(3)
        if (k + c) % 17
    ]
    entries.append(Ended(300.0))
    config = ChannelConfig(names=(), window=Span(pairs=40), every=Span(pairs=10))
    settings = ChannelSettings(name="plant", config=config, patterns=("all",), grid_s=grid)

    class Lines:
        def __init__(self) -> None:
            self.text: list[str] = []

        def write(self, text: str) -> None:
            self.text.append(text)

        def flush(self) -> None:
            pass

    whole, states = Lines(), {}
    with closing(ChannelSession(settings, SOURCE, None, whole, 1)) as one:
        for k, entry in enumerate(entries):
            if k in stop:
                states[k] = codec.pack("s", *one.state()), len(whole.text), one.seq
            one.apply(entry)
    assert len(whole.text) >= 9
    for k, (state, lines, seq) in states.items():
        said = Lines()
        with closing(ChannelSession(settings, SOURCE, None, said, 1)) as two:
            two.restore(codec.unpack("s", state))
            two.seq = seq
            for entry in entries[k:]:
                two.apply(entry)
        assert said.text == whole.text[lines:]


def topics_at(rates: dict[str, float]) -> Callable[[], Messages]:
    """A topic a signal, each at its own rate, all of the time itself."""
    due = dict.fromkeys(rates, time.time())

    def messages() -> Messages:
        now = time.time()
        for name, rate in rates.items():
            if now >= due[name]:
                due[name] += 1 / rate
                yield [name.encode(), json.dumps({"value": now % 1e6, "ts": now}).encode()]

    return messages


def test_live_over_a_socket(tmp_path: Path) -> None:
    feed = f"ipc://{tmp_path}/feed"
    words = ["--grid", "50ms", "--samples", "60", "--every", "20", "--window", "40", "--seconds", "20"]
    rates = {"room/temp": 40.0, "room/load": 25.0, "hall/temp": 10.0, "other": 20.0}
    with published(topics_at(rates), feed, every_s=0.002):
        ended = streammi("monitor", feed, "--channels", "room/*,hall/*", *words)
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["rows"] for line in lines if "top" in line] == [20, 40, 60, 60]
    assert "3 channels, 3 pairs: " in ended.stderr
    last = lines[-1]
    assert last["malformed"] == last["gaps"] == 0
    assert all(pair["n"] == 40 for pair in last["top"])
    assert all(pair["r"] > 0.9 for pair in last["top"])
    assert last["unused"] > 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--grid", "0s"], "--grid must be a duration > 0"),
        (["--grid", "10"], "--grid must be a duration with its unit"),
        (["--hold", "soon"], "--hold must be"),
        (["--grid", "1ms", "--hold", "1h"], "--hold must be at most 100,000 times --grid"),
    ],
)
def test_what_cannot_be_is_refused(words: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        app(["monitor", "tcp://127.0.0.1:5556", "--channels", "all", *words], standalone_mode=False)
    with pytest.raises(ConfigError, match=r"--(grid|hold) must be left out without --channels"):
        app(["monitor", "tcp://127.0.0.1:5556", *words], standalone_mode=False)


def test_a_target_is_refused_where_there_are_no_lines_to_say_it() -> None:
    asked = ["tcp://127.0.0.1:5556", "--channels", "all", "--target", "flow"]
    with pytest.raises(ConfigError, match="--target must be left out with watch, whose screen has no lines"):
        app(["watch", *asked], standalone_mode=False)
    with pytest.raises(ConfigError, match="--target must be left out with --quiet, got 'flow'"):
        app(["monitor", *asked, "--quiet"], standalone_mode=False)


def ephys(channel: int, sample: int, samples: Any, number: int) -> Message:
    """As Open Ephys' plugin sends them: a block of samples of one channel."""
    content = {
        "stream": "probe", "channel_num": channel, "num_samples": len(samples), "sample_num": sample,
        "sample_rate": 1000.0,
    }  # fmt: skip
    header = {"message_num": number, "type": "data", "content": content, "data_size": 4 * len(samples)}
    return [b"DATA\0", json.dumps(header).encode(), np.asarray(samples, dtype="<f4").tobytes()]


def blocks_of(
    values: Any, *, without: Any = lambda block, channel: False, short: int = -1
) -> list[tuple[float, Message]]:
    """Blocks of 10 samples (blocks, 10, channels), but for those left out; one of 7 samples."""
    found = []
    for b, block in enumerate(values):
        for c in range(block.shape[1]):
            if not without(b, c):
                found.append((b / 10, ephys(c, 10 * b, block[: 7 if (b, c) == (short, 1) else 10, c], len(found))))
    return found


def test_a_block_of_open_ephys_that_lacks_a_channel_has_the_others() -> None:
    values = np.random.default_rng(2).normal(size=(60, 10, 3)).astype(np.float32)
    rows = values.reshape(600, 3).astype(float)
    for missing, short in (({(20, 2), (21, 2), (33, 0), (34, 1), (40, 0), (40, 1)}, -1), (set(), 30)):
        expected = rows.copy()
        for b, c in missing:
            expected[10 * b : 10 * b + 10, c] = np.nan
        if short >= 0:
            expected[10 * short + 7 : 10 * short + 10, 1] = np.nan
        sent = blocks_of(values, without=lambda b, c, missing=missing: (b, c) in missing, short=short)
        intake, found, t = taken(sent)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(t, np.arange(600) / 1000)
        assert intake.missing == np.isnan(expected).sum()
    # A channel that stops, and a gap of all of them, which is no row of NaN but counted.
    sent = blocks_of(values, without=lambda b, c: (c == 1 and b >= 40) or b in (50, 51))
    intake, found, _ = taken(sent)
    assert len(found) >= 580 - 10 * open_ephys.BEHIND
    assert np.isnan(found[400:, 1]).all()
    np.testing.assert_array_equal(found[500:530, 0], rows[520:550, 0])
    assert intake.describe(LinkHealth(endpoint="", state="connected"), 6.0).gaps == 20


def test_a_channel_of_open_ephys_that_comes_later_is_said_and_counted() -> None:
    values = np.random.default_rng(2).normal(size=(200, 10, 4)).astype(np.float32)
    for late in (1, 3):
        intake, _, _ = taken(blocks_of(values, without=lambda b, c, late=late: c == late and b < 90))
        assert list(intake.later) == [str(late)]
        assert f"1 channel has come since and is not watched: {late}; started anew" in "".join(intake.notes)


def test_two_streams_of_open_ephys_are_not_taken_for_one() -> None:
    values = np.random.default_rng(2).normal(size=(60, 10, 4)).astype(np.float32)
    sent = []
    for b in range(60):
        for stream, channels in (("AP", (0, 1)), ("LFP", (2, 3))):
            for k, c in enumerate(channels):
                message = ephys(k, 10 * b, values[b, :, c], 0)
                message[1] = message[1].replace(b'"probe"', f'"{stream}"'.encode())
                sent.append((b / 10, message))
    intake, rows, _ = taken(sent, batch=4)
    assert intake.names == ("0", "1", "LFP/0", "LFP/1")
    np.testing.assert_array_equal(rows, values.reshape(600, 4))
    decoder = Decoder(FeedConfig(endpoint="", x="0", y="1"))
    batch = decoder.decode([message for _, message in sent], 0.0)
    np.testing.assert_array_equal(np.column_stack((batch.x, batch.y)), values.reshape(600, 4)[:, :2])
    assert "channel 0 is taken for that of the stream AP: LFP/0 names the other's" in decoder.note


def test_channels_of_open_ephys_and_karabo() -> None:
    values = np.random.default_rng(2).normal(size=(60, 10, 3)).astype(np.float32)
    messages = [(b / 10, ephys(c, 10 * b, values[b, :, c], 3 * b + c)) for b in range(60) for c in range(3)]
    intake, rows, t = taken(messages)
    assert intake.names == ("0", "1", "2")
    np.testing.assert_array_equal(rows, values.reshape(600, 3))
    np.testing.assert_allclose(t, np.arange(600) / 1000)
    trains = []
    for k in range(30):
        parts: Message = []
        for name, value in {"SA1/XGM": {"intensity": 1.0 * k}, "FXE/DET": {"peak": -1.0 * k, "x": 2.0}}.items():
            header = {"source": name, "content": "msgpack", "metadata": {"timestamp": 1.7e9 + k, "timestamp.tid": k}}
            parts += [msgpack.packb(header), msgpack.packb(value)]
        trains.append((float(k), parts))
    intake, rows, _ = taken(trains)
    assert sorted(intake.names) == ["FXE/DET/peak", "FXE/DET/x", "SA1/XGM/intensity"]
    order = [intake.names.index(n) for n in ("SA1/XGM/intensity", "FXE/DET/peak", "FXE/DET/x")]
    np.testing.assert_array_equal(rows[:, order], [[k, -k, 2] for k in range(30)])
