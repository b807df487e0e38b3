"""The settings of a recording, but for those given now."""

from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from streammi.cli.baseline import with_baseline
from streammi.cli.options import JoinOptions, PairOptions
from streammi.cli.options.computed import checked
from streammi.config import FeedConfig, JoinConfig, MonitorConfig, ksg_rule
from streammi.errors import ConfigError
from streammi.recording.entries import Settings

OF_MONITOR: Final = {"detect": "detector", "name": "pair", "alarm": "alarms"}  # options whose setting has another name
# Settings that decide what is learnt of a baseline.
OF_BASELINE: Final = frozenset(
    {"window", "bins", "x_range", "y_range", "unit", "estimator", "null", "test", "lags", "x_name", "y_name"}
)
OF_JOIN: Final = {"pair": "mode", "tolerance": "tolerance_s", "lateness": "lateness_s"}


class Override:
    """Replaces the settings that were ``given`` by name on the command line, and leaves the others as recorded.

    ``x``, ``y`` and ``t`` are paths in the recorded messages. Raises ConfigError for what cannot work.
    """

    def __init__(
        self,
        given: Collection[str],
        pair: PairOptions,
        joining: JoinOptions,
        x: str | None = None,
        y: str | None = None,
        t: str | None = None,
        time_unit: str = "auto",
    ) -> None:
        self._given, self._pair, self._joining = given, pair, joining
        self._x, self._y, self._t, self._time_unit = x, y, t, time_unit

    def __call__(self, recorded: Settings) -> Settings:
        """The settings to replay with."""
        join, feed = recorded.join, recorded.feed
        if join is None:
            self._joining.check_unused()
        return replace(
            recorded,
            monitor=self._monitor(recorded.monitor),
            feed=None if feed is None else self._feed(feed, x=self._x, y=self._y),
            join=None if join is None else self._join(join),
            channels=None,
        )

    def _monitor(self, recorded: MonitorConfig) -> MonitorConfig:
        # By itself each: what goes together is what is replayed with, and not the defaults of what is not given.
        now = self._pair.settings(self._x or recorded.x_name, self._y or recorded.y_name, recorded.endpoint)
        names = {OF_MONITOR.get(name, name) for name in self._given if name not in OF_JOIN}
        # What is given takes the place of what was recorded, also of what does not go with it.
        if "bins" in names and now["bins"].kind in ("categories", "quantile"):
            names |= {"x_range", "y_range"}
        if "test" in names and (now["test"] == "g" or not recorded.null):
            names.add("null")
        if "null" in names and now["null"]:
            names.add("test")
        rule = ksg_rule(
            recorded.ksg,
            now["window"] if "window" in names else recorded.window,
            now["bins"] if "bins" in names else recorded.bins,
        )
        if rule:
            names.add("ksg")
        if "detector" in names and now["detector"] is None:
            names.add("baseline")
        if self._x or self._y:
            names |= {"pair", "x_name", "y_name"}
        changed = replace(recorded, **{name: now[name] for name in names if name in now})
        if "alarms" in names:
            checked(changed)
        if "baseline" in names:
            return with_baseline(changed, self._pair.baseline)
        if recorded.baseline is not None and recorded.baseline.looks and names & OF_BASELINE:
            rule = (
                f"given anew, or off, with --{min(names & OF_BASELINE).replace('_', '-')}: what was learnt is otherwise"
            )
            raise ConfigError("--baseline", rule, str(recorded.baseline))
        return changed

    def _feed(self, recorded: FeedConfig, **paths: str | None) -> FeedConfig:
        now: dict[str, object] = {name: path for name, path in (paths | {"t": self._t}).items() if path is not None}
        if "given" in self._given:
            now["given"] = self._pair.condition_paths
        if "bins" in self._given:
            now["labels"] = self._pair.labels
        if "time_unit" in self._given:
            now["time_unit"] = self._time_unit
        return replace(recorded, **now)

    def _join(self, recorded: JoinConfig) -> JoinConfig:
        x, y = self._feed(recorded.x, x=self._x), self._feed(recorded.y, y=self._y)
        now = self._joining.config(x, y)
        return replace(
            recorded, x=x, y=y, **{OF_JOIN[n]: getattr(now, OF_JOIN[n]) for n in self._given if n in OF_JOIN}
        )
