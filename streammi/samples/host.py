"""This machine's own live readings, by psutil, as named signals."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psutil

from streammi.config.did_you_mean import one_of
from streammi.errors import ConfigError


class Host:
    """Readings of CPU, memory, disks, network and sensors, by name; those that this machine does not have are left out.

    Rates are a second: what the counters grew by over the time that passed on ``clock`` since the sample before.
    psutil keeps the CPU's last times for the whole process: one ``Host`` a process.

    >>> host = Host()
    >>> "cpu.percent" in host.signals
    True
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        dict(_levels())  # the CPU's first call begins the interval that the next one measures
        self._before = (clock(), dict(_counters()))
        self.signals: tuple[str, ...] = (*dict(_levels()), *self._before[1])

    def check(self, names: Mapping[str, str | None]) -> None:
        """ConfigError for a name, by the option that gives it, that is no signal of this machine."""
        for option, name in names.items():
            if name is not None and name not in self.signals:
                raise ConfigError(option, "one of " + one_of(name, self.signals), name)

    def sample(self) -> dict[str, float]:
        """Each signal's value now: %, MHz, bytes, degrees C, or a second; NaN for what cannot be read now."""
        now, counters = self._clock(), dict(_counters())
        (then, before), self._before = self._before, (now, counters)
        found = dict(_levels()) | {
            name: _rate(total - before.get(name, math.nan), now - then) for name, total in counters.items()
        }
        return {name: found.get(name, math.nan) for name in self.signals}


def _rate(growth: float, elapsed: float) -> float:
    """NaN, not 0, for a counter that began again (a disk or an interface went) and for no time at all."""
    return growth / elapsed if growth >= 0 and elapsed > 0 else math.nan


def _levels() -> Iterator[tuple[str, float]]:
    yield "cpu.percent", psutil.cpu_percent()
    for k, percent in enumerate(psutil.cpu_percent(percpu=True)):
        yield f"cpu{k}.percent", percent
    frequency = _ask("cpu_freq")
    if frequency is not None and frequency.current > 0:  # some virtual machines say 0
        yield "cpu.freq", frequency.current
    load = _ask("getloadavg")
    if load is not None:
        yield "cpu.load", load[0]
    memory, swap, battery = psutil.virtual_memory(), _ask("swap_memory"), _ask("sensors_battery")
    yield "memory.percent", memory.percent
    yield "memory.available", float(memory.available)
    if swap is not None and swap.total:
        yield "swap.percent", swap.percent
    if battery is not None:
        yield "battery.percent", battery.percent
    for chip, sensors in (_ask("sensors_temperatures") or {}).items():
        for k, sensor in enumerate(sensors):
            yield f"temperature.{chip}.{k}", sensor.current


def _counters() -> Iterator[tuple[str, float]]:
    """Totals that only grow."""
    for name, source, field in (
        ("disk.read", "disk_io_counters", "read_bytes"),
        ("disk.write", "disk_io_counters", "write_bytes"),
        ("net.sent", "net_io_counters", "bytes_sent"),
        ("net.received", "net_io_counters", "bytes_recv"),
        ("cpu.switches", "cpu_stats", "ctx_switches"),
        ("cpu.interrupts", "cpu_stats", "interrupts"),
    ):
        totals = _ask(source)
        if totals is not None:
            yield name, float(getattr(totals, field))


def _ask(function: str) -> Any:
    """The answer of a function of psutil; None where this system, container or user does not have it."""
    try:
        return getattr(psutil, function)()
    except (AttributeError, NotImplementedError, OSError, RuntimeError):
        return None
