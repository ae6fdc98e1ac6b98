"""A played statistics bank: invented tables in the structure of PxWeb, versions 2 and 0."""

from __future__ import annotations

import fnmatch
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from tests.loaders.played import Asked, Reply


@dataclass
class PlayedTable:
    """An invented table; the value of a cell is told by its place, every seventh is lacking."""

    number: str
    title: str
    dimensions: dict[str, list[str]]
    names: dict[str, str]
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    unit: str = "tonn"
    eliminable: tuple[str, ...] = ()
    last_period: str = "2024"
    places: dict[str, dict[str, int]] = field(default_factory=dict)

    def value(self, key: tuple[str, ...]) -> float | None:
        place = 0
        for name, code in zip(self.dimensions, key, strict=True):
            place = place * len(self.dimensions[name]) + self._place(name, code)
        return None if place % 7 == 3 else float(place)

    def _place(self, name: str, code: str) -> int:
        known = self.places.setdefault(name, {})
        if len(known) != len(self.dimensions[name]):
            known.clear()
            known.update({one: at for at, one in enumerate(self.dimensions[name])})
        return known[code]

    def describe(self, chosen: dict[str, list[str]] | None = None, *, with_values: bool = True) -> Any:
        chosen = chosen or self.dimensions
        described = {}
        for name, codes in chosen.items():
            category: dict[str, Any] = {
                "index": {code: at for at, code in enumerate(codes)},
                "label": {code: self.labels.get(name, {}).get(code, code) for code in codes},
            }
            if name == "ContentsCode":
                category["unit"] = {code: {"base": self.unit, "decimals": 0} for code in codes}
            described[name] = {
                "label": self.names[name],
                "category": category,
                "extension": {"elimination": name in self.eliminable},
            }
        answer: dict[str, Any] = {
            "version": "2.0",
            "class": "dataset",
            "label": f"{self.number}: {self.title}",
            "source": "Statistisk sentralbyrå",
            "updated": "2026-05-01T06:00:00Z",
            "id": list(chosen),
            "size": [len(codes) for codes in chosen.values()],
            "dimension": described,
            "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
            "extension": {"px": {"tableid": self.number}},
        }
        if with_values:
            keys = itertools.product(*(self._codes(name, chosen) for name in self.dimensions))
            values = [self.value(key) for key in keys]
            answer["value"] = values
            answer["status"] = {str(at): ".." for at, value in enumerate(values) if value is None}
        return answer

    def _codes(self, name: str, chosen: dict[str, list[str]]) -> list[str]:
        return chosen.get(name, self.dimensions[name][:1])

    def describe_older(self) -> Any:
        return {
            "title": self.title,
            "variables": [
                {
                    "code": name,
                    "text": self.names[name],
                    "values": codes,
                    "valueTexts": [self.labels.get(name, {}).get(code, code) for code in codes],
                    "elimination": name in self.eliminable,
                    "time": name == "Tid",
                }
                for name, codes in self.dimensions.items()
            ],
        }

    def hit(self) -> Any:
        return {
            "type": "Table",
            "id": self.number,
            "label": f"{self.number}: {self.title}",
            "updated": "2026-05-01T06:00:00Z",
            "firstPeriod": "2015",
            "lastPeriod": self.last_period,
            "category": "public",
            "variableNames": list(self.names.values()),
            "discontinued": None,
            "timeUnit": "Annual",
        }


class StatisticsBank:
    """Answers as PxWeb does; refuses too many cells and too many questions a minute on its own account."""

    def __init__(self, *tables: PlayedTable, most_cells: int = 800_000, newer: bool = True) -> None:
        self.tables = {table.number: table for table in tables}
        self.most_cells = most_cells
        self.newer = newer
        self.too_large: tuple[int, Any] = (
            403,
            {"type": "Parameter error", "title": "Too many cells selected"},
        )

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/pxwebapi/v2/tables" and self.newer:
            return self._find(asked)
        newer = re.fullmatch(r"/pxwebapi/v2/tables/(\d{5})/(metadata|data)", asked.path)
        older = re.fullmatch(r"/v0/no/table/(\d{5})/", asked.path)
        if newer and not self.newer:
            return Reply(404, {"title": "Not Found", "status": 404})
        number = newer[1] if newer else older[1] if older else ""
        if number not in self.tables:
            return Reply(404, {"title": "Non-existent table", "status": 404})
        table = self.tables[number]
        if newer and newer[2] == "metadata":
            return Reply(200, table.describe(with_values=False))
        if older and asked.method == "GET":
            return Reply(200, table.describe_older())
        wanted = self._read_older(asked) if older else self._read_newer(asked, table)
        return self._give(table, wanted)

    def _find(self, asked: Asked) -> Reply:
        words = asked.one("query").casefold()
        found = [table.hit() for table in self.tables.values() if words in table.title.casefold()]
        page, size = int(asked.one("pageNumber", "1")), min(int(asked.one("pageSize", "20")), 2)
        pages = -(-len(found) // size)
        part = found[(page - 1) * size : page * size]
        told = {"pageNumber": page, "pageSize": size, "totalElements": len(found), "totalPages": pages}
        return Reply(200, {"language": "no", "tables": part, "page": told})

    def _read_newer(self, asked: Asked, table: PlayedTable) -> dict[str, list[str]]:
        if asked.method == "POST":
            return {one["variableCode"]: one["valueCodes"] for one in asked.json()["selection"]}
        return {
            name[len("valueCodes[") : -1]: asked.one(name).split(",")
            for name in asked.params
            if name.startswith("valueCodes[")
        }

    def _read_older(self, asked: Asked) -> dict[str, list[str]]:
        body = asked.json()
        assert body["response"] == {"format": "json-stat2"}
        return {one["code"]: one["selection"]["values"] for one in body["query"]}

    def _give(self, table: PlayedTable, wanted: dict[str, list[str]]) -> Reply:
        chosen: dict[str, list[str]] = {}
        cells = 1
        for name, codes in table.dimensions.items():
            if name not in wanted:
                if name not in table.eliminable:
                    return Reply(400, {"title": "Missing selection for mandatory variable", "status": 400})
                continue
            picked = [code for code in codes if any(fnmatch.fnmatchcase(code, mask) for mask in wanted[name])]
            if len(picked) < len([mask for mask in wanted[name] if mask != "*"]):
                return Reply(400, {"title": "Non-existent value", "status": 400})
            chosen[name] = picked
            cells *= len(picked)
        if cells > self.most_cells:
            return Reply(*self.too_large)
        return Reply(200, table.describe(chosen))


def make_waste_tables() -> tuple[PlayedTable, PlayedTable]:
    """Two small tables as the waste accounts are: by treatment, and by source."""
    materials = {
        "00": "I alt, uten lett forurensede masser",
        "01": "Treavfall",
        "02": "Papir, papp og kartong",
    }
    materials |= {"03": "Blandet avfall", "04": "Slagg, støv, bunnaske, flygeaske"}
    treatments = {"00": "Avfallsbehandling i alt", "10": "Levert til forbrenning"}
    sources = {
        "00": "Avfallskilder i alt",
        "C": "Industri",
        "F": "Bygge- og anleggsvirksomhet",
        "H": "Private husholdninger",
    }
    years = {"2022": "2022", "2023": "2023"}
    measure = {"Avfall": "Avfallsmengde (1 000 tonn)"}
    names = {"Materialtype": "materialtype", "ContentsCode": "statistikkvariabel", "Tid": "år"}
    by_treatment = PlayedTable(
        "10513",
        "Avfallsregnskap for Norge (1 000 tonn), etter materialtype, behandlingsmåte og år",
        {
            "Materialtype": [*materials],
            "BehandlMaate": [*treatments],
            "ContentsCode": [*measure],
            "Tid": [*years],
        },
        {**names, "BehandlMaate": "behandlingsmåte"},
        {"Materialtype": materials, "BehandlMaate": treatments, "ContentsCode": measure},
        unit="1 000 tonn",
    )
    by_source = PlayedTable(
        "10514",
        "Avfallsregnskap for Norge (1 000 tonn), etter kilde, materialtype, statistikkvariabel og år",
        {"Kilde": [*sources], "Materialtype": [*materials], "ContentsCode": [*measure], "Tid": [*years]},
        {**names, "Kilde": "kilde"},
        {"Kilde": sources, "Materialtype": materials, "ContentsCode": measure},
        unit="1 000 tonn",
    )
    return by_treatment, by_source
