"""Tasks of which the policy decides whether they are done as a whole or in their steps."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import LOCAL, Decision, Policy, PolicyError, View
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.market.composite import OpenWholes
from coalesce_sim.policies.yardsticks import Cheapest
from coalesce_sim.report.explanation import explain
from tests.market.trading import HOME_USD, LATE_USD_PER_S, VALUE_USD, contractor, market, run_of

WHOLE, DRAFT, CHECK = range(3)
INTEGRATION_USD = 0.5
STEPS = {
    "draft": {"type": "writing", "work": 0.5},
    "check": {"type": "proof", "after": ["draft"], "work": 0.5},
}


def specialist(type_: str, price_usd: float = 1.0, **facts: Any) -> dict[str, Any]:
    """Does one type of task only, in 30 s, and always well."""
    return (
        contractor(f"does_{type_}", outcomes={type_: {"success": 1, "latency_min": 0.5}}, price_usd=price_usd)
        | facts
    )


def reports(
    arrivals: list[float], *contractors: dict[str, Any], decompose: str = "policy", **sections: Any
) -> dict[str, Any]:
    """Reports that one contractor writes for 3 USD in 60 s, or two, one after the other, for 1 USD each.

    At home all work is bad, and the value, 10 USD, is lost; contracts that come to nothing are given up.
    """
    of_whole = {name: sections.pop(name) for name in ("split_usd", "split_s", "steps") if name in sections}
    whole = {"steps": STEPS, "integration_usd": INTEGRATION_USD, "skills": [], "decompose": decompose}
    types = {"report": whole | of_whole, "writing": {}, "proof": {}}
    pool = contractors or (specialist("report", 3.0), specialist("writing"), specialist("proof"))
    common: dict[str, Any] = {
        "contracts": {"recovery": {"then": "give_up"}},
        "clients": {"outcomes": {name: {"success": 0} for name in types}},
    }
    tasks = [{"type": "report", "arrival_s": each} for each in arrivals]
    return market(tasks, *pool, types=types, **(common | sections))


class Splitting(Cheapest):
    """Splits whatever may be."""

    def splits(self, view: View) -> bool:  # noqa: ARG002
        return True


class Keeping(Cheapest):
    """Splits nothing."""

    def splits(self, view: View) -> bool:  # noqa: ARG002
        return False


class Seeing(Cheapest):
    """Keeps what it was shown."""

    seen: list[View]

    def __init__(self) -> None:
        self.seen = []

    def splits(self, view: View) -> bool:
        self.seen.append(view)
        return super().splits(view)


def test_a_task_is_split_where_its_steps_cost_less_and_coordination_turns_it_at_the_computed_cost() -> None:
    # The whole costs 3; the steps 1 + 1 and 0.5 to integrate: 2.5 and twice what coordinating a step costs.
    for split_usd, split in ((0.0, True), (0.249, True), (0.25, False), (0.251, False)):
        result = run_of(reports([0], split_usd=split_usd))
        decisions = result.decisions
        assert decisions["split"].tolist() == [split] * 3
        cost_usd = 2.5 + 2 * split_usd if split else 3.0
        assert decisions["realised_usd"].sum() == pytest.approx(cost_usd)
        assert result.replications[0]["split_rate"] == (100 if split else 0)
        assert result.replications[0]["coordination_usd"] == pytest.approx(2 * split_usd if split else 0)


def test_coordination_takes_time_and_turns_the_decision_by_the_target_of_the_whole() -> None:
    # 30 s each and twice the coordination, late from 300 s on at 0.01 a second: 3 USD at 145 s a step.
    for split_s, split in ((144.0, True), (146.0, False)):
        decisions = run_of(reports([0], split_s=split_s)).decisions
        assert decisions["split"].tolist() == [split] * 3
    result = run_of(reports([0], split_s=144.0))
    decisions = result.decisions
    assert decisions["decided_s"].tolist() == [0, 144, 318]
    assert decisions["finished_s"].tolist() == [0, 174, 348]
    assert decisions["coordination_s"].tolist() == [0, 144, 144]
    late_usd = 48 * LATE_USD_PER_S
    assert decisions["realised_usd"].tolist() == pytest.approx([0, 1, 1 + INTEGRATION_USD + late_usd])
    assert result.replications[0]["coordination_s"] == 288


def test_what_is_lost_if_one_step_fails_is_reckoned_once() -> None:
    # By what they advertise the steps succeed with 0.9 · 0.8: 2.8 of 10 are lost, and 2 + 0.5 paid.
    pool = specialist("writing", reliability=0.9), specialist("proof", reliability=0.8)
    policy = Seeing()
    for price_usd, split in ((5.31, True), (5.29, False)):
        run = run_of(reports([0], specialist("report", price_usd), *pool), policy=lambda: policy)
        assert run.decisions["split"].tolist() == [split] * 3
    whole, steps = policy.seen[0].whole, policy.seen[0].split
    assert whole is not None
    assert steps is not None
    assert steps.cheapest.contractors == (1, 2)
    assert steps.cheapest.work_usd == pytest.approx(2)
    assert steps.cheapest.coordination_usd == INTEGRATION_USD
    assert steps.cheapest.loss_usd == pytest.approx(0.28 * VALUE_USD)
    assert steps.cheapest.turnaround_s == 60
    assert whole.cheapest.usd == pytest.approx(5.31)
    assert whole.at_home.usd == pytest.approx(HOME_USD + VALUE_USD)
    assert steps.at_home.work_usd == pytest.approx(HOME_USD)
    assert steps.at_home.loss_usd == VALUE_USD


def test_a_step_that_is_done_over_at_home_is_lost_only_where_home_fails_too() -> None:
    home = {"outcomes": {name: {"success": 0.5} for name in ("report", "writing", "proof")}}
    pool = specialist("report", 3.0), specialist("writing", reliability=0.8), specialist("proof")
    policy = Seeing()
    run_of(reports([0], *pool, clients=home, contracts={}), policy=lambda: policy)
    split = policy.seen[0].split
    assert split is not None
    assert split.cheapest.loss_usd == pytest.approx(0.2 * 0.5 * VALUE_USD)
    assert split.cheapest.work_usd == pytest.approx(2 + 0.2 * HOME_USD / 2)
    assert split.at_home.loss_usd == pytest.approx(0.75 * VALUE_USD)


def test_leaks_and_spoiled_work_are_in_what_is_expected_of_both_ways() -> None:
    """A third of the incidents each are leaks, tampering and lost work; the steps leak twice."""
    incidents = {"shares": {"leaked": 1, "tampered": 1, "lost": 1}, "leak_usd": {"medium": 2.0}}
    rules = {"recovery": {"then": "give_up"}, "security": {"incidents": incidents}}
    risky = {"security_risk": 0.3, "quality_risk": 0.0}
    pool = (
        specialist("report", 3.0, **risky),
        specialist("writing", **risky),
        specialist("proof", **risky),
    )
    policy = Seeing()
    run_of(reports([0], *pool, contracts=rules), policy=lambda: policy)
    whole, split = policy.seen[0].whole, policy.seen[0].split
    assert whole is not None
    assert split is not None
    assert whole.cheapest.loss_usd == pytest.approx(0.2 * VALUE_USD)
    assert whole.cheapest.work_usd == pytest.approx(3 + 0.1 * 2)
    assert split.cheapest.loss_usd == pytest.approx((1 - 0.8 * 0.8) * VALUE_USD)
    assert split.cheapest.work_usd == pytest.approx(2 + 2 * 0.1 * 2)


@pytest.mark.parametrize(("policy", "asked"), [(Splitting, [6, 12, 12]), (Keeping, [6, 6, 6])])
def test_every_query_is_paid_for_also_for_the_way_that_is_not_taken(
    policy: type[Policy], asked: list[int]
) -> None:
    """Six messages a query: for the whole and for each step, and again when a step is due."""
    rule = {"kind": "broadcast", "k": 3, "newcomer_share": 0, "message_usd": 0.01}
    decisions = run_of(reports([0], discovery=rule), policy=policy).decisions
    messages_usd = [0.01 * each for each in asked]
    assert decisions["search_usd"].tolist() == pytest.approx(messages_usd)
    work_usd = [0, 1, 1 + INTEGRATION_USD] if policy is Splitting else [3, 0, 0]
    spent_usd = [work + message for work, message in zip(work_usd, messages_usd, strict=True)]
    assert decisions["realised_usd"].tolist() == pytest.approx(spent_usd)


def test_the_estimates_of_the_whole_are_those_of_its_offers() -> None:
    """Taken apart and put together again, lateness and doing over included."""
    slow = specialist("report", 3.0, reliability=0.7, network_ms=400_000)
    home = {"outcomes": {name: {"success": 0.4} for name in ("report", "writing", "proof")}, "slots": 1}
    model = {"opportunity": "queue", "work": "flop", "execution_time_unit": "second", "flop_reference_gb": 1}
    policy = Seeing()
    scenario = reports([0, 0, 0], slow, specialist("writing"), clients=home, contracts={})
    scenario["cost_model"]["internal"] = model
    run_of(scenario, policy=lambda: policy)
    assert len(policy.seen) == 3
    for view in policy.seen:
        assert view.whole is not None
        assert view.whole.cheapest.usd == pytest.approx(min(view.internal_usd, float(view.external_usd[0])))
        assert view.whole.at_home.usd == pytest.approx(view.internal_usd)


def test_never_is_an_ordinary_type_and_always_is_as_before() -> None:
    def played(**kind: Any) -> coalesce_sim.RunResult:
        scenario = reports([0, 10, 20], clients={"slots": 1})
        types = scenario["workload"]["types"]
        types["report"] = {
            key: types["report"][key] for key in ("max_latency_min", "base_flop", "skills")
        } | kind
        return run_of(scenario)

    ordinary, never = played(), played(steps=STEPS, decompose="never", integration_usd=0.5, split_usd=1)
    assert never.decisions.equals(ordinary.decisions)
    assert never.replications == ordinary.replications
    today, always = played(steps=STEPS), played(steps=STEPS, decompose="always")
    assert always.decisions.equals(today.decisions)
    assert "split" not in always.decisions


def test_coordination_is_paid_for_wherever_tasks_are_done_in_steps() -> None:
    result = run_of(reports([0], decompose="always", split_usd=0.2, split_s=20))
    decisions = result.decisions
    assert decisions["task"].tolist() == [0, 1]
    assert decisions["decided_s"].tolist() == [20, 70]
    assert decisions["realised_usd"].tolist() == pytest.approx([1.2, 1.2 + INTEGRATION_USD])
    assert "split_rate" not in result.estimates or result.estimates["split_rate"].n == 0


@pytest.mark.parametrize(
    ("usd", "seconds", "says"),
    [(0.4, 20.0, "USD: charged for coordination"), (0.2, 10.0, "seconds: spent on coordination")],
)
def test_coordination_that_does_not_add_up_stops_the_run(
    usd: float, seconds: float, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenWholes, "coordination", lambda *_: (usd, seconds))
    with pytest.raises(coalesce_sim.ConservationError, match=says):
        run_of(reports([0], decompose="always", split_usd=0.2, split_s=20))


def test_what_is_not_done_costs_nothing_and_is_told() -> None:
    result = run_of(reports([0, 100]), policy=Splitting)
    assert result.decisions["outcome"].tolist() == ["not taken", "completed", "completed"] * 2
    assert result.decisions["whole"].tolist() == [0, 0, 0, 3, 3, 3]
    kept = run_of(reports([0, 100]), policy=Keeping).decisions
    assert kept["outcome"].tolist() == ["completed", "not taken", "not taken"] * 2
    assert kept["closes"].tolist() == [True, False, False] * 2
    assert kept["realised_usd"].tolist() == [3, 0, 0] * 2, "integrating is for steps"
    metrics = result.replications[0]
    assert (metrics["tasks"], metrics["outsourcing_rate"], metrics["success_rate"]) == (2, 100, 100)
    assert result.timeline["split"].tolist()[0] == 2


def test_a_step_under_coordination_never_begins_once_its_whole_has_failed() -> None:
    steps = {"draft": {"type": "writing"}, "check": {"type": "proof"}}
    bad = contractor("bad", outcomes={"writing": {"success": 0, "latency_min": 0.1}})
    steps["late"] = {"type": "proof", "after": ["check"]}  # type: ignore[dict-item]
    pool = bad, specialist("proof")
    # Coordinated until 25; the draft fails at 31, the proof is done at 55 and its follower never coordinated.
    result = run_of(reports([0], *pool, steps=steps, split_s=25, split_usd=0.1), policy=Splitting)
    decisions = result.decisions
    assert decisions["outcome"].tolist() == ["not taken", "failed", "completed", "canceled"]
    assert decisions["coordination_usd"].tolist() == pytest.approx([0, 0.1, 0.1, 0])
    assert decisions["finished_s"].tolist() == [0, 31, 55, 31]
    # The other way round: the proof is done at 55, its follower being coordinated when the draft fails.
    bad["outcomes"]["writing"]["latency_min"] = 40 / 60
    decisions = run_of(
        reports([0], *pool, steps=steps, split_s=25, split_usd=0.1), policy=Splitting
    ).decisions
    assert decisions["outcome"].tolist() == ["not taken", "failed", "completed", "canceled"]
    assert decisions["finished_s"].tolist() == [0, 65, 55, 65]
    assert decisions["coordination_s"].tolist() == [0, 25, 25, 0]


NOISE = {"lognormal": {"median": 1, "sigma": 0.5}}


def chancy(policy: dict[str, Any] | None = None) -> dict[str, Any]:
    """Reports among other tasks, in a market where much is chance and nobody waits for anybody."""
    success = {name: {"success": 0.5} for name in ("report", "writing", "proof")}
    pool = [contractor(f"c{number}", outcomes=success) for number in range(3)]
    scenario = reports(
        [],
        *pool,
        clients={"outcomes": success},
        realised={"local_time_factor": NOISE, "external_time_factor": NOISE, "local_cost_factor": NOISE},
        contracts={
            "recovery": {"retries": 1, "then": "local"},
            "verification": {"automated": {"sensitivity": 0.5}},
        },
    )
    kinds = ["report", "writing", "report", "proof", "report", "writing"] * 4
    tasks = [{"type": kind, "arrival_s": 100.0 * number} for number, kind in enumerate(kinds)]
    scenario["workload"]["arrivals"]["tasks"] = tasks
    return scenario | ({} if policy is None else {"policy": policy})


def test_whether_one_task_is_split_moves_no_luck_of_another() -> None:
    split = run_of(chancy(), policy=Splitting).decisions
    kept = run_of(chancy(), policy=Keeping).decisions
    ordinary = (split["type"] != "report") & (split["whole"] == split["task"])
    assert ordinary.sum() == 12
    assert split[ordinary].drop(columns="split").equals(kept[ordinary].drop(columns="split"))

    class SplittingSome(Cheapest):
        def splits(self, view: View) -> bool:
            return view.task % 8 == 0

    some = run_of(chancy(), policy=SplittingSome).decisions
    assert some["split"].nunique() == 2
    for mine, other in ((some["split"], split), (~some["split"], kept)):
        rows = mine & ~ordinary
        assert rows.any()
        assert some[rows].equals(other[rows]), "each way meets the same luck, whatever the others do"
    for decisions in (split, kept):
        assert decisions["all_local_usd"].equals(some["all_local_usd"])
        assert decisions["all_local_s"].equals(some["all_local_s"])


def test_the_baseline_is_the_way_that_is_expected_to_cost_less_at_home() -> None:
    """Steps are half as much work in all; from 0.025 USD a step on the whole is cheaper at home."""
    small = {name: step | {"work": 0.25} for name, step in STEPS.items()}
    for split_usd, at_home_usd in ((0.01, HOME_USD / 2 + 0.02), (0.03, HOME_USD)):
        scenario = reports([0], clients={}, steps=small, split_usd=split_usd)
        scenario["workload"]["types"]["report"]["integration_usd"] = 0
        alone = run_of(scenario | {"policy": {"kind": "always_local"}})
        assert alone.estimates["all_local_usd"].mean == pytest.approx(at_home_usd)
        assert alone.estimates["cost_reduction"].mean == 0
        for policy in (Splitting, Keeping):
            assert run_of(scenario, policy=policy).estimates["all_local_usd"].mean == pytest.approx(
                at_home_usd
            )


@pytest.mark.parametrize("kind", ["topsis", "greedy", "cheapest", "random", "vickrey", "thompson"])
def test_built_in_policies_split_by_expected_cost(kind: str) -> None:
    for split_usd, split in ((0.2, True), (0.3, False)):
        decisions = run_of(reports([0, 500], split_usd=split_usd, policy={"kind": kind})).decisions
        assert decisions["split"].tolist() == [split] * 6


def test_a_fixed_choice_goes_by_the_ways_at_home_as_its_hindsight_does() -> None:
    fixed = {"kind": "fixed", "contractor": "does_report"}
    decisions = run_of(reports([0], policy=fixed)).decisions
    assert decisions["realised_usd"].tolist() == [3, 0, 0], "though the steps would cost 2.5"
    best = coalesce_sim.compare(coalesce_sim.load(reports([0, 500])), ["always_local"], replications=1)
    runs = best.runs.set_index("policy")["realised_usd"]
    assert runs["best_fixed"] == 6 < runs["always_local"]


def test_the_doctor_compares_what_may_be_split_as_a_whole() -> None:
    """At home the whole is cheaper, hired the steps are: row by row there is nothing to compare with."""
    scenario = coalesce_sim.load(reports([0, 100]))
    assert run_of(reports([0, 100])).decisions["split"].all()
    assert "saves_nothing" not in [each.code for each in coalesce_sim.doctor(scenario).findings]


def test_a_policy_that_does_not_say_is_told_so() -> None:
    class Vague(Policy):
        def splits(self, view: View) -> bool:  # noqa: ARG002
            return None  # type: ignore[return-value]

        def decide(self, view: View) -> Decision:  # noqa: ARG002
            return Decision(LOCAL)

    with pytest.raises(PolicyError, match=r"Vague: task 0, .* splits must return True or False \(got None\)"):
        run_of(reports([0]), policy=Vague)


def test_both_ways_are_shown_for_the_decision_alone() -> None:
    seen: list[tuple[int, bool]] = []

    class Looking(Cheapest):
        def decide(self, view: View) -> Decision:
            seen.append((view.task, view.split is not None))
            return super().decide(view)

    run_of(reports([0]), policy=Looking)
    assert seen == [(DRAFT, False), (CHECK, False)]
    seen.clear()
    run_of(reports([0], split_usd=1), policy=Looking)
    assert seen == [(WHOLE, True)]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ({"decompose": "policy", "steps": STEPS, "base_flop": 1}, "skills: missing, but decompose is policy"),
        ({"decompose": "never", "steps": STEPS, "base_flop": 1}, "skills: missing, but decompose is never"),
        (
            {"decompose": "policy", "steps": STEPS, "skills": []},
            "base_flop: missing, but decompose is policy",
        ),
        ({"decompose": "policy"}, "decompose: has no effect without steps"),
        ({"split_usd": 1}, "split_usd: has no effect without steps"),
        ({"split_s": 1}, "split_s: has no effect without steps"),
        ({"decompose": "perhaps"}, "decompose: must be one of"),
    ],
)
def test_what_a_whole_needs_is_asked_for(kind: dict[str, Any], message: str) -> None:
    scenario = reports([0])
    scenario["workload"]["types"]["report"] = {"max_latency_min": 5} | kind
    with pytest.raises(coalesce_sim.ScenarioError, match=message.replace("(", r"\(")):
        coalesce_sim.load(scenario)


def test_steps_that_are_never_done_are_told() -> None:
    (note,) = notes_of(coalesce_sim.load(reports([0], decompose="never", split_usd=0.1)))
    places = ", ".join(f"workload.types.report.{name}" for name in ("steps", "integration_usd", "split_usd"))
    assert f"{places} (decompose is never)" in note
    assert "decompose is never" not in "".join(notes_of(coalesce_sim.load(reports([0]))))


def test_home_must_know_how_the_whole_comes_out() -> None:
    clients = {"outcomes": {"writing": {"success": 1}, "proof": {"success": 1}}}
    with pytest.raises(coalesce_sim.ScenarioError, match=r"clients\.outcomes: missing task type 'report'"):
        coalesce_sim.load(reports([0], clients=clients))
    coalesce_sim.load(reports([0], clients=clients, decompose="always"))


@pytest.mark.parametrize(
    ("split_usd", "says"), [(0.1, "Split: its steps are expected to cost 2.70"), (1, "Done as a")]
)
def test_explain_tells_both_ways(split_usd: float, says: str) -> None:
    scenario = coalesce_sim.load(reports([0], split_usd=split_usd))
    for task in (WHOLE, DRAFT):
        told = explain(scenario, 1, 0, task)
        assert told.whole is not None
        assert told.whole["verdict"].startswith(says)
        assert told.whole["ways"]["split"]["usd"] == pytest.approx(2.5 + 2 * split_usd)
        assert told.whole["ways"]["whole"]["workers"] == ["does_report"]
        assert [step["task"] for step in told.whole["steps"]] == [DRAFT, CHECK]
    way = "in its steps" if split_usd < 0.25 else "as a whole"
    other = explain(scenario, 1, 0, WHOLE if split_usd < 0.25 else DRAFT)
    assert other.decision["verdict"] == other.realised["verdict"] == f"Not done: the task was done {way}."


def test_the_own_steps_of_a_whole_do_not_wait_behind_it() -> None:
    """The second report and its two steps are behind the first, whose own are done in its place."""
    model = {"opportunity": "later_tasks", "work": "flop", "execution_time_unit": "second"}
    fields = reports([0, 0])
    fields["cost_model"]["internal"] = model | {"flop_reference_gb": 1}
    scenario = coalesce_sim.load(fields, ["clients.outcomes={report: {success: 1}, writing: {}, proof: {}}"])
    told = explain(scenario, 1, 0, WHOLE)
    assert told.opportunity["tasks_behind"] == 3
    assert told.opportunity["best_task"] == 3
    assert told.opportunity["billed_h"] == pytest.approx(1 / 3600)
