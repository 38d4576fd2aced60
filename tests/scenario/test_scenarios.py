"""The scenarios that ship, and what a user is told who gets one wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim import bundled
from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.problems import ScenarioError


def _needs_data(name: str) -> bool:
    """Scenarios that name files which are not part of the project; tests/workloads play those."""
    data = read_document(name).data
    return data.get("records") is not None or data["workload"]["arrivals"]["kind"] == "csv"


@pytest.mark.parametrize("name", [name for name in bundled.names() if not _needs_data(name)])
def test_every_bundled_scenario_is_valid_and_named_after_its_file(name: str) -> None:
    scenario = coalesce_sim.load(name)
    assert scenario.name == name
    assert scenario.title
    assert coalesce_sim.load(bundled.find(name)) == scenario


def test_what_the_issue_names_is_there() -> None:
    table = {f"dur_0{i}" for i in range(1, 6)} | {f"agt_0{i}" for i in range(1, 9)}
    others = {
        "cold_start",
        "cold_start_explore",
        "real_llm_35",
        "real_llm_240",
        "azure_code",
        "azure_code_like",
    }
    assert table | others <= set(bundled.names())


def test_a_scenario_survives_the_way_to_json_and_back() -> None:
    scenario = coalesce_sim.load("dur_03")
    again = coalesce_sim.Scenario.model_validate_json(
        scenario.model_dump_json(by_alias=True, exclude_none=True)
    )
    assert again == scenario


def problems_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(path)
    return [str(problem).replace(str(path), "mine.yaml") for problem in caught.value.problems]


def test_all_mistakes_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """\
extends: published
clock: {days: -3}
policy:
  kind: topsis
  epsilom: 0.2
clients: {count: many}
contractors:
  - {name: A, type: gpu_specialist, price_usd: -3, latency_min: 5, reliability: 0.9}
  - {name: A, type: gpu_specialist, price_usd: 3, latency_min: 5, reliability: 1.9}
"""
    assert problems_of(tmp_path, text) == [
        "mine.yaml:2: clock.days: must be > 0 (got -3)",
        "mine.yaml:5: policy.epsilom: unknown field; did you mean 'epsilon'?",
        "mine.yaml:6: clients.count: must be a whole number (got 'many')",
        "mine.yaml:8: contractors[0].price_usd: must be >= 0 (got -3)",
        "mine.yaml:9: contractors[1].reliability: must be <= 1 (got 1.9)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "extends: published\nmarket_demand: null\n",
            "market_demand: missing, but workload.arrivals is demand_driven",
        ),
        (
            "extends: published\nclients: {hardware: {peak_flop_s: null}}\n",
            "clients.hardware.peak_flop_s: missing, but cost_model.internal.work is flop",
        ),
        (
            "extends: published\ncost_model: {internal: {work: tokens}}\n",
            "clients.hardware.prefill_tokens_per_s: missing, but cost_model.internal.work is tokens",
        ),
        (
            "extends: published\nworkload: {arrivals: {kind: listed, tasks: [{type: cooking}]}}\n",
            "unknown task type 'cooking'",
        ),
        (
            "extends: published\npolicy: {kind: topsy}\n",
            "policy.kind: must be one of",
        ),
    ],
)
def test_fields_that_do_not_go_together(tmp_path: Path, text: str, expected: str) -> None:
    (problem,) = problems_of(tmp_path, text)
    assert expected in problem


@pytest.mark.parametrize(
    ("gap_s", "message"),
    [
        ("0", "must not always be 0 (got 0)"),
        ("{choice: {values: [0, 3], weights: [1, 0]}}", "must not always be 0 (got 0)"),
        ("{normal: {mean: 1, sd: 2, min: 0, max: 0}}", "must not always be 0 (got 0)"),
        ("-2", "must not be negative (got -2)"),
        ("{normal: {mean: 9, sd: 2}}", "must not be negative (got draws from -3 to 21)"),
        ("{normal: {mean: 9, sd: 2, max: 10}}", "must not be negative (got draws from -3 to 10)"),
        ("{normal: {mean: 9, sd: 2, min: -0.5}}", "must not be negative (got draws from -0.5 to 21)"),
        ("{uniform: {low: -1, high: 2}}", "must not be negative (got draws from -1 to 2)"),
        ("{empirical: {quantiles: [-1, 0, 5]}}", "must not be negative (got draws from -1 to 5)"),
    ],
)
@pytest.mark.parametrize("limit", ["", ", limit: 5"], ids=["no limit", "limit"])
def test_gaps_between_arrivals_let_time_pass(tmp_path: Path, gap_s: str, message: str, limit: str) -> None:
    text = f"extends: published\nworkload:\n  arrivals: {{kind: renewal, gap_s: {gap_s}{limit}}}\n"
    assert problems_of(tmp_path, text) == [f"mine.yaml:3: workload.arrivals.gap_s: {message}"]


@pytest.mark.parametrize(
    "gap_s",
    [
        "3",
        "{normal: {mean: 9, sd: 1, min: 0}}",
        "{normal: {mean: 9, sd: 0}}",
        "{choice: {values: [-1, 0, 3], weights: [0, 1, 1]}}",
        "{lognormal: {median: 1, sigma: 60}}",
    ],
)
def test_gaps_may_be_0_now_and_then(gap_s: str) -> None:
    coalesce_sim.load("dur_03", [f"workload.arrivals={{kind: renewal, gap_s: {gap_s}}}"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("gap_s=1e-30", "gap_s: lets more than 1,000,000,000 tasks come before the clock ends (got 1e-30)"),
        ("gap_s={exponential: {mean: 1e-6}}", "gap_s: lets more than"),
        ("gap_s={choice: {values: [0, 3600], weights: [1e30, 1]}}", "gap_s: lets more than"),
        ("gap_s={mixture: {components: [{weight: 1, gamma: {mean: 1, cv: 1e30}}]}}", "gap_s:"),
    ],
)
def test_time_must_come_to_its_end(override: str, message: str) -> None:
    endless = ["clock.days=1", "workload.arrivals.limit=null", f"workload.arrivals.{override}"]
    with pytest.raises(ScenarioError) as refused:
        coalesce_sim.load("azure_code_like", endless)
    assert f"workload.arrivals.{message}" in str(refused.value)


def test_gaps_of_any_size_are_fine_where_tasks_are_counted_or_end_all_the_same() -> None:
    for arrivals in ("limit=5", "gap_s={choice: {values: [0, 86400], weights: [999, 1]}}"):
        few = ["workload.arrivals.gap_s=1e-30", f"workload.arrivals.{arrivals}"]
        coalesce_sim.load("azure_code_like", ["workload.arrivals.limit=null", *few])


def test_no_hour_has_more_tasks_than_can_be_laid_out() -> None:
    with pytest.raises(ScenarioError, match=r"tasks_per_hour: lets more than 10,000,000 tasks come at once"):
        coalesce_sim.load(
            "dur_02", ["workload.arrivals.tasks_per_hour=1e6", "market_demand={base: 11, max: 20}"]
        )


def test_a_change_of_policy_drops_the_settings_of_the_old_one() -> None:
    scenario = coalesce_sim.load("dur_03", ["policy.kind=cheapest"])
    assert scenario.policy.model_dump() == {"kind": "cheapest"}


@pytest.mark.parametrize(
    "field",
    [
        "cost_model.realised.external_time_factor",
        "cost_model.realised.local_cost_factor",
        "contractors.price_factor",
        "workload.attributes.value_usd",
    ],
)
def test_times_amounts_and_factors_cannot_be_negative(field: str) -> None:
    with pytest.raises(ScenarioError, match=r"must not be negative \(got draws from -2 to 4\)"):
        coalesce_sim.load("dur_03", [f"{field}={{normal: {{mean: 1, sd: 0.5}}}}"])


def test_printed_figures_stand_beside_the_experiment_they_were_printed_for_and_no_other(
    tmp_path: Path,
) -> None:
    as_it_stands = coalesce_sim.load("dur_03", ["seed=7", "replications=3"])
    assert as_it_stands.published["cost_reduction_published"].mean == 40.539
    changed = coalesce_sim.load("dur_03", ["policy.epsilon=0.2"])
    assert changed.published == {}
    assert changed.title == f"{as_it_stands.title}, but policy.epsilon=0.2"
    child = tmp_path / "mine.yaml"
    child.write_text("extends: dur_03\npolicy: {kind: cheapest}\n")
    assert coalesce_sim.load(child).published == {}
    child.write_text("extends: dur_03\npublished: {cost_reduction: {mean: 5}}\n")
    assert set(coalesce_sim.load(child).published) == {"cost_reduction"}


def test_a_task_that_comes_after_the_end_of_the_clock_is_refused(tmp_path: Path) -> None:
    text = """\
extends: published
clock: {days: 1}
workload:
  arrivals:
    kind: listed
    tasks: [{type: financial_rag, arrival_s: 0}, {type: financial_rag, arrival_s: 86400}]
"""
    assert problems_of(tmp_path, text) == [
        "mine.yaml:2: clock.days: ends after 86400 s, before the last task comes at 86400 s (got 1)"
    ]


def test_a_mistyped_distribution_is_told_its_name(tmp_path: Path) -> None:
    text = "extends: published\ncontractors: {price_factor: {lognorml: {median: 1, sigma: 1}}}\n"
    (problem,) = problems_of(tmp_path, text)
    assert problem.startswith("mine.yaml:2: contractors.price_factor.lognorml: unknown field; did you mean")


@pytest.mark.parametrize(
    ("name", "override", "message"),
    [
        (
            "market_day",
            "reputation.model={kind: eigentrust, pretrusted_clients: 21}",
            "at most .* 20",
        ),
        ("market_day", "cost_model.late_usd_per_min=1e308", "must be <= 1e.30"),
        ("market_day", "cost_model.external.verification_usd=5", "state contracts.verification instead"),
        ("market_day", "cost_model.realised.external_cost_factor=3", "has no effect"),
        ("market_city", "reputation.model={kind: eigentrust}", "would take 62 GiB with 10,000 and 100,000"),
        ("dur_03", "clock.start=20260601", "must be a date"),
        ("dur_03", "clients.slots=0", "without a section contracts"),
        ("real_agents_twin", "policy={kind: fixed, contractor: MiniMax-M33}", "did you mean 'MiniMax-M3'"),
        ("real_agents_twin", "contractors[0].outcomes.gaja={success: 1}", "unknown task type .got 'gaja'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(name: str, override: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        coalesce_sim.load(name, [override])
