"""Numbers of several senders on one socket: each is counted by itself, and what one lacks is still missing."""

import json
from random import Random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.senders import SenderCounter
from streammi.ingest.sequence import GapCounter, Numbers, in_a_row


def counted(numbers: list[int]) -> SenderCounter:
    counter = SenderCounter()
    for number in numbers:
        counter.check(Numbers(number))
    return counter


def in_turn(rng: Random, *senders: list[int]) -> list[int]:
    """Messages of senders as they arrive: each in its order, the senders in any."""
    left = [list(sender) for sender in senders]
    arrived = []
    while any(left):
        arrived.append(rng.choice([sender for sender in left if sender]).pop(0))
    return arrived


@pytest.mark.parametrize(
    "starts", [(100, 5000), (5000, 100), (0, 3), (3, 0), (0, 0), (0, 10**9, 77), (1, 100_000, 2**40), (7, 9), (9, 7)]
)
@pytest.mark.parametrize("seed", range(4))
def test_counters_in_turn_lack_nothing(starts: tuple[int, ...], seed: int) -> None:
    arrived = in_turn(Random(seed), *([*range(start, start + 300)] for start in starts))
    counter = counted(arrived)
    assert (counter.gaps, counter.resets) == (0, 0)
    assert counter.senders == len(starts)


@pytest.mark.parametrize("starts", [(100, 5000), (5000, 100), (0, 10**6, 10**9)])
def test_what_a_sender_lacks_is_missing_all_the_same(starts: tuple[int, ...]) -> None:
    rng = Random(3)
    lost = set(rng.sample(range(100, 300), 20))
    senders = [[start + k for k in range(300) if k not in lost] for start in starts]
    counter = counted(in_turn(rng, *senders))
    assert counter.gaps == 20 * len(starts)
    assert counter.senders == len(starts)


@pytest.mark.parametrize("step", [2, 10])
@pytest.mark.parametrize("starts", [(100, 5000), (5001, 101), (0, 4), (0, 0), (0, 50, 998)])
def test_senders_that_count_in_steps_lack_what_does_not_come(starts: tuple[int, ...], step: int) -> None:
    """Both count every tenth sample: what is between their numbers is not missing."""
    rng = Random(5)
    lost = [set(rng.sample(range(100, 200), 8)) for _ in starts]
    senders = [[s + step * k for k in range(200) if k not in gone] for s, gone in zip(starts, lost, strict=True)]
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    for k, number in enumerate(in_turn(rng, *senders)):
        decoder.decode([[json.dumps({"x": k, "y": -k, "seq": number}).encode()]], 0.0)
    late = sum(max({*range(200)} - gone) < 199 for gone in lost)  # a last one that is lost shows in no number
    assert (decoder.gaps + late, decoder.resets) == (8 * len(starts), 0)
    assert f"go by {step:,}, those of each sender by themselves" in decoder.note


@pytest.mark.parametrize("wrap", [1 << 16, 1 << 32])
def test_each_counter_may_overflow(wrap: int) -> None:
    senders = [[(start + k) % wrap for k in range(400)] for start in (wrap - 200, wrap // 2)]
    counter = counted(in_turn(Random(4), *senders))
    assert (counter.gaps, counter.resets, counter.senders) == (0, 0, 2)


def test_a_sender_that_begins_again_is_one_new_beginning() -> None:
    senders = [[*range(100, 200), *range(100)], [*range(50_000, 50_200)]]
    counter = counted(in_turn(Random(5), *senders))
    assert (counter.gaps, counter.resets, counter.senders) == (0, 1, 2)


@pytest.mark.parametrize("seed", range(20))
def test_one_sender_is_counted_as_before(seed: int) -> None:
    """With losses, late messages and new beginnings: nothing of that is another sender."""
    rng = Random(seed)
    numbers = [*range(50)]
    while len(numbers) < 2000:
        kind = rng.random()
        start = 0 if kind < 0.02 else numbers[-1] + 1 + rng.choice([0, 0, 0, 1, 7, 300])
        numbers += range(start, start + rng.randint(20, 60))
    for at in range(0, len(numbers) - 2, 40):
        if rng.random() < 0.3:
            numbers[at : at + 2] = reversed(numbers[at : at + 2])
    one, several = GapCounter(), counted(numbers)
    for number in numbers:
        one.check(Numbers(number))
    assert (several.gaps, several.reordered, several.resets, several.senders) == (
        one.gaps,
        one.reordered,
        one.resets,
        1,
    )


def test_two_publishers_on_one_socket_are_said_and_lose_nothing() -> None:
    messages = [json.dumps({"x": k, "y": -k, "seq": start + k}).encode() for k in range(50) for start in (10, 7000)]
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    decoder.decode([[message] for message in messages], 0.0)
    assert (decoder.gaps, decoder.resets, decoder.reordered) == (0, 0, 0)
    assert "numbers of 2 counters come in turn" in decoder.note
    again = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    again.restore(decoder.state())
    again.decode([[b'{"x": 1, "y": 2, "seq": 7052}']], 0.0)
    assert again.gaps == 2


def test_batches_of_two_senders_lack_nothing() -> None:
    counter = SenderCounter()
    for k in range(0, 200, 10):
        counter.check_each(range(k, k + 10))
        counter.check_each(np.arange(k, k + 10) + 900)
    assert (counter.gaps, counter.resets, counter.senders) == (0, 0, 2)


@given(
    st.lists(st.tuples(st.sampled_from([0, 5, 40, 250, 256, 1000, 65_530]), st.integers(1, 9)), max_size=25),
    st.lists(st.integers(0, 1), min_size=0, max_size=60),
    st.integers(1, 9),
)
def test_a_batch_counts_as_its_numbers_do(jumps: list[tuple[int, int]], turns: list[int], size: int) -> None:
    """Runs of any length, two senders in turn behind them, in batches; also where watching ends in a run."""
    numbers = [number for first, many in jumps for number in range(first, first + many)]
    for sender in (0, 1):
        places = [k for k, turn in enumerate(turns) if turn == sender]
        turns = [10_000 * (1 - sender) + places.index(k) + 7 if k in places else turn for k, turn in enumerate(turns)]
    numbers += turns
    together, each = SenderCounter(), counted(numbers)
    for start in range(0, len(numbers), size):
        together.check_each(in_a_row(numbers[start : start + size]))
    assert together.state() == each.state()


@pytest.mark.parametrize("many", [998, 999, 1000, 1001, 3000])
def test_a_long_run_behind_a_gap_counts_as_its_numbers_do(many: int) -> None:
    numbers = [*range(10), *range(20, 20 + many), 5, 6]
    together, each = SenderCounter(), counted(numbers)
    together.check_each(in_a_row(numbers))
    assert together.state() == each.state()
    assert together.gaps == 10
