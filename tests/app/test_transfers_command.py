"""``symbiosekart transfers``: streams beside what facilities report to have sent away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard.cli import main

HEADER = "countryName,reportingYear,facilityName,city,wasteClassification,wasteTreatment,wasteTransfers"
OWN = "navn;kommune;lat;lon;retning;materiale;mengde;enhet;grunnlag;farlig\n"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["symbiosekart", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


@pytest.fixture
def report(tmp_path: Path) -> Path:
    rows = [
        "Norway,2023,Oppdiktet Smelteverk AS,Levanger,NONHW,R,1000",
        "Norway,2023,Oppdiktet Smelteverk AS,Levanger,HW,D,50",
        "Norway,2022,Oppdiktet Smelteverk AS,Levanger,NONHW,R,9999",
        "Germany,2023,Anderswo GmbH,Ulm,NONHW,R,7",
    ]
    path = tmp_path / "F4_2_WasteTransfers_Facilities.csv"
    path.write_text("\r\n".join([HEADER, *rows]) + "\r\n", encoding="utf-8-sig")
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    row = "Oppdiktet Smelteverk AS;Levanger;63,73;11,3;tilbud;trevirke;3000;tonn;rapportert;nei\n"
    path.write_text(OWN + row, encoding="utf-8")
    return path


def test_what_is_more_than_reported_is_told(call: Any, report: Path, own: Path, tmp_path: Path) -> None:
    out, streams = tmp_path / "out" / "compared.csv", tmp_path / "out" / "streams.csv"
    more = ("--dataset", "none", "--out", str(out), "--streams", str(streams))
    code, told, err = call("transfers", str(report), str(own), *more)
    assert code == 0, err
    assert "mer enn anlegget rapporterte: 1" in told
    assert "3 000 t rapportert" in told.replace("\u00a0", " ").replace("\u202f", " ")
    table = pd.read_csv(out, encoding="utf-8-sig", sep=None, engine="python")
    assert len(table) == 2
    made = pd.read_csv(streams, encoding="utf-8-sig", sep=None, engine="python")
    assert made["amount_best"].tolist() == [50]
    assert made["basis"].tolist() == ["reported"]


def test_a_year_can_be_named_and_programs_get_json(
    call: Any, report: Path, own: Path, tmp_path: Path
) -> None:
    more = ("--dataset", "none", "--year", "2022", "--json", "--out", str(tmp_path / "c.csv"))
    code, told, _err = call("transfers", str(report), str(own), *more)
    assert code == 0
    answer = json.loads(told)
    assert answer["facts"]["of_country"] == 3
    (row,) = [row for row in answer["rows"] if not row["hazardous"]]
    assert (row["transfer_t"], row["reported_t"], row["modelled_t"]) == (9999, 3000, None)
    assert row["verdict"] == "within"


def test_another_file_is_refused_in_a_sentence(call: Any, own: Path) -> None:
    code, _told, err = call("transfers", str(own))
    assert code == 2
    assert "Traceback" not in err
    assert "Feil:" in err
