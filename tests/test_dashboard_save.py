"""The s key: an SVG that needs nothing else, a PNG by the book, and the state as JSON; nothing is overwritten."""

import json
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import numpy as np
import pytest
from dashboard_samples import SAMPLES, empty, hostile_names, linear, parabola, viewer

from streammi.dashboard.drawing.pens import Depth
from streammi.dashboard.picture_files import save


def pixels_of(data: bytes) -> np.ndarray:
    """Decode an RGB PNG without filters, checking every chunk: (height, width, 3)."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, {}
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + body),)
        found[kind] = body
        at += 12 + length
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", found[b"IHDR"])
    assert (depth, colour) == (8, 2)
    rows = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_a_picture_is_three_files_that_agree(tmp_path: Path) -> None:
    one = viewer(parabola())
    paths = save(tmp_path, one, (120, 40))
    assert [path.suffix for path in paths] == [".svg", ".png", ".json"]
    picture = ET.fromstring(paths[0].read_text())
    assert "MUTUALINFORMATION" in "".join(picture.itertext())  # each word is an element of its own
    pixels = pixels_of(paths[1].read_bytes())
    brightest = next(ink for ink in reversed(one.theme.heat.inks) if ink)
    assert (pixels == brightest.rgb).all(axis=2).any()  # the fullest bin
    state = json.loads(paths[2].read_text())
    assert state["pair"] == "boiler"
    assert np.array_equal(state["counts"], parabola().counts)


def test_a_picture_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    text = save(tmp_path, viewer(parabola()), (80, 24))[0].read_text()
    assert "@font-face" not in text
    assert re.findall(r"(?:url|href)\W+http", text) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_everything_that_can_be_seen_can_be_saved(name: str, tmp_path: Path) -> None:
    depths: list[Depth] = ["truecolor", "none"]
    for depth in depths:
        folder = tmp_path / depth
        folder.mkdir()
        for path in save(folder, viewer(SAMPLES[name](), depth=depth), (100, 30)):
            assert path.parent == folder
            if path.suffix == ".svg":
                ET.fromstring(path.read_text())
            elif path.suffix == ".png":
                pixels_of(path.read_bytes())


def test_a_name_from_outside_stays_in_the_folder(tmp_path: Path) -> None:
    shot = hostile_names()
    for path in save(tmp_path, viewer(linear(), shot), (80, 24)):
        assert path.parent == tmp_path


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    save(tmp_path, viewer(linear()), (80, 24))
    with pytest.raises(FileExistsError):
        save(tmp_path, viewer(linear()), (80, 24))


def test_without_a_snapshot_there_is_nothing_to_save(tmp_path: Path) -> None:
    assert save(tmp_path, viewer(), (80, 24)) == []
    assert len(save(tmp_path, viewer(empty()), (80, 24))) == 3
