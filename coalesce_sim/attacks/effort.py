"""How much of a search for attackers there is to be."""

from __future__ import annotations

from dataclasses import dataclass

TRIALS, REPLICATIONS, VALIDATION_REPLICATIONS = 32, 8, 20


@dataclass(frozen=True, slots=True)
class Effort:
    """How many settings of each attack are tried, how often each is played, and how often the best of them on
    a seed of its own."""

    trials: int = TRIALS
    replications: int = REPLICATIONS
    validation_replications: int = VALIDATION_REPLICATIONS

    def __post_init__(self) -> None:
        if min(self.trials, self.replications) < 1 or self.validation_replications < 2:
            got = f"{self.trials}, {self.replications}, {self.validation_replications}"
            raise ValueError(
                f"trials and replications must be >= 1, validation_replications >= 2 (got {got})"
            )
