"""The table of formats at the end of a command's help."""

from typing import Any

from streammi.cli.help_panels import PanelCommand


class WithFormats(PanelCommand):
    """A command whose help ends with the formats; they are imported for that only, with numpy."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what --format takes, what a message of it consists of, and what --x and --y are then."""
        from streammi.ingest.formats.registry import FORMATS

        super().format_epilog(ctx, formatter)
        with formatter.section("Formats, recognised by --format auto but for struct"):
            formatter.write_dl([(row.name, f"{row.frames}; paths: {row.paths}") for row in FORMATS.values()])
