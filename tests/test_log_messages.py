"""A monitor under a service manager, as a process: told to it, asked for a report, and ended."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE, published
from programs import BOTH, started

from streammi.records.status import Status


def next_reading(process: Any) -> dict[str, Any]:
    """The next line of a monitor that is no event: a busy machine's feed may stall."""
    while True:
        line: dict[str, Any] = json.loads(process.stdout.readline())
        if "mi" in line:
            return line


def test_a_service_is_ready_reports_and_stops(tmp_path: Path) -> None:
    feed, state = f"ipc://{tmp_path}/feed", str(tmp_path / "state")
    words = ["monitor", feed, "--pull", "--x", "a", "--y", "b", "--bins", "2", "--window", "10", "--every", "20"]
    with (
        zmq.Context() as context,
        context.socket(zmq.PUSH) as sender,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        sender.bind(feed)
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        process = started(
            *words,
            "--log=json",
            f"--state={state}",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert manager.recv(1000) == b"READY=1"
        sender.send(b"\x1b[2Jno pair")
        for k in range(20):
            sender.send_json({"a": k % 7, "b": k % 5})
        assert next_reading(process)["pairs"] == 20
        while b"20 pairs" not in manager.recv(1000):  # the watchdog: several a second
            pass
        process.send_signal(signal.SIGUSR1)
        said: list[dict[str, Any]] = []
        while not said or said[-1]["message"] != "report":
            said.append(json.loads(process.stderr.readline()))
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
        told = b""
        while told != b"STOPPING=1":
            told = manager.recv(1000)
    assert process.returncode == 143
    assert out == ""
    late = [json.loads(line)["message"] for line in err.splitlines()]  # what was read is said with the next notes
    assert all(": read as json " in message for message in late)
    messages = [line["message"] for line in said]
    assert f"{feed}: connected" in messages
    assert any(message.startswith("messages that yielded no pair: 1, the newest: other format") for message in messages)
    report = said[-1]
    assert report["process"]["pid"] == process.pid
    assert report["settings"]["--window"] == "10 pairs"
    assert report["window"]["pairs"] == 20
    assert report[f"link {feed}"]["malformed"] == {"other format": 1}
    assert report["link history"]["0"].endswith("connected")
    assert state in report["written"]["keeper"]
    assert {path.name for path in Path(state).iterdir()} == {"lock", "state.0", "state.1"}


def test_a_service_says_that_it_stops_before_the_disk_takes_its_last_state(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    os.mkfifo(tmp_path / "state" / "state.new")  # a disk that takes nothing until somebody reads
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{tmp_path}/notify")
        manager.settimeout(PATIENCE)
        manager_is = {"NOTIFY_SOCKET": f"@{tmp_path}/notify", "WATCHDOG_USEC": "soon"}
        with monitored(tmp_path, environment=manager_is) as process:
            assert manager.recv(1000) == b"READY=1"
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            while manager.recv(1000) != b"STOPPING=1":
                pass
            assert process.poll() is None
            (tmp_path / "state" / "state.new").rename(tmp_path / "read").read_bytes()
            _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert "streammi: warning: WATCHDOG_USEC is no number of microseconds: soon" in err.splitlines()
    assert err.splitlines()[-1] == "streammi: warning: the state is saved again"


# Root reads and writes everything: without the two capabilities that let it, it is as anybody.
AS_ANYBODY = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-W", "error", *sys.argv[1:]])
"""
# A monitor for each folder, one after the other, whose state is in it: what it ends with, and says.
OF_EACH_FOLDER = """
import json, sys
from command_line import streammi
for folder in sys.argv[2:]:
    ended = streammi(*json.loads(sys.argv[1]), "--state", folder)
    print(json.dumps([ended.returncode, ended.stdout, ended.stderr]))
"""


def known(feed: str) -> list[str]:
    return ["monitor", feed, "--x", "a", "--y", "b", "--x-range", "0:4", "--y-range", "0:4", "--every", "20"]


@contextmanager
def monitored(
    folder: Path,
    *words: str,
    start: Callable[..., Any] = started,
    state: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A monitor with a state, and a feed that goes on as long as it does."""
    feed = f"ipc://{folder}/feed"
    with published(lambda: [[b'{"a":1,"b":2}']], feed, every_s=0.002):
        process = start(
            *known(feed),
            *words,
            f"--state={state or folder / 'state'}",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def test_a_full_disk_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.new").symlink_to("/dev/full")
    with monitored(tmp_path, "--state-every", "50ms") as process:
        assert process.stdout is not None
        while not next_reading(process)["status"] & Status.UNSAVED:
            pass
        (tmp_path / "state" / "state.new").unlink()
        while next_reading(process)["status"] & Status.UNSAVED:
            pass
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE)
    cannot = f"streammi: warning: cannot save the state in {tmp_path}/state (No space left on device): going on without"
    assert [line for line in err.splitlines() if "warning" in line] == [
        cannot,
        "streammi: warning: the state is saved again",
    ]
    assert process.returncode == 143


def test_a_state_is_gone_on_from_only_with_its_own_settings(tmp_path: Path) -> None:
    pairs = 0
    for life in range(2):
        with monitored(tmp_path) as process:
            first = next_reading(process)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=PATIENCE)
        assert first["pairs"] > pairs
        pairs = first["pairs"]
        assert ("going on from" in err, "how many samples are missing since" in err) == (life == 1, life == 1)
        assert bool(first["status"] & Status.SPANS_GAP) == (life == 1)
    done = streammi(*known(f"ipc://{tmp_path}/feed"), "--window", "500", "--state", str(tmp_path / "state"))
    assert (done.returncode, done.stdout) == (2, "")
    anew = f"to begin anew: another --state, or remove {tmp_path}/state/state.*"
    assert (
        done.stderr == f"streammi: --window must be 1000 pairs, as when the state was saved ({anew}), got '500 pairs'\n"
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a state of 100 pairs."""
    folder = tmp_path_factory.mktemp("saved")
    with monitored(folder, "--samples", "100") as process:
        process.communicate(timeout=PATIENCE)
    return folder / "state"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_state_that_is_kept_from_us_is_not_replaced(saved: Path, tmp_path: Path) -> None:
    kept = {
        "state.1": (0o000, "state can be read ({}/state.1: Permission denied)"),
        ".": (0o000, "state can be read ({}/state.0: Permission denied)"),
        "./": (0o600, "state can be read ({}/state.0: Permission denied)"),
        "lock": (0o400, "lock can be opened ({}/lock: Permission denied)"),
    }
    folders = [Path(shutil.copytree(saved, tmp_path / f"{k}")) for k in range(len(kept))]
    for folder, (place, (mode, _)) in zip(folders, kept.items(), strict=True):
        (folder / place).chmod(mode)
    program = [AS_ANYBODY, "-c", OF_EACH_FOLDER, json.dumps(known(f"ipc://{tmp_path}/feed"))]
    done = subprocess.run(
        [sys.executable, "-c", *program, *map(str, folders)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    )
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    for folder, (place, (_, said)), got in zip(folders, kept.items(), ended, strict=True):
        (folder / place).chmod(0o700)
        line = f"streammi: --state must be a folder whose {said.format(folder)}, got '{folder}'\n"
        assert got == [2, "", line]
        assert content(folder) == content(saved)


def test_a_folder_that_nothing_can_be_written_to_is_said_and_gone_on_from(saved: Path, tmp_path: Path) -> None:
    kept, before = Path(shutil.copytree(saved, tmp_path / "state")), content(saved)
    kept.chmod(0o500)

    def as_anybody(*words: str, **how: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", AS_ANYBODY, "-m", "streammi", *words], **how)

    with monitored(saved.parent, "--samples", "40", start=as_anybody, state=kept) as process:
        out, err = process.communicate(timeout=PATIENCE)
    kept.chmod(0o700)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["pairs"] == 140
    assert "going on from 100 pairs" in err
    cannot = f"cannot save the state in {kept} (Permission denied): going on without"
    assert err.splitlines().count(f"streammi: warning: {cannot}") == 1
    assert content(kept) == before


DEFECTS = """
import threading, warnings
from streammi.monitor import Monitor
warnings.simplefilter("default")
def fail(*_):
    warnings.warn("an odd value")
    other = threading.Thread(target=lambda: 1 / 0)
    other.start()
    other.join()
    raise RuntimeError("a defect\x1b[2J")
Monitor.feed = fail
"""


MONITOR = ["monitor", "tcp://127.0.0.1:1"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([*MONITOR, "--log", "json", "--window", "1"], "--window must be >= 2 pairs, got 1"),
        ([*MONITOR, "--log", "json", "--samples", "few"], "--samples must be a whole number, got 'few'"),
        ([*MONITOR, "--log", "json", "--windw", "1"], "No such option: --windw"),
        (["watch", "nowhere", "--log=json"], "ENDPOINT must be"),
    ],
)
def test_what_is_wrong_with_the_words_is_an_object_where_that_was_asked_for(words: list[str], expected: str) -> None:
    """Before they are understood."""
    done = streammi(*words)
    assert done.returncode == 2, done.stderr
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert said[-1]["level"] == "error"
    assert said[-1]["message"].startswith(expected)


def test_a_defect_is_an_object_where_that_was_asked_for() -> None:
    """Here or in a thread; and Python's warnings."""
    process = started(*MONITOR, "--log=json", before=DEFECTS, **BOTH)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err
    said = [json.loads(line) for line in err.splitlines()][-3:]
    expected = ["UserWarning: an odd", "ZeroDivisionError: division", "RuntimeError: a defect"]
    assert [one["message"][: len(words)] for one, words in zip(said, expected, strict=True)] == expected
    assert said[-1]["level"] == "error"
    assert "in fail" in said[-1]["traceback"]
    assert said[0]["place"].startswith("<string>:")


def test_a_defect_has_its_traceback_in_text_too() -> None:
    process = started(*MONITOR, before=DEFECTS, **BOTH)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err.startswith("streammi: warning: UserWarning: an odd value\nTraceback (most recent call last):\n")
    assert err.splitlines().count("Traceback (most recent call last):") == 2
