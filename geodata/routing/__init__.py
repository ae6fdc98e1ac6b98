"""Exact routing on large road graphs: labels, graph, hierarchy, tables, reach and routes."""
