"""Settings of the whole suite, and what its workers need, compiled once."""

import subprocess
import sys
from pathlib import Path

import pytest
from compile_kernels import KINDS
from hypothesis import HealthCheck, settings

# A first example may compile a kernel, and shared machines pause: how long one takes says nothing.
settings.register_profile("streammi", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("streammi")

COMPILERS = pytest.StashKey[list["subprocess.Popen[bytes]"]]()


def pytest_configure(config: pytest.Config) -> None:
    """Compile while the workers collect; what runs in one process compiles only what it needs."""
    if config.getoption("numprocesses", None):
        program = Path(__file__).with_name("compile_kernels.py")
        config.stash[COMPILERS] = [subprocess.Popen([sys.executable, program, kind]) for kind in KINDS]


def pytest_unconfigure(config: pytest.Config) -> None:
    for process in config.stash.get(COMPILERS, []):
        process.kill()
        process.wait()
