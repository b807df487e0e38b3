"""The kernels of a monitor, loaded or compiled before its feed is connected: nothing queues up behind a compiler."""

from collections.abc import Callable

import msgspec
import numpy as np

from streammi.config import MonitorConfig
from streammi.core.bins.binning import UniformBins
from streammi.core.bins.schedule import LEARN_FROM
from streammi.core.information import ksg, rank_correlation
from streammi.core.kernels.divergence import divergence_nats
from streammi.core.ranks import FEW
from streammi.core.window.joint_window import JointWindow
from streammi.detect.drift import drift_detector
from streammi.monitor import Monitor
from streammi.monitor.bins import bins_for
from streammi.monitor.conditional import relations
from streammi.records import FloatArray, PairBatch


def warm_up(config: MonitorConfig, others: Callable[[], object] = lambda: None) -> None:
    """Load or compile every kernel that a monitor with these settings will use.

    ``others`` returns when those of readings have been compiled that another process compiles meanwhile, if one does.
    """
    if config.detector is not None:
        drift_detector(config.detector)  # river, where it is one of its own, takes longer to import than all else
    rng = np.random.default_rng(0)
    _warm_up_taking(config, rng.random(8))
    categories = config.bins.kind == "categories"
    x = rng.integers(0, 2, 64).astype(object) if categories else rng.random(64)
    if not categories:
        values = rng.random(FEW)
        rank_correlation.spearman(values, values)
    others()
    # Whether samples will have times is not known yet, and some kernels are for those that do.
    times = np.arange(64.0) * (config.window.seconds or 64.0) / 64  # all inside a window of whatever duration
    for t in (times,) if config.window.seconds else (None, times):
        monitor = Monitor(config)
        z = rng.random((64, sum(condition.cycle is None for condition in config.given))) if config.given else None
        monitor.feed(PairBatch(x=x, y=x.copy(), t=t, z=z))
        if config.window.seconds:  # a first window is full, and its bins are looked at
            later = times + config.window.seconds
            monitor.feed(PairBatch(x=x, y=x.copy(), t=later))
            t = later + config.window.seconds
        # A single pair takes a way of its own.
        monitor.feed(PairBatch(x=x[-1:], y=x[-1:], t=None if t is None else t[-1:]))
        monitor.window.reading(config.unit, config.estimator, monitor.window.batch_errors(config.estimator))
        for relation in relations(config).values():
            relation.warm_up()
        if config.baseline is not None:
            divergence_nats(np.ones((2, 2)), np.ones((2, 2)))
        if config.ksg is not None:
            ksg.mi_nats(monitor.window.values[0], monitor.window.values[1], 1)
    # So does a batch that is longer than the window, and here the window must be short; and labels that are new.
    if config.window.pairs or categories:
        few = msgspec.structs.replace(config, bins=msgspec.structs.replace(config.bins, count=2))
        values = np.repeat(np.arange(8), 8).astype(object) if categories else x
        JointWindow(*bins_for(few), LEARN_FROM).extend(values, values)


def _warm_up_taking(config: MonitorConfig, values: FloatArray) -> None:
    """Have pairs taken into a window of which nothing is said, and whose bins nobody looks at."""
    times = np.zeros(values.size) if config.window.seconds else None
    window = JointWindow(UniformBins(0, 1, 2), UniformBins(0, 1, 2), config.window)
    window.extend(values, values, times)
    window.update(0.5, 0.5, None if times is None else 0.0)
