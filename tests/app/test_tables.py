"""Tables: labels for keys, unknown said, and data text left as plain cells."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import labels, tables
from dashboard.text import in_language
from geodata import schemas
from geodata.matching import REASONS
from geodata.matchtable import MISSING
from geodata.schemas import conform_table
from geodata.scoring import PARTS
from geodata.usepairs import ROUTES
from geodata.uses import HIERARCHIES

PAYLOADS = (
    "{{ 7*7 }}",
    "{% for x in y %}",
    "${alert(1)}",
    "`x`",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "[a](javascript:alert(1))",
    ":material/home:",
)


@pytest.mark.parametrize(
    ("vocabulary", "keys"),
    [
        (labels.BASES, schemas.BASES),
        (labels.BASIS_MEANINGS, schemas.BASES),
        (labels.DATASETS, schemas.DATASETS),
        (labels.DIRECTIONS, schemas.DIRECTIONS),
        (labels.ACTOR_TYPES, schemas.ACTOR_TYPES),
        (labels.NETWORK_KINDS, schemas.NETWORK_KINDS),
        (labels.GEOCODE_GRADES, schemas.GEOCODE_GRADES),
        (labels.LEGAL_STATUSES, schemas.LEGAL_STATUSES),
        (labels.EXCLUSION_REASONS, [reason for reason in REASONS if reason]),
        (labels.SCORE_PARTS, [part.name for part in PARTS]),
        (labels.HIERARCHIES, HIERARCHIES),
        (labels.ROUTES, ROUTES),
        (labels.MISSING, MISSING),
    ],
)
def test_every_key_of_a_vocabulary_has_a_label(vocabulary: dict[str, str], keys: list[str]) -> None:
    assert set(vocabulary) == set(keys)
    assert all(vocabulary.values())


def test_streams_say_unknown_and_show_their_basis_with_a_sign() -> None:
    streams = conform_table(
        pd.DataFrame(
            [
                {"stream_id": "s1", "facility_id": "f1", "direction": "offer", "material": "wood",
                 "basis": "modelled", "dataset": "practice", "amount_best": 12.0},
                {"stream_id": "s2", "facility_id": "f1", "direction": "need", "material": "wood",
                 "basis": "reported", "dataset": "region", "hazardous": True},
            ]
        ),
        "streams",
    )  # fmt: skip
    with in_language("nb"):
        shown = tables.present_streams(streams, names={"f1": "Verk"}, material=str.upper)
    first, second = shown.to_dict("records")
    assert (first["basis"], second["basis"]) == ("◇ modellert", "● rapportert")
    assert (first["dataset"], second["dataset"]) == ("✎ øvingsdata", "virkelig region")
    assert (first["hazardous"], second["hazardous"]) == ("ukjent", "ja")
    assert (first["eal_code"], first["months"], first["reference"]) == ("ingen", "ukjent", "ukjent")
    assert (first["facility"], first["material"], first["direction"]) == ("Verk", "WOOD", "tilbyr")
    assert shown["amount_best"].tolist()[0] == 12.0
    assert pd.isna(shown["amount_best"].tolist()[1])


def _show_payloads() -> None:
    import pandas as pd
    import streamlit as st

    from dashboard.tables import show_table

    names = st.session_state["payloads"]
    show_table(
        pd.DataFrame({"name": names, "score": [1234.5] * len(names)}),
        key="t",
        columns=("name", "score"),
        ids=[f"id{k}" for k in range(len(names))],
        alt="x",
    )


def test_data_text_stays_text_and_no_element_but_the_table_holds_it() -> None:
    app = AppTest.from_function(_show_payloads)
    app.session_state["payloads"] = list(PAYLOADS)
    app.run()
    assert not app.exception
    assert app.dataframe[0].value["name"].tolist() == list(PAYLOADS)
    assert not app.markdown
    assert not app.get("html")


def test_the_row_of_the_selected_object_is_marked_and_a_lost_one_is_not() -> None:
    app = AppTest.from_function(_show_payloads)
    app.session_state["payloads"] = ["a", "b", "c"]
    app.session_state["choices"] = {"selected": "id2"}
    app.run()
    assert app.session_state["t"]["selection"]["rows"] == [2]
    app.session_state["payloads"] = ["a", "b"]
    app.run()
    assert app.session_state["t"]["selection"]["rows"] == []
