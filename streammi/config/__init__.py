"""Frozen settings, checked once; every other room may read them."""

from streammi.config.settings import (
    DEFAULT_DETECTOR as DEFAULT_DETECTOR,
)
from streammi.config.settings import (
    DEFAULT_PARTNERS as DEFAULT_PARTNERS,
)
from streammi.config.settings import (
    MAX_BINS as MAX_BINS,
)
from streammi.config.settings import (
    MAX_MESSAGE as MAX_MESSAGE,
)
from streammi.config.settings import (
    MAX_WINDOW_PAIRS as MAX_WINDOW_PAIRS,
)
from streammi.config.settings import (
    NOT_COMPARED as NOT_COMPARED,
)
from streammi.config.settings import (
    OPTION_NAMES as OPTION_NAMES,
)
from streammi.config.settings import (
    RECEIVE_QUEUE as RECEIVE_QUEUE,
)
from streammi.config.settings import (
    SECONDS as SECONDS,
)
from streammi.config.settings import (
    SPAN_RULE as SPAN_RULE,
)
from streammi.config.settings import (
    BinsConfig as BinsConfig,
)
from streammi.config.settings import (
    BinsKind as BinsKind,
)
from streammi.config.settings import (
    DetectorName as DetectorName,
)
from streammi.config.settings import (
    EstimatorName as EstimatorName,
)
from streammi.config.settings import (
    FeedConfig as FeedConfig,
)
from streammi.config.settings import (
    JoinConfig as JoinConfig,
)
from streammi.config.settings import (
    LagSpan as LagSpan,
)
from streammi.config.settings import (
    MonitorConfig as MonitorConfig,
)
from streammi.config.settings import (
    PairMode as PairMode,
)
from streammi.config.settings import (
    Signal as Signal,
)
from streammi.config.settings import (
    SignificanceTest as SignificanceTest,
)
from streammi.config.settings import (
    Span as Span,
)
from streammi.config.settings import (
    Unit as Unit,
)
from streammi.config.settings import (
    bins as bins,
)
from streammi.config.settings import (
    byte_size as byte_size,
)
from streammi.config.settings import (
    check_pair_name as check_pair_name,
)
from streammi.config.settings import (
    check_same as check_same,
)
from streammi.config.settings import (
    lag_range as lag_range,
)
from streammi.config.settings import (
    options_of as options_of,
)
from streammi.config.settings import (
    seconds as seconds,
)
from streammi.config.settings import (
    signal as signal,
)
from streammi.config.settings import (
    span as span,
)
from streammi.config.settings import (
    value_range as value_range,
)
