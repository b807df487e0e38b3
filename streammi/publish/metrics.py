"""The metrics for Prometheus: their list, and an endpoint that serves the newest values of them.

What is not known has no metric. Counters are totals since the start, as Prometheus wants them.
"""

import math
import threading
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, get_args

from streammi import __version__
from streammi.errors import ConfigError, MissingExtra, Reason
from streammi.network.endpoints import not_bound, split_address
from streammi.network.security import is_loopback
from streammi.publish.messages import FIELDS, Fields
from streammi.records import LinkHealth, LinkState
from streammi.records.published import INFORMATION, Field, fields_of
from streammi.records.status import Status

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import Metric
    from prometheus_client.registry import Collector

Kind: TypeAlias = Literal["gauge", "counter"]
Values: TypeAlias = list[tuple[tuple[str, ...], float]]  # label values beside the pair's name, and the value


class MetricRow(NamedTuple):
    """A metric: its name, and where its value comes from."""

    name: str  # of a counter with _total
    kind: Kind
    field: str  # of a reading as published, or of LinkHealth
    help: str
    per: Literal["unit", "pair", "link"]  # labels: pair and unit; pair; pair and signal, for each of its sources


def _row(field: Field, of_link: bool) -> MetricRow:
    """The metric of a field: of a link's totals one for each source, of information with its unit."""
    said = field.published
    per: Literal["unit", "pair", "link"] = (
        "link" if of_link and said.counter else "unit" if said.unit == INFORMATION else "pair"
    )
    text = f"{said.meaning}, in the unit of the label" if per == "unit" else said.meaning
    name = f"streammi_{said.metric}{'_total' if said.counter else ''}"
    return MetricRow(
        name, "counter" if said.counter else "gauge", field.attribute if per == "link" else str(field.name), text, per
    )


_OF_LINK: Final = [field for field in fields_of(LinkHealth) if field.published.metric]
_ROWS: Final = [
    *(_row(field, False) for field in FIELDS if field.published.metric and field not in _OF_LINK),
    *(_row(field, True) for field in _OF_LINK),
]
_BY_FIELD: Final = {row.field: row for row in _ROWS}
MALFORMED: Final = _BY_FIELD["malformed"]._replace(help=f"{_BY_FIELD['malformed'].help}, by reason")
METRICS: Final = tuple(row for row in _ROWS if row.field != "malformed")
LINK_STATE: Final = MetricRow("streammi_link_state", "gauge", "state", "1 for the state that the link is in", "link")
STATUS_FLAG: Final = MetricRow("streammi_status_flag", "gauge", "status", "1 for each flag of the status", "pair")
BUILD: Final = "streammi_build_info"
LABELS: Final[dict[MetricRow, tuple[str, ...]]] = {
    **{row: {"unit": ("pair", "unit"), "pair": ("pair",), "link": ("pair", "signal")}[row.per] for row in METRICS},
    MALFORMED: ("pair", "signal", "reason"),
    LINK_STATE: ("pair", "signal", "state"),
    STATUS_FLAG: ("pair", "flag"),
}
# Of a monitor of many channels: what it counts, under its name; of its top pairs alone, under theirs, the usual ones.
CHANNELS: Final = (
    MetricRow("streammi_channels", "gauge", "channels", "Channels that are watched", "pair"),
    MetricRow("streammi_channel_pairs", "gauge", "pairs_watched", "Pairs of channels that are watched", "pair"),
    MetricRow(
        "streammi_dependent_pairs", "gauge", "dependent", "Of these, pairs that depend by more than chance", "pair"
    ),
    MetricRow("streammi_changed_pairs", "gauge", "changed", "Of these, pairs that have changed", "pair"),
    MetricRow("streammi_rows_total", "counter", "rows", "Rows of channels counted", "pair"),
    MetricRow("streammi_missing_values_total", "counter", "missing", "Values that rows did not have", "pair"),
    MetricRow(
        "streammi_expired_values_total", "counter", "expired", "Of these, values that were held too long", "pair"
    ),
    MetricRow("streammi_unused_samples_total", "counter", "unused", "Samples that no row of channels has", "pair"),
)
ALL: Final = LABELS | dict.fromkeys(CHANNELS, ("pair",))


class _Newest(NamedTuple):
    fields: Fields
    links: tuple[LinkHealth, ...]


class Metrics:
    """The newest values of each pair, for whoever collects them; may be set in one thread and collected in another."""

    def __init__(self) -> None:
        self._newest: Mapping[str, _Newest] = {}
        self._top: dict[str, tuple[str, ...]] = {}
        self._highest: dict[tuple[str, ...], float] = {}  # a counter must not fall: Prometheus would see a restart
        self._collecting = threading.Lock()

    def set(self, pair: str, fields: Fields, links: tuple[LinkHealth, ...]) -> None:
        """Take the newest reading's fields, before the first those that are known without one, and the links."""
        self._newest = {**self._newest, pair: _Newest(fields, links)}

    def set_top(self, name: str, pairs: Mapping[str, Fields]) -> None:
        """Take the newest readings of the top pairs of the monitor ``name``, in the place of those that were."""
        kept = {pair: newest for pair, newest in self._newest.items() if pair not in self._top.get(name, ())}
        self._newest = kept | {pair: _Newest(fields, ()) for pair, fields in pairs.items()}
        self._top[name] = tuple(pairs)

    def collect(self) -> "Iterable[Metric]":
        """Every metric of which something is known, as prometheus-client's collectors give them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        newest = self._newest
        build = GaugeMetricFamily(BUILD, "The version of streammi", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build
        for row, labels in ALL.items():
            family = (CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily)(
                row.name, row.help, labels=labels
            )
            for pair, values in newest.items():
                for more, value in _values(row, values):
                    family.add_metric((pair, *more), self._risen(row, (pair, *more), value))
            if family.samples:
                yield family

    def _risen(self, row: MetricRow, labels: tuple[str, ...], value: float) -> float:
        if row.kind == "gauge":
            return value
        with self._collecting:
            key = (row.name, *labels)
            self._highest[key] = highest = max(value, self._highest.get(key, 0.0))
        return highest


def _values(row: MetricRow, newest: _Newest) -> Values:
    """The values of a metric for one pair, none where nothing is known."""
    fields, links = newest
    if row is MALFORMED:  # every reason from the start: of a counter that begins with its first event there is no rate
        none: dict[str, int] = dict.fromkeys(get_args(Reason), 0)
        return [((k.signal, reason), float(n)) for k in links for reason, n in (none | k.malformed).items()]
    if row is LINK_STATE:
        return [((k.signal, state), float(k.state == state)) for k in links for state in get_args(LinkState)]
    if row.per == "link":
        return [((k.signal,), float(getattr(k, row.field))) for k in links]
    value = fields.get(row.field)
    if not isinstance(value, float | int) or not math.isfinite(value):
        return []
    if row is STATUS_FLAG:
        return [((str(flag.name).lower(),), float(bool(int(value) & flag))) for flag in Status if flag]
    return [((str(fields["unit"]),) if row.per == "unit" else (), float(value))]


class MetricsServer:
    """Serves ``metrics`` over HTTP, in a thread, as prometheus-client writes them. Raises ConfigError for an address
    that is taken, or that others can reach and was not asked for by name, and MissingExtra without prometheus-client.
    """

    def __init__(self, address: str, metrics: Metrics, *, insecure: bool = False) -> None:
        host, port = check_address(address, insecure=insecure)
        from prometheus_client import CollectorRegistry

        from streammi.publish.http_server import Server  # takes 30 ms to load: who serves nothing does not wait for it

        registry = CollectorRegistry()
        registry.register(metrics)
        try:
            self._server = Server(host, port, served(registry))
        except OSError as error:
            raise ConfigError(
                "--metrics", not_bound(error.errno or 0, str(error.strerror), "address"), address
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is read, with the port that was chosen for 0."""
        host, port = self._server.server_address[:2]
        text = str(host)
        return f"http://{f'[{text}]' if ':' in text else text}:{port}/metrics"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def served(registry: "Collector") -> "WSGIApplication":
    """The WSGI application of prometheus-client, at /metrics alone: it would answer any path."""
    from prometheus_client import make_wsgi_app

    answer: WSGIApplication = make_wsgi_app(registry)

    def at_its_place(environment: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environment.get("PATH_INFO", "").rstrip("/") == "/metrics":
            return answer(environment, start)
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"nothing is here: the metrics are at /metrics\n"]

    return at_its_place


def check_address(address: str, *, insecure: bool) -> tuple[str, int]:
    """Host and port to serve at; whether they are free is known only once they are taken.

    ConfigError for what is no address, or one that others can reach; MissingExtra without prometheus-client.
    """
    host, port = split_address(address, "--metrics")
    if not insecure and not is_loopback(f"tcp://{address}"):
        raise ConfigError("--metrics", "on this machine (127.0.0.1), or given with --insecure", address)
    if find_spec("prometheus_client") is None:
        raise MissingExtra("--metrics", "prometheus-client", "metrics")
    return host, port
