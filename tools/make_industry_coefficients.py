"""Make ``loaders/data/industrywaste/coefficients.csv`` out of the readable tables beside it.

    python tools/make_industry_coefficients.py

What goes in: ``employment.csv`` (who works where, and which mix of waste an industry has), ``mixes.csv`` (a
first guess of kilograms per employee of each class of waste, by judgement) and ``waste_accounts.csv``
(national tonnes by industry and class of waste). The guesses are scaled by iterative proportional fitting
(Deming and Stephan 1940) until, over all who work there, they sum to every published figure marked
``calibrate``. What the figures do not settle stays as guessed and is marked ``judgement``.

The best coefficient is thus the *mean* of an industry, so that sums over many firms are right. The low and
the high one are the 5 % and 95 % points of a log-normal spread around that mean, for one single firm:
``best * exp(-+1.645 s - s**2 / 2)`` where ``s**2`` is the industry's own spread squared plus
:data:`SHARE_SPREAD` squared (a firm's mix of materials is not its industry's either).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).resolve().parents[1] / "loaders" / "data" / "industrywaste"
SHARE_SPREAD = 0.5
QUANTILE_95 = 1.645
ROUNDS = 2000
CLOSE_ENOUGH = 1e-6
NOT_ORDINARY = ("hazardous", "by_product", "ash", "water_sludge")
"""Classes that the totals of ordinary waste leave out."""
COLUMNS = (
    *("industry", "material", "eal_code", "hazardous"),
    *("kg_per_employee_low", "kg_per_employee_best", "kg_per_employee_high"),
    *("usual_treatment", "legal_status", "source", "year", "status", "caveat", "note"),
)


def read_tables(folder: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """Return the four tables as text: employment, mixes, waste_accounts, not_modelled."""
    names = ("employment", "mixes", "waste_accounts", "not_modelled")
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in names}


def make_cells(employment: pd.DataFrame, mixes: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each industry and class of waste: kg per employee as guessed, and who works there."""
    own = employment[employment["same_as"] == ""]
    renamed = {"source": "own_source", "start_kg_per_employee": "kg"}
    cells = own.merge(mixes.rename(columns=renamed), on="mix", validate="many_to_many")
    return cells.assign(kg=cells["kg"].astype(float), people=cells["employees"].astype(float))


def find_cells(cells: pd.DataFrame, *, account: str, waste_class: str) -> np.ndarray:
    """Return which cells a figure of the accounts speaks of."""
    inside = cells["accounts"].str.split(";").map(lambda names: account in names)
    ordinary = ~cells["class"].str.startswith(NOT_ORDINARY)
    if waste_class == "total":
        return np.asarray(inside & ordinary)
    if waste_class == "total_with_hazardous":
        return np.asarray(inside)
    if waste_class == "hazardous":
        return np.asarray(inside & cells["class"].str.startswith("hazardous"))
    return np.asarray(inside & (cells["class"] == waste_class))


def fit_cells(cells: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Return `cells` scaled to every figure marked ``calibrate``; `touched`: whether any speaks of it."""
    tonnes = (cells["kg"] * cells["people"] / 1000).to_numpy(copy=True)
    touched = np.zeros(len(cells), dtype=bool)
    targets = []
    for row in accounts[accounts["use"] == "calibrate"].itertuples(index=False):
        inside = find_cells(cells, account=str(row.account), waste_class=str(row[1]))
        if inside.any():
            targets.append((inside, float(str(row.tonnes))))
            touched |= inside
        elif float(str(row.tonnes)) > 0:
            raise SystemExit(f"nobody gives {row[1]} in {row.account}: {row.tonnes} t")
    for _ in range(ROUNDS):
        worst = 0.0
        for inside, target in targets:
            now = tonnes[inside].sum()
            if target == 0 or now == 0:
                tonnes[inside] = 0.0
                continue
            worst = max(worst, abs(now / target - 1))
            tonnes[inside] *= target / now
        if worst < CLOSE_ENOUGH:
            break
    else:
        raise SystemExit(f"the figures do not fit one another: {worst:.3f}")
    return cells.assign(kg=tonnes * 1000 / cells["people"], touched=touched)


def describe_rows(cells: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the coefficients: one row an industry and material, copies and industries without any."""
    accounts = tables["waste_accounts"]
    sources = accounts[accounts["use"] == "calibrate"].drop_duplicates("account").set_index("account")
    rows = []
    named = cells[(cells["material"] != "") & (cells["kg"] > 0.5)]
    for (industry, material), group in named.groupby(["industry", "material"], sort=False):
        largest = group.sort_values("kg", ascending=False).iloc[0]
        kg, spread = group["kg"].sum(), math.hypot(float(largest["spread"]), SHARE_SPREAD)
        shrink = spread * spread / 2
        own = [name for name in largest["accounts"].split(";") if name in sources.index]
        year = largest["year"]
        if largest["touched"]:
            status = "derived"
            year = sources.loc[own[-1], "year"]
            source = f"{sources.loc[own[-1], 'source']}, delt på ansatte ({largest['source']})"
        else:
            status, source = "judgement", largest["own_source"] or "Skjønn (Symbiosekart)"
        rows.append(
            {
                "industry": industry,
                "material": material,
                "eal_code": largest["eal_code"],
                "hazardous": int(str(largest["class"]).startswith("hazardous")),
                "kg_per_employee_low": _round(kg * math.exp(-QUANTILE_95 * spread - shrink)),
                "kg_per_employee_best": _round(kg),
                "kg_per_employee_high": _round(kg * math.exp(QUANTILE_95 * spread - shrink)),
                "usual_treatment": largest["usual_treatment"],
                "legal_status": "by_product" if largest["class"] == "by_product" else "waste",
                "source": source,
                "year": year,
                "status": status,
                "caveat": largest["caveat"],
                "note": largest["note"],
            }
        )
    table = pd.DataFrame(rows)
    copies = tables["employment"][tables["employment"]["same_as"] != ""]
    for copy in copies.itertuples(index=False):
        same = table[table["industry"] == copy.same_as]
        table = pd.concat([table, same.assign(industry=copy.industry, note=copy.note)])
    nothing = tables["not_modelled"].rename(columns={"reason": "note"})
    nothing = nothing.assign(status="not_modelled", hazardous=0, **dict.fromkeys(COLUMNS[4:7], 0))
    table = pd.concat([table, nothing]).fillna("")
    return table[list(COLUMNS)].sort_values("industry", kind="stable").reset_index(drop=True)


def make_coefficients(folder: Path = FOLDER) -> pd.DataFrame:
    """Return the coefficients that the tables in `folder` give."""
    tables = read_tables(folder)
    cells = make_cells(tables["employment"], tables["mixes"])
    return describe_rows(fit_cells(cells, tables["waste_accounts"]), tables)


def _round(number: float) -> float:
    # Three figures are more than is known already.
    return float(f"{number:.3g}") if number else 0.0


if __name__ == "__main__":
    made = make_coefficients()
    made.to_csv(FOLDER / "coefficients.csv", index=False, lineterminator="\n")
    print(f"{len(made)} rows of {made['industry'].nunique()} industries")
