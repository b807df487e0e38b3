"""A device by its own name, and its newest reading in words."""

from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from streammi.publish.device_readings import DeviceReading
from streammi.publish.messages import published_reading, read_reading
from streammi.records.status import Status, status_words
from streammi.records.verdict import is_dependent, verdict

UNTESTED: Final = "untested"
SAID: Final = int(Status.WARMING_UP | Status.CLIPPED | Status.UNDERSAMPLED)  # of a device: the feed is that of all


class Words(NamedTuple):
    """A device in words: its verdict, the tone of that, and whether it depends by more than chance."""

    said: str
    tone: str
    depends: bool


def key_of(name: str) -> str:
    """A device's own name, of its name in topics; a long one ends in a hash there.

    >>> key_of("rack%201%2Ffan/x~y")
    'rack 1/fan'
    """
    return unquote(name.partition("/")[0])


def words_of(newest: DeviceReading) -> Words:
    """A reading in words, but for what depends on the time."""
    fields: dict[str, Any] = read_reading(newest.frames)[1]
    reading, status = published_reading(fields), fields.get("status")
    said, depends = "", False
    if reading is not None:
        said = verdict(reading, labels=newest.brief.r is None, untested=UNTESTED).removesuffix(f" ({UNTESTED})")
        depends = is_dependent(reading)
    words = [said, *status_words(status & SAID if isinstance(status, int) else 0)]
    return Words(", ".join(filter(None, words)), "text" if depends else "dim", depends)
