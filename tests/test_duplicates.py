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
