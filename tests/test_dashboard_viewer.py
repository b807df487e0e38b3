"""Keys in, pictures out: what each key does to what is shown, and what is never shown."""

import re
from datetime import UTC

import msgspec
import numpy as np
import pytest
from dashboard_samples import (
    NOW,
    SAMPLES,
    delayed,
    event,
    history_of,
    independent,
    joined,
    learnt,
    linear,
    link,
    lost,
    parabola,
    stuck,
    two_pairs,
    warming_up,
)  # fmt: skip
from dashboard_terminal import Television
from hypothesis import example, given, strategies as st

from streammi.dashboard.capabilities import Look
from streammi.dashboard.drawing.glyphs import BRAILLE, GlyphName
from streammi.dashboard.drawing.pens import Depth
from streammi.dashboard.drawing.wording import short_in
from streammi.dashboard.keys import BINDINGS, PASTE, Keys
from streammi.dashboard.panels import heatmap
from streammi.dashboard.viewer import Viewer
from streammi.records import AxisInfo, LinkState, Snapshot
from streammi.records.status import Status


def test_what_an_operator_needs_is_there() -> None:
    television = Television(parabola(), size=(120, 40))
    text = television.press()
    reading = parabola().reading
    assert reading is not None
    for words in (
        "boiler", "flow × valve", "● connected", "9987 pairs/s", "window 2000 pairs", "15:09:26", "0.021 bit",
        f"plug-in {reading.mi:.2f} bit", "dependent but not linearly", "p 0.01", "OVER TIME", "JOINT COUNTS",
        f"H(X) {reading.h_x:.2f} bit", f"H(Y) {reading.h_y:.2f} bit", f"H(X,Y) {reading.h_xy:.2f} bit",
        f"I(X;Y) {reading.mi:.2f} bit", "Pearson r", "Spearman", "y follows x by 5 samples", "gained +1.18 bit",
        "▲ 3 malformed: not JSON", "▲ 12 missing by sequence", "63 clipped", "▲ 2 late", "2.1 ms lag", "q quit",
    ):  # fmt: skip
        assert words in text, words


def test_a_few_clipped_values_are_no_warning() -> None:
    for status, words in ((0, "  63 clipped"), (int(Status.CLIPPED), "▲ 63 clipped")):
        shot = msgspec.structs.replace(parabola(), status=status, links=(link(),))
        assert words in Television(shot, size=(120, 40)).press()


def test_u_changes_every_number_of_information() -> None:
    television = Television(parabola(), size=(120, 40))
    text = television.press("u")
    reading = parabola().reading
    assert reading is not None
    assert f"H(X) {reading.h_x * np.log(2):.2f} nat" in text
    assert f"gained {1.18 * np.log(2):+.2f} nat" in text
    # What an event said in words at its time is not rewritten.
    assert " bit" not in text.replace("1.25 bit", "").replace("1.2…", "")
    assert "0.49 bit" not in television.press("u")
    assert f"H(X) {reading.h_x:.2f} bit" in television.press("u")


def test_space_freezes_the_picture_and_says_how_far_behind_it_is() -> None:
    television = Television(linear())
    before = television.press("space").splitlines()[1:-1]
    later = linear(n=4000)
    television.viewer.receive([msgspec.structs.replace(later, timestamp=NOW + 42, seq=later.seq + 420)])
    text = television.press()
    assert text.splitlines()[1:-1] == before
    assert "FROZEN" in text
    assert "42 s" in text
    assert "420 readings behind" in text
    assert "FROZEN" not in television.press("space")


def test_nothing_is_frozen_before_there_is_something() -> None:
    television = Television()
    assert "FROZEN" not in television.press("space")
    television.viewer.receive([linear()])
    assert "MI" in television.press()


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300), st.lists(st.integers(1, 8), max_size=40))
def test_a_text_that_is_pasted_is_no_keys_however_it_comes_in_pieces(text: str, sizes: list[int]) -> None:
    text = text.replace("\x1b", "")
    data, keys, found = f"m\x1b[200~{text}\x1b[201~u".encode("ascii", "replace"), Keys(), []
    for size in sizes:
        found += keys.feed(data[:size], 0.0)
        data = data[size:]
    found += keys.feed(data, 0.0)
    assert found == ["m", PASTE + text.encode("ascii", "replace").decode(), "u"]
    # The end of one may never come: what is typed a while later is typed.
    assert [*keys.feed(b"\x1b[200~quit", 1.0), *keys.feed(b"q", 1.5), *keys.feed(b"q", 9.0)] == ["q"]


def test_a_text_that_is_pasted_quits_nothing() -> None:
    television = Television(linear(), size=(120, 40))
    assert television.viewer.press(PASTE + "quit\n") == "paste"
    assert "pasted text is left out" in television.press()


@pytest.mark.parametrize("size", [(20, 5), (60, 1), (40, 12), (80, 24), (200, 60)])
def test_a_frozen_picture_says_so_at_every_size(size: tuple[int, int]) -> None:
    television = Television(linear(), size=size)
    assert "FROZEN" in television.press("space")
    television.viewer.receive([msgspec.structs.replace(linear(), timestamp=NOW + 42, seq=linear().seq + 420)])
    assert "42 s" in television.press()


@pytest.mark.parametrize("size", [(20, 5), (60, 1), (40, 12), (80, 24), (200, 60)])
@pytest.mark.parametrize("where", ["feed", "monitor"])
def test_how_long_nothing_has_come_runs_at_every_size(size: tuple[int, int], where: str) -> None:
    """Of a feed by the monitor's clock, which may be another than this machine's; of a monitor by this one's."""
    television, here = Television(size=size), NOW + 5e6
    television.viewer.tick(here)
    television.viewer.receive([lost() if where == "feed" else linear()])
    if where == "monitor":
        assert television.viewer.connect("lost", "no answer")
    for passed, said in (
        (0.0, "40 s" if where == "feed" else "0 s"),
        (32.0, "1 min 12 s" if where == "feed" else "32 s"),
    ):
        television.viewer.tick(here + passed)
        text = television.press()
        assert said in text, text
        assert "lost" in text
    assert television.viewer.tick(here + 33.1)
    assert not television.viewer.tick(here + 33.2)  # the same second
    television.press("space")
    assert not television.viewer.tick(here + 60.0)  # a frozen picture stands still
    assert not Television(linear()).viewer.tick(here)


def test_an_idle_feed_that_is_well_draws_nothing() -> None:
    viewer = Television(linear()).viewer
    assert [viewer.tick(NOW + k) for k in range(5)] == [False] * 5


GREY = 24  # largest difference of the channels of a grey that is a little blue


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)])
def test_what_a_monitor_knew_before_it_was_started_again_is_not_live(size: tuple[int, int]) -> None:
    """It has its window, and no feed yet."""
    shot = msgspec.structs.replace(parabola(), links=(link("connecting", since=NOW - 40),))
    text = Television(shot, size=size).press()
    assert "connecting for 40 s" in text
    assert "◌ no" in text  # "not live", as far as there is room


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
@pytest.mark.parametrize("background", ["dark", "light"])
@pytest.mark.parametrize("mode", [[], ["m"], ["m", "m"]])
def test_nothing_of_then_is_in_colour(glyphs: GlyphName, background: str, mode: list[str]) -> None:
    """Header, footer, the tabs' marks and what says that nothing comes are of now; all else is grey."""
    shot = msgspec.structs.replace(parabola(), links=(link("lost", since=NOW - 40),))
    television = Television(shot, msgspec.structs.replace(lost(), pair="other"), size=(120, 40), glyphs=glyphs)
    television.press(background, *mode)
    coloured = set()
    for y in range(2, 39):
        for x in range(120):
            cell = television.emulator.buffer[y][x]
            for colour in (cell.fg, cell.bg):
                if colour != "default":
                    channels = bytes.fromhex(colour)
                    coloured |= {y} if max(channels) - min(channels) > GREY else set()
            assert not cell.bold or y in coloured or "FEED" in television.text.splitlines()[y], (y, x)
    lines = television.text.splitlines()
    assert {lines[y][:13].strip() and True for y in coloured} <= {True}
    for y in coloured:
        assert any(words in lines[y] for words in ("not live", "lost tcp", "malformed", "late", "missing")), lines[y]


def test_what_a_lost_monitor_said_of_its_feed_is_no_more_of_now() -> None:
    television = Television(linear(), size=(120, 40))
    television.viewer.connect("lost", "no answer")
    text = television.press()
    assert "● connected" not in text.splitlines()[0]
    assert "pairs/s" not in text
    row = next(y for y, line in enumerate(text.splitlines()) if "● connected tcp" in line)
    assert {television.emulator.buffer[row][x].fg for x in range(62, 72)} <= {"9aa3ad", "default"}


@pytest.mark.parametrize("size", [(20, 5), (60, 1), (40, 12), (80, 24), (200, 60)])
def test_a_feed_that_is_lost_says_so_in_words_at_every_size(size: tuple[int, int]) -> None:
    assert "lost" in Television(lost(), size=size).press()


def test_each_of_two_sources_has_its_line_and_its_losses() -> None:
    text = Television(joined(), size=(200, 60)).press()
    for words in (
        "● connected x: tcp://127.0.0.1:5556", "◑ stalled y: tcp://10.0.0.8:5556", "nothing has come for 12 s",
        "▲ 20 x unmatched", "▲ 8 y late", "▲ 2 y duplicate", "▲ 7 missing by sequence",
        "12.3 ms y's clock ahead of x's",
    ):  # fmt: skip
        assert words in text, words
    assert "▲ 20 x unpaired" in Television(joined(), size=(100, 30)).press()


def test_trouble_is_said_before_totals_where_there_is_little_room() -> None:
    text = Television(parabola(), size=(80, 24)).press()
    assert "▲ 4 malformed  ▲ 12 missing" in text
    assert "48,213 messages" not in text


@pytest.mark.parametrize(
    ("change", "word"), [(0.5, "▲ rising +0.5"), (-0.5, "▼ falling −0.5"), (0.01, "▬ steady +0.01")]
)
def test_whether_it_changes_is_a_word(change: float, word: str) -> None:
    shot = linear()
    assert shot.reading is not None
    mi = np.full(500, shot.reading.mi_corrected - change)
    shot = msgspec.structs.replace(shot, history=history_of(mi))
    assert word in Television(shot, size=(120, 40)).press()
    assert word.rpartition(" ")[0] in Television(shot, size=(40, 12)).press()
    without_rate = msgspec.structs.replace(shot, links=(link(rate=None),))
    assert word in Television(without_rate, size=(120, 40)).press()


def test_every_label_of_an_axis_is_written_where_it_fits() -> None:
    text = Television(SAMPLES["labels"](), size=(200, 60)).press()
    for label in ("idle", "starting", "heating", "cooling", "none", "warning"):
        assert label in text


def test_tab_and_numbers_choose_the_pair() -> None:
    television = Television(*two_pairs(), size=(120, 40))
    assert television.press().startswith(" boiler")
    assert television.press("tab").startswith(" pump~valve")
    assert television.press("tab").startswith(" boiler")
    assert television.press("2").startswith(" pump~valve")
    assert television.press("9").startswith(" pump~valve")
    assert "1 ● boiler" in television.text
    assert "2 ✖ pump~valve" in television.text


def test_several_monitors_are_told_apart_also_where_their_pairs_have_one_name() -> None:
    endpoints = ["tcp://plant:1", "tcp://plant:2", "tcp://plant:3"]
    viewer = Viewer(Look(BRAILLE, "truecolor"), endpoints=endpoints)
    assert viewer.connect("connected", monitor=0)
    assert not viewer.connect("connected", monitor=0)
    assert viewer.connect("lost", "no answer", monitor=1)
    first, second = linear(), msgspec.structs.replace(independent(), pair=linear().pair)
    assert viewer.receive([first], 0)
    assert viewer.receive([second], 1)

    def lines() -> list[str]:
        return viewer.canvas(120, 40).lines()

    tabs = lines()[1]
    assert [words in tabs for words in ("1 ● boiler plant:1 ", "2 ✖ boiler plant:2 ", "3 ◌ plant:3")] == [True] * 3
    assert viewer.scene().snapshot == first
    viewer.press("tab")
    assert viewer.scene().snapshot == second
    assert "monitor lost" in lines()[0]
    viewer.press("space")
    viewer.receive([msgspec.structs.replace(second, timestamp=second.timestamp + 9, seq=second.seq + 90)], 1)
    assert viewer.scene().behind == (9.0, 90)
    viewer.press("3")
    assert "waiting for a monitor at tcp://plant:3" in "\n".join(lines())
    viewer.press("tab")
    assert viewer.scene().snapshot == first


def nine(states: dict[int, LinkState]) -> Viewer:
    """A view of nine monitors, whose pairs' names are in another order; the feeds of some are not well."""
    viewer = Viewer(Look(BRAILLE, "truecolor"), endpoints=[f"tcp://plant:{k}" for k in range(9)], zone=UTC)
    for k in (4, 8, 0, 2, 6, 1, 3, 5, 7):
        viewer.connect("connected", monitor=k)
        feed = link(states.get(k, "connected"), since=NOW - 9)
        viewer.receive([msgspec.structs.replace(linear(), pair=f"pump-{9 - k}", links=(feed,))], k)
    return viewer


def test_tabs_are_numbered_as_given_and_keep_their_numbers() -> None:
    viewer = Viewer(Look(BRAILLE, "truecolor"), endpoints=["tcp://a:1", "tcp://b:1", "tcp://c:1"])
    named = {k: msgspec.structs.replace(linear(), pair=name) for k, name in enumerate(("zinc", "mash", "acid"))}
    viewer.press("3")
    viewer.receive([named[1]], 1)
    assert viewer.scene().shown == (2, "")  # what was chosen stays, though it has not sent anything
    for k in (2, 0):
        viewer.receive([named[k]], k)
        assert [tab.key[0] for tab in viewer.scene().tabs] == [0, 1, 2]
    assert viewer.scene().snapshot == named[2]
    for key, name in (("1", "zinc"), ("2", "mash"), ("3", "acid")):
        viewer.press(key)
        assert viewer.canvas(120, 40).lines()[0].startswith(f" {name}")
    # A monitor that begins anew under another name has the number it had; nothing is left of what it was.
    viewer.press("2")
    viewer.receive([msgspec.structs.replace(linear(), pair="aaa", run=1)], 1)
    assert [tab.label for tab in viewer.scene().tabs] == ["zinc", "aaa", "acid"]
    assert viewer.canvas(120, 40).lines()[0].startswith(" aaa")
    # One that has two pairs has a number for each, and moves nobody.
    viewer.receive([msgspec.structs.replace(linear(), pair="bbb", run=1)], 1)
    assert [tab.label for tab in viewer.scene().tabs] == ["zinc", "aaa", "acid", "bbb"]


@pytest.mark.parametrize("size", [(20, 1), (60, 1), (20, 5), (40, 12), (80, 24), (120, 40), (200, 60)])
def test_what_is_wrong_with_the_other_pairs_is_always_in_sight(size: tuple[int, int]) -> None:
    viewer = nine({7: "lost", 5: "stalled"})
    for key in "19":
        viewer.press(key)
        text = "\n".join(viewer.canvas(*size).lines())
        assert ("1 lost, 1 stalled" if size[0] >= 80 and size[1] > 5 else "✖1◑1") in text, text
    mine = nine({0: "lost", 5: "stalled"})  # also where the one that is shown takes the room
    assert re.search("1 lost, 1 stalled|✖1◑1", "\n".join(mine.canvas(*size).lines()))
    well = "\n".join(nine({}).canvas(*size).lines())
    assert "lost" not in well
    assert "(" not in well.splitlines()[0].replace("(bit)", "")


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_the_tab_bar_shows_all_that_it_can_and_always_the_one_that_is_shown(width: int) -> None:
    viewer = nine({7: "lost"})
    for key in "123456789":
        viewer.press(key)
        bar = viewer.canvas(width, 24).lines()[1]
        assert f"{key} {'✖' if key == '8' else '●'} p" in bar, bar
        assert re.search("8 ?✖", bar), bar
        assert len(re.findall(r"\d ?[●✖]", bar)) == 9
    many = Viewer(Look(BRAILLE, "truecolor"), endpoints=[f"tcp://plant:{k}" for k in range(40)])
    for monitor in range(40):
        many.connect("lost" if monitor in (30, 39) else "connecting", monitor=monitor)
    for _ in range(40):
        scene = many.scene()
        number = [tab.key for tab in scene.tabs].index(scene.shown) + 1
        bar = many.canvas(width, 24).lines()[1]
        assert re.search(rf"\b{number} [◌✖] (pl|p?…)", bar), bar
        assert re.search(r"31 ?✖.*40 ?✖", bar), bar  # those that are worst off, wherever they are
        assert ("…" in bar.replace("p…", "")) == (width < 200), bar
        many.press("tab")


def test_m_goes_through_the_ways_to_see_the_shape() -> None:
    television = Television(parabola(), size=(120, 40))
    assert "pairs a cell" in television.press()
    assert "of a column" in television.press("m")
    assert "rarer" in television.press("m")
    assert "pairs a cell" in television.press("m")


def test_e_enlarges_what_has_something_to_say() -> None:
    television = Television(linear(), size=(120, 40))
    titles = [television.press("e").splitlines()[1].split("─")[0].strip() for _ in range(6)]
    assert titles == ["MI OVER TIME (bit)", "JOINT COUNTS", "FEED", "ENTROPY", "CORRELATION", "MUTUAL INFORMATION"]
    assert "JOINT" in television.press("e")
    television.press("e")
    assert "JOINT" in television.press("escape")


def test_arrows_scroll_and_zoom_the_history() -> None:
    television = Television(linear(), size=(120, 40))
    assert "last 1 min" in television.press()
    assert "last 30 s" in television.press("+")
    assert "last 15 s" in television.press("up")
    assert "15 s, scrolled back" in television.press("left")
    oldest = television.press("home")
    assert television.press("left") == oldest
    later = linear()
    fresh = msgspec.structs.replace(
        later, history=tuple(msgspec.structs.replace(level, t=level.t + 5) for level in later.history)
    )
    television.viewer.receive([fresh])
    assert "scrolled back" in television.press()
    assert "last 15 s" in television.press("end")
    assert "last 30 s" in television.press("-")


def test_the_help_lists_just_what_works() -> None:
    alarm = event("alarm", 0.0, 0.1, "bit", "mi is 0.1 bit", rule="mi<0.2")
    by_rank = msgspec.structs.replace(learnt(), pair="learnt", alarms=(alarm,))
    text = Television(by_rank, *two_pairs(), size=(80, 30), reports=True).press("?")
    for binding in BINDINGS:
        assert binding.words in text
    assert "next pair" not in Television(linear()).press("?")
    for readonly in (False, True):  # a monitor elsewhere cannot be asked; readonly, one beside the screen neither
        television = Television(*two_pairs(), size=(80, 30), readonly=readonly, reports=readonly)
        assert television.viewer.press("a") is None
        assert "first aid" not in television.press("?")
    nothing_yet = Television(SAMPLES["empty"]()).press("?")
    assert [words in nothing_yet for words in ("this help", "quit", "heatmap", "scroll", "unit:")] == [True] * 2 + [
        False
    ] * 3
    history = Television(linear(), size=(120, 40))
    for there, missing in (("scroll", "m heatmap"), ("m heatmap", "scroll")):  # the history, the heatmap enlarged
        footer = history.press("e").splitlines()[-1]
        assert there in footer
        assert missing not in footer
    assert "m heatmap" not in Television(linear(), size=(59, 16)).press()
    readonly = Television(*two_pairs(), size=(80, 30), readonly=True).press("?")
    assert [binding.words in readonly for binding in BINDINGS if binding.words] == [
        not binding.changes for binding in BINDINGS if binding.words
    ]


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (120, 40)])
def test_before_the_first_reading_it_says_what_is_missing(size: tuple[int, int]) -> None:
    nothing = msgspec.structs.replace(linear(), reading=None, counts=None, verdict="", links=(link(pairs=0),))
    assert "waiting for the first pairs" in words_of(nothing, size)
    learning = msgspec.structs.replace(nothing, verdict="learning the bins: 7 of 16 pairs so far")
    assert "learning the bins: 7 of 16 pairs" in words_of(learning, size)
    in_vain = msgspec.structs.replace(
        nothing, links=(link(pairs=0, messages=9, malformed={"not JSON": 1, "no such path": 8}),)
    )
    assert "no pair in 9 messages: no such path" in words_of(in_vain, size)
    lacking = msgspec.structs.replace(
        in_vain.links[0], why_none="no such path: y 'plant/flow': did you mean plant/line/Flow?"
    )
    brief = words_of(msgspec.structs.replace(in_vain, links=(lacking,)), size)
    assert "no such path: y 'plant/flow'" in brief
    if size[0] < 100:  # else the panels beside are among the words
        assert ("did you mean plant/line/Flow?" in brief) == (size == (40, 12))


def words_of(snapshot: Snapshot, size: tuple[int, int]) -> str:
    return " ".join(Television(snapshot, size=size).press().split())


def test_a_view_says_which_monitor_it_waits_for_and_never_that_all_is_well() -> None:
    waiting = Viewer(Look(glyphs=BRAILLE, depth="none"), endpoints=["tcp://plant:5557"])
    states: dict[LinkState, str] = {
        "connecting": "waiting for a monitor at tcp://plant:5557",
        "connected": "connected to tcp://plant:5557; waiting for its first picture",
    }
    for state, words in states.items():
        waiting.connect(state)
        text = "\n".join(waiting.canvas(120, 40).lines())
        assert words in text
        assert BRAILLE.connected not in text
        assert waiting.canvas(30, 1).lines()[0].endswith("…")
    late = Viewer(Look(glyphs=BRAILLE, depth="none"))
    late.tick(10.0)
    late.connect("connected")
    late.tick(14.0)
    assert "its very first start compiles it" in "\n".join(late.canvas(120, 12).lines())
    beside = Viewer(Look(glyphs=BRAILLE, depth="none"))
    assert "the monitor is starting" in "\n".join(beside.canvas(40, 12).lines())
    beside.connect("connected")
    beside.connect("stalled", "nothing comes")  # its kernels are compiled before it says anything
    text = "\n".join(beside.canvas(120, 12).lines())
    assert "the monitor is starting" in text
    assert "first start" not in text
    assert "stalled" not in text
    assert "nothing comes" not in text
    beside.receive([linear()])
    beside.connect("stalled")
    assert "stalled" in "\n".join(beside.canvas(120, 12).lines())


def test_readonly_changes_nothing() -> None:
    television = Television(*two_pairs(), readonly=True)
    before = television.press()
    for binding in BINDINGS:
        if binding.changes:
            assert all(television.viewer.press(key) is None for key in binding.keys)
    assert television.press() == before


def test_r_resets_the_extremes() -> None:
    television = Television(linear(), size=(200, 60))
    television.viewer.receive([independent()])
    assert "least −0.012 most" in television.press()
    television.press("r")
    television.viewer.receive([linear()])
    assert "least −0.012 most" not in television.press()


def test_a_negative_estimate_is_drawn_at_zero_with_a_mark() -> None:
    assert "0.000▾ bit" in Television(independent(), size=(40, 12)).press()
    assert "▾ −0.012 ± 0.021 bit, drawn at 0" in Television(independent(), size=(120, 40)).press()


def test_a_dependence_with_a_delay_has_the_p_of_all_delays() -> None:
    shot = SAMPLES["parabola"]()
    reading = msgspec.structs.replace(shot.reading, p=0.4, peak_p=0.01)
    shot = msgspec.structs.replace(shot, reading=reading, verdict="dependent with a delay: y follows x")
    text = Television(shot, size=(120, 40)).press()
    assert "● dependent with a delay: y follows x" in text
    assert "p 0.01 over all delays; p 0.4 without delay" in text


@pytest.mark.parametrize("size", [(20, 1), (28, 1), (40, 1), (60, 1), (80, 1), (20, 5), (40, 12), (80, 24), (200, 60)])
def test_where_a_delay_leads_its_mi_is_what_is_shown_at_every_size(size: tuple[int, int]) -> None:
    """Without it MI is 0: that must not be the number that a person sees."""
    for unit, number in ("bit", "0.996 bit"), ("nat", "0.691 nat"), ("ban", "0.300 ban"):
        television = Television(delayed(), size=size)
        said = " ".join(television.press(*["u"] * ("bit", "nat", "ban").index(unit)).split())
        assert number in said, said
        assert "▼" not in said
        if size[0] >= 40 or size[1] > 1:
            assert f"y follows x by 7 samples: {number}" in said
        elif size[0] >= 28:
            assert f"{number} at +7 samples" in said
        if size[1] == 1:
            assert "0.000" not in said


def test_tab_and_chart_are_those_of_the_peak_and_say_so() -> None:
    television = Television(delayed(), lost(), size=(200, 60))
    television.viewer.receive([msgspec.structs.replace(delayed(), pair="other")])
    text = television.press("2")
    assert "peak 1.00 bit" in text.splitlines()[1]
    assert "PEAK MI OVER TIME (bit)" in text
    assert "PEAK MI, AT A DELAY" in text
    assert "−0.002 bit without delay" in text
    assert "least 0.996 most 0.996 bit" in text


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24), (120, 40), (200, 60)])
def test_what_is_not_known_is_not_drawn(size: tuple[int, int]) -> None:
    for shot in (stuck(), warming_up(), SAMPLES["empty"]()):
        text = Television(shot, size=size).press()
        assert "None" not in text
        assert "nan" not in text
        assert "Spearman" not in text or shot is not stuck
        assert "p 0" not in text
    assert "Pearson" not in Television(stuck(), size=(120, 40)).press()
    assert "DELAY" not in Television(linear(), size=(200, 60)).press()
    assert "EVENTS" not in Television(linear(), size=(200, 60)).press()


def test_a_second_opinion_stands_beside_mi_where_there_is_one() -> None:
    """In the unit of the screen, below 0 too; not where MI at a delay is what is shown, as it is of other pairs."""
    shot = linear()
    assert shot.reading is not None
    for mi, said, as_r in ((1.25, "KSG 0.866 nat, nearest neighbours", "0.91"), (-0.01, "KSG −0.007 nat", "0.00")):
        opinion = msgspec.structs.replace(shot, reading=msgspec.structs.replace(shot.reading, mi_ksg=mi))
        for size in ((120, 40), (200, 60)):
            text = Television(opinion, size=size).press("u")
            assert said in text
            assert re.search(rf"KSG as \|r\|.*{as_r}", text)
        Television(opinion, size=(80, 24)).press()
    assert "KSG" not in Television(shot, size=(200, 60)).press()
    late = delayed()
    late = msgspec.structs.replace(late, reading=msgspec.structs.replace(late.reading, mi_ksg=0.0))
    assert "KSG" not in Television(late, size=(200, 60)).press()


def test_the_highest_value_of_a_small_chart_keeps_all_its_digits() -> None:
    weak = msgspec.structs.replace(linear(), history=history_of(np.full(300, 0.085)))
    rows = Television(weak, size=(40, 12)).press().splitlines()
    assert rows[3].split()[0] == "0.1"
    assert rows[4].split()[0] == "bit"


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_what_is_below_0_never_loses_a_part_of_its_unit(size: tuple[int, int]) -> None:
    line = next(row for row in Television(independent(), size=size).press().splitlines() if "▾ −" in row)
    shown = line.partition("▾ ")[2].partition("  ")[0]
    assert re.fullmatch(r"−0\.\d{3}( ± 0\.\d{3} bit(, drawn at 0)?)?", shown), shown


def test_a_long_name_stays_apart_from_the_values_of_its_axis() -> None:
    shot = linear()
    named = msgspec.structs.replace(
        shot, x=msgspec.structs.replace(shot.x, name="a" * 60, edges=np.linspace(-3.79, 2.88, 17))
    )
    row = next(row for row in Television(named, size=(60, 20)).press().splitlines() if "aaa…" in row)
    assert re.search(r"−3.79 a+… 2.88", row), row


def test_the_newest_reading_is_not_now_when_the_feed_is_lost() -> None:
    assert " now" in Television(linear(), size=(120, 40)).press()
    text = Television(lost(), size=(120, 40)).press()
    assert " now" not in text
    assert text.count("15:09:26") == 2  # in the header, and below the chart


def test_a_verdict_without_room_is_said_in_brief_and_one_that_is_cut_says_so() -> None:
    doubted = msgspec.structs.replace(linear(), verdict="linearly dependent (untested without --null)")
    assert Television(doubted, size=(20, 5)).press().splitlines()[-1] == "(untested)"
    longer = msgspec.structs.replace(linear(), verdict="y follows x by 7 samples: 0.996 bit (untested without --null)")
    assert Television(longer, size=(20, 5)).press().splitlines()[-1] == "samples: 0.996 bit …"
    short = Television(linear(), size=(20, 5)).press().splitlines()
    assert short[3] == "linearly dependent"
    assert short[4].startswith("r +")


@given(st.floats(-1e307, 1e307), st.integers(5, 9))
@example(-3.9e300, 7)  # "-3.9e+300" stood there as ".9e+300"
def test_a_number_beside_an_axis_is_whole_or_none(value: float, width: int) -> None:
    text = short_in(value, width)
    assert len(text) <= width
    if text != "…":  # one digit at the least, and its sign and its power of ten
        said = float(re.sub("([kMGT])$", lambda letter: f"e{3 * ' kMGT'.index(letter[0])}", text).replace("−", "-"))
        assert said == pytest.approx(value, rel=0.34)
    assert text != "…" or width < 7


def test_an_axis_has_no_minus_before_0() -> None:
    assert heatmap.axis_value(AxisInfo(name="x", edges=np.array([-5.9, -0.0004, 5.8])), 0.5, 6) == "0"


def test_events_are_told_in_whole_where_there_is_room() -> None:
    said = "y was outside its bins' range in 700 of the last 1000 pairs (70%), and before that in none of them at all"
    events = tuple(event("saturated", 9.0 - k, 0.7, "share", said) for k in range(4))
    shot = msgspec.structs.replace(linear(), events=events[:1])
    assert said.split()[-1] in Television(shot, size=(120, 40)).press()
    many = Television(msgspec.structs.replace(shot, events=events), size=(120, 40)).press()
    assert many.count("saturated 70.0%") == 4


SIZES = [(20, 5), (60, 1), (40, 12), (80, 24), (120, 40), (200, 60)]


def filling(fill: float, rate: float | None, seconds: float | None = None) -> Snapshot:
    """A window that is so full, of a feed of so many pairs a second."""
    shot = linear()
    return msgspec.structs.replace(
        shot, reading=msgspec.structs.replace(shot.reading, n=40, fill=fill), links=(link(rate=rate),),
        window="10 s" if seconds else "1000 pairs", window_seconds=seconds,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shot", "words", "short"),
    [
        (filling(0.04, 0.2), "full in 80 min", "4% full"),  # 960 pairs more at one in 5 s
        (filling(0.04, 12.0), "full in 80 s", "4% full"),
        (filling(0.04, 0.0005), "full in 23 d", "4% full"),
        (filling(0.04, None), "window 1000 pairs 4% full", "4% full"),
        (filling(0.25, 5.3, 10.0), "full in 8 s", "25% full"),  # by the clock, whatever its rate
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_when_the_window_will_be_full_is_said(size: tuple[int, int], shot: Snapshot, words: str, short: str) -> None:
    text = Television(shot, size=size).press()
    assert words in text or (size[0] < 120 and short in text), text
    if size[0] >= 40 and size[1] > 1 and "pairs 4%" not in words:
        assert words in text


def test_when_it_will_be_full_is_also_said_as_a_time_of_day() -> None:
    assert "full in 80 min at 16:29, 4% now" in Television(filling(0.04, 0.2), size=(120, 40)).press()  # from 15:09:26
    dead = msgspec.structs.replace(filling(0.04, 0.2), links=(link("lost"),))
    assert "full in" not in Television(dead, size=(120, 40)).press()


@pytest.mark.parametrize(
    ("rate", "words"), [(0.2, "1 every 5 s"), (1 / 90, "1 every 1.5 min"), (1.0, "1 pairs/s"), (0.0, "0 pairs/s")]
)
def test_a_feed_that_comes_seldom_says_how_seldom(rate: float, words: str) -> None:
    shot = msgspec.structs.replace(linear(), links=(link(rate=rate, message_rate=rate),))
    text = Television(shot, size=(120, 40)).press()
    assert text.count(words) == 2
    learning = msgspec.structs.replace(
        shot, reading=None, counts=None, verdict="learning the bins: 7 of 16 pairs so far"
    )
    if 0 < rate < 1:
        assert f"7 of 16 pairs so far, {words}" in words_of(learning, (120, 40))


def test_pairs_that_count_and_how_many_do_not() -> None:
    nothing = msgspec.structs.replace(
        linear(), reading=None, counts=None, verdict="none of 3,425 pairs is finite",
        links=(link("stalled", pairs=0, nonfinite=3425, messages=3425, rate=100.0, message_rate=100.0),), history=(),
    )  # fmt: skip
    for size in ((120, 40), (200, 60)):
        panel = Television(nothing, size=size).press("e")
        assert "▲ 3,425 not finite" in panel
        assert " 0 pairs" in panel
        assert "3,425 pairs " not in panel.replace("none of 3,425 pairs", "")
        assert "pairs/s" not in panel
    shot = linear()
    half = msgspec.structs.replace(
        shot, reading=msgspec.structs.replace(shot.reading, pairs=700, nonfinite=725),
        links=(link(pairs=700, nonfinite=725),),
    )  # fmt: skip
    text = Television(half, size=(200, 60)).press()
    assert "▲ 725 not finite" in text
    assert "  700 pairs" in text


def grown(low: float, high: float, warm: int, n: int = 500) -> Snapshot:
    """MI that climbs while the window fills, and stays."""
    shot = linear()
    mi = np.concatenate((np.linspace(low, high, warm), np.full(n - warm, high)))
    fine, _ = history_of(mi)
    fill = np.minimum(np.arange(n) / max(warm, 1), 1.0)
    fine = msgspec.structs.replace(fine, fill=fill)
    return msgspec.structs.replace(
        shot, history=(fine,), reading=msgspec.structs.replace(shot.reading, mi_corrected=high, fill=fill[-1])
    )


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
@pytest.mark.parametrize("depth", ["truecolor", "none"])
def test_the_chart_of_a_window_that_fills_is_drawn_as_that(glyphs: GlyphName, depth: Depth) -> None:
    """By glyphs, so that it is seen without colours, and never in the colour of MI."""
    television = Television(grown(1.36, 2.55, 250), size=(120, 40), glyphs=glyphs, depth=depth)
    television.press("e")
    rows = range(2, 37)
    drawn = {x: {television.emulator.buffer[y][x].data for y in rows} - {" "} for x in range(7, 119)}
    warm, full = range(30, 70), range(78, 115)
    mark = {"block": "░", "ascii": "-"}.get(glyphs)
    if mark:
        assert all(mark in drawn[x] for x in warm if drawn[x])
        assert not any(mark in drawn[x] for x in full)
    else:  # every second dot of the line
        assert not any(ord(glyph) & 0b10111000 for x in warm for glyph in drawn[x] if "⠀" < glyph <= "⣿")
    if depth == "truecolor":
        yellow = {"f0e442", "857f35"}
        cells = television.emulator.buffer
        assert not any(cells[y][x].fg in yellow for y in rows for x in warm if cells[y][x].data != " ")
        assert any(cells[y][x].fg in yellow for y in rows for x in full)
    assert "window not full" in television.text


def test_extremes_are_those_of_full_windows() -> None:
    viewer = Television(size=(200, 60)).viewer
    for part in (grown(1.36, 1.36, 500), grown(1.5, 1.9, 500)):
        viewer.receive([part])
        assert viewer.scene().extremes is None
    for mi in (2.55, 2.586):
        viewer.receive([grown(1.36, mi, 250)])
    seen = viewer.scene().extremes
    assert seen is not None
    assert (seen.low, seen.high) == (2.55, 2.586)


@pytest.mark.parametrize(
    ("now", "before", "error", "words"),
    [
        (0.5, 0.41, 0.03, "▬ perhaps rising +0.090"),  # beyond the error that is shown, not beyond that of slow signals
        (0.5, 0.47, 0.03, "▬ steady +0.030"),
        (0.5, 0.36, 0.03, "▲ rising +0.140"),
        (-0.004, 0.13, 0.03, "was 0.130 bit one window ago"),  # drawn at 0: nothing points
        (0.0004, 0.9, 0.03, "was 0.900 bit one window ago"),
        (-0.03, -0.2, 0.01, "▬ steady +0.000"),  # both drawn at 0
        (-0.004, 0.09, 0.03, "▬ was 0.090 bit"),
    ],
)
def test_what_rises_does_so_beyond_error_and_nothing_points_from_0(
    now: float, before: float, error: float, words: str
) -> None:
    shot = linear()
    reading = msgspec.structs.replace(shot.reading, mi_corrected=now, stderr=min(0.01, error), stderr_batch=error)
    shot = msgspec.structs.replace(shot, reading=reading, history=history_of(np.full(500, before)))
    for size in ((120, 40), (80, 24), (40, 12), (20, 5)):
        text = Television(shot, size=size).press()
        if size == (120, 40):
            assert words in text, text
        assert ("▲ rising" in text) == ("▲ rising" in words)
        assert "▼" not in text


def test_the_entropy_of_learnt_bins_is_the_differential_one() -> None:
    shot = linear()
    reading = msgspec.structs.replace(shot.reading, dh_x=-1.5, dh_y=2.0, dh_xy=0.25)
    even, ranks = np.linspace(0, 1, 9), np.linspace(0, 1, 9) ** 2
    for x, y, said, silent in (
        (ranks, even, ("h(X) −1.50 bit", "H(Y) ", "H(X,Y) "), ("h(Y)", "h(X,Y)")),
        (ranks, ranks, ("h(X) −1.50 bit", "h(Y) 2.00 bit", "h(X,Y) 0.25 bit"), ("H(Y)", "H(X,Y)")),
        (even, even, ("H(X) ", "H(Y) ", "H(X,Y) "), ("h(X)", "h(Y)")),
    ):
        axes = (msgspec.structs.replace(axis, edges=e) for axis, e in zip((shot.x, shot.y), (x, y), strict=True))
        text = Television(msgspec.structs.replace(shot, reading=reading, **dict(zip("xy", axes, strict=True)))).press()
        assert all(words in text for words in said), text
        assert not any(words in text for words in silent)
