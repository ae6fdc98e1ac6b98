# ruff: noqa: E501, SIM905  (the tables below are easier to read in whole lines)
"""Header names in bokmål, nynorsk and English -> schema columns. The table below is meant to be read and added to.

A header is compared without case, spaces, hyphens, units in parentheses, years and coordinate systems; these are
kept as hints (``Mengde 2024 (tonn/år)`` is ``amount_best`` with unit t and year 2024). Standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

HEADER_TABLE: dict[str, str] = {
    # --- who and where (facilities) ---
    "facility_id": "anleggs id|anleggsid|anleggsnummer|anleggsnr|anlegg nr|anlegg id|bedrifts id|bedriftsid|lokasjons id"
    "|facility no|facility number|site id|plant id|lokalitets id|lokalitetsid|lokalitetsnr|medlemsnr|medlemsnummer|kundenr",
    "name": "navn|namn|bedrift|bedriftsnavn|bedriftsnamn|firma|firmanavn|firmanamn|virksomhet|virksomhetsnavn|verksemd"
    "|verksemdnamn|verksemdsnamn|anlegg|anleggsnavn|anleggsnamn|aktør|aktørnavn|aktørnamn|organisasjon"
    "|organisasjonsnavn|organisasjonsnamn|foretak|foretaksnavn|føretak|føretaksnamn|selskap|selskapsnavn|selskapsnamn"
    "|medlem|medlemsbedrift|medlemsverksemd|enhet|enhetsnavn|eining|produsent|avfallsprodusent|kunde|kundenavn|lokasjon"
    "|navn på anlegg|namn på anlegg|navn på bedrift|namn på verksemd|company|company name|firm|firm name|facility"
    "|facility name|plant|plant name|site|site name|organisation|organization|organisation name|organization name"
    "|business|business name|enterprise|member|member name|actor|actor name|vendor|vendor name|supplier|supplier name"
    "|customer|customer name|client|client name|leverandør|leverandørnavn|leverandørnamn|oppdragsgiver|avfallsbesitter"
    "|navn på virksomhet|account name|legal name|juridisk navn|legal entity",
    "organisation_number": "organisasjonsnummer|organisasjonsnr|orgnr|org nr|orgnummer|org nummer|org no|orgno|foretaksnummer"
    "|føretaksnummer|foretaksnr|bedriftsnummer|bedriftsnr|virksomhetsnummer|underenhet|organization number"
    "|organisation no|organization no|company number|company no|registration number|vat number|brregnr|vat no|vat id"
    "|company registration number|company id|cvr|org num|orgnum|organisasjons nummer",
    "actor_type": "aktørtype|type aktør|virksomhetstype|type virksomhet|type verksemd|verksemdstype|anleggstype|type anlegg"
    "|bedriftstype|actor|type of actor|facility type|type of facility|company type|rolle i verdikjeden|kategori aktør",
    "industry_code": "næringskode|næringskode sn2007|næringskode sn2025|næring|nace|nacekode|nace kode|nace code|sn2007|sn2025"
    "|bransjekode|industry|industry code|naeringskode|bransje|sic code",
    "employees": "ansatte|tilsette|antall ansatte|antal tilsette|antal ansatte|tal på tilsette|tal på ansatte|antall tilsatte"
    "|ant ansatte|ant tilsette|registrerte ansatte|registrerte tilsette|sum ansatte|ansatte i alt|ansatte totalt|antall medarbeidere"
    "|medarbeidere|medarbeidarar|number of employees|no of employees|employee count|number employed|persons employed|headcount"
    "|antall sysselsatte|antal sysselsette",
    "address": "adresse|gateadresse|gate adresse|besøksadresse|beliggenhetsadresse|forretningsadresse|vegadresse|veiadresse"
    "|street|street address|visiting address|lokaliseringsadresse|gate|veg|vei|location address",
    "postcode": "postnr|postnummer|post nr|post nummer|zip|zip code|zipcode|post code|postal code",
    "place": "poststed|poststad|sted|stad|post sted|by|tettsted|tettstad|city|town|postal place|locality|stedsnavn|place name|stadnamn"
    "|lokalitet|village",
    "postal": "postnr sted|postnr og sted|postnr og poststed|postnr poststed|postnummer og sted|postnummer og poststed"
    "|postnummer og poststad|postnr og poststad|postnr og stad|postnummer poststed|postadresse|postcode and place"
    "|postcode and city|zip city|postal address",
    "municipality": "kommune|kommunenummer|kommunenr|kommunenavn|kommunenamn|komnr|knr|kommune nr|kommune nummer|kommune navn"
    "|municipality|municipality number|municipality no|municipality name|kommunekode|beliggenhetskommune|heimkommune"
    "|hjemkommune|municipality code|komm nr|regionkode|region code",
    "county": "fylke|fylkesnavn|fylkesnummer|fylkesnr|fylke nr|fylkesnamn|county|county name|county number|region",
    "service_area": "dekningsområde|tjenesteområde|tenesteområde|betjente kommuner|kommuner som betjenes|eierkommuner"
    "|eigarkommunar|dekker kommuner|dekkjer kommunar|served municipalities|coverage",
    "lat": "breddegrad|breiddegrad|bredde|breidde|latitude|lat wgs84|wgs84 lat|geo lat|y lat|gps lat|breddegrad n|gps breddegrad",
    "lon": "lengdegrad|lengde|lengd|longitude|lng|long|lon wgs84|wgs84 lon|geo lon|x lon|gps lon|lengdegrad ø|lengdegrad o"
    "|gps lengdegrad",
    "east": "øst|aust|east|easting|x|x koordinat|koordinat x|xkoordinat|x coordinate|coordinate x|østkoordinat|austkoordinat"
    "|øst koordinat|utm øst|utm aust|utm x|utm east|utm easting|e koordinat|ø|e|eastings|coord x|koord x|x koord",
    "north": "nord|north|northing|y|y koordinat|koordinat y|ykoordinat|y coordinate|coordinate y|nordkoordinat"
    "|nord koordinat|utm nord|utm y|utm north|utm northing|n koordinat|n|northings|coord y|koord y|y koord",
    "coordinates": "koordinater|koordinat|koordinatar|posisjon|gps|gps koordinater|gps posisjon|coordinates|position|lat lon"
    "|latlon|lat long|lat lng|latlng|breddegrad lengdegrad|breddegrad og lengdegrad|wgs84 koordinater|point|punkt|location",
    "epsg": "koordinatsystem|epsg kode|epsg code|srid|crs|utm sone|sone|utmsone|coordinate system|projeksjon|projection"
    "|referansesystem|utm zone|zone",
    "geocode_quality": "stedfestingskvalitet|kvalitet stedfesting|geokodingskvalitet|stadfestingskvalitet",
    "geocode_radius_m": "stedfestingsradius|radius m|usikkerhet m|uvisse m",
    "visibility": "synlighet|synlegheit|deling|hvem kan se|kven kan sjå|sharing|confidentiality|konfidensialitet",
    # --- what (streams) ---
    "stream_id": "strøm id|strømid|strøm nr|strømnr|straum id|straumid|stream no|ressurs id|ressursid|avfalls id|flow id",
    "direction": "retning|tilbud behov|tilbud eller behov|tilbod behov|tilbod eller behov|tilbyr trenger|tilbyr treng"
    "|har ønsker|har trenger|inn ut|ut inn|type tilbud|offer need|offer or need|supply demand|supply or demand|in out"
    "|input output|leverer mottar|leverer eller mottar|leverer tar imot|tilbud etterspørsel|have want",
    "eal_code": "eal|ealkode|eal kode|avfallskode|avfallskode eal|kode eal|ewc|ewc kode|ewc code|low code|low|waste code"
    "|avfallsnummer|avfallsnr|avfallstypekode|eal nr|eal nummer|kode|code|avfallskode ns|eural|ewc stat",
    "material": "materiale|materialtype|material type|avfallstype|avfallsslag|fraksjon|avfallsfraksjon|ressurs|ressurstype"
    "|råvare|råstoff|strøm|strømtype|straum|vare|produkt|type avfall|type ressurs|type materiale|hva|kva|material|waste type"
    "|waste|avfall|resource|resource type|product|commodity|stream|stoff|restråstoff|biprodukt|materialgruppe",
    "description": "beskrivelse|skildring|omtale|materialbeskrivelse|avfallsbeskrivelse|beskrivelse av strøm|fritekst|detaljer"
    "|detaljar|details|waste description|forklaring|description of stream",
    "amount_min": "min|minimum|mengde min|min mengde|mengd min|min mengd|minste mengde|minste mengd|laveste mengde"
    "|lågaste mengd|minimumsmengde|mengde fra|mengd frå|fra mengde|amount min|min amount|minimum amount|lowest amount"
    "|low amount|amount low|amount from|mengde lav|mengd låg|lav mengde|nedre mengde|lav|låg",
    "amount_best": "mengde|mengd|beste|beste anslag|mengde beste anslag|mengde best|mengd best|mengd beste anslag|årlig mengde"
    "|årleg mengd|mengde per år|mengde pr år|mengd per år|mengd pr år|årsmengde|årsmengd|årsvolum|årstonnasje|annual tonnage|annual volume|tonn|tonnasje|kvantum|volum|vekt"
    "|antall tonn|amount|amounts|annual amount|yearly amount|amount per year|quantity|annual quantity|tonnes|tons|tonnage"
    "|volume|weight|best estimate|amount best estimate|best|kvantitet|sannsynlig mengde|mengde sannsynlig|energimengde"
    "|mengde avfall|avfallsmengde|avfallsmengd|qty|nettovekt|netto vekt|bruttovekt|net weight|gross weight|total weight"
    "|total amount|total quantity|total mengde|totalmengde|sum mengde|levert mengde|levert vekt|mottatt mengde|mottatt vekt"
    "|innveid mengde|innveid|veid mengde|total vekt|totalvekt|sum vekt|waste amount|waste quantity|mengde totalt|mengd i alt",
    "amount_max": "maks|max|maksimum|maximum|mengde maks|maks mengde|mengd maks|maks mengd|mengde max|største mengde"
    "|største mengd|høyeste mengde|høgaste mengd|maksimumsmengde|mengde til|mengd til|til mengde|amount max|max amount"
    "|maximum amount|highest amount|high amount|amount high|amount to|mengde høy|mengd høg|høy mengde|øvre mengde|høy|høg",
    "unit": "enhet mengde|måleenhet|måleeining|mengdeenhet|mengdeeining|unit of measure|units|uom|benevning|nemning",
    "months": "måneder|månader|måned|månad|sesong|når|periode|season|month|months available|tilgjengelige måneder"
    "|tilgjengelege månader|period|tidspunkt|når på året",
    "quality": "kvalitet|renhet|reinleik|kvalitetsbeskrivelse|grade|purity|kvalitetskrav|tilstand",
    "hazardous": "farlig|farleg|farlig avfall|farleg avfall|hazardous waste|hazard|fa|er farlig|er farlig avfall|dangerous",
    "treatment": "behandling|behandlingsmåte|handsaming|handsamingsmåte|dagens behandling|dagens handsaming|nåværende behandling"
    "|behandlingskode|rd kode|r d kode|r d|treatment code|present treatment|current treatment|disponering|disponeringsmåte"
    "|sluttbehandling|r d code|håndtering|handtering",
    "price_nok_per_t": "pris|pris nok t|pris per tonn|pris pr tonn|kostnad|kostnad per tonn|pris kr pr tonn|pris kr per tonn|pris kr t|kr pr tonn|pris pr t|behandlingspris|behandlingskostnad|kostnad kr tonn"
    "|kr per tonn|kr tonn|kr t|nok t"
    "|nok per tonn|price|price nok t|price per tonne|cost|cost per tonne|betaling|gate fee|mottaksgebyr|price nok per t",
    "legal_status": "juridisk status|rettslig status|rettsleg status|avfallsstatus|status avfall|legal|waste status"
    "|avfall eller biprodukt",
    "basis": "grunnlag|datagrunnlag|kilde type|kildetype|kjeldetype|mengdegrunnlag|hvordan er mengden kjent|how known|basis for amount"
    "|rapportert anslått|metode|method|data basis|type tall|type tal",
    "reference": "referanse|henvisning|tilvising|dokumentasjon|datakilde|datakjelde|reference source|documentation",
    "reference_year": "referanseår|år|året|årstall|årstal|rapporteringsår|gjelder år|gjeld år|year|reporting year|data year|statistikkår",
    # --- both ---
    "source": "kilde|kjelde|opphav|data source",
    "source_year": "kildeår|kjeldeår",
    "dataset": "datasett",
    "note": "merknad|merknader|merknadar|kommentar|kommentarar|kommentarer|notat|anmerkning|notes|comment|comments|remark|remarks|annet",
    "id": "id|nr|nummer|no|number|løpenr|løpenummer|ident|identifikator|rad|key|nøkkel",
    "type": "type|kategori|category|slag",
    "unit_or_entity": "enhet|eining|unit",
}
"""Canonical column -> synonyms. ``id``, ``type`` and ``unit_or_entity`` are settled by the columns beside them;
``postal``, ``coordinates``, ``municipality``, ``epsg``, ``lat``, ``lon``, ``east``, ``north`` are read into others."""

FACILITY_MARKS = frozenset(
    "actor_type industry_code employees address postcode place postal municipality lat lon east north coordinates geometry_x"
    " organisation_number service_area geocode_quality".split()
)
"""Columns that describe a place or an actor."""

STREAM_MARKS = frozenset(
    "direction eal_code material amount_min amount_best amount_max months hazardous treatment price_nok_per_t legal_status"
    " stream_id".split()
)
"""Columns that describe a stream."""

_WITH_UNIT: dict[str, str] = {
    **dict.fromkeys(
        ("", "antall", "antal", "sum", "total", "totalt", "i alt", "netto", "brutto", "net", "gross", "levert", "mottatt",
         "delivered", "received", "per", "pr", "value", "verdi", "best", "energi", "energy", "varme", "heat", "mean", "snitt"),
        "amount_best",
    ),
    **dict.fromkeys(("fra", "frå", "from", "low", "lower", "nedre", "minst", "lavest", "lågast"), "amount_min"),
    **dict.fromkeys(("til", "to", "high", "upper", "øvre", "mest", "høyest", "høgast", "inntil", "opptil"), "amount_max"),
}  # fmt: skip
"""What little words mean in a header that also holds a unit of amount (``Antall kg``, ``Fra (tonn)``, ``MWh/år``)."""

_AMBIGUOUS_NAMES = {"enhet", "eining", "unit"}
_UNIT = re.compile(
    r"(?:\bi\s+)?\b(?P<unit>kilotonn|tonnes|tonne|tonn|tons|ton|kilograms|kilogram|kilos|kilo|kgs|kg|kt|t|twh|gwh|mwh|kwh|sm3|nm3|m3|m³"
    r"|kubikkmeter|liter|litres|litre|liters|l)\b"
    r"(?:\s*(?:/|\bper\b|\bpr\b\.?)?\s*\b(?P<period>år|aar|ar|yr|year|annum|pa|mnd|måned|maaned|månad|month|uke|veke|week|døgn|dag|day)\b)?\.?",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-zæøå])(?=[A-ZÆØÅ])")
_ADJECTIVE = re.compile(
    r"^(?:estimert|anslått|beregnet|berekna|forventet|forventa|venta|omtrentlig|omtrentleg|gjennomsnittlig|gjennomsnittleg|samlet"
    r"|samla|generert|rapportert|registrert|årlig|årleg|ca\.?|annual|yearly|estimated|expected|average|reported|generated|aktuell"
    r"|vår|våre|our|bedriftens|kundens|anleggets)\s+",
    re.IGNORECASE,
)
_PERIOD_TAIL = re.compile(
    r"\s*(?:/|\bper\b|\bpr\b\.?)\s*(år|aar|ar|yr|year|annum|mnd|måned|maaned|månad|month)\.?\s*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(19[5-9]\d|20\d\d)\b")
_EPSG = re.compile(
    r"(?:epsg\s*:?\s*)?\b(25832|25833|25835|32632|32633|32635|4326|4258|3857)\b", re.IGNORECASE
)
_UTM = re.compile(
    r"\b(?:(?:euref|etrs)\s*-?\s*89\s*[,/]?\s*)?(?:utm[\s-]*(?:sone|zone)?|sone|zone)[\s-]*(3[235])\s*n?\b",
    re.IGNORECASE,
)
_WGS = re.compile(r"\b(?:wgs\s*-?\s*84|euref\s*-?\s*89|etrs\s*-?\s*89|utm)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """One header as written and what it means.

    Attributes
    ----------
    text : as written in the file.
    column : canonical column, or None where the header is not known.
    unit : unit written in the header (``t``, ``kg``, ``MWh`` ... as written), or empty.
    period : ``year``, ``month``, ``week``, ``day`` or empty.
    epsg : EPSG number written in the header, or 0.
    year : year written in the header, or 0.
    """

    text: str
    column: str | None
    unit: str = ""
    period: str = ""
    epsg: int = 0
    year: int = 0


_PERIODS = {
    "år": "year", "aar": "year", "ar": "year", "pa": "year", "maaned": "month", "yr": "year", "year": "year", "annum": "year", "mnd": "month", "måned": "month",
    "månad": "month", "month": "month", "uke": "week", "veke": "week", "week": "week", "døgn": "day", "dag": "day",
    "day": "day",
}  # fmt: skip


def plain_text(text: str) -> str:
    """Return `text` in NFKC without soft hyphens and zero-width marks, every run of spaces (NBSP, thin) as one space."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return " ".join(text.split())


def _key(text: str) -> str:
    return " ".join(re.sub(r"[^\wæøåäöü³]+", " ", text.casefold().replace("_", " ")).split())


@cache
def _lookup() -> dict[str, str]:
    table: dict[str, str] = {}
    for column, synonyms in HEADER_TABLE.items():
        for synonym in (column, *synonyms.split("|")):
            table.setdefault(_key(synonym), column)
            table.setdefault(_key(synonym).replace(" ", ""), column)
    table["geometry x"], table["geometry y"] = "geometry_x", "geometry_y"
    for name in _AMBIGUOUS_NAMES:
        table[name] = "unit_or_entity"
    return table


@lru_cache(maxsize=20_000)
def read_header(text: str) -> Header:
    """Return what the header `text` means; an unknown header gives ``column=None``."""
    written = plain_text(text)
    plain = " ".join(written.replace("_", " ").split())
    lookup = _lookup()
    epsg, year, unit, period = 0, 0, "", ""
    if found := _EPSG.search(plain):
        epsg = int(found.group(1))
    elif found := _UTM.search(plain):
        epsg = 25800 + int(found.group(1))
    if found := _YEAR.search(_EPSG.sub(" ", plain)):
        year = int(found.group(1))
    if found := _UNIT.search(plain):
        unit, period = found.group("unit"), _PERIODS.get((found.group("period") or "").casefold(), "")
    if not period and (found := _PERIOD_TAIL.search(plain)):
        period = _PERIODS[found.group(1).casefold()]
    bare = re.sub(r"[(\[][^)\]]*[)\]]?", " ", plain)
    candidates = [plain, bare]
    for base in (bare, plain):
        stripped = _WGS.sub(" ", _UTM.sub(" ", _EPSG.sub(" ", base)))
        undated = _YEAR.sub(" ", stripped)
        candidates += [stripped, undated, _PERIOD_TAIL.sub("", undated), _UNIT.sub(" ", undated)]
        candidates.append(_PERIOD_TAIL.sub("", _UNIT.sub(" ", undated)))
        parts = re.split(r"\s*[/|,;:]\s*|\s+(?:og|eller|and|or)\s+", _UNIT.sub(" ", undated))
        candidates += [part for part in parts if len(part.strip()) > 2]
    for candidate in candidates:
        key = _key(candidate)
        column = lookup.get(key) or lookup.get(key.replace(" ", ""))
        if column and key:
            return Header(written, column, unit, period, epsg, year)
    if unit and unit.casefold() not in ("l", "t", "ton"):
        rest = _key(_UNIT.sub(" ", _YEAR.sub(" ", plain)))
        if rest in _WITH_UNIT:
            return Header(written, _WITH_UNIT[rest], unit, period, epsg, year)
    elif unit and _key(_UNIT.sub(" ", plain)) in _WITH_UNIT and (period or _key(_UNIT.sub(" ", plain))):
        return Header(written, _WITH_UNIT[_key(_UNIT.sub(" ", plain))], unit, period, epsg, year)
    for other in (_CAMEL.sub(" ", plain), _ADJECTIVE.sub(" ", plain).strip()):
        if other and other != plain and (again := read_header(other)).column:
            return Header(written, again.column, again.unit, again.period, epsg, year)
    return Header(written, None, unit, period, epsg, year)


def count_known(cells: Sequence[object]) -> int:
    """Return how many different columns the texts of one row name: what tells a header row from others."""
    columns = {
        read_header(cell).column for cell in cells[:400] if isinstance(cell, str) and 0 < len(cell) <= 80
    }
    return len(columns - {None})


def settle_headers(headers: Sequence[Header]) -> list[Header]:
    """Return `headers` with the context-dependent ones settled and a second header of the same column let go.

    ``Enhet`` is a unit beside an amount and a name otherwise; ``Id`` belongs to the stream in a stream list that has
    its facility's id beside, else to the facility; ``Type`` is a direction, a material or an actor type.
    Of amounts of several years the latest is kept.
    """
    columns = {header.column for header in headers}
    streams = bool(columns & STREAM_MARKS)
    settled: list[Header] = []
    taken: set[str] = set()
    latest = _find_latest_years(headers)
    for header in headers:
        column = header.column if header.year >= latest.get(header.column or "", 0) else None
        if column == "unit_or_entity":
            column = "unit" if streams or "name" in columns else "name"
        elif column == "id":
            column = "stream_id" if streams and "facility_id" in columns else "facility_id"
            if streams and "facility_id" not in columns and columns & {"name", "organisation_number"}:
                column = "stream_id"
        elif column == "type":
            if streams:
                column = (
                    "material"
                    if "material" not in columns
                    else "direction"
                    if "direction" not in columns
                    else None
                )
            else:
                column = "actor_type"
        if column in taken or (column is not None and column != header.column and column in columns):
            column = None
        if column is not None:
            taken.add(column)
        settled.append(Header(header.text, column, header.unit, header.period, header.epsg, header.year))
    return settled


def _find_latest_years(headers: Sequence[Header]) -> dict[str, int]:
    """Return the latest year of each column of amounts that several headers name, each with its own year."""
    years: dict[str, list[int]] = {}
    for header in headers:
        if header.column and header.column.startswith("amount_"):
            years.setdefault(header.column, []).append(header.year)
    return {column: max(own) for column, own in years.items() if len(own) > 1 and all(own)}
