"""Pure calculation: tables and frozen dataclasses in, tables and frozen dataclasses out.

Nothing here knows files, the network, Streamlit or folium. Points at every module's border are
EPSG:4326 (longitude, latitude); metric work happens in EPSG:25833 (see :mod:`geodata.crs`).
"""
