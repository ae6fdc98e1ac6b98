"""The progress of commands: on a terminal it moves, elsewhere it is one line a step."""

from __future__ import annotations

import sys

import pytest

from dashboard.commands.progress import ProgressBar, show_plain
from dashboard.text import in_language


def test_the_bar_moves_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bar = ProgressBar()
    for share in (0.0, 0.001, 0.5, 1.0):
        bar.tell_share("", share)
    bar.close()
    told = capsys.readouterr().err
    assert told.count("\r") == 3
    assert told.rstrip(" \n").endswith("100 %")
    assert told.endswith("\n")


def test_what_has_no_end_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with in_language("en"):
        bar = ProgressBar({"units": "Reading units"})
        bar.tell("units", 10, None)
        bar.tell("other\x1b[2J", 20, 40)
        bar.close()
    told = capsys.readouterr().err
    assert "Reading units" in told
    assert " 10" in told
    assert " 50 %" in told
    assert "\x1b" not in told


def test_elsewhere_each_step_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgressBar({"a": "First"})
    for done in range(5):
        bar.tell("a", done, 5)
    bar.tell("b", 1, None)
    bar.close()
    assert capsys.readouterr().err == "First …\nb …\n"
    assert show_plain("a\x07b", longest=2) == "a?"
    assert show_plain("3\u00a0000 t,\u202f\tso") == "3\u00a0000 t,\u202f so"
