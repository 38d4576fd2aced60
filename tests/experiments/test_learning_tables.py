"""What a run of a market that learns leaves behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalesce_sim import RunResult, load, run

SCENARIO = load("market_day", ["workload.arrivals.limit=120"])
TASK = ["replication", "task"]
OFFER_PARTS = [
    *("price_usd", "communication_usd", "verification_usd", "integration_usd", "risk_usd"),
    *("latency_penalty_usd", "correction_usd", "expected_loss_usd"),
]


@pytest.fixture(scope="module")
def played() -> RunResult:
    return run(SCENARIO, seed=3, replications=2, offers=True)


def test_contracts_add_up_to_what_the_decisions_say(played: RunResult):
    decisions, contracts = played.decisions.set_index(TASK), played.contracts
    of_task = contracts.groupby(TASK)
    paid_usd = of_task["paid_usd"].sum().reindex(decisions.index, fill_value=0.0)
    np.testing.assert_allclose(paid_usd, decisions["price_usd"])
    ended_away = (decisions["choice"] == "contractor").astype(int)
    by_contract = of_task.size().reindex(decisions.index, fill_value=0)
    assert (by_contract + (1 - ended_away) == decisions["attempts"]).all()
    assert (of_task["accepted"].sum().reindex(decisions.index, fill_value=0) == ended_away).all()
    taken = contracts[contracts["accepted"]].set_index(TASK)
    hired = decisions["contractor"].dropna().astype(str)
    assert taken["contractor"].astype(str).sort_index().equals(hired.sort_index())


def test_a_contract_goes_through_its_states_in_order(played: RunResult):
    contracts = played.contracts
    assert set(contracts["state"]) <= {"completed", "failed", "canceled", "rejected"}
    assert ((contracts["state"] == "completed") & contracts["reason"].isna() == contracts["accepted"]).all()
    assert (contracts.loc[~contracts["accepted"], "paid_usd"] == 0).all(), "nothing is due on failure"
    worked = contracts.dropna(subset="working_s")
    assert (worked["submitted_s"] < worked["working_s"]).all()
    assert (worked["working_s"] < worked["ended_s"]).all()
    assert contracts.groupby("replication")["ended_s"].is_monotonic_increasing.all()
    in_order = contracts.sort_values("submitted_s", kind="stable")
    earlier = in_order.groupby(["replication", "client", "contractor"], observed=True).cumcount()
    assert (in_order["auth_required"] == (earlier == 0)).all(), "only the first one is authorised"


def test_metrics_of_contracts_are_shares_of_the_table(played: RunResult):
    for replication, metrics in enumerate(played.replications):
        contracts = played.contracts[played.contracts["replication"] == replication]
        assert metrics["contracts"] == len(contracts)
        shares = contracts["state"].value_counts(normalize=True)
        for state in ("completed", "failed", "canceled", "rejected"):
            assert metrics[f"contracts_{state}_rate"] == pytest.approx(100 * shares.get(state, 0.0))
        found_bad = (contracts["reason"] == "found bad").mean()
        assert metrics["contracts_found_bad_rate"] == pytest.approx(100 * found_bad) != 0


def test_every_rating_is_a_row_and_the_score_follows_from_them(played: RunResult):
    ratings, contracts = played.ratings, played.contracts
    rated = contracts[contracts["state"] != "rejected"].reset_index(drop=True)
    assert ratings["time_s"].tolist() == rated["ended_s"].tolist()
    assert ratings["rating"].tolist() == rated["accepted"].astype(float).tolist()
    for _, own in ratings.groupby(["replication", "contractor"], observed=True):
        good = bad = 0.0
        for rating, score in zip(own["rating"], own["score_after"], strict=True):
            good, bad = 0.999 * good + rating, 0.999 * bad + 1 - rating
            assert score == pytest.approx((1 + good) / (2 + good + bad))


def test_the_estimation_error_over_time_averages_to_that_of_the_run(played: RunResult):
    for replication, metrics in enumerate(played.replications):
        windows = played.estimation_error[played.estimation_error["replication"] == replication]
        assert (windows["charges"].iloc[:-1] == 50).all()
        assert windows["until_s"].is_monotonic_increasing
        mean = np.average(windows["estimation_error"], weights=windows["charged_usd"])
        assert mean == pytest.approx(metrics["estimation_error"])
        assert windows["estimation_error"].iloc[0] == metrics["estimation_error_first"]


def test_offers_add_up_and_say_who_was_left_out(played: RunResult):
    offers, contracts = played.offers, played.contracts
    made = offers[offers["left_out"].isna()]
    np.testing.assert_allclose(made[OFFER_PARTS].sum(axis=1), made["external_usd"])
    plain_usd = made[OFFER_PARTS[:4]].sum(axis=1)
    np.testing.assert_allclose(
        made["correction_usd"], plain_usd * (made["calibration_factor"] - 1), atol=1e-12
    )
    by_decision = made.groupby([*TASK, "attempt"])
    assert by_decision.size().max() == 12, "k of the registry"
    assert (offers.groupby([*TASK, "attempt"]).size() == 30).all()
    assert offers.loc[offers["left_out"].notna(), "external_usd"].isna().all()
    key = [*TASK, "contractor"]
    tried = offers[offers["left_out"] == "tried before"]
    assert len(tried) > 0
    assert (tried["attempt"] == 1).all()
    first = contracts.query("attempt == 0").astype({"contractor": str}).set_index(key).index
    assert pd.MultiIndex.from_frame(tried.astype({"contractor": str})[key]).isin(first).all()
    chosen = made[made["chosen"].astype(bool)].astype({"contractor": str})
    submitted = contracts.astype({"contractor": str})
    assert set(map(tuple, chosen[[*key, "attempt"]].to_numpy())) == set(
        map(tuple, submitted[[*key, "attempt"]].to_numpy())
    )


def test_the_estimate_at_home_is_the_sum_of_its_parts(played: RunResult):
    decisions = played.decisions
    parts = [name for name in decisions.columns.astype(str) if name.startswith("internal_")]
    parts.remove("internal_usd")
    np.testing.assert_allclose(decisions[parts].sum(axis=1), decisions["internal_usd"])
    assert (decisions["internal_experience_usd"] > 0).all(), "bad work is always possible"


def test_the_all_local_market_tells_how_well_it_does(played: RunResult):
    at_home = run(
        load("market_day", ["workload.arrivals.limit=120", "policy={kind: always_local}"]),
        seed=3,
        replications=1,
    )
    ours, theirs = played.replications[0], at_home.replications[0]
    assert ours["all_local_success_rate"] == theirs["success_rate"] == theirs["all_local_success_rate"]
    assert ours["all_local_loss_usd"] == pytest.approx(theirs["loss_usd"])
    assert "cost_reduction_published" not in ours


def test_several_processes_give_the_same_tables():
    scenario = load("market_day", ["workload.arrivals.limit=30"])
    one, two = (run(scenario, replications=2, jobs=jobs) for jobs in (1, 2))
    for name in ("contracts", "ratings", "estimation_error", "decisions"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


def test_other_markets_have_no_such_tables():
    result = run(load("dur_01", ["clock.days=0.1"]), replications=1)
    for name in ("contracts", "ratings", "estimation_error"):
        with pytest.raises(ValueError, match=f"{name}: not recorded; the scenario has none"):
            getattr(result, name)
    with pytest.raises(ValueError, match="ask for it with offers=True"):
        _ = result.offers
    assert not any(name.startswith("contracts") for name in result.replications[0])


def test_a_learning_market_without_tasks_has_empty_tables():
    result = run(load("market_day", ["workload.arrivals.gap_s=1e9"]), replications=1)
    assert [len(table) for table in (result.contracts, result.ratings, result.estimation_error)] == [0, 0, 0]
