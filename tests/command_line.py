"""A command in this process: for what it says and ends with, without the second that a process takes to start."""

import subprocess
import sys
import threading
import warnings
from tempfile import TemporaryFile
from typing import TextIO
from unittest.mock import patch

from streammi.cli.main import main


def streammi(
    *words: str, stdout: TextIO | None = None, stderr: TextIO | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run ``streammi`` with these words, its standard output and error files, or ``stdout`` and ``stderr``."""
    with (
        TemporaryFile("w+", encoding="utf-8") as out,
        TemporaryFile("w+", encoding="utf-8") as err,
        patch.object(sys, "argv", ["streammi", *words]),
        patch.object(sys, "stdout", stdout or out),
        patch.object(sys, "stderr", stderr or err),
        patch.object(threading, "excepthook", threading.excepthook),
        warnings.catch_warnings(),
    ):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read())
    return subprocess.CompletedProcess(words, status, *said)  # type: ignore[arg-type]
