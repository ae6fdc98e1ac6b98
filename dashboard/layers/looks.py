"""How things look on the map: one symbol a role, one filling a basis, one frame a data set."""

from __future__ import annotations

from dashboard.symbols import INK, Colour, Outline, Pattern, Style, mark
from dashboard.text import N_

OFFER, NEED, BOTH, NEUTRAL = mark("offer"), mark("need"), mark("both"), mark("neutral")
GREEN = Colour("#0b6b50", "#4cc498")
BROWN = Colour("#7a4b12", "#d6a35c")
REACH = Colour("#5b3fa0", "#b9a3f5")
ROLES: dict[str, tuple[str, Style]] = {
    "offers": (N_("Offers a stream"), Style("circle", OFFER)),
    "needs": (N_("Needs a stream"), Style("square", NEED)),
    "both": (N_("Both offers and needs"), Style("diamond", BOTH)),
    "municipal_waste_company": (N_("Municipal waste company"), Style("hexagon", GREEN, radius=8)),
    "treatment": (N_("Treatment or collection of waste"), Style("triangle", BROWN, radius=8)),
    "industrial_park": (N_("Industrial park"), Style("pentagon", NEUTRAL)),
    "support": (N_("Research, investor, authority or network office"), Style("cross", NEUTRAL)),
    "none": (N_("No known streams"), Style("circle", NEUTRAL, radius=5)),
}
"""Role -> what it is called and how it looks; the basis changes the filling, the data set the frame."""
ROLE_OF_ACTOR = {
    "municipal_waste_company": "municipal_waste_company",
    "treatment": "treatment",
    "collector": "treatment",
    "industrial_park": "industrial_park",
    "research": "support",
    "investor": "support",
    "public_body": "support",
    "network_office": "support",
    "service": "support",
}
PATTERNS: dict[str, Pattern] = {
    "reported": "solid",
    "estimated": "half",
    "modelled": "ring",
    "illustrative": "hatch",
    "unknown": "hollow",
}
OUTLINES: dict[str, Outline] = {
    "region": "plain",
    "practice": "practice",
    "own": "own",
    "register": "register",
}
BASIS_TITLES = {
    "reported": N_("Amount reported"),
    "estimated": N_("Amount estimated"),
    "modelled": N_("Amount modelled"),
    "illustrative": N_("Amount illustrative"),
    "unknown": N_("Amount not known"),
}
GROUP_TITLE = N_("Several in one place: plain line reported, double line all else")
DATASET_TITLES = {
    "practice": N_("Practice data (fictional firms)"),
    "own": N_("Own file"),
    "register": N_("From the business register"),
}
FLOW_DASHES = {"reported": (), "estimated": (12.0, 4.0), "modelled": (6.0, 5.0), "illustrative": (2.0, 5.0)}
INTERMEDIARY = Style("circle", GREEN, pattern="hollow", width=3.0, radius=12)
"""The ring where a flow goes on through one who treats it (``ringed`` in the map's script)."""
PAYS = Colour("#8a5a00", "#e3b341")
PLAN_LOOKS: dict[str, tuple[Colour, tuple[float, ...]]] = {
    "reuse": (GREEN, ()),
    "recycling": (OFFER, (18.0, 4.0)),
    "biological": (BOTH, (10.0, 4.0)),
    "backfilling": (NEUTRAL, (12.0, 3.0, 3.0, 3.0)),
    "energy": (NEED, (6.0, 4.0)),
    "disposal": (INK, (2.0, 4.0)),
}
"""Place in the waste hierarchy -> colour and dashes of a planned flow."""
REACH_LOOKS: tuple[tuple[Pattern, float, tuple[float, ...], float], ...] = (
    ("hatch", 2.5, (), 0.16),
    ("solid", 2.0, (8.0, 4.0), 0.12),
    ("solid", 1.5, (2.0, 4.0), 0.08),
)
"""Pattern, border, its dashes and filling of the areas of reach, the nearest first."""
