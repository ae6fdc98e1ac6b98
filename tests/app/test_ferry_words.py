"""What is said of a way's ferries: which they are, and what is left when they do not sail."""

from __future__ import annotations

import pytest
import shapely

from dashboard.text import in_language
from dashboard.waywords import describe_ferries
from geodata.ferryneeds import FerryNeed
from geodata.routelegs import Route, RouteLeg


def make_route(*ferries: str) -> Route:
    legs = tuple(RouteLeg(name, 1.0, 10.0, True, False) for name in ferries)
    line = shapely.LineString([(10, 63), (11, 63)])
    return Route((), (RouteLeg("E6", 60.0, 65.0, False, False), *legs), line, 61.5, 95.0, len(ferries))


@pytest.mark.parametrize(
    ("need", "nb", "nn"),
    [
        (
            FerryNeed(("Flakk-Rørvik",), None),
            "Ferjer på veien: Flakk-Rørvik. Når de ikke går, finnes det ingen vei.",
            "Ferjer på vegen: Flakk-Rørvik. Når dei ikkje går, finst det ingen veg.",
        ),
        (
            FerryNeed(("{km}", ""), make_route()),
            "Ferjer på veien: {km}, uten navn. Når de ikke går, er veien 61,5\u202fkm, 1 t 35 min.",
            "Ferjer på vegen: {km}, utan namn. Når dei ikkje går, er vegen 61,5\u202fkm, 1 t 35 min.",
        ),
        (
            FerryNeed(("A",), make_route("B", "B", "C")),
            "Ferjer på veien: A. Når de ikke går, er veien 61,5\u202fkm, 1 t 35 min, med ferje: B, C.",
            "Ferjer på vegen: A. Når dei ikkje går, er vegen 61,5\u202fkm, 1 t 35 min, med ferje: B, C.",
        ),
    ],
)
def test_ferries_are_named_with_what_is_left_without_them(need: FerryNeed, nb: str, nn: str) -> None:
    for language, sentence in (("nb", nb), ("nn", nn)):
        with in_language(language):
            assert describe_ferries(need) == sentence
