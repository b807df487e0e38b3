"""A short run of scripts/dead_feed.py: over real sockets, feeds that die after a burst."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import dead_feed
from dead_feed import Told
from programs import started

BUSY = 30.0  # seconds that a machine on which others run may be late; the script itself holds it to less


def test_a_consumer_of_readings_is_told_that_the_feed_is_dead(tmp_path: Path) -> None:
    told = dead_feed.watch(tmp_path, monitors=2, bursts=2, seed=1, start=started)
    assert len(told) == 2
    assert dead_feed.wrong(told, BUSY) == []


def test_what_is_wrong_is_found() -> None:
    right = Told("1s", sent=9, counted=9, seconds=4.0, late=0.0, back=True)
    assert dead_feed.wrong([right], 0.1) == []
    found = dead_feed.wrong([right._replace(counted=8), right._replace(late=0.2), right._replace(back=False)], 0.1)
    assert [line.split(": ")[1].split()[0] for line in found] == ["8", "said", "nothing"]
