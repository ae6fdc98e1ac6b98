"""A sentence for what goes wrong with official sources, and one for what to do; part of ``messages.py``.

Grouped by source.
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
    "municipality.none_named": (
        "Nothing says which part of the country is wanted.",
        "Name a county (--county 50) or a municipality (--municipality 5001).",
    ),
    "source.stale": (
        "{service} cannot be reached now; an older answer that was kept is used.",
        "Fetch again later to have today's data.",
    ),
    # Brønnøysundregistrene: reading
    "brreg.columns": (
        "{file} is no table of units from the business register: {missing} is lacking.",
        "Download underenheter from data.brreg.no as CSV or JSON and give that file as it is.",
    ),
    "brreg.several_files": (
        "The archive {file} holds {count} tables; one was expected.",
        "Unpack it and give the file of units.",
    ),
    "brreg.industry": (
        "{value} is no industry code.",
        "Give two to five digits, such as 38, 38.1 or 38.110.",
    ),
    "brreg.wrong_fields": (
        "Rows with more or fewer fields than the header, left out: {count}.",
        "Download the file again, and do not save it from a spreadsheet in between.",
    ),
    "brreg.not_a_unit": (
        "Entries that are no units, left out: {count}.",
        "Download the file again.",
    ),
    "brreg.number": (
        "Rows without a valid organisation number, left out: {count}.",
        "Look at the numbers if the file was made by hand; the register's own file has none of these.",
    ),
    "brreg.duplicate": (
        "Units that came more than once, taken once: {count}.",
        "Nothing needs to be done.",
    ),
    "brreg.unreadable": (
        "Values of {column} that could not be read and count as unknown: {count}.",
        "Look at the column if the file was made by hand.",
    ),
    "brreg.split": (
        "Units whose old municipality has been divided: {count}. Some may lie in another part of it.",
        "Place them by their addresses, or download a newer file.",
    ),
    "brreg.encoding": (
        "Characters that were not UTF-8 and were read as Windows-1252: {count}.",
        "Check names with æ, ø and å, or download the file again.",
    ),
    "brreg.no_municipality": (
        "Units without a municipality, left out because a place was asked for: {count}.",
        "Nothing needs to be done; most are abroad or have no place of work.",
    ),
    "brreg.sole_proprietor": (
        "Businesses of one person, left out to protect privacy: {count}.",
        "Ask for them in so many words if you may use them.",
    ),
    "brreg.parent_form_unknown": (
        "Units left out because nothing shows that their owner is not one person: {count}.",
        "Give the register's file of firms (enheter) too: it tells who owns them.",
    ),
    # Brønnøysundregistrene: fetching
    "brreg.no_area": (
        "No municipality was asked for.",
        "Give a county or municipalities by number, such as 50 or 5001.",
    ),
    "brreg.incomplete": (
        "Brønnøysundregistrene told of {asked} units in municipality {value} and gave {found}.",
        "Fetch again, or take the register's file of the whole country (--bulk).",
    ),
    "brreg.industry_retired": (
        "No unit has the industry {value}, and today's codes (SN2025) do not have it either.",
        "Ask for today's code; Statistics Norway's Klass tells what an old one became.",
    ),
    "brreg.parents_gone": (
        "{count} owners of units are no longer in the register.",
        "Nothing needs to be done: the form of one that is deleted is known still.",
    ),
    "brreg.no_beginning": (
        "Nothing says since when changes are to be fetched.",
        "Give a day, or fetch the units first.",
    ),
    "brreg.not_whole": (
        "The file {file} is damaged or broken off.",
        "Fetch it again.",
    ),
    "brreg.other_layout": (
        "The file {file} is not the business register's file of all units or firms.",
        "Fetch it from data.brreg.no, as CSV or JSON.",
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
    "geonorge.far_away": (
        "In the file {file}, the area of number {number} lies {km} km from where that number is in Norway.",
        "Check the coordinate system of the file and the numbers of its areas.",
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
    "ssb.not_a_query": (
        "This is no question as the statistics bank saves it.",
        "Copy the API query that stands under the table at ssb.no/statbank.",
    ),
    "ssb.grouping": (
        "The question groups values of {variable}; groups cannot be asked for.",
        "Choose the values themselves, and sum them afterwards.",
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
    "ssb.not_household": (
        "Table {table} has no municipalities or no materials.",
        "Choose another table of household waste.",
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
    "municipality.reused": (
        "KLASS gives the number {number}, which had ended, to another municipality.",
        "The table of municipalities must be made again by hand: report it.",
    ),
    "klass.dates": (
        "The first day {first} is after the last day {last}.",
        "Turn the two around.",
    ),
    # Waste reports of suppliers, among members' own files
    "header.other_year": (
        "The column {column} is an earlier year's amount and was not read; {read_as} was.",
        "Leave the column out, or give each year as a waste report to have them all.",
    ),
    "wastereport.read": (
        "Read as a supplier's waste report: {count} rows of fractions, {tonnes} t in all, period {period}.",
        "Nothing needs to be done, if customer, period and sum are right.",
    ),
    "wastereport.customer_missing": (
        "The report does not say whose waste it is or where it was fetched; the file's name is used.",
        "Add a line with Kunde and one with Hentested above the table.",
    ),
    "wastereport.number_invalid": (
        "{value} in the report is not a valid organisation number; it was left out.",
        "Correct the number in the report if the firm should be recognised by it.",
    ),
    "wastereport.period_missing": (
        "The report does not say which period it is for; its amounts stand as they are, without a year.",
        "Add a line with Rapporteringsperiode above the table.",
    ),
    "wastereport.part_year": (
        (
            "The report is for {period}, not for a whole year. Its amounts were not scaled up: they "
            "count as the least a year gives."
        ),
        "Use reports for a whole year, or add those for the rest of the year.",
    ),
    "wastereport.long_period": (
        (
            "The report is for {period}, more than a year. Its amounts were not divided: they count "
            "as the most a year can give."
        ),
        "Ask the supplier for one report a year.",
    ),
    "wastereport.part_left_out": (
        (
            "The report for {period} is not for a whole year, and there are whole years: its amounts "
            "were not used for fractions that those have."
        ),
        "Nothing needs to be done. Add the rest of the year to have it counted.",
    ),
    "wastereport.period_within": (
        "{period} lies within the period of another report of the same site; it was not counted again.",
        "Nothing needs to be done.",
    ),
    "wastereport.period_from_dates": (
        "The list has a date on each row; from the first to the last month it is for {read_as}.",
        "Add a line with Rapporteringsperiode if it is for longer than its dates show.",
    ),
    "wastereport.repeated": (
        "The same amounts for {period} stand in another file; they were counted once.",
        "Leave out one of the two files.",
    ),
    "wastereport.same_period": (
        (
            "Another file has other amounts for the same site and period ({period}). Both are shown, "
            "as if from two suppliers."
        ),
        "If one of them is a corrected report, leave the other out.",
    ),
    "wastereport.not_in_latest": (
        "{value} is in earlier reports and not in the one for {period}; the least amount is set to 0.",
        "Check whether the fraction has ended or has another name now.",
    ),
    "wastereport.nothing": (
        "{value} was delivered with 0; there is no stream of it.",
        "Nothing needs to be done.",
    ),
    "wastereport.number_differs": (
        (
            "Product numbers that do not begin with the group beside them, such as {value}: {count}. "
            "The group was used ({group})."
        ),
        "Nothing needs to be done, unless the group is wrong.",
    ),
    "wastereport.words_differ": (
        (
            "Rows whose words name another material than their group, such as {value}: {count}. The "
            "group was used ({group})."
        ),
        "Check the fraction with the supplier.",
    ),
    "wastereport.hazardous_number": (
        (
            "Hazardous waste of numbers not known here, such as {value}: {count}. It is shown as "
            "mixed hazardous waste."
        ),
        "Choose a waste code for it if it should be matched more closely.",
    ),
    "wastereport.pieces": (
        "Rows counted in pieces only, such as {amount}: {count}. Their weight is unknown.",
        "Ask the supplier for the weight.",
    ),
    "wastereport.unit_assumed": (
        "Nothing says the unit of the amounts ({count}), such as {amount}; {unit} was used.",
        "Write the unit in the heading, for example Mengde (kg), if that is wrong.",
    ),
    "wastereport.correction": (
        "Amounts below zero, such as {amount}: {count}. They were subtracted, as corrections.",
        "Nothing needs to be done, if they are corrections.",
    ),
    "wastereport.taken_back": (
        (
            "More of {value} was taken back by corrections than was delivered ({amount} {unit}). It counts "
            "as nothing for that period."
        ),
        "Check with the supplier, or add the report that the correction belongs to.",
    ),
    "wastereport.unit_unknown": (
        (
            "The unit {value} is not known, so the amounts of its rows ({count}) are unknown: they could be "
            "kilograms or tonnes."
        ),
        "Write kg, tonn or m3 in the column of units.",
    ),
    "wastereport.months_differ": (
        (
            "The months of the row add up to {tonnes} t, and the report's sum says {amount}. The "
            "months were used."
        ),
        "Check the row with the supplier.",
    ),
    "wastereport.sum_differs": (
        "The report's sum is {amount}, and its rows add up to {tonnes} t.",
        "Check whether rows are missing or an amount was read wrongly.",
    ),
    "wastereport.sorting_rate": (
        "The sorting rate in the report, {amount}, agrees with its rows ({percent} %).",
        "Nothing needs to be done.",
    ),
    "wastereport.sorting_differs": (
        "The sorting rate in the report is {amount}; from its rows it is {percent} %.",
        "Check which fractions the supplier counts as sorted.",
    ),
    # filled registers
    "fill.nothing": (
        "None of the {read} units read is left to put on the map.",
        "Choose another area, fewer employees or other industries.",
    ),
    "fill.nothing_of_one": (
        "The only unit read is not to be put on the map.",
        "Choose another area, fewer employees or other industries.",
    ),
    "fill.no_units": (
        "There is no unit in what was read.",
        "Download underenheter from data.brreg.no as CSV or JSON and give that file as it is.",
    ),
    "fill.firms": (
        "{file} is the register's file of firms, not of units (places of work).",
        "Give the file of units (underenheter) first, and this one after --parents.",
    ),
    "fill.too_many": (
        "{count} facilities are more than a map can show (at most {most}).",
        "Choose a county, more employees or some industries.",
    ),
    "fill.unknown": (
        "There is no filled register called {name} (there are: {names}).",
        "Make it with symbiosekart fill, or choose one of those.",
    ),
    "fill.damaged": (
        "The filled register {name} is damaged.",
        "Fill the region anew with symbiosekart fill.",
    ),
    "brreg.nothing_to_update": (
        "No units of an area have been fetched yet, so there is nothing to bring up to date.",
        "Fetch them first: symbiosekart fetch brreg --county 50",
    ),
    # Miljødirektoratet: plants with a permit
    "mdir.answer_error": (
        "{service} answered with an error ({error}): {reason}",
        (
            "Check what was asked for; if it is right, the service may have changed. A saved answer "
            "can be read meanwhile."
        ),
    ),
    "mdir.count_differs": (
        "{service} says that it has {count} plants and gave {read}, several times over.",
        "Try again later: the register may be changing just now.",
    ),
    "mdir.not_plants": (
        "{file} is not an answer of the service of plants.",
        "Save the service's answer as JSON or GeoJSON, whole and unchanged.",
    ),
    "mdir.saved_error": (
        "{file} holds the service's error, not its plants.",
        "Fetch it again and look at the answer before it is saved.",
    ),
    "mdir.unknown_crs": (
        "{file} has its points in a coordinate system that is not known ({crs}).",
        "Fetch it again with outSR=4326.",
    ),
    # European Environment Agency: waste transfers of facilities
    "eea.not_transfers": (
        "{file} is not the table of waste transfers by facility: it has no column {column}.",
        "Take F4_2_WasteTransfers_Facilities.csv out of the download of the Industrial Emissions Portal.",
    ),
    "eea.unknown_country": (
        "{file} has no rows for {country}.",
        "Write the country as in the file, for example Norway, or its two letters.",
    ),
}
"""Code -> (what is wrong, what to do)."""
