"""What the tests of pages and commands share."""

from __future__ import annotations

import sys

import pytest

from dashboard import cli
from dashboard.text import use_language


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command line in this process: exit code, output, complaint."""

    def run_here(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["symbiosekart", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        use_language("nb")
        return stopped.value.code or 0, *capsys.readouterr()

    return run_here
