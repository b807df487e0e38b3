"""``streammi keygen``: a pair of keys."""

from typing import Annotated

import typer


def keygen(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder for the two files, which are named like it.")],
) -> None:
    """Make a pair of CURVE keys. With keys, only those whom you choose can read a feed or a monitor.

    \b
    Each side has a pair. Whoever connects gives:
      --curve-secret, and as --curve-server-key the NAME.key of the other side.
    Whoever is connected to gives:
      --curve-secret, and as --authorized-keys a folder with the NAME.key of all.

    \b
    Examples:
      streammi keygen plant
      streammi keygen alice
      mkdir -m 700 in; cp alice/alice.key in/
      streammi monitor ipc:///bus --publish 'tcp://*:5557' \\
          --curve-secret plant/plant.key_secret --authorized-keys in
      streammi view tcp://plant:5557 --curve-secret alice/alice.key_secret \\
          --curve-server-key plant/plant.key
    """
    from pathlib import Path

    from streammi.network.security import write_keys

    public, secret = write_keys(Path(folder))
    print(f"{secret}  stays here, readable by you alone: --curve-secret {secret}")
    print(f"{public}  goes to those you connect to, for their --authorized-keys folder,")
    print(f"{'':{len(str(public))}}  and to those who connect to you, as their --curve-server-key")
