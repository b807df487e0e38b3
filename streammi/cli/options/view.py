"""The screen: what is shown, and how."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from streammi.cli.help_panels import SCREEN
from streammi.cli.options.refusals import check_choice, check_unused
from streammi.errors import ConfigError

Endpoints = Annotated[
    list[str], typer.Argument(metavar="ENDPOINT", help="What monitors publish on, such as tcp://127.0.0.1:5557.")
]


@dataclass(frozen=True)
class ViewOptions:
    """How it is shown."""

    panel: ClassVar = SCREEN

    output: Annotated[
        str, typer.Option("--output", metavar="FORM", help="auto, tui, jsonl, plain, influx, or once: one reading.")
    ] = "auto"
    glyphs: Annotated[str, typer.Option("--glyphs", metavar="NAME", help="auto, braille, block or ascii.")] = "auto"
    palette: Annotated[str, typer.Option("--palette", metavar="NAME", help="cividis, viridis or greyscale.")] = (
        "cividis"
    )
    background: Annotated[
        str, typer.Option("--background", metavar="NAME", help="auto asks the terminal; dark or light.")
    ] = "auto"
    max_fps: Annotated[float, typer.Option("--max-fps", metavar="HZ", help="Draw at most so many frames a second.")] = (
        10.0
    )
    readonly: Annotated[
        bool, typer.Option("--readonly/--no-readonly", show_default=False, help="Keys change nothing but the picture.")
    ] = False

    bell: Annotated[
        bool,
        typer.Option(
            "--bell/--no-bell",
            show_default=False,
            help="Ring for an alarm, and put it in the terminal's title.",
        ),
    ] = False

    def resolved_output(self, terminal: bool, somebody: bool) -> str:
        """The output, ``auto`` decided by whether there is a terminal that can be drawn on, or at least ``somebody``
        at one; ConfigError for a wrong choice.
        """
        check_choice("--output", self.output, ("auto", "tui", "jsonl", "plain", "influx", "once"))
        check_choice("--glyphs", self.glyphs, ("auto", "braille", "block", "ascii"))
        check_choice("--palette", self.palette, ("cividis", "viridis", "greyscale"))
        check_choice("--background", self.background, ("auto", "dark", "light"))
        if not 0.1 <= self.max_fps <= 60:
            raise ConfigError("--max-fps", "between 0.1 and 60", self.max_fps)
        output = self._output(terminal, somebody)
        if output != "tui":
            check_unused("where nothing is drawn", bell=self.bell)
        return output

    def _output(self, terminal: bool, somebody: bool) -> str:
        if self.output == "auto":
            return "tui" if terminal else "plain" if somebody else "jsonl"
        if self.output == "tui" and not terminal:
            where = "the terminal cannot place text (TERM)" if somebody else "standard output is no terminal"
            raise ConfigError("--output", f"jsonl or plain where {where}", "tui")
        return self.output
