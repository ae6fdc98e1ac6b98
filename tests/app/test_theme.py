"""The palette's contrast, measured by WCAG 2.1's own formula."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dashboard.theme import BASIS_MARKS, PALETTES, contrast_ratio
from geodata.schemas import BASES

CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"


def test_the_formula_gives_the_standards_own_figures() -> None:
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast_ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_and_marks_reach_aa_on_both_backgrounds(name: str) -> None:
    palette = PALETTES[name]
    for background in (palette.background, palette.surface):
        assert contrast_ratio(palette.text, background) >= 7
        assert contrast_ratio(palette.primary, background) >= 4.5
        for mark, colour in palette.marks.items():
            assert contrast_ratio(colour, background) >= 4.5, mark


@pytest.mark.parametrize("name", ["light", "dark"])
def test_streamlits_theme_is_the_palette(name: str) -> None:
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][name]
    palette = PALETTES[name]
    assert theme["backgroundColor"] == palette.background
    assert theme["secondaryBackgroundColor"] == palette.surface
    assert theme["textColor"] == palette.text
    assert theme["primaryColor"] == palette.primary
    for colour in (theme["grayTextColor"], theme["linkColor"]):
        assert contrast_ratio(colour, palette.background) >= 4.5


def test_no_font_or_statistics_from_another_host() -> None:
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    assert "http" not in CONFIG.read_text(encoding="utf-8")


def test_each_basis_has_a_sign_of_its_own() -> None:
    assert set(BASIS_MARKS) == set(BASES)
    assert len(set(BASIS_MARKS.values())) == len(BASES)
