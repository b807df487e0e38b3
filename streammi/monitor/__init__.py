"""The monitor and its parts: pairs in, readings and events out."""

from streammi.monitor.monitor import Monitor as Monitor
from streammi.monitor.monitor import Output as Output
