"""The fault in the words of a command, in one line of our own: the option, the rule and the value."""

import re
from typing import Any, Final

from streammi.cli.toml_options import place_of
from streammi.config.did_you_mean import instead
from streammi.errors import ConfigError

USAGE_ERROR: Final = 2  # exit status

_KINDS = {"int": "a whole number", "float": "a number"}


def usage(error: Any) -> str:
    """The line for an error of the library that reads the words, which is typer's click or its copy of it."""
    parameter, context = getattr(error, "param", None), error.ctx
    if getattr(error, "option_name", None) and getattr(error, "possibilities", "") != "":
        return f"No such option: {error.option_name}{instead(error.option_name, _options(context))}"
    if parameter is not None and type(error).__name__ == "MissingParameter":
        what = (getattr(parameter, "help", None) or "").split(". ")[0].rstrip(".")
        return str(ConfigError(_name_of(parameter), f"given ({what})" if what else "given"))
    found = None if parameter is None else _broken_rule(error)
    if found is None or parameter is None:
        return str(error.format_message())
    rule, value = found
    return str(ConfigError(place_of(parameter, context) or _name_of(parameter), rule, value))


def _name_of(parameter: Any) -> str:
    """An option by its longest name, an argument as the usage has it."""
    option = parameter.param_type_name == "option"
    return str(max(parameter.opts, key=len) if option else (parameter.metavar or parameter.name).upper())


def _options(context: Any) -> list[str]:
    names: list[str] = []
    for parameter in context.command.params if context is not None else ():
        names += [name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")]
    return [*names, "--help"]


def _broken_rule(error: Any) -> tuple[str, str] | None:
    """The rule that a value breaks, and the value; newer versions of typer check with pydantic."""
    invalid: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    if invalid:
        kind, value, limits = str(invalid[0]["type"]), str(invalid[0]["input"]), invalid[0].get("ctx", {})
        if "ge" in limits:
            return f"at least {limits['ge']:g}", value
        return next(((words, value) for name, words in _KINDS.items() if kind.startswith(name)), None)
    said = str(error.message)
    if found := re.match(r"'(.*)' is not a valid (int|float)", said, re.DOTALL):
        return _KINDS[found[2]], found[1]
    if found := re.match(r"(\S+) is not in the range x>=(\S+?)\.?$", said):
        return f"at least {float(found[2]):g}", found[1]
    return None
