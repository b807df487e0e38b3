"""Made-up feeds: what is taken for pairs that is none, and what is not recognised that is; the bars of the docs.

Feeds of pickles, packed bytes, pictures, text, structs and protobuf, and half as many feeds in the formats of the docs.
Nothing is encoded by streammi. Exits with 1 if a bar is missed.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from arguments import at_least
from format_feeds import FORMAT_FEEDS, MESSAGES, Feed
from no_pairs import JUDGED, TUNED, Random, Send

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.network.frames import Frames

TAKEN = 0.001  # share of the feeds that may be taken for pairs


def decoded(messages: list[Frames], x: str = "0", y: str = "1") -> tuple[Decoder, int]:
    decoder = Decoder(FeedConfig(endpoint="", x=x, y=y))
    n = sum(decoder.decode([message], 0.0).x.size for message in messages)
    return decoder, n + decoder.end(0.0).x.size


Kinds = dict[str, Callable[[Random], Send]]


def false_pairs(kinds: Kinds, feeds: int, seed: int = 1) -> Iterator[tuple[str, list[Frames], Decoder, int]]:
    """Feeds of what is no pairs that something was read from."""
    for k in range(feeds):
        kind = list(kinds)[k % len(kinds)]
        send = kinds[kind](Random(f"{seed} {kind} {k}"))
        messages: list[Frames] = [[send()] for _ in range(MESSAGES)]
        decoder, n = decoded(messages)
        if n:
            yield kind, messages, decoder, n


def few_values(messages: list[Frames]) -> bool:
    """True if a feed of raw pairs has fewer than eight different values."""
    joined = b"".join(message[-1] for message in messages)
    return len({joined[at : at + 4] for at in range(0, len(joined), 4)}) < 8


def misread(feeds: int, seed: int = 2) -> Iterator[tuple[str, Feed, Decoder, str]]:
    """Feeds of all formats of which not all was read, not the same values, or in another format; and what is wrong."""
    for k in range(feeds):
        name = list(FORMAT_FEEDS)[k % len(FORMAT_FEEDS)]
        feed = FORMAT_FEEDS[name](Random(f"{seed} {name} {k}"))
        decoder = Decoder(FeedConfig(endpoint="", x=feed.x, y=feed.y))
        batches = [decoder.decode([message], 0.0) for message in feed.messages]
        batches.append(decoder.end(0.0))
        if decoder.format is None and feed.format in ("pairs", "pairs32") and few_values(feed.messages):
            continue  # refused, and said: so few values, none of them round, show nothing
        read = np.stack([np.concatenate([getattr(one, axis) for one in batches]) for axis in "xy"], axis=1)
        if decoder.format != feed.format:
            yield name, feed, decoder, f"as {decoder.format}"
        elif not np.array_equal(read, feed.rows, equal_nan=True):
            yield name, feed, decoder, f"{len(read)} pairs of {len(feed.rows)}, or other values"


def not_taken(name: str, kinds: Kinds, feeds: int, seed: int, show: bool) -> bool:
    """True if more than the bar were taken for pairs, or one in silence."""
    taken: Counter[str] = Counter()
    other: Counter[str] = Counter()
    unsaid = 0
    for kind, messages, decoder, n in false_pairs(kinds, feeds, seed):
        if decoder.format not in ("pairs", "pairs32"):
            other[f"{kind} as {decoder.format}"] += 1
            continue
        taken[kind] += 1
        unsaid += "a guess" not in decoder.note
        if show:
            print(f"  {kind}: {n} pairs of {messages[0]!r:.120}: {decoder.note}")
    print(f"{feeds:,} feeds of {MESSAGES} messages that are no pairs, of {len(kinds)} kinds, {name}:")
    print(f"  {taken.total()} taken for pairs {dict(taken)}, {unsaid} of these without saying that it is a guess")
    print(f"  read in another format: {dict(other)}")
    return taken.total() > TAKEN * feeds or unsaid > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=at_least(1), default=10_000, help="of what is no pairs (10,000)")
    parser.add_argument("--show", action="store_true", help="each feed that is read as what it is not")
    parser.add_argument("--only", choices=["tuned", "judged", "pairs"], help="one of the parts")
    parser.add_argument("--seed", type=int, default=1, help="of what is made up (1)")
    given = parser.parse_args()
    feeds = given.feeds
    missed = False
    for name, kinds in {"tuned": TUNED, "judged": JUDGED}.items():
        if given.only in (None, name):
            missed |= not_taken(name, kinds, feeds // (2 if given.only is None else 1), given.seed, given.show)
    if given.only not in (None, "pairs"):
        return int(missed)
    wrong: Counter[str] = Counter()
    for name, feed, decoder, why in misread(feeds // 2, given.seed + 1):
        wrong[name] += 1
        if given.show:
            print(f"  {name}: {why}: {decoder.malformed} {decoder.detail}")
            print(f"    {feed.messages[:3]!r:.300}")
    print(f"{feeds // 2:,} feeds of {len(FORMAT_FEEDS)} kinds in the formats of the docs, {MESSAGES} messages each:")
    print(f"  {wrong.total()} not read as such {dict(wrong)}")
    return int(missed or wrong.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
