"""The settings of a feed: what is received, and what is taken from its messages; of two that are joined."""

import math
from typing import Literal, NamedTuple, TypeAlias, get_args

import msgspec

from streammi.config.did_you_mean import one_of
from streammi.errors import ConfigError

PairMode: TypeAlias = Literal["exact", "nearest", "previous", "interpolate"]
RECEIVE_QUEUE = 256  # whole messages that wait to be counted (RCVHWM)
MAX_MESSAGE = 1 << 20  # bytes a frame (MAXMSGSIZE); the frames of a message together: see network.frames


class FeedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One ZeroMQ source and what to take from its messages."""

    endpoint: str
    x: str = "0"  # path of the value: imu/acc/x or imu.acc.x; raw pairs have the paths 0 and 1
    y: str = "1"
    given: tuple[str, ...] = ()  # paths of the conditions
    t: str | None = None  # path of the sample's time; None: `timestamp`, `time`, `ts` or `t` where there is one
    time_unit: str = "auto"  # of numeric times: see streammi.ingest.clock
    seq: str | None = None  # path of a sequence number; None: `seq` where there is one
    topic: str = ""
    pull: bool = False  # PULL takes frames away from other consumers, so it is asked for by name
    format: str = "auto"
    labels: bool = False  # values are labels, not numbers
    receive_queue: int = RECEIVE_QUEUE
    max_message: int = MAX_MESSAGE

    def __post_init__(self) -> None:
        if not 1 <= self.receive_queue <= 1_000_000:
            raise ConfigError("--receive-queue", "between 1 and 1,000,000 messages", self.receive_queue)
        if not 64 <= self.max_message <= 1 << 30:
            raise ConfigError("--max-message", "between 64 and 1,073,741,824 bytes", self.max_message)
        for path in self.given:
            if path in (self.x, self.y):
                raise ConfigError(
                    "--given", "another signal than --x and --y, of which nothing is left given itself", path
                )


class JoinConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Two ZeroMQ sources with a signal each, and how their samples become pairs: see streammi.ingest.pairing.join."""

    x: FeedConfig  # its path `x` is the signal
    y: FeedConfig  # its path `y` is the signal
    mode: PairMode = "nearest"
    tolerance_s: float = math.inf
    lateness_s: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in get_args(PairMode):
            raise ConfigError("--pair", one_of(self.mode, get_args(PairMode)), self.mode)
        if self.mode == "interpolate" and self.y.labels:
            raise ConfigError("--pair", "exact, nearest or previous for labels", self.mode)
        if self.x.pull and self.x.endpoint == self.y.endpoint:
            rule = "given with an endpoint for each signal: two that pull from one share its messages out"
            raise ConfigError("--pull", rule, self.x.endpoint)


def one_signal_note(source: FeedConfig | JoinConfig) -> str:
    """A note on a source whose x and y are one signal, which is hardly ever meant; empty where they are two.

    >>> one_signal_note(FeedConfig(endpoint="", x="imu/acc", y="imu/acc")), one_signal_note(FeedConfig(endpoint=""))
    ('x and y are both imu/acc: MI is the entropy of that one signal', '')
    """
    x, y = (source.x, source.y) if isinstance(source, JoinConfig) else (source, source)
    if (x.endpoint, x.topic, x.x) != (y.endpoint, y.topic, y.y):
        return ""
    return f"x and y are both {x.x}: MI is the entropy of that one signal"


class Signal(NamedTuple):
    """Where one signal comes from."""

    endpoint: str
    topic: str
    path: str

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.topic}:{self.path}" if self.topic else self.path


def signal(text: str, name: str) -> Signal:
    """Read ``ENDPOINT#TOPIC:PATH`` or ``ENDPOINT#PATH``. A path with a colon in it stands behind a bare colon.

    >>> signal("tcp://127.0.0.1:5556#boiler:flow/value", "--x")
    Signal(endpoint='tcp://127.0.0.1:5556', topic='boiler', path='flow/value')
    >>> signal("ipc:///run/bus#:AGIPD/0CH0:xtdf/image", "--x").path
    'AGIPD/0CH0:xtdf/image'
    """
    endpoint, _, rest = text.partition("#")
    topic, path = ("", rest[1:]) if rest.startswith(":") else rest.rpartition(":")[::2]
    if "://" not in endpoint or not path:
        raise ConfigError(name, "ENDPOINT#TOPIC:PATH, such as tcp://127.0.0.1:5556#boiler:flow", text)
    return Signal(endpoint, topic, path)
