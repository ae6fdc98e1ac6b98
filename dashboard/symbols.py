"""How things look on the map and in its legend: shape, colour and pattern together, never colour alone.

One table of shapes serves both: the map draws a category from its JSON form, the legend from the same points
as SVG. Colours come in pairs, for a light and a dark page; they keep apart for the common colour blindnesses.
"""

from __future__ import annotations

import base64
import html
import math
from dataclasses import dataclass
from typing import Any, Literal

from dashboard.theme import DARK, LIGHT

Theme = Literal["light", "dark"]
Pattern = Literal["solid", "half", "ring", "hatch", "hollow"]
Outline = Literal["plain", "practice", "own", "register"]


@dataclass(frozen=True)
class Colour:
    """A colour on a light page and on a dark one, ``#rrggbb``."""

    light: str
    dark: str

    def on(self, theme: Theme) -> str:
        """Return the colour for `theme`."""
        return self.dark if theme == "dark" else self.light


def _regular(corners: int, *, turn: float = 0.0, scale: float = 1.0) -> tuple[tuple[float, float], ...]:
    angles = [2 * math.pi * k / corners + math.radians(turn) - math.pi / 2 for k in range(corners)]
    return tuple((round(scale * math.cos(a), 3), round(scale * math.sin(a), 3)) for a in angles)


_ARM = 0.36
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "circle": (),
    "square": _regular(4, turn=45, scale=1.22),
    "diamond": _regular(4, scale=1.25),
    "triangle": _regular(3, scale=1.3),
    "hexagon": _regular(6, scale=1.18),
    "pentagon": _regular(5, scale=1.2),
    "cross": tuple(
        (x * 1.1, y * 1.1)
        for x, y in (
            (-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM),
            (_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM),
        )
    ),
}  # fmt: skip
"""Corners of each shape in units of its radius, y downwards; a circle has none."""


def mark(name: str) -> Colour:
    """Return the theme's colour `name` on both kinds of page."""
    return Colour(LIGHT.marks[name], DARK.marks[name])


INK = Colour("#1f2933", "#eef2f5")
PAPER = Colour("#ffffff", "#16212a")
PRACTICE = mark("practice")
OWN = mark("own")
REGISTER = mark("register")
SELECTED = Colour("#d7004b", "#ffd23f")


@dataclass(frozen=True)
class Frame:
    """What stands around a symbol: colour, dashes (pixels; empty: unbroken), a square or a circle."""

    colour: Colour
    dash: tuple[float, ...] = ()
    square: bool = False


FRAMES: dict[Outline, Frame] = {
    "practice": Frame(PRACTICE, (3, 2)),
    "own": Frame(OWN),
    "register": Frame(REGISTER, square=True),
}


@dataclass(frozen=True)
class Style:
    """How one category of a layer looks.

    Attributes
    ----------
    shape : key of :data:`SHAPES`, or ``line`` or ``area``; ``group`` in legends only.
    fill, stroke : colours.
    pattern : how a symbol or an area is filled.
    outline : frame that tells practice data, the user's own and units of a register from the real region.
    radius : of a symbol, pixels.
    width : of a line or a border, pixels.
    dash : lengths of dashes and gaps, pixels; empty for an unbroken line.
    opacity : of an area's fill, 0-1.
    """

    shape: str
    fill: Colour
    stroke: Colour = INK
    pattern: Pattern = "solid"
    outline: Outline = "plain"
    radius: float = 7.0
    width: float = 1.5
    dash: tuple[float, ...] = ()
    opacity: float = 0.9

    def to_json(self) -> dict[str, Any]:
        """Return the form that the map's script draws from."""
        frame = FRAMES.get(self.outline)
        return {
            "shape": self.shape,
            "corners": [list(corner) for corner in SHAPES.get(self.shape, ())],
            "fill": [self.fill.light, self.fill.dark],
            "stroke": [self.stroke.light, self.stroke.dark],
            "frame": [frame.colour.light, frame.colour.dark] if frame else None,
            "frameDash": list(frame.dash) if frame else [],
            "frameSquare": bool(frame and frame.square),
            "pattern": self.pattern,
            "radius": self.radius,
            "width": self.width,
            "dash": list(self.dash),
            "opacity": self.opacity,
        }


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend: what it means, and the style that shows it."""

    label: str
    style: Style


def draw_symbol(style: Style, *, theme: Theme = "light") -> str:
    """Draw `style` as SVG markup, 28 x 22 pixels. Holds numbers and colours only."""
    fill, stroke, paper = style.fill.on(theme), style.stroke.on(theme), PAPER.on(theme)
    parts: list[str] = []
    if style.shape == "line":
        dash = " ".join(f"{step:g}" for step in style.dash)
        parts.append(
            f'<path d="M2 11 H20" stroke="{fill}" stroke-width="{max(style.width, 2.5):g}" '
            f'stroke-dasharray="{dash}" fill="none"/>'
        )
        parts.append(f'<path d="M18 6 L27 11 L18 16 Z" fill="{fill}"/>')
    elif style.shape == "group":
        for width, colour, half in (
            (5, fill, "M14 3 A8 8 0 1 1 14 19 A8 8 0 1 1 14 3"),
            (1.8, paper, "M14 3 A8 8 0 0 0 14 19"),
        ):
            parts.append(f'<path d="{half}" stroke="{colour}" stroke-width="{width:g}" fill="none"/>')
    elif style.shape == "area":
        dash = " ".join(f"{step:g}" for step in style.dash)
        parts.append(
            f'<rect x="3" y="4" width="22" height="14" rx="3" fill="{fill}" fill-opacity="{style.opacity:g}" '
            f'stroke="{stroke}" stroke-width="{style.width:g}" stroke-dasharray="{dash}"/>'
        )
        if style.pattern == "hatch":
            for x in (4, 10, 16):
                parts.append(f'<path d="M{x} 18 L{x + 9} 4" stroke="{stroke}" stroke-width="1"/>')
    else:
        if frame := FRAMES.get(style.outline):
            dash = " ".join(f"{step:g}" for step in frame.dash)
            outline = (
                '<rect x="4.5" y="1.5" width="19" height="19"'
                if frame.square
                else '<circle cx="14" cy="11" r="10"'
            )
            parts.append(
                f'{outline} fill="none" stroke="{frame.colour.on(theme)}" stroke-width="1.8" '
                f'stroke-dasharray="{dash}"/>'
            )
        hollow = style.pattern in ("hollow", "ring", "half", "hatch")
        parts.append(
            _shape(style, 6.5, f'fill="{paper if hollow else fill}" stroke="{fill}" stroke-width="2"')
        )
        if style.pattern == "half":
            parts.append(f'<path d="M14 5.5 A5.5 5.5 0 0 1 14 16.5 Z" fill="{fill}"/>')
        elif style.pattern == "ring":
            parts.append(f'<circle cx="14" cy="11" r="2.4" fill="{fill}"/>')
        elif style.pattern == "hatch":
            for shift in (-3.5, 0, 3.5):
                x = 14 + shift
                parts.append(
                    f'<path d="M{x - 2.5:g} 13.5 L{x + 2.5:g} 8.5" stroke="{fill}" stroke-width="1.4"/>'
                )
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="28" height="22" viewBox="0 0 28 22">{body}</svg>'


def embed_symbol(style: Style, *, theme: Theme = "light") -> str:
    """Return the symbol as an ``<img>`` with an empty alternative text: the label beside it tells.

    Streamlit takes SVG elements out of HTML, but keeps images with a data address.
    """
    data = base64.b64encode(draw_symbol(style, theme=theme).encode()).decode()
    return f'<img alt="" width="28" height="22" src="data:image/svg+xml;base64,{data}">'


def _shape(style: Style, radius: float, attributes: str) -> str:
    corners = SHAPES[style.shape]
    if not corners:
        return f'<circle cx="14" cy="11" r="{radius:g}" {attributes}/>'
    points = " ".join(f"{14 + radius * x:.1f},{11 + radius * y:.1f}" for x, y in corners)
    return f'<polygon points="{points}" stroke-linejoin="round" {attributes}/>'


def render_legend(groups: list[tuple[str, tuple[LegendEntry, ...]]], *, theme: Theme = "light") -> str:
    """Render legends as one HTML fragment: a heading and a list a group. Every text is escaped."""
    blocks = []
    for title, entries in groups:
        items = "".join(
            '<li style="display:flex;align-items:center;gap:.5rem;margin:.1rem 0">'
            f"{embed_symbol(entry.style, theme=theme)}<span>{html.escape(entry.label)}</span></li>"
            for entry in entries
        )
        blocks.append(
            f'<div style="min-width:11rem"><p style="font-weight:600;margin:.2rem 0">{html.escape(title)}</p>'
            f'<ul style="list-style:none;margin:0;padding:0;font-size:.875rem">{items}</ul></div>'
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:.75rem 2rem">{"".join(blocks)}</div>'
