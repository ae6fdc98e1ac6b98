"""The match table: what a pair that passed every test looks like to a reader."""

from __future__ import annotations

from hashlib import blake2s

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.schemas import BASES
from geodata.scoring import PARTS, RELATIONS, ScorePart

Floats = npt.NDArray[np.float64]

MATCH_COLUMNS = (
    "match_id",
    "rank",
    "score",
    *(part.column for part in PARTS),
    "offer_stream_id",
    "need_stream_id",
    "from_facility_id",
    "to_facility_id",
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
    "amount_known",
    "amount_state",
    "offer_amount",
    "need_amount",
    "offer_months",
    "need_months",
    "common_months",
    "distance_km",
    "minutes",
    "ferries",
    "estimated_km",
    "estimated",
    "basis",
    "ahead_of_reported",
    "hazardous",
)
"""One row a match, by rank. `exchange_*`, `offer_amount` and `need_amount` are in `unit` a year (t wherever
it can be); <NA> where unknown. `basis` is the weaker of the two sides'. `ahead_of_reported` says that a
match which rests on modelled or illustrative figures stands above one that rests on reported ones.
`hazardous` <NA>: unknown."""


def tabulate_matches(
    matches: pd.DataFrame, flows: pd.DataFrame, ids: tuple[str, ...], *, parts: tuple[ScorePart, ...] = PARTS
) -> pd.DataFrame:
    """Return the table with :data:`MATCH_COLUMNS` (and further parts' points) of judged pairs sorted by rank.

    Parameters
    ----------
    matches : pairs as :mod:`geodata.matching` holds them: positions in `flows`, legs and points.
    ids : position -> facility_id.
    """
    extra = [part.column for part in parts if part.column not in MATCH_COLUMNS]
    if not len(matches):
        return _type_matches(pd.DataFrame(columns=[*MATCH_COLUMNS, *extra], dtype=object))
    offer, need = matches["offer"].to_numpy(), matches["need"].to_numpy()
    names, stream = np.array(ids, dtype=object), flows["stream_id"].to_numpy()
    known = matches["amount_known"].to_numpy()
    units, hazard, code = flows["unit"].to_numpy(), flows["hazard"].to_numpy(), flows["code"].to_numpy()

    def meet(name: str) -> Floats:
        column = flows[name].to_numpy()
        return np.where(known, np.minimum(column[offer], column[need]), np.nan)

    either = np.maximum(hazard[offer], hazard[need])
    rank = np.arange(1, len(matches) + 1)
    reported = rank[matches["basis"].to_numpy() == 0]
    out = matches.assign(
        match_id=[_name_match(o, n) for o, n in zip(stream[offer], stream[need], strict=True)],
        rank=rank,
        offer_stream_id=stream[offer],
        need_stream_id=stream[need],
        from_facility_id=names[matches["origin"]],
        to_facility_id=names[matches["destination"]],
        material=flows["material"].to_numpy()[offer],
        need_material=flows["material"].to_numpy()[need],
        relation=np.array(RELATIONS, dtype=object)[matches["relation"]],
        offer_code=_blank_to_none(code[offer]),
        need_code=_blank_to_none(code[need]),
        eal_code=_blank_to_none(np.where(code[offer] != "", code[offer], code[need])),
        exchange_min=meet("amount_min"),
        exchange_best=meet("amount_best"),
        exchange_max=meet("amount_max"),
        unit=_blank_to_none(np.where(units[offer] == units[need], units[offer], "")),
        amount_state=_state_amounts(matches),
        estimated=matches["estimated_km"] > 0,
        basis=np.array(BASES, dtype=object)[matches["basis"]],
        ahead_of_reported=(matches["basis"].to_numpy() >= BASES.index("modelled"))
        & (rank < (reported.max() if len(reported) else 0)),
        hazardous=pd.array(np.where(either < 0, np.nan, either), dtype="Float64").astype("boolean"),
    )
    return _type_matches(out[[*MATCH_COLUMNS, *extra]])


def _state_amounts(matches: pd.DataFrame) -> npt.NDArray[np.object_]:
    offered, needed = matches["offer_amount"].notna(), matches["need_amount"].notna()
    tests = [matches["amount_known"], offered & needed, needed, offered]
    states = ["known", "not_comparable", "offer_unknown", "need_unknown"]
    return np.select([test.to_numpy() for test in tests], states, "both_unknown").astype(object)


def _name_match(offer_stream_id: str, need_stream_id: str) -> str:
    """Return a name made of hexadecimal digits only, the same from run to run."""
    return "m" + blake2s(f"{offer_stream_id}\x00{need_stream_id}".encode(), digest_size=8).hexdigest()


def _blank_to_none(texts: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.array([text or None for text in texts], dtype=object)


_NUMBERS = ("exchange_min", "exchange_best", "exchange_max", "offer_amount", "need_amount")
_WHOLE = ("rank", "shared_digits", "coded_sides", "offer_months", "need_months", "common_months", "ferries")
_FLAGS = ("amount_known", "estimated", "ahead_of_reported", "hazardous")
_MEASURES = ("score", "distance_km", "minutes", "estimated_km")


def _type_matches(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(frame.columns, "string")
    kinds |= dict.fromkeys(_NUMBERS, "Float64") | dict.fromkeys(_WHOLE, "Int64")
    kinds |= dict.fromkeys(_FLAGS, "boolean") | dict.fromkeys(_MEASURES, "float64")
    kinds |= {name: "float64" for name in frame.columns if name.startswith("score_")}
    return frame.astype(kinds).reset_index(drop=True)
