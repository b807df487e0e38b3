"""Every pair of channels as a file: a table, or a graph of those that depend."""

import os
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np

from streammi.errors import ConfigError
from streammi.publish.tables import ColumnType, TableForm, open_table
from streammi.records import ChannelMatrices, FloatArray
from streammi.system.spool import LineStream

GRAPH: Final = "graphml"
ENDS: Final = ("csv", "jsonl", "parquet", GRAPH)
_NUMBERS: Final = ("mi", "r", "p", "q")


def check_end(path: str, option: str) -> str:
    """The form of an export by the end of its file's name; ConfigError for another."""
    end = Path(path).suffix.removeprefix(".")
    if end not in ENDS:
        raise ConfigError(option, "a name that ends in .csv, .jsonl, .parquet or .graphml", path)
    return end


def write_pairs(
    path: str | os.PathLike[str], found: ChannelMatrices, rate: float, before: FloatArray | None, option: str
) -> None:
    """Write every pair to a file: x, y, n, mi, unit, r, p and q, and ``before`` as mi_before where there is that.

    ``via`` names the channel that explains a pair's dependence, where one does.

    As a graph (.graphml) its edges are the pairs whose q is ``rate`` at most.
    """
    path = os.fspath(path)
    end = check_end(path, option)
    try:
        if end == GRAPH:
            _write_graph(path, found, rate)
        else:
            _write_table(path, end, found, before, option)  # type: ignore[arg-type]
    except OSError as error:
        raise ConfigError(option, f"a file that can be written ({error.strerror})", path) from None


def _write_table(path: str, form: TableForm, found: ChannelMatrices, before: FloatArray | None, option: str) -> None:
    rows, columns = np.triu_indices(len(found.names), 1)
    names = np.array(found.names, dtype=object)
    unknown = np.full(found.mi.shape, np.nan)
    matrices = {
        "mi": found.mi,
        "r": found.r,
        "p": unknown if found.p is None else found.p,
        "q": unknown if found.q is None else found.q,
    }
    if before is not None:
        matrices["mi_before"] = before
    types: dict[str, ColumnType] = {"x": str, "y": str, "n": int, "unit": str, **dict.fromkeys(matrices, float)}
    types["via"] = str
    via = np.full(found.mi.shape, -1) if found.via is None else found.via
    values: dict[str, Any] = {
        "x": names[rows].tolist(),
        "y": names[columns].tolist(),
        "n": np.nan_to_num(found.pairs[rows, columns]).astype(np.int64),
        "unit": [found.unit] * rows.size,
        **{name: matrix[rows, columns] for name, matrix in matrices.items()},
        "via": [None if k < 0 else found.names[k] for k in via[rows, columns].tolist()],
    }
    lines: LineStream | None = None if form == "parquet" else open(path, "w", encoding="utf-8")  # noqa: SIM115
    try:
        table = open_table(path, form, types, option, lines)
        table.write(values)
        table.close()
    finally:
        if lines is not None:
            lines.close()  # type: ignore[attr-defined]


def _write_graph(path: str, found: ChannelMatrices, rate: float) -> None:
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    for name in (*_NUMBERS, "n"):
        kind = "int" if name == "n" else "double"
        ElementTree.SubElement(root, "key", {"id": name, "for": "edge", "attr.name": name, "attr.type": kind})
    ElementTree.SubElement(root, "key", {"id": "via", "for": "edge", "attr.name": "via", "attr.type": "string"})
    graph = ElementTree.SubElement(root, "graph", id="channels", edgedefault="undirected")
    for name in found.names:
        ElementTree.SubElement(graph, "node", id=name)
    values = {"mi": found.mi, "r": found.r, "p": found.p, "q": found.q, "n": found.pairs}
    for i, j in found.edges(rate).tolist():
        edge = ElementTree.SubElement(graph, "edge", source=found.names[i], target=found.names[j])
        for name, matrix in values.items():
            if matrix is not None and np.isfinite(matrix[i, j]):
                text = f"{int(matrix[i, j])}" if name == "n" else repr(float(matrix[i, j]))
                ElementTree.SubElement(edge, "data", key=name).text = text
        if found.via is not None and found.via[i, j] >= 0:
            ElementTree.SubElement(edge, "data", key="via").text = found.names[found.via[i, j]]
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
