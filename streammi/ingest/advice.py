"""Advice on messages that have values, but not those that were asked for, in words."""

import shlex
from itertools import islice
from typing import Any, Final

from streammi.config.did_you_mean import meant
from streammi.errors import FeedError
from streammi.ingest.formats.columns import is_number
from streammi.ingest.formats.csv import numbers_in
from streammi.ingest.formats.json import starts_as_json
from streammi.ingest.formats.named import NAMES, VALUES, by_name
from streammi.ingest.formats.paths import has
from streammi.ingest.record_fields import leaves
from streammi.network.frames import Frames

MONITOR: Final = frozenset({"v", "run", "seq", "mi"})  # keys of a reading that a monitor publishes
NAMES_SHOWN: Final = 5
LOOKS: Final = 1000  # messages that are looked at


def is_reading(frames: Frames, tree: Any) -> bool:
    """True if a message is a reading of a streammi monitor.

    >>> is_reading([b"mi/xy", b"..."], {"v": 1, "run": 2, "seq": 3, "mi": 0.5}), is_reading([b"a"], {"mi": 0.5})
    (True, False)
    """
    return len(frames) == 2 and frames[0].startswith(b"mi/") and isinstance(tree, dict) and tree.keys() >= MONITOR


def is_a_monitor(endpoint: str) -> str:
    """The words on an endpoint at which a monitor publishes."""
    return f"this is a streammi monitor: streammi view {endpoint}"


class Advice:
    """Looks at messages without the values at ``paths``; ``words`` say what there is instead, and what to do.

    >>> advice = Advice("tcp://a:1", ("temp", "hum"))
    >>> advice.look([b"s/1", b"..."], "s/1", {"temp": 20.5})
    >>> advice.look([b"s/2", b"..."], "s/2", {"hum": 40})
    >>> print(advice.words)
    temp and hum come in messages of their own: --x 'tcp://a:1#s/1:temp' --y 'tcp://a:1#s/2:hum' joins them
    """

    def __init__(self, endpoint: str, paths: tuple[str, ...]) -> None:
        self.words = ""
        self._endpoint, self._paths = endpoint, paths
        self._alone: dict[str, str] = {}  # where a path was without the other
        self._names: list[str] = []  # of records that name their signal
        self._looks = 0

    def look(self, frames: Frames, topic: str, tree: Any) -> None:
        """Look at a message that does not have all of the values."""
        self._looks += 1
        if self._looks > LOOKS:
            return
        if is_reading(frames, tree):
            self.words = is_a_monitor(self._endpoint)
            return
        if apart := _in_frames(frames):
            self.words = apart
            return
        tree = tree[:LOOKS] if isinstance(tree, list) else tree
        if key := _in_a_list(tree, self._paths):
            named = zip(("--x", "--y"), self._paths, strict=False)
            options = " ".join(f"{option} {key}/{path}" for option, path in named)
            self.words = f"a message has them in each record of {key}: {options}"
            return
        found = {path: where for path in self._paths if (where := _where(path, topic, tree))}
        if len(found) == 1:
            self._alone |= found
        if len(self._paths) == 2 and self._alone.keys() == set(self._paths):
            x, y = (shlex.quote(f"{self._endpoint}#{self._alone[path]}") for path in self._paths)
            self.words = f"{' and '.join(self._paths)} come in messages of their own: --x {x} --y {y} joins them"
            return
        for record in (by_name(tree) or ()) if len(self._names) < NAMES_SHOWN else ():
            self._names += [name for name in record if name != "timestamp" and name not in self._names]
        if self._names:
            self.words = f"records are named {', '.join(self._names[:NAMES_SHOWN])}"
        elif not self.words:
            self.words = _meant(self._paths, tree)


def _in_frames(frames: Frames) -> str:
    """The words on values of which each comes in a frame of its own; empty where they do not."""
    if sum(map(starts_as_json, frames)) > 1:
        return "JSON comes in several frames of a message: send it in one"
    values = [text for frame in frames[-2:] if is_number(text := frame.decode("latin-1"))]
    if len(values) < 2:
        return ""
    return f"each value is in a frame of its own: send them in one, such as {','.join(values)[:40]} for --x 0 --y 1"


def _meant(paths: tuple[str, ...], tree: Any) -> str:
    """The paths of a record that were meant by those that it does not have."""
    record = tree[0] if isinstance(tree, list) and tree else tree
    if isinstance(record, dict) and record and all(isinstance(key, str) and key.isdecimal() for key in record):
        columns = record.values()
        return numbers_in([column[0] if isinstance(column, list) and column else "" for column in columns])
    if not isinstance(record, dict):
        return ""
    found = list(islice(leaves(record), LOOKS))
    there = [path for path, _ in found]
    lacking = [path for path in paths if not has(record, path)]
    if packed := next((path for path, value in found if _is_packed(value)), ""):
        return f"{packed} is a text that holds JSON: send it as it is, not as a text"
    deeper = [_deeper(path, record, found) for path in lacking]
    if deeper and all(deeper):
        return f"did you mean {' and '.join(deeper)}?"
    return " ".join(dict.fromkeys(question for path in lacking if (question := meant(path, there))))


def _is_packed(value: Any) -> bool:
    """True if a value is a text that looks like JSON."""
    return isinstance(value, str) and value[:1] in ("{", "[") and value[-1:] in ("}", "]") and len(value) > 2


def _deeper(path: str, record: Any, found: list[tuple[str, Any]]) -> str:
    """Where a signal is in a record that is not at its path: below something, or in what is named so; else empty."""
    if below := next((one for one, _ in found if one.endswith(f"/{path}")), ""):
        return below
    if inside := next((one for one, value in found if _is_value_of(one, value, path)), ""):
        return inside
    named = next((one for one, value in found if value == path and one.rpartition("/")[2] in NAMES), "")
    beside = named.rpartition("/")[0] + "/"
    return next((one for one, value in found if named and one.startswith(beside) and _is_value(one, value)), "")


def _is_value_of(path: str, value: Any, name: str) -> bool:
    """True if a leaf is the value in what is named so, such as Payload/temp/Value."""
    above, _, last = path.rpartition("/")
    return above.rpartition("/")[2] == name and last.lower() in VALUES and _is_value(path, value)


def _is_value(path: str, value: Any) -> bool:
    """True if a leaf is a number, and no time or counter by its name."""
    is_number = isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool))
    return is_number and "time" not in path.rpartition("/")[2].lower()


def _in_a_list(tree: Any, paths: tuple[str, ...]) -> str:
    """The key of a list of records that have all paths; empty where there is none."""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        first = value[0] if isinstance(value, list) and value else None
        if isinstance(key, str) and isinstance(first, dict) and all(has(first, path) for path in paths):
            return key
    return ""


def _where(path: str, topic: str, tree: Any) -> str:
    """Where one signal is, as TOPIC:PATH; empty where it is not."""
    records = tree if isinstance(tree, list) else [tree]
    if any(has(record, path) for record in records if isinstance(record, dict)):
        return f"{topic}:{path}"
    if any(path in record for record in by_name(tree) or ()):
        return f"{topic}:{path}"
    if topic and topic.rpartition("/")[2] in (path, path.rpartition("/")[2]) and isinstance(tree, dict):
        value = next((name for name in VALUES if name in tree), None)
        if value is not None or len(tree) == 1:
            return f"{topic}:{value or next(iter(tree))}"
    return ""


def advised(error: FeedError, words: str) -> FeedError:
    """An error with what to do about it."""
    return FeedError(error.reason, f"{error.detail}: {words}" if words else error.detail, error.path)
