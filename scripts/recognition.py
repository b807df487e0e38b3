"""What is taken for pairs that is none, and what is not recognised that is, on made-up feeds: the bars of the docs.

Feeds of pickles, packed bytes, pictures, text, structs and protobuf, and a fifth as many feeds of pairs in six formats.
Nothing is encoded by streammi. Exits with 1 if a bar is missed.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator

import cbor2
import msgpack
import numpy as np
from arguments import at_least
from no_pairs import JUDGED, TUNED, Random, Send

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.network.frames import Frames

MESSAGES = 20  # of a feed
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


Rows = np.ndarray


def values(rng: Random, generator: np.random.Generator, n: int) -> Rows:
    """Measurements: of any size and kind, some of them missing, some of them constant for a while."""
    kind = rng.randrange(9)
    centre = rng.choice([0.0, 1.0, 20.0, 101325.0, 3e-12, 1.6e9])
    rows = generator.normal(centre, abs(centre) * rng.choice([1e-3, 0.1, 1.0]) or 1.0, (n, 2))
    if kind == 0:
        rows = np.round(rows, 1) if centre > 0.5 else rows
    elif kind == 1:
        rows = generator.integers(0, rng.choice([2, 100, 4096]), (n, 2)).astype(float)
    elif kind == 2:
        rows = np.cumsum(generator.normal(0, 1, (n, 2)), axis=0) * 0.01 * (centre or 1.0) + centre
    elif kind == 3:
        rows = generator.lognormal(0, 3, (n, 2))
    elif kind == 4:
        rows[:, 0] = rows[0, 0]
    elif kind == 5:
        rows[:, 1] = np.round(rows[0, 1], 3)
    elif kind == 6:
        rows[:, 0] = 1.7e9 + np.arange(n) / 100
    elif kind == 7:
        rows = generator.standard_cauchy((n, 2)) + centre
    rows[generator.random((n, 2)) < rng.choice([0, 0, 0.1, 0.5])] = np.nan
    return rows


def raw(dtype: str) -> Callable[[Random], tuple[list[Frames], int]]:
    def feed(rng: Random) -> tuple[list[Frames], int]:
        generator = np.random.default_rng(rng.getrandbits(32))
        sizes = rng.choice([[1], [2], [1, 2, 3], [16], [1, 64], [4096], [5, 7, 200]])
        each = [rng.choice(sizes) for _ in range(MESSAGES)]
        rows = values(rng, generator, sum(each)).astype(dtype)
        cuts = np.cumsum(each)[:-1]
        topic = rng.choice([[], [b"room/1"]])
        return [[*topic, part.tobytes()] for part in np.split(rows, cuts)], sum(each)

    return feed


def named(encode: Callable[[dict[str, object]], bytes]) -> Callable[[Random], tuple[list[Frames], int]]:
    def feed(rng: Random) -> tuple[list[Frames], int]:
        generator = np.random.default_rng(rng.getrandbits(32))
        rows = values(rng, generator, MESSAGES).tolist()
        topic = rng.choice([[], [b"room/1"]])
        return [[*topic, encode({"0": x, "1": y})] for x, y in rows], MESSAGES

    return feed


PAIRS: dict[str, Callable[[Random], tuple[list[Frames], int]]] = {
    "pairs": raw("<f8"),
    "pairs32": raw("<f4"),
    "json": named(lambda tree: json.dumps(tree).encode()),
    "msgpack": named(msgpack.packb),
    "cbor": named(cbor2.dumps),
    "csv": named(lambda tree: f"{tree['0']!r},{tree['1']!r}".encode()),
}


def few_values(messages: list[Frames]) -> bool:
    """Whether a feed of raw pairs has fewer than eight different values."""
    joined = b"".join(message[-1] for message in messages)
    return len({joined[at : at + 4] for at in range(0, len(joined), 4)}) < 8


def misread(feeds: int, seed: int = 2) -> Iterator[tuple[str, list[Frames], Decoder, int, int]]:
    """Feeds of pairs of which not all was read, or in another format."""
    rng = Random(seed)
    for k in range(feeds):
        name = list(PAIRS)[k % len(PAIRS)]
        messages, expected = PAIRS[name](rng)
        decoder, n = decoded(messages)
        if decoder.format is None and few_values(messages):
            continue  # refused, and said: so few values, none of them round, show nothing
        if decoder.format != name or n != expected:
            yield name, messages, decoder, n, expected


def not_taken(name: str, kinds: Kinds, feeds: int, seed: int, show: bool) -> bool:
    """Whether more than the bar were taken for pairs, or one in silence."""
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
    for name, messages, decoder, n, expected in misread(feeds // 5, given.seed + 1):
        wrong[name] += 1
        if given.show:
            print(f"  {name}: {n} of {expected} pairs, as {decoder.format}: {decoder.malformed} {decoder.detail}")
            print(f"    {messages[:3]!r:.300}")
    print(f"{feeds // 5:,} feeds of pairs, {MESSAGES} messages each: {wrong.total()} not read as such {dict(wrong)}")
    return int(missed or wrong.total() > 0)


if __name__ == "__main__":
    sys.exit(main())
