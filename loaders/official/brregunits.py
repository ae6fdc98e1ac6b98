"""Single units and their parents out of the business register, those that are gone included."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from loaders.official.brregsearch import ACCEPT, PARENTS, UNITS, Record, index_records, is_page, read_embedded
from loaders.official.webclient import Progress, WebClient

BATCH: Final = 200
"""Organisation numbers in one question: its address stays well below 4 000 characters."""
UNKNOWN_STATUS: Final = 404
REMOVED_STATUS: Final = 410

Fate = Literal["registered", "deleted", "removed", "unknown"]


@dataclass(frozen=True)
class FetchedUnit:
    """What the register says of one number.

    Attributes
    ----------
    number : organisation number.
    fate : registered; deleted (closed down: the record has number, name, form and the day); removed (taken
        out of the open data for legal reasons: whoever has a copy must delete it); unknown (never there).
    record : as the register gives it, ``{}`` where it gives none.
    deleted_on : ISO date, or ``""``.
    """

    number: str
    fate: Fate
    record: Record = field(default_factory=dict)
    deleted_on: str = ""


def ask_unit(number: str, *, client: WebClient, kind: str = UNITS, keep: bool = True) -> FetchedUnit:
    """Ask for one unit (or parent) by its number.

    Raises
    ------
    SourceError
        As :meth:`~loaders.official.webclient.WebClient.ask_json`.
    """
    answer = client.ask_json(
        f"{kind}/{number}",
        accept=ACCEPT[kind],
        check=lambda value: isinstance(value, dict) and value.get("organisasjonsnummer") == number,
        absent=frozenset({UNKNOWN_STATUS, REMOVED_STATUS}),
        keep=keep,
    )
    record = answer.value if isinstance(answer.value, dict) else {}
    if answer.status == UNKNOWN_STATUS:
        return FetchedUnit(number, "unknown")
    if answer.status == REMOVED_STATUS:
        return FetchedUnit(number, "removed", deleted_on=_read_day(record, "slettedato"))
    deleted_on = _read_day(record, "slettedato")
    return FetchedUnit(number, "deleted" if deleted_on else "registered", record, deleted_on)


def ask_units(
    numbers: Iterable[str],
    *,
    client: WebClient,
    kind: str = UNITS,
    keep: bool = True,
    progress: Progress | None = None,
    step: str = "units",
) -> dict[str, FetchedUnit]:
    """Ask for many units (or parents), :data:`BATCH` at a time; those that the search lacks one by one.

    The search knows only what is registered today.

    Returns
    -------
    number -> what is said of it, in the order of `numbers`, each once.
    """
    wanted = list(dict.fromkeys(numbers))
    found: dict[str, FetchedUnit] = {}
    for begin in range(0, len(wanted), BATCH):
        batch = wanted[begin : begin + BATCH]
        records = _search_numbers(batch, client=client, kind=kind, keep=keep)
        for number in batch:
            record = records.get(number)
            if record is None or _read_day(record, "slettedato"):
                found[number] = ask_unit(number, client=client, kind=kind, keep=keep)
            else:
                found[number] = FetchedUnit(number, "registered", record)
        if progress is not None:
            progress(step, len(found), len(wanted))
    return found


def ask_parent_forms(
    numbers: Iterable[str], *, client: WebClient, progress: Progress | None = None
) -> tuple[dict[str, str], dict[str, Fate]]:
    """Return the form of organisation of parents by number (``AS``, ``ENK`` ...), and the fate of those gone.

    A deleted parent has its form still; of one that was removed or never known nothing is told.
    """
    parents = ask_units(numbers, client=client, kind=PARENTS, progress=progress, step="parents")
    forms = {number: read_form(parent.record) for number, parent in parents.items()}
    gone: dict[str, Fate] = {
        number: parent.fate for number, parent in parents.items() if parent.fate != "registered"
    }
    return {number: form for number, form in forms.items() if form}, gone


def read_form(record: Record) -> str:
    """Return the code of the form of organisation, ``""`` where none is given."""
    form = record.get("organisasjonsform")
    code = form.get("kode") if isinstance(form, dict) else None
    return code if isinstance(code, str) else ""


def _search_numbers(
    numbers: Collection[str], *, client: WebClient, kind: str, keep: bool
) -> dict[str, Record]:
    params = {"organisasjonsnummer": ",".join(numbers), "size": str(len(numbers)), "page": "0"}
    answer = client.ask_json(
        kind, params=params, accept=ACCEPT[kind], check=lambda value: is_page(value, kind), keep=keep
    )
    return index_records(read_embedded(answer.value, kind))


def _read_day(record: dict[str, Any], name: str) -> str:
    day = record.get(name)
    return day[:10] if isinstance(day, str) else ""
