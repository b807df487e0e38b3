"""Listens to a feed for a while and says what it is, or what is wrong when nothing comes."""

import sys
import time
from contextlib import closing
from typing import Final, NamedTuple, TextIO

import msgspec
import zmq

from streammi.config import FeedConfig
from streammi.dashboard.drawing.wording import duration
from streammi.ingest.channel_finder import ALL
from streammi.ingest.channel_layout import ChannelLayout
from streammi.ingest.probe import Probe
from streammi.ingest.probe_report import Report, SignalSeen, TextSeen, TopicSeen, range_text
from streammi.network.endpoints import check_endpoint
from streammi.network.link import PLAIN_TEXT_NOTICE, STILL, UNANSWERED
from streammi.network.peer_search import who_is_there
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.network.subscriber import Subscriber
from streammi.records import LinkHealth
from streammi.system.log import harmless
from streammi.system.open_files import check_open_files
from streammi.system.signals import Stop

SIGNALS_SHOWN: Final = 40  # of a topic, in words; all of them in JSON
NOTHING: Final = 1  # exit status


def run_probe(
    endpoint: str,
    seconds: float,
    *,
    topic: str = "",
    pull: bool = False,
    as_json: bool = False,
    keys: Keys = PLAIN_TEXT,
    out: TextIO | None = None,
) -> int:
    """Listen and say what was heard; returns 0, or 1 when it was nothing that can be watched.

    Raises ConfigError for an endpoint that cannot be used.
    """
    heard = listen(endpoint, seconds, topic=topic, pull=pull, keys=keys)
    report = heard.report
    said = msgspec.json.encode(report).decode() if as_json else words(report)
    print(said, file=out or sys.stdout, flush=True)
    return heard.stopped or (0 if report.command else NOTHING)


class Heard(NamedTuple):
    """The report of what was heard of a feed, and by which signal's status the listening was stopped, 0 for none."""

    report: Report
    layout: ChannelLayout  # the channels that there are
    stopped: int


def listen(endpoint: str, seconds: float, *, topic: str = "", pull: bool = False, keys: Keys = PLAIN_TEXT) -> Heard:
    """Listen for so long. Raises ConfigError for an endpoint that cannot be used."""
    check_open_files()
    check_endpoint(endpoint, "ENDPOINT")
    probe, layout = Probe(topic), ChannelLayout(FeedConfig(endpoint=endpoint), [ALL])
    # Everything is subscribed to, so that a wrong topic is told from silence.
    config = FeedConfig(endpoint=endpoint, pull=pull)
    with zmq.Context() as context, closing(Subscriber(config, context, keys=keys)) as subscriber, Stop() as stop:
        deadline = time.monotonic() + seconds
        first = time.monotonic()
        while not stop.requested and time.monotonic() < deadline:
            received, messages = subscriber.receive()
            if messages:
                first = first if probe.messages else time.monotonic()
                probe.take(messages, received)
                for frames in messages:
                    if layout.topic(frames).startswith(topic) if any(frames) else False:
                        layout.take(frames)
            else:
                subscriber.socket.poll(50)
        problem = "" if probe.messages else what_is_wrong(subscriber.link, config)
        listened = time.monotonic() - first
    layout.settle()
    return Heard(probe.report(endpoint, round(listened, 3), problem, pull), layout, stop.status)


def what_is_wrong(link: LinkHealth, config: FeedConfig) -> str:
    """Why nothing came, in words."""
    if link.state in ("connected", "stalled"):
        how = "PULL: another consumer may be taking the messages" if config.pull else "the publisher sends nothing"
        return f"connected, but silent ({how})"
    if link.note not in ("", UNANSWERED, PLAIN_TEXT_NOTICE):
        return link.note.removesuffix(STILL)
    return f"no connection: {_no_connection(config)}"


def _no_connection(config: FeedConfig) -> str:
    """Ask who is at an endpoint that ZeroMQ keeps trying in silence."""
    try:
        return who_is_there(config.endpoint, pull=config.pull) or "it does not end the handshake"
    except TimeoutError:
        return "no answer (is the host up, does a firewall drop it?)"
    except FileNotFoundError:
        return "nobody is there"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def words(report: Report) -> str:
    """A report for a person."""
    size = f"{report.messages:,} messages, {report.bytes:,} bytes in {report.seconds:.1f} s"
    lines = [f"{report.endpoint}: {size}"]
    for topic in () if report.monitor else report.topics:
        lines += ["", *_of_topic(topic)]
    if report.more_topics:
        lines.append(f"and {report.more_topics:,} messages of more topics")
    if report.monitor:
        lines += ["", "this is a streammi monitor; look at it with"]
    if report.problem:
        lines += ["", report.problem]
    if report.command:
        lines += ["", report.command]
    return "\n".join(map(harmless, lines))


def _of_topic(topic: TopicSeen) -> list[str]:
    name = f"topic {topic.topic!r}" if topic.topic else "no topic"
    rate = "" if topic.rate is None else f", {topic.rate:.4g} messages/s"
    lines = [f"{name}: {', '.join(topic.formats)}{rate}"]
    lines += [f"  {said}" for said in (topic.guess, topic.unknown) if said]
    paths = [signal.path for signal in topic.signals] + [text.path for text in topic.texts]
    width = min(max(map(len, paths), default=0), 40)
    lines += [_of_signal(signal, width) for signal in topic.signals[:SIGNALS_SHOWN]]
    lines += [_of_text(text, width) for text in topic.texts[:SIGNALS_SHOWN]]
    if len(topic.signals) > SIGNALS_SHOWN:
        lines.append(f"  and {len(topic.signals) - SIGNALS_SHOWN} more")
    age = "" if topic.age is None else f", {duration(topic.age)} old on arrival"
    none = "  no timestamps: the time of arrival is used"
    lines.append(f"  time: {topic.timestamp}{age}" if topic.timestamp else none)
    if topic.sequence is None:
        lines.append("  no sequence numbers: what is lost on the way cannot be known")
    else:
        lines.append(f"  sequence numbers: {topic.sequence}, {topic.missing or 'none'} missing")
    return lines


def _of_signal(signal: SignalSeen, width: int) -> str:
    if signal.low is None or signal.high is None:
        return f"  {signal.path:<{width}}  no finite value"
    many = ", many a message" if signal.array else ""
    return f"  {signal.path:<{width}}  {range_text(signal.low, signal.high)}, such as {signal.example:.10g}{many}"


def _of_text(text: TextSeen, width: int) -> str:
    values = ", ".join(map(repr, text.values))
    return f"  {text.path:<{width}}  text: {values}{', ...' if text.more else ' (labels: --bins categories)'}"
