"""What stands around every page: language, data set, filters, the banner of practice data, and the footer."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from dashboard import controls, session
from dashboard.choices import DISTANCE_KM, BadValue
from dashboard.framewords import render_frame_script
from dashboard.labels import ACTOR_TYPES, BASES, label
from dashboard.messages import describe_error
from dashboard.notes import note
from dashboard.text import LANGUAGES, format_number, language
from dashboard.text import gettext as _
from geodata.errors import SymbiosekartError

ICON = str(Path(__file__).with_name("icon.svg"))
VIEWS = Path(__file__).with_name("views")
DATASETS = ("region", "practice")


def build_pages() -> list[st.Page]:
    """Return the pages in the order of the menu; the first opens at the bare address."""
    pages = (
        ("oversikt", _("Overview"), ":material/map:"),
        ("kommune", _("Municipality"), ":material/location_city:"),
        ("finn_partner", _("Find partner"), ":material/handshake:"),
        ("plan", _("Plan"), ":material/account_tree:"),
        ("data", _("Data"), ":material/database:"),
    )
    return [
        st.Page(
            VIEWS / f"{name}.py", title=title, icon=icon, url_path=name.replace("_", "-"), default=not number
        )
        for number, (name, title, icon) in enumerate(pages)
    ]


STYLE = """
[data-testid="stMainBlockContainer"] {padding: 4.5rem clamp(1rem, 3vw, 3rem) 3rem;}
.st-key-key_figures {display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem;}
.st-key-key_figures > div {width: 100% !important; height: 100%;}
[class*="st-key-figure_"] {padding: .7rem .9rem; height: 100%;}
[class*="st-key-figure_"] [data-testid="stMetricLabel"] * {white-space: normal;}
[class*="st-key-figure_"] [data-testid="stText"] {font: inherit; font-size: .875rem; line-height: 1.45;}
.st-key-legend_narrow, [class*="st-key-narrow_"] {display: none;}
[data-testid="stHeaderActionElements"] {display: none;}
[data-testid="stSidebar"]:is([data-collapsed="true"], [aria-expanded="false"]) {visibility: hidden;}
[data-testid="stSidebar"]:is([data-collapsed="true"], [aria-expanded="false"]) [data-testid="stWidgetLabel"] {
  visibility: hidden !important;}
[data-testid="stElementToolbar"]:focus-within {opacity: 1;}
:is([data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"], [data-testid="stMainMenuButton"],
  [data-testid="stExpandSidebarButton"], [data-testid="stBaseButton-elementToolbar"],
  [data-testid="stMain"], .dvn-scroller):focus-visible {
  outline: 3px solid currentColor; outline-offset: -3px;}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] {padding: 4rem 1rem 2rem;}
  .st-key-key_figures {grid-template-columns: 1fr 1fr; gap: .5rem;}
  [class*="st-key-figure_"] {padding: .5rem .7rem;}
  .st-key-figure_3 {order: -1;}
  .st-key-key_figures > div:has(> .st-key-figure_3) {grid-column: 1 / -1; order: -1;}
  .st-key-legend_wide, [class*="st-key-wide_"] {display: none;}
  .st-key-legend_narrow, [class*="st-key-narrow_"] {display: flex;}
  iframe.stCustomComponentV1 {height: clamp(320px, 62vh, 560px) !important;}
}
"""


def set_page_style() -> None:
    """Tell browser and screen readers the page's language (Streamlit says English); tighten margins.

    Streamlit's own words are put into that language too. What is closed out of sight is out of the way of the
    keyboard, links to headings are no stops, and what has the focus shows it.
    """
    script = f"document.documentElement.lang = {json.dumps(language())};{render_frame_script()}"
    st.html(
        f"<style>{STYLE}</style><script>{script}</script>",
        unsafe_allow_javascript=True,
    )


def pick_language() -> None:
    """Let the reader switch language; the names of the languages are never translated."""
    before = language()
    controls.pick_segment("lang", _("Language"), tuple(LANGUAGES), labels=lambda code: LANGUAGES[code])
    if language() != before:
        controls.force_widgets()
        st.rerun()


def pick_dataset() -> list[BadValue]:
    """Let the reader choose between the real region and the practice data, own files beside either, and
    filled registers beside the former; return what of the link cannot be followed."""
    titles = {"region": _("Real region"), "practice": _("Practice data")}
    controls.pick_segment("data", _("Data set"), DATASETS, labels=lambda key: titles[key])
    if session.own_files() is not None:
        controls.pick_switch("own", _("Include my own files"))
    bad = _pick_registers() if controls.choice("data") == "region" else []
    if controls.choice("data") == "region" or session.own_files() is not None:
        controls.pick_switch(
            "modelled",
            _("Modelled amounts"),
            help_text=_(
                "Calculated from inhabitants, or from industry and employees; nobody has reported them. "
                "Switched off, they are taken out of map, tables, matches, plan and files."
            ),
        )
    return bad


def _pick_registers() -> list[BadValue]:
    """Show the switch for filled registers, where there are any, and which of several are meant."""
    session.look_at_registers()
    extracts = {extract.key: extract for extract in session.list_registers()}
    asked = controls.choice("extracts")
    bad = [BadValue("extracts", key) for key in asked if key not in extracts]
    if bad:
        controls.choose("extracts", tuple(key for key in asked if key in extracts))
    if not extracts:
        return bad
    count = format_number(sum(extract.facilities for extract in extracts.values()))
    shown = controls.pick_switch(
        "registers",
        _("Companies from the business register ({count})").format(count=count),
        help_text=_("Where companies are, what they do and how many work there; never what they throw away."),
    )
    if shown and len(extracts) > 1:
        controls.pick_several(
            "extracts", _("Extracts of the register"), list(extracts), labels=lambda key: extracts[key].name
        )
    return bad


def pick_filters() -> None:
    """Show the filters that every map and table of the page follows."""
    dataset, named = session.current_dataset(), session.label_materials()
    networks = dataset.networks
    materials = sorted(dataset.materials, key=lambda key: named.get(key, key))
    bases = [key for key in BASES if key in dataset.bases]
    actors = [key for key in ACTOR_TYPES if key in dataset.actor_types]
    controls.pick_several("network", _("Network"), list(networks), labels=lambda key: networks.get(key, key))
    controls.pick_several("material", _("Material"), materials, labels=lambda key: named.get(key, key))
    controls.pick_several(
        "basis",
        _("Basis of the amount"),
        bases,
        labels=lambda key: label(BASES, key),
        help_text=_("How the amount is known: reported, estimated, modelled or illustrative."),
    )
    controls.pick_several("actor", _("Kind of actor"), actors, labels=lambda key: label(ACTOR_TYPES, key))
    pick_limits()


def pick_roads() -> list[BadValue]:
    """Let the reader choose the road network and the profile; return what of the link cannot be followed."""
    session.look_at_roads()
    shelf = session.list_roads()
    groups, bad = shelf.groups, []
    asked = controls.choice("roads")
    meant = shelf.networks[0] if asked is None else shelf.find(asked)
    if meant is None:
        bad.append(BadValue("roads", asked))
        meant = shelf.networks[0]
        controls.choose("profile", None)
    if asked not in (None, meant.group):
        # the link named a file or a digest: that network, and its profile where the link says none
        first = next(iter(groups))
        controls.choose("roads", None if meant.group == first else meant.group)
        if controls.choice("profile") is None and meant != groups[meant.group][0]:
            controls.choose("profile", meant.profile)
    profile = controls.choice("profile")
    if profile is not None and all(profile != network.profile for network in groups[meant.group]):
        bad.append(BadValue("profile", profile))
        controls.choose("profile", None)

    titles = {name: session.name_roads(members[0].name, members[0].date) for name, members in groups.items()}
    group = controls.pick_always(
        "roads",
        _("Road network"),
        list(groups),
        labels=titles.__getitem__,
        help_text=_("The roads that all distances are measured along. More can be built from a map file."),
    )
    profiles = {network.profile: session.name_profile(network.profile) for network in groups[group]}
    controls.pick_always(
        "profile",
        _("Vehicle or profile"),
        list(profiles),
        labels=profiles.__getitem__,
        help_text=_("What the roads must let through, and what the way makes as small as it can."),
    )
    return bad


def read_roads() -> None:
    """Read the chosen network where that was not done before, and say so: that of a country takes a while.

    A damaged one is given up for the main roads, which is told as long as no other is chosen.
    """
    with st.spinner(_("Reading the road network …"), show_time=True):
        there = session.read_current_roads()
    if not there:
        st.rerun()  # the margin must not show what cannot be had
    lost = session.lost_roads()
    if lost is None:
        return
    st.warning(
        _("The road network that was chosen cannot be read. Distances are measured over another one."),
        icon=":material/error:",
    )
    used = session.current_roads()
    used_name = session.name_roads(used.name, used.date)
    st.text(
        _("Cannot be read: {lost}. Used instead: {used}.").format(
            lost=lost.name, used=f"{used_name}, {session.name_profile(used.profile)}"
        )
    )
    st.text(" ".join(describe_error(lost.error, _)))


def pick_limits() -> None:
    """Show the two limits of a match: distance by road and least score."""
    low, high = DISTANCE_KM
    controls.pick_number("km", _("Longest distance by road"), low=low, high=high, step=5, unit="km")
    controls.pick_number(
        "score",
        _("Lowest score"),
        low=0,
        high=100,
        step=5,
        unit=_("points"),
        help_text=_("A match has up to 100 points: code, material, amount, months and distance."),
    )


def show_dataset_banner() -> None:
    """Say on every page that the firms shown are fictional, and that own files are in."""
    if controls.choice("data") == "practice":
        st.warning(
            _("**Practice data.** All firms and figures shown are invented. Do not decide anything by them."),
            icon=":material/draw:",
        )
    if session.own_files() is not None and controls.choice("own"):
        st.info(
            _("Your own files are included. Only you see them, and they are gone when you close the page."),
            icon=":material/folder_shared:",
        )


def show_error(error: SymbiosekartError) -> None:
    """Tell what went wrong and what to do, in words; data text in it is shown as text."""
    what, advice = describe_error(error, _)
    st.error(_("This cannot be shown."), icon=":material/error:")
    st.text(f"{what} {advice}")


def show_footer() -> None:
    """Name the sources and what is known about accessibility."""
    st.divider()
    names = dict.fromkeys(
        (
            *(source["attribution_text"] for source in session.load_sources()),
            *session.credit_registers(),
            session.credit_roads(),
        )
    )
    sources, access = st.columns(2)
    with sources.expander(_("Sources and licences"), icon=":material/copyright:"):
        note(_("Every figure's own source stands beside it in the tables."))
        st.text("\n".join(_(name) for name in names if name), width="stretch")
    with access.expander(_("Accessibility"), icon=":material/accessibility_new:"):
        note(
            _(
                "Everything on a map also stands in a table, nothing is told by colour alone, and all of it "
                "can be reached with the keyboard. The button in a table's corner makes it fill the page."
            )
        )
        note(
            _(
                "With the keyboard: in a table, arrows move and Shift + Space picks a row; Tab leaves it at "
                "the end of the row. On the map, N and P step and Enter picks."
            )
        )
