"""What the columns of a file say of tasks, whichever way it was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest, shown

WORDS: Final = ("type", "group", "session", "data_sensitivity", "logged.to")
"""Fields of a task that are words; all others are numbers."""

MAY_BE_EMPTY: Final = frozenset(("session", "logged.usd"))
"""Fields that a row may leave empty where others state them."""

_MOST_NAMED = 12

YES_AND_NO: Final = (("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0"))
"""What may stand in ``logged.good``."""


class Words(NamedTuple):
    """A column of words: each once, and which of them stands in each row, -1 where none does."""

    names: tuple[str, ...]
    which: IntArray


@dataclass(frozen=True, slots=True)
class TaskColumns:
    """The tasks of a file, one entry a task.

    `columns` names the column of each field that is there; `values` and `words` hold what stands in it,
    `arrival_s` in seconds from the start or from the earliest timestamp, `begins`. `line_of` gives the line
    of a row, counted from 0; None where the file has no lines. `newest_first` says that the rows of the file
    are in the opposite order, `unread` which of its columns are no field of a task.
    """

    file: str
    columns: Mapping[str, str]
    values: dict[str, FloatArray]
    words: dict[str, Words]
    count: int
    line_of: Callable[[int], int] | None
    newest_first: bool = False
    begins: datetime | None = None
    unread: tuple[str, ...] = ()

    def problem(self, task: int, field: str, message: str) -> Problem:
        """What is wrong with a field of a task."""
        row = self.count - 1 - task if self.newest_first else task
        column = self.columns.get(field, field)
        if self.line_of is None:
            return Problem(self.file, None, f"row {row + 1}: {column}", message)
        return Problem(self.file, self.line_of(row), column, message)

    def in_order(self) -> TaskColumns:
        """The same tasks by arrival: turned round where the file is written newest first.

        Raises ScenarioError where they are in no order.
        """
        if "arrival_s" not in self.values:
            return self
        steps_s = np.diff(self.values["arrival_s"])
        backwards = np.flatnonzero(steps_s < 0)
        if not len(backwards):
            return self
        if (steps_s > 0).any():
            message = "arrives before the task above it, though not all do; sort by arrival"
            raise ScenarioError([self.problem(int(backwards[0]) + 1, "arrival_s", message)])
        return replace(
            self,
            values={name: cells[::-1].copy() for name, cells in self.values.items()},
            words={name: Words(each.names, each.which[::-1].copy()) for name, each in self.words.items()},
            newest_first=True,
        )

    def places(self, field: str, known: Sequence[str]) -> IntArray:
        """The place in `known` of the word in each row, all of which are there."""
        names, which = self.words[field]
        place = np.array([known.index(name) for name in names], dtype=np.int64)
        return place[which]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that may stand in some fields; what stands in others is anybody's."""

    of: Mapping[str, Sequence[str]]

    def objection(self, field: str, word: str) -> str | None:
        """What is wrong with a word in a field; None where nothing is."""
        known = self.of.get(field)
        if known is None or word in known:
            return None
        if field == "data_sensitivity":
            return f"must be one of {', '.join(known)} (got {shown(word)})"
        near = closest(word, known)
        hint = f"; did you mean {near!r}?" if near else ""
        listed = ", ".join(known[:_MOST_NAMED]) + ", …" * (len(known) > _MOST_NAMED)
        what = {"type": "task type", "group": "group of clients"}[field]
        return f"unknown {what} (got {shown(word)}; known: {listed or 'none'}){hint}"
