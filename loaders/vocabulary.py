# ruff: noqa: E501  (the tables below are easier to read in whole lines)
"""Closed vocabularies as people write them, in bokmål, nynorsk and English. The tables are meant to be added to."""

from __future__ import annotations

import re
from functools import cache

from geodata.schemas import (
    ACTOR_TYPES,
    BASES,
    DIRECTIONS,
    GEOCODE_GRADES,
    LEGAL_STATUSES,
    TREATMENTS,
    VISIBILITIES,
)
from loaders.quantities import clean_words
from loaders.rawtables import Cell

WORDS: dict[str, dict[str, str]] = {
    "actor_type": {
        "producer": "produsent|industri|industribedrift|industriverksemd|industrivirksomhet|bedrift|produksjon|avfallsprodusent"
        "|produksjonsbedrift|næringsmiddelindustri|næringsmiddel|treindustri|prosessindustri|verksted|manufacturing|industry"
        "|manufacturer|factory|fabrikk|foredling|næringsliv|virksomhet|verksemd|handel|retail|company",
        "treatment": "behandling|behandlingsanlegg|handsamingsanlegg|avfallsbehandling|gjenvinning|gjenvinningsanlegg"
        "|attvinning|attvinningsanlegg|forbrenning|forbrenningsanlegg|energigjenvinning|deponi|biogassanlegg|biogass"
        "|komposteringsanlegg|treatment plant|recycling|recycler|recycling plant|landfill|incineration|mottaksanlegg|mottak"
        "|resirkulering|avfallsanlegg",
        "municipal_waste_company": "interkommunalt avfallsselskap|kommunalt avfallsselskap|interkommunalt selskap|iks"
        "|avfallsselskap|renovasjonsselskap|renovasjon|kommunalt renovasjonsselskap|municipal waste|waste company"
        "|interkommunalt renovasjonsselskap|kommunal renovasjon",
        "collector": "innsamler|innsamlar|avfallsinnsamler|avfallsaktør|transportør|sortering|sorteringsanlegg|omlasting"
        "|avfallsmegler|handel med avfall|collection|waste collector|trader|gjenvinningsselskap|containerutleie|hauler",
        "industrial_park": "industripark|næringspark|industriområde|eco park|industrial site|business park|industrial area",
        "primary_production": "primærproduksjon|primærnæring|landbruk|jordbruk|gård|gard|skogbruk|fiske|fiskeri|havbruk"
        "|oppdrett|akvakultur|settefisk|gartneri|agriculture|farm|farming|forestry|fishery|aquaculture|bonde|gardsbruk",
        "construction": "bygg og anlegg|bygg|anlegg|entreprenør|byggevirksomhet|riving|rivning|rivingsentreprenør"
        "|contractor|building|demolition|byggmester|bygg anlegg",
        "research": "forskning|forsking|fou|forskningsinstitutt|universitet|høgskole|høyskole|høgskule|institutt|university"
        "|research institute|r d|utdanning|education",
        "investor": "eiendom|investorselskap|finans|investeringsselskap|fond|investment|finance|eigedom",
        "public_body": "offentlig|offentleg|kommune|fylkeskommune|offentlig virksomhet|etat|statlig|stat|public|municipality"
        "|public sector|authority|helseforetak|sykehus|skole|offentleg verksemd",
        "network_office": "nettverk|klynge|klyngje|nettverkskontor|klyngeorganisasjon|cluster|network|network organisation",
        "service": "tjeneste|teneste|tjenester|tjenesteyting|tenesteyting|rådgiver|rådgivar|rådgivning|konsulent|leverandør"
        "|servicebedrift|services|consultant|transport|logistikk|supplier|hotell|restaurant|varehandel|butikk",
    },
    "direction": {
        "offer": "tilbud|tilbod|tilbyr|tilbyder|har|ut|avgir|leverer|selger|seljar|gir bort|overskudd|overskot|avfall ut|output"
        "|out|supply|offers|offered|have|has|surplus|sell|available|tilgjengelig|tilgjengeleg|produserer|t|avhending|generert",
        "need": "behov|trenger|treng|ønsker|ynskjer|ønskjer|inn|mottar|tar imot|tek imot|kjøper|kjøpar|etterspørsel"
        "|etterspurnad|etterspør|søker|søkjer|input|in|demand|needs|needed|want|wants|wanted|buy|require|requires|mottak|b"
        "|bruker|brukar|råvarebehov",
    },
    "hazardous": {
        "true": "ja|j|yes|y|sann|true|1|x|farlig|farleg|farlig avfall|farleg avfall|fa|hazardous|*|ja farlig|h|wahr",
        "false": "nei|n|no|usann|false|0|ikke farlig|ikkje farleg|ufarlig|ufarleg|ordinært|ordinært avfall|non hazardous"
        "|not hazardous|nonhazardous|vanlig|næringsavfall|nh",
    },
    "members_public": {"true": "ja|true|1", "false": "nei|false|0"},
    "basis": {
        "reported": "rapportert|målt|veid|vektet|vegen|vege|registrert|faktisk|faktura|veieseddel|measured|weighed|actual"
        "|registered|rapportering|innrapportert|mottaksvekt|oppgitt|oppgjeven|avfallsrapport|veid mengde",
        "estimated": "anslått|anslag|estimert|estimat|overslag|skjønn|vurdert|antatt|ca|estimate|guess|expert judgement|beregnet"
        " anslag|omtrentlig|grovt anslag|antakelse|budsjett|prognose",
        "modelled": "modellert|modell|beregnet|utregnet|berekna|utrekna|nøkkeltall|model|modeled|calculated|statistikk",
        "illustrative": "illustrativ|illustrasjon|eksempel|døme|fiktiv|fiktivt|øvelse|example|dummy|test|fictional|demo",
    },
    "visibility": {
        "public": "offentlig|offentleg|åpen|open|alle|public|synlig for alle|everyone",
        "network": "nettverk|nettverket|klynge|medlemmer|medlemene|members|network|intern i nettverk|cluster",
        "private": "privat|intern|konfidensiell|konfidensielt|kun oss|berre oss|hemmelig|confidential|only us|internal|skjult",
    },
    "legal_status": {
        "waste": "avfall|waste|næringsavfall|farlig avfall",
        "by_product": "biprodukt|by product|byproduct|sidestrøm|side stream|sidestraum|restråstoff",
        "end_of_waste": "avfallsfaseopphør|opphør av avfallsfasen|end of waste|eow|opphørt som avfall|ikke lenger avfall"
        "|ikkje lenger avfall|sekundærråvare",
        "product": "produkt|vare|råvare|product|raw material|hovedprodukt",
    },
    "geocode_quality": dict.fromkeys(GEOCODE_GRADES, ""),
    "treatment": dict.fromkeys(TREATMENTS, ""),
}
"""Column -> key -> what people write for it, apart by ``|``. The key itself is always understood."""

_TREATMENT_WORDS: dict[str, str] = {
    "forbrenning": "R1", "energigjenvinning": "R1", "energiutnyttelse": "R1", "energiutnytting": "R1",
    "forbrenning med energigjenvinning": "R1", "energy recovery": "R1", "incineration with energy recovery": "R1",
    "materialgjenvinning organisk": "R3", "kompostering": "R3", "biogass": "R3", "composting": "R3", "anaerobic digestion": "R3",
    "metallgjenvinning": "R4", "metal recycling": "R4", "deponi": "D1", "deponering": "D1", "landfill": "D1",
    "forbrenning uten energigjenvinning": "D10", "incineration": "D10",
}  # fmt: skip


def _key(text: str) -> str:
    return " ".join(re.sub(r"[^\w*æøå]+", " ", text.casefold().replace("_", " ")).split())


@cache
def _lookup(column: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for key, synonyms in WORDS[column].items():
        for word in (key, *synonyms.split("|")):
            if _key(word):
                table.setdefault(_key(word), key)
    if column == "treatment":
        table.update({_key(word): code for word, code in _TREATMENT_WORDS.items()})
    return table


def read_word(column: str, value: Cell) -> str | None:
    """Return the vocabulary key that `value` stands for in `column`, or None where it is not known."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    text = clean_words(value)
    lookup = _lookup(column)
    key = _key(text)
    if key in lookup:
        return lookup[key]
    if column == "treatment":
        found = re.match(r"([rd])\s*-?\s*0?(\d{1,2})\b", key)
        code = f"{found[1].upper()}{int(found[2])}" if found else ""
        return code if code in TREATMENTS else None
    bare = _key(re.sub(r"\([^)]*\)", " ", text))
    return lookup.get(bare) or lookup.get(_key(re.split(r"[/,;:(]", text)[0]))


def allowed_words(column: str) -> tuple[str, ...]:
    """Return the keys that `column` may hold, in the schema's order."""
    known = {"actor_type": ACTOR_TYPES, "direction": DIRECTIONS, "basis": BASES, "visibility": VISIBILITIES}
    known |= {"legal_status": LEGAL_STATUSES, "treatment": TREATMENTS, "geocode_quality": GEOCODE_GRADES}
    return known.get(column, tuple(WORDS[column]))
