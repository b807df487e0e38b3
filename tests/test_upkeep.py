"""A monitor under a service manager, as a process: told to it, asked for a report, and ended."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import zmq


def test_a_service_is_ready_reports_and_stops(tmp_path: Path) -> None:
    feed, state = f"ipc://{tmp_path}/feed", str(tmp_path / "state")
    words = ["monitor", feed, "--pull", "--x", "a", "--y", "b", "--bins", "2", "--window", "10", "--every", "20"]
    with (
        zmq.Context() as context,
        context.socket(zmq.PUSH) as sender,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        sender.bind(feed)
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "streammi", *words, "--log", "json", "--state", state],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert manager.recv(1000) == b"READY=1"
        sender.send(b"\x1b[2Jno pair")
        for k in range(20):
            sender.send_json({"a": k % 7, "b": k % 5})
        assert json.loads(process.stdout.readline())["pairs"] == 20
        while b"20 pairs" not in manager.recv(1000):  # the watchdog: several a second
            pass
        process.send_signal(signal.SIGUSR1)
        said: list[dict[str, Any]] = []
        while not said or said[-1]["message"] != "report":
            said.append(json.loads(process.stderr.readline()))
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        told = b""
        while told != b"STOPPING=1":
            told = manager.recv(1000)
    assert process.returncode == 143
    assert (out, err) == ("", "")
    messages = [line["message"] for line in said]
    assert f"{feed}: connected" in messages
    assert any(message.startswith("messages that yielded no pair: 1, the newest: other format") for message in messages)
    report = said[-1]
    assert report["process"]["pid"] == process.pid
    assert report["settings"]["--window"] == "10 pairs"
    assert report["window"]["pairs"] == 20
    assert report[f"link {feed}"]["malformed"] == {"other format": 1}
    assert report["link history"]["0"].endswith("connected")
    assert state in report["written"]["keeper"]
    assert {path.name for path in Path(state).iterdir()} == {"lock", "state.0", "state.1"}
