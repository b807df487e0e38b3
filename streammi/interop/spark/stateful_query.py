"""Windows: the shards of a streaming query, for ``transformWithStateInPandas``."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pyspark.sql.streaming.stateful_processor import StatefulProcessor, StatefulProcessorHandle

from streammi.interop.spark import output_columns
from streammi.interop.spark.key_states import Shard
from streammi.interop.spark.plan import Plan
from streammi.interop.spark.workers import SparkLog, cache


class Windows(StatefulProcessor):
    """Takes blocks of the samples of a shard, and gives the readings that they bring."""

    def __init__(self, plan: Plan, names: list[str]) -> None:
        self._plan, self._names = plan, names

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Name the states."""
        self._head = handle.getValueState("head", "data binary")
        self._records = handle.getMapState("records", "number bigint", "data binary")

    def handleInputRows(self, key: Any, rows: Iterator[pd.DataFrame], timerValues: Any) -> Iterator[pd.DataFrame]:
        """Take in the blocks of a shard."""
        shard = Shard(self._plan, SparkLog(self._head, self._records), cache)
        data = (block for frame in rows for block in frame["data"])
        outputs = [(key, output) for key, some in shard.feed(data) for output in some]
        if outputs:
            made = zip(self._names, output_columns.columns(outputs, events=self._plan.events), strict=True)
            yield pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in made})

    def close(self) -> None:
        """Nothing is open."""
