"""Streamlit's own words in the reader's language: names of its buttons, its menu, the upload area.

Streamlit 1.67 writes these in English and has no setting for them. A small script of ours replaces those that
stand in the lists below, and nothing else: names (``aria-label``) anywhere, visible text only inside
Streamlit's own parts. A word that a later version writes otherwise simply stays English.
"""

from __future__ import annotations

import json

from dashboard.text import N_
from dashboard.text import gettext as _

WHOLE = (
    N_("Skip to main content"),
    N_("Main menu"),
    N_("App pages"),
    N_("Sidebar"),
    N_("Expand sidebar"),
    N_("Collapse sidebar"),
    N_("Running..."),
    N_("Stop"),
    N_("Theme"),
    N_("System"),
    N_("Light"),
    N_("Dark"),
    N_("Print"),
    N_("Record screen"),
    N_("Clear value"),
    N_("Clear all"),
    N_("No results"),
    N_("Select all"),
    N_("Press Enter to apply"),
    N_("Show/hide columns"),
    N_("Download as CSV"),
    N_("Search"),
    N_("Fullscreen"),
    N_("Close fullscreen"),
    N_("Scroll tabs left"),
    N_("Scroll tabs right"),
    N_("Upload"),
    N_("Add files"),
    N_("file upload"),
    N_("Drag and drop files here"),
    N_("Decrement value"),
    N_("Increment value"),
)
BEGINNINGS = (
    N_("Help for "),
    N_("Show/hide columns: "),
    N_("Download as CSV: "),
    N_("Search: "),
    N_("Fullscreen: "),
    N_("Close fullscreen: "),
    N_("Remove "),
)
SIZE = N_("At most {size} per file")
"""What is said for "50MB per file", the one text with a value in it."""

PLACES = (
    "stSkipToContent",
    "stMainMenuPopover",
    "stStatusWidget",
    "stFileUploaderDropzone",
    "stTooltipContent",
    "InputInstructions",
    "stSelectboxVirtualDropdown",
)
"""Test identifiers of Streamlit's parts whose visible text is looked through."""

SCRIPT = """
(() => {
  window.symbiosekartWords = WORDS;
  if (!window.symbiosekartSay) {
    const first = new WeakMap(), last = new WeakMap();
    const say = (text) => {
      const words = window.symbiosekartWords, bare = text.trim();
      if (Object.hasOwn(words.whole, bare)) return text.replace(bare, () => words.whole[bare]);
      const start = Object.keys(words.beginnings).find((beginning) => text.startsWith(beginning));
      if (start) return words.beginnings[start] + text.slice(start.length);
      const size = /^([\\d.,]+\\s?[KMG]?B) per file/;
      return text.replace(size, (found, value) => words.size.replace('{size}', value));
    };
    const mend = (node, now, write) => {
      const original = now === last.get(node) ? first.get(node) : now;
      const said = say(original);
      first.set(node, original);
      last.set(node, said);
      if (said !== now) write(said);
    };
    window.symbiosekartSay = () => {
      for (const node of document.querySelectorAll('[aria-label]')) {
        mend(node, node.getAttribute('aria-label'), (said) => node.setAttribute('aria-label', said));
      }
      for (const place of document.querySelectorAll(PLACES)) {
        const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode()) {
          mend(node, node.nodeValue, (said) => { node.nodeValue = said; });
        }
      }
    };
    let waiting = 0;
    const later = () => { waiting ||= setTimeout(() => { waiting = 0; window.symbiosekartSay(); }, 50); };
    new MutationObserver(later).observe(document.body, {
      subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['aria-label'],
    });
  }
  window.symbiosekartSay();
})();
"""


def render_frame_script() -> str:
    """Return the script (no tags around it) for the reader's language; safe to stand inside a page."""
    words = {
        "whole": {text: _(text) for text in WHOLE},
        "beginnings": {text: _(text) for text in BEGINNINGS},
        "size": _(SIZE),
    }
    places = ", ".join(f'[data-testid="{name}"]' for name in PLACES)
    return SCRIPT.replace("WORDS", _as_script(words)).replace("PLACES", _as_script(places))


def _as_script(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
