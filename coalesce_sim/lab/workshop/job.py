"""What can be asked of the workshop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from coalesce_sim.errors import CoalesceError

Result_co = TypeVar("Result_co", covariant=True)
Progress = Callable[[float], None]


class Job(Protocol, Generic[Result_co]):
    """Something to be played in a process of its own; it and its result survive pickling.

    `key` is the same for two jobs whose results are the same: it holds everything that they depend on.
    """

    @property
    def key(self) -> str: ...

    def play(self, keep: Path, progress: Progress) -> Result_co:
        """Play it, or take what is kept of it below the folder `keep`; `progress` is told the share that is
        done."""
        ...


class Failed(CoalesceError, RuntimeError):
    """Raised where a job came to nothing: a sentence, and what Python told of it where that helps, else
    empty."""

    def __init__(self, sentence: str, trace: str = "") -> None:
        super().__init__(sentence, trace)
        self.sentence, self.trace = sentence, trace

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a job, as a process tells it."""

    what: object
    failure: Failed | None = None

    def result(self) -> object:
        """What it came to. Raises `Failed`."""
        if self.failure is not None:
            raise self.failure
        return self.what
