"""A monitor of many channels is recorded, replayed and gone on from: the same lines and messages, bit for bit."""

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
from test_replay import live, replayed, sockets

from streammi import ConfigError
from streammi.cli.main import app
from streammi.config import ChannelConfig, ChannelSettings, FeedConfig, Span
from streammi.publish.matrices import matrix_message
from streammi.recording.entries import (
    Arrived,
    Begin,
    Ended,
    Entry,
    Flagged,
    LinkChanged,
    Polled,
    Settings,
    Tested as Known,
)
from streammi.recording.reader import Recording
from streammi.recording.writer import Recorder
from streammi.records import codec
from streammi.records.status import Status
from streammi.session.channel_replay import ChannelReplay
from streammi.session.channel_session import ChannelSession

SOURCE = FeedConfig(endpoint="ipc:///tmp/feed")
SETTINGS = ChannelSettings(
    name="plant", config=ChannelConfig(names=(), window=Span(pairs=60), every=Span(seconds=1.0)), patterns=("all",)
)


class Kept(io.StringIO):
    """Lines and messages, in the order in which they are said."""

    def wants(self, topic: bytes) -> bool:
        return True

    def send(self, frames: list[bytes]) -> None:
        self.write(repr(frames) + "\n")


def session(said: Kept, settings: ChannelSettings = SETTINGS) -> ChannelSession:
    return ChannelSession(settings, SOURCE, said, said, 1)


def message(k: int, row: list[float]) -> list[bytes]:
    """A row without the values that are NaN, some messages of no use, some numbers left out."""
    if k % 37 == 5:
        return [b"{"]
    tree = {f"c{c}": value for c, value in enumerate(row) if value == value}
    return [json.dumps({**tree, "seq": k + k // 50, "t": 1e9 + k / 20}).encode()]


def entries(rows: int = 700) -> list[Entry]:
    """What happens to a monitor: messages in batches, silence, a link that breaks, a test that is done at last."""
    rng, values = random.Random(2), np.random.default_rng(2).normal(size=(rows, 5))
    values[:, 1] += 2 * values[:, 0]
    values[450:, 1] = values[450:, 4]
    values[::6, 3] = np.nan
    found: list[Entry] = [LinkChanged(0, 1e9, "connected", 1e9, 0)]
    k, now = 0, 1e9
    while k < rows:
        many = rng.choice([1, 3, 20])
        found.append(Arrived(0, now, [message(j, values[j].tolist()) for j in range(k, min(k + many, rows))]))
        k, now = k + many, now + many / 20
        match rng.randrange(8):
            case 0:
                found.append(Polled(now))
            case 1:
                found.append(Known(now))
            case 2:
                found.append(LinkChanged(0, now, rng.choice(["connected", "stalled", "lost"]), now, 0))
            case 3:
                found.append(Flagged(now, rng.choice([0, int(Status.UNSAVED)])))
    return [*found, Polled(now + 5), Ended(now + 9)]


def test_it_goes_on_from_any_state_and_says_the_same() -> None:
    every, whole = entries(), Kept()
    cuts = {1, 4, len(every) // 3, len(every) // 2, len(every) - 4}
    with closing(session(whole)) as one:
        states: dict[int, tuple[bytes, int, int]] = {}
        for k, entry in enumerate(every):
            if k in cuts:
                states[k] = codec.pack("s", *one.state()), whole.tell(), one.seq
            one.apply(entry)
        last = codec.pack("s", *one.state())
        matrix = one.snapshot(5.0)
    assert whole.getvalue().count('"kind":"') >= 1
    assert whole.getvalue().count("pair/") > 100
    for k, (state, place, seq) in states.items():
        said = Kept()
        with closing(session(said)) as again:
            again.restore(codec.unpack("s", state))
            again.apply(Begin("0", 1, Settings(), seq=seq))
            for entry in every[k:]:
                again.apply(entry)
            assert said.getvalue() == whole.getvalue()[place:], k
            assert codec.pack("s", *again.state()) == last
            found = again.snapshot(5.0)
            assert matrix is not None
            assert found is not None
            assert matrix_message(found) == matrix_message(matrix)


def test_a_test_that_runs_while_the_state_is_saved_is_found_the_same() -> None:
    said = [Kept(), Kept()]
    with closing(session(said[0])) as one, closing(session(said[1])) as two:
        rows = [message(k, row) for k, row in enumerate(np.random.default_rng(1).normal(size=(130, 3)).tolist())]
        one.apply(Arrived(0, 10.0, rows))
        one.apply(Polled(12.0))
        state = codec.pack("s", *one.state())  # before it is taken
        two.restore(codec.unpack("s", state))
        said[0].truncate(0), said[0].seek(0)
        two.apply(Begin("0", 1, Settings(), seq=one.seq))
        for each in (one, two):
            for entry in (Known(13.0), Arrived(0, 14.0, [message(200, [1.0, 2.0, 3.0])])):
                each.apply(entry)
        assert '"dependent":0' in said[0].getvalue()
        assert said[0].getvalue() == said[1].getvalue()


def test_a_recording_says_what_was_said(tmp_path: Path) -> None:
    path, lines = tmp_path / "plant.rec", Kept()
    begin = Begin("0.1.0", 1, Settings(feed=SOURCE, channels=SETTINGS))
    with closing(Recorder(path, begin, 1 << 16)) as recorder:  # in several files, of which the oldest go
        for entry in entries(300):
            recorder.write(entry)
    with closing(Recorder(tmp_path / "whole.rec", begin, 1 << 30)) as recorder:
        for entry in entries():
            recorder.write(entry)
    live = ChannelSession(SETTINGS, SOURCE, None, lines, 1)
    with closing(live):
        for entry in entries():
            live.apply(entry)
    assert replayed(tmp_path / "whole.rec").stdout.decode() == lines.getvalue()
    again = Kept()
    replay = ChannelReplay(Recording(tmp_path / "whole.rec"), again)
    assert len([at for at in replay if at == at]) == len(entries())
    replay.end()
    assert again.getvalue() == lines.getvalue()
    assert replay.links(1e9 + 50)[0].messages == 700


def test_other_settings_make_others_of_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "plant.rec"
    with closing(Recorder(path, Begin("0.1.0", 1, Settings(feed=SOURCE, channels=SETTINGS)), 1 << 30)) as recorder:
        for entry in entries():
            recorder.write(entry)
    words = ["--channels", "c[013]", "--every", "100", "--window", "200", "--unit", "nat", "--top", "1"]
    lines = [json.loads(line) for line in replayed(path, *words).stdout.splitlines()]
    readings = [line for line in lines if "top" in line]
    assert [line["n"] for line in readings[:3]] == [100, 200, 200]
    assert {line["pairs"] for line in readings} == {3}
    assert {line["unit"] for line in readings} == {"nat"}
    assert {len(line["top"]) for line in readings} == {1}
    assert readings[2]["dependent"] == 1  # tested where the window was full, at once
    as_pair = replayed(path, "--x", "c0", "--y", "c1", "--every", "100").stdout.splitlines()
    assert [json.loads(line)["pairs"] for line in as_pair if b'"mi"' in line][:2] == [100, 200]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--x", "c0"], "--x must be left out where FILE is a recording of many channels"),
        (["--lags=-5:5"], "--lags must be left out where FILE is a recording"),
        (["--export", "a.csv"], "--export must be left out where FILE is a recording"),
        (["--output", "csv"], "--output must be jsonl of many channels"),
        (["--samples-out", "pairs.csv"], "--samples-out must be left out"),
        (["--out", "FILE"], "--out must be another file than what is replayed"),
        (["--channels", ","], "--channels must be all, or names or globs"),
        (["--fdr", "2"], "--fdr must be a share between 0 and 1"),
    ],
)
def test_what_a_replay_of_channels_does_not_heed_is_refused(tmp_path: Path, words: list[str], why: str) -> None:
    path = tmp_path / "plant.jsonl"
    with closing(Recorder(path, Begin("0.1.0", 1, Settings(feed=SOURCE, channels=SETTINGS)), 1 << 30)):
        pass
    words = [str(path) if word == "FILE" else word for word in words]
    with pytest.raises(ConfigError, match=why):
        app(["replay", str(path), *words], standalone_mode=False)


def test_two_lives_say_what_one_would_have_said(tmp_path: Path) -> None:
    feed, record, state = f"ipc://{tmp_path}/feed", tmp_path / "plant.rec", tmp_path / "state"
    words = ["--channels", "all", "--pull", "--every", "20", "--window", "60"]
    kept = ["--record", str(record), "--state", str(state), "--state-every", "50ms"]
    values = np.random.default_rng(5).normal(size=(600, 4)).tolist()
    said: list[list[bytes]] = []
    with sockets() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(feed)
        for part in range(2):
            with live(feed, *words, *kept) as monitor:
                for k in range(300 * part, 300 * (part + 1)):
                    sender.send(json.dumps({f"c{c}": v for c, v in enumerate(values[k])} | {"seq": k}).encode())
                    time.sleep(0.001)
                monitor.until(lambda line, part=part: line.get("rows", 0) >= 300 * (part + 1))
                monitor.end(signal.SIGKILL if part == 0 else signal.SIGTERM)
                said.append(monitor.lines)
            until_left(sender)
    lines = replayed(record).stdout.splitlines(keepends=True)
    rows: list[list[dict[str, Any]]] = [[json.loads(line) for line in part] for part in (*said, lines)]
    first = [line for line in lines if json.loads(line).get("run", 0) == rows[0][0]["run"]]
    assert said[0] == first[: len(said[0])]
    again = [one for one in rows[1] if one.get("status", 0) & Status.CAUGHT_UP]
    fresh = [line for line, one in zip(said[1], rows[1], strict=True) if one not in again]
    assert fresh == lines[-len(fresh) :]
    assert [one["rows"] for one in rows[2] if "rows" in one][:-1] == list(range(20, 601, 20))
    assert "samples are missing since" in monitor.messages.decode()
    for other in (["--window", "80"], ["--every", "30"], ["--channels", "c0,c1"]):
        kept_words = {words[k]: words[k + 1] for k in (0, 3, 5)} | {other[0]: other[1]}
        with pytest.raises(ConfigError, match=f"{other[0]} must be .*, as when the state was saved"):
            app(["monitor", feed, "--pull", *sum(kept_words.items(), ()), *kept], standalone_mode=False)
