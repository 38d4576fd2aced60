"""Random streams, one per purpose."""

from __future__ import annotations

import zlib

import numpy as np


class Streams:
    """Independent generators spawned by name from a seed and a replication number.

    Drawing more from one stream leaves every other stream untouched, so that a change of policy does not
    change the tasks, and an attribute added to tasks does not change the others.
    """

    def __init__(self, seed: int, replication: int = 0) -> None:
        self._seed = seed
        self._replication = replication

    def __call__(self, name: str) -> np.random.Generator:
        """A fresh generator for `name`; the same name always starts the same sequence."""
        key = (self._replication, zlib.crc32(name.encode()))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=key)))
