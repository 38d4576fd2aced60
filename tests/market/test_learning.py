"""What a market comes to know and what it does with it: reputation, calibration, discovery, prices."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim import load, run
from tests.market.trading import HOME, HOME_USD, LATE_USD_PER_S, VALUE_USD, contractor, market, play, run_of

GIVE_UP = {"recovery": {"then": "give_up"}}
UNDETECTED = {"verification": {"automated": {"sensitivity": 0}}}
HALF_PERFORMANCE = {
    "threshold": 0.7,
    "ontological_weight": 0,
    "embedding_weight": 0.5,
    "performance_weight": 0.5,
}


def spaced(count: int, gap_s: float = 1000.0) -> list[float]:
    return [gap_s * k for k in range(count)]


def test_reputation_is_the_performance_term_and_so_decides_who_is_eligible() -> None:
    """EWMA with α = 1/2 from 0.8; skill is half of it and half of 1, and 0.7 is enough."""
    reputation = {"model": {"kind": "ewma", "alpha": 0.5, "initial": 0.8}}
    scenario = market(
        spaced(5),
        contractor("bad", success=0, performance=1.0),
        contractor("good"),
        reputation=reputation,
        skills=HALF_PERFORMANCE,
    )
    result, script = play(scenario, "bad", "bad", "good", "bad")
    assert [each["bad"] for each in script.skill] == pytest.approx([0.9, 0.7, 0.6, 0.6, 0.55])
    assert [each["good"] for each in script.skill] == pytest.approx([0.9, 0.9, 0.9, 0.95, 0.95])
    assert script.eligible == [["bad", "good"]] * 2 + [["good"]] * 3
    ratings = result.ratings
    assert ratings["contractor"].tolist() == ["bad", "bad", "good", "bad"]
    assert ratings["rating"].tolist() == [0, 0, 1, 0]
    assert ratings["score_after"].tolist() == pytest.approx([0.4, 0.2, 0.9, 0.1])
    assert ratings["time_s"].tolist() == result.contracts["ended_s"].tolist()
    # Who follows the threshold stays at home once nobody passes.
    scenario["contractors"].pop()
    scenario["policy"] = {"kind": "always_outsource"}
    tried = run_of(scenario).contracts["contractor"].astype(str).tolist()
    assert tried == ["bad", "bad"]


@pytest.mark.parametrize("policy", ["always_local", "always_outsource"])
def test_who_ends_on_time_but_for_rounding_is_not_late(policy: str) -> None:
    """Two tasks 1.2 s apart and one worker, 66 s each: the second takes 130.8 s, its target to the second,
    but for 3e-12 s of a clock that is at 40,000 s."""
    pairs = [start + gap for start in spaced(20, 2000.1) for gap in (0.0, 1.2)]
    scenario = market(
        pairs,
        contractor("a", latency_min=1.1, slots=1),
        clients={"count": 1, "slots": 1},
        types={"job": {"max_latency_min": 2.18, "local_min": 1.1, "base_flop": 1e12}},
        policy={"kind": policy},
    )
    result = run_of(scenario)
    assert result.decisions["turnaround_s"].max() > 130.8
    assert result.replications[0]["late_rate"] == result.replications[0]["all_local_late_rate"] == 0


@pytest.mark.parametrize("performance_weight", [0, 0.1])
def test_skills_above_1_are_equal_to_whoever_looks_for_contractors(performance_weight: float) -> None:
    """By weights that add up to more than 1 they have 1.5 and 1.25: both count as 1, the cheaper is found."""
    skills = {"ontological_weight": 0.5, "embedding_weight": 1, "performance_weight": performance_weight}
    scenario = market(
        spaced(2),
        contractor("skilled", skills=["code"], price_usd=2.0),
        contractor("cheap", skills=["code", "more"]),
        types={"job": {"max_latency_min": 5, "local_min": 1, "base_flop": 1e12, "skills": ["code"]}},
        reputation={"model": {"kind": "ewma", "alpha": 0.5, "initial": 1}},
        skills={"threshold": 0.9, "embedding_default": 1} | skills,
        discovery={"kind": "registry", "k": 1, "newcomer_share": 0},
    )
    _, script = play(scenario, HOME, HOME)
    assert script.eligible == [["cheap"]] * 2


def test_only_work_that_was_taken_on_is_rated_and_bad_work_not_found_as_good() -> None:
    scenario = market(
        spaced(4),
        contractor("full", slots=0),
        contractor("away", unreachable_rate=1),
        contractor("secretly bad", success=0),
        contracts=UNDETECTED | GIVE_UP,
        reputation={},
    )
    result, script = play(scenario, "full", "away", "secretly bad")
    ratings = result.ratings
    assert ratings["contractor"].tolist() == ["away", "secretly bad"]
    assert ratings["rating"].tolist() == [0, 1]
    assert script.told[:2] == [(1, "away", False), (2, "secretly bad", True)]
    assert result.decisions["outcome"].tolist() == ["failed", "failed", "failed", "completed"]
    assert result.decisions["realised_usd"].tolist() == pytest.approx([10, 10, 11, 0.1])
    assert script.outcomes[1].realised_usd == pytest.approx(1), "the client does not know better"


@pytest.mark.parametrize(("start", "expected"), [("cold", 0.5), ("warm", 0.9)])
def test_a_record_starts_cold_or_at_what_is_advertised(start: str, expected: float) -> None:
    a = contractor("a", reliability=0.9, success=1)
    scenario = market(spaced(2), a, reputation={"start": start}, contracts=GIVE_UP)
    _, script = play(scenario, "a")
    assert script.external_usd[0]["a"] == pytest.approx(1 + (1 - expected) * VALUE_USD)
    ratings = 10 if start == "warm" else 2
    after = (expected * ratings + 1) / (ratings + 1)
    assert script.external_usd[1]["a"] == pytest.approx(1 + (1 - after) * VALUE_USD)


def test_without_a_public_record_contractors_are_taken_at_their_word_and_own_work_is_known() -> None:
    a = contractor("a", reliability=0.9, success=0)
    scenario = market(spaced(3), a, clients={"success": 0.25}, contracts=GIVE_UP)
    _, script = play(scenario, "a", HOME)
    assert [each["a"] for each in script.external_usd] == pytest.approx([1 + 0.1 * VALUE_USD] * 3)
    assert script.internal_usd == pytest.approx([HOME_USD + 0.75 * VALUE_USD] * 3)


@pytest.mark.parametrize("sensitivity", [0.0, 0.6, 1.0])
def test_work_that_is_not_accepted_is_expected_to_cost_doing_it_over(sensitivity: float) -> None:
    check = {"verification": {"automated": {"sensitivity": sensitivity}}}
    a = contractor("a", reliability=0.9)
    _, script = play(market([0], a, clients={"success": 0.7}, contracts=check))
    over_usd = HOME_USD + 0.3 * VALUE_USD
    assert script.internal_usd == pytest.approx([over_usd])
    assert script.external_usd[0]["a"] == pytest.approx(1 + 0.1 * over_usd)


@pytest.mark.parametrize("success", [0, 1])
def test_with_a_public_record_clients_learn_how_good_their_own_work_is(success: int) -> None:
    scenario = market(spaced(30), contractor("a"), clients={"success": success}, reputation={})
    _, script = play(scenario)
    assert script.internal_usd[0] == pytest.approx(HOME_USD + 0.5 * VALUE_USD)
    steps = np.diff(script.internal_usd)
    assert (steps < 0).all() if success else (steps > 0).all()
    assert script.internal_usd[-1] == pytest.approx(HOME_USD + (1 - success) * VALUE_USD, abs=0.5)


def test_calibrated_estimates_come_to_the_bills_one_by_one() -> None:
    """A contractor that bills 2.5 where 1 is listed, and a home that is cheaper than its client thinks."""
    scenario = market(
        spaced(6),
        contractor("a", outcomes={"job": {"success": 1, "bill_usd": 2.5}}),
        clients={"price_usd": 0.9},
        external={"integration_usd": 0.5, "pricing": {"kind": "flat"}},
        calibration={"rate": 0.5, "forgetting": 0.5, "proven_only": False},
    )
    result, script = play(scenario, "a", "a", "a", HOME, HOME)
    # Listed 1.5 with integration, charged 3: the estimate goes half of the way each time.
    estimates = [1.5, 2.25, 2.625, 2.8125, 2.8125, 2.8125]
    assert [each["a"] for each in script.external_usd] == pytest.approx(estimates)
    assert script.internal_usd == pytest.approx([1.0] * 4 + [0.55, 0.325])
    # All six charges, in one row of the table, the last three at home.
    charged = np.array([3.0, 3.0, 3.0, 0.1, 0.1, 0.1])
    estimated = np.array([1.5, 2.25, 2.625, 1.0, 0.55, 0.325])
    error = 100 * np.abs(estimated - charged).sum() / charged.sum()
    assert result.estimation_error["estimation_error"].tolist() == pytest.approx([error])
    assert result.estimates["estimation_error"].mean == pytest.approx(error)


def test_lateness_is_corrected_by_times_and_never_put_down_to_charges() -> None:
    """One queue at home that works half as fast as its client thinks, so that its hours cost twice as much.

    Three tasks a second apart are expected to take 60, 119 and 178 s and take 120, 239 and 358 s. The fourth
    finds nobody before it: 60 s, corrected by (4·60 + 120 + 239 + 358) / (4·60 + 60 + 119 + 178), over 1 s.
    """
    internal = {"work": "flop", "execution_time_unit": "second", "opportunity": "expected_delay"}
    scenario = market(
        [0, 1, 2, 1000],
        contractor("a"),
        clients={"slots": 1},
        cost_model={"internal": internal | {"flop_reference_gb": 1}},
        calibration={},
        types={"job": {"max_latency_min": 1 / 60}},
        realised={"local_time_factor": 2},
    )
    _, script = play(scenario)
    factor = (4 * 60 + 120 + 239 + 358) / (4 * 60 + 60 + 119 + 178)
    expected_s = [60, 119, 178, 60 * factor]
    charges_usd = [HOME_USD] * 3 + [HOME_USD * (4 + 3 * 2) / (4 + 3)]
    late_usd = [LATE_USD_PER_S * (seconds - 1) for seconds in expected_s]
    assert script.internal_usd == pytest.approx(np.add(charges_usd, late_usd))


def test_a_slow_seller_is_late_and_not_dear() -> None:
    """Quoted 60 s are 120 s; beyond 60 s each costs. Charges are corrected by nothing."""
    scenario = market(
        spaced(4),
        contractor("a"),
        types={"job": {"max_latency_min": 1}},
        realised={"external_time_factor": 2},
        calibration={"rate": 1},
    )
    _, script = play(scenario, "a", "a", "a", "a")
    estimates = [1, 1, *[1 + 60 * LATE_USD_PER_S] * 2]  # the second outcome shows what the first has taught
    assert [each["a"] for each in script.external_usd] == pytest.approx(estimates)


def test_work_that_nobody_pays_for_teaches_nothing_about_charges() -> None:
    scenario = market(spaced(3), contractor("a", success=0), calibration={"rate": 1})
    _, script = play(scenario, "a", "a")
    assert [each["a"] for each in script.external_usd] == pytest.approx([1] * 3)


def test_an_hour_without_registry_is_an_hour_without_contractors() -> None:
    names = [f"c{k}" for k in range(20)]
    scenario = market(
        spaced(18, 600),
        *(contractor(name, price_usd=0.01) for name in names),
        discovery={"kind": "registry", "k": 4, "outages": [{"start_h": 1, "hours": 1}], "fallback": "none"},
        policy={"kind": "cheapest"},
    )
    _, script = play(scenario)
    assert [len(offered) for _, offered in script.offered] == [4] * 6 + [0] * 6 + [4] * 6
    played = run_of(scenario)
    down = played.decisions["arrival_s"].between(3600, 7199)
    assert (played.decisions.loc[down, "choice"] == "local").all()
    assert (played.decisions.loc[~down, "choice"] == "contractor").all()
    assert played.estimates["unanswered_queries"].mean == pytest.approx(100 / 3)
    assert played.estimates["outsourcing_rate"].mean == pytest.approx(200 / 3)


def test_the_registry_ranks_by_reputation_when_it_ranks_anew() -> None:
    scenario = market(
        [0, 100, 1000, 2000],
        contractor("bad", success=0),
        contractor("good", price_usd=2.0),
        discovery={"kind": "registry", "k": 1, "newcomer_share": 0, "refresh_s": 500},
        reputation={},
        skills=HALF_PERFORMANCE,
    )
    _, script = play(scenario, "bad", "bad", "good", "good")
    # Equals until the first two ratings; the cheaper of equals is found first.
    assert [names for _, names in script.offered] == [["bad"], ["bad"], ["good"], ["good"]]


def test_a_client_that_remembers_hires_while_the_registry_is_down() -> None:
    outage = {"outages": [{"start_h": 0.5, "hours": 1}], "fallback": "cached", "timeout_ms": 2000}
    scenario = market(
        [0, 3000], contractor("a"), contractor("b"), discovery={"kind": "registry", "latency_ms": 0} | outage
    )
    result, script = play(scenario, "a", "a")
    assert script.offered == [(0, ["a", "b"]), (1, ["a", "b"])]
    assert result.contracts["working_s"].tolist() == [0, 3002]


def test_the_price_follows_the_queue_as_it_is() -> None:
    scenario = market(
        [0, 1, 2, 3, 4, 70, 1000],
        contractor("a", slots=2),
        external={"pricing": {"kind": "load", "slope": 0.5, "max_load": 1.5}},
    )
    contracts = play(scenario, *"aaaaaaa")[0].contracts.sort_values("task")
    # 0, 1, 2, 3, 4 jobs on two slots, at most 1.5 a slot; then 3 are left, then none.
    assert contracts["agreed_usd"].tolist() == pytest.approx([1, 1.25, 1.5, 1.75, 1.75, 1.75, 1])
    assert contracts["paid_usd"].equals(contracts["agreed_usd"])


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_a_bargained_price_splits_the_surplus_and_who_has_none_makes_no_offer(weight: float) -> None:
    scenario = market(
        [0],
        contractor("cheap", own_cost_share=0.6),
        contractor("dear", own_cost_share=0.6, price_usd=3.0),
        clients={"price_usd": 1.9},
        external={"integration_usd": 0.3, "pricing": {"kind": "bargained", "client_weight": weight}},
    )
    result, script = play(scenario, "cheap")
    assert script.offered == [(0, ["cheap"])]
    surplus_usd = (HOME_USD + 1.9) - 0.3 - 0.6
    assert result.contracts["paid_usd"].tolist() == pytest.approx([0.6 + (1 - weight) * surplus_usd])
    # Whoever gets the surplus, the client is not worse off than it expects to be at home.
    assert script.external_usd[0]["cheap"] == pytest.approx(2.0 - weight * surplus_usd)


@pytest.mark.parametrize("policy", ["vickrey", "score_auction"])
def test_what_an_auction_agrees_on_is_what_is_paid(policy: str) -> None:
    scenario = market(
        [0],
        contractor("a", own_cost_share=0.4),
        contractor("b", own_cost_share=0.7),
        clients={"price_usd": 1.9},
        policy={"kind": policy},
    )
    (contract,) = run_of(scenario).contracts.to_dict("records")
    assert contract["contractor"] == "a"
    assert contract["agreed_usd"] == contract["paid_usd"] == pytest.approx(0.7)


TASKS = ["task", "client", "arrival_s", "type", "internal_compute_usd", "all_local_usd", "all_local_s"]


def test_tasks_truth_and_luck_are_the_same_under_every_policy() -> None:
    scenario = market(
        spaced(80, 20),
        *(contractor(name, success=0.5, unreachable_rate=0.1) for name in "abc"),
        clients={"count": 3, "success": 0.5},
        contracts={"failed_share": 0.5, "input_required_rate": 0.3, "recovery": {"retries": 2}},
        realised={"external_time_factor": {"exponential": {"mean": 1}}},
    )
    scenario["workload"]["failure_correlation"] = 0.5
    scenario["workload"]["attributes"]["value_usd"] = {"uniform": {"low": 1, "high": 9}}
    one, other = (run_of(scenario | {"policy": {"kind": kind}}) for kind in ("random", "always_outsource"))
    assert one.decisions[TASKS].equals(other.decisions[TASKS])
    assert not one.decisions["contractor"].equals(other.decisions["contractor"])
    hired = one.contracts.merge(other.contracts, on=["task", "contractor"], suffixes=("", "_other"))
    assert 30 < len(hired) < 200
    assert hired["good"].tolist() == hired["good_other"].tolist()
    # What may go wrong with an attempt belongs to the contractor and the task, whatever was decided before.
    alike = one.contracts.merge(
        other.contracts, on=["task", "contractor", "attempt"], suffixes=("", "_other")
    )
    assert 20 < len(alike) < len(hired)
    for fact in ("state", "reason", "input_required"):
        assert alike[fact].astype(str).tolist() == alike[f"{fact}_other"].astype(str).tolist()
    took_s, other_s = (
        alike[f"ended_s{which}"].to_numpy(float) - alike[f"submitted_s{which}"].to_numpy(float)
        for which in ("", "_other")
    )
    assert took_s == pytest.approx(other_s)


def test_the_same_market_however_tasks_are_cut_into_blocks_and_at_any_number_of_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = load("market_day", ["workload.arrivals.limit=70", "contracts.recovery.retries=2"])
    whole = run(scenario, replications=2)
    monkeypatch.setattr("coalesce_sim.market.workload.BLOCK_TASKS", 23)
    cut = run(scenario, replications=2, jobs=2)
    for table in ("decisions", "contracts", "ratings", "estimation_error"):
        one, other = (getattr(each, table) for each in (whole, cut))
        assert len(one) > 0
        for column in one:  # the categories of a column are in the order of their first appearance
            assert one[column].astype(str).equals(other[column].astype(str)), f"{table}.{column}"
    for name, estimate in whole.estimates.items():
        assert cut.estimates[name].mean == pytest.approx(estimate.mean, nan_ok=True)
