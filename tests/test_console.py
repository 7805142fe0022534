"""Progress says how much is done and how long the rest takes, whoever watches; items pass through as they are."""

import io

import pytest
from rich.console import Console

from faceparse import console


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def lines_of(items, clock: list[float], monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(console.log, "info", lambda text, *values: said.append(text % values))
    passed = []
    for item in console.progress(items, "parsing"):
        passed.append(item)
        clock[0] += seconds
    assert passed == list(range(len(passed)))
    return said


def test_in_a_pipe_a_line_every_ten_seconds_says_how_long_the_rest_takes(clock, monkeypatch):
    said = lines_of(range(100), clock, monkeypatch, seconds=3)
    assert said[0] == "parsing: 4 of 100, 4m48s left"
    assert len(said) == 24  # every fourth of 100, since ten seconds are three and a third


def test_of_a_stream_that_has_no_end_yet_what_is_done_is_said(clock, monkeypatch):
    assert lines_of(iter(range(5)), clock, monkeypatch, seconds=6) == ["parsing: 2 of ?", "parsing: 4 of ?"]


def test_what_takes_less_says_nothing(clock, monkeypatch):
    assert lines_of(range(3), clock, monkeypatch, seconds=3) == []


def test_on_a_terminal_a_bar_says_it(monkeypatch: pytest.MonkeyPatch):
    shown = io.StringIO()
    monkeypatch.setattr(console, "errors", Console(file=shown, force_terminal=True, width=100))
    assert list(console.progress(range(3), "parsing")) == [0, 1, 2]
    assert "parsing" in shown.getvalue()
    assert "3/3" in shown.getvalue()
    assert "left" in shown.getvalue()
