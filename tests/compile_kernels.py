"""Compiles what most tests need, for one pair or for many channels and devices; each worker would do it for itself."""


def pair() -> None:
    from streammi.config import MonitorConfig, bins, lag_range, span
    from streammi.core.window.warm_up import warm_up_readings
    from streammi.monitor.warm_up import warm_up

    warm_up_readings()
    warm_up(MonitorConfig(null=19, lags=lag_range("-2:2")))
    warm_up(MonitorConfig(window=span("2s"), every=span("100ms")))
    warm_up(MonitorConfig(bins=bins("categories")))


def channels() -> None:
    from streammi.cli import run_channel_monitor, run_keyed
    from streammi.config import ChannelConfig, KeyedConfig, MonitorConfig, bins

    run_channel_monitor._warm_up(ChannelConfig(names=("a", "b")), None)
    run_keyed._warm_up(KeyedConfig(pair=MonitorConfig(bins=bins("quantile:8")), key="device"))
