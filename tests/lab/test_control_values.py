"""From controls to overrides and back."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.lab.controls.changes import Written
from coalesce_sim.lab.controls.kinds import with_kind
from coalesce_sim.lab.controls.reading import written
from tests.lab.moves import controls, moved_at_random


def smallest(source: str, *overrides: str) -> tuple[str, ...]:
    scenario = written(source)
    return scenario.texts(scenario.asked(overrides).changes)


@pytest.mark.parametrize(
    ("overrides", "come_to"),
    [
        (["policy.epsilon=0.1"], ()),
        (["policy.epsilon=0.2", "policy.epsilon=0.3"], ("policy.epsilon=0.3",)),
        (["clock={days: 0.5, timeline_min: 15}"], ("clock.days=0.5",)),
        (["policy={kind: ucb1, exploration: 3}"], ("policy.kind=ucb1", "policy.exploration=3")),
        (["policy.epsilon=0.2", "policy.kind=ucb1", "policy.exploration=2"], ("policy.kind=ucb1",)),
        (["policy.kind=ucb1", "policy.exploration=3", "policy.kind=topsis"], ()),
        (["contractors.types.edge.slots=3", "contractors.types.*.slots=5"], ("contractors.types.*.slots=5",)),
        (
            ["contractors.types.edge.slots=2", "contractors.types.*.slots=3"],
            ("contractors.types.*.slots=3",),
        ),
        (
            ["contractors.types.*.slots=3", "contractors.types.edge.slots=2"],
            ("contractors.types.*.slots=3", "contractors.types.edge.slots=2"),
        ),
        (
            ["workload.arrivals.gap_s={gamma: {mean: 3, cv: 2}}", "workload.arrivals.gap_s.gamma.cv=4"],
            ("workload.arrivals.gap_s={gamma: {mean: 3, cv: 4}}",),
        ),
        (["clock.start=2026-06-01T08:00:00"], ()),
        (["contracts.rework_usd=null"], ()),
        (["skills.threshold=0.5", "policy.epsilon=0"], ("policy.epsilon=0", "skills.threshold=0.5")),
    ],
)
def test_overrides_say_only_what_differs_in_one_order(overrides: list[str], come_to: tuple[str, ...]) -> None:
    assert smallest("market_day", *overrides) == come_to


def test_a_weight_is_stated_with_the_others_where_the_scenario_states_none() -> None:
    scenario = written("market_day")
    changes = scenario.with_change({}, ("policy", "weights", "cost"), 0.9)
    (text,) = scenario.texts(changes)
    assert text == "policy.weights={cost: 0.9, reliability: 0.25, latency: 0.2, security: 0.15}"
    assert coalesce_sim.load("market_day", [text]).policy.weights.cost == 0.9  # type: ignore[union-attr]
    assert scenario.asked([text]).changes == changes


def test_a_number_that_is_uncertain_can_be_made_certain_at_its_mean(tmp_path: Any) -> None:
    file = tmp_path / "unsure.yaml"
    file.write_text(
        "extends: market_day\nskills: {threshold: {uncertain: {uniform: {low: 0.2, high: 0.4}}}}\n"
    )
    (text,) = smallest(str(file), "skills.threshold=0.3")
    assert coalesce_sim.load(str(file), [text]).uncertainty is None


def test_what_is_moved_is_played_and_shown_again() -> None:
    moved_at_random("all_frictions", k=8)


def test_back_to_the_scenario_leaves_no_override() -> None:
    scenario: Written = written("two_populations")
    changes = with_kind(scenario, {("skills", "threshold"): 0.5}, ("policy",), "ucb1")
    changes = scenario.with_change(changes, ("policy", "exploration"), 3.0)
    assert scenario.without(changes, ("policy", "kind")) == {("skills", "threshold"): 0.5}
    assert scenario.without(changes, ("policy", "exploration")) != changes


def test_only_fields_that_matter_are_offered() -> None:
    published, greedy = controls("dur_03"), controls("two_populations")
    assert {"policy.epsilon", "skills.threshold", "contractors.count", "clients.count"} <= published.keys()
    assert {"workload.arrivals.tasks_per_hour", "cost_model.late_usd_per_min"} <= published.keys()
    assert "policy.boosts.security_if_sensitive" not in published  # no task has high data_sensitivity
    assert not [path for path in published if path.startswith(("contracts", "reputation", "defences"))]
    assert {"clients.groups.students.count", "clients.groups.firm.count"} <= greedy.keys()
    assert "workload.arrivals.gap_s.exponential.mean" in greedy
    assert not {"policy.epsilon", "clients.count"} & greedy.keys()
    assert {"adversaries[0].identities", "defences.entry_fee_usd"} <= controls("sybil").keys()
    assert {"settlement.escrow.holdback", "settlement.fee[0].share"} <= controls("all_frictions").keys()


def test_another_policy_brings_its_own_settings() -> None:
    now = controls("dur_03", "policy.kind=ucb1", "policy.exploration=3")
    assert now["policy.kind"].written == "topsis"
    assert (now["policy.exploration"].value, now["policy.exploration"].written) == (3.0, 2.0)
    assert "policy.epsilon" not in now
    kinds = now["policy.kind"].choices or {}
    assert {"topsis", "ucb1", "cheapest", "vickrey"} <= kinds.keys()
    assert not {"as_logged", "fixed", "routes"} & kinds.keys()  # no log, nobody with a name, no rules


def test_who_hires_one_contractor_begins_with_the_first() -> None:
    scenario = written("azure_code_like")
    changes = with_kind(scenario, {}, ("policy",), "fixed")
    assert scenario.texts(changes) == ("policy.kind=fixed", "policy.contractor=novita")


def test_controls_tell_what_the_schema_says() -> None:
    offered = controls("dur_03")
    epsilon = offered["policy.epsilon"]
    assert epsilon.label == "Exploration rate ε"
    assert epsilon.description.startswith("Probability of any contractor at random")
    assert epsilon.span == (0.0, 1.0, 0.01)
    assert (epsilon.least, epsilon.most) == (0.0, 1.0)
    late = offered["cost_model.late_usd_per_min"]
    assert (late.label, late.unit, late.span, late.most) == (
        "Price of delay (USD/min)",
        "USD/min",
        (0, 1, 0.01),
        None,
    )
    assert offered["clients.slots"].instead == "unlimited"
    assert offered["policy.only_if_cheaper_percent"].instead is None


@pytest.mark.parametrize("text", ["policy={class: 'theirs:Policy'}", "policy.class=theirs:Policy"])
def test_code_that_a_field_or_link_names_is_refused(text: str) -> None:
    refused = written("dur_03").asked([text]).refused[text]
    assert refused.message == (
        "names code, which is not executed when a link or a field asks for it (got 'theirs:Policy')"
    )
