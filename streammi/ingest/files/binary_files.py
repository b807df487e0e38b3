"""Files that are no text: known by how they begin, and what would do instead; and archives of one file."""

import io
import zipfile
from contextlib import suppress
from typing import IO, Final

REFUSED: Final = (  # magic, what it is, and what would do
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\x89HDF\r\n", "an HDF5 file (.h5, .nc, .mat)", "write its columns as Parquet or CSV"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", "writetable(T, 'data.csv')"),
    (b"TDSm", "a LabVIEW TDMS file", "export it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", "save it as CSV"),
    (b"\x93NUMPY", "a numpy array", "numpy.savetxt(file, array, delimiter=',')"),
    (b"SQLite format 3", "an SQLite database", "sqlite3 -csv -header FILE 'select ...'"),
    (b"MDF     ", "a measurement file (MDF)", "export it as CSV or Parquet"),
    (b"UnFinMF ", "an unfinished measurement file (MDF)", "export it as CSV or Parquet"),
    (b"CDF\x01", "a netCDF file", "write its columns as Parquet or CSV"),
    (b"CDF\x02", "a netCDF file", "write its columns as Parquet or CSV"),
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
    (b"\x80\x04\x95", "a Python pickle, which is never read", "write its columns as Parquet or CSV"),
    (b"\x80\x05\x95", "a Python pickle, which is never read", "write its columns as Parquet or CSV"),
    (b"RDX", "data of R", "write.csv(data, 'data.csv')"),
    (b"RIFF", "a RIFF file (WAV, AVI)", "write its samples as CSV"),
    (b"\xd4\xc3\xb2\xa1", "a capture of packets", "export it as CSV"),
    (b"\x7fELF", "a program", "give a file of data"),
    (b"PAR1", "Parquet through a pipe, as it is read from its end", "give the name of the file"),
)  # fmt: skip


TAR: Final = b"ustar"  # so far behind the beginning of a tar archive:
TAR_AT: Final = 257


def refused(start: bytes, path: str) -> tuple[str, str] | None:
    """Name what begins so and is no text, and what would do instead; None for what may be one.

    >>> refused(b"UnFinMF 4.10", "")
    ('an unfinished measurement file (MDF)', 'export it as CSV or Parquet')
    """
    if start[TAR_AT : TAR_AT + len(TAR)] == TAR:
        return "a tar archive", "unpack it"
    found = next((one for one in REFUSED if start.startswith(one[0])), None)
    if found is None:
        return None
    magic, what, instead = found
    return zipped(path) if magic == b"PK\x03\x04" else (what, instead)


def only_one_in(file: io.BufferedReader) -> IO[bytes] | None:
    """The one file in a zip archive; None where there are more, or none that can be read."""
    try:
        archive = zipfile.ZipFile(file)  # reads from the file as it comes, which the Source closes
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        if len(names) == 1 and not names[0].startswith(("xl/", "content.xml")) and not names[0].endswith(".npy"):
            return archive.open(names[0])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):  # broken, with a password, packed in a rare way
        pass
    file.seek(0)
    return None


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
