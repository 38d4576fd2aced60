"""Whether sellers of the bundled markets live on their prices, over replications, with intervals."""

from __future__ import annotations

import pytest

import coalesce_sim

REPLICATIONS = 20


@pytest.fixture(scope="module", params=["market", "market_viable"])
def played(request: pytest.FixtureRequest) -> coalesce_sim.RunResult:
    return coalesce_sim.run(coalesce_sim.load(request.param), replications=REPLICATIONS)


def test_sellers_of_open_weights_lose_in_the_one_and_live_in_the_other(
    played: coalesce_sim.RunResult,
) -> None:
    books = played.books("type")
    margins = dict(zip(books.labels, books.estimates["margin"], strict=True))
    for kind, margin in margins.items():
        assert margin.ci95 is not None
        loses = played.scenario.name == "market" and kind in ("open_weights", "edge")
        assert (margin.ci95[1] < 0) if loses else (margin.ci95[0] > 0), kind
    in_the_red = played.estimates["contractors_in_the_red"].ci95
    assert in_the_red is not None
    if played.scenario.name == "market":
        assert in_the_red[0] > 50
    else:
        assert in_the_red[1] < 20


def test_what_is_left_and_what_was_spent_is_what_clients_paid(played: coalesce_sim.RunResult) -> None:
    for metrics in played.replications:
        spent_usd = metrics["contractor_work_usd"] + metrics["contractor_idle_usd"]
        paid_usd = spent_usd + metrics["contractor_profit_usd"]
        assert paid_usd == pytest.approx(metrics["paid_to_contractors_usd"], rel=1e-9)
