"""A sentence for what goes wrong with official sources, and one for what to do; part of ``messages.py``.

Grouped by source. What still works without a service stands in :data:`INSTEAD`.
"""

from __future__ import annotations

from dashboard.municipalitymessages import MUNICIPALITY_MESSAGES

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
    **MUNICIPALITY_MESSAGES,
    # Statistics Norway: tables
    "jsonstat.unreadable": (
        "This is no JSON, or it is broken off.",
        "Save the table again as JSON-stat 2.",
    ),
    "jsonstat.no_dataset": (
        "There is no table of the format JSON-stat in this.",
        "Save the table as JSON-stat 2.",
    ),
    "jsonstat.collection": (
        "This holds or lists several tables instead of one.",
        "Save one table in each file.",
    ),
    "jsonstat.refused": (
        "Instead of a table there is an error message: {said}",
        "Check what was asked for and save the table again.",
    ),
    "jsonstat.dimension": (
        "The variable {dimension} of the table has no usable list of values.",
        "Save the table again; if it goes on, report it with the table's number.",
    ),
    "jsonstat.size": (
        "The table should have {cells} cells and has {values} values.",
        "Save the table again: part of it is lacking.",
    ),
    "jsonstat.too_large": (
        "The table has {cells} cells; at most {limit} are read.",
        "Choose fewer years, regions or other values.",
    ),
    "ssb.unknown_table": (
        "Statistics Norway has no table {table}.",
        "Find the number of the table at ssb.no/statbank: five digits.",
    ),
    "ssb.unknown_variable": (
        "The table has no variable {variable}. It has: {known}",
        "Use one of these names.",
    ),
    "ssb.unknown_code": (
        "The variable {variable} has no value {value}.",
        "Use a code of the table, or *, top(3), from(2020), range(2019,2023).",
    ),
    "ssb.must_choose": (
        "The variable {variable} cannot be left out: nothing sums over it.",
        "Choose values of it, or * for all.",
    ),
    "ssb.too_many_cells": (
        "The question asks for {cells} cells; at most {limit} are fetched.",
        "Choose fewer years, regions or other values.",
    ),
    "ssb.cells_lacking": (
        "{cells} cells of the table did not come, or came twice.",
        "Fetch the table again.",
    ),
    "ssb.not_accounts": (
        "Table {table} is no table of the waste accounts: materials, or sources and treatments, are lacking.",
        "Use the tables 10513 and 10514, or what has taken their place.",
    ),
    "ssb.unknown_unit": (
        "The values of table {table} are no weights ({unit}).",
        "Choose a table or a measure in tonnes.",
    ),
    "ssb.no_such_table": (
        "None of the {tables} tables found for {words} has household waste by municipality and material.",
        "Search with other words at ssb.no/statbank and give the number of the table.",
    ),
    "ssb.not_a_table": (
        "{file} is not a table as the statistics bank saves it.",
        "Save the table as JSON-stat 2 or as CSV with semicolons.",
    ),
    "ssb.older_api": (
        "The newer service of Statistics Norway did not answer; the older one was asked.",
        "Nothing needs to be done.",
    ),
    # Statistics Norway: classifications (KLASS)
    "klass.unreadable": (
        "{file} holds no codes as KLASS gives them.",
        "Save the classification from ssb.no/klass again, as CSV or JSON.",
    ),
    "klass.unknown": (
        "KLASS has no classification {classification} for that date.",
        "Find its number at ssb.no/klass.",
    ),
    "klass.dates": (
        "The first day {first} is after the last day {last}.",
        "Turn the two around.",
    ),
}
"""Code -> (what is wrong, what to do)."""
