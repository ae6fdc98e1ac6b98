"""One tree of errors. Each carries a code and values; a front end turns them into a sentence."""

from __future__ import annotations


class SymbiosekartError(Exception):
    """Base of every error the project raises on purpose.

    Parameters
    ----------
    code : a stable, dotted name such as ``"file.truncated"``; fronts translate it.
    values : what the sentence needs (file name, row, column, limits ...), all plain str, int or float.
    """

    def __init__(self, code: str, **values: str | int | float) -> None:
        self.code = code
        self.values = values
        details = ", ".join(f"{name}={value!r}" for name, value in values.items())
        super().__init__(f"{code}({details})")


class InvalidTableError(SymbiosekartError):
    """A table lacks a required column, or a column has the wrong type."""


class CrsError(SymbiosekartError):
    """A table of points has no coordinate reference system, or one that cannot be used."""


class UnknownMunicipalityError(SymbiosekartError):
    """A municipality number that was never in use since 2017."""


class NetworkError(SymbiosekartError):
    """A road network that cannot be used: links to unknown places, negative lengths, no links."""


class RefusedFileError(SymbiosekartError):
    """An uploaded file that is not what it says it is, too large, or dangerous to open."""


class ParameterError(SymbiosekartError):
    """A scenario parameter outside its range."""


class AllocationError(SymbiosekartError):
    """Amounts, pairs or limits that no allocation can be computed from."""


class ClusterError(SymbiosekartError):
    """A cluster that was to do the work cannot be reached, does not fit, or was lost."""


class SourceError(SymbiosekartError):
    """An official service that cannot be reached, refuses the question, or answers something else."""
