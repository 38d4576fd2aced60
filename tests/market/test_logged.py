"""A log replayed, and what it came to beside what is played."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import RunResult, ScenarioError
from coalesce_sim.experiments.contenders import contenders
from coalesce_sim.market.logged.tasks import shared_s
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.policies.registry import create
from tests.market.trading import HOME_USD, LATE_USD_PER_S, VALUE_USD, contractor, market

LOG: list[dict[str, Any]] = [
    {"to": "b", "usd": 0.4, "s": 20.0, "good": True},
    {"to": "home", "s": 30.0, "good": True},
    {"to": "home", "usd": 0.25, "s": 400.0, "good": True},
    {"to": "a", "usd": 1.5, "s": 90.0, "good": False, "attempts": 3},
    {"to": "b", "usd": 0.0, "s": 20.0, "good": True},
]
BILL_USD = 0.4 + 30 * HOME_USD + 0.25 + 1.5
LATE_USD, LOST_USD = 100 * LATE_USD_PER_S, VALUE_USD


def logged(*log: dict[str, Any], costs: str = "logged", **fields: Any) -> dict[str, Any]:
    """A market whose tasks come every 10 s, with the log of each, and the policy that goes by it."""
    tasks = [
        {"type": "job", "arrival_s": 10.0 * number, "logged": dict(each)}
        for number, each in enumerate(log or LOG)
    ]
    policy = {"kind": "as_logged", "costs": costs}
    return market(tasks, contractor("a"), contractor("b", price_usd=0.5), policy=policy) | fields


def played(fields: dict[str, Any]) -> RunResult:
    return coalesce_sim.run(coalesce_sim.load(fields), replications=1)


def workers(result: RunResult) -> list[str]:
    names: list[str] = result.decisions["contractor"].astype(object).fillna("home").tolist()
    return names


def refusal(fields: dict[str, Any]) -> str:
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(fields)
    return str(caught.value)


def test_a_log_replayed_gives_its_own_bill_and_its_own_percentiles() -> None:
    result = played(logged())
    told = result.replications[0]
    assert told["cash_usd"] == pytest.approx(BILL_USD, abs=1e-12)
    assert told["paid_to_contractors_usd"] == pytest.approx(0.4 + 1.5, abs=1e-12)
    assert told["delay_usd"] == pytest.approx(LATE_USD, abs=1e-12)
    assert told["losses_usd"] == LOST_USD
    assert told["cost_reduction_as_logged"] == 0
    took_s = [each["s"] for each in LOG]
    for percent in (50, 95, 99):
        assert told[f"turnaround_p{percent}_s"] == pytest.approx(np.percentile(took_s, percent))
    assert (told["success_rate"], told["late_rate"], told["outsourcing_rate"]) == (80, 20, 60)
    assert told["attempts_per_task"] == 7 / 5
    assert told["moved_rate"] == 0
    assert workers(result) == [each["to"] for each in LOG]
    assert "contracts" not in told
    assert "home_utilisation" not in told


def test_a_block_at_once_is_the_same_as_one_event_after_the_other() -> None:
    scenario, kept = coalesce_sim.load(logged()), []

    class Keeps(Observer):
        def block_recorded(self, records: Records) -> None:
            kept.append([getattr(records, each.name) for each in dataclasses.fields(records)[1:]])

    markets = [
        Market(scenario, create(scenario.policy), Keeps(), seed=1, core=core)
        for core in ("simpy", "compiled")
    ]
    for each in markets:
        each.run()
    assert [each.core for each in markets] == ["simpy", "compiled"]
    for one, other in zip(*kept, strict=True):
        np.testing.assert_array_equal(one, other)
    assert markets[0].ended_s == markets[1].ended_s
    assert markets[0].figures() == markets[1].figures()


def test_what_the_log_came_to_stands_beside_whatever_is_played() -> None:
    told = played(logged(policy={"kind": "always_local"})).replications[0]
    assert told["as_logged_cash_usd"] == pytest.approx(BILL_USD)
    assert told["as_logged_usd"] == pytest.approx(BILL_USD + LATE_USD + LOST_USD)
    assert told["cost_reduction_as_logged"] == pytest.approx(
        100 * (1 - told["realised_usd"] / told["as_logged_usd"])
    )
    assert told["as_logged_success_rate"] == 80
    assert told["as_logged_late_rate"] == 20
    assert told["as_logged_turnaround_p50_s"] == 30
    assert told["moved_rate"] == 60
    assert "as_logged_usd" not in played(market([0.0], contractor("a"))).replications[0]


def test_groups_have_the_log_of_their_own_tasks() -> None:
    fields = logged()
    for number, task in enumerate(fields["workload"]["arrivals"]["tasks"]):
        task["group"] = "first" if number < 2 else "second"
    del fields["clients"]["count"]
    fields["clients"]["groups"] = {"first": {"count": 1}, "second": {"count": 2}}
    result = played(fields)
    told = result.replications[0]
    assert told["as_logged_usd[first]"] == pytest.approx(0.4 + 30 * HOME_USD)
    assert told["realised_usd[second]"] == pytest.approx(0.25 + LATE_USD + 1.5 + LOST_USD)
    assert result.decisions["client"].tolist() == [0, 0, 1, 2, 1], "dealt among those of its group"


def test_at_modelled_costs_tasks_go_where_they_went_at_the_markets_own_prices() -> None:
    fields = logged(costs="modelled")
    fields["contractors"][0]["outcomes"] = {}
    result = played(fields)
    assert workers(result) == [
        "b",
        "home",
        "home",
        "home",
        "b",
    ]
    assert result.decisions["price_usd"].tolist() == [0.5, 0, 0, 0, 0.5]
    assert result.replications[0]["moved_rate"] == 20, "one whose contractor makes no offer"


def test_a_market_in_which_all_deliver_plays_a_log_too() -> None:
    fields = logged()
    del fields["contracts"]
    told = played(fields).replications[0]
    assert told["realised_usd"] == told["as_logged_usd"] == pytest.approx(BILL_USD + LATE_USD + LOST_USD)
    assert told["home_bill_usd"] == 0.25


def test_groups_with_policies_of_their_own_are_played_as_logged_all_the_same() -> None:
    fields = logged()
    del fields["clients"]["count"]
    fields["clients"]["groups"] = {"all": {"count": 1}, "away": {"count": 1, "policy": {"kind": "random"}}}
    told = played(fields).replications[0]
    assert told["realised_usd"] == told["as_logged_usd"]
    fields["clients"]["groups"]["away"]["policy"] = {"kind": "as_logged"}
    assert refusal(fields).endswith(
        "clients.groups.away.policy.costs: plays the log for all clients; state it as policy, or costs: "
        "modelled (got 'logged')"
    )


def test_comparisons_play_the_log_unasked_where_all_its_bills_are_known() -> None:
    def unasked(fields: dict[str, Any]) -> list[str]:
        field = contenders(coalesce_sim.load(fields), ["cheapest"])
        return [each.label for each in field if each.yardstick]

    fields = logged(policy={"kind": "cheapest"})
    assert "as_logged" in unasked(fields)
    del fields["workload"]["arrivals"]["tasks"][0]["logged"]["usd"]
    assert "as_logged" not in unasked(fields)
    assert np.isnan(played(fields).replications[0]["as_logged_usd"])
    with pytest.raises(ScenarioError, match="policy 'as_logged': costs: 1 tasks have no bill"):
        coalesce_sim.compare(coalesce_sim.load(fields), ["as_logged"])
    with pytest.raises(ScenarioError, match="policy 'as_logged': kind: needs tasks that are logged"):
        coalesce_sim.compare(coalesce_sim.load(market([0.0], contractor("a"))), ["as_logged"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"to": "bb"},
            "tasks[1].logged.to: no contractor of that name (got 'bb'; known: a, b); did you mean 'b'?",
        ),
        ({"usd": -1.0}, "tasks[1].logged.usd: must be >= 0 (got -1.0)"),
        ({"attempts": 0}, "tasks[1].logged.attempts: must be >= 1 (got 0)"),
    ],
)
def test_a_log_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    assert refusal(logged(LOG[0], LOG[0] | change)).endswith(message)


def test_a_log_of_some_tasks_is_none() -> None:
    fields = logged()
    del fields["workload"]["arrivals"]["tasks"][2]["logged"]
    assert refusal(fields).endswith("workload.arrivals.tasks[2].logged: missing, though others have it")


def test_composite_tasks_have_no_log() -> None:
    fields = logged(LOG[0])
    job = fields["workload"]["types"]["job"]
    fields["workload"]["types"]["whole"] = job | {"steps": {"one": {"type": "job"}}}
    fields["workload"]["arrivals"]["tasks"][0]["type"] = "whole"
    assert "must be of a task without steps, which 'whole' has" in refusal(fields)


def test_a_drawn_pool_has_no_log() -> None:
    fields = logged(LOG[0])
    fields["contractors"] = {"count": 1, "types": {"a": {"share": 1, "price_usd": 1, "reliability": 1}}}
    assert "logged tasks need contractors that are listed" in refusal(fields)


def test_the_seconds_of_a_machine_are_shared_by_all_that_is_under_way() -> None:
    arrival_s, s = np.array([0.0, 4.0, 4.0, 0.0]), np.array([10.0, 6.0, 2.0, 3.0])
    used_s = shared_s(arrival_s, s, np.array([0, 0, 0, 7]))
    assert used_s.tolist() == pytest.approx([4 + 2 / 3 + 4 / 2, 2 / 3 + 4 / 2, 2 / 3, 3])


def test_a_home_that_serves_all_its_jobs_at_once_is_charged_for_its_part() -> None:
    log = [{"to": "home", "s": 20.0, "good": True}] * 2
    fields = logged(*log)
    fields["cost_model"]["internal"]["work"] = "tokens"
    del fields["workload"]["types"]["job"]["local_min"]
    hardware = fields["clients"]["hardware"] | {"prefill_tokens_per_s": 100}
    curve = {"base_ms_per_token": 0, "per_job_ms": 10, "max_jobs": 4}
    fields["clients"] = {"count": 1, "hardware": hardware, "batch_curve": curve}
    told = played(fields).replications[0]
    assert told["cash_usd"] == pytest.approx(30 * HOME_USD), "of the 30 s in which either was under way"


def test_nobody_attacks_a_log() -> None:
    with pytest.raises(ScenarioError, match="policy 'scenario': costs: a log has nobody to attack"):
        coalesce_sim.attack(coalesce_sim.load(logged()), ["sybil(who.share=0.5)"], replications=1)
