"""Raw pairs of floats."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Samples, Wanted
from streammi.ingest.formats.format import Format
from streammi.network.frames import Frames, Messages, is_text, last_frame

FLOAT64: Final = np.dtype("<f8")
FLOAT32: Final = np.dtype("<f4")
LARGE: Final = 4096  # bytes a message from which joining the messages first costs more than it saves
JUDGED_FROM: Final = 8  # pairs: fewer do not tell float32 from float64


def is_pairs(frames: Frames) -> bool:
    """Whether the payload can be float64 pairs."""
    payload = last_frame(frames)
    return len(frames) <= 2 and len(payload) % 16 == 0 and not is_text(payload) and not _looks_float32(payload)


def is_pairs32(frames: Frames) -> bool:
    """Whether the payload can be float32 pairs, and not float64 ones."""
    payload = last_frame(frames)
    return len(frames) <= 2 and len(payload) % 8 == 0 and not is_text(payload)


def _looks_float32(payload: bytes) -> bool:
    """The even 32-bit words are the low halves of float64s, whose exponents read as float32 are spread over all 8 bits
    (or which are all 0, for round numbers); or they are the x of float32 pairs, whose exponents lie close together.

    An exponent's standard deviation is 74 in the first case, and 2 for normal and 5 for heavy-tailed x in the second.
    """
    words = np.frombuffer(payload, dtype="<u4")[::2]
    if words.size < 2 * JUDGED_FROM or (words == words[0]).all():
        return False
    exponents = ((words[words & 0x7FFFFFFF != 0] >> 23) & 0xFF).astype(np.float64)
    return bool(exponents.size) and exponents.max() < 255 and abs(exponents.mean() - 127) < 40 and exponents.std() < 16


def read_pairs(frames: Frames, wanted: Wanted) -> Content:
    """``[buffer]`` or ``[topic, buffer]``: n x 2 little-endian float64, with the paths 0 and 1."""
    return Content(columns_of_pairs(frames, last_frame(frames), FLOAT64))


def read_pairs32(frames: Frames, wanted: Wanted) -> Content:
    """``[buffer]`` or ``[topic, buffer]``: n x 2 little-endian float32, with the paths 0 and 1."""
    return Content(columns_of_pairs(frames, last_frame(frames), FLOAT32))


def columns_of_pairs(frames: Frames, payload: bytes, dtype: np.dtype[Any]) -> dict[str, NDArray[Any]]:
    """The two columns of a payload behind a topic or none."""
    if len(frames) > 2:
        raise FeedError("wrong frames", f"{len(frames)} frames, not a topic and pairs")
    if len(payload) % (2 * dtype.itemsize):
        raise FeedError("odd length", f"{len(payload)} bytes are not pairs of {dtype.name}")
    if not payload:
        raise FeedError("empty")
    pairs = np.frombuffer(payload, dtype=dtype).reshape(-1, 2)
    return {"0": pairs[:, 0], "1": pairs[:, 1]}


class JoinedPairs:
    """Reads runs of messages with raw pairs as one buffer: 16-byte messages cost 0.1 us each, not 10."""

    def __init__(self, dtype: np.dtype[Any], wanted: Wanted) -> None:
        self._dtype = dtype
        self._columns = [("0", "1").index(path) for path in wanted.paths if path in ("0", "1")]
        self._usable = len(self._columns) == len(wanted.paths) and not wanted.labels and wanted.t is wanted.seq is None

    def learn(self, content: Content, places: Any) -> None:
        """There is nothing to learn: pairs are pairs."""

    def take(self, messages: Messages, start: int) -> tuple[int, Samples | None]:
        """Read messages from ``start`` on, up to the first that is different; returns its index."""
        stop, pair = start, 2 * self._dtype.itemsize
        buffers = []
        while self._usable and stop < len(messages):
            frames = messages[stop]
            if not 1 <= len(frames) <= 2 or not frames[-1] or len(frames[-1]) % pair:
                break
            buffers.append(frames[-1])
            stop += 1
        if not buffers:
            return start, None
        if sum(map(len, buffers)) < LARGE * len(buffers):
            buffers = [b"".join(buffers)]
        # One pass that packs and converts each column, contiguous for the one that bins it: 1.3 ns a pair, where
        # np.concatenate of the strided parts takes 4.
        columns = np.empty((len(self._columns), sum(map(len, buffers)) // pair))
        at = 0
        for buffer in buffers:
            part = np.frombuffer(buffer, dtype=self._dtype).reshape(-1, 2)
            for column, k in zip(columns, self._columns, strict=True):
                column[at : at + len(part)] = part[:, k]
            at += len(part)
        return stop, Samples(tuple(columns))


PAIRS: Final = Format(
    "pairs", "[topic,] float64 pairs", "0 and 1", is_pairs, read_pairs, lambda wanted: JoinedPairs(FLOAT64, wanted)
)
PAIRS32: Final = Format(
    "pairs32",
    "[topic,] float32 pairs",
    "0 and 1",
    is_pairs32,
    read_pairs32,
    lambda wanted: JoinedPairs(FLOAT32, wanted),
)
