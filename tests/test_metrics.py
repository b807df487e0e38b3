"""What Prometheus and Grafana get, read by prometheus-client's own parser over real HTTP."""

import contextlib
import json
import math
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE, wait
from programs import BOTH, started
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from streammi import Monitor, __version__
from streammi.cli import main as cli
from streammi.config import FeedConfig, MonitorConfig, span
from streammi.errors import ConfigError, Reason
from streammi.network.endpoints import split_address
from streammi.publish.grafana import PANELS, dashboard
from streammi.publish.http_server import MAX_REQUESTS, Handler
from streammi.publish.messages import Fields, result_fields
from streammi.publish.metrics import LABELS, METRICS, Metrics, MetricsServer
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived
from streammi.records import LinkHealth, Reading
from streammi.session.pair_loop import show
from streammi.session.session import Session

READING = Reading(
    n=1000, unit="bit", h_x=3.5, h_y=3.25, h_xy=5.5, h_x_given_y=2.25, h_y_given_x=2.0, mi=1.25, mi_corrected=1.125,
    nmi=0.37, pearson_r=None, pairs=5000, clipped=7, epoch=2, p=0.05, null_q95=0.5,
)  # fmt: skip
LINK = LinkHealth(
    endpoint="tcp://10.0.0.7:5556", state="stalled", messages=4321, bytes=98765, pairs=5000,
    malformed={"not JSON": 3, "empty": 1}, gaps=12, reconnects=2, rate=100.5,
)  # fmt: skip


def fields(**changed: Any) -> Fields:
    published = result_fields(READING, run=1767225600, seq=42, timestamp=1767225700.5, link=LINK, status=8 | 1024)
    return published | changed


@pytest.fixture
def metrics() -> Iterator[tuple[Metrics, str]]:
    metrics = Metrics()
    metrics.set("boiler", fields(), (LINK,))
    with closing(MetricsServer("127.0.0.1:0", metrics)) as server:
        yield metrics, server.url


def scraped(url: str, accept: str = "text/plain") -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept}), timeout=20) as answer:
        return str(answer.read().decode())


def values(families: Iterator[Metric]) -> dict[str, dict[tuple[str, ...], float]]:
    """Value by the sample's name and its labels' values, in the order of the labels' names."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(v for _, v in sorted(sample.labels.items()))] = sample.value
    return found


def test_values_are_those_of_the_reading(metrics: tuple[Metrics, str]) -> None:
    found = values(parse(scraped(metrics[1])))
    assert found["streammi_mi"] == {("boiler", "bit"): 1.25}
    assert found["streammi_mi_corrected"] == {("boiler", "bit"): 1.125}
    assert found["streammi_entropy_x_given_y"] == {("boiler", "bit"): 2.25}
    assert found["streammi_p_value"] == {("boiler",): 0.05}
    assert found["streammi_pairs_total"] == {("boiler",): 5000}
    assert found["streammi_readings_total"] == {("boiler",): 42}
    assert found["streammi_missing_samples_total"] == {("boiler", "both"): 12}
    malformed = found["streammi_malformed_messages_total"]
    assert {reason: n for (_, reason, _), n in malformed.items() if n} == {"not JSON": 3, "empty": 1}
    assert {reason for _, reason, _ in malformed} == set(get_args(Reason))  # from the start, or there is no rate
    assert found["streammi_link_state"][("boiler", "both", "stalled")] == 1
    assert sum(found["streammi_link_state"].values()) == 1
    assert {flag for (flag, _), on in found["streammi_status_flag"].items() if on} == {"stalled", "unsaved"}
    assert found["streammi_pairs_per_second"] == {("boiler",): 100.5}
    assert found["streammi_build_info"] == {(__version__,): 1}


def test_what_is_not_known_has_no_metric(metrics: tuple[Metrics, str]) -> None:
    found = values(parse(scraped(metrics[1])))
    assert not {"streammi_pearson_r", "streammi_lag_seconds", "streammi_peak_mi", "streammi_null_mean"} & set(found)
    assert not any(math.isnan(value) for by_labels in found.values() for value in by_labels.values())


def test_before_the_first_reading_only_the_link_is_known() -> None:
    metrics = Metrics()
    metrics.set("boiler", {}, (LINK,))
    names = {family.name for family in metrics.collect()}
    assert {"streammi_link_state", "streammi_messages"} <= names
    assert not {"streammi_mi", "streammi_pairs", "streammi_status_flag"} & names


def test_every_counter_is_there_before_the_first_reading() -> None:
    """A feed of what is not finite never has one."""
    config, feed = MonitorConfig(window=span(100)), FeedConfig(endpoint="ipc:///feed", x="a", y="b")
    session, metrics = Session(Monitor(config), feed, Outbox(config.pair, None, None, run=5)), Metrics()
    show(session, metrics, 1e9)
    before = {family.name: [sample.value for sample in family.samples] for family in metrics.collect()}
    counters = {row.name.removesuffix("_total") for row in LABELS if row.kind == "counter" and row.field != "unmatched"}
    assert counters <= set(before)
    assert {sum(before[name]) for name in counters} == {0.0}
    assert (before["streammi_status_flag"].count(1.0), before["streammi_start_time_seconds"]) == (2, [5.0])
    assert {"streammi_mi", "streammi_window_pairs"}.isdisjoint(before)
    session.apply(Arrived(0, 1e9, [[b'{"a":NaN,"b":1}'], [b'{"a":NaN,"b":1}'], [b"?"]]))
    show(session, metrics, 1e9)
    after = values(metrics.collect())  # type: ignore[arg-type]
    assert sum(after["streammi_nonfinite_pairs_total"].values()) == 2
    assert sum(after["streammi_malformed_messages_total"].values()) == 1


def test_the_metrics_are_at_one_place(metrics: tuple[Metrics, str]) -> None:
    root = metrics[1].removesuffix("metrics")
    assert "streammi_mi" in scraped(f"{root}metrics?x=1")
    for path in ("", "nope", "metrics/nope", "metricsx", "favicon.ico"):
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            scraped(root + path)
        with refused.value as answer:
            assert answer.read() == b"nothing is here: the metrics are at /metrics\n"


def test_counters_are_counters_and_never_fall(metrics: tuple[Metrics, str]) -> None:
    """A late sample is missing no more; Prometheus would take a falling counter for a restart."""
    source, url = metrics
    types = {family.name: family.type for family in parse(scraped(url))}
    for row in LABELS:
        name = row.name.removesuffix("_total")
        if name in types:
            assert types[name] == row.kind
    scraped(url)
    source.set("boiler", fields(), (LinkHealth(endpoint="", state="connected", gaps=9, messages=4400),))
    found = values(parse(scraped(url)))
    assert found["streammi_missing_samples_total"] == {("boiler", "both"): 12}
    assert found["streammi_messages_total"] == {("boiler", "both"): 4400}


def test_two_pairs_of_two_sources(metrics: tuple[Metrics, str]) -> None:
    source, url = metrics
    links = tuple(LinkHealth(endpoint="", state="connected", signal=s, messages=n) for s, n in (("x", 5), ("y", 6)))
    source.set('a"b\\c', fields(unit="nat"), links)
    found = values(parse(scraped(url)))
    assert set(found["streammi_mi"]) == {("boiler", "bit"), ('a"b\\c', "nat")}
    assert found["streammi_messages_total"][('a"b\\c', "y")] == 6


def test_openmetrics_is_served_to_who_asks(metrics: tuple[Metrics, str]) -> None:
    text = scraped(metrics[1], "application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert values(parse_openmetrics(text))["streammi_mi"] == {("boiler", "bit"): 1.25}


def test_every_field_is_one_that_is_published_and_the_other_way_round() -> None:
    elsewhere = {"v", "t0", "unit"}
    assert set(fields()) - elsewhere == {row.field for row in LABELS if row.field in fields()}
    assert len({row.name for row in LABELS}) == len(LABELS)
    for row in METRICS:
        known = LinkHealth.__struct_fields__ if row.per == "link" else fields()
        assert row.field in known


def test_a_running_monitor_is_scraped(tmp_path: Path) -> None:
    words = ["monitor", f"ipc://{tmp_path}/feed", "--pull", "--every", "1", "--metrics", "127.0.0.1:0"]
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(f"ipc://{tmp_path}/feed")
        process = started(*words, **BOTH)
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            url = process.stderr.readline().split()[-1]
            for k in range(100):
                sender.send(struct.pack("<2d", math.sin(k), math.cos(k)))
            lines = iter(process.stdout.readline, "")
            line = next(line for line in map(json.loads, lines) if line.get("pairs") == 100)
            deadline = time.monotonic() + PATIENCE
            while (found := values(parse(scraped(url)))).get("streammi_pairs_total") != {("0~1",): 100}:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert found["streammi_mi"] == {("0~1", "bit"): line["mi"]}
            assert found["streammi_messages_total"] == {("0~1", "both"): 100}
            assert found["streammi_link_state"][("0~1", "both", "connected")] == 1
        finally:
            process.terminate()
            process.communicate()
    assert process.returncode == 143


@pytest.mark.parametrize("address", ["9464", ":9464", "localhost", "localhost:port", "::1:9464", "127.0.0.1:99999"])
def test_an_address_has_a_host_and_a_port(address: str) -> None:
    with pytest.raises(ConfigError, match="--metrics must be HOST:PORT"):
        split_address(address, "--metrics")


def test_others_get_in_only_when_asked_for_by_name() -> None:
    with pytest.raises(ConfigError, match="--insecure"):
        MetricsServer("0.0.0.0:0", Metrics())
    with closing(MetricsServer("0.0.0.0:0", Metrics(), insecure=True)) as server:
        port = server.url.rpartition(":")[2]
        assert "streammi_build_info" in scraped(f"http://127.0.0.1:{port}")


def test_who_holds_on_to_connections_keeps_nobody_out(metrics: tuple[Metrics, str]) -> None:
    """Connections that say nothing, that dribble, that ask for a line without an end; Prometheus comes between them."""
    address = "127.0.0.1", int(metrics[1].removesuffix("/metrics").rpartition(":")[2])
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        for k in range(100):
            peer = stack.enter_context(socket.create_connection(address))
            with contextlib.suppress(OSError):
                peer.sendall([b"", b"GET /metr", b"GET /" + b"a" * 200_000, b"\x16\x03\x01\0\xff"][k % 4])
        assert "streammi_mi" in scraped(metrics[1])
        wait(lambda: threading.active_count() <= before + MAX_REQUESTS)
        assert "streammi_mi" in scraped(metrics[1])


def test_who_says_nothing_is_put_out(metrics: tuple[Metrics, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "timeout", 0.1)
    address = "127.0.0.1", int(metrics[1].removesuffix("/metrics").rpartition(":")[2])
    with socket.create_connection(address, 30) as peer:
        peer.sendall(b"GET /metr")
        while peer.recv(4096):  # an answer that says so, or none, and the end
            pass


def test_a_port_that_is_taken_is_one_clear_line(metrics: tuple[Metrics, str]) -> None:
    taken = metrics[1].removeprefix("http://").removesuffix("/metrics")
    done = streammi("monitor", "tcp://127.0.0.1:1", "--metrics", taken)
    assert done.returncode == 2
    assert done.stderr == f"streammi: --metrics must be a free address (Address already in use), got '{taken}'\n"


def test_without_prometheus_client_the_extra_is_named() -> None:
    code = "import sys; sys.modules['prometheus_client'] = None; from streammi.cli.main import main; main()"
    words = ["monitor", "tcp://127.0.0.1:1", "--metrics", "127.0.0.1:0"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--metrics needs prometheus-client, which is not installed: " in done.stderr
    assert done.stderr.rstrip().endswith("pip install 'streammi[metrics]'")


def test_every_query_of_the_dashboard_is_of_a_metric_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    cli.app(["grafana"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(dashboard()))
    shape = re.compile(
        r'(rate\()?(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\{pair=~"\$pair"\}(?(1)\[\$__rate_interval\]\))( == 1)?'
    )
    kinds = {row.name: row.kind for row in LABELS}
    queries = [target["expr"] for panel in printed["panels"] for target in panel["targets"]]
    assert len(queries) == sum(len(panel.metrics) for panel in PANELS)
    for query in queries:
        match = shape.fullmatch(query)
        assert match, query
        assert kinds[match["name"]] == ("counter" if query.startswith("rate(") else "gauge")
    (pair,) = [variable for variable in printed["templating"]["list"] if variable["name"] == "pair"]
    assert re.fullmatch(r"label_values\((\w+), pair\)", pair["query"])[1] in kinds  # type: ignore[index]


def test_legends_name_labels_that_there_are_and_panels_do_not_overlap() -> None:
    labels = {row.name: set(names) for row, names in LABELS.items()}
    cells: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            name = re.search(r"streammi_\w+", target["expr"])[0]  # type: ignore[index]
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels[name]
        place = panel["gridPos"]
        covered = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not covered & cells
        assert place["x"] + place["w"] <= 24
        cells |= covered
