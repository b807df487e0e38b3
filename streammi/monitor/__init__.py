"""The monitors of a pair, of many channels and of many devices, and their parts: pairs in, readings and events out."""

from streammi.monitor.channel_monitor import ChannelMonitor
from streammi.monitor.monitor import (
    Monitor,
    Output,
)

__all__ = ["ChannelMonitor", "Monitor", "Output"]
