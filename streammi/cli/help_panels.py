"""The help of a command with many options, in panels: plain text, for every terminal and without what draws."""

from collections.abc import Collection
from typing import Any, ClassVar, Final

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
    """A command whose help has its options by what they are about, in one order for all commands.

    An option that several commands share may have another default in one of them, or no use at all.
    """

    defaults: ClassVar[dict[str, str]] = {}
    unused: ClassVar[Collection[str]] = ()

    def __init__(self, *words: Any, **settings: Any) -> None:
        super().__init__(*words, **settings)
        parameter: Any
        for parameter in self.params:
            if parameter.name in self.defaults:  # not as click's show_default, which puts words in brackets in brackets
                parameter.help += f"  [default: {self.defaults[parameter.name]}]"
                parameter.show_default = False
            if parameter.name in self.unused:
                parameter.hidden = True  # who gives it is told why it is refused

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


def help_with(*, unused: Collection[str] = (), **defaults: str) -> type[PanelCommand]:
    """A command whose help leaves out what it has no use for, and names its own defaults."""
    return type("Command", (PanelCommand,), {"unused": unused, "defaults": defaults})
