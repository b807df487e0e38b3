"""What the screen writes, read by pyte: every sample at every size, storms of sizes, hostile names."""

import os
import random
import re

import pytest
from dashboard_samples import SAMPLES, linear, parabola, two_pairs
from dashboard_terminal import Television
from hypothesis import given, settings, strategies as st

from streammi.dashboard.drawing.glyphs import GlyphName
from streammi.dashboard.drawing.pens import Depth

SIZES = [(1, 1), (7, 1), (60, 1), (20, 5), (40, 12), (80, 24), (120, 40), (200, 60), (300, 100)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_at_every_size_and_nothing_is_cut_without_a_mark(
    name: str, size: tuple[int, int], cut: list[str]
) -> None:
    television = Television(SAMPLES[name](), size=size)
    television.show()
    for keys in ("l", "l?", "?e", "ee", "ee"):
        for key in keys:
            television.viewer.press(key)
        television.viewer.canvas(*size)
    assert size[0] < 20 or cut == []


@pytest.mark.parametrize("depth", ["256", "16", "none"])
@pytest.mark.parametrize("glyphs", ["block", "ascii"])
def test_every_sample_in_each_look(glyphs: GlyphName, depth: Depth) -> None:
    for make in SAMPLES.values():
        television = Television(make(), size=(120, 40), glyphs=glyphs, depth=depth)
        written = television.show()
        assert glyphs != "ascii" or television.text.isascii()
        assert depth != "none" or not re.search(rb"\x1b\[[0-9;]*\b([34]8|3[0-7]|4[0-7]|9[0-7])\b[0-9;]*m", written)


def test_nothing_changed_is_no_byte() -> None:
    television = Television(linear(), size=(120, 40))
    assert len(television.show()) > 1000
    assert television.show() == b""


def test_names_from_outside_cannot_steer_the_terminal() -> None:
    television = Television(SAMPLES["hostile_names"](), size=(200, 60))
    written = television.show().decode()
    for code in ("\x1b]", "\x07", "\r", "\n", "\x9b", "\u202e", "\x1b[31m", "\0"):
        assert code not in written


KEYS = [*"?emmuc+-l1r", "space", "tab", "left", "right", "home", "end", "pageup", "up", "escape", "light", "dark"]


STORM = int(os.environ.get("STREAMMI_STORM", "150"))  # 2000 takes a minute


def test_a_storm_of_sizes_feeds_and_keys_leaves_no_stale_cell() -> None:
    """After anything the terminal shows what the canvas says: Television compares each picture, as pyte has it."""
    rng = random.Random(20)
    samples = [make() for make in SAMPLES.values()] + two_pairs()
    television = Television(parabola())
    for _ in range(STORM):
        # Small sizes more often than large ones, as many of each order of magnitude.
        television.resize(*(round(low * (high / low) ** rng.random()) for low, high in ((20, 300), (5, 100))))
        television.show()
        for _ in range(rng.randint(0, 2)):
            television.viewer.press(rng.choice(KEYS))
        if rng.random() < 0.7:
            television.viewer.receive([rng.choice(samples)])
        if rng.random() < 0.1:
            television.resize(rng.randint(1, 30), rng.randint(1, 8))
        written = television.show().decode()
        assert not re.search(r"[\n\r]", written)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_any_order_of_sizes_feeds_and_keys_leaves_no_stale_cell(seed: int) -> None:
    """After anything the terminal shows what a fresh one would: Television compares each picture."""
    rng = random.Random(seed)
    samples = [make() for make in SAMPLES.values()] + two_pairs()
    television = Television(parabola())
    for _ in range(12):
        event = rng.random()
        if event < 0.4:
            television.resize(rng.randint(1, 300), rng.randint(1, 100))
        elif event < 0.7:
            television.viewer.receive([rng.choice(samples)])
        else:
            television.viewer.press(rng.choice(KEYS))
        television.show()
