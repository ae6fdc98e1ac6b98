"""A sentence for what goes wrong with official sources, and one for what to do; part of ``messages.py``.

Grouped by source. What still works without a service stands in :data:`INSTEAD`.
"""

from __future__ import annotations

SOURCE_MESSAGES: dict[str, tuple[str, str]] = {
    # every service
    "source.unreachable": (
        "{service} could not be reached in {attempts} attempts.",
        "Try again later: what was fetched is kept, and the next run goes on from there.",
    ),
    "source.failing": (
        "{service} did not answer as it should in {attempts} attempts (status {status}).",
        "Try again later: what was fetched is kept, and the next run goes on from there.",
    ),
    "source.refused": (
        "{service} refused the question (status {status}, {path}).",
        "Check what was asked for; if it is right, the service may have changed.",
    ),
    "source.unexpected": (
        "{service} answered with something else than data ({path}).",
        "Try again later. If it goes on, the service may have changed: report it, and use a file meanwhile.",
    ),
    "source.stale": (
        "{service} cannot be reached now; an older answer that was kept is used.",
        "Fetch again later to have today's data.",
    ),
    # Kartverket through Geonorge
    "geonorge.no_question": (
        "Nothing was asked for.",
        "Give a street, an address, a postcode or a municipality (four digits).",
    ),
    "geonorge.window": (
        "{service} has {total} answers, more than the {limit} it gives, and they could not be had in parts.",
        "Ask for less, such as one municipality, or fetch the whole register of addresses.",
    ),
    "geonorge.changing": (
        "{service} told of {total} addresses and gave {found}: its register changes just now.",
        "Try again later.",
    ),
    "geonorge.not_addresses": (
        "The file {file} is no answer of Kartverket's address search.",
        "Keep the answer of /adresser/v1/sok as it comes, as JSON.",
    ),
    "geonorge.not_municipalities": (
        "The file {file} is no answer of Kartverket's kommuneinfo.",
        "Keep the answer of /kommuneinfo/v1/fylkerkommuner as it comes, as JSON.",
    ),
    "geonorge.county": (
        "There is no county with the number {county} today.",
        "Give today's number, such as 50 for Trøndelag, or 0000 for the whole country.",
    ),
    "geonorge.no_file": (
        "{service} has no file of {name} for the area {area} as {format}.",
        "Look for the data set on geonorge.no, and give the downloaded file instead.",
    ),
    "geonorge.not_boundaries": (
        "The file {file} holds no boundaries of municipalities or counties.",
        "Download Kommuner or Fylker from geonorge.no as GeoJSON, GML or GeoPackage.",
    ),
    "geonorge.no_crs": (
        "The boundaries in the file {file} do not say in which coordinates they are.",
        "Download the file again, or save it with its coordinate system.",
    ),
    "geonorge.topology": (
        "The areas in the file {file} are only references to lines, which are not read.",
        "Download the data set as GeoJSON.",
    ),
}
"""Code -> (what is wrong, what to do)."""
