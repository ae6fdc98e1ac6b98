# ruff: noqa: E501  (the tables below are easier to read in whole lines)
"""Empty Excel templates for facilities and streams: headers, explanations, allowed values, drop-down lists.

What is filled in can be read back by :func:`loaders.members.read_members` in any of the languages.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from loaders.codes import read_materials

LANGUAGES = ("nb", "nn", "en")
ROWS = 1000  # rows with drop-down lists

Texts = tuple[str, str, str]
"""The same in bokmål, nynorsk and English."""

TITLES: dict[str, Texts] = {
    "facilities": ("Anlegg", "Anlegg", "Facilities"),
    "streams": ("Strømmer", "Straumar", "Streams"),
    "help": ("Forklaring", "Forklaring", "Explanation"),
    "lists": ("Lister", "Lister", "Lists"),
}
HELP_HEADERS: tuple[Texts, ...] = (
    ("Kolonneoverskrift", "Kolonneoverskrift", "Column heading"),
    ("Må fylles ut", "Må fyllast ut", "Must be filled in"),
    ("Hva som skal stå", "Kva som skal stå", "What to write"),
    ("Mulige svar", "Moglege svar", "Possible answers"),
)
YES: Texts = ("ja", "ja", "yes")

CHOICES: dict[str, tuple[Texts, ...]] = {
    "actor_type": (
        ("Industri", "Industri", "Industry"),
        ("Behandlingsanlegg", "Handsamingsanlegg", "Treatment plant"),
        ("Kommunalt avfallsselskap", "Kommunalt avfallsselskap", "Municipal waste company"),
        ("Innsamler", "Innsamlar", "Collector"),
        ("Industripark", "Industripark", "Industrial park"),
        ("Landbruk", "Landbruk", "Farming"),
        ("Entreprenør", "Entreprenør", "Contractor"),
        ("Forskning", "Forsking", "Research"),
        ("Investor", "Investor", "Investor"),
        ("Offentlig", "Offentleg", "Public body"),
        ("Nettverk", "Nettverk", "Network"),
        ("Tjenesteyting", "Tenesteyting", "Service"),
    ),
    "visibility": (
        ("Privat", "Privat", "Private"),
        ("Nettverk", "Nettverk", "Network"),
        ("Åpen", "Open", "Public"),
    ),
    "direction": (("Tilbud", "Tilbod", "Offer"), ("Behov", "Behov", "Need")),
    "unit": (("t", "t", "t"), ("kg", "kg", "kg"), ("MWh", "MWh", "MWh"), ("m3", "m3", "m3")),
    "hazardous": (("ja", "ja", "yes"), ("nei", "nei", "no")),
    "basis": (
        ("Rapportert", "Rapportert", "Reported"),
        ("Anslått", "Overslag", "Estimated"),
        ("Modellert", "Modellert", "Modelled"),
        ("Illustrativ", "Illustrativ", "Illustrative"),
    ),
    "legal_status": (
        ("Avfall", "Avfall", "Waste"),
        ("Biprodukt", "Biprodukt", "By-product"),
        ("Avfallsfaseopphør", "Avfallsfaseopphør", "End-of-waste"),
        ("Produkt", "Produkt", "Product"),
    ),
    "treatment": tuple((f"R{n}",) * 3 for n in range(1, 14)) + tuple((f"D{n}",) * 3 for n in range(1, 16)),
}
"""Column -> the answers of its drop-down list; each is understood by :mod:`loaders.vocabulary`."""

COLUMNS: dict[str, tuple[tuple[str, bool, Texts, Texts], ...]] = {
    "facilities": (
        ("name", True, ("Navn", "Namn", "Name"), ("Anleggets navn.", "Namnet på anlegget.", "The facility's name.")),
        ("organisation_number", False, ("Organisasjonsnummer", "Organisasjonsnummer", "Organisation number"),
         ("Ni siffer; underenhetens nummer hvis det finnes.", "Ni siffer; nummeret til undereininga om det finst.",
          "Nine digits; the sub-unit's number if there is one.")),
        ("actor_type", False, ("Aktørtype", "Aktørtype", "Actor type"),
         ("Hva slags aktør det er.", "Kva slags aktør det er.", "What kind of actor it is.")),
        ("industry_code", False, ("Næringskode", "Næringskode", "Industry code"),
         ("Som i Brønnøysundregistrene, for eksempel 38.110.", "Som i Brønnøysundregistra, til dømes 38.110.",
          "As in Brønnøysundregistrene, for example 38.110.")),
        ("employees", False, ("Ansatte", "Tilsette", "Employees"),
         ("Antall ansatte ved anlegget, ett helt tall. Tom hvis ukjent.", "Talet på tilsette ved anlegget, eitt heilt tal. Tom om ukjend.",
          "How many work at the facility, one whole number. Empty if unknown.")),
        ("address", False, ("Adresse", "Adresse", "Address"),
         ("Gate og nummer, eller navnet på stedet.", "Gate og nummer, eller namnet på staden.",
          "Street and number, or the name of the site.")),
        ("postcode", False, ("Postnummer", "Postnummer", "Postcode"), ("Fire siffer.", "Fire siffer.", "Four digits.")),
        ("place", False, ("Poststed", "Poststad", "Place"), ("Poststed eller tettsted.", "Poststad eller tettstad.",
         "Postal place or village.")),
        ("municipality", False, ("Kommune", "Kommune", "Municipality"),
         ("Navn eller nummer. Punktet sjekkes mot den.", "Namn eller nummer. Punktet blir sjekka mot han.",
          "Name or number. The point is checked against it.")),
        ("lat", False, ("Breddegrad", "Breiddegrad", "Latitude"),
         ("Grader med desimaler, for eksempel 63,4305. Kan stå tom.", "Grader med desimalar, til dømes 63,4305. Kan stå tom.",
          "Degrees with decimals, for example 63.4305. May be empty.")),
        ("lon", False, ("Lengdegrad", "Lengdegrad", "Longitude"),
         ("Grader med desimaler, for eksempel 10,3951. Kan stå tom.", "Grader med desimalar, til dømes 10,3951. Kan stå tom.",
          "Degrees with decimals, for example 10.3951. May be empty.")),
        ("visibility", False, ("Synlighet", "Synlegheit", "Visibility"),
         ("Hvem som kan se raden.", "Kven som kan sjå rada.", "Who may see the row.")),
        ("source", False, ("Kilde", "Kjelde", "Source"), ("Hvor opplysningen kommer fra.", "Kvar opplysninga kjem frå.",
         "Where it comes from.")),
        ("note", False, ("Merknad", "Merknad", "Note"), ("Fritekst.", "Fritekst.", "Free text.")),
    ),
    "streams": (
        ("name", True, ("Anlegg", "Anlegg", "Facility"),
         ("Navnet slik det står i listen over anlegg.", "Namnet slik det står i lista over anlegg.",
          "The name as it stands in the list of facilities.")),
        ("organisation_number", False, ("Organisasjonsnummer", "Organisasjonsnummer", "Organisation number"),
         ("Hvis navnet ikke er nok til å finne anlegget.", "Om namnet ikkje er nok til å finne anlegget.",
          "If the name is not enough to find the facility.")),
        ("direction", True, ("Tilbud eller behov", "Tilbod eller behov", "Offer or need"),
         ("Tilbud: noe dere vil bli av med. Behov: noe dere trenger.", "Tilbod: noko de vil bli kvitt. Behov: noko de treng.",
          "Offer: something you want to be rid of. Need: something you want.")),
        ("material", True, ("Materiale", "Materiale", "Material"),
         ("Fra listen, eller med egne ord når avfallskoden er fylt ut.", "Frå lista, eller med eigne ord når avfallskoden er fylt ut.",
          "From the list, or in your own words where the waste code is filled in.")),
        ("eal_code", False, ("EAL-kode", "EAL-kode", "EWC code"),
         ("Seks siffer med stjerne for farlig avfall: 17 05 03*. Tom for varme, vann og produkter.",
          "Seks siffer med stjerne for farleg avfall: 17 05 03*. Tom for varme, vatn og produkt.",
          "Six digits, a star for hazardous waste: 17 05 03*. Empty for heat, water and products.")),
        ("description", False, ("Beskrivelse", "Skildring", "Description"), ("Egne ord.", "Eigne ord.", "Your own words.")),
        ("amount_min", False, ("Minste mengde per år", "Minste mengd per år", "Minimum amount per year"),
         ("Tom hvis ukjent; skriv aldri 0 for ukjent.", "Tom om ukjend; skriv aldri 0 for ukjend.",
          "Empty if unknown; never write 0 for unknown.")),
        ("amount_best", False, ("Mengde per år", "Mengd per år", "Amount per year"),
         ("Beste anslag. Tom hvis ukjent.", "Beste overslag. Tom om ukjend.", "Best estimate. Empty if unknown.")),
        ("amount_max", False, ("Største mengde per år", "Største mengd per år", "Maximum amount per year"),
         ("Tom hvis ukjent.", "Tom om ukjend.", "Empty if unknown.")),
        ("unit", False, ("Måleenhet", "Måleeining", "Unit of measure"),
         ("Enheten for de tre mengdene.", "Eininga for dei tre mengdene.", "Unit of the three amounts.")),
        ("months", False, ("Måneder", "Månader", "Months"),
         ("For eksempel 5-9, 11-2 eller hele året.", "Til dømes 5-9, 11-2 eller heile året.",
          "For example 5-9, 11-2 or all year.")),
        ("quality", False, ("Kvalitet", "Kvalitet", "Quality"),
         ("For eksempel rent, blandet, 20 % tørrstoff.", "Til dømes reint, blanda, 20 % tørrstoff.",
          "For example clean, mixed, 20 % dry matter.")),
        ("hazardous", False, ("Farlig avfall", "Farleg avfall", "Hazardous waste"),
         ("Ja eller nei.", "Ja eller nei.", "Yes or no.")),
        ("treatment", False, ("Behandling", "Handsaming", "Treatment code"),
         ("Dagens behandling som R- eller D-kode.", "Handsaminga i dag som R- eller D-kode.",
          "Present treatment as R or D code.")),
        ("price_nok_per_t", False, ("Pris (NOK/t)", "Pris (NOK/t)", "Price (NOK/t)"),
         ("Det dere får betalt; minus hvis dere betaler.", "Det de får betalt; minus om de betaler.",
          "What you are paid; minus if you pay.")),
        ("legal_status", False, ("Juridisk status", "Rettsleg status", "Legal status"),
         ("Avfall, biprodukt, avfallsfaseopphør eller produkt.", "Avfall, biprodukt, avfallsfaseopphør eller produkt.",
          "Waste, by-product, end-of-waste or product.")),
        ("basis", True, ("Grunnlag", "Grunnlag", "Basis"),
         ("Hvordan mengden er kjent.", "Korleis mengda er kjend.", "How the amount is known.")),
        ("reference", False, ("Referanse", "Referanse", "Reference"),
         ("Rapport, veieseddel eller metode.", "Rapport, vegesetel eller metode.", "Report, weighing note or method.")),
        ("reference_year", False, ("År", "År", "Year"), ("Året mengden gjelder.", "Året mengda gjeld.",
         "The year the amount speaks of.")),
        ("note", False, ("Merknad", "Merknad", "Note"), ("Fritekst.", "Fritekst.", "Free text.")),
    ),
}  # fmt: skip
"""Template -> columns: canonical name, must be filled in, header, explanation."""

_TEXT_COLUMNS = {"organisation_number", "postcode", "municipality", "industry_code", "eal_code", "months"}
_HEAD = PatternFill("solid", fgColor="1F4E4A")


def make_template(kind: str, *, language: str = "nb") -> bytes:
    """Return an empty workbook of `kind` (``facilities`` or ``streams``) in `language` (nb, nn or en).

    Sheet 1 has the headers, drop-down lists and text format where digits must keep their zeros; sheet 2 explains.
    """
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    book = Workbook()
    sheet = book.active
    sheet.title = TITLES[kind][place]
    help_sheet = book.create_sheet(TITLES["help"][place])
    lists = book.create_sheet(TITLES["lists"][place])
    lists.sheet_state = "veryHidden"
    answers = {column: [texts[place] for texts in choices] for column, choices in CHOICES.items()}
    answers["material"] = sorted(str(name) for name in read_materials()[f"label_{LANGUAGES[place]}"])
    _head(help_sheet, [texts[place] for texts in HELP_HEADERS])
    _head(sheet, [header[place] for _, _, header, _ in COLUMNS[kind]])
    for index, (column, required, header, meaning) in enumerate(COLUMNS[kind], start=1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = max(14, len(header[place]) + 4)
        if column in _TEXT_COLUMNS:
            for row in range(2, ROWS + 2):
                sheet[f"{letter}{row}"].number_format = "@"
        options = answers.get(column, [])
        if options:
            _add_list(
                sheet, lists, letter, options, strict=column not in ("material", "treatment", "actor_type")
            )
        shown = ", ".join(options)
        help_sheet.append([header[place], YES[place] if required else None, meaning[place], shown or None])
    for letter, width in zip("ABCD", (28, 16, 60, 80), strict=True):
        help_sheet.column_dimensions[letter].width = width
    for cells in help_sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _head(sheet: Worksheet, texts: list[str]) -> None:
    sheet.append(texts)
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.freeze_panes = "A2"


def _add_list(sheet: Worksheet, lists: Worksheet, letter: str, options: list[str], *, strict: bool) -> None:
    column = lists.max_column + 1 if lists.cell(1, 1).value is not None else 1
    for row, option in enumerate(options, start=1):
        lists.cell(row, column, option)
    name = get_column_letter(column)
    formula = f"'{lists.title}'!${name}$1:${name}${len(options)}"
    validation = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=strict)
    sheet.add_data_validation(validation)
    validation.add(f"{letter}2:{letter}{ROWS + 1}")


def template_name(kind: str, *, language: str = "nb") -> str:
    """Return the file name of a template: ``symbiosekart-anlegg.xlsx``."""
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    plain = TITLES[kind][place].casefold().replace("ø", "o")
    return f"symbiosekart-{plain}.xlsx"


def write_templates(folder: Path, *, language: str = "nb") -> list[Path]:
    """Write both templates into `folder` (made where it is missing) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in COLUMNS:
        path = folder / template_name(kind, language=language)
        path.write_bytes(make_template(kind, language=language))
        paths.append(path)
    return paths
