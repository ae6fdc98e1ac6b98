# ruff: noqa: E501, SIM905  (word lists are easier to read in whole lines)
"""Is this table a supplier's waste report, and where in it stand customer, site, period, fractions and sums?

Reports have a block of labels and values, a table of fractions and amounts, a sum and often a sorting rate;
some have a block for each site. A member's list of firms and streams is no report: it names its firms in rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from loaders.headers import plain_text, read_header
from loaders.layout import Grid, lay_out
from loaders.official.reportperiods import read_month_header, read_year_header
from loaders.official.reportunits import UNIT_WORD, find_unit, known_unit
from loaders.quantities import clean_words, is_unknown
from loaders.rawtables import Cell, RawTable

_COLUMNS: dict[str, str] = {
    "group": "varegruppe|avfallsgruppe|hovedgruppe|ns kode|ns nr|ns nummer|ns 9431|ns9431|ns 9431 kode|nskode|avfallskode ns|fraksjonskode"
    "|fraksjonsnr|fraksjonsnummer|fraksjonsgruppe|materialgruppe|hovedfraksjon|hovudfraksjon|avfallsstoffnummer|avfallsstoffnr|stoffnr"
    "|stoffnummer|avfallstypekode|ns avfallskode|waste group|product group|gruppe|varegruppenavn|avfallstypenr|avfallstype nr",
    "item": "vare|varenavn|varenamn|fraksjon|fraksjonsnavn|avfallstype|avfallsfraksjon|avfallsslag|artikkel|artikkelnavn|produkt"
    "|produktnavn|varebeskrivelse|beskrivelse|skildring|varetekst|tekst|materiale|type avfall|avfall|waste type|waste fraction"
    "|fraction|material|product|item|avfallsart|artikkelbeskrivelse|betegnelse|description|waste|avfallstype navn|navn på fraksjon",
    "number": "varenr|varenummer|vare nr|artikkelnr|artikkelnummer|artikkel nr|produktnr|produktnummer|produktkode|varekode|item no"
    "|item number|product no|product number|product code",
    "eal": "eal|eal kode|ealkode|eal nr|ewc|ewc kode|ewc code|low|low code|eal code|avfallskode eal",
    "weight": "avfallsmengde|avfallsmengd|mengde|mengd|vekt|netto|nettovekt|netto vekt|kg|tonn|antall tonn|antall kg|sum kg|sum tonn"
    "|totalvekt|total vekt|total mengde|totalmengde|levert mengde|levert vekt|weight|net weight|amount|quantity|kvantum|sum vekt"
    "|sum mengde|innveid mengde|tonnasje|total weight|mengde i kg|mengde i tonn|tonnes|tonn netto|kilo|vekt i kg|registrert mengde",
    "sum": "sum|total|totalt|i alt|til sammen|sum periode|sum år|hele året|year total|grand total|totalsum",
    "volume": "volum|volume|m3|kubikk|mengde m3|volum m3|antall m3|liter",
    "count": "antall|antal|stk|antall stk|count|antall tømminger|antall hentinger|antall enheter|pcs",
    "unit": "enhet|eining|måleenhet|måleeining|benevning|unit|unit of measure|uom|vektenhet",
    "share": "andel|del|prosent|prosentandel|andel av total|share|percent|vektprosent|andel i prosent|",
    "treatment": "behandling|behandlingsmåte|behandlingsform|disponering|disponeringsmåte|sluttbehandling|gjenvinningsform|nedstrøm"
    "|nedstrømsløsning|behandlingsmetode|behandlingstype|treatment|disposal|handsaming|avsetning|håndtering|gjenvinningsmetode",
    "customer": "kunde|kundenavn|kundenamn|avfallsbesitter|oppdragsgiver|oppdragsgjevar|avfallsprodusent|produsent|firma|firmanavn"
    "|bedrift|bedriftsnavn|virksomhet|verksemd|customer|customer name|client|company|avfallsbesittar|selskap|kunde navn|navn på kunde|for kunde|rapport for|gjelder kunde|avtalepartner",
    "site": "hentested|hentestad|henteadresse|hentestedsnavn|hentested navn|hentested adresse|oppdragssted|oppdragsadresse|lokasjon|anlegg"
    "|anleggsnavn|leveringssted|leveringsadresse|site|site name|pickup address|pick up address|pickup site|pickup location|avdeling"
    "|prosjekt|prosjektnavn|byggeplass|location|anleggsadresse|lokalitet|leveransested|hentepunkt|objekt|arbeidssted|collection point",
    "address": "adresse|gateadresse|besøksadresse|street address|address|gate|vei",
    "postcode": "postnr|postnummer|postal code|postcode|zip",
    "place": "poststed|poststad|sted|stad|by|city|postal place",
    "postal": "postnr og sted|postnr poststed|postnr sted|postadresse|postnummer og sted|postnummer poststed|postnr/poststed",
    "organisation_number": "organisasjonsnummer|organisasjonsnr|org nr|orgnr|orgnummer|org nummer|foretaksnummer|org no|organisation number",
    "date": "dato|hentedato|leveringsdato|leveransedato|tømmedato|veiedato|ordredato|oppdragsdato|date|fakturadato|utført dato|vegedato",
    "period": "rapporteringsperiode|rapporteringsperioden|periode|perioden|for perioden|tidsperiode|tidsrom|rapportperiode|gjelder"
    "|gjelder perioden|gjeld|år|året|rapporteringsår|rapporteringsår|reporting period|period|year|måned|månad|month|datointervall|utvalg periode",
    "municipality": "kommune|kommunenavn|kommunenamn|kommunenr|kommunenummer|municipality",
    "supplier": "leverandør|renovatør|avfallsselskap|innsamler|transportør|utarbeidet av|utstedt av|avsender|rapport fra|supplier|avfallsaktør"
    "|avfallsleverandør|rapportert av|laget av|gjenvinningsselskap|operatør|waste company|contractor|utskrevet av",
}
_LABELS: dict[str, str] = {
    "from": "fra dato|fra|frå|frå dato|startdato|from|from date|periode fra|start|datofra|dato fra",
    "to": "til dato|til|sluttdato|to|to date|periode til|slutt|datotil|dato til",
    "customer_number": "kundenr|kundenummer|kunde nr|kunde id|avtalenr|avtalenummer|customer no|customer number|kontonummer|referanse|deres ref|vår ref|ordrenr",
}
_AMOUNTS = ("weight", "sum", "volume", "count")
_IN_BLOCK = frozenset(
    "customer site address postcode place postal municipality organisation_number period supplier from to municipality unit customer_number date".split()
)
_TITLE = re.compile(
    r"(?:avfalls?(?:rapport|statistikk|regnskap|rekneskap|oversikt|mengder)|miljørapport|milj[øo]statistikk|fraksjonsrapport|fraksjonsstatistikk"
    r"|mengderapport|vektrapport|kildesorteringsrapport|gjenvinningsrapport|renovasjonsrapport|waste[ _-]?report|sluttrapport avfall)",
    re.IGNORECASE,
)
_SORTING = re.compile(
    r"(?:kilde|ut)?sorterings?(?:grad|prosent)\w*|sorting (?:rate|degree)|sortert andel|andel sortert", re.I
)
TOTAL = re.compile(
    r"(?:sum|totalt?|total[ -]?sum|i alt|til saman|til sammen|hovedsum|grand total|summert|slutt?sum)\b", re.I
)
SUBTOTAL = re.compile(r"(?:del ?sum|sub ?total|mellomsum)\b", re.IGNORECASE)
_NS_NUMBER = re.compile(r"\d{4}(?:\d{2,4})?(?:\.0)?(?:[\s:.,/-].*)?")
_SEARCH_ROWS = 80
_PEEK_ROWS = 200
"""Rows below the header that are looked at before it is known to be a report."""


@dataclass(frozen=True)
class ReportRow:
    """One row of fractions: its number in the file, its cells by column, and those of months or years by
    their column's position."""

    number: int
    cells: dict[str, Cell]
    parts: dict[int, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One table of fractions with what the block above says of it.

    Attributes
    ----------
    block : label -> value as written (`customer`, `site`, `period`, ...).
    header_row : row number of its header. titles : column -> header as written.
    parts : position of a column -> (year or 0, month or 0).
    rows : fractions; totals : sums; sorting : row number and value of the sorting rate, or None.
    """

    block: dict[str, str]
    header_row: int
    titles: dict[str, str]
    parts: dict[int, tuple[int, int]]
    rows: list[ReportRow]
    totals: list[ReportRow]
    sorting: tuple[int, Cell] | None = None
    units: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportPage:
    """One sheet that is a waste report. `note_unit` is a unit that a line above says for all amounts."""

    file: str
    sheet: str
    sections: tuple[Section, ...]
    title: str = ""
    note_unit: str = ""
    point_is_decimal: bool = False


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    columns: dict[str, str] = {}
    for name, words in _COLUMNS.items():
        for word in filter(None, words.split("|")):
            columns.setdefault(_key(word), name)
            columns.setdefault(_key(word).replace(" ", ""), name)
    labels = {word: name for word, name in columns.items() if name in _IN_BLOCK}
    for name, words in _LABELS.items():
        for word in words.split("|"):
            labels.setdefault(_key(word), name)
    return columns, labels


def _key(text: str) -> str:
    return " ".join(re.sub(r"[^\w³]+", " ", text.casefold().replace("_", " ")).split())


@lru_cache(maxsize=20_000)
def read_column(text: str) -> tuple[str, str]:
    """Return (column, unit as written or "") of a header, ("", "") where it is not known."""
    written = plain_text(text)[:80]
    unit = find_unit(written)
    bare = re.sub(r"[(\[][^)\]]*[)\]]?", " ", written)
    undated = re.sub(r"\b(?:19|20)\d\d\b", " ", bare)
    columns, _ = _names()
    without_unit = UNIT_WORD.sub(" ", undated)
    unlinked = re.sub(r"\b(?:i|in)\s*$", "", without_unit)
    for candidate in (written, bare, undated, without_unit, unlinked):
        key = _key(candidate).replace("³", "3")
        name = columns.get(key) or columns.get(key.replace(" ", ""))
        if name:
            of = (known_unit(unit) or (None,))[0] if unit else None
            if of == "m3" and name == "weight":
                name = "volume"
            elif of == "" and name in ("weight", "sum"):
                name = "count"
            elif of == "t" and name in ("count", "sum"):
                name = "weight"
            return name, unit
    header = read_header(written)
    known = {"amount_best": "weight", "organisation_number": "organisation_number", "postcode": "postcode"}
    known |= {
        "postal": "postal",
        "place": "place",
        "address": "address",
        "eal_code": "eal",
        "treatment": "treatment",
    }
    return known.get(header.column or "", ""), unit


@lru_cache(maxsize=20_000)
def _read_label(text: str) -> tuple[str, str]:
    """Return (label, value in the same cell) of a cell of the block, ("", "") where it is no label."""
    _, labels = _names()
    written = plain_text(text)[:300]
    head, colon, rest = written.partition(":")
    if len(head) <= 40:
        name = labels.get(_key(head))
        if name:
            return name, rest.strip() if colon else ""
    return "", ""


def _texts(row: Sequence[Cell]) -> list[tuple[int, str]]:
    return [
        (index, clean_words(cell)) for index, cell in enumerate(row) if isinstance(cell, str) and cell.strip()
    ]


def _read_header_row(
    row: Sequence[Cell],
) -> tuple[dict[str, int], dict[int, tuple[int, int]], dict[str, str]] | None:
    """Return (column -> position, position -> (year, month), column -> unit) of a header row, None of others."""
    columns: dict[str, int] = {}
    parts: dict[int, tuple[int, int]] = {}
    units: dict[str, str] = {}
    for index, cell in enumerate(row[:300]):
        if cell is None or isinstance(cell, bool) or len(str(cell)) > 80:
            continue
        text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        month = read_month_header(text)
        if month is not None:
            parts[index] = month
            continue
        year = read_year_header(text)
        if year:
            parts[index] = (year, 0)
        if not isinstance(cell, str) or year:
            continue
        name, unit = read_column(text)
        if name and name not in columns:
            columns[name] = index
            units[name] = unit
    for index in parts:  # the unit may stand in the headers of months and years
        if "weight" not in units and (found := find_unit(plain_text(str(row[index])))):
            units["weight"] = found
    months = [index for index, (_, month) in parts.items() if month]
    years = [index for index, (_, month) in parts.items() if not month]
    if len(months) < 2:
        parts = {index: parts[index] for index in years}
    fraction = {"item", "group", "number"} & set(columns)
    if not fraction or not (set(_AMOUNTS) & set(columns) or parts):
        return None
    if sum(isinstance(cell, str) for cell in row) < 2:
        return None
    return columns, parts, units


def find_waste_report(raw: RawTable, *, file: str, point_is_decimal: bool = False) -> ReportPage | None:
    """Return the sections of a table that is a waste report, None of any other table.

    A table is a report when it has a row of headers with a fraction and an amount (or months, or years) and
    either cannot be read as a list of facilities or streams, or bears what only reports have: a block with
    customer, site and period above, product groups or sites in columns, months, a sorting rate.
    """
    if not raw.has_header_row or not raw.rows:
        return None
    first = next((i for i, row in enumerate(raw.rows[:_SEARCH_ROWS]) if _read_header_row(row)), None)
    if first is None or not _looks_like_report(raw, first, file):
        return None
    sections = _split_sections(raw, first)
    if not any(section.rows for section in sections):
        return None
    above = [text for row in raw.rows[:first] for _, text in _texts(row)]
    title = next((text for text in above if _TITLE.search(text)), "")
    note = next((found[1] for text in above if (found := _UNIT_NOTE.search(text))), "")
    return ReportPage(file, raw.name, tuple(sections), title, note.casefold(), point_is_decimal)


def add_cover(page: ReportPage, others: Sequence[RawTable]) -> ReportPage:
    """Return `page` with what other sheets of its file say of customer, site and period where it says nothing.

    Workbooks often have a cover with these. Only sheets that are no table of fractions are given here.
    """
    cover: dict[str, str] = {}
    for raw in others:
        for row in raw.rows[:_SEARCH_ROWS]:
            for label, text in _read_block_row(row).items():
                cover.setdefault(label, text)
    title = page.title
    for raw in others if not title else ():
        texts = [text for row in raw.rows[:_SEARCH_ROWS] for _, text in _texts(row)]
        title = title or next((text for text in texts if _TITLE.search(text)), "")
    sections = tuple(replace(section, block={**cover, **section.block}) for section in page.sections)
    return replace(page, sections=sections, title=title)


_UNIT_NOTE = re.compile(
    r"(?:(?:alle|all)\s+)?(?:mengder?|tall|tal|vekter?|amounts?)\s+(?:er\s+)?(?:oppgitt\s+|gitt\s+|vist\s+)?(?:i|in)\s+(kg|tonner|tonn|kilo|tonnes?|tons?)\b",
    re.IGNORECASE,
)


def _looks_like_report(raw: RawTable, header: int, file: str) -> bool:
    found = _read_header_row(raw.rows[header])
    if found is None:
        return False
    columns, parts, _ = found
    labels = {
        label for row in raw.rows[:header] for _, text in _texts(row) if (label := _read_label(text)[0])
    }
    block = labels & {"customer", "site", "period", "from", "organisation_number", "supplier"}
    below = raw.rows[header + 1 :]
    tail = [text for row in (*below[:_PEEK_ROWS], *below[-_PEEK_ROWS:]) for _, text in _texts(row)[:3]]
    sorting = any(_SORTING.match(text) for text in tail)
    months = sum(1 for _, month in parts.values() if month) >= 2
    years = len(parts) >= 2 and not months
    own_words = "group" in columns or "site" in columns or "number" in columns
    titled = any(_TITLE.search(text) for row in raw.rows[:header] for _, text in _texts(row))
    titled = titled or bool(_TITLE.search(file))
    firsts = [str(cells[0][1]) for row in below[:_PEEK_ROWS] if (cells := _texts(row))]
    numbered = sum(bool(_NS_NUMBER.fullmatch(text)) for text in firsts) >= max(2, len(firsts) / 2)
    part = replace(raw, rows=raw.rows[: header + _PEEK_ROWS], numbers=raw.numbers[: header + _PEEK_ROWS])
    if "direction" in {read_header(text).column for _, text in _texts(raw.rows[header])}:
        return False  # offers and needs: a member's own list
    grid, _told = lay_out(part, file=file, several=False)
    usual = "" if grid is None else grid.kind
    if not usual:
        return bool(sorting or months or years or own_words or titled or numbered or block)
    placed = grid is not None and bool(
        {"address", "place", "postal", "postcode", "lat", "east"} & set(grid.headers)
    )
    if sorting or ("group" in columns and ("site" in columns or "customer" in columns)):
        return True
    if months and not placed:
        return True
    sited = "site" in columns and "customer" in block and "customer" not in columns
    if sited and (titled or block & {"period", "from"}):
        return True  # the customer stands above, and its sites in a column
    if years and grid is not None and _could_be_report(grid):
        return True  # a list holds one year's amount: the other columns would be lost
    if "date" in columns and "site" in columns:
        return True
    named = grid is not None and bool({"name", "facility_id", "organisation_number"} & set(grid.headers))
    return len(block) >= 2 and not named


def _could_be_report(grid: Grid) -> bool:
    """Tell whether all that was understood of a list is read of reports too. A number of the customer is no
    identifier of a facility in other files."""
    for column, header in grid.headers.items():
        if column == "facility_id" and _read_label(header.text)[0] == "customer_number":
            continue
        read = read_column(header.text)[0] or read_year_header(header.text)
        if column not in _OF_REPORTS or not read:
            return False
    return True


_OF_REPORTS = frozenset(
    "name organisation_number address postcode place postal municipality eal_code material description unit amount_best"
    " treatment reference_year".split()
)


def _split_sections(raw: RawTable, first: int) -> list[Section]:
    sections: list[Section] = []
    block: dict[str, str] = {}
    fresh: dict[str, str] = {}
    current: Section | None = None
    columns: dict[str, int] = {}
    parts: dict[int, tuple[int, int]] = {}
    closed = False
    for position, (number, row) in enumerate(zip(raw.numbers, raw.rows, strict=True)):
        header = _read_header_row(row) if position >= first and _may_be_header(row) else None
        if header is not None:
            columns, parts, units = header
            titles = {name: clean_words(row[index])[:80] for name, index in columns.items()}
            titles |= {f"part{index}": clean_words(row[index])[:80] for index in parts}
            repeated = current is not None and not fresh and not closed
            if repeated and current is not None and current.titles == titles:
                continue  # the same header on a new printed page
            current = Section(dict(block), number, titles, parts, [], [], None, units)
            sections.append(current)
            fresh, closed = {}, False
            continue
        found = _read_sorting(row)
        if found is not None and current is not None:
            if current.sorting is None:
                current = sections[-1] = replace(current, sorting=(number, found))
            closed = True
            continue
        if current is None or not _has_amount(row, columns, parts):
            told = _read_block_row(row)
            if told:
                if {"site", "customer", "period"} & set(told) and current is not None:
                    if "customer" in told and not fresh:  # another customer's site is its own
                        block = {
                            k: v
                            for k, v in block.items()
                            if k in ("period", "supplier", "from", "to", "unit")
                        }
                    elif "site" in told:
                        block = {k: v for k, v in block.items() if k not in _PLACED}
                    closed = True
                block |= told
                fresh |= told
                continue
        if current is None:
            continue
        cells = {
            name: row[index] for name, index in columns.items() if index < len(row) and row[index] is not None
        }
        months = {index: row[index] for index in parts if index < len(row) and row[index] is not None}
        if not cells and not months:
            continue
        line = ReportRow(number, cells, months)
        if _is_total(row):
            current.totals.append(line)
            closed = True
            continue
        if closed and fresh:  # a new site under the same header
            current = Section(
                dict(block), current.header_row, current.titles, parts, [], [], None, current.units
            )
            sections.append(current)
            fresh, closed = {}, False
        if any(name in cells for name in ("item", "group", "number")):
            current.rows.append(line)
    return sections


def _may_be_header(row: Sequence[Cell]) -> bool:
    texts = (cell for cell in row if isinstance(cell, str) and len(cell) <= 60 and not cell[:1].isdigit())
    return any(read_column(text)[0] in ("item", "group", "number") for text in texts)


_PLACED = frozenset({"site", "address", "postcode", "place", "postal", "municipality"})


def _has_amount(row: Sequence[Cell], columns: dict[str, int], parts: dict[int, tuple[int, int]]) -> bool:
    positions = [columns[name] for name in _AMOUNTS if name in columns] + list(parts)
    return any(
        index < len(row) and not is_unknown(row[index]) and re.search(r"\d", str(row[index]))
        for index in positions
    )


def _read_block_row(row: Sequence[Cell]) -> dict[str, str]:
    told: dict[str, str] = {}
    label = ""
    for cell in row:
        if cell is None:
            continue
        text = clean_words(cell)
        name, value = _read_label(text) if isinstance(cell, str) else ("", "")
        if name and not (
            label and not told.get(label) and name in ("date", "place", "address") and not value
        ):
            label = name
            if value:
                told[label] = f"{told[label]} {value}".strip() if label in told else value
        elif label and text and not is_unknown(cell):
            told[label] = f"{told[label]}, {text}" if label in told else text
    return {name: value[:300] for name, value in told.items() if value}


def _read_sorting(row: Sequence[Cell]) -> Cell:
    texts = _texts(row)
    if not texts or not _SORTING.match(texts[0][1]):
        return None
    inside = re.search(r"\d+(?:[.,]\d+)?\s*%?", texts[0][1])
    values = [cell for cell in row if cell is not None and cell != row[texts[0][0]]]
    numbers = [value for value in values if re.search(r"\d", str(value))]
    return numbers[-1] if numbers else inside[0] if inside else None


def _is_total(row: Sequence[Cell]) -> bool:
    texts = _texts(row)
    return bool(texts) and bool(TOTAL.match(texts[0][1]) or SUBTOTAL.match(texts[0][1]))
