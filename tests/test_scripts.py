"""What a person meets first of each script: its help, and the refusal of nonsense."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
NONSENSE = {
    "accuracy": ["--only=alarms,nothing"],
    "benchmark": ["--only="],
    "blocked_reader": ["--rate=0"],
    "channels": ["--only=most"],
    "crash": ["--kills=-1"],
    "dead_feed": ["--late=-1"],
    "detection": ["quick"],
    "exactness": ["--samples=10"],
    "fuzz": ["--messages=0"],
    "histories": ["--histories=0"],
    "intruders": ["--connections=many"],
    "overload": ["--seconds=nan"],
    "picture": ["nowhere"],
    "recognition": ["--feeds=0"],
    "recording": ["nowhere/demo.svg"],
    "recording_check": ["--cuts=1.5"],
    "reference": ["nowhere"],
    "soak": ["--minutes=0"],
}


def run(name: str, *words: str) -> "subprocess.CompletedProcess[str]":
    words = ("-W", "error", str(SCRIPTS / f"{name}.py"), *words)
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize("name", NONSENSE)
def test_a_script_says_what_it_is_and_refuses_nonsense(name: str) -> None:
    helped = run(name, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    source = (SCRIPTS / f"{name}.py").read_text()
    assert source.partition('"""')[2].split("\n")[0].split()[:8] == helped.stdout.partition("\n\n")[2].split()[:8]
    refused = run(name, *NONSENSE[name])
    assert (refused.returncode, refused.stdout) == (2, "")
    said = refused.stderr.splitlines()[-1]
    assert said.startswith(f"{name}.py: error: ")
    assert "must be" in said or f"unrecognized arguments: {NONSENSE[name][0]}" in said


def test_each_script_is_looked_at() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py") if "__main__" in path.read_text()} == set(NONSENSE)
