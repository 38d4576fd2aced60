"""What would turn the advice: how far a price, a success rate, the load or the worth of time would have to be
from what is stated for the second best to cost no more than the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from coalesce_sim.advice import changes
from coalesce_sim.advice.plays import Plays, play
from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.breaking_even import BreakEven, break_even
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.numbers import number
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import Table

LEVELS = 10
"""So many levels are played, roughly, until one is found at which two things cost the same."""

REPLICATIONS = 3
"""On so many replications at most levels are played."""


@dataclass(frozen=True)
class Lever:
    """Something that may be otherwise than stated: `change` makes it so, by a level, of which `shown` is what
    people read, in a `unit`. Levels are tried from `first` on, to `most`."""

    name: str
    unit: str
    change: Callable[[Scenario, float], Scenario]
    shown: Callable[[float], float]
    first: float
    most: float

    def told(self, level: float) -> str:
        """A level in words."""
        return f"{number(self.shown(level))} {self.unit}"


@dataclass(frozen=True)
class Turn:
    """The level of a lever at which the second best costs as little as the best, if there is one."""

    lever: Lever
    found: BreakEven

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        level = self.found.level
        told = None if level is None else self.lever.told(level)
        found = self.found.as_dict()
        shown = {"unit": self.lever.unit, "shown": [self.lever.shown(each) for each in self.found.tried]}
        return {"what": self.lever.name, "turns_at": told, **shown, **found}


def levers(scenario: Scenario, best: str, second: str, kind: str) -> Iterator[Lever]:
    """What may turn the advice: `best` and `second` are those who get more work under the best and under the
    second best of the policies than under the other, `kind` is the type of task that `best` gets most of."""
    yield Lever(f"{best} dearer by", "%", partial(_dearer, best), _percent, 0.25, 9.0)
    if second != best:
        yield Lever(f"{second} cheaper by", "%", partial(_cheaper, second), _less, 0.25, 9.0)
    rate = changes.success(scenario, best, kind)
    if rate:
        name = f"success of {best} at {kind}"
        yield Lever(name, "%", partial(_worse, best, kind), partial(_rate, rate), 0.05, 1.0)
    yield Lever(f"{best} slower by", "%", partial(_slower, best), _percent, 0.25, 9.0)
    if isinstance(scenario.workload.arrivals, Table):
        yield Lever("tasks an hour", "times as many", changes.busier, _times, 0.25, 9.0)
    per_min = partial(_per_min, scenario.cost_model.late_usd_per_min)
    yield Lever("a minute beyond the target at", "USD", changes.lateness_at, per_min, 0.01, 100.0)


def turns(
    scenario: Scenario,
    best: PolicySettings,
    second: PolicySettings,
    tried: Sequence[Lever],
    plays: Plays,
    replications: int,
) -> list[Turn]:
    """The level of each lever at which the best policy and the second best cost the same."""
    pair = [scenario.model_copy(update={"policy": each}) for each in (best, second)]
    numbers = range(min(replications, REPLICATIONS))
    core = plays.core(pair, len(numbers) * LEVELS * len(tried)).core
    find = partial(_turn, pair, plays.seed, core, numbers)
    return plays.map(find, list(tried), pair)


def _turn(pair: Sequence[Scenario], seed: int, core: Core, numbers: Sequence[int], lever: Lever) -> Turn:
    def ahead_usd(level: float, at: int) -> float:
        one, other = (lever.change(drawn(each, seed, at), level) for each in pair)
        return play(other, seed, core, at).usd - play(one, seed, core, at).usd

    def gains(level: float) -> FloatArray:
        return np.array([ahead_usd(level, at) for at in numbers])

    return Turn(lever, break_even(gains, first=lever.first, most=lever.most))


def _dearer(worker: str, scenario: Scenario, by: float) -> Scenario:
    return changes.dearer(scenario, worker, by)


def _cheaper(worker: str, scenario: Scenario, by: float) -> Scenario:
    return changes.cheaper(scenario, worker, by)


def _slower(worker: str, scenario: Scenario, by: float) -> Scenario:
    return changes.slower(scenario, worker, by)


def _worse(worker: str, kind: str, scenario: Scenario, by: float) -> Scenario:
    return changes.worse(scenario, worker, kind, by)


def _percent(level: float) -> float:
    return 100 * level


def _less(level: float) -> float:
    return 100 * (1 - 1 / (1 + level))


def _rate(now: float, level: float) -> float:
    return 100 * now * (1 - level)


def _times(level: float) -> float:
    return 1 + level


def _per_min(now: float, level: float) -> float:
    return now + level
