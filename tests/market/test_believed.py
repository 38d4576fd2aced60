"""What clients believe of their hardware: estimates go by it, times and charges by the truth."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coalesce_sim import Scenario, ScenarioError, load, run
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from tests.market.trading import HOME_USD, contractor, market, run_of
from verification.plain_and_simulator import differences

HALF = {"utilisation": 0.5}


def at_home(believed: dict[str, Any] | None, arrivals: list[float], **sections: Any) -> dict[str, Any]:
    """Jobs of 60 s by FLOP on one slot, which cost `HOME_USD` a second; nothing else costs anything."""
    job = {"local_min": None, "base_flop": 60e12}
    fields = market(arrivals, contractor("a"), types={"job": job}, **sections)
    fields["clients"] |= {"slots": 1}
    fields["clients"]["hardware"]["believed"] = believed
    fields["cost_model"]["internal"]["opportunity"] = "expected_delay"
    return fields | {"policy": {"kind": "always_local"}}


@pytest.mark.parametrize("trade", ["contracts", "published"])
def test_estimates_and_queues_go_by_belief_and_the_rest_by_the_truth(trade: str) -> None:
    fields = at_home(HALF, [0.0, 0.0, 0.0])
    if trade == "published":
        del fields["contracts"]
    decisions = run_of(fields).decisions
    assert decisions["internal_compute_usd"].tolist() == pytest.approx([120 * HOME_USD] * 3)
    assert decisions["estimated_s"].tolist() == [120, 240, 360]
    assert decisions["turnaround_s"].tolist() == [60, 120, 180]
    assert decisions["realised_usd"].tolist() == pytest.approx([60 * HOME_USD] * 3)
    assert decisions["all_local_usd"].tolist() == decisions["realised_usd"].tolist()


def test_calibration_learns_what_belief_gets_wrong() -> None:
    """Bills are half of what is expected, waiting is not: with rate 0.5 the factor on charges is by sums
    1, 3/4, 2/3, 5/8, as long as it would have brought earlier estimates nearer."""
    arrivals = [0.0, 1000.0, 2000.0, 3000.0]
    decisions = run_of(at_home(HALF, arrivals, calibration={"rate": 0.5})).decisions
    estimates = [120 * HOME_USD * factor for factor in (1, 1, 2 / 3, 5 / 8)]
    assert decisions["internal_usd"].tolist() == pytest.approx(estimates)
    assert decisions["realised_usd"].tolist() == pytest.approx([60 * HOME_USD] * 4)
    never = run_of(at_home(HALF, arrivals)).decisions
    assert never["internal_usd"].tolist() == pytest.approx([120 * HOME_USD] * 4)


def test_what_is_charged_by_estimates_is_charged_by_those_of_the_true_hardware() -> None:
    staying = ["clock.days=0.5", "policy={kind: always_local}"]
    true = run(load("dur_03", staying), replications=1).decisions
    wrong = run(
        load("dur_03", [*staying, f"clients.hardware.believed={HALF}"]),
        replications=1,
    ).decisions
    same = ["task", "realised_usd", "all_local_usd", "turnaround_s"]
    assert wrong[same].equals(true[same])
    # Utilisation 0.5 in place of 0.75: half as long again, at the same energy in all.
    for part, more in (("compute", 1.5), ("memory", 1.5), ("energy", 1.0), ("opportunity", 1.5)):
        told = [each[f"internal_{part}_usd"].tolist() for each in (wrong, true)]
        assert told[0] == pytest.approx([more * usd for usd in told[1]])


def test_the_plain_market_agrees() -> None:
    fields = at_home({"utilisation": 0.5, "peak_flop_s": 4e12}, [0.0, 1.0, 50.0, 51.0, 200.0])
    fields["policy"] = {"kind": "greedy"}
    assert differences(load(fields | {"calibration": {"rate": 0.3}})) == []


def test_it_is_written_out_and_read_again() -> None:
    scenario = load("market_day", ["clients.hardware.believed.decode_tokens_per_s=256"])
    assert scenario.resolved()["clients"]["hardware"]["believed"] == {"decode_tokens_per_s": 256.0}
    assert Scenario.model_validate_json(json.dumps(scenario.resolved())) == scenario
    assert "believed" not in load("market_day").resolved()["clients"]["hardware"]


@pytest.mark.parametrize(
    ("scenario", "changes", "message"),
    [
        ("dur_03", ["believed={decode_tokens_per_s: 9}"], "timed in FLOP"),
        ("market_day", ["believed={peak_flop_s: 1e12}"], "timed by tokens"),
        (
            "market_day",
            ["believed={utilisation: 0.5}", "power_w=300"],
            "by tokens, and power_w is known",
        ),
        ("market_day", ["believed={power_w: 100}", "basis=rented"], "a rent includes the power"),
        ("dur_03", ["believed={tdp_w: 100}", "electricity_usd_per_kwh=0"], "electricity_usd_per_kwh is 0"),
        ("dur_03", ["believed={tdp_w: 100, power_w: 90}"], "power_w is known"),
        ("dur_03", ["believed={}"], "nothing is stated"),
        ("azure_code_like", ["believed={power_w: 100}"], None),
    ],
)
def test_what_can_change_no_estimate_is_refused(
    scenario: str, changes: list[str], message: str | None
) -> None:
    settings = [f"clients.hardware.{change}" for change in changes]
    if message is None:
        assert load(scenario, settings).clients.homes[0].hardware.believed is not None
        return
    with pytest.raises(ScenarioError, match=rf"clients\.hardware\.believed.*{message}"):
        load(scenario, settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clients.slots": "0"}, "clients.slots is 0"),
        ({"workload.types.*.base_flop": "0"}, "base_flop of all workload.types is 0"),
        (
            {"cost_model.realised.basis": "estimate", "contracts": "null"},
            "what is expected of queues cannot differ",
        ),
    ],
)
def test_where_belief_cannot_act_it_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        load(at_home(HALF, [0.0]), [f"{path}={value}" for path, value in change.items()])


def test_beliefs_that_nothing_follows_from_are_told() -> None:
    idle = "without effect here: clients.hardware.believed"
    fields = market([0.0], contractor("a"))
    fields["clients"]["hardware"] |= {"compute_usd_per_h": 0, "believed": HALF}
    assert f"{idle} (times at home are stated and hours cost nothing)" in notes_of(load(fields))
    wordless = ["workload.attributes.prompt_tokens=0"]
    believed = ["clients.hardware.believed={prefill_tokens_per_s: 9, decode_tokens_per_s: 9}"]
    told = [note for note in notes_of(load("market_day", [*wordless, *believed])) if note.startswith(idle)]
    assert told == [f"{idle}.prefill_tokens_per_s (no task has prompt_tokens)"]


def test_contractors_have_no_beliefs() -> None:
    fields = market([0.0], contractor("a", hardware={"profile": "rtx_4090", "believed": {"power_w": 9}}))
    with pytest.raises(ScenarioError, match=r"contractors\[0\]\.hardware\.believed: unknown"):
        load(fields)
