"""Raw pairs of floats."""

from itertools import islice, takewhile
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError, FeedError
from streammi.ingest.formats import float_bits
from streammi.ingest.formats.content import Content, Samples, Wanted
from streammi.ingest.formats.envelope import has_time_behind
from streammi.ingest.formats.evidence import Judgement, judge
from streammi.ingest.formats.format import Format, never
from streammi.ingest.formats.magic import named
from streammi.ingest.formats.widths import is_zero
from streammi.network.frames import Frames, Messages, last_frame

FLOAT64: Final = np.dtype("<f8")
FLOAT32: Final = np.dtype("<f4")
BESIDE: Final = (
    "with a time or a counter beside them: --format 'struct:<f8,f8' (or <f4,f4); values apart: send them in one"
)
LARGE: Final = 4096  # bytes a message from which joining the messages first costs more than it saves


def is_pairs(frames: Frames) -> bool:
    """True if the payload can be float64 pairs."""
    payload = last_frame(frames)
    return len(frames) <= 2 and len(payload) % 16 == 0 and not named(payload)


def is_pairs32(frames: Frames) -> bool:
    """True if the payload can be float32 pairs."""
    payload = last_frame(frames)
    return len(frames) <= 2 and len(payload) % 8 == 0 and not named(payload)


def judge_pairs(messages: Messages, final: bool) -> Judgement:
    """The judgement on messages that can be float64 pairs, or float32 ones."""
    return judge([frames[-1] for frames in messages], float_bits.FLOAT64, final)


def judge_pairs32(messages: Messages, final: bool) -> Judgement:
    """The judgement on messages that can be float32 pairs, or float64 ones."""
    payloads = [frames[-1] for frames in messages]
    found = judge(payloads, float_bits.FLOAT32, final)
    if found.fits and all(len(payload) % 16 == 0 for payload in payloads) and is_zero(payloads):
        return Judgement(None, "x would be 0 throughout")
    return found


def read_pairs(frames: Frames, wanted: Wanted) -> Content:
    """``[buffer]`` or ``[topic, buffer]``: n x 2 little-endian float64, with the paths 0 and 1."""
    return Content(columns_of_pairs(frames, last_frame(frames), FLOAT64))


def read_pairs32(frames: Frames, wanted: Wanted) -> Content:
    """``[buffer]`` or ``[topic, buffer]``: n x 2 little-endian float32, with the paths 0 and 1."""
    return Content(columns_of_pairs(frames, last_frame(frames), FLOAT32))


def columns_of_pairs(
    frames: Frames, payload: bytes, dtype: np.dtype[Any], *, by_column: bool = False
) -> dict[str, NDArray[Any]]:
    """The two columns of a payload behind a topic or none; ``by_column``: one is behind the other."""
    if len(frames) > 2 or has_time_behind(frames, 2 * dtype.itemsize):
        raise FeedError("wrong frames", f"{len(frames)} frames, not a topic and pairs; {BESIDE}")
    if len(payload) % (2 * dtype.itemsize):
        raise FeedError("odd length", f"{len(payload)} bytes are not pairs of {dtype.name}")
    if not payload:
        raise FeedError("empty")
    values = np.frombuffer(payload, dtype=dtype)
    pairs = values.reshape(2, -1).T if by_column else values.reshape(-1, 2)
    return {"0": pairs[:, 0], "1": pairs[:, 1]}


class JoinedPairs:
    """Reads runs of messages with raw pairs as one buffer: 16-byte messages cost 0.1 us each, not 10."""

    def __init__(self, dtype: np.dtype[Any], wanted: Wanted) -> None:
        self._dtype = dtype
        self._columns = [("0", "1").index(path) for path in wanted.paths if path in ("0", "1")]
        self._usable = len(self._columns) == len(wanted.paths) and not wanted.labels and wanted.t is wanted.seq is None

    def learn(self, content: Content, places: Any) -> None:
        """There is nothing to learn: pairs are pairs."""

    def read_run(self, messages: Messages, start: int) -> tuple[int, Samples | None]:
        """Read messages from ``start`` on, up to the first that is different; returns its index."""
        if not self._usable:
            return start, None
        pair = 2 * self._dtype.itemsize
        if start == 0 and _all_alike(messages, pair):  # nearly always, and 4 times faster than a look at each
            buffers = [frames[-1] for frames in messages]
        else:
            alike = takewhile(lambda frames: _all_alike((frames,), pair), islice(messages, start, None))
            buffers = [frames[-1] for frames in alike]
        if not buffers:
            return start, None
        many, size = len(buffers), sum(map(len, buffers))
        if size < LARGE * many:
            buffers = [b"".join(buffers)]
        # One pass that packs and converts each column, contiguous for the one that bins it: 1.3 ns a pair, where
        # np.concatenate of the strided parts takes 4.
        columns = np.empty((len(self._columns), size // pair))
        at = 0
        for buffer in buffers:
            part = np.frombuffer(buffer, dtype=self._dtype).reshape(-1, 2)
            for column, k in zip(columns, self._columns, strict=True):
                column[at : at + len(part)] = part[:, k]
            at += len(part)
        return start + many, Samples(tuple(columns))


def _all_alike(messages: Messages, pair: int) -> bool:
    """True if all messages have pairs of so many bytes, behind a topic or none, and nothing else."""
    counts = {*map(len, messages)}
    if not counts <= {1, 2}:
        return False
    sizes = {len(frames[-1]) for frames in messages}
    if 0 in sizes or any(size % pair for size in sizes):
        return False
    if counts == {1} or pair != 8 or pair not in sizes:
        return True
    return not any(has_time_behind(frames, pair) for frames in messages if len(frames[-1]) == pair)


def _by_column(name: str, dtype: np.dtype[Any], rest: str) -> Format:
    """The format of messages with one column behind the other, of which MATLAB and Fortran make matrices."""
    if rest != "columns":
        raise ConfigError("--format", f"{name}, or {name}:columns where y is behind all of x", f"{name}:{rest}")

    def read(frames: Frames, wanted: Wanted) -> Content:
        return Content(columns_of_pairs(frames, last_frame(frames), dtype, by_column=True))

    return Format(f"{name}:columns", "[topic,] all of x, all of y", "0 and 1", never, read)


PAIRS: Final = Format(
    "pairs",
    "[topic,] n x 2 float64",
    "0 and 1 (pairs:columns where y is behind all of x)",
    is_pairs,
    read_pairs,
    lambda wanted: JoinedPairs(FLOAT64, wanted),
    judge=judge_pairs,
    variant=lambda rest: _by_column("pairs", FLOAT64, rest),
)
PAIRS32: Final = Format(
    "pairs32",
    "[topic,] n x 2 float32",
    "0 and 1 (pairs32:columns likewise)",
    is_pairs32,
    read_pairs32,
    lambda wanted: JoinedPairs(FLOAT32, wanted),
    judge=judge_pairs32,
    variant=lambda rest: _by_column("pairs32", FLOAT32, rest),
)
