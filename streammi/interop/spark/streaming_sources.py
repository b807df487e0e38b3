"""Sources of streaming queries: streammi's recordings, and live feeds."""

import importlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    InputPartition,
    SimpleDataSourceStreamReader,
)

from streammi.errors import ConfigError
from streammi.interop.spark import recorded
from streammi.interop.spark.live_warnings import LiveWarnings
from streammi.network.endpoints import check_endpoint

try:
    pacing: Any = importlib.import_module("pyspark.sql.streaming.datasource")
except ModuleNotFoundError:  # pyspark 4.1 asks for all there is, always
    pacing = None
AvailableNow: Any = object if pacing is None else pacing.SupportsTriggerAvailableNow

MOST_MESSAGES: Final = 20_000  # of a live feed in a batch
PACE: Final = "pairs_per_batch"
FEED_OPTIONS: Final = ("endpoint", "x", "y", "t", "topic", "format")
LIVE_SECONDS: Final = 0.2  # that a batch of a live feed waits for its first message
LOG: Final = logging.getLogger("streammi")  # on standard error, unless the driver's program has it elsewhere


class Recordings(DataSource):
    """The pairs of a recording of ``streammi monitor --record``, numbered: exactly once, whatever is killed.

    ``spark.dataSource.register(Recordings)``, then ``spark.readStream.format("streammi").load("feed.rec")``, or
    ``spark.read``: the columns are run (start second of the monitor), seq (the pair's number in the recording), t (its
    own time, s, null without), x, y and received. ``pairs_per_batch`` is how many a batch has at the most. A recording
    that is still written to may be read; one whose oldest files are gone since the query began is refused: its pairs
    had other numbers. It is read from its start for each batch.
    """

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return "streammi"

    def schema(self) -> str:
        """The columns; ConfigError for options that cannot work, which so is raised where the source is loaded."""
        _check_options(self.options, ("path", PACE))
        _pace(self.options)
        return recorded.TYPES

    def reader(self, schema: Any) -> DataSourceReader:
        """Of a batch."""
        return _Whole(_path(self.options))

    def streamReader(self, schema: Any) -> DataSourceStreamReader:
        """Of a stream."""
        return _Replay(_path(self.options), _pace(self.options))


class Share(InputPartition):
    """The pairs of a recording from one number up to another."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end


class _Whole(DataSourceReader):
    def __init__(self, path: str) -> None:
        self._path = path

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        return recorded.rows_of(self._path, 0, recorded.count(self._path))


class _Replay(DataSourceStreamReader, AvailableNow):
    def __init__(self, path: str, most: int) -> None:
        self._path, self._most = path, most
        self._target: int | None = None  # pairs, of a query that ends with what there is

    def initialOffset(self) -> dict[str, int]:
        return {"pairs": 0, **recorded.origin(self._path)}

    def getDefaultReadLimit(self) -> Any:
        return pacing.ReadMaxRows(self._most) if self._most else pacing.ReadAllAvailable()

    def prepareForTriggerAvailableNow(self) -> None:
        self._target = recorded.count(self._path)

    def latestOffset(self, start: dict[str, int] | None = None, limit: Any = None) -> dict[str, int]:
        pairs, begun = recorded.count(self._path), 0 if start is None else start["pairs"]
        if pairs < begun:
            raise ConfigError("path", f"that of a recording with the {begun:,} pairs that are counted", self._path)
        pairs = pairs if self._target is None else max(min(pairs, self._target), begun)
        if self._most and isinstance(limit, pacing.ReadMaxRows):
            pairs = min(pairs, begun + limit.max_rows)
        return {"pairs": pairs, **recorded.origin(self._path)}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        origins = [{name: offset[name] for name in ("oldest", "run")} for offset in (start, end)]
        if not origins[0] == origins[1] == recorded.origin(self._path):
            rule = f"that of a recording whose oldest file is still number {start['oldest']}, of the run {start['run']}"
            raise ConfigError("path", f"{rule}: without it all pairs have other numbers", self._path)
        return [Share(start["pairs"], end["pairs"])]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, Share)
        return recorded.rows_of(self._path, partition.start, partition.end)


class LiveAtMostOnce(DataSource):
    """The pairs of a ZeroMQ feed, as they come, each at most once: a publisher sends nothing a second time.

    ``spark.dataSource.register(LiveAtMostOnce)``, then ``spark.readStream.format("streammi-live-at-most-once")`` with
    the options ``endpoint``, ``x``, ``y`` and, if need be, ``t``, ``topic`` and ``format``, as of ``streammi monitor``.
    The driver receives them. What has come and is not counted when it ends is lost, and so is what is sent until the
    query runs again: record the feed, and read the recording, where that matters. Messages without the pair, and a feed
    that is not there, are warned of by Python's logging, as "streammi", once a minute. The columns are those of
    Recordings; seq goes on, and run says by which driver a pair was received.
    """

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return "streammi-live-at-most-once"

    def schema(self) -> str:
        """The columns; ConfigError for options that cannot work."""
        _check_options(self.options, FEED_OPTIONS)
        if "endpoint" in self.options:
            check_endpoint(str(self.options["endpoint"]), "endpoint")
        return recorded.TYPES

    def simpleStreamReader(self, schema: Any) -> SimpleDataSourceStreamReader:
        """Of a stream."""
        return _Live(dict(self.options))


class _Live(SimpleDataSourceStreamReader):
    def __init__(self, options: dict[str, str]) -> None:
        from streammi.config import FeedConfig

        if "endpoint" not in options:
            raise ConfigError("endpoint", "that of a feed, such as tcp://127.0.0.1:5556", None)
        given: dict[str, Any] = {name: options[name] for name in FEED_OPTIONS if name in options}
        self._config = FeedConfig(**given)
        self._feed: Any = None
        self._run, self._taken = int(time.time()), 0
        self._warnings = LiveWarnings()

    def initialOffset(self) -> dict[str, int]:
        return {"run": 0, "pairs": 0}

    def read(self, start: dict[str, int]) -> tuple[Iterator[tuple[Any, ...]], dict[str, int]]:
        self._connect()
        self._taken = max(self._taken, start["pairs"])  # a query that goes on numbers on: else all were late by number
        rows: list[tuple[Any, ...]] = []
        messages, waited = 0, time.monotonic() + LIVE_SECONDS
        while messages < MOST_MESSAGES:
            arrived = self._feed.receive()
            if arrived is None:
                if rows or time.monotonic() > waited:
                    break
                self._poll(int(1000 * (waited - time.monotonic())))
                continue
            messages += len(arrived.messages)
            batch = self._intake.decode(arrived.source, arrived.messages, arrived.received)
            t = [None] * batch.x.size if batch.t is None else batch.t.tolist()
            for time_of_it, x, y in zip(t, batch.x.tolist(), batch.y.tolist(), strict=True):
                rows.append((self._run, self._taken, time_of_it, x, y, arrived.received))
                self._taken += 1
        for words in self._warnings.due(self._intake, self._feed.links[0], time.time()):
            LOG.warning(words)
        end = {"run": self._run, "pairs": self._taken} if rows else start
        return iter(rows), end

    def readBetweenOffsets(self, start: dict[str, int], end: dict[str, int]) -> Iterator[tuple[Any, ...]]:
        """Nothing: what a run before has received is gone."""
        return iter(())

    def stop(self) -> None:
        """Close the socket."""
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _connect(self) -> None:
        """Connect, once, in the process that reads."""
        if self._feed is None:
            import zmq

            from streammi.ingest.feed import Feed
            from streammi.ingest.intake import intake_of

            self._intake = intake_of(self._config)
            self._feed = Feed(self._config, zmq.Context.instance())

    def _poll(self, milliseconds: int) -> None:
        import zmq

        poller = zmq.Poller()
        for socket in self._feed.sockets:
            poller.register(socket, zmq.POLLIN)
        poller.poll(max(milliseconds, 1))


def _check_options(options: Any, known: tuple[str, ...]) -> None:
    """ConfigError for an option that nothing heeds; Spark has them in any case."""
    for name in options:
        if name.lower() not in known:
            raise ConfigError("option", f"one of {', '.join(known)}", name)


def _pace(options: Any) -> int:
    """How many pairs a batch has at the most; 0: as many as there are."""
    text = str(options.get(PACE, ""))
    if not text:
        return 0
    if pacing is None:
        raise ConfigError(PACE, "left out with pyspark older than 4.2, which hands it to no source", text)
    if not text.isdecimal() or not int(text):
        raise ConfigError(PACE, "a whole number of pairs, 1 or more", text)
    return int(text)


def _path(options: Any) -> str:
    path = options.get("path")
    if not path:
        raise ConfigError("path", "that of a recording", path)
    return str(path)
