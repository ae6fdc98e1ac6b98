"""The page Data in parts: what is loaded, the road network, the sources and the parameters."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import controls, session, tables
from dashboard.labels import (
    BASES,
    BASIS_MEANINGS,
    DATASETS,
    DIRECTIONS,
    label,
    label_basis,
)
from dashboard.messages import describe_error
from dashboard.notes import note
from dashboard.sourcewords import word_source
from dashboard.text import format_date, format_number, language
from dashboard.text import gettext as _
from geodata.roads import GraphNetwork, RoadNetwork
from geodata.totals import sum_streams

NETWORK_COLUMNS = (
    "name",
    "kind",
    "region",
    "members_public",
    "member_count",
    "founded",
    "ended",
    "merged_into",
    "website",
    "source",
    "note",
)
SOURCE_COLUMNS = ("part", "title", "owner", "licence", "vintage", "attribution_text")


def show_content() -> None:
    """Show how much is loaded, on which basis, and the networks with what is public of them."""
    loaded = session.current_tables()
    st.header(_("What is loaded"))
    st.text(
        _("{dataset}: {facilities} facilities, {streams} streams, {networks} networks.").format(
            dataset=label(DATASETS, controls.choice("data")).capitalize(),
            facilities=format_number(len(loaded.facilities)),
            streams=format_number(len(loaded.streams)),
            networks=format_number(len(loaded.networks)),
        )
    )
    units = int((loaded.facilities["dataset"] == "register").sum())
    if units:
        st.text(
            _("{count} of the facilities come from the business register.").format(count=format_number(units))
        )
    st.subheader(_("By basis"))
    sums = sum_streams(loaded.streams, by=("direction", "basis"))
    sums["direction"] = [label(DIRECTIONS, key) for key in sums["direction"]]
    sums["basis"] = [label_basis(key) for key in sums["basis"]]
    sums["unit"] = tables.text_or_unknown(sums["unit"])
    tables.show_table(
        sums,
        key="content_basis",
        columns=(
            "direction",
            "basis",
            "streams",
            "unknown",
            "amount_best",
            "unit",
            "amount_min",
            "amount_max",
        ),
        titles={"direction": _("Role")},
        alt=_("Streams and amounts a year by direction and basis."),
    )
    st.subheader(_("What the bases mean"))
    st.text("\n".join(f"{label_basis(key)}: {label(BASIS_MEANINGS, key)}" for key in BASES), width="stretch")
    st.subheader(_("Networks"))
    networks = tables.present_networks(loaded.networks)
    for column in ("founded", "ended"):
        networks[column] = [
            format_date(value) if isinstance(value, str) else "" for value in networks[column]
        ]
    names = dict(zip(loaded.networks["network_id"], loaded.networks["name"], strict=True))
    networks["merged_into"] = networks["merged_into"].astype("object").map(names).fillna("")
    tables.show_table(
        networks,
        key="content_networks",
        columns=NETWORK_COLUMNS,
        alt=_("Networks with kind, region, founding, whether their members are public, and source."),
    )


def show_roads() -> None:
    """Show what road network the distances rest on, its date and profile, and what else can be chosen."""
    network = session.current_network()
    st.header(_("Road network"))
    st.text(f"{session.name_roads(network.name, network.date)}. {_(network.licence)}")
    if isinstance(network, GraphNetwork):
        st.text(_("Vehicle: {vehicle}").format(vehicle=session.name_profile(network.profile)))
        _show_graph(network)
    else:
        profile = session.name_profile(network.profile)
        st.text(_("What a way makes as small as it can: {profile}").format(profile=profile))
        _show_main_roads(network)
    _show_shelf()


def _show_graph(network: GraphNetwork) -> None:
    """Show how much is in a network that was built from a map file."""
    summary = session.summarise_roads(network)
    left, middle, right = st.columns(3)
    left.metric(_("Kilometres of road"), format_number(summary.road_km), border=True)
    middle.metric(_("Junctions and road ends"), format_number(summary.nodes), border=True)
    right.metric(_("Car ferries"), format_number(summary.ferries), border=True)
    note(
        _(
            "Driving times are those of the vehicle on every road that it may use, waiting for ferries "
            "included. The way between a facility and the nearest road is estimated and is always shown as "
            "such."
        )
    )
    st.text(_("Digest: {text}").format(text=network.digest))


def _show_shelf() -> None:
    """Show every network that can be chosen, and the files that cannot be used, with the reason."""
    shelf = session.list_roads()
    st.subheader(_("Networks that can be chosen"))
    rows = [
        {
            "name": session.name_roads(roads.name, roads.date),
            "profile": session.name_profile(roads.profile),
            "licence": _(", ".join(part for part in (roads.attribution, roads.licence) if part)),
            "file": roads.path.name if roads.path is not None else _("ships with the app"),
            "digest": roads.key if roads.path is not None else "",
        }
        for roads in shelf.networks
    ]
    tables.show_table(
        pd.DataFrame(rows),
        key="roads_shelf",
        columns=("name", "profile", "licence", "file", "digest"),
        titles={
            "profile": _("Vehicle or profile"),
            "licence": _("Licence"),
            "file": _("File"),
            "digest": _("Digest"),
        },
        alt=_("Road networks with vehicle, licence and file."),
    )
    note(
        _(
            "A network is chosen in the margin. More are built from a map file on the command line "
            "(symbiosekart roads build) and put in the folder that the dashboard is served with."
        )
    )
    if shelf.faulty:
        st.warning(_("Network files that cannot be used:"), icon=":material/error:")
        st.text("\n".join(" ".join(describe_error(error, _)) for error in shelf.faulty))


def _show_main_roads(network: RoadNetwork) -> None:
    """Show how many places, roads and ferries the embedded network has."""
    left, middle, right = st.columns(3)
    left.metric(_("Places"), format_number(len(network.place_ids)), border=True)
    middle.metric(_("Roads between places"), format_number(int((~network.ferry).sum())), border=True)
    right.metric(_("Car ferries"), format_number(int(network.ferry.sum())), border=True)
    note(
        _(
            "Driving times are those of a truck, waiting for ferries included. The way between a facility "
            "and the main road is estimated and is always shown as such."
        )
    )
    ferries = pd.DataFrame(
        {
            "road": network.link_names,
            "from_name": [network.place_names[k] for k in network.tail],
            "to_name": [network.place_names[k] for k in network.head],
            "distance_km": network.km,
            "minutes": network.minutes,
        }
    )[network.ferry]
    st.subheader(_("Car ferries"))
    tables.show_table(
        ferries,
        key="roads_ferries",
        columns=("road", "from_name", "to_name", "distance_km", "minutes"),
        titles={"road": _("Crossing"), "distance_km": _("Kilometres"), "minutes": _("Sailing and waiting")},
        alt=_("Car ferries with length, sailing and waiting time."),
    )


def show_sources() -> None:
    """Show every source of the data that ship with the app, with owner and licence."""
    st.header(_("Sources"))
    tables.show_table(
        pd.DataFrame([{name: _(text) for name, text in row.items()} for row in session.load_sources()]),
        key="sources",
        columns=SOURCE_COLUMNS,
        titles={"part": _("Part"), "attribution_text": _("Attribution")},
        rows_shown=14,
        alt=_("Sources of the embedded data with owner, licence and date."),
    )
    note(_("The source of each single figure stands in the column for it in the tables of streams."))


def show_parameters(view: session.View) -> None:
    """Show every parameter of the scenario with unit, range and source."""
    st.header(_("Parameters"))
    note(_("What the scenario on the other pages was computed with."))
    rows = pd.DataFrame(controls.describe_parameters(view.result.parameters))
    tables.show_table(
        rows,
        key="parameters",
        columns=("name", "value", "range", "source"),
        titles={"name": _("Parameter"), "value": _("Value with unit"), "source": _("Source of the default")},
        rows_shown=16,
        alt=_("Parameters with value, unit, range and source."),
    )


def show_figures() -> None:
    """Show every figure that prices a match with unit, range, year and source."""
    st.subheader(_("Figures for money and emissions"))
    note(
        _(
            "What the plan and the cards of matches are priced with. They are turned on the page Plan; what "
            "you turned stands in the first column of values."
        )
    )
    with st.expander(
        _("All figures"), icon=":material/table_rows:", key="data_figures", on_change="rerun"
    ) as opened:
        if not opened.open:
            return
        turned = dict(session.current_economics().overrides)
        rows = session.describe_figures(language()).reset_index(drop=True)
        rows["value"] = [
            turned.get(key, usual) for key, usual in zip(rows["key"], rows["value"], strict=True)
        ]
        rows["source"] = [word_source(source) for source in rows["source"]]
        for name in ("value", "low", "high"):  # some are thousands, some thousandths
            rows[name] = [format_number(number, decimals=4) for number in rows[name]]
        tables.show_table(
            rows,
            key="figures",
            columns=("meaning", "value", "unit", "low", "high", "year", "source"),
            titles={
                "meaning": _("Figure"),
                "low": _("Lowest"),
                "high": _("Highest"),
                "year": _("Year"),
                "source": _("Source"),
            },
            rows_shown=16,
            missing="–",
            alt=_("Figures that price a match, with value, unit, range, year and source."),
        )
