"""Every embedded file is named in its part's licence note, and every part in SOURCES.md and sources.csv."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loaders.embedded import SOURCE_COLUMNS, data_dir, read_sources

PARTS = ("admin", "codes", "economics", "industrywaste", "region", "practice", "roads", "uses", "vehicles")
OPEN_LICENCES = re.compile(r"CC BY 4\.0|CC0|NLOD|MIT|ODbL|OGL|public law|facts", re.IGNORECASE)


def _files(part: str) -> list[str]:
    folder = data_dir() / part
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "LICENCE.md" and "__pycache__" not in path.parts
    )


def test_there_is_no_part_without_a_name() -> None:
    folders = {path.name for path in data_dir().iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(PARTS)
    loose = {path.name for path in data_dir().iterdir() if path.is_file()}
    assert loose <= {"SOURCES.md", "sources.csv", "__init__.py"}


@pytest.mark.parametrize("part", PARTS)
def test_the_licence_note_names_every_file(part: str) -> None:
    note = (data_dir() / part / "LICENCE.md").read_text(encoding="utf-8")
    files = _files(part)
    assert files
    assert [name for name in files if Path(name).name not in note] == []
    assert OPEN_LICENCES.search(note)


@pytest.mark.parametrize("part", PARTS)
def test_the_index_names_every_part(part: str) -> None:
    index = (data_dir() / "SOURCES.md").read_text(encoding="utf-8")
    assert f"[{part}]({part}/LICENCE.md)" in index
    records = [record for record in read_sources() if record["part"] == part]
    assert records


def test_every_source_is_complete() -> None:
    records = read_sources()
    assert {record["part"] for record in records} == set(PARTS)
    for record in records:
        assert tuple(record) == SOURCE_COLUMNS
        for column in ("part", "title", "owner", "licence", "vintage", "attribution_text"):
            assert record[column].strip(), (record["title"], column)
        assert record["licence_url"].startswith("https://") or record["licence"].startswith("Facts")
        assert OPEN_LICENCES.search(record["licence"]), record["title"]
