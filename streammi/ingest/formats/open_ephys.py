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
from streammi.records import FloatArray

MAX_BLOCKS: Final = 64  # of one channel that wait for the other
BEHIND: Final = 4  # blocks of a stream that have begun since: what a block lacks by then does not come any more
MOST_STREAMS: Final = 64  # that are remembered by name


def is_open_ephys(frames: Frames) -> bool:
    """True if the envelope says DATA, EVENT, SPIKE or PARAM, and a JSON header follows."""
    return len(frames) >= 2 and _envelope(frames) in (b"DATA", b"EVENT", b"SPIKE", b"PARAM") and is_json(frames[1:2])


def read_open_ephys(frames: Frames, wanted: Wanted) -> Content | None:
    """``[b"DATA\\0", json, float32 samples]``, one channel a message: paths are channel numbers, or stream/number.

    A number alone is of the first stream that comes. Blocks of the wanted channels are joined on the number of their
    first sample, which also finds gaps. Times are sample numbers over the sample rate. None for events, for other
    channels, and until a block is complete; of a message that need not have all, until what it lacks cannot come any
    more, and then it is NaN.
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
    alone = _streams(wanted.memory, stream)[0] == stream
    names = {channel if alone else "", f"{stream}/{channel}", f"{stream}.{channel}"} & set(wanted.paths)
    if not names or n == 0:
        return None
    if wanted.partial:
        of_stream = wanted.memory.setdefault("open-ephys blocks", {}).setdefault(stream, {})
        of_stream.setdefault(first, {}).update(dict.fromkeys(names, np.frombuffer(frames[2], dtype=FLOAT32)))
        return _whole_or_old(of_stream, _of_stream(wanted, stream, alone), rate, _hint(wanted))
    return _whole(wanted, names, stream, first, rate, np.frombuffer(frames[2], dtype=FLOAT32))


def _whole(
    wanted: Wanted, names: set[str], stream: str, first: int, rate: float, samples: FloatArray
) -> Content | None:
    """The block that is whole with these samples; None where none is."""
    n = samples.size
    blocks: dict[tuple[str, int, int], dict[str, Any]] = wanted.memory.setdefault("open-ephys", {})
    # Channels are of one stream, unless each path names its own.
    key = (stream if any(path.isdigit() for path in wanted.paths) else "", first, n)
    block = blocks.setdefault(key, {})
    block.update(dict.fromkeys(names, samples))
    if not set(wanted.paths) <= block.keys():
        while len(blocks) > MAX_BLOCKS:
            del blocks[next(iter(blocks))]
        return None
    del blocks[key]
    if rate > 0 and math.isfinite(rate):
        block["timestamp"] = (first + np.arange(n)) / rate
    return Content(block, first=first, hint=_hint(wanted))


def _whole_or_old(blocks: dict[int, dict[str, Any]], paths: list[str], rate: float, hint: str) -> Content | None:
    """The oldest blocks of a stream, as far as they follow each other and nothing that they lack can come any more.

    That is of blocks that are whole, and of those behind which another one is, or BEHIND have begun.
    """
    found: list[tuple[int, dict[str, Any], int]] = []
    whole = [not any(path not in block for path in paths) for block in blocks.values()]
    last = max((k for k, one in enumerate(whole) if one), default=-1)
    last = max(last, len(blocks) - 1 - BEHIND)
    for first in sorted([*blocks][: last + 1]):
        block = blocks[first]
        n = max(array.size for array in block.values())
        if found and first != found[-1][0] + found[-1][2]:
            break  # the next message takes it: numbers of one content have no hole
        found.append((first, block, n))
        del blocks[first]
    if not found:
        return None
    tree = {path: np.concatenate([_filled(block.get(path), n) for _, block, n in found]) for path in paths}
    begin, many = found[0][0], sum(n for _, _, n in found)
    if rate > 0 and math.isfinite(rate):
        tree["timestamp"] = (begin + np.arange(many)) / rate
    return Content(tree, first=begin, hint=hint)


def _filled(samples: Any, n: int) -> Any:
    """The samples of a channel in a block of ``n``, NaN where there are none."""
    if samples is not None and samples.size == n:
        return samples
    filled = np.full(n, np.nan, dtype=FLOAT32)
    filled[: 0 if samples is None else samples.size] = [] if samples is None else samples
    return filled


def _of_stream(wanted: Wanted, stream: str, alone: bool) -> list[str]:
    """The wanted paths that are of a stream; ``alone``: of a number without one too."""
    return [
        path for path in wanted.paths
        if (alone and path.isdigit()) or (path[: len(stream)] == stream and path[len(stream) : len(stream) + 1] in "/.")
    ]  # fmt: skip


def _streams(memory: dict[str, Any], stream: str) -> list[str]:
    """The streams so far, in the order in which they came."""
    streams: list[str] = memory.setdefault("open-ephys streams", [])
    if stream not in streams and len(streams) < MOST_STREAMS:
        streams.append(stream)
    return streams


def _hint(wanted: Wanted) -> str:
    """A hint for a person where a number may be of several streams."""
    first, *others = wanted.memory["open-ephys streams"]
    bare = next((path for path in wanted.paths if path.isdigit()), None)
    if bare is None or not others:
        return ""
    return f"channel {bare} is taken for that of the stream {first}: {others[0]}/{bare} names the other's"


def _envelope(frames: Frames) -> bytes:
    return frames[0].rstrip(b"\0")


def _channel(frames: Frames, memory: dict[str, Any]) -> tuple[str, ...]:
    """The path of a message's channel: its number, with the stream before it where that is not the first one."""
    try:
        about = parse_json(frames[1])["content"]
        stream, number = str(about.get("stream", "")), str(int(about["channel_num"]))
        return (number if _streams(memory, stream)[0] == stream else f"{stream}/{number}",)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise FeedError("bad header", repr(frames[1])[:60]) from None


FORMAT: Final = Format(
    "open-ephys",
    "DATA, header, float32 samples of a channel",
    "4, probe-A/6",
    is_open_ephys,
    read_open_ephys,
    topic_from=None,
    parts=_channel,
    joins=True,
)
