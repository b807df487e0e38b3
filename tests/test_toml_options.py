"""A command's options in a file: the same as on the command line, and what is wrong named with its file."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import streammi

from streammi.cli import run_channel_monitor, run_monitor, run_watch
from streammi.cli.main import UsageError, app
from streammi.cli.usage_errors import usage
from streammi.config import ChannelSettings, span
from streammi.errors import ConfigError
from streammi.system.log import Log

WORDS = [
    "tcp://127.0.0.1:5999", "--x=imu/acc/x", "--y=7", "--topic=imu/", "--pull", "--format=json", "--receive-queue=17",
    "--window=2000", "--bins=12", "--x-range=-1.5:1e3", "--every=250ms", "--unit=nat", "--null=49", "--lags=-50:50",
    "--detect=off", "--publish=tcp://127.0.0.1:5998", "--record=a b.rec", "--record-limit=1GB", "--seconds=2.5",
    "--strict", "--samples=9", "--state=/var/lib/x", "--state-every=7s", "--given=motor/load",
    "--given=cycle:24h", "--transfer", "--quiet",
]  # fmt: skip
FILE = """
# Text, numbers and truths, as TOML has them.
endpoint = "tcp://127.0.0.1:5999"
x = "imu/acc/x"
y = 7
topic = "imu/"
pull = true
insecure = false
format = "json"
receive-queue = 17
window = 2_000
bins = "12"
x-range = "-1.5:1e3"
every = '250ms'
unit = "nat"
null = 49
lags = "-50:50"
detect = "off"
publish = "tcp://127.0.0.1:5998"
record = "a b.rec"
record-limit = "1GB"
seconds = 2.5
strict = true
samples = 9
state = "/var/lib/x"
state-every = "7s"
given = ["motor/load", "cycle:24h"]
transfer = true
"""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the commands would have run with."""
    ran = list[tuple[Any, ...]]()
    monkeypatch.setattr(run_monitor, "run_monitor", lambda *given, **named: ran.append((*given, named)) or 0)
    monkeypatch.setattr(run_watch, "run_watch", lambda *given: ran.append(given) or 0)
    return ran


def run(*words: str, stream: io.StringIO | None = None) -> None:
    app(list(words), standalone_mode=False, obj=Log(stream or io.StringIO()))


def written(folder: Path, text: str) -> str:
    file = folder / "plant.toml"
    file.write_text(text)
    return str(file)


def test_a_file_gives_what_the_command_line_gives(tmp_path: Path, ran: list[tuple[Any, ...]]) -> None:
    run("monitor", *WORDS)
    run("monitor", "--config", written(tmp_path, FILE + "quiet = true\n"))
    assert ran[0] == ran[1]
    run("watch", *WORDS[:-1])
    run("watch", f"--config={written(tmp_path, FILE)}")
    assert ran[2] == ran[3]
    assert ran[2][0] == WORDS[0]


def test_names_in_a_list_may_have_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[ChannelSettings] = []
    monkeypatch.setattr(
        run_channel_monitor, "run_channel_monitor", lambda asked, *more, **named: ran.append(asked) or 0
    )
    names = '[channels]\nnames = ["weather,site=roof/a", "rack*"]\n'
    run("monitor", "tcp://127.0.0.1:5999", "--config", written(tmp_path, names))
    run("monitor", "tcp://127.0.0.1:5999", "--channels", "weather\\,site=roof/a,rack*")
    assert [settings.patterns for settings in ran] == [("weather,site=roof/a", "rack*")] * 2


def test_what_is_given_on_the_command_line_counts(tmp_path: Path, ran: list[tuple[Any, ...]]) -> None:
    file = written(tmp_path, FILE)
    run("watch", "--config", file)
    run("watch", "ipc:///run/bus", "--y=power", "--window", "10s", "--config", file, "--samples", "3")
    endpoint, feed, joining, pair, run_options, *rest = ran[1]
    assert endpoint == "ipc:///run/bus"
    _, feed0, joining0, pair0, run0, *rest0 = ran[0]
    assert (feed, joining, pair) == (replace(feed0, y="power"), joining0, replace(pair0, window="10s"))
    assert (run_options, rest) == (replace(run0, samples=3), rest0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("windw = 5", r"plant\.toml, line \d: windw must be an option of monitor \(did you mean window\?\), got 5"),
        (
            "state_every = '5s'",
            r"plant\.toml, line \d: state_every must be an option of monitor \(did you mean state-every\?\), got",
        ),
        ("config = 'other.toml'", r"plant\.toml, line \d: config must be an option of monitor, got 'other\.toml'"),
        ("[feed]\nx = 1", r"plant\.toml, line \d: feed must be an option of monitor.*, got {'x': 1}"),
        ("strict = 'yes'", r"plant\.toml, line \d: strict must be true or false, got 'yes'"),
        ("x = true", r"plant\.toml, line \d: x must be a string or a number, got True"),
        ("lags = [-5, 5]", r"plant\.toml, line \d: lags must be a string or a number, got \[-5, 5\]"),
        (
            "seconds = 10:00:00",
            r"plant\.toml, line \d: seconds must be a string or a number, got datetime\.time\(10, 0\)",
        ),
        ("x = 1\nx = 2", r"--config must be a file in TOML \(Cannot overwrite a value.*\), got '.*plant\.toml'"),
        ("x = 1", r"ENDPOINT must be given"),
        ("endpoint = 'ipc:///a'\nwindow = 1", r"plant\.toml, line \d: window must be >= 2 pairs, got 1"),
        (
            "endpoint = '127.0.0.1:5'\nquiet = true\noutput = 'jsonl'",
            r"plant\.toml, line \d: output must be left out with --q",
        ),
        (
            "endpoint = 'ipc:///a'\nstate-every = '5s'",
            r"plant\.toml, line \d: state-every must be left out without --state",
        ),
        ("endpoint = 'ipc:///a'\ncurve-secret = '/none'", r"plant\.toml, line \d: curve-secret must be given with"),
        ("endpoint = 'ipc:///a'\nlog = 'loud'", r"plant\.toml, line \d: log must be text or json, got 'loud'"),
        ("fast = true", r"plant\.toml, line \d: fast must be an option of monitor, got True"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, ran: list[tuple[Any, ...]], text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        run("monitor", "--config", written(tmp_path, text))
    assert ran == []


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--config must be a file that can be read \(No such file"):
        run("monitor", "--config", str(tmp_path / "none"))
    (tmp_path / "bytes").write_bytes(b'x = "\xff"')
    with pytest.raises(ConfigError, match=r"--config must be a file in TOML \('utf-8' codec"):
        run("monitor", "--config", str(tmp_path / "bytes"))


def test_the_file_of_the_page(tmp_path: Path, ran: list[tuple[Any, ...]]) -> None:
    page = (Path(__file__).parents[1] / "streammi/docs/how-to/service.md").read_text()
    [text] = re.findall(r"```toml\n(endpoint.*?)```", page, re.DOTALL)
    file = written(tmp_path, text)
    run("monitor", "--config", file)
    run("watch", "--config", file)
    assert ran[0][0].pair == "temperature~power"
    assert ran[0][0].window == span("10s", "--window")


def test_a_file_may_ask_for_refusals_as_json(tmp_path: Path) -> None:
    file = written(tmp_path, "log = 'json'\nnull = 'many'")
    done = streammi("monitor", "ipc:///a", "--config", file)
    assert done.returncode == 2
    said = json.loads(done.stderr)
    assert said["level"] == "error"
    assert said["message"] == f"{file}, line 2: null must be a whole number, got 'many'"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("null = 'many'", [], "{file}, line 1: null must be a whole number, got 'many'"),
        ("null = 'many'", ["--null=some"], "--null must be a whole number, got 'some'"),
        ("samples = 0", [], "{file}, line 1: samples must be at least 1, got '0'"),
        ("seconds = 'long'", [], "{file}, line 1: seconds must be a number, got 'long'"),
        ("", ["--seconds=-1"], "--seconds must be at least 0, got '-1'"),
        ("", ["--windw=3"], "No such option: --windw (did you mean --window?)"),
        ("", ["--no-quite"], "No such option: --no-quite (did you mean --no-quiet?)"),
        ("", ["--authorised-keys=d"], "No such option: --authorised-keys (did you mean --authorized-keys?)"),
        ("", ["--toler=5ms"], "No such option: --toler (did you mean --tolerance?)"),
        ("", ["--fast"], "No such option: --fast"),
        ("", ["-z"], "No such option: -z"),
        ("", ["--window"], "Option '--window' requires an argument."),
    ],
)
def test_what_is_wrong_with_the_words_is_said_alike(tmp_path: Path, text: str, words: list[str], said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UsageError) as error:
        run("monitor", "ipc:///a", "--config", file, *words)
    assert usage(error.value) == said.format(file=file)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("'many' is not a valid integer.", "--null must be a whole number, got 'many'"),
        ("'x' is not a valid float.", "--null must be a number, got 'x'"),
        ("0 is not in the range x>=1.", "--null must be at least 1, got '0'"),
    ],
)
def test_older_versions_of_typer_are_understood(message: str, said: str) -> None:
    """They check values with click, which says so in words alone."""
    with pytest.raises(UsageError) as error:
        run("monitor", "ipc:///a", "--null=many")
    error.value.__cause__ = None
    error.value.message = message  # type: ignore[attr-defined]
    assert usage(error.value) == said


@pytest.mark.parametrize("name", ["pull", "insecure", "strict", "quiet"])
def test_a_flag_of_the_file_can_be_taken_back(tmp_path: Path, ran: list[tuple[Any, ...]], name: str) -> None:
    file = written(tmp_path, f"endpoint = 'ipc:///a'\npublish = 'ipc:///b'\n{name} = true")
    run("monitor", "--config", file)
    run("monitor", "--config", file, f"--no-{name}")
    run("monitor", "ipc:///a", "--publish=ipc:///b")
    assert ran[0] != ran[1]
    assert ran[1][:3] == ran[2][:3]
    assert (ran[1][3] is None) == (ran[2][3] is None)  # where its lines go
