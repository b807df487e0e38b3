"""Many devices up to the edge of the browser: snapshots of all and of one, the table, and a device's own view."""

import json

import msgspec
import numpy as np
import pytest
from dashboard_samples import NOW
from test_web import Page, page

from streammi.config import BinsConfig, FeedConfig, KeyedConfig, MonitorConfig, Span
from streammi.dashboard.capabilities import Look
from streammi.dashboard.drawing.cells import cell_text
from streammi.dashboard.drawing.glyphs import BRAILLE
from streammi.dashboard.many.devices import Devices
from streammi.dashboard.viewer import Viewer
from streammi.errors import FeedError
from streammi.publish.device_readings import Brief, DeviceReading, read_device
from streammi.publish.messages import read_reading, reading_topic
from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message
from streammi.recording.entries import Arrived, Due
from streammi.records import LinkHealth
from streammi.session.keyed_session import KeyedSession
from streammi.web.hub import Browser, Hub
from streammi.web.many_page import PAGE, Wish

SOURCE = FeedConfig(endpoint="tcp://127.0.0.1:5556", x="x", y="y")
PAIR = MonitorConfig(pair="x~y", window=Span(pairs=200), bins=BinsConfig(count=4), every=Span(seconds=1.0))
CONFIG = KeyedConfig(pair=PAIR, key="id")
KEYS = ["rack 1/fan", "mill", *(f"node{k:02d}" for k in range(60)), "x" * 50]


class Kept:
    """A publisher that keeps what it sends."""

    def __init__(self) -> None:
        self.sent: list[list[bytes]] = []

    def send(self, frames: list[bytes]) -> None:
        self.sent.append(frames)


def arrived(at: float, pairs: int, seed: int = 0, keys: list[str] = KEYS) -> Arrived:
    """Pairs of each key, the more alike the later the key comes."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, key in enumerate(keys):
        x, noise = rng.normal(size=(2, pairs))
        y = x * k / len(keys) + noise * (1 - k / len(keys))
        rows += [json.dumps({"id": key, "x": a, "y": b}).encode() for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return Arrived(0, at, [[row] for row in rows])


def session_of(publisher: Kept, run: int = 7) -> KeyedSession:
    return KeyedSession(CONFIG, SOURCE, publisher, None, run)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def said() -> tuple[KeyedSession, list[list[bytes]]]:
    """A session that has said two readings of each of its keys, and what it said."""
    kept = Kept()
    session = session_of(kept)
    for second in range(2):
        session.apply(arrived(NOW + second, 100, second))
        session.apply(Due(NOW + second + 1.0, 10_000))
    return session, kept.sent


def hub_of(session: KeyedSession, sent: list[list[bytes]], now: float = NOW + 2.5) -> Hub:
    hub = Hub([SOURCE.endpoint], clock=lambda: now)
    hub.take(0, [read_snapshot(snapshot_message(session.snapshot(now))), *map(read_device, sent)], "connected", "")
    return hub


def asked(hub: Hub, **wish: object) -> Page:
    browser = Browser()
    hub.add(browser)
    hub.choose(browser, (0, "x~y"), Wish(**wish))  # type: ignore[arg-type]
    return page(hub.message(browser))


def test_a_device_by_its_name_in_topics_is_shown_as_its_window_says(
    said: tuple[KeyedSession, list[list[bytes]]],
) -> None:
    session, sent = said
    names = [frames[0].decode().removeprefix("mi/") for frames in sent[-len(KEYS) :]]
    assert len(set(names)) == len(KEYS)
    for key, name in list(zip(KEYS, names, strict=True))[::20]:
        shown = session.device(name, NOW)
        assert shown is not None
        assert shown.counts is not None
        assert shown.reading is not None
        _, fields = read_reading(sent[-len(KEYS) + KEYS.index(key)])
        assert shown.reading.mi_corrected == fields["mi_corrected"]
        assert (shown.pair, shown.counts.sum(), shown.reading.n, shown.seq) == (name, 200, 200, 2)
        assert shown.trace is not None
        x, _ = session.monitor.windows.values(key)
        assert shown.trace.x_newest[-1] == x[-1]
        assert read_snapshot(snapshot_message(shown)).verdict == shown.verdict
    of_all = session.snapshot(NOW)
    assert (of_all.pair, of_all.devices, of_all.key, of_all.reading) == ("x~y", len(KEYS), "id", None)
    for unknown in ("", "mill", "mill/other", "mill/x~y/", "rack 1/fan/x~y", "gone/x~y"):
        assert session.device(unknown, NOW) is None


def test_the_table_has_what_each_device_said_last_in_the_order_asked_for(
    said: tuple[KeyedSession, list[list[bytes]]],
) -> None:
    session, sent = said
    hub = hub_of(session, sent)
    newest = {read_device(frames).name: read_reading(frames)[1] for frames in sent}
    by_mi = sorted(newest, key=lambda name: -float(newest[name]["mi_corrected"]))  # type: ignore[arg-type]
    found = asked(hub)
    assert found["many"]["devices"] == f"{len(KEYS)} devices by id"
    assert [row["label"] for row in found["pairs"]["rows"]] == by_mi[:PAGE]
    assert [row["label"] for row in asked(hub, first=PAGE)["pairs"]["rows"]] == by_mi[PAGE:]
    for row in found["pairs"]["rows"]:
        fields = newest[row["label"]]
        assert float(row["mi"]) == pytest.approx(max(float(fields["mi_corrected"]), 0), abs=6e-4)  # type: ignore[arg-type]
        assert float(row["r"].replace("−", "-")) == pytest.approx(fields["r"], abs=6e-3)
        assert [height is not None for height in row["past"]][-3:] == [False, True, True]
    names = [row["x"] for first in (0, PAGE) for row in asked(hub, sort="name", first=first)["pairs"]["rows"]]
    assert names[:-1] == sorted(KEYS)[:-1]  # the last one's name is too long for a topic, and ends in a hash
    assert names[-1].startswith("xxxxx")
    only = asked(hub, words="NODE 3", sort="name")["pairs"]
    assert [row["x"] for row in only["rows"]] == sorted(key for key in KEYS if "node" in key and "3" in key)
    little_r = asked(hub, sort="MI high, r low")["pairs"]["rows"][0]
    assert float(little_r["r"].replace("−", "-")) < 0.5


def test_a_device_is_opened_with_its_past_and_others_snapshots_are_not_shown(
    said: tuple[KeyedSession, list[list[bytes]]],
) -> None:
    session, sent = said
    wanted: list[object] = []
    hub = Hub([SOURCE.endpoint], clock=lambda: NOW + 2.5, ask=wanted.append)
    hub.take(0, [session.snapshot(NOW + 2.5), *map(read_device, sent)], "connected", "")
    browser = Browser()
    hub.add(browser)
    hub.choose(browser, (0, "x~y"), Wish(open="mill/x~y"))
    assert wanted == [{(0, "mill/x~y")}]
    mine, other = session.device("mill/x~y", NOW), session.device("node07/x~y", NOW)
    assert mine is not None
    assert other is not None
    hub.take(0, [mine, other], "connected", "")
    found = page(hub.message(browser))
    assert found["head"]["pair"] == "mill"
    assert found["cells"]["n"] == mine.counts.tolist()  # type: ignore[union-attr]
    assert found["past"]["t"] == [0, 1000]
    assert len(found["past"]["mi"]) == 2
    assert found["tabs"] == []  # neither of the two devices is one
    hub.choose(browser, (0, "x~y"), Wish(open="nobody"))
    assert "many" in page(hub.message(browser))


def test_devices_that_have_gone_are_let_go_and_another_run_begins_anew(
    said: tuple[KeyedSession, list[list[bytes]]],
) -> None:
    _, sent = said
    devices = Devices()
    for frames in sent:
        devices.take(read_device(frames))
    late = arrived(NOW + 3, 20, 5, ["mill", "node05"])
    kept = Kept()
    later = session_of(kept)
    later.apply(late)
    later.apply(Due(NOW + 4, 10))
    for frames in kept.sent:
        devices.take(read_device(frames))
    comings = devices.comings
    devices.limit(2)
    assert devices.comings > comings
    assert ("mill/x~y" in devices, "node05/x~y" in devices, "node06/x~y" in devices, len(devices)) == (
        True,
        True,
        False,
        2,
    )
    left = devices.in_order("name")
    assert [one.said.split(",")[0] for one in devices.words(left, NOW + 100)] == ["silent for 1 min 36 s"] * 2
    assert devices.silent(NOW + 100) == (2, ("mill", "node05"))
    assert all("silent" not in one.said for one in devices.words(left, None))
    devices.take(read_device(sent[3]))  # the number of one that is gone is given again
    assert (devices.in_order("MI").size, devices.in_order("change", now=NOW + 100).size) == (3, 3)
    anew = json.loads(sent[0][1]) | {"run": 8}
    devices.take(read_device([sent[0][0], msgspec.json.encode(anew)]))
    assert len(devices) == 1


def shown(viewer: Viewer, width: int = 100, height: int = 40) -> list[str]:
    return [cell_text(row).rstrip() for row in viewer.canvas(width, height).glyphs]


def viewer_of(session: KeyedSession, sent: list[list[bytes]], now: float = NOW + 2.5) -> Viewer:
    viewer = Viewer(Look(BRAILLE, "none"))
    viewer.connect("connected")
    viewer.tick(now)
    link = LinkHealth(endpoint=SOURCE.endpoint, state="connected")
    viewer.receive([msgspec.structs.replace(session.snapshot(now), links=(link,)), *map(read_device, sent)])
    return viewer


def test_a_terminal_has_the_table_and_the_way_into_a_device_and_back(
    said: tuple[KeyedSession, list[list[bytes]]],
) -> None:
    session, sent = said
    viewer = viewer_of(session, sent)
    newest = {read_device(frames).name: read_reading(frames)[1] for frames in sent}
    best = max(newest, key=lambda name: float(newest[name]["mi_corrected"]))  # type: ignore[arg-type]
    lines = shown(viewer)
    assert f"{len(KEYS)} devices by id" in lines[0]
    assert "all of them send" in lines[1]
    assert lines[2].startswith(" DEVICES BY MI")
    assert f"{newest[best]['mi_corrected']:.3f}" in lines[4]
    assert not any("MATRIX" in line for line in (viewer.press("m"), shown(viewer))[1])
    for key in "/fan":
        viewer.press(key)
    viewer.press("enter")
    assert "rack 1/fan" in shown(viewer)[4]
    assert "1 of 63 devices" in shown(viewer)[2]
    viewer.press("enter")
    assert viewer.opened(0) == "rack%201%2Ffan/x~y"
    own = session.device("rack%201%2Ffan/x~y", NOW + 2.5)
    assert own is not None
    viewer.receive([own])
    assert "rack 1/fan" in shown(viewer)[0]
    assert any("MUTUAL INFORMATION" in line for line in shown(viewer))
    viewer.press("escape")
    assert viewer.opened(0) is None
    assert "rack 1/fan" in shown(viewer)[4]
    viewer.press("escape")
    viewer.press("s")  # by change, the silent first
    viewer.tick(NOW + 60)
    late = session_of(Kept())
    late.apply(arrived(NOW + 60, 1))
    link = LinkHealth(endpoint=SOURCE.endpoint, state="connected")
    viewer.receive([msgspec.structs.replace(late.snapshot(NOW + 60), links=(link,))])
    assert f"{len(KEYS)} silent: mill, node00, node01 and 60 more" in shown(viewer)[1]
    assert "silent for 58 s" in shown(viewer)[4]
    link = LinkHealth(endpoint=SOURCE.endpoint, state="lost", since=NOW + 60)
    viewer.receive([msgspec.structs.replace(late.snapshot(NOW + 61), links=(link,))])
    assert "silent" not in "".join(shown(viewer))  # it is said of all at once
    assert "nothing comes of any of them" in shown(viewer)[1]


def test_a_frozen_table_stays_and_a_device_that_is_silent_is_shown_as_of_then(
    said: tuple[KeyedSession, list[list[bytes]]],
) -> None:
    session, sent = said
    viewer = viewer_of(session, sent)
    for key in ("/", *"mill", "enter", "space"):
        viewer.press(key)
    before = shown(viewer)[4]
    kept = Kept()
    later = session_of(kept)
    later.apply(arrived(NOW + 3, 200, 5, ["mill"]))
    later.apply(Due(NOW + 4, 10))
    viewer.receive([read_device(frames) for frames in kept.sent])
    assert shown(viewer)[4] == before
    viewer.press("space")
    assert shown(viewer)[4] != before
    link = LinkHealth(endpoint=SOURCE.endpoint, state="connected")
    viewer.receive([msgspec.structs.replace(session.snapshot(NOW + 90), links=(link,))])
    viewer.press("enter")
    own = session.device("mill/x~y", NOW + 90)
    assert own is not None
    viewer.receive([msgspec.structs.replace(own, links=(link,))])
    assert viewer.scene().stale
    assert "stalled" in shown(viewer)[0]
    viewer.receive([msgspec.structs.replace(session.snapshot(NOW + 95), links=(link,), devices=0)])  # it was dropped
    assert "ended" in shown(viewer)[0]
    assert shown(viewer)[0].startswith(" mill")


def test_a_device_heard_once_is_silent_by_what_is_usual_of_the_others() -> None:
    """A view that has just come has one reading of each: nothing says yet how far apart they are."""

    def reading(name: str, at: float) -> DeviceReading:
        return DeviceReading(name, Brief(v=1, run=1, timestamp=at, unit="bit", mi_corrected=0.5), [])

    devices = Devices()
    for name in ("a/p", "b/p"):
        devices.take(reading(name, NOW))
    assert devices.silent(NOW + 60).devices == 0
    for k in range(1, 4):
        devices.take(reading("a/p", NOW + 10.0 * k))
    assert devices.silent(NOW + 30) == (0, ())
    assert devices.silent(NOW + 30.5) == (1, ("b",))
    change = devices.change(np.array([0, 1]))
    assert np.isnan(change).all()
    for k in range(4, 9):
        mi = 0.5 if k < 8 else 0.25
        devices.take(DeviceReading("a/p", Brief(v=1, run=1, timestamp=NOW + 10 * k, unit="bit", mi_corrected=mi), []))
    assert devices.change(np.array([0])) == pytest.approx(-0.25)


@pytest.mark.parametrize(
    "frames",
    [
        [b"mi/a"],
        [b"x/a", b"{}"],
        [b"mi/a", b"[]"],
        [b"mi/a", b"{"],
        [b"mi/\xff", b'{"v":1}'],
        [reading_topic("a"), b"{}"],
    ],
)
def test_what_is_no_reading_is_refused(frames: list[bytes]) -> None:
    with pytest.raises(FeedError):
        read_device(frames)
