"""The report: what is drawn is what was recorded, whatever its length; and the page asks for nothing outside."""

import csv
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
import pytest
from dashboard_samples import NOW, SAMPLES, link, parabola
from feeds import monitor_that

from streammi.cli.app import app
from streammi.cli.moment_report import save_page
from streammi.cli.options import PairOptions
from streammi.cli.run_report import shortened
from streammi.config import MonitorConfig, span
from streammi.errors import ConfigError, MissingExtra
from streammi.ingest.files.file_options import PLAIN
from streammi.monitor import Monitor
from streammi.publish.messages import reading_message, result_fields
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.records import PairBatch
from streammi.report.collect import SAMPLE, Collector
from streammi.report.curves import Decimator
from streammi.report.figures import over_time

DATA = Path(__file__).parents[2] / "shared" / "data"


class Page(HTMLParser):
    """A page as a browser reads it: its tags, its text, and every address in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.labels: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-label":
                self.labels.append(value or "")
            self.addresses += re.findall(r"url\(([^)]*)\)", value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def report(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["streammi", "report", *words])
    return int(app(["report", *words], standalone_mode=False) or 0)


def check_self_contained(page: Page) -> None:
    assert not {"script", "link", "iframe", "object", "embed", "form"} & {*page.tags}
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.addresses)
    assert {address[1:] for address in page.addresses if address[0] == "#"} <= {*page.ids}
    assert len(set(page.ids)) == len(page.ids)
    assert page.tags.count("svg") == len(page.labels)
    assert all(page.labels)


def write(path: Path, names: str, *columns: Iterable[object]) -> Path:
    path.write_text("\n".join([names, *(",".join(map(str, row)) for row in zip(*columns, strict=True))]) + "\n")
    return path


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """y goes with x for 6,000 rows, and not at all for 4,000 more; ten rows are none."""
    random = np.random.default_rng(5)
    x, noise = random.standard_normal((2, 10_000))
    y = np.where(np.arange(10_000) < 6000, x + 0.3 * noise, noise).round(4).astype(object)
    y[500:510] = "broken"
    return write(tmp_path / "a.csv", "time,x <b>&$1_{,y]]>", 1.7e9 + np.arange(10_000), x.round(4), y)


def test_a_report_of_a_file(
    changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "of <it>.html"
    words = [str(changed), "--x", "x <b>&$1_{", "--y", "y]]>", "--window", "500", "--lags=-3:3", "-o", str(out)]
    assert report(*words, monkeypatch=monkeypatch) == 0
    assert str(out) in capsys.readouterr().out
    page = Page(out)
    check_self_contained(page)
    assert "x <b>&$1_{ and y]]>" in page.text
    assert page.tags.count("svg") == 8
    assert shlex.join(["streammi", "report", *words]) in page.text
    assert re.search(r"2023-11-15 00:[01]\d:\d\d UTC\s*lost", page.text)  # y went at 23:53:20, its window 500 s later
    assert "10 rows skipped: 10 not a number" in page.text
    assert "Lost: 10 rows" in page.text
    readings = list(csv.DictReader((tmp_path / "of <it>.readings.csv").read_text().splitlines()))
    assert len(readings) == 200  # ten a window
    full = [float(reading["mi_corrected"]) for reading in readings if float(reading["fill"]) == 1]
    assert f"{max(full):.3f} bit" in page.text
    assert f"{min(full):.3f} bit" in page.text
    tested = [float(reading["p"]) for reading in readings if reading["p"]]
    assert f"p{tested[-1]:.3g}r (Pearson)" in page.text
    assert f"{sum(p <= 0.05 for p in tested)} of {len(tested)} readings with a p " in page.text


def test_what_a_report_needs_and_does_not_do(changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["--x", "x <b>&$1_{", "--y", "y]]>"]
    with pytest.raises(ConfigError, match=r"--out must be a name that ends in \.html, got"):
        report(str(changed), *given, "-o", str(tmp_path / "a.txt"), monkeypatch=monkeypatch)
    before = changed.read_bytes()
    table = changed.rename(tmp_path / "a.readings.csv")
    with pytest.raises(ConfigError, match="--out must be another file than what is replayed"):
        report(str(table), *given, "-o", str(tmp_path / "a.html"), monkeypatch=monkeypatch)
    assert table.read_bytes() == before
    empty = write(tmp_path / "b.csv", "x,y", ["a", "b"], ["c", "d"])
    assert report(str(empty), "--x", "x", "--y", "y", "-o", str(tmp_path / "c.html"), monkeypatch=monkeypatch) == 1
    assert not (tmp_path / "c.html").exists()
    monkeypatch.setattr("streammi.cli.commands.report.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install .*'streammi\[report\]'"):
        report(str(changed), *given, monkeypatch=monkeypatch)


def test_labels_and_conditions_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    z = random.integers(0, 3, 1500)
    names = np.array(["off", "on", "träge $x"])
    labels = write(tmp_path / "l.csv", "x,y", names[z], names[(z + (random.random(1500) < 0.2)) % 3])
    words = ["--bins", "categories", "--window", "200", "-o", str(tmp_path / "labels.html")]
    assert report(str(labels), "--x", "x", "--y", "y", *words, monkeypatch=monkeypatch) == 0
    page = Page(tmp_path / "labels.html")
    check_self_contained(page)
    assert page.text.count("träge $x") >= 4
    drives = random.standard_normal(1500)
    signals = write(tmp_path / "g.csv", "x,y,z", drives + random.standard_normal(1500) / 2, drives, drives)
    words = ["--given", "z", "--transfer", "--unit", "nat", "--window", "300", "-o", str(tmp_path / "given.html")]
    assert report(str(signals), "--x", "x", "--y", "y", *words, monkeypatch=monkeypatch) == 0
    page = Page(tmp_path / "given.html")
    check_self_contained(page)
    assert "MI given z" in page.text
    assert "Transfer, x to y" in page.text
    assert "bit" not in page.text.replace("pointwise MI, bit", "")


@pytest.mark.parametrize("cuts", [[], [1, 2, 3, 5000], list(range(7, 30_000, 777))])
def test_no_peak_is_lost_however_the_samples_came(cuts: list[int]) -> None:
    values = np.random.default_rng(1).standard_normal((2, 30_000))
    values[0, 12_345], values[1, 29_999], values[1, 17] = 1e6, -1e6, np.nan
    t = np.arange(30_000.0)
    decimator = Decimator(2, points=100)
    for part in np.split(np.arange(30_000), cuts):
        decimator.add(t[part], values[:, part])
    curve = decimator.curve()
    assert 100 <= curve.t.size <= 201
    starts = np.arange(0, 30_000, curve.step)
    assert curve.t.tolist() == t[starts].tolist()
    assert curve.low.tolist() == np.fmin.reduceat(values, starts, axis=1).tolist()
    assert curve.high.tolist() == np.fmax.reduceat(values, starts, axis=1).tolist()
    means = [[np.nanmean(row[k : k + curve.step]) for k in starts] for row in values]
    assert np.allclose(curve.mean, means, rtol=1e-9)


def test_pairs_drawn_at_random_are_as_likely_from_anywhere() -> None:
    collector = Collector(arrival=False)
    n = 4 * SAMPLE
    for part in np.split(np.arange(float(n)), 41 * np.arange(1, 2000)):
        gaps = np.full(part.size, np.nan)  # pairs that cannot be drawn, between those that can
        collector.pairs(PairBatch(x=np.column_stack((part, gaps)).ravel(), y=np.repeat(-part, 2)))
    x, y = collector.sample
    assert np.array_equal(x, -y)
    assert np.unique(x).size == SAMPLE
    quarters = np.bincount((x // SAMPLE).astype(int), minlength=4)
    assert np.all(np.abs(quarters - SAMPLE / 4) < 5 * np.sqrt(SAMPLE * 3 / 16))


def test_a_moment_is_at_the_same_place_in_the_signals_and_in_their_mi() -> None:
    x = 1e6 * np.random.default_rng(0).normal(size=600)  # its labels are longer than those of MI
    batch = PairBatch(x=x, y=-x, t=1.8e9 + np.arange(600.0), received=1.8e9)
    monitor, collector = Monitor(MonitorConfig(window=span(200), every=span(50))), Collector(arrival=False)
    collector.pairs(batch)
    for at, item in monitor.feed(batch):
        collector.item(at, item)
    figures = [figure for figure, _, _ in over_time(collector.findings(monitor, (), NOW)).values()]
    places = []
    for figure in figures:
        figure.draw_without_rendering()
        ends = [((1.8e9 + k) / 86400, 0) for k in (0, 599)]  # in days, as matplotlib has dates
        places += [plot.transData.transform(ends)[:, 0] for plot in figure.axes]
        assert all(plot.get_tightbbox().x0 >= 0 for plot in figure.axes)
    assert len(places) == 3
    np.testing.assert_allclose(places, places[:1] * 3, rtol=0, atol=0.01)
    assert 50 < places[0][0] < places[0][1] < 1000


@pytest.mark.parametrize(
    ("file", "x", "y"),
    [("room_occupancy_uci864/part1.csv.gz", "S1_Light", "S1_Temp"), ("tep/fault14.csv.gz", "XMEAS9", "XMEAS21")],
)
def test_reports_of_real_recordings(file: str, x: str, y: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (DATA / file).exists():
        pytest.skip("the recording is not here")
    out = tmp_path / "real.html"
    assert report(str(DATA / file), "--x", x, "--y", y, "--window", "200", "-o", str(out), monkeypatch=monkeypatch) == 0
    page = Page(out)
    check_self_contained(page)
    assert out.stat().st_size < 1 << 20


# Of a running monitor


def once_each(messages: list[list[bytes]]) -> Callable[[Publisher], None]:
    """One message after the other, once somebody listens."""

    def say(publisher: Publisher) -> None:
        if messages and publisher.wants(b"snapshot/boiler"):
            publisher.send(messages.pop(0))

    return say


def said(seq: int, run: int = 1, pair: str = "boiler", **more: object) -> list[bytes]:
    reading = parabola().reading
    assert reading is not None
    reading = msgspec.structs.replace(reading, mi_corrected=1.0 + seq / 100, **more)
    fields = result_fields(reading, run=run, seq=seq, timestamp=NOW + seq, link=link())
    return reading_message(pair, fields)


def test_a_report_of_a_running_monitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = msgspec.structs.replace(parabola(), x=msgspec.structs.replace(parabola().x, name="<i>flow", unit="l/s"))
    heard = [said(k) for k in (1, 2, 3, 3, 7, 8)] + [said(1, run=2), said(2, run=2), said(1, pair="other")]
    out = tmp_path / "now.html"
    messages = [snapshot_message(shot), *heard, [b"mi/boiler", b"no JSON"], snapshot_message(shot)]
    with monitor_that(once_each(messages)) as endpoint:
        assert report(endpoint, "--seconds", "2.5", "-o", str(out), monkeypatch=monkeypatch) == 0
    table = tmp_path / "now.readings.csv"
    assert capsys.readouterr().out == f"{out} and, the readings one a row, {table}\n"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [f"{row['run']}.{row['seq']}" for row in rows] == ["1.1", "1.2", "1.3", "1.7", "1.8", "2.1", "2.2"]
    page = Page(out)
    check_self_contained(page)
    assert "<i>flow and valve" in page.text
    assert "dependent but not linearly" in page.text
    assert f"{endpoint}, heard for" in page.text
    for note in (
        "the monitor was started again once meanwhile", "3 readings were not heard", "a message could not be read",
        "other pairs of this monitor are not in here: other",
    ):  # fmt: skip
        assert note in page.text
    assert "7, of which 7 are of a full window" in page.text
    assert "1.080 bit" in page.text  # the most
    assert page.text.count("gained") == 1
    pictures = "over time, from|since the monitor's start|joint histogram of|pointwise|by delay|Entropies"
    assert [bool(re.search(one, label)) for one in pictures.split("|") for label in page.labels].count(True) >= 6


def test_of_a_monitor_of_which_nothing_is_heard_there_is_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.html"
    with monitor_that(once_each([])) as endpoint:
        assert report(endpoint, "--seconds", "0.3", "-o", str(out), monkeypatch=monkeypatch) == 1
    assert f"no reading of {endpoint} within 0." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tcp://127.0.0.1:1", "--window", "5"], "--window must be left out of a running monitor"),
        (["tcp://127.0.0.1:1", "--x", "a"], "--x must be left out of a running monitor"),
        (["tcp://127.0.0.1:1", "-o", "a.pdf"], "--out must be a name that ends in .html"),
        (["nowhere://a:1"], "FILE must be an endpoint"),
        (["a.csv", "--x", "a", "--y", "b", "--seconds", "3"], "--seconds must be left out of a file"),
        (["a.csv", "--x", "a", "--y", "b", "--curve-secret", "k"], "--curve-secret must be left out of a file"),
    ],
)
def test_what_nothing_heeds_is_refused(words: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=said):
        report(*words, monkeypatch=monkeypatch)


@pytest.mark.parametrize("name", ["hostile_names", "labels", "warming_up", "empty"])
def test_a_page_of_one_moment(name: str, tmp_path: Path) -> None:
    """What key R writes, of whatever a dashboard can show."""
    shot = SAMPLES[name]()
    answer = save_page(shot, tmp_path, "tcp://127.0.0.1:5557")
    [path] = tmp_path.iterdir()
    assert answer == f"report: {path.name}"
    page = Page(path)
    check_self_contained(page)
    assert shot.reading is None or f"{shot.reading.mi_corrected:.3f} bit" in page.text
    assert "streammi report tcp://127.0.0.1:5557" in page.text
    assert "File exists" in save_page(shot, tmp_path, "")


def test_a_short_file_has_shorter_windows_unless_they_are_chosen(tmp_path: Path) -> None:
    file = tmp_path / "short.csv"

    def window(rows: int, given: set[str] | None = None, path: Path = file) -> str:
        # Newest first, and a row without x: rows are counted, whatever is in them.
        file.write_text("time,x,y\n" + "".join(f"{1.7e9 - k:.0f},{k % 7},{k % 5}\n" for k in range(rows)) + "1,,2\n")
        return shortened(PairOptions(), given or set(), str(path), "x", "y", PLAIN).window

    assert [window(rows) for rows in (100, 5305, 9998, 10_000)] == ["50", "530", "999", "1000"]
    assert window(5305, {"window"}) == window(5305, path=tmp_path / "not-there.csv") == "1000"
