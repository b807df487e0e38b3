"""A made-up plant: 32 channels in groups that share drivers, of which some break and come back after a while."""

from typing import Final, NamedTuple

import numpy as np

from streammi.records import FloatArray, IntArray

PHASES: Final = ("well", "a sensor is noise", "well", "a bus is noise", "well", "a belt slips")
FIRST_PHASE: Final = 1.6  # times as long as the others: what is usual must be learnt first
MEMORY: Final = 0.9  # of a driver, from one row to the next: it forgets itself within ten rows
NOISE: Final = 0.3  # of a sensor, in standard deviations of its driver


class Sensor(NamedTuple):
    """How a channel follows its group's driver d, which has mean 0 and variance 1."""

    shape: str  # line, falling, parabola (r is 0, MI is not), step, chain (of the sensor before it) or alone
    noise: float = NOISE


GROUPS: Final[dict[str, dict[str, Sensor]]] = {
    "boiler": {
        "fuel": Sensor("line", 0.2), "air": Sensor("line"), "steam": Sensor("line"), "pressure": Sensor("chain", 0.5),
        "oxygen": Sensor("falling"), "flame": Sensor("parabola"), "level": Sensor("line", 1.0), "stack": Sensor("step"),
    },
    "mill": {
        "feed": Sensor("line"), "current": Sensor("line", 0.2), "torque": Sensor("line"), "speed": Sensor("falling"),
        "vibration": Sensor("parabola"), "bearing": Sensor("chain", 0.6), "fines": Sensor("line", 0.8),
    },
    "cooling": {
        "flow": Sensor("line", 0.2), "valve": Sensor("line"), "inlet": Sensor("falling"), "outlet": Sensor("line"),
        "fan": Sensor("step"), "pump": Sensor("line", 0.5), "return": Sensor("chain", 0.5),
    },
    "grid": {
        "power": Sensor("line", 0.2), "voltage": Sensor("falling"), "current": Sensor("line"),
        "frequency": Sensor("parabola"),
    },
    "site": {
        name: Sensor("alone") for name in ("wind", "humidity", "outdoor", "rain", "noise", "light")
    },
}  # fmt: skip
NAMES: Final = tuple(f"{group}.{name}" for group, sensors in GROUPS.items() for name in sensors)
BROKEN_SENSOR: Final = "mill.current"
BROKEN_BUS: Final = "cooling"
SLIPPING: Final = "grid"  # its power is that of the mill then


class Plant:
    """Rows of ``NAMES``; each phase lasts for ``phase_length`` rows, the first for longer, and then they begin again.

    A group's channels follow one driver, a Markov chain (AR(1)) of its own; those of ``site`` one each. First all is
    well; then mill.current is noise; then all of cooling; then the grid follows the mill; between them all is well.

    >>> plant = Plant(np.random.default_rng(0), phase_length=100)
    >>> rows = plant.rows(170)
    >>> rows.shape, plant.phase
    ((170, 32), 'a sensor is noise')
    """

    def __init__(self, rng: np.random.Generator, phase_length: int) -> None:
        self._rng, self._length = rng, phase_length
        self._made = 0
        self._drivers = rng.normal(size=len(NAMES))  # the first of each group is its driver

    @property
    def phase(self) -> str:
        """How the next row is."""
        return PHASES[int(self._phases(np.array([self._made]))[0])]

    def rows(self, n: int) -> FloatArray:
        """The next ``n`` rows, shape (n, 32)."""
        drivers = self._driven(n)
        phase = self._phases(self._made + np.arange(n))
        self._made += n
        noise = self._rng.normal(size=(n, len(NAMES)))
        out, first = np.empty((n, len(NAMES))), 0
        for group, sensors in GROUPS.items():
            for k, (name, sensor) in enumerate(sensors.items(), first):
                driver = drivers[:, k if sensor.shape == "alone" else first]
                if group == SLIPPING:
                    driver = np.where(phase == PHASES.index("a belt slips"), drivers[:, _FIRST["mill"]], driver)
                out[:, k] = _seen(sensor, driver, out[:, k - 1], noise[:, k])
                broken = "a bus is noise" if group == BROKEN_BUS else "a sensor is noise"
                if group == BROKEN_BUS or f"{group}.{name}" == BROKEN_SENSOR:
                    out[:, k] = np.where(phase == PHASES.index(broken), noise[:, k], out[:, k])
            first += len(sensors)
        return out

    def _driven(self, n: int) -> FloatArray:
        """Each driver's next ``n`` values, (n, 32)."""
        steps = self._rng.normal(0, np.sqrt(1 - MEMORY**2), (n, len(NAMES)))
        state = self._drivers
        for k in range(n):
            state = MEMORY * state + steps[k]
            steps[k] = state
        self._drivers = state
        return steps

    def _phases(self, rows: IntArray) -> IntArray:
        """The number of each row's phase."""
        extra = round((FIRST_PHASE - 1) * self._length)
        within = rows % (len(PHASES) * self._length + extra)
        found: IntArray = np.maximum(within - extra, 0) // self._length
        return found


_STARTS: Final = np.cumsum([0, *(len(sensors) for sensors in GROUPS.values())])
_FIRST: Final = {group: int(start) for group, start in zip(GROUPS, _STARTS, strict=False)}


def _seen(sensor: Sensor, driver: FloatArray, before: FloatArray, noise: FloatArray) -> FloatArray:
    """A sensor's view of its driver, or of the sensor before it."""
    match sensor.shape:
        case "alone":
            return driver
        case "chain":
            return before + sensor.noise * noise
        case "falling":
            return -driver + sensor.noise * noise
        case "parabola":
            return driver**2 + sensor.noise * noise
        case "step":
            return np.tanh(3 * driver) + sensor.noise * noise
        case _:
            return driver + sensor.noise * noise
