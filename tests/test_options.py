"""Options as words and back: what a second process is started with is what was given."""

from dataclasses import fields
from typing import get_args, get_type_hints

import pytest

from streammi.options import FeedOptions, JoinOptions, PairOptions, RunOptions, ViewOptions, arguments


@pytest.mark.parametrize("group", [FeedOptions, JoinOptions, PairOptions, RunOptions, ViewOptions])
def test_every_option_is_given_under_its_own_flag(group: type) -> None:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        other = {bool: True, int: 7, float: 3.5}.get(get_args(hints[field.name])[0], "-1:1")
        expected = "--" + field.name.replace("_", "-")
        assert arguments(group(**{field.name: other})) == [expected if other is True else f"{expected}={other}"]
    assert arguments(group()) == []
