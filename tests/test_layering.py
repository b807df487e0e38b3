"""Data flows one way, and imports follow it; what need not compute starts without what computes."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DESIGN = (ROOT / "streammi/docs/explanation/design.md").read_text()

# Each may import those above it and itself: the rooms, and within core what its rooms may.
_LAYERS = """
errors
config
records
system
recording
network
core  core.kernels  core.finite_values  core.ranks  core.bins  core.information  core.window  core.significance
core.channels  core.conditional  core.keyed
ingest  samples
detect
monitor
analysis  publish
dashboard.drawing  dashboard
web
report
interop
session
cli
__main__
"""
LAYERS = _LAYERS.split()


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements in a tree, also inside others: expressions, most of it, hold no import."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.expr):
            yield node
            yield from statements(node)


def imports_of(path: Path) -> Iterator[str]:
    """The modules that a file names in an import, also inside functions: a.b for ``from a import b`` of a module b."""
    for node in statements(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            for alias in node.names:
                place = ROOT.joinpath(*f"{node.module}.{alias.name}".split("."))
                is_module = place.with_suffix(".py").exists() or place.is_dir()
                yield f"{node.module}.{alias.name}" if is_module else str(node.module)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {module_name(path): path for path in sorted(ROOT.glob("streammi/**/*.py"))}
OURS = [name for name in FILES if name != "streammi"]  # the root's own imports are resolved on first use


@cache  # and not while tests are collected, which each worker does
def imported(name: str) -> frozenset[str]:
    return frozenset(imports_of(FILES[name]))


@cache
def imported_of_ours(name: str) -> frozenset[str]:
    return imported(name).intersection(OURS)


def layer(name: str) -> int | None:
    fitting = [prefix for prefix in LAYERS if f"{name}.".startswith(f"streammi.{prefix}.")]
    return LAYERS.index(max(fitting, key=len)) if fitting else None


def reachable(name: str) -> set[str]:
    seen: set[str] = set()
    left = [name]
    while left:
        for other in imported_of_ours(left.pop()) - seen:
            seen.add(other)
            left.append(other)
    return seen


def under(package: str) -> list[str]:
    return [name for name in OURS if f"{name}.".startswith(f"streammi.{package}.")]


def test_imports_follow_the_flow() -> None:
    layers = {name: layer(name) for name in OURS}
    assert [name for name, there in layers.items() if there is None] == []  # each has a place in LAYERS
    upwards = [(name, other) for name in OURS for other in imported_of_ours(name) if layers[other] > layers[name]]  # type: ignore[operator]
    assert upwards == []  # none imports what comes after it


def test_nothing_imports_itself_by_a_detour() -> None:
    assert [name for name in OURS if name in reachable(name)] == []


def test_each_thing_is_in_a_room() -> None:
    loose = {path.stem for path in ROOT.glob("streammi/*.py")} - {"__init__", "__main__"}
    assert loose <= {"errors", "_version", "analysis"}
    rooms = [path.parent.name for path in ROOT.glob("streammi/*/__init__.py")]
    assert not [name for name in rooms if f"| `{name}/` |" not in DESIGN]


def test_the_design_names_what_there_is() -> None:
    """Each name in a row is a module or a folder there, or in a folder below."""
    for place, words in re.findall(r"^\| `([\w/]+)/` \| (.*) \|$", DESIGN, re.MULTILINE):
        below = {path.stem for path in ROOT.joinpath("streammi", place).rglob("*")}
        named = {name.rstrip("/") for name in re.findall(r"`(\w+/?)`", words)}
        assert named - below <= {"__init__"}, place


def test_a_room_says_what_it_is_for() -> None:
    """In one line."""
    rooms = sorted(ROOT.glob("streammi/*/**/__init__.py"))
    said = {str(path.relative_to(ROOT)): ast.get_docstring(ast.parse(path.read_text())) or "" for path in rooms}
    assert [room for room, words in said.items() if not words.endswith(".") or "\n" in words] == []


IN_CORE = {*sys.stdlib_module_names, "numpy", "numba", "llvmlite", "msgspec", "streammi"} - {
    "io", "logging", "os", "pathlib", "random", "select", "socket", "subprocess", "threading", "time",
}  # fmt: skip


HELPERS = "streammi.core.channels.helpers"  # threads that count, of which whoever asks sees nothing


def test_the_core_computes_and_does_nothing_else() -> None:
    others = {name: {other.partition(".")[0] for other in imported(name)} - IN_CORE for name in under("core")}
    assert others.pop("streammi.core.channels.cuda") == {"cupy", "cupy_backends"}
    assert others.pop(HELPERS) == {"threading"}
    assert {name: found for name, found in others.items() if found} == {}


@pytest.mark.parametrize(
    ("package", "never"),
    [
        ("dashboard", ("core", "ingest", "monitor", "detect", "session", "cli", "recording")),
        ("publish", ("core", "ingest", "monitor", "dashboard", "recording")),
        ("ingest", ("core", "publish", "monitor", "dashboard")),
        ("monitor", ("ingest", "network", "recording", "dashboard", "publish")),
        ("samples", ("core", "ingest", "network", "recording")),
    ],
)
def test_what_keeps_apart(package: str, never: tuple[str, ...]) -> None:
    found = {other for name in under(package) for other in reachable(name)}
    assert not [other for other in found for prefix in never if f"{other}.".startswith(f"streammi.{prefix}.")]


@pytest.mark.parametrize(
    "name", ["monitor", "detect", "records", "ingest.decoder", "publish.messages", "dashboard.view"]
)
def test_pure_modules_know_no_socket(name: str) -> None:
    names = {found for each in under(name) for found in {each} | reachable(each)} - {HELPERS}
    assert not {other for each in names for other in imported(each)} & {"zmq", "socket", "select", "time", "threading"}


@pytest.mark.parametrize(
    ("code", "without"),
    [
        ("import streammi", "numpy numba zmq river rich psutil typer"),
        ("from streammi import ChannelWindow", "cupy cupy_backends"),
        (
            "import streammi.cli.main; streammi.cli.main.app(['--help'], standalone_mode=False)",
            "numpy numba zmq river psutil",
        ),
        (
            "import streammi.cli.main; streammi.cli.main.app(['watch', '--help'], standalone_mode=False)",
            "numpy numba zmq river",
        ),
        ("import streammi.dashboard.loop", "numba river psutil"),
        ("import streammi.cli.run_publish, streammi.cli.run_replay, streammi.cli.run_monitor", "pyarrow"),
        ("from streammi import rolling_mi", "zmq river rich psutil typer"),
    ],
)
def test_what_starts_without_what(code: str, without: str) -> None:
    report = f"{code}\nimport sys\nprint('loaded', sorted(set({without.split()}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-W", "error", "-c", report], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("loaded []\n")
