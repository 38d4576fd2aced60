"""Trajectories, queues, baselines and books of small markets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

import coalesce_sim
from coalesce_sim.cost_parts import COST_PARTS
from coalesce_sim.errors import ConservationError
from coalesce_sim.experiments.hindsight import honest_baseline
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.baseline import ClosedForm, Replayed
from coalesce_sim.market.first_come import Forecast, Queue
from tests.markets import queueing


def arriving_at(*minutes: float) -> dict[str, Any]:
    return {"kind": "listed", "tasks": [{"type": "job", "arrival_s": 60.0 * minute} for minute in minutes]}


def decisions_of(scenario: dict[str, Any]) -> pd.DataFrame:
    return coalesce_sim.run(coalesce_sim.load(scenario), replications=1).decisions


def minutes(values: pd.Series) -> list[float]:
    return [round(value / 60, 9) for value in values]


def test_first_come_first_served_at_home() -> None:
    """Three ten-minute jobs on one GPU: a trajectory by hand."""
    scenario = queueing(arriving_at(0, 2, 30), service_min=10, policy={"kind": "always_local"})
    decisions = decisions_of(scenario)
    assert minutes(decisions["started_s"]) == [0, 10, 30]
    assert minutes(decisions["finished_s"]) == [10, 20, 40]
    # Depreciation, rent and energy a hour, for the one second that 1e12 FLOP take.
    running = (0.1 + 360 + 0.01) / 3600
    late_min = np.array([5, 13, 5])  # beyond the 5 minutes that are free
    assert decisions["realised_usd"].to_numpy() == pytest.approx(running + 0.6 * late_min)


def test_two_slots_serve_two_at_a_time() -> None:
    scenario = queueing(arriving_at(0, 1, 2, 3), service_min=10, slots=2, policy={"kind": "always_local"})
    assert minutes(decisions_of(scenario)["started_s"]) == [0, 1, 10, 11]


def test_the_network_comes_before_the_contractors_queue_and_holds_no_slot() -> None:
    scenario = queueing(arriving_at(0, 1), service_min=10)
    scenario["contractors"][0]["network_ms"] = 120_000
    decisions = decisions_of(scenario)
    assert minutes(decisions["started_s"]) == [2, 12]
    assert minutes(decisions["finished_s"]) == [12, 22]


def test_the_client_expects_the_wait_that_happens_where_work_times_are_certain() -> None:
    scenario = queueing(arriving_at(0, 1, 2, 25, 26), service_min=10, policy={"kind": "always_local"})
    decisions = decisions_of(scenario)
    assert decisions["estimated_s"].to_numpy() == pytest.approx(decisions["turnaround_s"].to_numpy())
    late_min = np.maximum(0, decisions["turnaround_s"] / 60 - 5)
    assert decisions["internal_opportunity_usd"].to_numpy() == pytest.approx(0.6 * late_min)


def test_the_client_reckons_with_the_next_task_where_nobody_learns_too() -> None:
    """Ten minutes of work, five are free; the next is expected after the mean gap so far: 0, 2 and 15 min."""
    scenario = queueing(arriving_at(0, 2, 30), service_min=10, policy={"kind": "always_local"})
    scenario["cost_model"]["internal"]["opportunity"] = "queue"
    late_min = np.array([5 + 10, 13 + 10, 5 + 0])  # its own, and what it adds to the next
    decisions = decisions_of(scenario)
    assert decisions["internal_opportunity_usd"].to_numpy() == pytest.approx(0.6 * late_min)
    assert decisions["realised_usd"].sum() == pytest.approx(3 * 360.11 / 3600 + 0.6 * (5 + 13 + 5))


@pytest.mark.parametrize(("slots", "late_min"), [(1, [5, 13, 5]), ("unlimited", [5, 5, 5])])
def test_where_estimates_are_charged_home_pays_its_expected_delay(
    slots: int | str, late_min: list[float]
) -> None:
    scenario = queueing(arriving_at(0, 2, 30), service_min=10, slots=slots, policy={"kind": "always_local"})
    scenario["cost_model"]["realised"] |= {"basis": "estimate", "local_cost_factor": 2.0}
    decisions = decisions_of(scenario)
    estimated_usd = 360.11 / 3600 + 0.6 * np.array(late_min)
    assert decisions["estimated_usd"].to_numpy() == pytest.approx(estimated_usd)
    assert decisions["realised_usd"].to_numpy() == pytest.approx(2 * estimated_usd)
    assert decisions["all_local_usd"].to_numpy() == pytest.approx(2 * estimated_usd)


def test_tasks_that_arrive_together_see_the_queue_their_fellows_make() -> None:
    scenario = queueing(arriving_at(0, 0, 0, 0), service_min=10, policy={"kind": "cheapest"})
    decisions = decisions_of(scenario)
    # Home is dearer to run but as fast, so work alternates as the two queues grow.
    assert decisions["choice"].tolist() == ["contractor", "local", "contractor", "local"]


def test_the_all_local_baseline_is_the_all_local_market() -> None:
    crowd = queueing(arriving_at(0, 1, 2, 3), service_min=10, policy={"kind": "cheapest"})
    alone = queueing(arriving_at(0, 1, 2, 3), service_min=10, policy={"kind": "always_local"})
    with_policy, all_local = decisions_of(crowd), decisions_of(alone)
    assert (with_policy["choice"] == "contractor").any()
    assert with_policy["all_local_usd"].equals(all_local["realised_usd"])
    assert with_policy["all_local_s"].equals(all_local["turnaround_s"])


LATE = ("cost_model.realised.basis=physical", "cost_model.late_usd_per_min=0.1")


@pytest.mark.parametrize(
    ("name", "changes"), [("dur_02", ()), ("agt_01", ()), ("cold_start", ()), ("dur_02", LATE)]
)
def test_the_closed_form_baseline_is_what_an_all_local_market_costs(
    name: str, changes: tuple[str, ...]
) -> None:
    scenario = coalesce_sim.load(name, changes)
    assert isinstance(honest_baseline(scenario, 1, 0), ClosedForm)
    at_home = coalesce_sim.load(name, [*changes, "policy.kind=always_local"])
    played = coalesce_sim.run(at_home, replications=2).decisions
    stated = coalesce_sim.run(scenario, replications=2).decisions
    assert stated["all_local_usd"].to_numpy() == pytest.approx(played["realised_usd"].to_numpy(), rel=1e-12)
    assert stated["all_local_s"].to_numpy() == pytest.approx(played["turnaround_s"].to_numpy(), rel=1e-9)


def test_a_market_with_a_queue_at_home_is_played_all_local_first() -> None:
    scenario = coalesce_sim.load(queueing(arriving_at(0, 1), slots=1))
    assert isinstance(honest_baseline(scenario, 1, 0), Replayed)


def test_forecast_is_exact_for_known_service_times() -> None:
    rng = np.random.default_rng(3)
    arrivals, services = np.cumsum(rng.exponential(1, 500)), rng.exponential(2.5, 500)
    forecast, free = Forecast(3), [0.0, 0.0, 0.0]
    for arrival, service in zip(arrivals, services, strict=True):
        free.sort()
        assert forecast.wait_s(arrival) == max(0.0, free[0] - arrival)
        free[0] = max(free[0], arrival) + service
        forecast.add(arrival, service)


def test_timeline_levels_are_time_averages() -> None:
    scenario = queueing(arriving_at(0, 30, 100), service_min=60, policy={"kind": "always_local"})
    timeline = coalesce_sim.run(coalesce_sim.load(scenario), replications=1).timeline
    # Busy from 0 to 180 min; the second waits from 30 to 60, the third from 100 to 120.
    assert timeline["home_busy"].head(4).tolist() == pytest.approx([1, 1, 1, 0])
    assert timeline["home_queue"].head(4).tolist() == pytest.approx([0.5, 1 / 3, 0, 0])
    assert timeline["home_utilisation"].head(4).tolist() == pytest.approx([100, 100, 100, 0])
    assert timeline["tasks"].head(4).tolist() == [2, 1, 0, 0]


def test_timeline_adds_up_to_the_decisions() -> None:
    result = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=2)
    decisions, timeline = result.decisions, result.timeline
    assert timeline["tasks"].sum() == len(decisions)
    assert timeline["outsourced"].sum() == (decisions["choice"] == "contractor").sum()
    assert timeline["realised_usd"].sum() == pytest.approx(decisions["realised_usd"].sum())
    last = timeline.groupby("replication")["cumulative_savings_usd"].last()
    saved = (decisions["all_local_usd"] - decisions["realised_usd"]).groupby(decisions["replication"]).sum()
    assert last.to_numpy() == pytest.approx(saved.to_numpy())


def test_the_published_metric_cannot_go_negative_but_the_honest_one_can() -> None:
    """Discrepancy D2: sending everything to random contractors loses money and prints a saving."""
    lossy = coalesce_sim.load(
        "dur_02", ["policy.epsilon=0.9", "cost_model.internal.execution_time_unit=second"]
    )
    metrics = coalesce_sim.run(lossy, replications=5).summary["metrics"]
    assert metrics["cost_reduction"]["mean"] < -1000
    assert metrics["cost_reduction_published"]["mean"] >= 0


SMALL = st.fixed_dictionaries(
    {
        "gaps": st.lists(st.floats(0, 30).map(lambda gap_s: round(gap_s, 6)), min_size=1, max_size=25),
        "service_min": st.floats(0.5, 30),
        "slots": st.one_of(st.just("unlimited"), st.integers(1, 3)),
        "clients": st.integers(1, 3),
        "policy": st.sampled_from(["cheapest", "random", "oracle", "always_local", "topsis"]),
        "basis": st.sampled_from(["physical", "estimate"]),
        "factor": st.sampled_from([1.0, {"exponential": {"mean": 1}}, {"uniform": {"low": 0, "high": 2}}]),
    }
)


@settings(max_examples=60)
@given(SMALL)
def test_tasks_money_and_capacity_are_conserved_in_any_market(small: dict[str, Any]) -> None:
    times = np.cumsum(small["gaps"])
    scenario = queueing(
        arriving_at(*times.tolist()),
        service_min=small["service_min"],
        slots=small["slots"],
        service_factor=small["factor"],
        policy={"kind": small["policy"]},
    )
    scenario["clients"]["count"] = small["clients"]
    scenario["workload"]["dealing"] = "random"
    scenario["cost_model"]["realised"]["basis"] = small["basis"]
    decisions = decisions_of(scenario)
    assert len(decisions) == len(times)
    assert (decisions["finished_s"] >= decisions["started_s"]).all()
    assert (decisions["started_s"] >= decisions["arrival_s"]).all()
    away = decisions["choice"] == "contractor"
    assert (decisions.loc[~away, "price_usd"] == 0).all()
    assert (decisions.loc[away, "price_usd"] <= decisions.loc[away, "realised_usd"] + 1e-9).all()
    parts = decisions[[part.column for part in COST_PARTS if part.column in decisions]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(decisions["realised_usd"].to_numpy(), rel=1e-9)
    if small["slots"] != "unlimited":
        for _, queue in decisions.groupby([away, decisions["client"].where(~away, -1)]):
            for moment in queue["started_s"]:
                at_work = (queue["started_s"] <= moment) & (queue["finished_s"] > moment)
                assert at_work.sum() <= small["slots"]


def small_market(small: dict[str, Any], policy: str) -> dict[str, Any]:
    scenario = queueing(
        {"kind": "renewal", "gap_s": {"exponential": {"mean": 60 * (1 + small["gaps"][0])}}, "limit": 20},
        service_min=small["service_min"],
        slots=small["slots"],
        service_factor=small["factor"],
        policy={"kind": policy},
    )
    scenario["clients"]["count"] = small["clients"]
    scenario["workload"]["dealing"] = "random"
    scenario["workload"]["attributes"]["value_usd"] = {"uniform": {"low": 1, "high": 9}}
    scenario["cost_model"]["realised"]["basis"] = small["basis"]
    return scenario


@settings(max_examples=25)
@given(SMALL, st.integers(0, 2**32))
def test_same_seed_same_rows_and_another_policy_same_tasks(small: dict[str, Any], seed: int) -> None:
    scenario = coalesce_sim.load(small_market(small, small["policy"]))
    once, again = (coalesce_sim.run(scenario, seed=seed, replications=2) for _ in range(2))
    assert once.decisions.equals(again.decisions)
    assert once.timeline.equals(again.timeline)
    other = coalesce_sim.load(small_market(small, "always_local"))
    tasks = ["task", "client", "arrival_s", "type", "internal_compute_usd", "all_local_usd", "all_local_s"]
    changed = coalesce_sim.run(other, seed=seed, replications=2).decisions
    assert changed[tasks].equals(once.decisions[tasks])


@settings(max_examples=25)
@given(SMALL)
def test_the_oracle_is_told_exactly_what_will_happen(small: dict[str, Any]) -> None:
    """First-come queues make every option's realised cost computable at the decision: it must come true."""
    promised: list[float] = []

    class Witness(coalesce_sim.Policy):
        view_type = coalesce_sim.OracleView

        def start(self, surroundings: Any) -> None:
            self.rng = surroundings.stream("witness")

        def decide(self, view: coalesce_sim.View) -> coalesce_sim.Decision:
            assert isinstance(view, coalesce_sim.OracleView)
            contractor = 0 if self.rng.random() < 0.5 else coalesce_sim.LOCAL
            cost = view.realised_internal_usd if contractor else view.realised_external_usd[0]
            promised.append(float(cost))
            return coalesce_sim.Decision(contractor)

    scenario = queueing(
        arriving_at(*np.cumsum(small["gaps"]).tolist()),
        service_min=small["service_min"],
        slots=small["slots"],
        service_factor=small["factor"],
    )
    scenario["cost_model"]["realised"]["basis"] = small["basis"]
    decisions = coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=Witness).decisions
    assert decisions["realised_usd"].to_numpy() == pytest.approx(np.array(promised), rel=1e-9, abs=1e-9)


def test_books_that_do_not_balance_stop_the_run_with_both_figures() -> None:
    accounts = Accounts(2)
    accounts.tasks_in = 3
    accounts.done = 2
    with pytest.raises(ConservationError, match="tasks: came in, ended: 3 against 2"):
        accounts.check()
    accounts = Accounts(2)
    accounts.pay(1, 5.0)
    with pytest.raises(ConservationError, match=r"revenue, clients' payments: 5\.0 against 0\.0"):
        accounts.check()


def test_what_is_held_is_given_back_as_exactly_as_floats_can():
    books = Accounts(contractors=1)
    for price_usd in (2.0**63, 0.712):
        books.hold(price_usd)
    for price_usd in (2.0**63, 0.712):
        books.release(price_usd, "completed")
    assert books.held_usd == -0.712, "rounded away beside the dear one"
    books.check()
    books.hold(0.712)
    books.contracts_open = 0
    books.held_usd = 0.712e11
    with pytest.raises(ConservationError, match="held for contracts at the end"):
        books.check()


def test_a_replication_without_a_single_task_ends_in_order() -> None:
    scenario = coalesce_sim.load("dur_01", ["workload.arrivals.tasks_per_hour=0"])
    result = coalesce_sim.run(scenario, replications=2)
    assert result.summary["metrics"]["tasks"]["mean"] == 0
    assert result.summary["metrics"]["cost_reduction"] == {"mean": None, "sd": None, "ci95": None, "n": 0}
    assert len(result.timeline) == 48
    assert len(result.decisions) == 0


def test_replications_without_tasks_do_not_hide_the_metrics_of_the_others() -> None:
    scenario = coalesce_sim.load("dur_01", ["clock.days=0.05", "workload.arrivals.tasks_per_hour=1"])
    result = coalesce_sim.run(scenario, replications=20)
    counts = [each["tasks"] for each in result.replications]
    assert 0 in counts
    assert max(counts) > 0
    assert result.estimates["outsourcing_rate"].n == sum(count > 0 for count in counts)


def test_utilisation_is_the_share_of_the_slots_time_at_work() -> None:
    """Two jobs of ten minutes for one slot: five minutes apart it never rests, forty apart it mostly does."""
    scenario = queueing(arriving_at(0, 5), slots=1, service_min=10, policy={"kind": "always_local"})
    result = coalesce_sim.run(coalesce_sim.load(scenario), replications=1)
    assert result.replications[0]["home_utilisation"] == pytest.approx(100)
    later = queueing(arriving_at(0, 40), slots=1, service_min=10, policy={"kind": "always_local"})
    result = coalesce_sim.run(coalesce_sim.load(later), replications=1)
    assert result.replications[0]["home_utilisation"] == pytest.approx(100 * 20 / 50)


def test_tasks_that_come_together_are_dealt_round_to_different_clients() -> None:
    decisions = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=1).decisions
    together = decisions.groupby("arrival_s")["client"].apply(sorted)
    assert max(map(len, together)) > 3
    for clients in together:
        assert clients == sorted(k % 15 for k in range(len(clients)))


def test_more_at_work_than_there_are_slots_is_no_market() -> None:
    queue = Queue(simpy.Environment(), 1)
    for _ in range(2):
        queue.join(0.0, 5.0, 5.0)
    queue.begin(0.0, 5.0)
    with pytest.raises(ConservationError, match="capacity exceeded: 2 at work in 1 slots"):
        queue.begin(0.0, 5.0)
