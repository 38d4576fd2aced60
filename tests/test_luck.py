"""Luck as a function of integers: what it depends on, and that it is the same however it is worked out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaincinv, ndtri

import coalesce_sim
from coalesce_sim.luck import Luck, identities_of, normal, state_of, uniform
from coalesce_sim.scenario.distributions import DistributionSpec, drawn_at
from tests.market.trading import contractor, market


def test_the_first_draws_are_those_of_splitmix64() -> None:
    """The published outputs of the reference implementation from the state 1234567."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [state_of(1234567, number) for number in range(4)] == expected


def test_a_draw_lies_inside_the_unit_interval_at_both_ends() -> None:
    assert uniform(0, -1) == 2.0**-53  # all 64 bits are 0
    draws = [uniform(state, 0) for state in range(1000)]
    assert min(draws) > 0
    assert max(draws) < 1


def test_arrays_give_the_same_bits_as_numbers_one_by_one() -> None:
    draws = Luck(7, 3, identities_of(["a", "b", "c"]))("work")
    workers = np.array([2, 0, -1, 1])
    for task, attempt in ((0, 0), (5, 2), (2**40, 1)):
        one_by_one = [draws.draw(worker, task, attempt) for worker in workers.tolist()]
        assert draws.draws(workers, task, attempt).tolist() == one_by_one


@pytest.mark.parametrize(
    "other",
    [
        lambda: Luck(8, 3, identities_of(["a"]))("work").draw(0, 5, 1),
        lambda: Luck(7, 4, identities_of(["a"]))("work").draw(0, 5, 1),
        lambda: Luck(7, 3, identities_of(["b"]))("work").draw(0, 5, 1),
        lambda: Luck(7, 3, identities_of(["a"]))("other").draw(0, 5, 1),
        lambda: Luck(7, 3, identities_of(["a"]))("work").draw(-1, 5, 1),
        lambda: Luck(7, 3, identities_of(["a"]))("work").draw(0, 6, 1),
        lambda: Luck(7, 3, identities_of(["a"]))("work").draw(0, 5, 2),
    ],
    ids=["seed", "replication", "worker", "purpose", "home", "task", "attempt"],
)
def test_each_argument_counts_and_who_else_is_there_does_not(other: Any) -> None:
    draw = Luck(7, 3, identities_of(["a"]))("work").draw(0, 5, 1)
    assert Luck(7, 3, identities_of(["x", "a", "y"]))("work").draw(1, 5, 1) == draw
    assert other() != draw


def test_normal_quantiles() -> None:
    shares = [10.0**-power for power in range(1, 300, 7)] + [k / 64 for k in range(1, 64)]
    shares += [1 - share for share in shares if share > 1e-9]
    assert [normal(share) for share in shares] == pytest.approx(ndtri(shares), rel=1e-14)
    assert (normal(0), normal(1), normal(0.5)) == (-math.inf, math.inf, 0.0)


@pytest.mark.parametrize(
    ("distribution", "quantile"),
    [
        ({"normal": {"mean": 3, "sd": 2, "min": 1, "max": 4}}, lambda p: min(4, max(1, 3 + 2 * ndtri(p)))),
        ({"uniform": {"low": 2, "high": 6}}, lambda p: 2 + 4 * p),
        ({"lognormal": {"median": 5, "sigma": 0.5}}, lambda p: 5 * math.exp(0.5 * ndtri(p))),
        ({"exponential": {"mean": 4}}, lambda p: -4 * math.log(1 - p)),
        ({"gamma": {"mean": 6, "cv": 0.5}}, lambda p: 1.5 * gammaincinv(4, p)),
        ({"weibull": {"shape": 2, "scale": 3}}, lambda p: 3 * math.sqrt(-math.log(1 - p))),
        ({"choice": {"values": [9, 1, 5], "weights": [1, 0, 3]}}, lambda p: 9 if p < 0.25 else 5),
        ({"empirical": {"quantiles": [0, 1, 10]}}, lambda p: 2 * p if p < 0.5 else 1 + 18 * (p - 0.5)),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_a_distribution_gives_the_value_that_a_share_of_its_draws_stays_below(
    distribution: dict[str, Any], quantile: Any
) -> None:
    spec = DistributionSpec.model_validate(distribution)
    for p in (2.0**-53, 0.01, 0.2499, 0.3, 0.75, 0.999):
        assert drawn_at(spec, p) == pytest.approx(quantile(p), rel=1e-9, abs=1e-12)


def lucky(names: str, policy: dict[str, Any], **contracts: Any) -> coalesce_sim.RunResult:
    """Forty tasks whose contractors, and whose home, fail now and then."""
    facts = {"success": 0.6, "unreachable_rate": 0.2}
    fields = market(
        range(0, 2400, 60),
        *(contractor(name, **facts) for name in names),
        clients={"count": 2, "success": 0.7},
        contracts={"failed_share": 0.5, "input_required_rate": 0.3, **contracts},
        discovery={"kind": "registry", "k": 9, "newcomer_share": 0},
        policy=policy,
    )
    fields["workload"]["failure_correlation"] = 0.3
    return coalesce_sim.run(coalesce_sim.load(fields), replications=1)


@pytest.mark.parametrize("policy", [{"kind": "fixed", "contractor": "a"}, {"kind": "always_local"}])
def test_nobody_s_luck_depends_on_who_else_is_there_or_how_often_one_may_try(policy: dict[str, Any]) -> None:
    alone = lucky("a", policy)
    assert 0 < (alone.decisions["outcome"] == "failed").mean() < 1
    for other in (lucky("zab", policy), lucky("a", policy, recovery={"retries": 3})):
        assert other.decisions["all_local_usd"].equals(alone.decisions["all_local_usd"])
        facts = ["task", "good", "state", "reason", "input_required", "ended_s"]
        first = [run.contracts.query("attempt == 0")[facts] for run in (alone, other)]
        assert first[1].reset_index(drop=True).equals(first[0].reset_index(drop=True))


def test_in_a_drawn_pool_a_contractor_is_its_number() -> None:
    """Contractors beyond the first thirty change nothing for those who hire among these."""
    chosen = ["policy.kind=fixed", "policy.contractor=frontier_1", "discovery=null", "clock.days=0.005"]
    few, many = (
        coalesce_sim.run(coalesce_sim.load("market", [f"contractors.count={count}", *chosen]), replications=1)
        for count in (30, 40)
    )
    assert len(few.contracts) > 10
    assert many.contracts["good"].tolist() == few.contracts["good"].tolist()
