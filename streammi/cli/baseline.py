"""--baseline: a stretch, or a file that what is normal is learnt from."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from streammi.config import Baseline, FeedConfig, MonitorConfig, span
from streammi.errors import ConfigError

if TYPE_CHECKING:
    from streammi.ingest.files.file_options import FileOptions
    from streammi.ingest.files.tables import Recorded

# What reads files is imported in the functions: --help answers without numpy.

OPTION = "--baseline"


def stretch(text: str | None) -> Baseline | None:
    """The baseline that is a duration or a number of pairs; None for a file, and for none.

    >>> stretch("1h").first.seconds, stretch("normal.csv")
    (3600.0, None)
    """
    if text is None or text == "off" or not text[:1].isdigit() or Path(text.partition("#")[0]).exists():
        return None
    try:
        return Baseline(first=span(text, OPTION))
    except ConfigError as error:
        if "." in text or "/" in text:  # a file whose name begins with a digit
            return None
        raise ConfigError(OPTION, f"{error.rule}, or a file that can be read", text) from None


def with_baseline(config: MonitorConfig, text: str | None, options: "FileOptions | None" = None) -> MonitorConfig:
    """The settings with what the file that --baseline names has taught; ConfigError for what cannot teach."""
    if text is None or text == "off" or config.baseline is not None:
        return config
    if config.detector is None:
        raise ConfigError(OPTION, "left out with --detect off: it is what a detector compares with", text)
    from streammi.monitor.baseline import learn  # not where there is nothing to learn: 0.5 s
    from streammi.recording.reader import is_recording

    path, x, y = _place(config, text)
    if is_recording(path):
        return replace(config, baseline=_of_recording(config, path, x, y))
    with _said_of(text, path, x, y), closing(_pairs(config, path, x, y, options)) as pairs:
        return replace(config, baseline=learn(config, pairs, text))


def check_baseline(config: MonitorConfig, text: str | None) -> None:
    """ConfigError for a file that is not there, or does not have the columns; nothing is learnt yet."""
    if text is None or text == "off" or config.baseline is not None:
        return
    from streammi.recording.reader import is_recording

    path, x, y = _place(config, text)
    if not is_recording(path):
        with _said_of(text, path, x, y):
            _pairs(config, path, x, y).close()


def _place(config: MonitorConfig, text: str) -> tuple[str, str, str]:
    """The file, and its columns: FILE#X,Y, or FILE where they are called like the signals."""
    from streammi.recording.reader import is_recording

    path, mark, names = text.partition("#")
    if not mark or Path(text).exists():
        path, names = text, f"{config.x_name},{config.y_name}"
    x, comma, y = names.partition(",")
    if mark and not (x and comma and y):
        raise ConfigError(OPTION, "FILE#X,Y with the names of two columns", text)
    if not mark and x == y:
        raise ConfigError(OPTION, f"FILE#X,Y where both signals are called {x}", text)
    if not is_recording(path):
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            rule = f"a duration such as 1h, a number of pairs, or a file that can be read ({error.strerror})"
            raise ConfigError(OPTION, rule, text) from None
    return path, x, y


def _pairs(config: MonitorConfig, path: str, x: str, y: str, options: "FileOptions | None" = None) -> "Recorded":
    from streammi.ingest.files.file_options import PLAIN
    from streammi.ingest.files.pair_file import read_pairs  # not for a recording of a feed: 0.3 s

    return read_pairs(path, x, y, labels=config.bins.kind == "categories", options=options or PLAIN)


@contextmanager
def _said_of(text: str, path: str, x: str, y: str) -> Iterator[None]:
    """Say of whatever is wrong with the file that it is the baseline's."""
    try:
        yield
    except ConfigError as error:
        if error.name == OPTION:
            raise
        rule = f"a file with the columns {x} and {y}, or FILE#X,Y where they have other names ({error})"
        raise ConfigError(OPTION, rule, text) from None


def _of_recording(config: MonitorConfig, path: str, x: str, y: str) -> Baseline:
    """The lesson of a recording of a feed, of the signals ``x`` and ``y`` of its messages."""
    from streammi.monitor.baseline import learning, learnt
    from streammi.publish.outbox import Outbox
    from streammi.recording.entries import Begin
    from streammi.recording.reader import Recording
    from streammi.session.session import Session

    recording = Recording(path)
    recorded = recording.begin.settings
    source = recorded.join or recorded.feed
    assert source is not None
    if isinstance(source, FeedConfig):
        source = replace(source, x=x, y=y)
    elif (source.x.x, source.y.y) != (x, y):
        raise ConfigError(OPTION, f"a recording of {x} and {y}: it is of {source.x.x} and {source.y.y}", path)
    monitor = learning(config, event_time=False)
    session = Session(monitor, source, Outbox(config.pair, None, None, 0))
    for entry in recording:
        if not isinstance(entry, Begin):
            session.apply(entry)
        elif not entry.continues:
            session.resume()
    return learnt(monitor, path)
