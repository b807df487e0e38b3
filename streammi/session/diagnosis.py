"""The first things that a helper asks of a program that runs."""

import platform
import resource
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, TypeAlias

import psutil
import zmq

from streammi import __version__
from streammi.recording.entries import LinkChanged
from streammi.records import LinkHealth, Reading
from streammi.system.log import time_of_day

Report: TypeAlias = dict[str, dict[str, Any]]
PACKAGES: Final = ("numpy", "numba", "pyzmq", "msgspec", "river")
COUNTERS: Final = ("pairs", "n", "fill", "epoch", "nonfinite", "clipped", "late", "dropped")
OF_A_LINK: Final = (
    "messages", "bytes", "pairs", "malformed", "gaps", "resets", "reordered", "repeated", "reconnects",
    "format", "note",
)  # fmt: skip


def report(
    now: float,
    settings: Mapping[str, object],
    links: Sequence[LinkHealth] = (),
    changes: Sequence[LinkChanged] = (),
    reading: Reading | None = None,
    **more: dict[str, Any],
) -> Report:
    """Versions, settings, the links and what happened to them, counters, memory; plain values, by section.

    ``now`` is the wall clock, s; ``more`` are sections of a command's own. What is not known is left out.
    """
    sections: Report = {"versions": _versions(), "process": _process(now), "settings": dict(settings)}
    sections |= {f"link {link.endpoint}": _link(link) for link in links}
    sections["link history"] = {
        f"{k}": f"{time_of_day(change.at)} {change.state} {change.note}".strip() for k, change in enumerate(changes)
    }
    if reading is not None:
        sections["window"] = {name: getattr(reading, name) for name in COUNTERS}
    sections |= more
    known = {name: {k: v for k, v in values.items() if v not in (None, "", {})} for name, values in sections.items()}
    return {name: values for name, values in known.items() if values}


def _link(link: LinkHealth) -> dict[str, Any]:
    return {
        "state": link.state,
        "since": time_of_day(link.since) if link.since else None,  # a file has no such time
        **{name: getattr(link, name) for name in OF_A_LINK},
        "rate": None if link.rate is None else round(link.rate, 1),  # pairs/s
        **({} if link.tally is None else {"waiting": link.tally.pending, "unmatched": link.tally.unmatched}),
    }


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
