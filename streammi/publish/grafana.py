"""A Grafana dashboard of what streammi.publish.metrics serves, made from the same list, so that the two cannot drift.

The layout follows https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from typing import Any, Final, NamedTuple, TypeAlias

from streammi.publish.metrics import LABELS, LINK_STATE, MALFORMED, STATUS_FLAG, MetricRow

Json: TypeAlias = dict[str, Any]
COLUMNS: Final = 24  # of Grafana's grid
HEIGHT: Final = 8  # of a panel
_ROWS: Final = {row.name.removeprefix("streammi_"): row for row in LABELS}
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}


class Panel(NamedTuple):
    """A panel of the dashboard: the metrics in it, by name without the prefix; counters are shown as rates."""

    title: str
    metrics: tuple[str, ...]
    unit: str = "none"  # of the axis, by Grafana's names
    kind: str = "timeseries"
    width: int = 12


PANELS: Final = (
    Panel("MI, and what chance gives", ("mi_corrected", "mi", "null_q95", "mi_ksg"), width=18),
    Panel("Status", ("status_flag",), kind="stat", width=6),
    Panel("Entropies", ("entropy_x", "entropy_y", "entropy_xy", "entropy_x_given_y", "entropy_y_given_x")),
    Panel("Correlation, normalised MI, p", ("pearson_r", "nmi", "p_value")),
    Panel("Pairs a second", ("pairs_per_second",), unit="reqps"),
    Panel("Messages a second", ("messages_total",), unit="reqps"),
    Panel("Malformed messages a second", ("malformed_messages_total",), unit="reqps"),
    Panel(
        "Lost or skipped a second",
        (
            "missing_samples_total",
            "late_pairs_total",
            "dropped_pairs_total",
            "nonfinite_pairs_total",
            "clipped_pairs_total",
        ),
        unit="reqps",
    ),
    Panel("Lag", ("lag_seconds",), unit="s"),
    Panel("Delay of the largest MI (positive: y follows x)", ("peak_lag",)),
    Panel("Link", ("link_state",), kind="state-timeline"),
    Panel("Window fill", ("window_fill_ratio",), unit="percentunit"),
)


def dashboard() -> Json:
    """The dashboard as Grafana imports it."""
    return {
        "title": "streammi",
        "uid": "streammi",
        "tags": ["streammi"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_source_variable(), _pair_variable()]},
        "panels": _placed(),
    }


def expression(row: MetricRow) -> str:
    """The PromQL of a metric: a counter's rate, a state where it is 1, else the value.

    >>> expression(_ROWS["pairs_total"])
    'rate(streammi_pairs_total{pair=~"$pair"}[$__rate_interval])'
    """
    selected = f'{row.name}{{pair=~"$pair"}}'
    if row.kind == "counter":
        return f"rate({selected}[$__rate_interval])"
    return f"{selected} == 1" if row in (LINK_STATE, STATUS_FLAG) else selected


def _legend(row: MetricRow) -> str:
    """The pair, what it is, and what tells its lines apart."""
    more = {MALFORMED: "{{reason}}", LINK_STATE: "{{signal}} {{state}}", STATUS_FLAG: "{{flag}}"}
    if row in more:
        return f"{{{{pair}}}} {more[row]}"
    words = row.name.removeprefix("streammi_").removesuffix("_total").replace("_", " ")
    extra = {"unit": " ({{unit}})", "link": " {{signal}}", "pair": ""}[row.per]
    return f"{{{{pair}}}} {words}{extra}"


def _placed() -> list[Json]:
    """The panels, from left to right and top to bottom."""
    placed: list[Json] = []
    x = y = 0
    for number, panel in enumerate(PANELS, 1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        placed.append(_panel(number, panel, {"x": x, "y": y, "w": panel.width, "h": HEIGHT}))
        x += panel.width
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> Json:
    rows = [_ROWS[name] for name in panel.metrics]
    targets = [
        {"refId": chr(ord("A") + k), "datasource": _SOURCE, "expr": expression(row), "legendFormat": _legend(row)}
        for k, row in enumerate(rows)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": "\n".join(f"{row.name}: {row.help}" for row in rows),
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {"textMode": "name"} if panel.kind == "stat" else {},
        "targets": targets,
    }


def _source_variable() -> Json:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _pair_variable() -> Json:
    return {
        "name": "pair",
        "type": "query",
        "label": "Pair",
        "datasource": _SOURCE,
        "query": f"label_values({LINK_STATE.name}, pair)",  # which each pair has from its start
        "refresh": 2,  # when the time range changes
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }
