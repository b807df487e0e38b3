"""Feeds of many channels: which a message has, rows however they come, what has changed, and what is published."""

import json
from typing import Any

import cbor2
import msgpack
import msgspec
import numpy as np
import pytest
import scipy.stats
from command_line import streammi
from sklearn.metrics import mutual_info_score

from streammi.config import ChannelConfig, ChannelSettings, FeedConfig, Span
from streammi.core.bins.binning import QuantileBins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.detect.changed_pairs import LEAST_WINDOWS, ChangedPairs, t_beyond
from streammi.errors import FeedError
from streammi.ingest.channel_finder import ChannelFinder
from streammi.ingest.held_messages import MOST_HELD
from streammi.ingest.row_intake import RowIntake
from streammi.publish.matrices import labels, matrix_message, matrix_topic, read_matrix
from streammi.publish.metrics import Metrics
from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message
from streammi.session.channel_session import ChannelSession

SOURCE = FeedConfig(endpoint="tcp://127.0.0.1:5556")
PACK = {"json": lambda tree: json.dumps(tree).encode(), "msgpack": msgpack.packb, "cbor": cbor2.dumps}


@pytest.mark.parametrize(
    ("patterns", "tree", "names"),
    [
        ("all", {"t": 1.0, "seq": 4, "a": 1, "b": {"c": 2, "d": "text"}, "e": None}, ["a", "b/c"]),
        ("b/*,a", {"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": 4}, ["a", "b/c", "b/d/e"]),
        ("rack?/temp", {"rack1": {"temp": 1, "fan": 2}, "rack2": {"temp": "3.5"}}, ["rack1/temp", "rack2/temp"]),
        ("all", {"t": 1.0, "v": [1, 2, 3]}, ["v/0", "v/1", "v/2"]),
        ("v/[02]", {"v": [1, 2, 3]}, ["v/0", "v/2"]),
        ("all", {"t": 1.0, "acc": [1, 2, 3], "gyr": [4, 5, 6], "temp": 20}, ["temp"] + [
            f"{s}/{k}" for s in ("acc", "gyr") for k in range(3)]),
        ("all", {"x": list(range(9)), "y": list(range(9)), "rate": 100}, ["x", "y"]),
        ("all", [1.5, 2.5] * 40, [str(k) for k in range(80)]),
        ("all", [{"a": 1, "b": 2}, {"a": 3, "b": 4, "c": 5}], ["a", "b", "c"]),
        ("all", {"samples": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, ["samples/x", "samples/y"]),
        ("t,a", {"t": 1.0, "a": 2}, ["t", "a"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", PACK)
def test_channels_are_the_numbers_that_fit(patterns: str, tree: Any, names: list[str], kind: str) -> None:
    finder = ChannelFinder(SOURCE, patterns.split(","))
    finder.take([PACK[kind](tree)])
    assert sorted(finder.names) == sorted(names)


@pytest.mark.parametrize(
    ("form", "message", "names"),
    [
        ("struct:<f4,f4,f4", np.array([1, 2, 3], "<f4").tobytes(), ["f0", "f1", "f2"]),
        ("auto", b"weather,site=roof a=1.5,b=2.5 1000000000000000000", ["weather,site=roof/a", "weather,site=roof/b"]),
    ],
)
def test_what_has_two_names_is_one_channel(form: str, message: bytes, names: list[str]) -> None:
    finder = ChannelFinder(FeedConfig(endpoint="tcp://a:1", format=form), ["all"])
    finder.take([message])
    assert sorted(finder.names) == names
    short = ChannelFinder(FeedConfig(endpoint="tcp://a:1", format=form), ["a", "b", "0"])
    short.take([message])
    assert short.names == (["0"] if form != "auto" else ["a", "b"])


def tree_of(row: np.ndarray, t: float) -> dict[str, Any]:
    """A nested message without the values that are NaN."""
    tree: dict[str, Any] = {"t": t}
    for k, value in enumerate(row.tolist()):
        if not np.isnan(value):
            tree.setdefault(f"rack{k // 3}", {})[f"s{k % 3}"] = value
    return tree


def rows_with_holes(n: int, channels: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(n, channels))
    rows[rng.random(rows.shape) < 0.15] = np.nan
    rows[:, 0] = rng.normal(size=n)  # none is without any
    return rows


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("batch", [1, 7, 400])
def test_rows_are_the_values_that_were_sent(kind: str, batch: int) -> None:
    rows = rows_with_holes(400, 9)
    messages = [[PACK[kind](tree_of(row, 100.0 + k))] for k, row in enumerate(rows)]
    intake = RowIntake(SOURCE, ["rack*"])
    taken = []
    for start in range(0, 400, batch):
        taken += [intake.decode(messages[start : start + batch], start / 50), intake.settle(start / 50)]
    taken += [intake.settle(50.0), intake.end(50.0)]
    found = [one for one in taken if one is not None]
    order = [intake.names.index(f"rack{k // 3}/s{k % 3}") for k in range(9)]
    np.testing.assert_array_equal(np.concatenate([one.rows for one in found])[:, order], rows)
    np.testing.assert_array_equal(np.concatenate([one.t for one in found if one.t is not None]), 100.0 + np.arange(400))
    assert intake.missing == np.isnan(rows).sum()
    assert intake.describe(session().link, 50.0).malformed == {}


LINES: dict[str, list[bytes]] = {
    "names and values": [b"temp=%d.5 flow=2.5 state=on lvl=3" % k for k in range(5)],
    "with units": [b"temp: %d.5 C, flow: 2.5 l/s, lvl: 3 %%" % k for k in range(5)],
    "a header first": [b"t,temp,flow,lvl", *(b"%d,%d.5,2.5,3" % (100 + k, k) for k in range(5))],
    "a header each time": [b"timestamp;temp;flow;lvl\n%d;%d.5;2.5;3" % (100 + k, k) for k in range(5)],
}


@pytest.mark.parametrize("form", LINES)
def test_channels_of_text_are_those_of_its_names(form: str) -> None:
    intake = RowIntake(SOURCE, ["all"])
    intake.decode([[line] for line in LINES[form]], 0.0)
    found = intake.settle(2.0)
    assert intake.names == ("temp", "flow", "lvl")
    assert found is not None
    assert found.rows.tolist() == [[k + 0.5, 2.5, 3.0] for k in range(5)]
    assert (found.t is None) == ("header" not in form)


TEXTS: dict[str, tuple[str, list[list[bytes]], str]] = {
    "of all": ("all", [[b'{"a": 1, "b": 2, "mode": "hot", "at": "2026-01-01T00:00:00Z", "c": "", "d": "nan"}']],
               "mode is text and no channel: --bins categories takes it, as x or y of one pair"),
    "by its name": ("a,b,mode", [[b'{"a": 1, "b": 2, "mode": "hot", "other": "x"}']], "mode is text and no channel"),
    "in quotes": ("all", [[b'{"a": 1, "b": 2, "c": "3.5", "mode": "hot"}']],
                  "c is a number in quotes and no channel: --channels with the name, and without all, takes it"),
    "several": ("all", [[json.dumps({"a": 1, "b": 2} | {f"m{k}": "on" for k in range(7)}).encode()]],
                "m0, m1, m2, m3, m4 and 2 more are texts and no channels: --bins categories takes one"),
    "of a topic": ("all", [[b"hall", b'{"a": 1, "b": 2, "mode": "hot"}'], [b"roof", b'{"a": 1, "mode": 3}']],
                   "hall/mode is text and no channel"),
    "of names": ("all", [[b'{"name": "a", "value": 1}'], [b'{"name": "b", "value": 2}'],
                         [b'{"name": "mode", "value": "hot"}']], "mode is text and no channel"),
    "a column": ("all", [[b"t,a,b,mode\n1,2.5,3.5,hot\n2,3.5,4.5,cold"]], "mode is text and no channel"),
    "now and then": ("all", [[b'{"a": 1, "b": 2}'], [b'{"a": 1, "b": "off"}']], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_channel_is_named_with_what_would_take_it(name: str) -> None:
    patterns, messages, words = TEXTS[name]
    intake, again = RowIntake(SOURCE, patterns.split(",")), RowIntake(SOURCE, patterns.split(","))
    intake.decode(messages * 6, 0.0)
    again.restore(intake.state())
    for one in (intake, again):
        one.settle(9.0)
        notes = [note for note in one.notes if "no channel" in note]
        assert "mode" not in one.names
        assert any(note.startswith(words) for note in notes) if words else not notes
        assert not any("not among the first" in note for note in one.notes)


def test_what_is_no_number_is_missing_alone_and_what_has_nothing_is_counted() -> None:
    intake = RowIntake(SOURCE, ["all"])
    first = [[json.dumps({"a": 1.0, "b": 2.0}).encode()]] * 3
    assert intake.decode(first, 0.0) is None
    assert intake.settle(0.5) is None
    begun = intake.settle(1.5)
    assert begun is not None
    assert begun.rows.tolist() == [[1.0, 2.0]] * 3
    odd: list[Any] = [{"a": "bad", "b": 5}, {"a": 7, "b": None, "c": 9}, {"c": 1}, {"a": "bad"}, {"a": None, "b": None}]
    batch = intake.decode([[json.dumps(one).encode()] for one in [*odd, {"a": 1, "b": 2, "c": 3}]] + [[b"{"]], 3.0)
    assert batch is not None
    np.testing.assert_array_equal(batch.rows, [[np.nan, 5], [7, np.nan], [1, 2]])
    link = intake.describe(session().link, 3.0)
    assert link.nonfinite + sum(link.malformed.values()) == 4
    assert list(intake.later) == []  # of each second's messages the last one is looked at
    intake.decode([[json.dumps({"a": 1, "b": 2, "c": 3}).encode()]], 9.0)
    assert list(intake.later) == ["c"]
    assert "1 channel has come since and is not watched: c" in intake.describe(session().link, 9.0).note


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([b'{"a": 1, "b": 2}'], "none fits --channels rack*; there are a, b"),
        ([b'{"rack1": 1, "b": 2}'], "only rack1 fits --channels rack*; there are rack1, b"),
        ([b"plant/temp 20.5"], "the messages cannot be read: a name and a number"),
        ([b"hello world"], "the messages cannot be read: of texts, JSON, CSV"),
        ([bytes(64)], "raw bytes do not name their channels: --format"),
        (
            [b'{"rack1": "on"}'],
            "the messages have no numbers; rack1 is text and no channel: --bins",
        ),
        ([b'{"rack1": 1, "rack2": "on", "t": "2026-01-01"}'], "there are rack1; rack2 is text and no channel"),
    ],
)
def test_no_channels_says_why_and_what_there_is(messages: list[bytes], words: str) -> None:
    intake = RowIntake(SOURCE, ["rack*"])
    intake.decode([[one] for one in messages] * 5, 0.0)
    assert intake.settle(2.0) is None
    assert words in intake.describe(session().link, 2.0).note
    assert intake.describe(session().link, 2.0).malformed == {"no channel": 5}
    intake.decode([[b'{"rack1": 1, "rack2": 2}']] * MOST_HELD, 3.0)  # they may come later
    found = intake.settle(3.0)
    assert found is not None
    assert found.rows.tolist() == [[1.0, 2.0]] * MOST_HELD


@pytest.mark.parametrize("freedom", [1, 2, 5, 8, 33, 67])
def test_t_is_students(freedom: int) -> None:
    for share in (0.5, 0.05, 1e-4, 4e-8):
        assert t_beyond(freedom, share) == pytest.approx(scipy.stats.t.isf(share / 2, freedom), rel=1e-5)


def test_what_changes_is_found_and_chance_is_not() -> None:
    rng = np.random.default_rng(5)
    pairs, runs = 500, 15
    r = np.where(np.arange(pairs) < 400, 0.0, rng.uniform(0.2, 0.98, pairs))  # most pairs are not related
    broken = np.where(np.arange(pairs) % 10 == 0, np.where(r > 0.6, 0.0, 0.9), r)
    false = 0
    for _ in range(runs):
        usual = ChangedPairs(pairs)
        for _ in range(LEAST_WINDOWS + 4):
            usual.learn(estimates(rng, r))
        false += int(usual.look(estimates(rng, r)).any())
        found = usual.look(estimates(rng, broken))
        assert found[broken != r].mean() > 0.8
        assert found[broken == r].sum() <= 1
    assert false <= 0.1 * runs  # 2 % were asked for, and 70 % came while they were compared in bits


def test_pairs_with_gaps_scatter_more_and_have_not_changed() -> None:
    """A tenth of the pairs have a tenth of the values, one pair's values are not known, and nothing is related."""
    rng = np.random.default_rng(6)
    nothing, n = np.zeros(200), np.where(np.arange(200) < 20, 100.0, 1000.0)
    n[7] = np.nan
    false = {True: 0, False: 0}
    for _ in range(30):
        by_values, alike = ChangedPairs(200), ChangedPairs(200)
        for _ in range(LEAST_WINDOWS + 4):
            mi = estimates(rng, nothing, 1000) * np.where(n == 100, 10.0, 1.0)  # chance is by 1 / n
            mi[7] = np.nan
            false[True] += int(by_values.look(mi, n).sum())
            false[False] += int(alike.look(mi).sum())
            by_values.learn(mi, n)
            alike.learn(mi)
        assert by_values.changed.dtype == np.bool_
    assert false[True] <= 0.1 * 30 * 4
    assert false[False] > 3 * false[True]


def estimates(rng: np.random.Generator, r: np.ndarray, n: int = 100) -> np.ndarray:
    """MI of n pairs, bits: of those of correlation ``r`` from their sample's, of unrelated ones by chi-square.

    Those have from 1 to 30 degrees of freedom, as many as their bins give; the bias is taken off.
    """
    freedom = 1 + np.arange(r.size) % 30
    nats = (rng.chisquare(freedom) - freedom) / (2 * n)
    x, noise = rng.normal(size=(2, np.count_nonzero(r), n))
    of = r[r > 0][:, None]
    y = of * x + np.sqrt(1 - of * of) * noise
    seen = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    nats[r > 0] = -np.log1p(-seen * seen) / 2
    return np.asarray(nats / np.log(2))


class Outlet:
    """Keeps what is sent; somebody wants ``topics``."""

    def __init__(self, *topics: bytes) -> None:
        self.topics, self.sent = topics, list[list[bytes]]()

    def wants(self, topic: bytes) -> bool:
        return any(topic.startswith(one) for one in self.topics)

    def send(self, frames: list[bytes]) -> None:
        self.sent.append(frames)


class Lines:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def session(outlet: Outlet | None = None, lines: Lines | None = None, window: int = 200, **more: Any) -> ChannelSession:
    config = ChannelConfig(names=(), window=Span(pairs=window), every=Span(pairs=100))
    settings = ChannelSettings(**({"name": "plant", "config": config, "patterns": ("all",)} | more))
    return ChannelSession(settings, SOURCE, outlet, lines, 1)


def coupled(n: int, channels: int, broken: slice = slice(0), seed: int = 7) -> np.ndarray:
    """Rows all of which follow one signal, but for those in ``broken``."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 1)) + 0.4 * rng.normal(size=(n, channels))
    rows[:, broken] = rng.normal(size=rows[:, broken].shape)
    return rows


def send(one: ChannelSession, rows: np.ndarray, at: float) -> None:
    for k in range(0, len(rows), 50):
        messages = [[json.dumps({f"c{c}": v for c, v in enumerate(row)}).encode()] for row in rows[k : k + 50].tolist()]
        one.feed(messages, at + k / 100)


def test_top_pairs_and_matrix_are_those_of_a_window_of_the_same_rows() -> None:
    outlet, lines = Outlet(b"matrix/"), Lines()
    one, rows = session(outlet, lines, top=3), coupled(700, 5, slice(3, 5))
    send(one, rows, 0.0)
    one.end(9.0)
    window = ChannelWindow(QuantileBins(8), 200, [f"c{k}" for k in range(5)])
    window.extend(rows)
    mi, r = window.matrix("mi_corrected"), window.matrix("pearson_r")
    said = [line for line in lines.read() if "top" in line]
    assert [line["n"] for line in said] == [100, 200, 200, 200, 200, 200, 200, 200]
    best = sorted(((mi[i, j], i, j) for i in range(5) for j in range(i + 1, 5)), reverse=True)[:3]
    assert [(top["mi"], top["x"], top["y"]) for top in said[-1]["top"]] == [(m, f"c{i}", f"c{j}") for m, i, j in best]
    assert said[-1]["dependent"] == 3
    snapshot = one.snapshot(9.0)
    assert snapshot is not None
    message = matrix_message(snapshot)
    assert message[0] == matrix_topic("plant")
    read = read_matrix(message)
    np.testing.assert_array_equal(read.mi, mi[np.triu_indices(5, 1)].astype(np.float32))
    np.testing.assert_array_equal(read.r, r[np.triu_indices(5, 1)].astype(np.float32))
    assert read.names == tuple(f"c{k}" for k in range(5))
    pairs = {frames[0].decode(): json.loads(frames[1]) for frames in outlet.sent if frames[0].startswith(b"pair/")}
    assert set(list(pairs)[-3:]) <= {"pair/c0~c1", "pair/c0~c2", "pair/c1~c2"}
    assert pairs["pair/c0~c1"]["mi"] == pytest.approx(mi[0, 1])


def test_a_pair_by_its_name_is_that_of_the_windows_rows() -> None:
    one, rows = session(Outlet(), Lines()), coupled(700, 5, slice(3, 5))
    assert one.pair("c0~c1", 0.0) is None  # nothing is known yet
    send(one, rows, 0.0)
    one.end(9.0)
    shown = read_snapshot(snapshot_message(one.pair("c0~c1", 9.0)))  # type: ignore[arg-type]
    assert shown.counts is not None
    assert shown.x.edges is not None
    assert shown.y.edges is not None
    last = rows[-200:, :2]
    inside = [
        np.clip(v, e[0], np.nextafter(e[-1], e[0])) for v, e in zip(last.T, (shown.x.edges, shown.y.edges), strict=True)
    ]
    assert (inside[0] != last[:, 0]).any()  # beyond what was learnt, which clips nothing
    assert shown.reading is not None
    assert (shown.reading.x_clipped, shown.reading.y_clipped, shown.reading.clipped) == (0, 0, 0)
    np.testing.assert_array_equal(shown.counts, np.histogram2d(*inside, (shown.x.edges, shown.y.edges))[0])
    assert shown.reading.mi == pytest.approx(mutual_info_score(None, None, contingency=shown.counts) / np.log(2))
    matrix = one.snapshot(9.0)
    assert shown.reading.mi_corrected == pytest.approx(float(matrix.mi[0]), rel=1e-6)
    assert matrix.p is not None
    assert shown.reading.p == pytest.approx(float(matrix.p[0]))
    assert shown.reading.spearman_r == pytest.approx(scipy.stats.spearmanr(*last.T).statistic)
    assert shown.verdict == "linearly dependent"
    assert (shown.pair, shown.window, shown.x.name, shown.y.name) == ("c0~c1", "200 rows", "c0", "c1")
    for name in ("c1~c0", "c0~c0", "c0", "c0~", "~", "c0~c9", "c0~c1~c2", ""):
        assert one.pair(name, 9.0) is None


def test_what_another_channel_explains_is_found_and_said_by_number() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=2000)
    y = x + 0.3 * rng.normal(size=2000)
    chain = np.column_stack((x, y, y + 0.3 * rng.normal(size=2000), rng.normal(size=2000)))
    one = session(Outlet(), Lines())
    send(one, chain, 0.0)
    one.end(30.0)
    shown = read_matrix(matrix_message(one.snapshot(30.0)))
    assert shown.indirect is not None
    assert shown.indirect.tolist() == [[1, 1]]  # c0 ~ c2 is the second pair, and c1 explains it
    broken = msgspec.structs.replace(shown, indirect=np.array([[1, 4]]))
    with pytest.raises(FeedError, match="lengths differ"):
        read_matrix(matrix_message(broken))


def test_before_there_are_channels_a_view_is_told_what_is_waited_for() -> None:
    one = session(Outlet(), Lines(), patterns=("nowhere*",))
    one.feed([[b'{"a": 1, "b": 2}']] * 3, 0.0)
    one.poll(5.0)
    shown = read_matrix(matrix_message(one.snapshot(5.0)))
    assert shown.names == ()
    assert "nowhere" in shown.links[0].note


def test_a_fault_of_one_channel_is_one_event() -> None:
    outlet, lines = Outlet(), Lines()
    one = session(outlet, lines)
    send(one, coupled(2000, 12), 0.0)
    assert not any(frames[0].startswith(b"event/") for frames in outlet.sent)
    send(one, coupled(400, 12, slice(4, 5), seed=8), 30.0)
    one.end(40.0)
    events = [json.loads(frames[1]) for frames in outlet.sent if frames[0].startswith(b"event/")]
    assert 1 <= len(events) <= 1 + 5
    assert any("of 66 pairs has changed, most of them of c4" in event["evidence"] for event in events)
    last = [line for line in lines.read() if "top" in line][-1]
    assert last["changed"] == 11
    assert all("c4" in (change["x"], change["y"]) and change["change"] < -0.3 for change in last["changes"])


def test_a_matrix_that_is_cut_or_does_not_fit_is_refused() -> None:
    one = session()
    send(one, coupled(300, 4), 0.0)
    one.end(9.0)
    snapshot = one.snapshot(9.0)
    assert snapshot is not None
    topic, payload = matrix_message(snapshot)
    for broken in ([topic, payload[:-3]], [topic, b"\x80"], [b"matrix/other", payload], [topic], [topic, b""]):
        with pytest.raises(FeedError):
            read_matrix(broken)
    short = payload.replace(b"\xa2mi", b"\xa2xi", 1)
    with pytest.raises(FeedError):
        read_matrix([topic, short])


def test_labels_are_parts_of_topics() -> None:
    names = ["a b", "a\x1bb", "x~y", "", "p" * 60, "p" * 61, "é/1"]
    found = labels(names)
    assert len(set(found)) == len(names)
    assert all(0 < len(one) <= 31 and one.isprintable() and " " not in one and "~" not in one for one in found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--channels", "all", "--x", "a"], "--x must be left out with --channels"),
        (["--channels", "all", "--lags=-5:5"], "--lags must be left out with --channels"),
        (["--channels", "all", "--alarm", "mi<0.5"], "--alarm must be left out with --channels"),
        (["--channels", ","], "--channels must be all, or names or globs with commas between"),
        (["--channels", "all", "--every", "soon"], "--every"),
        (["--channels", "all", "--window", "1"], "--window"),
        (["--channels", "all", "--name", "a b"], "--name"),
        (["--top", "3"], "--top must be left out without --channels"),
    ],
)
def test_options_that_cannot_work_are_refused_by_name(words: list[str], said: str) -> None:
    ended = streammi("monitor", "tcp://127.0.0.1:5556", *words)
    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.parametrize(("more", "how"), [({}, ": --grid 1s makes rows"), ({"pairs": ("a~b",)}, None)])
def test_pairs_that_no_row_has_are_named_with_what_to_do(more: dict[str, Any], how: str | None) -> None:
    said: list[str] = []
    config = ChannelConfig(names=(), window=Span(pairs=100), every=Span(pairs=50))
    settings = ChannelSettings(name="plant", config=config, patterns=("all",), **more)
    one = ChannelSession(settings, SOURCE, None, None, 1, say=said.append)
    values = np.random.default_rng(0).normal(size=(300, 3)).tolist()
    for k, (a, b, c) in enumerate(values):
        one.feed([[json.dumps({"a": a, "b": b} if k % 3 else {"c": c}).encode()]], k / 50)
    found = [line for line in said if "no row with both" in line]
    assert len(found) == (how is not None)
    if how is not None:
        assert found[0].startswith("2 pairs have no row with both, such as c ~ a" + how)
    assert list(one.snapshot(6.0).notes) == found
    one.close()


def test_nothing_is_said_of_other_pairs_than_those_asked_for() -> None:
    outlet, lines = Outlet(), Lines()
    one, rows = session(outlet, lines, top=20, pairs=("c[01]~c2", "c3~c4"), target="c0"), coupled(700, 6)
    send(one, rows, 0.0)
    one.end(9.0)
    last = lines.read()[-1]
    shown = read_matrix(matrix_message(one.snapshot(9.0)))
    assert shown.said is not None
    assert [tuple(np.column_stack(np.triu_indices(6, 1))[k]) for k in shown.said] == [(0, 2), (1, 2), (3, 4)]
    said = {("c0", "c2"), ("c1", "c2"), ("c3", "c4")}
    assert {(pair["x"], pair["y"]) for pair in last["top"]} == said
    assert {frames[0] for frames in outlet.sent} == {f"pair/{x}~{y}".encode() for x, y in said}
    assert (last["pairs"], last["dependent"]) == (3, 3)
    window = ChannelWindow(QuantileBins(8), 200, [f"c{k}" for k in range(6)])
    window.extend(rows)
    mi = window.matrix("mi_corrected")[0]
    assert last["target"] == "c0"
    assert last["tells"][0] == {"x": f"c{1 + int(np.argmax(mi[1:]))}", "mi": mi[1:].max()}
    assert len(last["tells"]) == 5
    send(one, coupled(400, 6, slice(5, 6), seed=8), 30.0)  # no pair of these
    assert not any(frames[0].startswith(b"event/") for frames in outlet.sent)


def test_metrics_are_of_all_together_and_of_the_top_pairs_alone() -> None:
    lines, metrics = Lines(), Metrics()
    one = session(None, lines, top=2)
    for rows, at in ((coupled(300, 8, slice(0, 6)), 0.0), (coupled(300, 8, slice(2, 8), seed=3), 9.0)):
        send(one, rows, at)
        metrics.set(one.name, one.known(at + 5), (one.health(at + 5),))
        metrics.set_top(one.name, one.top())
        shown = {
            (sample.name, sample.labels["pair"]): sample.value
            for family in metrics.collect()
            for sample in family.samples
            if "pair" in sample.labels
        }
        top = [line for line in lines.read() if "top" in line][-1]["top"]
        found = {pair: mi for (name, pair), mi in shown.items() if name == "streammi_mi_corrected"}
        assert found == {f"{pair['x']}~{pair['y']}": pair["mi"] for pair in top}  # and not those of before
        assert {pair for _, pair in shown} == {"plant", *found}
    assert shown["streammi_rows_total", "plant"] == 600
    assert shown["streammi_channel_pairs", "plant"] == 28
    assert shown["streammi_messages_total", "plant"] == 600


def test_a_channel_of_which_no_number_comes_any_more_is_named() -> None:
    intake = RowIntake(SOURCE, ["all"])
    rows = [{"a": k, "b": k if k < 400 else "off", **({} if k % 50 else {"slow": k})} for k in range(900)]
    for k, row in enumerate(rows):
        intake.decode([[json.dumps(row).encode()]], k / 100)
        intake.settle(k / 100)
        if k in (499, 500):
            assert intake.notes == ["no number comes any more of b"] * (k == 500)
    again = RowIntake(SOURCE, ["all"])
    again.restore(intake.state())
    for one in (intake, again):
        assert one.missing == 900 - 18 + 500
        one.decode([[b'{"a": 1, "b": 2}']], 9.0)
        assert one.notes == []
