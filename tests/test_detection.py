"""The tables of scripts/detection.py in small: nothing where nothing changes, and each change soon and by its name."""

import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import detection
from detection import DATA, RECORDINGS, WINDOW


@pytest.mark.parametrize("name", detection.DETECTORS)
@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_feeds_that_do_not_change_raise_no_alarm(name, phi):
    windows = 100
    for r in (0.0, 0.7, 0.95):
        assert len(detection.events(*detection.coupled(r, windows * 200, detection.rng(7), phi), name, 200)) <= 1


@pytest.mark.parametrize(
    ("name", "patience"), [("page-hinkley", 2.0), ("adwin", 6.0), ("kswin", 6.0)]
)  # windows; all but page-hinkley need to see the new level for a while
@pytest.mark.parametrize("change", detection.CHANGES)
def test_each_change_is_found_and_said_by_its_name(name, patience, change):
    kind, make, lags = detection.CHANGES[change]
    start = detection.BEFORE * WINDOW + 377
    found = detection.events(*make(detection.rng(3), start), name, lags=lags)
    assert [event.kind for event in found] == [kind]
    assert start < found[0].timestamp <= start + patience * WINDOW


@pytest.mark.parametrize("lead", [4, 5, 8])
def test_a_change_soon_after_the_start_is_found(lead):
    make = partial(detection.changing, 0.9, 0.0, 0.0)
    assert [event.kind for event in detection.events(*make(detection.rng(1), lead * WINDOW), "page-hinkley")] == [
        "lost"
    ]


@pytest.mark.skipif(not DATA.exists(), reason="needs the recordings beside the checkout")
@pytest.mark.parametrize("name", RECORDINGS)
def test_what_happened_in_a_recording_is_found_and_nothing_else(name):
    assert RECORDINGS[name].holds("page-hinkley")


@pytest.mark.skipif(not DATA.exists(), reason="needs the recordings beside the checkout")
@pytest.mark.parametrize("name", ["adwin", "kswin"])
@pytest.mark.parametrize("case", [name for name, recording in RECORDINGS.items() if recording.expected is None])
def test_no_detector_finds_what_did_not_happen(name, case):
    assert RECORDINGS[case].holds(name)


def test_the_tables_have_a_row_a_feed():
    rows = [line for line in detection.delays(1) if line.startswith("|")]
    assert len(rows) == 2 + len(detection.CHANGES)
    assert len({row.count("|") for row in rows}) == 1


@pytest.mark.skipif(not DATA.exists(), reason="needs the recordings beside the checkout")
def test_normal_stretches_of_few_windows_raise_no_alarm():
    rows = [line.split(" | ") for line in detection.normal_runs(132) if "windows of" in line]
    assert len(rows) == 8
    assert [(of, found) for _, of, found in rows[:2]] == [("24", "0 |"), ("24", "0 |")]
    assert rows[4][1:] == ["20", "0 |"]
