"""A batch as a window takes it in: with the times that count, and in parts where the samples' clock is set back."""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from streammi.config import MonitorConfig
from streammi.core import finite_values
from streammi.records import FloatArray, PairBatch


def timed(batch: PairBatch, config: MonitorConfig, *, event_time: bool) -> PairBatch:
    """The batch with the times by which a monitor goes.

    In a window of seconds samples without a time of their own have that of their arrival. A pair that no window takes
    in has NaN as its time: its clock, too, may be wrong.
    """
    if batch.t is None and batch.received and config.window.seconds is not None and not event_time:
        batch = msgspec.structs.replace(batch, t=np.full(batch.x.size, batch.received))
    if batch.t is None:
        return batch
    usable = finite_values.usable(batch.x, batch.y)
    if np.logical_and.reduce(usable):
        return batch
    return msgspec.structs.replace(batch, t=np.where(usable, batch.t, np.nan))


def of_one_clock(batch: PairBatch, before_set_back: Callable[[FloatArray], int]) -> Iterator[tuple[PairBatch, bool]]:
    """The batch in parts, and which is its end: only behind the last sample of one is the samples' clock set back.

    What is due in the samples behind it is due by the clock as it is then. ``before_set_back`` is that of the window,
    which takes in each part before the next one is asked for.
    """
    while batch.t is not None and (clear := before_set_back(batch.t)) < batch.x.size:
        yield _part_of(batch, slice(clear)), False
        batch = _part_of(batch, slice(clear, None))
    yield batch, True


def _part_of(batch: PairBatch, part: slice) -> PairBatch:
    t, z = (None if values is None else values[part] for values in (batch.t, batch.z))
    return PairBatch(x=batch.x[part], y=batch.y[part], t=t, z=z, received=batch.received)
