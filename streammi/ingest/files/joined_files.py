"""Two recordings of a signal each, joined by the samples' own times."""

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.config import FeedConfig, JoinConfig
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.pair_file import read_pairs
from streammi.ingest.files.tables import Recorded
from streammi.ingest.pairing.join import LIMIT, Join
from streammi.records import LinkHealth, PairBatch, SampleBatch
from streammi.records.link_totals import tally_words

Name: TypeAlias = Literal["x", "y"]
DATES_FROM: Final = 1e8  # s: times since 1970, and no times from a start
AT_ONCE: Final = LIMIT // 4  # samples of one that come before those of the other


def read_joined(config: JoinConfig, options: FileOptions = PLAIN) -> "JoinedFiles":
    """The pairs of two recordings: the endpoints are the files, the paths their columns; ConfigError as read_pairs."""
    (x, y), join = (config.x, config.y), Join(config.mode, config.tolerance_s, config.lateness_s)
    x_file = read_pairs(x.endpoint, x.x, x.x, x.t, x.labels, options=options)
    y_file: Recorded | None = None
    try:
        y_file = _read_y(y, options)
        if x_file.timed is not y_file.timed and not (x_file.empty or y_file.empty):
            raise _without_times(config, "y" if x_file.timed else "x")
        if not x_file.timed:
            join = Join("exact")  # the k-th with the k-th
        return JoinedFiles(x_file, y_file, join, one_file=x.endpoint == y.endpoint)
    except BaseException:
        x_file.close()
        if y_file is not None:
            y_file.close()
        raise


def _read_y(y: FeedConfig, options: FileOptions) -> Recorded:
    """The recording of y alone, which is read as x and y of one column: what is wrong with it is wrong with --y."""
    try:
        return read_pairs(y.endpoint, y.y, y.y, y.t, y.labels, options=options)
    except ConfigError as error:
        if error.name != "--x":
            raise
        raise ConfigError("--y", error.rule, error.value) from None


def _without_times(config: JoinConfig, name: Name) -> ConfigError:
    """The refusal of a file without times beside one that has them: nothing says which of its rows goes with which."""
    own, other = (config.x, config.y) if name == "x" else (config.y, config.x)
    column = own.x if name == "x" else own.y
    rule = f"of a file with times, as {other.endpoint} has (--time COL names them; --time '' pairs row by row)"
    return ConfigError(f"--{name}", rule, f"{own.endpoint}:{column}")


def file_column(text: str, option: str) -> tuple[str, str]:
    """Read ``FILE:COL``: the shortest beginning that is a file, else up to the last colon."""
    cuts = [k for k, letter in enumerate(text) if letter == ":"]
    if not cuts or cuts[-1] in (0, len(text) - 1):
        raise ConfigError(option, "FILE:COL where there is no FILE for both", text)
    cut = next((k for k in cuts if os.path.isfile(text[:k])), cuts[-1])
    return text[:cut], text[cut + 1 :]


class JoinedFiles:
    """Iterates once over the pairs of two files, each read as its one column twice, the one that is behind first.

    Of ``one_file`` a row may be that of one of them alone: where it has no value, there is no sample.
    """

    def __init__(self, x: Recorded, y: Recorded, join: Join, *, one_file: bool = False) -> None:
        self._one_file = one_file
        self._files: dict[Name, Recorded] = {"x": x, "y": y}
        self._join = join
        self._pairs = 0

    @property
    def timed(self) -> bool:
        """True if the samples of both have timestamps; else they are paired by order."""
        return all(file.timed for file in self._files.values())

    @property
    def empty(self) -> bool:
        """True if one of them has no row."""
        return any(file.empty for file in self._files.values())

    @property
    def said(self) -> str:
        """The guesses on how they are written, a line each."""
        by_row = "" if self.timed or self.empty else "neither file has times: paired row by row"
        return "\n".join(filter(None, (*(file.said for file in self._files.values()), by_row)))

    @property
    def hint(self) -> str:
        """Hints on what may be wrong with the values, a line each."""
        return "\n".join(filter(None, (file.hint for file in self._files.values())))

    @property
    def why_empty(self) -> str:
        """Why there was no pair; empty when there was one."""
        if self._pairs:
            return ""
        return "; ".join(filter(None, (file.why_empty for file in self._files.values()))) or f"no pair: {self.note}"

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of both files."""
        read, size = zip(*(file.progress for file in self._files.values()), strict=True)
        return sum(read), sum(size)

    @property
    def note(self) -> str:
        """One line on what became of the samples, and of the rows that were skipped."""
        parts: list[str] = []
        for name, file in self._files.items():
            side = self._join.x if name == "x" else self._join.y
            said = (tally_words(side.tally), side.note and f"its clock {side.note}", file.note)
            parts.append(f"{name}: " + "; ".join(filter(None, said)))
        return "; ".join([*parts, self._join.note] if self._join.note else parts)

    def health(self) -> tuple[LinkHealth, ...]:
        """The two as links: what was read of them so far, and what became of it."""
        offset = self._join.pair_offset_s
        return tuple(
            replace(
                file.health()[0], signal=name, pairs=self._pairs, pair_offset=offset,
                tally=(self._join.x if name == "x" else self._join.y).tally,
            )
            for name, file in self._files.items()
        )  # fmt: skip

    def __iter__(self) -> Iterator[PairBatch]:
        with closing(self):
            for batch in chain((self._join.add(*part) for part in self._parts()), self._flushed()):
                if batch.x.size:
                    self._pairs += batch.x.size
                    yield batch

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _parts(self) -> Iterator[tuple[Name, SampleBatch]]:
        """The samples of both in the order of their first times; without times row by row."""
        if not self.timed:
            yield from self._row_by_row()
            return
        streams = {name: self._samples(file) for name, file in self._files.items()}
        waiting: dict[Name, PairBatch] = {}
        while streams or waiting:
            for name in [name for name in streams if name not in waiting]:
                if (batch := next(streams[name], None)) is None:
                    del streams[name]
                else:
                    waiting[name] = batch
            if len(waiting) == len(self._files):
                self._check_clocks(waiting)
            if waiting:
                name = min(waiting, key=lambda each: _first_time(waiting[each]))
                batch = waiting.pop(name)
                yield name, SampleBatch(values=batch.x, t=batch.t)

    def _check_clocks(self, first: dict[Name, PairBatch]) -> None:
        """ConfigError where one file has dates, and the other times from its own start."""
        dated = {name: _first_time(batch) >= DATES_FROM for name, batch in first.items()}
        if dated["x"] is not dated["y"]:
            name: Name = "y" if dated["x"] else "x"
            rule = "of a file with dates, as the other has: its times count from a start (--time, --time-unit)"
            raise ConfigError(f"--{name}", rule, f"{_first_time(first[name]):.10g} s")

    def _row_by_row(self) -> Iterator[tuple[Name, SampleBatch]]:
        """As many samples of the one as of the other, as long as there are, and what is left of the longer file."""
        streams = {name: self._whole(name, file) for name, file in self._files.items()}
        held: dict[Name, NDArray[Any] | None] = {name: next(stream, None) for name, stream in streams.items()}
        while (x := held["x"]) is not None and (y := held["y"]) is not None:
            n = min(x.size, y.size, AT_ONCE)
            both: tuple[tuple[Name, NDArray[Any]], ...] = (("x", x), ("y", y))
            for name, values in both:
                yield name, SampleBatch(values=values[:n], t=None)
                held[name] = values[n:] if values.size > n else next(streams[name], None)
        for name, rest in held.items():
            for values in () if rest is None else chain([rest], streams[name]):
                for start in range(0, values.size, AT_ONCE):
                    yield name, SampleBatch(values=values[start : start + AT_ONCE], t=None)

    def _whole(self, name: Name, file: Recorded) -> Iterator[NDArray[Any]]:
        """The values of a file, row by row; ``ConfigError`` for a row that is skipped, which would shift all others."""
        for batch in file:
            if any(health.malformed.keys() - {"header again"} for health in file.health()):
                rule = f"a column with a number in each row where files have no times ({file.note})"
                raise ConfigError(f"--{name}", rule)
            yield batch.x

    def _samples(self, file: Recorded) -> Iterator[PairBatch]:
        for batch in file:
            if not self._one_file or batch.t is None:
                yield batch
            elif (known := np.asarray(batch.x == batch.x, dtype=bool)).any():
                yield PairBatch(x=batch.x[known], y=batch.y[known], t=batch.t[known])

    def _flushed(self) -> Iterator[PairBatch]:
        yield self._join.flush()


def _first_time(batch: PairBatch) -> float:
    return 0.0 if batch.t is None else float(batch.t[0])
