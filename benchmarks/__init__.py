"""Measurements of the road engine on a synthetic country; not part of the tests and not packaged."""
