"""What users read: gettext catalogues, numbers and dates in the reader's language.

Texts stand in the code in English and are translated when they are shown::

    from dashboard.text import gettext as _

    st.header(_("Find a partner"))
    st.write(_("{count} matches within {km} km").format(count=format_number(12), km=format_number(80)))

All ``.po`` files under ``dashboard/locale/<language>/LC_MESSAGES/`` are merged in memory; each part of the
project keeps its own file and no compiled catalogue is needed. A text that a language lacks falls back along
:data:`FALLBACKS` (nynorsk to bokmål) and last to the English text itself.

A text that is defined where the module loads (a table of labels) is marked with :func:`N_` and translated
where it is shown. This module knows no Streamlit; who reads is told by :func:`use_language` (one thread, the
command line) or by :func:`provide_language` (a function that knows the session).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date as _babel_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol, get_minus_sign_symbol

DEFAULT_LANGUAGE = "nb"
LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
FALLBACKS: dict[str, tuple[str, ...]] = {"nb": ("nb",), "nn": ("nn", "nb"), "en": ()}
LOCALES = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}
LOCALE_DIR = Path(__file__).parent / "locale"

THIN_SPACE = "\u202f"
"""Narrow no-break space: between thousands, and between a number and its unit."""

_chosen: ContextVar[str | None] = ContextVar("symbiosekart_language", default=None)
_provider: Callable[[], str | None] | None = None


def language() -> str:
    """Return the reader's language, one of :data:`LANGUAGES`."""
    chosen = _chosen.get() or (_provider() if _provider is not None else None)
    return chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE


def use_language(code: str) -> None:
    """Read in language `code` from here on in this thread; an unknown code means bokmål."""
    _chosen.set(code if code in LANGUAGES else DEFAULT_LANGUAGE)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Read in language `code` within a ``with`` block."""
    token = _chosen.set(code if code in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _chosen.reset(token)


def provide_language(provider: Callable[[], str | None] | None) -> None:
    """Let `provider` say who is reading, where :func:`use_language` has not."""
    global _provider
    _provider = provider


def read_catalogues(code: str, *, folder: Path = LOCALE_DIR) -> dict[str, tuple[str, ...]]:
    """Merge every catalogue of language `code`: msgid -> (text,) or (singular, plural).

    Fuzzy and empty translations are left out. Where two files translate the same msgid, the first file by
    name is taken (a test says so where they disagree).
    """
    merged: dict[str, tuple[str, ...]] = {}
    for path in sorted((folder / code / "LC_MESSAGES").glob("*.po")):
        for msgid, texts in _read_catalogue(path):
            merged.setdefault(msgid, texts)
    return merged


def _read_catalogue(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    with path.open("rb") as file:
        catalogue: Catalog = read_po(file)
    for message in catalogue:
        msgid = message.id if isinstance(message.id, str) else message.id[0]
        texts = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        if msgid and not message.fuzzy and all(texts):
            yield msgid, texts


@cache
def _texts(code: str) -> dict[str, tuple[str, ...]]:
    merged: dict[str, tuple[str, ...]] = {}
    for step in reversed(FALLBACKS[code]):
        merged.update(read_catalogues(step))
    return merged


def gettext(message: str) -> str:
    """Translate the English `message` into the reader's language."""
    found = _texts(language()).get(message)
    return found[0] if found else message


def ngettext(singular: str, plural: str, n: float) -> str:
    """Translate a text that depends on the number `n`; all three languages have the same two forms."""
    found = _texts(language()).get(singular)
    if found is None or len(found) < 2:
        return singular if n == 1 else plural
    return found[0] if n == 1 else found[1]


def N_(message: str) -> str:  # noqa: N802  (the name gettext tools look for)
    """Mark `message` for translation and return it untouched: for labels in tables at module level."""
    return message


def is_unknown(value: object) -> bool:
    """Whether `value` is None, pandas' <NA> or NaT, or NaN."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def lower_first(text: str) -> str:
    """Return a label as it stands within a sentence: no capital at the front, abbreviations as they are."""
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]


def format_number(value: Any, *, decimals: int = 0, unit: str = "") -> str:
    """Write a number as Norwegians do: ``12 345,6 t``; unknown is said, never zero.

    Parameters
    ----------
    value : a number, or None, NaN or <NA> for unknown.
    decimals : most decimals shown; trailing zeros are dropped.
    unit : put after the number with a narrow no-break space.
    """
    if is_unknown(value):
        return gettext("unknown")
    group, decimal, minus = _symbols(language())
    whole, _, rest = f"{abs(float(value)):,.{decimals}f}".partition(".")
    rest = rest.rstrip("0")
    text = whole.replace(",", group) + (decimal + rest if rest else "")
    if float(value) < 0 and text.strip("0"):
        text = minus + text
    return f"{text}{THIN_SPACE}{unit}" if unit else text


@cache
def _symbols(code: str) -> tuple[str, str, str]:
    """Return the signs between thousands, before decimals and before what is below zero."""
    locale = LOCALES[code]
    group = get_group_symbol(locale)
    return THIN_SPACE if group.isspace() else group, get_decimal_symbol(locale), get_minus_sign_symbol(locale)


def format_amount(low: Any, best: Any, high: Any, *, unit: str) -> str:
    """Write an amount a year with its range, ``120 (100-150) t``; one that is not known is ``unknown``."""
    known = [value for value in (best, low, high) if not is_unknown(value)]
    if not known:
        return gettext("unknown")
    ends = (format_number(low, decimals=1), format_number(high, decimals=1))
    has_range = not is_unknown(low) and not is_unknown(high) and float(low) != float(high)
    if is_unknown(best):
        if has_range:
            return f"{ends[0]}–{ends[1]}{THIN_SPACE}{unit}"
        sign = "" if not is_unknown(low) and not is_unknown(high) else ("≥" if is_unknown(high) else "≤")
        return sign + format_number(known[0], decimals=1, unit=unit)
    middle = format_number(best, decimals=1)
    return f"{middle} ({ends[0]}–{ends[1]}){THIN_SPACE}{unit}" if has_range else f"{middle}{THIN_SPACE}{unit}"


def format_minutes(value: Any) -> str:
    """Write minutes as hours and minutes: ``1 t 25 min``; unknown is said."""
    if is_unknown(value):
        return gettext("unknown")
    hours, minutes = divmod(round(float(value)), 60)
    if not hours:
        return gettext("{minutes} min").format(minutes=minutes)
    return gettext("{hours} h {minutes} min").format(hours=hours, minutes=minutes)


def format_date(value: Any) -> str:
    """Write an ISO date, month or year (``2020-05-20``, ``2020-05``, ``2020``) in the reader's language."""
    if is_unknown(value):
        return gettext("unknown")
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    locale = LOCALES[language()]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", text):
        return str(
            _babel_date(
                dt.date.fromisoformat(text[:10]),
                format="d. MMMM y" if language() != "en" else "long",
                locale=locale,
            )
        )
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return str(_babel_date(dt.date.fromisoformat(f"{text}-01"), format="MMMM y", locale=locale))
    return text
