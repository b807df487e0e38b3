"""A file: how it is written, where that is not as found out."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from streammi.cli.help_panels import FEED, FILE
from streammi.cli.options.refusals import check_unused

if TYPE_CHECKING:
    from streammi.ingest.files.file_options import FileOptions

RecordedOrRunning = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help="As for replay; or the address of a running monitor, such as tcp://127.0.0.1:5557.",
    ),
]
RecordedFile = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help="What --record wrote; CSV, JSON Lines or Parquet; - for standard input. Omit if --x and --y name files.",
    ),
]
ColumnOfX = Annotated[
    str | None, typer.Option("--x", metavar="COL", rich_help_panel=FEED, help="Column of x, or FILE:COL; a path.")
]
ColumnOfY = Annotated[
    str | None, typer.Option("--y", metavar="COL", rich_help_panel=FEED, help="Column of y, likewise.")
]
TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--t",
        "--time",
        metavar="COL",
        rich_help_panel=FEED,
        help="Column of the time, or DATE,TIME; found automatically if not given.",
    ),
]


@dataclass(frozen=True)
class FileReadOptions:
    """How a file is written, where that is not as found out."""

    panel: ClassVar = FILE

    missing: Annotated[
        str | None, typer.Option("--missing", metavar="VALUES", help="Values that mean missing, such as -9999,OFF.")
    ] = None
    decimal: Annotated[
        str, typer.Option("--decimal", metavar="MARK", help="Decimal mark of the file: . or a comma.")
    ] = "auto"
    time_format: Annotated[
        str | None,
        typer.Option("--time-format", metavar="FORM", help="Format of its times, such as %d.%m.%Y_%H:%M:%S."),
    ] = None
    time_unit: Annotated[
        str, typer.Option("--time-unit", metavar="UNIT", help="Unit of its numeric times: s, ms, min, excel, gps, ...")
    ] = "auto"
    skip_rows: Annotated[
        int | None,
        typer.Option("--skip-rows", metavar="N", min=0, help="How many lines to skip above the column names."),
    ] = None
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAMES", help="Names for its columns, separated by commas.")
    ] = None

    def reading(self) -> "FileOptions":
        """The options as the reader of files takes them; ConfigError for what cannot work."""
        from streammi.ingest.files.file_options import FileOptions

        names = tuple(name.strip() for name in self.columns.split(",")) if self.columns else ()
        given = FileOptions(self.missing, self.decimal, self.time_format, self.time_unit, self.skip_rows, names)
        given.check()
        return given

    def check_unused(self, where: str, but: tuple[str, ...] = ()) -> None:
        """ConfigError for one that is given where there is no such file, ``but`` for those that are heeded."""
        given = {name: None if value == "auto" else value for name, value in asdict(self).items() if name not in but}
        check_unused(where, **given)
