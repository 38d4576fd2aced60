"""Who got the work, over markets at random of both trades: the rows add up to the totals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coalesce_sim import load, run
from coalesce_sim.scenario.schema import Scenario
from verification.markets_at_random import markets

RARELY_SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

PUBLISHED = st.fixed_dictionaries(
    {
        "policy.epsilon": st.sampled_from([0.0, 0.1, 1.0]),
        "skills.threshold": st.sampled_from([0.0, 0.6]),
        "contractors.count": st.integers(1, 40),
        "seed": st.integers(0, 10**6),
    }
)


@RARELY_SLOW
@given(markets())
def test_markets_with_contracts(fields: dict[str, Any]) -> None:
    adds_up(load(fields))


@RARELY_SLOW
@given(st.sampled_from(["dur_01", "dur_03", "dur_05"]), PUBLISHED)
def test_the_published_market(name: str, changes: dict[str, Any]) -> None:
    adds_up(load(name, ["clock.days=0.5", *(f"{field}={value}" for field, value in changes.items())]))


def adds_up(scenario: Scenario) -> None:
    result = run(scenario, replications=1)
    sums = {name: float(values.sum()) for name, values in result.routed.sums.items()}
    metrics, tasks = result.replications[0], result.decisions
    assert sums["tasks"] == (tasks["attempts"] > 0).sum()
    assert sums["attempts"] == tasks["attempts"].sum()
    assert sums["good"] == ((tasks["outcome"] == "completed") & (tasks["attempts"] > 0)).sum()
    assert sums["paid_usd"] == pytest.approx(metrics["paid_to_contractors_usd"], rel=1e-9, abs=1e-12)
    assert sums["realised_usd"] == pytest.approx(metrics["realised_usd"], rel=1e-9, abs=1e-12)
    assert all((values >= 0).all() for values in result.routed.sums.values())
    assert np.isclose(sum(each["share"]["mean"] or 0.0 for each in result.routed.rows()), 100 * kinds(result))


def kinds(result: Any) -> int:
    """Types of which anybody got a task."""
    return int(result.decisions.loc[result.decisions["attempts"] > 0, "type"].nunique())
