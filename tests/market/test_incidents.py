"""Security incidents: what leaks, tampering and lost work cost, who bears it, and what lowers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.experiments.diagnosis.unused.everywhere import without_effect
from coalesce_sim.report.explanation import explain
from coalesce_sim.scenario.problems import ScenarioError
from tests.market.trading import HOME, HOME_USD, VALUE_USD, contractor, market, play, run_of
from verification.plain_and_simulator import differences

GIVE_UP = {"then": "give_up"}
EACH = {"leaked": 1, "tampered": 1, "lost": 1}


def insecure(
    arrivals: Sequence[float | dict[str, Any]],
    shares: Mapping[str, float],
    *,
    security: dict[str, Any] | None = None,
    incidents: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    contracts: dict[str, Any] | None = None,
    **sections: Any,
) -> dict[str, Any]:
    """One contractor, at whom something happens to every contract unless `facts` say otherwise."""
    rule = {"shares": dict(shares), "leak_usd": {"low": 1, "medium": 4, "high": 16}} | (incidents or {})
    rules = {"security": {"incidents": rule} | (security or {})} | (contracts or {})
    return market(
        arrivals, contractor("a", **{"security_risk": 1} | (facts or {})), contracts=rules, **sections
    )


@pytest.mark.parametrize(("level", "gross_usd"), [("low", 1), ("medium", 4), ("high", 16)])
def test_a_leak_costs_its_amount_less_what_insurance_pays(level: str, gross_usd: float) -> None:
    scenario = insecure(
        [0], {"leaked": 1}, incidents={"insured_share": 0.25}, attributes={"data_sensitivity": level}
    )
    result, script = play(scenario, "a")
    (contract,), (task,) = result.contracts.to_dict("records"), result.decisions.to_dict("records")
    assert (contract["accepted"], contract["good"], contract["incident"]) == (True, True, "leaked")
    assert (contract["leak_usd"], contract["insured_usd"]) == (0.75 * gross_usd, 0.25 * gross_usd)
    assert (task["price_usd"], task["loss_usd"], task["leak_usd"]) == (1, 0, 0.75 * gross_usd)
    assert task["realised_usd"] == 1 + 0.75 * gross_usd
    assert script.outcomes[0].realised_usd == 1 + 0.75 * gross_usd
    metrics = result.replications[0]
    assert (metrics["leak_usd"], metrics["insured_usd"]) == (0.75 * gross_usd, 0.25 * gross_usd)
    assert metrics["contracts_leaked_rate"] == 100


def test_each_task_and_each_step_leaks_what_its_own_level_says() -> None:
    """Stated by the task, else by its type, else by the type of its whole, else for all."""
    job = {"max_latency_min": 5, "local_min": 1, "base_flop": 1e12}
    types = {"job": job, "public": job | {"data_sensitivity": "low"}}
    steps = {"one": {"type": "job"}, "two": {"type": "public", "after": ["one"]}}
    types["secret"] = {"max_latency_min": 9, "data_sensitivity": "high", "steps": steps}
    tasks: list[dict[str, Any]] = [{"type": name} for name in ("job", "public", "secret")]
    tasks += [tasks[1] | {"data_sensitivity": "high"}, tasks[2] | {"data_sensitivity": "low"}]
    tasks = [task | {"arrival_s": 1000.0 * k} for k, task in enumerate(tasks)]
    levels = ["medium", "low", "high", "low", "high", "low", "low"]
    leak_usd = [{"low": 1, "medium": 4, "high": 16}[level] for level in levels]
    scenario = insecure(tasks, {"leaked": 1}, types=types, policy={"kind": "always_outsource"})
    result = run_of(scenario, offers=True)
    assert result.contracts.sort_values("task")["leak_usd"].tolist() == leak_usd
    assert result.decisions["leak_usd"].tolist() == leak_usd
    assert result.offers["expected_leak_usd"].tolist() == leak_usd
    assert differences(coalesce_sim.load(scenario)) == []


def test_data_leak_once_they_went_out_whatever_becomes_of_the_work_and_never_at_home() -> None:
    rules = {"failed_share": 1, "recovery": GIVE_UP}
    failed = insecure([0], {"leaked": 1}, facts={"success": 0}, contracts=rules)
    assert play(failed, "a")[0].contracts["incident"].tolist() == ["leaked"]
    for facts in ({"unreachable_rate": 1}, {"slots": 0}):
        result, _ = play(insecure([0], EACH, facts=facts), "a")
        assert result.contracts["incident"].isna().all()
        assert result.decisions["realised_usd"].tolist() == pytest.approx([HOME_USD])
    result, _ = play(insecure([0], EACH), HOME)
    assert result.decisions["realised_usd"].tolist() == pytest.approx([HOME_USD])
    assert result.replications[0]["leak_usd"] == 0


@pytest.mark.parametrize(("sensitivity", "found"), [(1.0, True), (0.0, False)])
def test_tampered_work_is_bad_work_that_the_verification_may_find(sensitivity: float, found: bool) -> None:
    rules = {"verification": {"automated": {"sensitivity": sensitivity}}}
    result, script = play(insecure([0], {"tampered": 1}, contracts=rules), "a")
    (contract,) = result.contracts.fillna({"reason": ""}).to_dict("records")
    (task,) = result.decisions.to_dict("records")
    assert (contract["incident"], contract["good"], contract["state"]) == ("tampered", False, "completed")
    assert contract["reason"] == ("found bad" if found else "")
    assert script.told[0] == (0, "a", not found)
    assert task["choice"] == ("local" if found else "contractor")
    assert task["realised_usd"] == pytest.approx(HOME_USD if found else 1 + VALUE_USD)
    assert task["outcome"] == ("completed" if found else "failed")


@pytest.mark.parametrize("then", ["local", "give_up"])
def test_lost_work_was_done_has_failed_and_is_recovered_from(then: str) -> None:
    check = {"usd": 0.3, "minutes": 5}
    rules = {"recovery": {"then": then}, "verification": {"automated": check}, "due_on_failure": 0.5}
    result, script = play(insecure([0, 10], {"lost": 1}, facts={"slots": 1}, contracts=rules), "a", "a")
    contracts = result.contracts
    assert contracts["state"].tolist() == ["failed"] * 2
    assert contracts["reason"].tolist() == contracts["incident"].tolist() == ["lost"] * 2
    assert contracts["working_s"].tolist() == [0, 60], "the slot was taken to the end of the work"
    assert contracts["ended_s"].tolist() == [60, 120], "and nothing is there to be verified"
    assert (contracts["paid_usd"].tolist(), contracts["fees_usd"].tolist()) == ([0.5] * 2, [0.0] * 2)
    lost_usd = HOME_USD if then == "local" else VALUE_USD
    assert result.decisions["realised_usd"].tolist() == pytest.approx([0.5 + lost_usd] * 2)
    assert result.decisions["outcome"].tolist() == ["completed" if then == "local" else "failed"] * 2
    assert script.told[0] == (0, "a", False)


@pytest.mark.parametrize("sensitivity", [0.0, 1.0])
def test_bad_work_that_is_tampered_with_costs_what_bad_work_costs(sensitivity: float) -> None:
    rules = {"verification": {"automated": {"sensitivity": sensitivity}}, "recovery": GIVE_UP}
    tampered = insecure([0], {"tampered": 1}, facts={"success": 0}, contracts=rules)
    untouched = insecure([0], {"tampered": 1}, facts={"success": 0, "security_risk": 0}, contracts=rules)
    costs_usd = [play(each, "a")[0].decisions["realised_usd"].tolist() for each in (tampered, untouched)]
    assert costs_usd[0] == costs_usd[1] == pytest.approx([VALUE_USD + (1 if sensitivity == 0 else 0)])


@pytest.mark.parametrize("rated", [False, True])
def test_estimates_charge_the_incident_to_be_expected_in_place_of_a_share_of_the_value(rated: bool) -> None:
    """Half of one in five contracts leaks, a quarter is tampered with or lost; the score of who is rated has
    the latter in it. Without a second attempt failures cost the value."""
    scenario = insecure(
        [0],
        {"leaked": 2, "tampered": 1, "lost": 1},
        incidents={"insured_share": 0.5},
        facts={"security_risk": 0.2, "quality_risk": 0.03, "reliability": 0.8},
        contracts={"recovery": GIVE_UP},
        **({"reputation": {"start": "warm"}} if rated else {}),
    )
    result = run_of(scenario, offers=True)
    (offer,) = result.offers.to_dict("records")
    good_p = 0.8 if rated else 0.8 * (1 - 0.2 * 0.5)
    assert offer["reliability"] == pytest.approx(0.8)
    assert offer["expected_leak_usd"] == pytest.approx(0.2 * 0.5 * 4 * 0.5)
    assert offer["expected_loss_usd"] == pytest.approx((1 - good_p) * VALUE_USD)
    assert offer["risk_usd"] == pytest.approx(0.03 * VALUE_USD)
    parts = ("price_usd", "expected_leak_usd", "expected_loss_usd", "risk_usd")
    assert offer["external_usd"] == pytest.approx(sum(offer[name] for name in parts))


OVERHEADS = {"encryption": "encryption_share", "enclave": "enclave_usd_share", "audit": "audit_share"}


def kinds_of(scenario: dict[str, Any]) -> list[str]:
    names = ["a"] * len(scenario["workload"]["arrivals"]["tasks"])
    contracts = play(scenario, *names)[0].contracts.sort_values("task")
    return contracts["incident"].fillna("").tolist()


@pytest.mark.parametrize("overhead", OVERHEADS)
def test_an_overhead_averts_what_it_says_changes_no_other_incident_and_nothing_if_it_is_not_in_place(
    overhead: str,
) -> None:
    facts, arrivals = {"security_risk": 0.8}, [100.0 * k for k in range(40)]
    averted = {"incidents": {"lowered_by": {overhead: {"leaked": 1, "lost": 0.5}}}}
    before = kinds_of(insecure(arrivals, EACH, facts=facts))
    assert {"leaked", "tampered", "lost", ""} == set(before)
    assert kinds_of(insecure(arrivals, EACH, facts=facts, **averted)) == before, "not in place"
    security = {OVERHEADS[overhead]: 0.1}
    after = kinds_of(insecure(arrivals, EACH, facts=facts, security=security, **averted))
    assert all(new in (old, "") for old, new in zip(before, after, strict=True))
    assert "leaked" not in after
    assert after.count("tampered") == before.count("tampered")
    assert 0 < after.count("lost") < before.count("lost")


def test_what_security_costs_is_added_to_prices_bills_and_own_costs() -> None:
    security = {"key_exchange_usd_share": 0.01, "encryption_usd_share": 0.02, "enclave_usd_share": 0.03}
    security |= {"audit_usd_share": 0.04}
    incidents = {"premium_usd_share": 0.1}
    nothing: dict[str, Any] = {"security": security, "incidents": incidents, "facts": {"security_risk": 0}}
    assert play(insecure([0], EACH, **nothing), "a")[0].contracts["paid_usd"].tolist() == [1.2]
    billed = {"outcomes": {"job": {"success": 1, "bill_usd": 3}}, "security_risk": 0}
    result, _ = play(insecure([0], EACH, **nothing | {"facts": billed}), "a")
    assert result.contracts["paid_usd"].tolist() == pytest.approx([3.6])
    own = {"own_cost_share": 0.05, "price_usd": 0.5, "security_risk": 0}
    bargained = {"pricing": {"kind": "bargained", "client_weight": 1}}
    result, _ = play(insecure([0], EACH, **nothing | {"facts": own}, external=bargained), "a")
    assert result.contracts["paid_usd"].tolist() == pytest.approx([0.5 * 0.05 * 1.2])


def test_a_decision_is_explained_with_what_happened() -> None:
    scenario = insecure([0], {"leaked": 1}, incidents={"insured_share": 0.5}, policy={"kind": "fixed"})
    scenario["policy"]["contractor"] = "a"
    told = explain(coalesce_sim.load(scenario), 1, 0, 0)
    assert told.contract is not None
    assert told.contract["incident"] == "leaked"
    assert told.contract["verdict"].endswith(
        "Its data leaked, which costs the client 2.00 USD, and insurance 2.00 USD."
    )
    assert told.contractors[0]["expected_leak_usd"] == 2
    scenario["contracts"]["security"]["incidents"]["shares"] = {"tampered": 1}
    told = explain(coalesce_sim.load(scenario), 1, 0, 0)
    assert told.contract is not None
    assert "found bad, as it is: it was tampered with" in told.contract["verdict"]


def test_incidents_need_contracts_and_kinds() -> None:
    rule = "contracts.security.incidents={shares: {leaked: 1}, leak_usd: {medium: 1}}"
    with pytest.raises(ScenarioError, match="contractor_dynamics: moves prices by the hour, where contracts"):
        coalesce_sim.load("dur_01", [rule])
    with pytest.raises(ScenarioError, match=r"incidents\.shares: the shares must not all be 0"):
        coalesce_sim.load(insecure([0], {"leaked": 0}))


def test_what_can_have_no_effect_is_told() -> None:
    lowered = {"lowered_by": {"audit": {"leaked": 0.5}}}
    (told,) = without_effect(coalesce_sim.load(insecure([0], EACH, incidents=lowered)))
    assert "contracts.security.incidents.lowered_by.audit.leaked (there is no audit)" in told
    assert "leak_usd.low, contracts.security.incidents.leak_usd.high (the data_sensitivity of all" in told
    tasks = [{"type": "job", "arrival_s": 0, "data_sensitivity": level} for level in ("low", "high")]
    (told,) = without_effect(
        coalesce_sim.load(insecure(tasks, EACH, attributes={"data_sensitivity": "high"}))
    )
    assert "leak_usd.medium (the data_sensitivity of all tasks is low or high)" in told
    assert "workload.attributes.data_sensitivity (all tasks or their types state their own)" in told
    assert "workload.arrivals" not in told
    (told,) = without_effect(coalesce_sim.load(insecure([0], EACH, facts={"security_risk": 0})))
    assert "contracts.security.incidents (nobody has a security_risk)" in told


def test_without_the_section_nothing_is_said_of_incidents() -> None:
    result, _ = play(market([0], contractor("a", security_risk=1)), "a")
    assert not {"leak_usd", "insured_usd", "contracts_lost_rate"} & set(result.replications[0])
    assert not {"leak_usd", "incident"} & {*result.decisions.columns, *result.contracts.columns}
