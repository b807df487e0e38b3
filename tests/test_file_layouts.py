"""What stands around and between the rows of loggers: each row right, or refused by name with its line."""

import io
import itertools
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from logger_files import MARCH, Read, lines, read_file, tarred

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.file_probe import probe_file
from streammi.ingest.files.pair_file import read_pairs


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return partial(read_file, tmp_path / "logger.csv")


def stamp(k: float) -> str:
    return f"{datetime.fromtimestamp(MARCH + k, UTC):%Y-%m-%d %H:%M:%S}"


def table(header: str = "time,x,y", n: int = 60, start: int = 0) -> str:
    """A table with these columns in any order: x is k % 17, y is k, any other is 900."""
    values = {"time": stamp, "x": lambda k: k % 17, "y": lambda k: k}
    return lines(
        ([values.get(name, lambda k: 900)(k) for name in header.split(",")] for k in range(start, start + n)), header
    )


def right(found: Read, n: int = 60) -> None:
    np.testing.assert_array_equal(found.y, np.arange(n))
    np.testing.assert_array_equal(found.x, np.arange(n) % 17)
    assert found.t is not None
    np.testing.assert_array_equal(found.t, MARCH + np.arange(n))


# the names come again


@pytest.mark.parametrize("other", ["time,y,x", "time,z,x,y", "y,x,time", "z,a,time,b,y,c,x", "time,x,y"])
@pytest.mark.parametrize("size", [60, 4000])
def test_a_logger_that_was_restarted_with_other_columns(read: Callable[..., Read], other: str, size: int) -> None:
    found = read(table(n=size) + table(other, size, size) + table(n=size, start=2 * size))
    right(found, 3 * size)
    assert found.note == f"2 rows skipped: 2 header again (first in line {size + 2})"


@pytest.mark.parametrize("other", ["time,x,z", "time,y,a,b"])
@pytest.mark.parametrize("size", [60, 4000])
def test_a_logger_that_was_restarted_without_a_column(read: Callable[..., Read], other: str, size: int) -> None:
    found = read(table(n=size) + table(other, size, size) + table(n=size, start=size))
    right(found, 2 * size)
    skipped = f"{size + 1} of other columns (first in line {size + 2}: {other})"
    assert found.note == f"{size + 2:,} rows skipped: {skipped}, 1 header again (first in line {2 * size + 3})"


def test_files_that_were_put_one_behind_the_other(read: Callable[..., Read]) -> None:
    """Each begins with a mark of the order of bytes: all behind the first was of other columns."""
    found = read(table() + "\ufeff" + table(start=60))
    right(found, 120)
    assert found.note == "1 row skipped: 1 header again (first in line 62)"


def test_another_table_below(read: Callable[..., Read]) -> None:
    for gap in ("\n", "\n\n", "\n[Statistics]\n\n"):
        found = read(table() + gap + "place,mean,error\nhall,900,1\nattic,901,2\n")
        right(found)
        assert "3 of other columns (first in line " in found.note


def test_labels_are_no_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("room,state\n" + "\nhall,on\n\nattic,off\nstate,on\n" * 20 + "state,room\non,hall\n")
    pairs = read_pairs(path, "room", "state", labels=True)
    found = Read(pairs)
    assert found.x.tolist() == ["hall", "attic", "state"] * 20 + ["hall"]
    assert found.y.tolist() == ["on", "off", "on"] * 20 + ["on"]
    assert found.note == "1 row skipped: 1 header again (first in line 102)"


# more fields than names


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x,y\n" + "1,5,2,25\n" * 50, "the rows of .* have 4 fields, as 1, 5, 2, 25, and the names 2"),
        (
            "time,x,y\n" + f"{stamp(0)},1,5,2,25\n" * 50,
            "the rows of .* have 5 fields, .* the names 3",
        ),
        (
            lines([[stamp(k), k % 17, k, f"{k * 7 % 256:02X}"] for k in range(60)], "time,x,y"),
            "the rows of .* have 4 fields, .* 3",
        ),
        (lines([[k + 5, k % 17, k, 3] for k in range(60)], "time,x,y"), "the rows of .* have 4 fields, .* 3"),
    ],
)
def test_rows_with_more_fields_than_names_are_not_guessed_at(read: Callable[..., Read], text: str, rows: str) -> None:
    with pytest.raises(ConfigError, match=f"--columns must be given: {rows}"):
        read(text)


def test_columns_give_the_names_that_are_missing(read: Callable[..., Read]) -> None:
    text = lines([[stamp(k), k % 17, k, f"{k * 7 % 256:02X}"] for k in range(60)], "time,x,y")
    right(read(text, columns=("time", "x", "y", "check"), skip_rows=1))
    right(read(table().replace("\n", ",7\n").replace("y,7", "y"), columns=("time", "x", "y", "check"), skip_rows=1))


@pytest.mark.parametrize("n", [200, 5000])
def test_a_comma_within_a_field_shifts_nothing(read: Callable[..., Read], n: int) -> None:
    odd = range(20, n, 99)
    rows = [[stamp(k), "5,7" if k in odd else "5", k % 17, k] for k in range(n)]
    found = read(lines(rows, "time,note,x,y"))
    kept = np.delete(np.arange(n), odd)
    np.testing.assert_array_equal(found.y, kept)
    np.testing.assert_array_equal(found.x, kept % 17)
    assert f"{len(odd)} too many fields (first in line 22: {stamp(20)},5,7,3,20)" in found.note


@pytest.mark.parametrize("note", ["'a, b'", '"he said \\"go, on\\" now"', '"ends in \\"it, so\\""', '"a\nb, c"'])
@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize("n", [60, 600])
def test_quotes_of_other_kinds(read: Callable[..., Read], note: str, every: int, n: int) -> None:
    rows = [[stamp(k), "it's" if k % every else note, k % 17, k] for k in range(n)]
    right(read(lines(rows, "time,note,x,y")), n)


def test_quotes_around_all_fields(read: Callable[..., Read]) -> None:
    for mark in "'\"":
        rows = [[f"{mark}{field}{mark}" for field in (stamp(k), k % 17, k)] for k in range(60)]
        right(read(lines(rows, f"{mark}time{mark},{mark}x{mark},{mark}y{mark}")))


def test_blanks_between_numbers_with_commas(read: Callable[..., Read]) -> None:
    """Without names, 1,234 5,678 may be three columns with commas between."""
    found = read("".join(f"{1000 + 17 * k:,} {5000 + 31 * k:,}\n" for k in range(60)), "0", "1")
    np.testing.assert_array_equal(found.x, 1000 + 17 * np.arange(60))
    np.testing.assert_array_equal(found.y, 5000 + 31 * np.arange(60))
    text = "".join(f"{k % 9 + 1},{100 + k} {200 + k},{300 + k}\n" for k in range(60))
    with pytest.raises(ConfigError, match=r"--columns must be given, .* 3 with commas or 2 with blanks between"):
        read(text, "0", "1")
    assert read(text, columns=("x", "y")).y[0] == 200_300
    assert read(text, columns=("x", "z", "y")).y[0] == 300


def test_texts_beside_times_are_parted_as_the_names_are(tmp_path: Path) -> None:
    """Without names that are asked for, there was a blank between all dates, and no header."""
    path = tmp_path / "a.csv"
    path.write_text(lines([[stamp(k), "red" if k % 3 else "blue", "on" if k % 2 else "off"] for k in range(60)]))
    report = probe_file(str(path), FileOptions(), None, itertools.repeat(True))
    assert [column.name for column in report.columns] == ["time", "x", "y"]
    assert report.command == f"streammi replay {path} --x x --y y --bins categories"


def test_fields_that_are_not_there_are_no_reason_to_lose_the_rest(read: Callable[..., Read]) -> None:
    """A name for which there is no field, in the header only; a delimiter there only, or in the rows only."""
    right(read(table().replace("x,y\n", "x,y,comment\n", 1)))
    right(read(table().replace("x,y\n", "x,y,\n", 1)))
    right(read(table().replace("\n", ",,,\n").replace("y,,,\n", "y\n", 1)))


# what is around it


def test_names_far_below(read: Callable[..., Read]) -> None:
    for n in (30, 70, 390, 450, 3000):
        for k, line in enumerate(("Key{}: value {}\n", "Key{},value {}\n", "Key{},value,{}\n", "{}\n"), n // 10):
            preamble = "".join(line.format(row, row) for row in range(n))
            right(read(preamble + (table() if k % 2 else table().replace(",", ";"))))


LABVIEW = (
    "LabVIEW Measurement\t\nWriter_Version\t2\nSeparator\tTab\nTime_Pref\tRelative\nDate\t2026/03/01\n"
    "***End_of_Header***\t\n\t\nChannels\t2\t\t\t\nSamples\t60\t60\t\t\nDate\t2026/03/01\t2026/03/01\t\t\n"
    "X0\t0.0000E+0\t0.0000E+0\t\t\nDelta_X\t0.5\t0.5\t\t\n***End_of_Header***\t\t\t\t\nX_Value\tx\ty\tComment\n"
)


@pytest.mark.parametrize(
    ("head", "row", "step"),
    [
        (LABVIEW, "{0}\t{1}\t{2}\t", 0.5),
        ("x-axis,x,y\nsecond,Volt,Volt\n", "{0:+.6E},{1:+.5E},{2:+.5E}", 0.5),
        ("Time,x,y\n(ms),(mV),(V)\n\n", "{3},{1},{2}", 0.5),
        ("Model,MSO44\nFirmware Version,2.0\n,\nProbe Attenuation,10,10\n,,\nLabel,,\nTIME,x,y\n", "{0},{1},{2}", 0.5),
        ("[Header]\nSerial=17\n[Data]\nuptime,x,y\n", "{0},{1},{2}", 0.5),
    ],
    ids=["labview", "keysight", "picoscope", "tektronix", "sections"],
)
def test_instruments(read: Callable[..., Read], head: str, row: str, step: float) -> None:
    text = head + "".join(row.format(k * step, k % 17, k, k * step * 1000) + "\n" for k in range(60))
    for data in (text, text.replace("\n", "\r\n")):
        found = read(data)
        np.testing.assert_array_equal(found.y, np.arange(60))
        np.testing.assert_array_equal(found.x, np.arange(60) % 17)
        assert found.t is not None
        np.testing.assert_allclose(found.t, step * np.arange(60), rtol=1e-12)
        assert found.note == ""


def test_columns_that_are_called_by_numbers(read: Callable[..., Read]) -> None:
    text = "x-axis,1,2\nsecond,Volt,Volt\n" + "".join(f"{k},{k % 17},{k}\n" for k in range(60))
    np.testing.assert_array_equal(read(text, "1", "2").y, np.arange(60))


@pytest.mark.parametrize(
    ("damage", "lost", "said"),
    [
        (lambda text: text.replace(",20\n", "\0,20\n", 1), {20}, "1 with NUL bytes (first in line 22: "),
        (
            lambda text: text.replace(f"{stamp(20)},3,20\n", "\0" * 512 + "\n", 1),
            {20},
            "1 with NUL bytes (first in line 22",
        ),
        (lambda text: text + "\0" * 4096, set(), "1 with NUL bytes (first in line 62"),
        (lambda text: text + "\x1a", set(), ""),
        (lambda text: text + "\r\n\x1a\x1a", set(), ""),
        (lambda text: text + "# end, 60 rows\n", set(), ""),
        (lambda text: text + "end, 60 rows\n", set(), "1 too few fields (first in line 62: end,60 rows)"),
        (lambda text: text + "Total,60,rows\n", set(), "1 not a number (first in line 62: y 'rows')"),
    ],
)
@pytest.mark.parametrize("n", [60, 6000])
def test_what_power_cuts_and_old_programs_leave(
    read: Callable[..., Read], damage: Callable[[str], str], lost: set[int], said: str, n: int
) -> None:
    found = read(damage(table(n=n)))
    kept = [k for k in range(n) if k not in lost]
    np.testing.assert_array_equal(found.y, kept)
    np.testing.assert_array_equal(found.x, np.array(kept) % 17)
    assert said.replace("line 62", f"line {n + 2}") in found.note


def test_a_table_that_is_alone_in_a_zip_archive(tmp_path: Path, read: Callable[..., Read]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/", "")
        archive.writestr("data/a.csv", table(n=6000))
        archive.writestr("__MACOSX/._a.csv", "junk")
    right(read(packed.getvalue()), 6000)
    with pytest.raises(ConfigError, match="a zip archive: unpack it"):
        read(packed.getvalue()[:-30])


def test_names_as_they_are_typed(read: Callable[..., Read]) -> None:
    """Composed or not, with a blank that is no blank, with a line end in quotes."""
    for name, typed in (
        ("Gera\u0308t", "Ger\u00e4t"),
        ("x\u00a0hall", "x hall"),
        ('"x\n[V]"', "x [V]"),
        ('"a ""b"""', 'a "b"'),
    ):
        right(read(table().replace("x", name, 1), typed))


@pytest.mark.parametrize("zero", "٠۰０०")
def test_digits_of_other_scripts(read: Callable[..., Read], zero: str) -> None:
    digits = {ord("0") + k: chr(ord(zero) + k) for k in range(10)}
    header, _, rows = table().partition("\n")
    right(read(f"{header}\n{rows.translate(digits)}"))
    point = "٫" if zero in "٠۰" else "."
    found = read("x,y\n" + "".join(f"{k / 8:.3f},{k}\n".translate(digits).replace(".", point) for k in range(60)))
    np.testing.assert_array_equal(found.x, np.arange(60) / 8)


@pytest.mark.parametrize(
    ("write", "value"),
    [
        (lambda k: f"0b{k:b}", lambda k: k),
        (lambda k: f'="{k}"', lambda k: k),
        (lambda k: f'"12,34,5{k:02d}.5"', lambda k: 1_234_500.5 + k),
        (lambda k: "YN"[k % 2], lambda k: 1 - k % 2),
        (lambda k: "TF"[k % 2], lambda k: 1 - k % 2),
        (lambda k: "∞" if k == 7 else k, lambda k: np.inf if k == 7 else k),
    ],
)
def test_numbers_in_rare_dress(
    read: Callable[..., Read], write: Callable[[int], object], value: Callable[[int], float]
) -> None:
    found = read(lines((write(k), k) for k in range(60)).replace("time,x,y", "x,y"))
    np.testing.assert_array_equal(found.x, [value(k) for k in range(60)])
    assert found.note == ""


def test_a_file_of_many_columns(tmp_path: Path) -> None:
    """Each row longer than what is looked at of other files; how it is written is told all the same."""
    path, n = tmp_path / "wide.csv", 20
    rows = np.random.default_rng(1).integers(0, 1000, (n, 9000))
    with path.open("w") as file:
        file.write("time;" + ";".join(f"c{k}" for k in range(9000)) + "\n")
        for k in range(n):
            file.write(stamp(k) + ";" + ";".join(f"{value},5" for value in rows[k].tolist()) + "\n")
    found = Read(read_pairs(path, "c17", "c8999", options=FileOptions()))
    np.testing.assert_array_equal(found.x, rows[:, 17] + 0.5)
    np.testing.assert_array_equal(found.y, rows[:, 8999] + 0.5)
    assert found.t is not None
    np.testing.assert_array_equal(found.t, MARCH + np.arange(n))


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(table(n=90_000))
    size = path.stat().st_size
    pairs = read_pairs(path, "x", "y", chunk=1 << 16)
    batches = iter(pairs)
    next(batches)
    with path.open("r+b") as file:
        file.truncate(1_500_000)
    assert sum(batch.x.size for batch in batches) < 80_000
    assert f"the file was cut while it was read: it had {size:,} bytes, and ended at 1,500,000" in pairs.note


def test_several_values_that_stand_for_none_are_hinted_at(read: Callable[..., Read]) -> None:
    faults = {0: -9999, 1: -8888, 2: -7777}
    for kinds in (1, 2, 3):
        rows = [(stamp(k), faults[k % 9] if k % 9 < kinds else 20 + k % 7, k) for k in range(90)]
        assert (
            read(lines(rows, "time,x,y")).hint == "x is -9999 again and again, far outside the rest: --missing=-9999?"
        )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2026-03-01T10:00:{k:02}Z x={k}.5 y=2", "x=1.5 y=2.5 in its lines"),
        ('level=info x={k} y=2 msg="a b"', "x=1.5 y=2.5 in its lines"),
        ("plant,host=a x={k},y=2 17723592{k:02}000000000", "Influx lines"),
        ('plant/a {{"x": {k}, "y": 2}}', "JSON behind words in its lines: grep -o '{.*}' FILE"),
        ("2026-03-01 10:00:{k:02},x,off\n2026-03-01 10:00:{k:02},y,red", "a signal a row (x is a field of line 1)"),
        ("<tr><td>{k}</td><td>x</td></tr>", "HTML or XML in it"),
    ],
)
def test_text_that_is_no_table_is_named(read: Callable[..., Read], line: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read("".join(line.format(k=k) + "\n" for k in range(60)))
    assert f"file must be a table with the columns x and y, and has {what}" in str(refused.value)


def test_a_table_without_the_column_lists_its_columns(read: Callable[..., Read]) -> None:
    for name in ("z", "x#2", "Y"):
        with pytest.raises(ConfigError, match=r"--x must be a column of .* \(time, x, y"):
            read(lines([(k, k, k) for k in range(60)]), name)


# what is no text, and what looks like a row


@pytest.mark.parametrize(
    ("data", "what"),
    [
        *((pickle.dumps([1.5] * 99, protocol), "a Python pickle, which is never read") for protocol in (2, 3, 4, 5)),
        (zlib.compress(table().encode()), "packed by zlib"),
        (tarred(table().encode()), "a tar archive: unpack it"),
        (os.urandom(4000), "binary data: export it as CSV"),
        (table().replace("\n", "\x85").encode("cp500"), "text in EBCDIC: iconv -f EBCDIC-US"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + bytes(400), "a MATLAB file"),
        (b"LOGG\x90" + bytes(99), "a log of a bus"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        (b"0       X X".ljust(300) + bytes(300), "a file of signals (EDF)"),
        (struct.pack("<5i", 0, 9, 1, 0, 2) + b"x\0" + np.arange(9.0).tobytes(), "a MATLAB file: writetable"),
        (np.arange(-400, 400, dtype="<i2").tobytes(), "binary data"),
        (np.arange(20, 400, dtype="<i4").tobytes(), "binary data"),
        (b"\0\0\0\x20ftypM4A " + bytes(99), "audio or video (MP4)"),
        (b"\x0e\x10\x5d\x08\0\0\0\0.FIT" + bytes(99), "an activity of Garmin"),
        (pickle.dumps({"x": [1.5] * 9}, 0), "a Python pickle, which is never read"),
        (b"TDSh" + bytes(99), "the index of a LabVIEW TDMS file"),
    ],
)
def test_binary_files_are_named(read: Callable[..., Read], data: bytes, what: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(data)
    assert what in str(refusal.value)


@pytest.mark.parametrize(
    "head", ["LOGGER 12\n", "MATLAB export\n", "root,0\n", "0       1.5\n", "GRIB 3\n", "\ufeff\ufeff"]
)
def test_what_begins_nearly_like_one_is_read(read: Callable[..., Read], head: str) -> None:
    found = read(head + table())
    np.testing.assert_array_equal(found.y, np.arange(60))
    right(read(table().replace(",", "~")))


def test_what_somebody_left_behind_in_an_archive_is_no_file(read: Callable[..., Read]) -> None:
    for other in (".DS_Store", "data/._logger.csv", "__MACOSX/logger.csv", "Thumbs.db"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(other, "x")
            archive.writestr("data/logger.csv", table())
        right(read(packed.getvalue()))


@pytest.mark.parametrize("what", ["sums", "means"])
def test_a_row_of_sums_below_is_said(read: Callable[..., Read], what: str) -> None:
    rows = [(k % 17 + 0.25, 3 * k - 7) for k in range(60)]
    x, y = np.array(rows).sum(axis=0) / (1 if what == "sums" else len(rows))
    words = f"the last row has the {what} of all others: a footer, which was taken for a pair"
    assert read(lines([*rows, (x, y)], "x,y")).note == words
    for last in ((x, y + 1), (x + 0.1, y)):
        assert read(lines([*rows, last], "x,y")).note == ""
    assert read(lines([(5, 3)] * 60, "x,y")).note == ""
    assert read(lines([(0, 0)] * 60, "x,y")).note == ""
