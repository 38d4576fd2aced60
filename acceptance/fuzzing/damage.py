"""Damage to bytes and to the text of files: what disks, editors, spreadsheets and hurried people do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_BYTES = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\t",
    b'"',
    b"\xc3",
    b"\xe2\x80\xa8",
    b"\x1b[31m",
    b"\n\n",
)


def flip_a_bit(rng: random.Random, data: bytes) -> bytes:
    """One bit is another."""
    place, bit = rng.randrange(len(data)), rng.randrange(8)
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def cut_off(rng: random.Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data))]


def take_out(rng: random.Random, data: bytes) -> bytes:
    """A piece is missing."""
    place = rng.randrange(len(data))
    return data[:place] + data[place + rng.randrange(1, 40) :]


def put_in(rng: random.Random, data: bytes) -> bytes:
    """Something stands there that does not belong there."""
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(_BYTES) + data[place:]


def repeat(rng: random.Random, data: bytes) -> bytes:
    """A piece is there twice."""
    place = rng.randrange(len(data))
    end = place + rng.randrange(1, 80)
    return data[:end] + data[place:end] + data[end:]


def at_random(rng: random.Random, data: bytes) -> bytes:
    """One of these, at a random place."""
    return _one_of(rng, (flip_a_bit, cut_off, take_out, put_in, repeat))(rng, data) if data else b"x"


def lines(rng: random.Random, data: bytes) -> bytes:
    """Whole lines are missing, there twice, or in another order."""
    rows = data.splitlines(keepends=True)
    if not rows:
        return data
    place, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    match rng.randrange(4):
        case 0:
            del rows[place]
        case 1:
            rows.insert(other, rows[place])
        case 2:
            rows[place], rows[other] = rows[other], rows[place]
        case 3:
            rows = rows[: place + 1]
    return b"".join(rows)


def _one_of(
    rng: random.Random, ways: Sequence[Callable[[random.Random, bytes], bytes]]
) -> Callable[[random.Random, bytes], bytes]:
    return rng.choice(ways)
