"""The same readings without a screen: JSON lines, plain lines, InfluxDB lines, or one reading."""

from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

import numpy as np
import zmq

from streammi.dashboard import charts
from streammi.dashboard.glyphs import Glyphs
from streammi.dashboard.source import Source
from streammi.dashboard.text import clock, number, signed
from streammi.errors import FeedError
from streammi.publish.messages import Fields, influx_line, read_reading
from streammi.stop import Stop

SPARK: Final = 24  # readings of a plain line's sparkline


class Lines:
    """Turns messages of readings into lines, by the name of the output."""

    def __init__(self, output: str, glyphs: Glyphs) -> None:
        self._output, self._glyphs = output, glyphs
        self._recent: dict[str, deque[float]] = {}

    def line(self, frames: list[bytes]) -> str | None:
        """The line of one message; None for what is not a reading."""
        try:
            pair, fields = read_reading(frames)
        except FeedError:
            return None
        if self._output == "influx":
            return influx_line(pair, fields)
        if self._output == "plain":
            return self._plain(pair, fields)
        return frames[1].decode()

    def _plain(self, pair: str, fields: Fields) -> str:
        mi, error, r, unit = (fields.get(name) for name in ("mi_corrected", "stderr", "r", "unit"))
        if not isinstance(mi, float | int):
            return f"{pair}  no reading"
        recent = self._recent.setdefault(pair, deque(maxlen=SPARK))
        recent.append(max(float(mi), 0.0))
        stamp = fields.get("timestamp")
        words = [
            clock(float(stamp) if isinstance(stamp, float | int) else None, None),
            pair,
            f"MI {number(float(mi))} {unit}",
        ]
        if isinstance(error, float | int):
            words.append(f"{self._glyphs.plus_minus} {number(float(error))}")
        if isinstance(r, float | int):
            words.append(f"r {signed(float(r), 2)}")
        words.append(f"n {fields.get('n')}")
        words.append(charts.sparkline(np.array(recent), self._glyphs))
        return "  ".join(words)


def run_lines(source: Source, output: str, glyphs: Glyphs, out: TextIO, stop: Stop, ended: Callable[[], bool]) -> bool:
    """Write a line a reading until it is time to stop; with the output ``once`` just one. Returns whether one came."""
    lines = Lines(output, glyphs)
    poller = zmq.Poller()
    poller.register(source.socket, zmq.POLLIN)
    poller.register(stop.fileno(), zmq.POLLIN)
    came = False
    while not stop.requested:
        over = ended()
        poller.poll(100)
        for frames in source.messages():
            line = lines.line(frames)
            if line is None:
                continue
            try:
                print(line, file=out, flush=True)
            except BrokenPipeError:  # its reader has gone, as `| head` does
                return True
            came = True
            if output == "once":
                return True
        if over:
            break
    return came
