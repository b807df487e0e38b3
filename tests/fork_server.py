"""Forks ``streammi`` processes off one that has imported everything: a start takes 0.1 s of CPU, not 1.7 s.

``fork_server.py DESCRIPTOR`` takes orders at that socket, one a connection, and says of each the number of its process
and how it ended. What it forks off is a process as any other: with its own streams, folder, environment and signals.
tests/programs.py asks for them.
"""

import contextlib
import fcntl
import gc
import json
import os
import random
import selectors
import socket
import sys
import tempfile
import termios
import time
import warnings
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from compile_kernels import channels, pair

ROOMS = ("streammi.cli", "streammi.session", "streammi.dashboard", "streammi.publish")


def load() -> None:
    """Import what commands import, and compile what most tests need, in two processes."""
    for room in ROOMS:
        for found in walk_packages(import_module(room).__path__, f"{room}."):
            import_module(found.name)
    import_module("river.drift")
    if not (other := os.fork()):
        channels()
        os._exit(0)
    pair()
    os.waitpid(other, 0)


def ordered(listener: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Serve for ever; returns in a process that was forked off alone, with what it is to do and its streams."""
    running: dict[int, tuple[int, socket.socket]] = {}  # by a descriptor of each process
    with selectors.DefaultSelector() as waiting:
        waiting.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fd in running:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
                    pid, link = running.pop(key.fd)
                    say(link, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                    link.close()
                    continue
                link, _ = listener.accept()
                words, streams, *_ = socket.recv_fds(link, 1 << 20, 3)
                if not words:  # somebody who waits until we are ready
                    link.close()
                elif pid := os.fork():
                    for stream in streams:
                        os.close(stream)
                    say(link, pid)
                    end = os.pidfd_open(pid)
                    waiting.register(end, selectors.EVENT_READ)
                    running[end] = pid, link
                else:
                    for end, (_, other) in running.items():
                        os.close(end)
                        other.close()
                    link.close()
                    listener.close()
                    return json.loads(words), streams


def say(link: socket.socket, number: int) -> None:
    """Tell who has asked; he may be gone."""
    with contextlib.suppress(OSError):
        link.send(b"%d" % number)


def begin(order: dict[str, Any], streams: list[int]) -> None:
    """Be the process that was asked for."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        how: dict[str, Any] = {"buffering": 1, "errors": "backslashreplace"} if name == "stderr" else {}
        file = open(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False, **how)  # noqa: SIM115
        setattr(sys, name, file)
        setattr(sys, f"__{name}__", file)
    if order["terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    tempfile.tempdir = None  # where temporary files go is asked of the environment anew
    time.tzset()
    sys.argv = ["streammi", *order["words"]]
    random.seed()
    warnings.simplefilter("error")
    exec(order["before"], {})


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        load()
        gc.freeze()
        begin(*ordered(listener))
    from streammi.__main__ import main

    main()
