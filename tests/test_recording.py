"""A recording gives back what was written, whatever happened to the file since."""

import errno
import fcntl
import io
import os
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from streammi.config import FeedConfig, JoinConfig, MonitorConfig
from streammi.errors import ConfigError
from streammi.recording.entries import Arrived, Begin, Ended, Entry, LinkChanged, Settings, files_of, numbered
from streammi.recording.framing import MAGIC, Packer, Position, RecordReader
from streammi.recording.reader import Recording, is_recording
from streammi.recording.writer import FILES, Recorder

MIB = 1 << 20
BEGIN = Begin("0.1", 1767225600, Settings(monitor=MonitorConfig(), feed=FeedConfig(endpoint="tcp://127.0.0.1:1")))
CONNECTED = LinkChanged(0, 2.0, "connected", 1.5, 2)

frames = st.lists(st.lists(st.binary(max_size=40) | st.just(b'{"x":1.25,"y":2.5}' * 4), max_size=3), max_size=5)
batches = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 2e9), frames), max_size=30)


def written(path: Path, received: list[tuple[int, float, list[list[bytes]]]], limit: int = 64 * MIB) -> list[Entry]:
    recorder = Recorder(path, BEGIN, limit)
    recorder.write(CONNECTED)
    for batch in received:
        recorder.write(Arrived(*batch))
    recorder.write(Ended(9.0))
    recorder.close()
    assert not [note for note in recorder.notes if "there already" not in note]
    return [BEGIN, CONNECTED, *(Arrived(*batch) for batch in received), Ended(9.0)]


@given(received=batches)
@settings(max_examples=50)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, received: list) -> None:
    path = tmp_path_factory.mktemp("r") / "feed.rec"
    entries = written(path, received)
    recording = Recording(path)
    assert list(recording) == entries
    assert recording.read == recording.size == path.stat().st_size
    assert not recording.notes
    assert recording.begin == BEGIN


def test_settings_of_two_sources_are_kept(tmp_path: Path) -> None:
    one = FeedConfig(endpoint="ipc://a", x="left")
    begin = Begin("0.1", 1, Settings(monitor=MonitorConfig(), join=JoinConfig(x=one, y=one), samples=7))
    Recorder(tmp_path / "feed.rec", begin, MIB).close()
    assert Recording(tmp_path / "feed.rec").begin == begin


def test_the_layout_of_a_file_is_the_documented_one(tmp_path: Path) -> None:
    """Read with nothing of ours: u32 length, u32 CRC-32 of length and body; the first byte tells how it is stored."""
    path = tmp_path / "feed.rec"
    message = b'{"x":1.25,"y":2.5}' * 30
    written(path, [(0, 1.0, [[message]])])
    data = path.read_bytes()
    assert data.startswith(b"streammi recording 1\n")
    at, stream, bodies = len(MAGIC), zlib.decompressobj(-15), []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        body = data[at + 8 : at + 8 + length]
        assert int.from_bytes(data[at + 4 : at + 8], "little") == zlib.crc32(data[at : at + 4] + body)
        bodies.append(body[1:] if body[0] == 0 else stream.decompress(body[1:]))
        at += 8 + length
    assert len(bodies) == 4
    assert bodies[2].count(message) == 1
    assert len(bodies[2]) > 540
    assert len(data) - len(bodies[0]) < 200


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Entry], list[int]]:
    """A recording, its entries, and where each of them ends."""
    path = tmp_path_factory.mktemp("whole") / "feed.rec"
    received = [(0, float(k), [[b"t", os.urandom(k % 7), b'{"x": %d}' % (k * k)]] * (k % 4)) for k in range(200)]
    entries = written(path, received)
    data = path.read_bytes()
    ends, reader = [], RecordReader(io.BytesIO(data))
    for _ in reader:
        ends.append(reader.whole)
    assert ends[-1] == len(data)
    return data, entries, ends


@given(data=st.data())
@settings(max_examples=200)
def test_all_whole_entries_before_a_cut_come_back(
    tmp_path_factory: pytest.TempPathFactory, whole: tuple[bytes, list[Entry], list[int]], data: st.DataObject
) -> None:
    content, entries, ends = whole
    cut = data.draw(st.integers(ends[0], len(content)))
    path = tmp_path_factory.mktemp("cut") / "feed.rec"
    path.write_bytes(content[:cut])
    recording = Recording(path)
    assert list(recording) == entries[: sum(end <= cut for end in ends)]
    assert bool(recording.notes) == (cut not in ends)


@given(data=st.data(), how=st.sampled_from(["flip", "zero", "garbage"]))
@settings(max_examples=200)
def test_nothing_false_is_read_from_a_damaged_file(
    tmp_path_factory: pytest.TempPathFactory, whole: tuple[bytes, list[Entry], list[int]], data: st.DataObject, how: str
) -> None:
    content, entries, ends = whole
    damaged = bytearray(content)
    at = data.draw(st.integers(ends[0], len(content) - 1))
    if how == "flip":
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "zero":
        damaged[at:] = bytes(len(content) - at)
    else:
        damaged[at:] = os.urandom(len(content) - at)
    path = tmp_path_factory.mktemp("damaged") / "feed.rec"
    path.write_bytes(damaged)
    recording = Recording(path)
    first = next((k for k in range(len(content)) if damaged[k] != content[k]), len(content))
    assert list(recording) == entries[: sum(end <= first for end in ends)]
    assert bool(recording.notes) == (first < len(content))


def test_it_is_divided_into_files_below_its_limit(tmp_path: Path) -> None:
    path, limit = tmp_path / "feed.rec", MIB
    recorder = Recorder(path, BEGIN, limit)
    recorder.write(CONNECTED)
    received = [(0, float(k), [[os.urandom(5000)]]) for k in range(600)]
    for batch in received:
        recorder.write(Arrived(*batch))
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= limit
    recorder.close()
    assert len(recorder.notes) == 1
    assert "limit" in recorder.notes[0]
    files = sorted(tmp_path.iterdir())
    assert FILES - 2 <= len(files) <= FILES + 1
    assert not path.exists()
    recording = Recording(path)
    entries = [entry for entry in recording if not isinstance(entry, Begin | LinkChanged)]
    assert entries == [Arrived(*batch) for batch in received[-len(entries) :]]
    assert "came before it is gone" in recording.notes[0]
    # Each file can be read alone, and knows the state of the link.
    alone = list(Recording(files[3]))
    assert alone[1] == CONNECTED
    assert isinstance(alone[2], Arrived)


def test_a_second_monitor_goes_on_in_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "feed.rec"
    first = written(path, [(0, 1.0, [[b"one"]])])
    path.write_bytes(path.read_bytes()[:-3])  # torn by a crash
    second = written(path, [(0, 2.0, [[b"two"]])])
    recording = Recording(path)
    assert list(recording) == first[:-1] + second
    assert len(recording.notes) == 1
    assert "feed.rec: the last" in recording.notes[0]


def in_files(path: Path, count: int = 40) -> list[Path]:
    """A recording of so many batches in several files."""
    recorder = Recorder(path, BEGIN, MIB)
    recorder.write(CONNECTED)
    for k in range(count):
        recorder.write(Arrived(0, float(k), [[os.urandom(5000)]]))
    recorder.close()
    return [*files_of(path).values()]


def stamps(recording: Recording) -> list[float]:
    return [entry.received for entry in recording if isinstance(entry, Arrived)]


def test_what_damage_in_the_middle_takes_is_said_in_entries(tmp_path: Path) -> None:
    file = in_files(tmp_path / "feed.rec")[1]
    data = bytearray(file.read_bytes())
    data[30_000] ^= 1
    file.write_bytes(data)
    recording = Recording(tmp_path / "feed.rec")
    found = stamps(recording)
    lost = sorted({float(k) for k in range(40)} - set(found))
    assert lost == [float(k) for k in range(int(lost[0]), int(lost[-1]) + 1)]
    assert len(lost) > 3
    assert f"the {len(lost) - 1} whole entries behind it" in recording.notes[0]  # the damaged one is none
    assert f"feed.rec.2: {len(lost)} entries before it are missing" in recording.notes[1]
    assert [entry.lost for entry in recording if isinstance(entry, Begin)] == [0, 0, len(lost), 0]


@pytest.mark.parametrize("left", ["nothing", "whole entries"])
def test_a_file_that_lost_its_end_between_two_entries_is_seen(tmp_path: Path, left: str) -> None:
    """A power cut leaves files empty, or as they were a while ago: each by itself is whole."""
    path = tmp_path / "feed.rec"
    file = in_files(path)[1]
    with file.open("rb") as opened:
        reader = RecordReader(opened)
        ends = [reader.whole for _ in reader]
    file.write_bytes(file.read_bytes()[: 0 if left == "nothing" else ends[4]])
    recording = Recording(path)
    missing = len(ends) - (0 if left == "nothing" else 5)
    assert len(stamps(recording)) == 40 - (len(ends) - 2) + (0 if left == "nothing" else 3)
    assert recording.notes == [
        f"{path}.2: {missing} entries before it are missing: readings differ until the window has filled anew"
    ]


def test_a_file_that_is_gone_from_the_middle_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "feed.rec"
    in_files(path)[1].unlink()
    recording = Recording(path)
    assert len(stamps(recording)) < 40
    assert "feed.rec.2: what came before it is gone" in recording.notes[0]
    assert [entry.lost for entry in recording if isinstance(entry, Begin)] == [0, 1, 0]


@pytest.mark.parametrize("start", [b"", MAGIC[:5], bytes(400), bytes([MAGIC[0] ^ 4]) + MAGIC[1:] + b"more"])
def test_what_a_power_cut_left_of_a_recording_is_gone_on_with(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "feed.rec"
    path.write_bytes(start)
    written(path, [(0, 2.0, [[b"two"]])])
    assert path.read_bytes() == start
    recording = Recording(path)
    assert stamps(recording) == [2.0]
    assert recording.begin == BEGIN


def test_a_damaged_start_of_the_first_file_hides_only_that_file(tmp_path: Path) -> None:
    path = tmp_path / "feed.rec"
    first = in_files(path)[0]
    first.write_bytes(bytes(first.stat().st_size))
    recording = Recording(path)
    assert 20 < len(stamps(recording)) < 40
    assert "feed.rec: the last" in recording.notes[0]
    assert "feed.rec.1: " in recording.notes[1]
    assert "entries before it are missing" in recording.notes[1]


@pytest.mark.parametrize("path", ["/dev/null", "pipe", "."])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="--record must be a regular file"):
        Recorder(tmp_path / path, BEGIN, MIB)


@pytest.mark.parametrize("how", ["removed", "renamed", "replaced", "folder renamed"])
def test_a_file_that_is_no_longer_there_is_left_for_a_new_one(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "feed.rec"
    recorder = Recorder(path, BEGIN, MIB)
    for k in range(5):
        recorder.write(Arrived(0, float(k), [[b"before"]]))
    match how:
        case "removed":
            path.unlink()
        case "renamed":
            path.rename(folder / "old")
        case "replaced":
            path.rename(folder / "old")
            path.write_text("somebody's")
        case _:
            folder.rename(tmp_path / "old")
            folder.mkdir()
    for k in range(5, 10):
        recorder.write(Arrived(0, float(k), [[b"behind"]]))
    assert recorder.position == Position(1, 6)
    recorder.close()
    assert recorder.notes == [f"{path} was removed or replaced: recording goes on in a new file"]
    assert how != "replaced" or path.read_text() == "somebody's"
    recording = Recording(numbered(path, 1))
    assert stamps(recording) == [5.0, 6.0, 7.0, 8.0, 9.0]
    assert recording.begin.continues


def test_a_position_names_what_is_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "feed.rec"
    recorder = Recorder(path, BEGIN, MIB)
    positions = []
    for k in range(40):
        recorder.write(Arrived(0, float(k), [[os.urandom(5000)]]))
        positions.append(recorder.position)
    recorder.close()
    recording = Recording(path)
    found = [(position, entry) for position, entry in recording.entries() if isinstance(entry, Arrived)]
    assert [position for position, _ in found] == positions
    for k in (0, 11, 12, 39):
        behind = [entry.received for _, entry in recording.entries(positions[k]) if isinstance(entry, Arrived)]
        assert behind == [float(j) for j in range(k + 1, 40)]


def test_of_two_writers_that_start_at_once_one_is_refused(tmp_path: Path) -> None:
    """Both find the same files, and each would make the next: not at the same time."""
    written(tmp_path / "feed.rec", [])
    for _ in range(25):
        barrier, found = threading.Barrier(2), list[Recorder | ConfigError]()

        def start(barrier: threading.Barrier = barrier, found: list[Recorder | ConfigError] = found) -> None:
            barrier.wait()
            try:
                found.append(Recorder(tmp_path / "feed.rec", BEGIN, MIB))
            except ConfigError as error:
                found.append(error)

        threads = [threading.Thread(target=start) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        recorders = [one for one in found if isinstance(one, Recorder)]
        for one in recorders:
            one.close()
        assert (len(recorders), len(found)) == (1, 2)


def test_a_lock_on_the_folder_stops_nothing(tmp_path: Path) -> None:
    """Its holder may keep it for as long as he likes, and a recorder that waited would take nothing in meanwhile."""
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    done = threading.Thread(target=in_files, args=(tmp_path / "feed.rec",), daemon=True)
    done.start()
    done.join(20)
    alive = done.is_alive()
    os.close(folder)
    assert not alive
    assert stamps(Recording(tmp_path / "feed.rec")) == [float(k) for k in range(40)]


def test_a_file_is_locked_from_its_start_to_the_next_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one that starts while a file is followed by the next finds the recording written to."""
    path = tmp_path / "feed.rec"
    recorder = Recorder(path, BEGIN, MIB)
    opened, refused = os.open, list[str]()

    def beside(name: Path, *args: int) -> int:
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", opened)
            with pytest.raises(ConfigError, match="no other monitor writes"):
                Recorder(path, BEGIN, MIB)
        refused.append(name.name)
        return opened(name, *args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", beside)
        for k in range(40):
            recorder.write(Arrived(0, float(k), [[os.urandom(5000)]]))
    recorder.close()
    assert refused == ["feed.rec.1", "feed.rec.2", "feed.rec.3"]
    assert stamps(Recording(path)) == [float(k) for k in range(40)]


def test_a_next_file_that_cannot_be_had_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one made it since the files were listed: nothing waits, and the place in the recording stays true."""
    path = tmp_path / "feed.rec"
    recorder = Recorder(path, BEGIN, MIB)
    recorder.write(Arrived(0, 0.0, [[b"one"]]))
    opened = os.open

    def too_late(name: Path, *args: int) -> int:
        name.write_bytes(b"")
        return opened(name, *args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", too_late)
        recorder.write(Arrived(0, 1.0, [[os.urandom(MIB // FILES)]]))
    assert recorder.unsaved
    assert recorder.notes == ["cannot record (another monitor writes it): going on without; trying again every 10 s"]
    assert recorder.position == Position(0, 2)
    recorder.write(Arrived(0, 12.0, [[b"three"]]))
    recorder.close()
    assert not recorder.unsaved
    recording = Recording(path)
    assert [entry.after for entry in recording if isinstance(entry, Begin)] == [-1, 2]
    assert "feed.rec.2: 1 batches before it could not be recorded" in recording.notes[0]
    assert stamps(recording) == [0.0, 12.0]


@pytest.mark.parametrize("start", [b"", bytes(400), bytes([MAGIC[0] ^ 4]) + MAGIC[1:] + b"more", b"somebody's"])
def test_only_what_begins_like_a_recording_goes_at_the_limit(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "feed.rec.3").write_bytes(start)
    (tmp_path / "feed.rec").write_bytes(MAGIC)
    recorder = Recorder(tmp_path / "feed.rec", BEGIN, MIB)
    for k in range(300):
        recorder.write(Arrived(0, float(k), [[os.urandom(5000)]]))
    recorder.close()
    assert (tmp_path / "feed.rec.3").read_bytes() == start
    assert not (tmp_path / "feed.rec").exists()
    assert not (tmp_path / "feed.rec.4").exists()
    assert [note for note in recorder.notes if "feed.rec.3" in note] == [
        "left, and not counted, for not beginning like a recording: feed.rec.3"
    ]


def test_two_writers_are_refused(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "feed.rec", BEGIN, MIB)
    with pytest.raises(ConfigError, match="no other monitor writes"):
        Recorder(tmp_path / "feed.rec", BEGIN, MIB)
    recorder.close()
    Recorder(tmp_path / "feed.rec", BEGIN, MIB).close()


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="--record must be a new file"):
        Recorder(tmp_path / "notes.txt", BEGIN, MIB)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not is_recording(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match="a recording"):
        Recording(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match="No such file"):
        Recorder(tmp_path / "nowhere" / "feed.rec", BEGIN, MIB)


def test_a_full_disk_is_said_and_got_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with room for 20,000 bytes, which takes a part of the last write as real ones do."""
    room = 20_000
    write = os.write

    def limited(fd: int, data: bytes) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        room -= (n := write(fd, data[:room]))
        return n

    monkeypatch.setattr(os, "write", limited)
    path = tmp_path / "feed.rec"
    recorder = Recorder(path, BEGIN, MIB)
    for k in range(40):
        if k == 30:
            room = 1 << 30  # somebody has cleared up
        recorder.write(Arrived(0, float(k), [[os.urandom(3000)]]))
        assert recorder.unsaved == (6 <= k < 36)
    recorder.close()
    assert [note[:13] for note in recorder.notes] == ["cannot record", "recording aga"]
    assert "No space left on device" in recorder.notes[0]
    recording = Recording(path)
    found = stamps(recording)
    assert found == [*range(6), *range(36, 40)]
    assert "30 batches before it could not be recorded" in recording.notes[0]


def test_a_disk_that_is_full_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        recorder = Recorder(tmp_path / "feed.rec", BEGIN, MIB)
        recorder.write(Arrived(0, 5.0, [[b"one"]]))
    assert recorder.unsaved
    assert not list(tmp_path.iterdir())
    recorder.write(Arrived(0, 15.0, [[b"two"]]))
    assert not recorder.unsaved
    recorder.close()
    assert list(Recording(tmp_path / "feed.rec"))[1:] == [Arrived(0, 15.0, [[b"two"]])]


def test_a_full_disk_is_tried_again_also_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    recorder = Recorder(tmp_path / "feed.rec", BEGIN, MIB)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        recorder.write(Arrived(0, 10_000.0, [[b"one"]]))
    recorder.write(Arrived(0, 10_001.0, [[b"two"]]))
    assert recorder.unsaved
    recorder.write(Arrived(0, 6401.0, [[b"three"]]))
    assert not recorder.unsaved
    recorder.close()


def test_floats_are_stored_as_they_are_and_text_is_deflated() -> None:
    packer = Packer()
    floats, text = os.urandom(5000), b'{"temperature": 20.5}' * 250
    packed = [packer.pack(payload) for payload in (floats, text, floats, text)]
    assert [len(record) < 500 for record in packed] == [False, True, False, True]
    assert list(RecordReader(io.BytesIO(MAGIC + b"".join(packed)))) == [floats, text, floats, text]


def test_positions_are_ordered() -> None:
    assert Position(1, 900) < Position(2, 1) < Position(2, 10)


def test_large_batches_stay_below_a_small_limit(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "feed.rec", BEGIN, MIB)
    for k in range(20):
        recorder.write(Arrived(0, float(k), [[os.urandom(200_000)]]))
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= MIB
    recorder.close()
    kept = [entry.received for entry in Recording(tmp_path / "feed.rec") if isinstance(entry, Arrived)]
    assert kept == [15, 16, 17, 18, 19]
