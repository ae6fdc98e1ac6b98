"""What the server remembers, and for whom: the only rooms that cache, the only view-side callers of loaders.

Tables and scenarios are shared by all sessions, read only, and found again by keys (names, digests, frozen
parameters), never by hashing a frame. Uploads belong to one session and are gone with it. Pages come in by
this door: ``from dashboard import session``.
"""

from __future__ import annotations

from dashboard.session.datasets import Dataset, current_dataset, current_tables
from dashboard.session.files import EXPORT_FORMATS, export_result, export_table, make_template
from dashboard.session.inquiries import (
    Asked,
    find_ferries,
    find_inquiry_spot,
    find_reach,
    find_way,
    inquiry_view,
    read_inquiry_subject,
)
from dashboard.session.loaded import load_network, load_region, load_sources
from dashboard.session.maplayers import build_layers
from dashboard.session.names import (
    bounds_of,
    county_names,
    county_of,
    format_waste_code,
    label_material,
    label_materials,
    municipality_names,
    place_names,
    shared_polygon_note,
    sorted_material_keys,
)
from dashboard.session.own import Own, keep_uploads, own_files, read_uploads
from dashboard.session.roads import (
    credit_roads,
    current_network,
    current_roads,
    describe_roads,
    list_roads,
    look_at_roads,
    lost_roads,
    name_profile,
    name_roads,
    read_current_roads,
    summarise_roads,
)
from dashboard.session.scenarios import (
    View,
    companies_serving,
    compute,
    count_neighbours,
    current_filters,
    current_view,
    load_calculator,
    load_workshop,
    quick_view,
)
from dashboard.session.start import start_session, warm_server
from geodata.routes import Route
from geodata.selection import Filters

__all__ = [
    "EXPORT_FORMATS",
    "Asked",
    "Dataset",
    "Filters",
    "Own",
    "Route",
    "View",
    "bounds_of",
    "build_layers",
    "companies_serving",
    "compute",
    "count_neighbours",
    "county_names",
    "county_of",
    "credit_roads",
    "current_dataset",
    "current_filters",
    "current_network",
    "current_roads",
    "current_tables",
    "current_view",
    "describe_roads",
    "export_result",
    "export_table",
    "find_ferries",
    "find_inquiry_spot",
    "find_reach",
    "find_way",
    "format_waste_code",
    "inquiry_view",
    "keep_uploads",
    "label_material",
    "label_materials",
    "list_roads",
    "load_calculator",
    "load_network",
    "load_region",
    "load_sources",
    "load_workshop",
    "look_at_roads",
    "lost_roads",
    "make_template",
    "municipality_names",
    "name_profile",
    "name_roads",
    "own_files",
    "place_names",
    "quick_view",
    "read_current_roads",
    "read_inquiry_subject",
    "read_uploads",
    "shared_polygon_note",
    "sorted_material_keys",
    "start_session",
    "summarise_roads",
    "warm_server",
]
