"""Formats made of a header and an array: numpy over ZeroMQ, karabo-bridge 2.2, Open Ephys."""

import math
import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.content import SEQ_LIMIT, Content, Wanted, signals
from streammi.ingest.frames import Frames
from streammi.ingest.packed import is_msgpack, parse_msgpack
from streammi.ingest.pairs import FLOAT32
from streammi.ingest.text import is_json, parse_json

DTYPE: Final = re.compile(r"[<>=|]?[iufbc][0-9]{1,2}|float(16|32|64)|u?int(8|16|32|64)|bool|complex(64|128)")
MAX_DIMENSIONS: Final = 8
MAX_BLOCKS: Final = 64  # of one channel that wait for the other


def is_numpy(frames: Frames) -> bool:
    """Whether the frame before the last is JSON with a dtype and a shape."""
    if not 2 <= len(frames) <= 3 or not is_json(frames[:-1]):
        return False
    header = parse_json(frames[-2])
    return isinstance(header, dict) and "dtype" in header and "shape" in header


def read_numpy(frames: Frames, wanted: Wanted) -> Content:
    """``[json {dtype, shape}, buffer]``, behind a topic or none: an array, a row a sample and a column a signal.

    Paths are column numbers, field names of a structured dtype (a list of names and types), or 0 and 1 for the real and
    imaginary parts of complex numbers. One dimension is one sample; for a single path 0, that signal's samples.
    Other keys of the header (timestamp, seq) are read too.
    """
    if not 2 <= len(frames) <= 3:
        raise FeedError("wrong frames", f"{len(frames)} frames, not a header and an array")
    header = parse_json(frames[-2])
    if not isinstance(header, dict):
        raise FeedError("bad header", repr(header)[:60])
    array = array_of(frames[-1], header.get("dtype"), header.get("shape"))
    return Content({**header, **signals(array, wanted)})


def array_of(buffer: bytes, dtype: Any, shape: Any) -> NDArray[Any]:
    """An array of a plain dtype; ``FeedError`` where the header makes no sense or does not fit the buffer."""
    try:
        kind = np.dtype([(str(name), _plain_dtype(one)) for name, one in dtype] if isinstance(dtype, list) else
                        _plain_dtype(dtype))  # fmt: skip
        if not 0 <= len(shape) <= MAX_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError("shape")
    except (ValueError, TypeError):
        raise FeedError("bad header", f"dtype {dtype!r}, shape {shape!r}"[:80]) from None
    if math.prod(shape) * kind.itemsize != len(buffer):
        raise FeedError("lengths differ", f"{len(buffer)} bytes for shape {shape!r} of {kind}"[:80])
    try:
        return np.frombuffer(buffer, dtype=kind).reshape(shape)
    except ValueError:  # no bytes, and a dimension that no array can have, or a dtype without fields
        raise FeedError("bad header", f"dtype {dtype!r}, shape {shape!r}"[:80]) from None


def _plain_dtype(name: Any) -> str:
    if not isinstance(name, str) or not DTYPE.fullmatch(name):
        raise ValueError(name)
    return name


def is_karabo(frames: Frames) -> bool:
    """Whether the first of pairs of frames is a msgpack header with a source and its content."""
    if len(frames) % 2 or not frames[0] or not is_msgpack(frames[:1]):
        return False
    header = parse_msgpack(frames[0])
    return isinstance(header, dict) and {"source", "content"} <= header.keys()


def read_karabo(frames: Frames, wanted: Wanted) -> Content:
    """Pairs of a msgpack header and a payload, which is a map or an array: paths are source, then key.

    The time is that of the first source; a source's metadata are at ``metadata`` below it.
    """
    if not frames or len(frames) % 2:
        raise FeedError("wrong frames", f"{len(frames)} frames, not pairs of header and payload")
    tree: dict[str, dict[str, Any]] = {}
    stamp = None
    for head, payload in zip(frames[::2], frames[1::2], strict=True):
        header = parse_msgpack(head)
        try:
            properties = tree.setdefault(header["source"], {})
            if header["content"] == "array":
                properties[header["path"]] = array_of(payload, header["dtype"], header["shape"])
            else:
                metadata = header.get("metadata", {})
                properties.update(parse_msgpack(payload), metadata=metadata)
                stamp = metadata.get("timestamp", stamp) if stamp is None else stamp
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FeedError("bad header", f"{type(error).__name__} {error} in {header!r}"[:80]) from None
    return Content(tree, stamp)


def is_open_ephys(frames: Frames) -> bool:
    """Whether the envelope says DATA, EVENT, SPIKE or PARAM, and a JSON header follows."""
    return len(frames) >= 2 and _envelope(frames) in (b"DATA", b"EVENT", b"SPIKE", b"PARAM") and is_json(frames[1:2])


def read_open_ephys(frames: Frames, wanted: Wanted) -> Content | None:
    """``[b"DATA\\0", json, float32 samples]``, one channel a message: paths are channel numbers, or stream/number.

    Blocks of the wanted channels are joined on the number of their first sample, which also finds gaps. Times are
    sample numbers over the sample rate. None for events, for other channels, and until a block is complete.
    """
    if len(frames) < 2 or _envelope(frames) != b"DATA":
        if is_open_ephys(frames):
            return None
        raise FeedError("bad header", repr(frames[:1])[:60])
    if len(frames) != 3:
        raise FeedError("wrong frames", f"{len(frames)} frames, not envelope, header and samples")
    header = parse_json(frames[1])
    try:
        about = header["content"]
        stream, channel, first = str(about["stream"]), str(int(about["channel_num"])), int(about["sample_num"])
        rate, n = float(about["sample_rate"]), int(about["num_samples"])
        if abs(first) >= SEQ_LIMIT:
            raise ValueError("sample_num")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FeedError("bad header", f"{type(error).__name__} {error} in {header!r}"[:80]) from None
    if len(frames[2]) != 4 * n:
        raise FeedError("lengths differ", f"{len(frames[2])} bytes for {n} samples")
    names = {channel, f"{stream}/{channel}", f"{stream}.{channel}"} & set(wanted.paths)
    if not names or n == 0:
        return None
    blocks: dict[tuple[str, int, int], dict[str, Any]] = wanted.memory.setdefault("open-ephys", {})
    # Channels are of one stream, unless each path names its own.
    key = (stream if any(path.isdigit() for path in wanted.paths) else "", first, n)
    block = blocks.setdefault(key, {})
    block.update(dict.fromkeys(names, np.frombuffer(frames[2], dtype=FLOAT32)))
    if not set(wanted.paths) <= block.keys():
        while len(blocks) > MAX_BLOCKS:
            del blocks[next(iter(blocks))]
        return None
    del blocks[key]
    if rate > 0 and math.isfinite(rate):
        block["timestamp"] = (first + np.arange(n)) / rate
    return Content(block, first=first)


def _envelope(frames: Frames) -> bytes:
    return frames[0].rstrip(b"\0")
