"""What a message of a MiB costs at the most, whatever is in it, in CPU time."""

import math
import random
import time

import msgpack
import numpy as np
import pytest

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder

SIZE = 1 << 20
# Idle these take 0.1 to 0.9 s; a loaded machine takes up to four times as long. Some once took 16 s idle.
SECONDS = 8.0


def filled(piece: bytes, head: bytes = b"", tail: bytes = b"") -> bytes:
    return head + piece * ((SIZE - len(head) - len(tail)) // len(piece)) + tail


COSTLY = {
    "an Influx line of many fields": filled(b"a=1,", b"m ", b"b=2"),
    "empty records": msgpack.packb([[]] * (SIZE // 4)),
    "CBOR of nothing": b"\x9a" + (SIZE - 5).to_bytes(4, "big") + b"\x80" * (SIZE - 5),
    "CBOR of decimal fractions": b"\x9a" + (SIZE // 6).to_bytes(4, "big") + b"\xc4\x82\x22\x19\x4f\x1b" * (SIZE // 6),
    "records": filled(b"[1,2],", b"[", b"[1,2]]"),
    "records with other names": filled(b'{"a":1},', b"[", b'{"a":1}]'),
    "lines of one name": filled(b"x=1\n"),
    "quotes": filled(b'"'),
    "nan without an end": filled(b"nan,", b"["),
    "what may be an old pickle": filled(b"I", b"(", b"."),
    "lines that are no JSON, with nan": filled(b'{"0":nan,"1":2}\n', b"0,1\n"),
    "an Influx text": filled(b'm 0=1,1="a"\n'),
    "lines of one signal each": filled(b'{"0":1}\n{"1":2}\n'),
    "named records": filled(b'{"name":"a","value":3},', b"[", b'{"name":"b","value":3}]'),
}


@pytest.mark.parametrize("payload", COSTLY.values(), ids=COSTLY.keys())
def test_no_message_takes_long(payload: bytes) -> None:
    decoder = Decoder(FeedConfig(endpoint="", x="0", y="1", max_message=2 * SIZE))
    started = time.process_time()
    decoder.decode([[payload]], 0.0)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("partial", [False, True])
def test_records_of_several_kinds_are_read_as_each_by_itself(partial: bool) -> None:
    """Those with the same keys are looked into once, where that does not depend on their values."""
    rng = random.Random(3)
    values = [1, 2.5, "3", "no", None, True, {}, {"a": 1}, [], [1, 2], "nan"]
    for paths in (("x", "y"), ("x/a", "y"), ("x", "y.a")):
        config = FeedConfig(endpoint="", x=paths[0], y=paths[1])
        records = [
            {name: rng.choice(values) for name in ("x", "y", "timestamp", "seq", "z") if rng.random() < 0.8}
            for _ in range(60)
        ]
        together = Decoder(config, partial=partial).decode([[msgpack.packb(records)]], 0.0)
        rows = []
        for record in records:
            if not record.keys() & {"x", "y"}:
                continue
            one = Decoder(config, partial=partial).decode([[msgpack.packb([{**record, "timestamp": None}])]], 0.0)
            rows += list(zip(one.x.tolist(), one.y.tolist(), strict=True)) or [(math.nan, math.nan)]
        found = list(zip(together.x.tolist(), together.y.tolist(), strict=True))
        pairs = [row for row in found if not np.isnan(row).all()], [row for row in rows if not np.isnan(row).all()]
        np.testing.assert_array_equal(*pairs)
        assert pairs[0]


LIKE = [{"x": k / 8, "y": k, "t": 100 + k, "seq": k} for k in range(20)]


@pytest.mark.parametrize(
    ("last", "x", "y"),
    [
        ({"x": "2.5", "y": None, "t": 120, "seq": 20}, [2.5], [None]),
        ({"x": [1, 2], "y": [3, 4], "t": 120, "seq": 20}, [1, 2], [3, 4]),
        ({"x": 1, "y": "no", "t": 120, "seq": 20}, [None], [None]),
        ({"x": 1, "y": 2, "t": 120, "seq": 20, "more": 5}, [1], [2]),
        ({"x": 1, "y": True, "t": 120}, [1], [1]),
        ({"other": 1}, [], []),
        ({}, [], []),
    ],
)
def test_what_is_unlike_many_records_is_read_as_itself(
    last: dict[str, object], x: list[float | None], y: list[float | None]
) -> None:
    decoder = Decoder(FeedConfig(endpoint="", x="x", y="y"))
    found = decoder.decode([[msgpack.packb([*LIKE, last])]], 0.0)
    expected = [[one["x"] for one in LIKE] + x, [one["y"] for one in LIKE] + y]
    np.testing.assert_array_equal([found.x, found.y], np.array(expected, dtype=float))
    assert found.t is not None
    assert found.t.tolist() == [100.0 + k for k in range(20)] + [119.0 if x == [None] else 120.0] * len(
        x
    )  # else that of before
