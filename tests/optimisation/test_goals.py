"""What constraints say, how they are read, and what intervals make of them."""

from __future__ import annotations

import math

import pytest

from coalesce_sim.optimisation.goals import constraint, goal
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.statistics.intervals import Estimate, estimate


@pytest.mark.parametrize(
    ("written", "text", "as_share"),
    [
        ("success_rate>=0.9", "success_rate >= 90 %", True),
        ("success_rate>=90", "success_rate >= 90 %", False),
        ("success_rate >= 90%", "success_rate >= 90 %", False),
        ("late_rate<=0.9%", "late_rate <= 0.9 %", False),
        ("late_rate<=1%", "late_rate <= 1 %", False),
        ("late_rate<=0", "late_rate <= 0 %", False),
        ("cost_reduction>=-0.05", "cost_reduction >= -5 %", True),
        ("success_rate>=0.29", "success_rate >= 29 %", True),
        ("realised_usd<=0.5", "realised_usd <= 0.5 USD", False),
        ("realised_usd<=1e4", "realised_usd <= 10,000 USD", False),
        ("attempts_per_task<=1", "attempts_per_task <= 1", False),
    ],
)
def test_bounds_are_in_the_metrics_unit_and_shares_are_read_as_such(
    written: str, text: str, as_share: bool
) -> None:
    assert (constraint(written).text, constraint(written).read_as_share) == (text, as_share)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("succes_rate>=0.9", "succes_rate: no such metric; did you mean 'success_rate'? There are: tasks, "),
        ("success_rate>0.9", "the relation must be >= or <= (got >)"),
        ("success_rate=0.9", "the relation must be >= or <= (got =)"),
        ("success_rate>=high", "the bound must be a number (got 'high')"),
        ("success_rate>=nan", "the bound must be finite (got nan)"),
        ("success_rate", "must look like metric>=bound or metric<=bound"),
        ("success_rate>=", "must look like metric>=bound or metric<=bound"),
        ("success_rate>=1", "1 could be a share or 1 %: write 1% or 100%"),
        ("realised_usd<=5%", "realised_usd is not in percent but in USD"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_text(written: str, told: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        constraint(written)
    assert str(refused.value).startswith(f"--subject-to {written!r}: {told}")


def test_a_goal_knows_which_of_two_is_better() -> None:
    assert goal("cost_reduction", maximise=True).better(2, 1)
    assert goal("realised_usd", maximise=False).better(1, 2)
    with pytest.raises(ScenarioError, match="--minimize: realised_us: no such metric; did you mean"):
        goal("realised_us", maximise=False)


def test_a_bound_holds_or_is_violated_where_the_whole_interval_says_so() -> None:
    at_least, at_most = constraint("success_rate>=90%"), constraint("late_rate<=10%")

    def around(mean: float) -> Estimate:
        return Estimate(mean, 2 / 2.262 * math.sqrt(10), (mean - 2, mean + 2), 10)

    assert [at_least.verdict(around(mean)) for mean in (92.1, 91, 89, 87)] == [
        "holds",
        "not shown",
        "not shown",
        "violated",
    ]
    assert [at_most.verdict(around(mean)) for mean in (7.9, 9, 11, 13)] == [
        "holds",
        "not shown",
        "not shown",
        "violated",
    ]
    assert at_least.verdict(Estimate(100.0, None, None, 1)) == "not shown"
    assert at_least.excess(85.0) == 5
    nearly_all = estimate([100.0] * 9 + [97.0], share=True)  # mean + t would be beyond 100 %
    assert constraint("success_rate<=100%").verdict(nearly_all) == "holds"
    assert at_most.excess(None) == math.inf


def test_one_of_several_constraints_has_a_wider_interval_so_that_all_verdicts_hold_together() -> None:
    """Of ten values and two constraints, 2.685 standard errors (97.5 %) for 2.262 (95 %)."""
    at_least = constraint("success_rate>=90%")

    def around(margin: float) -> Estimate:
        return Estimate(90 + margin, math.sqrt(10), (90 + margin - 2.262, 90 + margin + 2.262), 10)

    assert at_least.verdict(around(2.67)) == "holds"
    assert [at_least.verdict(around(margin), of=2) for margin in (2.67, 2.70)] == ["not shown", "holds"]
    assert [at_least.verdict(around(-margin), of=2) for margin in (2.67, 2.70)] == ["not shown", "violated"]
