"""The report of many channels: it says what the same rows say by themselves, of a file, a recording and a monitor."""

import csv
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from dashboard_samples import NOW, parabola
from feeds import monitor_that
from hypothesis import given, settings, strategies as st
from test_channel_state import SETTINGS, SOURCE
from test_dashboard_many import sample, with_change
from test_report import Page, check_self_contained, report

from streammi import analyse_channels
from streammi.errors import ConfigError
from streammi.publish.matrices import matrix_message
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Arrived, Begin, Settings
from streammi.recording.writer import Recorder
from streammi.records import Event, MatrixSnapshot, SignalTrace
from streammi.report.many.past import Changes, LongPast
from streammi.report.many.sample import RowSample

NAMES = ("x", "line", "<b>parabola</b>", "alone", "far", "constant", "silent")


def rows_of(n: int, lost_from: int | None = None) -> np.ndarray:
    """x, a line of it, a parabola of it, one alone, a line of the line; from a row on the first line is noise."""
    random = np.random.default_rng(4)
    x, noise, more, alone, fresh = random.normal(size=(5, n))
    line = x + 0.3 * noise
    far = line + 0.5 * more
    if lost_from is not None:
        line = np.where(np.arange(n) < lost_from, line, fresh)
    rows = np.column_stack((x, line, x**2 + 0.1 * more, alone, far, np.full(n, 5.0), np.full(n, np.nan)))
    rows[10:20, 3] = np.nan
    return rows


def write(path: Path, rows: np.ndarray, names: tuple[str, ...] = NAMES) -> Path:
    lines = [",".join("" if np.isnan(value) else f"{value:.6f}" for value in row) for row in rows.tolist()]
    path.write_text("\n".join([",".join(names), *lines]) + "\n")
    return path


def table_of(page: Path) -> dict[tuple[str, str], dict[str, str]]:
    rows = csv.DictReader(page.with_suffix(".pairs.csv").read_text().splitlines())
    return {(row["x"], row["y"]): row for row in rows}


def test_a_report_of_a_file_says_what_its_rows_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(4000, lost_from=3000)
    file, out = write(tmp_path / "a.csv", rows), tmp_path / "a.html"
    words = [str(file), "--channels", "[!s]*", "--target", "far", "--window", "200", "--top", "4", "-o", str(out)]
    assert report(*words, monkeypatch=monkeypatch) == 0
    page = Page(out)
    check_self_contained(page)
    found = analyse_channels(rows[:, :6].round(6), NAMES[:6])
    table = table_of(out)
    assert len(table) == 15
    strongest = sorted(found.edges(0.05).tolist(), key=lambda pair: -found.mi[tuple(pair)])[:4]
    for i, j in found.edges(0.05).tolist():
        row = table[NAMES[i], NAMES[j]]
        assert float(row["mi"]) == pytest.approx(found.mi[i, j], abs=1e-9)
        assert float(row["r"]) == pytest.approx(np.corrcoef(rows[:, i], rows[:, j])[0, 1], abs=1e-6)
        if [i, j] in strongest:
            assert f"{NAMES[i]} ~ {NAMES[j]}{found.mi[i, j]:.3f}{found.r[i, j]:.2f}" in page.text
    assert f"{len(found.edges(0.05))} of 15 pairs depend by more than chance" in page.text
    assert "x ~ <b>parabola</b>" in page.text.partition("Dependent, and not linear")[2].partition("Only through")[0]
    assert "5 pairs could not be tested" in page.text  # those of the constant
    assert "constant" in page.text.partition("The channels")[2]
    assert "99.8%5" not in page.text
    assert "99.8%" in page.text  # of alone, ten values are missing
    changed = page.text.partition("What changed")[2].partition("The channels")[0]
    assert "x ~ line" in changed
    [event] = [part for part in changed.split("sample ")[1:] if "MI of x ~ line was" in part][:1]
    assert 3000 < int(event.partition("lost")[0].partition("shifted")[0].replace(",", "")) <= 3300
    assert sum("Pairs as points" in label for label in page.labels) == 2 + ("Only through a third" in page.text)


def test_of_a_short_file_windows_are_a_tenth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = write(tmp_path / "a.csv", rows_of(960, lost_from=300)), tmp_path / "a.html"
    normal = write(tmp_path / "n.csv", rows_of(500))
    given = ["--channels", "x,line,far", "--top", "2", "--baseline", str(normal), "-o", str(out)]
    assert report(str(file), *given, monkeypatch=monkeypatch) == 0
    page = Page(out)
    assert "Window96 rows" in page.text
    weaker = page.text.partition("Weaker than before")[2]
    assert "of 500 rows each" in weaker
    assert "x ~ line" in weaker


def test_a_recording_is_as_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, path, out = rows_of(1500)[:, :3], tmp_path / "plant.rec", tmp_path / "a.html"
    channels = msgspec.structs.replace(SETTINGS, patterns=("*",), pairs=(), target=None)
    with closing(Recorder(path, Begin("0.1.0", 1, Settings(feed=SOURCE, channels=channels)), 1 << 30)) as recorder:
        for start in range(0, 1500, 100):
            part = rows[start : start + 100].tolist()
            messages = [[msgspec.json.encode(dict(zip("abc", row, strict=True)))] for row in part]
            recorder.write(Arrived(0, NOW + start / 100, messages))
    assert report(str(path), "--window", "300", "--top", "2", "-o", str(out), monkeypatch=monkeypatch) == 0
    page, found = Page(out), analyse_channels(rows, list("abc"))
    check_self_contained(page)
    for (x, y), row in table_of(out).items():
        assert float(row["mi"]) == pytest.approx(found.mi["abc".index(x), "abc".index(y)], abs=1e-9)
    begun = datetime.fromtimestamp(NOW + 1, UTC)  # when its channels were known
    assert f"Rows1,500From{begun:%Y-%m-%d %H:%M:%S} UTC" in page.text


LINE = np.linspace(0, 1, 50)
TRACE = SignalTrace(
    start=0, stop=50, unit="pairs", x_low=LINE, x_high=LINE, y_low=LINE, y_high=LINE, x_newest=LINE, y_newest=LINE**2
)


class Plant:
    """A monitor of many channels: its matrices, and of its pairs those that are asked for by name."""

    def __init__(self, matrices: list[MatrixSnapshot]) -> None:
        self._matrices = matrices
        self.asked: set[bytes] = set()

    def say(self, publisher: Publisher) -> None:
        if self._matrices and publisher.wants(b"matrix/plant"):
            publisher.send(matrix_message(self._matrices.pop(0)))
        for topic in publisher.topics(b"snapshot/") - {b"snapshot/"} - self.asked:
            self.asked.add(topic)
            pair = topic.decode().partition("/")[2]
            publisher.send(snapshot_message(msgspec.structs.replace(parabola(), pair=pair, trace=TRACE)))


def test_a_running_monitor_is_asked_for_what_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("streammi.cli.run_live_report.TOP", 2)
    first = sample()
    last = with_change(msgspec.structs.replace(first, seq=12, timestamp=NOW + 12), (3, -0.9))
    plant, out = Plant([first, msgspec.structs.replace(first, seq=10, timestamp=NOW + 10), last]), tmp_path / "now.html"
    with monitor_that(plant.say) as endpoint:
        assert report(endpoint, "--seconds", "1", "-o", str(out), monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == f"{out} and, the pairs one a row, {tmp_path / 'now.pairs.csv'}\n"
    assert not (tmp_path / "now.readings.csv").exists()
    page = Page(out)
    check_self_contained(page)
    assert plant.asked
    assert sum("Pairs as points" in label for label in page.labels) == 2
    assert "In the last window 1 pair has changed" in page.text
    strongest = int(np.argmax(last.mi))
    i, j = (side[strongest] for side in np.triu_indices(12, 1))
    assert f"{last.names[i]} ~ {last.names[j]}{last.mi[strongest]:.3f}" in page.text
    assert len(table_of(out)) == 66


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--channels", "all", "--x", "a"], "--x must be left out of a report of many channels"),
        (["--channels", "all", "--export", "p.csv"], "--export must be left out of a report"),
        (["--channels", "all", "-o", "nowhere/at/all.html"], "--out must be a file that can be written"),
        (["--channels", "all", "-o", "a.pdf"], "--out must be a name that ends in .html"),
        (["--channels", "none*"], "--channels must be all, or names or globs"),
        (["--channels", "all", "--target", "none"], "--target must be one of the channels"),
        (["--channels", "all", "--window", "10s"], "--window must be a number of rows where they have no times"),
        (["--top", "3"], "--top must be left out without --channels"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.csv", rows_of(100))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=said):
        report(str(file), *words, monkeypatch=monkeypatch)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("rows", [np.ones((1, 7)), np.full((50, 7), np.nan), rows_of(30)[:, :1]])
def test_of_nothing_there_is_no_page(rows: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.csv", rows, NAMES[: rows.shape[1]])
    try:
        assert report(str(file), "--channels", "all", "-o", str(tmp_path / "a.html"), monkeypatch=monkeypatch) == 1
    except ConfigError as error:
        assert "--channels" in str(error)  # noqa: PT017 - no column holds a number
    assert not (tmp_path / "a.html").exists()


@settings(deadline=None)
@given(st.lists(st.integers(0, 70), max_size=8))
def test_of_each_stretch_one_row_stays_in_its_order(sizes: list[int]) -> None:
    taken, n = RowSample(1, room=8), 0
    for size in sizes:
        taken.add(np.arange(n, n + size, dtype=np.float64)[:, None], np.arange(n, n + size) + 0.5)
        n += size
    kept = taken.rows[:, 0]
    assert kept.size < 8
    assert (taken.t == kept + 0.5).all()
    assert (kept // taken.step == np.arange(kept.size)).all()
    assert n // taken.step <= kept.size <= -(-n // taken.step)


def test_each_row_is_as_likely_to_stay() -> None:
    counts = np.zeros(64)
    for seed in range(400):
        taken = RowSample(1, room=8)
        taken._random = np.random.default_rng(seed)
        for start in range(0, 64, 16):
            taken.add(np.arange(start, start + 16, dtype=np.float64)[:, None], np.zeros(16))
        counts[taken.rows[:, 0].astype(int)] += 1
    expected = counts.sum() / 64
    assert ((counts - expected) ** 2 / expected).sum() < 110  # chi-square of 63: once in 4,000


@settings(deadline=None)
@given(st.integers(1, 60))
def test_the_past_of_any_length_is_its_means(n: int) -> None:
    values = np.random.default_rng(n).random((n, 2)).astype(np.float32)
    past = LongPast(2, room=8)
    for k in range(n):
        past.add(float(k), values[k], k)
    starts = np.arange(0, n, past.step)
    means = [values[start : start + past.step].mean(axis=0) for start in starts]
    assert past.t.tolist() == starts.tolist()
    assert np.allclose(np.column_stack([past.of(0), past.of(1)]), means, atol=1e-5)
    assert past.changed.tolist() == [min(start + past.step, n) - 1 for start in starts]
    assert past.t.size <= 8


def test_the_farthest_change_of_a_pair_stays() -> None:
    changes = Changes(66)
    for seq, by in enumerate((-0.2, -0.9, -0.4)):
        changes.add(msgspec.structs.replace(with_change(sample(), (3, by), (5, 0.1)), timestamp=NOW + seq))
    assert changes.most(5) == [3, 5]
    assert changes.times[[3, 5]].tolist() == [3, 3]
    assert (changes.at[3], changes.farthest[3]) == (NOW + 1, np.float32(-0.9))
    assert changes.mi[3] == pytest.approx(sample().mi[3] - 0.9, abs=1e-6)
    assert isinstance(sample().events, tuple)
    assert all(isinstance(event, Event) for event in with_change(sample(), (3, 0.1)).events)


@pytest.mark.parametrize("given", [["--channels", "all"], ["--x", "a", "--y", "b"]])
def test_values_of_any_size_are_drawn_and_times_that_go_back_are_said(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(2)
    t = np.concatenate((np.arange(200.0), np.arange(150.0, 350.0)))
    a, b = random.choice([1e308, -1e308, 0.0], 400), random.normal(size=400) * 1e300
    lines = [f"{at},{x!r},{y!r}" for at, x, y in zip(t, a.tolist(), b.tolist(), strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["time,a,b", *lines]) + "\n")
    out = tmp_path / "a.html"
    assert report(str(tmp_path / "a.csv"), *given, "--window", "200", "-o", str(out), monkeypatch=monkeypatch) == 0
    check_self_contained(Page(out))
    assert "--channels" not in given or "the times go back once, first in row 201" in Page(out).text
