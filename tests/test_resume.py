"""What was recorded behind a saved state is taken, once and whole, before anything else."""

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from streammi import Monitor
from streammi.config import FeedConfig, MonitorConfig, span
from streammi.errors import ConfigError
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Begin, LinkChanged, settings_of
from streammi.recording.framing import MAGIC
from streammi.recording.writer import Recorder
from streammi.records import codec
from streammi.session.checkpoint import Checkpoint, Place
from streammi.session.resume import resume_from
from streammi.session.session import Session
from streammi.system.log import Log
from streammi.system.signals import Stop

CONFIG = MonitorConfig(window=span(50), every=span(20))
FEED = FeedConfig(endpoint="ipc:///tmp/feed", x="a", y="b")
SETTINGS = settings_of(CONFIG, FEED, None)
BEGIN = Begin("0.1.0", 1, SETTINGS)


def session() -> Session:
    return Session(Monitor(CONFIG), FEED, Outbox(CONFIG.pair, None, None, run=1))


def arrivals(first: int, last: int) -> Iterator[Arrived]:
    for k in range(first, last):
        x, y = np.random.default_rng(k).normal(size=2)
        yield Arrived(0, 1e9 + k, [[b'{"a":%f,"b":%f,"seq":%d}' % (x, y, k)]])


def place(recorder: Recorder) -> Place:
    return Place(str(recorder.path), *recorder.position, BEGIN.run)


class Case:
    """A monitor that recorded 100 batches and whose state is that after 60 of them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "feed.rec"
        self.whole = session()
        recorder = Recorder(self.path, BEGIN, 1 << 30)
        entries = [LinkChanged(0, 1e9, "connected", 1e9, 0), *arrivals(0, 100)]
        for k, entry in enumerate(entries):
            recorder.write(entry)
            self.whole.apply(entry)
            if k == 60:
                self.saved = Checkpoint({}, 5.0, self.whole.state(), place(recorder))
        recorder.close()
        self.log = io.StringIO()

    def resumed(self, path: Path | None = None, seconds: float | None = None) -> tuple[Session, bool]:
        one = session()
        with Stop(seconds) as stop:
            return one, resume_from(one, SETTINGS, self.saved, str(path or self.path), Log(self.log), stop)

    def more(self, begin: Begin, first: int, last: int) -> None:
        """Another process records further batches, and is killed."""
        recorder = Recorder(self.path, begin, 1 << 30)
        for entry in arrivals(first, last):
            recorder.write(entry)
        recorder.close()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def same(one: Session, other: Session) -> bool:
    return codec.pack("s", *one.state()) == codec.pack("s", *other.state())


def test_what_came_behind_the_state_is_taken(case: Case) -> None:
    one, recorded = case.resumed()
    assert recorded
    case.whole.resume()  # from here on something may be missing
    assert same(one, case.whole)
    assert case.log.getvalue() == (
        "streammi: going on from 60 pairs, saved at 1970-01-01 00:00:05 UTC\n"
        f"streammi: took 40 more pairs from {case.path}\n"
    )


def test_a_life_that_saved_nothing_is_taken_with_its_pause(case: Case) -> None:
    case.more(Begin("0.1.0", 2, SETTINGS, resumed=True), 120, 130)
    one, recorded = case.resumed()
    assert recorded
    case.whole.resume()
    for entry in arrivals(120, 130):
        case.whole.apply(entry)
    case.whole.resume()
    assert same(one, case.whole)
    assert one.health(2e9)[0].gaps == 20


def test_the_frames_of_another_feed_are_left_out(case: Case) -> None:
    other = settings_of(CONFIG, FeedConfig(endpoint="ipc:///tmp/other", x="a", y="b"), None)
    case.more(Begin("0.1.0", 2, other), 120, 130)
    one, recorded = case.resumed()
    assert not recorded
    assert one.monitor.window.pairs == 100
    assert "goes on with another feed, which was left out" in case.log.getvalue()


@pytest.mark.parametrize("spelt", ["real/../real/feed.rec", "linked/feed.rec", "linked/../real/./feed.rec"])
@pytest.mark.parametrize("first", ["real/feed.rec", "linked/feed.rec"])
def test_a_recording_is_the_same_however_its_folder_is_spelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, spelt: str
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    case = Case(tmp_path / Path(first).parent)
    one, recorded = case.resumed(Path(spelt))
    assert (recorded, one.monitor.window.pairs) == (True, 100)
    assert "warning" not in case.log.getvalue()


def test_a_link_to_the_first_file_is_another_recording(case: Case, tmp_path: Path) -> None:
    """The next files of each are beside it."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "feed.rec").symlink_to(case.path)
    one, recorded = case.resumed(tmp_path / "other" / "feed.rec")
    assert (recorded, one.monitor.window.pairs) == (False, 60)


def test_another_recording_is_not_gone_on_from(case: Case, tmp_path: Path) -> None:
    one, recorded = case.resumed(tmp_path / "other.rec")
    assert (recorded, one.monitor.window.pairs) == (False, 60)
    now = f"--record is {tmp_path}/other.rec"
    assert f"warning: what was recorded since, at {case.path}, is not taken: {now}" in case.log.getvalue()


def test_a_recording_that_is_left_out_is_said(case: Case) -> None:
    with Stop() as stop:
        assert not resume_from(session(), SETTINGS, case.saved, None, Log(case.log), stop)
    assert f"what was recorded since, at {case.path}, is not taken: --record is not given" in case.log.getvalue()


def test_a_recording_that_is_gone_is_said(case: Case) -> None:
    case.path.unlink()
    one, recorded = case.resumed()
    assert (recorded, one.monitor.window.pairs) == (False, 60)
    assert f"what was recorded since is gone: no recording can be read at {case.path}" in case.log.getvalue()


def test_a_recording_of_which_nothing_can_be_read_is_said(case: Case) -> None:
    case.path.write_bytes(MAGIC + bytes(1000))
    one, recorded = case.resumed()
    assert (recorded, one.monitor.window.pairs) == (False, 60)
    assert f"what was recorded since is gone: no recording can be read at {case.path}" in case.log.getvalue()


def test_a_recording_that_was_made_anew_is_taken_from_its_start(case: Case) -> None:
    """Its files have the names of those that the state's place is in, and more entries than that place is behind."""
    case.path.unlink()
    case.more(Begin("0.1.0", 2, SETTINGS), 120, 200)
    one, recorded = case.resumed()
    assert (recorded, one.monitor.window.pairs) == (False, 140)
    assert one.health(2e9)[0].gaps == 60
    assert "was made anew since the state was saved" in case.log.getvalue()


def test_a_life_behind_a_damaged_one_is_taken(case: Case) -> None:
    case.more(Begin("0.1.0", 2, SETTINGS, resumed=True), 120, 130)
    data = bytearray(case.path.read_bytes())
    data[-1500] ^= 1
    case.path.write_bytes(data)
    one, _ = case.resumed()
    assert one.health(2e9)[0].messages + one.health(2e9)[0].gaps == 130
    assert 10 < one.health(2e9)[0].gaps < 60
    assert "whole entries behind it" in case.log.getvalue()


def test_files_that_went_at_the_limit_are_a_hole(tmp_path: Path) -> None:
    """The limit is so small that the file with the state's place is gone before another state was saved."""
    recorder, one = Recorder(tmp_path / "feed.rec", BEGIN, 16 * 4000), session()
    for k, entry in enumerate(arrivals(0, 1500)):
        recorder.write(entry)
        if k <= 50:
            one.apply(entry)
        if k == 50:
            saved = Checkpoint({}, 5.0, one.state(), place(recorder))
    recorder.close()
    assert not (tmp_path / "feed.rec").exists()
    log = io.StringIO()
    two = session()
    with Stop() as stop:
        assert resume_from(two, SETTINGS, saved, str(recorder.path), Log(log), stop)
    health = two.health(2e9)[0]
    assert health.messages + health.gaps == 1500
    assert health.messages > 500
    assert "what came before it is gone" in log.getvalue()
    assert "lacks" not in log.getvalue()


def test_a_state_of_another_form_is_refused_in_words(case: Case) -> None:
    header, arrays = case.saved.session
    parts = dict(header)
    parts.pop("monitor")
    saved = msgspec.structs.replace(case.saved, session=(parts, arrays))
    with (
        pytest.raises(ConfigError, match="--state must be a state that this version of streammi can read"),
        Stop() as s,
    ):
        resume_from(session(), SETTINGS, saved, None, Log(case.log), s)


def test_a_state_nested_too_deep_is_refused_in_words(case: Case) -> None:
    header, arrays = case.saved.session
    deep: object = 1
    for _ in range(5000):
        deep = ["list", [deep]]
    _, count = header["session"]
    saved = msgspec.structs.replace(case.saved, session=(header | {"session": [{"plain": deep}, count]}, arrays))
    with pytest.raises(ConfigError, match="--state must be a state that this version"), Stop() as stop:
        resume_from(session(), SETTINGS, saved, None, Log(case.log), stop)


def test_a_recording_that_is_behind_the_state_is_said(case: Case) -> None:
    """A power cut: the state was on the disk, the end of the recording was not."""
    case.path.write_bytes(case.path.read_bytes()[:2000])
    one, recorded = case.resumed()
    assert (recorded, one.monitor.window.pairs) == (False, 60)
    assert "entries that the state holds: a replay will differ" in case.log.getvalue()


def test_a_signal_leaves_it_half_done(case: Case) -> None:
    _, recorded = case.resumed(seconds=0)
    assert not recorded


def test_a_recording_in_several_files_is_one(tmp_path: Path) -> None:
    """The state stands in a file that goes on with the one before."""
    recorder, one = Recorder(tmp_path / "feed.rec", BEGIN, 16 * 4000), session()
    for k, entry in enumerate(arrivals(0, 300)):
        recorder.write(entry)
        one.apply(entry)
        if k == 200:
            saved = Checkpoint({}, 5.0, one.state(), place(recorder))
    recorder.close()
    assert saved.place is not None
    assert 0 < saved.place.file < recorder.position.file
    log, two = io.StringIO(), session()
    with Stop() as stop:
        assert resume_from(two, SETTINGS, saved, str(recorder.path), Log(log), stop)
    one.resume()
    assert same(one, two)
    assert "warning" not in log.getvalue()
