"""The command ``symbiosekart check``: exit codes, plain text, JSON, templates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashboard.commands.check import check
from loaders.templates import template_name


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(check)
    return made


def write(path: Path, *rows: str) -> str:
    path.write_text(
        "\n".join(["navn;kommune;materiale;mengde (t);tilbud/behov;grunnlag", *rows]), encoding="utf-8"
    )
    return str(path)


GOOD = "Øving AS;5001;Trevirke;12,5;tilbud;rapportert"


def test_exit_codes_tell_good_faulty_and_unusable(app: typer.Typer, tmp_path: Path) -> None:
    good = write(tmp_path / "god.csv", GOOD)
    faulty = write(tmp_path / "feil.csv", GOOD, "Feil AS;9999;Trevirke;1;tilbud;rapportert")
    page = tmp_path / "side.csv"
    page.write_text("<html><body>Logg inn</body></html>")
    run = CliRunner()
    assert run.invoke(app, [good]).exit_code == 0
    answer = run.invoke(app, [faulty])
    assert answer.exit_code == 1
    assert "FEIL rad 3, kolonne kommune: Det finnes ingen kommune 9999." in answer.output
    assert run.invoke(app, [str(page)]).exit_code == 2
    assert run.invoke(app, [good, str(page)]).exit_code == 1


def test_json_holds_every_finding_with_its_sentence(app: typer.Typer, tmp_path: Path) -> None:
    faulty = write(tmp_path / "feil.csv", GOOD, "Feil\x1b[31m AS;9999;Trevirke;-1;tilbud;rapportert")
    report = json.loads(CliRunner().invoke(app, [faulty, "--json", "--lang", "en"]).output)
    assert (
        report["files"][0]["rows_in"]
        == report["files"][0]["rows_loaded"] + report["files"][0]["rows_with_errors"]
        == 2
    )
    told = {(f["code"], f["row"], f["column"]) for f in report["findings"] if f["severity"] == "error"}
    assert told == {("row.municipality_unknown", 3, "kommune"), ("row.amount_negative", 3, "mengde (t)")}
    assert all(f["what"] and f["advice"] for f in report["findings"])
    assert "There is no municipality 9999." in {f["what"] for f in report["findings"]}


def test_templates_are_written_in_the_language_asked_for(app: typer.Typer, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--template-dir", str(tmp_path / "maler"), "--lang", "nn"])
    assert done.exit_code == 0
    names = {path.name for path in (tmp_path / "maler").iterdir()}
    assert names == {template_name("facilities", language="nn"), template_name("streams", language="nn")}
