"""Keys and who is let in: real sockets, real files, and senders that are not ours."""

import os
import re
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.auth
from command_line import streammi
from dashboard_terminal import Session
from feeds import PATIENCE, wait
from programs import started

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.network.endpoints import Binding
from streammi.network.link import PLAIN_TEXT_NOTICE, Link
from streammi.network.security import PLAIN_TEXT, Authorized, Keys, read_keys, read_public, write_keys
from streammi.network.subscriber import Subscriber
from streammi.publish.client import Source
from streammi.publish.publisher import Publisher

ANYWHERE = "tcp://127.0.0.1:*"


class People:
    """Key pairs by name, and a folder of those who are let in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inside = folder, folder / "in"
        self.inside.mkdir(mode=0o700)

    def pair(self, name: str, *, let_in: bool = False) -> tuple[str, str]:
        public, secret = write_keys(self.folder / name)
        if let_in:
            self.let_in(name)
        return str(public), str(secret)

    def let_in(self, name: str) -> None:
        (self.inside / f"{name}.key").write_text((self.folder / name / f"{name}.key").read_text())


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path)


@contextmanager
def published(keys: Keys) -> Iterator[Publisher]:
    with (
        zmq.Context() as context,
        keys.guarding(context, print),
        closing(Publisher(ANYWHERE, context, keys=keys)) as publisher,
    ):
        yield publisher


def words_of(keys: Keys, publisher: Publisher) -> str:
    """What one who comes with these keys is told; "in" when he gets a message."""
    with zmq.Context() as context, closing(Source(publisher.endpoint, context, "mi/", keys=keys)) as source:

        def told() -> str:
            publisher.handle_subscriptions()
            publisher.send([b"mi/a", b"{}"])
            return "in" if source.messages() else source.note

        return str(wait(told))


def test_a_pair_of_keys_is_what_zmq_auth_reads(people: People) -> None:
    public_file, secret_file = people.pair("plant")
    public, secret = zmq.auth.load_certificate(secret_file)
    assert secret is not None
    assert zmq.curve_public(secret) == public
    assert zmq.auth.load_certificate(public_file) == (public, None)
    assert read_public(public_file, "--key") == public == read_public(public.decode(), "--key")


def test_the_secret_is_for_its_owner_alone_whatever_the_umask(people: People) -> None:
    before = os.umask(0)
    try:
        public_file, secret_file = people.pair("plant")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(secret_file).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(public_file).st_mode) == 0o644
    assert stat.S_IMODE(os.stat(people.folder / "plant").st_mode) & 0o077 == 0


def test_keys_are_never_overwritten(people: People) -> None:
    public_file, secret_file = people.pair("plant")
    before = Path(secret_file).read_text()
    os.unlink(public_file)
    with pytest.raises(ConfigError, match="a key is there already"):
        people.pair("plant")
    assert Path(secret_file).read_text() == before
    assert not Path(public_file).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused_with_the_remedy(people: People, mode: int) -> None:
    _, secret = people.pair("plant")
    os.chmod(secret, mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {secret}"):
        read_keys(secret, authorized=str(people.inside))
    os.chmod(secret, 0o400)
    assert read_keys(secret, authorized=str(people.inside)).secret is not None


def test_the_true_reason_comes_before_who_can_read_it(people: People) -> None:
    """A key that goes to everyone is for everyone to read: to close it would mend nothing."""
    public, _ = people.pair("alice")
    with pytest.raises(ConfigError, match=r"NAME\.key_secret; this one has the public key alone, got"):
        read_keys(public, server=public)
    other = people.folder / "notes"
    other.write_text("no key")
    os.chmod(other, 0o666)
    with pytest.raises(ConfigError, match=r"a file with a secret key, such as NAME\.key_secret, got"):
        read_keys(str(other), server=public)
    with pytest.raises(ConfigError, match="a file with a public key"):
        read_keys(people.pair("plant")[1], server=str(other))


def test_a_folder_that_others_can_add_to_is_refused(people: People) -> None:
    _, secret = people.pair("plant")
    os.chmod(people.inside, 0o770)
    with pytest.raises(ConfigError, match="chmod go-w"):
        read_keys(secret, authorized=str(people.inside))


def test_a_key_that_others_can_write_lets_nobody_in(people: People) -> None:
    """Whoever can write to it would let himself in, and be taken for whom we connect to."""
    plant, secret = people.pair("plant", let_in=True)
    alice, _ = people.pair("alice", let_in=True)
    key = people.inside / "alice.key"
    known = Authorized(people.inside, b"")
    assert known.callback("*", read_public(alice, "--key"))
    for mode in (0o664, 0o646):
        key.chmod(mode)
        with pytest.raises(ConfigError, match=f"chmod go-w {key}"):
            read_keys(secret, authorized=str(people.inside))
        changed = Authorized(people.inside, b"")
        assert not changed.callback("*", read_public(alice, "--key"))
        assert changed.callback("*", read_public(plant, "--key"))
        os.chmod(plant, mode)
        with pytest.raises(ConfigError, match=f"--curve-server-key .*chmod go-w {plant}"):
            read_keys(secret, server=plant)
        os.chmod(plant, 0o644)


def test_what_is_no_key_file_is_said_at_once(people: People, tmp_path: Path) -> None:
    public, secret = people.pair("plant")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "large").write_bytes(bytes(10 << 20))
    (tmp_path / "binary").write_bytes(b'\xff\xfe public-key = "\xff"\n' * 100)
    os.mkfifo(tmp_path / "pipe")
    for name in ("large", "binary", "pipe"):
        os.chmod(tmp_path / name, 0o600)
    for name in ("loop", "large", "binary", "pipe", "missing", "in"):
        with pytest.raises(ConfigError, match="--curve-secret must be a"):
            read_keys(str(tmp_path / name), server=public)
        with pytest.raises(ConfigError, match="--curve-server-key must be a"):
            read_keys(secret, server=str(tmp_path / name))
    os.mkfifo(people.inside / "pipe.key")
    said: list[str] = []
    others = Authorized(people.inside, b"", said.append)
    assert not any(
        others.callback("*", key) for key in (b"somebody's", b"another's", b"somebody's")
    )  # nor does it wait
    assert said == [
        f"a client is not let in: its key {key} is in no file of {people.inside}" for key in ("somebody's", "another's")
    ]


def test_options_that_make_no_sense_are_named(people: People) -> None:
    public, secret = people.pair("plant")
    empty = people.folder / "empty"
    empty.touch(0o600)
    mixed = people.folder / "mixed.key_secret"
    mixed.write_text(f'public-key = "{"0" * 40}"\n' + Path(secret).read_text().splitlines()[-1])
    mixed.chmod(0o600)
    for words, rule in [
        ({"secret": None, "server": public}, "--curve-secret must be given with --curve-server-key"),
        ({"secret": None, "authorized": "in"}, "--curve-secret must be given with --authorized-keys"),
        ({"secret": secret}, "--curve-secret must be given with"),
        ({"secret": secret, "authorized": public}, "--authorized-keys must be a folder"),
        ({"secret": secret, "authorized": str(people.inside), "serves": False}, "with an endpoint to publish on"),
        ({"secret": "nowhere", "server": public}, r"--curve-secret must be a key file .*No such file"),
        ({"secret": str(people.folder), "server": public}, "--curve-secret must be a key file"),
        ({"secret": str(empty), "server": public}, "a file with a secret key"),
        ({"secret": str(mixed), "server": public}, "whose two keys belong together"),
        ({"secret": secret, "server": str(empty)}, "--curve-server-key must be a file with a public key"),
        ({"secret": secret, "server": '"' * 40}, "40 characters in Z85"),
        ({"secret": secret, "server": "#" * 40}, "40 characters in Z85"),
    ]:
        with pytest.raises(ConfigError, match=rule):
            read_keys(**words)  # type: ignore[arg-type]


def test_nobody_but_who_has_a_key_gets_in_and_the_feed_goes_on(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_public, plant_secret = people.pair("plant")
    _, alice = people.pair("alice", let_in=True)
    _, mallory = people.pair("mallory")
    keys = read_keys(plant_secret, authorized=str(people.inside))
    with published(keys) as publisher, zmq.Context() as context:
        own = read_keys(alice, server=plant_public)
        with closing(Source(publisher.endpoint, context, "mi/", keys=own)) as friend:
            sent = 0

            def received() -> list[list[bytes]]:
                publisher.handle_subscriptions()
                publisher.send([b"mi/first", b"{}"])
                return friend.messages()

            wait(received)
            told = {
                "another's key": words_of(read_keys(mallory, server=plant_public), publisher),
                "no keys": words_of(PLAIN_TEXT, publisher),
                "wrong server": words_of(read_keys(alice, server=f"{people.folder}/mallory/mallory.key"), publisher),
                "his own": words_of(read_keys(plant_secret, server=plant_public), publisher),
            }
            assert "refuses our key" in told["another's key"]
            assert re.search("wants? CURVE keys", told["no keys"])
            assert "does not have the key --curve-server-key" in told["wrong server"]
            assert told["his own"] == "in"
            with socket.create_connection(("127.0.0.1", int(publisher.endpoint.rpartition(":")[2]))) as browser:
                browser.sendall(b"GET / HTTP/1.1\r\nHost: plant\r\n\r\n".ljust(64))
                said: list[str] = []
                monkeypatch.setattr("streammi.network.connections.REFUSED_SECONDS", 0.0)  # what follows, at once

                def is_told() -> bool:
                    publisher.serve(said.append)
                    words = "their key is not among", "they came without keys", "is no ZeroMQ, or their --curve-server"
                    return all(any(one in line for line in said) for one in words)

                wait(is_told)
            assert all(re.fullmatch("connections refused: [1-9].* because .*", line) for line in said)
            friend.messages()
            for sent in range(500):  # all that was sent meanwhile and since arrives, in order
                publisher.send([b"mi/a", b"%d" % sent])
            numbers: list[int] = []

            def counted() -> bool:
                numbers.extend(int(body) for topic, body in friend.messages() if topic == b"mi/a" and body != b"{}")
                return len(numbers) == 500

            wait(counted)
            assert numbers == list(range(500))
            assert friend.link == "connected"


def test_a_plain_publisher_is_not_taken_for_the_one_whose_key_we_have(people: People) -> None:
    public, _ = people.pair("plant")
    _, alice = people.pair("alice")
    with published(PLAIN_TEXT) as publisher:
        assert "does not have the key --curve-server-key" in words_of(read_keys(alice, server=public), publisher)


def test_who_is_let_in_later_gets_in_without_a_restart(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streammi.network.link.RETRY_SECONDS", 0.2)
    plant_public, plant_secret = people.pair("plant")
    _, alice = people.pair("alice")
    own = read_keys(alice, server=plant_public)
    with published(read_keys(plant_secret, authorized=str(people.inside))) as publisher, zmq.Context() as context:
        config = FeedConfig(endpoint=publisher.endpoint)
        with closing(Subscriber(config, context, keys=own)) as feed:
            wait(lambda: bool(feed.receive()) and "refuses our key" in feed.link.note)
            people.let_in("alice")

            def came() -> bool:
                publisher.handle_subscriptions()
                publisher.send([b"mi/a", b"{}"])
                return bool(feed.receive()[1])

            wait(came)
            assert feed.link.note == ""


def test_a_folder_is_read_again_once_a_second_at_the_most(people: People) -> None:
    public, _ = people.pair("alice")
    now = [0.0]
    authorized = Authorized(people.inside, b"own", clock=lambda: now[0])
    key = read_public(public, "--key")
    assert authorized.callback("*", b"own")
    assert not authorized.callback("*", key)
    people.let_in("alice")
    assert not authorized.callback("*", key)
    now[0] = 1.0
    (people.inside / "broken.key").write_text("public-key = none of those")
    assert authorized.callback("*", key)


def test_plain_text_from_elsewhere_is_noticed() -> None:
    with zmq.Context() as context:
        for endpoint, notice in (("tcp://192.0.2.1:5556", PLAIN_TEXT_NOTICE), ("tcp://127.0.0.1:5556", "")):
            with context.socket(zmq.SUB) as socket, closing(Link(socket, endpoint, 0.0, PLAIN_TEXT, "")) as link:
                assert link.notice == notice
        with closing(Subscriber(FeedConfig(endpoint="tcp://192.0.2.1:5556"), context)) as feed:
            assert feed.link.note == PLAIN_TEXT_NOTICE


def bound(endpoint: str, *, insecure: bool = False) -> tuple[zmq.Socket[Any], Binding]:
    publisher = zmq.Context.instance().socket(zmq.PUB)
    try:
        return publisher, Binding(publisher, endpoint, "--bind", keys=PLAIN_TEXT, insecure=insecure)
    except ConfigError:
        publisher.close(0)
        raise


def unbound(publisher: zmq.Socket[Any], binding: Binding) -> None:
    publisher.close(0)
    binding.release()
    with socket.socket(socket.AF_UNIX) as probe:  # ZeroMQ closes it in a thread of its own
        wait(lambda: probe.connect_ex(binding.endpoint.removeprefix("ipc://")))


def test_an_ipc_endpoint_cannot_be_taken_from_whoever_has_it(tmp_path: Path) -> None:
    first = bound(f"ipc://{tmp_path}/feed")
    assert stat.S_IMODE(os.stat(tmp_path / "feed").st_mode) == 0o700
    with pytest.raises(ConfigError, match="--bind must be a free endpoint"):
        bound(f"ipc://{tmp_path}/feed")
    unbound(*first)
    assert not (tmp_path / "feed.lock").exists()
    unbound(*bound(f"ipc://{tmp_path}/feed"))


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("tcp://192.0.2.1:5555", "an address of this machine"),
        ("ipc://{}/" + 120 * "a", "one with a shorter path"),
    ],
)
def test_what_cannot_be_bound_is_not_said_to_be_taken(endpoint: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"--bind must be {said} "):
        bound(endpoint.format(tmp_path), insecure=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_an_ipc_endpoint_replaces_nothing_but_a_socket(kind: str, tmp_path: Path) -> None:
    """ZeroMQ deletes what is there: a file that somebody named by mistake was gone."""
    path = tmp_path / "kept"
    if kind == "file":
        path.write_text("kept")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("elsewhere")
    with pytest.raises(ConfigError, match="--bind must be a path where there is nothing, or a socket"):
        bound(f"ipc://{path}")
    assert list(tmp_path.iterdir()) == [path]
    assert kind != "file" or path.read_text() == "kept"


def test_an_ipc_endpoint_of_a_program_that_knows_no_locks(tmp_path: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as other:
        other.bind(f"ipc://{tmp_path}/feed")
        with pytest.raises(ConfigError, match="another program"):
            bound(f"ipc://{tmp_path}/feed")
    (tmp_path / "feed").touch()  # what a killed program leaves
    unbound(*bound(f"ipc://{tmp_path}/feed"))


def test_where_nothing_can_be_locked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory"):
        bound(f"ipc://{tmp_path}/missing/feed")


def test_keygen_says_what_goes_where(tmp_path: Path) -> None:
    words, pipes = ("keygen", "plant"), {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    said, _ = started(*words, cwd=tmp_path, text=True, **pipes).communicate()
    assert "plant/plant.key_secret  stays here" in said
    assert "plant/plant.key  goes to" in said
    again = started(*words, cwd=tmp_path, text=True, **pipes)
    _, refused = again.communicate()
    assert again.returncode == 2
    assert refused.count("\n") == 1
    assert "a key is there already" in refused


def test_the_commands_with_keys_from_end_to_end(people: People, tmp_path: Path) -> None:
    """publish -> monitor -> view, each link under CURVE; and what the view says to one without keys."""
    feed_public, feed_secret = people.pair("feed")
    plant_public, plant_secret = people.pair("plant", let_in=True)
    _, alice = people.pair("alice", let_in=True)
    feed, readings = f"ipc://{tmp_path}/feed.ipc", f"ipc://{tmp_path}/readings.ipc"
    inside = f"--authorized-keys={people.inside}"
    known = ["--curve-secret", plant_secret, "--curve-server-key", feed_public, inside]
    commands = [
        ["publish", "seed", "--bind", feed, "--curve-secret", feed_secret, inside],
        ["monitor", feed, "--x=x", "--y=y", "--quiet", "--publish", readings, *known],
    ]
    processes = [started(*words, stderr=subprocess.DEVNULL) for words in commands]
    view = ["view", readings, "--output=once", "--seconds=40"]
    try:
        shown = streammi(*view, "--curve-secret", alice, "--curve-server-key", plant_public)
        assert shown.stdout.startswith("x~y  ")
        assert "CURVE" not in shown.stderr  # on a busy machine it says that nothing comes yet
        refused = streammi(*view, "--seconds=3")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert re.search("no reading of .* within 3 s: .*wants? CURVE keys", refused.stderr)
        session = Session(["view", readings])
        session.until("CURVE keys")
        session.type("q")
        assert session.end() == 0
    finally:
        for process in processes:
            process.terminate()
            process.wait(PATIENCE)
