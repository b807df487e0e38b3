"""Between the snapshots and the browsers: each part of the page is made once when it is otherwise, and sent to all.

Each browser is sent what is otherwise than what it has, and only once it has taken what was sent before: a slow one
sees fewer pictures, never old ones, and nothing piles up for it. Where nothing is otherwise nothing is sent.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence, Set
from typing import Any, Final, TypeAlias

import msgspec

from streammi.dashboard.capabilities import Look
from streammi.dashboard.choices import PairKey
from streammi.dashboard.drawing.glyphs import BRAILLE
from streammi.dashboard.many.device_desk import DeviceDesk
from streammi.dashboard.many.pair_desk import PairDesk
from streammi.dashboard.scene import Scene
from streammi.dashboard.viewer import Viewer
from streammi.publish.device_readings import DeviceReading
from streammi.publish.shown import Said
from streammi.records import Event, LinkState, MatrixSnapshot
from streammi.web import page_model, past_updates
from streammi.web.browser_json import encode
from streammi.web.devices_page import DevicesPage
from streammi.web.many_page import ManyPage, Wish, WishedPage

SIGNALS_SECONDS: Final = 0.4  # between two pictures of the signals: they are most of what is sent
LOOK: Final = Look(glyphs=BRAILLE, depth="truecolor")


PageKey: TypeAlias = tuple[PairKey, str]  # a pair, or of many channels the one that is opened; "" for all of them


class Parts:
    """Parts of a page as JSON, each with a number that grows whenever it is otherwise."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[int, bytes]] = {}

    def put(self, name: str, value: object) -> None:
        """Have a part be this from now on."""
        encoded = encode(value)
        number, before = self._parts.get(name, (0, b""))
        if encoded != before:
            self._parts[name] = number + 1, encoded

    def news(self, known: dict[str, int]) -> list[bytes]:
        """The parts that are otherwise than those ``known``, as members of a JSON object; then they are known."""
        found = []
        for name, (number, encoded) in self._parts.items():
            if known.get(name) != number:
                known[name] = number
                found.append(b'"%b":%b' % (name.encode(), encoded))
        return found


class Page:
    """The page of one pair."""

    def __init__(self) -> None:
        self.parts = Parts()
        self._scene: Scene | None = None
        self._events: tuple[Event, ...] | None = None
        self._signals_at = -math.inf  # when they were shown last, s,
        self._signals_of: Scene | None = None  # and of what
        self._trails: dict[past_updates.Had | None, tuple[bytes, past_updates.Had]] = {}  # of this scene

    def show(self, scene: Scene, now: float) -> None:
        """Show this from ``now`` on, s."""
        self._scene, self._trails = scene, {}
        self.catch_up(now)
        self.parts.put("head", page_model.head(scene))
        self.parts.put("cells", page_model.cells(scene))
        self.parts.put("profile", page_model.profile(scene))
        events = scene.snapshot.events if scene.snapshot else ()
        if events != self._events:
            self._events = events
            self.parts.put("events", page_model.happened(scene))

    def catch_up(self, now: float) -> bool:
        """Show the signals as they are, unless that was done a moment ago; return whether it was due."""
        scene = self._scene
        if scene is None or 0 <= now - self._signals_at < SIGNALS_SECONDS or scene is self._signals_of:
            return False
        self._signals_at, self._signals_of = now, scene
        self.parts.put("signals", page_model.signals(scene))
        return True

    def past(self, had: past_updates.Had | None) -> tuple[bytes, past_updates.Had | None]:
        """The part of the past that a browser which has so much lacks, empty for nothing, and what it has then."""
        scene = self._scene
        if scene is None or scene.snapshot is None:
            return b"", had
        if had not in self._trails:
            meaning = scene.snapshot.run, scene.delayed, scene.unit
            rows, then = past_updates.news(scene.past, meaning, had)
            self._trails[had] = b"" if rows is None else past_updates.encode(rows), then
        return self._trails[had]


class Browser:
    """One browser: which pair it looks at, and what it has of that."""

    def __init__(self) -> None:
        self.wanted: PairKey | None = None
        self.shown: PageKey | None = None
        self.news = asyncio.Event()
        self.known: dict[str, int] = {}
        self.known_tabs: dict[str, int] = {}
        self.had: past_updates.Had | None = None
        self.wish = Wish()  # what it shows of many channels,
        self.known_of_many: dict[str, bytes] = {}  # and has of them

    def forget(self) -> None:
        """It has nothing of the pair any more."""
        self.known, self.had, self.known_of_many = {}, None, {}


class Hub:
    """Takes in snapshots and how the connections are, and has the news for each browser."""

    def __init__(
        self,
        endpoints: Sequence[str],
        clock: Callable[[], float] = time.time,
        ask: Callable[[Set[PairKey]], object] = lambda pairs: None,
    ) -> None:
        self._endpoints, self._clock, self._ask = tuple(endpoints), clock, ask
        self.browsers: set[Browser] = set()
        self._asked: Set[PairKey] = frozenset()
        self.begin()

    def begin(self) -> None:
        """Begin anew: nothing is known of any monitor."""
        self._viewer = Viewer(LOOK, readonly=True, endpoints=self._endpoints)
        self._pages: dict[PageKey, Page | WishedPage] = {}
        self._tabs = Parts()
        self._viewer.tick(self._clock())

    def take(self, monitor: int, said: Sequence[Said], link: LinkState, note: str) -> None:
        """Take in what came from a monitor, and how the connection to it is."""
        otherwise = self._viewer.tick(self._clock())
        # Readings of devices are shown with the next picture of all of them.
        snapshots = [one for one in said if not isinstance(one, DeviceReading)]
        news = self._viewer.receive(said, monitor) and bool(snapshots)
        otherwise |= self._viewer.connect(link, note, monitor)
        self._ask_for_opened()
        if otherwise:
            self._show(self._looked_at())
        elif news:
            of = {snapshot.name if isinstance(snapshot, MatrixSnapshot) else snapshot.pair for snapshot in snapshots}
            self._show({
                (key, opened) for key, opened in self._looked_at() if key[0] == monitor and {key[1], opened} & of
            })  # fmt: skip

    def tick(self) -> None:
        """Take note of the time: how long something has lasted is said by the second."""
        now = self._clock()
        if self._viewer.tick(now):
            self._show(self._looked_at())
        late = [page.catch_up(now) for page in self._pages.values() if isinstance(page, Page)]
        if any(late):
            self._wake()

    def add(self, browser: Browser) -> None:
        """A browser has come."""
        self.browsers.add(browser)
        self._show_to(browser)

    def remove(self, browser: Browser) -> None:
        """It has gone."""
        self.browsers.discard(browser)
        self._let_go()

    def choose(self, browser: Browser, key: PairKey, wish: Wish | None = None) -> None:
        """Show a browser another pair, or something else of many channels; what is not there, as none."""
        browser.wanted, browser.wish = key, wish or Wish()
        page = self._pages.get(self._of(browser))
        if isinstance(page, WishedPage):  # of which each browser is shown something else
            browser.news.set()
        else:
            self._show_to(browser)
        self._let_go()

    def message(self, browser: Browser) -> bytes:
        """All that a browser lacks, as a JSON object; empty where it lacks nothing."""
        key = self._of(browser)
        if key != browser.shown:
            browser.shown = key
            browser.forget()
        page = self._pages.get(key)
        if page is None:
            return b""
        found = self._tabs.news(browser.known_tabs)
        if isinstance(page, WishedPage):
            found += page.news(browser.wish, browser.known_of_many)
            return b"{%b}" % b",".join(found) if found else b""
        found += page.parts.news(browser.known)
        past, browser.had = page.past(browser.had)
        if past:
            found.append(b'"past":' + past)
        return b"{%b}" % b",".join(found) if found else b""

    def _show_to(self, browser: Browser) -> None:
        self._show({self._of(browser)})

    def _let_go(self) -> None:
        """Keep nothing of what nobody looks at any more."""
        looked_at = self._looked_at()
        self._pages = {key: page for key, page in self._pages.items() if key in looked_at}
        self._ask_for_opened()

    def _ask_for_opened(self) -> None:
        """Ask monitors of many channels for the pairs that are looked at, and for no others."""
        asked = frozenset((key[0], opened) for key, opened in self._looked_at() if opened)
        if asked != self._asked:
            self._asked = asked
            self._viewer.open_beside(asked)
            self._ask(asked)

    def _of(self, browser: Browser) -> PageKey:
        """The pair that a browser is shown: the one it asked for, or the first of which something is known."""
        keys, wanted = self._viewer.keys, browser.wanted
        key = wanted if wanted is not None and wanted in keys else self._viewer.first
        desk, opened = self._viewer.desk(key), browser.wish.open
        there = opened is not None and desk is not None and desk.number(opened) is not None
        return key, opened if there and opened is not None else ""

    def _looked_at(self) -> set[PageKey]:
        return {self._of(browser) for browser in self.browsers}

    def _show(self, keys: set[PageKey]) -> None:
        """Make anew what is otherwise of these pairs, and wake those who look at them."""
        for key, opened in keys:
            scene, desk = self._viewer.scene(key, opened or None), self._viewer.desk(key)
            kind: type[Page] | type[WishedPage] = (
                Page if scene.many is None else DevicesPage if isinstance(desk, DeviceDesk) else ManyPage
            )
            page = self._pages.get((key, opened))
            if not isinstance(page, kind):
                page = self._pages[key, opened] = kind()
            match page, desk:
                case DevicesPage(), _:
                    page.show(scene)
                case ManyPage(), PairDesk():
                    page.show(scene, desk.labels)
                case Page(), _:
                    page.show(scene, self._clock())
            self._tabs.put("tabs", page_model.tabs(scene.tabs, scene.unit))
        self._wake()

    def _wake(self) -> None:
        for browser in self.browsers:
            browser.news.set()


def greeting(**more: Any) -> bytes:
    """The first message to a browser."""
    return msgspec.json.encode({"hello": more})
