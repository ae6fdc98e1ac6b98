"""How far a long task has come, on standard error: moving on a terminal, one line a step elsewhere."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping

import typer

from dashboard.text import format_number
from dashboard.text import gettext as _

BAR_WIDTH = 30


class ProgressBar:
    """A bar for tasks that know how much there is, a count for those that do not.

    Parameters
    ----------
    steps : step -> what it is called (marked for gettext); others are shown as they are.
    """

    def __init__(self, steps: Mapping[str, str] | None = None) -> None:
        self._steps = steps or {}
        self._moves = sys.stderr.isatty()
        self._step: str | None = None
        self._shown = ""

    def tell(self, step: str, done: float, total: float | None = None) -> None:
        """Show that `done` of `total` (None: nobody knows) of a step is done."""
        text = self._name(step)
        if not self._moves:
            if step != self._step and text:
                typer.echo(f"{text} …", err=True)
            self._step = step
            return
        shown = f"{text:<32} {_draw(done, total)}".strip()
        if step == self._step and shown == self._shown:
            return
        if self._step is not None and step != self._step:
            sys.stderr.write("\n")
        sys.stderr.write(f"\r{shown:<72}")
        sys.stderr.flush()
        self._step, self._shown = step, shown

    def tell_share(self, step: str, share: float) -> None:
        """Show that a share (0 to 1) of a step is done."""
        self.tell(step, share, 1.0)

    def close(self) -> None:
        """End the line."""
        if self._moves and self._step is not None:
            sys.stderr.write("\n")
        self._step = None

    def _name(self, step: str) -> str:
        return _(self._steps[step]) if step in self._steps else show_plain(step)


def _draw(done: float, total: float | None) -> str:
    if not total:
        return format_number(round(done))
    percent = min(100, max(0, int(100 * done / total)))
    filled = percent * BAR_WIDTH // 100
    return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {percent:3d} %"


def show_plain(text: str, *, longest: int | None = 500) -> str:
    """Return data text as it may be shown on a terminal: without signs that steer it.

    Spaces of all widths stay: numbers are grouped by them.
    """
    return "".join(_show_sign(sign) for sign in text[:longest])


def _show_sign(sign: str) -> str:
    if sign.isprintable() or unicodedata.category(sign) == "Zs":
        return sign
    return " " if sign.isspace() else "?"
