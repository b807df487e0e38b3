"""Who is at an endpoint where nothing comes from: sockets of each type, other programs' greetings, other topics."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import zmq
from feeds import published

from streammi.config import FeedConfig
from streammi.ingest.feed import Feed
from streammi.network.peer_search import who_is_there

PATIENCE = 30.0


@contextmanager
def bound(kind: int, configure: Callable[[Any], None] = lambda socket: None) -> Iterator[str]:
    with zmq.Context() as context, context.socket(kind) as one:
        one.linger = 0
        configure(one)
        yield f"tcp://127.0.0.1:{one.bind_to_random_port('tcp://127.0.0.1')}"


@contextmanager
def greets(words: bytes) -> Iterator[str]:
    """Another program, which says this to whoever says something, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("kind", "as_sub", "as_pull"),
    [
        (zmq.PUB, "", "a PUB socket is there: leave out --pull"),
        (zmq.XPUB, "", "an XPUB socket is there: leave out --pull"),
        (zmq.PUSH, "a PUSH socket is there: --pull takes its messages", ""),
        (zmq.ROUTER, "a ROUTER socket is there, and streammi hears PUB", "a ROUTER socket is there, and"),
        (zmq.SUB, "a SUB socket is there, and streammi hears PUB", "a SUB socket is there, and"),
    ],
)
def test_the_type_of_a_socket_is_named_where_it_cannot_be_heard(kind: int, as_sub: str, as_pull: str) -> None:
    with bound(kind) as endpoint:
        for pull, said in ((False, as_sub), (True, as_pull)):
            found = who_is_there(endpoint, pull=pull)
            assert (found.startswith(said), bool(found)) == (True, bool(said))


def test_who_only_asks_takes_no_message() -> None:
    with bound(zmq.PUSH) as endpoint, zmq.Context() as context, context.socket(zmq.PULL) as pull:
        for _ in range(3):
            assert who_is_there(endpoint, pull=True) == ""
        sender = context.socket(zmq.PUSH)
        with closing(sender):
            port = sender.bind_to_random_port("tcp://127.0.0.1")
            pull.connect(f"tcp://127.0.0.1:{port}")
            for k in range(20):
                who_is_there(f"tcp://127.0.0.1:{port}", pull=True)
                sender.send(b"%d" % k)
            pull.rcvtimeo = int(PATIENCE * 1000)
            assert [pull.recv() for _ in range(20)] == [b"%d" % k for k in range(20)]


def curve(one: zmq.Socket[bytes]) -> None:
    one.curve_publickey, one.curve_secretkey = zmq.curve_keypair()
    one.curve_server = True


def plain(one: zmq.Socket[bytes]) -> None:
    one.plain_server = True


@pytest.mark.parametrize(
    ("configure", "keyed", "said"),
    [
        (curve, False, "the peer wants CURVE keys: give --curve-server-key and --curve-secret"),
        (curve, True, ""),
        (plain, False, "the peer wants PLAIN, and streammi speaks NULL and CURVE"),
        (lambda socket: None, True, "the peer speaks plain text: it does not have the key --curve-server-key"),
        (lambda socket: None, False, ""),
    ],
)
def test_keys_that_do_not_fit_are_named(configure: Callable[[Any], None], keyed: bool, said: str) -> None:
    with bound(zmq.PUB, configure) as endpoint:
        assert who_is_there(endpoint, pull=False, keyed=keyed) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "an SSH server is there, which is no ZeroMQ"),
        (b"HTTP/1.0 400 Bad Request\r\n", "an HTTP server is there, which is no ZeroMQ"),
        (b"\x00\x01", "something is there, which is no ZeroMQ (it says b'\\x00\\x01')"),
        (b"", "something listens there, but it does not answer as ZeroMQ does"),
    ],
)
def test_another_program_is_named_by_what_it_says(words: bytes, said: str) -> None:
    with greets(words) as endpoint:
        assert who_is_there(endpoint).startswith(said)


def noted(config: FeedConfig, later: float, expected: str) -> None:
    """The note of a link says this in the end, from some seconds on, by a clock that is ours."""
    now = [1e9]
    with zmq.Context() as context, closing(Feed(config, context, lambda: now[0])) as feed:
        deadline = time.monotonic() + PATIENCE
        while expected not in feed.links[0].note:
            assert time.monotonic() < deadline, feed.links[0].note
            feed.receive()
            if feed.links[0].state == "connected" or later < 5:
                now[0] += later / 20
            time.sleep(0.002)


def test_a_link_says_who_is_there_instead_and_which_topics_there_are() -> None:
    with bound(zmq.PUSH) as endpoint:
        noted(FeedConfig(endpoint=endpoint), 4.0, "a PUSH socket is there: --pull takes its messages")
    with published(lambda: [[b"room", b"{}"], [b'imu {"x": 1}']]) as endpoint:
        topics = FeedConfig(endpoint=endpoint, topic="nowhere")
        noted(topics, 6.0, "silent: nothing on topic 'nowhere' yet; there are 'room', 'imu'")
