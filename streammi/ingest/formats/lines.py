"""Text in lines."""

import re
from typing import Final

_LINE_END: Final = re.compile(r"[\r\n]+")


def lines(text: str) -> list[str]:
    """The lines of a text, without empty ones and comments.

    >>> lines("a\\r\\n# b\\n\\nc")
    ['a', 'c']
    """
    # Not splitlines(), which also ends a line at U+0085 and U+2028: a label or a text field may hold these.
    return [line for line in _LINE_END.split(text) if line.strip() and not line.startswith("#")]
