"""Objects over a pipe, one after the other: how the workshop and its processes talk."""

from __future__ import annotations

import pickle
import struct
from typing import IO

_LENGTH = struct.Struct("<Q")


def put(pipe: IO[bytes], told: object) -> None:
    """Send an object."""
    body = pickle.dumps(told)
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def take(pipe: IO[bytes]) -> object:
    """The next object. Raises `EOFError` where the other end has gone."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)
