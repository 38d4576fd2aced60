"""What is wrong with a scenario: where, and in words its author can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from coalesce_sim.errors import CoalesceError
from coalesce_sim.texts import on_one_line

Steps = tuple[str | int, ...]
"""The way from a scenario's root to a field: keys of mappings and indices of lists."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend, printed as ``file:line: path: message``; empty parts and None are left out."""

    file: str
    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return on_one_line(": ".join(part for part in (place, self.path, self.message) if part))


class ScenarioError(CoalesceError, ValueError):
    """Raised for a scenario or a sweep that cannot be used: wrong fields, values or files it names.

    All `problems` at once, each with file, line, field and what is wrong; the text is one line per problem.

    >>> import coalesce_sim
    >>> try:
    ...     coalesce_sim.load("dur_02", ["clock.dais=1", "policy.epsilon=2"])
    ... except coalesce_sim.ScenarioError as error:
    ...     print(error)
    --set clock.dais: clock.dais: unknown field; did you mean 'days'?
    --set policy.epsilon: policy.epsilon: must be <= 1 (got 2)
    """

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value was written; lines count from 1, None where there are none (``--set``, Python)."""

    file: str
    line: int | None

    def problem(self, path: Steps, message: str) -> Problem:
        """A problem at this place."""
        return Problem(self.file, self.line, dotted(path), message)

    def error(self, message: str, path: Steps = ()) -> ScenarioError:
        """An error that holds one problem, at this place."""
        return ScenarioError([self.problem(path, message)])


def dotted(path: Steps) -> str:
    """A path as users write it: ``('contractors', 2, 'price_usd')`` is ``contractors[2].price_usd``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def closest(word: object, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, None if it resembles none."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), None) if isinstance(word, str) else None


def shortened(text: str) -> str:
    """The text, or the first 59 of its characters and an ellipsis."""
    return text if len(text) <= 60 else f"{text[:59]}…"


def shown(value: object) -> str:
    """A value much as it stands in YAML, shortened to 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return value.isoformat() if isinstance(value, date) else shortened(repr(value))
    except Exception as error:  # of a whole number with thousands of digits, or of anybody's class
        return f"a value of type {type(value).__name__} that cannot be shown: {shortened(str(error))}"
