"""The best single choice for a whole replication, known only afterwards."""

from __future__ import annotations

import numpy as np

from coalesce_sim.market.baseline import Replayed
from coalesce_sim.market.market import Market
from coalesce_sim.market.records import Records
from coalesce_sim.policies.protocol import LOCAL, Decision, OracleView, Policy, Surroundings, View
from coalesce_sim.policies.yardsticks import FixedChoice
from coalesce_sim.scenario.schema import Scenario

MOST_PLAYED = 3
"""How many contractors are tried out where their queues matter."""


class _Tally(Policy):
    """Keeps every task at home; adds up what each contractor would have saved with nobody in its queue."""

    view_type = OracleView

    def start(self, surroundings: Surroundings) -> None:
        self.saved_usd = np.zeros(len(surroundings.contractor_names))

    def decide(self, view: View) -> Decision:
        assert isinstance(view, OracleView)
        saved_usd = view.realised_internal_usd - view.realised_external_usd
        self.saved_usd[view.ids] += np.where(np.isfinite(saved_usd), saved_usd, 0.0)
        return Decision(LOCAL)


def all_local(scenario: Scenario, seed: int, replication: int) -> tuple[Replayed, int]:
    """The all-local market as a baseline, and the one choice that would have cost least in its place.

    That choice is a contractor's index or `LOCAL`. A contractor that makes no offer for a task, or would
    not have taken it, leaves it at home. What contractors cost with nobody in their queues is added up first.
    Where queues can cost something, those who come out best are then played, the best first, until one costs
    no more than the next could at best, at most `MOST_PLAYED` of them; the best may be one that was not.
    """
    replayed, tally = Replayed(), _Tally()
    market = Market(scenario, tally, None, replayed.add, seed=seed, replication=replication)
    market.run()
    at_home_usd = market.accounts.realised_usd
    cheapest_first = np.argsort(-tally.saved_usd, kind="stable").tolist()
    least_usd = (at_home_usd - tally.saved_usd).tolist()
    best, best_usd = LOCAL, at_home_usd
    for played, contractor in enumerate(cheapest_first):
        if least_usd[contractor] >= best_usd or played == MOST_PLAYED:
            break
        if not _queues_cost(scenario):
            return replayed, int(contractor)
        cost_usd = _cost_usd(scenario, FixedChoice(contractor), seed, replication)
        if cost_usd < best_usd:
            best, best_usd = int(contractor), cost_usd
    return replayed, best


def best_fixed_choice(scenario: Scenario, seed: int, replication: int) -> int:
    """The choice alone; see `all_local`."""
    return all_local(scenario, seed, replication)[1]


def _queues_cost(scenario: Scenario) -> bool:
    """Whether it can cost anything that many tasks go to the same contractor."""
    if all(facts.slots == "unlimited" for _, facts in scenario.facts):
        return False
    limited = any(facts.queue_limit is not None or facts.slots == 0 for _, facts in scenario.facts)
    timed_out = scenario.contracts is not None and scenario.contracts.timeout_factor is not None
    return limited or timed_out or scenario.cost_model.late_usd_per_min > 0


def _cost_usd(scenario: Scenario, policy: Policy, seed: int, replication: int) -> float:
    def ignore(records: Records) -> None:
        """Only the total is wanted."""

    market = Market(scenario, policy, None, ignore, seed=seed, replication=replication)
    market.run()
    return market.accounts.realised_usd
