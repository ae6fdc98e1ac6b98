"""The one door to the compiler: what is marked here runs as machine code where numba is installed.

Modules whose name begins with ``kernels`` import this one, and are themselves imported inside the functions
that need them, so that a start without routing does not pay for loading the compiler.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

AVAILABLE: Final = importlib.util.find_spec("numba") is not None
"""Whether kernels are compiled. Without it they are plain Python: right, and too slow for large graphs."""

_SWEEP: Final = "geodata.routing.kernels_sweep"

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])


def is_loaded() -> bool:
    """Tell whether the sweep's kernels are there already, so that using them costs nothing but their work."""
    return _SWEEP in sys.modules


def compiled(kernel: _Kernel) -> _Kernel:
    """Return `kernel` compiled at its first call for the types it is given, without the interpreter's lock.

    Sums and comparisons follow IEEE 754 to the letter (no fast-math): labels are exact and infinity is
    "no way". Machine code is kept on disk beside the module or in the user's cache folder; where neither can
    be written, each process compiles anew. Give kernels a fixed set of array types, all contiguous:
    each new combination is one more compilation.
    """
    if not AVAILABLE:
        return kernel
    import numba

    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(_Kernel, numba.njit(cache=True, **options)(kernel))
    except RuntimeError:  # no folder to keep machine code in
        return cast(_Kernel, numba.njit(**options)(kernel))
