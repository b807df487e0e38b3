"""``streammi help``: the pages of the documentation, and what a command takes."""

import sys
from typing import Annotated

import typer


def _pages_named(incomplete: str) -> list[str]:
    from streammi.cli.doc_pages import pages

    return [name for name in pages() if name.startswith(incomplete)]


def help_(
    context: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="PAGE", autocompletion=_pages_named, help="A page, or a command.")
    ] = None,
) -> None:
    """Print a page of the documentation. Without PAGE, the list of pages; for a command, its --help.

    \b
    Examples:
      streammi help
      streammi help first-signals
      streammi help fields | grep spearman
      streammi help monitor
    """
    from streammi.cli.doc_pages import contents, of_form, page_of, pages, show

    assert context.parent is not None
    commands = context.parent.command.commands  # type: ignore[attr-defined]
    found = pages()
    if topic is None:
        print(contents(found), end="")
    elif topic in commands:
        command = commands[topic]
        print(command.get_help(command.context_class(command, info_name=topic, parent=context.parent)))
    elif len(of_this := of_form(topic, found)) > 1:
        print(contents(of_this), end="")
    else:
        show(page_of(next(iter(of_this), topic), found, list(commands)).text, sys.stdout)
