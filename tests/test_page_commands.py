"""Each command of the README and the pages does what it is there for, as it stands but for addresses and folders."""

import gzip
import json
import math
import random
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
import zmq
from feeds import free_port, repeating
from programs import started
from test_readme import PAGES, TYPED

from streammi.cli import main as cli

FEED, PUBLISHED, OTHER, METRICS = "5556", "5557", "5558", "9464"  # the ports in the pages
FOREVER = ("monitor", "view", "serve", "publish")
SHORT = ["--seconds", "1"]
# Runs commands one after the other in one process, which saves the start of all the others; each has its own output.
RUNNER = """
import json, os, sys
from streammi.cli.main import _run
from streammi.system.log import Log

statuses = []
for k, words in enumerate(json.load(sys.stdin)):
    with open(f"{k}.out", "wb") as out:
        os.dup2(out.fileno(), 1)
    sys.argv = ["streammi", *words]
    statuses.append(_run(Log(sys.stderr)))
    sys.stdout.flush()
with open("statuses.json", "w") as file:
    json.dump(statuses, file)
sys.exit()
"""


@contextmanager
def feeds(ports: dict[str, int]) -> Iterator[None]:
    """What the pages' publishers send: two signals, and one each of two sources."""
    with zmq.Context() as context, ExitStack() as stack:
        sockets = {}
        for name, port in ports.items():
            sockets[name] = stack.enter_context(context.socket(zmq.PUB))
            sockets[name].linger = 0
            sockets[name].bind(f"tcp://127.0.0.1:{port}")

        def send() -> None:
            now = time.time()
            x = random.gauss(20, 2)
            record = {"temperature": x, "power": x * x, "cpu": {"percent": x}, "memory": {"percent": x * x},
                      "Temp": x, "Flow": x * x, "rack1": {"temp": x}, "rack2": {"temp": x * x},
                      "load": x, "host": "node1"}  # fmt: skip
            sockets["both"].send_json({**record, "timestamp": now})
            sockets["flow"].send_multipart([b"boiler", json.dumps({"flow": x, "timestamp": now}).encode()])
            sockets["valve"].send_multipart([b"valve", json.dumps({"position": x, "timestamp": now}).encode()])

        with repeating(send):
            yield


def write_files(folder: Path, feed: int) -> None:
    """The files that the pages' commands read."""
    rows = [(1.7e9 + 10 * k, 20 + 5 * math.sin(k / 30), math.sin(k / 30) ** 2 + random.random()) for k in range(3000)]
    names = "Temp,Temperature,COL,rack1,flow", "Flow,other,rack2,yield"  # functions of x, and of y
    text = f"time,{','.join(names)}\n" + "".join(
        f"{t:.0f}{f',{x:.3f}' * (names[0].count(',') + 1)}{f',{y:.3f}' * (names[1].count(',') + 1)}\n"
        for t, x, y in rows
    )
    for file in ("logger", "normal", "data", "a", "b", "plant", "fault"):
        (folder / f"{file}.csv").write_text(text)
    (folder / "data.csv.gz").write_bytes(gzip.compress(text.encode()))
    [options] = re.findall(r"```toml\n(endpoint.*?)```", PAGES["streammi/docs/how-to/service.md"], re.DOTALL)
    (folder / "plant.toml").write_text(options.replace(FEED, str(feed)).replace(PUBLISHED, str(free_port())))


class Line:
    """A line of a page: its words as they work here, and where its output goes."""

    def __init__(self, line: str, folder: Path, ports: dict[str, int]) -> None:
        text = re.split(r"\s#\s", line)[0].replace("./scripts/", "").replace("/var/lib", str(folder))
        parts = re.match(r"streammi ([^|>]*)(?:> ?(.*)|\| cmp - (.*))?$", text)
        assert parts is not None, line
        text, self.into, self.same_as = parts.groups()
        text = re.sub(r"\bENDPOINT\b", f"tcp://127.0.0.1:{FEED}", text)
        text = re.sub(r"-o plant\.toml$", f"-o {free_port()}.toml", text)  # nobody's file is written over
        text = re.sub(r"\bCOMMAND$", "monitor", text).replace("…", f"tcp://127.0.0.1:{FEED}")
        text = re.sub(r"^watch (\S+\.csv)", r"replay \1", text)  # tests/test_cli.py has it whole
        text = re.sub("^watch (.*?)(?: --bell)?$", r"monitor \1", text)  # half of it; the other half is a view
        if text.startswith("serve"):
            text = re.sub(
                r"$|--http (\S+):\d+", lambda m: f" --http {m[1] or '127.0.0.1'}:{free_port()}", text, count=1
            )
        if text.startswith("report tcp"):
            text = text.replace("--seconds 60", "--seconds 8")
        if text.startswith("publish"):
            text = text.replace(FEED, str(free_port()))
        text = text.replace(f"{FEED}#", f"{ports['flow']}#").replace(f"{OTHER}#", f"{ports['valve']}#")
        text = text.replace(PUBLISHED, str(ports["keyed" if "--curve" in text else "published"]))
        text = text.replace(FEED, str(ports["both"])).replace(OTHER, str(ports["published"]))
        self.words = shlex.split(text.replace("plant:", "127.0.0.1:").replace(METRICS, str(free_port())))

    def ending(self) -> list[str]:
        """What makes a command end that runs for ever, and what several monitors take where there is no terminal."""
        several = ["--output", "plain"] if self.words[0] == "view" and self.words[2:3] == self.words[1:2] else []
        forever = self.words[0] in FOREVER and "once" not in self.words
        return [*several, *(SHORT if forever or " ".join(self.words).startswith("probe tcp") else [])]


@pytest.mark.timeout(900)  # where others keep the machine busy and kernels have to be compiled
def test_every_command_of_the_pages(tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("both", "flow", "valve", "published", "keyed")}
    write_files(tmp_path, ports["both"])
    lines = [Line(line, tmp_path, ports) for line in TYPED]
    keys = [line for line in lines if line.words[0] == "keygen"]
    for line in keys:
        cli.app([*line.words[:1], str(tmp_path / line.words[1])], standalone_mode=False)
    (tmp_path / "in").mkdir(mode=0o700)
    shutil.copy(tmp_path / "alice/alice.key", tmp_path / "in")
    # Those that others here read: with keys, and with a state. The tutorial's is run in test_readme; a demo elsewhere.
    servers = [line for line in lines if {"--curve-secret", "--publish"} <= set(line.words) or "--state" in line.words]
    assert len(servers) == 2
    left = [line for line in lines if line not in keys and line.words[0] != "demo"]
    left = [line for line in left if "--publish" not in line.words]
    jobs = [[*line.words, *line.ending()] for line in left]
    running: list[Any] = []
    with feeds({name: ports[name] for name in ("both", "flow", "valve")}):
        try:
            for line in servers:
                running.append(started(*line.words, "--quiet", cwd=tmp_path))
            running.append(started(before=RUNNER, cwd=tmp_path, stdin=subprocess.PIPE, text=True))
            running[-1].communicate(json.dumps(jobs))
            assert running.pop().returncode == 0
            for process in running:
                process.terminate()
            assert [process.wait() for process in running] == [143, 143]
        finally:
            for process in running:
                process.kill()
                process.wait()
    statuses = json.loads((tmp_path / "statuses.json").read_text())
    assert [(words, status) for words, status in zip(jobs, statuses, strict=True) if status] == []
    said = [(tmp_path / f"{k}.out").read_bytes() for k in range(len(jobs))]
    silent = ("--quiet", "--out", "-o", "publish", "serve")
    assert [words for words, text in zip(jobs, said, strict=True) if not text and not {*silent} & {*words}] == []
    written = {line.into: text for line, text in zip(left, said, strict=True) if line.into}
    compared = [(line.same_as, text) for line, text in zip(left, said, strict=True) if line.same_as]
    assert compared == [("live.jsonl", written["live.jsonl"])]
    assert (tmp_path / "readings.parquet").stat().st_size


@pytest.mark.parametrize("line", [line for line in TYPED if re.search(r"streammi (watch|demo)", line)])
def test_of_what_is_run_by_halves_each_option_is_taken(line: str) -> None:
    words = shlex.split(re.split(r"\s#\s", line)[0])[1:]
    command = typer.main.get_command(cli.app).commands[words[0]]  # type: ignore[attr-defined]
    assert command.make_context(words[0], words[1:]).params
