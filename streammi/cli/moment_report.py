"""A report with pictures of one moment of a running monitor: what key R of a view writes."""

import shlex
import time
from importlib.metadata import version
from pathlib import Path

from streammi.records import Snapshot
from streammi.report.live import findings_of
from streammi.session import diagnosis


def save_page(snapshot: Snapshot, folder: Path, endpoint: str) -> str:
    """Write a page of one moment of a monitor to ``folder``; returns where it is, or why there is none."""
    from streammi.dashboard.picture_files import name_of

    try:
        path = folder / f"{name_of(snapshot.pair, snapshot.timestamp)}.html"
        text = snapshot_page(snapshot, endpoint).encode()
        with path.open("xb") as file:
            file.write(text)
    except OSError as error:
        return f"report: not saved: {error.strerror} ({folder})"
    return f"report: {path.name}"


def snapshot_page(snapshot: Snapshot, endpoint: str) -> str:
    """The page of one moment of a monitor."""
    from streammi.report.figures import draw
    from streammi.report.origin import Origin
    from streammi.report.page import page

    found = findings_of(snapshot)
    command = f"streammi report {shlex.quote(endpoint)}" if endpoint else "streammi watch (key R)"
    source = f"{endpoint or snapshot.pair}, as of one moment"
    made = Origin(source=source, command=command, sections=versions(), notes=[], table="")
    return page(found, draw(found), made)


def versions() -> dict[str, dict[str, object]]:
    """The versions of everything that a page was made with."""
    known = diagnosis.report(time.time(), {}, [])["versions"]
    return {"versions": {**known, "matplotlib": version("matplotlib")}}
