"""What cannot work is refused before anything is done: nothing bound, nothing made, nothing said."""

import errno
import io
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from streammi.cli import main
from streammi.cli.checks import check_writable
from streammi.cli.options import FeedOptions, JoinOptions, KeyOptions, PairOptions, RunOptions, ViewOptions
from streammi.cli.replay_sinks import Sinks
from streammi.cli.run_monitor import run_monitor
from streammi.cli.run_publish import run_publish
from streammi.cli.run_watch import run_demo, run_watch
from streammi.config import FeedConfig, JoinConfig, MonitorConfig
from streammi.errors import ConfigError, MissingExtra, StreammiError
from streammi.ingest.intake import SourceConfig
from streammi.network.endpoints import check_binding, check_endpoint
from streammi.network.security import PLAIN_TEXT
from streammi.system.log import Log
from streammi.system.open_files import check_open_files
from streammi.system.process_limits import check_environment

GOOD = FeedConfig(endpoint="tcp://127.0.0.1:1", x="a", y="b")
TWO = JoinConfig(x=GOOD, y=FeedConfig(endpoint="tcp://plant", x="a", y="b"))


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("127.0.0.1:5556", r"with its transport, such as tcp://127\.0\.0\.1:5556 or ipc:///run/feed, got"),
        ("nowhere", "with its transport, such as tcp://nowhere:5556 or"),
        ("nowhere.csv", r"or ipc:///run/feed \(there is no file of this name to read\), got"),
        (" tcp://127.0.0.1:5556", "without blanks around it"),
        ("tcp://a:1,tcp://b:1", r"by itself, such as tcp://a:1 \(two are --x ENDPOINT#PATH"),
        ("tcp:/a:1", "with two slashes, such as tcp://a:1"),
        ("ipc:run/feed", "with two slashes, such as ipc://run/feed"),
        ("ipc:/run/feed", "with two slashes, such as ipc:///run/feed"),
        ("tcp//a:1", "with two slashes, such as tcp://a:1"),
        ("tcp:///a:1", "with two slashes, such as tcp://a:1"),
        ("tcp:\\\\a:1", "with two slashes, such as tcp://a:1"),
        ("tpc://a:1", "tcp or ipc, such as tcp://a:1"),
        ("unix:///run/feed", "such as ipc:///run/feed"),
        ("/run/feed", r"such as ipc:///run/feed \(there is no file"),
        ("*:5556", "with its transport, such as tcp://127.0.0.1:5556"),
        ("5556", "such as tcp://127.0.0.1:5556, got"),
        ("::1:5556", r"with its transport, such as tcp://\[::1\]:5556"),
        ("tcp://::1", r"in brackets and a port, such as tcp://\[::1\]:5556"),
        ("tcp://[::1", r"one host and one port, such as tcp://\[::1\]:5556"),
        ("tcp://a:1:2", "one host and one port, such as tcp://a:1, got"),
        ("tcp://a :1", "without blanks in it, such as tcp://a:1, got"),
        ("tcp://a\u200b:1", "without blanks in it, such as tcp://a:1, got"),
        ("\u201ctcp://a:1\u201d", "without quotes, such as tcp://a:1, got"),
        ("tcp://10.0.0.1.5556", "a colon before its port, such as tcp://10.0.0.1:5556"),
        ("tcp://me@a:1", "without a user, such as tcp://a:1"),
        ("tcp://a:1#t:x", r"ends with its port, such as tcp://a:1 \(--topic takes a topic"),
        ("tcp://b\u00fccher:1", "in ASCII, such as tcp://xn--bcher-kva:1"),
        ("ipc:///", r"a socket's path, such as ipc:///feed \(/ is a folder\)"),
        ("ipc://tmp/feed", "three slashes before a full path, such as ipc:///tmp/feed"),
        ("ipc://*", "the path of its publisher's socket"),
        ("TCP://a:1", "in small letters, such as tcp://a:1"),
        ("mqtt://a:1883", "with a transport of ZeroMQ's between programs, tcp or ipc"),
        ("inproc://a", r"tcp or ipc \(inproc is within one program\)"),
        ("tcp://a:1/path", "that ends with its port, such as tcp://a:1, got"),
        ("tcp://::1:5556", r"in brackets, such as tcp://\[::1\]:5556"),
        ("tcp://fe80::1:5556", r"in brackets, such as tcp://\[fe80::1\]:5556"),
        ("tcp://nowhere", "with a port, such as tcp://nowhere:5556, got"),
        ("tcp://[::1]", r"with a port, such as tcp://\[::1\]:5556, got"),
        ("tcp://127.0.0.1:70000", "up to 65535"),
        ("tcp://127.0.0.1:http", "up to 65535"),
        ("tcp://127.0.0.1:1x", "up to 65535"),
        ("tcp://127.0.0.1:5.5", "up to 65535"),
        ("tcp://127.0.0.1:0x10", "up to 65535"),
        ("tcp://:5556", "the host and the port of its publisher"),
        ("tcp://127.0.0.1:*", "the host and the port of its publisher"),
        ("tcp://127.0.0.1:0", "the host and the port of its publisher"),
        ("tcp://*:5556", "the host and the port of its publisher"),
        ("tcp://127.0.0.1:", "with a port, such as tcp://127.0.0.1:5556, got"),
        ("http://127.0.0.1:80", r"tcp or ipc \(http is another protocol\)"),
        ("ipc://" + "a" * 200, "File name too long"),
        ("", "with its transport"),
    ],
)
def test_what_no_socket_can_connect_to_is_refused_with_what_is_missing(endpoint: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"--x must be an endpoint.*{said}"):
        check_endpoint(endpoint, "--x")


def test_what_nobody_could_reach_is_not_bound() -> None:
    with pytest.raises(ConfigError, match=r"--publish must be .* tcp or ipc \(inproc is within one program\), got"):
        check_binding("inproc://x", "--publish", keys=PLAIN_TEXT, insecure=False)


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.5"])
def test_a_number_of_threads_that_numba_would_fail_of_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for good in ("", " ", "2", "64"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", good)
        check_environment()
    assert os.environ["NUMBA_NUM_THREADS"] == "64"
    monkeypatch.setenv("NUMBA_NUM_THREADS", value)
    with pytest.raises(ConfigError, match=f"^NUMBA_NUM_THREADS must be a whole number .*1 or more.*got '{value}'"):
        check_environment()


@pytest.mark.parametrize("endpoint", ["tcp://no-such-host:1", "tcp://[::1]:1", "ipc:///nowhere/feed", "tcp://a:1"])
def test_whether_anybody_is_there_is_not_asked(endpoint: str) -> None:
    check_endpoint(endpoint, "ENDPOINT")


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (FeedConfig(endpoint="127.0.0.1:5556"), {"publish": "tcp://127.0.0.1:*"}, "ENDPOINT must be an endpoint with"),
        (TWO, {"publish": "tcp://127.0.0.1:*"}, "--y must be an endpoint with a port, such as tcp://plant:5556"),
        (GOOD, {"publish": "tcp://*:5557"}, "--publish must be on this machine"),
        (GOOD, {"publish": "127.0.0.1:5557"}, "--publish must be an endpoint"),
        (GOOD, {"metrics": "9464", "publish": "tcp://127.0.0.1:*"}, "--metrics must be HOST:PORT"),
        (GOOD, {"metrics": "0.0.0.0:9464"}, "--metrics must be on this machine"),
        (GOOD, {"record": "{folder}/none/a.rec"}, r"--record must be a file that can be written \(No such file"),
        (GOOD, {"record": "{folder}"}, r"--record must be a file that can be written \(Is a directory"),
        (GOOD, {"record": "{folder}/state/state.0"}, "--record must be none of the files of --state"),
    ],
)
def test_a_monitor_is_refused_before_anything_is_done(
    source: SourceConfig, options: dict[str, str], said: str, tmp_path: Path
) -> None:
    given = {name: value.format(folder=tmp_path) for name, value in options.items()}
    run, log = RunOptions(state=str(tmp_path / "state"), **given), io.StringIO()  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=said):
        run_monitor(MonitorConfig(), source, run, log=log)
    assert (list(tmp_path.iterdir()), log.getvalue()) == ([], "")
    feed = FeedOptions(x="a", y="b")
    if isinstance(source, FeedConfig):
        with pytest.raises(ConfigError, match=said):
            run_watch(source.endpoint, feed, JoinOptions(), PairOptions(), run, ViewOptions(), KeyOptions())
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_refused_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("prometheus_client", "pyarrow"):
        monkeypatch.setitem(sys.modules, module, None)
    run = RunOptions(state=str(tmp_path / "state"), metrics="127.0.0.1:0")
    with pytest.raises(MissingExtra, match="--metrics needs prometheus-client"):
        run_monitor(MonitorConfig(), GOOD, run, log=io.StringIO())
    csv, parquet = str(tmp_path / "a.csv"), str(tmp_path / "b.parquet")
    for out, samples_out in ((csv, parquet), (parquet, csv)):
        with pytest.raises(MissingExtra, match="needs pyarrow"):
            Sinks("auto", out, samples_out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "active", "said"),
    [
        (("bin/pip",), True, "pip install 'streammi[web]'"),  # the shell's own environment
        (("bin/pip",), False, "{}/bin/pip install 'streammi[web]'"),
        ((), False, "uv pip install --python {}/bin/python 'streammi[web]'"),  # made by uv
    ],
)
def test_a_missing_library_is_installed_where_the_program_runs(
    made: tuple[str, ...], active: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    for name in made:
        (tmp_path / name).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path if active else tmp_path / "another"))
    assert str(MissingExtra("serve", "websockets", "web")).endswith(f"not installed: {said.format(tmp_path)}")


@pytest.mark.parametrize("name", ["state_every", "record_limit"])
def test_options_are_checked_where_they_are_given(name: str) -> None:
    with pytest.raises(ConfigError, match=name.replace("_", "-")):
        RunOptions(state="s", record="r", **{name: "soon"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "out", "samples_out", "said"),
    [
        ("parquet", None, "{}/a.csv", "--out must be given where the output is parquet"),
        ("csv", "{}/r.jsonl", None, r"--output must be auto or jsonl where --out is .*, got 'csv'"),
        ("jsonl", "{}/r.parquet", None, "--output must be auto or parquet"),
        ("influx", "{}/r.csv", None, "--output must be auto or csv"),
        ("auto", "{}/r.txt", None, "--out must be a name that ends in"),
        ("auto", "{}/r.csv", "{}/s.txt", "--samples-out must be a name that ends in"),
        ("auto", "{}/r.csv", "{}/none/s.csv", r"--samples-out must be a file that can be written \(No such file"),
        ("auto", "{}/r.csv", "{}/file/s.csv", r"--samples-out must be a file that can be written \(Not a directory"),
    ],
)
def test_a_replay_is_refused_before_a_file_is_made(
    output: str, out: str | None, samples_out: str | None, said: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    paths = [None if path is None else path.format(tmp_path) for path in (out, samples_out)]
    with pytest.raises(ConfigError, match=said):
        Sinks(output, *paths)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_is_there_is_not_emptied_by_a_look(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("kept")
    check_writable(str(tmp_path / "a"), "--out")
    check_writable(str(tmp_path / "b"), "--out")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "kept")]


def test_a_signal_of_this_machine_is_named_with_its_option() -> None:
    rest: dict[str, Any] = {"rate": None, "loop": False, "pairs": False, "batch": 1, "push": False, "insecure": False}
    log = io.StringIO()
    with pytest.raises(ConfigError, match=r"--x must be one of cpu\.percent, .* got 'nope'"):
        run_publish("host", "tcp://127.0.0.1:*", x="nope", y=None, keys=PLAIN_TEXT, seconds=None, log=log, **rest)
    with pytest.raises(ConfigError, match="--bind must be an endpoint"):
        run_publish("no-such.csv", "nowhere", x="a", y="b", keys=PLAIN_TEXT, seconds=None, log=log, **rest)
    with pytest.raises(ConfigError, match=r"--y must be one of cpu\.percent, .* got 'nope'"):
        run_demo("host", None, "nope", ViewOptions(), 1.0)
    assert log.getvalue() == ""


def test_where_there_is_no_room_for_sockets_the_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"TMPDIR must be a folder for the sockets .*\(No such file or directory\)"):
        run_demo("seed", None, None, ViewOptions(), 1.0)
    (tmp_path / ("long" * 30)).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 30)))
    with pytest.raises(ConfigError, match="TMPDIR must be a path of at most 75 bytes"):
        run_demo("seed", None, None, ViewOptions(), 1.0)


@pytest.mark.parametrize(
    ("limits", "least", "then"),
    [
        ((16, 64), 64, 64),
        ((256, 4096), 64, 1024),
        ((256, 4096), 2000, 2000),
        ((5000, 9000), 64, None),
        ((64, 64), 64, None),
    ],
)
def test_as_many_files_as_usual_may_be_open_where_that_is_allowed(
    limits: tuple[int, int], least: int, then: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[tuple[int, int]]()
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda which, new: made.append(new))
    check_open_files(least)
    assert made == ([] if then is None else [(then, limits[1])])


def test_a_limit_that_is_too_low_is_one_line_with_the_one_that_would_do() -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))"
    code = f"{limit}; from streammi.cli.main import main; main()"
    words = ["view", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--output", "once"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "streammi: ulimit -n must be at least 80 open files, got 16\n"


@pytest.mark.parametrize(
    ("which", "soft", "said"),
    [
        (resource.RLIMIT_AS, 1_000_000 << 10, "-v must be at least 1048576 (1024 MiB), got 1000000"),
        (resource.RLIMIT_DATA, 1 << 28, "-d must be at least 524288 (512 MiB), got 262144"),
        (resource.RLIMIT_NPROC, 8, "-u must be at least 12 more than this user has processes and threads, got 8"),
        (resource.RLIMIT_AS, 1 << 30, None),
        (resource.RLIMIT_NPROC, 1000, None),
    ],
)
def test_limits_that_libraries_hang_or_abort_at_are_named_before(
    which: int, soft: int, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenBLAS asked for memory for ever at 512 MiB of addresses, and no signal ended that."""

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    written, ran = io.StringIO(), []
    limits = {which: (soft, soft)}
    monkeypatch.setattr(resource, "getrlimit", lambda limit: limits.get(limit, (resource.RLIM_INFINITY,) * 2))
    if which == resource.RLIMIT_NPROC and said:
        monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(main, "app", lambda **settings: ran.append(settings))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert main._run(Log(written, "text")) == (2 if said else 0)
    assert written.getvalue() == (f"streammi: ulimit {said}\n" if said else "")
    assert len(ran) == (0 if said else 1)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["replay", "a.rec", "--out", "b.csv"], FileNotFoundError(errno.ENOENT, "No such file or directory")),
        (["monitor"], RuntimeError("can't start new thread")),
    ],
)
def test_what_the_system_does_not_grant_is_one_line(
    words: list[str], error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**settings: object) -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    written = io.StringIO()
    assert main._run(Log(written, "text")) == 2
    assert written.getvalue().count("\n") == 1
    assert ("current folder" if words[0] == "replay" else "ulimit -u") in written.getvalue()


def test_what_is_refused_is_an_error_of_ours() -> None:
    assert issubclass(MissingExtra, StreammiError)
    assert os.strerror(2) == "No such file or directory"  # the words of the system that the tests above rely on
