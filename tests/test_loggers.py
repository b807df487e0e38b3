"""Files as loggers and people write them, each one of a kind: the right values out, or what is wrong in one line."""

import bz2
import gzip
import io
import itertools
import json
import lzma
import math
import os
import random
import threading
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import zmq
from hypothesis import example, given, strategies as st
from logger_files import MARCH, ROWS, Read, as_rows, iso, lines, plain, read_file, tarred

from streammi.cli.publish_source import FileBlocks
from streammi.cli.run_publish import run_publish
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.pair_file import read_pairs
from streammi.network.security import PLAIN_TEXT


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return partial(read_file, tmp_path / "logger.csv")


# what is between fields, and behind lines


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "   "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(read: Callable[..., Read], delimiter: str, end: str) -> None:
    found = read(plain(delimiter=delimiter, end=end))
    as_rows(found)
    assert ("between fields" in found.said) == (delimiter != ",")


@pytest.mark.parametrize(
    "dressed",
    [
        lambda text: "sep=,\n" + text,
        lambda text: "# a logger\n#\n" + text,
        lambda text: "#" + text,
        lambda text: text.replace("\n", "\n# again\n", 30),
        lambda text: text.replace("\n", ",\n"),
        lambda text: text.replace("\n", ",,\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "Device: X100\nSerial: 17, rev. B\n\n" + text,
        lambda text: text.replace("x,y\n", "x,y\n[ISO],[°C],[l/min]\n", 1),
        lambda text: text.replace("x,y\n", "x,y\n,V,mA\n", 1),
        lambda text: text.removesuffix("\n"),
        lambda text: "\ufeff" + text,
        lambda text: "".join(f'"{part}"' if part not in ",\n" else part for part in _parted(text)),
        lambda text: text.replace(",", " , "),
    ],
)
def test_what_loggers_put_around_a_table(read: Callable[..., Read], dressed: Callable[[str], str]) -> None:
    as_rows(read(dressed(plain())))


def _parted(text: str) -> list[str]:
    return [
        part
        for line in text.splitlines()
        for part in [*",".join(line.split(",")).replace(",", "\0,\0").split("\0"), "\n"]
    ]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1", "cp1252"],
)
def test_encodings(read: Callable[..., Read], encoding: str) -> None:
    found = read(plain(header="time,x °C,y").encode(encoding), "x °C")
    as_rows(found)


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, lambda data: pa.compress(data, codec="zstd", asbytes=True)],
    ids=["gzip", "bzip2", "xz", "zstd"],
)
def test_packed(read: Callable[..., Read], pack: Callable[[bytes], bytes]) -> None:
    data = pack(plain().encode())
    as_rows(read(data))
    with pytest.raises(ConfigError, match=r"whole (gzip|bzip2|xz|zstd) \(it is broken after line"):
        read(data[:-20])


def test_no_header(read: Callable[..., Read]) -> None:
    text = plain().partition("\n")[2]
    found = read(text, "1", "2")
    as_rows(found)
    assert "no header: the columns are 0, 1, 2; time in 0" in found.said
    as_rows(read(text, "a", "b", columns=("t", "a", "b")))


def test_a_comment_names_the_columns(read: Callable[..., Read]) -> None:
    found = read("# made by sim 3\n# t x y\n" + "".join(f"{k}.5   {x} {y}\n" for k, (_, x, y) in enumerate(ROWS)))
    as_rows(found, [(k + 0.5, x, y) for k, (_, x, y) in enumerate(ROWS)])


def test_campbell_toa5(read: Callable[..., Read]) -> None:
    head = (
        '"TOA5","hut","CR1000X","1","std.05","CPU:a.CR1","7","T"\n"TIMESTAMP","RECORD","x","y"\n"TS","RN","C","m/s"\n'
    )
    rows = "".join(f'"{iso(t)[:19].replace("T", " ")}",{k},{x},{y}\n' for k, (t, x, y) in enumerate(ROWS))
    as_rows(read(head + '"","","Avg","Smp"\n' + rows.replace("\n", "\r\n")))


def test_two_columns_of_one_name(read: Callable[..., Read]) -> None:
    text = lines(((iso(t), x, -1, y) for t, x, y in ROWS), "time,x,x,y")
    with pytest.raises(ConfigError, match=r"--x must be x#1, x#2: .* has 2 columns of that name, got 'x'"):
        read(text)
    as_rows(read(text, "x#1"))


def test_quotes(read: Callable[..., Read]) -> None:
    rows = (f'{iso(t)},"a ""b"",\n{k}",{x},{y}\n' for k, (t, x, y) in enumerate(ROWS))
    as_rows(read('time,"what, where",x,"y, mean"\n' + "".join(rows), y="y, mean"))
    inch = "time,size,x,y\n" + "".join(f'{iso(t)},5",{x},{y}\n' for t, x, y in ROWS)
    as_rows(read(inch))


def test_a_header_in_the_middle_and_a_cut_end(read: Callable[..., Read]) -> None:
    found = read(plain() + plain() + "2026-03-01T11:0")
    assert found.x.size == 2 * len(ROWS)
    assert "1 header again (first in line 62)" in found.note
    assert "1 too few fields (first in line 123: 2026-03-01T11:0)" in found.note
    assert "time steps back once" in found.note


def test_names_that_come_again_are_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(("room,state\n" + "hall,on\nattic,off\n" * 300) * 2)
    pairs = read_pairs(path, "room", "state", labels=True)
    found = Read(pairs)
    assert (set(found.x), set(found.y), found.x.size) == ({"hall", "attic"}, {"on", "off"}, 1200)
    assert found.note == "1 row skipped: 1 header again (first in line 602)"


def test_skip_rows(read: Callable[..., Read]) -> None:
    as_rows(read("time,x,y\n1,2,3\nthe real table:\n" + plain(), skip_rows=3))


def test_row_names_of_r(read: Callable[..., Read]) -> None:
    rows = [f'"{k}",{iso(t)},{x},{y}\n' for k, (t, x, y) in enumerate(ROWS, 1)]
    as_rows(read('"time","x","y"\n' + "".join(rows)))


# numbers


def german(value: float, thousands: str = "") -> str:
    return (
        f"{value:,}".replace(",", thousands or "\0").replace(".", ",").replace("\0", "")
        if not thousands
        else f"{value:,}".replace(",", "\0").replace(".", ",").replace("\0", thousands)
    )


@pytest.mark.parametrize("thousands", ["", ".", " ", "'"])
@pytest.mark.parametrize("delimiter", [";", "\t", "quoted"])
def test_decimal_commas(read: Callable[..., Read], thousands: str, delimiter: str) -> None:
    mark = '"' if delimiter == "quoted" else ""
    rows = ((iso(t), mark + german(x, thousands) + mark, mark + german(y, thousands) + mark) for t, x, y in ROWS)
    found = read(lines(rows, delimiter="," if mark else delimiter))
    as_rows(found)
    assert "decimal commas" in found.said


def test_commas_between_thousands(read: Callable[..., Read]) -> None:
    as_rows(read(lines((iso(t), f'"{x:,}"', f'"{y:,}"') for t, x, y in ROWS)))
    found = read('x,y\n"1,234",5\n"2,000",6\n')
    assert found.x.tolist() == [1234.0, 2000.0]
    assert "commas between thousands (1,234; else --decimal ,)" in found.said
    assert read('x,y\n"1,234",5\n"2,000",6\n', decimal=",").x.tolist() == [1.234, 2.0]


def test_a_point_where_commas_are_decimal_is_no_number_in_silence(read: Callable[..., Read]) -> None:
    rows = [f"1,5;{k},25\n" for k in range(50)]
    found = read("x;y\n" + "".join(rows) + "3.25;1\n1.234;2\n")
    assert found.x.tolist() == [1.5] * 50
    assert found.note == "2 rows skipped: 2 not a number (first in line 52: x '3.25')"
    for change in ("1.250", "0.250", "1.5"):  # which of the marks is between thousands, nobody knows
        with pytest.raises(ConfigError, match=r"--decimal must be given: x has .* and one of the marks"):
            read("x;y\n" + "".join(f"{change};{k}\n" for k in range(30)) + "1,250;3\n" * 30)
    found = read("x;y\n" + "".join(f"{k}.25;{k}\n" for k in range(30)) + "3,5;3\n" * 30)
    assert found.x.tolist() == [*(k + 0.25 for k in range(30)), *[3.5] * 30]
    assert "x decimal points and decimal commas" in found.said
    late = "x;y\n" + "".join(f"1.25;{k}\n" for k in range(9000)) + "1,250;3\n" + "1.25;0\n" * 9000
    assert read(late).note == "1 row skipped: 1 not a number (first in line 9002: x '1,250')"


@pytest.mark.parametrize(
    ("unit", "said"), [(" kW", "x in kW"), ("°C", "x in °C"), (" %", "x in %"), ("%", "x in %"), (" m/s", "x in m/s")]
)
def test_units_behind_numbers(read: Callable[..., Read], unit: str, said: str) -> None:
    found = read(lines((iso(t), f"{x}{unit}", y) for t, x, y in ROWS))
    as_rows(found)
    assert said in found.said


@pytest.mark.parametrize(
    ("fields", "value", "said"),
    [
        (("1.5 kW", "900 W", "2 kW"), 0.9, "x in kW, W as 0.001 of it"),
        (("1.5 m", "5 mm", "2 m"), 0.005, "x in m, mm as 0.001 of it"),
        (("3K", "2M", "0", "4K"), 2000, "x in K, M as 1000 of it"),
        (("1MiB", "512KiB", "2MiB"), 0.5, "x in MiB, KiB as 0.0009766 of it"),
    ],
)
def test_units_that_differ_by_their_prefix(
    read: Callable[..., Read], fields: Sequence[str], value: float, said: str
) -> None:
    found = read("x,y\n" + "".join(f"{field},{k}\n" for k in range(20) for field in fields))
    assert found.x.tolist()[1 :: len(fields)] == [value] * 20
    assert (found.said.partition(": ")[2], found.note) == (said, "")


@pytest.mark.parametrize(
    ("first", "other", "n"), [("20.5 °C", "68 °F", 20), ("1.5 kW", "3 A", 20), ("1.2K", "900", 20), ("1.2K", "900", 1)]
)
def test_other_units_are_not_taken_for_the_same(read: Callable[..., Read], first: str, other: str, n: int) -> None:
    with pytest.raises(ConfigError, match=rf"--x must be .* in one unit \(x has {first} and {other}\)"):
        read("x,y\n" + f"{first},1\n" * 20 + f"{other},1\n" * n)
    assert "x '68 °F'" in read("x,y\n" + "20.5 °C,1\n" * 20 + "68 °F,1\n").note


@pytest.mark.parametrize(
    "words", [("OFF", "ON"), ("false", "true"), ("No", "Yes"), ("FALSCH", "WAHR"), ("ЛОЖЬ", "ИСТИНА"), ("オフ", "オン")]
)
def test_switches(read: Callable[..., Read], words: tuple[str, str]) -> None:
    found = read(lines((iso(t), words[k % 2], y) for k, (t, _, y) in enumerate(ROWS)))
    as_rows(found, [(t, k % 2, y) for k, (t, _, y) in enumerate(ROWS)])
    assert "x words for 0 and 1" in found.said


@pytest.mark.parametrize("word", ["Open", "OFF", "TRUE", "OL", "I/O Timeout"])
def test_a_word_for_a_fault_is_no_number(read: Callable[..., Read], word: str) -> None:
    """What thermocouples and meters say, where they have numbers else."""
    found = read("x,y\n" + "".join(f"{word if k % 5 == 2 else k + 0.5},{k}\n" for k in range(60)))
    assert found.note == f"12 rows skipped: 12 not a number (first in line 4: x {word!r})"
    np.testing.assert_array_equal(found.x, found.y + 0.5)


@pytest.mark.parametrize(
    "missing", ["", "NaN", "-nan", "NA", "#N/A", "null", "-", "---", "nan(ind)", "1.#QNAN", " ", "--.-", "***"]
)
def test_what_is_missing(read: Callable[..., Read], missing: str) -> None:
    found = read(lines((iso(t), missing if k % 3 else x, y) for k, (t, x, y) in enumerate(ROWS)))
    as_rows(found, [(t, math.nan if k % 3 else x, y) for k, (t, x, y) in enumerate(ROWS)])


@pytest.mark.parametrize("value", ["-9999", "-9999.00", "1e20", "9999", "-999.9", "2147483647", "3.4028235E+38"])
def test_values_that_stand_for_none(read: Callable[..., Read], value: str) -> None:
    text = lines((iso(t), value if k % 9 == 0 else x, y) for k, (t, x, y) in enumerate(ROWS))
    option = read(text).hint.partition("--missing=")[2].removesuffix("?")  # as it is said, it is to be given
    assert float(option) == float(value)
    found = read(text, missing=option)
    as_rows(found, [(t, math.nan if k % 9 == 0 else x, y) for k, (t, x, y) in enumerate(ROWS)])
    assert found.hint == ""


def test_nothing_is_hinted_of_a_signal_that_is_far_out_now_and_then(read: Callable[..., Read]) -> None:
    for x in ([0, 100] * 30, [5] * 57 + [500] * 3, list(range(60)), [0] * 30 + [1] * 20 + [2, 3, 4, 5] * 3):
        assert read(lines((iso(t), x[k], y) for k, (t, _, y) in enumerate(ROWS))).hint == ""


@given(st.lists(st.floats(), min_size=1, max_size=50), st.sampled_from([repr, "{:.17g}".format, "{:e}".format, str]))
@example([0.0, 1.0, 2.0, 1.79769313e308, -9.98e291], repr)  # their range is beyond any float64
def test_numbers_are_those_of_python(values: list[float], write: Callable[[float], str]) -> None:
    texts = [write(value) for value in values] * (2048 // len(values))  # more than is read field by field
    data = ("x,y\n" + "".join(f"{text},{text}\n" for text in texts)).encode()
    batches = list(
        read_pairs("-", "x", "y", stdin=io.BufferedReader(io.BytesIO(data)), options=FileOptions(decimal="."))
    )
    found = np.concatenate([batch.x for batch in batches])
    assert found.tobytes() == np.array([float(text) for text in texts]).tobytes() or np.isnan(found).any()
    np.testing.assert_array_equal(found, [float(text) for text in texts])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda x: f"€{x}", "x in €"),
        (lambda x: f"-${-x:.3f}" if x < 0 else f"$ {x:.3f}", "x in $"),
        (lambda x: f'"${x * 1000:,.1f}"', "x in $"),
        (lambda x: f"({-x})" if x < 0 else f"{x}", "x (1) for -1"),
        (lambda x: f"( €{-x} )" if x < 0 else f"€{x}", "x in €, (1) for -1"),
        (lambda x: f"{x:.17E}".replace("E", "D"), ""),
        (lambda x: f"{x:.17e}".replace("e", "d"), ""),
        (lambda x: f"0x{int(8 * x):x}", "x hexadecimal"),
        (lambda x: f"{int(8 * x):04X}", "x hexadecimal"),
    ],
)
@pytest.mark.parametrize("size", [10, 1000])
def test_numbers_as_they_are_dressed(
    read: Callable[..., Read], write: Callable[[float], str], said: str, size: int
) -> None:
    scale = 8 if "hex" in said else 1000 if "," in write(9.0) else 1
    values = [20 + k % 29 / 8 if "hex" in said else k % 29 / 8 - 1.75 for k in range(size)]
    found = read("x,y\n" + "".join(f"{write(value)},{k}\n" for k, value in enumerate(values)))
    np.testing.assert_array_equal(found.x, scale * np.array(values))
    assert (found.note, found.said.partition(": ")[2]) == ("", said)


@pytest.mark.parametrize("field", ["(x)", "()", "(1.5)(2)", "1D5", "$", "€", "ab12"])
def test_what_is_no_dress_of_a_number_is_named(read: Callable[..., Read], field: str) -> None:
    found = read("x,y\n" + "".join(f"{field if k % 2 else k},{k}\n" for k in range(60)))
    assert found.note == f"30 rows skipped: 30 not a number (first in line 3: x {field!r})"
    np.testing.assert_array_equal(found.x, found.y)


@pytest.mark.parametrize("late", ["4,500", "0,500", "4,5", "-1,234"])
def test_a_comma_that_comes_after_whole_numbers_is_not_guessed_at(read: Callable[..., Read], late: str) -> None:
    text = "".join(f"{late if k == 15_007 else k % 7};{k}\n" for k in range(30_000))
    found = read("x;y\n" + text)
    assert found.note == f"1 row skipped: 1 not a number (first in line 15009: x {late!r})"
    assert read("x;y\n" + text, decimal=",").x[15_007] == float(late.replace(",", "."))


def test_the_decimal_point_is_looked_for_all_over_a_file(read: Callable[..., Read]) -> None:
    found = read("x;y\n" + "".join(f"{k % 7}{',5' if k > 60_000 else ''};{k}\n" for k in range(120_000)))
    np.testing.assert_array_equal(found.x, [k % 7 + 0.5 * (k > 60_000) for k in range(120_000)])
    assert found.said.endswith("semicolons between fields; decimal commas")


@pytest.mark.parametrize(
    ("write", "scale"), [("{:%d.%m.%Y %H:%M:%S}", 1e-3), ("{:%Y-%m-%d %H:%M:%S}", 1)], ids=["german", "iso"]
)
def test_a_comma_that_may_be_either_is_decimal_beside_dates_with_points(
    read: Callable[..., Read], write: str, scale: float
) -> None:
    rows = [(write.format(datetime.fromtimestamp(t, UTC)), f"{20 + k},{k + 100}") for k, (t, _, _) in enumerate(ROWS)]
    found = read("time\tx\ty\n" + "".join(f"{t}\t{x}\t{x}\n" for t, x in rows), "x", "y")
    np.testing.assert_array_equal(found.x, [round((20_000 + 1001 * k + 100) * scale, 3) for k in range(60)])
    assert f"(20,100; else --decimal {'.' if scale < 1 else ','})" in found.said


def test_points_that_may_be_between_thousands_are_said(read: Callable[..., Read]) -> None:
    text = "x;y\n" + "".join(f"1.{100 + k};{k}\n" for k in range(60))
    assert read(text).said.endswith("points are decimal (1.100; else --decimal ,)")
    np.testing.assert_array_equal(read(text, decimal=",").x, np.arange(1100, 1160))


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#NV", "#NAME?", "#REF!"])
@pytest.mark.parametrize("size", [10, 1000])  # field by field, and all at once
def test_a_spreadsheets_error_in_the_first_column_is_no_comment(
    read: Callable[..., Read], error: str, size: int
) -> None:
    rows = "".join(f"{error if k % 5 == 1 else k},{k}\n# as it was\n" for k in range(size))
    found = read(f"x,y\n{rows}")
    np.testing.assert_array_equal(found.x, [math.nan if k % 5 == 1 else k for k in range(size)])
    assert found.note == ""


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_pipe_is_read_once_and_to_its_end(tmp_path: Path, packed: Callable[[bytes], bytes]) -> None:
    pipe, data = tmp_path / "pipe", packed(plain().encode())
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    as_rows(Read(read_pairs(pipe, "x", "y")))
    writer.join()


def test_parquet_through_a_pipe_is_named() -> None:
    with pytest.raises(ConfigError, match=r"not Parquet through a pipe, .*: give the name of the file"):
        read_pairs("-", "x", "y", stdin=io.BufferedReader(io.BytesIO(b"PAR1\x15\x04")))


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("xl/workbook.xml", r"an Excel file \(.xlsx\): save it as CSV"),
        ("content.xml", r"a LibreOffice file \(.ods\): save it as CSV"),
        ("a.csv", r"a zip archive \(a.csv, b.csv\): unpack it"),
    ],
)
def test_what_is_in_a_zip_archive_is_named(read: Callable[..., Read], inside: str, what: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(inside, "x")
        if inside == "a.csv":
            file.writestr("b.csv", "x")
    with pytest.raises(ConfigError, match=f"not {what}, got"):
        read(archive.getvalue())


@pytest.mark.parametrize(
    ("pack", "what"),
    [
        (lambda data: gzip.compress(gzip.compress(data)), "packed twice, the second time with gzip: unpack it"),
        (tarred, "a tar archive: unpack it"),
        (lambda data: gzip.compress(tarred(data)), "a tar archive: unpack it"),
        (lambda data: lzma.compress(data, lzma.FORMAT_ALONE), "packed with lzma: unpack it"),
        (lambda data: bytes(ForkingPickler.dumps(data)), "a Python pickle, which is never read: write its columns"),
    ],
)
def test_what_is_packed_in_another_way_is_named(
    read: Callable[..., Read], pack: Callable[[bytes], bytes], what: str
) -> None:
    with pytest.raises(ConfigError, match=f"file must be CSV, JSON Lines or Parquet, not {what}"):
        read(pack(plain().encode()))


def test_a_zip_archive_that_was_read_to_its_end_was_not_cut(read: Callable[..., Read]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.csv", plain())
    as_rows(read(archive.getvalue()))


def test_the_newest_first_is_sorted_on_standard_input_as_well() -> None:
    data = lines((iso(t), x, y) for t, x, y in reversed(ROWS)).encode()
    as_rows(Read(read_pairs("-", "x", "y", stdin=io.BufferedReader(io.BytesIO(data)))))


# times


def stamps(
    write: Callable[[datetime], str], step: timedelta, n: int = 60, start: float = MARCH
) -> tuple[str, list[Any]]:
    times = [datetime.fromtimestamp(start, UTC) + k * step for k in range(n)]
    return lines((write(t), k, -k) for k, t in enumerate(times)), [(t.timestamp(), k, -k) for k, t in enumerate(times)]


@pytest.mark.parametrize(
    ("write", "step"),
    [(lambda t: f"{t:%H%M}", 60), (lambda t: str(int(f"{t:%H%M}")), 300), (lambda t: f"{t:%H%M%S}", 1)],
)
def test_times_of_day_without_signs(read: Callable[..., Read], write: Callable[[datetime], str], step: int) -> None:
    text, rows = stamps(write, timedelta(seconds=step), n=300, start=MARCH + 7200 + 1800)
    as_rows(read(text), [(t - MARCH + 36_000, x, y) for t, x, y in rows])
    as_rows(read(text, t="time"), [(t - MARCH + 36_000, x, y) for t, x, y in rows])
    assert "times of day (HHMM" in read(text).said


def test_numbers_that_go_on_evenly_are_no_times_of_day(read: Callable[..., Read]) -> None:
    for values in (range(1000, 1060), range(0, 2400, 100), range(60), [100 + 7 * k // 2 for k in range(17)]):
        found = read("time,x,y\n" + "".join(f"{value},{k},0\n" for k, value in enumerate(values)))
        assert "times of day" not in found.said


def test_a_time_format_that_reads_nothing_is_refused(read: Callable[..., Read]) -> None:
    with pytest.raises(
        ConfigError, match=r"--time-format must be one that reads the times of .*2026-03-01.*got '%H:%M'"
    ):
        read(plain(), time_format="%H:%M")


def ampm(t: datetime) -> str:
    return f"{t:%m/%d/%Y} {t.hour % 12 or 12}:{t:%M:%S} {'AM' if t.hour < 12 else 'PM'}"


@pytest.mark.parametrize(
    ("write", "step"),
    [
        (str, 1),
        (lambda t: t.isoformat().replace("+00:00", "Z"), 0.25),
        ("{:%Y-%m-%d %H:%M}".format, 60),
        ("{:%Y/%m/%d %H:%M:%S}".format, 1),
        ("{:%d.%m.%Y %H:%M:%S}".format, 1),
        ("{:%d.%m.%Y %H:%M}".format, 86_400),
        ("{:%d.%m.%y %H:%M}".format, 86_400),
        ("{:%d/%m/%Y %H:%M}".format, 86_400),
        ("{:%m/%d/%Y %H:%M}".format, 86_400),
        ("{:%m/%d/%y %H:%M}".format, 7200),
        ("{:%y/%m/%d %H:%M}".format, 7200),
        ("{:%d-%b-%Y %H:%M:%S}".format, 1),
        ("{:%b %d %Y %H:%M:%S}".format, 1),
        ("{:%a, %d %b %Y %H:%M:%S} GMT".format, 1),
        ("{:%d/%b/%Y:%H:%M:%S} +0000".format, 1),
        ("{:%Y%m%dT%H%M%S}Z".format, 1),
        ("{:%Y%m%d%H%M}".format, 600),
        ("{:%Y%m%d%H%M%S}".format, 1),
        ("{:%Y%m%d%H}".format, 3600),
        ("{:%H:%M:%S %d.%m.%Y}".format, 1),
        (ampm, 3600),
        ("{:%a %b %d %H:%M:%S %Y}".format, 1),  # C's ctime
        (lambda t: f"{t:%a %b} {t.day:2} {t:%H:%M:%S} UTC {t.year}", 43_200),
        (lambda t: f"{t.timestamp():.0f}", 1),
        (lambda t: f"{t.timestamp():.3f}", 0.125),
        (lambda t: f"{t.timestamp() * 1e3:.0f}", 0.125),
        (lambda t: f"{t.timestamp() * 1e6:.0f}", 0.125),
        (lambda t: f"{int(t.timestamp()) * 10**9 + t.microsecond * 1000}", 0.125),
        (lambda t: f"{t.timestamp() / 86_400 + 25_569:.9f}", 60),
    ],
    ids=range(29),
)
def test_times_of_every_kind(read: Callable[..., Read], write: Callable[[datetime], str], step: float) -> None:
    text, rows = stamps(write, timedelta(seconds=step))
    as_rows(read(text), rows, atol=1e-3)


def test_digits_of_a_second(read: Callable[..., Read]) -> None:
    for digits in range(1, 10):
        fraction = "123456789"[:digits]
        for mark in ".,":
            found = read(f"time;x;y\n2026-03-01T10:00:00{mark}{fraction};1;2\n")
            assert found.t is not None
            assert found.t.item() == pytest.approx(MARCH + float(f"0.{fraction}"), abs=2.5e-7)


def test_before_1970_and_a_leap_second(read: Callable[..., Read]) -> None:
    found = read("time,x,y\n1969-12-31T23:59:58.5Z,1,2\n1901-01-01T00:00:00Z,1,2\n2016-12-31T23:59:60Z,1,2\n")
    assert found.t is not None
    assert found.t.tolist() == [-1.5, datetime(1901, 1, 1, tzinfo=UTC).timestamp(), 1_483_228_800.0]


def test_zones_and_the_hour_that_comes_twice(read: Callable[..., Read]) -> None:
    hours = ("01:30:00+02:00", "02:30:00+02:00", "02:30:00+01:00", "03:30:00+01:00")
    found = read(lines((f"2026-10-25T{hour}", 1, 2) for hour in hours))
    assert found.t is not None
    assert np.diff(found.t).tolist() == [3600.0] * 3
    local = read(lines((f"2026-10-25 {hour[:5]}", 1, 2) for hour in hours[:2] + hours[1:]))
    assert "time steps back" not in local.note  # 2:30 twice is no step
    local = read(lines((f"2026-10-25 0{hour}", 1, 2) for hour in ("2:00", "2:30", "2:00", "2:30", "3:00")))
    assert "time steps back once: local time in autumn, or rows out of order" in local.note


def test_date_and_time_in_two_columns(read: Callable[..., Read]) -> None:
    whole = [datetime.fromtimestamp(t, UTC) for t, _, _ in ROWS]
    for header, write in (("Date,Time", "{:%Y-%m-%d,%H:%M:%S}"), ("Uhrzeit,Datum", "{:%H:%M:%S,%d.%m.%Y}")):
        text = f"{header},x,y\n" + "".join(
            f"{write.format(t)},{x},{y}\n" for t, (_, x, y) in zip(whole, ROWS, strict=True)
        )
        as_rows(read(text))
        as_rows(read(text, t="Datum,Uhrzeit" if "Datum" in header else "Date,Time"))


def test_which_way_round_a_date_is(read: Callable[..., Read]) -> None:
    """By all of the file: the 13th may come in its last rows, or a day makes the rows go on evenly."""
    far = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=k) for k in range(60_000)]
    text = lines((f"{t:%d/%m/%Y %H:%M}", k, k) for k, t in enumerate(far[:16_000] + far[20_000:20_010]))
    found = read(text)
    assert found.t is not None
    assert found.t[0] == far[0].timestamp()
    assert found.said.endswith("time DD/MM/YYYY")
    open_ = read("time,x,y\n01/02/2026 10:00,1,2\n01/02/2026 11:00,1,2\n")
    assert "time MM/DD/YYYY (such as 01/02/2026 10:00), which nothing in it decides" in open_.said
    given_ = read("time,x,y\n01/02/2026 10:00,1,2\n01/02/2026 11:00,1,2\n", time_format="%d/%m/%Y %H:%M")
    assert given_.t is not None
    assert given_.t[0] == datetime(2026, 2, 1, 10, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_uptimes(read: Callable[..., Read], unit: str) -> None:
    """By the name, the steps, or as asked; and always said."""
    per = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    rows = [(99_998 + k / 4, k, -k) for k in range(200)]  # 10^11 us, where a unit was told by each number's size
    for header in (f"uptime_{unit},x,y", f"Time [{unit}],x,y", "uptime,x,y"):
        found = read(lines(((round(t * per), x, y) for t, x, y in rows), header))
        as_rows(found, rows)
        assert "seconds" in found.said
    as_rows(read(lines(((round(t * per), x, y) for t, x, y in rows), "time,x,y"), time_unit=unit), rows)


def test_seconds_from_a_start_are_said(read: Callable[..., Read]) -> None:
    found = read(lines((k * 60, k, k) for k in range(50)))
    assert found.t is not None
    assert found.t[1] == 60.0
    assert "time seconds from its start, by its steps (--time-unit ms" in found.said


def test_a_temperature_called_t_is_no_time(read: Callable[..., Read]) -> None:
    rng = random.Random(7)
    found = read(lines(((round(rng.gauss(20, 2), 1), k, -k) for k in range(1500)), "t,x,y"))
    assert found.t is None
    assert found.x.size == 1500
    assert "no time in t: it goes up and down" in found.said


@pytest.mark.parametrize("kind", ["iso", "numbers"])
def test_newest_first_is_sorted(read: Callable[..., Read], kind: str) -> None:
    text = lines((iso(t) if kind == "iso" else t, x, y) for t, x, y in reversed(ROWS))
    found = read(text)
    as_rows(found)
    assert "newest first: sorted" in found.said


def test_a_time_that_cannot_be_read_is_named_with_a_value(read: Callable[..., Read]) -> None:
    found = read("timestamp,x,y\nMoonday 1,1,2\nMoonday 2,3,4\n")
    assert found.t is None
    assert "no time in timestamp (such as 'Moonday 1'; --time-format says how it is written)" in found.said
    with pytest.raises(ConfigError, match=r"--time must be a column of times.*\(timestamp: 'Moonday 1'\)"):
        read("timestamp,x,y\nMoonday 1,1,2\n", t="timestamp")
    with pytest.raises(ConfigError, match=r"--time-format must be as strptime has it"):
        read("timestamp,x,y\nMoonday 1,1,2\n", t="timestamp", time_format="%Q")


def test_time_formats_as_asked(read: Callable[..., Read]) -> None:
    rows = [("60|2026 10h00", 1, 2), ("60|2026 10h01", 1, 2)]  # day 60 of the year
    found = read(lines(rows), time_format="%j|%Y %Hh%M")
    assert found.t is not None
    assert found.t.tolist() == [MARCH, MARCH + 60]


def test_times_of_day_go_on_past_midnight(read: Callable[..., Read]) -> None:
    found = read("time,x,y\n23:59:58,1,2\n23:59:59.5,1,2\n00:00:01,1,2\n")
    assert found.t is not None
    assert np.diff(found.t).tolist() == [1.5, 1.5]


# other formats


def test_json_lines(read: Callable[..., Read]) -> None:
    text = "".join(json.dumps({"timestamp": t, "in": {"x": x}, "y": y}) + "\n" for t, x, y in ROWS)
    as_rows(read(text, "in/x"))
    as_rows(read(f"[{text.strip().replace(chr(10), ',')}]", "in/x"))
    found = read(text + '{"event": "gap"}\n{"x": \n', "in/x")
    assert '1 no such path (first in line 61: {"event": "gap"})' in found.note
    with pytest.raises(ConfigError, match=r"--x must be a path of .*\(timestamp, in/x, y\), got 'x'"):
        read(text)


def test_parquet(tmp_path: Path) -> None:
    t, x, y = (np.array(column) for column in zip(*ROWS, strict=True))
    stamps = pa.array((t * 1e6).astype(np.int64), pa.timestamp("us", "UTC"))
    for times in (t, t * 1e3, stamps, stamps.cast(pa.timestamp("ms", "UTC")), [iso(one) for one in t]):
        table = pa.table({"time": times, "x": x, "y": [str(value) for value in y]})
        pyarrow.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=7)
        as_rows(Read(read_pairs(tmp_path / "a.parquet", "x", "y")))
    with pytest.raises(ConfigError, match=r"--skip-rows must be left out: .*Parquet, whose columns have their names"):
        read_pairs(tmp_path / "a.parquet", "x", "y", options=FileOptions(skip_rows=2))
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(ConfigError, match="file must be whole Parquet"):
        read_pairs(tmp_path / "a.parquet", "x", "y")


def test_parquet_of_structs_texts_and_decimals(tmp_path: Path) -> None:
    t, x, y = (np.array(column) for column in zip(*ROWS, strict=True))
    inside = pa.array([None if k == 5 else {"x": one, "deep": {"y": two}} for k, (_, one, two) in enumerate(ROWS)])
    decimals = pa.array([Decimal(f"{20.001 + k:.3f}") for k in range(60)])
    texts = [f"1.{k:03},5" for k in range(60)]
    table = pa.table({"time": t, "in": inside, "z": decimals, "text": texts})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    found = Read(read_pairs(tmp_path / "a.parquet", "in.x", "in.deep.y"))
    here = np.arange(60) != 5
    np.testing.assert_array_equal(found.x, np.where(here, x, np.nan))
    np.testing.assert_array_equal(found.y, np.where(here, y, np.nan))
    found = Read(read_pairs(tmp_path / "a.parquet", "z", "text"))
    np.testing.assert_array_equal(found.x, [float(f"{20.001 + k:.3f}") for k in range(60)])
    np.testing.assert_array_equal(found.y, [1000.5 + k for k in range(60)])
    assert found.said.endswith("decimal commas")


@pytest.mark.parametrize(
    ("magic", "what"),
    [
        (b"PK\x03\x04" + b"\0" * 99, "a zip archive"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB file"),
        (b"TDSm\x0e\0\0\0", "a LabVIEW TDMS file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file"),
    ],
)
def test_what_is_no_text_is_named(read: Callable[..., Read], magic: bytes, what: str) -> None:
    with pytest.raises(ConfigError, match=f"file must be CSV, JSON Lines or Parquet, not {what}"):
        read(magic)


# nothing usable


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x,y\n", "no pair: there is no row below the names"),
        ("x,y\nred,1\nblue,2\n", "no pair: 2 rows skipped: 2 not a number (first in line 2: x 'red')"),
        ("x,y\n,1\n-,2\n", "no pair: x (such as '') is finite in none of 2 rows"),
        ("x,y\n1,\n,2\n", "no pair: no row has both, x is in 1 of 2 and y in 1"),
        ('{"x": "a", "y": 1}\n', "no pair: 1 row skipped: 1 not a number (first in line 1:"),
    ],
)
def test_why_there_is_no_pair(read: Callable[..., Read], text: str, why: str) -> None:
    assert read(text).why_empty.startswith(why)


def test_events_among_the_readings_of_a_monitor_are_no_fault(read: Callable[..., Read]) -> None:
    row = '{{"v":1,"run":1,"seq":{0},"timestamp":{0}.5,"mi":0.{0},"nmi":0.5}}'
    event = '{"v":1,"run":1,"seq":3,"pair":"x~y","kind":"jump","timestamp":3.5,"size":1.0,"unit":"bit"}'
    found = read("\n".join([row.format(1), row.format(2), event, row.format(4), "{"]) + "\n", "mi", "nmi")
    assert found.x.tolist() == [0.1, 0.2, 0.4]
    assert found.note == "1 row skipped: 1 not JSON (first in line 5: {); lines of events left out: 1"
    assert read(event + "\n", "size", "size").x.tolist() == [1.0]


def published(path: Path, text: str) -> tuple[int, str, list[bytes]]:
    """What publishing a file ends with and says, and what a receiver takes of it."""
    path.write_text(text)
    said, endpoint = io.StringIO(), f"ipc://{path}.feed"
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.connect(endpoint)
        status = run_publish(
            str(path), endpoint, x="x", y="y", rate=None, loop=False, pairs=False, batch=100, push=True, insecure=False,
            keys=PLAIN_TEXT, seconds=20.0, log=said,
        )  # fmt: skip
        messages = []
        while socket.poll(100):
            messages.append(socket.recv())
    return status, said.getvalue(), messages


def test_publish_says_what_it_skipped(tmp_path: Path) -> None:
    status, said, messages = published(tmp_path / "a.csv", "time;x;y\n0;1,5;2\n1;red;3\n2;4,5;5\n3;6\n")
    assert status == 0
    assert [(row["x"], row["y"]) for row in json.loads(messages[0])] == [(1.5, 2.0), (4.5, 5.0)]
    assert "semicolons between fields; decimal commas; time seconds from its start" in said
    skipped = "2 rows skipped: 1 too few fields (first in line 5: 3;6), 1 not a number (first in line 3: x 'red')"
    assert skipped in said


def test_publish_ends_with_1_where_there_is_nothing(tmp_path: Path) -> None:
    status, said, messages = published(tmp_path / "a.csv", "x,y\nred,1\nblue,2\n")
    assert (status, messages) == (1, [])
    assert said == "streammi: no pair: 2 rows skipped: 2 not a number (first in line 2: x 'red')\n"
    status, said, _ = published(tmp_path / "a.csv", "x,y\n,1\n,2\n")
    assert status == 1
    assert "no pair: x (such as '') is finite in none of 2 rows" in said


@pytest.mark.parametrize(
    ("name", "text", "times"),
    [
        ("a.csv", "t,x,y\n100,1,2\n101,3,4\n102.5,5,6\n103,7,8\n", [0, 1, 2.5, 3, 4, 5, 6.5, 7, 8, 9]),
        ("a.csv", "t,x,y\n103,1,2\n102,3,4\n101,5,6\n", [0, 1, 2, 3, 4, 5, 6]),  # the newest first
        (
            "a.jsonl",
            '{"t": 100, "x": 1, "y": 2}\n{"x": 2, "y": 3}\n{"t": 104, "x": 1, "y": 2}\n',
            [0, 0, 4, 6, 6, 10, 12],
        ),
        ("a.csv", "t,x,y\n100,1,2\n", [0, 0, 0]),  # nothing says when the next would have come
    ],
)
def test_a_file_that_is_sent_in_a_loop_never_goes_back_in_time(
    tmp_path: Path, name: str, text: str, times: list[float]
) -> None:
    """At each turn its times began anew: a monitor counted every pair of the second one as late."""
    (tmp_path / name).write_text(text)
    blocks, _ = FileBlocks(str(tmp_path / name), "x", "y", None, True, PLAIN).opened()
    sent = np.concatenate([block["timestamp"] for block in itertools.islice(blocks, 4)])
    assert (sent - sent[0]).tolist()[: len(times)] == pytest.approx(times[: sent.size])


def test_a_file_without_times_is_sent_in_a_loop_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    blocks, _ = FileBlocks(str(tmp_path / "a.csv"), "x", "y", None, True, PLAIN).opened()
    assert [{name: list(column) for name, column in block.items()} for block in itertools.islice(blocks, 3)] == [
        {"x": [1, 3], "y": [2, 4]}
    ] * 3
