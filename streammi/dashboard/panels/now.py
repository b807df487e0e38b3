"""MI now, large: the corrected value, how far to trust it, and what it means in words."""

import math
from typing import Final

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, wrap
from streammi.dashboard.drawing.history_columns import at_time
from streammi.dashboard.drawing.wording import ahead, clock, count, number, pace, signed, why_no_pair
from streammi.dashboard.panels.title import Spans, fitting, titled, verdict_lines
from streammi.dashboard.scene import Scene
from streammi.records import Reading
from streammi.records.link_totals import total
from streammi.records.verdict import SIGNIFICANT, error_of, least_error_of, strength

LEAST_SIZE = (30, 4)

BRIEF: Final = 18  # columns beside the number, with fewer of which the words there are shorter

MOVES: Final = 3.0  # standard errors of a difference: of two, a steady feed would rise or fall in 5 % of looks


def says(scene: Scene) -> bool:
    """True if there is a snapshot."""
    return scene.snapshot is not None


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw the number, what belongs to it, and the verdict below."""
    theme, reading = scene.theme, scene.reading
    title = "PEAK MI, AT A DELAY" if scene.delayed else "MUTUAL INFORMATION"
    body = titled(canvas, theme, title, _estimator(reading))
    if reading is None:
        for y, line in enumerate(waiting_lines(waiting(scene), body.width - 1, body.height, theme.glyphs.ellipsis)):
            body.text(1, y, line, theme.dim)
        return
    scale = 2 if body.height >= 9 and body.width >= 80 else 1
    x = value(body, scene, reading, scale)
    beside = body.part(x + 1, 3 * scale - 3, body.width - x - 1, 3)
    for y, spans in enumerate(details(scene, reading, brief=beside.width < BRIEF)[:3]):
        beside.spans(0, y, fitting(spans, beside.width, theme.glyphs.ellipsis))
    top = 3 * scale
    verdict(body.part(0, top + (body.height - top > 2), body.width, body.height - top), scene)


def waiting(scene: Scene) -> tuple[str, ...]:
    """The things that the first reading of a pair waits for, and where to look when messages come in vain.

    In words from the longest on, of which the first that there is room for are to be shown.
    """
    snapshot = scene.snapshot
    if snapshot is None or not snapshot.links:
        return (snapshot.verdict if snapshot else "",)
    link = total(snapshot.links)
    if snapshot.verdict:
        coming = link.rate and not scene.stale and link.pairs
        return (snapshot.verdict + (f", {pace(link.rate)}" if link.rate and coming else ""),)
    if link.pairs or not link.malformed:
        return ("waiting for the first pairs",)
    look = f"; streammi probe {link.endpoint} says what they carry" if len(snapshot.links) == 1 else ""
    why, brief = why_no_pair(snapshot.links)
    none = f"no pair in {count(link.messages)} messages: "
    return none + why + look, none + why, none + brief + look, none + brief, f"no pair: {brief}"


def waiting_lines(words: tuple[str, ...], width: int, most: int, ellipsis: str) -> tuple[str, ...]:
    """The first of these words that take at most so many lines; where none do, the last, cut."""
    for one in words:
        if len(lines := wrap(one, width)) <= most and max(map(columns, one.split()), default=0) <= width:
            return tuple(lines)
    return verdict_lines(words[-1], width, most, ellipsis)


def value(canvas: Canvas, scene: Scene, reading: Reading, scale: int = 1) -> int:
    """Write the corrected value, at the delay that leads, as large as asked for, and its unit; return what is next."""
    theme, pen = scene.theme, scene.theme.mi_strong
    text = number(max(strength(reading), 0.0))
    if theme.glyphs.half_blocks and canvas.height >= 3 and canvas.width >= 34:
        cells = charts.large(text, scale)
        part = canvas.part(0, 0, cells.shape[1], cells.shape[0])
        part.glyphs[...], part.pens[...] = cells[: part.height, : part.width], pen
        return canvas.text(cells.shape[1] + 1, 3 * scale - 1, reading.unit, pen)
    return canvas.spans(0, 0, ((text, pen), (f" {reading.unit}", theme.mi)))


def details(scene: Scene, reading: Reading, *, brief: bool) -> list[Spans]:
    """The words beside the number, most important first; nothing that is not known."""
    lines: list[Spans] = [stale(scene)] if scene.stale else []
    if reading.fill < 1:
        lines.append(filling(scene, reading))
    return lines + of_value(scene, reading, brief=brief)


def of_value(scene: Scene, reading: Reading, *, brief: bool = False) -> list[Spans]:
    """The words on the number itself, most important first; nothing that is not known; ``brief``: few columns."""
    theme, glyphs, unit = scene.theme, scene.theme.glyphs, reading.unit
    lines: list[Spans] = []
    error = "" if reading.stderr is None else f" {glyphs.plus_minus} {number(reading.stderr)}"
    if scene.delayed:
        without = " at 0" if brief else " without delay"
        lines.append([(f"{number(reading.mi_corrected)} {unit}", theme.text), (without, theme.dim)])
    elif reading.mi_corrected < 0:
        below = f"{glyphs.below_zero} {signed(reading.mi_corrected)}"
        lines.append([(below, theme.warn), (f"{error} {unit}", theme.warn), (", drawn at 0", theme.dim)])
    elif error:
        lines.append([(f"{error.strip()} {unit} ", theme.text), ("standard error", theme.dim)])
    if not scene.delayed:  # of pairs without delay
        lines.append([(f"plug-in {number(reading.mi, 2)} {unit}", theme.text), (", uncorrected", theme.dim)])
        if reading.mi_ksg is not None:
            lines.append([(f"KSG {number(reading.mi_ksg)} {unit}", theme.text), (", nearest neighbours", theme.dim)])
    change = trend(scene, reading, brief=brief)
    if change:
        lines.append(change)
    return lines


def filling(scene: Scene, reading: Reading) -> Spans:
    """How full the window is, and when all of it will be."""
    theme, left = scene.theme, scene.full_in
    if left is None:
        return [(f"{reading.fill:.0%} full", theme.warn)]
    at = clock(scene.wall + left, scene.zone)[:5]
    return [(f"full in {ahead(left)}", theme.warn), (f" at {at}", theme.text), (f", {reading.fill:.0%} now", theme.dim)]


def stale(scene: Scene) -> Spans:
    """Words that the number is not that of now, and how long nothing has come."""
    glyph, pen = scene.live.state(scene.worst_link)
    return [(f"{glyph} not live", pen), (lasting(scene), scene.live.text)]


def lasting(scene: Scene) -> str:
    """How long the link that is worst off has been in its state, in words; empty where that is not known."""
    links = scene.snapshot.links if scene.snapshot else ()
    found = [link for link in links if link.state == scene.worst_link]
    if scene.link == scene.worst_link or not found:
        return scene.link_lasted
    return scene.lasted(min(found, key=lambda link: link.since))


def trend(scene: Scene, reading: Reading, *, brief: bool = False) -> Spans:
    """The change of MI since one window ago: whether it moves at all, then by how much."""
    change = None if scene.stale else change_since_one_window(scene, reading)
    if change is None:
        return []
    theme, glyphs, ago = scene.theme, scene.theme.glyphs, (" since one window ago", scene.theme.dim)
    by = f" {signed(change)} {reading.unit}"
    perhaps = abs(change) <= MOVES * math.sqrt(2) * error_of(reading, at_peak=scene.delayed)
    if perhaps and abs(change) <= MOVES * math.sqrt(2) * least_error_of(reading, at_peak=scene.delayed):
        return [(f"{glyphs.steady} steady", theme.text), (by, theme.text), ago]
    if not float(number(max(strength(reading), 0.0))):  # drawn at 0: from there nothing points anywhere
        was = f"{glyphs.steady} was {number(-change)} {reading.unit}"
        return [(was, theme.text), (" one window ago", theme.dim)]
    glyph, word = (glyphs.up, "rising") if change > 0 else (glyphs.down_arrow, "falling")
    if perhaps:  # too much for samples without memory, and not for those of a signal that is slow, or amid a change
        said = f"{word}?" if brief else f"perhaps {word}"
        return [(f"{glyphs.steady} {said}", theme.text), (by, theme.text), ago]
    return [(f"{glyph} {word}", theme.strong), (by, theme.strong), ago]


def change_since_one_window(scene: Scene, reading: Reading) -> float | None:
    """How much MI changed since the newest reading that shares no pair with this one; None where none is kept.

    The history is in the time of the readings, so the window's length is too: its pairs at the rate at which they come.
    """
    rate = total(scene.snapshot.links).rate if scene.snapshot and scene.snapshot.links else None
    if rate:
        seconds = reading.n / rate
    elif reading.t0 is not None and reading.t1 is not None:
        seconds = reading.t1 - reading.t0
    else:
        return None
    before = at_time(scene.past, float(scene.past.t[-1]) - seconds) if len(scene.past.t) else None
    # As they are drawn: what is below 0 is no less than nothing.
    return None if before is None or reading.fill < 1 else max(strength(reading), 0.0) - max(before, 0.0)


def verdict(canvas: Canvas, scene: Scene) -> None:
    """Write the verdict in words, and the evidence for it."""
    theme, reading, snapshot = scene.theme, scene.reading, scene.snapshot
    if snapshot is None or reading is None or canvas.height < 1:
        return
    known = () if reading.test == "g" else (reading.p, reading.peak_p)  # by the G-test nothing is sure
    sure = not scene.stale and any(p is not None and p <= SIGNIFICANT for p in known)
    glyph = theme.glyphs.connected if sure else theme.glyphs.connecting
    y = 0
    for line in verdict_lines(snapshot.verdict, canvas.width - 2, canvas.height, theme.glyphs.ellipsis):
        canvas.spans(
            0,
            y,
            [
                (f"{glyph} " if y == 0 else "  ", theme.mi_strong if sure else theme.dim),
                (line, theme.strong),
            ],
        )
        y += 1
    evidence = next((words for words in significance(reading) if columns(words) <= canvas.width - 2), "")
    if y < canvas.height:
        canvas.text(2, y, evidence, theme.dim)


def significance(reading: Reading) -> tuple[str, ...]:
    """P and the level that chance reaches, in longer and shorter words; nothing where there is no null."""
    if reading.p is None:
        return ()
    p = f"p {reading.p:.3g}"
    if reading.p > SIGNIFICANT and reading.peak_p is not None and reading.peak_p <= SIGNIFICANT:
        over_all = f"p {reading.peak_p:.3g} over all delays"
        return (f"{over_all}; {p} without delay", over_all)
    if reading.null_q95 is None:
        return (f"{p} by the G-test: if samples are independent", p) if reading.test == "g" else (p,)
    level = f"{number(reading.null_q95)} {reading.unit}"
    words = (
        f"{p}; 95 % of unrelated signals like these stay below {level}",
        f"{p}; 95 % of unrelated signals stay below {level}",
        f"{p}; chance: 95 % below {level}",
        p,
    )
    if reading.correlation_time is None:
        return words
    memory = round(reading.correlation_time)
    return (f"{words[0]}; their memory is {count(memory)} sample{'s' * (memory != 1)}", *words)


def _estimator(reading: Reading | None) -> str:
    return reading.estimator.replace("_", "-") if reading else ""
