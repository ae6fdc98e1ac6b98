"""The embedded library of uses (``loaders/data/uses``), read and checked.

The rows of uses and precedents lie in several files (``uses_*.csv``, ``precedents_*.csv``), one a topic, so
that each can be read in one sitting.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

import pandas as pd

from geodata.uses import YIELDS, UseLibrary, tabulate_receivers


def read_use_library() -> UseLibrary:
    """Return the library of uses, checked; some tens of milliseconds, callers keep it."""
    uses = _read_all("uses_")
    numbers = {name: pd.to_numeric(uses[name].mask(uses[name] == "")).astype("Float64") for name in YIELDS}
    uses = uses.assign(**numbers)
    popularity = _read("popularity.csv")
    return UseLibrary(
        uses=uses,
        receivers=tabulate_receivers(uses),
        steps=_read("steps.csv"),
        qualities=_read("qualities.csv"),
        laws=_read("laws.csv"),
        precedents=_read_all("precedents_"),
        popularity=popularity.assign(share=pd.to_numeric(popularity["share"]).astype("Float64")),
        exchanges=_read("exchanges.csv"),
    )


def _folder() -> Traversable:
    return files("loaders").joinpath("data", "uses")


def _read(name: str) -> pd.DataFrame:
    with _folder().joinpath(name).open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype="string", keep_default_na=False)


def _read_all(beginning: str) -> pd.DataFrame:
    names = sorted(
        entry.name
        for entry in _folder().iterdir()
        if entry.name.startswith(beginning) and entry.name.endswith(".csv")
    )
    return pd.concat([_read(name) for name in names], ignore_index=True)
