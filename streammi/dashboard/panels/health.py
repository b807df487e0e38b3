"""The feed: what came in, and of what should not happen that which did."""

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit
from streammi.dashboard.drawing.wording import clock, count, duration, pace, size
from streammi.dashboard.panels.title import Spans, flow, flow_rows, titled
from streammi.dashboard.scene import Scene
from streammi.records import LinkHealth, Snapshot, Tally
from streammi.records.link_totals import TALLY_PARTS, total
from streammi.records.status import Status

LEAST_SIZE = (30, 3)


def says(scene: Scene) -> bool:
    """True if there is a link or a count to speak of."""
    return scene.snapshot is not None and bool(scene.snapshot.links or scene.snapshot.reading)


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw each link, then what is known as words that flow: trouble before totals."""
    theme, snapshot = scene.of_feed, scene.snapshot
    assert snapshot is not None
    body = titled(canvas, theme, "FEED")
    whole = total(snapshot.links) if snapshot.links else None
    # One row is kept for the counts: where there are not enough, the links are drawn as one, with the worst state.
    links = snapshot.links if whole is None or len(snapshot.links) < body.height else (whole,)
    y, spare = 0, body.height - 1 - len(links)
    for link in links:
        y, spare = _link(body, y, link, scene, spare)
    room = body.part(0, y, body.width, body.height - y)
    detailed = trouble(scene, snapshot, by_reason=True)
    fitting = flow_rows(detailed, room.width) <= room.height
    flow(room, (detailed if fitting else trouble(scene, snapshot, by_reason=False)) + counts(scene, snapshot), theme)


def trouble(scene: Scene, snapshot: Snapshot, *, by_reason: bool) -> list[Spans]:
    """The troubles that there were, and how often; ``by_reason``: in detail."""
    theme = scene.of_feed
    whole = total(snapshot.links) if snapshot.links else None
    # A total of 0 is not worth a word.
    return [
        [(f"{theme.glyphs.warning} {count(times)}", theme.warn), (f" {what}", theme.text)]
        for what, times in _found(snapshot, whole, by_reason=by_reason).items()
        if times
    ]


def counts(scene: Scene, snapshot: Snapshot) -> list[Spans]:
    """The pace and the totals of what came."""
    theme, whole = scene.of_feed, total(snapshot.links) if snapshot.links else None
    rates, totals = (_rates(whole, scene), _totals(whole, scene)) if whole else ([], [])
    if snapshot.reading is not None and snapshot.reading.clipped and not snapshot.status & Status.CLIPPED:
        rates.append([(count(snapshot.reading.clipped), theme.text), (f" {_clipped(snapshot)}", theme.dim)])
    return rates + totals


def _link(body: Canvas, y: int, link: LinkHealth, scene: Scene, spare: int) -> tuple[int, int]:
    """Draw a link and, where there is a spare row, its note; return the next row and how many are spare then."""
    theme = scene.of_feed
    glyph, pen = theme.state(link.state)
    x = body.spans(
        0, y, [(f"{glyph} {link.state}", pen), (" " if link.signal == "both" else f" {link.signal}: ", theme.dim)]
    )
    named = f"{link.endpoint}{f' ({link.format})' if link.format else ''}"
    if columns(named) > body.width - x:
        named = link.endpoint
    x = body.text(x, y, fit(named, body.width - x, theme.glyphs.ellipsis), theme.text)
    since = f" since {clock(link.since, scene.zone)}"
    if link.since and x + len(since) <= body.width:
        body.text(x, y, since, theme.dim)
    if not link.note or spare < 1:
        return y + 1, spare
    body.text(2, y + 1, fit(link.note, body.width - 2, theme.glyphs.ellipsis), theme.warn)
    return y + 2, spare - 1


def _rates(link: LinkHealth, scene: Scene) -> list[Spans]:
    theme = scene.of_feed
    facts: list[Spans] = []
    if scene.worst_link == "connected":  # else they are those of then
        if link.rate is not None:
            facts.append([(pace(link.rate), theme.text)])
        if link.message_rate is not None and link.message_rate != link.rate:
            facts.append([(pace(link.message_rate, "messages"), theme.text)])
        if link.lag is not None:
            facts.append([(duration(link.lag), theme.text), (" lag", theme.dim)])
    if link.pair_offset is not None:
        facts.append([(duration(link.pair_offset), theme.text), (" from x to y", theme.dim)])
    if link.clock_offset is not None:
        who = "ahead of" if link.clock_offset >= 0 else "behind"
        facts.append([(duration(abs(link.clock_offset)), theme.text), (f" y's clock {who} x's", theme.dim)])
    return facts


def _found(snapshot: Snapshot, whole: LinkHealth | None, *, by_reason: bool) -> dict[str, int]:
    """How much there was of each thing that should not be; ``by_reason``: malformed messages in detail."""
    found: dict[str, int] = {}
    if whole is not None:
        if by_reason:
            found |= {f"malformed: {reason}": times for reason, times in sorted(whole.malformed.items())}
        found |= {
            "malformed": 0 if by_reason else sum(whole.malformed.values()),
            "missing by sequence" if by_reason else "missing": whole.gaps,
            "out of order": whole.reordered,
            "sent twice": whole.repeated,
            f"restart{'s' * (whole.resets != 1)}{' of the publisher' * by_reason}": whole.resets,
            f"reconnect{'s' * (whole.reconnects != 1)}": whole.reconnects,
        }
    for link in snapshot.links:
        if link.tally is not None:
            found |= _unpaired(link.signal, link.tally, by_reason=by_reason)
    reading = snapshot.reading
    found["not finite"] = max(whole.nonfinite if whole else 0, reading.nonfinite if reading else 0)
    if reading is not None:
        found |= {
            "dropped": reading.dropped,
            "late": reading.late,
        }
        if snapshot.status & Status.CLIPPED:
            found[_clipped(snapshot)] = reading.clipped
    return found


def _clipped(snapshot: Snapshot) -> str:
    """Values beyond the ends of the bins: a few always are, where these were learnt."""
    return "clipped" if snapshot.x.labels is None and snapshot.y.labels is None else "with other labels"


def _unpaired(signal: str, tally: Tally, *, by_reason: bool) -> dict[str, int]:
    """The samples of one of two joined sources that came into no pair."""
    found = {lot: getattr(tally, lot) for lot in TALLY_PARTS if lot not in ("paired", "pending")}
    if by_reason:
        return {f"{signal} {reason}": times for reason, times in found.items()}
    return {f"{signal} unpaired": sum(found.values())}


def _totals(link: LinkHealth, scene: Scene) -> list[Spans]:
    theme = scene.of_feed
    facts: list[Spans] = [
        [(count(link.messages), theme.text), (" messages", theme.dim)],
        [(count(link.pairs), theme.text), (" pairs", theme.dim)],
    ]
    return facts + ([[(size(link.bytes), theme.text), (" received", theme.dim)]] if link.bytes else [])
