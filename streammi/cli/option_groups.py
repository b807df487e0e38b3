"""Options in groups: a dataclass whose fields are options, to and from the words of a command line."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, Final, get_args, get_type_hints

import typer

from streammi.cli.toml_options import in_its_place
from streammi.errors import ConfigError

CONTEXT: Final = "context"  # the parameter, where a command has none of its own


def arguments(options: Any) -> list[str]:
    """The command-line words that give these options; those at their defaults are left out."""
    words: list[str] = []
    hints = get_type_hints(type(options), include_extras=True)
    for field in fields(options):
        value = getattr(options, field.name)
        if value == field.default:
            continue
        # In an Annotated, typer keeps the first of Option's words, the flag, as its default.
        flag = str(get_args(hints[field.name])[1].default).partition("/")[0]
        # One word, so that a value that begins with a dash, as in --lags=-50:50, is not read as an option.
        if isinstance(value, list):
            words += [f"{flag}={one}" for one in value]
        else:
            words.append(flag if value is True else f"{flag}={value}")
    return words


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take option groups: a parameter of such a class becomes the class' fields as options.

    In the help they are in the class' ``panel``, but for those that name another.
    What is wrong with an option that a file gives is said by the file and the key.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}

    own = next((name for name, hint in hints.items() if hint is typer.Context), None)  # typer gives it to one parameter

    @wraps(command)
    def expanded(**given: Any) -> None:
        context = given.pop(CONTEXT) if own is None else given[own]
        try:
            made = {
                name: group(**{field.name: given.pop(field.name) for field in fields(group)})
                for name, group in groups.items()
            }
            command(**given, **made)
        except ConfigError as error:
            raise in_its_place(error, context) from error.__cause__

    parameters: list[inspect.Parameter] = []
    if own is None:
        parameters.append(inspect.Parameter(CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            parameters += _parameters(groups[parameter.name])
        else:
            parameters.append(parameter.replace(annotation=hints[parameter.name], kind=parameter.KEYWORD_ONLY))
    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {p.name: p.annotation for p in parameters}
    del expanded.__wrapped__  # typer would look through it
    return expanded


def _parameters(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        option = get_args(hints[field.name])[1]
        option.rich_help_panel = option.rich_help_panel or group.panel
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
