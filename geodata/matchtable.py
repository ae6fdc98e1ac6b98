"""The match table: what a pair that passed every test looks like to a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from geodata.codetables import WasteCodes
from geodata.flows import ENERGY
from geodata.materials import compare_widths
from geodata.schemas import BASES
from geodata.scoring import LICENCES, PARTS, ScorePart
from geodata.usepairs import RELATIONS, ROUTES, SAME_STREAM, UseTable
from geodata.uses import HIERARCHIES

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

MATCH_COLUMNS = (
    "match_id",
    "rank",
    "rank_best",
    "rank_worst",
    "score",
    "score_low",
    "score_high",
    *(part.column for part in PARTS),
    "offer_stream_id",
    "need_stream_id",
    "from_facility_id",
    "to_facility_id",
    "route",
    "use_id",
    "via_facility_id",
    "via_stream_id",
    "step",
    "operation",
    "hierarchy",
    "hierarchy_rank",
    "law",
    "product",
    "yield_best",
    "fills_per_t",
    "code_by_use",
    "material",
    "need_material",
    "relation",
    "eal_code",
    "offer_code",
    "need_code",
    "shared_digits",
    "coded_sides",
    "exchange_min",
    "exchange_best",
    "exchange_max",
    "unit",
    "need_unit",
    "amount_known",
    "amount_state",
    "offer_amount",
    "need_amount",
    "capacity",
    "offer_months",
    "need_months",
    "common_months",
    "distance_km",
    "minutes",
    "ferries",
    "toll_nok",
    "estimated_km",
    "estimated",
    "via_km",
    "via_minutes",
    "basis",
    "ahead_of_reported",
    "hazardous",
    "licence",
    "quality_asked",
    "quality_met",
    "quality_broken",
    "present_hierarchy",
    "present_reported",
    "offer_treatment",
    "offer_price_nok_per_t",
    "missing",
)
"""One row a match, by rank. `exchange_*`, `offer_amount` and `capacity` (of the intermediary) are in `unit`
a year of the offered stream (t wherever it can be), `need_amount` in `need_unit` of what is needed; <NA>
where unknown. `score_low` and `score_high` are the score at the worst and best amounts within their
ranges (anything, where an amount is unknown); `rank_best` and `rank_worst` the places in this table that
such scores leave open. `yield_best` is what the use makes of a tonne of the stream, `fills_per_t` what a
tonne fills of the need's own amount: the same where the need wants the product, 1 where it takes the
stream itself and makes the product of it. `code_by_use`: the points of the code come from the use.
`route` is ``same_stream``, ``use`` (the receiver makes another thing of it) or ``intermediary``; `via_*`
tell of the intermediary and the first leg, `distance_km` and `minutes` are the whole way. `basis` is the
weakest of all sides'. `ahead_of_reported` says that a match which rests on modelled or illustrative
figures stands above one that rests on reported ones. `hazardous` <NA>: unknown. `present_hierarchy` is
where the stream goes today, by its own treatment (`present_reported`) or as is usual. `missing` holds the
keys of :data:`MISSING` that nobody has told, apart by a space."""

MISSING = (
    "code",
    "amount",
    "capacity",
    "season",
    "quality",
    "hazard",
    "licence",
    "industry",
    "price",
    "step",
    "composition",
)
"""What may not be known of a match. `composition`: the need asks for something narrower than what is offered,
or for something else of its family."""


def tabulate_matches(
    pairs: Mapping[str, Array],
    flows: pd.DataFrame,
    ids: tuple[str, ...],
    *,
    uses: UseTable,
    parts: tuple[ScorePart, ...] = PARTS,
    codes: WasteCodes | None = None,
) -> pd.DataFrame:
    """Return the table with :data:`MATCH_COLUMNS` (and further parts' points) of judged pairs sorted by rank.

    Parameters
    ----------
    pairs : columns as :mod:`geodata.judging` makes them: rows of `flows`, legs and points.
    ids : position -> facility_id.
    codes : which material is a kind of which; None: nothing is told of what a stream is made of.
    """
    extra = [part.column for part in parts if part.column not in MATCH_COLUMNS]
    if not pairs or not len(pairs["offer"]):
        return _type_matches(pd.DataFrame(columns=[*MATCH_COLUMNS, *extra], dtype=object))
    offer, need, via = pairs["offer"], pairs["need"], pairs["via"]
    of = {name: flows[name].to_numpy() for name in flows.columns}
    names, stream = np.array(ids, dtype=object), of["stream_id"]
    spell = {name: _spell(of[name]) for name in ("stream_id", "material", "code", "unit", "treatment")}
    owner = _spell(names[of["facility"]])
    unit, code = of["unit"], of["code"]
    hazard = np.maximum(of["hazard"][offer], np.where(pairs["route"] == SAME_STREAM, of["hazard"][need], -1))
    rank = np.arange(1, len(offer) + 1)
    reported = rank[pairs["basis"] == 0]
    low, high = pairs["score"] + pairs["span_low"], pairs["score"] + pairs["span_high"]
    rank_best, rank_worst = rank_range(low, high)
    unclear = (pairs["route"] == SAME_STREAM) & (unit[offer] != unit[need])
    out: dict[str, Any] = {name: pairs[name] for name in pairs if name in MATCH_COLUMNS or name in extra}
    out |= {
        "match_id": _name_matches(stream, offer, need, via),
        "rank": rank,
        "rank_best": rank_best,
        "rank_worst": rank_worst,
        "score_low": low,
        "score_high": high,
        "offer_stream_id": spell["stream_id"].take(offer),
        "need_stream_id": spell["stream_id"].take(need),
        "from_facility_id": owner.take(offer),
        "to_facility_id": owner.take(need),
        "route": _spell(ROUTES).take(pairs["route"]),
        "via_facility_id": owner.take(via, allow_fill=True),
        "via_stream_id": spell["stream_id"].take(via, allow_fill=True),
        "material": spell["material"].take(offer),
        "need_material": spell["material"].take(need),
        "relation": _spell(RELATIONS).take(pairs["relation"]),
        "shared_digits": pairs["digits"],
        "code_by_use": pairs["by_use"],
        "offer_code": spell["code"].take(offer),
        "need_code": spell["code"].take(need),
        "eal_code": spell["code"].take(np.where(code[offer] != "", offer, need)),
        "unit": spell["unit"].take(np.where(unclear, -1, offer), allow_fill=True),
        "need_unit": spell["unit"].take(need),
        "need_amount": of["amount_best"][need],
        "amount_state": _state_amounts(pairs, of["amount_best"][need]),
        "estimated": pairs["estimated_km"] > 0,
        "basis": _spell(BASES).take(pairs["basis"]),
        "ahead_of_reported": (pairs["basis"] >= BASES.index("modelled"))
        & (rank < (reported.max() if len(reported) else 0)),
        "hazardous": pd.array(np.where(hazard < 0, np.nan, hazard), dtype="Float64").astype("boolean"),
        "licence": _spell(LICENCES).take(pairs["licence"]),
        "present_hierarchy": _name_rank(pairs["present_rank"]),
        "hierarchy": _name_rank(pairs["new_rank"]),
        "hierarchy_rank": np.where(pairs["new_rank"] > 0, pairs["new_rank"], np.nan),
        "offer_treatment": spell["treatment"].take(offer),
        "offer_price_nok_per_t": of["price_nok_per_t"][offer],
    }
    out |= _describe_uses(pairs, of, uses)
    out["missing"] = _list_missing(pairs, of, uses, codes)
    return _type_matches(pd.DataFrame({name: out[name] for name in (*MATCH_COLUMNS, *extra)}))


def rank_range(low: Floats, high: Floats) -> tuple[Array, Array]:
    """Return the best and the worst place that each score may take, when all lie between `low` and `high`.

    Best: one after all that are surely above it. Worst: below all that may be above it or level with it.
    """
    sorted_low, sorted_high = np.sort(low), np.sort(high)
    best = 1 + len(low) - np.searchsorted(sorted_low, high, side="right")
    worst = len(high) - np.searchsorted(sorted_high, low, side="left")
    return best, worst


def _describe_uses(pairs: Mapping[str, Array], of: Mapping[str, Array], uses: UseTable) -> dict[str, Any]:
    """Return what the use of each match is; where it has none, the treatment that the need tells of."""
    use, count = pairs["use"], len(pairs["use"])
    treatment, material = of["treatment"][pairs["need"]], of["material"][pairs["offer"]]
    nothing = _spell([""]).take(np.zeros(count, dtype=np.intp))
    out: dict[str, Any] = dict.fromkeys(("use_id", "step", "law"), nothing)
    out |= {"operation": _spell(treatment), "product": _spell(material)}
    out |= {"yield_best": np.ones(count), "fills_per_t": np.ones(count)}
    if uses.library is None or not len(uses):
        return out
    known, at = use >= 0, np.maximum(use, 0)
    table = uses.library.uses
    for name in ("use_id", "step", "law"):
        out[name] = _spell(table[name]).take(np.where(known, use, -1), allow_fill=True)
    for name, other in (("operation", treatment), ("product", material)):
        distinct, back = np.unique(other.astype("U"), return_inverse=True)
        both = _spell([*table[name].astype(object), *distinct.tolist()])
        out[name] = both.take(np.where(known, use, len(table) + back))
    out["yield_best"] = np.where(known, uses.yield_best[at], 1.0)
    out["fills_per_t"] = np.where(pairs["route"] == SAME_STREAM, 1.0, out["yield_best"])
    return out


def _list_missing(
    pairs: Mapping[str, Array], of: Mapping[str, Array], uses: UseTable, codes: WasteCodes | None
) -> ExtensionArray:
    """Return the keys of what is not known of each match."""
    offer, need, via = pairs["offer"], pairs["need"], pairs["via"]
    chained, turned = via >= 0, pairs["route"] != SAME_STREAM
    taker = np.where(chained, via, need)
    step_left = np.zeros(len(offer), dtype=bool)
    if len(uses):
        step_left = turned & ~chained & uses.by_intermediary[np.maximum(pairs["use"], 0)]
    narrow = np.zeros(len(offer), dtype=bool)
    if codes is not None:
        covered, _wider = compare_widths(of["material"][offer], of["material"][need], codes=codes)
        narrow = ~turned & ~covered
    tests = {
        "code": (of["code"][offer] == "") & ~np.isin(of["unit"][offer], ("", ENERGY)) & ~of["piped"][offer],
        "amount": ~pairs["amount_known"],
        "capacity": chained & np.isnan(pairs["capacity"]),
        "season": (pairs["offer_months"] == 0) | (pairs["need_months"] == 0),
        "quality": (of["quality"][offer] == "")
        | ((pairs["quality_asked"] > 0) & (pairs["quality_met"] + pairs["quality_broken"] == 0)),
        "hazard": of["hazard"][offer] < 0,
        "licence": (of["treatment"][taker] == "")
        & (np.isin(pairs["licence"], [LICENCES.index(n) for n in ("licence_unknown", "unstated")]) | chained),
        "industry": of["division"][need] == "",
        "price": np.isnan(of["price_nok_per_t"][offer]),
        "step": step_left,
        "composition": narrow,
    }
    number = np.zeros(len(offer), dtype=np.int64)
    for place, name in enumerate(MISSING):
        number |= tests[name].astype(np.int64) << place
    distinct, back = np.unique(number, return_inverse=True)
    texts = [" ".join(name for k, name in enumerate(MISSING) if bits >> k & 1) for bits in distinct.tolist()]
    return pd.array(texts, dtype="string").take(back)


def _state_amounts(pairs: Mapping[str, Array], need_amount: Floats) -> ExtensionArray:
    offered, needed = ~np.isnan(pairs["offer_amount"]), ~np.isnan(need_amount)
    tests = [pairs["amount_known"], offered & needed, needed, offered]
    states = ["known", "not_comparable", "offer_unknown", "need_unknown", "both_unknown"]
    return _spell(states).take(np.select(tests, [0, 1, 2, 3], 4))


def _name_matches(stream: Array, offer: Array, need: Array, via: Array) -> ExtensionArray:
    """Return names of hexadecimal digits only, the same from run to run: 64 bits of the streams' names."""
    digests = b"".join(blake2b(str(name).encode(), digest_size=8).digest() for name in stream.tolist())
    known = np.append(np.frombuffer(digests, dtype=">u8").astype(np.uint64), np.uint64(0))  # -1: none
    number = _scramble(_scramble(_scramble(known[offer]) ^ known[need]) ^ known[via])
    text = number.astype(">u8").tobytes().hex()
    return _spell([f"m{text[start : start + 16]}" for start in range(0, len(text), 16)])


def _scramble(number: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return numbers of which every bit depends on every bit: the finaliser of splitmix64."""
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def _spell(texts: Sequence[object] | Array | pd.Series) -> ExtensionArray:
    """Return texts as an array of strings, "" as <NA>; what is taken of it is not converted anew."""
    values = np.asarray(texts, dtype=object)
    return pd.array(np.where(values == "", None, values), dtype="string")  # type: ignore[call-overload]


def _name_rank(rank: Array) -> ExtensionArray:
    return _spell(["", *HIERARCHIES]).take(rank)


_NUMBERS: tuple[str, ...] = (
    "exchange_min",
    "exchange_best",
    "exchange_max",
    "offer_amount",
    "need_amount",
    "capacity",
)
_NUMBERS += ("fills_per_t", "toll_nok", "via_km", "via_minutes", "yield_best", "offer_price_nok_per_t")
_WHOLE: tuple[str, ...] = (
    "rank",
    "rank_best",
    "rank_worst",
    "shared_digits",
    "coded_sides",
    "offer_months",
    "need_months",
)
_WHOLE += ("common_months", "ferries", "hierarchy_rank", "quality_asked", "quality_met", "quality_broken")
_FLAGS = ("amount_known", "estimated", "ahead_of_reported", "hazardous", "present_reported", "code_by_use")
_MEASURES = ("score", "distance_km", "minutes", "estimated_km")


def _type_matches(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(frame.columns, "string")
    kinds |= dict.fromkeys(_NUMBERS, "Float64") | dict.fromkeys(_WHOLE, "Int64")
    kinds |= dict.fromkeys(_FLAGS, "boolean") | dict.fromkeys(_MEASURES, "float64")
    kinds |= {name: "float64" for name in frame.columns if name.startswith("score_")}
    return frame.astype(kinds).reset_index(drop=True)
