"""Contractors that enter, live and leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import RunResult
from coalesce_sim.experiments.diagnosis.desertion import deserted_hours
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.report.explanation import explain
from tests.market.trading import HOME, Script, contractor, market, play
from verification.contracts_at_random import stay
from verification.markets_at_random import market_of
from verification.plain_and_simulator import differences

HOUR = 3600.0
OWNED = {"tdp_w": 0, "memory_gb": 1, "purchase_usd": 1, "lifetime_h": 1, "electricity_usd_per_kwh": 0}
OWNED |= {"peak_flop_s": 10**30}
"""A slot that loses a dollar an hour, and works in no time."""

FIND: dict[str, Any] = {
    "everybody": None,
    "registry": {"kind": "registry", "k": 3, "newcomer_share": 0.4, "refresh_s": 60},
    "broadcast": {"kind": "broadcast", "k": 3, "newcomer_share": 0.4, "message_ms": 50},
    "gossip": {"kind": "gossip", "k": 3, "view_size": 9, "round_s": 20, "newcomer_share": 0.4, "fanout": 2},
}
RATE: dict[str, Any] = {
    "beta": {"kind": "beta", "forgetting": 0.9},
    "sliding_window": {"kind": "sliding_window", "window_ratings": 4},
    "ewma": {"kind": "ewma"},
    "eigentrust": {"kind": "eigentrust", "recompute_every": 2},
}
POLICIES = (
    *("cheapest", "random", "oracle", "best_fixed", "topsis", "vikor", "weighted_sum", "vickrey"),
    *("greedy", "epsilon_greedy", "windowed_greedy", "optimistic_greedy", "adaptive_threshold", "ucb1"),
    *("ucb_v", "discounted_ucb", "sliding_window_ucb", "thompson", "thompson_gaussian", "exp3", "lin_ucb"),
    *("discounted_thompson", "budgeted_ucb", "score_auction", "posted_price"),
)


def offered(scenario: dict[str, Any], decisions: int) -> list[list[str]]:
    """Who offers at each decision, all of which are to stay at home."""
    script = Script([HOME] * decisions)
    coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=script.policy)
    return [names for _, names in script.offered]


def test_who_states_it_is_there_from_then_until_then() -> None:
    fields = market(
        [0, HOUR - 1, HOUR, 2 * HOUR - 1, 2 * HOUR],
        contractor("a", leave_h=2),
        contractor("b", enter_h=1),
        contractor("c", enter_h=1, leave_h=2),
    )
    assert offered(fields, 5) == [["a"], ["a"], ["a", "b", "c"], ["a", "b", "c"], ["b"]]


def test_who_is_not_in_the_market_is_told_so() -> None:
    """Rather than that it does no such work."""
    fields = market([0.0, HOUR], contractor("a"), contractor("b", enter_h=1), contractor("c", leave_h=1))
    before, after = (explain(coalesce_sim.load(fields), 1, 0, task) for task in (0, 1))
    assert before.left_out == {"not in the market": ["b"]}
    assert after.left_out == {"not in the market": ["c"]}


def test_who_leaves_finishes_what_it_has_taken_on() -> None:
    """It is hired a second before it leaves, waits a minute for the job before, and is paid for both."""
    fields = market([HOUR - 1, HOUR - 1, HOUR + 1], contractor("a", leave_h=1, slots=1), contractor("b"))
    result, _ = play(fields, "a", "a", "b")
    assert result.contracts["state"].tolist() == ["completed"] * 3
    assert result.decisions["finished_s"].tolist() == [HOUR + 59, HOUR + 119, HOUR + 61]
    rows = {str(row["contractor"]): row for row in result.sellers.to_dict("records")}
    assert (rows["a"]["entered_s"], rows["a"]["left_s"], rows["a"]["revenue_usd"]) == (0, HOUR, 2)
    assert np.isnan(rows["b"]["left_s"])


def test_books_and_utilisation_count_the_time_in_the_market() -> None:
    """Of three hours one slot is there for one and works for a minute of it, the other for two and none."""
    fields = market(
        [0, 3 * HOUR - 60],
        contractor("a", leave_h=1, slots=1, hardware=OWNED),
        contractor("b", enter_h=1, slots=1, hardware=OWNED),
        contractor("c", enter_h=23, slots=1, hardware=OWNED),
    )
    result, _ = play(fields, "a", HOME)
    rows = {str(row["contractor"]): row for row in result.sellers.to_dict("records")}
    assert list(rows) == ["a", "b"]
    assert rows["a"]["idle_usd"] == pytest.approx(59 / 60)
    assert rows["b"]["idle_usd"] == pytest.approx(2)
    metrics = result.replications[0]
    assert metrics["contractor_utilisation"] == pytest.approx(100 / 180)
    assert metrics["contractors_present"] == pytest.approx(1)
    assert (metrics["contractors_entered"], metrics["contractors_left"]) == (1, 1)
    assert metrics["contractors_in_the_red"] == 50  # `a` has earned what its hour cost it


def test_work_after_its_contractor_has_left_is_slot_time_too() -> None:
    """Else two hours of work would be twice of what the slot was there for, which is an hour."""
    result, _ = play(market([HOUR - 1], contractor("a", leave_h=1, slots=1, latency_min=120)), "a")
    assert result.replications[0]["contractor_utilisation"] == pytest.approx(100)


def test_who_is_in_the_red_for_long_enough_gives_up() -> None:
    """An owned slot loses a dollar an hour. `a` earns one at once, and is in the red by 0.5 USD from 1.5 h
    on, `b` from half an hour on. They are looked at every quarter of an hour."""
    rule = {"in_the_red": {"usd": 0.5, "hours": 1}}
    fields = market(
        [0, 23 * HOUR],
        contractor("a", slots=1, hardware=OWNED),
        contractor("b", slots=1, hardware=OWNED),
        contractor("c", own_cost_share=0.5),
        contractor("d"),
        turnover={"exit": rule},
    )
    result, script = play(fields, "a", HOME)
    assert script.offered[1][1] == ["c", "d"]
    left_s = dict(zip(result.sellers["contractor"], result.sellers["left_s"], strict=True))
    # In the red are those who are so by more than 0.5: first seen at 1.75 and at 0.75 h.
    assert left_s == pytest.approx(
        {"a": 2.75 * HOUR, "b": 1.75 * HOUR, "c": np.nan, "d": np.nan}, nan_ok=True
    )


def drawn(**turnover: Any) -> RunResult:
    fields = market([60.0 * k for k in range(1400)])
    fields["contractors"] = {
        "count": 5,
        "types": {"x": contractor("")},
    }
    del fields["contractors"]["types"]["x"]["name"]
    fields["contractors"]["types"]["x"] |= {"share": 1}
    fields["contractors"]["types"]["y"] = fields["contractors"]["types"]["x"] | {"share": 0, "price_usd": 0.5}
    return coalesce_sim.run(coalesce_sim.load(fields | {"turnover": turnover}), replications=3)


def test_those_who_enter_change_nothing_of_those_who_are_there() -> None:
    few, many = drawn(entry={"per_day": 1}), drawn(entry={"per_day": 40, "types": {"y": 1}})
    for one, other in zip(
        few.sellers.groupby("replication"), many.sellers.groupby("replication"), strict=True
    ):
        first, second = (each[1][each[1]["entered_s"] == 0] for each in (one, other))
        assert list(first["contractor"]) == list(second["contractor"])
    later = many.sellers[many.sellers["entered_s"] > 0]
    assert set(later["type"].astype(str)) == {"y"}
    assert 60 < len(later) < 180
    assert later["entered_s"].is_monotonic_increasing or later["replication"].nunique() > 1


def spares(contractors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fifty contractors like those there are, who enter when all is over."""
    late = [contractors[k % len(contractors)] | {"enter_h": 23.5} for k in range(50)]
    return [each | {"name": f"spare_{k}"} for k, each in enumerate(late)]


def assert_spares_change_no_byte(
    fields: dict[str, Any], find: str, rate: str, policy: str, core: Core = "simpy"
) -> None:
    """Fifty dormant contractors beside six, who stay, in a market with that discovery, rating and policy."""
    stay(fields)
    fields.pop("discovery", None)
    fields |= {"policy": {"kind": policy}, "reputation": {"model": RATE[rate], "pooling": 3}}
    if FIND[find] is not None:
        fields["discovery"] = FIND[find]
    if policy in ("vickrey", "score_auction", "posted_price"):
        fields["cost_model"]["external"]["pricing"] = {"kind": "flat"}
    alone = coalesce_sim.run(coalesce_sim.load(fields), replications=1, core=core)
    fields["contractors"] = fields["contractors"] + spares(fields["contractors"])
    crowd = coalesce_sim.run(coalesce_sim.load(fields), replications=1, core=core)
    for table in ("decisions", "contracts", "ratings"):
        one, other = (getattr(each, table).astype(object) for each in (alone, crowd))
        pd.testing.assert_frame_equal(one, other, check_exact=True, obj=f"{table} of {policy}")
    told = dict(crowd.replications[0])
    assert [told.pop(f"contractors_{name}") for name in ("entered", "left")] == [0, 0]
    assert told.pop("contractors_present") == 6
    told.pop("deserted_tasks")
    assert told == pytest.approx(alone.replications[0], rel=0, abs=0, nan_ok=True), policy


@pytest.mark.parametrize("find", FIND)
@pytest.mark.parametrize("rate", RATE)
def test_fifty_dormant_spares_change_no_byte(find: str, rate: str) -> None:
    family, families = list(RATE).index(rate) * len(FIND) + list(FIND).index(find), len(RATE) * len(FIND)
    for number, policy in enumerate(POLICIES[family::families]):
        assert_spares_change_no_byte(market_of(100 * family + number, 24, 6), find, rate, policy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"contractors": [contractor("a", enter_h=3, leave_h=2)]},
            "leave_h: must be later than enter_h, 3 (got 2)",
        ),
        (
            {"contractors": [contractor("a", enter_h=24)]},
            "contractors[0].enter_h: must be before the last tasks",
        ),
        (
            {"contractors": [contractor("a", leave_h=30)]},
            "contractors[0].leave_h: must be before the last tasks",
        ),
        (
            {"contractors": [contractor("a", enter_h=1)], "contracts": None},
            "enter_h: needs a market that learns",
        ),
        ({"turnover": {"exit": {"per_day": 1}}, "contracts": None}, "turnover: needs a market that learns"),
        ({"turnover": {"exit": {}}}, "turnover.exit: states nothing by which anybody leaves"),
        ({"turnover": {"entry": {"per_day": 2}}}, "turnover.entry: needs a drawn pool"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(coalesce_sim.ScenarioError) as refused:
        coalesce_sim.load(market([0.0], contractor("a")) | changes)
    assert message in str(refused.value)


def test_a_market_that_turns_over_agrees_with_the_plain_one() -> None:
    leaves = "{per_day: 40, in_the_red: {usd: 0, hours: 0.01}, check_min: 1}"
    changes = ["workload.arrivals.limit=150", "policy={kind: greedy}"]
    turnover = f"turnover={{exit: {leaves}, entry: {{per_day: 300}}}}"
    assert differences(coalesce_sim.load("market_day", [*changes, turnover])) == []


def test_a_market_in_which_nobody_is_left_says_so_before_and_after() -> None:
    outcomes = {"job": {"success": 1}}
    fields = market(
        [HOUR, 3 * HOUR, 6 * HOUR, 7 * HOUR],
        contractor("a", leave_h=2, outcomes=outcomes),
        contractor("b", enter_h=5, leave_h=6.5, outcomes=outcomes),
        contractor("c", outcomes={"other": {"success": 1}}),
        types={"job": {}, "other": {}},
    )
    scenario = coalesce_sim.load(fields)
    told = deserted_hours(scenario)
    assert told == [
        "nobody who offers to do job is in the market from 2 to 5 h and from 6.5 to 24 h "
        "(contractors[*].enter_h, leave_h): such tasks stay at home then"
    ]
    assert told[0] in warnings_of(scenario)
    result = coalesce_sim.run(scenario, replications=1)
    assert result.replications[0]["deserted_tasks"] == 50
    (finding,) = result.observed
    assert finding.sentence.startswith(
        "50.0 % of tasks came when nobody who offers to do them was in the market"
    )


@pytest.mark.parametrize(
    ("turnover", "told"),
    [
        (
            {"exit": {"per_day": 1, "check_min": 5}},
            "turnover.exit.check_min (turnover.exit.in_the_red is left out)",
        ),
        (
            {"exit": {"in_the_red": {"usd": 1, "hours": 1}}},
            "turnover.exit.in_the_red (nothing tells what work costs any contractor)",
        ),
        (
            {"entry": {"per_day": 9, "types": {"x": 2}}},
            "turnover.entry.types (there is one type of contractor)",
        ),
    ],
)
def test_what_does_nothing_about_comings_and_goings_is_told(turnover: dict[str, Any], told: str) -> None:
    facts = {"share": 1, "price_usd": 0.4, "latency_min": 1, "reliability": 1}
    fields = market([0.0]) | {"contractors": {"count": 2, "types": {"x": facts}}, "turnover": turnover}
    assert told in " ".join(notes_of(coalesce_sim.load(fields)))


def test_an_owner_of_one_contractor_does_nothing() -> None:
    owned = [contractor("a"), contractor("b", owner="a"), contractor("c", owner="me")]
    (told,) = notes_of(coalesce_sim.load(market([0.0], *owned)))
    assert told == "without effect here: contractors[2].owner (whose it is has no other contractor)"
