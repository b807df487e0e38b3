"""What somebody sees who asks how to begin, for a page, or for a name that is none."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from streammi.cli.doc_pages import DOCS, FORMS, contents, drawn, page_of, pages, show
from streammi.cli.main import FAILURE, USAGE_ERROR, app
from streammi.cli.run_view import NOT_OF_NOW
from streammi.errors import ConfigError
from streammi.session.run_end import LOSS_STATUS

PAGES = pages()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*words: str) -> int:
    return int(app(list(words), standalone_mode=False) or 0)


def test_the_pages_are_those_in_the_package_each_by_its_form() -> None:
    assert {f"{page.form}/{name}.md" for name, page in PAGES.items()} == {
        path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")
    }
    lines = contents(PAGES).splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == list(PAGES)
    assert [line for line in lines if line in FORMS.values()] == list(FORMS.values())


def test_help_lists_prints_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("help") == 0
    assert capsys.readouterr().out == contents(PAGES)
    assert run("help", "formats") == 0
    assert capsys.readouterr().out == (DOCS / "reference/formats.md").read_text()
    assert run("help", "tutorial") == 0  # a folder of one page, and one of several
    assert capsys.readouterr().out == (DOCS / "tutorial/first-signals.md").read_text()
    assert run("help", "how-to") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert listed == sorted(path.stem for path in (DOCS / "how-to").glob("*.md"))
    assert run("help", "replay") == 0
    asked = capsys.readouterr().out
    assert run("replay", "--help") == 0
    assert capsys.readouterr().out == asked
    assert run() == USAGE_ERROR
    said = capsys.readouterr()
    assert said.out == ""
    assert "streammi demo" in said.err


@pytest.mark.parametrize("topic", ["fields", "Fields", "fields.md", "reference/fields.md", "../reference/fields.md"])
def test_a_page_is_found_as_links_name_it(topic: str) -> None:
    assert page_of(topic, PAGES, []) == PAGES["fields"]


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("feilds", r"\(did you mean fields\?\), got 'feilds'"),
        ("moniter", r"\(did you mean monitor\?\)"),
        ("Telegraf", r"\(of it: streammi help hand-on"),
        ("xyzzy", r"or a command, got 'xyzzy'"),
    ],
)
def test_a_page_that_there_is_not(topic: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        page_of(topic, PAGES, ["monitor"])


@pytest.mark.parametrize("name", PAGES)
def test_on_a_terminal_links_are_commands_and_pictures_are_left_out(name: str) -> None:
    out = io.StringIO()
    Console(file=out, width=80, no_color=True).print(drawn(PAGES[name].text))
    text = out.getvalue()
    assert PAGES[name].title in text
    assert "](" not in text
    assert ".svg" not in text
    assert not re.search(r"\(#[\w-]+\)", text)
    assert text.count("…") == PAGES[name].text.count("…")  # nothing is cut off
    led = set(re.findall(r"\(streammi\s+help\s+([\w-]+)\)", text))
    assert led <= set(PAGES)
    assert max(map(len, text.splitlines())) <= 80


def test_a_short_page_is_drawn_and_a_long_one_paged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    paged: list[str] = []
    monkeypatch.setattr("pydoc.pager", paged.append)
    for lines, pages_of in (("200", 0), ("5", 1)):
        monkeypatch.setenv("LINES", lines)
        out = Terminal()
        show(PAGES["exit-statuses"].text, out)
        assert len(paged) == pages_of
        assert "Exit statuses" in (paged[0] if pages_of else out.getvalue())
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    show("# A\n", out)
    assert out.getvalue() == "# A\n"


def test_the_page_has_every_exit_status() -> None:
    first = re.findall(r"^\| ([\d, ]+) \|", PAGES["exit-statuses"].text, re.MULTILINE)
    ended = {128 + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    assert {int(n) for cell in first for n in cell.split(",")} == {
        0, FAILURE, USAGE_ERROR, LOSS_STATUS, NOT_OF_NOW, *ended,
    }  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_completion_as_bash_asks_for_it(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "HOME": str(tmp_path), "PATH": path}
    asked = [(1, "streammi mon", "monitor"), (2, "streammi view --out", "--output"), (2, "streammi help fie", "fields")]
    code = ["streammi --install-completion >/dev/null || exit", ". ~/.bashrc"]
    code += [
        f"COMP_WORDS=({words}); COMP_CWORD={k}; _streammi_completion streammi; echo ${{COMPREPLY[@]}}"
        for k, words, _ in asked
    ]
    done = subprocess.run(["bash", "-c", "\n".join(code)], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == ([answer for *_, answer in asked], "")
