"""The pairs of channels that are known: what counts them, what is usual of them, and the fields of what is said."""

import math
from typing import Any

import msgspec
import numpy as np

from streammi.config import ChannelSettings
from streammi.core.channels import ranking
from streammi.core.channels.channel_window import ChannelWindow
from streammi.monitor import ChannelMonitor
from streammi.publish import matrices
from streammi.publish.messages import Fields
from streammi.records import ChannelMatrices, FloatArray
from streammi.records.triangles import upper_triangle
from streammi.session.changed_pair_events import PairChanges
from streammi.session.pair_tester import Tested


class WatchedPairs:
    """Every pair of channels with these ``names``, as the settings ask for it; counted by ``device``."""

    def __init__(self, settings: ChannelSettings, names: tuple[str, ...], device: str | None) -> None:
        self._settings, self._config = settings, settings.config
        config = msgspec.structs.replace(self._config, names=names, tested=False)  # that is done beside
        self.monitor = ChannelMonitor(config, device=device)
        self.changes = PairChanges(settings.name, names, settings.pairs)
        self.newest: ChannelMatrices | None = None  # as it was said
        self._counted_q: FloatArray | None = None  # of which it was counted how many depend,
        self._counted = 0  # and how many do
        self.apart = ""  # a note on pairs of which no row of the window has both, though each is there

    @property
    def window(self) -> ChannelWindow:
        """The window of all of them."""
        return self.monitor.window

    def notes(self, names: tuple[str, ...]) -> list[str]:
        """Remarks for a person on which pairs there are."""
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        pairs = self.changes.usual.mean.size
        found = [f"{len(names)} channels, {pairs:,} pair{'s' if pairs != 1 else ''}: {shown}"]
        if not self.changes.count:
            found.append(f"no pair of these fits --pairs {','.join(self._settings.pairs)}")
        if self._settings.target is not None and self._settings.target not in names:
            found.append(f"--target {self._settings.target} is not among the channels: nothing is said of it")
        return found

    def take(self, found: ChannelMatrices, test: Tested | None) -> ChannelMatrices:
        """Take the matrices for the newest, with what the newest ``test`` has found; they are returned so."""
        if test is not None:
            found = msgspec.structs.replace(found, p=test.p, q=test.q, untested=test.untested)
        elif self._config.tested and self.window.fill < 1:
            found = msgspec.structs.replace(found, untested="untested: the window is not full yet")
        self.newest, self.apart = found, self._apart(found)
        return found

    def best(self, found: ChannelMatrices) -> list[tuple[int, int]]:
        """The pairs with most MI, as many as are to be told of."""
        among = np.where(self.changes.said, found.mi, np.nan)
        return [(i, j) for i, j in ranking.pairs_by(among, self._settings.top).tolist()]

    def fields(self, found: ChannelMatrices, i: int, j: int) -> dict[str, object]:
        """The published fields of one pair."""
        fields = matrices.pair_fields(found, i, j, self.changes.change(found, i, j))
        r = self.window.correlation(i, j)  # to the last bit: a replay on another machine says the same
        return fields | {"r": r if math.isfinite(r) else None}

    def summary(self, found: ChannelMatrices, top: list[dict[str, object]]) -> dict[str, object]:
        """The fields of a line on all of them, ``top`` among them."""
        window, changes = self.window, self.changes
        return {
            "t1": found.t1, "n": found.n, "rows": window.rows, "fill": window.fill, "channels": len(found.names),
            "pairs": changes.count, "dependent": self._dependent(found), "changed": self._changed, "top": top,
            "changes": [self.fields(found, i, j) for i, j in changes.most(found, self._settings.top)],
            "untested": found.untested,
        }  # fmt: skip

    def of_target(self, found: ChannelMatrices) -> dict[str, object]:
        """The fields on the target, where there is one: the channels that tell most of it, each beside those before."""
        target = self._settings.target
        if target is None:
            return {}
        told: list[dict[str, object]] = []
        if target in found.names:
            at = found.names.index(target)
            chosen = ranking.least_redundant(ranking.of_moving(found.mi, found.r), at, self._settings.top).tolist()
            told = [{"x": found.names[c], "mi": found.mi.item((c, at))} for c in chosen]
        return {"target": target, "tells": told}

    def of_all(self) -> Fields:
        """The fields that metrics show of all of them together."""
        window, found = self.window, self.newest
        return {
            "n": window.n, "fill": window.fill, "channels": len(self.changes.labels),
            "pairs_watched": self.changes.count, "dependent": None if found is None else self._dependent(found),
            "changed": self._changed,
        }  # fmt: skip

    def of_top(self) -> dict[str, Fields]:
        """The fields that metrics show of each of the top pairs, by its name in topics."""
        found = self.newest
        if found is None:
            return {}
        shown: dict[str, Fields] = {}
        for i, j in self.best(found):
            known = {"mi_corrected": found.mi, "r": found.r, "p": found.p, "n": found.pairs}
            values = {name: square.item((i, j)) for name, square in known.items() if square is not None}
            shown[self.changes.pair(i, j)] = {"unit": found.unit, **values}
        return shown

    def of_snapshot(self, found: ChannelMatrices, test: Tested | None) -> dict[str, Any]:
        """The fields of a snapshot that the matrices alone do not have."""
        changes = self.changes
        return {
            "rows": self.window.rows, "fill": self.window.fill,
            "change": changes.change_of_all(found) if changes.known else None,
            "changed": np.flatnonzero(changes.changed) if changes.known else None,
            "indirect": test.indirect if found.q is not None and test else None, "usual_windows": changes.usual.windows,
            "said": changes.said_numbers,
        }  # fmt: skip

    def _apart(self, found: ChannelMatrices) -> str:
        if self.window.fill < 1 or found.pairs.min(initial=1) > 0:
            return ""
        there = found.pairs.diagonal() > 0
        pairs = np.argwhere(np.triu(self.changes.said & (found.pairs == 0) & np.logical_and.outer(there, there), 1))
        if not len(pairs):
            return ""
        i, j = pairs[0].tolist()
        which = f"{len(pairs):,} pairs have" if len(pairs) > 1 else "1 pair has"
        asked = self._settings.grid_s is None and self._settings.hold_s is None
        how = ": --grid 1s makes rows of what comes in messages of its own" if asked else ""
        return f"{which} no row with both, such as {found.names[i]} ~ {found.names[j]}{how}"

    @property
    def _changed(self) -> int | None:
        """How many have changed; None before anything is usual."""
        return int(np.count_nonzero(self.changes.changed)) if self.changes.known else None

    def _dependent(self, found: ChannelMatrices) -> int | None:
        """How many depend by more than chance; None where that was not tested."""
        if found.q is None:
            return None
        if found.q is not self._counted_q:  # once a test, not once a reading
            self._counted_q = found.q
            counts = upper_triangle(found.q) <= self._settings.fdr
            self._counted = int(np.count_nonzero(counts & self.changes.said_pairs))
        return self._counted
