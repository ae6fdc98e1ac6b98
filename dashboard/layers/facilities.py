"""Facilities as points: shape and colour by role, filling by basis, frame by data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.labels import ACTOR_TYPES, DATASETS, label
from dashboard.layerdocument import (
    Layer,
    assemble_layer,
    encode_text,
    feature_key,
    plain,
    point_coordinates,
)
from dashboard.layers.columns import encode_column, read_texts
from dashboard.layers.looks import (
    BASIS_TITLES,
    DATASET_TITLES,
    GROUP_TITLE,
    NEUTRAL,
    OUTLINES,
    PATTERNS,
    ROLE_OF_ACTOR,
    ROLES,
)
from dashboard.symbols import LegendEntry, Style
from dashboard.text import gettext as _
from geodata.schemas import BASES as BASIS_ORDER


def find_roles(facilities: pd.DataFrame, streams: pd.DataFrame) -> pd.DataFrame:
    """Return role, best-known basis and data set a facility, in the facilities' order.

    The basis is the firmest of its streams with a known amount (reported before modelled); ``unknown`` when
    none has one.
    """
    ids = facilities["facility_id"].to_numpy(dtype=object)
    position = {identifier: row for row, identifier in enumerate(ids)}
    elsewhere = len(ids)  # where the streams of others are counted
    owner = np.fromiter(
        (position.get(identifier, elsewhere) for identifier in streams["facility_id"].to_numpy(dtype=object)),
        np.intp,
        len(streams),
    )
    offering = encode_column(streams["direction"], ("offer",)) == 0
    offers, needs = (_mark(owner[chosen], elsewhere) for chosen in (offering, ~offering))
    role = np.select([offers & needs, offers, needs], ["both", "offers", "needs"], default="none").astype(
        object
    )
    actor = np.array([*ROLE_OF_ACTOR.values(), None], dtype=object)[
        encode_column(facilities["actor_type"], tuple(ROLE_OF_ACTOR))
    ]
    # Parks and offices that have streams of their own are shown by them.
    keep = np.isin(actor, ["municipal_waste_company", "treatment"]) | (role == "none")
    role = np.where((actor != None) & keep, actor, role)  # noqa: E711  (each of them)
    known = np.zeros(len(streams), dtype=bool)
    for name in ("amount_min", "amount_best", "amount_max"):
        known |= streams[name].notna().to_numpy(dtype=bool)
    best = np.full(elsewhere + 1, len(BASIS_ORDER))
    np.minimum.at(best, owner[known], encode_column(streams["basis"], BASIS_ORDER)[known])
    return pd.DataFrame(
        {
            "role": role,
            "basis": np.array([*BASIS_ORDER, "unknown"], dtype=object)[best[:-1]],
            "dataset": np.array([*OUTLINES, "region"], dtype=object)[
                encode_column(facilities["dataset"], tuple(OUTLINES))
            ],
        }
    )


def _mark(positions: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.bool_]:
    marked = np.zeros(count + 1, dtype=bool)
    marked[positions] = True
    return marked[:-1]


@dataclass(frozen=True)
class FacilityPieces:
    """The placed facilities of a data set as JSON in two halves each: what no filter changes.

    Between the halves go the category and the words that follow from the streams. Ten thousand features are
    then put together in hundredths of a second.

    Attributes
    ----------
    position : facility_id -> row in the arrays, -1 for one without a point.
    heads, tails : the two halves.
    keys, ids : feature key and facility_id.
    points : longitude and latitude.
    words : the texts that the halves refer to by number; further ones come after these.
    """

    position: Mapping[str, int]
    heads: npt.NDArray[np.object_]
    tails: npt.NDArray[np.object_]
    keys: npt.NDArray[np.object_]
    ids: npt.NDArray[np.object_]
    points: npt.NDArray[np.float64]
    words: tuple[str, ...]


def prepare_facilities(facilities: gpd.GeoDataFrame) -> FacilityPieces:
    """Return the pieces of all facilities of a data set in the reader's language."""
    placed, coordinates = point_coordinates(facilities)
    rows = facilities.loc[placed]
    ids, names = read_texts(rows, "facility_id"), read_texts(rows, "name")
    number: dict[str, int] = {}

    def count(texts: Iterable[str]) -> list[int]:
        return [number.setdefault(text, len(number)) for text in texts]

    kinds = {key: plain(label(ACTOR_TYPES, key)) for key in set(read_texts(rows, "actor_type"))}
    actor = count(kinds[kind] for kind in read_texts(rows, "actor_type"))
    places = read_texts(rows, "place")
    short = {text: plain(text) for text in set(places)}
    place = count(short[text] for text in places)
    datasets = [text or "region" for text in read_texts(rows, "dataset")]
    titles = {key: plain(label(DATASETS, key)) for key in set(datasets)}
    dataset = count(titles[key] for key in datasets)
    keys = [feature_key(identifier) for identifier in ids]
    heads = [
        f'{{"type":"Feature","properties":{{"key":"{key}","title":{encode_text(name)},"category":'
        for key, name in zip(keys, names, strict=True)
    ]
    tails = [
        f',{a},{p},{d}]}},"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}'
        for a, p, d, (lon, lat) in zip(actor, place, dataset, coordinates, strict=True)
    ]
    position = dict.fromkeys(facilities["facility_id"].astype(object), -1)
    return FacilityPieces(
        position=position | {identifier: row for row, identifier in enumerate(ids)},
        heads=np.array(heads, dtype=object),
        tails=np.array(tails, dtype=object),
        keys=np.array(keys, dtype=object),
        ids=np.array(ids, dtype=object),
        points=np.array(coordinates, dtype=np.float64).reshape(-1, 2),
        words=tuple(number),
    )


def build_facility_layer(
    facilities: gpd.GeoDataFrame, streams: pd.DataFrame, *, pieces: FacilityPieces | None = None
) -> Layer:
    """Return the placed facilities: shape and colour by role, filling by basis, frame by data set.

    Parameters
    ----------
    facilities : columns as :data:`geodata.schemas.FACILITIES`, EPSG:4326; rows without a point are left to
        the table.
    streams : columns as :data:`geodata.schemas.STREAMS`.
    pieces : of the data set that the facilities are part of; None: made of `facilities`.
    """
    pieces = prepare_facilities(facilities) if pieces is None else pieces
    known = facilities["facility_id"].to_numpy(dtype=object)
    row = np.fromiter((pieces.position[identifier] for identifier in known), np.intp, len(known))
    roles = find_roles(facilities, streams).loc[row >= 0]
    row = row[row >= 0]
    combos, category = _categories(roles)
    styles = []
    for role, basis, dataset in combos:
        base = ROLES[role][1]
        styles.append(
            Style(
                base.shape, base.fill, pattern=PATTERNS[basis], outline=OUTLINES[dataset], radius=base.radius
            )
        )
    names = [plain(f"{_(ROLES[r][0])} · {_(BASIS_TITLES[b])}") for r, b, _d in combos]
    middles = np.array([f'{k},"details":[{len(pieces.words) + k}' for k in range(len(combos))], dtype=object)
    texts = np.column_stack([pieces.heads[row], middles[category], pieces.tails[row]])
    return assemble_layer(
        ",".join(map("".join, texts.tolist())),
        count=len(row),
        ids=dict(zip(pieces.keys[row].tolist(), pieces.ids[row].tolist(), strict=True)),
        points=pieces.points[row],
        words=[*pieces.words, *names],
        key="facilities",
        title=_("Facilities"),
        kind="points",
        styles=styles,
        categories=[_(ROLES[role][0]) for role, _basis, _dataset in combos],
        headings=(_("On the map"), _("Kind of actor"), _("Place"), _("Data set")),
        legend=_facility_legend(combos),
        hint=_("facilities here"),
    )


def _categories(roles: pd.DataFrame) -> tuple[list[tuple[str, str, str]], npt.NDArray[np.intp]]:
    """Return the distinct (role, basis, data set) in the order of the legend, and each row's among them."""
    orders = (tuple(ROLES), tuple(PATTERNS), tuple(sorted(OUTLINES)))
    codes = np.zeros(len(roles), dtype=np.intp)
    for name, order in zip(("role", "basis", "dataset"), orders, strict=True):
        codes = codes * len(order) + pd.Index(order, dtype=object).get_indexer(roles[name])
    distinct, category = np.unique(codes, return_inverse=True)
    places = np.unravel_index(distinct, [len(order) for order in orders])
    combos = [
        (orders[0][role], orders[1][basis], orders[2][dataset])
        for role, basis, dataset in zip(*places, strict=True)
    ]
    return combos, category


def _facility_legend(
    combos: list[tuple[str, str, str]],
) -> tuple[tuple[str, tuple[LegendEntry, ...]], ...]:
    roles = {role for role, _basis, _dataset in combos}
    bases = {basis for _role, basis, _dataset in combos}
    datasets = {dataset for _role, _basis, dataset in combos} - {"region"}
    groups = [
        (_("Role"), tuple(LegendEntry(_(t), style) for role, (t, style) in ROLES.items() if role in roles)),
        (
            _("How the amount is known"),
            tuple(
                LegendEntry(_(BASIS_TITLES[basis]), Style("circle", NEUTRAL, pattern=pattern))
                for basis, pattern in PATTERNS.items()
                if basis in bases
            )
            + ((LegendEntry(_(GROUP_TITLE), Style("group", NEUTRAL)),) if len(bases) > 1 else ()),
        ),
        (
            _("Data set"),
            tuple(
                LegendEntry(_(DATASET_TITLES[d]), Style("circle", NEUTRAL, outline=OUTLINES[d], radius=5))
                for d in sorted(datasets)
            ),
        ),
    ]
    return tuple((title, entries) for title, entries in groups if entries)
