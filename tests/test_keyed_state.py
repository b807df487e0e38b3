"""A monitor of many devices is recorded, replayed and gone on from: the same lines and messages, bit for bit."""

import io
import json
import random
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from feeds import until_left
from msgspec.structs import replace
from test_replay import live, replayed, sockets

from streammi import ConfigError
from streammi.cli.main import app
from streammi.config import FeedConfig, KeyedConfig, MonitorConfig, Span
from streammi.recording.entries import Arrived, Begin, Due, Ended, Entry, Flagged, LinkChanged, Polled, Settings
from streammi.recording.reader import Recording
from streammi.recording.writer import Recorder
from streammi.records import codec
from streammi.records.status import Status
from streammi.session.keyed_replay import KeyedReplay
from streammi.session.keyed_session import KeyedSession

SOURCE = FeedConfig(endpoint="ipc:///tmp/feed", x="a", y="b")
PAIR = MonitorConfig(pair="a~b", window=Span(pairs=40), every=Span(seconds=2.0), x_name="a", y_name="b")
KEYS = KeyedConfig(pair=PAIR, key="id", max_keys=9, idle_s=4.0)
BEGIN = Begin("0.1.0", 1, Settings(feed=SOURCE, keys=KEYS))


class Kept(io.StringIO):
    """Lines and messages, in the order in which they are said."""

    def send(self, frames: list[bytes]) -> None:
        self.write(repr(frames) + "\n")

    def forget(self, topic: bytes) -> None:
        self.write(f"forgotten {topic!r}\n")


def session(said: Kept, config: KeyedConfig = KEYS) -> KeyedSession:
    return KeyedSession(config, SOURCE, said, said, 1)  # type: ignore[arg-type]


def entries(seed: int = 3, turns: int = 260) -> list[Entry]:
    """What happens: pairs of devices that come, are idle, and come again; fewer readings than are due; bad messages."""
    rng = random.Random(seed)
    found: list[Entry] = [LinkChanged(0, 1e9, "connected", 1e9, 0)]
    now = 1e9
    for _ in range(turns):
        now += rng.choice([0.05, 0.1, 0.4])
        here = [f"d{rng.randrange(int(now) % 7, int(now) % 7 + 5)}" for _ in range(rng.choice([1, 3, 25]))]
        messages = [[json.dumps({"id": key, "a": rng.gauss(0, 1), "b": rng.gauss(0, 1)}).encode()] for key in here]
        messages += [[b"{"]] * (rng.random() < 0.05)
        found += [Arrived(0, now, messages), Due(now, rng.choice([1, 1, 2, 50]))]
        match rng.randrange(9):
            case 0 | 1:
                found.append(Polled(now))
            case 2:
                found.append(LinkChanged(0, now, rng.choice(["connected", "stalled", "lost"]), now, 0))
            case 3:
                found.append(Flagged(now, rng.choice([0, int(Status.UNSAVED)])))
    return [*found, Polled(now + 2), Ended(now + 3)]


def test_it_goes_on_from_any_state_and_says_the_same() -> None:
    every, whole = entries(), Kept()
    cuts = {1, 4, len(every) // 3, len(every) // 2, len(every) - 2}
    one, states = session(whole), dict[int, tuple[bytes, int, int]]()
    for k, entry in enumerate(every):
        if k in cuts:
            states[k] = codec.pack("s", *one.state()), whole.tell(), one.seq
        one.apply(entry)
    last = codec.pack("s", *one.state())
    assert whole.getvalue().count("forgotten") > 10
    assert one.monitor.windows.refused > 0
    for k, (state, place, said) in states.items():
        kept = Kept()
        again = session(kept)
        again.restore(codec.unpack("s", state))
        again.resume()
        again.apply(Begin("0", 1, Settings(), seq=said))
        for entry in every[k:]:
            again.apply(entry)
        assert kept.getvalue() == whole.getvalue()[place:], k
        assert codec.pack("s", *again.state()) == last


def test_other_limits_are_those_from_the_new_run_on_and_of_its_recording(tmp_path: Path) -> None:
    every, begin = entries(), replace(BEGIN, resumed=True)
    for most, idle in ((3, 60.0), (30, None)):
        path, said, kept = tmp_path / f"{most}.rec", Kept(), Kept()
        with closing(Recorder(path, BEGIN, 1 << 30)) as recorder:
            one = session(said)
            for entry in every[:200]:
                recorder.write(entry)
                one.apply(entry)
        other = replace(KEYS, max_keys=most, idle_s=idle)
        two = session(kept, other)
        two.restore(codec.unpack("s", codec.pack("s", *one.state())))
        held = len(two.monitor.windows)
        two.resume()
        assert len(two.monitor.windows) == held  # who has a window keeps it
        now = replace(begin, settings=Settings(feed=SOURCE, keys=other), seq=one.seq, taken=one.taken, run=2)
        two.run = 2
        with closing(Recorder(path, now, 1 << 30)) as recorder:
            for entry in every[200:]:
                recorder.write(entry)
                two.apply(entry)
        assert (two.monitor.windows.refused > one.monitor.windows.refused) == (most == 3)
        again = Kept()
        replay = KeyedReplay(Recording(path), again)
        assert list(replay)
        replay.end()
        assert again.getvalue() == "".join(
            line for kept in (said, kept) for line in kept.getvalue().splitlines(True) if line.startswith("{")
        )


def lines_of(path: Path, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in replayed(path, *words).stdout.splitlines()]


def test_a_recording_says_what_was_said_or_what_is_asked_now(tmp_path: Path) -> None:
    path, lines = tmp_path / "keys.rec", io.StringIO()
    one = KeyedSession(KEYS, SOURCE, None, lines, 1)
    with closing(Recorder(path, BEGIN, 1 << 30)) as recorder:
        for entry in entries():
            recorder.write(entry)
            one.apply(entry)
    assert replayed(path).stdout.decode() == lines.getvalue()
    other = lines_of(path, "--every", "20", "--unit", "nat", "--window", "30")
    assert {line["unit"] for line in other} == {"nat"}
    assert max(line["n"] for line in other) == 30
    assert replayed(path, "--output", "influx").stdout.startswith(b"streammi,pair=d")
    assert lines_of(path, "--x", "a", "--y", "b", "--every", "100")[0]["pairs"] == 100
    assert lines_of(path, "--channels", "a,b")[0]["channels"] == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--x", "a"], "--x must be left out where FILE is a recording of many keys"),
        (["--null", "9"], "--null must be left out where FILE is a recording of many keys"),
        (["--output", "csv"], "--output must be jsonl or influx of many keys"),
        (["--bins", "categories"], "--bins must be auto, N, quantile:N or uniform:N with --key"),
        (["--window", "10s"], "--window must be a number of pairs"),
        (["--out", "FILE"], "--out must be another file than what is replayed"),
    ],
)
def test_what_a_replay_of_keys_does_not_heed_is_refused(tmp_path: Path, words: list[str], why: str) -> None:
    path = tmp_path / "keys.jsonl"
    with closing(Recorder(path, BEGIN, 1 << 30)):
        pass
    words = [str(path) if word == "FILE" else word for word in words]
    with pytest.raises(ConfigError, match=why):
        app(["replay", str(path), *words], standalone_mode=False)


def test_two_lives_say_what_one_would_have_said(tmp_path: Path) -> None:
    feed, record = f"ipc://{tmp_path}/feed", tmp_path / "keys.rec"
    words = ["--x", "a", "--y", "b", "--key", "id", "--pull", "--every", "20", "--window", "60", "--key-idle", "60s"]
    kept = ["--record", str(record), "--state", str(tmp_path / "state"), "--state-every", "50ms"]
    values = np.random.default_rng(5).normal(size=(1200, 2)).tolist()
    said: list[list[bytes]] = []
    with sockets() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(feed)
        for part in range(2):
            with live(feed, *words, *kept, *(["--max-keys", "5"] if part else [])) as monitor:
                for k in range(600 * part, 600 * (part + 1)):
                    a, b = values[k]
                    sender.send(json.dumps({"id": f"d{k % 7}", "a": a, "b": b}).encode())
                    time.sleep(0.0005)
                monitor.until(lambda line, part=part: line.get("pairs", 0) >= 80 * (part + 1))
                monitor.end(signal.SIGKILL if part == 0 else signal.SIGTERM)
                said.append(monitor.lines)
            until_left(sender)
    lines = replayed(record).stdout.splitlines(keepends=True)
    rows: list[list[dict[str, Any]]] = [[json.loads(line) for line in part] for part in (*said, lines)]
    first = [line for line, one in zip(lines, rows[2], strict=True) if one["run"] == rows[0][0]["run"]]
    assert said[0] == first[: len(said[0])]
    again = [one for one in rows[1] if one["status"] & Status.CAUGHT_UP]
    fresh = [line for line, one in zip(said[1], rows[1], strict=True) if one not in again]
    assert fresh
    assert fresh == lines[-len(fresh) :]
    assert "going on from" in monitor.messages.decode()
    assert "the feed does not number them" in monitor.messages.decode()
    with pytest.raises(ConfigError, match="--key must be id, as when the state was saved"):
        app(["monitor", feed, *[word if word != "id" else "topic" for word in words], *kept], standalone_mode=False)
