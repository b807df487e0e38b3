"""Around table and matrix: header, the line of what has changed, the row under the cursor, footer, help."""

import numpy as np

from streammi.dashboard.canvas import Canvas
from streammi.dashboard.keys import Binding
from streammi.dashboard.many import keys
from streammi.dashboard.many.device_list import ManyDevices
from streammi.dashboard.many.listed import Listed
from streammi.dashboard.many.scene import Many
from streammi.dashboard.panels import bars
from streammi.dashboard.panels.help import draw_keys
from streammi.dashboard.panels.title import Spans, draw_fitting, flow, span_columns, titled
from streammi.dashboard.scene import Scene
from streammi.dashboard.theme import Theme
from streammi.dashboard.wording import clock, columns, count, fit, number, pace, signed
from streammi.records import MatrixSnapshot
from streammi.records.link_totals import lost, total
from streammi.records.pair_words import pair_words

TOLD = 3  # changed pairs that are named; of more it is said how many there are


def draw_header(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw whose channels or devices these are and how the feed is."""
    source, theme = many.source, scene.live
    link = total(source.links)
    of_devices = isinstance(many, ManyDevices)
    newest = source.t1 if isinstance(source, MatrixSnapshot) else None
    more = [(clock(scene.wall if scene.stale or newest is None else newest, scene.zone), theme.bar)]
    if link.rate is not None and not scene.stale:
        more.append((pace(link.rate, "pairs" if of_devices else "rows"), theme.bar))
    if isinstance(many, ManyDevices):
        more.append((f"window {many.whole.window} of each", theme.bar_dim))
    elif isinstance(source, MatrixSnapshot) and source.names:
        filling = "" if source.fill >= 1 else f" {source.fill:.0%} full"
        more.append((f"window {source.window}{filling}", theme.bar_warn if filling else theme.bar_dim))
    more += [(one.endpoint, theme.bar_dim) for one in source.links]
    bars.header(canvas, scene, many.title, many.what, more)


def draw_footer(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw what holds now, and the keys."""
    if many.state.typing:
        bars.footer(canvas, scene, (("enter", "keep"), ("esc", "end the filter"), ("^U", "empty it")))
        return
    words = keys.HINTS | {"shade": {"MI": "r", "r": "change", "change": "MI"}[many.state.shade]}
    if many.state.matrix:
        words["matrix"] = "table"
    by_action = {one.action: one for one in listed(scene, many)}
    hints = tuple((by_action[action].shown, word) for action, word in words.items() if action in by_action)
    bars.footer(canvas, scene, hints)


def listed(scene: Scene, many: Listed) -> list[Binding]:
    """The keys that do something on what is shown, as far as they are spoken of."""
    return [
        one for one in keys.BINDINGS
        if one.words
        and keys.works(many, one, len(scene.tabs))
        and (scene.state.reports or one.action != "report")
        and not (one.changes and scene.state.readonly)
    ]  # fmt: skip


def draw_news(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw one line: what has changed; else how it stands, or what is waited for."""
    x = draw_fitting(canvas, 0, 0, said(scene, many), scene.theme)
    if isinstance(many, Many) and many.changed.size and many.matrix.events:
        when = f"since {clock(many.matrix.events[-1].timestamp, scene.zone)}"
        if x + 2 + len(when) <= canvas.width:
            canvas.right(0, when, scene.theme.dim)


def said(scene: Scene, many: Listed) -> Spans:
    """The line of what has changed, or how it stands."""
    theme = scene.theme
    if isinstance(many, ManyDevices):
        return standing_of_devices(many, theme, stale=scene.stale)
    assert isinstance(many, Many)
    return (news(many, theme) or standing(many, theme)) + silence(many, theme)


def news(many: Many, theme: Theme) -> Spans:
    """The newest change in words; one thing, however many pairs it is of; nothing where nothing has."""
    numbers = many.changed
    if not numbers.size:
        return []
    mark, many_pairs = theme.glyphs.alarm, numbers.size > TOLD
    if many_pairs:
        name, times = many.blamed
        words: Spans = [(f"{mark} {numbers.size:,} of {many.matrix.mi.size:,} pairs have changed together", theme.bad)]
        if times * 2 >= numbers.size:
            words += [(", most of them of ", theme.text), (name, theme.strong)]
        return words
    words = [(f"{mark} changed: ", theme.bad)]
    for k, (one, (word, tone)) in enumerate(zip(numbers.tolist(), pair_words(many.matrix, numbers), strict=True)):
        first, second = many.names(one)
        change = "" if many.matrix.change is None else f" {signed(many.matrix.change.item(one) * many.factor, 2)}"
        words += [(", " * bool(k) + f"{first} ~ {second} ", theme.strong), (f"{word}{change}", getattr(theme, tone))]
    return [*words, (f" {many.unit}", theme.dim)]


def silence(many: Many, theme: Theme) -> Spans:
    """The channels that have no values in the window; nothing where all have."""
    if not many.silent:
        return []
    more = f" and {len(many.silent) - TOLD} more" if len(many.silent) > TOLD else ""
    return [(f"   {theme.glyphs.warning} no values of {', '.join(many.silent[:TOLD])}{more}", theme.warn)]


def standing(many: Many, theme: Theme) -> Spans:
    """How it stands where nothing has changed."""
    matrix = many.matrix
    if not matrix.names:
        waits = (
            next((link.note for link in matrix.links if link.note), "") or "looking for channels in the first second"
        )
        return [(f"{theme.glyphs.warning} {waits}" if matrix.links[0].messages else "no message yet", theme.warn)]
    if many.dependent is None:
        words = "not tested against chance yet" if matrix.untested in ("", "untested") else matrix.untested
        return [(f"{theme.glyphs.connecting} {words}", theme.dim)]
    nothing = "nothing has changed" if matrix.usual_windows >= LEAST_WINDOWS else "what is usual is still being learnt"
    return [
        (f"{theme.glyphs.connected} ", theme.mi_strong), (f"{many.dependent:,}", theme.strong),
        (f" of {many.count:,} pairs depend", theme.text), (f" (false ones {matrix.fdr:.0%} at most)", theme.dim),
        (f"   {nothing}", theme.dim),
    ]  # fmt: skip


def standing_of_devices(many: ManyDevices, theme: Theme, *, stale: bool) -> Spans:
    """How it stands with devices: which are silent, or what is waited for."""
    glyphs, link = theme.glyphs, total(many.whole.links)
    if many.is_empty:
        waits = "no message yet" if not link.messages else "waiting for the first reading of a device"
        if not many.whole.devices and link.malformed:
            reason = max(link.malformed, key=link.malformed.__getitem__)
            waits = f"no pair in {count(link.messages)} messages: {reason}"
        return [(f"{glyphs.warning} {waits}", theme.warn)]
    if many.now is None or stale:
        return [(f"{glyphs.warning} nothing comes of any of them: these are their last readings", theme.warn)]
    found = silent_devices(many, theme) or [(f"{glyphs.connected} all of them send", theme.text)]
    return [*found, ("   not tested against chance", theme.dim)]


def silent_devices(many: ManyDevices, theme: Theme) -> Spans:
    """The devices of which nothing comes any more; nothing where all send."""
    silent, named = many.silent
    if not silent:
        return []
    more = f" and {silent - len(named):,} more" if silent > len(named) else ""
    return [
        (f"{theme.glyphs.warning} {silent:,} silent: ", theme.warn), (f"{', '.join(named)}{more}", theme.strong)
    ]  # fmt: skip


LEAST_WINDOWS = 4  # as of detect.changed_pairs: from so many on it is known what is usual


def draw_chosen(canvas: Canvas, scene: Scene, many: Listed, number: int | None) -> None:
    """Draw the row under the cursor with its names in full and its numbers; below it how the feed is."""
    theme = scene.theme
    if number is None and isinstance(many, Many) and many.state.matrix and many.leaves is not None:
        name = many.matrix.names[many.leaves.order[many.state.row]] if many.leaves.order.size else ""
        draw_fitting(canvas, 0, 0, [(name, theme.x), (" with itself: no pair", theme.dim)] if name else [], theme)
    if number is not None:
        x = canvas.spans(0, 0, _named(many, number, canvas.width, theme))
        numbers = numbers_of(many, theme, number)
        if x + 3 + span_columns(numbers) <= canvas.width:
            canvas.spans(x + 3, 0, numbers)
        else:
            draw_fitting(canvas, 0, 1, numbers, theme)
    if canvas.height >= 3:
        flow(canvas.part(0, canvas.height - 1, canvas.width, 1), feed(scene, many), scene.of_feed)


def _named(many: Listed, number: int, width: int, theme: Theme) -> Spans:
    """The names of a row, in full where there is room."""
    first, *others = many.names(number)
    if not others:
        return [(fit(first, width, theme.glyphs.ellipsis), theme.x)]
    second, room = others[0], width - 3
    if columns(first) + columns(second) > room:
        longest = room // 2
        first = fit(first, max(longest, room - columns(second)), theme.glyphs.ellipsis)
        second = fit(second, room - columns(first), theme.glyphs.ellipsis)
    return [(first, theme.x), (" ~ ", theme.dim), (second, theme.y)]


def numbers_of(many: Listed, theme: Theme, number_: int) -> Spans:
    """The numbers of one row in words."""
    one = np.array([number_])
    mi, r, change = (float(values[0]) for values in (many.mi(one), many.r(one), many.change(one)))
    ((word, tone),) = many.words(one)
    spans: Spans = [
        ("MI ", theme.dim), (number(mi if mi != mi else max(mi, 0.0)), theme.mi_strong), (f" {many.unit}", theme.mi),
        ("  r ", theme.dim), (signed(r, 2), theme.text),
    ]  # fmt: skip
    if change == change:
        spans += [("  usually ", theme.dim), (number(mi - change), theme.text), (f" {many.unit}", theme.dim)]
    if isinstance(many, Many) and many.matrix.p is not None and many.matrix.q is not None:
        p, q = many.matrix.p.item(number_), many.matrix.q.item(number_)
        spans += [("  p ", theme.dim), (f"{p:.2g}" if p == p else "—", theme.text)]
        spans += [("  q ", theme.dim), (f"{q:.2g}" if q == q else "—", theme.text)]
    spans.append((f"  {word}", getattr(theme, tone)))
    if isinstance(many, Many) and number_ in many.via:
        spans.append((f" through {many.matrix.names[many.via[number_]]}", theme.text))
    return spans


def feed(scene: Scene, many: Listed) -> list[Spans]:
    """Words on the feed: what was lost, what is missing, and its notes."""
    source, theme = many.source, scene.of_feed
    link = total(source.links)
    facts: list[Spans] = []
    if words := lost(link):
        facts.append([(f"{theme.glyphs.warning} {words}", theme.warn)])
    if link.note:
        facts.append([(f"{theme.glyphs.warning} {link.note}", theme.warn)])
    if isinstance(source, MatrixSnapshot):
        facts.append([(count(source.rows), theme.text), (" rows", theme.dim)])
        if source.missing:
            share = source.missing / max(source.rows * len(source.names) + source.missing, 1)
            facts.append([(count(source.missing), theme.text), (f" values missing ({share:.1%})", theme.dim)])
    else:
        facts.append([(count(link.pairs), theme.text), (" pairs", theme.dim)])
    facts.append([(count(link.messages), theme.text), (" messages", theme.dim)])
    if link.nonfinite:
        what = " rows without any value" if isinstance(source, MatrixSnapshot) else " pairs that are not finite"
        facts.append([(count(link.nonfinite), theme.text), (what, theme.dim)])
    return facts


def draw_help(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw one line a key; beside or below them the marks, where there is room."""
    theme = scene.live
    body = titled(canvas, theme, "KEYS", "any key closes")
    shown = listed(scene, many)
    if not draw_keys(body, shown, theme):
        return
    marks, used = _marks(theme, isinstance(many, ManyDevices)), len(shown) + 1
    beside = body.width >= HELP_WIDTH
    x, top = (HELP_WIDTH // 2, 0) if beside else (0, used)
    for y, (spans, words) in enumerate(marks[: max(body.height - top, 0)], top):
        body.spans(x + 1, y, spans)
        body.text(x + 13, y, fit(words, body.width - x - 13, theme.glyphs.ellipsis), theme.text)


HELP_WIDTH = 132  # columns of keys and marks side by side


def _marks(theme: Theme, of_devices: bool) -> list[tuple[Spans, str]]:
    glyphs = theme.glyphs
    past = ([("past", theme.mi_soft)], "MI as this view has seen it, each row by its own largest")
    if of_devices:
        return [
            ([("1.234", theme.mi_strong)], "MI corrected for bias; strong: more than chance, though untested"),
            past,
            ([("change", theme.text)], "MI less its mean in this view so far"),
            ([("silent", theme.warn)], "nothing came for three times as long as usual"),
        ]
    return [
        ([("1.234", theme.mi_strong)], "MI corrected for bias; strong: more than chance among all pairs"),
        past,
        ([("change", theme.text)], "MI less what it usually is, by the windows before"),
        (
            [(f"{glyphs.alarm} {glyphs.up} {glyphs.down_arrow}", theme.bad)],
            "farther from the usual than chance goes",
        ),
        ([(f"{glyphs.connected} {glyphs.connecting}", theme.mi_strong)], "p counts among so many pairs; does not"),
        ([("chance", theme.dim)], "no more MI than unrelated channels show"),
        ([("not linear", theme.mi)], "r accounts for less than half of the MI"),
        ([("indirect", theme.text)], "no more than chance is left, given a third channel"),
    ]
