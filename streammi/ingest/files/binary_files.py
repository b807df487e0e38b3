"""Files that are no text: known by how they begin, and what would do instead."""

import re
import zipfile
from contextlib import suppress
from typing import Final

from streammi.ingest.files.text.encodings import encoding_of
from streammi.ingest.formats.magic import named

REFUSED: Final = (  # magic, what it is, and what would do
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\x89HDF\r\n", "an HDF5 file (.h5, .nc, .mat)", "write its columns as Parquet or CSV"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", "writetable(T, 'data.csv')"),
    (b"MATLAB 7.3 MAT-file", "a MATLAB file", "writetable(T, 'data.csv')"),
    (b"TDSm", "a LabVIEW TDMS file", "export it as CSV"),
    (b"TDSh", "the index of a LabVIEW TDMS file", "export the .tdms beside it as CSV"),
    (b"LOGG\x90", "a log of a bus (BLF)", "export its signals as CSV"),
    (b"$FL2@(#)", "an SPSS file", "export it as CSV"),
    (b"HEADER RECORD*******", "a SAS transport file", "export it as CSV"),
    (bytes(12) + b"\xc2\xea\x81\x60", "a SAS file", "export it as CSV"),
    (b"<stata_dta>", "a Stata file", "export it as CSV"),
    (b"X\n\x00\x00\x00", "data of R (.rds)", "write.csv(data, 'data.csv')"),
    (b"\xffBIOSEMI", "a BioSemi file (BDF)", "export its signals as CSV"),
    (b"SIMPLE  =", "a FITS file", "export its table as CSV"),
    (b"GRIB\x00", "a GRIB file", "write its values as Parquet or CSV"),
    (b"root\x00", "a ROOT file", "write its columns as Parquet or CSV"),
    (b"version https://git-lfs", "the pointer of a file that Git LFS keeps elsewhere", "git lfs pull"),
    (b"\xff\xd8\xff", "a picture", "give the numbers as CSV"),
    (b"GIF8", "a picture", "give the numbers as CSV"),
    (b"fLaC\x00", "FLAC audio", "write its samples as CSV"),
    (b"OggS\x00", "an Ogg stream", "write its samples as CSV"),
    (b"\x0a\x0d\x0d\x0a", "a capture of packets", "export it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", "save it as CSV"),
    (b"\x93NUMPY", "a numpy array", "numpy.savetxt(file, array, delimiter=',')"),
    (b"SQLite format 3", "an SQLite database", "sqlite3 -csv -header FILE 'select ...'"),
    (b"MDF     ", "a measurement file (MDF)", "export it as CSV or Parquet"),
    (b"UnFinMF ", "an unfinished measurement file (MDF)", "export it as CSV or Parquet"),
    (b"CDF\x01", "a netCDF file", "write its columns as Parquet or CSV"),
    *((b"CDF" + version, "a netCDF file", "write its columns as Parquet or CSV") for version in (b"\x02", b"\x05")),
    (b"#ROSBAG", "a ROS bag", "export its topics as CSV"),
    (b"\x89MCAP", "an MCAP recording", "export its topics as CSV"),
    (b"ARROW1", "an Arrow file", "write it as Parquet"),
    (b"FEA1", "a Feather file", "write it as Parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet"),
    (b"ORC", "an ORC file", "write it as Parquet"),
    (b"%PDF", "a PDF", "export the table as CSV"),
    (b"\x89PNG", "a picture", "give the numbers as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"Rar!", "a rar archive", "unpack it"),
    (b"\x04\x22\x4d\x18", "packed with lz4", "unpack it"),
    (b"\x1f\x8b", "packed twice, the second time with gzip", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "packed twice, the second time with zstd", "unpack it"),
    (b"]\x00\x00", "packed with lzma", "unpack it (xz -d --format=lzma)"),
    (b"\xff\xff\xff\xff", "an Arrow stream", "write it as Parquet"),
    *(
        (bytes((0x80, protocol)), "a Python pickle, which is never read", "write its columns as Parquet or CSV")
        for protocol in (2, 3, 4, 5)
    ),
    *(
        (start, "a Python pickle, which is never read", "write its columns as Parquet or CSV")
        for start in (b"(dp0\n", b"(lp0\n", b"ccopy_reg\n", b"cnumpy", b"cpandas", b"}q\x00", b"]q\x00")
    ),
    (b"RDX", "data of R", "write.csv(data, 'data.csv')"),
    (b"RIFF", "a RIFF file (WAV, AVI)", "write its samples as CSV"),
    *((start, "a RIFF file (WAV)", "write its samples as CSV") for start in (b"RF64", b"riff.\x91\xcf\x11")),
    *((start, "audio", "write its samples as CSV") for start in (b"FORM\x00", b"ID3", b".snd\x00")),
    (b"ABF2", "a file of pCLAMP (ABF)", "export its signals as CSV"),
    *((b"FCS" + version, "a file of flow cytometry (FCS)", "export it as CSV") for version in (b"2.", b"3.")),
    (b"ULog\x01", "a log of a flight (ULog)", "ulog2csv FILE"),
    (b"\xa3\x95\x80\x80", "a log of a flight (ArduPilot)", "export its messages as CSV"),
    (b"XDF:", "a recording of Lab Streaming Layer (XDF)", "export its streams as CSV"),
    (b"Brain Vision", "the header of a BrainVision recording", "export its signals as CSV"),
    (b"{\\rtf", "a text with its fonts (RTF)", "save it as plain text or CSV"),
    (b"\x1f\x9d", "packed with compress", "unpack it"),
    (b"\x89LZO", "packed with lzop", "unpack it"),
    (b"\xff\x06\x00\x00sNaPpY", "packed with snappy", "unpack it"),
    (b"MSCF", "a cab archive", "unpack it"),
    *((start, "a picture", "give the numbers as CSV") for start in (b"BM\x00", b"II*\x00", b"MM\x00*")),
    (b"\xd4\xc3\xb2\xa1", "a capture of packets", "export it as CSV"),
    (b"\x7fELF", "a program", "give a file of data"),
    (b"PAR1", "Parquet through a pipe, as it is read from its end", "give the name of the file"),
)  # fmt: skip


# Bytes that stand for no letter in any code of letters; without those that some programs have between fields.
_NO_LETTERS: Final = frozenset((*range(2, 9), 0x0B, *range(0x0E, 0x1A), 0x7F))
_EDF: Final = b"0       "  # and a head without line ends
LOOKED_AT: Final = 4096  # bytes: binary data have
KINDS: Final = 4  # of these among them, at least,
SHARE: Final = 0.01  # and so many
BEHIND: Final = (  # so far behind the beginning, what it is, and what would do
    (257, b"ustar", "a tar archive", "unpack it"),
    (4, b"ftyp", "audio or video (MP4)", "write its samples as CSV"),
    (4, b"Standard ", "an Access database", "export its table as CSV"),
    (8, b".FIT", "an activity of Garmin (FIT)", "export it as CSV"),
)
TEXT: Final = 0.95  # the share of letters that text has, at least, where every other byte is a NUL
# Four numbers of 32 bits, the length of a name, and a name.
_MATLAB_4: Final = re.compile(rb"..\0\0.{3}\0.{3}\0[\x00\x01]\0{3}[^\0]\0{3}[A-Za-z]\w*\0", re.DOTALL)


def refused(start: bytes, path: str) -> tuple[str, str] | None:
    """Name what begins so and is no text, and what would do instead; None for what may be one.

    >>> refused(b"UnFinMF 4.10", "")
    ('an unfinished measurement file (MDF)', 'export it as CSV or Parquet')
    """
    for at, there, what, instead in BEHIND:
        if start.startswith(there, at):
            return what, instead
    if _MATLAB_4.match(start):
        return "a MATLAB file", "writetable(T, 'data.csv')"
    found = next((one for one in REFUSED if start.startswith(one[0])), None)
    if found is None:
        return _without_magic(start)
    magic, what, instead = found
    return zipped(path) if magic == b"PK\x03\x04" else (what, instead)


def _without_magic(start: bytes) -> tuple[str, str] | None:
    """Name what no text has: bytes of many kinds that stand for no letter, or the letters of another code."""
    start = start[:LOOKED_AT]
    if start.startswith(_EDF) and b"\n" not in start[:256]:
        return "a file of signals (EDF)", "export its signals as CSV"
    encoding = encoding_of(start)
    if encoding in ("utf-16", "utf-32") or (encoding.startswith("utf-16") and _is_text(start, encoding)):
        return None
    rest = start.replace(b"\0", b"")
    if len(rest) < len(start) and rest and not ({0x0A, 0x0D} & {*rest} and _is_text(rest, "latin-1")):
        return _binary(start)
    kinds = {byte for byte in start if byte in _NO_LETTERS}
    if len(kinds) >= KINDS and sum(start.count(kind) for kind in kinds) > SHARE * len(start):
        return _binary(start)
    digits = sum(start.count(digit) for digit in range(0xF0, 0xFA))
    if not {0x0A, 0x0D} & {*start} and digits > 0.2 * len(start):
        return "text in EBCDIC", "iconv -f EBCDIC-US -t UTF-8"
    return None


def _is_text(start: bytes, encoding: str) -> bool:
    """True if bytes are text in this encoding, and no numbers of so many bytes."""
    text = start.decode(encoding, "replace")
    letters = sum(letter.isprintable() or letter in "\r\n\t\ufeff\ufffd" for letter in text)
    return letters >= TEXT * len(text) and ("\n" in text or "\r" in text or len(start) < LOOKED_AT)


def _binary(start: bytes) -> tuple[str, str]:
    return named(start).partition(":")[0] or "binary data", "export it as CSV, JSON Lines or Parquet"


def zipped(path: str) -> tuple[str, str]:
    """Name what a zip archive is, as far as the names in it say, and what would do instead."""
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any(name.startswith("xl/") for name in names):
            return "an Excel file (.xlsx)", "save it as CSV"
        if "content.xml" in names:
            return "a LibreOffice file (.ods)", "save it as CSV"
        if any(name.endswith(".npy") for name in names):
            return "numpy arrays (.npz)", "numpy.savetxt(file, array, delimiter=',')"
        return f"a zip archive ({', '.join(names[:3])})", "unpack it"
    return "a zip archive", "unpack it"
