"""The shelf of fetched files: both file and record, or neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loaders.official.shelf import (
    FOLDER_SETTING,
    RECORD,
    FetchedRecord,
    keep_fetched,
    list_fetched,
    name_area,
    remove_fetched,
    sources_folder,
)


def make_record(**more: object) -> FetchedRecord:
    values = {
        "source": "brreg",
        "part": "underenheter",
        "area": "50",
        "file": "u.csv",
        "fetched_on": "2026-01-02",
        **more,
    }
    return FetchedRecord(**values)  # type: ignore[arg-type]


def test_a_file_is_kept_with_its_record_and_found_again(tmp_path: Path) -> None:
    kept = keep_fetched(tmp_path, make_record(rows=3), lambda path: _write(path, "abc"))
    newer = keep_fetched(
        tmp_path, make_record(file="v.csv", fetched_on="2026-03-01"), lambda path: _write(path, "d")
    )
    assert list_fetched(tmp_path) == (newer, kept)
    assert list_fetched(tmp_path, source="brreg", part="enheter") == ()
    assert list_fetched(tmp_path, source="ssb") == ()
    assert kept.path(tmp_path).read_text() == "abc"
    remove_fetched(tmp_path, kept)
    assert list_fetched(tmp_path) == (newer,)
    assert not kept.path(tmp_path).exists()


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def test_a_broken_run_keeps_what_was_there(tmp_path: Path) -> None:
    kept = keep_fetched(tmp_path, make_record(), lambda path: _write(path, "abc"))

    def break_off(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "disk full")

    with pytest.raises(OSError, match="disk full"):
        keep_fetched(tmp_path, make_record(), break_off)
    assert list_fetched(tmp_path) == (kept,)
    assert kept.path(tmp_path).read_text() == "abc"
    assert sorted(path.name for path in (tmp_path / "brreg").iterdir()) == ["u.csv", "u.csv" + RECORD]


@pytest.mark.parametrize(
    "change",
    [{"file": "../../etc/passwd"}, {"source": "ssb"}, {"fetched_on": "yesterday"}, {"area": 5}, {"extra": 1}],
)
def test_a_record_that_is_not_sound_is_no_record(change: dict[str, object], tmp_path: Path) -> None:
    kept = keep_fetched(tmp_path, make_record(), lambda path: _write(path, "abc"))
    file = kept.path(tmp_path).with_name("u.csv" + RECORD)
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert list_fetched(tmp_path) == ()


def test_a_file_without_record_and_a_record_without_file_are_not_there(tmp_path: Path) -> None:
    kept = keep_fetched(tmp_path, make_record(), lambda path: _write(path, "abc"))
    kept.path(tmp_path).unlink()
    (tmp_path / "brreg" / "w.csv").write_text("x")
    assert list_fetched(tmp_path) == ()


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_SETTING, str(tmp_path))
    assert sources_folder() == tmp_path
    monkeypatch.delenv(FOLDER_SETTING)
    assert sources_folder().name == "sources"
    assert name_area(["51", "50", "50"]) == "50-51"
