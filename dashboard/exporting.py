"""Downloads: templates to fill in, and the scenario as Excel, GeoPackage and GeoJSON."""

from __future__ import annotations

from dashboard import session


def show_downloads(view: session.View, *, key: str) -> None:
    """Offer the scenario as files."""


def show_templates() -> None:
    """Offer the empty templates."""
