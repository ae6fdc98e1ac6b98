"""The script that runs for every reader and every change: the frame, and the chosen page within it."""

from __future__ import annotations

import streamlit as st

from dashboard import chrome, controls, session
from dashboard.text import gettext as _
from geodata.errors import SymbiosekartError

st.set_page_config(page_title="Symbiosekart", page_icon=chrome.ICON, layout="wide")
bad_values = controls.restore_choices()
session.start_session()
page = st.navigation(chrome.build_pages(), position="top")
chrome.set_page_style()
with st.sidebar:
    st.markdown("**" + _("What is shown") + "**")
    chrome.pick_language()
    bad_values += chrome.pick_dataset()
    bad_values += chrome.pick_roads()
    bad_values += session.check_figures()
    if page.url_path != "data":
        chrome.pick_filters()
controls.show_bad_values(bad_values)
chrome.show_dataset_banner()
try:
    chrome.read_roads()
    page.run()
except SymbiosekartError as error:
    chrome.show_error(error)
chrome.show_footer()
controls.write_permalink()
