"""What a search is asked for, in the user's words, and how much of it there is to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRIALS, REPLICATIONS, VALIDATION_REPLICATIONS = 64, 10, 50


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A scenario, the fields to search over, what is to be large or small, what must hold; see `optimise`."""

    source: str | Path | Mapping[str, Any]
    over: Mapping[str, Any] | Sequence[str]
    maximise: str | None = None
    minimise: str | None = None
    subject_to: Sequence[str] = ()
    seed: int | None = None
    overrides: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """How many settings are tried, how often each and the best of them is played, on how many processes.

    Raises ValueError for fewer than there must be.
    """

    trials: int = TRIALS
    replications: int = REPLICATIONS
    validation_replications: int = VALIDATION_REPLICATIONS
    jobs: int = 1

    def __post_init__(self) -> None:
        if min(self.trials, self.replications, self.jobs) < 1 or self.validation_replications < 2:
            raise ValueError(
                "trials, replications and jobs must be >= 1 and validation_replications >= 2 (got "
                f"{self.trials}, {self.replications}, {self.jobs}, {self.validation_replications})"
            )
