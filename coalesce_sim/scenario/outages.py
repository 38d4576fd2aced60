"""What a user writes about when contractors are down."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive

MOST_OUTAGES = 10_000
"""How often a contractor is down by chance at most while the clock runs, as is to be expected."""

LAST_OUTAGE = 2 * MOST_OUTAGES
"""After how many outages by chance a contractor stays up, lest work that takes all eternity be interrupted
without end."""


class Outages(Model):
    """When a contractor, or a box with all who are on it, is down, at work or idle: by chance, or at listed
    hours.

    While it is down it does not answer when it is given a task, like one who is unreachable, and no work
    begins: who has a slot waits for the repair. Its offers do not know of it, and neither do clients.
    """

    mean_up_h: Positive | None = None
    """Hours from the start, or from a repair, to the next outage on average, exponential; by each
    contractor's own luck. After 20,000 outages it stays up."""
    mean_repair_h: Positive | None = None
    """Hours that an outage lasts on average, exponential; stated beside `mean_up_h`."""
    at_hours: (
        Annotated[
            list[Annotated[list[NonNegative], Field(min_length=2, max_length=2)]],
            Field(min_length=1, max_length=100_000),
        ]
        | None
    ) = None
    """In place of chance: pairs of hours from the start of the clock, when the contractor goes down and when
    it is up again, one after the other."""
    running: Literal["lost", "resumes"] = "lost"
    """What becomes of work that an outage interrupts, all of it where a machine serves several jobs at once:
    contracts fail (``outage``), or the work goes on where it stopped when the contractor is up again."""

    @model_validator(mode="after")
    def _either_or(self) -> Self:
        by_chance = (self.mean_up_h is None, self.mean_repair_h is None)
        if self.at_hours is None and any(by_chance):
            missing = "mean_up_h" if self.mean_up_h is None else "mean_repair_h"
            raise ValueError(f"{missing}: missing; state mean_up_h and mean_repair_h, or at_hours")
        if self.at_hours is not None and not all(by_chance):
            raise ValueError("at_hours: does not go with mean_up_h and mean_repair_h")
        return self

    def objections(self, horizon_h: float) -> Iterator[str]:
        """What is wrong with the hours, each beginning with the part it is about."""
        if self.mean_up_h is not None and horizon_h / self.mean_up_h > MOST_OUTAGES:
            yield f"mean_up_h: makes more than {MOST_OUTAGES:,} outages (got {self.mean_up_h:g})"
        before_h = -math.inf
        for place, (begin_h, end_h) in enumerate(self.at_hours or ()):
            at = f"at_hours[{place}]"
            if begin_h <= before_h:
                yield f"{at}[0]: must be after hour {before_h:g}, when the one before ends (got {begin_h:g})"
            elif begin_h >= horizon_h:
                yield f"{at}[0]: must be before the clock ends, at hour {horizon_h:g} (got {begin_h:g})"
            if end_h <= begin_h:
                yield f"{at}[1]: must be later than hour {begin_h:g}, when it begins (got {end_h:g})"
            before_h = max(before_h, end_h)
