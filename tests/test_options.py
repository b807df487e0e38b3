"""Options as words and back: what a second process is started with is what was given."""

import os
import re
from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

from streammi.cli.help_panels import ORDER
from streammi.cli.main import app
from streammi.cli.option_groups import arguments
from streammi.cli.options import FeedOptions, JoinOptions, PairOptions, RunOptions, ViewOptions
from streammi.errors import ConfigError


@pytest.mark.parametrize("group", [FeedOptions, JoinOptions, PairOptions, RunOptions, ViewOptions])
def test_every_option_is_given_under_its_own_flag(group: type) -> None:
    hints = get_type_hints(group, include_extras=True)
    needed = {"record_limit": {"record": "a"}, "state_every": {"state": "b"}, "insecure": {"publish": "c"}}
    for field in fields(group):
        other = {bool: True, int: 7, float: 3.5}.get(get_args(hints[field.name])[0], "-1:1")
        other = {"log": "json", "exec": "cat", "record_limit": "2GiB", "state_every": "9s"}.get(field.name, other)
        expected = "--" + field.name.replace("_", "-")
        with_it = needed.get(field.name, {})
        words = [*(f"--{name}={value}" for name, value in with_it.items())]
        words.append(expected if other is True else f"{expected}={other}")
        assert sorted(arguments(group(**with_it, **{field.name: other}))) == sorted(words)
    assert arguments(group()) == []


@pytest.mark.parametrize("name", ["monitor", "watch", "view", "publish", "replay"])
def test_the_help_has_each_option_in_the_panel_of_what_it_is_about(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    app([name, "--help"], standalone_mode=False)
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    panels = {text.partition(":")[0]: text for text in re.split(r"\n\n(?=\S)", said)}
    assert re.findall(r"^  (-\S+)", panels.pop("Options"), re.MULTILINE) == ["-h,"]  # all others have one
    found = [panel for panel in panels if panel in ORDER]
    assert found == [panel for panel in ORDER if panel in found]
    if name in ("monitor", "watch"):
        for panel, options in {
            "Feed": "--x --y --topic --format", "Window and bins": "--window --bins --x-range",
            "What is computed": "--null --lags", "What is said": "--every",
            "Keys and limits": "--curve-secret --max-message --insecure",
        }.items():  # fmt: skip
            assert set(options.split()) <= set(re.findall(r"--[a-z-]+", panels[panel]))


@pytest.mark.parametrize("option", ["x", "y", "t", "topic"])
def test_arguments_that_are_no_text_are_refused(option: str) -> None:
    given = FeedOptions(**{option: os.fsdecode(b"a\xff")})
    with pytest.raises(ConfigError, match=f"--{option} must be text in UTF-8, got 'a.udcff'"):
        given.config("tcp://127.0.0.1:1", labels=False, joining=JoinOptions())
    with pytest.raises(ConfigError, match="ENDPOINT must be text in UTF-8"):
        FeedOptions().config(os.fsdecode(b"ipc:///\xff"), labels=False, joining=JoinOptions())
