"""karabo-bridge 2.2: headers and payloads in turn."""

from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.msgpack import is_msgpack, parse_msgpack
from streammi.ingest.formats.numpy import array_of
from streammi.network.frames import Frames


def is_karabo(frames: Frames) -> bool:
    """True if the first of pairs of frames is a msgpack header with a source and its content."""
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


FORMAT: Final = Format("karabo", "(msgpack header, payload) ...", "SOURCE/key", is_karabo, read_karabo, topic_from=None)
