"""The page of many channels in a real browser: table, matrix, the way into a pair and back, by mouse and by keys."""

import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq
from dashboard_samples import NOW, parabola
from feeds import PATIENCE
from test_dashboard_many import names_of, sample, with_change
from test_web_page import CHROMIUM, FONT_RATIO, axe_api, drawn, page_of, text, until

from streammi.dashboard.many.pairs import in_order
from streammi.publish.matrices import matrix_message
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import LinkHealth, MatrixSnapshot

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


class Plant:
    """What a monitor of many channels publishes, five times a second: its matrices, and the pairs asked for by name."""

    def __init__(self) -> None:
        self.shown, self.run = sample(), 1
        self._bound, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._publish)
        self._thread.start()
        self._bound.wait(PATIENCE)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _publish(self) -> None:
        with zmq.Context() as context:
            publisher = Publisher("tcp://127.0.0.1:*", context)
            self.endpoint, seq = publisher.endpoint, 20
            self._bound.set()
            while not self._over.wait(0.2):
                seq += 1
                publisher.handle_subscriptions()
                publisher.send(matrix_message(moved(self.shown, self.run, seq)))
                for topic in publisher.topics(b"snapshot/") - {b"snapshot/"}:
                    pair = topic.decode().partition("/")[2]
                    publisher.send(snapshot_message(msgspec.structs.replace(parabola(), pair=pair, history=())))
            publisher.close()


def moved(snapshot: MatrixSnapshot, run: int, seq: int) -> MatrixSnapshot:
    at = NOW + seq / 5
    return msgspec.structs.replace(snapshot, run=run, seq=seq, timestamp=at, t1=at)


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    one = Plant()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def page(plant: Plant) -> Iterator[Any]:
    with page_of(plant) as one:
        until(one, "document.querySelectorAll('#pair-rows tr').length > 0")
        yield one


def names(snapshot: MatrixSnapshot, pair: int) -> str:
    return " ~ ".join(snapshot.names[side[pair]] for side in np.triu_indices(len(snapshot.names), 1))


def rows(page: Any) -> list[str]:
    return [str(one) for one in page.locator("#pair-rows tr:not([hidden]) td.names").all_inner_texts()]


def test_the_table_is_sorted_filtered_and_paged(page: Any, plant: Plant) -> None:
    order = in_order(plant.shown, "MI")
    assert rows(page) == [names(plant.shown, k) for k in order[:50].tolist()]
    assert text(page, "#pairs-shown") == "1 to 50 of 66"
    until(page, f"document.querySelector('#chosen-names').innerText === '{names(plant.shown, order[0])}'")
    page.keyboard.press("PageDown")
    until(page, "document.querySelector('#pairs-shown').innerText === '51 to 66 of 66'")
    until(page, f"document.querySelector('#chosen-names').innerText === '{names(plant.shown, order[50])}'")
    page.keyboard.press("ArrowUp")  # to the page before
    until(page, f"document.querySelector('#chosen-names').innerText === '{names(plant.shown, order[49])}'")
    page.keyboard.press("/")
    page.keyboard.type("mill s4")
    until(page, "document.querySelector('#pairs-count').innerText.startsWith('11 of 66')")
    assert all("mill.s4" in row for row in rows(page))
    page.keyboard.press("Escape")
    until(page, "document.querySelector('#pairs-count').innerText === ''")
    page.click("[data-sort=name]")
    until(page, "document.querySelector('th.names').ariaSort === 'ascending'")
    until(
        page,
        f"document.querySelector('td.names').innerText === '{names(plant.shown, in_order(plant.shown, 'name')[0])}'",
    )
    page.click("[data-sort=MI]")
    assert page.locator("td.past path").first.get_attribute("d").count("L") >= 1


def test_what_changes_is_said_and_marked(page: Any, plant: Plant) -> None:
    before = plant.shown
    strongest = in_order(before, "MI")[0]
    plant.shown = with_change(before, (strongest, -0.5))
    until(page, "document.querySelector('#news').innerText.includes('changed:')")
    assert names(before, strongest) in text(page, "#news")
    until(page, "document.querySelectorAll('tr.changed:not([hidden])').length === 1")
    assert "1 changed" in page.title()
    assert page.locator("#many-event-list li").count() == 1
    plant.shown = before
    until(page, "!document.querySelector('#news').innerText.includes('changed:')")


def test_the_matrix_has_a_cursor_for_keys_and_mouse(page: Any, plant: Plant) -> None:
    page.keyboard.press("Home")
    strongest = in_order(plant.shown, "MI")[0]
    until(page, f"document.querySelector('#chosen-names').innerText === '{names(plant.shown, strongest)}'")
    page.keyboard.press("m")
    until(page, "document.querySelector('#matrix').width > 300")
    assert drawn(page, "#matrix") > FONT_RATIO
    assert {*text(page, "#matrix-at").split(" ~ ")} == {*names(plant.shown, strongest).split(" ~ ")}  # where it was
    page.keyboard.press("ArrowRight")
    until(
        page, "document.querySelector('#matrix-at').innerText.includes(document.querySelector('#chosen-x').innerText)"
    )
    box = page.locator("#matrix").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 5)  # the first row, the last column
    seen = text(page, "#matrix-at")
    until(page, "document.querySelector('#chosen-words').innerText.includes('MI')")
    page.keyboard.press("v")
    until(page, "document.querySelector('#pairs-title').innerText === 'Matrix of r'")
    until(page, "document.querySelector('#matrix-least').innerText === '−1'")
    page.mouse.click(box["x"] + box["width"] - 5, box["y"] + 5)
    until(page, "!document.querySelector('#one').hidden")
    assert {*text(page, "#pair").split("~")} == {*seen.split(" ~ ")}
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#many').hidden")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#table-part').hidden")


def test_into_a_pair_and_back(page: Any, plant: Plant) -> None:
    page.keyboard.press("End")
    page.keyboard.press("Home")
    first = in_order(plant.shown, "MI")[0]
    until(page, f"document.querySelector('#chosen-names').innerText === '{names(plant.shown, first)}'")
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#one').hidden")
    until(page, "document.querySelector('#verdict').innerText === 'dependent but not linearly'")
    assert page.locator("#to-all").is_visible()
    until(page, "document.querySelector('#past-words').textContent.includes('most')")  # from what this server has seen
    page.click("#to-all")
    until(page, "!document.querySelector('#many').hidden")
    page.locator("td.names button").nth(1).click()
    until(page, "!document.querySelector('#one').hidden")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#many').hidden")


def test_who_does_not_see_it_can_use_it(page: Any) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for key in ("m", "m"):
            page.keyboard.press(key)
            found = axe_api.Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_it_fits_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for key in ("m", "m"):
        page.keyboard.press(key)
        until(page, "document.documentElement.scrollWidth <= 360")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_dead_feed_is_said_and_dim(page: Any, plant: Plant) -> None:
    before = plant.shown
    dead = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="lost", since=NOW - 60)
    plant.shown = msgspec.structs.replace(before, links=(dead,))
    until(page, "/^lost for \\d+ min/.test(document.querySelector('#states').innerText)")  # 1 on an idle machine
    assert page.locator("body.then").count() == 1
    plant.shown = before
    until(page, "document.querySelector('#states').innerText === 'connected'")


def test_it_goes_on_with_other_channels(page: Any, plant: Plant) -> None:
    """A monitor that was started again with others, of which one has a name that would do something."""
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#one').hidden")
    evil = ("<img src=x onerror=alert(1)>", *names_of(20)[15:])
    plant.shown, plant.run = sample(6, names=evil), 2
    until(page, "document.querySelector('#signals').innerText.startsWith('6 channels')")
    until(page, "document.querySelector('#pairs-shown').innerText === '1 to 15 of 15'")
    assert page.locator("main img").count() == 0
    assert any(row.startswith("<img src=x") for row in rows(page))
