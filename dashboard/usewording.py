"""Uses, receivers and their reasons in the reader's words: for the command line, cards and exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dashboard.text import LANGUAGES, N_, format_number, language, lower_first
from dashboard.text import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from geodata.codetables import WasteCodes
    from geodata.userank import Suggestion
    from geodata.uses import UseLibrary

HIERARCHY_LABELS: Mapping[str, str] = {
    "reuse": N_("reuse or by-product"),
    "recycling": N_("material recovery"),
    "biological": N_("biological treatment"),
    "backfilling": N_("backfilling"),
    "energy": N_("energy recovery"),
    "disposal": N_("disposal"),
}
UNCERTAIN: Mapping[str, str] = {
    "uses.nothing_asked": N_(
        "Nothing is known of the stream: ranked only by how often industries receive in published exchanges."
    ),
    "uses.none_fits": N_(
        "No use in the library fits well: ranked by published exchanges of streams that are only akin."
    ),
    "uses.none_stands_out": N_("Uncertain: no industry stands out."),
}
"""Reason of an uncertain ranking -> sentence."""
SHOWN_USES, SHOWN_PRECEDENTS = 3, 2
"""Uses and precedents that are told in sentences."""


@dataclass(frozen=True, eq=False)
class Words:
    """What wording needs: the tables by key."""

    library: UseLibrary
    codes: WasteCodes
    divisions: pd.DataFrame
    titles: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, Mapping[str, str]]]
    laws: Mapping[str, dict[str, Any]]
    uses: Mapping[str, dict[str, Any]]
    precedents: Mapping[str, dict[str, Any]]
    exchanges: Mapping[str, dict[str, Any]]


@lru_cache(maxsize=2)
def gather_words(library: UseLibrary, codes: WasteCodes) -> Words:
    """Return the look-ups of a library, made once."""
    from geodata.industries import division_label
    from loaders.codes import read_industries

    divisions = read_industries()
    return Words(
        library=library,
        codes=codes,
        divisions=divisions,
        titles={
            code: {
                str(division): division_label(str(division), divisions=divisions, language=code)
                for division in divisions["division"]
            }
            for code in LANGUAGES
        },
        labels={
            code: {table: library.labels(table, language=code) for table in ("steps", "laws", "qualities")}
            for code in LANGUAGES
        },
        laws={str(row["law"]): row for row in library.laws.to_dict("records")},
        uses={str(row["use_id"]): row for row in library.uses.to_dict("records")},
        precedents={str(row["precedent_id"]): row for row in library.precedents.to_dict("records")},
        exchanges={str(row["exchange_id"]): row for row in library.exchanges.to_dict("records")},
    )


def name_division(division: str, words: Words) -> str:
    """Return the division's title in the reader's language."""
    return words.titles[language()].get(division, "")


def name_hierarchy(hierarchy: str) -> str:
    """Return what a place in the hierarchy of waste is called."""
    return _(HIERARCHY_LABELS[hierarchy])


def name_stream(use_id: str, words: Words) -> str:
    """Return what a use takes: its materials, or the titles of its codes where it names none."""
    from geodata.wastecodes import material_label, title

    row = words.uses[use_id]
    names = [material_label(key, codes=words.codes, language=language()) for key in row["materials"].split()]
    if not names:
        names = [title(code, codes=words.codes, language=language()) for code in row["codes"].split()]
    return ", ".join(dict.fromkeys(names[:2]))


def name_product(use_id: str, words: Words) -> str:
    """Return what the receiver gets."""
    from geodata.wastecodes import material_label

    product = words.uses[use_id]["product"]
    return ", ".join(material_label(key, codes=words.codes, language=language()) for key in product.split())


def tell_precedent(precedent_id: str, words: Words) -> dict[str, Any] | None:
    """Return text, reference, place, country and year of a precedent, or None for ""."""
    row = words.precedents.get(precedent_id)
    if row is None:
        return None
    return {
        "precedent_id": precedent_id,
        "text": row[f"text_{language()}"],
        "reference": row["reference"],
        "place": row["place"],
        "country": row["country"],
        "year": row["year"],
    }


def tell_use(use_id: str, words: Words) -> dict[str, Any]:
    """Return a use as plain values: keys as they are, and beside them words in the reader's language."""
    return dict(_tell_use(use_id, words, language()))


@lru_cache(maxsize=10_000)
def _tell_use(use_id: str, words: Words, code: str) -> dict[str, Any]:
    row = words.uses[use_id]
    labels = words.labels[code]
    quality = row["quality"].split()
    return {
        "use_id": use_id,
        "stream": name_stream(use_id, words),
        "step": row["step"],
        "step_label": labels["steps"][row["step"]],
        "operation": row["operation"],
        "product": row["product"],
        "product_label": name_product(use_id, words),
        "hierarchy": row["hierarchy"],
        "hierarchy_label": name_hierarchy(row["hierarchy"]),
        "hierarchy_rank": int(row["hierarchy_rank"]),
        "quality": quality,
        "quality_labels": [labels["qualities"][key] for key in quality],
        "law": row["law"],
        "law_label": labels["laws"][row["law"]],
        "law_reference": words.laws[row["law"]]["reference"],
        "intermediary": row["intermediary"].split(),
        "precedent": tell_precedent(row["precedent"], words),
        "source": row["source"],
    }


def tell_reasons(
    *, use_ids: list[str], exchange_ids: list[str], share: float, giver: str, words: Words
) -> list[str]:
    """Return the reasons for one receiving division, the strongest first, as sentences."""
    reasons = []
    for use_id in use_ids[:SHOWN_USES]:
        use = tell_use(use_id, words)
        reasons.append(
            _("{stream} becomes {product}: {step} ({hierarchy}).").format(
                stream=use["stream"],
                product=lower_first(use["product_label"]),
                step=lower_first(use["step_label"]),
                hierarchy=use["hierarchy_label"],
            )
        )
    reasons += [
        _("Precedent: {text} ({reference})").format(text=found["text"], reference=found["reference"])
        for found in _precedents(use_ids[:SHOWN_USES], words)[:SHOWN_PRECEDENTS]
    ]
    if use_ids:
        reasons += _tell_terms(use_ids[0], giver=giver, words=words)
    reasons += [_tell_exchange(exchange_id, words) for exchange_id in exchange_ids[:2]]
    if not use_ids and not exchange_ids:
        reasons.append(
            _("Only popularity speaks: it receives {share} % of all published exchanges.").format(
                share=format_number(100 * share, decimals=1)
            )
        )
    return list(dict.fromkeys(reasons))


def _tell_terms(use_id: str, *, giver: str, words: Words) -> list[str]:
    use = tell_use(use_id, words)
    told = []
    if giver and giver in words.uses[use_id]["donors"].split():
        told.append(_("{industry} typically gives this.").format(industry=name_division(giver, words)))
    if use["quality_labels"]:
        told.append(
            _("It must meet: {qualities}.").format(
                qualities=", ".join(map(lower_first, use["quality_labels"]))
            )
        )
    told.append(_("Law: {law} ({reference}).").format(law=use["law_label"], reference=use["law_reference"]))
    if use["intermediary"]:
        names = ", ".join(name_division(division, words) for division in use["intermediary"])
        told.append(_("Someone in between may do the work: {industries}.").format(industries=names))
    return told


def _precedents(use_ids: list[str], words: Words) -> list[dict[str, Any]]:
    keys = dict.fromkeys(words.uses[use_id]["precedent"] for use_id in use_ids)
    return [found for key in keys if (found := tell_precedent(key, words)) is not None]


def _tell_exchange(exchange_id: str, words: Words) -> str:
    row = words.exchanges[exchange_id]
    values = {
        "giver": name_division(row["giver"], words),
        "receiver": name_division(row["receiver"], words),
        "place": row["place"],
        "reference": row["reference"],
    }
    if row["kind"] == "exchange":
        return _("Published: {giver} gives {receiver} a stream like it in {place} ({reference}).").format(
            **values
        )
    return _("Known practice: {giver} gives {receiver} a stream like it ({reference}).").format(**values)


def tell_receivers(suggestion: Suggestion, *, giver: str, words: Words) -> list[dict[str, Any]]:
    """Return the ranked receivers as plain values, with uses and reasons."""
    told = []
    for row in suggestion.receivers.to_dict("records"):
        use_ids = row["use_ids"].split()
        told.append(
            {
                "rank": int(row["rank"]),
                "division": row["division"],
                "title": name_division(row["division"], words),
                "score": round(float(row["score"]), 4),
                "basis": row["basis"],
                "uses": [tell_use(use_id, words) for use_id in use_ids],
                "reasons": tell_reasons(
                    use_ids=use_ids,
                    exchange_ids=row["exchange_ids"].split(),
                    share=float(row["share"]),
                    giver=giver,
                    words=words,
                ),
            }
        )
    return told
