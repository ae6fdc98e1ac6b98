"""``symbiosekart uses``: which industries may receive a stream, with reasons and precedents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboard.commands.progress import show_plain
from dashboard.text import format_number
from dashboard.text import gettext as _

if TYPE_CHECKING:
    from dashboard.usewording import Words
    from geodata.codeindex import CodeIndex
    from geodata.findings import Finding

FAULTS, UNUSABLE = 1, 2
LONGEST_TEXT = 500
SHOWN_REASONS = 8


def uses(
    code: Annotated[
        str, typer.Argument(help=_("Waste code such as 17 01 01 or 0301, or a material such as whey."))
    ] = "",
    text: Annotated[str, typer.Option("--text", help=_("What the giver calls it."))] = "",
    industry: Annotated[str, typer.Option("--industry", help=_("The giver's industry code (NACE)."))] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help=_("Industries to show."))] = 10,
    file: Annotated[
        Path | None,
        typer.Option("--file", help=_("CSV, XLSX or JSON lines with code, text and industry in each row.")),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Write JSON, for programs."))] = False,
) -> None:
    """Rank the industries that may receive a stream: by which use, under which law, with which precedent."""
    from loaders.streamlists import AskedStream, read_stream_list

    asker = _Asker.start()
    if file is not None:
        if code or text:
            raise typer.BadParameter(_("Give either one stream or a file."), param_hint="--file")
        answers = [asker.answer(row, limit=limit, file=file.name) for row in read_stream_list(file)]
        if as_json:
            _write_array(answers)
        else:
            for answer in answers:
                typer.echo(write_text(answer) + "\n")
        raise typer.Exit(FAULTS if any(answer["problems"] for answer in answers) else 0)
    if not (code.strip() or text.strip() or industry.strip()):
        raise typer.BadParameter(_("Give a code, a text, an industry or a file."))
    answer = asker.answer(
        AskedStream(row=0, code=code[:LONGEST_TEXT], text=text[:LONGEST_TEXT], industry=industry[:80]),
        limit=limit,
        file="",
    )
    if answer["problems"]:
        for problem in answer["problems"]:
            typer.echo(show_plain(problem["text"]), err=True)
        if not answer["understood"]:
            raise typer.Exit(UNUSABLE)
    del answer["row"], answer["understood"]
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else write_text(answer))


@dataclass
class _Asker:
    """Answers rows, each distinct question once."""

    words: Words
    index: CodeIndex | None
    known: dict[tuple[str, str, str], dict[str, Any]]

    @classmethod
    def start(cls) -> _Asker:
        from dashboard.usewording import gather_words
        from loaders.codes import read_waste_codes
        from loaders.uses import read_use_library

        return cls(gather_words(read_use_library(), read_waste_codes()), None, {})

    def answer(self, asked: Any, *, limit: int, file: str) -> dict[str, Any]:
        """Return one answer: row, query, problems, uncertain, receivers."""
        key = (asked.code, asked.text, asked.industry)
        if key not in self.known:
            self.known[key] = self._answer(*key, limit=limit, file=file)
        found = self.known[key]
        answer = {"row": asked.row, **found}
        if asked.id:
            answer["query"] = {"id": asked.id, **found["query"]}
        if asked.fault:  # the line cannot be read: popularity is all that is left to answer with
            answer["problems"] = [_tell(_find(asked.fault, file=file, value=""))]
        return answer

    def _answer(self, code: str, text: str, industry: str, *, limit: int, file: str) -> dict[str, Any]:
        from dashboard.usewording import UNCERTAIN, tell_receivers
        from geodata.industries import normalise_industry_code
        from geodata.userank import suggest_receivers

        problems: list[Finding] = []
        waste_code, material = self._read_code(code, file=file, problems=problems)
        division, trouble = normalise_industry_code(industry, divisions=self.words.divisions)
        if trouble:
            problems.append(_find(trouble, file=file, value=industry))
        suggestion = suggest_receivers(
            self.words.library,
            codes=self.words.codes,
            code=waste_code,
            material=material,
            industry=division,
            text=text or None,
            text_weights=self._codes_of(text, division) if text and not waste_code else None,
            limit=limit,
        )
        giver = (division or "")[:2]
        return {
            "query": {
                "code": waste_code or "",
                "material": material or "",
                "text": text,
                "industry": division or "",
            },
            "understood": not problems,
            "problems": [_tell(problem) for problem in problems],
            "uncertain": suggestion.uncertain,
            "why_uncertain": _(UNCERTAIN[suggestion.reason]) if suggestion.reason else "",
            "receivers": tell_receivers(suggestion, giver=giver, words=self.words),
        }

    def _read_code(self, text: str, *, file: str, problems: list[Finding]) -> tuple[str | None, str | None]:
        """Return (code, material) of what was given as a code: a material may be named instead."""
        from geodata.wastecodes import normalise_material, parse_eal

        parsed = parse_eal(text, codes=self.words.codes, allow_prefix=True, star_expected=False)
        if parsed.code is not None or parsed.problem is None:
            return parsed.code, None
        material = normalise_material(text, codes=self.words.codes)
        if material is not None and parsed.problem == "code.malformed":
            return None, material
        known = "row." + parsed.problem.replace(".", "_")
        suggestion = ", ".join(parsed.suggestions)
        problems.append(_find(known, file=file, value=text, suggestion=suggestion))
        return None, None

    def _codes_of(self, text: str, industry: str | None) -> dict[str, float]:
        """Return the waste codes that a text may mean, with weights."""
        from geodata.codesearch import suggest_codes
        from loaders.codes import read_code_index

        if self.index is None:
            self.index = read_code_index()
        found = suggest_codes(text, index=self.index, industry=industry)
        return {one.code: one.score for one in found}


def write_text(answer: dict[str, Any]) -> str:
    """Return an answer for people."""
    query = answer["query"]
    asked = [query["code"], query["material"], query["text"], query["industry"]]
    lines = [" · ".join(part for part in asked if part)]
    if "row" in answer:
        lines[0] = _("row {row}: ").format(row=answer["row"]) + lines[0]
    lines += [f"! {problem['text']}" for problem in answer["problems"]]
    if answer["why_uncertain"]:
        lines.append(answer["why_uncertain"])
    for receiver in answer["receivers"]:
        share = format_number(100 * receiver["score"], decimals=1)
        lines.append(f"{receiver['rank']:>2}. {receiver['division']} {receiver['title']}  ({share} %)")
        lines += [f"      {reason}" for reason in receiver["reasons"][:SHOWN_REASONS]]
    return "\n".join(show_plain(line, longest=None) for line in lines)


def _find(code: str, *, file: str, value: str, suggestion: str = "") -> Finding:
    from geodata.findings import Finding, Severity

    values: dict[str, str | int | float] = {"suggestion": suggestion} if suggestion else {}
    return Finding(Severity.WARNING, code, file, value=value[:80], values=values)


def _tell(problem: Finding) -> dict[str, str]:
    from dashboard.messages import describe_finding

    what, advice = describe_finding(problem, _)
    return {"code": problem.code, "text": f"{what} {advice}".strip()}


def _write_array(answers: list[dict[str, Any]]) -> None:
    # One answer a line: a reader of text finds the row, a program reads one JSON array.
    typer.echo("[")
    for last, line in _with_last(answers):
        del line["understood"]
        typer.echo(json.dumps(line, ensure_ascii=False) + ("" if last else ","))
    typer.echo("]")


def _with_last(answers: list[dict[str, Any]]) -> Iterator[tuple[bool, dict[str, Any]]]:
    for place, answer in enumerate(answers, start=1):
        yield place == len(answers), answer
