"""Nothing that was received or read is ever run, and nothing of it steers a terminal."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streammi.errors import FeedError
from streammi.ingest.paths import find

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("streammi/**/*.py"), *ROOT.glob("scripts/*.py")])

MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "jsonpickle"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
METHODS = {"recv_pyobj", "send_pyobj", "read_pickle", "to_pickle", "literal_eval"}


def runs_what_it_reads(tree: ast.AST) -> list[str]:
    """The places in a program that could make code of data."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            found += [str(node.module)] if str(node.module).partition(".")[0] in MODULES else []
            found += [name.name for name in node.names if name.name in METHODS]
        elif isinstance(node, ast.Attribute) and node.attr in METHODS:
            found.append(node.attr)
        elif isinstance(node, ast.Call):
            found += _call(node)
    return found


def _call(node: ast.Call) -> list[str]:
    words = {word.arg: word.value for word in node.keywords}
    found = []
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        found.append(node.func.id)
    for name, harmless in (("allow_pickle", False), ("shell", False)):
        if name in words and not (isinstance(words[name], ast.Constant) and words[name].value is harmless):
            found.append(name)
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        # An .npy file may hold pickled objects, and np.load's own default may change.
        if node.func.attr == "load" and owner in ("np", "numpy", "lib") and "allow_pickle" not in words:
            found.append("np.load")
        if (owner, node.func.attr) in (("os", "system"), ("os", "popen"), ("torch", "load")):
            found.append(f"{owner}.{node.func.attr}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_read_is_ever_run(path: Path) -> None:
    assert runs_what_it_reads(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from marshal import loads",
        "import yaml.loader",
        "socket.recv_pyobj()",
        "eval(text)",
        "exec(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "numpy.load(path, allow_pickle=flag)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
        "from ast import literal_eval",
    ],
)
def test_the_look_through_finds_what_it_looks_for(code: str) -> None:
    assert runs_what_it_reads(ast.parse(code))


def test_what_is_harmless_is_not_reported() -> None:
    code = (
        "import json\njson.loads(text)\nnp.load(path, allow_pickle=False)\nre.compile(text)\nmsgspec.json.decode(text)"
    )
    assert runs_what_it_reads(ast.parse(code)) == []


@pytest.mark.parametrize("tree", [[b"\xa0", "a"], [[1], [2, 3]], [{}, []], [None, "x"], np.array(1.0)])
def test_a_path_into_a_list_of_anything_is_followed_or_refused(tree: Any) -> None:
    """numpy makes no array of some of these: a list of bytes and text raises UnicodeDecodeError."""
    if isinstance(tree, list):
        assert find(tree, "1") == (1,)
    with pytest.raises(FeedError, match="no such path"):
        find(tree, "7")
