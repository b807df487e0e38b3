"""The gap counter is held against the whole list of what was sent and of what came."""

import json
from collections.abc import Callable
from itertools import pairwise

import cbor2
import numpy as np
import pytest
from cbor2 import CBORTag
from hypothesis import assume, given, strategies as st

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.sequence import REMEMBERED, RESET_FROM, GapCounter, Numbers, in_a_row


def counted(numbers: list[int], weight: int = 1) -> GapCounter:
    counter = GapCounter()
    for number in numbers:
        counter.check(Numbers(number, 1, weight))
    return counter


@given(st.integers(2, 1000), st.integers(0, 1000), st.sets(st.integers(6, 60), max_size=9), st.integers(1, 9))
def test_numbers_that_go_by_more_than_one_miss_only_what_does_not_come(
    step: int, first: int, lost: set[int], cut: int
) -> None:
    """As of every tenth sample; where messages may go to others, what is between two numbers has gone there."""
    came = [k for k in range(62) if k not in lost]
    messages = [[json.dumps({"x": k, "y": -k, "seq": first + step * k}).encode()] for k in came]
    for pull, gaps in ((False, len(lost)), (True, step * 61 + 1 - len(came))):
        decoder = Decoder(FeedConfig(endpoint="", x="x", y="y", pull=pull))
        for at in range(0, len(messages), cut):
            decoder.decode(messages[at : at + cut], 0.0)
        assert (decoder.gaps, decoder.resets) == (gaps, 0)
        assert (f"go by {step:,}" in decoder.note) is not pull


@pytest.mark.parametrize(
    "numbers",
    [
        [k % 256 for k in range(0, 1000, 2)],
        [k % 65536 for k in range(65000, 67000, 10)],
        [*range(0, 400, 10), *range(391, 431)],
        [*range(0, 60, 10), 70, 60, 80, 90],
    ],
    ids=["over 8 bits", "over 16 bits", "by one later on", "one late"],
)
def test_numbers_that_go_by_more_than_one_may_begin_again_or_come_late(numbers: list[int]) -> None:
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    for k, number in enumerate(numbers):
        decoder.decode([[json.dumps({"x": k, "y": -k, "seq": number}).encode()]], 0.0)
    assert (decoder.gaps, decoder.resets) == (0, 0)


@given(st.integers(0, 1 << 40), st.lists(st.sampled_from(["came", "lost", "late"]), max_size=60), st.integers(1, 9))
def test_what_is_missing_is_what_was_lost(first: int, lots: list[str], weight: int) -> None:
    """One after the other; those that are late come once three more have come."""
    came, waiting = [first], list[tuple[int, int]]()
    for number, lot in enumerate(lots, first + 1):
        if lot == "came":
            came.append(number)
        elif lot == "late":
            waiting.append((number, len(came) + 3))
        while waiting and len(came) >= waiting[0][1]:
            came.append(waiting.pop(0)[0])
    counter = counted(came, weight)
    newest = np.maximum.accumulate(came)
    assert counter.gaps == weight * (max(came) - first + 1 - len(came))
    assert counter.reordered == sum(number < before for number, before in zip(came[1:], newest, strict=False))
    assert counter.resets == 0


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(0, 9))
def test_a_batch_counts_as_its_numbers_do(steps: list[int], start: int) -> None:
    numbers = start + np.cumsum(steps)
    together, each = GapCounter(), counted(numbers.tolist())
    together.check_each(numbers[: len(numbers) // 2]) if len(numbers) > 1 else None
    together.check_each(numbers[len(numbers) // 2 :])
    assert (together.gaps, together.resets) == (each.gaps, each.resets)


@given(
    st.lists(st.tuples(st.sampled_from([0, 3, 40, 250, 256, 65_530, 65_536]), st.integers(1, 12)), max_size=12),
    st.integers(0, 9),
)
def test_runs_of_numbers_count_as_each_of_them_does(runs: list[tuple[int, int]], cut: int) -> None:
    """Late ones, those of a sender that began again and overflows among them; also where a run is cut."""
    numbers = [number for first, many in runs for number in range(first, first + many)]
    together, each = GapCounter(), counted(numbers)
    for part in (numbers[:cut], numbers[cut:]):
        if part:
            together.check_each(in_a_row(part))
    assert together.state() == each.state()


def test_blocks_of_samples() -> None:
    counter = GapCounter()
    for first in (0, 512, 1536, 1024, 2048):
        counter.check(Numbers(first, 512))
    assert (counter.gaps, counter.reordered, counter.resets) == (0, 1, 0)
    counter.check(Numbers(4096, 512))
    assert counter.gaps == 4096 - 2560


@given(
    st.sampled_from(["message", "first", "last"]),
    st.lists(st.integers(2, 9), min_size=2, max_size=30),
    st.lists(st.booleans(), max_size=30),
    st.integers(0, 1 << 40),
)
def test_the_number_of_a_batch_counts_messages_or_samples(
    what: str, sizes: list[int], lost: list[bool], start: int
) -> None:
    """The first two messages have come, which is when it shows which: all that is missing behind them is known. The
    first and the last are told apart where messages are not all as long.
    """
    assume(what == "message" or sizes[0] != sizes[1] or len({*sizes}) == 1)
    ends = np.cumsum(sizes).tolist()
    number = {"message": range(len(sizes)), "first": [0, *ends], "last": [end - 1 for end in ends]}[what]
    came = [k for k in range(len(sizes)) if k < 2 or not (lost[k] if k < len(lost) else False)]
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    for k in came:
        record = {"x": [1.5] * sizes[k], "y": [k + n / 100 for n in range(sizes[k])], "seq": start + number[k]}
        decoder.decode([[json.dumps(record).encode()]], 0.0)
    decoder.end(0.0)
    samples = sum(size for k, size in enumerate(sizes[: came[-1]]) if k not in came)
    behind = pairwise(came)
    messages = sum(size for k, after in behind for size in (after - k - 1) * [sizes[after]])
    assert (decoder.gaps, decoder.resets) == (messages if what == "message" else samples, 0)
    assert ("count samples" in decoder.note) == (what != "message")


def test_messages_that_are_missing_make_no_sample_numbers_of_those_of_messages() -> None:
    """Two samples a message, one of which is missing at first: it looks as if samples were counted."""
    decoder, sent = Decoder(FeedConfig(endpoint="", x="x", y="y")), [*range(2, 40)]
    for k in (0, *sent):
        decoder.decode([[json.dumps({"x": [k, k], "y": [0, 1], "seq": k}).encode()]], 0.0)
    assert (decoder.resets, decoder.note) == (
        3,
        "numbers began again 3 times: the sender restarted, sends some twice, or there are several",
    )
    several = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    sizes = [2, 1, 7, 2, 2, 1, 7] * 4
    for k in (0, 1, 2, *range(4, len(sizes))):
        record = {"x": [k] * sizes[k], "y": [*range(sizes[k])], "seq": k}
        several.decode([[json.dumps(record).encode()]], 0.0)
    assert (several.gaps, several.resets, several.note) == (sizes[4], 0, "")


@pytest.mark.parametrize(
    "write", [str, float, "{:05d}".format, "{}.0".format], ids=["text", "float", "zeros in front", "float in text"]
)
def test_numbers_that_are_texts_or_floats_find_what_is_missing(write: Callable[[int], object]) -> None:
    """At full speed as well as one by one; those of a CSV's column and of x=1 are texts anyway."""
    numbers = [*range(7, 40), *range(43, 60)]
    messages = [[json.dumps({"x": k, "y": 1, "seq": write(k)}).encode()] for k in numbers]
    lines = [[f"seq={k} x=1 y=2".encode()] for k in numbers]
    table = [[b"seq,x,y"], *([f"{k},1,2\r\n{k + 1},1,2".encode()] for k in numbers[::2])]
    for feed, gaps in ((messages, 3), (lines, 3), (table, 3)):
        decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
        decoder.decode(feed, 0.0)
        assert (decoder.gaps, decoder.malformed) == (gaps, {})


def test_a_gap_that_fills_in_many_places_takes_no_more_memory() -> None:
    counter = counted([0, 10_000, *range(2, 10_000, 2)])
    assert len(counter.state()[-1]) <= REMEMBERED
    assert counter.gaps == 9_999 - 4_999


def test_a_new_beginning_is_a_reset_and_an_overflow_is_none() -> None:
    assert counted([5, 6, 0, 1, 2]).resets == 1
    assert counted([5, 6, 6 + RESET_FROM + 1]).resets == 1
    assert counted([5, 6, 6]).resets == 1  # a second sender with the same numbers
    for bits in (8, 16, 32, 64):
        counter = counted([(1 << bits) - 2, (1 << bits) - 1, 0, 1])
        assert (counter.gaps, counter.resets) == (0, 0)


@given(
    st.sampled_from([8, 16, 32, 64]),
    st.lists(st.sampled_from(["came", "came", "came", "lost", "late"]), min_size=20, max_size=200),
    st.integers(-12, -2),
)
def test_what_is_missing_around_an_overflow_is_what_was_lost(bits: int, lots: list[str], start: int) -> None:
    """A counter that has begun at most a dozen before its end, with losses anywhere, late ones among them."""
    came, waiting, run = [start - 1], list[tuple[int, int]](), 0
    for number, lot in enumerate(lots, start):
        run = 0 if lot == "came" else run + 1
        if lot == "came" or run > 3:  # no more than three in a row are missing
            came.append(number)
        elif lot == "late":
            waiting.append((number, len(came) + 2))
        while waiting and len(came) >= waiting[0][1]:
            came.append(waiting.pop(0)[0])
    counter = counted([number % (1 << bits) for number in came])
    assert counter.gaps == max(came) - start + 2 - len(came)
    assert counter.resets == 0


@pytest.mark.parametrize("first", [5, (1 << 63) - 2, 1 << 63, (1 << 64) - 40])
def test_numbers_of_64_bits_without_a_sign_are_what_they_are(first: int) -> None:
    """CBOR's typed arrays (RFC 8746): tag 71 is uint64, little-endian; two of these are missing."""
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    for start in (first, first + 10, first + 22):
        numbers = CBORTag(71, np.arange(start, start + 10, dtype=np.uint64).tobytes())
        record = {"x": list(range(10)), "y": list(range(10)), "seq": numbers}
        assert decoder.decode([[cbor2.dumps(record)]], 0.0).x.size == 10
    assert (decoder.gaps, decoder.resets) == (2, 0)


def test_a_sender_that_begins_again_near_an_overflow_is_a_reset_all_the_same() -> None:
    assert counted([5, 6, -3]).resets == 1
    assert [counted([last, 0, 1]).resets for last in (200, 246, 60_000, 3_000_000_000)] == [1] * 4
    known = counted([254, 255, 0, 1, *range(2, 100), 0])  # not half way round
    assert (known.gaps, known.resets) == (0, 1)
    assert (counted([254, 255, 0, 200]).gaps, counted([254, 255, 0, 200]).resets) == (199, 0)
