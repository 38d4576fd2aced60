"""The doctor recognises a sick market by its signatures, and a healthy one by their absence."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.experiments.diagnosis.course import share_interval
from coalesce_sim.experiments.diagnosis.doctor import Diagnosis, doctor
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.experiments.diagnosis.growing import slots_at_home
from coalesce_sim.experiments.diagnosis.warnings import notes_of, warnings_of
from tests.markets import queueing

TOPSIS = {
    "kind": "topsis",
    "epsilon": 0.1,
    "weights": {"cost": 1, "reliability": 0, "latency": 1, "security": 0},
}
NO_EXPLORATION = TOPSIS | {"epsilon": 0}
BY_ARRIVAL = "round_robin_by_arrival"


def contractor(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, "price_usd": 0.02, "latency_min": 1, "reliability": 0.9, **facts}


POOL = [contractor("a"), contractor("b", price_usd=0.04), contractor("c", latency_min=2)]


def market(**changes: Any) -> dict[str, Any]:
    """A market in order: half of the work at home is bad, a tenth of that of contractors, and all know it."""
    scenario = queueing({"kind": "renewal", "gap_s": {"exponential": {"mean": 300}}}, slots="unlimited")
    scenario["clock"]["days"] = 0.3
    scenario["clients"]["success"] = 0.5
    scenario["cost_model"]["internal"]["opportunity"] = "none"
    rules = {"contractors": POOL, "contracts": {"recovery": {"then": "give_up"}}, "policy": TOPSIS}
    return scenario | rules | changes


def clients(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = market()["clients"]
    return whole | changes


def examined(scenario: dict[str, Any], *overrides: str) -> Diagnosis:
    return doctor(coalesce_sim.load(scenario, overrides), replications=1)


def codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.code for finding in diagnosis.findings}


def the(code: str, diagnosis: Diagnosis) -> Finding:
    assert code in codes(diagnosis)
    return next(finding for finding in diagnosis.findings if finding.code == code)


def test_nothing_is_found_in_a_healthy_market():
    diagnosis = examined(market())
    assert codes(diagnosis) == set()
    figures = diagnosis.figures
    assert figures["tasks"] == figures["estimates_home"]["tasks"] + figures["estimates_contractors"]["tasks"]
    assert figures["all_local_success_rate"] == pytest.approx(50, abs=10)
    assert figures["eligible_per_decision"] == figures["offers_per_decision"] == 3


def test_the_same_is_found_with_several_processes():
    scenario = coalesce_sim.load(
        market(skills=market()["skills"] | {"threshold": 0.9, "ontological_weight": 0.6})
    )
    one, two = (coalesce_sim.doctor(scenario, replications=2, jobs=jobs).summary for jobs in (1, 2))
    assert one == two


def test_a_threshold_that_nobody_reaches_is_told_with_the_one_that_they_would():
    skills = {"threshold": 0.9, "ontological_weight": 0.625, "embedding_weight": 0, "performance_weight": 0}
    sick = market(skills=skills, policy=NO_EXPLORATION)
    diagnosis = examined(sick)
    assert the("outsourcing_low", diagnosis).evidence["outsourcing_rate"] == 0
    cause = the("outsourcing_low.threshold", diagnosis)
    assert cause.evidence["best_skill"] == {"job": 0.625}
    assert cause.evidence["never_eligible_types"] == ["job"]
    assert cause.settings == ("skills.threshold=0.62",)
    assert "outsourcing_low.exploration_off" in codes(diagnosis)
    cured = examined(sick, *cause.settings)
    assert "outsourcing_low.threshold" not in codes(cured)
    assert cured.figures["eligible_per_decision"] == 3


def test_exploration_alone_is_not_taken_for_outsourcing():
    skills = {"threshold": 0.9, "ontological_weight": 0.6, "embedding_weight": 0, "performance_weight": 0}
    diagnosis = examined(market(skills=skills, policy=TOPSIS | {"epsilon": 0.3}))
    found = the("outsourcing_low", diagnosis)
    assert found.evidence["outsourcing_rate"] > 10
    assert found.evidence["decided_rate"] == 0
    assert found.sentence.startswith("Only exploration outsources")


def test_memories_that_never_fill_are_told_from_a_threshold():
    policy = NO_EXPLORATION | {"confidence": {"warm_up": 10_000}}
    cause = the("outsourcing_low.confidence", examined(market(policy=policy)))
    assert cause.evidence["warming_up"] == cause.evidence["low_confidence"] > 0


@pytest.mark.parametrize(
    ("pool", "policy", "why"),
    [
        (POOL[:1], TOPSIS, "single"),
        ([contractor("a"), contractor("b")], TOPSIS, "alike"),
        # by cost and by latency alike one is the best and the other the worst
        ([contractor("cheap", latency_min=2), contractor("quick", price_usd=0.04)], TOPSIS, "torn"),
    ],
)
def test_scores_near_one_half_are_told_with_their_reason(
    pool: list[dict[str, Any]], policy: dict[str, Any], why: str
):
    diagnosis = examined(market(contractors=pool, policy=policy))
    found = {code for code in codes(diagnosis) if code.startswith("scores_near_half")}
    assert found == {"scores_near_half", f"scores_near_half.{why}"}
    cause = the(f"scores_near_half.{why}", diagnosis)
    assert cause.evidence[why] == the("scores_near_half", diagnosis).evidence["scored"]
    assert "outsourcing_low.score" in codes(diagnosis)


def test_a_criterion_in_which_all_are_alike_is_told_with_its_weight():
    weights = {"cost": 1, "reliability": 3, "latency": 1, "security": 0}
    note = the("criterion_constant", examined(market(policy=TOPSIS | {"weights": weights})))
    assert note.severity == "note"
    assert "reliability" in note.sentence
    assert "0.60" in note.sentence


def test_contractors_that_are_dearer_than_home_are_told():
    dear = [contractor("a", price_usd=20), contractor("b", price_usd=30)]
    diagnosis = examined(market(contractors=dear, policy={"kind": "cheapest"}))
    assert codes(diagnosis) == {"outsourcing_low", "outsourcing_low.price"}
    assert the("outsourcing_low.price", diagnosis).settings[0] == "contractors[*].price_usd"


def test_hiring_them_all_the_same_saves_nothing():
    dear = [contractor("a", price_usd=20, reliability=1)]
    found = the("saves_nothing", examined(market(contractors=dear, policy={"kind": "random"})))
    assert found.evidence["cheaper_than_at_home"] == 0
    assert found.evidence["saved_usd"] < 0


def test_a_registry_that_is_down_is_told_with_what_it_did():
    outage = {"kind": "registry", "k": 2, "outages": [{"start_h": 0, "hours": 24}]}
    diagnosis = examined(market(discovery=outage))
    found = the("registry_outage", diagnosis)
    assert found.evidence["unanswered"] == found.evidence["queries"] > 0
    assert found.evidence["hired_rate_down"] == 0
    assert "outsourcing_low.nobody_offers" in codes(diagnosis)
    assert the("exploration_share", diagnosis).evidence["exploration_rate"] == 0


@pytest.mark.parametrize(
    ("facts", "contracts", "reason", "setting"),
    [
        ({"success": 0}, {}, "found bad", "contractors[*].success"),
        ({"unreachable_rate": 1}, {}, "unreachable", "contractors[*].unreachable_rate"),
        ({"slots": 0}, {}, "full", "contractors[*].slots"),
        ({}, {"timeout_factor": 0.5}, "timed out", "contracts.timeout_factor"),
    ],
)
def test_contracts_that_all_fail_are_told_with_the_reason(
    facts: dict[str, Any], contracts: dict[str, Any], reason: str, setting: str
):
    pool = [contractor("a", **facts), contractor("b", price_usd=0.04, **facts)]
    rules = {"recovery": {"then": "local"}, **contracts}
    diagnosis = examined(market(contractors=pool, contracts=rules, policy={"kind": "random"}))
    cause = the("outsourcing_low.contracts_fail", diagnosis)
    assert cause.evidence[reason] == diagnosis.figures["decisions"]
    assert cause.settings == (setting,)
    assert ("zero_capacity" if reason == "full" else "contractors_all_fail") in codes(diagnosis)


def test_a_cold_start_ends_on_the_day_on_which_memories_are_full():
    # 20 tasks a day, and the memory is full after 30: on day 2
    arrivals = {"kind": "renewal", "gap_s": 4320}
    policy = NO_EXPLORATION | {"confidence": {"warm_up": 30}}
    sick = market(workload=market()["workload"] | {"arrivals": arrivals}, policy=policy)
    sick["clock"] = sick["clock"] | {"days": 4}
    found = the("cold_start", examined(sick))
    assert found.evidence["begins_day"] == 2
    assert found.evidence["decided_rate_by_day"][0] == 0
    assert found.settings == ("policy.epsilon=0.1",)


def test_exploration_that_decays_is_a_note_with_the_share_to_expect():
    policy = TOPSIS | {"epsilon": 0.5, "epsilon_half_life_tasks": 10}
    note = the("exploration_decays", examined(market(policy=policy)))
    low, high = note.evidence["interval"]
    assert low <= note.evidence["expected_rate"] <= high < 50


def test_the_interval_of_a_share_is_exact():
    # nothing of 10: the upper end u solves (1 − u)^10 = 0.0005
    low, high = share_interval(0, 10)
    assert low == 0
    assert (1 - high) ** 10 == pytest.approx(0.0005)
    assert share_interval(10, 10) == pytest.approx((1 - high, 1))


def test_a_price_of_ones_own_work_that_nobody_pays_is_a_bias_at_home():
    diagnosis = examined(market(clients=clients(price_usd=6, success=1), policy={"kind": "always_local"}))
    found = the("estimate_bias_home", diagnosis)
    work = found.evidence["parts_usd"]["work"]
    assert work["estimated"] - work["realised"] == pytest.approx(6)
    assert "too high" in found.sentence


@pytest.mark.parametrize(("forgetting", "harms"), [(0, True), (1, False)])
def test_calibration_that_goes_by_the_last_bill_alone_is_to_blame(forgetting: float, harms: bool) -> None:
    """Bills of half or one and a half times what is expected, as likely: estimates are off by 50 %.

    By the last bill alone they are right one time in two, else off by 100 %: no worse on average. With a
    third kind of bill that comes true they are off by 33 % as they are, by 4/9 with it.
    """
    scenario = market(
        contractors=[contractor("a", outcomes={"job": {"success": 1, "bill_usd": 0.02}})],
        policy={"kind": "random"},
        calibration={"rate": 1, "forgetting": forgetting, "proven_only": False},
    )
    scenario["clock"]["days"] = 2
    scenario["cost_model"]["realised"]["external_cost_factor"] = {"choice": {"values": [0.5, 1, 1.5]}}
    diagnosis = examined(scenario)
    assert ("calibration_harms_contractors" in codes(diagnosis)) is harms
    if harms:
        found = the("calibration_harms_contractors", diagnosis)
        assert found.evidence["error"] == pytest.approx(100 * 4 / 9, abs=4)
        assert found.evidence["error_without"] == pytest.approx(100 / 3, abs=3)
        assert found.settings[0] == "calibration=null"


def test_risk_that_is_never_realised_is_a_bias_at_contractors():
    # without contracts all work is good: of a value of 10 USD, 2 are at risk and none is lost
    sick = market(contractors=[contractor("a", reliability=0.8)], clients=clients(success=1))
    del sick["contracts"]
    found = the("estimate_bias_contractors", examined(sick | {"policy": {"kind": "random"}}))
    assert found.evidence["parts_usd"]["bad work"] == {"estimated": pytest.approx(2), "realised": 0}
    assert found.evidence["estimated_usd"] - found.evidence["realised_usd"] == pytest.approx(2)


def test_estimates_that_are_realised_by_construction_are_not_praised():
    diagnosis = doctor(coalesce_sim.load("dur_03", ["clock.days=1"]), replications=1)
    note = the("estimates_by_construction", diagnosis)
    assert "3,600 times" in note.sentence
    assert not any(code.startswith("estimate_bias") for code in codes(diagnosis))
    assert the("threshold_unreachable", diagnosis).settings == ("skills.threshold=0.59",)


def test_seconds_read_as_hours_are_told_where_they_make_an_estimate_that_nobody_pays():
    scenario = coalesce_sim.load("cold_start", ["clock.days=3", "cost_model.realised.basis=physical"])
    found = the("estimate_bias_home", doctor(scenario, replications=1))
    delay = found.evidence["parts_usd"]["delay"]
    assert delay["estimated"] > 100 * delay["realised"]
    assert "Seconds are read as hours (D1)" in found.sentence
    assert "cost_model.internal.execution_time_unit=second" in found.settings


def test_worse_work_than_at_home_is_told():
    poor = [contractor("a", success=0.2), contractor("b", success=0.2)]
    sick = market(contractors=poor, clients=clients(success=1), policy={"kind": "random"})
    found = the("success_falls", examined(sick))
    assert found.evidence["all_local_success_rate"] == 100
    assert found.evidence["success_rate"] == pytest.approx(20, abs=8)


def test_a_client_without_gpu_loses_what_stays_at_home():
    diagnosis = examined(market(clients=clients(slots=0), policy={"kind": "always_local"}))
    found = the("no_gpu", diagnosis)
    assert found.evidence["undone"] == diagnosis.figures["tasks"]
    assert found.evidence["loss_usd"] == 10 * diagnosis.figures["tasks"]


def test_every_value_to_try_is_one_that_the_scenario_takes():
    skills = {"threshold": 0.9, "ontological_weight": 0.6, "embedding_weight": 0, "performance_weight": 0}
    sick = [
        market(skills=skills, policy=NO_EXPLORATION | {"memory": "per_client"}, reputation={}),
        market(clients=clients(slots=0)),
        market(discovery={"kind": "registry", "outages": [{"start_h": 0, "hours": 24}]}),
        market(policy={"kind": "always_local"}, clients=clients(price_usd=6)),
    ]
    tried = 0
    for scenario in sick:
        for finding in examined(scenario).findings:
            for setting in finding.settings:
                if "=" in setting:
                    coalesce_sim.load(scenario, [setting])
                    tried += 1
    assert tried >= 6


def test_without_tasks_that_is_what_is_found():
    nothing = market(workload=market()["workload"] | {"arrivals": {"kind": "renewal", "gap_s": 100_000}})
    nothing["clock"] = nothing["clock"] | {"days": 0.01}
    assert codes(examined(nothing)) == {"no_tasks"}


@pytest.mark.parametrize(
    ("changes", "overrides", "warning"),
    [
        ({}, ["skills.ontological_weight=0.4"], "threshold 0.5 for job (best 0.4): only exploration sends"),
        ({}, ["skills.ontological_weight=0.4", "policy.epsilon=0"], "(best 0.4): they stay at home"),
        (
            {"reputation": {}},
            ["skills.ontological_weight=0.2", "skills.performance_weight=0.5", "policy.epsilon=0"],
            "before it has been rated, for job (best 0.45)",
        ),
        ({"contractors": [contractor("a", slots=0)]}, [], "all contractors have 0 slots"),
        ({"clients": clients(slots=0)}, [], "clients.slots is 0"),
        (
            {"contractors": [*POOL, contractor("d", slots=0)]},
            [],
            "contractors with 0 slots, which reject whatever they are given: d",
        ),
        ({"contractors": [*POOL, contractor("d", unreachable_rate=1)]}, [], "never answer"),
        (
            {"contractors": [contractor("able", skills=["x"]), contractor("unable")]},
            ["workload.types.job.skills=[x]", "policy.epsilon=0"],
            "can never get work, since they pass skills.threshold 0.5 for no type of task that they offer to "
            "do: unable",
        ),
        (
            {"clients": clients(count=4), "workload": market()["workload"] | {"dealing": BY_ARRIVAL}},
            [],
            "3 of 4 clients, number 1, number 2, number 3, can never get a task (workload.dealing is "
            "round_robin_by_arrival)",
        ),
        ({"clients": clients(count=4)}, ["workload.arrivals.limit=3"], "1 of 4 clients, number 3, can never"),
        (
            {"discovery": {"kind": "registry", "k": 2, "newcomer_share": 0}},
            [],
            "for each type of task the same 2 of 3 contractors are found for ever",
        ),
        ({"contracts": {"timeout_factor": 0.4}}, [], "canceled after 40 %"),
    ],
)
def test_what_cannot_work_is_told_before_it_is_played(
    changes: dict[str, Any], overrides: list[str], warning: str
):
    told = warnings_of(coalesce_sim.load(market(**changes), overrides))
    assert len(told) == 1
    assert warning in told[0]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("cost_model.external.pricing.load_slope=1.2", "load_slope is 1.2"),
        ("cost_model.external.pricing.complexity_slope=2.5", "complexity_slope is 2.5"),
    ],
)
def test_a_slope_that_may_take_a_price_below_nothing_is_a_warning_and_prices_stop_at_nothing(override, told):
    scenario = coalesce_sim.load("dur_01", [override, "clock.days=0.5", "policy={kind: always_outsource}"])
    assert [each for each in warnings_of(scenario) if told in each and "done for nothing" in each]
    prices_usd = coalesce_sim.run(scenario, replications=2).decisions["price_usd"]
    assert prices_usd.min() == 0 < prices_usd.max()
    assert not [x for x in warnings_of(coalesce_sim.load("dur_01")) if "slope" in x]


def test_a_market_in_order_is_played_without_a_warning():
    scenario = coalesce_sim.load(market())
    assert warnings_of(scenario) == notes_of(scenario) == []


@pytest.mark.parametrize(
    ("overrides", "idle"),
    [
        (
            ["cost_model.internal.opportunity=later_tasks"],
            "cost_model.internal.opportunity=later_tasks (no two",
        ),
        (["cost_model.internal.opportunity=queue"], "cost_model.internal.opportunity=queue (beyond expected"),
        (
            ["cost_model.internal.opportunity=queue", "cost_model.late_usd_per_min=0"],
            "cost_model.internal.opportunity=queue (cost_model.late_usd_per_min is 0)",
        ),
        (
            ["cost_model.external.critical_factor=2"],
            "cost_model.external.critical_factor (workload.attributes",
        ),
        (["contractors[1].output_usd_per_mtok=3"], "contractors[*].output_usd_per_mtok (pricing is flat)"),
        (
            ["clients.hardware.memory_usd_per_h=1"],
            "clients.hardware.memory_usd_per_h (tasks occupy no memory)",
        ),
        (["reputation.pooling=9"], "reputation.pooling (reputation.by_task_type is false)"),
        (["policy.boosts.cost=2"], "policy.boosts.cost (policy.boosts.cost_if_budget_share_below is 0)"),
        (["workload.attributes.duration_h=2"], "workload.attributes.duration_h (nothing asks for it)"),
        (
            ["settlement={fee: [{kind: card}, {kind: card, share: 0.1}, {kind: network, fixed_usd: 4e-10}]}"],
            "settlement.fee[0], settlement.fee[2] (it takes nothing)",
        ),
        (
            ["compliance={jurisdictions: {clients: {US: 1}}, embargo: {US: []}}"],
            "compliance.embargo.US (it names no jurisdiction)",
        ),
    ],
)
def test_a_setting_without_effect_is_a_note(overrides: list[str], idle: str):
    scenario = coalesce_sim.load(market(), overrides)
    assert warnings_of(scenario) == []
    (told,) = notes_of(scenario)
    assert told.startswith(f"without effect here: {idle}")


def test_a_shortlist_longer_than_the_pool_is_a_note():
    scenario = coalesce_sim.load(market(discovery={"kind": "registry", "k": 5}))
    assert warnings_of(scenario) == []
    assert notes_of(scenario) == ["discovery.k is 5, but there are only 3 contractors: everybody is found"]


def test_a_type_that_nobody_offers_to_do_is_a_warning():
    outcomes = {"job": {"success": 1}}
    types = market()["workload"]["types"]
    workload = market()["workload"] | {"types": types | {"other": types["job"]}}
    pool = [contractor(name, outcomes=outcomes, reliability=1) for name in ("a", "b")]
    told = warnings_of(coalesce_sim.load(market(workload=workload, contractors=pool)))
    assert told == ["no contractor offers to do other: such tasks stay at home"]


def test_a_figure_that_only_some_replications_have_is_told_of_those():
    """With one task in two, some replications hire nobody and so have no concentration of revenue."""
    tasks = {"kind": "renewal", "gap_s": {"exponential": {"mean": 300}}, "limit": 1}
    played = market(policy=TOPSIS | {"epsilon": 0.5, "outsource_above_score": 1})
    played["workload"]["arrivals"] = tasks
    found = doctor(coalesce_sim.load(played), replications=8)
    concentration = found.estimates["revenue_hhi"]
    assert 0 < concentration.n < 8
    assert concentration.mean == 1.0


def test_a_budget_that_keeps_offers_away_is_named_and_where_slots_are_stated_at_home():
    groups = {
        "poor": {"count": 1, "budget_usd_per_day": 0.05},
        "boxed": {"count": 1, "box": "lab", "share": 0.1},
    }
    machine = {"slots": 1, "hardware": market()["clients"]["hardware"]}
    of_all = {name: value for name, value in clients().items() if name != "count"}
    found = examined(market(clients=of_all | {"groups": groups}, boxes={"lab": machine}))
    assert slots_at_home(found.scenario) == ["boxes.lab.slots"]
    cause = the("outsourcing_low.nobody_offers", found)
    assert "in 100 % of these all asked for more than a group's budget had left that day" in cause.sentence
    assert cause.settings == ("clients.groups.poor.budget_usd_per_day",)


def test_rules_that_leave_nobody_are_named_before_a_run_and_after():
    pool = [contractor("a", jurisdiction="SG"), contractor("b", jurisdiction="KP")]
    rules = {"jurisdictions": {"clients": {"US": 1.0}}, "embargo": {"US": ["KP", "SG"], "DE": ["KP"]}}
    found = examined(market(contractors=pool, compliance=rules))
    assert "compliance.embargo leaves the client nobody to hire" in warnings_of(found.scenario)
    [idle] = notes_of(found.scenario)
    assert idle.startswith("without effect here: compliance.embargo.DE (no client is of DE)")
    cause = the("outsourcing_low.nobody_offers", found)
    assert "in 100 % of these rules forbade the offers that were left" in cause.sentence
    assert cause.settings == ("compliance",)


def test_a_market_that_its_contractors_have_left_is_named():
    pool = [contractor(name, leave_h=0.2) for name in ("a", "b")]
    cause = the("outsourcing_low.nobody_offers", examined(market(contractors=pool)))
    assert "in 100 % of these no contractor was in the market" in cause.sentence
    assert cause.settings == ("contractors[*].enter_h", "contractors[*].leave_h")


def test_no_shortlist_is_too_long_where_others_may_enter():
    pool = {"count": 2, "types": {"x": {"share": 1, "price_usd": 0.02, "latency_min": 1, "reliability": 0.9}}}
    rules = {"contractors": pool, "discovery": {"kind": "registry", "k": 5}}
    assert "there are only 2 contractors" in " ".join(notes_of(coalesce_sim.load(market(**rules))))
    assert notes_of(coalesce_sim.load(market(**rules, turnover={"entry": {"per_day": 9}}))) == []
