"""The normal state, learnt from pairs: by a monitor of the same settings, which looks at them as it would live."""

from collections.abc import Iterable

from msgspec.structs import replace

from streammi.config import LEAST_WINDOWS, Baseline, MonitorConfig, Span
from streammi.detect.beside_baseline import LEAST_LOOKS
from streammi.errors import ConfigError
from streammi.monitor.monitor import Monitor
from streammi.records import PairBatch

NEVER = Span(pairs=1 << 24)  # a reading so seldom: only what the detector looks at counts


def learning(config: MonitorConfig, *, event_time: bool) -> Monitor:
    """A monitor that learns what is normal from all that it is fed, for one with these settings."""
    # Not what else is said of the pair: no detector looks at that.
    settings = replace(config, baseline=Baseline(), every=NEVER, given=(), transfer=False, ksg=None)
    return Monitor(settings, event_time=event_time)


def learnt(monitor: Monitor, source: str, option: str = "--baseline") -> Baseline:
    """The baseline that such a monitor has learnt; ConfigError where that is too little."""
    found = monitor.normal
    assert found is not None
    baseline = found.learnt(source)
    if baseline.looks < LEAST_LOOKS:
        window, pairs = monitor.config.window, monitor.window.pairs
        why = f"{pairs:,} pairs gave {baseline.looks} looks at a full window, {LEAST_LOOKS} are needed"
        raise ConfigError(
            option, f"at least {LEAST_WINDOWS} windows of {window} in which the signals move ({why})", source
        )
    return baseline


def learn(config: MonitorConfig, batches: Iterable[PairBatch], source: str, option: str = "--baseline") -> Baseline:
    """The baseline by a recording's pairs; ConfigError where they are too few.

    >>> import numpy as np
    >>> from streammi.config import span
    >>> settings = MonitorConfig(window=span(100), detector="page-hinkley")
    >>> x = np.sin(np.arange(1000) ** 1.5)
    >>> learn(settings, [PairBatch(x=x, y=x)], "normal.csv").looks
    19
    """
    monitor = learning(config, event_time=True)
    for batch in batches:
        if batch.t is None and config.window.seconds is not None:
            raise ConfigError(option, f"a recording with timestamps with a window of {config.window}", source)
        monitor.feed(batch)
    return learnt(monitor, source, option)
