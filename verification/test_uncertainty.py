"""What intervals and splits promise where more than luck is uncertain, on markets whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

import coalesce_sim
from coalesce_sim import Scenario
from coalesce_sim.experiments.uncertainty import Twins
from coalesce_sim.statistics.components import Split, split_of
from tests.market.trading import contractor, market

PRICE = "contractors[0].price_usd"
SECONDS = 86_400.0


def played(markets: list[Any]) -> list[dict[str, float]]:
    return [coalesce_sim.stage(one, seed=seed, replication=number).play() for one, seed, number in markets]


def split(scenario: Scenario, replications: int, metric: str = "realised_usd") -> Split:
    """That of a metric over many replications."""
    seed = scenario.seed
    values = played([(scenario, seed, number) for number in range(replications)])
    twins = Twins.played(scenario, seed, replications, lambda markets: played(list(markets)))
    found = split_of(np.array([each[metric] for each in values]), twins.of(metric))
    assert found is not None
    return found


def within(found: float, true: float, degrees: int, *, tails: float = 0.005) -> bool:
    """Whether an estimate of a variance is one that its truth gives, at 99 %; of normal differences."""
    low, high = stats.chi2(degrees).ppf([tails, 1 - tails]) / degrees
    return bool(low < found / true < high)


def test_the_split_of_a_cost_that_is_a_price_times_a_number_of_tasks() -> None:
    """USD = p·N of a price p, normal, and a number of tasks N, Poisson: what the price does is σ²·E[N²], as
    far as it takes luck too; the rest, μ²·λ, is luck."""
    rate, mean, sd = 30, 2.0, 0.2
    scenario = coalesce_sim.load(
        market([0.0], contractor("ann", price_usd={"uncertain": {"normal": {"mean": mean, "sd": sd}}}))
        | {"policy": {"kind": "fixed", "contractor": "ann"}},
        [f"workload.arrivals={{kind: renewal, gap_s: {{exponential: {{mean: {SECONDS / rate}}}}}}}"],
    )
    found = split(scenario, 800)
    assert found.inputs is not None
    assert found.log is None
    assert within(found.inputs, sd**2 * (rate**2 + rate), found.pairs)
    total = sd**2 * (rate**2 + rate) + mean**2 * rate
    assert within(found.total, total, found.n - 1)
    assert not found.hidden
