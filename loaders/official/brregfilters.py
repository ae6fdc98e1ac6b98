"""Which units of a stream are asked for: where they lie, by numbers of any year, and what they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from geodata.errors import ParameterError
from geodata.municipality_numbers import resolve_county, resolve_municipality, to_current_municipality
from loaders.embedded import read_municipality_changes

_INDUSTRY = re.compile(r"[A-Va-v]?\s*(\d{2})[. ]?(\d{0,3})")
ELSEWHERE: Final = "elsewhere"
NOWHERE: Final = "no_municipality"


class PlaceFilter:
    """Takes units of some municipalities and counties, whatever year's numbers the file has."""

    def __init__(self, *, counties: Iterable[str] = (), municipalities: Iterable[str] = ()) -> None:
        """Resolve what is asked for to today's numbers.

        Raises
        ------
        UnknownMunicipalityError
            ``municipality.unknown``, ``municipality.unreadable``, ``county.unknown``.
        """
        counties, municipalities = list(counties), list(municipalities)
        self.is_open = not counties and not municipalities
        if self.is_open:
            return
        self._changes = read_municipality_changes()
        self._counties = {
            today for county in counties for today in resolve_county(county, changes=self._changes)
        }
        self._municipalities = {
            today
            for number in municipalities
            for today in resolve_municipality(number, changes=self._changes).today
        }
        self._verdicts: dict[str, tuple[bool, bool]] = {}

    def judge(self, numbers: pa.Array | None, *, rows: int) -> npt.NDArray[np.bool_]:
        """Tell which rows lie there, or may: a number as given in the file may since have been split.

        Parameters
        ----------
        numbers : the column of numbers; None where the file has none.
        """
        if self.is_open:
            return np.ones(rows, dtype=bool)
        if numbers is None:
            return np.zeros(rows, dtype=bool)
        coded = numbers.dictionary_encode()
        texts = coded.dictionary.to_pylist()
        self._learn([text for text in texts if text not in self._verdicts])
        verdicts = np.array([*(self._verdicts[text][0] for text in texts), False], dtype=bool)
        taken: npt.NDArray[np.bool_] = verdicts[
            coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
        ]
        return taken

    def count_unsure(self, numbers: pd.Series) -> int:
        """Return how many of the rows that were taken may lie in another part of their old municipality."""
        if self.is_open:
            return 0
        counts = numbers.value_counts()
        self._learn([text for text in counts.index if text not in self._verdicts])
        return sum(int(count) for text, count in counts.items() if self._verdicts[str(text)][1])

    def _learn(self, texts: Sequence[str]) -> None:
        if not texts:
            return
        found = to_current_municipality(pd.Series(texts, dtype="string"), self._changes)
        for text, candidates in zip(texts, found["candidates"], strict=True):
            within = [number in self._municipalities or number[:2] in self._counties for number in candidates]
            self._verdicts[text] = (any(within), any(within) and not all(within))


class IndustryFilter:
    """Takes units any of whose industry codes begins with one of those asked for."""

    def __init__(self, industries: Iterable[str] = ()) -> None:
        """Read the codes asked for: ``38``, ``38.1``, ``38.110``, ``38110``.

        Raises
        ------
        ParameterError
            ``brreg.industry``.
        """
        prefixes = []
        for industry in industries:
            found = _INDUSTRY.fullmatch(str(industry).strip())
            if found is None:
                raise ParameterError("brreg.industry", value=str(industry)[:40])
            prefixes.append(found[1] + found[2])
        self._prefixes = tuple(prefixes)
        self.is_open = not prefixes

    def list_codes(self) -> tuple[str, ...]:
        """Return the codes asked for as the register writes them: ``38``, ``38.1``, ``38.110``."""
        return tuple(prefix[:2] + ("." + prefix[2:] if prefix[2:] else "") for prefix in self._prefixes)

    def judge(self, codes: Iterable[pa.Array | None], *, rows: int) -> npt.NDArray[np.bool_]:
        """Tell which rows are taken by the columns `codes`."""
        if self.is_open:
            return np.ones(rows, dtype=bool)
        taken = np.zeros(rows, dtype=bool)
        for column in codes:
            if column is None:
                continue
            coded = column.dictionary_encode()
            texts = [re.sub(r"[^\d]", "", text) for text in coded.dictionary.to_pylist()]
            fits = np.array([*(text.startswith(self._prefixes) for text in texts), False], dtype=bool)
            taken |= fits[coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)]
        return taken
