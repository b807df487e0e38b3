"""The kind of a FILE: a logger's, or a recording of a pair, of many channels or of many keys."""

from typing import Literal, TypeAlias

from streammi.recording.reader import Recording, is_recording

Kind: TypeAlias = Literal["file", "channels of a file", "pair", "channels", "keys"]  # the last three: of a recording


def kind_of(file: str | None, x: str | None, y: str | None, channels: str | None) -> Kind:
    """The kind of ``file``, None for two of them, by what is asked for and by what was recorded.

    With both ``x`` and ``y`` a recording of many channels or keys is one of a pair.
    """
    if file is None or not is_recording(file):
        return "file" if channels is None else "channels of a file"
    recorded, of_pair = Recording(file).begin.settings, x is not None and y is not None
    if channels is not None or (recorded.channels and not of_pair):
        return "channels"
    return "keys" if recorded.keys and not of_pair else "pair"
