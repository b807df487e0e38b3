"""What somebody who is to help wants to know first of a monitor that runs."""

import platform
import resource
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final, TypeAlias

import psutil
import zmq

from streammi import __version__
from streammi.entries import LinkChanged
from streammi.session.checkpoint import time_of_day
from streammi.session.session import Session

Report: TypeAlias = dict[str, dict[str, Any]]
PACKAGES: Final = ("numpy", "numba", "pyzmq", "msgspec", "river")
COUNTERS: Final = ("pairs", "n", "fill", "epoch", "nonfinite", "clipped", "late", "dropped")


def report(session: Session, settings: dict[str, str], changes: Sequence[LinkChanged], now: float) -> Report:
    """Versions, settings, the links and what happened to them, counters, memory; plain values, by section."""
    sections: Report = {"versions": _versions(), "process": _process(now), "settings": dict(settings)}
    for link in session.health(now):
        tally = link.tally
        sections[f"link {link.endpoint}"] = {
            "state": link.state,
            "since": time_of_day(link.since),
            **{name: getattr(link, name) for name in ("messages", "bytes", "pairs", "malformed", "gaps", "resets")},
            **{name: getattr(link, name) for name in ("reordered", "reconnects", "rate", "format", "note")},
            **({} if tally is None else {"waiting": tally.pending, "unmatched": tally.unmatched}),
        }
    for k, change in enumerate(changes):
        sections.setdefault("link history", {})[f"{k}"] = (
            f"{time_of_day(change.at)} {change.state} {change.note}".strip()
        )
    reading = session.monitor.window.reading()
    if reading is not None:
        sections["window"] = {name: getattr(reading, name) for name in COUNTERS}
    return {name: {k: v for k, v in values.items() if v not in (None, "", {})} for name, values in sections.items()}


def _versions() -> dict[str, Any]:
    packages = {name: version(name) for name in PACKAGES}
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {"streammi": __version__, "Python": platform.python_version(), **packages, "libzmq": zmq.zmq_version()} | {
        "system": system
    }


def _process(now: float) -> dict[str, Any]:
    process = psutil.Process()
    with process.oneshot():
        return {
            "pid": process.pid,
            "running_s": round(now - process.create_time()),
            "cpu_s": round(sum(process.cpu_times()[:2]), 1),
            "memory_bytes": process.memory_info().rss,
            "memory_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "descriptors": process.num_fds(),
            "threads": process.num_threads(),
        }
