"""Which skill a pool can reach at all: known before anything is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.matching import matching_of
from coalesce_sim.market.pool import Pool
from coalesce_sim.reputation.ratings import first_scores
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.pool import DrawnPool, TypeOutcome
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.skills.compatibility import Claims, compatibility
from coalesce_sim.streams import Streams


@dataclass(frozen=True, slots=True)
class Reach:
    """The skill compatibility (eq. 12) of the best contractor for each type of task.

    `best` is what it can come to, with a perfect record where work is rated; `at_start` what it is before
    anybody is rated; NaN for a type for which nobody offers. Arrays have one entry a type. `unfit` are those
    of the `contractors`, or of the types that they are drawn from, who pass for nothing that they offer
    before they are rated, and so never are: there is no type of them.
    """

    contractors: tuple[str, ...]
    unfit: tuple[str, ...]
    types: tuple[str, ...]
    best: FloatArray
    at_start: FloatArray
    threshold: float

    @property
    def nobody(self) -> list[str]:
        """Types for which nobody offers."""
        return [name for name, skill in zip(self.types, self.best, strict=True) if np.isnan(skill)]

    @property
    def never(self) -> dict[str, float]:
        """Types that nobody who offers can ever pass for, each with the best skill."""
        return self._below(self.best)

    @property
    def not_at_start(self) -> dict[str, float]:
        """Types that nobody passes for before there is any rating, but may pass for later."""
        never = self.never
        return {name: skill for name, skill in self._below(self.at_start).items() if name not in never}

    def _below(self, skills: FloatArray) -> dict[str, float]:
        rows = zip(self.types, skills.tolist(), strict=True)
        return {name: skill for name, skill in rows if exceeds(self.threshold, skill)}


def reach_of(scenario: Scenario) -> Reach:
    """Work out what the scenario's pool can reach; of a drawn pool, what its types can.

    Types that are always done in steps are left out: their steps are decided on, not they.
    """
    types = {name: kind for name, kind in scenario.workload.types.items() if not kind.in_steps}
    claims, reliability, outcomes = _facts(scenario)
    parts = compatibility(scenario.skills, types, claims, matching_of(scenario))
    best = at_start = parts.total
    if scenario.reputation is not None:
        best = parts.with_performance(1.0)
        at_start = parts.with_performance(first_scores(scenario.reputation, reliability))
    offers = np.array([[each is None or name in each for each in outcomes] for name in types])
    nobody = ~offers.any(axis=1)
    passes = offers & ~exceeds(scenario.skills.threshold, at_start)
    return Reach(
        contractors=tuple(claims.names),
        unfit=tuple(name for name, fits in zip(claims.names, passes.T, strict=True) if not fits.any()),
        types=tuple(types),
        best=np.where(nobody, np.nan, np.where(offers, best, -1.0).max(axis=1)),
        at_start=np.where(nobody, np.nan, np.where(offers, at_start, -1.0).max(axis=1)),
        threshold=scenario.skills.threshold,
    )


def by_skill(skills: Mapping[str, float], label: str = "best") -> list[str]:
    """Types of task with the best skill for them, those of one skill together; `label` says which best."""
    groups: dict[str, list[str]] = {}
    for name, skill in skills.items():
        groups.setdefault(f"{skill:.3g}", []).append(name)
    return [f"{', '.join(names)} ({label} {skill})" for skill, names in groups.items()]


def _facts(scenario: Scenario) -> tuple[Claims, FloatArray, Sequence[Mapping[str, TypeOutcome] | None]]:
    """Claims, reliability and outcomes of those who may be in the pool; of a drawn pool, of its types."""
    if isinstance(scenario.contractors, DrawnPool):
        drawn = {name: kind for name, kind in scenario.contractors.types.items() if kind.share > 0}
        kinds = list(drawn.values())
        reliability = np.array([kind.reliability for kind in kinds])
        skills, performance = [tuple(kind.skills) for kind in kinds], [kind.performance for kind in kinds]
        claims = Claims(tuple(drawn), tuple(drawn), skills, performance)
        return claims, reliability, [kind.outcomes for kind in kinds]
    pool = Pool(scenario, Streams(scenario.seed))
    return pool.claims, pool.reliability, pool.outcomes
