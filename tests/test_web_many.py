"""Many channels up to the edge of the browser: what is sent is what the screen shows, to each what it asks for."""

import asyncio
import base64

import msgspec
import numpy as np
import pytest
from dashboard_samples import NOW, parabola
from feeds import PATIENCE
from hypothesis import given, settings, strategies as st
from test_dashboard_many import names_of, sample, with_change
from test_web import Page, news, page, running

from streammi.dashboard.many.pairs import in_order
from streammi.publish.matrices import matrix_message
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import MatrixSnapshot
from streammi.web.hub import Browser, Hub
from streammi.web.many_page import PAGE, Wish

KEY = (0, "plant")


def hub_of(*snapshots: MatrixSnapshot) -> Hub:
    hub = Hub(["tcp://127.0.0.1:5557"], clock=lambda: NOW)
    hub.take(0, list(snapshots), "connected", "")
    return hub


def asked(hub: Hub, **wish: object) -> Page:
    browser = Browser()
    hub.add(browser)
    hub.choose(browser, KEY, Wish(**wish))  # type: ignore[arg-type]
    return page(hub.message(browser))


def test_the_table_is_that_of_the_screen() -> None:
    shown = with_change(sample(), (3, -1.2), (40, 0.6))
    hub = hub_of(sample(), shown)
    for sort in ("MI", "change", "name", "MI high, r low"):
        found = asked(hub, sort=sort, words="mill")
        expected = in_order(shown, sort, "mill")  # type: ignore[arg-type]
        assert [row["pair"] for row in found["pairs"]["rows"]] == expected[:PAGE].tolist()
        assert found["pairs"]["count"] == expected.size
    first, second = np.triu_indices(12, 1)
    for row in asked(hub)["pairs"]["rows"]:
        k = row["pair"]
        assert (row["x"], row["y"]) == (shown.names[first[k]], shown.names[second[k]])
        assert float(row["mi"].replace("−", "-")) == pytest.approx(max(shown.mi[k], 0), abs=6e-4)
        assert float(row["r"].replace("−", "-")) == pytest.approx(shown.r[k], abs=6e-3)
        assert row["changed"] == (k in (3, 40))
        assert len(row["past"]) == 2
    words = {row["pair"]: row["word"][0] for row in asked(hub, sort="change")["pairs"]["rows"]}
    assert words[3] in ("lost", "weaker")
    assert words[40] == "stronger"


def test_a_page_further_on_has_the_next_rows() -> None:
    hub = hub_of(sample())  # of 66 pairs
    pages = [asked(hub, first=first)["pairs"] for first in (0, PAGE, 10**9, -5)]
    assert [one["first"] for one in pages] == [0, PAGE, PAGE, 0]
    assert sorted(row["pair"] for one in pages[:2] for row in one["rows"]) == list(range(66))


def test_levels_are_of_each_pair_and_changed_ones_above_all() -> None:
    shown = with_change(sample(), (3, -1.2))
    hub = hub_of(shown)
    found = asked(hub, matrix=True, shade="MI")
    assert "pairs" not in found
    levels = np.frombuffer(base64.b64decode(found["levels"]["levels"]), np.uint8)
    assert levels.size == 66
    assert np.flatnonzero(levels == found["levels"]["changed"]).tolist() == [3]
    chance = shown.q > shown.fdr
    assert (levels[chance & (np.arange(66) != 3)] == 1).all()
    others = np.flatnonzero(~chance & (np.arange(66) != 3))
    by_mi = others[np.argsort(shown.mi[others], kind="stable")]
    assert (np.diff(levels[by_mi].astype(int)) >= 0).all()
    assert sorted(found["leaves"]["order"]) == list(range(12))
    assert found["leaves"]["names"] == list(shown.names)
    assert [asked(hub, matrix=True, shade=shade)["levels"]["ends"][0][0] for shade in ("r", "change")] == ["−", "−"]


def test_what_is_the_same_is_sent_once_and_made_once() -> None:
    hub = hub_of(sample())
    browsers = [Browser() for _ in range(3)]
    for browser in browsers:
        hub.add(browser)
        hub.choose(browser, KEY, Wish(matrix=True))
    messages = [hub.message(browser) for browser in browsers]
    assert messages[0] == messages[1] == messages[2]
    assert [hub.message(browser) for browser in browsers] == [b"", b"", b""]
    hub.take(0, [msgspec.structs.replace(sample(), seq=10, timestamp=NOW + 10, t1=NOW + 10)], "connected", "")
    found = page(hub.message(browsers[0]))
    assert {*found} == {"many"}  # the time; neither the matrix nor the order of the channels is otherwise


def test_a_pair_is_opened_and_let_go() -> None:
    wanted: list[set[tuple[int, str]]] = []
    hub = Hub(["tcp://a:1"], clock=lambda: NOW, ask=lambda pairs: wanted.append(set(pairs)))
    hub.take(0, [sample()], "connected", "")
    one, other = Browser(), Browser()
    hub.add(one)
    hub.add(other)
    label = page(hub.message(other))["pairs"]["rows"][0]["label"]
    hub.choose(one, KEY, Wish(open=label))
    assert wanted == [{(0, label)}]
    assert "mi" not in page(hub.message(one)).get("head", {})
    hub.take(0, [msgspec.structs.replace(parabola(), pair=label, history=())], "connected", "")
    assert page(hub.message(one))["head"]["pair"] == label
    hub.take(0, [msgspec.structs.replace(parabola(), pair="boiler.s0~no.such")], "connected", "")
    assert "head" not in page(hub.message(other) or b"{}")  # to which nothing was opened
    hub.take(0, [msgspec.structs.replace(sample(8, names=names_of(20)[12:]), run=2, seq=1)], "connected", "")
    assert page(hub.message(one))["many"]["channels"] == 8  # the pair is no more: all of them are shown
    assert wanted[-1] == set()
    hub.choose(one, KEY, Wish(open="a~b~c", pair=10**9))
    assert page(hub.message(one) or b'{"chosen":null}')["chosen"] is None


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=80), st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62), st.text(max_size=40))
def test_whatever_is_asked_is_answered(words: str, first: int, pair: int, opened: str) -> None:
    found = asked(hub_of(sample()), words=words, first=first, pair=pair, open=opened)
    assert "many" in found or "head" in found


def test_names_are_no_more_than_names() -> None:
    evil = "<img src=x onerror=alert(1)>", "\u202egnihtyreve", "n" * 200, "a~b", "a-b"
    found = asked(hub_of(sample(5, names=evil)))
    assert "\u202e" not in str(found)
    labels = [row["label"] for row in found["pairs"]["rows"]]
    assert len(set(labels)) == 10
    assert all(label.count("~") == 1 for label in labels)


def test_of_many_channels_nothing_is_shown_before_they_are_known() -> None:
    nothing = np.zeros(0, np.float32)
    found = asked(hub_of(msgspec.structs.replace(
        sample(), names=(), mi=nothing, r=nothing, p=None, q=None, change=None, changed=None, indirect=None, fill=0.0
    )), matrix=True)  # fmt: skip
    assert found["many"]["channels"] == 0
    assert "levels" not in found


def test_a_monitor_is_asked_for_what_is_looked_at_over_its_socket() -> None:
    async def scene() -> None:
        async with running() as site, site.look() as browser:
            async with asyncio.timeout(PATIENCE):
                while not site.publisher.wants(b"matrix/plant"):
                    site.publisher.handle_subscriptions()
                    await asyncio.sleep(0.01)
            site.publisher.send(matrix_message(sample()))
            found = await news(browser, lambda found: "pairs" in found)
            label = found["pairs"]["rows"][0]["label"]
            wish = {"show": found["many"]["key"], "view": {"open": label, "more": "of a newer page"}}
            await browser.send(msgspec.json.encode(wish).decode())
            async with asyncio.timeout(PATIENCE):
                while f"snapshot/{label}".encode() not in site.publisher.topics(b"snapshot/"):
                    site.publisher.handle_subscriptions()
                    await asyncio.sleep(0.01)
            site.publisher.send(snapshot_message(msgspec.structs.replace(parabola(), pair=label)))
            await news(browser, lambda found: found.get("head", {}).get("pair") == label)
            await browser.send(msgspec.json.encode({"show": found["many"]["key"], "view": {}}).decode())
            async with asyncio.timeout(PATIENCE):
                while f"snapshot/{label}".encode() in site.publisher.topics(b"snapshot/"):
                    site.publisher.handle_subscriptions()
                    await asyncio.sleep(0.01)

    asyncio.run(scene())
