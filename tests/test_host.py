"""This machine's readings, against psutil's own answers under a clock of our own."""

import math
from collections import namedtuple
from types import SimpleNamespace

import psutil
import pytest

from streammi.errors import ConfigError
from streammi.samples.host import Host

Disk = namedtuple("Disk", "read_bytes write_bytes")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    disks = SimpleNamespace(totals=Disk(1000, 0))
    monkeypatch.setattr(psutil, "disk_io_counters", lambda: disks.totals)
    return disks


def test_what_every_machine_has() -> None:
    host = Host()
    sample = host.sample()
    assert tuple(sample) == host.signals
    assert {"cpu.percent", "cpu0.percent", "memory.percent"} <= set(host.signals)
    assert 0 <= sample["cpu.percent"] <= 100
    assert sample["memory.percent"] == pytest.approx(psutil.virtual_memory().percent, abs=10)
    assert len([name for name in host.signals if name.startswith("cpu") and name[3].isdigit()]) == psutil.cpu_count()


def test_rates_are_a_second(disks: SimpleNamespace) -> None:
    clock = Clock()
    host = Host(clock)
    disks.totals, clock.now = Disk(6000, 0), 102.5
    sample = host.sample()
    assert (sample["disk.read"], sample["disk.write"]) == (2000.0, 0.0)
    disks.totals, clock.now = Disk(6000, 50), 103.0
    sample = host.sample()
    assert (sample["disk.read"], sample["disk.write"]) == (0.0, 100.0)


def test_what_is_not_known_is_not_zero(disks: SimpleNamespace) -> None:
    clock = Clock()
    host = Host(clock)
    assert math.isnan(host.sample()["disk.read"])  # no time has passed
    disks.totals, clock.now = Disk(10, 0), 101.0
    assert math.isnan(host.sample()["disk.read"])  # the counter began again
    disks.totals, clock.now = None, 102.0
    assert math.isnan(host.sample()["disk.read"])  # the disks went
    disks.totals, clock.now = Disk(500, 0), 103.0
    assert math.isnan(host.sample()["disk.read"])  # and came back
    disks.totals, clock.now = Disk(700, 0), 104.0
    assert host.sample()["disk.read"] == 200.0


@pytest.mark.parametrize("error", [AttributeError, NotImplementedError, PermissionError, RuntimeError])
def test_what_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def missing() -> None:
        raise error

    names = ("cpu_freq", "getloadavg", "disk_io_counters", "net_io_counters", "cpu_stats", "swap_memory")
    for name in (*names, "sensors_temperatures", "sensors_battery"):
        monkeypatch.setattr(psutil, name, missing, raising=False)
    assert {name.split(".")[0].rstrip("0123456789") for name in Host().signals} == {"cpu", "memory"}


def test_sensors_have_a_name_each(monkeypatch: pytest.MonkeyPatch) -> None:
    chips = {"coretemp": [SimpleNamespace(current=41.0), SimpleNamespace(current=43.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: chips, raising=False)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: SimpleNamespace(percent=80.0), raising=False)
    sample = Host().sample()
    assert [sample[f"temperature.coretemp.{k}"] for k in (0, 1)] == [41.0, 43.0]
    assert sample["battery.percent"] == 80.0


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    host = Host()
    for name in host.signals:
        host.check({"--x": name, "--y": None})
    with pytest.raises(ConfigError, match=r"--y must be one of cpu\.percent, .*, got 'cpu\.colour'"):
        host.check({"--x": "cpu.percent", "--y": "cpu.colour"})
