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
from coalesce_sim.numbers import number as told
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.workload import Table

REPLICATIONS = 4
"""On so many replications at most levels are played."""


@dataclass(frozen=True)
class Lever:
    """Something that may be otherwise than stated: `change` makes it so, by a level; `told` says in words
    what a level means, `axis` what it is on an axis. Levels are tried from `first` on, to `most`."""

    name: str
    axis: str
    change: Callable[[Scenario, float], Scenario]
    told: Callable[[float], str]
    first: float
    most: float


@dataclass(frozen=True)
class Turn:
    """The level of a lever at which the second best costs as little as the best, if there is one."""

    lever: Lever
    found: BreakEven

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        level = self.found.level
        told = None if level is None else self.lever.told(level)
        return {"what": self.lever.name, "turns_at": told, **self.found.as_dict()}


def levers(scenario: Scenario, best: str, second: str, kinds: Sequence[str]) -> Iterator[Lever]:
    """What may turn the advice: `best` and `second` are those who get most of the work under the best and the
    second best of the policies, `kinds` the types that `best` does, the one it does most of first."""
    yield Lever(f"{best} dearer", "more, as a share", partial(_dearer, best), _more, 0.25, 99.0)
    if second != best:
        yield Lever(
            f"{second} cheaper", "price now / price then − 1", partial(_cheaper, second), _less, 0.25, 99.0
        )
    kind = kinds[0]
    rate = changes.success(scenario, best, kind)
    if rate:
        yield Lever(
            f"{best} worse at {kind}",
            "share of success lost",
            partial(_worse, best, kind),
            partial(_rate, rate),
            0.05,
            1.0,
        )
    yield Lever(f"{best} slower", "more time, as a share", partial(_slower, best), _more_time, 0.25, 99.0)
    if isinstance(scenario.workload.arrivals, Table):
        yield Lever("more load", "more tasks an hour, as a share", changes.busier, _load, 0.25, 19.0)
    now = scenario.cost_model.late_usd_per_min
    yield Lever(
        "delay worth more", "USD a minute more", changes.lateness_at, partial(_per_min, now), 0.01, 100.0
    )


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
    core = plays.core(pair, len(numbers)).core
    find = partial(_turn, pair, plays.seed, core, numbers)
    return plays.map(find, list(tried), pair)


def _turn(pair: Sequence[Scenario], seed: int, core: Core, numbers: Sequence[int], lever: Lever) -> Turn:
    def ahead_usd(level: float, number: int) -> float:
        one, other = (lever.change(drawn(each, seed, number), level) for each in pair)
        return play(other, seed, core, number).usd - play(one, seed, core, number).usd

    def gains(level: float) -> FloatArray:
        return np.array([ahead_usd(level, number) for number in numbers])

    return Turn(lever, break_even(gains, first=lever.first, most=lever.most))


def _dearer(worker: str, scenario: Scenario, by: float) -> Scenario:
    return changes.dearer(scenario, worker, by)


def _cheaper(worker: str, scenario: Scenario, by: float) -> Scenario:
    return changes.cheaper(scenario, worker, by)


def _slower(worker: str, scenario: Scenario, by: float) -> Scenario:
    return changes.slower(scenario, worker, by)


def _worse(worker: str, kind: str, scenario: Scenario, by: float) -> Scenario:
    return changes.worse(scenario, worker, kind, by)


def _more(level: float) -> str:
    return f"at {told(100 * level)} % more"


def _less(level: float) -> str:
    return f"at {told(100 * (1 - 1 / (1 + level)))} % less"


def _more_time(level: float) -> str:
    return f"at {told(100 * level)} % more time for its tokens"


def _rate(now: float, level: float) -> str:
    return f"at {told(100 * now * (1 - level))} % success (stated: {told(100 * now)} %)"


def _load(level: float) -> str:
    return f"at {told(1 + level)} times as many tasks an hour"


def _per_min(now: float, level: float) -> str:
    return f"at {told(now + level)} USD a minute beyond the target (stated: {told(now)})"
