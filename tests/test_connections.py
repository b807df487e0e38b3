"""Who connects to a publisher, and how far he gets: raw sockets that speak as much ZMTP as they need to."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psutil
import pytest
import zmq

from streammi.config import FeedConfig
from streammi.ingest.subscriber import Subscriber
from streammi.network import connections
from streammi.publish.publisher import Publisher

GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
MORE, LAST = 1, 0


def frame(body: bytes, flags: int = LAST) -> bytes:
    return bytes([flags, len(body)]) + body


def wait(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


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
        data += peer.recv(n - len(data))
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


def test_a_message_without_an_end_is_cut_off(publisher: Publisher) -> None:
    """Frames of 200 bytes, each within every limit of ZeroMQ's, as fast as they go."""
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
        inode = connections.socket_inode(a.fileno())
        assert inode is not None
        known = connections.Connection(a.fileno(), inode, 0.0)
        assert known.alive
        c, d = socket.socketpair()
        with c, d:
            os.dup2(c.fileno(), a.fileno())
            assert not known.alive
            known.cut()
            known.look()
            d.send(b"x")
            assert c.recv(1) == b"x"


def test_what_came_over_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as peer:
        accepted, _ = server.accept()
        with accepted:
            peer.sendall(b"x" * 12345)
            wait(lambda: connections.bytes_received(accepted) == 12345)
            accepted.recv(100)
            assert connections.bytes_received(accepted) == 12345
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert connections.bytes_received(ours) == 0


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

            wait(cut_twice, 40)
            wait(lambda: came.extend(feed.receive()[1]) or len(came) >= 3)  # and connected again
            over.set()
            assert process.memory_info().rss - before < 256 << 20
        thread.join()
    assert came[:3] == [[b"a whole one"]] * 3
