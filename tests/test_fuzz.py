"""A short run of scripts/fuzz.py: damaged messages of every format with good ones between them, held to account."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "fuzz.py"


def test_every_message_is_accounted_for() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--messages=4200"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "all held" in done.stdout
    assert done.stdout.count("messages,") == 14  # formats
