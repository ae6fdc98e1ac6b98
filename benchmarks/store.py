"""Arrays on disk between processes: a folder an object, a ``.npy`` file an array; numpy alone reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np


def save_arrays(folder: Path, thing: Any) -> None:
    """Write every array of the dataclass `thing` to `folder`, then its other fields to ``rest.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    rest: dict[str, Any] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, np.ndarray):
            np.save(folder / f"{field.name}.npy", value)
        else:
            rest[field.name] = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    (folder / "rest.json").write_text(json.dumps(rest), encoding="utf-8")


def load_arrays(folder: Path) -> dict[str, Any]:
    """Return what :func:`save_arrays` wrote; a folder cut short raises FileNotFoundError."""
    rest: dict[str, Any] = json.loads((folder / "rest.json").read_text(encoding="utf-8"))
    return {file.stem: np.load(file) for file in sorted(folder.glob("*.npy"))} | rest
