"""What is told of those who cheat: in tables, in metrics, on the page of a run, and of one decision."""

from __future__ import annotations

from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.report.explanation import explain
from coalesce_sim.report.table import experience
from tests.adversaries.playing import ALWAYS, PAID, cheating, seller

HIRED = {"policy": {"kind": "fixed", "contractor": "a"}}


def scenario(**sections: Any) -> coalesce_sim.Scenario:
    """Two tasks for one who cheats on all."""
    by = ALWAYS | {"who": {"members": ["a"]}}
    return coalesce_sim.load(cheating([0, 100], seller("a"), by=by, contracts=PAID, **HIRED, **sections))


def test_tables_and_metrics_tell_what_was_manipulated_and_levied() -> None:
    fee = {"defences": {"platform_fee_share": 0.5}}
    result = coalesce_sim.run(scenario(**fee), replications=1)
    assert result.contracts["manipulated"].tolist() == [True, True]
    assert result.contracts["harm_usd"].tolist() == [10, 10]
    (row,) = result.sellers.to_dict("records")
    assert (row["levied_usd"], row["profit_usd"]) == (1, pytest.approx(0.9))
    metrics = result.replications[0]
    assert (metrics["manipulated_rate"], metrics["direct_harm_usd"]) == (100, 20)
    assert metrics["contractor_levies_usd"] == 1
    (books,) = result.summary["sellers"]
    assert books["levied_usd"]["mean"] == 1
    assert any(
        line == "Cheating: 100.0 % of contracts manipulated, which cost their clients 20.0 USD at once."
        for line in experience(result)
    ), experience(result)


def test_nothing_of_it_is_told_where_nobody_cheats() -> None:
    honest = cheating([0], seller("a"), by=[], contracts=PAID, **HIRED)
    result = coalesce_sim.run(coalesce_sim.load(honest), replications=1)
    assert not {"manipulated", "harm_usd"} & set(result.contracts)
    assert "levied_usd" not in result.sellers
    assert not {"manipulated_rate", "direct_harm_usd", "contractor_levies_usd"} & set(result.replications[0])


def test_an_explanation_says_what_honest_work_would_have_been() -> None:
    explained = explain(scenario(), seed=1, replication=0, task=0)
    contract = explained.contract
    assert contract is not None
    assert (contract["manipulated"], contract["honest_good"], contract["harm_usd"]) == (True, True, 10)
    said = "Somebody cheated, which costs the client 10.0 USD at once; honest work would have been good."
    assert said in contract["verdict"]
