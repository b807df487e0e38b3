"""Settings: what is read, what is refused, and how it is said."""

import math
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi import ConfigError, config
from streammi.config import BinsConfig, MonitorConfig, Span


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        (1000, Span(pairs=1000)),
        (np.int64(5), Span(pairs=5)),
        ("1000", Span(pairs=1000)),
        ("10_000", Span(pairs=10_000)),
        ("1,000,000", Span(pairs=1_000_000)),
        ("1e6", Span(pairs=1_000_000)),
        (" 7 ", Span(pairs=7)),
        ("10s", Span(seconds=10.0)),
        ("10 S", Span(seconds=10.0)),
        ("0.5s", Span(seconds=0.5)),
        ("500ms", Span(seconds=0.5)),
        ("1us", Span(seconds=1e-6)),
        ("2m", Span(seconds=120.0)),
        ("2min", Span(seconds=120.0)),
        ("1.5h", Span(seconds=5400.0)),
        ("1d", Span(seconds=86400.0)),
        (timedelta(milliseconds=250), Span(seconds=0.25)),
        (Span(pairs=3), Span(pairs=3)),
        (Span(seconds=3.0), Span(seconds=3.0)),
    ],
)
def test_spans(given_: object, found: Span) -> None:
    assert config.span(given_) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given_",
    [
        *(
            "",
            "s",
            "ten",
            "10 parsecs",
            "1,5s",
            "10,00",
            "1.5",
            "-3",
            "0",
            "0s",
            "1e999s",
            "nan",
            "inf",
            "1 000",
            "1s0",
        ),
        *(1.0, math.nan, None, True, 0, -1, [1], np.array([1, 2]), np.timedelta64(1, "s"), 1 << 30, b"10"),
        *(timedelta(0), timedelta(seconds=-1), Span(), Span(pairs=0), Span(seconds=-1.0), Span(pairs=1, seconds=1.0)),
    ],
    ids=repr,
)
def test_spans_that_cannot_work(given_: object) -> None:
    with pytest.raises(ConfigError, match=r"^every must be ") as caught:
        config.span(given_, "every")  # type: ignore[arg-type]
    assert caught.value.name == "every"


def test_the_least_number_of_pairs() -> None:
    for one in (1, "1", Span(pairs=1)):
        with pytest.raises(ConfigError, match=r"--window must be >= 2 pairs, got 1"):
            config.span(one, "--window", least_pairs=2)


@given(st.text(max_size=12))
def test_any_text_is_a_setting_or_refused_in_words(text: str) -> None:
    for read in (config.span, config.bins, config.value_range, config.lag_range):
        try:
            read(text, "--option")  # type: ignore[operator]
        except ConfigError as error:
            assert str(error).startswith("--option must be ")  # noqa: PT017 -- most texts are refused, not all


@pytest.mark.parametrize(
    ("span", "words"),
    [(Span(pairs=10), "10 pairs"), (Span(seconds=90.0), "90 s"), (Span(seconds=0.25), "250 ms")],
)
def test_spans_in_words(span: Span, words: str) -> None:
    assert str(span) == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("auto", BinsConfig()),
        ("16", BinsConfig(None, 16)),
        (16, BinsConfig(None, 16)),
        ("quantile", BinsConfig("quantile")),
        ("uniform", BinsConfig("uniform")),
        ("quantile:8", BinsConfig("quantile", 8)),
        ("uniform:auto", BinsConfig("uniform")),
        ("categories", BinsConfig("categories")),
        ("categories:100", BinsConfig("categories", 100)),
    ],
)
def test_bins(text: str | int, found: BinsConfig) -> None:
    assert config.bins(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0",
        "-4",
        "1025",
        "many",
        "5.0",
        ":5",
        "auto:5",
        "quantile:",
        "categories:",
        "categories:1",
        "log:8",
        True,
    ],
)
def test_bins_that_cannot_work(text: str) -> None:
    with pytest.raises(ConfigError, match="--bins must be"):
        config.bins(text)


def test_ranges() -> None:
    assert config.value_range("-1e3:.5", "--x-range") == (-1000.0, 0.5)
    for text in ("1", "1:", ":1", "2:1", "1:1", "0:inf", "nan:1", "a:b", "1:2:3"):
        with pytest.raises(ConfigError, match="--x-range must be LOW:HIGH"):
            config.value_range(text, "--x-range")


def test_lags() -> None:
    assert config.lag_range("-50:50") == (-50, 50)
    assert config.lag_range("3:3") == (3, 3)
    for text in ("5", "5:1", "a:b", "0:10000", "1.5:2", ""):
        with pytest.raises(ConfigError, match="--lags must be FIRST:LAST"):
            config.lag_range(text)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"unit": "bits"}, "--unit must be bit, nat or ban, got 'bits'"),
        ({"estimator": "best"}, "--estimator must be plugin"),
        ({"null": 5}, "--null must be 0"),
        ({"null": -99}, "--null must be 0"),
        ({"null": 10_000}, "--null must be 0"),
        ({"detector": "eye"}, "--detect must be adwin"),
        ({"pair": ""}, "--name must be"),
        ({"pair": "a b"}, "--name must be"),
        ({"pair": "a\x1b[2J"}, "--name must be"),
        ({"pair": "x" * 65}, "--name must be"),
    ],
)
def test_monitor_settings_that_cannot_work(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MonitorConfig(**fields)  # type: ignore[arg-type]


def test_settings_are_frozen() -> None:
    settings = MonitorConfig()
    with pytest.raises(AttributeError):
        settings.null = 99  # type: ignore[misc]
    assert msgspec.structs.replace(settings, null=99).null == 99
