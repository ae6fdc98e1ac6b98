"""The facilities read so far, found again by identifier, organisation number or name."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from loaders.facilityrows import FacilityRow, Value, make_facility_id, plain_name
from loaders.reporting import Reporter
from loaders.streamrows import StreamRow

_PLACE_COLUMNS = ("address", "postcode", "place", "municipality_number")


@dataclass
class Entry:
    """One facility with where it was read."""

    facility_id: str
    values: dict[str, Value]
    lon: float
    lat: float
    file: str
    row: int


@dataclass
class Registry:
    """Facilities by identifier, organisation number and plain name; `known` are those of other data."""

    entries: dict[str, Entry] = field(default_factory=dict)
    known_ids: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    by_number: dict[str, list[str]] = field(default_factory=dict)
    by_name: dict[str, list[str]] = field(default_factory=dict)

    def add_known(self, facilities: gpd.GeoDataFrame) -> None:
        """Let streams refer to facilities that are loaded already; they are not loaded again."""
        for facility_id, number, name in zip(
            facilities["facility_id"], facilities["organisation_number"], facilities["name"], strict=True
        ):
            self.known_ids.add(str(facility_id))
            self._index(str(facility_id), None if pd.isna(number) else str(number), str(name))

    def _index(self, facility_id: str, number: str | None, name: str) -> None:
        if number:
            self.by_number.setdefault(number, []).append(facility_id)
        self.by_name.setdefault(plain_name(name), []).append(facility_id)

    def add(self, facility: FacilityRow, *, report: Reporter, own_table: bool) -> str | None:
        """Register one row's facility and return its identifier; None where the row is refused as a
        duplicate.

        Parameters
        ----------
        own_table : the table lists facilities, so that none may come twice; in a list of streams each firm
            comes as often as it has streams.
        """
        file = report.grid.file
        same = self._find_same(facility)
        if same is not None:
            if own_table:
                column = "facility_id" if facility.given_id else "name"
                shown = facility.values["facility_id"] if facility.given_id else facility.values["name"]
                report(
                    "error",
                    "row.facility_duplicate",
                    facility.row,
                    column,
                    value=shown,
                    other_row=same.row,
                    other_file=same.file,
                )
                return None
            self._merge(same, facility, report)
            return same.facility_id
        return self._add_new(facility, file=file, report=report)

    def _find_same(self, facility: FacilityRow) -> Entry | None:
        values = facility.values
        if facility.given_id:
            given = str(values["facility_id"])
            return self.entries.get(self.aliases.get(given, given))
        for facility_id in self.by_name.get(plain_name(values["name"]), []):
            entry = self.entries.get(facility_id)
            if entry is None or not _agree(
                entry.values.get("organisation_number"), values["organisation_number"]
            ):
                continue
            if all(
                _agree(entry.values.get(column), values.get(column)) for column in _PLACE_COLUMNS
            ) and _near(entry, facility):
                return entry
        return None

    def _merge(self, same: Entry, facility: FacilityRow, report: Reporter) -> None:
        for column in ("name", "organisation_number", "industry_code", "employees", *_PLACE_COLUMNS):
            there, here = same.values.get(column), facility.values.get(column)
            if there is None and here is not None:
                same.values[column] = here
                if column == "organisation_number":
                    self.by_number.setdefault(str(here), []).append(same.facility_id)
            elif not _agree(there, here):
                shown = "municipality" if column == "municipality_number" else column
                report(
                    "warning", "row.facility_differs", facility.row, shown,
                    value=here, other=str(there)[:80], other_row=same.row,
                )  # fmt: skip
        if not math.isfinite(same.lon) and math.isfinite(facility.lon):
            same.lon, same.lat = facility.lon, facility.lat
            for column in ("geocode_quality", "geocode_radius_m"):
                same.values[column] = facility.values[column]

    def _add_new(self, facility: FacilityRow, *, file: str, report: Reporter) -> str:
        values = facility.values
        number = values["organisation_number"]
        twins = (
            [self.entries[i] for i in self.by_number.get(str(number), []) if i in self.entries]
            if number
            else []
        )
        if twins:
            report(
                "warning",
                "row.organisation_number_duplicate",
                facility.row,
                "organisation_number",
                value=str(number),
                other_row=twins[0].row,
                other_file=twins[0].file,
                other=str(twins[0].values["name"])[:80],
            )
        given = values["facility_id"]
        facility_id = str(given) if given is not None else make_facility_id(values)
        if given is None and (facility_id in self.entries or facility_id in self.known_ids):
            facility_id += make_facility_id({**values, "organisation_number": None})[3:]
        elif facility_id in self.known_ids:
            self.aliases[facility_id] = f"own-{facility_id}"
            report("warning", "row.facility_id_taken", facility.row, "facility_id", value=facility_id)
            facility_id = self.aliases[facility_id]
        while facility_id in self.entries:
            facility_id += "x"
        values["facility_id"] = facility_id
        self.entries[facility_id] = Entry(facility_id, values, facility.lon, facility.lat, file, facility.row)
        self._index(facility_id, None if number is None else str(number), str(values["name"]))
        return facility_id

    def refuse(self, grid_row: dict[str, object]) -> None:
        """Remember what a refused row was called, so that its streams can be told why."""
        for column in ("facility_id", "organisation_number", "name"):
            if grid_row.get(column) is not None:
                text = str(grid_row[column]).strip()
                self.refused.add(plain_name(text) if column == "name" else text.replace(" ", ""))

    def find(self, stream: StreamRow, *, report: Reporter) -> str | None:
        """Return the facility a stream row refers to, by identifier, number, then name; an error is told
        for none."""
        tried = (
            ("facility_id", stream.facility_id, self._by_id(stream.facility_id)),
            (
                "organisation_number",
                stream.organisation_number,
                self.by_number.get(stream.organisation_number or "", []),
            ),
            ("name", stream.name, self._by_name(stream.name)),
        )
        column, shown = "facility_id", None
        for key, text, found in tried:
            if text is None:
                continue
            if shown is None:
                column, shown = key, text
            own = [facility_id for facility_id in found if facility_id in self.entries] or found
            if len(own) > 1 and stream.name:
                named = [i for i in own if i in self.by_name.get(plain_name(stream.name), [])]
                own = named or own
            if len(own) == 1:
                return own[0]
            if len(own) > 1:
                report("error", "row.facility_ambiguous", stream.row, key, value=text, count=len(own))
                return None
        called = {str(stream.facility_id), str(stream.organisation_number), plain_name(stream.name or "")}
        if shown is None:
            report("error", "row.facility_missing", stream.row, column)
        elif called & self.refused:
            report("error", "row.facility_refused", stream.row, column, value=shown)
        else:
            names = list(self.by_name) if column == "name" else list(self.entries)
            wanted = (plain_name(shown) if column == "name" else shown)[:80]
            close = difflib.get_close_matches(wanted, names, n=2, cutoff=0.7)
            report(
                "error", "row.facility_unknown", stream.row, column, value=shown, suggestion=", ".join(close)
            )
        return None

    def _by_name(self, name: str | None) -> list[str]:
        return self.by_name.get(plain_name(name or ""), []) or self._by_id(name)

    def _by_id(self, facility_id: str | None) -> list[str]:
        if facility_id is None:
            return []
        wanted = self.aliases.get(facility_id, facility_id)
        if wanted in self.entries or wanted in self.known_ids:
            return [wanted]
        # People put the number or the name in the column that asks for the facility.
        compact = facility_id.replace(" ", "")
        return self.by_number.get(compact) or self.by_name.get(plain_name(facility_id), [])


def _agree(one: Value, other: Value) -> bool:
    return one is None or other is None or plain_name(one) == plain_name(other)


def _near(entry: Entry, facility: FacilityRow) -> bool:
    if not (math.isfinite(entry.lon) and math.isfinite(facility.lon)):
        return True
    return abs(entry.lat - facility.lat) < 0.005 and abs(entry.lon - facility.lon) < 0.01  # about 500 m
