"""streammi: rolling mutual information (MI) between live signals.

``rolling_mi`` computes the MI of the window that ends at each sample of two arrays, and ``analyse`` a whole recording
with delays, significance and a verdict. ``JointWindow`` takes in samples one by one, each at the same cost, whatever
the length of the window. ``ChannelWindow`` does so for every pair of many channels, ``KeyedWindow`` for one pair of
each of many devices, and ``Monitor`` turns a stream of pairs into readings and events.

Data flows one way, and imports follow it::

    frames - formats -> samples - pairing -> pairs - binning -> symbols - window -> counts - measures -> Reading
                                                                                                          |
                                dashboard, your program, Prometheus <- publisher <- Reading, Event <- detect

>>> from streammi import JointWindow, UniformBins
>>> window = JointWindow(UniformBins(0, 1, 2), UniformBins(0, 1, 2), 4)
>>> window.extend([0.1, 0.2, 0.8, 0.9], [0.1, 0.2, 0.8, 0.9])
>>> window.mi
1.0
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streammi.analysis import Analysis as Analysis, analyse as analyse
    from streammi.config import MonitorConfig as MonitorConfig
    from streammi.core.bins.binning import (
        Categories as Categories,
        EdgeBins as EdgeBins,
        QuantileBins as QuantileBins,
        UniformBins as UniformBins,
    )
    from streammi.core.channels.analysis import analyse_channels as analyse_channels
    from streammi.core.channels.channel_window import ChannelWindow as ChannelWindow
    from streammi.core.conditional.conditional_window import ConditionalWindow as ConditionalWindow
    from streammi.core.conditional.rolling import rolling_cmi as rolling_cmi, rolling_te as rolling_te
    from streammi.core.conditional.transfer_window import TransferWindow as TransferWindow
    from streammi.core.keyed.keyed_window import KeyedWindow as KeyedWindow
    from streammi.core.window.joint_window import JointWindow as JointWindow
    from streammi.core.window.rolling import rolling_mi as rolling_mi
    from streammi.errors import ConfigError as ConfigError, FeedError as FeedError, StreammiError as StreammiError
    from streammi.monitor import Monitor as Monitor
    from streammi.records import (
        ChannelMatrices as ChannelMatrices,
        Event as Event,
        PairBatch as PairBatch,
        Reading as Reading,
    )

# Resolved on first use: the command line's --help and the dashboard, which never compute, start without numba.
_HOMES = {
    "Categories": "core.bins.binning",
    "EdgeBins": "core.bins.binning",
    "QuantileBins": "core.bins.binning",
    "UniformBins": "core.bins.binning",
    "ChannelWindow": "core.channels.channel_window",
    "KeyedWindow": "core.keyed.keyed_window",
    "ConditionalWindow": "core.conditional.conditional_window",
    "TransferWindow": "core.conditional.transfer_window",
    "rolling_cmi": "core.conditional.rolling",
    "rolling_te": "core.conditional.rolling",
    "JointWindow": "core.window.joint_window",
    "rolling_mi": "core.window.rolling",
    "ConfigError": "errors",
    "FeedError": "errors",
    "StreammiError": "errors",
    "Monitor": "monitor",
    "MonitorConfig": "config",
    "Event": "records",
    "PairBatch": "records",
    "Reading": "records",
    "Analysis": "analysis",
    "analyse": "analysis",
    "analyse_channels": "core.channels.analysis",
    "ChannelMatrices": "records",
}

__all__ = sorted(_HOMES)
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
