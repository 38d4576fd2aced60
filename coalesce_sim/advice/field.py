"""Which policies are played for an advice, and what each came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from coalesce_sim.advice.plays import Played
from coalesce_sim.advice.workers import home_works
from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import Group
from coalesce_sim.experiments.contenders import written
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.schema import Scenario

AS_LOGGED: Final = "as logged"
MODELLED: Final = "as logged, modelled"
ALL_LOCAL: Final = "all at home"
BY_TYPE: Final = "a worker a type"
BY_LENGTH: Final = "by type and length"

LEARNING: Final = ("greedy", "thompson", "topsis")
"""Policies that learn, or decide offer by offer, which are played besides."""


@dataclass(frozen=True)
class Contestant:
    """A policy of the field, with what it came to by replication."""

    label: str
    settings: PolicySettings
    plays: Sequence[Played]

    @property
    def advisable(self) -> bool:
        """Whether one can follow it: `MODELLED` only checks the market against the log."""
        return self.label != MODELLED

    @cached_property
    def usd(self) -> FloatArray:
        """All that a replication cost, one entry each."""
        return self.each(lambda one: one.usd)

    def each(self, figure: Callable[[Played], float]) -> FloatArray:
        """A figure of every replication."""
        return np.array([figure(one) for one in self.plays])

    def of_group(self, group: Group) -> FloatArray:
        """What a group of the parts of costs came to, by replication."""
        return self.each(lambda one: one.group_usd(group))

    @cached_property
    def shares(self) -> FloatArray:
        """Which share of all tasks each worker did of each type, (workers, types), over all replications."""
        tasks = np.sum([one.sums["tasks"] for one in self.plays], axis=0)
        shares: FloatArray = tasks / tasks.sum()
        return shares

    def differs_from(self, other: Contestant) -> float:
        """The share of tasks that another worker does than with the other policy, at least."""
        return float(np.abs(self.shares - other.shares).sum() / 2)


def basics(scenario: Scenario, *, logged: bool) -> dict[str, PolicySettings]:
    """The policies that need not be looked for, by label."""
    found: dict[str, PolicySettings] = {}
    if logged:
        found[AS_LOGGED] = written(scenario, "as_logged")
        found[MODELLED] = written(scenario, "as_logged(costs=modelled)")
    if home_works(scenario):
        found[ALL_LOCAL] = written(scenario, "always_local")
    return found | {kind: written(scenario, kind) for kind in LEARNING}
