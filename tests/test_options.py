"""Options as words and back: what a second process is started with is what was given."""

import os
from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

from streammi.cli.option_groups import arguments
from streammi.cli.options import FeedOptions, JoinOptions, PairOptions, RunOptions, ViewOptions
from streammi.errors import ConfigError


@pytest.mark.parametrize("group", [FeedOptions, JoinOptions, PairOptions, RunOptions, ViewOptions])
def test_every_option_is_given_under_its_own_flag(group: type) -> None:
    hints = get_type_hints(group, include_extras=True)
    needed = {"record_limit": {"record": "a"}, "state_every": {"state": "b"}, "insecure": {"publish": "c"}}
    for field in fields(group):
        other = {bool: True, int: 7, float: 3.5}.get(get_args(hints[field.name])[0], "-1:1")
        if field.name == "log":
            other = "json"
        expected = "--" + field.name.replace("_", "-")
        with_it = needed.get(field.name, {})
        words = [*(f"--{name}={value}" for name, value in with_it.items())]
        words.append(expected if other is True else f"{expected}={other}")
        assert sorted(arguments(group(**with_it, **{field.name: other}))) == sorted(words)
    assert arguments(group()) == []


@pytest.mark.parametrize("option", ["x", "y", "t", "topic"])
def test_arguments_that_are_no_text_are_refused(option: str) -> None:
    given = FeedOptions(**{option: os.fsdecode(b"a\xff")})
    with pytest.raises(ConfigError, match=f"--{option} must be text in UTF-8, got 'a.udcff'"):
        given.config("tcp://127.0.0.1:1", labels=False, joining=JoinOptions())
    with pytest.raises(ConfigError, match="ENDPOINT must be text in UTF-8"):
        FeedOptions().config(os.fsdecode(b"ipc:///\xff"), labels=False, joining=JoinOptions())
