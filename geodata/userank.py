"""Which industries may receive a stream, ranked: uses, then published exchanges, then popularity.

Two answers are mixed. The *uses* that the stream fits (:mod:`geodata.uses`) name receivers with weights. The
*published exchanges* say how often each division received a stream like it: popularity, corrected step by
step by what is known of the giver, the material's group, the chapter, the material, the code and the
text. Each step moves the shares as far as its number of exchanges allows, so that few exchanges never
speak louder than many. Where no use fits, the second answer stands alone and the ranking says that it is
uncertain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.uses import UseLibrary, fit_uses
from geodata.usetext import NO_HITS, TextHits, search_texts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
SMOOTHING = 10.0
"""Exchanges that popularity adds in all, spread evenly, so that no division is impossible."""
ALWAYS = 10
"""Divisions a ranking has at least."""
_ALIKE = 0.5
"""How near an exchange must be to be shown as an example."""
_REASONS = 5
_NAMED = 0.4
"""How like a material's name a text must be to be taken as naming it."""
_NEAR_BEST = 4
"""How soon a code that a text may mean counts less than the best one."""
RANKING_COLUMNS = ("rank", "division", "score", "share", "use_ids", "exchange_ids", "basis")


@dataclass(frozen=True)
class RankSettings:
    """The few numbers of the mixture, set on the exchanges themselves, each place left out in turn.

    Attributes
    ----------
    fit_power, weight_power : how sharply a better fit, and a more usual receiver, count.
    donor_unknown, donor_other : factor where the giver is not known, or is not one that typically gives it.
    text_gain : how much a text that resembles a use lifts it; text_material the weight of a material read out
        of the text beside a code.
    use_share : the part of the score that uses may have at most.
    practice : what a published review of practice counts beside one exchange.
    other_giver : what an exchange of another giver counts beside one of the same, for the same stream.
    pull : exchanges that the broader answer is worth at each step; the smaller, the sooner the narrow one
        is followed.
    sure_fit, sure_score : below the first (best fit) or the second (best score) a ranking is uncertain.
    """

    fit_power: float = 2.5
    weight_power: float = 2.5
    donor_unknown: float = 0.8
    donor_other: float = 0.5
    text_gain: float = 8.0
    text_material: float = 0.7
    use_share: float = 0.65
    practice: float = 0.5
    other_giver: float = 0.8
    pull: tuple[tuple[str, float], ...] = (
        ("giver", 20.0),
        ("group", 10.0),
        ("chapter", 10.0),
        ("subchapter", 5.0),
        ("material", 5.0),
        ("code", 4.0),
        ("text", 3.0),
    )
    sharpness: float = 1.25
    sure_fit: float = 0.5
    sure_score: float = 0.22


SETTINGS = RankSettings()


@dataclass(frozen=True, eq=False)
class Suggestion:
    """A ranking of receivers and how it came about.

    Attributes
    ----------
    receivers : :data:`RANKING_COLUMNS`. score (0..1, sums to 1 over all divisions): how likely it is that a
        published exchange of such a stream went to this division. share: popularity alone. use_ids and
        exchange_ids: what speaks for it, the strongest first, apart by a space. basis: ``use``, ``exchange``
        or ``popularity``.
    uses : use_id and `strength` (0..1) of the uses that the stream fits, the strongest first.
    uncertain : no use fits well, or no division stands out.
    reason : why it is uncertain: ``uses.nothing_asked``, ``uses.none_fits``, ``uses.none_stands_out``, or "".
    """

    receivers: pd.DataFrame
    uses: pd.DataFrame
    uncertain: bool
    reason: str


def suggest_receivers(
    library: UseLibrary,
    *,
    codes: WasteCodes,
    code: str | None,
    material: str | None = None,
    industry: str | None = None,
    text: str | None = None,
    text_weights: Mapping[str, float] | None = None,
    limit: int | None = None,
    without_places: Collection[str] = (),
    settings: RankSettings = SETTINGS,
) -> Suggestion:
    """Rank all divisions by how likely they are to receive a stream.

    Parameters
    ----------
    code : waste code (six digits or its beginning), or None.
    material : material key, or None.
    industry : the giver's NACE code or division, SN2007 or SN2025, or None.
    text : what the giver calls it, in bokmål, nynorsk or English.
    text_weights : waste codes that the text may mean, with weights 0..1, as a search of codes gives them.
    limit : rows to return, at least one; None gives every division.
    without_places : leave out the published exchanges of these places (to measure honestly).
    """
    tables = _tabulate(library, codes)
    hits = search_texts(text, library=library, codes=codes) if text else NO_HITS
    without = np.isin(tables.place, list(without_places))
    query = _read_query(codes, tables, code, material, text_weights or {}, hits, settings)
    division = industry[:2] if industry else ""
    uses, fit = _weigh_uses(tables, query, hits, division, library, codes, settings)
    by_use, best = _share_by_use(tables, uses, settings)
    prior, near = _share_by_exchanges(tables, query, hits, division, without, settings)
    mixed = settings.use_share * best
    score = mixed * by_use + (1 - mixed) * prior
    score = score**settings.sharpness
    score = score / score.sum()
    popularity = _share_popular(tables, without)
    order = np.lexsort((np.arange(len(score)), -popularity, -score))
    kept = order[: max(1, limit)] if limit is not None else order
    asked = bool(code or material or text or division)
    known = bool(code or material or hits.materials or hits.uses or hits.codes or text_weights)
    reason = ""
    if not asked:
        reason = "uses.nothing_asked"
    elif fit < settings.sure_fit or not known:
        reason = "uses.none_fits"
    elif float(score.max()) < settings.sure_score:
        reason = "uses.none_stands_out"
    rows = _explain(tables, kept.tolist(), uses, near, settings)
    receivers = pd.DataFrame(
        {
            "rank": pd.array(np.arange(1, len(kept) + 1), dtype="Int64"),
            "division": pd.array([tables.divisions[place] for place in kept], dtype="string"),
            "score": score[kept],
            "share": popularity[kept],
            "use_ids": pd.array([row[0] for row in rows], dtype="string"),
            "exchange_ids": pd.array([row[1] for row in rows], dtype="string"),
            "basis": pd.array([row[2] for row in rows], dtype="string"),
        }
    )
    strongest = sorted(uses.items(), key=lambda item: (-item[1], tables.use_ids[item[0]]))
    found = pd.DataFrame(
        {
            "use_id": pd.array([tables.use_ids[place] for place, _ in strongest], dtype="string"),
            "strength": np.array([strength for _, strength in strongest], dtype=np.float64),
        }
    )
    return Suggestion(receivers, found, bool(reason), reason)


def count_popularity(exchanges: pd.DataFrame, *, divisions: Sequence[str]) -> pd.DataFrame:
    """Return how often each division receives: division, share (sums to 1), source, the most frequent first.

    Only rows of the kind ``exchange`` count. :data:`SMOOTHING` exchanges are spread evenly over `divisions`.
    """
    counted = exchanges[exchanges["kind"] == "exchange"]
    counts = counted["receiver"].value_counts().reindex(list(divisions)).fillna(0).astype(int)
    shares = (counts + SMOOTHING / len(divisions)) / (len(counted) + SMOOTHING)
    table = pd.DataFrame(
        {
            "division": pd.array(list(divisions), dtype="string"),
            "share": shares.to_numpy(dtype=np.float64).round(6),
            "source": [f"{count} of {len(counted)} published exchanges" for count in counts],
        }
    )
    order = np.lexsort((table["division"].to_numpy(dtype=str), -counts.to_numpy()))
    return table.iloc[order].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class _Tables:
    """The library as arrays."""

    divisions: tuple[str, ...]
    use_ids: tuple[str, ...]
    donors: tuple[frozenset[str], ...]
    receivers: tuple[tuple[npt.NDArray[np.int64], Floats], ...]
    materials: Mapping[str, int]
    kinship: Floats
    groups: npt.NDArray[np.str_]
    use_rows: Mapping[str, int]
    exchange_ids: tuple[str, ...]
    exchange_rows: Mapping[str, int]
    receiver: npt.NDArray[np.int64]
    giver: npt.NDArray[np.str_]
    prefixes: Mapping[int, npt.NDArray[np.str_]]
    material: npt.NDArray[np.int64]
    place: npt.NDArray[np.str_]
    single: Bools


@dataclass(frozen=True)
class _Query:
    codes: Mapping[str, float]
    materials: Mapping[str, float]


_KINSHIP = {"same": 1.0, "above": 0.6, "below": 0.5, "sibling": 0.2}


@lru_cache(maxsize=4)
def _tabulate(library: UseLibrary, codes: WasteCodes) -> _Tables:
    divisions = sorted(
        {*library.popularity["division"], *library.receivers["division"], *library.exchanges["receiver"]}
    )
    number = {division: place for place, division in enumerate(divisions)}
    by_use: dict[str, list[tuple[int, float]]] = {}
    weights = library.receivers["weight"].to_numpy(dtype=np.float64).tolist()
    for use, receiver, weight in zip(
        library.receivers["use_id"], library.receivers["division"], weights, strict=True
    ):
        by_use.setdefault(str(use), []).append((number[str(receiver)], weight))
    use_ids = tuple(str(use_id) for use_id in library.uses["use_id"])
    materials = {material: place for place, material in enumerate(codes.ancestors)}
    kinship = np.zeros((len(materials) + 1, len(materials) + 1))
    for material, above in codes.ancestors.items():
        place = materials[material]
        kinship[place, place] = _KINSHIP["same"]
        for ancestor in above:
            kinship[place, materials[ancestor]] = _KINSHIP["above"]
            kinship[materials[ancestor], place] = _KINSHIP["below"]
        for other, others_above in codes.ancestors.items():
            if other != material and above[:1] == others_above[:1] != ():
                kinship[place, materials[other]] = _KINSHIP["sibling"]
    groups = {
        str(name): str(group)
        for name, group in zip(codes.materials["material"], codes.materials["group"], strict=True)
    }
    exchanges = library.exchanges
    named = [
        str(row.material) or codes.material_by_code.get(str(row.code), "")
        for row in exchanges.itertuples(index=False)
    ]
    return _Tables(
        divisions=tuple(divisions),
        use_ids=use_ids,
        donors=tuple(frozenset(str(text).split()) for text in library.uses["donors"]),
        receivers=tuple(
            (
                np.array([place for place, _ in by_use[use_id]], dtype=np.int64),
                np.array([weight for _, weight in by_use[use_id]], dtype=np.float64),
            )
            for use_id in use_ids
        ),
        materials=materials,
        kinship=kinship,
        groups=np.array([*(groups[material] for material in materials), ""]),
        use_rows={use_id: place for place, use_id in enumerate(use_ids)},
        exchange_ids=tuple(str(name) for name in exchanges["exchange_id"]),
        exchange_rows={str(name): place for place, name in enumerate(exchanges["exchange_id"])},
        receiver=np.array([number[str(division)] for division in exchanges["receiver"]], dtype=np.int64),
        giver=exchanges["giver"].to_numpy(dtype=str),
        prefixes={n: exchanges["code"].str[:n].to_numpy(dtype=str) for n in (2, 4, 6)},
        material=np.array([materials.get(name, len(materials)) for name in named], dtype=np.int64),
        place=exchanges["place"].to_numpy(dtype=str),
        single=(exchanges["kind"] == "exchange").to_numpy(dtype=bool),
    )


def _read_query(
    codes: WasteCodes,
    tables: _Tables,
    code: str | None,
    material: str | None,
    text_weights: Mapping[str, float],
    hits: TextHits,
    settings: RankSettings,
) -> _Query:
    weighed_codes: dict[str, float] = {code: 1.0} if code else {}
    weighed: dict[str, float] = {}
    if material:
        weighed[material] = 1.0
    elif code and code in codes.material_by_code:
        weighed[codes.material_by_code[code]] = 1.0 if code[4:] != "99" else 0.5
    factor = settings.text_material if weighed else 1.0
    best = max(hits.materials.values(), default=0.0)
    for name, likeness in hits.materials.items():
        if likeness >= 0.6 * best:
            weighed[name] = max(weighed.get(name, 0.0), factor * likeness**2)
    if not code and not _is_flow_without_code(hits, codes):
        strongest = max(text_weights.values(), default=0.0)
        for name, weight in text_weights.items():
            if weight >= 0.5 * strongest:
                sharp = min(1.0, weight) * (weight / strongest) ** _NEAR_BEST
                weighed_codes[name] = max(weighed_codes.get(name, 0.0), sharp)
    return _Query(weighed_codes, weighed)


def _is_flow_without_code(hits: TextHits, codes: WasteCodes) -> bool:
    """Whether the text names heat, a gas or another flow that is no waste: a code would lead astray."""
    if not hits.materials:
        return False
    name, likeness = max(hits.materials.items(), key=lambda item: (item[1], item[0]))
    return likeness >= _NAMED and not {name, *codes.ancestors[name]} & _coded_materials(codes)


@lru_cache(maxsize=4)
def _coded_materials(codes: WasteCodes) -> frozenset[str]:
    return frozenset(codes.material_by_code.values())


def _weigh_uses(
    tables: _Tables,
    query: _Query,
    hits: TextHits,
    division: str,
    library: UseLibrary,
    codes: WasteCodes,
    settings: RankSettings,
) -> tuple[dict[int, float], float]:
    """Return the strength of each use, and the best fit."""
    fits: dict[int, float] = {}
    told = len(query.codes) == 1 and max(query.codes.values()) == 1.0
    code = next(iter(query.codes)) if told else None
    for name, weight in query.codes.items():
        for place, fit in fit_uses(library, codes=codes, code=name, material=None).items():
            fits[place] = max(fits.get(place, 0.0), fit * weight)
    for name, weight in query.materials.items():
        for place, fit in fit_uses(library, codes=codes, code=None, material=name).items():
            if code is not None and weight == 1.0:
                continue  # what the code stands for is counted with the code
            fits[place] = max(fits.get(place, 0.0), fit * weight)
    for use_id, likeness in hits.uses.items():
        place = tables.use_rows[use_id]
        fits[place] = max(fits.get(place, 0.0), likeness * (0.5 if told else 0.9))
    weighed: dict[int, float] = {}
    for place, fit in fits.items():
        donors = tables.donors[place]
        donor = settings.donor_unknown
        if division and donors:
            donor = 1.0 if division in donors else settings.donor_other
        gain = 1.0 + settings.text_gain * hits.uses.get(tables.use_ids[place], 0.0)
        weighed[place] = fit**settings.fit_power * donor * gain / (1.0 + settings.text_gain)
    return weighed, max(fits.values(), default=0.0)


def _share_by_use(tables: _Tables, uses: Mapping[int, float], settings: RankSettings) -> tuple[Floats, float]:
    shares = np.zeros(len(tables.divisions))
    for place, strength in sorted(uses.items()):
        divisions, weights = tables.receivers[place]
        sharpened = weights**settings.weight_power
        shares[divisions] += strength * sharpened / sharpened.sum()
    total = float(shares.sum())
    if total == 0:
        return np.full(len(shares), 1.0 / len(shares)), 0.0
    highest = max(uses.values()) * (1.0 + settings.text_gain)
    return shares / total, float(min(1.0, highest))


def _share_popular(tables: _Tables, without: Bools) -> Floats:
    counted = tables.single & ~without
    counts: Floats = np.bincount(tables.receiver[counted], minlength=len(tables.divisions)).astype(float)
    shares: Floats = (counts + SMOOTHING / len(counts)) / (counts.sum() + SMOOTHING)
    return shares


def _share_by_exchanges(
    tables: _Tables,
    query: _Query,
    hits: TextHits,
    division: str,
    without: Bools,
    settings: RankSettings,
) -> tuple[Floats, Floats]:
    """Return the shares and how near each exchange is to the query (0..1)."""
    count = len(tables.divisions)
    counted = np.where(tables.single, 1.0, settings.practice)
    counted = np.where(without, 0.0, counted)
    likeness = np.zeros(len(tables.receiver))
    in_group = np.zeros(len(tables.receiver))
    for name, weight in query.materials.items():
        place = tables.materials.get(name)
        if place is None:
            continue
        likeness = np.maximum(likeness, weight * tables.kinship[place, tables.material])
        same = tables.groups[tables.material] == tables.groups[place]
        in_group = np.maximum(in_group, weight * same)
    by_code = {digits: np.zeros(len(tables.receiver)) for digits in (2, 4, 6)}
    for name, weight in query.codes.items():
        for digits, shared in by_code.items():
            if len(name) >= digits:
                by_code[digits] = np.maximum(shared, weight * (tables.prefixes[digits] == name[:digits]))
    by_text = np.zeros(len(tables.receiver))
    for exchange, alike in hits.exchanges.items():
        by_text[tables.exchange_rows[exchange]] = alike**2
    from_giver = (tables.giver == division).astype(np.float64) if division else np.zeros(len(likeness))
    # A neighbour that gave the same kind of thing from the same industry says more than one from another.
    near_giver = np.where(from_giver > 0, 1.0, settings.other_giver) if division else np.ones(len(likeness))
    steps = {
        "giver": from_giver,
        "group": in_group * near_giver,
        "chapter": by_code[2],
        "subchapter": by_code[4],
        "material": likeness * near_giver,
        "code": by_code[6],
        "text": by_text * near_giver,
    }
    shares = _share_popular(tables, without)
    for name, pull in settings.pull:
        weights = steps[name] * counted
        shares = (np.bincount(tables.receiver, weights=weights, minlength=count) + pull * shares) / (
            weights.sum() + pull
        )
    near = np.maximum.reduce([likeness, by_code[6], 0.7 * by_code[4], by_text]) * (counted > 0)
    return shares, near


def _explain(
    tables: _Tables, kept: Sequence[int], uses: Mapping[int, float], near: Floats, settings: RankSettings
) -> list[tuple[str, str, str]]:
    """Return use_ids, exchange_ids and basis of each division of `kept`."""
    wanted = set(kept)
    speaking: dict[int, list[tuple[float, str]]] = {place: [] for place in kept}
    for use, strength in uses.items():
        divisions, weights = tables.receivers[use]
        sharpened = weights**settings.weight_power
        parts = strength * sharpened / sharpened.sum()
        for place, part in zip(divisions.tolist(), parts.tolist(), strict=True):
            if place in wanted:
                speaking[place].append((-part, tables.use_ids[use]))
    examples: dict[int, list[str]] = {place: [] for place in kept}
    alike = np.flatnonzero(near >= _ALIKE)
    for row in alike[np.lexsort((alike, ~tables.single[alike], -near[alike]))].tolist():
        place = int(tables.receiver[row])
        if place in wanted and len(examples[place]) < _REASONS:
            examples[place].append(tables.exchange_ids[row])
    found = []
    for place in kept:
        use_ids = [name for _, name in sorted(speaking[place])[:_REASONS]]
        basis = "use" if use_ids else "exchange" if examples[place] else "popularity"
        found.append((" ".join(use_ids), " ".join(examples[place]), basis))
    return found
