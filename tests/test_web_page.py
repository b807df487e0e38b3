"""The page in a real browser: it draws, goes on through a monitor's restart, says what is no more of now, and can be
used by keys and by those who do not see it."""

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import zmq
from dashboard_samples import NOW, hostile_names, linear, parabola
from feeds import PATIENCE, free_port
from programs import started

from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import LinkHealth, Snapshot

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
FONT_RATIO = 0.02  # of the pixels of a canvas that are not of its ground: something is drawn


class Monitor:
    """What a monitor publishes, ten times a second, over a real socket: a snapshot that moves on."""

    def __init__(self, port: int) -> None:
        self.endpoint, self.snapshot = f"tcp://127.0.0.1:{port}", parabola()
        self._over = threading.Event()
        self.start()

    def start(self, run: int = 1) -> None:
        self._over.clear()
        self._thread = threading.Thread(target=self._publish, args=(run,))
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _publish(self, run: int) -> None:
        with zmq.Context() as context:
            publisher = Publisher(self.endpoint, context)
            seq = 0
            while not self._over.wait(0.1):
                seq += 1
                publisher.handle_subscriptions()
                if publisher.wants(b"snapshot/boiler"):
                    publisher.send(snapshot_message(moved(self.snapshot, run, seq)))
            publisher.close()


def moved(snapshot: Snapshot, run: int, seq: int) -> Snapshot:
    """The same, so much later."""
    assert snapshot.reading is not None
    shift = seq * 0.1
    history = tuple(msgspec.structs.replace(level, t=level.t + shift) for level in snapshot.history)
    reading = msgspec.structs.replace(snapshot.reading, t1=NOW + shift)
    return msgspec.structs.replace(snapshot, run=run, seq=seq, timestamp=NOW + shift, history=history, reading=reading)


@pytest.fixture(scope="module")
def monitor() -> Iterator[Monitor]:
    one = Monitor(free_port())
    yield one
    one.stop()


class Server:
    """``streammi serve`` as a process, that can be stopped and started again."""

    def __init__(self, monitor: Monitor, port: int) -> None:
        self._words = ["serve", monitor.endpoint, "--http", f"127.0.0.1:{port}"]
        self.start()

    def start(self) -> None:
        self._process = started(*self._words, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        assert "the page is at http://127.0.0.1:" in self._process.stderr.readline()

    def stop(self) -> int:
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)
        return self._process.returncode


@contextmanager
def page_of(monitor: Any) -> Iterator[Any]:
    """The page of what has an endpoint; whatever it writes to its console, and each request elsewhere, is a fault."""
    port = free_port()
    with sync_api.sync_playwright() as tool:
        server = Server(monitor, port)
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        one = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="dark")
        one.faults, one.server = [], server
        one.on("console", lambda message: one.faults.append(message.text))
        one.on("pageerror", lambda error: one.faults.append(str(error)))
        one.on("request", lambda r: None if f"127.0.0.1:{port}/" in r.url else one.faults.append(r.url))
        one.goto(f"http://127.0.0.1:{port}/")
        yield one
        browser.close()
        assert server.stop() == 143
        assert one.faults == []


@pytest.fixture(scope="module")
def page(monitor: Monitor) -> Iterator[Any]:
    """One page for all tests."""
    with page_of(monitor) as one:
        yield one
        one.faults = [fault for fault in one.faults if "ERR_CONNECTION" not in fault]  # while its server was not there


def text(page: Any, place: str) -> str:
    return str(page.locator(place).inner_text())


def until(page: Any, expression: str) -> None:
    """Wait until it is so; Playwright's own way to wait evaluates text in the page, which the page forbids."""
    limit = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < limit, (expression, page.inner_text("body"))
        page.wait_for_timeout(30)


def until_not(page: Any, place: str, words: str) -> None:
    """Wait until something else stands there."""
    limit = time.monotonic() + PATIENCE
    while text(page, place) == words:
        assert time.monotonic() < limit, words
        page.wait_for_timeout(30)


def drawn(page: Any, place: str) -> float:
    """The share of a canvas' pixels that something was drawn on."""
    script = """(canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let k = 3; k < data.length; k += 4) found += data[k] > 0;
      return found / (data.length / 4);
    }"""
    return float(page.locator(place).first.evaluate(script))


def test_it_draws_what_the_monitor_says(page: Any) -> None:
    until(page, "document.querySelector('#mi').textContent !== '—'")
    reading = parabola().reading
    assert reading is not None
    assert text(page, "#mi") == f"{reading.mi_corrected:.3f}"
    assert text(page, "#unit") == "bit"
    assert text(page, "#verdict") == "dependent but not linearly"
    assert text(page, "#signals") == "flow × valve"
    assert text(page, "#states") == "connected"
    assert "p 0.01" in text(page, "#evidence")
    assert page.locator("#event-list li").count() == 4
    assert "gained +1.18 bit" in text(page, "#event-list")
    assert "3 malformed: not JSON" in text(page, "#feed-facts")
    assert "largest" in text(page, "#delays-words") or "y follows x by 5" in text(page, "#delays-words")
    for place in ("#past-chart canvas", "#delays-chart canvas", "#heat", "#ramp-colours"):
        assert drawn(page, place) > FONT_RATIO, place


def test_it_goes_on(page: Any) -> None:
    """The chart moves to the right by as much as the readings do, and no frame makes the page jump."""
    where = "() => [document.body.scrollHeight, ...[...document.querySelectorAll('section')].map((s) => s.offsetTop)]"
    before, words = page.evaluate(where), text(page, "#past-words")
    at = text(page, "#facts")
    until_not(page, "#facts", at)
    assert page.evaluate(where) == before
    assert "most" in words


def test_keys_choose_how_it_is_shown(page: Any) -> None:
    for title in (
        "p(y|x)",
        "Pointwise MI",
        *(["The newest pairs as points"] if parabola().trace else []),
        "Joint counts",
    ):
        page.keyboard.press("m")
        assert text(page, "#joint-title") == title
    span = text(page, "#span")
    page.keyboard.press("+")
    shorter = text(page, "#span")
    assert shorter != span
    page.keyboard.press("-")
    assert text(page, "#span") == span
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#live").is_enabled()
    page.keyboard.press("End")
    assert page.locator("#live").is_disabled()
    page.keyboard.press(" ")
    assert page.locator("#frozen").is_visible()
    clock = text(page, "#facts")
    time.sleep(1.2)
    assert text(page, "#facts") == clock
    page.keyboard.press(" ")
    assert page.locator("#frozen").is_hidden()
    until_not(page, "#facts", clock)


def test_who_does_not_see_it_can_use_it(page: Any) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe_api.Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_it_fits_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    until(page, "document.querySelector('#past-chart canvas').clientWidth < 340")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 800})
    until(page, "document.querySelector('#past-chart canvas').clientWidth > 400")


def test_names_do_nothing_but_name(page: Any, monitor: Monitor) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    axis = msgspec.structs.replace(linear().x, name=evil)
    monitor.snapshot = msgspec.structs.replace(linear(), x=axis, verdict=evil, events=hostile_names().events)
    until(page, "document.querySelector('#verdict').textContent.startsWith('<img')")
    assert text(page, "#signals") == f"{evil} × valve"
    assert page.locator("main img, main script").count() == 0
    assert "\u202e" not in text(page, "#event-list")
    monitor.snapshot = parabola()


def test_a_dead_feed_is_said_and_dim(page: Any, monitor: Monitor) -> None:
    until(page, "document.querySelector('#states').innerText === 'connected'")
    colour = "getComputedStyle(document.querySelector('#mi')).color"
    live = page.evaluate(colour)
    dead = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="lost", since=NOW - 60)
    monitor.snapshot = msgspec.structs.replace(parabola(), links=(dead,))
    until(page, "/^lost for \\d+ min/.test(document.querySelector('#states').innerText)")  # 1 on an idle machine
    assert re.search(r"not live for \d+ min", text(page, "#details"))
    assert page.evaluate(colour) != live
    monitor.snapshot = parabola()
    until(page, "document.querySelector('#states').innerText === 'connected'")
    assert page.evaluate(colour) == live


def test_it_goes_on_with_a_monitor_that_was_started_again(page: Any, monitor: Monitor) -> None:
    monitor.stop()
    until(page, "document.querySelector('#states').innerText.startsWith('monitor lost for')")
    assert page.locator("body.then").count() == 1
    monitor.snapshot = msgspec.structs.replace(parabola(), verdict="begun anew")
    monitor.start(run=2)
    until(page, "document.querySelector('#verdict').innerText === 'begun anew'")
    assert page.locator("body.then").count() == 0


def test_it_goes_on_with_a_server_that_was_started_again(page: Any) -> None:
    assert page.server.stop() == 143
    until(page, "!document.querySelector('#gone').hidden")
    assert text(page, "#gone").startswith("No connection to streammi serve for")
    page.server.start()
    until(page, "document.querySelector('#gone').hidden")
    assert page.locator("body.gone").count() == 0
    until_not(page, "#facts", text(page, "#facts"))
