"""PublishTo: a job's readings on a socket, for ``streammi view`` and whoever else listens to a monitor."""

import queue
import threading
import time
from collections import deque
from typing import Any, Final

import msgspec
import zmq
from pyspark.sql import DataFrame

from streammi.config import MonitorConfig, check_pair_name
from streammi.config.keyed import MOST_OF_NAME
from streammi.errors import ConfigError
from streammi.interop.spark import output_columns
from streammi.monitor.history_levels import History
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.messages import snapshot_topic
from streammi.publish.outbox import Outbox
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import AxisInfo, Event, LinkHealth, Reading, Snapshot
from streammi.records.key_names import key_name
from streammi.records.verdict import verdict

TICK: Final = 50  # ms that the thread sleeps at the most
SNAPSHOT_SECONDS: Final = 1.0  # between two snapshots of a pair that somebody looks at
EVENTS_KEPT: Final = 100
LINK: Final = LinkHealth(endpoint="spark", state="connected")
QUERY: Final = "sql.streaming.queryId"  # as Spark knows it in a query's own thread
EVENT_COLUMNS: Final = tuple(f"event_{name}" for name in output_columns.EVENT)
_READING: Final = msgspec.structs.fields(Reading)


class PublishTo:
    """A function for ``foreachBatch`` that publishes readings and events on ``endpoint``, each batch once.

    Each key is a pair of its own, called ``<key>/<pair>``, on topics ``mi/``, ``event/`` and ``snapshot/``, as of
    ``streammi monitor``; ``streammi view ENDPOINT`` shows them, but for what only the monitor itself has (counts and
    delays). ``key`` is the table's key column; ``config`` the settings, by which a screen names the pair, its signals
    and its window; ``most`` keys have snapshots. The socket is the driver's, and closed by ``close``. A batch that
    Spark hands over again, as it may after a failure, is not said again in the same process. Several queries may
    publish on one. Raises ConfigError for what cannot be published.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        key: str,
        config: MonitorConfig | None = None,
        keys: Keys = PLAIN_TEXT,
        insecure: bool = False,
        most: int = 1000,
    ) -> None:
        self._key, self._config, self._most = key, config or MonitorConfig(), most
        if len(self._config.pair) > MOST_OF_NAME:
            raise ConfigError("pair", f"at most {MOST_OF_NAME} characters: a key stands before it", self._config.pair)
        self._context: zmq.Context[Any] = zmq.Context()
        try:
            self._publisher = Publisher(endpoint, self._context, keys=keys, insecure=insecure, topics=most)
        except ConfigError:
            self._context.term()
            raise
        self._run = int(time.time())
        self._batches: dict[str | None, int] = {}  # the newest of each query
        self._pairs: dict[str, _Pair] = {}
        self._todo: queue.SimpleQueue[list[Any] | None] = queue.SimpleQueue()
        self.endpoint = self._publisher.endpoint
        self._thread = threading.Thread(target=self._serve, name="streammi publisher", daemon=True)
        self._thread.start()

    def __call__(self, frame: DataFrame, batch: int) -> None:
        """Publish a batch; ConfigError for a table that lacks something."""
        query = frame.sparkSession.sparkContext.getLocalProperty(QUERY)
        if batch <= self._batches.get(query, -1):
            return
        events = EVENT_COLUMNS if "event_kind" in frame.columns else ()
        wanted = (self._key, "timestamp", *(one.name for one in _READING), *events)
        if missing := [name for name in wanted if name not in frame.columns]:
            raise ConfigError("the table", f"what readings() gives, with {', '.join(missing)}", frame.columns)
        rows = sorted((row.asDict() for row in frame.collect()), key=lambda row: float(row["timestamp"]))
        self._todo.put(rows)
        self._batches[query] = batch

    def close(self) -> None:
        """Say what is left to be said, and close the socket."""
        self._todo.put(None)
        self._thread.join()
        self._context.term()

    def _serve(self) -> None:
        poller = zmq.Poller()
        for socket in self._publisher.sockets:
            poller.register(socket, zmq.POLLIN)
        due, going_on = 0.0, True
        while going_on:
            poller.poll(TICK)
            self._publisher.handle_subscriptions()
            while not self._todo.empty():
                rows = self._todo.get()
                going_on = rows is not None
                for row in rows or ():
                    self._say(row)
                due = 0.0
            if time.monotonic() >= due:
                due = time.monotonic() + SNAPSHOT_SECONDS
                self._show()
        self._publisher.close()

    def _say(self, row: dict[str, Any]) -> None:
        key = str(row[self._key])
        if key not in self._pairs:
            name = check_pair_name(f"{key_name(key)}/{self._config.pair}")
            self._pairs[key] = _Pair(name, self._config, Outbox(name, self._publisher, None, self._run))
        self._pairs[key].say(row)

    def _show(self) -> None:
        """The snapshots that somebody looks at."""
        for pair in [*self._pairs.values()][: self._most]:
            if self._publisher.wants(snapshot_topic(pair.name)):
                self._publisher.send(snapshot_message(pair.snapshot(time.time())))


class _Pair:
    """All that was said of a key."""

    def __init__(self, name: str, config: MonitorConfig, outbox: Outbox) -> None:
        self.name, self._config, self._outbox = name, config, outbox
        self._history, self._events = History(), deque[Event](maxlen=EVENTS_KEPT)
        self._reading: Reading | None = None

    def say(self, row: dict[str, Any]) -> None:
        """Say a row."""
        at = float(row["timestamp"])
        if row.get("event_kind") is not None:
            fields = {name: row[f"event_{name}"] for name in output_columns.EVENT}
            event = Event(pair=self.name, timestamp=at, **fields)
            self._events.append(event)
            self._outbox.publish(at, event, LINK)
            return
        # What is null and has no None is as if it had not been said.
        known = {one.name: row[one.name] for one in _READING if row[one.name] is not None or one.required}
        self._reading = reading = Reading(**known)
        self._history.add(at, reading.mi_corrected, reading.null_q95, reading.peak_mi, reading.fill)
        self._outbox.publish(at, reading, LINK)

    def snapshot(self, now: float) -> Snapshot:
        """Everything that a dashboard draws, as far as it is known here."""
        config = self._config
        return Snapshot(
            pair=self.name,
            run=self._outbox.run,
            seq=self._outbox.seq,
            timestamp=now,
            window=str(config.window),
            window_seconds=config.window.seconds,
            x=AxisInfo(name=config.x_name),
            y=AxisInfo(name=config.y_name),
            reading=self._reading,
            counts=None,
            history=self._history.levels(),
            events=tuple(self._events),
            links=(LINK,),
            verdict="" if self._reading is None else verdict(self._reading),
            status=int(self._outbox.status),
        )
