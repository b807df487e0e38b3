"""Glances' export: a message for each of its plugins in turn."""

from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.json import is_json
from streammi.ingest.formats.json_text import parse_json
from streammi.ingest.formats.paths import heads
from streammi.network.frames import Frames, text_of

GLANCES_PLUGINS: Final = frozenset(
    b"alert amps cloud connections containers core cpu diskio docker folders fs gpu help ip irq load mem memswap"
    b" network now npu percpu ports processcount processlist programlist psutilversion quicklook raid sensors smart"
    b" system uptime version vms wifi".split()
)
MAX_PLUGINS: Final = 256


def is_glances(frames: Frames) -> bool:
    """True if these are a prefix, the name of one of Glances' plugins, and JSON."""
    return len(frames) == 3 and frames[1] in GLANCES_PLUGINS and is_json(frames)


def read_glances(frames: Frames, wanted: Wanted) -> Content | None:
    """``[prefix, plugin, json]``, a message for each plugin in turn; paths begin with the plugin's name.

    Values of several plugins belong together when they come in one turn, which ends where a plugin comes again. None
    while a turn is not complete, and for the plugins that nobody asked for.
    """
    if len(frames) != 3:
        raise FeedError("wrong frames", f"{len(frames)} frames, not prefix, plugin and JSON")
    plugin = text_of(frames[1])
    turn: dict[str, Any] = wanted.memory.setdefault("glances", {"seen": [], "held": {}, "said": True})
    lacking: list[str] = []
    if plugin in turn["seen"] or len(turn["seen"]) > MAX_PLUGINS:
        lacking = [] if turn["said"] else _lacking(turn["held"], wanted)
        turn.update(seen=[], held={}, said=False)
    turn["seen"].append(plugin)
    if any(plugin in heads(path) for path in wanted.paths):
        turn["held"][plugin] = parse_json(frames[2])
        if not _lacking(turn["held"], wanted):
            turn["said"] = True
            return Content(turn["held"])
    if lacking:
        raise FeedError("no such path", f"no plugin for {lacking[0][:40]!r}")
    return None


def _lacking(held: dict[str, Any], wanted: Wanted) -> list[str]:
    return [path for path in wanted.paths if not any(head in held for head in heads(path))]


def _plugin(frames: Frames, memory: dict[str, Any]) -> tuple[str, ...]:
    return (text_of(frames[1]),)


FORMAT: Final = Format(
    "glances", "prefix, plugin, JSON", "cpu/total, mem.percent", is_glances, read_glances, parts=_plugin
)
