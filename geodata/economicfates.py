"""What may become of a stream in the end, as far as prices go: which operations come to the same."""

from __future__ import annotations

BURNT = ("R1", "D10", "D11")
BURNING_STEPS = ("combustion", "co_combustion", "incineration")
LANDFILLED = ("D1", "D2", "D3", "D4", "D5", "D12")
RELEASED = ("D6", "D7")
TREATED_FIRST = ("D8", "D9")
INTERIM = ("R12", "R13", "D13", "D14", "D15")
FINAL_HIERARCHIES = ("energy", "disposal")
FOSSIL = ("coal", "petcoke", "natural_gas", "fuel_oil", "lpg", "diesel")
MIXED = "group:mixed"


def name_fate(operation: str, step: str) -> str:
    """Return the operation that a match ends in; "" where it is none, or not told."""
    if operation:
        return operation
    if step in BURNING_STEPS:
        return "R1"
    return "D1" if step == "landfilling" else ""


def join_fate(operation: str) -> str:
    """Return one operation for all that come to the same."""
    if operation in LANDFILLED:
        return "D1"
    return "D10" if operation == "D11" else broaden(operation)


def broaden(operation: str) -> str:
    """Return the R operation whose figures stand for `operation`."""
    return {"R6": "R5", "R7": "R5", "R8": "R4", "R11": "R5"}.get(operation, operation)
