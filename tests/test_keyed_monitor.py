"""A monitor of many devices: keys from messages, readings that are due, limits, idle keys, and a run over sockets."""

import io
import json
import math
import threading
import time
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE
from hypothesis import given, strategies as st

from streammi import ConfigError, JointWindow, KeyedWindow
from streammi.cli.options import RunOptions
from streammi.cli.run_keyed import run_keyed
from streammi.config import FeedConfig, KeyedConfig, MonitorConfig, Span
from streammi.ingest.keyed_decoder import KeyedDecoder
from streammi.monitor.bins import bins_for
from streammi.monitor.keyed_monitor import KeyedMonitor
from streammi.publish.messages import read_reading
from streammi.publish.snapshot_bytes import read_snapshot
from streammi.records import KeyedBatch, Snapshot
from streammi.records.key_names import key_name

SOURCE = FeedConfig(endpoint="", x="v/a", y="v/b")


def settings(**change: Any) -> KeyedConfig:
    pair = {"pair": "a~b", "window": Span(pairs=40), "x_range": (-2, 2), "y_range": (-2, 2), "every": Span(seconds=1.0)}
    of_pair = {name: change.pop(name) for name in list(change) if name in pair}
    return KeyedConfig(pair=MonitorConfig(**(pair | of_pair)), key="id", **change)  # type: ignore[arg-type]


def batch(text: str, received: float, seed: int = 0) -> KeyedBatch:
    """Pairs of keys of one character each."""
    x, y = np.random.default_rng(seed).normal(size=(2, len(text)))
    return KeyedBatch(keys=list(text), x=x, y=y, received=received)


# Keys from messages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encode", [lambda m: json.dumps(m).encode(), msgpack.packb], ids=["json", "msgpack"])
@pytest.mark.parametrize("pieces", [1, 3, 100])
def test_a_key_is_a_value_of_the_message(encode: Any, pieces: int) -> None:
    rng = np.random.default_rng(pieces)
    sent = [(f"dev {k % 7}", float(k), float(rng.normal())) for k in range(60)]
    messages = [[encode({"id": key, "v": {"a": x, "b": y}, "seq": 5})] for key, x, y in sent]
    decoder, found = KeyedDecoder(SOURCE, "id"), []
    for start in range(0, 60, pieces):
        one = decoder.decode_keyed(messages[start : start + pieces], 1.0)
        found += list(zip(one.keys, one.x.tolist(), one.y.tolist(), strict=True))
    assert found == sent
    assert decoder.gaps == 0
    assert decoder.malformed == {}


@pytest.mark.parametrize("pieces", [1, 4, 100])
def test_a_key_is_the_topic_also_of_many_samples_a_message(pieces: int) -> None:
    messages, sent = [], []
    for k in range(50):
        rows = [{"v": {"a": k + r / 8, "b": -k}} for r in range(1 + (k % 3 == 0))]
        messages.append([f"dev/{k % 6}".encode(), json.dumps(rows if k % 2 else rows[0]).encode()])
        sent += [(f"dev/{k % 6}", row["v"]["a"], row["v"]["b"]) for row in (rows if k % 2 else rows[:1])]
    messages[17:17] = [[b"dev/1", b"{"], [b"\xff", b'{"v":{"a":1,"b":1}}']]
    decoder, found = KeyedDecoder(SOURCE, "topic"), []
    for start in range(0, len(messages), pieces):
        one = decoder.decode_keyed(messages[start : start + pieces], 1.0)
        found += list(zip(one.keys, one.x.tolist(), one.y.tolist(), strict=True))
    assert found == sent
    assert decoder.malformed == {"not JSON": 1, "no such path": 1}


@pytest.mark.parametrize(
    ("key", "paths", "tree"),
    [
        ("id", ("samples/a", "samples/b"), {"id": "d", "samples": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}),
        ("dev/id", ("v/a", "v/b"), {"dev": {"id": "d"}, "v": {"a": [1, 3], "b": [2, 4]}}),
        ("id", ("a", "b"), {"id": b"d", "a": [1, 3], "b": [2, 4]}),
        ("id", ("a", "b"), {"id": ["d", "d"], "a": [1, 3], "b": [2, 4]}),
    ],
)
def test_one_key_beside_a_batch_is_that_of_all_of_it(key: str, paths: tuple[str, str], tree: dict[str, Any]) -> None:
    decoder = KeyedDecoder(FeedConfig(endpoint="tcp://a:1", x=paths[0], y=paths[1]), key)
    found = decoder.decode_keyed([[msgpack.packb(tree)]] * 2, 1.0)
    assert (found.keys, found.x.tolist(), found.y.tolist()) == (["d"] * 4, [1, 3, 1, 3], [2, 4, 2, 4])
    assert decoder.malformed == {}


@pytest.mark.parametrize("before", [b"d/1 ", b"d/1:", b"d/1|", b"d/1\0", b"d/1\0\0", b"d/1\n", b"d/1, "])
def test_a_topic_in_front_of_json_ends_where_the_word_does(before: bytes) -> None:
    """A key that went on into the JSON would be another one for each value."""
    messages = [[before + b'{"v":{"a":%d,"b":2}}' % k] for k in range(5)]
    assert KeyedDecoder(SOURCE, "topic").decode_keyed(messages, 1.0).keys == ["d/1"] * 5


def test_a_topic_in_c_has_a_nul_behind_it_and_bytes_that_are_no_text_are_digits() -> None:
    payload = b'{"v":{"a":1,"b":2}}'
    messages = [[topic, payload] for topic in (b"d1\0", b"d1", b"\0\0\0\0", b"\5\0\0\0")]
    assert KeyedDecoder(SOURCE, "topic").decode_keyed(messages, 1.0).keys == ["d1", "d1", "\0" * 4, "\5" + "\0" * 3]
    uuid = msgpack.packb({"id": bytes(range(16)), "v": {"a": 1, "b": 2}})
    assert KeyedDecoder(SOURCE, "id").decode_keyed([[uuid]], 1.0).keys == [bytes(range(16)).hex()]


def test_devices_that_send_the_same_are_not_taken_for_copies_nor_their_numbers_for_gaps() -> None:
    messages = [[f"d{k % 2}".encode(), b'{"v":{"a":1,"b":2},"seq":%d}' % (k // 2 * 9)] for k in range(40)]
    decoder = KeyedDecoder(SOURCE, "topic")
    assert len(decoder.decode_keyed(messages, 0.0).keys) == 40
    assert (decoder.gaps, decoder.repeated) == (0, 0)


def test_what_has_no_key_is_counted_and_what_is_no_number_is_not_finite() -> None:
    keys = [None, "", "k" * 257, {"a": 1}, 7, "7", 7.5, True]
    messages = [[json.dumps({"id": key, "v": {"a": 1, "b": "2.5"}}).encode()] for key in keys]
    messages.append([b'{"id":"n","v":{"a":"broken","b":1}}'])
    decoder = KeyedDecoder(SOURCE, "id")
    found = decoder.decode_keyed(messages, 0.0)
    assert found.keys == ["7", "7", "7.5", "true", "n"]
    assert found.y.tolist() == [2.5, 2.5, 2.5, 2.5, 1.0]
    assert math.isnan(found.x[-1])
    assert sum(decoder.malformed.values()) == 4
    assert decoder.pairs == 5


@given(st.lists(st.text(min_size=1, max_size=60), min_size=2, max_size=6, unique=True))
def test_names_of_keys_are_bounded_print_and_none_is_anothers_or_its_beginning(keys: list[str]) -> None:
    keys = [key for key in keys if key.encode("utf-8", "ignore").decode() == key]
    names = [key_name(key) + "/x~y" for key in keys]
    assert len(set(names)) == len(keys)
    for name in names:
        assert len(name) <= 43
        assert name.isprintable()
        assert not any(c.isspace() for c in name)
        assert not any(other.startswith(name) for other in names if other is not name)


# Readings, limits, idle keys ------------------------------------------------------------------------------------------


def test_readings_are_of_keys_with_new_pairs_and_due_by_the_clock() -> None:
    monitor = KeyedMonitor(settings())
    monitor.feed(batch("aab", 10.0))
    assert list(monitor.readings(10.9)) == []
    monitor.feed(batch("c", 10.5))
    assert [(key, r.n) for key, r in monitor.readings(11.0)] == [("a", 2), ("b", 1)]
    assert [key for key, _ in monitor.readings(11.6)] == ["c"]
    assert list(monitor.readings(30.0)) == []
    monitor.feed(batch("b", 30.0))
    assert [(key, r.pairs) for key, r in monitor.readings(30.0)] == [("b", 2)]
    monitor.feed(batch("ab", 30.1))
    assert [key for key, _ in monitor.readings(30.5)] == ["a"]
    assert [key for key, _ in monitor.last(30.5)] == ["b"]


def test_readings_that_were_not_asked_for_stay_due() -> None:
    monitor = KeyedMonitor(settings(every=Span(pairs=3)))
    monitor.feed(batch("abc" * 3 + "b", 1.0))
    first = next(monitor.readings(1.0))
    assert first[0] == "b"
    assert sorted(key for key, _ in monitor.readings(1.0)) == ["a", "c"]


def test_a_key_beyond_the_limit_is_said_once_and_gets_a_window_when_another_is_idle() -> None:
    monitor = KeyedMonitor(settings(max_keys=2, idle_s=60.0))
    monitor.feed(batch("abc", 100.0))
    monitor.feed(batch("bbc", 130.0))
    assert len(monitor.notes) == 1
    assert "2 keys have a window, which is the limit (--max-keys)" in monitor.notes[0]
    assert monitor.windows.refused == 2
    assert monitor.drop_idle(161.0) == ["a"]
    monitor.feed(batch("cccb", 161.0, seed=3))
    assert monitor.windows.keys == ["b", "c"]
    assert monitor.windows.totals("c")["pairs"] == 3
    assert [key for key, _ in monitor.readings(162.5)] == ["b", "c"]
    assert monitor.drop_idle(162.0) == []


def test_a_restored_monitor_says_what_the_other_one_says() -> None:
    one = KeyedMonitor(settings(max_keys=3, idle_s=50.0))
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcd"), 30)) for _ in range(6)]
    for k, text in enumerate(texts[:3]):
        one.feed(batch(text, 10.0 + k, seed=k))
        list(one.readings(10.5 + k))
    other = KeyedMonitor(settings(max_keys=3, idle_s=50.0))
    other.restore(*one.state())
    for k, text in enumerate(texts[3:], 3):
        for monitor in (one, other):
            monitor.feed(batch(text, 10.0 + k, seed=k))
        assert list(one.readings(10.5 + k)) == list(other.readings(10.5 + k))
    assert one.windows.refused == other.windows.refused > 0
    assert one.drop_idle(90.0) == other.drop_idle(90.0)


# The run --------------------------------------------------------------------------------------------------------------


def test_a_run_publishes_each_key_and_a_late_joiner_gets_them_all(tmp_path: Path) -> None:
    keys = [f"rack {k}/fan" for k in range(1500)]
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 4 * len(keys)))
    config = settings(window=Span(pairs=3), every=Span(seconds=0.2), max_keys=1400)
    words = [f'{{"id":"{keys[k % 1500]}","v":{{"a":{x.item(k)!r},"b":{y.item(k)!r}}}}}'.encode() for k in range(x.size)]
    run = RunOptions(publish=f"ipc://{tmp_path}/out", seconds=PATIENCE, state=f"{tmp_path}/state", samples=x.size + 1)
    out, log = io.StringIO(), io.StringIO()
    source = FeedConfig(endpoint=f"ipc://{tmp_path}/in", x="v/a", y="v/b", pull=True)
    status: list[int] = []
    got: dict[str, dict[str, Any]] = {}
    shown: dict[str, Snapshot] = {}
    with zmq.Context() as context, context.socket(zmq.PUSH) as push, context.socket(zmq.SUB) as sub:
        push.bind(source.endpoint)
        sub.setsockopt(zmq.RCVHWM, 0)

        def send() -> None:
            for word in words:
                push.send(word)
            deadline = time.monotonic() + PATIENCE
            sub.connect(f"ipc://{tmp_path}/out")
            while out.getvalue().count('"pairs":4,') < 1400 and time.monotonic() < deadline:  # all of them are said
                time.sleep(0.05)
            sub.subscribe("mi/")
            while len(got) < 1400 and sub.poll(40_000):
                name, fields = read_reading(sub.recv_multipart())
                got[name] = fields
            sub.unsubscribe("mi/")
            for name in ("a~b", "rack%207%2Ffan/a~b"):
                sub.subscribe(f"snapshot/{name}")
            while len(shown) < 2 and sub.poll(40_000):
                snapshot = read_snapshot(sub.recv_multipart())
                shown[snapshot.pair] = snapshot
            push.send(words[0])

        sender = threading.Thread(target=send)
        sender.start()
        status.append(run_keyed(config, source, run, out, log=log))
        sender.join()
    assert status == [0]
    assert "1,400 keys have a window" in log.getvalue()
    assert "6,001 pairs of 1,400 keys, 400 refused" in log.getvalue()
    assert len(got) == 1400
    assert (shown["a~b"].devices, shown["a~b"].key) == (1400, "id")
    one = shown["rack%207%2Ffan/a~b"]
    assert one.reading is not None
    assert (one.reading.mi, one.reading.pairs) == (got[one.pair]["mi"], 4)
    for k in (0, 7, 1399):
        fields = got[f"rack%20{k}%2Ffan/a~b"]
        alone = JointWindow(*bins_for(config.pair), 3)
        alone.extend(x[k::1500], y[k::1500])
        assert fields["mi"] == alone.reading().mi  # type: ignore[union-attr]
        assert fields["pairs"] == 4
    assert {json.loads(line)["key"] for line in out.getvalue().splitlines()} == set(keys[:1400])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--window", "10s"], "--window must be a number of pairs, such as 1000, with --key"),
        (["--bins", "categories"], "--bins must be auto, N, quantile:N or uniform:N with --key"),
        (["--max-keys", "0"], "--max-keys must be between 1 and 1,000,000, got 0"),
        (["--t", "time"], "--t must be left out with --key"),
        (["--exec", "true"], "--exec must be left out with"),
        (["--alarm", "mi<0.2"], "--alarm must be left out with --key"),
        (["--channels", "all"], "--channels must be left out with --key"),
        (["--lags=-5:5"], "--lags must be left out with --key"),
        (["--name", "x" * 25], "--name must be at most 24 characters with --key"),
        (["--key-idle", "soon"], "--key-idle must be"),
    ],
)
def test_what_cannot_work_with_keys_is_refused(words: list[str], message: str) -> None:
    done = streammi("monitor", "tcp://127.0.0.1:9", "--key", "id", *words)
    assert done.returncode == 2
    assert message in done.stderr


def test_limits_without_a_key_and_keys_of_two_sources_are_refused() -> None:
    assert "--max-keys must be left out without --key" in streammi("monitor", "tcp://a:1", "--max-keys", "5").stderr
    two = streammi("monitor", "--x", "tcp://a:1#u", "--y", "tcp://a:2#v", "--key", "id")
    assert "--key must be given with one ENDPOINT" in two.stderr


def test_more_memory_than_there_is_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_keys must be so few"):
        KeyedWindow(*bins_for(MonitorConfig(bins=settings().pair.bins)), 1 << 24, max_keys=1_000_000)
