"""What a check found: one row a fault, so that nothing is dropped or repaired in silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Severity(StrEnum):
    """How a finding touches its row."""

    ERROR = "error"  # the row (or file) was not loaded
    WARNING = "warning"  # the row was loaded as it stood; a person should look
    REPAIRED = "repaired"  # the row was loaded with the repaired value, which is told
    INFO = "info"  # something the reader should know about the file (banner rows, encoding, CRS)


@dataclass(frozen=True)
class Finding:
    """One thing a check found.

    Attributes
    ----------
    severity : see :class:`Severity`.
    code : stable dotted name, e.g. ``"row.amount_negative"``; the front end holds the sentence
        (what is wrong and what to do) for each code.
    file : the file's own name (never a path), or the table's name.
    row : 1-based row in the file as a person sees it in a spreadsheet (header rows counted), or None.
    column : header as written in the file, or None.
    value : the value found, as text, cut to 80 characters.
    values : further plain values that the sentence needs (``suggestion``, ``limit`` ...).
    """

    severity: Severity
    code: str
    file: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    values: dict[str, str | int | float] = field(default_factory=dict)


FINDING_COLUMNS = ("severity", "code", "file", "row", "column", "value")


def tabulate_findings(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put findings in a table with :data:`FINDING_COLUMNS`, errors first, then by file and row."""
    import pandas as pd  # slow to load, and findings are told without it too

    rows = [(str(f.severity), f.code, f.file, f.row, f.column, f.value) for f in findings]
    table = pd.DataFrame(rows, columns=list(FINDING_COLUMNS))
    table["row"] = table["row"].astype("Int64")
    order = {str(severity): rank for rank, severity in enumerate(Severity)}
    return (
        table.assign(_rank=table["severity"].map(order))
        .sort_values(["_rank", "file", "row"], kind="stable")
        .drop(columns="_rank")
        .reset_index(drop=True)
    )
