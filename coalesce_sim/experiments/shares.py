"""How far each of several runs has come that are played in processes of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Self

import numpy as np

from coalesce_sim.arrays import FloatArray


class Shares:
    """The share of each run that is done, in a file that all processes have in memory; a context."""

    def __init__(self, runs: int) -> None:
        self._runs = runs

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="coalesce_sim-")
        self.path = Path(self._folder.name, "shares")
        np.zeros(self._runs).tofile(self.path)
        self._done = mapped(self.path)
        return self

    def __exit__(self, *_: object) -> None:
        del self._done  # or it could not be deleted everywhere
        self._folder.cleanup()

    @property
    def mean(self) -> float:
        """The share that is done of all runs."""
        return float(self._done.mean())


def mapped(path: Path) -> FloatArray:
    """The shares in such a file, to be read and written by any process."""
    return np.memmap(path, np.float64, "r+")
