"""Yardsticks in a learning market: what the oracle is told comes true, and nobody does better."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coalesce_sim import LOCAL, Decision, OracleView, Policy, View
from coalesce_sim.scenario.workload import LEVELS
from tests.market.trading import contractor, market, run_of

CHECK = {"usd": 0.2, "minutes": 1.0, "sensitivity": 0.7, "specificity": 0.8}


INCIDENTS = {
    "shares": {"leaked": 1, "tampered": 1, "lost": 1},
    "leak_usd": {"low": 1, "medium": 3, "high": 9},
    "insured_share": 0.3,
    "lowered_by": {"audit": {"lost": 0.2}},
}


def uncertain(recovery: dict[str, Any], late_usd_per_min: float = 0.0, **sections: Any) -> dict[str, Any]:
    """Everything may go wrong with everybody, but nobody waits."""
    scenario = market(
        [{"type": "job", "arrival_s": 50.0 * k, "data_sensitivity": LEVELS[k % 3]} for k in range(60)],
        contractor("a", success=0.5, price_usd=0.5),
        contractor("b", success=0.8, price_usd=1.5, unreachable_rate=0.1),
        contractor("c", success=0.9, outcomes={"job": {"success": 0.9, "bill_usd": 2, "failed_bill_usd": 1}}),
        clients={"count": 2, "success": 0.6},
        attributes={"output_gb": 0.5, "value_usd": {"uniform": {"low": 1, "high": 9}}},
        external={
            "communication_usd_per_gb": 0.02,
            "integration_usd": 0.1,
            "security_risk": {"base": 0.3, "slope": 0},
        },
        realised={
            "external_time_factor": {"exponential": {"mean": 1}},
        },
        contracts={
            "failed_share": 0.3,
            "due_on_failure": 0.5,
            "verification": {"automated": CHECK},
            "recovery": recovery,
            "security": {"audit_usd_share": 0.1, "incidents": INCIDENTS},
        },
        **sections,
    )
    scenario["workload"]["failure_correlation"] = 0.4
    scenario["cost_model"]["late_usd_per_min"] = late_usd_per_min
    return scenario


def promises(scenario: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """What the view said of a random choice, and what it then came to."""
    promised: list[float] = []

    class Witness(Policy):
        view_type = OracleView

        def start(self, surroundings: Any) -> None:
            self.rng = surroundings.stream("witness")

        def decide(self, view: View) -> Decision:
            assert isinstance(view, OracleView)
            choice = int(self.rng.integers(LOCAL, view.contractors))
            away_usd = float(view.realised_external_usd[choice])
            promised.append(view.realised_internal_usd if choice == LOCAL else away_usd)
            return Decision(choice)

    realised = run_of(scenario, policy=Witness).decisions["realised_usd"].to_numpy()
    return np.array(promised), realised


@pytest.mark.parametrize("then", ["local", "give_up"])
def test_the_oracle_is_told_what_every_choice_will_cost(then: str) -> None:
    promised, realised = promises(uncertain({"then": then}))
    assert len(promised) == len(realised) == 60
    assert realised == pytest.approx(promised, rel=1e-12)


@pytest.mark.parametrize("running", ["lost", "resumes"])
def test_the_oracle_is_told_of_outages_and_of_how_good_work_will_be(running: str) -> None:
    scenario = uncertain({"then": "local"})
    rules = {"mean_up_h": 0.05, "mean_repair_h": 0.02, "running": running}
    falls = {"at_hours": [[0, 0.9], [0.2, 0.3], [0.5, 0.9]]}
    for who, success in zip(scenario["contractors"], (falls, 0.8, None), strict=True):
        who |= {"outages": rules, "slots": 1} | ({} if success is None else {"success": success})
    promised, realised = promises(scenario)
    assert realised == pytest.approx(promised, rel=1e-12)


def test_the_oracle_is_told_how_late_work_is_that_resumes() -> None:
    rules = {"mean_up_h": 0.03, "mean_repair_h": 0.1, "running": "resumes"}
    scenario = market(
        [30.0 * k for k in range(80)],
        *(contractor(n, slots=1, outages=rules) for n in "ab"),
        contracts={"connect_timeout_s": 0},
    )
    promised, realised = promises(scenario)
    assert realised == pytest.approx(promised, rel=1e-12)
    assert np.ptp(realised) > 1


@pytest.mark.parametrize("pricing", [{"kind": "per_token"}, {"kind": "load", "slope": 0.5}])
def test_the_oracle_knows_how_long_answers_will_be(pricing: dict[str, Any]) -> None:
    scenario = uncertain({}, late_usd_per_min=0.6)
    scenario["workload"]["attributes"] |= {
        "output_tokens": {"exponential": {"mean": 4000}},
        "expected_output_tokens": 4000,
    }
    scenario["workload"]["types"]["job"]["max_latency_min"] = 1
    scenario["clients"]["success"] = 1
    scenario["contracts"] |= {"verification": {}, "failed_share": 0, "security": {}}
    scenario["contractors"] = [
        contractor(name, success=1, output_usd_per_mtok=500, decode_tokens_per_s=50) for name in "abc"
    ]
    scenario["cost_model"]["external"]["pricing"] = pricing
    promised, realised = promises(scenario)
    assert realised == pytest.approx(promised, rel=1e-12)
    assert np.ptp(realised) > 3


def test_the_oracle_is_told_the_lateness_of_good_work() -> None:
    slow = {"latency_min": 6, "success": 1}
    scenario = uncertain({}, late_usd_per_min=0.6)
    scenario["clients"]["success"] = 1
    scenario["contracts"] |= {"verification": {}, "security": {}, "transfer_mb_per_s": 20}
    scenario["contracts"]["handshake_ms"] = 500
    scenario["contractors"] = [contractor(name, network_ms=2000, **slow) for name in "abc"]
    scenario["discovery"] = {"kind": "registry", "latency_ms": 1500}
    promised, realised = promises(scenario)
    assert realised == pytest.approx(promised, rel=1e-12)
    assert realised.max() > 3


@pytest.mark.parametrize("then", ["local", "give_up"])
def test_nobody_does_better_than_the_oracle_on_any_task(then: str) -> None:
    def played(policy: dict[str, Any]) -> np.ndarray:
        decisions = run_of(uncertain({"then": then}, policy=policy)).decisions
        realised_usd: np.ndarray = decisions["realised_usd"].to_numpy()
        return realised_usd

    told = played({"kind": "oracle"})
    rivals = [{"kind": "fixed", "contractor": name} for name in "abc"]
    everybody = [*rivals, {"kind": "always_local"}, {"kind": "cheapest"}, {"kind": "random"}]
    for rival in everybody:
        assert (told <= played(rival) + 1e-9).all(), rival
    least_usd = np.min([played(each) for each in everybody[:4]], axis=0)
    assert told == pytest.approx(least_usd), "and it is one of the choices there are"


@pytest.mark.parametrize("seed", range(3))
def test_best_fixed_is_the_best_of_playing_every_choice(seed: int) -> None:
    def cost_usd(policy: dict[str, Any]) -> float:
        scenario = uncertain({}, policy=policy)
        return run_of(scenario, seed=seed).replications[0]["realised_usd"]

    choices = [{"kind": "fixed", "contractor": name} for name in "abc"]
    least_usd = min(cost_usd(each) for each in [*choices, {"kind": "always_local"}])
    assert cost_usd({"kind": "best_fixed"}) == pytest.approx(least_usd)
