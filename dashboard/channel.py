"""Messages between the server and its calculating process: pickles in frames, large arrays beside them.

Both ends are this program, and nobody else holds the pipes: that is why pickles will do. An object that both
ends have (a road network) travels as its name.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

# What a message is, in the first place of its tuple: from the server, and back.
RUN, TABLES, GIVE_UP = "run", "tables", "give up"
STEP, WANTED, DONE, GIVEN_UP, REFUSED = "step", "wanted", "done", "given up", "refused"

_COUNT = struct.Struct("<Q")

Name = Callable[[object], str | None]
Find = Callable[[str], object]


class _Pickler(pickle.Pickler):
    def __init__(self, file: BinaryIO, name: Name | None, keep: Callable[[pickle.PickleBuffer], Any]) -> None:
        super().__init__(file, protocol=5, buffer_callback=keep)
        self._name = name

    def persistent_id(self, obj: object) -> str | None:
        """Return the name of an object that the other end has too."""
        return None if self._name is None else self._name(obj)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, find: Find | None, buffers: list[bytearray]) -> None:
        super().__init__(file, buffers=buffers)
        self._find = find

    def persistent_load(self, pid: Any) -> object:
        """Return this end's object of a name."""
        if self._find is None:
            raise pickle.UnpicklingError(f"{pid} is not known here")
        return self._find(pid)


def send(stream: BinaryIO, message: object, *, name: Name | None = None) -> None:
    """Write one message; raises OSError where the other end is gone.

    Parameters
    ----------
    name : returns the name of an object that the other end has too, None of all others.
    """
    large: list[pickle.PickleBuffer] = []
    body = io.BytesIO()

    def keep(buffer: pickle.PickleBuffer) -> None:
        large.append(buffer)

    _Pickler(body, name, keep).dump(message)
    parts = [body.getbuffer(), *(buffer.raw() for buffer in large)]
    stream.write(_COUNT.pack(len(parts)) + b"".join(_COUNT.pack(part.nbytes) for part in parts))
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: BinaryIO, *, find: Find | None = None) -> Any:
    """Read one message; raises EOFError where the other end is gone.

    The bytes are read before anything is made of them: other threads run meanwhile, and arrays are not
    copied.
    """
    (count,) = _COUNT.unpack(_read(stream, _COUNT.size))
    lengths = [_COUNT.unpack(_read(stream, _COUNT.size))[0] for _part in range(count)]
    body, *large = [_read(stream, length) for length in lengths]
    return _Unpickler(io.BytesIO(body), find, large).load()


def _read(stream: BinaryIO, length: int) -> bytearray:
    content = bytearray(length)
    view, at = memoryview(content), 0
    while at < length:
        got = stream.readinto(view[at:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError
        at += got
    return content
