"""Messages to pairs: one function a format, a table that names them, and the Decoder that counts what is not a pair."""

import json
import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np

from streammi.config import FeedConfig
from streammi.errors import ConfigError, FeedError
from streammi.ingest.columns import Columns
from streammi.ingest.paths import Chain, follow, resolve
from streammi.ingest.timestamps import to_seconds
from streammi.records import FloatArray, PairBatch

Frames: TypeAlias = Sequence[bytes]
Parser: TypeAlias = Callable[[Frames, Columns], None]  # adds what one message holds; FeedError when that is nothing

TIME_NAMES: Final = ("timestamp", "time", "ts", "t")
SEQ_NAMES: Final = ("seq",)
ASCII_SECONDS: Final = re.compile(rb"[0-9]{1,12}(\.[0-9]{1,9})?")
BAD_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class JsonObjects:
    """``[json]``, ``[topic, json]`` and ``[topic, json, ASCII seconds]``: an object, or an array of them.

    The first message is decoded in full, which finds out where the values are; then a decoder is made that reads just
    these, with their types, and serves as long as it fits (0.5 instead of 3 us a message).
    """

    def __init__(self, config: FeedConfig) -> None:
        self._config = config
        self._typed: Callable[[bytes], Any] | None = None
        self._pick: Callable[[Any], tuple[Any, ...]] = tuple
        self._places: list[Chain | None] = []  # that the decoder was made for

    def __call__(self, frames: Frames, columns: Columns) -> None:
        """Add the samples of one message."""
        payload = frames[-1] if len(frames) < 3 else frames[1]
        if self._typed is not None and len(frames) < 3:
            try:
                columns.add(self._pick(self._typed(payload)))
                return
            except BAD_JSON:
                pass  # another shape than the ones before: looked at in full
        document = _json(payload)
        sent = _ascii_seconds(frames[2]) if len(frames) == 3 else np.nan
        if isinstance(document, list):
            # All or nothing: an array of which one object is bad must not leave half of it behind.
            for row in [self._row(one, sent) for one in document]:
                columns.add(row)
            if not document:
                raise FeedError("empty", "an empty array")
        else:
            self._one(document, sent, columns)

    def _one(self, document: Any, sent: float, columns: Columns) -> None:
        chains = [resolve(document, path) for path in (self._config.x, self._config.y)]
        values = [follow(document, chain) for chain in chains]
        if all(isinstance(value, list) for value in values):
            self._arrays(document, values, columns)
            return
        columns.add(self._row(document, sent))
        if np.isnan(sent) and not self._config.labels:
            t, seq = _chain(document, self._config.t, TIME_NAMES), _chain(document, self._config.seq, SEQ_NAMES)
            if (places := [*chains, t, seq]) != self._places:
                self._places = places
                self._typed, self._pick = typed_decoder(places)

    def _arrays(self, document: Any, values: list[list[Any]], columns: Columns) -> None:
        blocks = [np.array([_number(v) for v in value]) for value in values]
        time = _optional(document, self._config.t, TIME_NAMES)
        t: FloatArray | None = None
        if isinstance(time, list):
            t = np.array([to_seconds(one) for one in time])
        seq = _optional(document, self._config.seq, SEQ_NAMES)
        columns.add_block(blocks, t, np.nan if seq is None else _number(seq))

    def _row(self, document: Any, sent: float) -> tuple[Any, ...]:
        config = self._config
        values = [follow(document, resolve(document, path)) for path in (config.x, config.y)]
        time = _optional(document, config.t, TIME_NAMES)
        seq = _optional(document, config.seq, SEQ_NAMES)
        take = _label if config.labels else _number
        return (
            *map(take, values),
            sent if time is None else to_seconds(time),
            np.nan if seq is None else _number(seq),
        )


def typed_decoder(chains: list[Chain | None]) -> tuple[Callable[[bytes], Any] | None, Callable[[Any], tuple[Any, ...]]]:
    """A decoder of just the values at these places, as numbers, and what picks them, in order, from its result.

    None where a place is in a list, or where there is none at all.
    """
    tree: dict[str, Any] = {}
    attributes: list[str | None] = []
    names: dict[str, str] = {}
    for chain in chains:
        if chain is None:
            attributes.append(None)
            continue
        if any(isinstance(key, int) for key in chain):
            return None, tuple
        keys = [names.setdefault(str(key), f"f{len(names)}") for key in chain]
        branch = tree
        for key in keys[:-1]:
            branch = branch.setdefault(key, {})
            if not isinstance(branch, dict):
                return None, tuple
        if isinstance(branch.get(keys[-1]), dict):
            return None, tuple
        branch[keys[-1]] = float
        attributes.append(".".join(keys))
    rename = {field: key for key, field in names.items()}
    decoder = msgspec.json.Decoder(_struct(tree, rename), strict=True)
    known = attrgetter(*(a for a in attributes if a is not None))
    if None not in attributes:
        return decoder.decode, known
    blanks = tuple(np.nan for a in attributes if a is None)  # the time and the number come last, in this order
    if attributes[-1] is not None:
        return decoder.decode, lambda sample: (got := known(sample))[:-1] + blanks + got[-1:]
    return decoder.decode, lambda sample: known(sample) + blanks


def _struct(tree: dict[str, Any], rename: dict[str, str]) -> type[msgspec.Struct]:
    fields = [(name, _struct(kind, rename) if isinstance(kind, dict) else float) for name, kind in tree.items()]
    return msgspec.defstruct("Sample", fields, rename={name: rename[name] for name in tree})


class RawPairs:
    """``[buffer]`` and ``[topic, buffer]``: n x 2 little-endian floats, n from the length."""

    def __init__(self, config: FeedConfig, dtype: str) -> None:
        self._dtype = np.dtype(dtype)
        try:
            self._picked = [{"0": 0, "1": 1}[path] for path in (config.x, config.y)]
        except KeyError as error:
            raise ConfigError("--x and --y", "0 or 1 for raw pairs", error.args[0]) from None

    def __call__(self, frames: Frames, columns: Columns) -> None:
        """Add the pairs of one message."""
        buffer = frames[-1]
        if len(frames) > 2:
            raise FeedError("wrong frames", f"{len(frames)} frames")
        if not buffer:
            raise FeedError("empty")
        if len(buffer) % (2 * self._dtype.itemsize):
            raise FeedError("odd length", f"{len(buffer)} bytes")
        pairs = np.frombuffer(buffer, dtype=self._dtype).reshape(-1, 2)
        columns.add_block([pairs[:, k] for k in self._picked])


FORMATS: Final[dict[str, Callable[[FeedConfig], Parser]]] = {
    "json": JsonObjects,
    "pairs": lambda config: RawPairs(config, "<f8"),
    "pairs32": lambda config: RawPairs(config, "<f4"),
}


def recognise(frames: Frames) -> str:
    """The name of the format that a message seems to have."""
    payload = frames[-1] if len(frames) < 3 else frames[1]
    if payload[:1].isspace() or payload[:1] in (b"{", b"["):
        try:
            _json(payload)
        except FeedError:
            if len(payload) % 8 or payload.isascii():
                return "json"
        else:
            return "json"
    if len(payload) % 16 == 0 and _plausible(np.frombuffer(payload, dtype="<f8")):
        return "pairs"
    if len(payload) % 8 == 0 and _plausible(np.frombuffer(payload, dtype="<f4")):
        return "pairs32"
    return "pairs" if len(payload) % 16 == 0 else "json"


def _plausible(values: np.ndarray[Any, Any]) -> bool:
    """Whether most of the numbers have a size that sensors have."""
    with np.errstate(invalid="ignore"):
        size = np.abs(values)
    return bool(values.size and ((size == 0) | ((size > 1e-20) & (size < 1e20)) | np.isnan(values)).mean() > 0.9)


class Decoder:
    """Messages in, pairs out; what is not a pair is counted by reason and never stops anything.

    >>> decoder = Decoder(FeedConfig(endpoint="", x="a", y="b"))
    >>> decoder.decode([[b'{"a": 1, "b": 2}'], [b'{"a": 1}'], [b""]], received=0.0).x.tolist(), decoder.malformed
    ([1.0], {'no such path': 1, 'empty': 1})
    """

    def __init__(self, config: FeedConfig) -> None:
        if config.format not in ("auto", *FORMATS):
            raise ConfigError("--format", "auto, " + ", ".join(FORMATS), config.format)
        self._config = config
        self._columns = Columns(2, config.labels)
        self.format: str | None = None if config.format == "auto" else config.format
        self._parse: Parser | None = None if self.format is None else FORMATS[self.format](config)
        self.malformed: dict[str, int] = {}
        self.detail = ""  # of the last message that was malformed
        self.messages = self.bytes = self.pairs = 0

    @property
    def gaps(self) -> int:
        """Samples that are missing by the feed's own sequence numbers."""
        return self._columns.sequence.gaps

    @property
    def note(self) -> str:
        """One line for the person watching."""
        resets = self._columns.sequence.resets
        return f"sequence numbers stepped back {resets} times" if resets else ""

    def decode(self, messages: Sequence[Frames], received: float) -> PairBatch:
        """The pairs of the messages, in order."""
        gaps = self.gaps
        columns = self._columns
        size = 0
        for frames in messages:
            for frame in frames:
                size += len(frame)
            try:
                (self._parse or self._recognised(frames))(frames, columns)
            except FeedError as error:
                self.malformed[error.reason] = self.malformed.get(error.reason, 0) + 1
                self.detail = str(error)
        self.messages += len(messages)
        self.bytes += size
        (x, y), t = columns.take()
        self.pairs += x.size
        return PairBatch(x=x, y=y, t=t, received=received, gaps=self.gaps - gaps)

    def _recognised(self, frames: Frames) -> Parser:
        """The parser for a message of a feed whose format is not known yet; kept once a message was understood."""
        if not frames or not frames[-1]:
            raise FeedError("empty")
        name = recognise(frames)
        parse = FORMATS[name](self._config)
        parse(frames, Columns(2, self._config.labels))
        self.format, self._parse = name, parse
        return parse


def _json(payload: bytes) -> Any:
    if not payload.strip():
        raise FeedError("empty")
    try:
        return msgspec.json.decode(payload)
    except BAD_JSON:
        pass
    try:  # with NaN and Infinity, as Python's own encoder writes them
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FeedError("not JSON", str(error)[:80]) from None


def _number(value: Any) -> float:
    if isinstance(value, bool | int | float):
        try:
            return float(value)
        except OverflowError:
            return np.inf
    if value is None:  # a sensor that has nothing to say: counted as not finite
        return np.nan
    raise FeedError("not a number", f"{type(value).__name__} {str(value)[:40]!r}")


def _label(value: Any) -> Any:
    return value if isinstance(value, str) else _number(value)


def _chain(document: Any, path: str | None, usual: tuple[str, ...]) -> Chain | None:
    if path is not None:
        return resolve(document, path)
    if not isinstance(document, dict):
        return None
    return next(((name,) for name in usual if name in document), None)


def _optional(document: Any, path: str | None, usual: tuple[str, ...]) -> Any:
    chain = _chain(document, path, usual)
    return None if chain is None else follow(document, chain)


def _ascii_seconds(frame: bytes) -> float:
    if not ASCII_SECONDS.fullmatch(frame):
        raise FeedError("wrong frames", "the third frame is not a time in ASCII seconds")
    return float(frame)
