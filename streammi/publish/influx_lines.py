"""Readings and events as lines of the InfluxDB line protocol, for Telegraf."""

from streammi.errors import ConfigError
from streammi.publish.messages import Fields
from streammi.records import Event


def influx_line(pair: str, fields: Fields, place: str = "") -> str:
    r"""A reading as one line of the InfluxDB line protocol, for Telegraf's ``execd`` input with data_format = "influx".

    ``pair`` and ``unit`` are tags, as is the ``place`` of the monitor where it is one of several. ``run`` is a field:
    as a tag each start of the monitor would begin new series. The version of the JSON is left out: these lines name
    what they have. Every field is a float, so that none changes its type between two lines; what is not known is left
    out. A backslash in a tag has no escape of its own, so it becomes ``/``.

    >>> influx_line("a=b,c", {"timestamp": 1.5, "n": 3, "mi": 0.25, "p": None, "unit": "bit"})
    'streammi,pair=a\\=b\\,c,unit=bit n=3.0,mi=0.25 1500000000'
    """
    timestamp = fields["timestamp"]
    if not isinstance(timestamp, float | int):
        raise ConfigError("timestamp", "a number of seconds", timestamp)
    values = ",".join(
        f"{key}={float(value)!r}"
        for key, value in fields.items()
        if isinstance(value, float | int) and key not in ("timestamp", "v") and abs(value) < float("inf")
    )
    tags = _tags(pair=pair, place=place, unit=str(fields["unit"]))
    return f"streammi{tags} {values} {round(timestamp * 1e9)}"


def influx_event_line(event: Event, place: str = "") -> str:
    r"""An event as one line of the InfluxDB line protocol: ``size`` where it has one, and its evidence as text.

    >>> influx_event_line(Event(pair="xy", kind="lost", timestamp=2.5, size=-0.5, unit="bit", evidence='r "0"'))
    'streammi_event,pair=xy,kind=lost,signal=both,unit=bit size=-0.5,evidence="r \\"0\\"" 2500000000'
    """
    rule = " ".join(event.rule.split())  # a line break would end the line
    tags = _tags(pair=event.pair, place=place, kind=event.kind, signal=event.signal, unit=event.unit, rule=rule)
    size = "" if event.size is None else f"size={float(event.size)!r},"
    words = " ".join(event.evidence.split())  # likewise
    evidence = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'streammi_event{tags} {size}evidence="{evidence}" {round(event.timestamp * 1e9)}'


def _tags(**tags: str) -> str:
    """Those that are not empty, each behind a comma."""
    escapes = {ord("\\"): "/", ord(","): r"\,", ord("="): r"\=", ord(" "): r"\ "}
    return "".join(f",{key}={value.translate(escapes)}" for key, value in tags.items() if value)
