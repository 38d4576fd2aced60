"""Static routing: which rule decides, what if its contractor makes no offer, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import LOCAL, ScenarioError
from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.policies.protocol import Offers, Surroundings, Tasks, View
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.routes import Routes
from tests.market.trading import contractor, market
from tests.policies.by_hand import FACTS, LUCK, settings
from verification.both_cores import assert_same_on_both_cores
from verification.plain_and_simulator import differences

RULES: list[dict[str, Any]] = [
    {"type": "chat", "prompt_tokens_up_to": 1000, "to": "home"},
    {"type": ["chat", "code"], "group": "few", "to": "a"},
    {"expected_output_tokens_up_to": 200, "to": "b"},
]
CHAT, CODE, MATHS = range(3)
FEW, MORE = 0, 2


def started(rules: list[dict[str, Any]], otherwise: str = "c") -> Routes:
    """For contractors a, b and c, and two clients of each group."""
    policy = create(settings("routes", rules=rules, otherwise=otherwise))
    groups = ("few", "few", "more", "more")
    types = ("chat", "code", "maths")
    policy.start(Surroundings(("a", "b", "c"), types, 4, lambda _: np.random.default_rng(), groups))
    assert isinstance(policy, Routes)
    return policy


def tasks_of(type_id: int, client: int, prompt_tokens: float, output_tokens: float) -> Tasks:
    facts = {"type_id": type_id, "client": client, "prompt_tokens": prompt_tokens}
    facts |= {"expected_output_tokens": output_tokens}
    return Tasks(**FACTS | {name: np.array([value]) for name, value in facts.items()})


def chosen(policy: Routes, tasks: Tasks, ids: tuple[int, ...] = (0, 1, 2)) -> int:
    """Whom it hires of those who offer: a contractor's index, or `LOCAL`."""
    alike = np.ones((1, len(ids)))
    offers = Offers(
        tasks=tasks,
        first_task=0,
        first=0,
        client=tasks.client.tolist(),
        type_id=tasks.type_id.tolist(),
        internal_usd=[1.0],
        ids=np.array(ids, dtype=np.int64),
        price_usd=alike,
        external_usd=alike,
        latency_s=alike,
        reliability=alike[0],
        security=alike[0],
        skill=alike,
        eligible=alike > 1,
        luck=LUCK,
    )
    position = policy.decide(View(offers, 0)).contractor
    return position if position == LOCAL else ids[position]


@pytest.mark.parametrize(
    ("type_id", "client", "prompt_tokens", "output_tokens", "expected"),
    [
        (CHAT, FEW, 1000, 900, LOCAL),  # the first rule that fits, though the second would, too
        (CHAT, FEW, 1001, 100, 0),
        (CODE, FEW, 10, 900, 0),
        (CODE, MORE, 10, 200, 1),
        (MATHS, FEW, 10, 200, 1),
        (MATHS, FEW, 10, 201, 2),  # no rule
    ],
)
def test_the_first_rule_that_fits_decides(
    type_id: int, client: int, prompt_tokens: float, output_tokens: float, expected: int
) -> None:
    policy, tasks = started(RULES), tasks_of(type_id, client, prompt_tokens, output_tokens)
    assert chosen(policy, tasks) == expected
    assert [each.tolist() for each in policy.choices(tasks)] == [[expected], [2]]


def test_who_makes_no_offer_is_replaced_by_otherwise_then_home() -> None:
    few = tasks_of(CODE, FEW, 10, 900)
    assert chosen(started(RULES), few, ids=(1, 2)) == 2
    assert chosen(started(RULES), few, ids=(1,)) == LOCAL
    assert chosen(started(RULES, otherwise="home"), few, ids=(1, 2)) == LOCAL
    rules = [{"type": "code", "to": "a", "otherwise": "b"}]
    assert chosen(started(rules), few, ids=(1, 2)) == 1, "the rule says who comes next"
    assert chosen(started(rules), few, ids=(2,)) == LOCAL
    at_home = tasks_of(CHAT, FEW, 10, 900)
    assert chosen(started(RULES), at_home, ids=(2,)) == LOCAL, "home is always there"


def test_who_never_hires_asks_nobody() -> None:
    assert started(RULES).searches
    assert not started([{"type": "chat", "to": "home"}], otherwise="home").searches


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"to": "aa"}, "policy.rules[0].to: no contractor of that name (got 'aa')"),
        ({"to": "a", "type": ["cod"]}, "policy.rules[0].type: no task type of that name (got 'cod')"),
        ({"to": "a", "group": "fw"}, "policy.rules[0].group: no group of clients of that name (got 'fw')"),
    ],
)
def test_names_that_there_are_not_are_refused_at_the_start(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        started([rule])
    assert str(refused.value).startswith(message)


def test_names_that_there_are_not_are_refused_when_it_is_loaded() -> None:
    rules = [{"type": "jop", "group": "many", "to": "a"}, {"type": ["job"], "to": "aa"}]
    fields = market([0], contractor("a"), policy={"kind": "routes", "rules": rules, "otherwise": "b"})
    with pytest.raises(ScenarioError) as refused:
        coalesce_sim.load(fields)
    assert [(each.path, each.message) for each in refused.value.problems] == [
        ("policy.rules[0].type", "no task type of that name (got 'jop'); did you mean 'job'?"),
        ("policy.rules[0].group", "no group of clients of that name (got 'many')"),
        ("policy.rules[1].to", "no contractor of that name (got 'aa'); did you mean 'a'?"),
        ("policy.otherwise", "no contractor of that name (got 'b')"),
    ]


def test_who_is_not_drawn_is_refused_before_it_runs() -> None:
    rules = "[{to: home, prompt_tokens_up_to: 9}, {to: quantum_enhanced_29}]"
    scenario = coalesce_sim.load("dur_02", [f"policy={{kind: routes, rules: {rules}}}"])
    with pytest.raises(ScenarioError) as refused:
        coalesce_sim.run(scenario, replications=1)
    (problem,) = refused.value.problems
    assert problem.path == "policy.rules[1].to"
    assert problem.message.startswith("is not drawn in replication 0 of seed")


def routed(**sections: Any) -> dict[str, Any]:
    """Two types and groups; `a` fails, is tried once a task, and is down for a while."""
    tasks = [{"type": ("job", "chat")[n % 2], "arrival_s": 7.0 * n, "client": n % 3} for n in range(30)]
    rules = [
        {"type": "job", "group": "few", "to": "a"},
        {"prompt_tokens_up_to": 500, "type": ["chat"], "to": "home"},
        {"expected_output_tokens_up_to": 900, "to": "b"},
    ]
    return (
        market(
            tasks,
            contractor("a", success=0.4, outages={"mean_up_h": 0.1, "mean_repair_h": 0.02}),
            contractor("b", slots=1, success=0.7),
            contractor("c", slots=1, queue_limit=2),
            types={"job": {}, "chat": {}},
            attributes={"prompt_tokens": {"uniform": {"low": 100, "high": 900}}, "output_tokens": 800},
            clients={"count": None, "groups": {"few": {"count": 2}, "more": {"count": 1}}},
            policy={"kind": "routes", "rules": rules, "otherwise": "c"},
            contracts={"recovery": {"retries": 2, "then": "local"}},
        )
        | sections
    )


def test_both_cores_and_the_plain_market_route_alike() -> None:
    scenario = coalesce_sim.load(routed())
    assert_same_on_both_cores(scenario)
    assert differences(scenario) == []
    decisions = coalesce_sim.run(scenario, replications=1).decisions
    assert set(decisions["contractor"].dropna()) == {"a", "b", "c"}
    assert "local" in set(decisions["choice"])


@pytest.mark.parametrize("slots", ["unlimited", 1])
def test_the_published_trade_routes_alike_on_both_cores(slots: str | int) -> None:
    rules = [
        {"type": "financial_rag", "to": "a"},
        {"type": ["sentiment_analysis"], "to": "home"},
    ]
    pool = [
        {"name": name, "price_usd": 5, "latency_min": 20, "reliability": 0.9, "slots": slots}
        for name in ("a", "b")
    ]
    fields = {"extends": "dur_02", "name": "routed", "clock": {"days": 0.3}, "contractors": pool}
    scenario = coalesce_sim.load(fields | {"policy": {"kind": "routes", "rules": rules, "otherwise": "b"}})
    assert_same_on_both_cores(scenario)
