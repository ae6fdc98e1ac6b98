"""Collects findings of one table: at once where they touch a row, once with a count where they touch a
column."""

from __future__ import annotations

from dataclasses import dataclass, field

from geodata.findings import Finding, Severity
from loaders.layout import Grid
from loaders.rawtables import Cell


@dataclass
class Reporter:
    """Callable as ``report(severity, code, row, column, value=..., **values)``; errors mark their row as
    not loaded."""

    grid: Grid
    findings: list[Finding] = field(default_factory=list)
    error_rows: set[int] = field(default_factory=set)
    _once: dict[tuple[str, str | None, str], list[int]] = field(default_factory=dict)
    _once_values: dict[tuple[str, str | None, str], tuple[Cell, dict[str, str | int | float]]] = field(
        default_factory=dict
    )

    def __call__(
        self,
        severity: str,
        code: str,
        row: int | None,
        column: str | None = None,
        /,
        *,
        value: Cell = None,
        **values: str | int | float,
    ) -> None:
        """Add one finding; `column` is the canonical name, shown as written in the file."""
        if severity == "error" and row is not None:
            self.error_rows.add(row)
        shown = None if value is None else str(value)[:80]
        title = self.grid.title(column) if column else None
        known = {name: text for name, text in values.items() if text != ""}
        self.findings.append(
            Finding(Severity(severity), code, self.grid.file, row, title, shown, {**self.grid.extra, **known})
        )

    def once(
        self,
        code: str,
        row: int,
        column: str | None = None,
        *,
        value: Cell = None,
        key: str = "",
        **values: str | int | float,
    ) -> None:
        """Count an information that many rows share; it is told once, with its first row (see
        :meth:`flush`)."""
        name = (code, column, key)
        self._once.setdefault(name, []).append(row)
        self._once_values.setdefault(name, (value, values))

    def flush(self) -> list[Finding]:
        """Tell what was counted, and return all findings."""
        for (code, column, _), rows in self._once.items():
            value, values = self._once_values[(code, column, _)]
            self("info", code, rows[0], column, value=value, count=len(rows), **values)
        self._once.clear()
        return self.findings
