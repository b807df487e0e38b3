"""The names of devices' keys, as they stand in topics, and how labels are spelled."""

from collections.abc import Hashable
from hashlib import blake2b
from typing import Final

MOST_CHARACTERS: Final = 39  # of a key in a name: with a pair of 24 they are the 64 of a pair's name
_HASH_BYTES: Final = 10
_MARK: Final = "%~"  # no escape begins so


def key_name(key: str) -> str:
    """A key as part of a topic: at most 39 characters that print, without white space or ``/``, no two alike.

    What is none of these is written as %XX, byte by byte. A longer key ends in 80 bits of a hash of all of it. As a
    name ends in ``/`` and the pair, which are the same for all, none of them begins another.

    >>> key_name("rack 3/fan"), key_name("50%"), key_name("x" * 40)
    ('rack%203%2Ffan', '50%25', 'xxxxxxxxxxxxxxxxx%~5531057d6f4b07709a6d')
    """
    plain = key.isascii() and key.replace("-", "a").replace("_", "a").isalnum()
    name = key if plain else "".join(map(_escaped, key))
    if len(name) <= MOST_CHARACTERS:
        return name
    end = _MARK + blake2b(key.encode(), digest_size=_HASH_BYTES).hexdigest()
    return name[: MOST_CHARACTERS - len(end)] + end


def _escaped(c: str) -> str:
    if c.isprintable() and not c.isspace() and c not in "/%":
        return c
    return "".join(f"%{byte:02X}" for byte in c.encode())


def spelled(label: Hashable) -> str:
    """A label or a device's number as a text; true and false as those who send them write them, not as Python does.

    >>> spelled(True), spelled(7), spelled(7.5), spelled("True")
    ('true', '7', '7.5', 'True')
    """
    return str(label).lower() if isinstance(label, bool) else str(label)
