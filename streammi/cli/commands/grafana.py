"""``streammi grafana``: the dashboard that Grafana imports."""


def grafana() -> None:
    """Print a Grafana dashboard, as JSON to import. It shows what monitor --metrics serves.

    \b
    Examples:
      streammi grafana > dashboard.json
    """
    import json

    from streammi.publish.grafana import dashboard

    print(json.dumps(dashboard(), indent=2))
