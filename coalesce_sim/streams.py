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

    def __call__(self, name: str, *numbers: int) -> np.random.Generator:
        """A fresh generator for `name`, and perhaps numbers; the same always starts the same sequence."""
        key = (self._replication, zlib.crc32(name.encode()), *numbers)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=key)))

    def later(self, name: str) -> Stream:
        """The stream of that name, begun when it is first called for."""
        return Stream(self, name)


class Stream:
    """A generator that is made when something is first drawn from it: of many streams nothing ever is."""

    __slots__ = ("_begun", "_name", "_streams")

    def __init__(self, streams: Streams, name: str) -> None:
        self._streams, self._name = streams, name
        self._begun: np.random.Generator | None = None

    def __call__(self) -> np.random.Generator:
        if self._begun is None:
            self._begun = self._streams(self._name)
        return self._begun
