"""Nothing that was received or read is ever run, and nothing of it steers a terminal."""

import ast
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from command_line import streammi
from programs import BOTH, started

from streammi.dashboard.drawing.glyphs import ASCII
from streammi.dashboard.line_output import LineOutput, Lines
from streammi.errors import FeedError
from streammi.ingest.formats.paths import find

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


def test_nothing_that_is_read_is_ever_run() -> None:
    assert len(FILES) > 400
    found = {str(path.relative_to(ROOT)): runs_what_it_reads(ast.parse(path.read_text())) for path in FILES}
    assert {path: what for path, what in found.items() if what} == {}


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


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\u202e\u2028"


def steers(text: str) -> list[str]:
    """What in a program's output could do more than be seen."""
    return [c for c in text if not c.isprintable() and c != "\n"]


def test_the_names_in_a_file_are_harmless_in_an_error(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("a\x1b[2J\x9b31m\u202e,b\n1,2\n3,4\n")
    done = streammi("replay", str(file), "--x", "missing", "--y", "b")
    assert done.returncode == 2
    assert done.stderr
    assert steers(done.stderr + done.stdout) == []


def test_the_names_that_a_user_is_lured_to_give_are_harmless(tmp_path: Path) -> None:
    words = ["--x", f"a{ESCAPES}", "--y", "b", "--seconds=0.2", "--publish", f"ipc://{tmp_path}/out"]
    done = streammi("monitor", f"ipc://{tmp_path}/feed", *words)
    assert done.stderr
    assert steers(done.stderr + done.stdout) == []


def test_a_feed_s_topics_and_fields_are_harmless_in_a_probe(tmp_path: Path) -> None:
    message = [f"topic{ESCAPES}".encode(), json.dumps({f"field{ESCAPES}": 1.0, "b": f"text{ESCAPES}"}).encode()]
    words = ["probe", f"ipc://{tmp_path}/feed", "--seconds=3"]
    process = started(*words, **BOTH)
    with zmq.Context() as context, context.socket(zmq.PUB) as feed:
        feed.bind(f"ipc://{tmp_path}/feed")
        while process.poll() is None:
            feed.send_multipart(message)
            time.sleep(0.01)
    out, err = process.communicate()
    assert "field" in out
    assert steers(out + err) == []


@pytest.mark.parametrize("output", ["jsonl", "influx", "plain", "once"])
def test_a_monitor_s_messages_are_harmless_as_lines(output: LineOutput) -> None:
    """JSON may hold what a terminal of 8 bits obeys, and line breaks between its values."""
    fields = {"v": 1, "timestamp": 1.5, "n": 3, "mi": 0.5, "mi_corrected": 0.5, "status": 0, "unit": f"bit{ESCAPES}"}
    payload = json.dumps(fields, ensure_ascii=False, indent=1).replace("\x1b", "\\u001b").replace("\x07", "\\u0007")
    line = Lines(output, ASCII).line([b"mi/pair", payload.encode()])
    assert line is not None
    assert steers(line) == []
    assert "\n" not in line
    if output == "jsonl":
        assert json.loads(line) == fields
