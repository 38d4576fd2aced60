"""What names are worth to those who change them, have several, or farm those who choose at random."""

from __future__ import annotations

import math
from typing import Any

import pytest

import coalesce_sim
from tests.market.trading import contractor
from verification.cheating import Seen, check, gains, interval, jobs

PRICE_USD, COST_USD = 1.0, 0.05
TIMES = 8
LOGIT = {"kind": "logit", "a_usd": 2.5, "mu_usd": 1.0, "a0_usd": 0.5}


def lemon(found: float, due: float, **sections: Any) -> coalesce_sim.Scenario:
    """A market of nobody but one who cheats at every job, is found out with that probability, and changes its
    name; the last one it keeps."""
    return jobs(
        240,
        contractor("it", own_cost_share=1.0),
        contracts={"verification": check(found), "due_on_failure": due},
        policy={"kind": "always_outsource"},
        **sections,
    )


def after_one_bad_job(found: float, due: float) -> tuple[float, float]:
    """Jobs of a name, and what it is worth."""
    return 1 / found, (1 / found - 1 + due) * PRICE_USD - COST_USD / found


def below_a_half(found: float, due: float) -> tuple[float, float]:
    """The same of who leaves when more of its jobs were bad than good."""
    jobs_each = 1 / (2 * found - 1)
    return jobs_each, ((1 - found + due * found) * PRICE_USD - COST_USD) * jobs_each


@pytest.mark.parametrize(
    ("rule", "value", "found", "due", "published"),
    [
        ({"leave_below": 0, "leave_after_bad": 1}, after_one_bad_job, 0.95, 1.0, (1.0526, 1.0)),
        ({"leave_below": 0, "leave_after_bad": 1}, after_one_bad_job, 0.85, 0.0, (1.1765, 0.1176)),
        ({"leave_below": 0.5}, below_a_half, 0.95, 1.0, (1.1111, 1.0556)),
        ({"leave_below": 0.5}, below_a_half, 0.85, 0.0, (1.4286, 0.1429)),
        ({"leave_below": 0.5}, below_a_half, 0.7, 1.0, (2.5, 2.375)),
    ],
)
def test_the_entry_fee_at_which_a_name_is_worth_nothing(
    rule: dict[str, Any], value: Any, found: float, due: float, published: tuple[float, float]
) -> None:
    """Of the names that were given up; how long the last one would have lasted nobody knows."""
    jobs_each, worth_usd = value(found, due)
    assert (jobs_each, worth_usd) == pytest.approx(published, abs=5e-5)
    names = int(120 / jobs_each)
    whitewashing = {"kind": "whitewashing", "who": {"members": ["it"]}, "identities": names + 1}
    scenario = lemon(
        found,
        due,
        adversaries=[whitewashing | {"success": 0, "cost_factor": COST_USD} | rule],
        defences={"entry_fee_usd": worth_usd},
    )
    net_usd, lasted = [], []
    for number in range(TIMES):
        seen = Seen(scenario, number)
        assert seen.books.jobs[names] > 0
        net_usd += seen.profit_usd[:names].tolist()
        lasted += seen.books.jobs[:names].tolist()
    for values, expected in ((net_usd, 0.0), (lasted, jobs_each)):
        low, high = interval(values)
        assert low < expected < high


def test_the_same_fee_in_a_market_that_learns_whom_to_hire() -> None:
    """A lemon that asks a tenth of a USD and bills one, among 33 agents; the untried are taken for good. The
    name that it has in the end may have cost its fee for nothing."""
    found, names = 0.95, 150
    _, worth_usd = below_a_half(found, due=1)
    types = coalesce_sim.load("real_agents_twin").workload.types
    facts = {
        "price_usd": 0.1,
        "own_cost_share": COST_USD / 0.1,
        "reliability": 1.0,
        "latency_min": 1.0,
        "outcomes": {name: {"success": 1 - found, "bill_usd": PRICE_USD} for name in types},
    }
    lemons = {"kind": "whitewashing", "who": {"join": 1, "facts": facts}, "identities": names}
    scenario = coalesce_sim.load(
        "real_agents_twin",
        [
            f"adversaries=[{lemons | {'success': 1 - found, 'cost_factor': 1}}]",
            f"defences.entry_fee_usd={worth_usd}",
            "policy={kind: optimistic_greedy}",
        ],
    )
    net_usd, gross_usd = [], []
    for number in range(16):
        seen = Seen(scenario, number)
        entered = int(seen.market.pool.roster.presence.entered(seen.market.ended_s)[-names:].sum())
        assert entered < names
        net_usd.append(float(seen.profit_usd[-names:].sum()))
        gross_usd.append(net_usd[-1] + worth_usd * entered)
    assert interval(gross_usd)[0] > 0
    low, high = interval(net_usd)
    assert low < 0
    assert high > -worth_usd


@pytest.mark.parametrize(("policy", "outside"), [({"kind": "random"}, 0.0), (LOGIT, math.exp(0.5 - 1.5))])
def test_several_names_get_a_share_each_of_choices_by_chance(policy: dict[str, Any], outside: float) -> None:
    """Two sellers, one of m names: N·(P − c)·(m/(m + 1) − ½) where nobody stays at home. By logit home is one
    more, which counts as much as what it leaves."""
    many, names = 200, 5
    sybil = {"kind": "sybil", "who": {"members": ["it"]}, "identities": names}
    sellers = (contractor(name, own_cost_share=0.7) for name in ("it", "other"))
    low, high = interval(gains(jobs(many, *sellers, adversaries=[sybil], policy=policy), TIMES))
    share, honest_share = (m / (m + 1 + outside) for m in (names, 1))
    assert low < many * (1 - 0.7) * (share - honest_share) < high


def test_several_names_share_what_explorers_leave_them() -> None:
    """The same of N·ε tasks, where the attacker is never preferred."""
    many, names, epsilon = 200, 5, 0.4
    sybil = {"kind": "sybil", "who": {"members": ["it"]}, "identities": names}
    sellers = (contractor(name, price_usd=usd, own_cost_share=0.7) for name, usd in (("it", 5), ("other", 1)))
    policy = {"kind": "epsilon_greedy", "epsilon": epsilon}
    scenario = jobs(many, *sellers, adversaries=[sybil], policy=policy, clients={"slots": 0})
    low, high = interval(gains(scenario, TIMES))
    assert low < many * epsilon * 5 * (1 - 0.7) * (names / (names + 1) - 0.5) < high


@pytest.mark.parametrize(("names", "published_usd"), [(1, 72.2), (5, 322.2)])
def test_explorers_pay_a_price_that_nobody_would_choose(names: int, published_usd: float) -> None:
    """TOPSIS explores all offers alike, whatever they ask: of each type n others make one."""
    epsilon, price_usd = 0.1, 100.0
    facts = {"price_usd": 1.0, "reliability": 1.0, "latency_min": 10.0, "own_cost_share": 0.05}
    farming = {"kind": "exploration_farming", "who": {"join": 1, "facts": facts}, "identities": names}
    scenario = coalesce_sim.load("real_agents_twin")
    shares = {name: kind.share for name, kind in scenario.workload.types.items()}
    assert isinstance(scenario.contractors, list)
    others = {name: sum(name in (each.outcomes or {}) for each in scenario.contractors) for name in shares}
    expected_usd = (
        240
        * epsilon
        * price_usd
        * sum(share / sum(shares.values()) * names / (others[name] + names) for name, share in shares.items())
    )
    assert expected_usd == pytest.approx(published_usd, abs=0.05)
    revenue_usd = []
    stated = coalesce_sim.load("real_agents_twin", [f"adversaries=[{farming}]", "policy={kind: topsis}"])
    for number in range(30):
        seen = Seen(stated, number)
        revenue_usd.append(float(seen.books.revenue_usd[len(scenario.contractors) :].sum()))
    low, high = interval(revenue_usd)
    assert low < expected_usd < high
