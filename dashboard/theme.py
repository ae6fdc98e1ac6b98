"""Colours of the dashboard in light and dark: colour-blind safe, contrast AA, never the only sign.

Hues follow Okabe and Ito's palette (2008), darkened for light backgrounds and lightened for dark ones until
they reach 4.5 : 1 as text and 3 : 1 as graphics (``tests/app/test_theme.py`` measures them).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """One theme's colours as ``#rrggbb``; `marks` are for bars and lines, by name."""

    background: str
    surface: str
    text: str
    primary: str
    marks: dict[str, str]


LIGHT = Palette(
    background="#ffffff",
    surface="#eef4f1",
    text="#17211d",
    primary="#0b6b50",
    marks={
        "offer": "#00619a",
        "need": "#b04a00",
        "both": "#7b3f86",
        "neutral": "#5b6762",
        "practice": "#8a3b74",
        "own": "#6b5b00",
        "register": "#33506b",
    },
)
DARK = Palette(
    background="#121a17",
    surface="#1d2823",
    text="#ecf2ef",
    primary="#55c79d",
    marks={
        "offer": "#62b6ec",
        "need": "#f39a4d",
        "both": "#d79be0",
        "neutral": "#a9b5af",
        "practice": "#e89bd0",
        "own": "#d9c64a",
        "register": "#a9c4de",
    },
)
PALETTES = {"light": LIGHT, "dark": DARK}

BASIS_MARKS = {"reported": "●", "estimated": "◐", "modelled": "◇", "illustrative": "✎"}
"""A sign beside the word for each basis: filled is reported, the rest is visibly something else."""

DATASET_MARKS = {"region": "", "practice": "✎", "own": "★", "register": "▣"}


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.1), 0 black to 1 white."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.1), 1 to 21."""
    lighter, darker = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
