"""The server: browsers over HTTP and WebSockets in this thread, snapshots from a thread of their own."""

import asyncio
import logging
import socket as sockets
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import msgspec
from websockets.asyncio.server import Server as SocketServer, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from streammi import __version__
from streammi.dashboard.choices import PairKey
from streammi.network.security import Keys
from streammi.system.signals import Stop
from streammi.web.access import Access
from streammi.web.colours import ramps
from streammi.web.hub import Browser, Hub, greeting
from streammi.web.many_page import Wish
from streammi.web.reader import Post, Reader
from streammi.web.site import answer

MOST_BROWSERS: Final = 200
MOST_WAITING: Final = 200  # connections that have not asked for the page's news; the oldest of these goes
OPEN_SECONDS: Final = 10.0  # for a request to come, and for its answer to be taken
CLOSE_SECONDS: Final = 5.0
PING_SECONDS: Final = 20.0  # a browser that has gone without a word is noticed after twice as long
SEND_SECONDS: Final = 30.0  # in which a message must be taken
ALIVE_SECONDS: Final = 5.0  # after which a browser hears that we are there, where nothing is otherwise
LEAST_SECONDS: Final = 0.08  # between two messages to a browser
TICK_SECONDS: Final = 0.5
LINGER_SECONDS: Final = 10.0  # monitors are left alone when nobody has looked for so long
MOST_ASKED: Final = 1 << 12  # bytes of what a browser asks for
ALIVE: Final = b"{}"
HELLO: Final = greeting(version=__version__, alive=ALIVE_SECONDS, ramps=ramps())


class _Asked(msgspec.Struct, frozen=True):
    """A browser's wish: the pair that it is to be shown, or what of many channels."""

    show: PairKey
    view: Wish = Wish()


_asked: Final = msgspec.json.Decoder(_Asked).decode


class Server:
    """Serves a page on the socket ``listener`` that shows what the monitors at ``endpoints`` send."""

    def __init__(
        self,
        endpoints: Sequence[str],
        listener: sockets.socket,
        access: Access,
        keys: Keys,
        warn: Callable[[str], None],
    ) -> None:
        self._endpoints, self._listener = endpoints, listener
        self._access, self._keys, self._warn = access, keys, warn
        self._hub = Hub(endpoints, ask=lambda pairs: self._reader.ask(pairs))
        self._waiting: dict[ServerConnection, None] = {}  # that ask for no news, oldest first
        self._looked: float | None = None  # when somebody looked last; None: long ago

    async def run(self, stop: Stop, ready: Callable[[], None]) -> None:
        """Serve until it is time to stop; ``ready`` is called once it does."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._trouble)
        self._reader = Reader(self._endpoints, self._keys, self._post(loop))
        reading = loop.run_in_executor(None, self._reader.run)
        woken = asyncio.Event()
        loop.add_reader(stop.fileno(), woken.set)
        try:
            server = await self._served()
            ready()
            while not stop.requested and not reading.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), TICK_SECONDS)
                stop.drain()
                woken.clear()
                self._hub.tick()
                self._leave_alone(loop.time())
            await self._end(server)
        finally:
            loop.remove_reader(stop.fileno())
            self._reader.end()
            await reading

    def state(self) -> str:
        """How many look, and at what, in words."""
        return f"{len(self._hub.browsers)} browsers look at {', '.join(self._endpoints)}"

    def _served(self) -> SocketServer:
        quiet = logging.getLogger("streammi.web")  # what peers do wrong is for them to be told
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        return serve(
            self._talk,
            sock=self._listener,
            process_request=self._answer,
            compression=None,  # what is sent to all would be compressed for each
            create_connection=self._connection(),
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_size=MOST_ASKED,
            max_queue=4,
            server_header=None,
            logger=quiet,
        )

    def _connection(self) -> type[ServerConnection]:
        """Connections of which there are no more than so many that ask for nothing: the oldest makes room."""
        waiting = self._waiting

        class Guest(ServerConnection):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                waiting[self] = None
                if len(waiting) > MOST_WAITING:
                    oldest = next(iter(waiting))
                    del waiting[oldest]
                    oldest.transport.abort()

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                waiting.pop(self, None)

        return Guest

    async def _end(self, server: SocketServer) -> None:
        """Close in order whoever takes it, and then whoever does not."""
        server.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1.0)
        for connection in (*self._waiting, *server.all_connections):
            connection.transport.abort()
        await server.wait_closed()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        try:
            headers = {name.lower(): value for name, value in request.headers.raw_items()}
            if len(request.headers.get_all("Host")) > 1:  # which of them was meant is for nobody to guess
                return connection.respond(HTTPStatus.BAD_REQUEST, "More than one host.\n")
            made = answer(request.method, request.path, headers, self._access)
        except ValueError:  # a path that is none
            return connection.respond(HTTPStatus.BAD_REQUEST, "No such request.\n")
        if made is None and len(self._hub.browsers) >= MOST_BROWSERS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many look at this already.\n")
        if made is None:
            return None
        return Response(made.status, made.status.phrase, Headers(made.headers), made.body)

    async def _talk(self, connection: ServerConnection) -> None:
        """Send a browser the news for as long as it is there."""
        self._waiting.pop(connection, None)
        browser = Browser()
        self._welcome()
        self._hub.add(browser)
        sending = asyncio.create_task(self._send(connection, browser))
        try:
            async for asked in connection:
                with suppress(msgspec.MsgspecError):  # of a newer page, or of none: it is shown what it was shown
                    wanted = _asked(asked)
                    self._hub.choose(browser, wanted.show, wanted.view)
        finally:
            sending.cancel()
            self._hub.remove(browser)
            self._looked = asyncio.get_running_loop().time()

    async def _send(self, connection: ServerConnection, browser: Browser) -> None:
        message = HELLO
        try:
            while True:
                if message:
                    async with asyncio.timeout(SEND_SECONDS):
                        await connection.send(message, text=True)
                    await asyncio.sleep(LEAST_SECONDS)
                try:
                    async with asyncio.timeout(ALIVE_SECONDS):
                        await browser.news.wait()
                except TimeoutError:
                    message = ALIVE
                else:
                    browser.news.clear()
                    message = self._hub.message(browser)
        except ConnectionClosed:
            return
        except TimeoutError:  # it takes nothing
            connection.transport.abort()

    def _welcome(self) -> None:
        """Look at the monitors again, where nobody did."""
        if self._looked is None and not self._hub.browsers:
            self._hub.begin()
            self._reader.want(True)

    def _leave_alone(self, now: float) -> None:
        """Leave the monitors alone once nobody has looked for a while."""
        if self._looked is not None and not self._hub.browsers and now - self._looked > LINGER_SECONDS:
            self._looked = None
            self._reader.want(False)

    def _post(self, loop: asyncio.AbstractEventLoop) -> Post:
        def post(*news: Any) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._hub.take, *news)

        return post

    def _trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A defect ends nothing here; that there are too many open files is said, and passes."""
        error = context.get("exception")
        if isinstance(error, OSError):
            self._warn(f"cannot take another connection: {error.strerror}")
        else:
            loop.default_exception_handler(context)
