"""The page of many devices in a real browser: the table, the way into one and back, and a feed that dies."""

import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import zmq
from dashboard_samples import NOW
from feeds import PATIENCE
from test_devices import KEYS, arrived, session_of
from test_web_page import CHROMIUM, axe_api, drawn, page_of, text, until

from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Due
from streammi.records import LinkHealth

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


class Fleet:
    """A monitor of devices over a real socket, that says a reading of each five times a second."""

    def __init__(self) -> None:
        self.state = "connected"
        self._bound, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._publish)
        self._thread.start()
        self._bound.wait(PATIENCE)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _publish(self) -> None:
        with zmq.Context() as context:
            publisher = Publisher("tcp://127.0.0.1:*", context, topics=len(KEYS))
            session = session_of(publisher)  # type: ignore[arg-type]
            session.apply(arrived(NOW, 100))
            self.endpoint, at = publisher.endpoint, NOW
            self._bound.set()
            while not self._over.wait(0.2):
                at += 1.0
                publisher.handle_subscriptions()
                if self.state == "connected":
                    session.apply(arrived(at, 1, round(at)))
                    session.apply(Due(at, 10_000))
                link = LinkHealth(endpoint="tcp://127.0.0.1:5556", state=self.state, since=NOW)  # type: ignore[arg-type]
                shown = [session.snapshot(at), *(session.device(one, at) for one in self._asked(publisher))]
                for snapshot in filter(None, shown):
                    publisher.send(snapshot_message(msgspec.structs.replace(snapshot, links=(link,))))
            publisher.close()

    def _asked(self, publisher: Publisher) -> list[str]:
        return [topic.decode().partition("/")[2] for topic in sorted(publisher.topics(b"snapshot/"))]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    one = Fleet()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def page(fleet: Fleet) -> Iterator[Any]:
    with page_of(fleet) as one:
        until(one, "document.querySelectorAll('#pair-rows tr:not([hidden])').length === 50")
        yield one


def first_name(page: Any) -> str:
    return str(page.locator("td.names").first.inner_text())


def test_devices_are_found_opened_and_left(page: Any) -> None:
    until(page, f"document.querySelector('#signals').innerText === 'x × y · {len(KEYS)} devices by id'")
    assert text(page, "#pairs-title") == "Devices by MI"
    assert first_name(page)[:17] in {key[:17] for key in KEYS[-5:]}  # of which x and y are most alike
    assert not page.locator("#as-matrix").is_visible()
    page.keyboard.press("s")
    until(page, "document.querySelector('#pairs-title').innerText === 'Devices by change of MI'")
    assert page.locator("th.change").is_visible()
    page.keyboard.press("s")
    until(page, "document.querySelector('td.names').innerText === 'mill'")
    page.keyboard.press("/")
    page.keyboard.type("rack FAN")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#pairs-count').innerText.startsWith('1 of 63 devices')")
    until(page, "document.querySelector('#chosen-x').innerText === 'rack 1/fan'")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#pair').innerText === 'rack 1/fan'")
    until(page, "document.querySelector('#verdict').innerText.includes('untested')")
    until(page, "document.querySelector('#past-words').textContent.includes('most')")
    assert not page.locator("#events").is_visible()
    until(page, "document.querySelector('#heat').width > 0")
    assert drawn(page, "#heat") > 0
    assert text(page, "#to-all") == "← all devices esc"
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#many').hidden")
    page.keyboard.press("Escape")  # the filter
    until(page, "document.querySelector('#pairs-count').innerText === ''")


def test_everybody_can_use_it_on_a_phone_too(page: Any) -> None:
    page.emulate_media(color_scheme="light")  # the dark one is held to it with the pairs of many channels
    found = axe_api.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    page.set_viewport_size({"width": 360, "height": 740})
    until(page, "document.documentElement.scrollWidth <= 360")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_dead_feed_is_said_once_and_dim(page: Any, fleet: Fleet) -> None:
    fleet.state = "lost"
    until(page, "document.querySelector('#states').innerText.startsWith('lost for')")
    assert page.locator("body.then").count() == 1
    assert "silent" not in text(page, "#pair-rows")
