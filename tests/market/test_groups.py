"""Groups of clients: what one group is, what splitting one changes, and what differs between two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coalesce_sim
from coalesce_sim import Scenario
from coalesce_sim.experiments.diagnosis.warnings import notes_of
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
    changes = ["clock.days=1"] if scenario == "dur_02" else ["clock.days=0.01"]
    count = coalesce_sim.load(scenario).clients.total
    sizes = [count] if halves == 1 else [count // 2, count - count // 2]
    groups = {f"part_{place}": {"count": size} for place, size in enumerate(sizes) if size}
    whole, parts = in_groups(scenario, *changes, groups=groups)
    one, two = (coalesce_sim.run(each, replications=2, core="simpy") for each in (whole, parts))
    label = two.decisions["group"]
    pd.testing.assert_frame_equal(one.decisions, two.decisions.drop(columns="group"), check_exact=True)
    assert label.tolist() == [
        "part_0" if client < sizes[0] else "part_1" for client in two.decisions["client"].tolist()
    ]
    for ours, theirs in zip(one.replications, two.replications, strict=True):
        assert {name: value for name, value in theirs.items() if "[" not in name} == pytest.approx(
            ours, rel=0, abs=0, nan_ok=True
        )


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
    outcomes = "clients:\n  groups:\n    a: {count: 2, outcomes: {coding: {success: 1}}}\n"
    assert refused(outcomes) == ["4: clients.groups.a.outcomes: missing task type 'analysis'"]


def test_what_a_group_states_without_effect_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    groups = "{a: {count: 2, price_usd: 0.1, slots: 1}, b: {count: 2, slots: 2}}"
    path.write_text(f"extends: dur_02\nclients: {{slots: 3, groups: {groups}}}\n")
    told = " ".join(notes_of(coalesce_sim.load(path)))
    assert "clients.groups.a.price_usd (this market does not learn)" in told
    assert "clients.slots (every group states its own)" in told
