# ruff: noqa: E501, SIM905  (word lists are easier to read in whole lines)
"""Stream rows: what each cell of a row says about what is offered or needed, with every fault told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from geodata.identifiers import check_organisation_number
from geodata.months import format_months, parse_months
from geodata.wastecodes import format_code, mirror_of, title
from loaders.amounts import AmountStyle, find_amount_style, read_amounts, write_number
from loaders.facilityrows import Value, known_text, text_of
from loaders.layout import LONGEST_VALUE, Grid, GridRow
from loaders.quantities import NumberStyle, clean_words, find_number_style, is_unknown, read_quantity
from loaders.references import References
from loaders.reporting import Reporter
from loaders.vocabulary import read_word

_NO_CODE = frozenset(
    "ingen|ingen kode|ikke avfall|ikkje avfall|ikke relevant|not waste|no code|biprodukt|produkt|vare|na|not applicable".split(
        "|"
    )
)
CODE_FINDINGS = {
    "code.unknown": "row.code_unknown",
    "code.malformed": "row.code_malformed",
    "code.several": "row.code_several",
    "code.incomplete": "row.code_incomplete",
    "code.ambiguous": "row.code_ambiguous",
    "code.date": "row.code_date",
}
"""Problem of :func:`geodata.wastecodes.parse_eal` -> finding."""

CHOICE_FINDINGS = {"treatment": "row.treatment_unknown", "legal_status": "row.legal_status_unknown"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}.*")
_CURRENCY = re.compile(r"\b(?:kr|nok|kroner)\b\.?|,-|(?:/|per|pr\.?)\s*(?:t|tonn|tonne)\b\.?", re.IGNORECASE)


@dataclass
class StreamRow:
    """One row's stream: schema values and what names its facility."""

    row: int
    values: dict[str, Value]
    facility_id: str | None
    organisation_number: str | None
    name: str | None
    given_id: bool


@dataclass(frozen=True)
class StreamStyle:
    """What the whole table tells: marks in numbers, whether hazard stars are written at all."""

    amounts: AmountStyle
    price: NumberStyle
    stars_written: bool
    stars_never_written: bool


def find_stream_style(grid: Grid, *, references: References, point_is_decimal: bool) -> StreamStyle:
    """Return the style of a table of streams; see :class:`StreamStyle`."""
    codes = [row.cells.get("eal_code") for row in grid.rows if row.cells.get("eal_code") is not None]
    starred = sum(isinstance(code, str) and "*" in code for code in codes)
    bare = sum(
        references.parse_code(code, star_expected=True).problem == "code.star_missing" for code in codes
    )
    price = find_number_style(
        (row.cells.get("price_nok_per_t") for row in grid.rows), point_is_decimal=point_is_decimal
    )
    return StreamStyle(
        find_amount_style(grid, point_is_decimal=point_is_decimal),
        price,
        stars_written=starred > 0,
        stars_never_written=starred == 0 and bare >= 3,
    )


def read_streams(
    grid: Grid,
    *,
    references: References,
    report: Reporter,
    dataset: str | None = "own",
    point_is_decimal: bool = False,
    accepted: Mapping[str, str] | None = None,
) -> list[StreamRow]:
    """Return the stream of each row of `grid`; rows with an error are reported and have none.

    Parameters
    ----------
    dataset : written on each row; None keeps what the file says.
    point_is_decimal : how an undecided ``1.234`` is read (comma-separated files).
    accepted : code that a person chose for a text (:func:`accepted_key`), used where a row has no code.
    """
    style = find_stream_style(grid, references=references, point_is_decimal=point_is_decimal)
    streams = [
        _read_row(
            grid, row, style, references=references, report=report, dataset=dataset, accepted=accepted or {}
        )
        for row in grid.rows
    ]
    return [stream for stream in streams if stream.row not in report.error_rows]


def _read_row(
    grid: Grid,
    row: GridRow,
    style: StreamStyle,
    *,
    references: References,
    report: Reporter,
    dataset: str | None,
    accepted: Mapping[str, str],
) -> StreamRow:
    cells = row.cells
    values: dict[str, Value] = {"stream_id": known_text(cells.get("stream_id"))}
    values["direction"] = _read_direction(grid, row, report)
    code, hazardous = _read_code(row, style, references, report)
    if code is None and accepted and is_unknown(cells.get("eal_code")):
        code, hazardous = _take_accepted(row, hazardous, accepted, references, report)
    values["eal_code"], values["hazardous"] = code, hazardous
    values["description"] = text_of(cells.get("description"))
    values["material"] = _read_material(row, code, values, references, report)
    default_unit = references.default_unit.get(str(values["material"]), "t")
    amounts = read_amounts(grid, row, style.amounts, default_unit=default_unit, report=report)
    values["amount_min"], values["amount_best"], values["amount_max"] = (
        amounts.low,
        amounts.best,
        amounts.high,
    )
    values["unit"] = amounts.unit
    values["months"] = _read_months(row, report)
    values["quality"] = text_of(cells.get("quality"))
    values["treatment"] = _read_choice(row, "treatment", report)
    values["legal_status"] = _read_choice(row, "legal_status", report)
    values["price_nok_per_t"] = _read_price(row, style.price, report)
    values["basis"] = _read_basis(row, report)
    values["reference"] = text_of(cells.get("reference")) or text_of(cells.get("source"))
    values["reference_year"] = _read_year(grid, row, report)
    values["dataset"] = dataset or known_text(cells.get("dataset")) or "own"
    values["note"] = text_of(cells.get("note"))
    number, _ = check_organisation_number(cells.get("organisation_number"))
    return StreamRow(
        row.number,
        values,
        known_text(cells.get("facility_id")),
        number,
        text_of(cells.get("name")),
        values["stream_id"] is not None,
    )


def accepted_key(text: object) -> str:
    """Return what a text is known by where a person has chosen its code: one line, small letters."""
    return " ".join(str(text).split())[:80].casefold()


def _take_accepted(
    row: GridRow,
    hazardous: bool | None,
    accepted: Mapping[str, str],
    references: References,
    report: Reporter,
) -> tuple[str | None, bool | None]:
    for column in ("material", "description"):
        cell = row.cells.get(column)
        code = None if cell is None else accepted.get(accepted_key(text_of(cell)))
        if code is not None and code in references.codes.hazard:
            full = format_code(code, codes=references.codes)
            report("info", "row.code_accepted", row.number, column, value=cell, suggestion=full)
            return code, hazardous or references.codes.hazard[code]
    return None, hazardous


def _read_direction(grid: Grid, row: GridRow, report: Reporter) -> str | None:
    cell = row.cells.get("direction")
    if "direction" not in grid.headers:
        report.once("column.direction_assumed", row.number, "direction")
        return "offer"
    if is_unknown(cell):
        report("error", "row.direction_missing", row.number, "direction")
        return None
    word = read_word("direction", cell)
    if word is None:
        report("error", "row.direction_unknown", row.number, "direction", value=cell)
    return word


def _read_code(
    row: GridRow, style: StreamStyle, references: References, report: Reporter
) -> tuple[str | None, bool | None]:
    """Return (six digits or None, hazardous or None)."""
    cell = row.cells.get("eal_code")
    stated = _read_hazard(row, report)
    if is_unknown(cell) or clean_words(cell).casefold() in _NO_CODE:
        return None, stated
    codes = references.codes
    if found := _DATE.fullmatch(clean_words(cell)):
        digits = re.sub(r"\D", "", found[0][:10])[2:]  # 2017-02-01 was 17 02 01
        meant = format_code(digits, codes=codes) if digits in codes.hazard else ""
        report("error", "row.code_date", row.number, "eal_code", value=cell, suggestion=meant)
        return None, stated
    parsed = references.parse_code(cell, star_expected=True)
    near = ", ".join(
        f"{format_code(code, codes=codes)} {title(code, codes=codes)}" for code in parsed.suggestions[:3]
    )
    if parsed.code is None:
        if parsed.problem:
            report(
                "error", CODE_FINDINGS[parsed.problem], row.number, "eal_code", value=cell, suggestion=near
            )
        return None, stated
    full = format_code(parsed.code, codes=codes)
    if parsed.repaired:
        repair = "row.code_lost_zero" if parsed.repair == "code.lost_zero" else "row.code_repaired"
        report("repaired", repair, row.number, "eal_code", value=cell, suggestion=full)
    listed = bool(codes.hazard[parsed.code])
    if parsed.problem == "code.star_false":
        report("warning", "row.star_false", row.number, "eal_code", value=cell, suggestion=near)
        return parsed.code, True
    mirror = ", ".join(format_code(code, codes=codes) for code in mirror_of(parsed.code, codes=codes)[:3])
    if stated is not None and stated != listed:
        report(
            "warning",
            "row.hazard_conflict",
            row.number,
            "hazardous",
            value=row.cells.get("hazardous"),
            code=full,
            suggestion=mirror,
        )
        return parsed.code, True
    if parsed.problem == "code.star_missing" and (style.stars_written or stated is None):
        if style.stars_never_written:
            report.once("column.stars_absent", row.number, "eal_code", value=cell)
        else:
            report(
                "repaired",
                "row.star_missing",
                row.number,
                "eal_code",
                value=cell,
                suggestion=full,
                mirror=mirror,
            )
    return parsed.code, listed


def _read_hazard(row: GridRow, report: Reporter) -> bool | None:
    cell = row.cells.get("hazardous")
    if is_unknown(cell):
        return None
    word = read_word("hazardous", cell)
    if word is None:
        report("warning", "row.hazardous_unknown", row.number, "hazardous", value=cell)
        return None
    return word == "true"


def _read_material(
    row: GridRow, code: str | None, values: dict[str, Value], references: References, report: Reporter
) -> str | None:
    cell = row.cells.get("material")
    from_code = references.codes.material_by_code.get(code) if code else None
    if is_unknown(cell):
        described = values["description"]
        from_words = references.find_material(str(described)[:LONGEST_VALUE]) if described else None
        if from_code or from_words:
            report.once(
                "column.material_from_code",
                row.number,
                "material" if "material" in report.grid.headers else "eal_code",
            )
            return from_code or from_words
        if row.number not in report.error_rows:
            report("error", "row.material_missing", row.number, "material")
        return None
    text = str(text_of(cell))
    words = text[:LONGEST_VALUE]
    material = references.find_material(words)
    if material is None:
        for part in re.split(r"[,;/(]|\s-\s", words)[:20]:
            material = material or references.find_material(part.strip(" )"))
    if material is None and (bare := re.sub(r"^[\d\s.*:-]+", "", words)) not in ("", words):
        material = references.find_material(bare)  # a supplier's own number stands before the words
    if material is None and from_code:
        report.once("column.material_in_words", row.number, "material", value=cell)
        values["description"] = values["description"] or text
        return from_code
    if material is None:
        suggestion = references.suggest_materials(words[:80])
        report("error", "row.material_unknown", row.number, "material", value=cell, suggestion=suggestion)
        return None
    labels = {material, *references.codes.labels.get(material, ())}
    if values["description"] is None and text.casefold() not in {label.casefold() for label in labels}:
        values["description"] = text
    return material


def _read_months(row: GridRow, report: Reporter) -> str | None:
    cell = row.cells.get("months")
    if is_unknown(cell):
        return None
    if _DATE.fullmatch(clean_words(cell)):
        report("warning", "row.months_became_date", row.number, "months", value=cell)
        return None
    mask, problem = parse_months(cell)
    if problem:
        report("warning", "row.months_unreadable", row.number, "months", value=cell)
    return format_months(mask) or None


def _read_choice(row: GridRow, column: str, report: Reporter) -> str | None:
    cell = row.cells.get(column)
    if is_unknown(cell):
        return None
    word = read_word(column, cell)
    if word is None:
        report("warning", CHOICE_FINDINGS[column], row.number, column, value=cell)
    return word


def _read_price(row: GridRow, style: NumberStyle, report: Reporter) -> float | None:
    cell = row.cells.get("price_nok_per_t")
    bare = _CURRENCY.sub(" ", cell).strip() if isinstance(cell, str) else cell
    read = read_quantity(bare, style)
    if read.problem or (read.best is None and not is_unknown(bare)):
        report("warning", "row.number_unreadable", row.number, "price_nok_per_t", value=cell)
        return None
    if read.ambiguous:
        report(
            "warning",
            "row.amount_ambiguous",
            row.number,
            "price_nok_per_t",
            value=cell,
            read_as=write_number(read.best or 0.0),
        )
    return read.best


def _read_basis(row: GridRow, report: Reporter) -> str:
    cell = row.cells.get("basis")
    if is_unknown(cell):
        report.once("column.basis_assumed", row.number, "basis")
        return "estimated"
    word = read_word("basis", cell)
    if word is None:
        report("warning", "row.basis_unknown", row.number, "basis", value=cell)
    return word or "estimated"


def _read_year(grid: Grid, row: GridRow, report: Reporter) -> int | None:
    cell = row.cells.get("reference_year")
    if is_unknown(cell):
        years = [
            header.year
            for column, header in grid.headers.items()
            if column.startswith("amount") and header.year
        ]
        return years[0] if years else None
    found = re.search(r"(?<!\d)(19\d\d|20\d\d)(?!\d)", clean_words(cell))
    if found is None:
        report("warning", "row.year_unreadable", row.number, "reference_year", value=cell)
        return None
    return int(found[1])
