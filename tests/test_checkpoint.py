"""States in a folder: whole at any moment, the newest whole one found, and what is lost said."""

import os
import random
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streammi import ConfigError, Monitor
from streammi.cli.checks import STATE_FILES, check_apart
from streammi.config import FeedConfig, MonitorConfig, check_same, options_of, span
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, LinkChanged
from streammi.records import LinkHealth, codec
from streammi.session import checkpoint
from streammi.session.checkpoint import Checkpoint, Place, StateFolder
from streammi.session.resume import MissedReport
from streammi.session.session import Session
from streammi.session.state_keeper import Keeper

CONFIG = MonitorConfig(window=span(100), every=span(50), null=19, lags=(-3, 3))
FEED = FeedConfig(endpoint="ipc:///tmp/feed", x="a", y="b")
SETTINGS = options_of(CONFIG) | options_of(FEED)


def session() -> Session:
    return Session(Monitor(CONFIG), FEED, Outbox(CONFIG.pair, None, None, run=1))


def fed(pairs: int) -> Session:
    """A session that has seen so many pairs; a batch is 10 numbered messages."""
    one, rng = session(), np.random.default_rng(1)
    one.apply(LinkChanged(0, 1e9, "connected", 1e9, 0))
    for k in range(0, pairs, 10):
        messages = [[b'{"a":%f,"b":%f,"seq":%d}' % (*rng.normal(size=2), k + i)] for i in range(10)]
        one.apply(Arrived(0, 1e9 + k, messages))
    return one


def keep(folder: Path, *pairs: int) -> None:
    """States of monitors that have seen so many pairs, one after the other."""
    for number in pairs:
        keeper = Keeper(str(folder), SETTINGS, 5.0)
        keeper.keep_last(fed(number), None, 1e9 + number)
        assert keeper.notes == []


def test_the_newest_of_two_generations_is_gone_on_from(tmp_path: Path) -> None:
    keep(tmp_path, 100, 200, 300)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lock", "state.0", "state.1"]
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    assert keeper.saved is not None
    one = session()
    one.restore(keeper.saved.session)
    assert codec.pack("m", *one.state()) == codec.pack("m", *fed(300).state())
    assert one.health(2e9) == fed(300).health(2e9)
    keeper.close()


def test_states_are_private(tmp_path: Path) -> None:
    keep(tmp_path / "new" / "folder", 50)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").rglob("*")}
    assert modes == {"folder": 0o700, "lock": 0o600, "state.1": 0o600}


def test_a_folder_is_on_the_disk_before_its_first_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    for _ in range(2):
        StateFolder(tmp_path / "a" / "b").close()
    assert sorted(synced) == [str(tmp_path), str(tmp_path / "a")]


def test_damage_is_said_and_the_other_generation_used(tmp_path: Path) -> None:
    """Cut, zeroed and flipped at random places: what is gone on from is always one of the two that were saved."""
    keep(tmp_path, 100, 200)
    rng = random.Random(2)
    newest, before = ((tmp_path / f"state.{k}").read_bytes() for k in (0, 1))
    for turn in range(120):
        data = bytearray(newest)
        place = rng.randrange(len(data))
        match turn % 3:
            case 0:
                del data[place:]
            case 1:
                data[place] ^= 1 << rng.randrange(8)
            case 2:
                data[place : place + 512] = bytes(len(data[place : place + 512]))
        (tmp_path / "state.0").write_bytes(data)
        keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
        assert keeper.saved is not None
        if data == newest:  # zeros over zeros
            assert (keeper.saved.saved, keeper.notes) == (1e9 + 200, [])
        else:
            assert keeper.saved.saved == 1e9 + 100
            assert "state.0 cannot be used: it must be" in keeper.notes[0]
            assert keeper.notes[1] == "going on from the other state: what came after 2001-09-09 01:48:20 UTC is lost"
        keeper.close()
    assert (tmp_path / "state.1").read_bytes() == before


def test_the_damaged_generation_is_the_next_to_be_replaced(tmp_path: Path) -> None:
    keep(tmp_path, 100, 200)
    (tmp_path / "state.0").write_bytes(b"")
    before = (tmp_path / "state.1").read_bytes()
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    keeper.keep_last(fed(300), None, 5.0)
    assert (tmp_path / "state.1").read_bytes() == before
    with_newest = StateFolder(tmp_path)
    assert with_newest.newest() is not None
    assert with_newest.notes == []
    with_newest.close()


def test_with_no_whole_state_it_begins_anew_and_says_so(tmp_path: Path) -> None:
    keep(tmp_path, 100, 200)
    for name in ("state.0", "state.1"):
        (tmp_path / name).write_bytes(bytes(1000))
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    assert keeper.saved is None
    assert keeper.notes[-1] == f"no whole state is left in {tmp_path}: beginning anew"
    keeper.keep_last(fed(50), None, 7.0)
    assert keeper.newest is not None


def test_a_crash_while_writing_leaves_what_was_there(tmp_path: Path) -> None:
    keep(tmp_path, 100)
    (tmp_path / "state.new").write_bytes((tmp_path / "state.1").read_bytes()[:500])
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    assert keeper.saved is not None
    assert keeper.notes == []
    keeper.close()


def test_other_settings_are_refused_and_the_folder_is_free_again(tmp_path: Path) -> None:
    keep(tmp_path, 100)
    other = options_of(CONFIG) | options_of(FeedConfig(endpoint="ipc:///tmp/other", x="a", y="b"))
    anew = f"(to begin anew: another --state, or remove {tmp_path}/state.*)"
    for _ in range(2):
        said = f"ENDPOINT must be ipc:///tmp/feed, as when the state was saved {anew}, got 'ipc:///tmp/other'"
        with pytest.raises(ConfigError, match=re.escape(said)):
            Keeper(str(tmp_path), other, 5.0)
    for file in tmp_path.glob("state.*"):
        file.unlink()
    keeper = Keeper(str(tmp_path), other, 5.0)
    assert keeper.saved is None
    keeper.close()


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, 100)
    header, arrays = codec.unpack(checkpoint.KIND, (tmp_path / "state.1").read_bytes())
    (tmp_path / "state.1").write_bytes(codec.pack("checkpoint 99", header, arrays))
    with pytest.raises(
        ConfigError, match=rf"of the kind '{checkpoint.KIND}' \(to begin anew: .*\), got 'checkpoint 99'"
    ):
        Keeper(str(tmp_path), SETTINGS, 5.0)


# Of all that is saved: names, nesting and the arrays' types. One that differs needs another KIND, and a line here. Not
# of records, and settings: those that an older version did not have yet are as they are by default.
ADDED_TO = ("settings", "latest", "events")
FORMS = {"checkpoint 38": 1377649030}


def test_a_state_of_another_form_is_of_another_kind() -> None:
    header, arrays = fed(300).state()
    found = repr((form(header), [array.dtype.name for array in arrays]))
    assert FORMS[checkpoint.KIND] == zlib.crc32(found.encode()), found


def test_a_state_of_a_version_without_an_option_goes_on() -> None:
    """As its default says; under another value of that option it is refused."""
    header, arrays = fed(300).state()
    one = session()
    one.restore((without(header, "--transfer"), arrays))
    assert one.monitor.window.pairs == 300
    assert "--transfer" in repr(header)
    then = {name: text for name, text in SETTINGS.items() if name != "--transfer"}
    check_same(SETTINGS, then)
    with pytest.raises(ConfigError, match="--transfer must be not given, as when the state was saved"):
        check_same(SETTINGS | {"--transfer": "True"}, then)


def without(value: Any, name: str) -> Any:
    """Nested values without the entry of this name, as plain values and as the codec writes them."""
    if isinstance(value, dict):
        return {key: without(one, name) for key, one in value.items() if key != name}
    if isinstance(value, list | tuple):
        return [without(one, name) for one in value if not (isinstance(one, list | tuple) and one and one[0] == name)]
    return value


def form(value: object) -> object:
    """The names in nested values, without the values."""
    match value:
        case dict():
            return {name: form(value[name]) for name in sorted(value)}  # their order is of no account
        case ["dict", [*items]]:
            found = {name: form(one) for name, one in items if isinstance(name, str) and name not in ADDED_TO}
            return {name: found[name] for name in sorted(found)}
        case [dict() as plain, int()]:
            return form(plain)
        case ["list" | "tuple" as kind, [*items]]:
            return kind, len(items), form(items[0]) if items else None
        case ["array" | "labels" as kind, *_]:
            return kind
        case list():
            return len(value)
    return None


def test_two_monitors_cannot_share_a_folder(tmp_path: Path) -> None:
    first = StateFolder(tmp_path)
    with pytest.raises(ConfigError, match="a folder that no other monitor uses"):
        StateFolder(tmp_path)
    first.close()
    StateFolder(tmp_path).close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_folder_that_is_no_longer_there_is_made_anew_and_locked(tmp_path: Path, how: str) -> None:
    path = tmp_path / "state"
    keeper = Keeper(str(path), SETTINGS, 5.0)
    path.rename(tmp_path / "old")
    if how == "replaced":
        path.mkdir()
    keeper.keep(fed(50), None, 10.0)
    wait_for(keeper)
    with pytest.raises(ConfigError, match="a folder that no other monitor uses"):
        StateFolder(path)
    keeper.close()
    assert not keeper.unsaved
    assert {file.name for file in path.iterdir()} == {"lock", "state.1"}


def test_a_folder_that_another_monitor_has_taken_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    (tmp_path / "lock").unlink()
    other = StateFolder(tmp_path)
    keeper.keep(fed(50), None, 10.0)
    wait_for(keeper)
    keeper.keep(fed(50), None, 11.0)
    assert keeper.notes == [f"cannot save the state in {tmp_path} (another monitor uses it): going on without"]
    assert {file.name for file in tmp_path.iterdir()} == {"lock"}
    other.close()
    keeper.close()


@pytest.mark.parametrize("name", ["state", "state.0", "lock"])
def test_a_recording_must_not_have_the_names_of_a_states_files(tmp_path: Path, name: str) -> None:
    state = str(tmp_path / "here")
    with pytest.raises(ConfigError, match="--record must be none of the files of --state"):
        check_apart(state, str(tmp_path / "there" / ".." / "here" / name))
    check_apart(state, str(tmp_path / "here" / "feed.rec"))
    check_apart(state, str(tmp_path / name))
    keeper = Keeper(state, SETTINGS, 5.0)
    keeper.keep_last(fed(10), None, 1e9)
    assert {path.name for path in (tmp_path / "here").iterdir()} <= set(STATE_FILES)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"--state must be a folder \(.*\), got"):
        StateFolder(tmp_path / "file")


def test_a_pipe_in_the_place_of_a_state_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state.1")
    with pytest.raises(ConfigError, match=r"--state must be a folder whose state can be read \(.*: no regular file"):
        Keeper(str(tmp_path), SETTINGS, 5.0)


def test_a_full_disk_is_said_once_and_its_end_too(tmp_path: Path) -> None:
    one = fed(50)
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    (tmp_path / "state.new").symlink_to("/dev/full")
    for now in (10.0, 20.0, 30.0):  # also of what has not changed, since it is not on the disk
        keeper.keep(one, None, now)
        wait_for(keeper)
        keeper.keep(one, None, now + 1)  # not due: it only looks how the writing ended
    assert keeper.unsaved
    assert keeper.notes == [f"cannot save the state in {tmp_path} (No space left on device): going on without"]
    (tmp_path / "state.new").unlink()
    keeper.keep_last(one, None, 40.0)
    assert not keeper.unsaved
    assert keeper.notes[1:] == ["the state is saved again"]


def wait_for(keeper: Keeper) -> None:
    assert keeper._writing is not None
    keeper._writing[2].exception(30)


def test_a_state_is_saved_so_often_also_when_the_clock_is_set_back(tmp_path: Path) -> None:
    one = fed(50)
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    began = []
    for now in (100.0, 101.0, 104.9, 105.0, 60.0, 61.0, 65.0):
        one.apply(LinkChanged(0, now, "connected", now, 0))
        keeper.keep(one, None, now)
        if keeper._writing is not None:
            began.append(now)
            wait_for(keeper)
    assert began == [100.0, 105.0, 60.0, 65.0]
    keeper.close()


def test_what_has_not_changed_is_saved_once(tmp_path: Path) -> None:
    one = fed(50)
    keeper = Keeper(str(tmp_path), SETTINGS, 5.0)
    assert keeper.keep(one, None, 100.0)
    wait_for(keeper)
    assert not keeper.keep(one, None, 200.0)
    one.apply(Arrived(0, 201.0, [[b"{}"]]))
    assert keeper.keep(one, None, 202.0)
    wait_for(keeper)
    keeper.keep_last(one, None, 300.0)
    assert keeper.newest is not None
    assert keeper.newest[0] == 202.0


def test_a_position_in_the_recording_is_kept(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.write(Checkpoint(SETTINGS, 1.0, fed(50).state(), Place("/data/plant.rec", 3, 4711)))
    saved = folder.newest()
    assert saved is not None
    assert saved.place == Place("/data/plant.rec", 3, 4711)
    folder.close()


@pytest.mark.parametrize(
    ("gaps", "resets", "numbered", "said"),
    [
        (7, 0, True, "5 samples are missing since 1970-01-01 00:00:09 UTC, by the feed's own numbers"),
        (2, 1, True, "how many samples are missing since 1970-01-01 00:00:09 UTC is not known: the feed's numbers"),
        (2, 0, False, "is not known: the feed does not number them"),
    ],
)
def test_what_was_missed_is_said_once_the_feed_speaks(gaps: int, resets: int, numbered: bool, said: str) -> None:
    before = LinkHealth(endpoint="a", state="connected", messages=10, gaps=2)
    resumed = MissedReport(9.0, (before,))
    assert resumed.missed((before,), numbered) is None
    now = LinkHealth(endpoint="a", state="connected", messages=11, gaps=gaps, resets=resets)
    assert said in str(resumed.missed((now,), numbered))
