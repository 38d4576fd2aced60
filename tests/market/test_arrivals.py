"""Whose tasks come when: shares of groups, what groups' tasks are, and clients that bring their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import Scenario
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from coalesce_sim.market.own_streams import luck_of, renewed
from coalesce_sim.report.sweeps import warnings_of as of_sweep
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.scenario.workload import Renewal
from coalesce_sim.streams import Streams

AT_HOME = ["policy={kind: always_local}", "workload.arrivals.limit=300", "clock.days=100"]


def rows_of(groups: dict[str, Any] | None, *changes: str) -> pd.DataFrame:
    """The tasks of a market with contracts, all of them at home."""
    return coalesce_sim.run(scenario_of(groups, *changes), replications=1, core="simpy").decisions


def scenario_of(groups: dict[str, Any] | None, *changes: str, base: str = "market_day") -> Scenario:
    fields: dict[str, Any] = {"extends": base, "name": "arrivals"}
    fields |= {} if groups is None else {"clients": {"groups": groups}}
    return coalesce_sim.load(fields, [*AT_HOME, *changes] if base == "market_day" else [*changes])


def test_tasks_come_by_the_shares_of_groups_and_in_turn_within_one() -> None:
    groups = {"few": {"count": 3, "share": 0.8}, "many": {"count": 17}}
    rows = rows_of(groups, "workload.dealing=round_robin")
    share = (rows["group"] == "few").mean()
    assert abs(share - 0.8) < 4 * np.sqrt(0.8 * 0.2 / len(rows))
    assert rows["client"][rows["group"] == "few"].tolist()[:7] == [0, 1, 2, 0, 1, 2, 0]
    assert rows["client"][rows["group"] == "many"].tolist()[:3] == [3, 4, 5]


@pytest.mark.parametrize("dealing", ["round_robin", "round_robin_by_arrival", "random"])
def test_shares_that_are_those_of_the_clients_change_nothing(dealing: str) -> None:
    change = f"workload.dealing={dealing}"
    one = rows_of({"a": {"count": 5}, "b": {"count": 15}}, change)
    two = rows_of({"a": {"count": 5, "share": 0.25}, "b": {"count": 15, "share": 0.75}}, change)
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_at_random_all_clients_of_a_group_get_tasks() -> None:
    rows = rows_of({"a": {"count": 2, "share": 0.1}, "b": {"count": 4}}, "workload.dealing=random")
    counts = np.bincount(rows["client"], minlength=6) / len(rows)
    expected = np.array([0.05, 0.05, 0.225, 0.225, 0.225, 0.225])
    assert (np.abs(counts - expected) < 4 * np.sqrt(expected / len(rows))).all()


def test_what_a_group_states_of_its_tasks_changes_no_others() -> None:
    plain = {"a": {"count": 4}, "b": {"count": 16}}
    own = {
        "types": {"coding": 1},
        "value_usd": {"uniform": {"low": 100, "high": 200}},
        "max_latency_min": {"coding": 7.5},
    }
    before, after = rows_of(plain), rows_of(plain | {"a": {"count": 4} | own})
    ours = before["group"] == "a"
    facts = ["arrival_s", "client", "type", "max_latency_s"]
    pd.testing.assert_frame_equal(before.loc[~ours, facts], after.loc[~ours, facts], check_exact=True)
    assert set(after.loc[ours, "type"]) == {"coding"}
    assert set(after.loc[ours, "max_latency_s"]) == {450.0}
    lost = after.loc[ours & (after["outcome"] == "failed"), "loss_usd"]
    assert len(lost) > 5
    assert lost.between(100, 200).all()
    assert set(before.loc[ours, "type"]) > {"coding"}


def test_values_stated_again_are_the_same_values() -> None:
    scenario = scenario_of({"a": {"count": 20}})
    value = scenario.resolved()["workload"]["attributes"]["value_usd"]
    one, two = (rows_of({"a": {"count": 20} | own}) for own in ({}, {"value_usd": value}))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


PER_CLIENT = ["workload.arrivals.per=client", "workload.arrivals.limit=20"]


@pytest.mark.parametrize("scenario", ["market_day", "experiments_splitting"])
def test_one_more_client_leaves_what_the_tasks_of_others_are(scenario: str) -> None:
    """For more than one block, in which others' tasks come in between."""
    noise = "cost_model.realised.external_time_factor={lognormal: {median: 1, sigma: 0.3}}"
    changes = ["workload.arrivals.per=client", "workload.arrivals.limit=300", noise]

    def told(clients: int) -> tuple[list[dict[str, Any]], list[dict[str, float]]]:
        loaded = coalesce_sim.load(scenario, [*changes, f"clients.count={clients}"])
        facts = coalesce_sim.stage(loaded).facts()
        steps = len(facts["factors"]) == len(facts["tasks"])
        factors = zip(facts["tasks"], facts["factors"], strict=True) if steps else ()
        mine = [luck for task, luck in factors if task["client"] < 8]
        return [task for task in facts["tasks"] if task["client"] < 8], mine

    assert told(8) == told(9)


def test_another_client_changes_nothing_of_when_mine_come() -> None:
    few, more = (rows_of(None, *PER_CLIENT, f"clients.count={count}") for count in (3, 7))
    assert (len(few), len(more)) == (3 * 20, 7 * 20)
    assert more["arrival_s"].is_monotonic_increasing
    for client in range(3):
        mine = [rows["arrival_s"][rows["client"] == client].tolist() for rows in (few, more)]
        assert mine[0] == mine[1]
    assert few["arrival_s"][few["client"] == 0].tolist() != few["arrival_s"][few["client"] == 1].tolist()


def test_streams_do_not_hang_on_how_they_are_cut() -> None:
    rule = Renewal.model_validate({"kind": "renewal", "gap_s": {"exponential": {"mean": 30}}})

    def merged(block_tasks: int) -> tuple[list[float], list[int]]:
        parts = list(renewed(rule, 5, Streams(3), 5000.0, block_tasks))
        whose = [part.client for part in parts if part.client is not None]
        return np.concatenate([part.arrival_s for part in parts]).tolist(), np.concatenate(whose).tolist()

    at_s, whose = merged(7)
    assert (at_s, whose) == merged(2048)
    gaps = luck_of(2, Streams(3)).exponential(30, 1000)
    by_hand = np.cumsum(gaps)[np.cumsum(gaps) < 5000]
    assert [time for time, client in zip(at_s, whose, strict=True) if client == 2] == by_hand.tolist()


def test_demand_by_the_hour_is_every_clients_own() -> None:
    changes = ["clock.days=3", "workload.arrivals.per=client", "workload.arrivals.tasks_per_hour=0.4"]
    few, more = (
        coalesce_sim.run(
            scenario_of(None, *changes, f"clients.count={count}", base="dur_02"), replications=1, core="simpy"
        ).decisions
        for count in (2, 6)
    )
    for client in range(2):
        mine = [rows["arrival_s"][rows["client"] == client].tolist() for rows in (few, more)]
        assert mine[0] == mine[1]
        assert len(mine[0]) > 5
    assert len(more) > 2 * len(few)
    assert (more["arrival_s"] % 3600 == 0).all()


def test_bad_shares_and_types_are_refused_where_they_stand(tmp_path: Path) -> None:
    def refused(groups: str, more: str = "") -> list[str]:
        path = tmp_path / "mine.yaml"
        path.write_text(f"extends: market_day\n{more}clients:\n  groups: {groups}\n")
        with pytest.raises(ScenarioError) as error:
            coalesce_sim.load(path)
        return [str(each).split("mine.yaml:")[1] for each in error.value.problems]

    assert refused("{a: {count: 1, share: 0.7}, b: {count: 1, share: 0.4}}") == [
        "3: clients.groups: their shares must not be more than 1 together (got 1.1)"
    ]
    assert "must be 1 together" in refused("{a: {count: 1, share: 0.7}, b: {count: 1, share: 0.2}}")[0]
    assert "leave nothing for the groups without" in refused("{a: {count: 1, share: 1}, b: {count: 1}}")[0]
    assert refused("{a: {count: 1, types: {codng: 1}}, b: {count: 1, max_latency_min: {x: 1}}}") == [
        "3: clients.groups.a.types.codng: unknown task type (got 'codng')",
        "3: clients.groups.b.max_latency_min.x: unknown task type (got 'x')",
    ]
    per_client = "workload: {arrivals: {per: client}}\n"
    assert refused("{a: {count: 1, share: 0.7}, b: {count: 1}}", per_client) == [
        "4: clients.groups.a.share: must not be stated where arrivals are per client (got 0.7)"
    ]


def test_what_does_nothing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: market_day\nworkload: {arrivals: {per: client}, dealing: random}\nclients: {count: 2}\n"
    )
    assert "workload.dealing (clients bring their own tasks)" in " ".join(notes_of(coalesce_sim.load(path)))
    path.write_text("extends: market_day\nclients: {groups: {a: {count: 2, share: 0}, b: {count: 3}}}\n")
    assert "2 of 5 clients, number 0, number 1, can never get a task" in " ".join(
        warnings_of(coalesce_sim.load(path))
    )


@pytest.mark.parametrize(("per", "told"), [("null", 1), ("client", 0)])
def test_a_sweep_says_once_that_more_clients_bring_no_more_tasks(per: str, told: int, tmp_path: Path) -> None:
    fields = scenario_of(None, f"workload.arrivals.per={per}", "workload.arrivals.limit=4").resolved()
    asked = {"name": "s", "base": fields, "factors": {"clients.count": [1, 2]}}
    result = coalesce_sim.sweep(asked, replications=1, jobs=1, out=tmp_path / "s")
    assert sum("tasks come to all clients together" in each for each in of_sweep(result)) == told
