"""Industry codes from one revision to the next: SN2007 to SN2025. What became several is told, not chosen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pandas as pd

INDUSTRY_CHANGE_COLUMNS: Final = ("code_from", "name_from", "code_to", "name_to", "kind")
"""One row a pair of codes of the same level; ``kind`` is one of :data:`CHANGE_KINDS`."""
CHANGE_KINDS: Final = ("same", "renumbered", "merged", "split")
TRANSLATION_STATUSES: Final = (*CHANGE_KINDS, "unknown", "missing")


def classify_industry_changes(pairs: pd.DataFrame) -> pd.DataFrame:
    """Give each pair of codes its kind.

    ``split``: the old code became several; ``merged``: it is now part of a code that others went to too;
    ``same``/``renumbered``: one became one. Pairs of different levels (``45`` to ``46.71``) are left out:
    they say where to look, not what a code is now.

    Parameters
    ----------
    pairs : ``code_from``, ``code_to`` and, where known, ``name_from``, ``name_to``.
    """
    table = pairs.reindex(columns=list(INDUSTRY_CHANGE_COLUMNS[:-1])).astype("string")
    table = table.dropna(subset=["code_from", "code_to"])
    table = table[table["code_from"].str.len() == table["code_to"].str.len()]
    table = table.drop_duplicates(["code_from", "code_to"]).sort_values(["code_from", "code_to"])
    leads_to = table.groupby("code_from")["code_to"].transform("size")
    comes_from = table.groupby("code_to")["code_from"].transform("size")
    kind = pd.Series("renumbered", index=table.index, dtype="string")
    kind[table["code_from"] == table["code_to"]] = "same"
    kind[comes_from > 1] = "merged"
    kind[leads_to > 1] = "split"
    return table.assign(kind=kind).reset_index(drop=True)


def translate_industry_codes(
    codes: pd.Series, *, changes: pd.DataFrame, in_use: Collection[str] | None = None
) -> pd.DataFrame:
    """Tell what each code of the older revision is in the newer; nothing is chosen.

    A code of a higher level (``38.1``) is what all codes below it became at that level. A code that no change
    names still stands, unless `in_use` is given and lacks it.

    Parameters
    ----------
    codes : as ``38.110``, or shorter (see ``geodata.industries.normalise_industry_code``).
    changes : as from :func:`classify_industry_changes`.
    in_use : codes of the newer revision (``38.110``).

    Returns
    -------
    DataFrame with the index of `codes`: ``code`` (string, <NA> where several or none), ``candidates`` (tuple
    of text), ``status`` (string, one of :data:`TRANSLATION_STATUSES`).
    """
    became: dict[str, list[tuple[str, str]]] = {}
    for old, new, kind in zip(changes["code_from"], changes["code_to"], changes["kind"], strict=True):
        became.setdefault(str(old), []).append((str(new), str(kind)))
    used = None if in_use is None else set(in_use)
    answers: dict[object, tuple[object, tuple[str, ...], str]] = {}
    rows = []
    for value in codes.to_numpy(dtype=object):
        key = None if pd.isna(value) or not str(value).strip() else str(value).strip()
        if key not in answers:
            answers[key] = (pd.NA, (), "missing") if key is None else _translate(key, became, used)
        rows.append(answers[key])
    table = pd.DataFrame(rows, columns=["code", "candidates", "status"], index=codes.index)
    return table.astype({"code": "string", "status": "string"})


def _translate(
    code: str, became: dict[str, list[tuple[str, str]]], used: set[str] | None
) -> tuple[object, tuple[str, ...], str]:
    found = became.get(code)
    if found is None and (below := [old for old in became if old.startswith(code)]):
        new = {to[: len(code)] for old in below for to, _kind in became[old]}
        if used is not None and any(one.startswith(code) for one in used):
            new.add(code)
        kind = "split" if len(new) > 1 else "same" if new == {code} else "merged"
        found = [(one, kind) for one in new]
    if found is None:
        if used is None or any(one.startswith(code) for one in used):
            return code, (code,), "same"
        return pd.NA, (), "unknown"
    candidates = tuple(sorted(new for new, _kind in found))
    return (candidates[0] if len(candidates) == 1 else pd.NA), candidates, found[0][1]
