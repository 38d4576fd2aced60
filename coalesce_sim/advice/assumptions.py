"""What the advice assumed, and how much of the saving hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from coalesce_sim.advice import changes
from coalesce_sim.advice.plays import Plays, play
from coalesce_sim.advice.turning import REPLICATIONS
from coalesce_sim.advice.workers import contractors, home_works
from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.numbers import number as told
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

_LATE_USD_PER_MIN = 0.06
"""0.001 USD a second, as in `azure_code`: a twentieth of a developer's wage."""


@dataclass(frozen=True)
class Assumption:
    """Something that is taken for granted, in words, with another thing that it might be."""

    assumed: str
    instead: str
    change: Callable[[Scenario], Scenario]


@dataclass(frozen=True)
class Weight:
    """By how many USD a replication the saving would be another one, were an assumption otherwise."""

    assumption: Assumption
    moves_usd: Estimate

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        return {
            "assumed": self.assumption.assumed,
            "instead": self.assumption.instead,
            "moves_saving_usd": self.moves_usd.as_dict(),
        }


def assumptions(scenario: Scenario) -> Iterator[Assumption]:
    """What a market of a log takes for granted, as far as it plays a part in it."""
    sellers = [each.name for each in contractors(scenario)]
    late = scenario.cost_model.late_usd_per_min
    more = _LATE_USD_PER_MIN if late == 0 else late
    yield Assumption(
        f"a minute beyond the target costs {told(late)} USD",
        f"{told(late + more)} USD",
        partial(_later, more),
    )
    if home_works(scenario):
        yield Assumption("home is as fast as stated", "25 % slower", partial(_slower, (HOME,), 0.25))
        yield Assumption(
            "an hour at home costs what is stated, as long as it works",
            "twice as much",
            partial(_dearer, (HOME,), 1.0),
        )
    if sellers:
        yield Assumption(
            "contractors are as fast as stated", "25 % slower", partial(_slower, tuple(sellers), 0.25)
        )
        yield Assumption("contractors fail as often as stated", "twice as often", _fail_twice)
        yield Assumption("prices stay as they are", "10 % dearer", partial(_dearer, tuple(sellers), 0.1))


def weights(
    scenario: Scenario,
    best: PolicySettings,
    baseline: PolicySettings,
    plays: Plays,
    replications: int,
) -> list[Weight]:
    """How much of what the best policy saves against the baseline each assumption moves, by itself; the one
    that moves most first."""
    pair = [scenario.model_copy(update={"policy": each}) for each in (best, baseline)]
    numbers = range(min(replications, REPLICATIONS))
    tried = list(assumptions(scenario))
    core = plays.core(pair, len(numbers) * (1 + len(tried))).core
    saves = partial(_saves, pair, plays.seed, core, numbers)
    stands, *others = plays.map(saves, [None, *tried], pair)
    found = [Weight(each, estimate((one - stands).tolist())) for each, one in zip(tried, others, strict=True)]
    return sorted(found, key=lambda each: -abs(each.moves_usd.mean or 0.0))


def _saves(
    pair: Sequence[Scenario], seed: int, core: Core, numbers: Sequence[int], assumed: Assumption | None
) -> FloatArray:
    def saved_usd(number: int) -> float:
        markets = [drawn(each, seed, number) for each in pair]
        best, baseline = (each if assumed is None else assumed.change(each) for each in markets)
        return play(baseline, seed, core, number).usd - play(best, seed, core, number).usd

    return np.array([saved_usd(number) for number in numbers])


def _later(more: float, scenario: Scenario) -> Scenario:
    return changes.lateness_at(scenario, more)


def _slower(workers: Sequence[str], by: float, scenario: Scenario) -> Scenario:
    for each in workers:
        scenario = changes.slower(scenario, each, by)
    return scenario


def _dearer(workers: Sequence[str], by: float, scenario: Scenario) -> Scenario:
    for each in workers:
        scenario = changes.dearer(scenario, each, by)
    return scenario


def _fail_twice(scenario: Scenario) -> Scenario:
    for who in contractors(scenario):
        for kind in scenario.workload.types:
            now = changes.success(scenario, who.name, kind)
            if now is not None:
                scenario = changes.at_success(scenario, who.name, kind, max(0.0, 2 * now - 1))
    return scenario
