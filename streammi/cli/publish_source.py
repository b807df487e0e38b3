"""The samples that ``streammi publish`` sends: made-up ones, this machine's own readings, or those of a file."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.records import FloatArray
from streammi.samples.host import Host
from streammi.samples.made_up import Seed
from streammi.samples.plant import NAMES, Plant

if TYPE_CHECKING:
    from streammi.ingest.files.tables import Recorded

SEED_PHASE: Final = 10_000  # samples until the made-up coupling changes
PLANT_PHASE: Final = 5_000  # rows until something of the made-up plant breaks or is well again
Block: TypeAlias = dict[str, FloatArray]  # columns by name, each (n,); "timestamp" among them where it is known


def live(source: str, x: str | None, y: str | None) -> tuple[Iterator[Block], tuple[str, str]]:
    """The blocks of samples of what never ends, and which of their columns are x and y."""
    if source == "seed":
        return _seed(), ("x", "y")
    if source == "plant":
        return _plant(), (NAMES[0], NAMES[1])
    host = Host(time.monotonic)
    columns = (x or "cpu.percent", y or "memory.percent")
    host.check({"--x": x, "--y": y})
    return _host(host), columns


def _seed() -> Iterator[Block]:
    seed = Seed(np.random.default_rng(), SEED_PHASE)
    while True:
        x, y = seed.pairs(1000)
        yield {"x": x, "y": y}


def _plant() -> Iterator[Block]:
    plant = Plant(np.random.default_rng(), PLANT_PHASE)
    while True:
        yield dict(zip(NAMES, plant.rows(200).T, strict=True))


def _host(host: Host) -> Iterator[Block]:
    while True:
        yield {name: np.array([value]) for name, value in host.sample().items()}


class FileBlocks:
    """A file, or standard input, as blocks of samples; what is said of it.

    Sent in a loop, its times go on: at each turn they are later by the file's length and a mean step.
    """

    def __init__(
        self, path: str, x: str | None, y: str | None, t: str | None, loop: bool, options: FileOptions
    ) -> None:
        from streammi.ingest.files.pair_file import given_column, read_pairs  # not for what reads no file: 0.3 s

        if x is None or y is None:
            raise ConfigError("--x" if x is None else "--y", given_column(path, options))
        self._x, self._y, self._loop = x, y, loop
        self._open: Callable[[], Recorded] = lambda: read_pairs(path, x, y, t, options=options)
        self._pairs: Recorded | None = None
        self._path = path
        self.said: list[str] = []  # of how it is written
        self._done = False  # read to its end

    @property
    def note(self) -> str:
        """A line on what was skipped, the last time it was read."""
        return "" if self._pairs is None else self._pairs.why_empty or self._pairs.note

    @property
    def nothing(self) -> bool:
        """True if there is no pair in it, as far as that is known."""
        return self._done and self._pairs is not None and bool(self._pairs.why_empty)

    def opened(self) -> tuple[Iterator[Block], tuple[str, str]]:
        """The blocks, and which of their columns are x and y."""
        blocks = self._blocks()
        # A wrong name or column is said now, not when somebody comes to receive; standard input may have nothing yet.
        return (blocks if self._path == "-" else chain(list(islice(blocks, 1)), blocks)), (self._x, self._y)

    def _blocks(self) -> Iterator[Block]:
        later = 0.0  # s
        while True:
            self._pairs = pairs = self._open()
            self.said = [*pairs.said.splitlines(), *pairs.hint.splitlines()]
            first, last, rows = math.inf, -math.inf, 0
            with closing(pairs):
                for batch in pairs:
                    block: Block = {self._x: batch.x.astype(np.float64), self._y: batch.y.astype(np.float64)}
                    if batch.t is not None:
                        block["timestamp"] = batch.t + later
                        known = batch.t[np.isfinite(batch.t)]
                        first, last = known.min(initial=first).item(), known.max(initial=last).item()
                        rows += known.size
                    yield block
            self._done = True
            if rows > 1:
                later += (last - first) * rows / (rows - 1)
            if not self._loop or pairs.why_empty:
                return
