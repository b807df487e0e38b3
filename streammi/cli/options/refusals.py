"""Options that do not go together, and words that are none of the choices."""

import typer

from streammi.config.did_you_mean import one_of
from streammi.errors import ConfigError


def check_unused(where: str, **given: object) -> None:
    """ConfigError for an option that is given though nothing heeds it; ``None`` and ``False`` are not given.

    >>> check_unused("without --state", state_every="10s")
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: --state-every must be left out without --state, got '10s'
    """
    for name, value in given.items():
        if value is not None and value is not False:
            got = () if value is True else (value,)
            raise ConfigError("--" + name.replace("_", "-"), f"left out {where}", *got)


def given_names(context: typer.Context) -> set[str]:
    """The names of the options and arguments that were given, on the command line or by a file."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name != "DEFAULT"}


def check_choice(option: str, value: str, choices: tuple[str, ...]) -> str:
    """The value; ConfigError when it is none of the choices."""
    if value not in choices:
        raise ConfigError(option, one_of(value, choices), value)
    return value
