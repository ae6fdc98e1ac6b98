"""Which offers could meet which needs: sparse joins by code and material, in blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.codetables import WasteCodes
from geodata.materials import materials_related
from geodata.scoring import RELATIONS

Ints = npt.NDArray[np.intp]

CANDIDATE_COLUMNS = ("offer", "need", "shared_digits", "relation")
BLOCK_PAIRS = 400_000
"""Pairs held at once; a block is some 50 MB."""


def iterate_candidates(
    flows: pd.DataFrame, *, codes: WasteCodes, block_pairs: int = BLOCK_PAIRS
) -> Iterator[pd.DataFrame]:
    """Yield blocks of offer-need pairs of the same family, every offer's pairs within one block.

    Same family: related materials (same, parent, sibling) or at least four shared digits of the code.

    Parameters
    ----------
    flows : from :func:`geodata.flows.prepare_flows`.

    Yields
    ------
    Frames with :data:`CANDIDATE_COLUMNS`: row positions in `flows`, shared digits (6, 4, 2, 0) and the
    position of the relation in :data:`geodata.scoring.RELATIONS`.
    """
    groups, offer_members, need_members = _group_flows(flows)
    if not offer_members or not need_members:
        return
    need_groups = np.array(sorted(need_members), dtype=np.intp)
    held: list[tuple[Ints, Ints, npt.NDArray[np.int8], npt.NDArray[np.int8]]] = []
    size = 0
    for group in sorted(offer_members):
        digits = _share_digits(groups[group, 0], groups[need_groups, 0])
        related = _relate_material(groups[group, 1], groups[need_groups, 1], codes=codes)
        near = (related > 0) | (digits >= 4)
        if not near.any():
            continue
        lists = [need_members[other] for other in need_groups[near]]
        lengths = [len(members) for members in lists]
        needs = np.concatenate(lists)
        need_digits = np.repeat(digits[near], lengths)
        need_related = np.repeat(related[near], lengths)
        offers = offer_members[group]
        step = max(1, block_pairs // len(needs))
        for start in range(0, len(offers), step):
            some = offers[start : start + step]
            held.append(
                (
                    np.repeat(some, len(needs)),
                    np.tile(needs, len(some)),
                    np.tile(need_digits, len(some)),
                    np.tile(need_related, len(some)),
                )
            )
            size += len(some) * len(needs)
            if size >= block_pairs:
                yield _to_frame(held)
                held, size = [], 0
    if held:
        yield _to_frame(held)


def drop_unwatched(flows: pd.DataFrame, watched: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Leave out the streams that no stream of a watched facility can meet: those of its own direction.

    Parameters
    ----------
    watched : by position of the facility (``flows["facility"]``).
    """
    offer = flows["offer"].to_numpy()
    mine = watched[flows["facility"].to_numpy()]
    wanted = mine | (~offer if (mine & offer).any() else False) | (offer if (mine & ~offer).any() else False)
    left: pd.DataFrame = flows[wanted].reset_index(drop=True)
    return left


def find_counterparts(
    flows: pd.DataFrame, watched: npt.NDArray[np.bool_], *, codes: WasteCodes
) -> npt.NDArray[np.bool_]:
    """Tell which facilities have a stream of the same family as one of a watched facility, or are watched.

    All others can neither match with a watched one nor be told as left out.
    """
    flows = drop_unwatched(flows, watched)
    facility = flows["facility"].to_numpy()
    found = watched.copy()
    for block in iterate_candidates(flows, codes=codes):
        offer, need = facility[block["offer"].to_numpy()], facility[block["need"].to_numpy()]
        found[offer[watched[need]]] = True
        found[need[watched[offer]]] = True
    return found


def _to_frame(
    held: list[tuple[Ints, Ints, npt.NDArray[np.int8], npt.NDArray[np.int8]]],
) -> pd.DataFrame:
    columns = (np.concatenate(parts) for parts in zip(*held, strict=True))
    return pd.DataFrame(dict(zip(CANDIDATE_COLUMNS, columns, strict=True)))


def _group_flows(
    flows: pd.DataFrame,
) -> tuple[npt.NDArray[np.object_], dict[int, Ints], dict[int, Ints]]:
    """Return the distinct (code, material) and, for offers and needs, group -> row positions."""
    pairs = pd.MultiIndex.from_frame(flows[["code", "material"]])
    numbers, distinct = pd.factorize(pairs, sort=True)
    groups = np.array([list(pair) for pair in distinct], dtype=object).reshape(len(distinct), 2)
    offer = flows["offer"].to_numpy()

    def members(mask: npt.NDArray[np.bool_]) -> dict[int, Ints]:
        rows = np.flatnonzero(mask)
        if not len(rows):
            return {}
        order = rows[np.argsort(numbers[rows], kind="stable")]
        present, starts = np.unique(numbers[order], return_index=True)
        return {int(g): part for g, part in zip(present, np.split(order, starts[1:]), strict=True)}

    return groups, members(offer), members(~offer)


def _share_digits(code: str, others: npt.NDArray[np.object_]) -> npt.NDArray[np.int8]:
    out = np.zeros(len(others), dtype=np.int8)
    if not code:
        return out
    texts = others.astype("U6")
    for digits in (2, 4, 6):
        out[texts.astype(f"U{digits}") == code[:digits]] = digits
    return out


def _relate_material(
    material: str, others: npt.NDArray[np.object_], *, codes: WasteCodes
) -> npt.NDArray[np.int8]:
    """Return the relation of `material` to each of `others` as a position in RELATIONS."""
    distinct, back = np.unique(others.astype("U"), return_inverse=True)
    names = [materials_related(material, str(other), codes=codes) for other in distinct]
    return np.array([RELATIONS.index(name) for name in names], dtype=np.int8)[back]
