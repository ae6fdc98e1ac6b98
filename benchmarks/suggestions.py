"""How good the suggested receivers are: hit rates on labelled cases, beside two baselines, with intervals.

``python -m benchmarks.suggestions --cases tests/data/exchanges_cases.csv``

A case is a published exchange: who gave (NACE division), what (waste code and text), who received. Nothing
that was learnt from exchanges of the same place counts when a case is answered. The baselines are
*popularity* (the divisions that receive most often) and *same code* (the divisions that received the same
waste code, then the same subchapter, the rest by popularity). Intervals come from drawing whole places with
replacement, because the cases of one place are alike.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geodata.codeindex import CodeIndex
from geodata.codesearch import suggest_codes
from geodata.codetables import WasteCodes
from geodata.userank import SMOOTHING, suggest_receivers
from geodata.uses import UseLibrary
from geodata.wastecodes import parse_eal
from loaders.codes import read_code_index, read_waste_codes
from loaders.uses import read_use_library

COLUMNS = ("case_id", "giver_division", "eal_code", "text", "receiver_divisions", "place", "reference")
DEPTHS = (1, 3, 5)
DRAWS = 2000
SEED = 20261122
GENERAL_WORDS = frozenset(
    """industrial industry industries park eco city town area north south east west port harbour region valley
    network industripark cluster published public several various united kingdom province county state
    chemical symbiosis and the complex zone development economic technological special general national
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Case:
    """One labelled exchange."""

    case_id: str
    giver: str
    code: str | None
    text: str
    receivers: frozenset[str]
    place: str


@dataclass(frozen=True)
class Answer:
    """Divisions in ranked order, the first one's score, and whether the ranking called itself uncertain."""

    divisions: tuple[str, ...]
    score: float = float("nan")
    uncertain: bool = False


Ranker = Callable[[Case], Answer]


def read_cases(path: Path, *, codes: WasteCodes) -> list[Case]:
    """Read labelled cases; a missing column or an unknown code stops the run with its row."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows:
        sys.exit(f"{path.name}: no cases")
    missing = [name for name in COLUMNS if name not in rows[0]]
    if missing:
        sys.exit(f"{path.name}: no column {', '.join(missing)}")
    cases = []
    for number, row in enumerate(rows, start=2):
        parsed = parse_eal(row["eal_code"], codes=codes, allow_prefix=True, star_expected=False)
        if row["eal_code"].strip() and parsed.code is None:
            sys.exit(f"{path.name} row {number}: {row['eal_code']} is not a waste code")
        receivers = frozenset(row["receiver_divisions"].split())
        if not receivers:
            sys.exit(f"{path.name} row {number}: no receiver")
        cases.append(
            Case(
                case_id=row["case_id"],
                giver=row["giver_division"].strip(),
                code=parsed.code,
                text=row["text"].strip(),
                receivers=receivers,
                place=row["place"].strip(),
            )
        )
    return cases


def make_own_cases(library: UseLibrary) -> list[Case]:
    """Return the library's own published exchanges as cases; what is said of the receiver is cut off."""
    exchanges = library.exchanges[library.exchanges["kind"] == "exchange"]
    received: dict[tuple[str, str, str, str], set[str]] = {}
    for row in exchanges.to_dict("records"):
        stream = str(row["stream"]).split(" to ")[0].split(" as ")[0]
        key = (str(row["place"]), str(row["giver"]), str(row["code"]), stream)
        received.setdefault(key, set()).add(str(row["receiver"]))
    return [
        Case(str(number), giver, code or None, stream, frozenset(divisions), place)
        for number, ((place, giver, code, stream), divisions) in enumerate(received.items(), start=1)
    ]


def same_places(place: str, known: Iterable[str]) -> list[str]:
    """Return the known places that `place` may be: they share a word that is not a general one."""
    words = _words(place)
    return [name for name in known if words & _words(name)]


def _words(text: str) -> set[str]:
    plain = "".join(c if c.isalnum() else " " for c in text.casefold())
    return {word for word in plain.split() if len(word) > 2 and word not in GENERAL_WORDS}


def rank_by_popularity(library: UseLibrary) -> Ranker:
    """The first baseline."""
    table = _Counted(library)

    def rank(case: Case) -> Answer:
        return table.order(table.popularity(case))

    return rank


def rank_by_same_code(library: UseLibrary) -> Ranker:
    """The second baseline."""
    table = _Counted(library)

    def rank(case: Case) -> Answer:
        scores = table.popularity(case)
        if case.code:
            for digits, weight in ((4, 100.0), (6, 10_000.0)):
                same = table.left(case) & (table.prefix[digits] == case.code[:digits])
                if len(case.code) >= digits:
                    scores = scores + weight * table.count(same)
        return table.order(scores)

    return rank


class _Counted:
    """Published exchanges as arrays, for the baselines."""

    def __init__(self, library: UseLibrary) -> None:
        exchanges = library.exchanges
        self.divisions = sorted(library.popularity["division"].astype(str))
        place_of = {division: place for place, division in enumerate(self.divisions)}
        self.receiver = np.array([place_of[str(division)] for division in exchanges["receiver"]])
        self.place = exchanges["place"].to_numpy(dtype=str)
        self.places = sorted({*self.place} - {""})
        self.single = (exchanges["kind"] == "exchange").to_numpy(dtype=bool)
        self.prefix = {n: exchanges["code"].str[:n].to_numpy(dtype=str) for n in (4, 6)}

    def left(self, case: Case) -> npt.NDArray[np.bool_]:
        return ~np.isin(self.place, same_places(case.place, self.places))

    def count(self, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return np.bincount(self.receiver[rows], minlength=len(self.divisions)).astype(np.float64)

    def popularity(self, case: Case) -> npt.NDArray[np.float64]:
        counts = self.count(self.single & self.left(case))
        return (counts + SMOOTHING / len(counts)) / (counts.sum() + SMOOTHING)

    def order(self, scores: npt.NDArray[np.float64]) -> Answer:
        return Answer(tuple(self.divisions[place] for place in np.argsort(-scores, kind="stable")))


def rank_by_library(
    library: UseLibrary,
    codes: WasteCodes,
    index: CodeIndex,
    *,
    use_code: bool,
    use_text: bool,
    use_giver: bool,
) -> Ranker:
    """Ours, with all that a case tells or a part of it."""
    places = sorted({*library.exchanges["place"].astype(str)} - {""})

    def rank(case: Case) -> Answer:
        code = case.code if use_code else None
        text = case.text if use_text else ""
        giver = case.giver if use_giver else None
        meant = {}
        if text and not code:
            meant = {one.code: one.score for one in suggest_codes(text, index=index, industry=giver)}
        found = suggest_receivers(
            library,
            codes=codes,
            code=code,
            industry=giver,
            text=text or None,
            text_weights=meant,
            without_places=same_places(case.place, places),
        )
        ranked = found.receivers
        return Answer(tuple(ranked["division"].astype(str)), float(ranked["score"].iloc[0]), found.uncertain)

    return rank


def find_rank(answer: Answer, case: Case) -> float:
    """Return the place of the first right division, infinity where none is named."""
    return next(
        (float(place) for place, name in enumerate(answer.divisions, start=1) if name in case.receivers),
        float("inf"),
    )


def measure_ranks(ranks: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return the hit rates at :data:`DEPTHS` and the mean reciprocal rank."""
    hits = {f"top{depth}": float(np.mean(ranks <= depth)) for depth in DEPTHS}
    return {**hits, "mrr": float(np.mean(1.0 / ranks))}


def draw_places(cases: Sequence[Case]) -> list[npt.NDArray[np.int64]]:
    """Return :data:`DRAWS` samples of case numbers: whole places, drawn with replacement."""
    places: dict[str, list[int]] = {}
    for number, case in enumerate(cases):
        places.setdefault(case.place or case.case_id, []).append(number)
    groups = [np.array(numbers, dtype=np.int64) for numbers in places.values()]
    random = np.random.default_rng(SEED)
    return [
        np.concatenate([groups[place] for place in random.integers(len(groups), size=len(groups))])
        for _draw in range(DRAWS)
    ]


def find_intervals(
    ranks: npt.NDArray[np.float64],
    draws: Sequence[npt.NDArray[np.int64]],
    other: npt.NDArray[np.float64] | None = None,
) -> dict[str, tuple[float, float]]:
    """Return the 95 % intervals of the measures, or of their difference from `other`."""
    drawn: dict[str, list[float]] = {}
    for numbers in draws:
        values = measure_ranks(ranks[numbers])
        less = measure_ranks(other[numbers]) if other is not None else dict.fromkeys(values, 0.0)
        for name, value in values.items():
            drawn.setdefault(name, []).append(value - less[name])
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975)))
        for name, values in drawn.items()
    }


def evaluate(cases: Sequence[Case], rankers: dict[str, Ranker]) -> dict[str, Any]:
    """Answer every case with every ranker; the last of `rankers` is the one compared with the others."""
    draws = draw_places(cases)
    answers = {name: [ranker(case) for case in cases] for name, ranker in rankers.items()}
    ranks = {
        name: np.array([find_rank(answer, case) for answer, case in zip(found, cases, strict=True)])
        for name, found in answers.items()
    }
    ours = next(reversed(rankers))
    return {
        "cases": len(cases),
        "places": len({case.place for case in cases}),
        "methods": {
            name: {"value": measure_ranks(values), "interval": find_intervals(values, draws)}
            for name, values in ranks.items()
        },
        "gain": {
            name: find_intervals(ranks[ours], draws, values) for name, values in ranks.items() if name != ours
        },
        "scores": tabulate_scores(answers[ours], ranks[ours]),
        "uncertain": tabulate_uncertain(answers[ours], ranks[ours]),
        "by_giver": tabulate_parts([case.giver for case in cases], ranks[ours]),
        "by_chapter": tabulate_parts(
            [case.code[:2] if case.code else "no code" for case in cases], ranks[ours]
        ),
        "failures": [
            {
                "case_id": case.case_id,
                "giver": case.giver,
                "code": case.code or "",
                "text": case.text,
                "received": sorted(case.receivers),
                "suggested": list(answer.divisions[:5]),
            }
            for case, answer, rank in zip(cases, answers[ours], ranks[ours], strict=True)
            if rank > max(DEPTHS)
        ],
    }


def tabulate_scores(answers: Sequence[Answer], ranks: npt.NDArray[np.float64]) -> list[dict[str, float]]:
    """Return how often the first one is right, by its score."""
    scores = np.array([answer.score for answer in answers])
    rows = []
    for low, high in ((0.0, 0.2), (0.2, 0.3), (0.3, 0.45), (0.45, 0.6), (0.6, 1.01)):
        inside = (scores >= low) & (scores < high)
        if inside.any():
            rows.append(
                {
                    "from": low,
                    "to": min(high, 1.0),
                    "cases": int(inside.sum()),
                    "mean_score": float(scores[inside].mean()),
                    "right": float((ranks[inside] == 1).mean()),
                }
            )
    return rows


def tabulate_uncertain(answers: Sequence[Answer], ranks: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return the hit rates of certain and uncertain rankings apart."""
    flags = np.array([answer.uncertain for answer in answers])
    return [
        {"uncertain": flag, "cases": int((flags == flag).sum()), **measure_ranks(ranks[flags == flag])}
        for flag in (False, True)
        if (flags == flag).any()
    ]


def tabulate_parts(keys: Sequence[str], ranks: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return the hit rates for each key that has at least five cases."""
    named = np.array(keys)
    return [
        {"part": str(key), "cases": int((named == key).sum()), **measure_ranks(ranks[named == key])}
        for key in np.unique(named)
        if (named == key).sum() >= 5
    ]


def write_table(result: dict[str, Any]) -> str:
    """Return the main table as Markdown."""
    names = [*(f"top{depth}" for depth in DEPTHS), "mrr"]
    lines = [
        f"{result['cases']} cases of {result['places']} places; 95 % intervals in brackets.",
        "",
        "| method | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for method, found in result["methods"].items():
        cells = [_cell(name, found["value"][name], found["interval"][name]) for name in names]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    for method, gain in result["gain"].items():
        cells = [_cell(name, None, gain[name]) for name in names]
        lines.append(f"| gain over {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(name: str, value: float | None, interval: tuple[float, float]) -> str:
    low, high = interval
    if name == "mrr":
        return (f"{value:.2f} " if value is not None else "") + f"[{low:.2f}, {high:.2f}]"
    return (f"{100 * value:.0f} % " if value is not None else "") + f"[{100 * low:.0f}, {100 * high:.0f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How good the suggested receivers are.")
    parser.add_argument(
        "--cases",
        type=Path,
        help="CSV with "
        + ", ".join(COLUMNS)
        + "; without it the exchanges of the library, each place left out",
    )
    parser.add_argument("--json", action="store_true", help="write everything as JSON")
    parser.add_argument("--failures", type=int, default=20, help="cases to show that were missed")
    chosen = parser.parse_args(arguments)
    codes, library = read_waste_codes(), read_use_library()
    index = read_code_index(codes)
    cases = read_cases(chosen.cases, codes=codes) if chosen.cases else make_own_cases(library)
    parts = {
        "library, code only": (True, False, False),
        "library, text only": (False, True, False),
        "library, code and giver": (True, False, True),
        "library, text and giver": (False, True, True),
        "library, all": (True, True, True),
    }
    rankers: dict[str, Ranker] = {
        "popularity": rank_by_popularity(library),
        "same code": rank_by_same_code(library),
    }
    for name, (code, text, giver) in parts.items():
        rankers[name] = rank_by_library(library, codes, index, use_code=code, use_text=text, use_giver=giver)
    result = evaluate(cases, rankers)
    if chosen.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return 0
    print(write_table(result))
    for title, rows in (
        ("Is the score honest (first one)", result["scores"]),
        ("When it says that it is uncertain", result["uncertain"]),
        ("By giver", result["by_giver"]),
        ("By chapter", result["by_chapter"]),
    ):
        print(f"\n{title}")
        for row in rows:
            print(
                "  "
                + "  ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
            )
    print(f"\nMissed among the first {max(DEPTHS)}: {len(result['failures'])}")
    for miss in result["failures"][: chosen.failures]:
        print(
            f"  {miss['case_id']}: {miss['giver']} {miss['code']} {miss['text'][:60]!r} ->"
            f" {' '.join(miss['received'])}; suggested {' '.join(miss['suggested'])}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
