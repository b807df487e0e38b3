"""Signals, as a process gets them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import zmq
from feeds import PATIENCE, wait
from programs import started

from streammi.errors import ConfigError
from streammi.system.signals import PARENT, parent_of

SERVICE = """
import os, select, signal, sys, time
from streammi.system.signals import Stop, hold_signals
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
hold_signals()
os.kill(os.getpid(), signal.SIGUSR1)
made = []
with Stop() as stop:
    assert not stop.requested
with Stop(service=True) as stop:
    stop.answer(lambda: made.append(select.select([stop], [], [], 0)[0]))
    assert (stop.requested, stop.requested) == (False, False)
    assert made == [[]]
    os.kill(os.getpid(), signal.SIGUSR1)
    assert select.select([stop], [], [], 0)[0]
    os.kill(os.getpid(), signal.SIGUSR1)
    assert (stop.requested, stop.requested) == (False, False)
    assert made == [[], []]  # it sleeps again
    stop.end_after(3600)
    assert not stop.requested
    stop.end_after(0)
    assert stop.requested
    os.kill(os.getpid(), signal.SIGHUP)
    assert (stop.requested, stop.status) == (True, 129)
    print("waiting", flush=True)
    time.sleep(60)
"""


def test_a_parent_is_a_number() -> None:
    assert (parent_of({}), parent_of({PARENT: "17"})) == (None, 17)
    for given in ("", "init", "-1", "1.5", "²"):
        with pytest.raises(ConfigError, match="STREAMMI_PARENT must be the number of a process"):
            parent_of({PARENT: given})


def test_a_report_waits_to_be_taken_and_a_second_signal_ends_a_long_start_at_once() -> None:
    process = subprocess.Popen([sys.executable, "-W", "error", "-c", SERVICE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT


ENDLESS = """
import pathlib, time
pathlib.Path(__file__).with_name("begun").touch()
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_python_imports_ends_it_in_silence(number: signal.Signals, tmp_path: Path) -> None:
    """What the command line is made of takes half a second to import, and here for ever."""
    (tmp_path / "typer.py").write_text(ENDLESS)
    process = subprocess.Popen(
        [sys.executable, "-m", "streammi", "monitor", f"ipc://{tmp_path}/nobody", "--x=x", "--y=y"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # the tests may run behind a script's &
    )
    wait((tmp_path / "begun").exists)
    process.send_signal(number)
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == -number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_waits_for_standard_input_ends_in_order(number: signal.Signals) -> None:
    words = ["replay", "-", "--x=a", "--y=b", "--x-range=0:9", "--y-range=0:9", "--every=2"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with started(*words, text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("a,b\n1,2\n3,4\n5,6\n")
        process.stdin.flush()
        assert '"n":2,' in process.stdout.readline()  # and now it waits
        process.send_signal(number)
        assert '"n":3,' in process.stdout.readline()
        assert process.wait(PATIENCE) == 128 + number


def test_a_publisher_that_waits_for_a_first_row_ends_in_order(tmp_path: Path) -> None:
    words = ["publish", "-", "--x=a", "--y=b", f"--bind=ipc://{tmp_path}/samples"]
    pipes = dict.fromkeys(("stdin", "stderr"), subprocess.PIPE)
    with (
        started(*words, text=True, **pipes) as process,
        zmq.Context() as context,
        context.socket(zmq.SUB) as receiver,
    ):
        assert process.stderr is not None
        assert "publishing -" in process.stderr.readline()
        receiver.subscribe("")
        receiver.connect(f"ipc://{tmp_path}/samples")
        assert not receiver.poll(500)  # it waits for a row by now; and were it not there yet, it would end as well
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 143
        assert process.stderr.read() in ("", "streammi: published 0 samples\n")
