"""Open Ephys: blocks of samples of one channel each."""

import math
from typing import Any, Final

import numpy as np

from streammi.errors import FeedError
from streammi.ingest.formats.content import SEQ_LIMIT, Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.json import is_json
from streammi.ingest.formats.json_text import parse_json
from streammi.ingest.formats.pairs import FLOAT32
from streammi.network.frames import Frames

MAX_BLOCKS: Final = 64  # of one channel that wait for the other


def is_open_ephys(frames: Frames) -> bool:
    """True if the envelope says DATA, EVENT, SPIKE or PARAM, and a JSON header follows."""
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


def _channel(frames: Frames) -> tuple[str, ...]:
    try:
        return (str(int(parse_json(frames[1])["content"]["channel_num"])),)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise FeedError("bad header", repr(frames[1])[:60]) from None


FORMAT: Final = Format(
    "open-ephys",
    "DATA, header, float32 samples of a channel",
    "4, probe-A/6",
    is_open_ephys,
    read_open_ephys,
    topic_from=None,
    parts=_channel,
)
