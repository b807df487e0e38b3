"""Duplicates against a list of what was sent: every message once, some of them twice, through the whole decoder."""

import json
import math

import msgpack
import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder

VALUES = st.sampled_from([0.0, 1.0, -2.5, math.nan])


def decoder(**more: object) -> Decoder:
    return Decoder(FeedConfig(endpoint="", x="x", y="y", **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("pack", [lambda record: json.dumps(record).encode(), msgpack.packb], ids=["json", "msgpack"])
@given(sent=st.lists(st.tuples(VALUES, VALUES, st.integers(1, 3)), min_size=1, max_size=30), cut=st.integers(1, 9))
def test_what_came_again_is_left_out_however_the_messages_are_cut(
    pack: object, sent: list[tuple[float, float, int]], cut: int
) -> None:
    messages = [
        [pack({"x": x, "y": y, "t": 100.0 + seq, "seq": seq})]  # type: ignore[operator]
        for seq, (x, y, times) in enumerate(sent)
        for _ in range(times)
    ]
    one = decoder()
    found = [one.decode(messages[k : k + cut], 0.0) for k in range(0, len(messages), cut)]
    np.testing.assert_array_equal(np.concatenate([batch.x for batch in found]), [x for x, _, _ in sent])
    np.testing.assert_array_equal(np.concatenate([batch.y for batch in found]), [y for _, y, _ in sent])
    assert (one.repeated, one.resets, one.gaps) == (len(messages) - len(sent), 0, 0)
    assert one.pairs == len(sent)


def test_the_same_number_with_other_values_or_none_is_no_copy() -> None:
    two_senders, unnumbered = decoder(), decoder()
    rows = [(x, seq) for seq in range(5) for x in (1, 2)]
    assert two_senders.decode([[b'{"x": %d, "y": 0, "seq": %d}' % row] for row in rows], 0.0).x.size == 10
    assert (two_senders.repeated, two_senders.resets) == (0, 0)  # two counters in turn
    assert unnumbered.decode([[b'{"x": 1, "y": 0, "t": 9}']] * 4, 0.0).x.size == 4
    assert unnumbered.repeated == 0


@pytest.mark.parametrize(
    ("batch", "repeated"),
    [
        (b'{"x": [1, null], "y": [2, 3], "seq": 7}', 2),
        (b'{"x": [1, 1], "y": [2, 2], "seq": [7, 8]}', 0),  # goes back to 7: as if the sender had begun again
    ],
)
def test_a_batch_with_one_number_that_comes_again_after_the_state_was_restored(batch: bytes, repeated: int) -> None:
    one, other = decoder(), decoder()
    assert one.decode([[batch]], 0.0).x.size == 2
    other.restore(one.state())
    assert other.decode([[batch]], 0.0).x.size == 2 - repeated
    assert (other.repeated, other.resets) == (repeated, int(not repeated))


def test_labels() -> None:
    one = decoder(labels=True)
    message = [b'{"x": "on", "y": null, "seq": 1}']
    assert one.decode([message, message], 0.0).x.tolist() == ["on"]
    assert one.repeated == 1


RANDOM = np.random.default_rng(4).normal(size=(2, 120)).tolist()
SLIDING = {
    "columns": lambda xs, ys: {"x": xs, "y": ys},
    "records": lambda xs, ys: [{"x": x, "y": y} for x, y in zip(xs, ys, strict=True)],
    "numbered": lambda xs, ys: {"seq": RANDOM[0].index(xs[-1]) // 5, "x": xs, "y": ys},
}


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("layout", SLIDING)
def test_each_sample_of_a_buffer_that_is_sent_again_and_again_counts_once(layout: str, way: int) -> None:
    """The last 30 samples after every 5 of them; one message is lost, another comes twice. Newest first it takes three
    messages to see it, what these have is counted as it came.
    """
    ends = [end for end in (*range(30, 121, 5), 120) if end != 90]
    trees = [SLIDING[layout](*([*c[end - 30 : end]][::way] for c in RANDOM)) for end in ends]
    one = decoder()
    found = [one.decode([[json.dumps(tree).encode()]], 0.0) for tree in trees]
    known = 0 if way > 0 else 3
    xs, ys = (np.concatenate([getattr(b, k) for b in found[known:]]).tolist() for k in "xy")
    assert (xs, ys) == tuple(c[len(c) - len(xs) :] for c in RANDOM)
    assert len(xs) == 120 if way > 0 else 75
    assert "repeat samples of those before" in one.note
    assert "repeat samples of those before" in one.remarks
    assert one.gaps == 0  # of the message that is missing the next one had all
    one.decode([[json.dumps(SLIDING["columns"]([7.0, 8, 9], [1, 2, 3])).encode()]], 0.0)
    assert one.gaps > 0  # nothing of what was before: something is missing


@given(
    st.integers(2, 30),
    st.integers(2, 60),
    st.sampled_from([lambda k: k % 7, lambda k: k // 4, lambda k: math.sin(k), lambda k: k * k % 5, lambda k: 1.0]),
)
def test_batches_one_after_the_other_count_in_full_also_of_signals_with_a_period(
    size: int, period: int, shape: object
) -> None:
    one, taken = decoder(), 0
    for start in range(0, 12 * size, size):
        xs = [shape(k % period) for k in range(start, start + size)]  # type: ignore[operator]
        batch = one.decode([[json.dumps({"x": xs, "y": [-x for x in xs]}).encode()]], 0.0)
        taken += batch.x.size
    assert (taken, one.repeated) == (12 * size, 0)
