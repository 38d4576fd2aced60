"""Groups of clients: what one group is, what splitting one changes, and what differs between two."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import Decision, Scenario, View
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.policies.protocol import Surroundings
from coalesce_sim.report.explanation import explain
from coalesce_sim.scenario.problems import ScenarioError
from tests.market.trading import HOME_USD, VALUE_USD, contractor, market
from verification.plain_and_simulator import differences

SHORT = ["clock.days=0.01", "replications=1"]


def in_groups(scenario: str, *changes: str, groups: dict[str, Any]) -> tuple[Scenario, Scenario]:
    """A bundled scenario as it is, and with its clients in groups."""
    whole = coalesce_sim.load(scenario, list(changes))
    fields = {"extends": scenario, "name": whole.name, "clients": {"groups": groups}}
    return whole, coalesce_sim.load(fields, list(changes))


@pytest.mark.parametrize("scenario", ["market_day", "dur_02", "azure_code_like"])
@pytest.mark.parametrize("halves", [1, 2])
def test_a_group_and_two_halves_change_labels_only(scenario: str, halves: int) -> None:
    changes = [f"clock.days={ {'dur_02': 1, 'market_day': 0.005, 'azure_code_like': 0.0005}[scenario] }"]
    count = coalesce_sim.load(scenario).clients.total
    sizes = [count] if halves == 1 else [count // 2, count - count // 2]
    groups = {f"part_{place}": {"count": size} for place, size in enumerate(sizes) if size}
    whole, parts = in_groups(scenario, *changes, groups=groups)
    one, two = (coalesce_sim.run(each, replications=1, core="simpy") for each in (whole, parts))
    label = two.decisions["group"]
    pd.testing.assert_frame_equal(one.decisions, two.decisions.drop(columns="group"), check_exact=True)
    assert label.tolist() == [
        "part_0" if client < sizes[0] else "part_1" for client in two.decisions["client"].tolist()
    ]
    for ours, theirs in zip(one.replications, two.replications, strict=True):
        assert {name: value for name, value in theirs.items() if "[" not in name} == pytest.approx(
            ours, rel=0, abs=0, nan_ok=True
        )


def went(rows: pd.DataFrame) -> list[str]:
    """To whom each task went."""
    return ["home" if isinstance(who, float) else who for who in rows["contractor"].tolist()]


def two_homes(**sections: Any) -> dict[str, Any]:
    """Client 0 has a machine as in `market`; client 1 has one that takes as long and costs twice as much, and
    whose work is never good."""
    fields = market([], contractor("a", price_usd=0.15), **sections)
    dear = fields["clients"]["hardware"] | {"compute_usd_per_h": 2 * 3600 * HOME_USD}
    fields["clients"] = {
        "hardware": fields["clients"]["hardware"],
        "groups": {"fine": {"count": 1}, "poor": {"count": 1, "hardware": dear, "success": 0}},
    }
    tasks = [{"type": "job", "arrival_s": 100 * n, "client": n % 2} for n in range(4)]
    fields["workload"]["arrivals"]["tasks"] = tasks
    return fields


def test_each_client_goes_by_its_own_home() -> None:
    run = coalesce_sim.run(coalesce_sim.load(two_homes()), replications=1)
    rows = run.decisions
    assert rows["group"].tolist() == ["fine", "poor"] * 2
    assert rows["internal_usd"].tolist() == pytest.approx([HOME_USD, 2 * HOME_USD + VALUE_USD] * 2)
    assert rows["choice"].tolist() == ["local", "contractor"] * 2
    assert rows["all_local_usd"].tolist() == pytest.approx([HOME_USD, 2 * HOME_USD + VALUE_USD] * 2)
    (metrics,) = run.replications
    assert metrics["tasks[fine]"] == metrics["tasks[poor]"] == 2
    assert metrics["cost_reduction[fine]"] == 0
    saved = 1 - 0.15 / (2 * HOME_USD + VALUE_USD)
    assert metrics["cost_reduction[poor]"] == pytest.approx(100 * saved)
    assert metrics["outsourcing_rate[poor]"] == 100
    assert metrics["all_local_success_rate[fine]"] == 100
    assert metrics["all_local_success_rate[poor]"] == 0
    assert metrics["all_local_success_rate"] == 50


def test_what_is_known_of_homes_is_known_of_those_that_are_alike() -> None:
    """Two groups of one home share a record of it, which a group of another home does not."""
    fields = two_homes(reputation={"model": {"kind": "beta"}}, policy={"kind": "always_local"})
    fields["clients"]["groups"]["alike"] = {"count": 1}
    fields["workload"]["arrivals"]["tasks"] = [
        {"type": "job", "arrival_s": 100 * n, "client": client} for n, client in enumerate([0, 2, 1, 0])
    ]
    rows = coalesce_sim.run(coalesce_sim.load(fields), replications=1).decisions
    lost = (rows["internal_usd"] - [HOME_USD, HOME_USD, 2 * HOME_USD, HOME_USD]) / VALUE_USD
    assert lost.iloc[1] < lost.iloc[0] == lost.iloc[2]
    assert lost.iloc[3] < lost.iloc[1]
    assert differences(coalesce_sim.load(fields)) == []


def test_parts_of_groups_add_up_and_slots_are_each_ones_own() -> None:
    groups = {"few": {"count": 4, "slots": 3}, "many": {"count": 16, "slots": "unlimited"}}
    _, scenario = in_groups("market_day", *SHORT, groups=groups)
    (metrics,) = coalesce_sim.run(scenario, replications=1, core="simpy").replications
    for name in ("tasks", "realised_usd", "all_local_usd", "price_usd", "lateness_s"):
        name = {"price_usd": "paid_to_contractors_usd"}.get(name, name)
        assert metrics[f"{name}[few]"] + metrics[f"{name}[many]"] == pytest.approx(metrics[name])
    assert 0 < metrics["home_utilisation[few]"] < 100
    assert "home_utilisation[many]" not in metrics


def test_groups_take_the_place_of_an_inherited_count() -> None:
    _, scenario = in_groups("market_day", groups={"one": {"count": 3}, "two": {"count": 4}})
    assert scenario.clients.total == 7
    assert [each.first for each in scenario.clients.populations] == [0, 3]
    again = coalesce_sim.load(scenario.resolved())
    assert again.clients == scenario.clients
    more = coalesce_sim.load(scenario.resolved(), ["clients.groups.two.count=9"])
    assert more.clients.total == 12


def test_bad_groups_are_refused_where_they_stand(tmp_path: Path) -> None:
    def refused(text: str) -> list[str]:
        path = tmp_path / "mine.yaml"
        path.write_text(f"extends: market_day\n{text}")
        with pytest.raises(ScenarioError) as error:
            coalesce_sim.load(path)
        return [str(each).split("mine.yaml:")[1] for each in error.value.problems]

    both = refused("clients:\n  count: 3\n  groups:\n    a: {count: 2}\n")
    assert both == ["3: clients.count: must not stand beside groups, which have counts (got 3)"]
    wrong = refused("clients:\n  groups:\n    a: {count: 0}\n    b: {count: 2, sucess: 1}\n")
    assert wrong == [
        "4: clients.groups.a.count: must be > 0 (got 0)",
        "5: clients.groups.b.sucess: unknown field; did you mean 'success'?",
    ]
    assert refused("clients:\n  groups:\n    a[b]: {count: 2}\n")[0].startswith(
        "4: clients.groups.a[b]: key "
    )
    path = tmp_path / "published.yaml"
    path.write_text("extends: dur_03\nclients: {groups: {a: {count: 2}, b: {count: 2, success: 0.5}}}\n")
    with pytest.raises(ScenarioError, match=r"contracts: missing, but clients\.groups\.b\.success needs it"):
        coalesce_sim.load(path)
    outcomes = "clients:\n  groups:\n    a: {count: 2, outcomes: {coding: {success: 1}}}\n"
    assert refused(outcomes) == ["4: clients.groups.a.outcomes: missing task type 'analysis'"]


def test_what_a_group_states_without_effect_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    groups = "{a: {count: 2, price_usd: 0.1, slots: 1}, b: {count: 2, slots: 2}}"
    path.write_text(f"extends: dur_02\nclients: {{slots: 3, groups: {groups}}}\n")
    told = " ".join(notes_of(coalesce_sim.load(path)))
    assert "clients.groups.a.price_usd (this market does not learn)" in told
    assert "clients.slots (every group has its own)" in told


class Coin(coalesce_sim.Policy):
    """Hires the first or the second by the random stream that it is given, and learns nothing."""

    def start(self, surroundings: Surroundings) -> None:
        self._coin, self.asked = surroundings.stream("coin"), list[int]()

    def decide(self, view: View) -> Decision:
        self.asked.append(view.client)
        return Decision(int(self._coin.random() < 0.5))


def test_a_group_that_states_the_scenarios_policy_again_draws_the_same() -> None:
    own = {"class": f"{__name__}:Coin"}
    fields = market(range(0, 2000, 100), contractor("a"), contractor("b"), policy=own)
    again = fields | {"clients": {"hardware": fields["clients"]["hardware"], "groups": {"all": {"count": 1}}}}
    again["clients"]["groups"]["all"]["policy"] = own
    one, two = (coalesce_sim.run(coalesce_sim.load(each), replications=1) for each in (fields, again))
    assert one.decisions["contractor"].nunique() == 2
    pd.testing.assert_frame_equal(one.decisions, two.decisions.drop(columns="group"), check_exact=True)


def test_policies_of_groups_are_asked_and_told_of_their_own_tasks_alone() -> None:
    """Greedy learns from its own clients' bad luck with a; the others' goes to b, which it never tries."""
    fields = two_homes(policy={"kind": "fixed", "contractor": "b"})
    fields["contractors"] = [contractor("a", price_usd=0.05), contractor("b", price_usd=5)]
    fields["clients"]["groups"]["fine"]["policy"] = {"kind": "always_local"}
    fields["clients"]["groups"]["third"] = {"count": 1, "policy": {"kind": "cheapest"}}
    tasks = [{"type": "job", "arrival_s": 100 * n, "client": n % 3} for n in range(6)]
    fields["workload"]["arrivals"]["tasks"] = tasks
    scenario = coalesce_sim.load(fields)
    rows = coalesce_sim.run(scenario, replications=1).decisions
    assert went(rows) == ["home", "b", "a"] * 2
    assert rows["all_local_usd"].tolist() == pytest.approx([HOME_USD, 2 * HOME_USD + VALUE_USD, HOME_USD] * 2)
    assert differences(scenario) == []
    found = coalesce_sim.compare(scenario, ["cheapest", "random"], replications=1)
    assert {each["outsourcing_rate[fine]"] for each in found.runs.to_dict("records")} == {0.0}


def on_a_budget(start: datetime, *prices: float, budget_usd: float = 2.5, **sections: Any) -> Scenario:
    """A client that may spend so much a day and gets a task every 100 s, three of them before midnight if it
    starts at 23:55; contractors take 60 s."""
    workers = [contractor(name, price_usd=usd) for name, usd in zip("abc", prices, strict=False)]
    fields = market(range(0, 500, 100), *workers, clock={"start": start, "days": 1}, **sections)
    one = {"count": 1, "budget_usd_per_day": budget_usd}
    fields["clients"] = {"hardware": fields["clients"]["hardware"], "success": 0.0, "groups": {"one": one}}
    return coalesce_sim.load(fields)


def test_a_budget_is_for_the_day_and_the_clocks_midnight_renews_it() -> None:
    scenario = on_a_budget(datetime(2026, 6, 1, 23, 55), 1.0)
    rows = coalesce_sim.run(scenario, replications=1).decisions
    assert went(rows) == ["a", "a", "home", "a", "a"]
    assert differences(scenario) == []
    elsewhere = datetime(2026, 6, 1, 23, 55, tzinfo=timezone(timedelta(hours=5)))
    assert went(coalesce_sim.run(on_a_budget(elsewhere, 1.0), replications=1).decisions) == went(rows)


def test_the_dearer_drop_out_first_and_what_is_not_paid_comes_back_the_same_day() -> None:
    rules = {"recovery": {"retries": 0, "then": "give_up"}, "due_on_failure": 0.25}
    scenario = on_a_budget(datetime(2026, 6, 1), 1.0, 0.9, contracts=rules, policy={"kind": "cheapest"})
    workers = [each.model_copy(update={"success": 0.0}) for each in scenario.contractors]  # type: ignore[union-attr]
    scenario = scenario.model_copy(update={"contractors": workers})
    run = coalesce_sim.run(scenario, replications=1)
    assert run.contracts["paid_usd"].tolist() == [0.225] * 5  # each gives 0.675 back in time for the next
    assert differences(scenario) == []


def test_a_dearer_bill_counts_and_nobody_offers_when_less_than_nothing_is_left() -> None:
    bills = {"outcomes": {"job": {"success": 1.0, "bill_usd": 1.4}}}
    fields = on_a_budget(datetime(2026, 6, 1, 23, 55), 1.0, budget_usd=2.5).resolved()
    fields["contractors"] = [contractor("a", **bills), contractor("free", price_usd=0.0, latency_min=9)]
    fields["policy"] = {"kind": "fixed", "contractor": "a"}
    scenario = coalesce_sim.load(fields)
    rows = coalesce_sim.run(scenario, replications=1, core="compiled").decisions
    # 1.4 of the 2.5 are spent after the first, 1.1 are left for a second, and after it -0.3 for anybody.
    assert went(rows) == ["a", "a", "home", "a", "a"]
    assert went(coalesce_sim.run(scenario, replications=1, core="simpy").decisions) == went(rows)
    assert differences(scenario) == []
    told = explain(scenario, 1, 0, 2)
    assert told.left_out == {"beyond the budget": ["a", "free"]}


def test_explain_says_who_is_beyond_the_budget() -> None:
    told = explain(on_a_budget(datetime(2026, 6, 1), 1.0, 0.8, budget_usd=1.7), 1, 0, 1)
    assert told.left_out == {"beyond the budget": ["a"]}
    assert told.decision["contractor"] == "b"


def test_a_price_that_a_policy_fixes_is_cut_to_what_is_left() -> None:
    policy = {"kind": "vickrey"}
    scenario = on_a_budget(datetime(2026, 6, 1), 0.5, 0.9, budget_usd=1.5, policy=policy)
    run = coalesce_sim.run(scenario, replications=1)
    assert run.contracts["agreed_usd"].tolist() == pytest.approx([0.9, 0.6])
    assert differences(scenario) == []


def test_what_policies_and_budgets_of_groups_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: dur_02\nclients:\n  groups:\n"
        "    a: {count: 2, policy: {kind: best_fixed}}\n"
        "    b: {count: 2, budget_usd_per_day: 3}\n"
    )
    with pytest.raises(ScenarioError) as error:
        coalesce_sim.load(path)
    first, second = (str(each).split("mine.yaml:")[1] for each in error.value.problems)
    assert first.startswith("4: clients.groups.a.policy.kind: best_fixed is the best choice for all clients")
    assert second.startswith("5: clients.groups.b.budget_usd_per_day: needs a market with contracts: state")
    path.write_text(
        "extends: market_day\nclients:\n  groups:\n"
        "    a: {count: 2, policy: {kind: fixed, contractor: nobody}}\n"
        "    b: {count: 2, policy: {kind: greedy, epsilon: 0.1}}\n"
    )
    with pytest.raises(ScenarioError) as error:
        coalesce_sim.load(path)
    assert str(error.value).split("mine.yaml:")[1].startswith("5: clients.groups.b.policy.epsilon: unknown")


def test_copies_of_clients_derive_their_own_groups() -> None:
    clients = coalesce_sim.load("two_populations").clients
    assert len(clients.populations) == 2
    alone = clients.model_copy(update={"groups": None, "count": 3})
    assert [each.count for each in alone.populations] == [3]
    assert clients == coalesce_sim.load("two_populations").clients, "whatever was derived of them"
