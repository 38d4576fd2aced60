"""Which policies are played for an advice, and what each came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from coalesce_sim.advice.plays import Played, Plays
from coalesce_sim.advice.workers import home_works
from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import written
from coalesce_sim.experiments.uncertainty import pairs_of, sources_of, twin
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.components import Source
from coalesce_sim.statistics.intervals import Estimate, estimate

AS_LOGGED: Final = "as logged"
MODELLED: Final = "as logged, modelled"
ALL_LOCAL: Final = "all at home"
BY_TYPE: Final = "a worker a type"
BY_LENGTH: Final = "by type and length"
HIRED: Final = "a contractor a type"

LEARNING: Final = ("greedy", "thompson", "topsis")
"""Policies that learn, or decide offer by offer, which are played besides."""


@dataclass(frozen=True)
class Contestant:
    """A policy of the field, with what it came to by replication; `twins` are those of the first
    replications, by what they drew anew, where more than luck is uncertain."""

    label: str
    settings: PolicySettings
    plays: Sequence[Played]
    twins: Mapping[Source, Sequence[Played]] = field(default_factory=dict)

    @property
    def can_be_followed(self) -> bool:
        """Whether one can follow it: `MODELLED` only checks the market against the log."""
        return self.label != MODELLED

    @property
    def mean_usd(self) -> float:
        """What a replication cost in the mean."""
        return float(np.mean([one.usd for one in self.plays]))

    @property
    def success_rate(self) -> float:
        """Percent of all tasks that ended well."""
        good = sum(one.total("good") for one in self.plays)
        return 100 * good / sum(one.total("tasks") for one in self.plays)

    @cached_property
    def shares(self) -> FloatArray:
        """Which share of all tasks each worker did of each type, (workers, types), over all replications."""
        tasks = np.sum([one.sums["tasks"] for one in self.plays], axis=0)
        shares: FloatArray = tasks / tasks.sum()
        return shares

    @cached_property
    def of_type(self) -> FloatArray:
        """Which share of the tasks of each type each worker did, (workers, types)."""
        whole = self.shares.sum(axis=0)
        shares: FloatArray = self.shares / np.where(whole > 0, whole, 1.0)
        return shares

    def differs_from(self, other: Contestant) -> float:
        """The share of tasks that another worker does than with the other policy, at least."""
        return float(np.abs(self.shares - other.shares).sum() / 2)


@dataclass(frozen=True)
class Sample:
    """One value a replication, and those of its twins."""

    values: FloatArray
    twins: Mapping[Source, FloatArray]

    @classmethod
    def of(cls, figure: Callable[..., float], *contestants: Contestant) -> Sample:
        """A figure of the plays that policies made of each replication, one of each policy."""

        def each(plays: Sequence[Sequence[Played]]) -> FloatArray:
            return np.array([figure(*together) for together in zip(*plays, strict=True)])

        sources = contestants[0].twins
        return cls(
            each([one.plays for one in contestants]),
            {source: each([one.twins[source] for one in contestants]) for source in sources},
        )

    def estimate(self, *, share: bool = False) -> Estimate:
        """Its mean with the 95 % interval."""
        return estimate(self.values.tolist(), share=share, twins=self.twins)


def basics(scenario: Scenario, *, logged: bool) -> dict[str, PolicySettings]:
    """What is done now, and all at home, by label."""
    found: dict[str, PolicySettings] = {}
    if logged:
        found[AS_LOGGED] = written(scenario, "as_logged")
        found[MODELLED] = written(scenario, "as_logged(costs=modelled)")
    if home_works(scenario):
        found[ALL_LOCAL] = written(scenario, "always_local")
    return found


def learning(scenario: Scenario) -> dict[str, PolicySettings]:
    """Those that learn, or decide offer by offer."""
    return {kind: written(scenario, kind) for kind in LEARNING}


def played(
    scenario: Scenario, policies: Mapping[str, PolicySettings], plays: Plays, replications: int
) -> list[Contestant]:
    """What each policy comes to on the same replications, and on the same twins of them."""
    markets = [scenario.model_copy(update={"policy": each}) for each in policies.values()]
    found = plays.play(markets, range(replications))
    sources, pairs = sources_of(scenario), range(pairs_of(replications))
    twins = [twin(market, plays.seed, k, source) for market in markets for source in sources for k in pairs]
    others = iter(plays.each([(each.scenario, each.replication) for each in twins]))
    return [
        Contestant(label, settings, one, {source: [next(others) for _ in pairs] for source in sources})
        for (label, settings), one in zip(policies.items(), found, strict=True)
    ]
