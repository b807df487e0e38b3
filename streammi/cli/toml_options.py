"""A command's options in a TOML file: what it gives stands where the command line gives nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer

from streammi.cli.help_panels import RUN
from streammi.cli.options.channels import in_one
from streammi.config.did_you_mean import instead
from streammi.errors import ConfigError

# What reads the file is imported there: --help answers without it.

PLACES: Final = "streammi.places"  # where in its file each option is given, in a context's ``meta``
# Tables that a file may be parted by, and what keys may be called in them: they are for the reader's order alone.
TABLES: Final[dict[str, dict[str, str]]] = {
    "source": {},
    "channels": {"names": "channels"},
    "pair": {},
    "window": {"size": "window"},
    "computed": {},
    "output": {},
    "run": {},
    "limits": {},
}
LISTED: Final = "GLOBS"  # the metavar of an option whose text is a list with commas
_HEADER: Final = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")
_KEY: Final = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_.-]+))\s*=""")


class Entry(NamedTuple):
    """A key of a file, in a table or in none, and its value."""

    table: str
    key: str
    value: Any


def read_options(context: typer.Context, path: str | None) -> str | None:
    """Take the options of ``context``'s command from the file at ``path``; ConfigError names what cannot be taken.

    A key is an option's name without its dashes, or ``endpoint``, by itself or in one of TABLES; a value a string, a
    number, a list of them where an option may be given more than once or is one of names, or, of a flag, a truth.
    """
    if path is None or context.resilient_parsing:
        return path
    parameters = {_key(one): one for one in context.command.params if one.name not in ("config", "help")}
    given, places = dict[str, Any](), dict[str, str]()
    text, tree = _table(path)
    lines = dict(_lines(text))
    for table, key, value in _entries(tree, parameters):
        place = _place(path, lines.get((table, key)), key)
        if isinstance(value, dict):
            tables = {*TABLES, *parameters}
            raise ConfigError(
                place, f"an option of {context.info_name}, or a table of some{instead(key, tables)}", value
            )
        option = TABLES.get(table, {}).get(key, key)
        if option not in parameters:
            names = {*parameters, *TABLES.get(table, {})}
            raise ConfigError(place, f"an option of {context.info_name}{instead(key, names)}", value)
        parameter = parameters[option]
        if parameter.name in given:
            raise ConfigError(place, f"given once: {places[parameter.name]} gives it too", value)
        given[str(parameter.name)] = _of_option(place, value, parameter)
        places[str(parameter.name)] = place
    context.default_map = given
    context.meta[PLACES] = places
    if given.get("log") == "json":  # what is wrong with the rest is said so, too
        context.obj.form = "json"
    return path


ConfigFile = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        rich_help_panel=RUN,
        is_eager=True,
        callback=read_options,
        help="Options from a TOML file, as window = '10s' (streammi init makes one); options given here override it.",
    ),
]


def place_of(parameter: Any, context: Any) -> str | None:
    """Where in its file an option is given; None for one that is not given in a file, or also on the command line."""
    if "DEFAULT_MAP" not in str(context.get_parameter_source(parameter.name)):
        return None
    return str(context.meta[PLACES][parameter.name])


def in_its_place(error: ConfigError, context: Any) -> ConfigError:
    """The error, with the file, line and key where the option that it names is given there."""
    for parameter in context.command.params:
        if error.name in (*parameter.opts, parameter.metavar) and (place := place_of(parameter, context)):
            return ConfigError(place, error.rule, error.value)
    return error


def _key(parameter: Any) -> str:
    """The name of a parameter in a file: an option's long name, an argument's own."""
    return str(max(parameter.opts, key=len).removeprefix("--"))


def _place(path: str, line: int | None, key: str) -> str:
    return f"{path}: {key}" if line is None else f"{path}, line {line}: {key}"


def _entries(tree: dict[str, Any], parameters: dict[str, Any]) -> Iterator[Entry]:
    """The keys of a file, those of its tables too."""
    for key, value in tree.items():
        if isinstance(value, dict) and key in TABLES:
            for inner, one in value.items():
                yield Entry(key, inner, one)
        else:
            yield Entry("", key, value)


def _lines(text: str) -> Iterator[tuple[tuple[str, str], int]]:
    """The line, from 1, on which each key of each table stands: TOML's reader does not say."""
    table, inside = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            if header := _HEADER.fullmatch(line):
                table = header[1].strip().strip("\"'")
                yield ("", table), number
            elif key := _KEY.match(line):
                yield (table, key[1] or key[2] or key[3]), number
        for quotes in ('"""', "'''"):
            if inside in ("", quotes) and line.count(quotes) % 2:
                inside = "" if inside else quotes


def _table(path: str) -> tuple[str, dict[str, Any]]:
    """A file's text, and what it says."""
    import tomllib

    try:
        text = Path(path).read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise ConfigError("--config", f"a file that can be read ({error.strerror})", path) from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigError("--config", f"a file in TOML ({error})", path) from error


def _of_option(name: str, value: Any, parameter: Any) -> str | bool | list[str | bool]:
    """A value as the command line has it, or a list of them for an option that may be given more than once."""
    flag = getattr(parameter, "is_flag", False)
    if parameter.metavar == LISTED and isinstance(value, list):
        for one in value:
            if not isinstance(one, str):
                raise ConfigError(name, "a list of names or globs, each a string", one)
        return in_one(value)
    if not getattr(parameter, "multiple", False):
        return _word(name, value, flag=flag)
    return [_word(name, one, flag=flag) for one in (value if isinstance(value, list) else [value])]


def _word(name: str, value: Any, *, flag: bool) -> str | bool:
    """A value as the command line has it: checked there, like any other."""
    if flag:
        if not isinstance(value, bool):
            raise ConfigError(name, "true or false", value)
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigError(name, "a string or a number", value)
    return str(value)
