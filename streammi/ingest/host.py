"""This machine's own live readings, by psutil, as named signals."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psutil

from streammi.errors import ConfigError


class Host:
    """Readings of CPU, memory, disks and network; rates are a second, from the counters and the time that passed.

    Signals that this machine does not have are left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: tuple[float, dict[str, float]] = (clock(), _counters())
        psutil.cpu_percent()  # the first call begins the interval that the next one measures
        psutil.cpu_percent(percpu=True)
        self.signals: tuple[str, ...] = tuple(self.sample())

    def check(self, names: Iterable[str]) -> None:
        """ConfigError for a name that is no signal of this machine."""
        for name in names:
            if name not in self.signals:
                raise ConfigError("signal", "one of " + ", ".join(self.signals), name)

    def sample(self) -> dict[str, float]:
        """Each signal's value now: %, MHz, bytes/s, processes."""
        now, counters = self._clock(), _counters()
        before, then = self._before
        self._before = (now, counters)
        elapsed = max(now - before, 1e-6)
        rates = {name: max(value - then.get(name, value), 0.0) / elapsed for name, value in counters.items()}
        return {**_levels(), **rates}


def _levels() -> dict[str, float]:
    levels = {"cpu.percent": psutil.cpu_percent()}
    levels |= {f"cpu{k}.percent": value for k, value in enumerate(psutil.cpu_percent(percpu=True))}
    frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    if frequency is not None:
        levels["cpu.freq"] = frequency.current
    levels["cpu.load"] = psutil.getloadavg()[0]
    memory = psutil.virtual_memory()
    return {**levels, "memory.percent": memory.percent, "memory.available": float(memory.available)}


def _counters() -> dict[str, float]:
    """Totals that only grow."""
    disk, net, cpu = psutil.disk_io_counters(), psutil.net_io_counters(), psutil.cpu_stats()
    sources: Sequence[tuple[str, Any, str]] = (
        ("disk.read", disk, "read_bytes"),
        ("disk.write", disk, "write_bytes"),
        ("net.sent", net, "bytes_sent"),
        ("net.received", net, "bytes_recv"),
        ("cpu.switches", cpu, "ctx_switches"),
        ("cpu.interrupts", cpu, "interrupts"),
    )
    return {name: float(getattr(source, field)) for name, source, field in sources if source is not None}
