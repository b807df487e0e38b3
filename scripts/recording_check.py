#!/usr/bin/env python3
"""A feed recorded live and replayed: the readings byte for byte; and what comes back of a recording that was cut.

    .venv/bin/python scripts/recording_check.py                       a million messages, a thousand cuts: 2 minutes
    .venv/bin/python scripts/recording_check.py --messages 10000      the same in small

Messages are JSON, msgpack and batches, one in four of them malformed, sent as fast as they are taken. Prints what was
measured, as a table. Ends with 1 when a line differs, or an entry that was whole before a cut does not come back.
"""

import argparse
import filecmp
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgpack
import zmq
from arguments import at_least

from streammi.config import FeedConfig, MonitorConfig
from streammi.recording.entries import Arrived, Begin, Settings
from streammi.recording.reader import Recording
from streammi.recording.writer import Recorder

BASE_BYTES = 2 << 20  # of the recording that is cut
MAGIC_BYTES = 21


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=at_least(1), default=1_000_000)
    parser.add_argument("--cuts", type=at_least(0), default=1000)
    options = parser.parse_args()
    print("| what | measured |\n|---|---|")
    with tempfile.TemporaryDirectory(prefix="streammi-") as name:
        folder = Path(name)
        same = live_equals_replay(folder, options.messages)
        whole = cuts_come_back(folder, options.cuts)
        costs(folder)
    return 0 if same and whole else 1


def live_equals_replay(folder: Path, messages: int) -> bool:
    record, live, again = folder / "feed.rec", folder / "live.jsonl", folder / "again.jsonl"
    words = ["monitor", f"ipc://{folder}/feed", "--pull", "--x=a", "--y=b", "--every=10ms", "--null=19", "--lags=-3:3"]
    size = None
    with live.open("wb") as lines, zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(f"ipc://{folder}/feed")
        process = subprocess.Popen([sys.executable, "-m", "streammi", *words, "--record", record], stdout=lines)
        while not received(live):  # it is there
            sender.send_json({"a": 1, "b": 2})
            time.sleep(0.01)
        start = time.perf_counter()
        size = send(sender, messages)
        while received(live) < messages:
            time.sleep(0.1)
            sender.send_json({"a": 1, "b": 2})
        seconds = time.perf_counter() - start
        process.send_signal(signal.SIGTERM)
        process.wait()
    start = time.perf_counter()
    with again.open("wb") as lines:
        subprocess.run([sys.executable, "-m", "streammi", "replay", record], stdout=lines, check=True)
    replay_seconds = time.perf_counter() - start
    same = filecmp.cmp(live, again, shallow=False)
    stored = sum(file.stat().st_size for file in folder.glob("feed.rec*"))
    last = json.loads(live.read_bytes().splitlines()[-1])
    print(f"| messages received and recorded live | {last['messages']:,} in {seconds:.1f} s |")
    print(f"| of these malformed; pairs | {last['malformed']:,}; {last['pairs']:,} |")
    print(f"| sent; recorded | {size / 1e6:.1f} MB; {stored / 1e6:.1f} MB, {100 * stored / size:.0f} % |")
    print(f"| replayed, from the start of the process | {replay_seconds:.1f} s |")
    print(
        f"| lines; the same in the replay | {live.read_bytes().count(10):,}; {'every byte' if same else 'NO'} |",
        flush=True,
    )
    return same


def send(sender: zmq.Socket[bytes], messages: int) -> int:
    """Send so many messages, a fresh one each; returns their bytes."""
    rng = random.Random(1)
    size = 0
    for k in range(messages):
        frames = message(rng, k)
        size += sum(map(len, frames))
        sender.send_multipart(frames, copy=True)
    return size


def message(rng: random.Random, k: int) -> list[bytes]:
    x = rng.gauss(0, 1)
    record = {"a": x, "b": x * x + rng.gauss(0, 0.1), "seq": k, "timestamp": 1.7e9 + k / 1000}
    choice = rng.randrange(20)
    if choice == 0:
        return [msgpack.packb(record)]
    text = json.dumps(record).encode()
    if choice == 1:
        return [text[: rng.randrange(len(text))]]
    if choice == 2:
        return [rng.randbytes(rng.randrange(60))]
    if choice == 3:
        return rng.choice([[b""], [b'{"a": 1}'], [b'{"a": null, "b": true}'], [b"x"] * 70])
    if choice == 4:
        return [json.dumps([record] * 3).encode()]
    return [b"topic", text] if choice < 8 else [text]


def received(lines: Path) -> int:
    """How many messages the last whole line knows of."""
    with lines.open("rb") as file:
        file.seek(max(lines.stat().st_size - 4096, 0))
        found = [line for line in file.read().splitlines() if line.startswith(b'{"v"') and line.endswith(b"}")]
    return int(json.loads(found[-1]).get("messages", 0)) if found else 0


def cuts_come_back(folder: Path, cuts: int) -> bool:
    base = (folder / "feed.rec").read_bytes()[:BASE_BYTES]
    cut = folder / "cut.rec"
    cut.write_bytes(base)
    entries, ends = list(Recording(cut)), record_ends(base)
    rng = random.Random(2)
    wrong = 0
    for _ in range(cuts):
        at = rng.randrange(ends[0], len(base))
        cut.write_bytes(base[:at])
        wrong += list(Recording(cut)) != entries[: sum(end <= at for end in ends)]
    print(
        f"| cuts of a recording of {len(entries):,} entries; those with an entry missing or false | {cuts:,}; {wrong} |"
    )
    return not wrong


def costs(folder: Path) -> None:
    """The time that recording adds to a message, in CPU time of the monitor's thread."""
    rng = random.Random(3)
    rows = [
        json.dumps({"a": rng.gauss(0, 1), "b": rng.gauss(0, 1), "timestamp": 1.7e9 + k}).encode() for k in range(10**5)
    ]
    floats = [rng.randbytes(1 << 16) for _ in range(400)]
    for name, messages, many in (
        ("one JSON object", rows[:20_000], 1),
        ("one of 1,000 JSON objects", rows, 1000),
        ("64 KiB of floats, one of 32", floats, 32),
    ):
        batches = [[[message] for message in messages[k : k + many]] for k in range(0, len(messages), many)]
        feed = Settings(monitor=MonitorConfig(), feed=FeedConfig(endpoint=""))
        recorder = Recorder(folder / f"{many}.rec", Begin("", 0, feed), 1 << 30)
        start = time.process_time()
        for k, batch in enumerate(batches):
            recorder.write(Arrived(0, 1.7e9 + k / 100, batch))
        each = (time.process_time() - start) / len(messages)
        recorder.close()
        size = sum(file.stat().st_size for file in folder.glob(f"{many}.rec*")) / len(messages)
        before = len(messages[0])
        print(f"| recording {name} | {each * 1e6:.2f} us; {before:,} bytes become {size:,.0f} |")


def record_ends(data: bytes) -> list[int]:
    """Where the records end, by their lengths alone."""
    ends, at = [], MAGIC_BYTES
    while at + 8 <= len(data):
        at += 8 + int.from_bytes(data[at : at + 4], "little")
        ends.append(at)
    return [end for end in ends if end <= len(data)]


if __name__ == "__main__":
    sys.exit(main())
