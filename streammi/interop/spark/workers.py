"""The part of a job that runs in Spark's Python workers."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from streammi.interop.spark import output_columns
from streammi.interop.spark.device import Device
from streammi.interop.spark.key_states import Cache
from streammi.interop.spark.plan import Plan
from streammi.interop.spark.rows import Layout, by_shard
from streammi.interop.spark.samples import Samples
from streammi.monitor import Output

cache: Final = Cache()  # of this worker process, which Spark uses for one batch after the other


class SparkLog:
    """A log of records in Spark's state store."""

    def __init__(self, head: Any, records: Any) -> None:
        self._head, self._records = head, records

    def head(self) -> bytes | None:
        """The head; None before there is one."""
        found = self._head.get()
        return None if found is None else bytes(found[0])

    def set_head(self, data: bytes) -> None:
        """Write the head."""
        self._head.update((data,))

    def records(self) -> Iterator[tuple[int, bytes]]:
        """The records by their numbers."""
        return ((number, bytes(data)) for (number,), (data,) in self._records.iterator())

    def put(self, number: int, data: bytes) -> None:
        """Write a record."""
        self._records.updateValue((number,), (data,))

    def remove(self, number: int) -> None:
        """Remove a record."""
        self._records.removeKey((number,))


class Readings:
    """Sorted rows of whole keys to readings, for ``mapInArrow``: the windows of a batch job."""

    def __init__(self, plan: Plan, layout: Layout, types: dict[str, str], *, last: bool) -> None:
        self._plan, self._layout, self._types, self._last = plan, layout, types, last

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Take in the rows of a partition."""
        device, newest = None, None
        for batch in batches:
            outputs: list[tuple[Any, Output]] = []
            for key, samples in self._of_keys(batch):
                if device is None or key != newest:
                    if device is not None:
                        outputs += [(newest, output) for output in device.flush(last=self._last)]
                    # Rows of arrays may overlap: of them all are needed before the first can be taken in.
                    device, newest = Device(self._plan, np.inf if self._layout.arrays else 0.0), key
                outputs += [(key, output) for output in device.feed([samples])]
            yield self._batch(outputs)
        if device is not None:
            yield self._batch([(newest, output) for output in device.flush(last=self._last)])

    def _of_keys(self, batch: pa.RecordBatch) -> Iterator[tuple[Any, Samples]]:
        """The samples of each key, in the order in which these stand in the batch."""
        for _, (keys, sizes, samples) in by_shard(self._layout, pa.Table.from_batches([batch])):
            start = 0
            for key, size in zip(keys, sizes, strict=True):
                yield key, samples.at(slice(start, start + size))
                start += size

    def _batch(self, outputs: list[tuple[Any, Output]]) -> pa.RecordBatch:
        made = zip(output_columns.columns(outputs, events=self._plan.events), self._types.values(), strict=True)
        arrays = [pa.array(column, output_columns.ARROW[kind]) for column, kind in made]
        return pa.RecordBatch.from_arrays(arrays, names=[*self._types])
