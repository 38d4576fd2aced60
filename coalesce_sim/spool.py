"""One number a task, of as many tasks as there may be."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import IO, Final

import numpy as np

from coalesce_sim.arrays import FloatArray

_MOST_HELD: Final = 2**20
"""Numbers that are held in memory before they are put on disk."""


class Spool:
    """Keeps numbers in order: in memory while they are few, beyond that in a file that is gone with this."""

    def __init__(self) -> None:
        self._held: list[FloatArray] = []
        self._held_count = self._written_count = 0
        self._file: IO[bytes] | None = None

    def add(self, values: FloatArray) -> None:
        """Some more. Raises OSError where they cannot be put on disk."""
        self._held.append(values)
        self._held_count += len(values)
        if self._held_count >= _MOST_HELD:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as this is kept)
                weakref.finalize(self, self._file.close)
            self._file.seek(0, os.SEEK_END)
            self._file.write(np.concatenate(self._held).data)
            self._written_count += self._held_count
            self._held, self._held_count = [], 0

    def values(self) -> FloatArray:
        """All of them, in an array of their own."""
        values = np.empty(self._written_count + self._held_count)
        if self._file is not None:
            self._file.seek(0)
            self._file.readinto(values[: self._written_count].data)  # type: ignore[attr-defined]
        if self._held:
            np.concatenate(self._held, out=values[self._written_count :])
        return values
