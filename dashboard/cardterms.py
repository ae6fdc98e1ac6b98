"""A match card on use, law, precedent and sources."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import session
from dashboard.cardfacts import Card, unit_word
from dashboard.economycontrols import UNITS
from dashboard.labels import BASIS_MEANINGS, HIERARCHIES, SCORE_REASONS, label, label_basis
from dashboard.matchwording import LAW_ASKS
from dashboard.notes import note
from dashboard.text import format_number, is_unknown, language, lower_first
from dashboard.text import gettext as _


def show_use(card: Card) -> None:
    """Say what is done, what comes of it, its place in the hierarchy, and the quality it takes."""
    match, use = card.match, card.use
    hierarchy = label(HIERARCHIES, match["hierarchy"])
    if use is None:
        st.text(
            "\n".join(
                (
                    _("It is used as it is: {material}.").format(
                        material=card.view.material(str(match["material"]))
                    ),
                    _("Place in the waste hierarchy: {place}.").format(place=hierarchy),
                )
            )
        )
        note(_("The library of uses has no use that this match is an example of."))
        return
    lines = [
        _("{stream} becomes {product}.").format(
            stream=card.view.material(str(match["material"])), product=lower_first(use["product_label"])
        ),
        _("What is done to it: {step}.").format(step=lower_first(use["step_label"])),
        _("Place in the waste hierarchy: {place}.").format(place=hierarchy),
    ]
    if not is_unknown(match["yield_best"]) and match["yield_best"] != 1:
        made = _("{amount} of the product comes of a {unit}.").format(
            amount=format_number(match["yield_best"], decimals=2), unit=unit_word(card.unit)
        )
        lines.append(made)
    if card.name("via"):
        lines.append(_("Done by the intermediary: {name}.").format(name=card.name("via")))
    if use["quality_labels"]:
        lines.append(
            _("It must meet: {qualities}.").format(
                qualities=", ".join(map(lower_first, use["quality_labels"]))
            )
        )
        asked, met, broken = (int(match[f"quality_{name}"]) for name in ("asked", "met", "broken"))
        lines.append(
            _("As the offer is described: {met} of {asked} demands met, {broken} not met.").format(
                asked=asked, met=met, broken=broken
            )
        )
    st.text("\n".join(lines))


def show_law(card: Card) -> None:
    """Say which law it meets, what has to be shown, and who has which licence."""
    match, use, lines = card.match, card.use, []
    if use is None:
        lines.append(_("Which rules hold is not known for this match; ask the authority."))
    else:
        lines.append(_("{law} ({reference}).").format(law=use["law_label"], reference=use["law_reference"]))
        if use["law"] in LAW_ASKS:
            lines.append(_(LAW_ASKS[use["law"]]))
    hazardous = match["hazardous"]
    if is_unknown(hazardous):
        lines.append(_("It is not known whether it is hazardous waste."))
    elif hazardous:
        lines.append(_("It is hazardous waste."))
        if use is None or use["law"] != "hazardous":
            lines.append(_(LAW_ASKS["hazardous"]))
    lines.append(_("Licence: {state}.").format(state=label(SCORE_REASONS, f"hazard.{match['licence']}")))
    if card.name("via"):
        lines.append(_tell_licence(card))
    st.text("\n".join(lines))
    note(
        _(
            "This is a calculation and no advice about law. The authority decides, and the legal text "
            "prevails."
        )
    )


def _tell_licence(card: Card) -> str:
    """Say what the intermediary says that it takes: material, operation, whether hazardous waste."""
    streams = card.view.result.tables.streams
    accepts = streams[streams["stream_id"] == card.match["via_stream_id"]]
    if accepts.empty:
        return ""
    row = accepts.iloc[0]
    treatment, hazardous = row["treatment"], row["hazardous"]
    return _(
        "The intermediary {name} takes {material}, for {operation}; hazardous waste: {hazardous}."
    ).format(
        name=card.name("via"),
        material=card.view.material(str(row["material"])),
        operation=(
            _("a treatment that is not told")
            if is_unknown(treatment)
            else session.name_treatment(str(treatment))
        ),
        hazardous=_("unknown") if is_unknown(hazardous) else _("yes") if hazardous else _("no"),
    )


def show_precedent(card: Card) -> None:
    """Tell a published case of the use, with its reference."""
    found = None if card.use is None else card.use["precedent"]
    if found is None:
        st.text(_("The library knows no published case of this use. That does not mean there is none."))
        return
    place = ", ".join(
        str(found[name]) for name in ("place", "country", "year") if str(found[name] or "").strip()
    )
    st.text("\n".join((str(found["text"]), place, _("Source: {source}").format(source=found["reference"]))))


def show_sources(card: Card) -> None:
    """Say where amounts and prices come from, judgement marked as such."""
    match, streams = card.match, card.view.result.tables.streams
    ends = [
        (title, streams[streams["stream_id"] == match[name]])
        for title, name in (
            (_("Offered"), "offer_stream_id"),
            (_("Intermediary"), "via_stream_id"),
            (_("Needed"), "need_stream_id"),
        )
    ]
    lines = [_tell_stream(title, rows.iloc[0], card) for title, rows in ends if len(rows)]
    if card.use is not None:
        lines.append(_("The use: {source}.").format(source=_(card.use["source"])))
    st.text("\n".join(lines))
    keys = card.parts.keys
    known, chosen = session.describe_figures(language()), dict(session.current_economics().overrides)
    rows = known.loc[known.index.intersection(pd.Index(keys, dtype=known.index.dtype))].to_dict("records")
    judged = sum(bool(row["judged"]) for row in rows)
    st.text(
        _("The price rests on {count} figures, {judged} of them on judgement alone:").format(
            count=len(rows), judged=judged
        )
    )
    st.text("\n".join(_tell_figure(row, chosen, per=card.unit) for row in rows))
    note(_("● from a named source, ◇ judgement alone, ★ turned by you."))


def _tell_stream(title: str, stream: pd.Series, card: Card) -> str:
    reference, year = stream["reference"], stream["reference_year"]
    source = _("source not told") if is_unknown(reference) else str(reference)
    said = _("{title}: {material}, {basis} ({meaning}); {source}").format(
        title=title,
        material=card.view.material(str(stream["material"])),
        basis=label_basis(stream["basis"]),
        meaning=label(BASIS_MEANINGS, stream["basis"]),
        source=source,
    )
    return said if is_unknown(year) else f"{said} ({int(year)})"


def _tell_figure(row: dict[Any, Any], chosen: dict[str, float], *, per: str) -> str:
    key = str(row["key"])
    unit = label(UNITS, row["unit"]).replace("/unit", f"/{per}")
    mark = "◇" if bool(row["judged"]) else "●"
    if key in chosen:
        return _("★ {meaning}: {value}, turned by you (usual {usual})").format(
            meaning=row["meaning"],
            value=format_number(chosen[key], decimals=2, unit=unit),
            usual=format_number(row["value"], decimals=2),
        )
    return _("{mark} {meaning}: {value} ({low}–{high}); {year}, {source}").format(
        mark=mark,
        meaning=row["meaning"],
        value=format_number(row["value"], decimals=2, unit=unit),
        low=format_number(row["low"], decimals=2),
        high=format_number(row["high"], decimals=2),
        year=row["year"],
        source=_(str(row["source"])),
    )
