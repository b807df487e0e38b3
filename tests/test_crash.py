"""A short run of scripts/crash.py: monitors killed at random moments, and what they saved damaged at random places."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import crash
import pytest
from programs import started


@pytest.mark.timeout(300)  # four starts, where others keep the machine busy
def test_what_is_said_over_many_lives_is_what_one_would_have_said(tmp_path: Path) -> None:
    rng, words = random.Random(4), crash.OPTIONS["learnt bins, delays, significance"].split()
    assert "equal those of an uninterrupted run" in crash.kills(tmp_path, 3, rng, words, 2000.0, started)
    assert "always the newest whole one used" in crash.damaged_states(tmp_path / "state", 30, rng)
    assert "never a wrong entry" in crash.damaged_recordings(tmp_path, 30, rng)


def test_two_sources_are_gone_on_from_too(tmp_path: Path) -> None:
    rng, words = random.Random(4), crash.OPTIONS["two sources, interpolated"].split()
    assert "equal those of an uninterrupted run" in crash.kills(tmp_path, 1, rng, words, 2000.0, started)


@pytest.mark.parametrize(
    ("lives", "said"),
    [
        ([[b"a\n", b"b\n"], [b"d\n"]], "lines 2 to 3 were never said"),
        ([[b"a\n", b'"status":4\n'], [b"b\n"]], "life 0 says something else"),
        ([[b"a\n"], [b"a\n", b"b\n", b'"status":4\n']], "lines 3 to 4 were never said"),
        ([[b"a\n", b"b\n", b'"status":4\n'], [b'"status":4\n', b"d\n"]], "said again by life 1 as if it were new"),
        ([[b"a\n", b"b\n", b'"status":4\n'], [b'"status":2052\n']], "lines 3 to 4 were never said"),
    ],
)
def test_holes_and_differences_are_found(lives: list[list[bytes]], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        crash.compared(lives, [b"a\n", b"b\n", b'"status":4\n', b"d\n"])
