"""The service manager's side is a real socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from feeds import PATIENCE

from streammi.system.service_manager import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(path if request.param == "path" else "\0" + path)
        bound.settimeout(PATIENCE)
        yield bound, path if request.param == "path" else "@" + path


def test_it_is_told_that_the_program_is_ready_lives_and_stops(manager: tuple[socket.socket, str]) -> None:
    bound, address = manager
    service = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "7"}, pid=7)
    service.ready()
    for now in (100.0, 101.0, 101.9, 102.0):  # each two seconds: half of what the watchdog allows
        service.alive(now, lambda: "connected, 5 pairs")
    service.stopping()
    expected = [b"READY=1", *[b"WATCHDOG=1\nSTATUS=connected, 5 pairs"] * 2, b"STOPPING=1"]
    assert [bound.recv(1000) for _ in expected] == expected
    assert service.notes == []
    service.close()


def test_a_watchdog_of_another_process_is_not_ours(manager: tuple[socket.socket, str]) -> None:
    bound, address = manager
    service = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8"}, pid=7)
    for now in range(0, 21, 5):
        service.alive(now, lambda: "well")
    service.close()
    bound.setblocking(False)
    for _ in range(3):  # at 0, 10 and 20 s
        bound.recv(1000)
    with pytest.raises(BlockingIOError):
        bound.recv(1000)


def test_without_a_manager_nothing_happens() -> None:
    service = Notifier({}, pid=7)
    service.ready()
    service.alive(1.0, lambda: pytest.fail("nobody asks"))
    assert service.notes == []


def test_a_manager_that_cannot_be_reached_is_said_once(tmp_path: Path) -> None:
    service = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, pid=7)
    service.ready()
    service.alive(1.0, str)
    assert service.notes == ["the service manager cannot be told anything (No such file or directory)"]


def test_a_manager_that_does_not_read_delays_nothing(manager: tuple[socket.socket, str]) -> None:
    _, address = manager
    service = Notifier({"NOTIFY_SOCKET": address}, pid=7)
    for now in range(0, 20_000, 10):  # far more than a socket holds
        service.alive(now, lambda: "x" * 100)
    assert service.notes == []
    service.close()


@pytest.mark.parametrize(
    "odd", ["soon", "", "0", "-5000000", "1e6", "1.5", "٣", "nan", str((1 << 64) - 1), "1" * 5000, "\udcff"]
)
def test_a_watchdog_without_a_time_is_said_and_none(odd: str, manager: tuple[socket.socket, str]) -> None:
    bound, address = manager
    service = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": odd}, pid=7)
    for now in range(0, 21, 5):
        service.alive(now, lambda: "well")
    service.close()
    assert service.notes == [f"WATCHDOG_USEC is no number of microseconds: {odd}"]
    bound.setblocking(False)
    for _ in range(3):  # the status, at 0, 10 and 20 s
        bound.recv(1000)
    with pytest.raises(BlockingIOError):
        bound.recv(1000)


@pytest.mark.parametrize("odd", ["notify", "vsock:2:1234", " /run/notify", "/" + "n" * 200, "@" + "n" * 200, "@", "/"])
def test_an_odd_address_is_said_and_nothing_else_happens(odd: str) -> None:
    service = Notifier({"NOTIFY_SOCKET": odd}, pid=7)
    service.ready()
    service.alive(1.0, str)
    service.stopping()
    assert len(service.notes) == 1
    assert service.notes[0].isprintable()
    service.close()
