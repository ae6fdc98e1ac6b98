"""Finn partner: who could take what I have, or has what I need: ranked, with reasons and the way by road."""

from __future__ import annotations

import streamlit as st

from dashboard import controls, partners, uploads
from dashboard.text import gettext as _

st.title(_("Find partner"))
titles = {
    "facility": _("Pick a facility"),
    "container": _("What do you have today?"),
    "file": _("Use my own file"),
}
mode = controls.pick_segment(
    "mode", _("How do you want to search?"), controls.PARTNER_MODES, labels=lambda key: titles[key]
)
if mode == "container":
    search = partners.ask_inquiry()
else:
    if mode == "file":
        uploads.show_uploader(key="partner_upload")
    search = partners.pick_facility(own_only=mode == "file")
if search is not None:
    partners.show_partners(search)
