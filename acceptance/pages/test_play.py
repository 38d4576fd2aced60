"""The page Play on markets whose policies go by figures of their own: a decision is told by them."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim.lab.laboratory import Lab
from tests.lab.labs import settled

SMALL = "extends: market_viable\nworkload: {arrivals: {limit: 40}}\nreplications: 1\n"
TOLD_BY = {
    "greedy": "Learned estimate (USD)",
    "ucb1": "Mean reward so far",
    "lin_ucb": "Index of the policy",
    "score_auction": "Bid (USD)",
}


def _page() -> None:
    from coalesce_sim.lab.pages.play.page import show

    show()


@pytest.mark.parametrize("kind", TOLD_BY)
def test_offers_of_a_decision_have_what_the_policy_goes_by(lab: Lab, kind: str):
    Path(lab.start, "small.yaml").write_text(SMALL)
    page = AppTest.from_function(_page, default_timeout=60)
    page.query_params["scenario"] = "small.yaml"
    page.query_params["set"] = f"policy.kind={kind}"
    page.query_params["task"] = "12"
    settled(page)
    assert not page.exception
    columns = [name for each in page.dataframe for name in each.value.columns]
    assert TOLD_BY[kind] in columns
    assert "Estimated in all (USD)" in columns
    assert "Closeness" not in columns
