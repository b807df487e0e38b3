"""``streammi report``: a replay whose readings and pairs become a page with pictures, and a table beside it."""

import os
import shlex
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from streammi.cli.checks import check_writable
from streammi.cli.options import PairOptions
from streammi.cli.replay_override import Override
from streammi.cli.replay_sinks import Sinks
from streammi.cli.run_replay import run_replay
from streammi.config import DEFAULT_PARTNERS, span
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.pair_file import read_pairs
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Settings
from streammi.report.collect import Collector
from streammi.session.channel_file import LEAST_WINDOW, SHORT
from streammi.session.replay import NOTHING, OnPairs, Replay

READINGS_A_WINDOW: Final = 10  # unless --every says otherwise: a reading a sample would take 50 times as long
LEAST_EVERY: Final = 10  # samples
READINGS: Final = 10_000  # of a long file: more than a picture shows; each takes as long as 300 samples
ROW_BYTES: Final = 30  # of a time and two numbers
NO_TIMES: Final = ""  # pairs are counted: they need not be in order
SIGNALLED: Final = 128  # an exit status above it is that of a signal


class ReportSinks(Sinks):
    """Hands what is replayed to ``collector`` too; the readings go to a table beside the page ``out``."""

    def __init__(self, out: str, collector: Collector) -> None:
        self.table = table_beside(out)
        super().__init__("csv", self.table, None)
        self.page, self.collector = out, collector

    def outbox(self, pair: str, run: int) -> Outbox:
        """The outbox that says the readings of a pair."""
        outbox = super().outbox(pair, run)
        outbox.on_item = self.collector.item
        return outbox

    def on_pairs(self, *, labels: bool) -> OnPairs:
        """The taker of the pairs."""
        return self.collector.pairs


def with_defaults(pair: PairOptions, given: set[str], size: int) -> PairOptions:
    """The options of a report of a file of ``size`` bytes, 0 where that is not known, unless told otherwise: tested
    against chance, with ten readings a window, or fewer of a long file, down to one a window.

    >>> [with_defaults(PairOptions(), set(), size).every for size in (0, 10**5, 10**8, 10**10)]
    ['100', '100', '333', '1000']
    """
    if "every" not in given:
        window = span(pair.window, "--window", least_pairs=2)
        if window.pairs is not None:
            least = max(window.pairs // READINGS_A_WINDOW, LEAST_EVERY)
            every = max(least, min(size // ROW_BYTES // READINGS, window.pairs))
            pair = replace(pair, every=str(every))
        else:
            assert window.seconds is not None
            pair = replace(pair, every=f"{window.seconds / READINGS_A_WINDOW:.9f}s")
    return pair if given & {"null", "test"} else replace(pair, null=DEFAULT_PARTNERS)


def shortened(
    pair: PairOptions, given: set[str], file: str | None, x: str | None, y: str | None, reading: FileOptions
) -> PairOptions:
    """The options with a window of a tenth of ``file`` where that has fewer than ten windows of the usual length: else
    a short one would end before there is a p. As they are where somebody has chosen the window, or the file cannot be
    read twice.
    """
    if "window" in given or file is None or x is None or y is None or not os.path.isfile(file):
        return pair
    usual, pairs = span(pair.window, "--window").pairs, 0
    assert usual is not None  # the default
    with closing(read_pairs(file, x, y, NO_TIMES, pair.labels, options=reading)) as batches:
        for batch in batches:
            pairs += batch.x.size
            if pairs >= SHORT * usual:
                return pair
    return replace(pair, window=str(min(max(pairs // SHORT, LEAST_WINDOW), usual)))


def file_size(path: str | None) -> int:
    """The size of a file in bytes, 0 of what is none, such as standard input or two files."""
    return os.path.getsize(path) if path is not None and os.path.isfile(path) else 0


class AgainstChance:
    """Recorded settings as ``override`` makes them, tested against chance where neither says a word of it."""

    def __init__(self, override: Override, given: set[str]) -> None:
        self._override, self._given = override, given

    def __call__(self, recorded: Settings) -> Settings:
        """The settings to replay with."""
        settings = self._override(recorded)
        if self._given & {"null", "test"} or settings.monitor.null or settings.monitor.test == "g":
            return settings
        monitor = msgspec.structs.replace(settings.monitor, null=DEFAULT_PARTNERS)
        return msgspec.structs.replace(settings, monitor=monitor)


def run_report(
    replayed: Replay, sinks: ReportSinks, sources: Sequence[str], words: Sequence[str], *, bar: bool
) -> tuple[int, bool]:
    """Replay into a page made by the command line ``words``; returns the exit status, and whether there is a page.

    There is none where there was no reading.
    """
    status = run_replay(replayed, sinks, bar=bar)
    monitor = replayed.monitor
    collector = sinks.collector
    if monitor is None or not collector.summary.readings:
        return status or NOTHING, False
    from streammi.report.figures import draw
    from streammi.report.origin import Origin
    from streammi.report.page import page

    now = collector.newest
    found = collector.findings(monitor, replayed.links(now), now)
    sections = replayed.report(time.time())
    sections["versions"]["matplotlib"] = version("matplotlib")
    if status > SIGNALLED:
        replayed.notes.append("ended by a signal: this is of what was read until then")
    origin = Origin(
        source=" · ".join(map(described, sources)),
        command=shlex.join(["streammi", *words]),
        sections={name: sections[name] for name in ("settings", "versions") if name in sections},
        notes=[*replayed.opening, *replayed.notes],
        table=os.path.basename(sinks.table),
    )
    write(sinks.page, page(found, draw(found), origin))
    return status, True


def table_beside(out: str) -> str:
    """The file of the readings beside the page ``out``; ConfigError for a name that is no page's."""
    page_name(out)
    return str(Path(out).with_suffix(".readings.csv"))


def page_name(out: str) -> None:
    """ConfigError for a name that is no page's, or where none can be written."""
    if Path(out).suffix not in (".html", ".htm"):
        raise ConfigError("--out", "a name that ends in .html", out)
    check_writable(out, "--out")


def write(out: str, text: str) -> None:
    """Write the page; ConfigError where that cannot be done."""
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError("--out", f"a file that can be written ({error.strerror})", out) from None


def described(path: str) -> str:
    """A file's name and size."""
    if not os.path.isfile(path):
        return path
    return f"{path} ({file_size(path):,} bytes)"
