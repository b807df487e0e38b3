"""The screen of many channels: order, filter, numbers, cursor and matrix, at any size and whatever the names are."""

import itertools

import msgspec
import numpy as np
import pytest
import scipy.cluster.hierarchy
import scipy.spatial.distance
from dashboard_samples import NOW, event, link
from dashboard_terminal import Television
from hypothesis import given, settings, strategies as st

from streammi.dashboard.drawing.cells import cell_text
from streammi.dashboard.drawing.glyphs import GlyphName
from streammi.dashboard.drawing.pens import Depth
from streammi.dashboard.drawing.wording import number, signed
from streammi.dashboard.many.channel_order import Leaves, largest, whole_scale, zoomed
from streammi.dashboard.many.number_cells import figures
from streammi.dashboard.many.pairs import in_order, number_of, sides, wanted
from streammi.dashboard.many.past import LEAST, Past
from streammi.dashboard.many.similarity import distances_of, joined, leaf_order
from streammi.records import MatrixSnapshot

GROUPS = ("boiler", "mill", "site")


def names_of(channels: int) -> tuple[str, ...]:
    return tuple(f"{GROUPS[k % 3]}.s{k}" for k in range(channels))


def sample(channels: int = 12, seq: int = 9, names: tuple[str, ...] | None = None, **more: object) -> MatrixSnapshot:
    """Channels of one group depend on each other, the others do not; nothing has changed."""
    rng = np.random.default_rng(3)
    names = names or names_of(channels)
    first, second = np.triu_indices(channels, 1)
    alike = first % 3 == second % 3
    mi = np.where(alike, 1.0 + 0.5 * rng.random(alike.size), 0.02 * rng.normal(size=alike.size))
    r = np.where(alike, 0.9 * np.sign(rng.normal(size=alike.size)), 0.05 * rng.normal(size=alike.size))
    r[alike & (first % 3 == 1)] = 0.1  # a parabola
    p = np.where(alike, 0.0001, 0.4)
    fields = {
        "name": "plant", "run": 1, "seq": seq, "timestamp": NOW + seq, "names": names, "n": 1000, "rows": 5000,
        "fill": 1.0, "unit": "bit", "estimator": "extrapolated", "mi": mi, "r": r, "p": p, "q": p,
        "change": np.zeros(mi.size), "changed": np.zeros(0, np.int64), "window": "1000 rows", "t1": NOW + seq,
        "links": (link(rate=100.0, pairs=5000),), "usual_windows": 6, "indirect": np.zeros((0, 2), np.int64),
    }  # fmt: skip
    for key in ("mi", "r", "p", "q", "change"):
        fields[key] = np.asarray(fields[key]).astype(np.float32)
    return MatrixSnapshot(**(fields | more))  # type: ignore[arg-type]


def with_change(snapshot: MatrixSnapshot, *changes: tuple[int, float], seq: int | None = None) -> MatrixSnapshot:
    """The same with MI of some pairs changed by so much."""
    numbers = np.array([number for number, _ in changes], np.int64)
    mi, change = snapshot.mi.copy(), np.zeros(snapshot.mi.size, np.float32)
    change[numbers] = [by for _, by in changes]
    return msgspec.structs.replace(
        snapshot, mi=mi + change, change=change, changed=np.sort(numbers), seq=seq or snapshot.seq + 1,
        timestamp=snapshot.timestamp + 1, events=(event("lost", 0.0, -1.0, "bit", "MI was 1.2"),),
    )  # fmt: skip


# The parts ----------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(-99, 99, width=32) | st.just(float("nan")), min_size=1, max_size=8),
    st.integers(0, 3),
    st.booleans(),
)
def test_columns_of_numbers_are_as_numbers_in_words(values: list[float], digits: int, sign: bool) -> None:
    rows = figures(np.array(values), 9, digits, sign=sign)
    for row, value in zip(rows, values, strict=True):
        written = cell_text(row).strip()
        expected = signed(value, digits) if sign and value > 0 else number(value, digits)
        # A half may be rounded to either side, as the decimal is none in binary; a plus stands before no 0.
        close = (
            written in {expected, expected.removeprefix("+")}
            or abs(float(written.replace("−", "-")) - value) <= 0.5000001 * 10.0**-digits
        )
        assert close, (written, expected)


def test_what_does_not_fit_is_no_other_number() -> None:
    assert [cell_text(row) for row in figures(np.array([123456.0, -99.5, 1e300]), 5, 1)] == ["#####", "−99.5", "#####"]


@given(st.integers(2, 40))
def test_pairs_are_numbered_as_the_upper_triangle(channels: int) -> None:
    first, second = sides(channels)
    np.testing.assert_array_equal(number_of(first, second, channels), np.arange(first.size))
    np.testing.assert_array_equal(number_of(second, first, channels), np.arange(first.size))


@pytest.mark.parametrize("sort", ["MI", "change", "name", "MI high, r low"])
@pytest.mark.parametrize("words", ["", "mill", "MILL s1", "site boiler", "nothing"])
def test_order_and_filter_are_those_of_plain_python(sort: str, words: str) -> None:
    shown = with_change(sample(13), (5, -0.9), (40, 0.4))
    shown = msgspec.structs.replace(shown, mi=np.where(np.arange(shown.mi.size) == 7, np.nan, shown.mi))
    pairs = [(i, j) for i in range(13) for j in range(i + 1, 13)]

    def key(k: int) -> tuple[float, ...]:
        assert shown.change is not None
        assert shown.changed is not None
        if sort == "MI":
            return (np.inf if np.isnan(shown.mi[k]) else -shown.mi[k],)
        if sort == "change":
            return (k not in shown.changed, -abs(shown.change[k]))
        if sort == "name":
            i, j = sorted(sorted(shown.names).index(shown.names[c]) for c in pairs[k])
            return (i, j)
        as_r = np.sqrt(1 - 2.0 ** (-2 * max(shown.mi[k], 0)))
        gap = float(as_r - abs(shown.r[k]))
        eligible = abs(shown.r[k]) < 0.5 and shown.q is not None and shown.q[k] <= shown.fdr
        return (np.inf,) if np.isnan(gap) else (-(gap + 10 * eligible),)

    fitting = [
        k for k, (i, j) in enumerate(pairs)
        if all(word.lower() in shown.names[i] or word.lower() in shown.names[j] for word in words.split())
    ]  # fmt: skip
    found = in_order(shown, sort, words).tolist()  # type: ignore[arg-type]
    assert sorted(found) == fitting
    some = np.arange(3, shown.mi.size, 4)  # of --pairs
    asked = in_order(msgspec.structs.replace(shown, said=some), sort, words).tolist()  # type: ignore[arg-type]
    assert asked == [k for k in found if k in some]
    keys = [key(k) for k in found]
    assert all(a <= b or np.allclose(a, b, atol=1e-5) for a, b in itertools.pairwise(keys)), keys


def test_a_filter_of_nothing_is_none() -> None:
    assert wanted(("a", "b"), "  ") is None


@pytest.mark.parametrize("channels", [2, 3, 5, 20, 70])
def test_channels_are_joined_as_scipy_joins_them(channels: int) -> None:
    mi = np.random.default_rng(channels).random(channels * (channels - 1) // 2).astype(np.float32)
    distances = distances_of(mi, channels)
    assert np.allclose(distances, distances.T)
    tree = scipy.cluster.hierarchy.linkage(scipy.spatial.distance.squareform(distances, checks=False), "average")
    np.testing.assert_array_equal(np.sort(joined(distances.copy()), axis=1), np.sort(tree[:, :2].astype(int), axis=1))
    assert sorted(leaf_order(mi, channels).tolist()) == list(range(channels))


def test_those_alike_lie_side_by_side_and_what_is_unknown_is_no_likeness() -> None:
    shown = sample(12)
    order = leaf_order(np.where(np.arange(shown.mi.size) % 11 == 0, np.nan, shown.mi), 12)
    groups = [k % 3 for k in order.tolist()]
    assert sum(a != b for a, b in itertools.pairwise(groups)) == 2
    assert sorted(leaf_order(np.full(66, np.nan, np.float32), 12).tolist()) == list(range(12))


@settings(max_examples=15)
@given(st.integers(2, 40), st.integers(1, 9), st.sampled_from([None, 0.5, 0.9]), st.booleans())
def test_a_block_shows_its_largest_pair(channels: int, size: int, by_chance: float | None, unknown: bool) -> None:
    rng = np.random.default_rng(channels)
    values = rng.normal(size=channels * (channels - 1) // 2).astype(np.float32)
    values[rng.random(values.size) < 0.2 * unknown] = np.nan
    chance = None if by_chance is None else rng.random(values.size) < by_chance
    leaves = Leaves(rng.permutation(channels))
    blocks = leaves.blocks(size)
    found = largest(values, blocks, chance)
    values[~np.isnan(values) & (np.zeros(values.size, bool) if chance is None else chance)] = 0.0
    expected: dict[tuple[int, int], float] = {}
    for k, (i, j) in enumerate(zip(*sides(channels), strict=True)):
        block = tuple(sorted(int(leaves.place[c]) // size for c in (i, j)))
        if not np.isnan(values[k]) and not abs(values[k]) < abs(expected.get(block, 0.0)):
            expected[block] = float(values[k])
    for row, column, value in zip(blocks.rows.tolist(), blocks.columns.tolist(), found.tolist(), strict=True):
        assert value == pytest.approx(expected.get((row, column), np.nan), nan_ok=True)
    assert all(leaves.number(int(leaves.place[i]), int(leaves.place[j])) == k
               for k, (i, j) in enumerate(zip(*sides(channels), strict=True)))  # fmt: skip


@given(st.integers(2, 3000), st.integers(1, 200), st.integers(1, 110))
def test_all_of_the_matrix_is_seen_at_first_and_again_after_zooming(channels: int, across: int, down: int) -> None:
    whole = scale = whole_scale(channels, across, down)
    dots = channels * scale if scale > 0 else -(-channels // -scale)
    assert dots <= min(across, down)
    chosen = None
    for step in (1, 1, -1, -1, -1):
        chosen = zoomed(chosen or whole, whole, step)
        assert chosen is None or chosen > whole
    assert chosen is None


@given(st.lists(st.lists(st.floats(0, 4, width=16), min_size=3, max_size=3), max_size=40), st.integers(1, 30))
def test_the_past_is_the_mean_of_the_last_values(rows: list[list[float]], columns: int) -> None:
    past = Past(3)
    for t, row in enumerate(rows):
        past.add(float(t), np.array(row, np.float32))
    found = past.of(np.array([2, 0]), columns, 1000)
    assert len(found) <= columns
    if not rows:
        assert found.size == 0
        return
    each = -(-len(rows) // columns)
    expected = [np.mean([row[2] for row in rows[k : k + each]]) for k in range(0, len(rows), each)]
    np.testing.assert_allclose(found[:, 0], expected[-columns:], atol=6e-4)
    (level,) = past.level(1)
    np.testing.assert_allclose(level.mi, [row[1] for row in rows], atol=6e-4)
    assert past.level(1, until=1.5)[0].t.tolist() == [0.0, 1.0][: len(rows)]


def test_the_past_forgets_what_is_oldest() -> None:
    past = Past(1_100_000)
    for t in range(LEAST + 3):
        past.add(float(t), np.full(1, t, np.float32))
    assert past.of(np.array([0]), 1000)[:, 0].tolist() == list(range(3, LEAST + 3))


# The screen ---------------------------------------------------------------------------------------------------------

SIZES: list[tuple[tuple[int, int], GlyphName]] = [
    ((120, 30), "braille"), ((80, 24), "ascii"), ((60, 15), "block"), ((40, 12), "braille"), ((24, 7), "ascii"),
    ((20, 5), "block"), ((60, 1), "braille"), ((1, 1), "ascii"),
]  # fmt: skip
KEYS = "down down end pageup home / m i l l enter s s s m + + right down - v v o escape enter escape ? ? u l l c space"


@pytest.mark.parametrize(("size", "glyphs"), SIZES)
def test_each_key_at_each_size(size: tuple[int, int], glyphs: GlyphName, cut: list[str]) -> None:
    """The emulated terminal shows what the canvas has, which show() asserts; nothing is cut without a mark."""
    depth: Depth = {"braille": "truecolor", "block": "16", "ascii": "none"}[glyphs]  # type: ignore[assignment]
    television = Television(sample(), size=size, glyphs=glyphs, depth=depth)
    television.viewer.receive([with_change(sample(), (0, -1.0), (30, 0.5))])
    for key in KEYS.split():
        television.press(key)
    assert size[0] < 20 or cut == []


def test_the_table_is_sorted_filtered_and_walked_through() -> None:
    shown = sample(12)
    television = Television(shown, size=(120, 24))
    text = television.press()
    assert "plant  12 channels" in text
    assert "18 of 66 pairs depend (false ones 5% at most)   nothing has changed" in text
    order = np.argsort(-shown.mi)
    first, second = (shown.names[side[order[0]]] for side in sides(12))
    assert f"▶ 1 {first}" in text
    assert f"{first} ~ {second}   MI {shown.mi.max():.3f} bit" in text
    assert television.press("s").count("PAIRS BY CHANGE")
    assert television.press("s").count("PAIRS BY NAME")
    assert "not linear" in television.press("s").splitlines()[4]  # MI high where r is low
    text = television.press("s", "/", *"boiler")
    assert "/boiler_  38 of 66 pairs" in text
    assert "/boilerx_" in television.press("paste:x\n")
    text = television.press("x")
    assert "no pair has 'boilerxx' in its names" in text
    text = television.press("\x7f", "\x7f", "space", *"s1", "enter")
    assert "/boiler s1" in text
    assert all("boiler" in row and "s1" in row for row in text.splitlines()[4:10])
    assert "/boiler" not in television.press("escape")


def test_the_table_is_of_the_pairs_that_were_asked_for() -> None:
    shown = sample(12)
    assert shown.q is not None
    some = np.flatnonzero(np.arange(shown.mi.size) % 7 == 2)
    text = Television(msgspec.structs.replace(shown, said=some), size=(120, 24)).press()
    assert f"{np.count_nonzero(shown.q[some] <= 0.05)} of {some.size} pairs depend" in text
    assert f" {some.size} pairs" in text.splitlines()[2]
    none = Television(msgspec.structs.replace(shown, said=some[:0]), size=(120, 24)).press()
    assert "no pair fits --pairs" in none


def test_what_changed_is_one_line_however_many_pairs_it_is() -> None:
    calm = sample(12)
    television = Television(calm, size=(140, 30))
    few = with_change(calm, (1, -1.0), (2, 0.6))
    television.viewer.receive([few])
    first, second = (calm.names[side[1]] for side in sides(12))
    line = television.press().splitlines()[1]
    assert f"changed: {first} ~ {second} " in line
    assert "−1.00" in line
    bus = with_change(calm, *((int(k), -0.9) for k in np.flatnonzero(sides(12)[0] == 0)))
    television.viewer.receive([msgspec.structs.replace(bus, seq=bus.seq + 1)])
    line = television.press().splitlines()[1]
    assert line.startswith(" ‼ 11 of 66 pairs have changed together, most of them of boiler.s0")
    television.viewer.receive([msgspec.structs.replace(calm, seq=bus.seq + 2)])
    assert "nothing has changed" in television.press().splitlines()[1]


def test_verdicts_are_about_change_then_chance_then_shape() -> None:
    calm = sample(6)
    alike = [(i, j) for i, j in zip(*sides(6), strict=True) if i % 3 == j % 3]
    assert alike == [(0, 3), (1, 4), (2, 5)]
    lost, gained = 2, 11
    changed = with_change(calm, (lost, -0.95), (gained, 3.0))
    changed = msgspec.structs.replace(changed, indirect=np.array([[7, 2]], np.int64))
    television = Television(changed, size=(160, 30))
    verdicts = {}
    for line in television.press().splitlines()[4:19]:
        _, x, y, *_ = line.replace("‼", "").replace("▶", "").split()
        verdicts[(int(x[-1]), int(y[-1]))] = line
    assert "weaker" in verdicts[0, 3] or "lost" in verdicts[0, 3]
    assert "gained" in verdicts[2, 5]
    assert verdicts[1, 4].rstrip().endswith("indirect   site.s2")
    assert "chance" in verdicts[1, 3]


def test_the_cursor_stays_with_its_pair_and_the_matrix_shows_it_too() -> None:
    shown = sample(12)
    television = Television(shown, size=(120, 40))
    television.press("down", "down", "down")
    third = int(np.argsort(-shown.mi)[3])
    first, second = (shown.names[side[third]] for side in sides(12))
    weaker = shown.mi.copy()
    weaker[third] = 0.3
    later = msgspec.structs.replace(shown, mi=weaker, seq=10, timestamp=shown.timestamp + 60)
    television.viewer.receive([later])
    assert f"{first} ~ {second}   MI 0.300 bit" in television.press()
    text = television.press("m")
    assert "MATRIX OF MI" in text
    assert f"{first} ~ {second}   MI 0.300 bit" in text or f"{second} ~ {first}   MI 0.300 bit" in text
    text = television.press("right")
    assert f"▼ {second}" not in text
    assert "PAIRS BY MI" in television.press("m")


def test_nothing_is_written_where_nothing_has_changed() -> None:
    for keys in ((), ("m",)):
        television = Television(sample(), size=(120, 40))
        television.press(*keys)
        television.viewer.receive([sample()])
        assert television.show() == b""


def test_a_monitor_that_begins_anew_with_other_channels_is_shown_as_it_is_now() -> None:
    television = Television(sample(12), size=(100, 30))
    television.press("down", "m", "right")
    other = sample(7, seq=1, names=tuple("abcdefg"), run=2)
    television.viewer.receive([other])
    assert "plant  7 channels" in television.press()
    assert "a ~ " in television.press("m", "/", "a", "enter")
    fewer = sample(2, seq=1, names=("left", "right"), run=3)
    television.viewer.receive([fewer])
    assert "left ~ right" in television.press("escape", "m", "m")


@pytest.mark.parametrize("channels", [0, 1, 2])
def test_few_channels_or_none(channels: int) -> None:
    nothing = sample(channels, links=(link(note="no channel fits 'x*': a, b", messages=7),))
    television = Television(nothing, size=(80, 24))
    text = television.press(*"m+vo", "down", "enter", "escape", "s", "end", "/", "x", "enter")
    if not channels:
        assert "no channel fits 'x*'" in text


def test_names_of_any_kind_harm_nothing() -> None:
    evil = ("\x1b[2J\x1b]0;owned\x07", "🤖" * 30, "日本語" * 20, "a" * 60, "a" * 59 + "b", "", "é\u0301\u202e\r\n")
    television = Television(sample(7, names=evil), size=(80, 24))
    assert "a" * 20 not in television.press().partition(" ~ ")[0]
    for key in ("m", "right", "down", "m", "/", "日", "enter", "escape", "end"):
        assert "\x1b]0" not in television.press(key)
    ends = [line for line in television.text.splitlines() if "aab" in line]
    assert ends, "names that differ at their ends are told apart"


def test_a_feed_that_stops_is_grey_and_says_for_how_long() -> None:
    television = Television(sample(), size=(120, 30))
    television.viewer.tick(NOW)
    television.viewer.receive([sample(seq=10, links=(link("stalled", since=NOW - 30),))])
    television.viewer.tick(NOW + 5)
    assert "stalled for" in television.press()


def test_a_channel_that_dies_is_named() -> None:
    shown = sample(5)
    of_second = np.any([side == 1 for side in sides(5)], axis=0)
    dead = msgspec.structs.replace(shown, mi=np.where(of_second, np.nan, shown.mi).astype(np.float32), seq=10)
    television = Television(shown, size=(100, 20))
    assert "no values" not in television.press()
    television.viewer.receive([dead])
    text = television.press()
    assert "nothing has changed   ▲ no values of mill.s1" in text
    assert text.count("unknown") == 4
    assert "with itself: no pair" in television.press("m", "home")


@pytest.mark.parametrize("width", range(40, 130, 7))
def test_each_column_that_is_shown_is_whole(width: int) -> None:
    for names in (tuple("abcde"), tuple(f"plant/unit{k}/reactor/temperature" for k in range(5))):
        television = Television(sample(5, names=names), size=(width, 15))
        heading, first = television.press().splitlines()[3:5]
        assert heading.split()[-1] in ("verdict", "change", "bit")
        assert len(first) <= width
        assert first.split()[-1] in ("linear", "0.000", f"{television.viewer.scene().many.matrix.mi.max():.3f}")  # type: ignore[union-attr]


def test_nan_everywhere_is_said_and_never_0() -> None:
    unknown = np.full(66, np.nan, np.float32)
    television = Television(sample(12, mi=unknown, r=unknown, p=None, q=None, change=None), size=(100, 20))
    text = television.press()
    assert "0.000" not in text
    assert "unknown" in text
    television.press("m")
