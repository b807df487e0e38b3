"""``streammi report`` of many channels: their rows go by once, and become a page with pictures and a table of pairs."""

import os
import shlex
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from streammi.cli.channel_baseline import baseline_rows, before_of, bins_of_options, changed_since
from streammi.cli.options import ChannelOptions, PairOptions
from streammi.cli.replay_channels import recorded_settings
from streammi.cli.replay_sinks import Sinks
from streammi.cli.run_channel_monitor import channel_settings
from streammi.cli.run_file_channels import LEAST_ROWS as LEAST_COMPARED, target_of
from streammi.cli.run_replay import run_replay
from streammi.cli.run_report import ROW_BYTES, SIGNALLED, described, file_size, page_name, write
from streammi.config import span
from streammi.core.channels import ranking
from streammi.core.channels.analysis import matrices_of
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.row_file import read_rows
from streammi.publish.pair_tables import write_pairs
from streammi.recording.entries import files_of
from streammi.recording.reader import Recording
from streammi.report.many.collect import (
    ChannelCollector,
    Compared,
    ManyFindings,
    PairList,
    as_snapshot,
    tested_matrices,
)
from streammi.report.origin import Origin
from streammi.session.channel_file import READINGS_A_WINDOW, ChannelFileReplay
from streammi.session.channel_replay import ChannelReplay
from streammi.session.replay import NOTHING

READINGS: Final = 2000  # of a long file: each counts a window anew
OF_FILE: Final = frozenset((
    "file", "t", "out", "channels", "target", "top", "fdr", "pairs", "window", "bins", "every", "unit", "estimator",
    "baseline", "missing", "decimal", "time_format", "time_unit", "skip_rows", "columns",
))  # fmt: skip


class Asked(NamedTuple):
    """The things asked of a report: its options, how the file's text is read, and which column holds the times."""

    pair: PairOptions
    many: ChannelOptions
    reading: FileOptions = PLAIN
    t: str | None = None


class NoLines(Sinks):
    """Where nothing is said but the page."""

    def __init__(self) -> None:
        super().__init__("jsonl", None, None)


def report_channels(
    file: str | None,
    t: str | None,
    pair: PairOptions,
    many: ChannelOptions,
    given: set[str],
    options: FileOptions,
    out: str,
    words: Sequence[str],
    *,
    bar: bool,
) -> tuple[int, str]:
    """Make the page of a file; returns the exit status, and what was made: nothing where there is no pair."""
    many.patterns()
    for name in sorted(given - OF_FILE):
        raise ConfigError("--" + name.replace("_", "-"), "left out of a report of many channels")
    if file is None:
        raise ConfigError("FILE", "given with --channels")
    table = pairs_beside(out, file)
    settings = channel_settings(_with_every(pair, given, file), many, given | {"every"})
    collector = ChannelCollector(arrival=False)
    with ExitStack() as refused:
        rows = read_rows(file, many.patterns(), t, options)
        refused.callback(rows.close)
        if many.target is not None:
            target_of(many.target, rows.names)
        if settings.config.window.seconds is not None and not rows.timed:
            raise ConfigError("--window", "a number of rows where they have no times", pair.window)
        if settings.config.every.seconds is not None and not rows.timed:
            raise ConfigError("--every", "a number of rows where they have no times", pair.every)
        replayed = ChannelFileReplay(rows, settings, collector, file, chosen="window" in given)
        refused.pop_all()
    source = described(file)
    return _made(replayed, collector, Asked(pair, many, options, t), (out, table), source, words, bar=bar)


def report_recorded_channels(
    path: str, pair: PairOptions, many: ChannelOptions, given: Collection[str], out: str, words: Sequence[str], *,
    bar: bool,
) -> tuple[int, str]:  # fmt: skip
    """Make the page of a recording of many channels, or of one source looked at as such."""
    table = pairs_beside(out, *(os.fspath(one) for one in files_of(Path(path)).values()))
    recording = Recording(path)
    override = recorded_settings(pair, many, set(given) - {"out", "baseline"})
    override(recording.begin.settings)  # refused here, if at all
    collector = ChannelCollector(arrival=True)
    replayed = ChannelReplay(recording, None, override, many.device, collector)
    source = described(path)
    return _made(replayed, collector, Asked(pair, many), (out, table), source, words, bar=bar)


def pairs_beside(out: str, *read: str) -> str:
    """The file of the pairs beside the page ``out``; ConfigError for names that cannot be."""
    page_name(out)
    table = str(Path(out).with_suffix(".pairs.csv"))
    for written in (out, table):
        if any(os.path.exists(written) and os.path.exists(one) and os.path.samefile(written, one) for one in read):
            raise ConfigError("--out", "another file than what is read", out)
    return table


def _with_every(pair: PairOptions, given: set[str], file: str) -> PairOptions:
    """Four readings a window unless told otherwise; of a long file fewer, down to one a window."""
    if "every" in given:
        return pair
    from dataclasses import replace as changed

    window = span(pair.window, "--window", least_pairs=2)
    if window.seconds is not None:
        return changed(pair, every=f"{window.seconds / READINGS_A_WINDOW:.9f}s")
    assert window.pairs is not None
    least = max(window.pairs // READINGS_A_WINDOW, 1)
    return changed(pair, every=str(max(least, min(file_size(file) // ROW_BYTES // READINGS, window.pairs))))


def _made(
    replayed: ChannelFileReplay | ChannelReplay,
    collector: ChannelCollector,
    asked: Asked,
    out: tuple[str, str],
    source: str,
    words: Sequence[str],
    *,
    bar: bool,
) -> tuple[int, str]:
    """Let everything go by, and write the page and the table."""
    with NoLines() as sinks:
        status = run_replay(replayed, sinks, bar=bar)
    if len(collector.names) < 2 or len(collector.sample.rows) < 2:
        return status or NOTHING, ""
    found = _findings(replayed, collector, asked)
    sections = replayed.report(time.time())
    sections["versions"]["matplotlib"] = version("matplotlib")
    ended = ["ended by a signal: this is of what was read until then"] if status > SIGNALLED else []
    origin = Origin(
        source=source,
        command=shlex.join(["streammi", *words]),
        sections={name: sections[name] for name in ("settings", "versions") if name in sections},
        notes=[*replayed.opening, *replayed.notes, *ended],
        table=os.path.basename(out[1]),
        of_table="The pairs",
    )
    return status, write_page(found, asked.many.top, origin, out)


def write_page(found: ManyFindings, top: int, origin: Origin, out: tuple[str, str]) -> str:
    """Write the page and the table of the pairs beside it; returns what was made."""
    from streammi.report.many.figures import draw
    from streammi.report.many.page import lists_of, page

    lists = lists_of(found, top)
    pictures = draw(found, [one.drawn for one in lists])
    write(out[0], page(found, lists, pictures, origin))
    write_pairs(out[1], found.found, found.matrix.fdr, None, "--out")
    return f"{out[0]} and, the pairs one a row, {out[1]}"


def _findings(replayed: ChannelFileReplay | ChannelReplay, collector: ChannelCollector, asked: Asked) -> ManyFindings:
    pair, many, options, t = asked
    window = collector.whole(bins_of_options(pair))
    found = tested_matrices(window, pair.unit, pair.estimator, many.fdr)  # type: ignore[arg-type]
    compared: list[PairList] = []
    said: list[str] = []
    normal = baseline_rows(pair, found.names, options, t, said.append)
    replayed.notes.extend(said)
    if normal is not None:
        if len(normal) < LEAST_COMPARED:
            raise ConfigError("--baseline", f"a file of {LEAST_COMPARED} rows or more", f"{len(normal):,} rows")
        now, of_now = found, window
        if len(normal) < found.n:  # of as many as there are in it
            of_now = collector.whole(bins_of_options(pair), len(normal))
            now = matrices_of(of_now, pair.unit, pair.estimator, tested=False)  # type: ignore[arg-type]
        before = before_of(normal, pair, now)
        for title, pairs in changed_since(of_now, now, before, many.top):
            compared.append(PairList(title, tuple(pairs), Compared(now, before.mi, before.r)))
    target = many.target if many.target in found.names else None
    tells = () if target is None else tuple(
        ranking.least_redundant(ranking.of_moving(found.mi, found.r), found.names.index(target), many.top).tolist()
    )  # fmt: skip
    findings = ManyFindings(
        found=found, matrix=as_snapshot(found, many.fdr, collector.sample.seen), of=collector.of_whole(),
        last=collector.last, past=collector.past, changes=collector.changes, events=tuple(collector.events),
        events_omitted=collector.omitted, channels=collector.facts(), points={}, rows=collector.sample.seen,
        start=float(collector.sample.t[0]) if collector.timed else np.nan, axis=collector.axis,
        links=tuple(replayed.links(time.time())), compared=tuple(compared), target=target or "", tells=tells,
    )  # fmt: skip
    from streammi.report.many.page import drawn_pairs

    return replace(findings, points=collector.points(drawn_pairs(findings, many.top)))
