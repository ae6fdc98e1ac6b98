"""Facility rows: what each cell of a row says about who and where, with every fault told."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, field

from geodata.addressladder import Question
from geodata.identifiers import check_organisation_number
from loaders.layout import Grid, GridRow
from loaders.placing import Spot, place_spots, read_spot
from loaders.quantities import NumberStyle, clean_words, is_unknown, read_quantity
from loaders.rawtables import Cell
from loaders.references import References, is_missing
from loaders.reporting import Reporter
from loaders.vocabulary import read_word

ASSUMED_FINDINGS = {"actor_type": "column.actor_type_assumed", "visibility": "column.visibility_assumed"}
UNKNOWN_FINDINGS = {
    "actor_type": "row.actor_type_unknown",
    "visibility": "row.visibility_unknown",
    "geocode_quality": "row.geocode_quality_unknown",
}

MOST_EMPLOYEES = 1_000_000
_EMPLOYEES = re.compile(
    r"(?:ca\.?|cirka|om lag|omtrent|about)?\s*(?P<number>\d{1,3}(?:[ .,'’]\d{3})+|\d{1,9})(?:[.,]0+)?"
    r"\s*(?:ansatte?|tilsette?|personer|personar|stk\.?|employees?|people)?"
)

Value = str | int | float | bool | None


@dataclass
class FacilityRow:
    """One row's facility: schema values, its spot, and what it can be found by."""

    row: int
    values: dict[str, Value]
    spot: Spot
    given_id: bool
    municipalities: tuple[str, ...] = ()
    stated: str | None = None
    lon: float = math.nan
    lat: float = math.nan
    keys: dict[str, str] = field(default_factory=dict)


def plain_name(text: object) -> str:
    """Return a name for comparing: lower case, without company form, marks and spaces."""
    words = re.sub(r"[^\w]+", " ", clean_words(str(text)).casefold()).split()
    return " ".join(word for word in words if word not in ("as", "asa", "ans", "da", "sa", "iks", "ks", "ba"))


def text_of(cell: Cell) -> str | None:
    """Return free text as it stands (spaces trimmed), None where the cell is empty."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip() or None


def known_text(cell: Cell) -> str | None:
    """Return the text of a cell, None where it is empty or says that nothing is known."""
    return None if is_unknown(cell) else text_of(cell)


def read_facilities(
    grid: Grid, *, references: References, report: Reporter, dataset: str | None = "own"
) -> list[FacilityRow]:
    """Return the facility of each row of `grid`; rows with an error are reported and have no facility.

    Parameters
    ----------
    dataset : written on each row; None keeps what the file says.
    """
    facilities = []
    for row in grid.rows:
        facility = _read_row(grid, row, references=references, report=report, dataset=dataset)
        facilities.append(facility)
    table = place_spots(
        [f.spot for f in facilities], grid=grid, municipalities=references.municipalities, report=report
    )
    for facility, lon, lat, located in zip(
        facilities, table["lon"], table["lat"], table["located"], strict=True
    ):
        _settle_place(facility, float(lon), float(lat), located, references=references, report=report)
    return [facility for facility in facilities if facility.row not in report.error_rows]


def _read_row(
    grid: Grid, row: GridRow, *, references: References, report: Reporter, dataset: str | None
) -> FacilityRow:
    cells = row.cells
    values: dict[str, Value] = {}
    for column in ("address", "source", "note"):
        values[column] = text_of(cells.get(column))
    values["facility_id"] = known_text(cells.get("facility_id"))
    values["organisation_number"] = _read_organisation_number(row, report)
    values["name"] = _read_name(row, values, report)
    values["place"] = known_text(cells.get("place"))
    values["postcode"] = _read_postcode(row, values, references, report)
    values["industry_code"] = _read_industry(row, references, report)
    values["employees"] = _read_employees(row, report)
    values["actor_type"] = _read_vocabulary(grid, row, "actor_type", "producer", report)
    values["visibility"] = _read_vocabulary(
        grid, row, "visibility", "private", report, quiet="visibility" not in grid.headers
    )
    values["geocode_quality"] = _read_vocabulary(grid, row, "geocode_quality", None, report)
    values["geocode_radius_m"] = _read_plain_number(row, "geocode_radius_m", report)
    year = _read_plain_number(row, "source_year", report)
    values["source_year"] = int(year) if year is not None else None
    values["service_area"] = _read_service_area(row, references, report)
    values["dataset"] = dataset or (known_text(cells.get("dataset")) or "own")
    found = _read_municipality(row, references, report)
    spot = read_spot(grid, row, report=report)
    spot.stated = found
    return FacilityRow(
        row.number,
        values,
        spot,
        values["facility_id"] is not None,
        found,
        known_text(cells.get("municipality")),
    )


def _read_name(row: GridRow, values: dict[str, Value], report: Reporter) -> str | None:
    name = text_of(row.cells.get("name"))
    if name is not None:
        return name
    fallback = values["organisation_number"] or values["facility_id"]
    if fallback is None:
        report("error", "row.name_missing", row.number, "name")
        return None
    if "name" in report.grid.headers:
        report("warning", "row.name_replaced", row.number, "name", suggestion=str(fallback))
    return str(fallback)


def _read_organisation_number(row: GridRow, report: Reporter) -> str | None:
    cell = row.cells.get("organisation_number")
    if is_unknown(cell):
        return None
    number, problem = check_organisation_number(cell)
    if problem == "orgnr.malformed" and re.fullmatch(r"\d{9}(?:\s*[-/].*)", clean_words(cell)):
        number, problem = check_organisation_number(clean_words(cell)[:9])
    if problem:
        report("error", problem, row.number, "organisation_number", value=cell)
    return number


def _read_postcode(
    row: GridRow, values: dict[str, Value], references: References, report: Reporter
) -> str | None:
    column, cell = "postcode", row.cells.get("postcode")
    if is_unknown(cell) and not is_unknown(row.cells.get("postal")):
        column, cell = "postal", row.cells.get("postal")
    if is_unknown(cell):
        return None
    text = clean_words(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    found = re.fullmatch(r"(?:n(?:o)?[ -]*)?(\d{3,4})(?:[.,]0)?(?:[ ,]+(\D.*))?", text, re.IGNORECASE)
    if found is None:
        place = text if re.fullmatch(r"\D+", text) else None
        if place and values["place"] is None:
            values["place"] = place
        else:
            report("warning", "row.postcode_malformed", row.number, column, value=cell)
        return None
    if found[2] and values["place"] is None:
        values["place"] = found[2].strip()
    code = found[1].zfill(4)
    if len(found[1]) == 3:
        report("repaired", "row.postcode_lost_zero", row.number, column, value=cell, suggestion=code)
    if references.look_up_postcode(code) is None:
        report("warning", "row.postcode_unknown", row.number, column, value=cell)
    return code


def _read_industry(row: GridRow, references: References, report: Reporter) -> str | None:
    cell = row.cells.get("industry_code")
    if is_unknown(cell):
        return None
    code, problem = references.read_industry(cell)
    if problem and not re.search(r"\d", clean_words(cell)):
        report.once("column.industry_in_words", row.number, "industry_code", value=cell)
        return None
    if problem:
        report("warning", problem, row.number, "industry_code", value=cell)
    return code


def _read_employees(row: GridRow, report: Reporter) -> int | None:
    cell = row.cells.get("employees")
    if is_unknown(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    # People are whole: a point or a comma before three digits can only set thousands apart.
    found = _EMPLOYEES.fullmatch(clean_words(cell).casefold())
    number = int(re.sub(r"\D", "", found["number"])) if found else None
    if number is None or number > MOST_EMPLOYEES:
        report("warning", "row.employees_unreadable", row.number, "employees", value=cell)
        return None
    return number


def _read_vocabulary(
    grid: Grid, row: GridRow, column: str, default: str | None, report: Reporter, *, quiet: bool = False
) -> str | None:
    cell = row.cells.get(column)
    if is_unknown(cell):
        if default is not None and not quiet:
            report.once(ASSUMED_FINDINGS[column], row.number, column, default=default)
        return default
    word = read_word(column, cell)
    if word is None:
        report("warning", UNKNOWN_FINDINGS[column], row.number, column, value=cell, default=default or "")
        return default
    return word


def _read_plain_number(row: GridRow, column: str, report: Reporter) -> float | None:
    cell = row.cells.get(column)
    read = read_quantity(cell, NumberStyle(point_is_decimal=True))
    if read.problem or (read.best is None and not is_unknown(cell)):
        report("warning", "row.number_unreadable", row.number, column, value=cell)
        return None
    return read.best


def _read_service_area(row: GridRow, references: References, report: Reporter) -> str | None:
    cell = row.cells.get("service_area")
    if is_unknown(cell):
        return None
    text = clean_words(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    parts = text.split() if re.fullmatch(r"[\d\s]+", text) else re.split(r"\s*[,;/]\s*|\s+og\s+", text)
    numbers: list[str] = []
    for part in filter(None, parts):
        found, _ = references.find_municipality(part, None)
        if not found:
            report("warning", "row.service_area_unknown", row.number, "service_area", value=part)
        elif len(found) > 1:
            names = references.label_municipalities(found)
            report(
                "warning", "row.service_area_split", row.number, "service_area", value=part, suggestion=names
            )
        numbers += found
    return " ".join(dict.fromkeys(numbers)) or None


def _read_municipality(row: GridRow, references: References, report: Reporter) -> tuple[str, ...]:
    cell = row.cells.get("municipality")
    if is_unknown(cell):
        return ()
    text = clean_words(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    county = known_text(row.cells.get("county"))
    found, resolution = references.find_municipality(text, county)
    if not found:
        suggestion = references.suggest_municipalities(text)
        report(
            "error", "row.municipality_unknown", row.number, "municipality", value=cell, suggestion=suggestion
        )
        return ()
    if resolution is not None and resolution.repaired:
        report(
            "repaired",
            "row.municipality_lost_zero",
            row.number,
            "municipality",
            value=cell,
            suggestion=resolution.number,
        )
    if resolution is not None and resolution.kind in ("renumbered", "merged"):
        name = references.municipality_name.get(found[0], "")
        report.once(
            "row.municipality_old",
            row.number,
            "municipality",
            value=cell,
            key=resolution.number,
            today=found[0],
            name=name,
        )
    return found


def _settle_place(
    facility: FacilityRow,
    lon: float,
    lat: float,
    located: object,
    *,
    references: References,
    report: Reporter,
) -> None:
    """Choose the municipality and, where no coordinates were given, a point for the postal place or
    village."""
    values = facility.values
    postal = references.look_up_postcode(str(values["postcode"])) if values["postcode"] else None
    candidates = facility.municipalities
    here = None if is_missing(located) else str(located).split()
    municipality = candidates[0] if len(candidates) == 1 else None
    if municipality is None and here:
        shared = [number for number in here if not candidates or number in candidates]
        municipality = shared[0] if len(shared) == 1 else None
    if municipality is None and postal is not None and not is_missing(postal["municipality_number"]):
        number = str(postal["municipality_number"])
        municipality = number if not candidates or number in candidates else None
    if municipality is None and not candidates and values["place"] and math.isfinite(lon):
        meant = references.find_meant(str(values["place"]))
        municipality = meant[0] if len(meant) == 1 else None
    values["municipality_number"] = municipality
    facility.lon, facility.lat = lon, lat
    if math.isfinite(lon):
        values["geocode_quality"] = values["geocode_quality"] or "given"
        _tell_candidates(facility, references=references, report=report)
        return
    values["geocode_quality"], values["geocode_radius_m"] = None, None
    asked = (municipality,) if municipality else candidates
    answer = references.place_text(
        Question(
            address=str(values["address"] or ""),
            postcode=str(values["postcode"] or ""),
            place=str(values["place"] or ""),
            municipality=facility.stated or "",
            municipalities=asked,
        )
    )
    if answer.placed:
        facility.lon, facility.lat = answer.lon, answer.lat
        values["geocode_quality"], values["geocode_radius_m"] = answer.grade, answer.radius_m
        if municipality is None and (not asked or answer.municipality_number in asked):
            values["municipality_number"] = answer.municipality_number or None
        if answer.grade == "municipality":
            report.once("column.placed_by_municipality", facility.row, "municipality")
        else:
            report.once("column.placed_by_post", facility.row, answer.grade)
    elif facility.row not in report.error_rows:  # a refused row has been told what is wrong already
        report("warning", "row.not_placed", facility.row, None, value=values["name"])
    _tell_candidates(facility, references=references, report=report)


def _tell_candidates(facility: FacilityRow, *, references: References, report: Reporter) -> None:
    """Tell of a municipality that may be several: what has settled it, or what would."""
    if len(facility.municipalities) < 2:
        return
    settled = facility.values["municipality_number"]
    divided = references.is_divided(facility.stated or "")
    if settled is None:
        code = "row.municipality_split" if divided else "row.municipality_ambiguous"
        names = references.label_municipalities(facility.municipalities)
        report("warning", code, facility.row, "municipality", value=facility.stated, suggestion=names)
    elif divided:
        label = references.label_municipalities((str(settled),))
        report(
            "info",
            "row.municipality_settled",
            facility.row,
            "municipality",
            value=facility.stated,
            suggestion=label,
        )


def make_facility_id(values: dict[str, Value]) -> str:
    """Return an identifier that is the same each time the same row is read: from the number, or a digest."""
    if values.get("organisation_number"):
        return f"own-{values['organisation_number']}"
    parts = [
        str(values.get(column) or "")
        for column in ("name", "address", "postcode", "place", "municipality_number")
    ]
    digest = hashlib.sha256("|".join([plain_name(parts[0]), *parts[1:]]).encode()).hexdigest()
    return f"own-{digest[:10]}"
