"""Frozen settings, checked once; every other room may read them."""

from streammi.config.alarms import Alarm, alarm
from streammi.config.as_options import check_same, options_of
from streammi.config.channels import ChannelConfig
from streammi.config.conditions import MOST_CONDITIONS, Condition, condition
from streammi.config.feed import MAX_MESSAGE, RECEIVE_QUEUE, FeedConfig, JoinConfig, PairMode, signal
from streammi.config.keyed import MAX_KEYS, MOST_KEYS, KeyedConfig
from streammi.config.monitor import (
    DEFAULT_DETECTOR,
    DEFAULT_ESTIMATOR,
    DEFAULT_PARTNERS,
    LEAST_WINDOWS,
    MAX_BINS,
    MAX_HISTORY,
    OTHER_ESTIMATORS,
    Baseline,
    BinsConfig,
    DetectorName,
    EstimatorName,
    MonitorConfig,
    Shape,
    SignificanceTest,
    Unit,
    bins,
    check_pair_name,
    ksg_rule,
    max_ksg_pairs,
)
from streammi.config.quantities import LagSpan, byte_size, lag_range, seconds, value_range
from streammi.config.spans import MAX_WINDOW_PAIRS, Span, span

__all__ = [
    "DEFAULT_DETECTOR",
    "DEFAULT_ESTIMATOR",
    "DEFAULT_PARTNERS",
    "LEAST_WINDOWS",
    "MAX_BINS",
    "MAX_HISTORY",
    "MAX_KEYS",
    "MAX_MESSAGE",
    "MAX_WINDOW_PAIRS",
    "MOST_CONDITIONS",
    "MOST_KEYS",
    "OTHER_ESTIMATORS",
    "RECEIVE_QUEUE",
    "Alarm",
    "Baseline",
    "BinsConfig",
    "ChannelConfig",
    "Condition",
    "DetectorName",
    "EstimatorName",
    "FeedConfig",
    "JoinConfig",
    "KeyedConfig",
    "LagSpan",
    "MonitorConfig",
    "PairMode",
    "Shape",
    "SignificanceTest",
    "Span",
    "Unit",
    "alarm",
    "bins",
    "byte_size",
    "check_pair_name",
    "check_same",
    "condition",
    "ksg_rule",
    "lag_range",
    "max_ksg_pairs",
    "options_of",
    "seconds",
    "signal",
    "span",
    "value_range",
]
