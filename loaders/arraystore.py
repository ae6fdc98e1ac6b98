"""Arrays as ``.npy`` bytes that deflate well: whole numbers as differences, and bytes by their place value.

Codecs: ``plain`` stores values as they are; ``steps`` whole numbers as differences; ``labels`` whole numbers
in double precision with infinity as -1; ``tenths`` coordinates of whole decimetres as differences. All but
the first store the lowest bytes of all numbers, then the next ones and so on: the high ones are nearly all
the same. What is read back is bit for bit what was stored.
"""

from __future__ import annotations

import io
from tokenize import TokenError
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[Any]

CODECS: Final = ("plain", "steps", "labels", "tenths")
_HEADER_BYTES: Final = 4096


def pack_array(values: _Array, kind: str) -> tuple[str, memoryview]:
    """Return the codec that suits `values` (one-dimensional, of NumPy type `kind`) and the ``.npy`` bytes."""
    codec, stored = _encode(np.ascontiguousarray(values, kind))
    content = io.BytesIO()
    np.lib.format.write_array(content, stored, allow_pickle=False)
    return codec, content.getbuffer()


def size_array(codec: str, length: int, kind: str) -> int:
    """Return the most bytes that an array of `length` takes as :func:`pack_array` writes it."""
    shape, stored_kind = _shape_stored(codec, length, kind)
    return shape[0] * (shape[1] if len(shape) > 1 else 1) * np.dtype(stored_kind).itemsize + _HEADER_BYTES


def unpack_array(content: bytes, codec: str, length: int, kind: str) -> _Array:
    """Return the array that :func:`pack_array` packed; ValueError where `content` is anything else.

    What the bytes say of their own shape and type must be what is expected: nothing is allocated by their
    word, and no objects are made.
    """
    shape, stored_kind = _shape_stored(codec, length, kind)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an unknown version of .npy")
    try:
        told = np.lib.format.read_array_header_1_0(stream)
    except (TypeError, EOFError, SyntaxError, RecursionError, MemoryError, TokenError) as error:
        raise ValueError("the header is no header") from error
    if told != (shape, False, np.dtype(stored_kind)):
        raise ValueError("another array than was told")
    values = np.frombuffer(content, stored_kind, offset=stream.tell())
    return _decode(codec, values.reshape(shape), kind)


def _encode(values: _Array) -> tuple[str, _Array]:
    """Return the codec's name and what is stored: `values` as they are, or bytes by place value."""
    if values.dtype.kind in "iu" and values.dtype.itemsize > 1:
        steps = np.diff(values.astype(np.int64), prepend=0)
        if not len(steps) or (steps.min() >= -(2**31) and steps.max() < 2**31):
            return "steps", _split_bytes(steps.astype("<i4"))
    elif values.dtype == np.float64:
        there = np.isfinite(values)
        known = values[there]
        if (known >= 0).all() and (known < 2.0**53).all() and (known == np.rint(known)).all():
            if not np.isnan(values[~there]).any() and not (values[~there] < 0).any():
                return "labels", _split_bytes(np.where(there, values, -1).astype("<i8"))
        elif there.all() and (np.abs(values) < 2.0**31 / 10 - 1).all():
            tenths = np.rint(values * 10)
            steps = np.diff(tenths, prepend=0)
            if (tenths / 10 == values).all() and (np.abs(steps) < 2**31).all():
                return "tenths", _split_bytes(steps.astype("<i4"))
    return "plain", values


def _decode(codec: str, stored: _Array, kind: str) -> _Array:
    if codec == "plain":
        # A byte that is neither 0 nor 1 is no truth value: it is made one, and the digest tells.
        values = stored.view(np.uint8) != 0 if kind == "|b1" else stored
        return values.astype(np.dtype(kind).newbyteorder("="))
    if codec == "labels":
        whole = _join_bytes(stored, "<i8")
        return np.where(whole < 0, np.inf, whole.astype(np.float64))
    values = _join_bytes(stored, "<i4").astype(np.int64)
    np.cumsum(values, out=values)
    return values / 10 if codec == "tenths" else values.astype(np.dtype(kind).newbyteorder("="))


def _split_bytes(values: _Array) -> _Array:
    return np.ascontiguousarray(values.view(np.uint8).reshape(len(values), values.itemsize).T)


def _join_bytes(planes: _Array, kind: str) -> _Array:
    # Plane by plane: four times faster than turning all of them at once.
    values = np.empty((planes.shape[1], planes.shape[0]), np.uint8)
    for place, plane in enumerate(planes):
        values[:, place] = plane
    return values.view(kind).ravel().astype(np.dtype(kind).newbyteorder("="), copy=False)


def _shape_stored(codec: str, length: int, kind: str) -> tuple[tuple[int, ...], str]:
    if codec == "plain":
        return (length,), kind
    return ((8 if codec == "labels" else 4), length), "|u1"
