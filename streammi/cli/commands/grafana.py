"""``streammi grafana``: the dashboard that Grafana imports."""


def grafana() -> None:
    """Print a Grafana dashboard. It is of what --metrics serves, as JSON to import.

    \b
    Examples:
      streammi grafana > dashboard.json
    """
    import json

    from streammi.publish.grafana import dashboard

    print(json.dumps(dashboard(), indent=2))
