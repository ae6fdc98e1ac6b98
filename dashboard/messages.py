"""What each code means: a sentence for what is wrong and one for what to do, in plain words.

The English sentences are message ids; bokmål stands in ``locale/nb/LC_MESSAGES/findings.po``. This
module imports
only its second half, geodata and the standard library; whoever speaks hands in the translate function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dashboard.sourcemessages import SOURCE_MESSAGES
from geodata.errors import SymbiosekartError
from geodata.findings import Finding

Translate = Callable[[str], str]

MESSAGES: dict[str, tuple[str, str]] = {
    "file.not_found": (
        "The file {file} was not found.",
        "Check the name and the folder.",
    ),
    "file.symlink": (
        "{file} is a link to another file, not a file.",
        "Give the file itself.",
    ),
    "file.not_a_file": (
        "{file} is a folder or a device, not a file.",
        "Give a file with one of the supported formats.",
    ),
    "file.path_not_file": (
        "{file} holds or is an address or a path instead of data.",
        "Open what it points to, save it as a file, and send that file.",
    ),
    "file.too_large": (
        "The file is larger than {limit} MB.",
        "Split it, or leave out what is not facilities and streams.",
    ),
    "file.empty": (
        "The file is empty.",
        "Save it again from the program it was made in.",
    ),
    "file.unsupported": (
        "Files of the type {extension} are not read.",
        "Save as CSV, XLSX, GeoPackage, GeoJSON, GeoParquet, KML or a zipped shapefile.",
    ),
    "file.old_excel": (
        "Workbooks of the type {extension} are not read: they may hold programs, or the format is old.",
        "Open it and save it as Excel workbook (.xlsx).",
    ),
    "file.shapefile_not_zipped": (
        "One file of a shapefile cannot be read alone.",
        "Put the .shp, .shx, .dbf and .prj files in one .zip and send that.",
    ),
    "file.shapefile_incomplete": (
        "The zip lacks the .shx or .dbf file of the shapefile.",
        "Zip all files of the shapefile together.",
    ),
    "file.html": (
        "The file is a web page, not data, whatever its name says.",
        "Perhaps a login page was saved: download the data again and look inside.",
    ),
    "file.disguised": (
        "The file is something else than its name says ({found}), of a kind that could open other files.",
        "Save the data themselves in one of the supported formats.",
    ),
    "file.encrypted_or_old": (
        "The file is locked with a password, or is in Excel's old format.",
        "Remove the password and save as .xlsx.",
    ),
    "file.sqlite_not_geopackage": (
        "The file is a database, but not a GeoPackage.",
        "Export the layer as GeoPackage from your map program.",
    ),
    "file.binary": (
        "The file does not hold text or any format that is read here.",
        "Save it as CSV or XLSX.",
    ),
    "file.wrong_extension": (
        "The name ends in {extension}, but the content is {found}.",
        "Give the file the ending of its content, or save it again in the format of its name.",
    ),
    "file.truncated": (
        "The end of the file is missing.",
        "Copy or download it again: the transfer was cut off.",
    ),
    "file.damaged": (
        "The file is damaged and cannot be read.",
        "Save it again from the program it was made in.",
    ),
    "file.zip_bomb": (
        "The file unpacks to far more than it should (limit {limit}).",
        "Send only the data, without pictures and empty formatted cells.",
    ),
    "file.zip_nested": (
        "There is an archive inside the archive ({member}).",
        "Unpack it and send the data file by itself.",
    ),
    "file.zip_unsafe": (
        "The archive holds a name that leads out of it or a link ({member}).",
        "Make the zip again from the plain files.",
    ),
    "file.zip_content": (
        "The zip holds no shapefile.",
        "Put the .shp, .shx, .dbf and .prj files in it, or send the data file by itself.",
    ),
    "file.xml_entities": (
        "The file defines entities or a document type, which can be used to read other files.",
        "Save it again from a spreadsheet or map program.",
    ),
    "file.macros": (
        "The workbook holds macros.",
        "Save it as a workbook without macros (.xlsx).",
    ),
    "file.too_many_rows": (
        "The file has more than {limit} rows.",
        "Split it into several files.",
    ),
    "file.too_many_columns": (
        "The file has more than {limit} columns.",
        "Keep only the columns that matter here.",
    ),
    "file.too_many_cells": (
        "The file has more cells than can be read here.",
        "Remove empty formatted rows and columns, or split the file.",
    ),
    "file.too_many_sheets": (
        "The workbook has more than {limit} sheets.",
        "Send only the sheets with facilities and streams.",
    ),
    "file.cell_too_long": (
        "A cell in row {row} holds more than {limit} characters.",
        "Look for a missing quotation mark in that row.",
    ),
    "file.too_much_memory": (
        "Reading the file takes more memory than is allowed.",
        "Split it, or save it again without formatting.",
    ),
    "file.too_slow": (
        "Reading the file takes more than {limit} seconds.",
        "Split it, or save it again without formatting.",
    ),
    "file.not_a_table": (
        "The file is text, but not a table with columns.",
        "Save it as CSV with a header row, with semicolons between the columns.",
    ),
    "file.not_features": (
        "The file holds no map features.",
        "Export the layer again; a GeoJSON file must hold a FeatureCollection.",
    ),
    "file.no_header": (
        "No header row was found.",
        "Put the column names in one row above the data; the template shows names that are understood.",
    ),
    "file.columns_missing": (
        "The columns that were understood ({read}) are not enough for facilities or streams.",
        "Facilities need a name and a place; streams need a facility and a material or a "
        "waste code. See the template.",
    ),
    "file.banner_rows": (
        "{count} rows above the header were passed over.",
        "Nothing needs to be done.",
    ),
    "file.encoding_damaged": (
        "{count} characters in the file could not be read.",
        "Save it as CSV UTF-8 and look for odd marks in the names.",
    ),
    "file.mojibake": (
        "Letters like æ, ø and å look damaged in {count} places (written as two marks).",
        "Open the source as UTF-8 and save it again.",
    ),
    "file.merged_cells": (
        "Merged cells: {count} empty cells got the value that was merged over them.",
        "Look whether it is right; one value a cell is safer.",
    ),
    "file.crs_missing": (
        "The coordinates do not say which coordinate system they are in, so {count} points were not used.",
        "Add the column EPSG (for example 25833), or save the layer with its coordinate system.",
    ),
    "file.crs_unknown": (
        "The coordinate system {value} is not known, so {count} points were not used.",
        "Use EPSG:25832, 25833 or 4326.",
    ),
    "file.crs_wrong_zone": (
        "The points are said to be in {value}, but {count} fall in their municipality only as "
        "{suggestion}. They were read as {suggestion}.",
        "Correct the coordinate system in the file.",
    ),
    "column.crs_inferred": (
        "The coordinate system is not stated; it was read as {crs}, because {count} of "
        "{total} points then fall in their municipality and in no other system.",
        "Add the column EPSG to be sure.",
    ),
    "geometry.not_points": (
        "The file holds {kinds}; a point inside each was used.",
        "Nothing needs to be done if the shapes are sites.",
    ),
    "sheet.skipped": (
        "The sheet or layer {sheet} was not read: it holds neither facilities nor streams.",
        "Nothing needs to be done if that is so.",
    ),
    "sheet.hidden": (
        "The hidden sheet {sheet} was not read.",
        "Show it if it holds data.",
    ),
    "header.merged": (
        "The header {column} was merged over several columns; it was read as {read_as}.",
        "Give each column its own header in one row.",
    ),
    "header.merged_unreadable": (
        "The header {column} stands over {count} columns, and nothing tells what the others "
        "are; only the first was read.",
        "Give each column its own header.",
    ),
    "header.unknown": (
        "The column {column} is not known and was not read.",
        "Rename it after the template if it matters.",
    ),
    "header.duplicate": (
        "The column {column} means the same as one before it and was not read.",
        "Keep one of them.",
    ),
    "header.blank": (
        "Column number {position} has values but no header and was not read.",
        "Give it a header if it matters.",
    ),
    "header.not_used": (
        "The column {column} belongs to streams, but the list has no material or waste code, "
        "so it was not read.",
        "Add a column for material or waste code.",
    ),
    "row.total_skipped": (
        "The row is a sum and was not read as data.",
        "Nothing needs to be done.",
    ),
    "row.remark_skipped": (
        "The row is a remark and was not read as data.",
        "Nothing needs to be done.",
    ),
    "row.header_repeated": (
        "The header is repeated here; the row was not read as data.",
        "Nothing needs to be done.",
    ),
    "row.name_missing": (
        "The row has no name, organisation number or identifier.",
        "Write who it is about.",
    ),
    "row.name_replaced": (
        "The name is missing; {suggestion} is used instead.",
        "Write the name.",
    ),
    "orgnr.malformed": (
        "{value} is not an organisation number: it must have nine digits.",
        "Look it up in Brønnøysundregistrene, or leave the cell empty.",
    ),
    "orgnr.check_digit": (
        "{value} is not a valid organisation number: the check digit is wrong, so a digit has been mistyped.",
        "Look it up in Brønnøysundregistrene, or leave the cell empty.",
    ),
    "row.organisation_number_duplicate": (
        "The organisation number {value} stands also in row {other_row} ({other}).",
        "If it is the same firm with several plants, use the number of each sub-unit; else "
        "correct one of them.",
    ),
    "row.facility_duplicate": (
        "The same facility stands in row {other_row} of {other_file}; this row was not loaded.",
        "Remove one of them, or give each its own identifier.",
    ),
    "row.facility_differs": (
        "The same facility has {other} in row {other_row}, and {value} here; the first was kept.",
        "Make the rows agree.",
    ),
    "row.facility_id_taken": (
        "The identifier {value} is used by a facility that is already loaded; it was given "
        "the beginning own-.",
        "Use another identifier.",
    ),
    "row.facility_from_above": (
        "The row names no facility; it was read as belonging to the one in row {other_row}.",
        "Write the name in each row.",
    ),
    "row.facility_missing": (
        "The row does not say which facility the stream belongs to.",
        "Write the facility's identifier, organisation number or name.",
    ),
    "row.facility_unknown": (
        "No facility is called {value}.",
        "Correct it, or add the facility to the list of facilities and send both together.",
    ),
    "row.facility_ambiguous": (
        "{count} facilities are called {value}.",
        "Use the identifier or the organisation number.",
    ),
    "row.facility_refused": (
        "The facility {value} has a fault of its own and was not loaded, so the stream was not either.",
        "Mend the facility's row first.",
    ),
    "row.municipality_unknown": (
        "There is no municipality {value}.",
        "Write the name or the four-digit number as it is today.",
    ),
    "row.municipality_lost_zero": (
        "The municipality number {value} has lost its first zero and was read as {suggestion}.",
        "Format the column as text.",
    ),
    "row.municipality_old": (
        "The municipality number {value} is no longer in use; it was read as {today} {name} ({count} rows).",
        "Nothing needs to be done.",
    ),
    "row.municipality_ambiguous": (
        "{value} may be several municipalities, so none was chosen.",
        "Write the number, or add the county or coordinates.",
    ),
    "row.postcode_lost_zero": (
        "The postcode {value} has lost its first zero and was read as {suggestion}.",
        "Format the column as text.",
    ),
    "row.postcode_malformed": (
        "{value} is not a postcode and was not used.",
        "Write four digits.",
    ),
    "row.postcode_unknown": (
        "The postcode {value} is not in the list of postcodes.",
        "Check it; new postcodes may be missing from the list.",
    ),
    "row.service_area_unknown": (
        "{value} in the service area is not a municipality.",
        "Write municipality numbers apart by spaces.",
    ),
    "row.actor_type_unknown": (
        "The actor type {value} is not known; {default} is used.",
        "Choose one from the template's list.",
    ),
    "column.actor_type_assumed": (
        "{count} rows do not say what kind of actor it is; {default} is used.",
        "Add the column actor type if it is wrong.",
    ),
    "row.visibility_unknown": (
        "The visibility {value} is not known; {default} is used.",
        "Write public, network or private.",
    ),
    "column.visibility_assumed": (
        "{count} rows do not say who may see them; {default} is used.",
        "Fill in the column if it is wrong.",
    ),
    "row.geocode_quality_unknown": (
        "The geocoding grade {value} is not known and was left out.",
        "Leave the cell empty.",
    ),
    "industry.malformed": (
        "{value} is not an industry code and was left out.",
        "Write it as in Brønnøysundregistrene, for example 38.110.",
    ),
    "industry.unknown": (
        "There is no industry code {value}; it was left out.",
        "Look it up in Brønnøysundregistrene.",
    ),
    "industry.ambiguous": (
        "The industry code {value} may have lost a zero and can be two codes; it was left out.",
        "Write it with the point, for example 01.110.",
    ),
    "column.industry_in_words": (
        "{count} rows have the industry in words ({value}); no code was set.",
        "Write the code if you know it.",
    ),
    "row.employees_unreadable": (
        "{value} is not one whole number of employees and was left out.",
        "Write digits only; leave the cell empty where the number is not known or only a range.",
    ),
    "row.number_unreadable": (
        "{value} is not a number and was left out.",
        "Write digits only.",
    ),
    "row.coordinates_swapped": (
        "Latitude and longitude (or north and east) had changed places; they were put right.",
        "Correct the columns in the file.",
    ),
    "row.coordinate_unreadable": (
        "{value} is not a coordinate.",
        "Write degrees with decimals (63.43) or metres in UTM.",
    ),
    "row.coordinate_missing": (
        "One of the two coordinates is missing, so the point was not used.",
        "Write both or none.",
    ),
    "row.coordinate_range": (
        "{value} is not a coordinate on the map: a digit or the decimal mark may be wrong.",
        "Check both coordinates.",
    ),
    "row.coordinates_zero": (
        "The coordinates are 0, 0; they were read as unknown.",
        "Leave unknown coordinates empty.",
    ),
    "row.point_at_sea": (
        "The point {value} lies at sea or outside Norway, {km} km from the nearest land in Norway.",
        "Check the coordinates and their coordinate system.",
    ),
    "row.point_other_municipality": (
        "The point {value} lies in {found}, but the row says {stated}.",
        "Correct the coordinates or the municipality.",
    ),
    "row.point_wrong_zone": (
        "The point {value} falls in the stated municipality only if the coordinates are "
        "{suggestion}, not {used}.",
        "Correct the coordinate system of this row.",
    ),
    "row.not_placed": (
        "{value} has neither coordinates nor a place that could be found, so it is not on the map.",
        "Write coordinates, a postcode or a municipality.",
    ),
    "column.placed_by_post": (
        "{count} facilities have no coordinates and were placed at their postal place or village.",
        "Add coordinates for a better map.",
    ),
    "column.placed_by_municipality": (
        "{count} facilities say only their municipality and were placed at its centre.",
        "Add an address, a postcode or coordinates.",
    ),
    "row.code_lost_zero": (
        "The waste code {value} has lost its first zero and was read as {suggestion}.",
        "Format the column as text.",
    ),
    "row.code_accepted": (
        "You chose the waste code {suggestion} for {value}.",
        "Write the code in the file, so that it is there next time.",
    ),
    "row.code_repaired": (
        "The waste code {value} was read as {suggestion}.",
        "Write the code as text: 17 05 03*.",
    ),
    "row.code_unknown": (
        "The waste code {value} is not in the European List of Waste.",
        "Look it up in avfallsforskriften chapter 11, or leave the cell empty and write the material.",
    ),
    "row.code_malformed": (
        "{value} is not a waste code.",
        "Write six digits, with a star for hazardous waste.",
    ),
    "row.code_several": (
        "Several waste codes stand in one cell: {value}.",
        "Write one row for each code.",
    ),
    "row.code_incomplete": (
        "The waste code {value} is only a chapter or a group.",
        "Write all six digits.",
    ),
    "row.code_ambiguous": (
        "The waste code {value} can be read as several codes.",
        "Write all six digits.",
    ),
    "row.code_date": (
        "The waste code has become a date ({value}).",
        "Format the column as text and write the code again.",
    ),
    "row.star_missing": (
        "The waste code {value} is hazardous waste, but the star is missing; it was read as {suggestion}.",
        "Write the star; if the waste is not hazardous, use the other code ({mirror}).",
    ),
    "row.star_false": (
        "The waste code {value} has a star, but is not hazardous in the list; it is kept as "
        "hazardous until you decide.",
        "Remove the star, or use the hazardous code.",
    ),
    "row.hazard_conflict": (
        "The row says {value} to hazardous waste, but the code {code} says otherwise; it is "
        "kept as hazardous until you decide.",
        "Correct the code or the answer; the mirror code is {suggestion}.",
    ),
    "row.hazardous_unknown": (
        "{value} does not say whether the waste is hazardous.",
        "Write yes or no.",
    ),
    "column.stars_absent": (
        "No waste code in the column has a star, though {count} are hazardous waste; the list decided.",
        "Write the stars, so that a wrong code is seen.",
    ),
    "row.material_missing": (
        "The row has neither material nor waste code.",
        "Write one of them.",
    ),
    "row.material_unknown": (
        "The material {value} is not known, and there is no waste code to tell.",
        "Choose a material from the template's list, or add the waste code.",
    ),
    "column.material_from_code": (
        "{count} rows have no material; it was taken from the waste code or the description.",
        "Nothing needs to be done.",
    ),
    "column.material_in_words": (
        "{count} rows have a material in their own words ({value}); the waste code decided, "
        "and the words were kept as description.",
        "Nothing needs to be done.",
    ),
    "row.amount_unreadable": (
        "{value} is not an amount.",
        "Write a number, or leave the cell empty if it is not known.",
    ),
    "row.amount_date": (
        "The amount has become a date ({value}).",
        "Format the column as numbers and write it again.",
    ),
    "row.amount_negative": (
        "The amount {value} is below zero.",
        "Write the amount without the minus sign, and say offer or need in its own column.",
    ),
    "row.amount_min_above_max": (
        "The lowest amount ({low}) is larger than the highest ({high}).",
        "Swap or correct them.",
    ),
    "row.amount_best_outside": (
        "The best estimate {value} is not between the lowest and the highest amount.",
        "Correct one of the three.",
    ),
    "row.amount_ambiguous": (
        "{value} can be read in two ways (decimal or thousands); it was read as {read_as}.",
        "Write it without thousands mark, or with one more decimal.",
    ),
    "row.amount_converted": (
        "{value} was converted to {read_as} a year.",
        "Look whether it is right.",
    ),
    "column.amount_converted": (
        "{count} amounts were converted, for example {value} to {read_as} a year.",
        "Nothing needs to be done.",
    ),
    "row.amount_looks_like_kg": (
        "The amount {value} is about a thousand times the others of its kind (usually {usual} "
        "t): it may be kilograms.",
        "If it is kilograms, write {suggestion} t.",
    ),
    "row.unit_unknown": (
        "The unit {value} is not known.",
        "Write t, kg, MWh or m3.",
    ),
    "row.units_differ": (
        "The amounts of the row are in different units ({value}).",
        "Use one unit in each row.",
    ),
    "column.unit_assumed": (
        "{count} amounts have no unit; they were read as {unit} a year.",
        "Write the unit in the header or in a column.",
    ),
    "column.decimal_comma": (
        "{count} numbers have a decimal comma, for example {value}; they were read as decimals.",
        "Nothing needs to be done.",
    ),
    "column.amount_approximate": (
        "{count} amounts are marked as approximate (ca.).",
        "Nothing needs to be done.",
    ),
    "row.direction_missing": (
        "The row does not say whether it is an offer or a need.",
        "Write offer or need.",
    ),
    "row.direction_unknown": (
        "{value} is neither offer nor need.",
        "Write offer or need.",
    ),
    "column.direction_assumed": (
        "Nothing says whether the {count} streams are offers or needs; they were read as offers.",
        "Add the column offer or need if some are needs.",
    ),
    "row.months_became_date": (
        "The months have become a date ({value}) and were read as unknown.",
        "Format the column as text and write for example 5-9.",
    ),
    "row.months_unreadable": (
        "{value} does not name months and was read as unknown.",
        "Write for example 5-9 or jan-mar.",
    ),
    "row.treatment_unknown": (
        "The treatment {value} is not known and was left out.",
        "Write an R or D code, for example R3.",
    ),
    "row.legal_status_unknown": (
        "The legal status {value} is not known and was left out.",
        "Write waste, by-product, end-of-waste or product.",
    ),
    "row.basis_unknown": (
        "{value} does not say how the amount is known; it was read as estimated.",
        "Write reported, estimated, modelled or illustrative.",
    ),
    "column.basis_assumed": (
        "{count} rows do not say how the amount is known; they were read as estimated.",
        "Write reported in the column basis where amounts are weighed or reported.",
    ),
    "row.year_unreadable": (
        "{value} is not a year and was left out.",
        "Write four digits.",
    ),
    "row.stream_duplicate": (
        "The stream {value} stands also in row {other_row} of {other_file}; this row was not loaded.",
        "Give each stream its own identifier.",
    ),
    "row.stream_repeated": (
        "The row says exactly the same as row {other_row}.",
        "Remove one of them if it is the same stream.",
    ),
    "table.column_missing": (
        "The table lacks the column {column}.",
        "Add it.",
    ),
    "table.type": (
        "The column {column} has the wrong type of values.",
        "See the template.",
    ),
    "table.value_missing": (
        "A value is missing in {column}.",
        "Fill it in.",
    ),
    "table.value_repeated": (
        "{value} stands more than once in {column}.",
        "Each must have its own.",
    ),
    "table.value_not_allowed": (
        "{value} is not among the values that {column} may have.",
        "Choose one from the template's list.",
    ),
    "table.value_out_of_range": (
        "{value} is outside the range of {column}.",
        "Correct the number.",
    ),
    "table.value_unknown": (
        "{value} in {column} refers to something that is not there.",
        "Correct the reference.",
    ),
    "table.column_type": (
        "The column {column} has the wrong type of values.",
        "See the template.",
    ),
    "table.duplicate_id": (
        "The identifier {value} is used more than once.",
        "Each row must have its own.",
    ),
    "table.orphan_streams": (
        "{count} streams belong to facilities that are not in the table.",
        "Load the facilities together with the streams.",
    ),
    "members.rows_lost": (
        "Rows of {file} were lost on the way; this is a fault in the program.",
        "Report it, with the file if it can be shared.",
    ),
    "crs.missing": (
        "The points do not say which coordinate system they are in.",
        "Save the layer with its coordinate system.",
    ),
    "comparison.unknown_change": (
        "{name} does not stand in either scenario.",
        "Name values that the scenarios have.",
    ),
    "parameter.unknown": (
        "There is no economic figure called {name}.",
        "Choose one of the rows of the economic tables.",
    ),
    "economics.range": (
        "The row {name} of the economic tables has the value {value}, which is not between {low} and {high}.",
        "Correct the row: low, value and high must rise.",
    ),
    "allocation.goal": (
        "{value} is no goal of a plan.",
        "Choose one of these: {allowed}.",
    ),
    "allocation.column_missing": (
        "The plan's table {table} lacks the column {column}.",
        "Price the matches first, or leave out the limit that needs it.",
    ),
    "allocation.value_missing": (
        "In the plan's table {table} a row has no {column}.",
        "Give every row one.",
    ),
    "allocation.not_numbers": (
        "The column {column} of the plan's table {table} holds something else than numbers.",
        "Give numbers, or leave what is unknown empty.",
    ),
    "allocation.number": (
        "{value} cannot be {column} in the plan's table {table} (row {row}).",
        "Give a finite number that is not below what is possible, or leave it empty.",
    ),
    "allocation.duplicate_id": (
        "{id} stands twice in the plan's table {table}.",
        "Keep one row for each.",
    ),
    "allocation.unknown_id": (
        "{id} ({column}) in the plan's table {table} is not among the streams.",
        "Check the identifier, or leave it out.",
    ),
    "allocation.must_unknown": (
        "{id} has to be placed or met whole ({name}), but its amount is unknown.",
        "Give the amount, or leave the requirement out.",
    ),
    "allocation.prices_mismatch": (
        "There are {matches} matches and {prices} prices: they are not of the same result.",
        "Price the matches of this result anew.",
    ),
    "allocation.limit_range": (
        "The plan's limit {name} is {value}, but must be between {low} and {high}.",
        "Choose a limit inside the range.",
    ),
    "uses.columns": (
        "No column of {file} holds a waste code or a text (found: {found}).",
        "Name the columns code, text and industry in the first row.",
    ),
    "uses.json_line": (
        "The line is not a JSON object.",
        "Write one object a line, with code, text and industry.",
    ),
    "parameter.range": (
        "{name} is {value}, but must be between {low} and {high}.",
        "Choose a value inside the range.",
    ),
    "municipality.unknown": (
        "The municipality number {value} has not been in use since 2017.",
        "Write today's four-digit number.",
    ),
    "municipality.unreadable": (
        "{value} is not a municipality number.",
        "Write four digits.",
    ),
    "county.unknown": (
        "The county number {value} is not known.",
        "Write today's two-digit number.",
    ),
    "file.no_rows": (
        "There is a header, but no rows under it.",
        "Fill in the rows and send the file again.",
    ),
    "file.unwritable": (
        "The file {file} cannot be written.",
        "Check that the folder exists and that you may write there.",
    ),
    "place.not_placed": (
        "The place {value} has no point, so it has no distances.",
        "Write latitude and longitude in degrees.",
    ),
    "place.off_network": (
        "The place {value} lies too far from the roads in the network (more than {limit} km), so it "
        "has no distances.",
        "Check the coordinates; if they are right, the road network does not reach there yet.",
    ),
    "place.across_sea": (
        "Between the place {value} and the nearest road lies the sea, so it has no distances.",
        "Check the coordinates; if they are right, the road or ferry there is missing in the network.",
    ),
    "place.no_connection": (
        "No road or ferry joins the place {value} with the main part of the road network, so it has "
        "distances to places in its own part only.",
        "Check the coordinates; if they are right, the place lies on an island without a ferry, behind a "
        "closed road, or the network lacks a road.",
    ),
    "cluster.package_missing": (
        "The package for Dask clusters is not installed.",
        "Install it with: pip install .[cluster]",
    ),
    "cluster.address": (
        "{address} is no address of a Dask scheduler.",
        "Write it as tcp://host:port.",
    ),
    "cluster.unreachable": (
        "No Dask scheduler answers at {address}.",
        "Check that it runs, the address, and that nothing between shuts it out.",
    ),
    "cluster.no_workers": (
        "The Dask cluster has no workers.",
        "Start workers, or leave out the cluster.",
    ),
    "cluster.not_installed": (
        "Symbiosekart is not installed on the workers of the Dask cluster.",
        "Install the same version on every worker.",
    ),
    "cluster.versions": (
        "The worker {worker} has version {theirs} of {part}, and here it is {ours}.",
        "Install the same version in both places.",
    ),
    "cluster.lost": (
        "The Dask cluster at {address} was lost before all distances were measured.",
        "Look at the workers' memory and logs, and run the command again. Nothing was written.",
    ),
    "codes.column": (
        "The file {file} lacks a column of texts to find codes for (found: {found}).",
        "Name the column with --column, as its header is written.",
    ),
    "codes.target_unknown": (
        "The table of words names {target}, which is neither a code nor a material.",
        "Correct the table in loaders/data/codes.",
    ),
    "file.nowhere": (
        "No column of the file {file} says where the rows are (found: {found}).",
        "Name columns address, postcode, place, municipality, or lat and lon.",
    ),
    "file.not_address_index": (
        "The file {file} is not an index of addresses of this version.",
        "Give Kartverket's CSV or zip; the index is made from it again.",
    ),
    "file.address_columns": (
        "The file {file} is not Kartverket's list of addresses: it lacks {missing}.",
        "Download MatrikkelenAdresse as CSV from Geonorge.",
    ),
    "file.no_addresses": (
        "The file {file} holds no address with a point.",
        "Download it again: the transfer may have been cut off.",
    ),
    "file.not_utf8": (
        "The file {file} is not UTF-8 text.",
        "Download it again from Geonorge, or save it as UTF-8.",
    ),
    "distances.columns": (
        "The file {file} lacks columns for id, latitude and longitude (found: {found}).",
        "Name the columns id, lat and lon, with degrees in EPSG:4326.",
    ),
    "sheet.formulas_without_values": (
        "{count} cells hold formulas without a calculated value ({cells}) and were read as empty.",
        "Open the workbook in Excel or LibreOffice and save it, or paste the values.",
    ),
    "file.quote_unclosed": (
        "A quotation mark in row {row} is never closed, so the rows after it became one cell.",
        "Remove the quotation mark, or write two of them where one is meant.",
    ),
    "row.feature_empty": (
        "The map feature has neither values nor a point and was not read.",
        "Nothing needs to be done.",
    ),
    "column.amount_missing": (
        "No column of amounts was recognised, so all amounts are unknown.",
        "If the file has amounts, name the column Amount (t/yr), or as in the template.",
    ),
    "row.id_missing": (
        "The place has no identifier.",
        "Write one in the column id.",
    ),
    "row.id_duplicate": (
        "The identifier {value} is used more than once.",
        "Give each place its own.",
    ),
    "calculation.lost": (
        "The calculation was broken off before it was done; it may have needed too much memory.",
        "Load the page again. If it happens once more, narrow the data with a filter or a municipality.",
    ),
    "network.no_roads": (
        "{network} has no road that the vehicle may drive.",
        "Give a file with roads, or choose another vehicle.",
    ),
    "network.points": (
        "{count} points of the roads are no places on the map.",
        "Download the file again; if it is the same, report it to those who made the file.",
    ),
    "network.speeds": (
        "{count} roads have neither a speed nor a time above zero.",
        "Look at the tables of speeds; the file itself is not to blame.",
    ),
    "network.too_long": (
        "A road is too long to be measured exactly ({km} km).",
        "Look for a ferry or road in the file that crosses half the world.",
    ),
    "network.too_wide": (
        "{network} is {km} km across: too wide for exact distances in one network.",
        "Build a network of a part of it.",
    ),
    "network.too_slow": (
        "Some ways in {network} take up to {hours} hours: too long for exact times in one network.",
        "Look for ferries whose crossing time is far too long, or build a network of a part of it.",
    ),
    "network.foreign": (
        "{file} is not a road network built by Symbiosekart.",
        "Build one from a map file with: symbiosekart roads build.",
    ),
    "network.too_new": (
        "{file} was built by a later version of Symbiosekart "
        "(format {version}, this one reads up to {known}).",
        "Install the later version, or build the network again.",
    ),
    "network.gone": (
        "The road network {network} is no longer in the folder of networks.",
        "Choose another network in the margin, or put the file back.",
    ),
    "network.truncated": (
        "The end of the network file {file} is missing.",
        "Copy it again, or build it again.",
    ),
    "network.damaged": (
        "The network file {file} is damaged or was changed ({part}).",
        "Copy it again, or build it again.",
    ),
    "network.bomb": (
        "The network file {file} unpacks to far more than a network takes.",
        "Do not use it; build the network again.",
    ),
    "network.exists": (
        "The file {file} is there already.",
        "Choose another name, or add --force to replace it.",
    ),
    "network.same_file": (
        "{file} is the map file itself and cannot be replaced by the network.",
        "Choose another name for the network.",
    ),
    "vehicle.unknown": (
        "The vehicle {vehicle} is not known.",
        "Choose one of: {known}.",
    ),
    "osm.change_file": (
        "{file} holds changes to a map or its history, not a map.",
        "Download an extract of the map itself (.osm.pbf).",
    ),
    "osm.not_osm": (
        "{file} is not an OpenStreetMap file.",
        "Give an extract that ends in .osm.pbf, .osm, .osm.gz or .osm.bz2.",
    ),
    "osm.no_roads": (
        "{file} holds no road or ferry that the vehicle may use.",
        "Choose an extract with roads, or another vehicle.",
    ),
    "nvdb.not_links": (
        "{file} is not an answer with road links from NVDB.",
        "Fetch segmented links again (veglenkesekvenser/segmentert).",
    ),
    "nvdb.wrong_grid": (
        "{file} has coordinates in the grid {srid}, which is not read here.",
        "Fetch the links in EPSG:5973 (the service's own grid).",
    ),
    "nvdb.no_roads": (
        "The links from NVDB hold no road or ferry that the vehicle may use.",
        "Fetch another area, or choose another vehicle.",
    ),
    "nvdb.other_question": (
        "The folder {folder} holds pages of another question to NVDB.",
        "Choose an empty folder.",
    ),
    "nvdb.no_area": (
        "Nothing says which part of NVDB is wanted.",
        "Name a county, a municipality or an area.",
    ),
    **SOURCE_MESSAGES,
}
"""Code -> (what is wrong, what to do), with {placeholders} for the finding's own fields and its values."""

ONE: dict[str, str] = {
    "file.banner_rows": "One row above the header was passed over.",
    "file.encoding_damaged": "One character in the file could not be read.",
    "file.mojibake": "Letters like æ, ø and å look damaged in one place (written as two marks).",
    "file.merged_cells": "Merged cells: one empty cell got the value that was merged over it.",
    "file.crs_missing": (
        "The coordinates do not say which coordinate system they are in, so one point was not used."
    ),
    "file.crs_unknown": "The coordinate system {value} is not known, so one point was not used.",
    "row.municipality_old": (
        "The municipality number {value} is no longer in use; it was read as {today} {name} (one row)."
    ),
    "column.actor_type_assumed": "One row does not say what kind of actor it is; {default} is used.",
    "column.visibility_assumed": "One row does not say who may see it; {default} is used.",
    "column.industry_in_words": "One row has the industry in words ({value}); no code was set.",
    "column.placed_by_post": "One facility has no coordinates and was placed at its postal place or village.",
    "column.placed_by_municipality": "One facility says only its municipality and was placed at its centre.",
    "column.material_from_code": (
        "One row has no material; it was taken from the waste code or the description."
    ),
    "column.material_in_words": (
        "One row has a material in its own words ({value}); the waste code decided, and the words were "
        "kept as description."
    ),
    "column.amount_converted": "One amount was converted: {value} to {read_as} a year.",
    "column.unit_assumed": "One amount has no unit; it was read as {unit} a year.",
    "column.decimal_comma": "One number has a decimal comma ({value}); it was read as a decimal.",
    "column.amount_approximate": "One amount is marked as approximate (ca.).",
    "column.direction_assumed": (
        "Nothing says whether the one stream is an offer or a need; it was read as an offer."
    ),
    "column.basis_assumed": "One row does not say how the amount is known; it was read as estimated.",
    "sheet.formulas_without_values": (
        "The cell {cells} holds a formula without a calculated value and was read as empty."
    ),
    "table.orphan_streams": "One stream belongs to a facility that is not in the table.",
}
"""Code -> what is wrong, where `count` is one."""

DECIMAL = "1.5"
"""Translated to how a language writes it: shows the decimal mark."""

INTERNAL_CODES = (
    "asset.unknown",
    "codes.code_without_material",
    "codes.material_parent",
    "codes.material_unknown",
    "dataset.unknown",
    "household.coefficient_range",
    "household.material_repeated",
    "household.municipality_unknown",
    "industrywaste.coefficient_range",
    "industrywaste.row_repeated",
    "industrywaste.status_unknown",
    "map.content",
    "network.empty",
    "network.faulty",
    "network.inconsistent",
    "network.order",
    "uses.bad_value",
    "uses.duplicate",
    "uses.unknown_key",
)
"""Faults of the program or of the data that come with it: no reader can mend them."""

INTERNAL = (
    "The program or its own data have a fault ({code}: {details}).",
    "Report it to those who run the service.",
)
UNKNOWN = ("Something is wrong ({code}).", "Look at the row, or ask those who run the service.")
SUGGESTION = "Suggestion: {suggestion}."
SHEET = "Sheet {sheet}."
DEFAULT_WORDS = {"producer": "industry", "private": "private"}
_NAMES_SUGGESTION = "{suggestion}"


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "–"


def _fill(template: str, values: Mapping[str, object]) -> str:
    # Only the template is parsed: braces inside a value stay what they are.
    return template.format_map(_Values(values))


_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_COUNTED = frozenset({"read_as", "suggestion", "usual", "low", "high", "km"})


def _write_numbers(values: Mapping[str, object], code: str, translate: Translate) -> dict[str, object]:
    # Numbers the program worked out get the reader's decimal mark; what stands in the file is shown as it is.
    mark = translate(DECIMAL)[1:2] or "."
    amounts = ".amount_" in code
    return {
        name: _DECIMAL_POINT.sub(mark, f"{value:.6f}".rstrip("0").rstrip("."))
        if isinstance(value, float)
        else _DECIMAL_POINT.sub(mark, value)
        if amounts and name in _COUNTED and isinstance(value, str)
        else value
        for name, value in values.items()
    }


def _sentences(code: str) -> tuple[str, str]:
    return MESSAGES.get(code) or (INTERNAL if code in INTERNAL_CODES else UNKNOWN)


def describe_finding(finding: Finding, translate: Translate) -> tuple[str, str]:
    """Return (what is wrong, what to do) of `finding` in the language of `translate`."""
    what, advice = _sentences(finding.code)
    if finding.values.get("count") == 1:
        what = ONE.get(finding.code, what)
    details = ", ".join(f"{name}={value}" for name, value in finding.values.items())
    shown = {"value": finding.value, "column": finding.column, "row": finding.row, "file": finding.file}
    default = DEFAULT_WORDS.get(str(finding.values.get("default")))
    values = {
        "code": finding.code,
        "details": details,
        **_write_numbers(finding.values, finding.code, translate),
        **({"default": translate(default)} if default else {}),
        **{name: value for name, value in shown.items() if value is not None},
    }
    text, help_text = _fill(translate(what), values), _fill(translate(advice), values)
    if finding.values.get("suggestion") and _NAMES_SUGGESTION not in what + advice:
        help_text = f"{help_text} {_fill(translate(SUGGESTION), values)}"
    if finding.values.get("sheet") and "{sheet}" not in what:
        text = f"{text} {_fill(translate(SHEET), values)}"
    return text, help_text


def describe_error(error: SymbiosekartError, translate: Translate) -> tuple[str, str]:
    """Return (what is wrong, what to do) of `error` in the language of `translate`."""
    what, advice = _sentences(error.code)
    details = ", ".join(f"{name}={value}" for name, value in error.values.items())
    values = {"code": error.code, "details": details, **error.values}
    return _fill(translate(what), values), _fill(translate(advice), values)
