"""What is kept of the replications played: sums of a fixed size, however many tasks there are."""

from __future__ import annotations

import math
import operator
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.queues import Judged, both
from coalesce_sim.policies.mcdm import CRITERIA
from coalesce_sim.scenario.schema import Scenario

PARTS = ("work", "bad work", "delay", "fees and the rest")
"""What a cost consists of. Work is the price or, at home, the own hardware; bad work is estimated as
risk, delay as lateness and opportunity cost."""

NEAR_HALF = 0.05
"""A closeness so near to 0.5 says nothing."""

MANY = 5
"""Contracts from which one that never delivered is taken not to."""


@dataclass
class Tally:
    """Figures that add up over replications, field by field; a field may name another way to `merge`."""

    def __add__(self, other: Self) -> Self:
        return type(self)(
            **{
                each.name: each.metadata.get("merge", operator.add)(
                    getattr(self, each.name), getattr(other, each.name)
                )
                for each in fields(self)
            }
        )


@dataclass
class Choices(Tally):
    """Decisions, retries included, and what stood in the way of those for home.

    Of the decisions for home, each is counted under the first that applies of `nobody_offers`,
    `nobody_eligible`, `not_explored` (a random choice that was kept at home), `over_budget`, `low_score`,
    `low_confidence`, `not_cheaper` and `declined`; `low_both` is the part of `low_score` that also lacks
    confidence, `warming_up` the part of `low_confidence` whose memory was too short to have any. Of
    `nobody_offers`, in those `beyond_budget` somebody asked for more than the client's group had left, in
    those `not_allowed` a rule of compliance forbade somebody's offer, and in those with `nobody_there` no
    contractor was in the market.
    `none_cheaper` counts decisions in which no eligible offer was estimated below home, of those
    `with_eligible` ones; `none_cheaper_home` those of them for home. `expected_explored` is the sum of ε as
    it was at each.
    """

    decisions: int = 0
    hired: int = 0
    hired_exploring: int = 0
    explored: int = 0
    expected_explored: float = 0.0
    nobody_offers: int = 0
    beyond_budget: int = 0
    not_allowed: int = 0
    nobody_there: int = 0
    nobody_eligible: int = 0
    low_score: int = 0
    low_both: int = 0
    low_confidence: int = 0
    warming_up: int = 0
    not_explored: int = 0
    over_budget: int = 0
    not_cheaper: int = 0
    declined: int = 0
    with_offers: int = 0
    with_eligible: int = 0
    none_cheaper: int = 0
    none_cheaper_home: int = 0
    offers: int = 0
    eligible: int = 0

    @property
    def home(self) -> int:
        """Decisions for home."""
        return self.decisions - self.hired

    @property
    def decided_rate(self) -> float:
        """Decisions for a contractor without exploring, in percent of all; NaN of none."""
        return 100 * (self.hired - self.hired_exploring) / self.decisions if self.decisions else math.nan


@dataclass
class Types(Tally):
    """By type of task: decisions, those with offers of which none was eligible, and the best skill seen."""

    decisions: FloatArray
    nobody_eligible: FloatArray
    best_skill: FloatArray = field(metadata={"merge": np.maximum})


@dataclass
class Scores(Tally):
    """Decisions that TOPSIS scored; criteria in the order of `CRITERIA`.

    Of those whose best score was `near_half`, each is `single` (one candidate), `alike` (no weighted
    criterion differs) or `torn` (the criteria cancel out). `constant` counts by criterion the decisions, of
    those with `several` candidates, in which it did not differ; `pull` is the sum of weight times range.
    """

    scored: int = 0
    score: float = 0.0
    near_half: int = 0
    single: int = 0
    alike: int = 0
    torn: int = 0
    several: int = 0
    constant: FloatArray = field(default_factory=lambda: np.zeros(len(CRITERIA)))
    pull: FloatArray = field(default_factory=lambda: np.zeros(len(CRITERIA)))


@dataclass
class Days(Tally):
    """By day of arrival, the first being day 1: tasks, those at a contractor, and those explored."""

    tasks: FloatArray
    outsourced: FloatArray
    explored: FloatArray


@dataclass
class Estimates(Tally):
    """Estimated against realised cost of the tasks that went to one kind of worker first.

    Errors are estimated − realised; `parts_estimated` and `parts_realised` are by `PARTS`.
    """

    tasks: int = 0
    estimated_usd: float = 0.0
    realised_usd: float = 0.0
    absolute_usd: float = 0.0
    squared_usd2: float = 0.0
    parts_estimated: FloatArray = field(default_factory=lambda: np.zeros(len(PARTS)))
    parts_realised: FloatArray = field(default_factory=lambda: np.zeros(len(PARTS)))


@dataclass
class Corrections(Tally):
    """What calibration did to the error of estimates at one kind of worker, as in `economics.correction`."""

    outcomes: int = 0
    actual_usd: float = 0.0
    corrected_usd: float = 0.0
    plain_usd: float = 0.0
    squared_usd2: float = 0.0


@dataclass
class ContractTally(Tally):
    """How contracts ended: `ends` counts by reason, "accepted" where the work was taken.

    `wasted_usd` is what was paid for the others. Of the `contractors`, who are others in each replication,
    `ever_eligible` and `ever_hired` were so at least once in theirs, `always_failed` were hired at least
    `MANY` times and never delivered, `without_slots` never could.
    """

    ends: Counter[str] = field(default_factory=Counter)
    wasted_usd: float = 0.0
    contractors: int = 0
    ever_eligible: int = 0
    ever_hired: int = 0
    always_failed: int = 0
    without_slots: int = 0


@dataclass
class Tasks(Tally):
    """What became of tasks, and of those that ended at a contractor against the same task at home."""

    tasks: int = 0
    good: int = 0
    all_local_good: int = 0
    decided: int = 0
    outsourced: int = 0
    outsourced_cheaper: int = 0
    outsourced_saving_usd: float = 0.0
    undone: int = 0
    loss_usd: float = 0.0
    retried: int = 0


@dataclass
class Registry(Tally):
    """Queries to a registry, those unanswered, and decisions and hires made while it was down."""

    queries: int = 0
    empty: int = 0
    unanswered: int = 0
    decisions_down: int = 0
    hired_down: int = 0


@dataclass
class Evidence(Tally):
    """All that is kept of so many replications, added up."""

    replications: int
    choices: Choices
    types: Types
    scores: Scores
    days: Days
    home: Estimates
    away: Estimates
    corrected_home: Corrections
    corrected_away: Corrections
    contracts: ContractTally
    tasks: Tasks
    registry: Registry
    queues: Judged = field(default_factory=dict, metadata={"merge": both})

    @classmethod
    def none(cls, scenario: Scenario) -> Evidence:
        """Of nothing played yet."""
        types = np.zeros(len(scenario.workload.types))
        days = np.zeros(max(1, -(-scenario.clock.hours // 24)))
        return cls(
            0,
            Choices(),
            Types(types, types.copy(), types.copy()),
            Scores(),
            Days(days, days.copy(), days.copy()),
            Estimates(),
            Estimates(),
            Corrections(),
            Corrections(),
            ContractTally(),
            Tasks(),
            Registry(),
        )
