"""The channels that a feed has: the paths of numbers in its first messages that fit what was asked for."""

from collections import Counter
from fnmatch import fnmatchcase
from typing import Any, Final

import numpy as np

from streammi.config import FeedConfig
from streammi.errors import FeedError
from streammi.ingest.formats.beside_values import is_date
from streammi.ingest.formats.columns import is_array, number
from streammi.ingest.formats.content import SEQ_NAMES, TIME_NAMES, Wanted
from streammi.ingest.formats.csv import header_in
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.keyvalue import is_quantity
from streammi.ingest.formats.named import TIMES, VALUES, by_name
from streammi.ingest.formats.nested_lists import VECTOR
from streammi.ingest.formats.other_texts import TEXTS, in_words
from streammi.ingest.formats.paths import into_records
from streammi.ingest.formats.registry import FORMATS, format_of, recognise
from streammi.ingest.formats.samples import has_records, signals
from streammi.ingest.record_fields import leaves
from streammi.ingest.timestamps import is_missing
from streammi.network.frames import Frames, is_text

ALL: Final = "all"
MOST_ELEMENTS: Final = 4096  # of one array
RECORDS_READ: Final = 16  # of a message
MAX_PATH: Final = 256  # characters
COLUMNS: Final = ("csv", "numpy", "struct", "open-ephys")  # formats whose arrays are always samples
BESIDE: Final = {"karabo": "metadata"}  # what stands beside the values of each source
# Numbers of a record that names its one signal: its value, time and number, and how it is to be read.
OF_NAMED: Final = frozenset({*VALUES, *TIMES, *SEQ_NAMES, "bt", "bv", "bver", "ut", "alias", "datatype", "quality"})
BARE: Final = ("0", "f0", *VALUES)  # paths that say no more than the topic of their only channel
SHOWN: Final = 5  # names in a line


class ChannelFinder:
    """Collects the channels of messages: their paths, in the order in which they come.

    ``patterns`` are globs, or ``all``. Where a message has arrays of one length, two or more, these are channels with
    so many samples each; any other array of numbers is a channel an element, ``path/0`` and so on. Records that name
    their one signal are channels of these names. What is asked for may begin with the messages' ``topic``. ``notes``
    say what was taken for what.

    >>> finder = ChannelFinder(FeedConfig(endpoint=""), ["rack*/temp", "flow"])
    >>> finder.take([b'{"rack1": {"temp": 1, "fan": 2}, "rack2": {"temp": 3}, "flow": 4, "t": 5}'])
    >>> finder.names
    ['rack1/temp', 'rack2/temp', 'flow']
    """

    def __init__(self, config: FeedConfig, patterns: list[str], topic: str = "") -> None:
        self._config, self._patterns, self._topic = config, patterns, topic
        self.named = False  # records name their one signal
        self.together = 0  # channels of one message or record, at the most
        self.joined = False  # channels that come one a message are joined as they are read
        self._given: Format | None = None if config.format == "auto" else format_of(config.format)
        self._memory: dict[str, Any] = {}
        self._found: dict[str, None] = {}
        self._others: dict[str, None] = {}  # numbers that were not asked for
        self._texts: dict[str, bool] = {}  # texts that were asked for, and whether each was a number
        self._rows = False  # messages had arrays of samples
        self.unread: Counter[str] = Counter()  # messages in which nothing could be looked for, by why

    @property
    def is_alone(self) -> bool:
        """True if each message has one channel, whose samples are by themselves."""
        return self.together < 2 and not self.joined

    @property
    def names(self) -> list[str]:
        """The paths so far."""
        return list(self._found)

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self._found)

    @property
    def texts(self) -> dict[str, bool]:
        """The paths of texts that were asked for, and are no channels, and whether each has been a number so far."""
        return {path: is_number for path, is_number in self._texts.items() if path not in self._found}

    @property
    def notes(self) -> list[str]:
        """Notes for a person on how the messages were taken."""
        if not self._rows:
            return []
        return ["arrays of one length are taken as channels with so many samples; --channels 'NAME/*' takes elements"]

    @property
    def why_none(self) -> str:
        """Why there are not two channels, and what there is."""
        if self._others or self._found:
            there = [*self._found, *self._others]
            more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
            fit = "none fits" if not self._found else f"only {next(iter(self._found))} fits"
            found = f"{fit} --channels {','.join(self._patterns)}; there are {', '.join(there[:SHOWN])}{more}"
            return "; ".join((found, *said_of_texts(self.texts)))
        if self.unread["raw"]:
            return "raw bytes do not name their channels: --format says how they lie, such as struct:<f4,f4,f4"
        if self.unread:
            reason, _ = self.unread.most_common(1)[0]
            return f"the messages cannot be read: {reason}"
        return "; ".join(("the messages have no numbers", *said_of_texts(self.texts)))

    def state(self) -> dict[str, Any]:
        """Its memory; may hold sets, tuples and arrays."""
        found, others = list(self._found), list(self._others)
        return {
            "memory": self._memory, "found": found, "others": others, "rows": self._rows, "unread": dict(self.unread),
            "named": self.named, "together": self.together, "joined": self.joined, "texts": self._texts,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a finder that was asked for the same."""
        self._memory, self._rows, self.unread = state["memory"], state["rows"], Counter(state["unread"])
        self._texts = state["texts"]
        self._found, self._others = dict.fromkeys(state["found"]), dict.fromkeys(state["others"])
        self.named, self.together, self.joined = state["named"], state["together"], state["joined"]

    def take(self, frames: Frames) -> None:
        """Look at one message."""
        row = self._given or FORMATS.get(recognise(frames) or "")
        if (names := header_in(frames)) and (row is None or row.name == "csv"):
            self._memory["csv"] = names
            return
        if row is None and any(frames) and is_text(frames[-1]):
            self.unread[in_words(frames[-1]) or TEXTS] += 1
            return
        if row is None or (row.judge is not None and self._given is None):
            self.unread["raw" if any(frames) else "empty"] += 1
            return
        try:
            content = row.read(frames, Wanted(row.parts(frames, self._memory), memory=self._memory))
        except FeedError as error:
            self.unread[error.reason] += 1
            return
        if content is None:
            return
        tree = content.tree
        tree = signals(tree, Wanted(("0", "1"))) if isinstance(tree, np.ndarray) else tree
        named = by_name(tree)
        if named is not None and self._is_named(tree[0] if isinstance(tree, list) else tree):
            self.named = True
            for record in named:
                self._take_named(record)
            return
        for record in list(tree)[:RECORDS_READ] if has_records(tree) else [tree]:
            self._take_record(record, row.header, row.name.partition(":")[0])

    def _take_record(self, record: Any, header: frozenset[str], kind: str) -> None:
        special = {*header, self._config.t, self._config.seq}
        if isinstance(record, dict):
            special |= {next((name for name in names if name in record), None) for names in (TIME_NAMES, SEQ_NAMES)}
        # Columns of CSV have a number too, by which one would be a channel that is none by its name.
        unasked = (record[name] for name in special if kind == "csv" and name in record and name not in self._patterns)
        of_special = {id(column) for column in unasked}
        single: dict[str, None] = {}
        arrays: dict[str, int] = {}
        named: dict[int, str] = {}
        texts: dict[int, tuple[str, bool]] = {}  # by the longer of two names, too, and whether they are numbers
        twice: set[str] = set()
        for path, value in leaves(record, items=MOST_ELEMENTS):
            if not 0 < len(path) <= MAX_PATH or (path in special and path not in self._patterns):
                continue
            if id(value) in of_special:
                continue
            if f"/{BESIDE.get(kind, path)}/" in path:
                continue
            if isinstance(value, float | np.ndarray | list) and self._fits(path):
                known = named.setdefault(id(value), path)
                if known != path:  # structs, Influx lines and CSV offer a value by two names: it is one channel
                    less = min(known, path, key=len)
                    named[id(value)] = path if less == known else known
                    twice.add(less)
            if self._fits(path) and (text := _text_in(value)):
                other, _ = texts.get(id(value), ("", False))
                texts[id(value)] = max(path, other, key=len), _is_number(text)
            if is_array(value):
                if len(value) and _is_number(value[0]):
                    arrays[path] = len(value)
            elif _is_number(value, texts=ALL not in self._patterns) or (kind == "keyvalue" and is_quantity(value)):
                single[path] = None
        single = {path: None for path in single if path not in twice}
        arrays = {path: n for path, n in arrays.items() if path not in twice}
        for path, is_number in texts.values():
            if path not in single and path not in arrays and path not in twice:
                self._texts[path] = self._texts.get(path, True) and is_number
        self._sort(record, single, arrays, columns=kind in COLUMNS)
        if FORMATS[kind].joins:
            self.joined = not any("/" in path for path in self._found)  # else of several streams

    def _is_named(self, record: Any) -> bool:
        """True if a record has no numbers but those of its one signal, and these are not asked for by their paths."""
        paths = [path for path, value in leaves(record) if _is_number(value) or is_array(value)]
        if any(path.rpartition("/")[2] not in OF_NAMED for path in paths):
            return False
        return ALL in self._patterns or not any(self._fits(path) for path in paths)

    def _take_named(self, record: dict[str, Any]) -> None:
        names = [name for name, value in record.items() if name and name != TIMES[0] and _is_number(value)]
        found = [name for name in names if len(name) <= MAX_PATH and self._fits(name)]
        self.together = max(self.together, len(found))
        self._found.update(dict.fromkeys(found))
        self._others.update(dict.fromkeys(name for name in names if name not in self._found))
        texts = (name for name, value in record.items() if name != TIMES[0] and _text_in(value))
        self._texts.update((name, False) for name in texts if name not in names and self._fits(name))

    def _sort(self, record: Any, single: dict[str, None], arrays: dict[str, int], *, columns: bool) -> None:
        """Sort out which of a record's numbers are channels."""
        whole = [path for path in arrays if self._fits(path)]
        chosen = [path for path in single if self._fits(path)]
        if columns or self._are_samples(record, whole, arrays, single):
            self._rows |= not columns
            found = whole
        else:
            elements = [
                f"{path}/{k}" for path, n in arrays.items() for k in range(min(n, MOST_ELEMENTS))
                if path in whole or self._fits(f"{path}/{k}")
            ]  # fmt: skip
            found = [*chosen, *elements]
        self.together = max(self.together, len(found))
        self._found.update(dict.fromkeys(found))
        self._others.update(dict.fromkeys(path for path in (*single, *arrays) if path not in self._found))

    def _are_samples(self, record: Any, whole: list[str], arrays: dict[str, int], single: dict[str, None]) -> bool:
        """True if arrays are samples of a channel each, and not channels of one sample."""
        if any(into_records(record, path) is not None for path in whole):
            return True
        if len(whole) < 2 or len({arrays[path] for path in whole}) > 1:
            return False
        return arrays[whole[0]] > VECTOR or not single or any(name in arrays for name in TIME_NAMES)

    def _fits(self, path: str) -> bool:
        names = [path]
        if self._topic:
            names += [f"{self._topic}/{path}", *([self._topic] if path in BARE else [])]
        return any(pattern in (ALL, name) or fnmatchcase(name, pattern) for pattern in self._patterns for name in names)


_OF_TEXTS: Final = (  # whether they are numbers, words on one and on several, and what would take them
    (False, "is text and no channel", "are texts and no channels",
     "--bins categories takes {}, as x or y of one pair"),
    (True, "is a number in quotes and no channel", "are numbers in quotes and no channels",
     "--channels with the name, and without all, takes {}"),
)  # fmt: skip


def said_of_texts(texts: dict[str, bool]) -> list[str]:
    """Notes for a person on ``texts`` that were left out, and whether each is a number: what would take them.

    >>> said_of_texts({"mode": False, "level": True})
    ['mode is text and no channel: --bins categories takes it, as x or y of one pair', \
'level is a number in quotes and no channel: --channels with the name, and without all, takes it']
    """
    notes = []
    for is_number, one, many, takes in _OF_TEXTS:
        if names := [name for name, found in texts.items() if found == is_number]:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            said = one if len(names) == 1 else many
            notes.append(f"{', '.join(names[:SHOWN])}{more} {said}: {takes.format('it' if len(names) == 1 else 'one')}")
    return notes


def _text_in(value: Any) -> str:
    """The text that a value is, or the first of them; empty for what is none, says that there is none, or is a time."""
    text = value[0] if is_array(value) and len(value) else value
    return text if isinstance(text, str) and not is_missing(text) and not is_date(text) else ""


def _is_number(value: Any, *, texts: bool = True) -> bool:
    if value is None or (isinstance(value, str) and not texts):
        return False
    try:
        number(value)
    except FeedError:
        return False
    return True
