"""The keys: who may read what is sent, and who is believed."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from streammi.cli.help_panels import LIMITS
from streammi.network.security import Keys, read_keys

ServerKey = Annotated[
    str | None, typer.Option("--curve-server-key", metavar="KEY", help="The peer's public key: a file, or the key.")
]
SecretKey = Annotated[
    str | None, typer.Option("--curve-secret", metavar="FILE", help="Our own secret key (streammi keygen).")
]
AuthorizedKeys = Annotated[
    str | None,
    typer.Option("--authorized-keys", metavar="DIR", help="Admit only clients whose public keys are in DIR."),
]


@dataclass(frozen=True)
class ConnectKeyOptions:
    """Keys of a program that connects."""

    panel: ClassVar = LIMITS

    curve_server_key: ServerKey = None
    curve_secret: SecretKey = None

    def keys(self) -> Keys:
        """The keys; ConfigError where they do not make sense."""
        return read_keys(self.curve_secret, server=self.curve_server_key)

    def given(self) -> dict[str, str]:
        """Those that were given, by the options' names."""
        named = {"curve-server-key": self.curve_server_key, "curve-secret": self.curve_secret}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class BindKeyOptions:
    """Keys of a program that others connect to."""

    panel: ClassVar = LIMITS

    curve_secret: SecretKey = None
    authorized_keys: AuthorizedKeys = None

    def keys(self) -> Keys:
        """The keys; ConfigError where they do not make sense."""
        return read_keys(self.curve_secret, authorized=self.authorized_keys)


@dataclass(frozen=True)
class KeyOptions:
    """Keys of a program that connects to a feed, and that others connect to."""

    panel: ClassVar = LIMITS

    curve_server_key: ServerKey = None
    curve_secret: SecretKey = None
    authorized_keys: AuthorizedKeys = None

    def keys(self, publish: str | None) -> Keys:
        """The keys of a program that publishes on ``publish``; ConfigError where they do not make sense."""
        return read_keys(
            self.curve_secret,
            server=self.curve_server_key,
            authorized=self.authorized_keys,
            serves=publish is not None,
        )
