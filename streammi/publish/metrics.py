"""What Prometheus reads: the list of metrics, and an endpoint that serves the newest values of them.

What is not known has no metric. Counters are totals since the start, as Prometheus wants them.
"""

import math
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, get_args

from streammi import __version__
from streammi.errors import ConfigError, MissingExtra
from streammi.network.security import is_loopback
from streammi.publish.messages import Fields
from streammi.records import LinkHealth, LinkState
from streammi.records.status import Status

if TYPE_CHECKING:
    from prometheus_client import Metric

Kind: TypeAlias = Literal["gauge", "counter"]
Values: TypeAlias = list[tuple[tuple[str, ...], float]]  # label values beside the pair's name, and the value


class MetricRow(NamedTuple):
    """A metric: its name, and where its value comes from."""

    name: str  # of a counter with _total
    kind: Kind
    field: str  # of a reading as published, or of LinkHealth
    help: str
    per: Literal["unit", "pair", "link"]  # labels: pair and unit; pair; pair and signal, for each of its sources


def _in_unit(name: str, field: str, text: str) -> MetricRow:
    return MetricRow(f"streammi_{name}", "gauge", field, f"{text}, in the unit of the label", "unit")


def _gauge(name: str, field: str, text: str) -> MetricRow:
    return MetricRow(f"streammi_{name}", "gauge", field, text, "pair")


def _counter(name: str, field: str, text: str) -> MetricRow:
    return MetricRow(f"streammi_{name}_total", "counter", field, text, "pair")


def _of_link(name: str, field: str, text: str) -> MetricRow:
    return MetricRow(f"streammi_{name}_total", "counter", field, text, "link")


METRICS: Final = (
    _in_unit("mi", "mi", "Mutual information of the window, plug-in estimate"),
    _in_unit("mi_corrected", "mi_corrected", "Mutual information less its bias; may be slightly negative"),
    _in_unit("mi_stderr", "stderr", "Standard error of the mutual information"),
    _in_unit("null_mean", "null_mean", "Mean mutual information with delayed partners: what chance gives"),
    _in_unit("null_q95", "null_q95", "95 % quantile of the mutual information with delayed partners"),
    _in_unit("peak_mi", "peak_mi", "Largest mutual information over the delays"),
    _in_unit("entropy_x", "hx", "Entropy H(X)"),
    _in_unit("entropy_y", "hy", "Entropy H(Y)"),
    _in_unit("entropy_xy", "hxy", "Joint entropy H(X,Y)"),
    _in_unit("entropy_x_given_y", "hx_given_y", "Conditional entropy H(X|Y)"),
    _in_unit("entropy_y_given_x", "hy_given_x", "Conditional entropy H(Y|X)"),
    _gauge("nmi", "nmi", "Normalised mutual information, 0 to 1"),
    _gauge("pearson_r", "r", "Pearson's correlation, -1 to 1"),
    _gauge("spearman_r", "spearman_r", "Spearman's rank correlation, -1 to 1"),
    _gauge(
        "z_score", "z", "Standard deviations above what chance gives: the mean with delayed partners, or by the G-test"
    ),
    _gauge("p_value", "p", "p of the MI: against delayed partners (b + 1)/(S + 1), or by the G-test"),
    _gauge(
        "peak_lag",
        "peak_lag",
        "Delay of the largest MI, in samples, or s for a time window; positive: y follows x",
    ),
    _gauge("peak_lag_seconds", "peak_lag_s", "Delay of the largest MI of a time window; positive: y follows x"),
    _gauge("peak_p_value", "peak_p", "p of the largest mutual information, over all delays"),
    _gauge("correlation_time_samples", "correlation_time", "Samples until the faster signal forgets itself"),
    _gauge("window_pairs", "n", "Pairs in the window"),
    _gauge("window_fill_ratio", "fill", "Share of the window that is filled, 0 to 1"),
    _gauge("window_x_run_pairs", "x_run", "Newest pairs with one and the same x"),
    _gauge("window_y_run_pairs", "y_run", "Newest pairs with one and the same y"),
    _gauge("window_x_clipped_pairs", "x_clipped", "Pairs in the window whose x is outside the bins' range"),
    _gauge("window_y_clipped_pairs", "y_clipped", "Pairs in the window whose y is outside the bins' range"),
    _gauge("clock_offset_seconds", "clock_offset", "How far the clock of y is ahead of x's"),
    _gauge("pair_offset_seconds", "pair_offset", "Median of y's time less x's over the last pairs"),
    _gauge("lag_seconds", "lag", "From the newest sample's timestamp to its reading"),
    _gauge("pairs_per_second", "rate", "Pairs that count a second, of late"),
    _gauge("status", "status", "Sum of the flags of streammi_status_flag; 0 is a full window on a live feed"),
    _gauge("reading_timestamp_seconds", "timestamp", "When the newest reading was made"),
    _gauge("start_time_seconds", "run", "When the monitor was started"),
    _counter("readings", "seq", "Readings said"),
    _counter("pairs", "pairs", "Pairs taken in"),
    _counter("nonfinite_pairs", "nonfinite", "Pairs skipped because a value was not finite"),
    _counter("clipped_pairs", "clipped", "Pairs with a value outside the bins' range"),
    _counter("late_pairs", "late", "Pairs with a timestamp that stepped back"),
    _counter("dropped_pairs", "dropped", "Late pairs that were older than the window"),
    _counter("unmatched_samples", "unmatched", "Samples of two joined sources that found no partner"),
    _counter("bin_fits", "epoch", "How often the bins were fitted"),
    _of_link("messages", "messages", "Messages received"),
    _of_link("received_bytes", "bytes", "Bytes received"),
    _of_link("missing_samples", "gaps", "Samples missing by the feed's own numbers; one that comes late stays counted"),
    _of_link("sequence_resets", "resets", "How often the feed's own numbers began again"),
    _of_link("reordered_messages", "reordered", "Messages that came after later ones"),
    _of_link("repeated_samples", "repeated", "Samples that came twice in a row, and were taken once"),
    _of_link("reconnects", "reconnects", "Connections made again"),
)
MALFORMED: Final = MetricRow(
    "streammi_malformed_messages_total", "counter", "malformed", "Messages that yielded no pair, by reason", "link"
)
LINK_STATE: Final = MetricRow("streammi_link_state", "gauge", "state", "1 for the state that the link is in", "link")
STATUS_FLAG: Final = MetricRow("streammi_status_flag", "gauge", "status", "1 for each flag of the status", "pair")
BUILD: Final = "streammi_build_info"
LABELS: Final[dict[MetricRow, tuple[str, ...]]] = {
    **{row: {"unit": ("pair", "unit"), "pair": ("pair",), "link": ("pair", "signal")}[row.per] for row in METRICS},
    MALFORMED: ("pair", "signal", "reason"),
    LINK_STATE: ("pair", "signal", "state"),
    STATUS_FLAG: ("pair", "flag"),
}


class _Newest(NamedTuple):
    fields: Fields
    links: tuple[LinkHealth, ...]


class Metrics:
    """The newest values of each pair, for whoever collects them; may be set in one thread and collected in another."""

    def __init__(self) -> None:
        self._newest: Mapping[str, _Newest] = {}
        self._highest: dict[tuple[str, ...], float] = {}  # a counter must not fall: Prometheus would see a restart
        self._collecting = threading.Lock()

    def set(self, pair: str, fields: Fields, links: tuple[LinkHealth, ...]) -> None:
        """Take the newest reading's fields, none before the first, and the links."""
        self._newest = {**self._newest, pair: _Newest(fields, links)}

    def collect(self) -> "Iterable[Metric]":
        """Every metric of which something is known, as prometheus-client's collectors give them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        newest = self._newest
        build = GaugeMetricFamily(BUILD, "The version of streammi", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build
        for row, labels in LABELS.items():
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
    if row is MALFORMED:
        return [((k.signal, reason), float(n)) for k in links for reason, n in k.malformed.items()]
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
        host, port = split_address(address)
        if not insecure and not is_loopback(f"tcp://{address}"):
            raise ConfigError("--metrics", "on this machine (127.0.0.1), or given with --insecure", address)
        try:
            from prometheus_client import CollectorRegistry, make_wsgi_app
        except ImportError:
            raise MissingExtra("--metrics", "prometheus-client", "metrics") from None
        from streammi.publish.http_server import Server  # takes 30 ms to load: who serves nothing does not wait for it

        registry = CollectorRegistry()
        registry.register(metrics)
        try:
            self._server = Server(host, port, make_wsgi_app(registry))
        except OSError as error:
            raise ConfigError("--metrics", f"a free address ({error.strerror})", address) from None
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


def split_address(address: str) -> tuple[str, int]:
    """Read ``HOST:PORT``.

    >>> split_address("127.0.0.1:9464"), split_address("[::1]:9464")
    (('127.0.0.1', 9464), ('::1', 9464))
    """
    host, _, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not host or not port.isdecimal() or int(port) > 65535 or (":" in host and not bracketed):
        raise ConfigError("--metrics", "HOST:PORT, such as 127.0.0.1:9464", address)
    return host.strip("[]"), int(port)
