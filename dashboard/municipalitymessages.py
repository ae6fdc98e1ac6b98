"""A sentence for what is found when old municipality numbers are joined to today's, and one for what to do;
part of ``messages.py``."""

from __future__ import annotations

MUNICIPALITY_MESSAGES: dict[str, tuple[str, str]] = {
    # what is asked for
    "municipality.asks_address": (
        "{value} {name} was divided: it is {suggestion} today. Rows without an answer: {count}.",
        "Add an address with a postcode, or coordinates, to the rows, or write today's number.",
    ),
    "municipality.asks_share": (
        "{value} {name} was divided: it is {suggestion} today. Rows left out of the sums: {count}.",
        "Give a share for each part with --shares.",
    ),
    "municipality.not_known": (
        "{value} is not a number used since 2017. Rows left out: {count}.",
        "Correct the number, or write the name.",
    ),
    "municipality.ambiguous": (
        "{value} may be {suggestion}. Rows left out: {count}.",
        "Write the number, or the county behind the name.",
    ),
    # what was done
    "municipality.lost_zero": (
        "{value} has lost its first zero and was read as {suggestion}. Rows: {count}.",
        "Format the column as text.",
    ),
    "municipality.read_by_name": (
        "{value} was read by its name as {suggestion}. Rows: {count}.",
        "Write the number if another municipality is meant.",
    ),
    "municipality.filled_down": (
        "Each number is written once for several rows; it was put in {count} rows that lacked it.",
        "Check that the blank cells belong to the number above.",
    ),
    "municipality.old_numbers": (
        "{count} old numbers were replaced with today's.",
        "No change is needed.",
    ),
    "municipality.put_together": (
        "{value} {name} holds several numbers of the table: {suggestion}.",
        "No change is needed.",
    ),
    "municipality.settled_by_place": (
        "{value} {name} was divided; by address, postcode or point {count} rows are in {suggestion}.",
        "Check those you know.",
    ),
    "municipality.chosen_by_place": (
        "{value} may be several; by address, postcode or point {count} rows are in {suggestion}.",
        "Check those you know.",
    ),
    "municipality.lacking": (
        "{count} municipalities of the table lack a part of one that was divided; the last column names it.",
        "Their sums are too small until a share is given.",
    ),
    "municipality.divided_by_share": (
        "{value} {name} was divided by the chosen shares: {suggestion}.",
        "A rate or a share was taken to be the same in each part.",
    ),
    "municipality.kept_apart": (
        "Rows with different values in these columns are kept apart: {value}.",
        "Name columns to add up with --sum, and those to average with --mean.",
    ),
    "municipality.set_beside": (
        "Numbers of municipalities that are one today stand side by side in these columns: {value}.",
        "Name columns to add up with --sum, and those to average with --mean.",
    ),
    "municipality.sum_unknown": (
        "{value} is unknown for {count} sums, because one of their parts is: {suggestion}.",
        "Unknown is not zero: fill in the missing figure to have the sum.",
    ),
    "municipality.number_unread": (
        "{value} in the column {column} is not a number. Cells read as unknown: {count}.",
        "Write a number, or leave the cell empty.",
    ),
    "municipality.sum_left_out": (
        "{value} is a row of sums and was left out. Rows: {count}.",
        "No change is needed.",
    ),
    "municipality.elsewhere": (
        "{value} is no municipality (not stated, Svalbard, the shelf) and was left out. Rows: {count}.",
        "No change is needed.",
    ),
    "municipality.year_not_yet": (
        "{value} {name} was not yet in use in {year}. It was read all the same. Rows: {count}.",
        "Check that the year and the number belong together, and that nothing is counted twice.",
    ),
    "municipality.year_no_longer": (
        "{value} {name} was no longer in use in {year}. It was read all the same. Rows: {count}.",
        "Check that the year and the number belong together, and that nothing is counted twice.",
    ),
    "municipality.county_moved": (
        "County {value} has given away municipalities since 2017: {suggestion}.",
        "Amounts of years before that are of a larger area.",
    ),
    # what stops the work
    "municipality.no_column": (
        "The file {file} has no column of municipality or county numbers (found: {found}).",
        "Name the column with --column.",
    ),
    "municipality.column_missing": (
        "There is no column {column}.",
        "Write the header as it stands in the file, or its letter.",
    ),
    "municipality.measure_text": (
        "The column {column} holds texts and cannot be added up.",
        "Choose a column of numbers.",
    ),
    "municipality.measure_number": (
        "The column {column} tells which municipality or year it is and cannot be added up.",
        "Choose a column of amounts.",
    ),
    "municipality.weight_missing": (
        "The column {column} is a rate, and several of its municipalities are one today.",
        "Name a column to weigh by with --weight, such as inhabitants.",
    ),
    "municipality.shares_unread": (
        "The file {file} does not have the three columns of shares.",
        "Head them old number, new number and share.",
    ),
    "municipality.share_old": (
        "{number} in the shares was not divided.",
        "Write the old number of a municipality that is several today.",
    ),
    "municipality.share_new": (
        "{target} is not a part of {number}, which is {candidates} today.",
        "Write one of these.",
    ),
    "municipality.share_twice": (
        "The share of {number} that goes to {target} is given twice.",
        "Write it once.",
    ),
    "municipality.share_range": (
        "The share of {number} that goes to {target} is missing or not between 0 and 1.",
        "Write a number from 0 to 1, or per cent.",
    ),
    "municipality.share_total": (
        "The shares of {number} sum to {total} and not to 1.",
        "Correct them so that nothing is lost and nothing counted twice.",
    ),
    # members' rows
    "row.municipality_split": (
        "{value} was divided: it is {suggestion} today, and nothing in the row settles which.",
        "Add an address with a postcode, or coordinates, or write today's number.",
    ),
    "row.municipality_settled": (
        "{value} was divided; by place, postcode or point it is {suggestion} here.",
        "Check it, and write today's number.",
    ),
    "row.service_area_split": (
        "{value} in the service area is several municipalities today: all of {suggestion} were taken.",
        "Write today's numbers of those that are served.",
    ),
}
"""Code -> (what is wrong, what to do)."""
