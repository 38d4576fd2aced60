"""The contractors of a run as rules mean them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.scenario.compliance import Party


class Parties:
    """What contractors are called, their types, and under whose law they say they are, one entry each.

    Where they are drawn, words mean them by their numbers, else by their names.
    """

    def __init__(
        self, names: Sequence[str], types: Sequence[str], laws: Sequence[str | None], *, drawn: bool
    ) -> None:
        self.names, self.types, self.laws = names, types, laws
        words = map(str, range(len(names))) if drawn else names
        self._place = {word: place for place, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self.names)

    def party(self, word: Party) -> Party:
        """A contractor by its number, however it is meant; an owner who is none by its name."""
        return word if isinstance(word, int) else self._place.get(word, word)

    def called(self, party: Party) -> str:
        """What a contractor, by its number, or another owner is called."""
        return self.names[party] if isinstance(party, int) else party

    def means_one(self, word: Party) -> bool:
        """Whether a word means one contractor, not all of a type."""
        return isinstance(self.party(word), int)

    def meant(self, word: Party) -> IntArray:
        """The contractors that a word means: one, or all of a type."""
        place = self.party(word)
        if isinstance(place, int):
            return np.array([place], dtype=np.int64)
        return np.flatnonzero([each == word for each in self.types])
