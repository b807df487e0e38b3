"""The feed: what came in, and of what should not happen that which did."""

from streammi.dashboard.canvas import Canvas
from streammi.dashboard.panels.title import Spans, flow, titled
from streammi.dashboard.scene import Scene
from streammi.dashboard.text import clock, count, duration, fit, short
from streammi.health import LOTS, total
from streammi.records import LinkHealth, Snapshot


def says(scene: Scene) -> bool:
    """Whether there is a link or a count to speak of."""
    return scene.snapshot is not None and bool(scene.snapshot.links or scene.snapshot.reading)


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw each link, then what is known as words that flow: trouble before totals."""
    theme, snapshot = scene.theme, scene.snapshot
    assert snapshot is not None
    body = titled(canvas, theme, "FEED")
    y = 0
    for link in snapshot.links:
        y = _link(body, y, link, scene)
    whole = total(snapshot.links) if snapshot.links else None
    rates, totals = (_rates(whole, scene), _totals(whole, scene)) if whole else ([], [])
    flow(body.part(0, y, body.width, body.height - y), rates + _trouble(snapshot, whole, scene) + totals)


def _link(body: Canvas, y: int, link: LinkHealth, scene: Scene) -> int:
    theme = scene.theme
    glyph, pen = theme.state(link.state)
    named = f"{link.endpoint}{f' ({link.format})' if link.format else ''}"
    x = body.spans(0, y, [(f"{glyph} {link.state}", pen), (" ", theme.text)])
    x = body.text(x, y, fit(named, body.width - x, theme.glyphs.ellipsis), theme.text)
    since = f" since {clock(link.since, scene.zone)}"
    if link.since and x + len(since) <= body.width:
        body.text(x, y, since, theme.dim)
    if link.note:
        body.text(2, y + 1, fit(link.note, body.width - 2, theme.glyphs.ellipsis), theme.warn)
    return y + 1 + bool(link.note)


def _rates(link: LinkHealth, scene: Scene) -> list[Spans]:
    theme = scene.theme
    facts: list[Spans] = []
    if link.rate is not None:
        facts.append([(short(link.rate), theme.text), (" pairs/s", theme.dim)])
    if link.message_rate is not None and link.message_rate != link.rate:
        facts.append([(short(link.message_rate), theme.text), (" messages/s", theme.dim)])
    if link.lag is not None:
        facts.append([(duration(link.lag), theme.text), (" lag", theme.dim)])
    if link.pair_offset is not None:
        facts.append([(duration(link.pair_offset), theme.text), (" from x to y", theme.dim)])
    if link.clock_offset is not None:
        facts.append([(duration(link.clock_offset), theme.text), (" y's clock ahead", theme.dim)])
    return facts


def _trouble(snapshot: Snapshot, whole: LinkHealth | None, scene: Scene) -> list[Spans]:
    """What happened at all of the things that should not: a total of 0 is not worth a word."""
    theme = scene.theme
    found: dict[str, int] = {}
    if whole is not None:
        found |= {f"malformed: {reason}": times for reason, times in sorted(whole.malformed.items())}
        found |= {"missing by sequence": whole.gaps, "reconnects": whole.reconnects}
    for link in snapshot.links:
        if link.tally is not None:
            found |= {
                f"{link.signal} {lot}": getattr(link.tally, lot) for lot in LOTS if lot not in ("paired", "pending")
            }
    if snapshot.reading is not None:
        reading = snapshot.reading
        found |= {
            "clipped": reading.clipped,
            "not finite": reading.nonfinite,
            "late": reading.late,
            "dropped": reading.dropped,
        }
    return [
        [(f"{theme.glyphs.warning} {count(times)}", theme.warn), (f" {what}", theme.text)]
        for what, times in found.items()
        if times
    ]


def _totals(link: LinkHealth, scene: Scene) -> list[Spans]:
    theme = scene.theme
    facts: list[Spans] = [
        [(count(link.messages), theme.text), (" messages", theme.dim)],
        [(count(link.pairs), theme.text), (" pairs", theme.dim)],
    ]
    return facts + ([[(f"{short(float(link.bytes))}B", theme.text), (" received", theme.dim)]] if link.bytes else [])
