"""A sentence for what goes wrong with official sources, and one for what to do; part of ``messages.py``.

Grouped by source. What still works without a service stands in :data:`INSTEAD`.
"""

from __future__ import annotations

SOURCE_MESSAGES: dict[str, tuple[str, str]] = {
    # every service
    "source.unreachable": (
        "{service} could not be reached in {attempts} attempts.",
        "Try again later: what was fetched is kept, and the next run goes on from there.",
    ),
    "source.failing": (
        "{service} did not answer as it should in {attempts} attempts (status {status}).",
        "Try again later: what was fetched is kept, and the next run goes on from there.",
    ),
    "source.refused": (
        "{service} refused the question (status {status}, {path}).",
        "Check what was asked for; if it is right, the service may have changed.",
    ),
    "source.unexpected": (
        "{service} answered with something else than data ({path}).",
        "Try again later. If it goes on, the service may have changed: report it, and use a file meanwhile.",
    ),
    "source.stale": (
        "{service} cannot be reached now; an older answer that was kept is used.",
        "Fetch again later to have today's data.",
    ),
}
"""Code -> (what is wrong, what to do)."""
