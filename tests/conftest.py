"""Settings of the whole suite, and what its workers need, compiled and imported once."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from programs import SERVER, until_ready

# A first example may compile a kernel, and shared machines pause: how long one takes says nothing.
settings.register_profile("streammi", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("streammi")

FORK_SERVER = pytest.StashKey["subprocess.Popen[bytes]"]()


def pytest_configure(config: pytest.Config) -> None:
    """Compile while the workers collect, and fork what they start; what runs in one process compiles what it needs."""
    if config.getoption("numprocesses", None):
        os.environ[SERVER] = tempfile.mkdtemp(prefix="streammi-tests-") + "/forks"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(os.environ[SERVER])
            listener.listen(100)
            words = [sys.executable, Path(__file__).with_name("fork_server.py"), str(listener.fileno())]
            config.stash[FORK_SERVER] = subprocess.Popen(words, pass_fds=[listener.fileno()])


def pytest_collection_finish() -> None:
    """In a worker, wait until what most tests need is compiled."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        until_ready()


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(FORK_SERVER, None):
        server.kill()
        server.wait()
        shutil.rmtree(Path(os.environ[SERVER]).parent)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written beyond the edge of its place, but for lines and blanks."""
    from streammi.dashboard.drawing.canvas import Canvas

    found: list[str] = []
    write = Canvas.text

    def text(self: Canvas, x: int, y: int, text: str, pen: int = 0) -> int:
        end = write(self, x, y, text, pen)
        if (x < 0 or end > self.width or y >= self.height > 0) and len(set(text.strip())) > 1:
            found.append(text)
        return end

    monkeypatch.setattr(Canvas, "text", text)
    return found
