"""Parts of a page as HTML: sections, tables and figures, and the page around them; one file, without scripts."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from streammi.report.svg import Picture

POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # whatever a name may try
CSS: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --paper: #fff; --line: #d1d9e0; --box: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --dim: #9aa4af; --paper: #14171b; --line: #3a424b; --box: #1d2227 }
}
@media print { :root { --ink: #000; --dim: #444; --paper: #fff; --line: #bbb; --box: #fff } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper) }
h1 { margin: 0; font-size: 1.7rem; overflow-wrap: anywhere }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; border-bottom: 1px solid var(--line) }
p, figcaption { max-width: 48rem } .dim, figcaption { color: var(--dim) } figcaption { font-size: .9rem }
figure { margin: 1rem 0; color: var(--ink) } figure svg { width: 100%; height: auto; display: block }
.verdict { margin: 1rem 0; padding: .8rem 1rem; background: var(--box); border-left: 4px solid #12a37f;
  font-size: 1.2rem }
.half { display: flex; flex-wrap: wrap; gap: 1rem } .half figure { flex: 1 1 24rem; min-width: 0; max-width: 38rem }
.wide { overflow-x: auto; margin: .8rem 0 } table { border-collapse: collapse; font-size: .92rem }
th, td { text-align: left; vertical-align: top; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; white-space: nowrap } td { overflow-wrap: break-word }
pre { padding: .6rem .8rem; background: var(--box); overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
"""


def document(title: str, sections: Iterable[str]) -> str:
    """The whole page; a section that is empty is left out."""
    body = "\n".join(filter(None, sections))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}: streammi report</title>\n<style>{CSS}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def section(title: str, *content: str) -> str:
    """A section with what is in it."""
    return "\n".join((f"<section><h2>{escape(title)}</h2>", *filter(None, content), "</section>"))


def figure(picture: Picture) -> str:
    """A picture, and below it what is to be said of it."""
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    return f"<figure>{picture.svg}{caption}</figure>"


def table(rows: Iterable[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    """Rows whose first cell names them; empty for none."""
    return marked_table([tuple(map(escape, row)) for row in rows], head)


def marked_table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    """The same of cells that are HTML already."""
    lines = [
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for name, *cells in rows
    ]
    heading = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    top = f"<thead><tr>{heading}</tr></thead>" if head else ""
    return f'<div class="wide"><table>{top}<tbody>{"".join(lines)}</tbody></table></div>' if lines else ""
