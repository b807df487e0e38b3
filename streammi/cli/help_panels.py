"""The help of a command with many options, in panels: plain text, for every terminal and without what draws."""

from typing import Any, Final

from typer.core import TyperCommand

FEED: Final = "Feed"
FILE: Final = "How a file is written"
TWO: Final = "Two sources"
MANY: Final = "Many channels"
WINDOW: Final = "Window and bins"
COMPUTED: Final = "What is computed"
SAID: Final = "What is said"
RUN: Final = "Run, state and recording"
LIMITS: Final = "Keys and limits"
SCREEN: Final = "Screen"
BROWSER: Final = "Browser"
OTHER: Final = "Options"
ORDER: Final = (FEED, FILE, TWO, MANY, WINDOW, COMPUTED, SAID, SCREEN, BROWSER, RUN, LIMITS, OTHER)


class PanelCommand(TyperCommand):
    """A command whose help has its options by what they are about, in one order for all commands."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and then the options a panel each."""
        panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{name: [] for name in ORDER}}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                option = parameter.param_type_name == "option"
                panels[(getattr(parameter, "rich_help_panel", None) or OTHER) if option else "Arguments"].append(record)
        for name, records in panels.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)
