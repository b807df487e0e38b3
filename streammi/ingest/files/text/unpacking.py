"""Files that are packed with gzip, bzip2, xz or zstd, and archives of one file: unpacked as they are read."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from typing import IO, Any, Final

import pyarrow as pa

BROKEN: Final = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)  # as these are refused
_LEFT_BEHIND: Final = re.compile(r"(?:^|/)(?:\.|__MACOSX/|Thumbs\.db$|desktop\.ini$)")  # by those who look into folders


def unpacked(file: io.BufferedReader, *, is_pipe: bool) -> tuple[Any, str]:
    """The stream of what is packed in a file, and with what; the file itself, and empty, where it is not packed."""
    start = file.peek(6)[:6]  # by content: a name may lie
    if start[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file), "gzip"
    if start[:3] == b"BZh":
        return bz2.BZ2File(file), "bzip2"
    if start == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(file), "xz"
    if start[:4] == b"\x28\xb5\x2f\xfd":
        return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"), "zstd"
    if start[:4] == b"PK\x03\x04" and not is_pipe and (packed := only_one_in(file)) is not None:
        return packed, "zip"
    return file, ""


def only_one_in(file: io.BufferedReader) -> IO[bytes] | None:
    """The one file in a zip archive; None where there are more, or none that can be read."""
    try:
        archive = zipfile.ZipFile(file)  # reads from the file as it comes, which the Source closes
        names = [name for name in archive.namelist() if not name.endswith("/") and not _LEFT_BEHIND.search(name)]
        if len(names) == 1 and not names[0].startswith(("xl/", "content.xml")) and not names[0].endswith(".npy"):
            return archive.open(names[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):  # broken, with a password, packed in a rare way
        pass
    file.seek(0)
    return None
