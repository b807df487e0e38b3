"""streammi on Apache Spark: the same readings, of more keys and channels than one machine has room for."""

import importlib
from typing import TYPE_CHECKING

from streammi.errors import MissingExtra

if TYPE_CHECKING:
    from streammi.interop.spark.keyed import readings as readings
    from streammi.interop.spark.pairs import all_pairs as all_pairs
    from streammi.interop.spark.sink import PublishTo as PublishTo
    from streammi.interop.spark.streaming_sources import LiveAtMostOnce as LiveAtMostOnce, Recordings as Recordings

_HOMES = {
    "LiveAtMostOnce": "streaming_sources",
    "PublishTo": "sink",
    "Recordings": "streaming_sources",
    "all_pairs": "pairs",
    "readings": "keyed",
}


def __getattr__(name: str) -> object:
    """Resolve a public name: the workers, which need none of them, start without."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pyspark":
            raise
        raise MissingExtra(f"{__name__}.{name}", "pyspark", "spark") from None
