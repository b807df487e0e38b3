"""The values that options of the scripts take; nonsense is refused in words, before anything runs."""

import argparse
import math
from collections.abc import Callable, Collection
from pathlib import Path


def at_least(least: int) -> Callable[[str], int]:
    """Reads a whole number >= ``least``."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number >= {least}, got {text!r}")
        return int(text)

    return read


def positive(text: str) -> float:
    """Reads a number > 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number > 0, got {text!r}")
    return value


def some_of(names: Collection[str]) -> Callable[[str], list[str]]:
    """Reads names with commas between them."""

    def read(text: str) -> list[str]:
        wrong = [name for name in text.split(",") if name not in names]
        if wrong:
            raise argparse.ArgumentTypeError(f"must be of {', '.join(names)}, got {wrong[0]!r}")
        return text.split(",")

    return read


def folder(text: str) -> Path:
    """Reads the path of a folder that is there."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"must be a folder that is there, got {text!r}")
    return Path(text)


def new_file(text: str) -> Path:
    """Reads the path of a file that can be written."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"must be a file in a folder that is there, got {text!r}")
    return path


def sections_parser(doc: str | None, sections: Collection[str], quick: str) -> argparse.ArgumentParser:
    """The options of a script that has sections: ``--quick``, and ``--only`` some of them."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument(
        "--only", type=some_of(sections), default=list(sections), help="sections: " + ", ".join(sections)
    )
    return parser
