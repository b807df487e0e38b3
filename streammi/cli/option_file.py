"""A command's options in a TOML file: what it gives stands where the command line gives nothing."""

from pathlib import Path
from typing import Annotated, Any

import typer

from streammi.cli.help_panels import RUN
from streammi.config.did_you_mean import instead
from streammi.errors import ConfigError

# What reads the file is imported there: --help answers without it.


def read_options(context: typer.Context, path: str | None) -> str | None:
    """Take the options of ``context``'s command from the file at ``path``; ConfigError names what cannot be taken.

    A key is an option's name without its dashes, or ``endpoint``; a value a string, a number, a list of them where an
    option may be given more than once, or, of a flag, a truth.
    """
    if path is None or context.resilient_parsing:
        return path
    parameters = {_key(one): one for one in context.command.params if one.name not in ("config", "help")}
    given = dict[str, Any]()
    for key, value in _table(path).items():
        if key not in parameters:
            raise ConfigError(f"{path}: {key}", f"an option of {context.info_name}{instead(key, parameters)}", value)
        parameter = parameters[key]
        given[str(parameter.name)] = _of_option(f"{path}: {key}", value, parameter)
    context.default_map = given
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
        help="Options from a TOML file, as window = '10s'; one that is given here counts instead.",
    ),
]


def place_of(parameter: Any, context: Any) -> str | None:
    """Where in its file an option is given; None for one that is not given in a file, or also on the command line."""
    if "DEFAULT_MAP" not in str(context.get_parameter_source(parameter.name)):
        return None
    return f"{context.params['config']}: {_key(parameter)}"


def in_its_place(error: ConfigError, context: Any) -> ConfigError:
    """The error, with the file and the key where the option that it names is given there."""
    for parameter in context.command.params:
        if error.name in (*parameter.opts, parameter.metavar) and (place := place_of(parameter, context)):
            return ConfigError(place, error.rule, error.value)
    return error


def _key(parameter: Any) -> str:
    """The name of a parameter in a file: an option's long name, an argument's own."""
    return str(max(parameter.opts, key=len).removeprefix("--"))


def _table(path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("--config", f"a file that can be read ({error.strerror})", path) from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigError("--config", f"a file in TOML ({error})", path) from error


def _of_option(name: str, value: Any, parameter: Any) -> str | bool | list[str | bool]:
    """A value as the command line has it, or a list of them for an option that may be given more than once."""
    flag = getattr(parameter, "is_flag", False)
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
