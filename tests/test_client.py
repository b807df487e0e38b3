"""A publisher of a recording at its end, and a receiver that stands still: all is taken, or given up at a signal."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE
from programs import started

MESSAGES, BATCH = 900, 20  # fewer than a socket's high-water mark, and more bytes than the kernel takes in between


@pytest.fixture
def receiver() -> Iterator[zmq.Socket[Any]]:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.rcvhwm = 1
        yield socket


def published(tmp_path: Path, receiver: zmq.Socket[Any]) -> tuple[subprocess.Popen[str], IO[str]]:
    """A publisher that has sent everything to a receiver that takes nothing, and says that it waits."""
    file = tmp_path / "signals.csv"
    file.write_text("a,b\n" + "".join(f"{k},{-k}\n" for k in range(MESSAGES * BATCH)))
    endpoint = f"ipc://{tmp_path}/feed"
    receiver.connect(endpoint)
    words = ["publish", str(file), "--x", "a", "--y", "b", "--bind", endpoint, "--push", "--batch", str(BATCH)]
    process = started(*words, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "publishing" in process.stderr.readline()
    assert f"published {MESSAGES * BATCH} samples" in process.stderr.readline()
    assert "waiting for a slow receiver" in process.stderr.readline()
    return process, process.stderr


def test_the_end_of_a_recording_waits_for_a_receiver_that_stands_still(
    tmp_path: Path, receiver: zmq.Socket[Any]
) -> None:
    process, said = published(tmp_path, receiver)
    with process:
        found: list[int] = []
        while len(found) < MESSAGES * BATCH and receiver.poll(40_000):
            found += [int(seq) for seq in re.findall(rb'"seq":(\d+)', receiver.recv())]
        assert process.wait(PATIENCE) == 0
        assert said.read() == ""
    assert found == list(range(MESSAGES * BATCH))


def test_a_signal_gives_up_what_is_not_taken_and_says_so(tmp_path: Path, receiver: zmq.Socket[Any]) -> None:
    process, said = published(tmp_path, receiver)
    with process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 143
        assert "given up" in said.read()


@pytest.mark.parametrize(("name", "column"), [("signals.csv", "c"), ("another.csv", "b")])
def test_what_cannot_be_read_is_said_before_anybody_comes(tmp_path: Path, name: str, column: str) -> None:
    (tmp_path / "signals.csv").write_text("a,b\n1,2\n")
    words = ["publish", str(tmp_path / name), "--x", "a", "--y", column, "--bind", f"ipc://{tmp_path}/feed"]
    done = streammi(*words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert (name if column == "b" else "'c'") in done.stderr
