"""``symbiosekart codes``: waste codes from free text, one or a whole column, and what a code is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboard.commands.progress import show_plain
from dashboard.labels import CONFIDENCES, label
from dashboard.text import LANGUAGES, N_, format_number, language, use_language
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from geodata.codesearch import CodeSuggestion
    from geodata.codetables import WasteCodes

UNKNOWN = 1
"""Exit code where no code could be suggested, or a code is not known."""
ENTRIES = {
    "absolute_hazardous": N_("always hazardous"),
    "absolute_nonhazardous": N_("never hazardous"),
    "mirror_hazardous": N_("hazardous; it has a mirror entry for the same without hazardous substances"),
    "mirror_nonhazardous": N_("not hazardous; it has a mirror entry for the same with hazardous substances"),
}


def build_codes_app() -> typer.Typer:
    """Return the commands under ``symbiosekart codes``, their help in the language chosen by then."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("suggest", help=_("Suggest waste codes (EAL) for what is in the container."))(suggest)
    app.command("show", help=_("Show codes with title, hazard, mirror entries and material."))(show)
    return app


def suggest(
    text: Annotated[list[str] | None, typer.Argument(help=_("What it is, in own words."))] = None,
    industry: Annotated[
        str, typer.Option("--industry", help=_("Industry code of the giver (SN2007 or SN2025), such as 16."))
    ] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help=_("CSV or Excel file with a text in each row."))
    ] = None,
    column: Annotated[str, typer.Option("--column", help=_("Header of the column of texts."))] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help=_("CSV or Excel file (.xlsx) to write the rows to."))
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=25, help=_("Codes for each text."))] = 5,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write the answer as JSON."))] = False,
    lang: Annotated[str | None, typer.Option("--lang", help=_("Language: nb, nn or en."))] = None,
) -> None:
    """Suggest waste codes for a text or for every row of a file."""
    _choose_language(lang)
    if (text is None) == (file is None):
        raise typer.BadParameter(_("Write what it is, or name a file with --file."))
    from geodata.codesearch import suggest_codes
    from loaders.codes import read_code_index, read_waste_codes

    codes = read_waste_codes()
    division = _read_industry(industry)
    if file is not None:
        _suggest_file(file, codes, column=column, industry=division, out=out, limit=limit, as_json=as_json)
        return
    index = read_code_index(codes)
    written = " ".join(text or ())
    found = suggest_codes(written, index=index, industry=division, limit=limit)
    if as_json:
        answer = {
            "text": written,
            "industry": division,
            "suggestions": [describe_suggestion(suggestion, codes) for suggestion in found],
        }
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    elif found:
        typer.echo(
            "\n".join(show_plain(line, longest=None) for s in found for line in word_suggestion(s, codes))
        )
        typer.echo(
            _("The legal text decides (avfallsforskriften chapter 11, annex 1). Check the code before use."),
            err=True,
        )
    else:
        typer.echo(
            _("No code is suggested: nothing in this text is known. Say what it is made of."), err=True
        )
    if not found:
        raise typer.Exit(UNKNOWN)


def show(
    code: Annotated[list[str], typer.Argument(help=_("Codes as they are written: 17 02 04*, 30105, 1702."))],
    as_json: Annotated[bool, typer.Option("--json", help=_("Write the answer as JSON."))] = False,
    lang: Annotated[str | None, typer.Option("--lang", help=_("Language: nb, nn or en."))] = None,
) -> None:
    """Show what codes stand for; a chapter or subchapter shows the codes in it."""
    _choose_language(lang)
    from geodata.wastecodes import parse_eal
    from loaders.codes import read_waste_codes

    codes = read_waste_codes()
    shown, unknown = [], []
    for written in code:
        parsed = parse_eal(written, codes=codes, allow_prefix=True, star_expected=False)
        if parsed.code is None:
            unknown.append((written, parsed.suggestions))
            continue
        shown += (
            [parsed.code] if len(parsed.code) == 6 else [c for c in codes.hazard if c.startswith(parsed.code)]
        )
    described = [describe_code(one, codes) for one in dict.fromkeys(shown)]
    if as_json:
        missing = [{"written": written, "suggestions": list(near)} for written, near in unknown]
        typer.echo(json.dumps({"codes": described, "unknown": missing}, ensure_ascii=False, indent=2))
    else:
        for item in described:
            typer.echo("\n".join(_word_code(item, codes)))
        for written, near in unknown:
            line = _("{text} is not a known code.").format(text=written)
            if near:
                line += " " + _("Near it: {codes}.").format(codes=_format_codes(near, codes))
            typer.echo(show_plain(line, longest=None), err=True)
    if unknown:
        raise typer.Exit(UNKNOWN)


def describe_suggestion(suggestion: CodeSuggestion, codes: WasteCodes) -> dict[str, Any]:
    """Return a suggestion as plain values, with the code's own facts."""
    return {
        **describe_code(suggestion.code, codes),
        "score": suggestion.score,
        "confidence": suggestion.confidence,
        "words": list(suggestion.words),
        "phrase": suggestion.phrase,
    }


def describe_code(code: str, codes: WasteCodes) -> dict[str, Any]:
    """Return a code's facts as plain values, titles in the reader's language."""
    from geodata.wastecodes import format_code, material_label, title

    entries = dict(zip(codes.eal["eal_code"], codes.eal["entry"], strict=True))
    material = codes.material_by_code[code]
    return {
        "code": code,
        "written": format_code(code, codes=codes),
        "title": title(code, codes=codes, language=language()),
        "chapter": title(code[:2], codes=codes, language=language()),
        "subchapter": title(code[:4], codes=codes, language=language()),
        "hazardous": codes.hazard[code],
        "entry": str(entries[code]),
        "mirrors": list(codes.mirrors.get(code, ())),
        "material": material,
        "material_label": material_label(material, codes=codes, language=language()),
    }


def word_suggestion(suggestion: CodeSuggestion, codes: WasteCodes) -> list[str]:
    """Return a suggestion in lines that a person reads: what, why, and which mirror entry to look at."""
    about = describe_suggestion(suggestion, codes)
    hazard = " · " + _("hazardous waste") if suggestion.hazardous else ""
    lines = [f"{about['written']}  {about['title']}{hazard}"]
    score = format_number(suggestion.score, decimals=2)
    lines.append(f"    {label(CONFIDENCES, suggestion.confidence)} ({score})")
    if suggestion.words:
        lines.append("    " + _("Because of: {words}").format(words=", ".join(suggestion.words)))
    if suggestion.mirrors:
        mirrors = _format_codes(suggestion.mirrors, codes)
        lines.append("    " + _("Mirror entry: {codes}").format(codes=mirrors))
    return lines


def _word_code(about: dict[str, Any], codes: WasteCodes) -> list[str]:
    lines = [f"{about['written']}  {about['title']}", f"    {about['chapter']} · {about['subchapter']}"]
    lines.append("    " + _(ENTRIES[about["entry"]]))
    if about["mirrors"]:
        lines.append("    " + _("Mirror entry: {codes}").format(codes=_format_codes(about["mirrors"], codes)))
    lines.append("    " + _("Material: {material}").format(material=about["material_label"]))
    return lines


def _suggest_file(
    file: Path,
    codes: WasteCodes,
    *,
    column: str,
    industry: str | None,
    out: Path | None,
    limit: int,
    as_json: bool,
) -> None:
    from geodata.codesearch import suggest_many
    from geodata.wastecodes import title
    from loaders.codes import read_code_index
    from loaders.codetexts import add_suggestions, read_text_table_of_codes
    from loaders.exports import export_csv, write_csv, write_excel

    table = read_text_table_of_codes(file, column=column)
    texts = [value if isinstance(value, str) else None for value in table.rows[table.column]]
    industries: list[str | None] = [industry] * len(texts)
    if industry is None and table.industry is not None:
        industries = [None if value is None else str(value) for value in table.rows[table.industry]]
    found = suggest_many(texts, index=read_code_index(codes), industries=industries, limit=limit)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "file": file.name,
                    "column": table.column,
                    "rows": [
                        {"text": text, "suggestions": [describe_suggestion(s, codes) for s in suggestions]}
                        for text, suggestions in zip(texts, found, strict=True)
                    ],
                },
                ensure_ascii=False,
                indent=2,
            )
        )
    rows = add_suggestions(
        table,
        found,
        titles={code: title(code, codes=codes, language=language()) for code in codes.hazard},
        confidences={key: label(CONFIDENCES, key) for key in CONFIDENCES},
    )
    if out is not None:
        if out.suffix.lower() == ".xlsx":
            write_excel({_("Suggestions"): rows}, out)
        else:
            write_csv(rows, out)
    elif not as_json:
        typer.echo(export_csv(rows).decode("utf-8-sig"), nl=False)
    told = _("{found} of {rows} rows got a suggestion, from the column {column}.").format(
        found=format_number(sum(bool(suggestions) for suggestions in found)),
        rows=format_number(len(found)),
        column=table.column,
    )
    typer.echo(show_plain(told), err=True)


def _read_industry(written: str) -> str | None:
    if not written:
        return None
    from geodata.industries import normalise_industry_code
    from loaders.codes import read_industries

    code, problem = normalise_industry_code(written, divisions=read_industries())
    if code is None:
        if problem == "industry.ambiguous":
            raise typer.BadParameter(
                _("This industry code can be read in two ways."), param_hint="--industry"
            )
        raise typer.BadParameter(_("No such industry code in SN2007 or SN2025."), param_hint="--industry")
    return code


def _choose_language(lang: str | None) -> None:
    if lang is not None:
        if lang not in LANGUAGES:
            raise typer.BadParameter(_("Choose nb, nn or en."), param_hint="--lang")
        use_language(lang)


def _format_codes(found: tuple[str, ...] | list[str], codes: WasteCodes) -> str:
    from geodata.wastecodes import format_code

    return ", ".join(format_code(code, codes=codes) for code in found)
