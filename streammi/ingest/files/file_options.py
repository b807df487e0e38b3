"""A person's word on how a file is written."""

from typing import Final, NamedTuple

from streammi.errors import ConfigError
from streammi.ingest.time_units import time_unit


class FileOptions(NamedTuple):
    """A person's word on how a file is written; the rest is found out."""

    missing: str | None = None  # values that stand for none, with commas between
    decimal: str = "auto"
    time_format: str | None = None  # as strptime has it
    time_unit: str = "auto"
    skip_rows: int | None = None
    columns: tuple[str, ...] = ()

    def as_given(self) -> dict[str, str]:
        """Those that were given, as text."""
        given = {name: value for name, value in self._asdict().items() if value != PLAIN._asdict()[name]}
        return {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in given.items()}

    def check(self) -> None:
        """``ConfigError`` for what cannot work."""
        if self.decimal not in ("auto", ".", ","):
            raise ConfigError("--decimal", "a point or a comma", self.decimal)
        time_unit(self.time_unit)
        if self.time_format is not None and self.time_unit != "auto":
            raise ConfigError("--time-unit", "left out with --time-format, which is for text", self.time_unit)


PLAIN: Final = FileOptions()
