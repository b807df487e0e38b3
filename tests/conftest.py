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
from programs import SERVER

# A first example may compile a kernel, and shared machines pause: how long one takes says nothing.
settings.register_profile("streammi", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("streammi")

HELPERS = pytest.StashKey[list["subprocess.Popen[bytes]"]]()


def pytest_configure(config: pytest.Config) -> None:
    """Compile while the workers collect, and fork what they start; what runs in one process takes what it needs."""
    if config.getoption("numprocesses", None):
        folder = Path(__file__).parent
        os.environ[SERVER] = tempfile.mkdtemp(prefix="streammi-tests-") + "/forks"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(os.environ[SERVER])
            listener.listen(100)
            place = listener.fileno()
            config.stash[HELPERS] = [
                subprocess.Popen([sys.executable, folder / "fork_server.py", str(place)], pass_fds=[place]),
                subprocess.Popen([sys.executable, folder / "compile_kernels.py"]),
            ]


def pytest_unconfigure(config: pytest.Config) -> None:
    if helpers := config.stash.get(HELPERS, []):
        for process in helpers:
            process.kill()
            process.wait()
        shutil.rmtree(Path(os.environ[SERVER]).parent)
