"""What the README and the pages tell somebody to type works as it stands, and leads where it says."""

import re
import shlex
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import typer
import zmq
from command_line import streammi
from feeds import free_port
from programs import started

from streammi import Event, Reading
from streammi.cli.doc_pages import FORMS
from streammi.cli.main import app
from streammi.publish.messages import event_message, result_fields
from streammi.records import LinkHealth
from streammi.records.status import Status

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "streammi/docs"
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in [README, *sorted(DOCS.rglob("*.md"))]}
BLOCKS = [block for text in PAGES.values() for block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)]
PYTHON = [text for language, text in BLOCKS if language == "python"]
COMMANDS = [line for language, text in BLOCKS if language == "console" for line in text.splitlines() if line]
INLINE = [command for text in PAGES.values() for command in re.findall(r"`(streammi [a-z]+ [^`]*)`", text)]
TYPED = list(dict.fromkeys([c for c in COMMANDS if re.match(r"(\./scripts/)?streammi ", c)] + INLINE))


def python(word: str) -> str:
    """The block of Python that has the word; there is one."""
    [code] = {text for text in PYTHON if word in text}
    return code


def anchors(text: str) -> set[str]:
    """What the headings of a page are called in links to them, as GitHub calls them."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_short_and_its_links_lead_somewhere(page: str) -> None:
    text = PAGES[page]
    assert text.startswith("# ")
    assert text.count("\n") <= (200 if page == "README.md" else 250)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = link.partition("#")
        if "://" in file:
            continue
        there = ((ROOT / page).parent / file).resolve() if file else ROOT / page
        assert there.is_file(), link
        if anchor:
            assert anchor in anchors(there.read_text()), link


def test_the_readme_leads_to_every_page_and_each_has_a_form() -> None:
    links = {(ROOT / link).resolve() for link in re.findall(r"\]\((streammi/docs/[^)#]+)", PAGES["README.md"])}
    pages = set(DOCS.rglob("*.md"))
    assert links == pages
    assert {page.relative_to(DOCS).parts[0] for page in pages} == set(FORMS)


def test_what_the_pages_name_is_there() -> None:
    """Options, files, and names that look like those of code: so that nothing is named that is gone."""
    sources = [path for place in ("streammi", "scripts", "tests") for path in ROOT.glob(f"{place}/**/*.py")]
    code = "\n".join(path.read_text() for path in sources)
    words = {*re.findall(r"\w+", code), *(path.stem for path in sources)}
    commands = typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
    options = {
        flag for command in commands for option in command.params for flag in (*option.opts, *option.secondary_opts)
    }
    options |= set(re.findall(r'"(--[a-z-]+)"', code))  # of scripts
    gone = []
    for page, text in {**PAGES, "CONTRIBUTING.md": (ROOT / "CONTRIBUTING.md").read_text()}.items():
        for span in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", span)) - options
            named |= set(re.findall(r"\b[a-z]+_[a-z_]+\b|\b(?:[A-Z][a-z]+){2,}\b", span)) - words
            if re.fullmatch(r"(\w+/)+\w+\.py", span) and not any(
                (ROOT / at / span).exists() for at in ("", "streammi")
            ):
                named.add(span)
            gone += [(page, name) for name in named]
    assert gone == []


def test_the_library_in_five_lines() -> None:
    done = subprocess.run([sys.executable, "-c", python("rolling_mi")], capture_output=True, text=True, check=True)
    value, unit = done.stdout.split()
    assert unit == "bit"
    assert 2.0 < float(value) < 4.0  # y is a function of x: MI is H(Y)


def test_publisher_monitor_view_and_consumer_together() -> None:
    """The tutorial's blocks and lines as they are, but for ports that are free here."""
    ports = {"5556": str(free_port()), "5557": str(free_port())}

    def here(text: str) -> str:
        for port, free in ports.items():
            text = text.replace(port, free)
        return text

    lines = PAGES["streammi/docs/tutorial/first-signals.md"].splitlines()
    [monitor_line], [view_line] = ([c for c in lines if c.startswith(f"streammi {n} ")] for n in ("monitor", "view"))
    publisher = subprocess.Popen([sys.executable, "-c", here(python("zmq.PUB"))])
    words = shlex.split(here(monitor_line))[1:]
    monitor = started(*words, "--quiet", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    consumer = subprocess.Popen([sys.executable, "-u", "-c", here(python('"mi/"'))], stdout=subprocess.PIPE, text=True)
    try:
        assert consumer.stdout is not None
        name, n, mi, unit = consumer.stdout.readline().split()
        assert (name, unit) == ("mi/temperature~power", "bit")
        shown = streammi(*shlex.split(here(view_line))[1:], "--output=once", "--seconds=40")
        assert shown.stdout.startswith("temperature~power  ")
        assert " bit " in shown.stdout
        assert int(n) > 0
        assert float(mi) < 10
    finally:
        for process in (publisher, monitor, consumer):
            process.terminate()
            process.wait()
        assert consumer.stdout is not None
        consumer.stdout.close()


def test_the_consumer_of_events() -> None:
    event = Event(pair="a", kind="lost", timestamp=1.0, size=-0.5, unit="bit", evidence="MI went from 1 to 0.5 bit")
    code = python("event/")
    port = free_port()
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.bind(f"tcp://127.0.0.1:{port}")
        consumer = subprocess.Popen(
            [sys.executable, "-u", "-c", code.replace("5557", str(port))], stdout=subprocess.PIPE, text=True
        )
        try:
            assert socket.poll(40_000)
            socket.recv()
            socket.send_multipart(event_message(event))
            assert consumer.stdout is not None
            assert consumer.stdout.readline() == "lost a -0.5 bit MI went from 1 to 0.5 bit\n"
        finally:
            consumer.terminate()
            consumer.wait()
            assert consumer.stdout is not None
            consumer.stdout.close()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    [unit] = [text for language, text in BLOCKS if language == "ini"]
    file = tmp_path / "streammi.service"
    file.write_text(unit.replace("/opt/streammi/bin/streammi", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "streammi.service" in line]) == (0, [])


def test_every_field_and_flag_of_a_reading_is_explained() -> None:
    reading = Reading(
        n=1, unit="bit", h_x=0.0, h_y=0.0, h_xy=0.0, h_x_given_y=0.0, h_y_given_x=0.0, mi=0.0, mi_corrected=0.0,
        nmi=None, pearson_r=None,
    )  # fmt: skip
    fields = PAGES["streammi/docs/reference/fields.md"]
    table = fields.partition("| field of a reading |")[2].partition("\n\n")[0]
    link = LinkHealth(endpoint="", state="connected")
    assert set(re.findall(r"`(\w+)`", table)) == set(result_fields(reading, run=0, seq=0, timestamp=0.0, link=link))
    flags = {int(number) for number in re.findall(r"^\| (\d+) \|", fields, re.MULTILINE)}
    assert flags == {int(flag) for flag in Status if flag}


def test_the_numbers_that_the_page_reads_are_those_of_the_picture() -> None:
    """After the picture is drawn anew the text beside it must say what it shows."""
    told = PAGES["streammi/docs/how-to/dashboard.md"]
    picture = (ROOT / ".github/dashboard-full.svg").read_text()
    drawn = " ".join(unescape(word).strip() for word in re.findall(r">([^<]+)</text>", picture))
    for words, beside in (
        (r"MI of the window, ([\d.]+) bit", r"no delay: ([\d.]+) bit"),
        (r'"Plug-in ([\d.]+) bit"', r"plug-in ([\d.]+) bit"),
        (r'"± ([\d.]+)" is its standard error', r"± ([\d.]+) bit"),
        (r"MI is ([\d.]+) bit \w+ than one window ago", r"steady \+([\d.]+) bit"),
        (r"stayed below ([\d.]+) bit", r"stay below ([\d.]+) bit"),
        (r"from 1 to (\d+); black is none", r"(\d+) pairs a cell"),
        (r"([\d.]+) where r is 0.03", r"\b(0\.94)\b"),
        (r"; (\d+) are kept", r"(\d+) kept"),
    ):
        [said], [seen, *_] = re.findall(words, told), re.findall(beside, drawn)
        assert said == seen, words


def test_the_benchmark_of_the_readme_is_what_was_measured() -> None:
    rows = PAGES["README.md"].partition("## Benchmark")[2].partition("## ")[0].splitlines()
    said = " ".join(row for row in rows if row.startswith("| ") and not row.startswith("| what"))
    pages = ("measured", "accuracy")
    measured = " ".join(PAGES[f"streammi/docs/explanation/{page}.md"] for page in pages)
    numbers = re.findall(r"\d[\d,]*(?:\.\d+)?", said)
    assert len(numbers) > 20
    assert set(numbers) <= set(re.findall(r"\d[\d,]*(?:\.\d+)?", measured))
