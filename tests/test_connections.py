"""Who connects to a publisher, and how far he gets: raw sockets that speak as much ZMTP as they need to."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq
from feeds import PATIENCE, wait

from streammi.config import FeedConfig
from streammi.network import connections, kernel_sockets
from streammi.network.link import Backlog, Link
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.network.subscriber import Subscriber
from streammi.publish.publisher import Publisher

GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
MORE, LAST = 1, 0


def frame(body: bytes, flags: int = LAST) -> bytes:
    return bytes([flags, len(body)]) + body


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with zmq.Context() as context, closing(Publisher("tcp://127.0.0.1:*", context)) as publisher:
        yield publisher


def connect(publisher: Publisher, *, handshake: bool = True) -> socket.socket:
    host, port = publisher.endpoint.removeprefix("tcp://").split(":")
    peer = socket.create_connection((host, int(port)))
    if handshake:
        peer.sendall(GREETING + READY)
        exactly(peer, 64)
        exactly(peer, exactly(peer, 2)[1])  # whoever goes on before it has come is thrown out
    return peer


def exactly(peer: socket.socket, n: int) -> bytes:
    data = b""
    while len(data) < n:
        more = peer.recv(n - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


@contextmanager
def served(publisher: Publisher) -> Iterator[Callable[[], list[int]]]:
    """A subscriber that must get all: call for the numbers that came, while one is sent every few milliseconds."""
    with zmq.Context() as context, context.socket(zmq.SUB) as friend:
        friend.subscribe(b"event/friend")
        friend.connect(publisher.endpoint)
        wait(lambda: publisher.handle_subscriptions() or publisher.wants(b"event/friend"))
        sent, came = 0, list[int]()

        def turn() -> list[int]:
            nonlocal sent
            publisher.handle_subscriptions()
            publisher.send([b"event/friend", b"%d" % sent])
            sent += 1
            while friend.poll(5 if len(came) < sent else 0):
                came.append(int(friend.recv_multipart()[1]))
            return came

        yield turn
        wait(lambda: turn() and len(came) == sent)
        assert came == list(range(sent))  # none lost, none twice


def closed(peer: socket.socket) -> bool:
    """Whether the other side has let go; what it says is thrown away."""
    peer.setblocking(False)
    try:
        while peer.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def test_a_cancellation_counts_for_who_sends_it_alone(publisher: Publisher) -> None:
    with served(publisher) as turn, connect(publisher) as mallory:
        for _ in range(5):
            mallory.sendall(frame(b"\0event/friend") + frame(b"\1event/other"))
        wait(lambda: turn() and publisher.wants(b"event/other"))
        assert publisher.wants(b"event/friend")
    wait(lambda: publisher.handle_subscriptions() or not publisher.wants(b"event/other"))
    wait(lambda: publisher.handle_subscriptions() or not publisher.wants(b"event/friend"))
    assert len(publisher.connections) == 0


def test_who_subscribes_without_end_is_cut_off(publisher: Publisher) -> None:
    with served(publisher) as turn, connect(publisher) as mallory:
        mallory.sendall(b"".join(frame(b"\1%d" % k) for k in range(connections.MAX_TOPICS)))
        wait(lambda: turn() and publisher.wants(b"999"))
        assert not closed(mallory)
        mallory.sendall(frame(b"\1one too many"))
        wait(lambda: turn() and closed(mallory))
        assert publisher.connections.cut == 1
        assert "more than 1000 topics" in str(publisher.connections.news())
        assert publisher.connections.news() is None


def test_a_connection_over_ipc_is_known_by_its_path(tmp_path: Path) -> None:
    with zmq.Context() as context, closing(Publisher(f"ipc://{tmp_path}/out", context)) as publisher:
        with served(publisher):
            assert len(publisher.connections) == 1
            assert publisher.wants(b"event/friend/x")
        wait(lambda: publisher.handle_subscriptions() or not publisher.wants(b"event/friend"))


def test_a_flood_of_subscriptions_is_cut_off_before_it_is_taken_in(publisher: Publisher) -> None:
    """As fast as they go: what ZeroMQ takes in of a connection before anybody can cut it off is bounded too."""
    block = b"".join(frame(b"\1%08d" % k) for k in range(20_000))
    process = psutil.Process()
    with served(publisher) as turn:
        turn()
        before, over = process.memory_info().rss, threading.Event()

        def flood() -> None:
            for _ in range(10):
                with contextlib.suppress(OSError), connect(publisher) as mallory:
                    while True:
                        mallory.sendall(block)
            over.set()

        thread = threading.Thread(target=flood)
        thread.start()
        wait(lambda: turn() and over.is_set())
        thread.join()
        assert publisher.connections.cut == 10
        assert process.memory_info().rss - before < 32 << 20


@pytest.fixture
def gone(publisher: Publisher) -> Callable[[list[bytes]], None]:
    """Connections one after the other, each to ask for something and gone before the publisher looks at it."""
    process = psutil.Process()

    def come_and_go(requests: list[bytes]) -> None:
        before = process.num_fds()
        for request in requests:
            with connect(publisher) as mallory:
                mallory.sendall(request)
            wait(lambda: process.num_fds() <= before)

    return come_and_go


def test_what_the_dead_asked_for_counts_against_nobody(
    publisher: Publisher, gone: Callable[[list[bytes]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A descriptor's number is that of the next connection: ZeroMQ says of requests that wait only which number."""
    monkeypatch.setattr(connections, "MAX_TOPICS", 50)
    gone([b"".join(frame(b"\1old%03d" % (10 * k + i)) for i in range(10)) for k in range(20)])
    with connect(publisher) as innocent:
        innocent.sendall(frame(b"\1event/a") + frame(b"\1event/b"))
        wait(lambda: publisher.handle_subscriptions() or publisher.wants(b"event/b"))
        assert publisher.wants(b"event/a")
        assert publisher.connections.cut == 0
        wait(lambda: publisher.handle_subscriptions() or not publisher.wants(b"old000"))
        assert not any(publisher.wants(b"old%03d" % k) for k in range(150))
        assert publisher.wants(b"event/a")
        assert publisher.wants(b"event/b")
        assert not closed(innocent)


def test_a_feed_s_socket_is_not_taken_for_a_dead_subscriber_s(
    publisher: Publisher, gone: Callable[[list[bytes]], None]
) -> None:
    gone([frame(b"\1old")])
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as stack:
        feeds = [stack.enter_context(socket.create_connection(server.getsockname())) for _ in range(5)]
        for feed in feeds:
            sender, _ = server.accept()
            stack.enter_context(sender).sendall(bytes(2 * connections.MAX_SENT))
            assert exactly(feed, 2 * connections.MAX_SENT)
        for _ in range(3):
            publisher.handle_subscriptions()
            time.sleep(connections.LOOK_SECONDS)
        assert publisher.connections.cut == 0
        assert len(publisher.connections) == 0


CLOSE_IN_A_FLOOD = """
import socket, zmq
from streammi.publish.publisher import Publisher

publisher = Publisher("tcp://127.0.0.1:*", zmq.Context())
address = "127.0.0.1", int(publisher.endpoint.rpartition(":")[2])

try:
    while True:
        with socket.create_connection(address, 2) as peer:
            peer.recv(1)  # the greeting, which is sent as long as ZeroMQ's thread does not wait
except TimeoutError:
    print("waits")
publisher.close()
"""


def test_a_publisher_that_is_flooded_can_be_closed() -> None:
    """ZeroMQ's thread waits, with the monitor locked, where nobody reads its events for a while."""
    done = subprocess.run(
        [sys.executable, "-c", CLOSE_IN_A_FLOOD], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert "waits" in done.stdout


def test_a_message_without_an_end_is_cut_off(publisher: Publisher) -> None:
    """Frames of 200 bytes, each within every limit of ZeroMQ's."""
    block = frame(b"x" * 200, MORE) * 5000
    process = psutil.Process()
    with served(publisher) as turn, connect(publisher) as mallory:
        turn()
        before = process.memory_info().rss
        over = threading.Event()

        def flood() -> None:
            try:
                while True:
                    mallory.sendall(block)
                    time.sleep(0.01)  # 100 MB/s: what comes between two looks must not depend on the machine
            except OSError:
                over.set()

        thread = threading.Thread(target=flood)
        thread.start()
        wait(lambda: turn() and over.is_set())
        thread.join()
        assert publisher.connections.cut == 1
        assert "sent" in publisher.connections.why
        assert process.memory_info().rss - before < 256 << 20  # what comes between two looks


def test_connections_that_never_shake_hands_make_room(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    with served(publisher) as turn:
        peers = [connect(publisher, handshake=False) for _ in range(100)]
        wait(lambda: turn() and publisher.connections.cut >= 81)
        assert len(publisher.connections) == 20
        for peer in peers:
            peer.close()
        wait(lambda: turn() and len(publisher.connections) == 1)


def test_subscribers_are_cut_only_when_there_are_too_many(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    with served(publisher) as turn:
        peers = [connect(publisher) for _ in range(9)]
        for peer in peers:
            peer.sendall(frame(b"\1a"))
            time.sleep(0.01)
        wait(lambda: turn() and publisher.connections.cut >= 5)
        assert len(publisher.connections) == 5
        assert publisher.wants(b"event/friend")
        for peer in peers:
            peer.close()


def test_a_descriptor_that_is_another_s_now_is_left_alone() -> None:
    a, b = socket.socketpair()
    with a, b:
        inode = kernel_sockets.socket_inode(a.fileno())
        assert inode is not None
        known = connections.Connection(a.fileno(), inode, 0.0)
        assert known.alive
        c, d = socket.socketpair()
        with c, d:
            os.dup2(c.fileno(), a.fileno())
            assert not known.alive
            known.cut()
            known.measure()
            d.send(b"x")
            assert c.recv(1) == b"x"


def test_a_feed_that_has_ended_is_not_taken_for_the_next_one() -> None:
    process = psutil.Process()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        zmq.Context() as context,
        context.socket(zmq.SUB) as ended,
        contextlib.ExitStack() as stack,
    ):
        ended.reconnect_ivl = -1
        endpoint = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        link = stack.enter_context(closing(Link(ended, endpoint, 0.0, PLAIN_TEXT, "", unfinished=1000)))
        before = process.num_fds()
        ended.connect(endpoint)
        server.accept()[0].close()
        wait(lambda: process.num_fds() <= before)
        others = [stack.enter_context(socket.create_connection(server.getsockname())) for _ in range(5)]
        for other in others:
            stack.enter_context(server.accept()[0]).sendall(bytes(5000))
            assert exactly(other, 2500)
        for second in (1.0, 2.0):
            link.update(second, 0, 0)
        assert link.warning == ""
        for other in others:
            assert exactly(other, 2500)


def test_what_came_over_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as peer:
        accepted, _ = server.accept()
        with accepted:
            peer.sendall(b"x" * 12345)
            wait(lambda: kernel_sockets.bytes_received(accepted) == 12345)
            accepted.recv(100)
            assert kernel_sockets.bytes_received(accepted) == 12345
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert kernel_sockets.bytes_received(ours) == 0


def test_a_feed_whose_message_does_not_end_is_cut_off_and_connected_again() -> None:
    """A publisher in raw ZMTP: each connection gets a whole message, and then one without an end."""
    ready = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB"
    block = frame(b"x" * 200, MORE) * 5000
    with socket.create_server(("127.0.0.1", 0)) as server, zmq.Context() as context:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                peer, _ = server.accept()
                try:
                    peer.sendall(GREETING + ready)
                    exactly(peer, 64)
                    exactly(peer, exactly(peer, 2)[1])
                    peer.sendall(frame(b"a whole one"))
                    while not over.is_set():
                        peer.sendall(block)
                        time.sleep(0.01)  # 100 MB/s: what comes between two looks must not depend on the machine
                except OSError:
                    continue
                finally:
                    peer.close()

        thread = threading.Thread(target=serve)
        thread.start()
        config = FeedConfig(endpoint=f"tcp://127.0.0.1:{server.getsockname()[1]}", max_message=1 << 16)
        process = psutil.Process()
        with closing(Subscriber(config, context)) as feed:
            before, came = process.memory_info().rss, list[list[bytes]]()

            def cut_twice() -> bool:
                came.extend(feed.receive()[1])
                return "cut off 2 times" in feed.link.note

            wait(cut_twice)
            wait(lambda: came.extend(feed.receive()[1]) or len(came) >= 3)  # and connected again
            over.set()
            assert process.memory_info().rss - before < 256 << 20
        socket.create_connection(server.getsockname()).close()  # it may wait for one
        thread.join()
    assert came[:3] == [[b"a whole one"]] * 3


def test_a_message_that_is_too_large_is_not_the_last_one() -> None:
    """libzmq ends the connection, and does not make it anew by itself: the feed would be silent for good."""
    with zmq.Context() as context, context.socket(zmq.PUB) as publisher:
        publisher.linger = 0
        config = FeedConfig(
            endpoint=f"tcp://127.0.0.1:{publisher.bind_to_random_port('tcp://127.0.0.1')}", max_message=1000
        )
        with closing(Subscriber(config, context)) as feed:

            def came() -> bool:
                publisher.send(b"good")
                return bool(feed.receive()[1])

            for n in range(1, 3):
                wait(came)
                publisher.send(bytes(1001))
                wait(lambda: not feed.receive()[1] and feed.link.state != "connected")
                wait(came)
                assert feed.link.reconnects == n
                times = "once" if n == 1 else "2 times"
                why = "what came was no ZMTP, or a frame larger than 1,000 bytes (--max-message)"
                assert f"cut off {times}: {why}; what was sent behind it may be lost" in feed.link.note


@pytest.mark.parametrize("kind", [zmq.PUSH, zmq.XPUB])
def test_what_came_before_a_message_that_is_too_large_is_taken(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look takes one message and comes long after the one before it, as where counting takes its time."""
    monkeypatch.setattr("streammi.network.subscriber.DRAIN_MESSAGES", 1)
    with zmq.Context() as context, context.socket(kind) as sender:
        sender.linger = 0
        endpoint = f"tcp://127.0.0.1:{sender.bind_to_random_port('tcp://127.0.0.1')}"
        config = FeedConfig(endpoint=endpoint, max_message=1000, pull=kind == zmq.PUSH)
        with closing(Subscriber(config, context, clock=count(1e6).__next__)) as feed:

            def connected() -> bool:
                return sender.poll(0, zmq.POLLOUT) > 0 if config.pull else bool(sender.poll(0) and sender.recv())

            wait(connected)
            sent = [[b"%d" % k] for k in range(100)]
            for message in [*sent, [bytes(1001)]]:
                sender.send_multipart(message)
            wait(lambda: connected() != config.pull)  # the connection has ended
            came = list[list[bytes]]()
            wait(lambda: came.extend(feed.receive()[1]) or len(came) == len(sent))
            assert came == sent
            wait(lambda: feed.receive() and connected())
            sender.send(b"good")
            wait(lambda: [b"good"] in feed.receive()[1])


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "curve"])
def test_a_queue_is_bounded_in_bytes_too(keyed: bool) -> None:
    """Whole messages within every limit: a queue of 64 of them would be 256 MiB."""
    block = [bytes(1 << 16)] * 64
    with zmq.Context() as context, context.socket(zmq.PUB) as flood, contextlib.ExitStack() as stack:
        flood.linger, flood.sndhwm = 0, 2
        keys = keys_between(flood) if keyed else PLAIN_TEXT
        endpoint = f"tcp://127.0.0.1:{flood.bind_to_random_port('tcp://127.0.0.1')}"
        config = FeedConfig(endpoint=endpoint, max_message=1 << 16, receive_queue=64)
        process = psutil.Process()
        feed = stack.enter_context(closing(Subscriber(config, context, keys=keys)))
        before, peak = process.memory_info().rss, 0

        def cut() -> bool:
            nonlocal peak
            feed.receive()
            for _ in range(10):  # counting them takes longer than sending them: 40 MB are sent between two looks
                flood.send_multipart(block)
                time.sleep(0.02)
            peak = max(peak, process.memory_info().rss - before)
            return "waited to be counted" in feed.link.note

        wait(cut)
        assert peak < 128 << 20
        came = list[list[bytes]]()

        def good() -> bool:
            flood.send(b"good")
            came.extend(feed.receive()[1])
            return [b"good"] in came

        wait(good)


def keys_between(server: zmq.Socket[Any]) -> Keys:
    """Let a socket speak CURVE, to anybody who knows its key; the keys of one who does."""
    public, secret = zmq.curve_keypair()
    server.curve_server, server.curve_publickey, server.curve_secretkey = True, public, secret
    own = zmq.curve_keypair()
    return Keys(own[0], own[1], public, None)


def test_what_comes_while_a_connection_is_looked_at_is_not_held_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel is asked twice, and more may come meanwhile than may wait."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as peer,
        server.accept()[0] as ours,
    ):

        def late(of: socket.socket, request: int) -> int:
            peer.sendall(bytes(2000))
            return wait(lambda: (n := unread(of, request)) >= 2000 and n)  # type: ignore[no-any-return]

        unread = kernel_sockets.waiting_bytes
        backlog, taken = Backlog(unfinished=1000, waiting=1000), 0
        backlog.watch(ours.fileno(), 0.0)
        for second in range(1, 6):
            monkeypatch.setattr(connections, "waiting_bytes", late if second < 5 else unread)
            backlog.measure(float(second), int(taken > 0), taken, bool)
            taken = len(exactly(ours, 2000)) if second < 5 else 0
        backlog.measure(6.0, 0, 0, bool)
        assert (backlog.cut, backlog.why) == (0, "")


@pytest.mark.parametrize("size", [16, 1000])
def test_a_feed_that_is_merely_too_fast_is_not_cut_off(size: int) -> None:
    """Many times as many bytes as may wait, and never all are taken: each frame has its head on its way."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as fast:
        fast.linger = 0
        endpoint = f"tcp://127.0.0.1:{fast.bind_to_random_port('tcp://127.0.0.1')}"
        config = FeedConfig(endpoint=endpoint, max_message=1000, receive_queue=16, pull=True)
        n = 100_000

        def send() -> None:
            for _ in range(n):
                fast.send(bytes(size))

        thread = threading.Thread(target=send)
        with closing(Subscriber(config, context)) as feed:
            thread.start()
            came = 0

            def take() -> bool:
                nonlocal came
                for _ in range(1000):
                    came += len(feed.receive()[1])
                return came == n

            wait(take)
            assert feed.link.reconnects == 0
            assert "cut off" not in feed.link.note
        thread.join()


def test_a_clock_that_is_set_back_hides_no_silence(publisher: Publisher) -> None:
    with (
        zmq.Context() as context,
        context.socket(zmq.SUB) as socket,
        closing(Link(socket, publisher.endpoint, 1e4, PLAIN_TEXT, "")) as link,
    ):
        socket.connect(publisher.endpoint)

        def is_open() -> bool:
            link.update(1e4, 0, 0)
            return link.is_open

        wait(is_open)
        for now in (9998.0, 9999.0, 1e4):  # it takes three messages to know how far apart they are
            link.update(now, 1, 1)
        states = []
        for now in (6400.0, 6402.0, 6404.0):  # an hour earlier
            link.update(now, 0, 0)
            states.append(link.state)
    assert states == ["connected", "connected", "stalled"]
