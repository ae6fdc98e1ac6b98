"""Finn partner: who could take what I have, or has what I need: ranked, with reasons and the way by road."""

from __future__ import annotations

import streamlit as st

from dashboard import controls, inquiry, partners, uploads
from dashboard.choices import PARTNER_MODES
from dashboard.text import gettext as _
from geodata.partners import INQUIRY_ID

st.title(_("Find partner"))
titles = {
    "facility": _("Pick a facility"),
    "container": _("What do you have today?"),
    "file": _("Use my own file"),
}
mode = controls.pick_segment(
    "mode", _("How do you want to search?"), PARTNER_MODES, labels=lambda key: titles[key]
)
if mode == "container":
    asked = inquiry.ask_inquiry()
    search = None if asked is None else partners.Search(asked, INQUIRY_ID)
else:
    if mode == "file":
        uploads.show_uploader(key="partner_upload")
    search = partners.pick_facility(own_only=mode == "file")
if search is not None:
    partners.show_partners(search)
