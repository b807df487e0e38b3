"""The errors: what can go wrong, and whose fault it is.

``ConfigError`` is ours to refuse before anything runs; ``FeedError`` is a peer's bad input: it is counted by reason
and never stops a feed.
"""

import os
import sys
from typing import Final, Literal, TypeAlias

Reason: TypeAlias = Literal[
    "empty",
    "not JSON",
    "not msgpack",
    "not CBOR",
    "not text",
    "not Influx lines",
    "no such path",
    "not a number",
    "another unit",
    "lengths differ",
    "too large",
    "too deep",
    "too many frames",
    "wrong frames",
    "odd length",
    "bad header",
    "other format",
    "not recognised",
    "not a time",
    "too few fields",
    "too many fields",
    "header again",
    "of other columns",
    "with NUL bytes",
]


LONGEST: Final = 300  # characters of a value in a message
NOT_GIVEN: Final = object()


class StreammiError(Exception):
    """The root of every error that streammi raises on purpose.

    >>> issubclass(ConfigError, StreammiError) and issubclass(FeedError, StreammiError)
    True
    """


class ConfigError(StreammiError, ValueError):
    """A setting that cannot work; names it, the rule it breaks and the value it had, if it had one.

    >>> raise ConfigError("window", ">= 2 pairs", 1)
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: window must be >= 2 pairs, got 1
    """

    def __init__(self, name: str, rule: str, value: object = NOT_GIVEN) -> None:
        got = "" if value is NOT_GIVEN else f", got {_shown(value)}"
        super().__init__(f"{name} must be {rule}{got}")
        self.name, self.rule, self.value = name, rule, value

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[object, ...]]:
        value = () if self.value is NOT_GIVEN else (self.value,)
        return type(self), (self.name, self.rule, *value)


def _shown(value: object) -> str:
    """A value in one line, however large: where a number should be, somebody may give a long array."""
    shown = repr(value)
    if "\n" in shown:
        shown = " ".join(shown.split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."


class MissingExtra(StreammiError):
    """An option that needs a library which is not installed; names the extra that brings it.

    >>> print(MissingExtra("--metrics", "prometheus-client", "metrics"))  # doctest: +ELLIPSIS
    --metrics needs prometheus-client, which is not installed: ...pip install ...'streammi[metrics]'
    """

    def __init__(self, option: str, library: str, extra: str) -> None:
        super().__init__(f"{option} needs {library}, which is not installed: {_installer()} 'streammi[{extra}]'")


def _installer() -> str:
    """The command that installs into this program's environment, also where that is not the shell's own."""
    if sys.prefix == sys.base_prefix or os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return "pip install"
    if os.path.exists(pip := os.path.join(sys.prefix, "bin", "pip")):
        return f"{pip} install"
    return f"uv pip install --python {sys.prefix}/bin/python"  # uv makes environments without pip


class FeedError(StreammiError):
    """A message that yields no pair: ``reason`` is the counter's name, ``detail`` what the log says.

    ``path`` is that of the signal which it lacks, where that is why.

    >>> print(FeedError("no such path", "'powr': did you mean power?"))
    no such path: 'powr': did you mean power?
    """

    def __init__(self, reason: Reason, detail: str = "", path: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail, self.path = reason, detail, path
