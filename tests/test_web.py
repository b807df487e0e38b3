"""The page in a browser up to its edge: what is sent is what the terminal shows, to whom, and how much of it."""

import asyncio
import contextlib
import hashlib
import http.client
import json
import math
import os
import re
import socket
import stat
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq
from command_line import streammi
from dashboard_samples import NOW, SAMPLES, linear, lost, two_pairs, viewer
from feeds import PATIENCE
from hypothesis import given, settings, strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streammi.cli.options import ServeOptions
from streammi.cli.run_serve import listening, run_serve
from streammi.config import MonitorConfig, Span, bins
from streammi.dashboard.drawing import history_columns
from streammi.dashboard.drawing.cells import cell_text
from streammi.errors import ConfigError
from streammi.monitor import Monitor
from streammi.monitor.history_levels import History
from streammi.network.security import PLAIN_TEXT
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import PairBatch, SignalTrace, Snapshot
from streammi.system.signals import Stop
from streammi.web import page_model, past_updates, server as serving
from streammi.web.access import Access, read_token
from streammi.web.hub import Browser, Hub
from streammi.web.server import Server

Page = dict[str, Any]


def page(message: bytes | str) -> Page:
    """A message as a browser's JSON.parse takes it: no NaN, no infinity."""

    def never(constant: str) -> None:
        raise AssertionError(constant)

    found: Page = json.loads(message, parse_constant=never)
    return found


def hub_of(*snapshots: Snapshot, at: float = NOW) -> Hub:
    hub = Hub(["tcp://127.0.0.1:5557"], clock=lambda: at)
    hub.take(0, list(snapshots), "connected", "")
    return hub


def seen(hub: Hub, browser: Browser | None = None) -> Page:
    browser = browser or Browser()
    hub.add(browser)
    return page(hub.message(browser) or b"{}")


# What is shown


@pytest.mark.parametrize("name", SAMPLES)
def test_what_the_terminal_says_the_page_says(name: str) -> None:
    snapshot = SAMPLES[name]()
    head = seen(hub_of(snapshot))["head"]
    terminal = viewer(snapshot)
    terminal.tick(NOW)
    canvas = terminal.canvas(200, 60)
    canvas.settle()
    screen = " ".join(" ".join(map(cell_text, canvas.glyphs)).split())
    assert head["stale"] == terminal.scene().stale
    if snapshot.reading is None:
        assert "mi" not in head
        assert head["waiting"] in screen
        return
    said = ["".join(text for text, _ in spans) for spans in head["details"] if "% full" not in spans[0][0]]
    said += [head["verdict"], head["x"], *(head["entropy"] or {"parts": []})["parts"]]
    said += [each["name"] for each in head["coefficients"]]
    said += [text for text, _ in head["details"][0]]
    for words in said:
        first = " ".join(words.split())[:24].strip()  # the screen may have no room for more
        assert first in screen, words
    assert all(text.isprintable() for text in (head["verdict"], head["x"], head["window"], head["pair"]))


def test_cells_are_the_counts() -> None:
    snapshot = linear(bins=200, n=5000)
    assert snapshot.counts is not None
    found = seen(hub_of(snapshot))["cells"]
    shown = np.array(found["n"])
    assert shown.sum() == snapshot.counts.sum()
    assert max(shown.shape) <= page_model.MOST_CELLS
    edges = np.array(found["x"]["edges"])
    assert len(edges) == shown.shape[0] + 1
    assert set(edges) <= set(snapshot.x.edges.tolist())  # type: ignore[union-attr]
    step = math.ceil(200 / shown.shape[0])
    assert shown[0, 0] == snapshot.counts[:step, :step].sum()


def test_signals_are_the_window_and_come_twice_a_second() -> None:
    at = [NOW]
    hub, browser = Hub(["tcp://127.0.0.1:5557"], clock=lambda: at[0]), Browser()
    hub.take(0, [traced(0)], "connected", "")
    found = seen(hub, browser)["signals"]
    trace = traced(0).trace
    assert trace is not None
    for signal, low, high in (("x", trace.x_low, trace.x_high), ("y", trace.y_low, trace.y_high)):
        fine = float(np.nanmax(high) - np.nanmin(low)) / 1000  # more dots than a screen has
        assert np.allclose(np.array(found[signal]["low"], float), low, rtol=0, atol=fine, equal_nan=True)
        assert np.allclose(np.array(found[signal]["high"], float), high, rtol=0, atol=fine, equal_nan=True)
    assert (found["span"], found["unit"]) == (10.0, "s")
    for k in (1, 2):
        at[0] += 0.1
        hub.take(0, [traced(k)], "connected", "")
        assert "signals" not in page(hub.message(browser))
    at[0] += 0.5
    hub.tick()  # what was left out comes even if nothing else does
    assert page(hub.message(browser))["signals"]["x"]["points"][-1] == 2.0
    hub.tick()
    assert hub.message(browser) == b""


def traced(k: int) -> Snapshot:
    """Signals with a column in which there is nothing."""
    x = np.array([1.0, np.nan, 3.14159e-7 + k])
    trace = SignalTrace(
        start=0.0, stop=10.0, unit="s", x_low=x, x_high=x + 1, y_low=x * 1e9, y_high=x * 1e9,
        x_newest=np.array([1.0, k]), y_newest=np.array([0.0, 1.0]),
    )  # fmt: skip
    return msgspec.structs.replace(linear(), seq=k, trace=trace)


def test_labels_have_their_own_cells() -> None:
    """As a monitor sends them: the room that a window has for more labels is no part of the picture."""
    x = np.array(["idle", "run", "stop"] * 100, dtype=object)
    monitor = Monitor(MonitorConfig(window=Span(pairs=300), bins=bins("categories")))
    monitor.feed(PairBatch(x=x, y=np.where(x == "idle", "a", "b").astype(object), received=NOW))
    found = seen(hub_of(monitor.snapshot(run=1, seq=1, timestamp=NOW, links=())))["cells"]
    assert found["x"]["labels"] == ["idle", "run", "stop", "other"]
    assert found["y"]["labels"] == ["a", "b", "other"]
    assert found["n"] == [[100, 0, 0], [0, 100, 0], [0, 100, 0], [0, 0, 0]]


def test_roles_tell_trouble_from_the_rest() -> None:
    head = seen(hub_of(lost()))["head"]
    assert head["stale"]
    assert head["states"] == [[["lost for 40 s", "bad"]]]
    assert not head["rate"]
    assert {role for spans in head["details"][1:] for _, role in spans} <= {"dim", "faint"}


# The past: what is sent piece by piece is what there is


class Past:
    """What page.js makes of the pieces."""

    def __init__(self) -> None:
        self.t: list[float] = []
        self.mi: list[float] = []
        self.pieces = self.points = 0

    def take(self, rows: Page) -> None:
        if rows["whole"]:
            self.t, self.mi = [], []
        self.t += [rows["base"] + after / 1000 for after in rows["t"]]
        self.mi += rows["mi"]
        self.pieces += 1
        self.points += len(rows["t"])


@given(st.lists(st.integers(1, 200), min_size=1, max_size=25), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_the_past_comes_whole_and_then_what_is_new(steps: list[int], often: int) -> None:
    history, past, had, now = History(), Past(), None, 1.7e9
    for k, step in enumerate(steps):
        for _ in range(step):
            now += 0.1
            history.add(now, math.sin(now), None)
        joined = history_columns.join(history.levels())
        if k % (often + 1):
            continue  # a slow browser misses some
        rows, had = past_updates.news(joined, (1, False, "bit"), had)
        assert rows is not None
        past.take(page(past_updates.encode(rows)))
        assert past_updates.news(joined, (1, False, "bit"), had)[0] is None
        # The finest that there is, and no hole between it and what came before.
        newest = min(joined.t.size, 400, len(past.t))
        assert np.allclose(past.t[-newest:], joined.t[-newest:], atol=1e-3)
        assert np.allclose(past.mi[-newest:], joined.mi[-newest:], atol=1e-5)
        assert past.t == sorted(past.t)
        assert past.t[0] <= joined.t[0] + 1e-3
        assert len(past.t) <= joined.t.size + past_updates.MOST_NEW + 200
    sent = past.points
    rows, _ = past_updates.news(joined, (2, False, "bit"), had)  # another run of the monitor
    assert rows is not None
    assert rows["whole"]
    assert sent <= sum(steps) + past.pieces * 2500


def test_a_hole_in_the_past_stays_one() -> None:
    history = History()
    for k in range(20):
        history.add(1000.0 + k + (100 if k >= 12 else 0), 1.0, None)
    rows, _ = past_updates.news(history_columns.join(history.levels()), (1, False, "bit"), None)
    assert rows is not None
    assert rows["gaps"] == [12]


def test_where_finer_points_begin_there_is_no_hole() -> None:
    for readings in range(513, 540):
        history = History()
        for k in range(readings):
            history.add(1000.0 + 0.1 * k, 1.0, None)
        assert len(history.levels()) > 1
        rows, _ = past_updates.news(history_columns.join(history.levels()), (1, False, "bit"), None)
        assert rows is not None
        assert rows["gaps"] == []


# Who is sent what


def test_where_nothing_is_otherwise_nothing_is_sent_and_what_is_is_made_once() -> None:
    snapshot = linear()
    hub = hub_of(snapshot)
    first, second = Browser(), Browser()
    hub.add(first)
    hub.add(second)
    assert set(page(hub.message(first))) == {"tabs", "head", "cells", "signals", "profile", "events", "past"}
    hub.message(second)
    first.news.clear()
    hub.take(0, [msgspec.structs.replace(snapshot, timestamp=NOW + 1)], "connected", "")
    assert not first.news.is_set()
    assert hub.message(first) == b""
    hub.take(0, [msgspec.structs.replace(snapshot, seq=snapshot.seq + 1)], "connected", "")
    assert first.news.is_set()
    sent = hub.message(first)
    assert set(page(sent)) == {"head"}
    assert hub.message(second) == sent
    assert hub.message(first) == b""


def test_each_browser_has_the_pair_that_it_chose() -> None:
    hub = hub_of(*two_pairs())
    first, second = Browser(), Browser()
    assert seen(hub, first)["head"]["pair"] == "boiler"
    assert [tab["label"] for tab in seen(hub, second)["tabs"]] == ["boiler", "pump~valve"]
    hub.choose(second, (0, "pump~valve"))
    assert page(hub.message(second))["head"]["pair"] == "pump~valve"
    assert hub.message(first) == b""
    hub.choose(second, (7, "none such"))
    assert page(hub.message(second))["head"]["pair"] == "boiler"


def test_a_monitor_that_begins_anew_is_shown_from_its_beginning() -> None:
    hub, browser = hub_of(linear()), Browser()
    assert seen(hub, browser)["past"]["whole"]
    hub.take(0, [], "lost", "the connection broke")
    gone = page(hub.message(browser))["head"]
    assert gone["stale"]
    assert gone["states"] == [[["monitor lost for 0 s", "bad"]]]
    hub.take(0, [msgspec.structs.replace(linear(), run=7, seq=1)], "connected", "")
    anew = page(hub.message(browser))
    assert anew["past"]["whole"]
    assert not anew["head"]["stale"]


def test_a_day_of_snapshots_leaves_nothing_behind() -> None:
    """A browser that looks, one that comes and goes, and one that takes nothing; a reading every 5 min, as it were."""
    at = [NOW]
    hub = Hub(["tcp://127.0.0.1:5557"], clock=lambda: at[0])
    history, base = History(), linear()
    looking, sleeping = Browser(), Browser()
    hub.add(looking)
    hub.add(sleeping)
    used = []
    tracemalloc.start()
    try:
        for k in range(288):
            at[0] += 300.0
            history.add(at[0], 1 + 0.1 * math.sin(k), None)
            snapshot = msgspec.structs.replace(base, seq=k, timestamp=at[0], history=history.levels())
            hub.take(0, [snapshot], "connected", "")
            passing = Browser()
            hub.add(passing)
            hub.message(looking)
            hub.remove(passing)
            if k >= 200 and k % 20 == 0:
                used.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(used) - min(used) < 300_000
    assert page(hub.message(sleeping))["head"]["seq"] == 287


# Who may


def test_what_is_not_ours_is_as_it_came() -> None:
    folder = Path(page_model.__file__).parent / "static"
    said = re.findall(r"\| `(.*)` \| ([0-9a-f]{64}) \|", (folder / "VENDORED.md").read_text())
    assert [(name, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name, _ in said] == said
    assert {name for name, _ in said} == {file.name for file in folder.glob("uPlot*") if file.suffix != ".LICENSE"}


def test_a_token_is_made_and_read_and_stays_secret(tmp_path: Path) -> None:
    file = tmp_path / "page.token"
    token = read_token(str(file))
    assert len(token) >= 24
    assert read_token(str(file)) == token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="nobody else can read"):
        read_token(str(file))
    for text in ("short", "two words of which none is a token", "ö" * 20, ""):
        file.write_bytes(text.encode())
        file.chmod(0o600)
        with pytest.raises(ConfigError, match="one word of 16 to"):
            read_token(str(file))
    with pytest.raises(ConfigError, match="No such file"):
        read_token(str(tmp_path / "none" / "token"))


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8080", True), ("[::1]:8080", True), ("localhost", True), ("a.localhost:1", True),
        ("192.168.1.7:8080", True), ("plant:8080", True), ("plant.:8080", True), ("evil.example", False), ("", False),
        (None, False), ("plant.evil.example", False), ("localhost.evil.example:80", False), ("evil@localhost/", False),
        ("[::1", False), ("127.0.0.1.evil.example", False), ("localhost#", False),
    ],
)  # fmt: skip
def test_the_page_is_known_by_its_names_alone(host: str | None, known: bool) -> None:
    assert Access(frozenset({"plant"})).knows(host) is known


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tcp://127.0.0.1:1", "--http", "0.0.0.0:0"], ["--http", "--token", "'0.0.0.0:0'"]),
        (["tcp://127.0.0.1:1", "--http", "8080"], ["--http", "HOST:PORT", "'8080'"]),
        (["tcp://127.0.0.1:1", "--http", "127.0.0.1:99999"], ["--http", "HOST:PORT"]),
        (["tcp://127.0.0.1:1", "--http", "192.0.2.1:80", "--token", "{folder}/t"], ["--http", "assign"]),
        (
            ["tcp://127.0.0.1:1", "--http", "no.such.invalid:8080", "--token", "{folder}/token"],
            ["--http", "of this mac"],
        ),
        (["127.0.0.1:5557"], ["ENDPOINT", "tcp://127.0.0.1:5557"]),
        (["tcp://127.0.0.1:1", "--token", "/no/such/folder/t"], ["--token", "No such file"]),
        (["tcp://127.0.0.1:1", "--http", "{taken}"], ["--http", "in use"]),
    ],
)
def test_what_cannot_be_served_is_refused(words: list[str], said: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        here = f"127.0.0.1:{taken.getsockname()[1]}"
        done = streammi("serve", *(word.format(folder=tmp_path, taken=here) for word in words))
    assert done.returncode == 2
    assert not [word for word in said if word not in done.stderr], done.stderr


# Over real sockets


class Running:
    """A server and a monitor's publisher, with what a test does to them."""

    def __init__(self, port: int, publisher: Publisher) -> None:
        self.port, self.publisher = port, publisher

    def publish(self, snapshot: Snapshot) -> None:
        self.publisher.handle_subscriptions()
        self.publisher.send(snapshot_message(snapshot))

    async def until_wanted(self, wanted: bool = True) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.publisher.wants(b"snapshot/boiler") is not wanted:
                self.publisher.handle_subscriptions()
                await asyncio.sleep(0.01)

    def look(self, **more: Any) -> "connect":
        return connect(f"ws://127.0.0.1:{self.port}/live", proxy=None, **more)

    async def ask(self, method: str = "GET", path: str = "/", **headers: str) -> http.client.HTTPResponse:
        def ask() -> http.client.HTTPResponse:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            link.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = link.getresponse()
            answer.content = answer.read()  # type: ignore[attr-defined]
            return answer

        return await asyncio.to_thread(ask)


@contextlib.asynccontextmanager
async def running(token: str | None = None) -> AsyncIterator[Running]:
    with zmq.Context() as context, contextlib.ExitStack() as stack:
        publisher = Publisher("tcp://127.0.0.1:*", context)
        stack.callback(publisher.close)
        listener = stack.enter_context(listening("127.0.0.1", 0, ""))
        stop = stack.enter_context(Stop())
        warnings: list[str] = []
        server = Server([publisher.endpoint], listener, Access(token=token), PLAIN_TEXT, warnings.append)
        ready = asyncio.Event()
        task = asyncio.create_task(server.run(stop, ready.set))
        await ready.wait()
        try:
            yield Running(listener.getsockname()[1], publisher)
        finally:
            stop.end_after(0.0)
            await asyncio.wait_for(task, PATIENCE)
        assert not warnings


async def news(browser: ClientConnection, until: Callable[[Page], bool]) -> Page:
    """All that a browser has heard, once it is so."""
    found: Page = {}
    async with asyncio.timeout(PATIENCE):
        while not until(found):
            found |= page(await browser.recv())
    return found


def test_browsers_see_what_monitors_send_and_monitors_are_left_alone_without_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "LINGER_SECONDS", 0.1)

    async def scene() -> None:
        async with running() as site:
            assert not site.publisher.wants(b"snapshot/boiler")
            async with site.look() as browser:
                await site.until_wanted()
                site.publish(linear())
                found = await news(browser, lambda found: "cells" in found)
                assert found["hello"]["version"]
                assert found["head"]["pair"] == "boiler"
                await browser.send("no JSON")
                await browser.send('{"show": [0, "none such"]}')
                site.publish(msgspec.structs.replace(linear(), seq=99_999))
                await news(browser, lambda found: found.get("head", {}).get("seq") == 99_999)
            await site.until_wanted(False)

    asyncio.run(scene())


def test_what_cannot_be_read_is_said() -> None:
    async def scene() -> None:
        async with running() as site, site.look() as browser:
            await site.until_wanted()
            site.publisher.send([b"snapshot/boiler", b"of a newer monitor"])
            await news(browser, lambda found: "cannot be read" in found.get("head", {}).get("note", ""))

    asyncio.run(scene())


def test_who_takes_nothing_holds_up_nobody() -> None:
    """Twenty browsers, of which one reads nothing: the others have the newest, and it is put out."""

    async def scene() -> None:
        async with running() as site, contextlib.AsyncExitStack() as stack:
            deaf = await stack.enter_async_context(site.look(max_queue=1, close_timeout=0.1))
            deaf.transport.pause_reading()
            browsers = [await stack.enter_async_context(site.look()) for _ in range(19)]
            await site.until_wanted()
            wide, last = linear(bins=64, n=4000), 40
            started = time.process_time()
            for k in range(1, last + 1):
                site.publish(msgspec.structs.replace(wide, seq=k))
                await asyncio.sleep(0.02)
            for browser in browsers:
                await news(browser, lambda found: found.get("head", {}).get("seq") == last)
            assert time.process_time() - started < 10

    asyncio.run(scene())


def test_strangers_get_nothing() -> None:
    async def scene() -> None:
        async with running() as site:
            answer = await site.ask()
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert (await site.ask(If_None_Match=answer.headers["ETag"])).status == 304
            assert (await site.ask(Host="evil.example")).status == 421
            assert (await site.ask("POST")).status == 405
            head = await site.ask("HEAD")
            assert (head.status, head.headers["Content-Length"]) == (200, answer.headers["Content-Length"])
            for path in ("/../server.py", "/static/page.js", "/sign-in.html", "/page.js/", "//", "/%2e%2e/hub.py"):
                assert (await site.ask(path=path)).status == 404, path
            for origin in ("http://evil.example", "null", f"http://localhost:{site.port + 1}"):
                with pytest.raises(InvalidStatus, match="403"):
                    await site.look(origin=origin)
            async with site.look(origin=f"http://127.0.0.1:{site.port}") as browser:
                await browser.send("x" * (serving.MOST_ASKED + 1))
                with pytest.raises(ConnectionClosed, match="1009"):
                    await news(browser, lambda found: False)

    asyncio.run(scene())


def test_a_token_opens_the_page_and_nothing_else_does() -> None:
    token = "a-word-of-some-length"

    async def scene() -> None:
        async with running(token) as site:
            for path in (
                "/",
                "/page.js",
                "/live",
                "/uPlot.iife.min.js",
                "/?token=wrong",
                "/?token=",
                "/live?token=wrong",
            ):
                assert (await site.ask(path=path)).status == 401, path
            asked = await site.ask(path="/?token=wrong")
            assert b"That is not the token" in asked.content  # type: ignore[attr-defined]
            assert b"<p hidden" in (await site.ask()).content  # type: ignore[attr-defined]
            assert (await site.ask(path="/page.css")).status == 200
            opened = await site.ask(path=f"/?token={token}")
            assert (opened.status, opened.headers["Location"]) == (303, "/")
            cookie = opened.headers["Set-Cookie"]
            assert token not in cookie
            assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
            mine = cookie.partition(";")[0]
            assert (await site.ask(Cookie=mine)).status == 200
            assert (await site.ask(Cookie=mine[:-1] + ("0" if mine[-1] != "0" else "1"))).status == 401
            async with site.look(additional_headers={"Cookie": mine}) as browser:
                await news(browser, lambda found: "hello" in found)
            with pytest.raises(InvalidStatus, match="401"):
                await site.look()

    asyncio.run(scene())


def let_go(one: socket.socket) -> bool:
    """Whether the other side has ended a connection over which nothing was said."""
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_those_who_ask_for_nothing_are_put_out_by_those_who_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_WAITING", 20)

    async def scene() -> None:
        async with running() as site:
            silent = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(40)]
            assert (await site.ask()).status == 200
            async with site.look() as browser:
                await news(browser, lambda found: "hello" in found)
            async with asyncio.timeout(PATIENCE):
                while sum(map(let_go, silent)) < 20:
                    await asyncio.sleep(0.01)
            for one in silent:
                one.close()

    asyncio.run(scene())


def test_the_command_says_where_the_page_is_and_ends_as_asked(tmp_path: Path) -> None:
    done = streammi(
        "serve", "tcp://127.0.0.1:1", "--http", "127.0.0.1:0", "--token", str(tmp_path / "t"), "--seconds", "0.1"
    )
    assert done.returncode == 0, done.stderr
    assert "the page is at http://127.0.0.1:" in done.stderr
    assert (tmp_path / "t").read_text().strip() not in done.stderr
    assert os.stat(tmp_path / "t").st_mode & 0o077 == 0
    assert run_serve(["tcp://127.0.0.1:1"], ServeOptions(http="localhost:0"), seconds=0.0) == 0
