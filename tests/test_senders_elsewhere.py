"""Senders of other trades: each message is read right, or named with what would do. Nothing is our encoder's."""

import base64
import io
import json
import math
import pickle
import shlex
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pytest
from draws import drawn_alike

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.network.frames import Frames

N = 40
RNG = np.random.default_rng(3)
same_draws = drawn_alike(RNG)


X = np.round(RNG.normal(20, 1, N), 2)
Y = np.round(5 + 0.3 * X + RNG.normal(0, 0.2, N), 3)
START = 1_767_225_600


def decoded(
    messages: list[Frames], x: str = "x", y: str = "y", **more: Any
) -> tuple[Decoder, list[float], list[float]]:
    decoder = Decoder(FeedConfig(endpoint="tcp://a:1", x=x, y=y, **more))
    batches = [decoder.decode([frames], START + 60.0) for frames in messages] + [decoder.end(START + 60.0)]
    found_x, found_y = (np.concatenate([getattr(one, axis) for one in batches]).tolist() for axis in "xy")
    return decoder, found_x, found_y


def each(write: Callable[[int], str | bytes]) -> list[Frames]:
    found = (write(k) for k in range(N))
    return [[one.encode() if isinstance(one, str) else one] for one in found]


# read


@pytest.mark.parametrize(
    ("write", "x", "y"),
    [
        (lambda k: f"Temp: {X[k]} C, Hum: {Y[k]} %", "Temp", "Hum"),
        (lambda k: f"Temp: {X[k]} C\nHum: {Y[k]} %\n", "Temp", "Hum"),
        (lambda k: f"Temp: {X[k]}°C Hum: {Y[k]} % State: ok", "Temp", "Hum"),
        (lambda k: f"Temp={X[k]}C Hum={Y[k]}%", "Temp", "Hum"),
        (lambda k: f"speed: {X[k]} m/s; power: {Y[k]} kW", "speed", "power"),
        (lambda k: json.dumps(json.dumps({"x": X[k], "y": Y[k]})), "x", "y"),  # send_json(json.dumps(record))
        (lambda k: b"\x1e" + json.dumps({"x": X[k], "y": Y[k]}).encode() + b"\n", "x", "y"),  # RFC 7464
        (lambda k: json.dumps({"größe": X[k], "y": Y[k]}, ensure_ascii=False).encode("latin-1"), "größe", "y"),
        (lambda k: f"#fields\tts\tid.orig_h\tx\ty\n{START + k}\t10.0.0.1\t{X[k]}\t{Y[k]}", "x", "y"),  # Zeek
        (lambda k: f"cpu,host=a t={X[k]} {k}\ncpu,host=b t={Y[k]} {k}", "cpu,host=a/t", "cpu,host=b/t"),
        (lambda k: f"cpu,host=b t={Y[k]} {k}\nmem u={X[k]} {k}\ncpu,host=a t=0 {k}", "mem/u", "cpu,host=b/t"),
    ],
)  # fmt: skip
def test_read(write: Callable[[int], str | bytes], x: str, y: str) -> None:
    decoder, found_x, found_y = decoded(each(write), x, y)
    assert (found_x, found_y, decoder.malformed) == (X.tolist(), Y.tolist(), {})


def test_the_names_of_zeek_come_once() -> None:
    rows = each(lambda k: f"{START + k}\tC1\t{X[k]}\t{Y[k]}")
    decoder, found_x, found_y = decoded([[b"#separator \\x09\n#fields\tts\tuid\tx\ty\n"], *rows])
    assert (found_x, found_y, decoder.malformed) == (X.tolist(), Y.tolist(), {})


def test_a_unit_that_changes_is_no_number() -> None:
    """12ms and 0.9s are not 12 and 0.9; 0 needs no unit."""
    lines = ["lat=12ms load=1", "lat=0 load=2", "lat=0.9s load=3", "lat=15 load=4", "lat=7ms load=5"]
    decoder, x, y = decoded([[line.encode()] for line in lines], "lat", "load")
    assert (x, y, decoder.malformed) == ([12, 0, 7], [1, 2, 5], {"not a number": 2})
    assert "'15 without a unit, others ms'" in decoder.detail


def test_series_that_are_mixed_are_said() -> None:
    one, alternating = (
        each(lambda k: f"cpu,host=a x={X[k]},y={Y[k]}"),
        each(lambda k: f"cpu,host={k % 2} x={X[k]},y={Y[k]}"),
    )
    assert decoded(one)[0].note == ""
    decoder, found_x, _ = decoded(alternating)
    assert found_x == X.tolist()
    assert decoder.note == "lines of cpu,host=0 and cpu,host=1 are mixed: --x 'cpu,host=0/x' takes those of one"
    assert decoded(alternating, "cpu,host=1/x", "cpu,host=1/y")[1] == X[1::2].tolist()


@pytest.mark.parametrize(("shape", "said"), [((2, 3), True), ((3, 2), False), ((2, 2), False), ((2, 9), True)])
def test_rows_that_may_be_signals_are_said(shape: tuple[int, int], said: bool) -> None:
    rows: list[Frames] = [[json.dumps(RNG.random(shape).tolist()).encode()] for _ in range(5)]
    assert ("if they are" in decoded(rows, "0", "1")[0].note) == said
    assert "if they are" not in decoded([[json.dumps(RNG.random((2, 3)).tolist()).encode()]], "1", "2")[0].note


# bytes behind something else: what is said is right


HEADS: dict[str, tuple[Callable[[int], bytes], str]] = {
    "LabVIEW's clusters": (lambda n: struct.pack(">i", n), ">f8"),
    "LabVIEW's array": (lambda n: struct.pack(">i", 2 * n), ">f8"),
    "LabVIEW's floats": (lambda n: struct.pack(">i", n), ">f4"),
    "LabVIEW's 2-D array": (lambda n: struct.pack(">ii", n, 2), ">f8"),
    "a cluster with a name": (lambda n: struct.pack(">i", 4) + b"temp", ">f8"),
    "a LabVIEW timestamp": (lambda n: struct.pack(">qQ", 3_855_204_000, n << 50), ">f8"),
    "Confluent's schema id": (lambda n: b"\0" + struct.pack(">I", 7), "<f8"),
    "flatbuffers": (lambda n: struct.pack("<I", 16) + bytes(12), "<f8"),
    "an id and a NUL": (lambda n: b"S-17\0", "<f4"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("sizes", [[4] * 10, [1, 2, 3, 4] * 4])
def test_floats_behind_a_head_are_named_and_read_as_told(name: str, sizes: list[int]) -> None:
    head, kind = HEADS[name]
    rows = np.stack([X, Y], axis=1).astype(kind)
    parts = np.split(rows, np.cumsum(sizes))[: len(sizes)]
    messages: list[Frames] = [[head(len(part)) + part.tobytes()] for part in parts]
    refused, x, _ = decoded(messages, "0", "1")
    assert x == []
    told = refused.detail.partition("--format '")[2].partition("'")[0]
    assert told.startswith("struct:"), refused.detail
    _, found_x, found_y = decoded(messages, "f0", "f1", format=told)
    assert [found_x, found_y] == rows[: sum(sizes)].T.astype(float).tolist()


STRUCTS: dict[str, Callable[[int], tuple[Any, ...]]] = {
    "<Qff": lambda k: ((START + k) * 10**9, X[k], Y[k]),
    "<dff": lambda k: (START + k, X[k], Y[k]),
    "<ddd": lambda k: (START + k, X[k], Y[k]),
    "<I4xdd": lambda k: (k, X[k], Y[k]),
    "<Idd": lambda k: (k, X[k], Y[k]),
    "<B3xff": lambda k: (3, X[k], Y[k]),
    "<8sdd": lambda k: (b"SENSOR12", X[k], Y[k]),
    "<16sdd": lambda k: (b"SENSOR1", X[k], Y[k]),
    "<IIff": lambda k: (START + k, 10 * k, X[k], Y[k]),
}


@pytest.mark.parametrize("layout", STRUCTS)
def test_structs_are_named_and_read_as_told(layout: str) -> None:
    messages: list[Frames] = [[struct.pack(layout, *STRUCTS[layout](k))] for k in range(N)]
    refused, found, _ = decoded(messages, "0", "1")
    assert found == []
    told = shlex.split(refused.detail.partition("C structs: ")[2])
    given = dict(zip([option.lstrip("-") for option in told[::2]], told[1::2], strict=True))
    _, found_x, found_y = decoded(messages, **given)
    narrow = [np.float32 if "f" in layout else np.float64] * 2
    assert [found_x, found_y] == [kind(one).astype(float).tolist() for kind, one in zip(narrow, (X, Y), strict=True)]


def test_two_lines_without_a_number_are_two_samples_that_lack_one() -> None:
    decoder, x, _ = decoded([[b"1;2\n3;4"], [b"nan;nan\nnan;nan"]], "0", "1")
    assert x == pytest.approx([1, 3, math.nan, math.nan], nan_ok=True)
    assert decoder.malformed == {}


@pytest.mark.parametrize("stamp", [START, START * 1000, "2026-01-01T00:00:00Z"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_value_and_its_time_in_a_list_are_not_two_samples(stamp: Any, at: int) -> None:
    """Half of the values were times, in silence."""
    pairs = [{name: [one[k], stamp] if at else [stamp, one[k]] for name, one in (("x", X), ("y", Y))} for k in range(N)]
    messages: list[Frames] = [[json.dumps(record).encode()] for record in pairs]
    refused, found, _ = decoded(messages)
    told = shlex.split(refused.detail.partition("its time: ")[2])
    assert (found, told) == ([], ["--x", f"x/{1 - at}", "--y", f"y/{1 - at}", "--t", f"x/{at}"])
    assert decoded(messages, told[1], told[3], t=told[5])[1:] == (X.tolist(), Y.tolist())
    # Two samples of bytes, by the million, are no times; nor is what is missing.
    plain = [{"x": [1.2e9, 7e8], "y": [2, 3]}, {"x": [math.nan, 1], "y": [math.nan, 2]}, {"x": [None, 1], "y": [0, 2]}]
    assert decoded([[json.dumps(one).encode()] for one in plain])[2] == pytest.approx(
        [2, 3, math.nan, 2, 0, 2], nan_ok=True
    )


def test_a_scale_in_the_header_of_an_array_is_said_and_another_one_refused() -> None:
    rows = np.stack([X, Y], axis=1)
    messages: list[Frames] = []
    for k, row in enumerate(rows):
        header = {"dtype": "int16", "shape": [1, 2], "channels": ["x", "y"], "scale": 0.01 if k < N - 5 else 0.02}
        messages.append([json.dumps(header).encode(), (100 * row).round().astype("<i2").tobytes()])
    decoder, x, _ = decoded(messages)
    assert x == (100 * X[:-5]).round().tolist()
    assert decoder.malformed == {"another unit": 5}
    assert "the header has scale 0.01: the array's numbers are taken as they are, without it" in decoder.note


def test_metrics_of_a_message_that_were_read_one_after_the_other_are_one_record() -> None:
    """Sparkplug's: each has its own time."""
    messages: list[Frames] = [
        [json.dumps({"timestamp": 1000 * (START + k), "metrics": [
            {"name": name, "timestamp": 1000 * (START + k) + late, "doubleValue": one[k]}
            for late, name, one in ((0, "x", X), (7, "y", Y))]}).encode()] for k in range(N)
    ]  # fmt: skip
    assert decoded(messages)[1:] == (X.tolist(), Y.tolist())
    apart = [{"n": name, "v": k, "bt": START + t} for name in "xy" for t, k in ((0, 1), (0.1, 2))]
    assert decoded([[json.dumps(apart).encode()]])[1] == []  # y of then and x of now are no pair


# named


def protobuf(k: int) -> bytes:
    return b"\x09" + struct.pack("<d", X[k]) + b"\x11" + struct.pack("<d", Y[k]) + b"\x1a\x02ok"


def torch_save(k: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\0.")
        archive.writestr("archive/data/0", X[k:].tobytes())
    return file.getvalue()


def safetensors(k: int) -> bytes:
    about = json.dumps({"x": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(about)) + about + X[k : k + 1].tobytes()


def otlp(k: int) -> str:
    """OpenTelemetry's metrics: signals are named, far below."""
    points = ({"dataPoints": [{"timeUnixNano": f"{START + k}000000000", "asDouble": one[k]}]} for one in (X, Y))
    metrics = [{"name": name, "gauge": point} for name, point in zip(("temp", "load"), points, strict=True)]
    return json.dumps({"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"scope": {}, "metrics": metrics}]}]})


METRICS, POINT = "resourceMetrics/0/scopeMetrics/0/metrics", "gauge/dataPoints/0/asDouble"


@pytest.mark.parametrize(
    ("write", "x", "said"),
    [
        (protobuf, "temp", "Protocol Buffers (field 1: 8 bytes, field 2: 8 bytes, field 3: text or message)"),
        (protobuf, "0", "Protocol Buffers (field 1: 8 bytes"),
        (torch_save, "0", "a file of torch.save, which is a pickle: streammi never unpickles"),
        (safetensors, "x", "safetensors: streammi does not read it"),
        (otlp, "temp", f"did you mean {METRICS}/0/{POINT} and {METRICS}/1/{POINT}?"),
        (lambda k: json.dumps({"p": {"temp": X[k], "load": 1}}), "temp", "did you mean p/temp and p/load?"),
        (lambda k: json.dumps({"payload": json.dumps({"temp": X[k]})}), "temp", "payload is a text that holds JSON"),
        (lambda k: json.dumps({"temp": {"$numberDouble": str(X[k])}, "load": 1}), "temp", "add /$numberDouble"),
        (lambda k: f"temp {X[k]}" if k % 2 else f"load {Y[k]}", "temp", "--x 'ENDPOINT#temp:1' --y 'ENDPOINT#NAME:1'"),
        (lambda k: f"{X[k]} C,{Y[k]} %", "0", "numbers with units: send them without"),
        (lambda k: f"({X[k]}, {Y[k]})", "0", "a tuple as print() writes it"),
        (lambda k: base64.b64encode(json.dumps({"x": X[k]}).encode()), "x", "JSON in base64"),
        (lambda k: struct.pack("<dd", X[k], Y[k]).hex(), "0", "hexadecimal digits"),
        (lambda k: f'cb({{"x": {X[k]}}});', "x", "JSON in a call, as of JSONP"),
        (lambda k: '11:{"x": 1.25},', "x", "JSON behind its length"),
        (lambda k: b"prefix event " + pickle.dumps({"temp": X[k]}), "temp", "behind words, a Python pickle: streammi"),
        (lambda k: b"\x1a\x64" + json.dumps({"temp": X[k]}).encode(), "temp", "JSON behind what is no text (2 of its"),
        (lambda k: f"room {X[k]} {Y[k]}", "0", "its numbers are in columns 1 and 2, counted from 0"),
        (lambda k: f"$WIXDR,C,{X[k]},C,TEMP,P,{Y[k]},B", "temp", "its numbers are in columns 2 and 6, counted from 0"),
        (lambda k: msgpack.packb({"temp": msgpack.ExtType(4, b"1234"), "load": 1}), "temp", "Extension of type 4"),
        (lambda k: struct.pack("<d", X[k] * np.pi), "temp", "one float a message: --format 'struct:<f8' --x"),
        (lambda k: struct.pack("<If", k, X[k]), "0", "C structs: --format 'struct:<u4,<f4', of which f1 is a float"),
        (lambda k: struct.pack("<If", 7, X[k]), "0", "C structs: --format 'struct:<u4,<f4', of which f1 is a float"),
        (lambda k: repr(f"{X[k]},{Y[k]}".encode()), "0", "bytes as print() writes them"),
        (lambda k: f"[{X[k]} {Y[k]}]", "0", "numbers between blanks, as MATLAB and numpy print them, are not JSON"),
        (lambda k: f"{{x={X[k]}, y={Y[k]}}}", "x", "send x=1.5 y=2.5 without brackets"),
        (lambda k: f"temp {X[k]}\nload {Y[k]}\n", "temp", "a name and a number a line"),
        (lambda k: base64.b64encode(protobuf(k)), "temp", "base64: send the bytes"),
        (lambda k: json.dumps({"temp": {"0": X[k], "1": 2}, "load": {"0": 1, "1": 2}}), "temp", "as pandas has it"),
        (lambda k: json.dumps({"temp": {str(START + k): X[k]}, "load": 1}), "temp", "by its time: send"),
    ],
)  # fmt: skip
def test_named(write: Callable[[int], str | bytes], x: str, said: str) -> None:
    decoder, found, _ = decoded(each(write), x, "1" if x == "0" else "load")
    assert found == []
    assert said in decoder.detail


@pytest.mark.parametrize("kind", ["<f8", ">f8", "<i8"])
@pytest.mark.parametrize("seed", range(3))
def test_one_number_a_message_is_no_pair_however_long_it_goes_on(kind: str, seed: int) -> None:
    """Half of a float64 is a plausible float32 in one case of two: those that were held were more and more."""
    values = np.random.default_rng(seed).normal([20, 1000, 1e-3][seed], 1, 150).astype(kind)
    decoder, found, _ = decoded([[one.tobytes()] for one in values], "0", "1")
    assert (found, decoder.format) == ([], None)
