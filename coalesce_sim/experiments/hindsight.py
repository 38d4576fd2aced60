"""What would have been: the all-local market, and the best single choice for a whole replication."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coalesce_sim.market.baseline import Baseline, ClosedForm, Replayed
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer, Observers
from coalesce_sim.policies.protocol import LOCAL, Policy
from coalesce_sim.policies.yardsticks import AlwaysLocal, FixedChoice, Tally
from coalesce_sim.rounding import exceeds, ranks
from coalesce_sim.scenario.schema import Scenario

MOST_PLAYED = 3
"""How many contractors are tried out where their queues matter."""


class AllLocal(NamedTuple):
    """An all-local market that was played, as a baseline, and the one choice, a contractor's index or
    `LOCAL`, that would have cost least in its place; `LOCAL` where nobody asked for it."""

    baseline: Replayed
    best: int


def in_closed_form(scenario: Scenario) -> bool:
    """Whether what the all-local market costs can be worked out without playing it: where nothing queues at
    home and all its work is good."""
    unlimited = all(home.slots == "unlimited" for home in scenario.clients.homes)
    return unlimited and not scenario.learning


def honest_baseline(
    scenario: Scenario,
    seed: int,
    replication: int,
    observer: Observer | None = None,
    core: Core = "simpy",
) -> Baseline:
    """The all-local costs of the same tasks on the same random numbers.

    In closed form where that is exact; else the all-local market is played first, by `core` where that covers
    it, watched by the `observer`.
    """
    if in_closed_form(scenario):
        return ClosedForm(scenario)
    replayed = Replayed(scenario.clients)
    _played(scenario, AlwaysLocal(), Observers(replayed, observer or Observer()), seed, replication, core)
    return replayed


def all_local(
    scenario: Scenario,
    seed: int,
    replication: int,
    observer: Observer | None = None,
    core: Core = "simpy",
    *,
    in_hindsight: bool = True,
) -> AllLocal:
    """Play the all-local market and, where asked for, find the best single choice `in_hindsight`; the
    `observer` watches it all, `core` plays what it covers.

    A contractor that makes no offer for a task, or would not have taken it, leaves it at home. What
    contractors cost with nobody in their queues is added up first. Where queues can cost something, those who
    come out best are then played, the best first, until one costs no more than the next could at best, at
    most `MOST_PLAYED` of them; the best may be one that was not.
    """
    replayed, tally = Replayed(scenario.clients), Tally()
    watching = Observers(replayed, observer or Observer())
    if not in_hindsight:
        _played(scenario, AlwaysLocal(), watching, seed, replication, core)
        return AllLocal(replayed, LOCAL)
    at_home_usd = _played(scenario, tally, watching, seed, replication, core).accounts.realised_usd
    cheapest_first = np.argsort(ranks(-tally.saved_usd), kind="stable").tolist()
    least_usd = (at_home_usd - tally.saved_usd).tolist()
    best, best_usd = LOCAL, at_home_usd
    for played, contractor in enumerate(cheapest_first):
        if played == MOST_PLAYED or not exceeds(best_usd, least_usd[contractor]):
            break
        if not _queues_cost(scenario):
            return AllLocal(replayed, int(contractor))
        choice = FixedChoice(contractor)
        market = _played(scenario, choice, observer or Observer(), seed, replication, core)
        cost_usd = market.accounts.realised_usd
        if exceeds(best_usd, cost_usd):
            best, best_usd = int(contractor), cost_usd
    return AllLocal(replayed, best)


def _queues_cost(scenario: Scenario) -> bool:
    """Whether it can cost anything that many tasks go to the same contractor, or that it is looked for."""
    if scenario.message_usd > 0:
        return True
    if all(facts.slots == "unlimited" for _, facts in scenario.facts):
        return False
    limited = any(facts.queue_limit is not None or facts.slots == 0 for _, facts in scenario.facts)
    timed_out = scenario.contracts is not None and scenario.contracts.timeout_factor is not None
    return limited or timed_out or scenario.cost_model.late_usd_per_min > 0


def _played(
    scenario: Scenario,
    policy: Policy,
    observer: Observer,
    seed: int,
    replication: int,
    core: Core = "simpy",
) -> Market:
    market = Market(scenario.asked_alike(), policy, observer, seed=seed, replication=replication, core=core)
    market.run()
    return market
