"""A page with ten thousand made-up facilities: what the browser tests and the benchmark drive."""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from dashboard.layers import build_cluster_layer, build_facility_layer, build_flow_layer, combine_legends
from dashboard.mapview import current_theme, show_map
from geodata.schemas import ACTOR_TYPES, conform_table

PAYLOADS = (
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "{# gone #}",
    "${window.pwned=1}",
    "`${window.pwned=2}`",
    '<img src=x onerror="window.pwned=3;parent.pwned=3">',
    "</script><script>window.pwned=4</script>",
    '");window.pwned=5;//',
    "'-(window.pwned=6)-'",
    "&lt;b&gt;{{config}}&lt;/b&gt;",
)


@st.cache_resource
def make_tables(count: int) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Make `count` facilities around Trondheim and the Oslofjord, the first ones named as attacks."""
    rng = np.random.default_rng(7)
    centres = np.array([[10.4, 63.4], [10.7, 59.6], [11.4, 63.9], [10.4, 59.2]])
    at = centres[rng.integers(0, len(centres), count)] + rng.normal(0, 0.35, (count, 2))
    names = [PAYLOADS[k] if k < len(PAYLOADS) else f"Øvd bedrift nr. {k}" for k in range(count)]
    facilities = gpd.GeoDataFrame(
        conform_table(
            pd.DataFrame(
                {
                    "facility_id": [f"{names[k]} {k}" for k in range(count)],
                    "name": names,
                    "actor_type": rng.choice(ACTOR_TYPES[:5], count),
                    "place": names,
                    "visibility": "public",
                    "dataset": rng.choice(["region", "practice", "own"], count, p=[0.7, 0.25, 0.05]),
                }
            ),
            "facilities",
        ),
        geometry=gpd.points_from_xy(at[:, 0], at[:, 1]),
        crs="EPSG:4326",
    )
    streams = conform_table(
        pd.DataFrame(
            {
                "stream_id": [f"s{k}" for k in range(count)],
                "facility_id": facilities["facility_id"],
                "direction": rng.choice(["offer", "need"], count),
                "material": "wood",
                "amount_best": np.where(rng.random(count) < 0.6, rng.integers(1, 5000, count), np.nan),
                "unit": "t",
                "basis": rng.choice(["reported", "estimated", "modelled", "illustrative"], count),
                "dataset": "practice",
            }
        ),
        "streams",
    )
    return facilities, streams


def make_matches(facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make forty matches between the first facilities."""
    ids = facilities["facility_id"].astype(object).to_list()
    rows = range(min(40, len(ids) - 41))
    return pd.DataFrame(
        {
            "match_id": [f"{{{{m{k}}}}}" for k in rows],
            "from_facility_id": [ids[k] for k in rows],
            "to_facility_id": [ids[k + 41] for k in rows],
            "score": [90.0 - k for k in rows],
            "exchange_best": [10.0 ** (k % 5) for k in rows],
            "unit": "t",
            "distance_km": 12.5,
            "minutes": 20.0,
            "basis": [("reported", "estimated", "modelled", "illustrative")[k % 4] for k in rows],
        }
    )


def main() -> None:
    """Show the map with a filter, and what was clicked, as text that a test can read."""
    started = time.perf_counter()
    st.set_page_config(layout="wide")
    st.title("Kartprøve")
    count = int(st.query_params.get("count", "10000"))
    facilities, streams = make_tables(count)
    kind = st.segmented_control("Filter", ["alle", *ACTOR_TYPES[:5], "ingen"], default="alle", key="kind")
    if kind in ACTOR_TYPES:
        facilities = facilities[facilities["actor_type"] == kind]
    elif kind == "ingen":
        facilities = facilities.head(0)
    pick = st.selectbox("Rad", [None, *facilities["facility_id"].head(30)], key="row")
    layers = []
    if "rich" in st.query_params:
        matches = make_matches(facilities) if len(facilities) > 90 else pd.DataFrame()
        members = pd.DataFrame(
            {"facility_id": facilities["facility_id"].iloc[:12], "cluster_id": ["{{k1}}"] * 6 + ["k2"] * 6}
        )
        clusters = pd.DataFrame(
            {
                "cluster_id": ["{{k1}}", "k2"],
                "name": ["<b>Nord</b> {{7*7}}", "Sør"],
                "facilities": 6,
                "matches": 4,
                "exchange_t_best": 1200.0,
                "basis": "modelled",
            }
        )
        layers = [
            build_cluster_layer(clusters, members, facilities),
            build_flow_layer(matches, facilities),
        ]
    layers.append(build_facility_layer(facilities, streams))
    clicked = show_map(layers, key="prøve", height=560, selected_id=pick)
    if clicked is not None:
        st.session_state["clicked"] = (clicked.layer, clicked.id)
    runs = st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.html(combine_legends(layers, theme=current_theme()))
    st.text(f"runs={runs}")
    st.text(f"shown={len(facilities)}")
    st.text(f"clicked={st.session_state.get('clicked')}")
    st.text(f"seconds={time.perf_counter() - started:.3f}")


main()
