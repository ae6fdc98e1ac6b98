"""Where each material goes, as a Sankey diagram: material -> what becomes of it -> who receives it.

The diagram's library reads labels as a kind of HTML: every text is escaped. The table under it says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import controls, tables
from dashboard.labels import ACTOR_TYPES, HIERARCHIES, label
from dashboard.layers.looks import NEUTRAL, PLAN_LOOKS
from dashboard.mapview import current_theme
from dashboard.notes import note
from dashboard.planwording import describe_parts
from dashboard.symbols import INK, Colour, Theme
from dashboard.text import format_number
from dashboard.text import gettext as _
from geodata.flows import TONNES
from geodata.planning import BASIS_PARTS, Plan, summarise_destinations
from geodata.uses import HIERARCHIES as RANKS

WIDE_MATERIALS, NARROW_MATERIALS = 12, 7
OTHERS = "+"
"""Key of the node that stands for all smaller materials; no material is called so."""
UNALLOCATED, UNKNOWN, NO_OPERATION = "unallocated", "unknown", "none"
SEE_THROUGH = 0.42
NODE_HEIGHT, LEAST_HEIGHT, MOST_HEIGHT = 46, 320, 820
LONGEST_LABEL = 34
FONT = '"Source Sans", "Source Sans 3", sans-serif'

Material = Callable[[str], str]


@dataclass(frozen=True)
class Diagram:
    """Nodes as (level, key, amount), links as (tail, head, amount, way), both ends by the node's place."""

    nodes: tuple[tuple[str, str, float], ...]
    links: tuple[tuple[int, int, float, str], ...]


def show_destinations(plan: Plan, *, material: Material, unit: str) -> None:
    """Show where the tonnes (or MWh) of each material go, as a diagram and as a table."""
    links = summarise_destinations(plan)
    links = links[links["unit"] == unit]
    if links.empty:
        return
    placed = _find_placed(links)
    idle = sorted(set(links.loc[links["from_level"] == "material", "from_key"]) - placed)
    every = unit != TONNES or not idle
    if not every:
        every = controls.pick_switch("idle", _("Also materials of which nothing is placed"))
    drawn = links if every else _leave_out(links, set(idle))
    if not placed and not (unit == TONNES and every):
        note(_("Nothing is placed."))
    else:
        alt = _("Diagram of where each material goes; the table below says the same.")
        with st.container(key=f"wide_sankey_{unit}"):
            _draw(gather(drawn, most=WIDE_MATERIALS), material=material, unit=unit, alt=alt, narrow=False)
        with st.container(key=f"narrow_sankey_{unit}"):
            _draw(gather(drawn, most=NARROW_MATERIALS), material=material, unit=unit, alt=alt, narrow=True)
    note(_("What the amounts rest on: {parts}.").format(parts=_sum_parts(links, unit=unit)))
    if idle and placed and not every:
        amounts = links[links["from_key"].isin(idle) & (links["from_level"] == "material")]["amount"]
        note(
            _("Not drawn: {count} materials of which nothing is placed, {amount} together.").format(
                count=format_number(len(idle)), amount=format_number(float(amounts.sum()), unit=unit)
            )
        )
    with st.expander(_("The diagram as a table"), icon=":material/table_rows:", key=f"sankey_rows_{unit}"):
        tables.show_table(
            _tabulate(links, material=material),
            key=f"destinations_{unit}",
            columns=("from_name", "to_name", "amount", "unit", "basis"),
            titles={"from_name": _("From"), "to_name": _("To")},
            alt=_("Links of the diagram with amount a year."),
        )


def _sum_parts(links: pd.DataFrame, *, unit: str) -> str:
    """Return on what the amounts of all links out of the materials rest: each tonne once."""
    of_material = links[links["from_level"] == "material"]
    return describe_parts({name: float(of_material[name].sum()) for name in BASIS_PARTS}, unit=unit)


def _find_placed(links: pd.DataFrame) -> set[str]:
    of_material = links[(links["from_level"] == "material") & (links["to_key"] != UNALLOCATED)]
    return set(of_material["from_key"])


def _leave_out(links: pd.DataFrame, idle: set[str]) -> pd.DataFrame:
    return links[~((links["from_level"] == "material") & links["from_key"].isin(idle))]


def gather(links: pd.DataFrame, *, most: int) -> Diagram:
    """Return what is drawn of the links: the `most` largest materials, all others as one node.

    What stays unallocated ends there; the others end at the receivers.
    """
    first = links[links["from_level"] == "material"]
    sizes = first.groupby("from_key")["amount"].sum().sort_values(ascending=False, kind="stable")
    kept = list(sizes.index[:most]) if len(sizes) > most + 1 else list(sizes.index)
    amounts: dict[tuple[tuple[str, str], tuple[str, str]], float] = {}
    for row in links.to_dict("records"):
        tail, head = (row["from_level"], row["from_key"]), (row["to_level"], row["to_key"])
        if head[0] == "treatment":
            continue
        if tail[0] == "material" and tail[1] not in kept:
            tail = ("material", OTHERS)
        amounts[tail, head] = amounts.get((tail, head), 0.0) + float(row["amount"])
    ways = [*RANKS, UNKNOWN, UNALLOCATED]
    order = {("material", key): number for number, key in enumerate([*kept, OTHERS])}
    order |= {("way", key): number for number, key in enumerate(ways)}
    levels = ("material", "way", "receiver")
    found = {end for pair in amounts for end in pair}
    nodes = sorted(found, key=lambda node: (levels.index(node[0]), order.get(node, 0), node[1]))
    place = {node: number for number, node in enumerate(nodes)}
    into = {node: sum(a for (_t, head), a in amounts.items() if head == node) for node in nodes}
    out = {node: sum(a for (tail, _h), a in amounts.items() if tail == node) for node in nodes}
    return Diagram(
        tuple((*node, max(into[node], out[node])) for node in nodes),
        tuple(
            (place[tail], place[head], amount, tail[1] if tail[0] == "way" else head[1])
            for (tail, head), amount in sorted(amounts.items())
        ),
    )


def name_node(level: str, key: str, *, material: Material) -> str:
    """Return what a node of the diagram is called; plain text, not escaped."""
    if level == "material":
        return _("All other materials") if key == OTHERS else material(key)
    if level == "way":
        return _("Unallocated") if key == UNALLOCATED else label(HIERARCHIES, key).capitalize()
    if level == "receiver":
        return label(ACTOR_TYPES, key if key != UNKNOWN else None).capitalize()
    return {NO_OPERATION: _("No waste operation"), UNKNOWN: _("Present treatment unknown")}.get(key, key)


def make_figure(
    diagram: Diagram, *, material: Material, unit: str, theme: Theme, narrow: bool
) -> dict[str, Any]:
    """Return the diagram as the drawing library knows it; every text in it is escaped."""
    nodes, links = diagram.nodes, diagram.links
    if narrow:  # two columns fit a telephone; who receives it stands in the table
        keep = [number for number, node in enumerate(nodes) if node[0] != "receiver"]
        place = {old: new for new, old in enumerate(keep)}
        links = tuple((place[t], place[h], a, w) for t, h, a, w in links if t in place and h in place)
        nodes = tuple(nodes[number] for number in keep)
    names = [name_node(level, key, material=material) for level, key, _amount in nodes]
    amounts = [format_number(amount, unit=unit) for _level, _key, amount in nodes]
    colours = [_colour_node(level, key).on(theme) for level, key, _amount in nodes]
    ink = INK.on(theme)
    told = [
        f"{names[tail]} → {names[head]}: {format_number(amount, decimals=1, unit=unit)}"
        for tail, head, amount, _way in links
    ]
    levels = [level for level, _key, _amount in nodes]
    tallest = max((levels.count(level) for level in levels), default=1)
    return {
        "data": [
            {
                "type": "sankey",
                "arrangement": "snap",
                "valueformat": ",.0f",
                "textfont": {"color": ink, "size": 13 if narrow else 14, "shadow": "none"},
                "node": {
                    "label": [
                        f"{escape(_shorten(name, narrow=narrow))} <b>{escape(amount)}</b>"
                        for name, amount in zip(names, amounts, strict=True)
                    ],
                    "customdata": [
                        escape(f"{name}: {amount}") for name, amount in zip(names, amounts, strict=True)
                    ],
                    "hovertemplate": "%{customdata}<extra></extra>",
                    "color": colours,
                    "line": {"color": ink, "width": 0.8},
                    "align": "left",
                    "pad": 20,
                    "thickness": 14,
                },
                "link": {
                    "source": [link[0] for link in links],
                    "target": [link[1] for link in links],
                    "value": [link[2] for link in links],
                    "customdata": [escape(text) for text in told],
                    "hovertemplate": "%{customdata}<extra></extra>",
                    "color": [_see_through(_colour_way(link[3]).on(theme)) for link in links],
                },
            }
        ],
        "layout": {
            "height": int(min(max(NODE_HEIGHT * tallest, LEAST_HEIGHT), MOST_HEIGHT)),
            "margin": {"l": 4, "r": 4, "t": 14, "b": 18},
            "font": {"color": ink, "family": FONT},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


def _draw(diagram: Diagram, *, material: Material, unit: str, alt: str, narrow: bool) -> None:
    figure = make_figure(diagram, material=material, unit=unit, theme=current_theme(), narrow=narrow)
    st.plotly_chart(
        figure,
        key=f"sankey_{unit}_{'narrow' if narrow else 'wide'}",
        theme=None,
        config={"displayModeBar": False, "scrollZoom": False, "staticPlot": narrow},
        alt=alt,
    )


def _shorten(name: str, *, narrow: bool) -> str:
    most = 20 if narrow else LONGEST_LABEL
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _colour_node(level: str, key: str) -> Colour:
    return _colour_way(key) if level == "way" else NEUTRAL


def _colour_way(key: str) -> Colour:
    looks: Mapping[str, tuple[Colour, Sequence[float]]] = PLAN_LOOKS
    return looks[key][0] if key in looks else NEUTRAL


def _see_through(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{SEE_THROUGH})"


def _tabulate(links: pd.DataFrame, *, material: Material) -> pd.DataFrame:
    shown = links.sort_values("amount", ascending=False, kind="stable")
    for end in ("from", "to"):
        shown[f"{end}_name"] = [
            name_node(level, key, material=material)
            for level, key in zip(shown[f"{end}_level"], shown[f"{end}_key"], strict=True)
        ]
    shown["basis"] = [
        describe_parts(row, unit=str(row["unit"]), decimals=1) for row in shown.to_dict("records")
    ]
    return shown
