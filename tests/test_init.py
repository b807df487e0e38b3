"""``streammi init``: a file of options that monitor runs as it is, filled in with what a feed carries."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from command_line import streammi
from feeds import published

from streammi.cli.main import app
from streammi.cli.run_init import HEAD
from streammi.errors import ConfigError

Sender = Callable[[int], list[list[bytes]]]


@contextmanager
def feed(path: Path, messages: Sender) -> Iterator[str]:
    """100 rounds a second."""
    rounds = count(1)
    with published(lambda: messages(next(rounds)), f"ipc://{path}/feed") as endpoint:
        yield endpoint


SENDERS: dict[str, tuple[Sender, str]] = {
    "one message": (
        lambda k: [[json.dumps({"rack": {"temp": k, "fan": -k}, "flow": k % 7, "label": "a"}).encode()]],
        'names = ["rack/temp", "rack/fan", "flow"]',
    ),
    "a topic a signal": (
        lambda k: [[b"a/%d" % c, b'{"value": %d}' % (k + c)] for c in range(3)],
        'names = ["a/0", "a/1", "a/2"]',
    ),
    "raw pairs": (lambda k: [[np.array([k, 0.5 * k]).tobytes()]], 'y = "1"'),
}


@pytest.mark.parametrize("kind", SENDERS)
def test_the_file_of_a_feed_runs_as_it_is(tmp_path: Path, kind: str) -> None:
    messages, line = SENDERS[kind]
    file = tmp_path / "plant.toml"
    with feed(tmp_path, messages) as endpoint:
        made = streammi("init", endpoint, "-o", str(file), "--seconds", "1")
        assert made.returncode == 0, made.stderr
        assert f"streammi monitor --config {file}" in made.stderr
        text = file.read_text()
        assert line in text.splitlines()
        assert f"# {endpoint}: " in text
        ran = streammi("monitor", "--config", str(file), "--every", "40", "--samples", "100", "--seconds", "20")
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(one) for one in ran.stdout.splitlines()]
    assert [one.get("rows", one.get("pairs")) for one in lines if one.get("n")][-1] == 100


def test_every_option_is_there_and_its_example_can_be_taken(tmp_path: Path) -> None:
    made = streammi("init")
    assert (made.returncode, made.stderr) == (0, "")
    assert set(tomllib.loads(made.stdout)) <= {
        "source", "channels", "pair", "window", "computed", "output", "run", "limits"
    }  # fmt: skip
    whole = re.sub(r"^# (\S+ = )", r"\1", made.stdout, flags=re.MULTILINE)
    keys = {key for table in tomllib.loads(whole).values() for key in table}
    words = set(re.findall(r"--([a-z][a-z-]+)", streammi("monitor", "--help").stdout))
    aside = {"config", "help", "export", "channels", "window"}  # the last two by other names
    assert {w for w in words if not w.startswith("no-")} - keys - aside <= {"x", "y"}
    every = tmp_path / "every.toml"
    every.write_text(whole)
    with pytest.raises(ConfigError) as refused:  # all at once cannot be; but each was read
        app(["monitor", "--config", str(every)], standalone_mode=False)
    assert not re.search("must be an option|string or a number|true or false", str(refused.value))


def test_a_file_that_is_there_is_left(tmp_path: Path) -> None:
    file = tmp_path / "plant.toml"
    file.write_text("mine")
    with pytest.raises(ConfigError, match=r"--out must be a file that is not there yet \(--force replaces it\)"):
        app(["init", "-o", str(file)], standalone_mode=False)
    assert file.read_text() == "mine"
    assert app(["init", "-o", str(file), "--force"], standalone_mode=False) == 0
    assert file.read_text().startswith(HEAD)
    for words in (["--force"], ["--pull"], ["--seconds", "3"], ["-o", str(tmp_path / "no/such.toml")]):
        with pytest.raises(ConfigError, match=r"must be (left out without|a file that can be written)"):
            app(["init", *words], standalone_mode=False)


def test_where_nothing_comes_no_file_is_made(tmp_path: Path) -> None:
    made = streammi("init", f"ipc://{tmp_path}/nobody", "-o", str(tmp_path / "plant.toml"), "--seconds", "0.3")
    assert made.returncode == 1
    assert "no connection" in made.stderr
    assert not (tmp_path / "plant.toml").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[channels]\nnames = ['a', 3]", r"plant\.toml, line 2: names must be a list of names or globs"),
        ("[chanels]\nnames = 'a'", r"plant\.toml, line 1: chanels must be an option of monitor, or a table of some"),
        ("\n[window]\nsize = '10s'\nwindow = 5", r"line 4: window must be given once: .*line 3: size gives it too"),
        ("endpoint = 'ipc:///a'\n[channels]\nnames = 'all'\n\ngrid = '0s'", r"line 5: grid must be a duration > 0"),
        (
            "[source]\nendpoint = 'ipc:///a'\n[channels]\nnames = ['all']\npairs = ['a-b']",
            r"line 5: pairs must be globs",
        ),
        ("[channels]\ntop = true", r"line 2: top must be a string or a number"),
        ("x = '''\ntop = 3\n'''\nwindw = 1", r"line 4: windw must be an option of monitor \(did you mean window\?\)"),
    ],
)
def test_what_is_wrong_names_the_key_and_the_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "plant.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        app(["monitor", "--config", str(file)], standalone_mode=False)
