"""What a person meets first of each script: its help, and the refusal of nonsense."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[object, str, str]]  # a script's name and its words: the status, standard output and error
SCRIPTS = Path(__file__).parents[1] / "scripts"
NONSENSE = {
    "accuracy": ["--only=alarms,nothing"],
    "benchmark": ["--only="],
    "blocked_reader": ["--rate=0"],
    "channels": ["--only=most"],
    "conditional": ["--only=nothing"],
    "crash": ["--kills=-1"],
    "dead_feed": ["--late=-1"],
    "detection": ["quick"],
    "exactness": ["--samples=10"],
    "extrapolations": ["quick"],
    "fit_extrapolation": ["quick"],
    "fuzz": ["--messages=0"],
    "histories": ["--histories=0"],
    "intruders": ["--connections=many"],
    "overload": ["--seconds=nan"],
    "pages": ["--only=nothing"],
    "picture": ["nowhere"],
    "recognition": ["--feeds=0"],
    "recording": ["nowhere/demo.svg"],
    "recording_check": ["--cuts=1.5"],
    "reference": ["nowhere"],
    "soak": ["--minutes=0"],
    "spark": ["--only=nothing"],
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a script as its command would, but in this process: what it imports is imported once for all of them."""
    monkeypatch.syspath_prepend(SCRIPTS)

    def run(name: str, *words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", [str(SCRIPTS / f"{name}.py"), *words])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(sys.argv[0], run_name="__main__")
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", NONSENSE)
def test_a_script_says_what_it_is_and_refuses_nonsense(name: str, run: Run) -> None:
    status, helped, complaint = run(name, "--help")
    assert (status, complaint) == (0, "")
    source = (SCRIPTS / f"{name}.py").read_text()
    assert source.partition('"""')[2].split("\n")[0].split()[:8] == helped.partition("\n\n")[2].split()[:8]
    status, out, complaint = run(name, *NONSENSE[name])
    assert (status, out) == (2, "")
    said = complaint.splitlines()[-1]
    assert said.startswith(f"{name}.py: error: ")
    assert "must be" in said or f"unrecognized arguments: {NONSENSE[name][0]}" in said


def test_each_script_is_looked_at() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py") if "__main__" in path.read_text()} == set(NONSENSE)
