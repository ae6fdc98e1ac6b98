"""What the keys of the tables are called: one table of labels a vocabulary, translated when shown."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.text import N_, is_unknown
from dashboard.text import gettext as _
from dashboard.theme import BASIS_MARKS, DATASET_MARKS
from geodata.network import PROFILES

BASES = {
    "reported": N_("reported"),
    "estimated": N_("estimated"),
    "modelled": N_("modelled"),
    "illustrative": N_("illustrative"),
}
BASIS_MEANINGS = {
    "reported": N_("published or reported by the organisation itself; the source stands in the table"),
    "estimated": N_("judged by somebody who knows the site; not measured"),
    "modelled": N_("calculated from a public formula, such as inhabitants times kilograms per head"),
    "illustrative": N_("invented for practice; says nothing of the real world"),
}
DATASETS = {
    "region": N_("real region"),
    "practice": N_("practice data"),
    "own": N_("own file"),
    "register": N_("business register"),
}
DIRECTIONS = {"offer": N_("offers"), "need": N_("needs")}
ACTOR_TYPES = {
    "producer": N_("industry"),
    "treatment": N_("treatment plant"),
    "municipal_waste_company": N_("municipal waste company"),
    "collector": N_("waste collector"),
    "industrial_park": N_("industrial park"),
    "primary_production": N_("farm, forest or fish"),
    "construction": N_("construction"),
    "research": N_("research"),
    "investor": N_("investor"),
    "public_body": N_("public body"),
    "network_office": N_("network office"),
    "service": N_("service"),
}
NETWORK_KINDS = {
    "waste_cluster": N_("waste cluster"),
    "industry_cluster": N_("industry cluster"),
    "industrial_park": N_("industrial park"),
    "cooperation": N_("cooperation"),
    "network": N_("network"),
}
ROAD_PROFILES = {
    "least_cost": N_("Truck, least cost"),
    "fastest": N_("Truck, fastest"),
    # as the provenance of a scenario has them
    PROFILES["least_cost"]: N_("truck, least cost: minutes (ferry waiting included) + 0.75 min/km"),
    PROFILES["fastest"]: N_("truck, fastest: minutes (ferry waiting included)"),
}
GEOCODE_GRADES = {
    "given": N_("given point"),
    "address": N_("address"),
    "street": N_("street"),
    "site": N_("site"),
    "place": N_("place"),
    "postcode": N_("postcode"),
    "municipality": N_("municipality"),
}
LEGAL_STATUSES = {
    "waste": N_("waste"),
    "by_product": N_("by-product"),
    "end_of_waste": N_("end of waste"),
    "product": N_("product"),
}
SEVERITIES = {
    "error": N_("error"),
    "warning": N_("warning"),
    "repaired": N_("repaired"),
    "info": N_("note"),
}
CONFIDENCES = {"high": N_("sure"), "medium": N_("likely"), "low": N_("unsure")}
EXCLUSION_REASONS = {
    "not_placed": N_("one of the two has no place on the map"),
    "material": N_("the materials are not related closely enough"),
    "hazard": N_("one is hazardous waste and the other is not"),
    "unit": N_("the units cannot be compared"),
    "amount_zero": N_("nothing is offered or needed"),
    "months": N_("no month in common"),
    "unreachable": N_("no road or ferry known between them"),
    "too_far": N_("too far by road"),
    "too_long": N_("too long a drive"),
    "below_score": N_("score below the limit"),
    "ranked_below": N_("many better partners"),
}
SCORE_REASONS = {
    "code.shared_6": N_("same waste code ({offer_code})"),
    "code.shared_4": N_("same group of waste codes ({offer_code} and {need_code})"),
    "code.shared_2": N_("same chapter of waste codes ({offer_code} and {need_code})"),
    "code.shared_0": N_("different chapters of waste codes ({offer_code} and {need_code})"),
    "code.use": N_("{offer_material} can become {product}, which is what the receiver needs"),
    "code.intermediary": N_("an intermediary makes {product} of {offer_material} for the receiver"),
    "code.taken_for_use": N_("the receiver takes {offer_material} for a known use"),
    "quality.nothing_asked": N_("no demand of the quality is known: half of the points"),
    "quality.unknown": N_("{asked} demands of the quality, none of them spoken of: half of the points"),
    "quality.met": N_("{met} of {asked} demands of the quality are met, as the offer is described"),
    "quality.broken": N_("{broken} of {asked} demands of the quality are not met, as the offer is described"),
    "material.same": N_("same material: {offer_material}"),
    "material.parent": N_("one is a kind of the other: {offer_material} and {need_material}"),
    "material.sibling": N_("related materials: {offer_material} and {need_material}"),
    "material.none": N_("the materials are not related: {offer_material} and {need_material}"),
    "amount.overlap": N_(
        "{offer_amount} offered, {need_amount} needed a year: {exchange_best} can be exchanged"
    ),
    "amount.turned": N_(
        "{offer_amount} offered, {need_amount} of the product needed a year: {exchange_best} can go there"
    ),
    "amount.offer_unknown": N_("the amount offered is unknown: half of the points"),
    "amount.need_unknown": N_("the amount needed is unknown: half of the points"),
    "amount.both_unknown": N_("both amounts are unknown: half of the points"),
    "amount.not_comparable": N_("the amounts are in units that cannot be compared: half of the points"),
    "season.unknown": N_("the months are not stated: half of the points"),
    "season.overlap": N_("{common} months in common, of {offer_months} offered and {need_months} needed"),
    "hazard.ordinary": N_("no hazardous waste"),
    "hazard.licensed": N_("hazardous waste, and the receiver takes hazardous waste"),
    "hazard.hazard_unknown": N_("not known whether it is hazardous waste: half of the points"),
    "hazard.licence_unknown": N_("hazardous waste, and not known whether the receiver may take it"),
    "hazard.unstated": N_("no hazardous waste; the receiver does not say what it may take"),
    "hierarchy.unknown": N_("not known where it goes today or would go: half of the points"),
    "hierarchy.better_reported": N_("from {present} today to {new}"),
    "hierarchy.better_usual": N_("from {present}, which is usual, to {new}"),
    "hierarchy.same_reported": N_("{new}, as today"),
    "hierarchy.same_usual": N_("{new}, as is usual"),
    "hierarchy.worse_reported": N_("lower in the waste hierarchy than today: from {present} to {new}"),
    "hierarchy.worse_usual": N_("lower in the waste hierarchy than usual: from {present} to {new}"),
    "distance.routed": N_("{distance_km} by road, {minutes}"),
    "distance.partly_estimated": N_("{distance_km} by road, {minutes}; {estimated_km} of it is estimated"),
}
HIERARCHIES = {
    "reuse": N_("use as it is"),
    "recycling": N_("recycling of the material"),
    "biological": N_("biogas, compost or soil"),
    "backfilling": N_("filling in place of rock"),
    "energy": N_("burning for energy"),
    "disposal": N_("landfill or the like"),
}
ROUTES = {
    "same_stream": N_("the same stream"),
    "use": N_("a use of it"),
    "intermediary": N_("through an intermediary"),
}
MISSING = {
    "code": N_("waste code"),
    "amount": N_("amount"),
    "capacity": N_("the intermediary's capacity"),
    "season": N_("months"),
    "quality": N_("quality"),
    "hazard": N_("whether it is hazardous"),
    "licence": N_("what the receiver may take"),
    "industry": N_("the receiver's industry"),
    "price": N_("what the offer costs or earns today"),
    "step": N_("who does the treatment"),
    "composition": N_("what it is made of"),
}
INDICATORS = {
    "facilities": N_("Facilities"),
    "facilities_placed": N_("Facilities on the map"),
    "matches": N_("Matches"),
    "clusters": N_("Clusters"),
}
COLUMNS = {
    "name": N_("Name"),
    "actor_type": N_("Kind of actor"),
    "municipality": N_("Municipality"),
    "municipality_number": N_("Municipality number"),
    "county": N_("County"),
    "place": N_("Place"),
    "networks": N_("Networks"),
    "geocode_quality": N_("Placed by"),
    "source": N_("Source"),
    "employees": N_("Employees"),
    "source_year": N_("Source year"),
    "dataset": N_("Data set"),
    "basis": N_("Basis"),
    "facility": N_("Facility"),
    "direction": N_("Offers or needs"),
    "material": N_("Material"),
    "eal_code": N_("Waste code (EAL)"),
    "description": N_("Description"),
    "amount": N_("Amount a year"),
    "amount_min": N_("Lowest"),
    "amount_best": N_("Best estimate"),
    "amount_max": N_("Highest"),
    "unit": N_("Unit"),
    "months": N_("Months"),
    "hazardous": N_("Hazardous"),
    "legal_status": N_("Legal status"),
    "reference": N_("Source of the figure"),
    "reference_year": N_("Year of the figure"),
    "note": N_("Note"),
    "score": N_("Score"),
    "rank": N_("Rank"),
    "from_name": N_("From"),
    "to_name": N_("To"),
    "partner": N_("Partner"),
    "exchange_best": N_("Can be exchanged"),
    "distance_km": N_("Road km"),
    "minutes": N_("Minutes"),
    "ferries": N_("Ferries"),
    "estimated_km": N_("Of these estimated km"),
    "via": N_("Via"),
    "net_nok_per_t": N_("Net NOK/t"),
    "net_kg_co2e_per_t": N_("Saved kg CO2e/t"),
    "break_even_km": N_("Pays within km"),
    "rank_best": N_("Best place"),
    "rank_worst": N_("Worst place"),
    "becomes": N_("Becomes"),
    "missing": N_("Missing"),
    "reason": N_("Reason"),
    "value": N_("Value"),
    "limit": N_("Limit"),
    "pairs": N_("Pairs"),
    "kind": N_("Kind"),
    "founded": N_("Founded"),
    "ended": N_("Ended"),
    "region": N_("Where"),
    "member_count": N_("Members (published)"),
    "members_public": N_("Members public"),
    "website": N_("Website"),
    "severity": N_("How grave"),
    "file": N_("File"),
    "row": N_("Row"),
    "column": N_("Column"),
    "what": N_("What is wrong"),
    "advice": N_("What to do"),
    "title": N_("Title"),
    "owner": N_("Owner"),
    "licence": N_("Licence"),
    "vintage": N_("As of"),
    "range": N_("Range"),
    "streams": N_("Streams"),
    "unknown": N_("Streams of unknown amount"),
    "share": N_("Share"),
    "meaning": N_("Meaning"),
    "merged_into": N_("Merged into"),
    "matches": N_("Matches"),
    "facilities": N_("Facilities"),
    "radius_minutes": N_("Reach (min)"),
    "materials": N_("Materials"),
    "matches_amount_unknown": N_("Matches of unknown amount"),
    "amount_unknown": N_("Matches of unknown amount"),
    "exchange_mwh_best": N_("Exchange (MWh)"),
    "exchange_t_max": N_("Exchange, highest (t)"),
    "exchange_t_best": N_("Exchange (t)"),
    "exchange_t_min": N_("Exchange, lowest (t)"),
}
COLUMNS |= {
    f"score_{part}": text
    for part, text in {
        "code": N_("Points: code"),
        "quality": N_("Points: quality"),
        "amount": N_("Points: amount"),
        "season": N_("Points: months"),
        "distance": N_("Points: distance"),
        "hazard": N_("Points: hazard"),
        "hierarchy": N_("Points: hierarchy"),
    }.items()
}

SCORE_PARTS = {
    "code": N_("Code or use"),
    "quality": N_("Quality"),
    "amount": N_("Amount"),
    "season": N_("Months"),
    "distance": N_("Distance"),
    "hazard": N_("Hazard and licence"),
    "hierarchy": N_("Waste hierarchy"),
}


PARAMETERS = {
    "max_distance_km": N_("Longest distance by road"),
    "max_pipe_km": N_("Longest distance for heat and water by pipe"),
    "max_minutes": N_("Longest drive"),
    "min_score": N_("Lowest score"),
    "weight_code": N_("Points for the waste code or the use"),
    "weight_quality": N_("Points for the quality"),
    "weight_amount": N_("Points for the amount"),
    "weight_season": N_("Points for the months"),
    "weight_distance": N_("Points for the distance"),
    "weight_hazard": N_("Points for hazard and licence"),
    "weight_hierarchy": N_("Points for the waste hierarchy"),
    "half_distance_km": N_("Distance that halves its points"),
    "cluster_minutes": N_("Reach of a cluster"),
    "cluster_min_facilities": N_("Fewest facilities in a cluster"),
    "access_detour_factor": N_("Detour off the main roads"),
    "access_speed_kmh": N_("Speed off the main roads"),
}
PARAMETER_TEXTS = {
    text: text
    for text in (
        N_("points"),
        N_("facilities"),
        N_("road km per straight km"),
        N_("expert judgement"),
        N_("expert judgement: heat and water go by pipe, not by lorry"),
        N_("73 % of exchanges: Velenturf & Jensen"),
        N_("median of exchanges: Jensen 2011 (NISP)"),
        N_("measured: see docs/roads.md"),
    )
}
"""Units and sources as the parameters state them."""


def label(vocabulary: Mapping[str, str], key: object) -> str:
    """Return the translated label of `key`; unknown is said, an unlisted key is shown as it stands."""
    if is_unknown(key):
        return _("unknown")
    text = vocabulary.get(str(key))
    return str(key) if text is None else _(text)


def label_basis(key: object) -> str:
    """Return the basis in words with its sign, so that a modelled figure never looks like a reported one."""
    return f"{BASIS_MARKS.get(str(key), '?')} {label(BASES, key)}"


def label_dataset(key: object) -> str:
    """Return the data set in words, all but the real region with their sign."""
    return f"{DATASET_MARKS.get(str(key), '')} {label(DATASETS, key)}".strip()
