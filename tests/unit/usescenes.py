"""A library of uses small enough to reckon by hand."""

from __future__ import annotations

import pandas as pd

from geodata.uses import COLUMNS, UseLibrary, tabulate_receivers

YIELDS = {"yield_low": 0.8, "yield_best": 0.9, "yield_high": 1.0}


def frame(name: str, *rows: dict[str, object]) -> pd.DataFrame:
    columns = list(COLUMNS[name])
    return pd.DataFrame([{**dict.fromkeys(columns, ""), **row} for row in rows], columns=columns)


def use(use_id: str, **values: object) -> dict[str, object]:
    usual = {
        "step": "none",
        "law": "by_product",
        "hierarchy": "recycling",
        "product": "sawdust",
        "receivers": "16:5",
        "source": "expert judgement",
    }
    return {"use_id": use_id, **usual, **YIELDS, **values}


def exchange(number: int, giver: str, receiver: str, **values: str) -> dict[str, object]:
    return {
        "exchange_id": f"x{number}",
        "kind": "exchange",
        "giver": giver,
        "receiver": receiver,
        "reference": "a page",
        **values,
    }


def make_library(
    uses: list[dict[str, object]], exchanges: list[dict[str, object]] | None = None
) -> UseLibrary:
    table = frame("uses", *uses).astype(dict.fromkeys(YIELDS, "Float64"))
    label = {"label_nb": "a", "label_nn": "b", "label_en": "c"}
    popularity = frame("popularity", *({"division": d, "share": 0.25} for d in ("01", "16", "23", "35")))
    return UseLibrary(
        uses=table,
        receivers=tabulate_receivers(table),
        steps=frame("steps", {"step": "none", **label}, {"step": "drying", **label}),
        qualities=frame("qualities", {"quality": "clean_sorted", **label}),
        laws=frame("laws", *({"law": law, **label} for law in ("by_product", "hazardous"))),
        precedents=frame("precedents", {"precedent_id": "p", "reference": "a page"}),
        popularity=popularity,
        exchanges=frame("exchanges", *(exchanges or [])),
    )
