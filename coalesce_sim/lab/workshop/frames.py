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
    (length,) = _LENGTH.unpack(_whole(pipe, _LENGTH.size))
    return pickle.loads(_whole(pipe, length))


def _whole(pipe: IO[bytes], length: int) -> bytes:
    """So many bytes: a pipe without a buffer gives no more at a time than it holds."""
    body = bytearray()
    while len(body) < length:
        part = pipe.read(length - len(body))
        if not part:
            raise EOFError
        body += part
    return bytes(body)
