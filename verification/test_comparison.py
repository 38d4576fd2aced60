"""The intervals of a comparison cover what they should, and pairing is what makes them short."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from coalesce_sim import Comparison, compare, load
from coalesce_sim.experiments.learning import Learning, TaskBins
from coalesce_sim.statistics.contrasts import contrasts

REPLICATIONS = 20
STUDIES = 4000


def rate_interval(hits: int, n: int) -> tuple[float, float]:
    """Where the share of hits may lie, at 99.9 %."""
    found = stats.binomtest(hits, n).proportion_ci(0.999)
    return found.low, found.high


def test_the_paired_interval_covers_the_true_difference_in_95_of_100_studies() -> None:
    """Two policies share what the tasks bring (sd 10) and differ by 2 points with an sd of 3 of their own."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(STUDIES):
        shared = rng.normal(30, 10, REPLICATIONS)
        first = shared + rng.normal(2, 3, REPLICATIONS)
        (found,) = contrasts([first - shared])
        assert found.difference.ci95 is not None
        hits += found.difference.ci95[0] <= 2 <= found.difference.ci95[1]
    low, high = rate_interval(hits, STUDIES)
    assert low <= 0.95 <= high


def test_among_equal_policies_a_difference_is_shown_in_at_most_5_of_100_studies() -> None:
    """Five policies, ten pairs that hang together."""
    rng = np.random.default_rng(2)
    pairs = [(i, j) for i in range(5) for j in range(i)]
    false_alarms = 0
    for _ in range(STUDIES):
        values = rng.normal(30, 10, REPLICATIONS) + rng.normal(0, 3, (5, REPLICATIONS))
        found = contrasts([values[i] - values[j] for i, j in pairs])
        false_alarms += any(each.shown for each in found)
    low, _ = rate_interval(false_alarms, STUDIES)
    assert low <= 0.05
    assert false_alarms > 0


def test_true_differences_do_not_make_false_ones() -> None:
    """One policy is better than four equal ones: found nearly always, the other six pairs stay quiet."""
    rng = np.random.default_rng(3)
    pairs = [(i, j) for i in range(5) for j in range(i)]
    false_alarms = found_best = 0
    for _ in range(STUDIES):
        values = rng.normal(0, 3, (5, REPLICATIONS))
        values[4] += 6
        found = dict(zip(pairs, contrasts([values[i] - values[j] for i, j in pairs]), strict=True))
        false_alarms += any(found[pair].shown for pair in pairs if pair[0] != 4)
        found_best += all(found[pair].shown for pair in pairs if pair[0] == 4)
    assert rate_interval(false_alarms, STUDIES)[0] <= 0.05
    assert found_best / STUDIES > 0.9


def test_the_linearised_interval_of_a_bins_cost_reduction_covers_the_ratio_of_expectations() -> None:
    """Costs at home are gamma with shape 2 (a bin of few tasks); 40 % are saved, with noise in each task."""
    rng = np.random.default_rng(4)
    n, studies, hits = 100, 1500, 0
    for _ in range(studies):
        played = []
        home_usd = rng.gamma(2.0, 50.0, n)
        cost_usd = home_usd * rng.uniform(0.2, 1.0, n)
        for home, cost in zip(home_usd, cost_usd, strict=True):
            bins = TaskBins()
            bins.tasks = 1
            bins.sums[:, 0] = cost, home, 0
            played.append([bins])
        mean, half_width = Learning(played).curves[0].cost_reduction
        hits += abs(mean[0] - 40) <= half_width[0]
    low, high = rate_interval(hits, studies)
    # The ratio is nearly but not quite normal at 100 replications: within a point of the nominal level.
    assert low <= 0.95
    assert high >= 0.94


@pytest.fixture(scope="module")
def market() -> Comparison:
    policies = ["topsis", "scenario", "cheapest", "random"]
    return compare(load("dur_01", ["clock.days=1"]), policies, replications=60, seed=11)


def test_a_policy_differs_from_itself_by_exactly_nothing(market: Comparison) -> None:
    pair = next(each for each in market.differences if {each.first, each.second} == {"topsis", "scenario"})
    assert pair.contrast.difference.ci95 == (0, 0)
    assert not pair.shown
    assert pair.variance_removed == 1


def test_pairing_shortens_the_interval_by_what_is_stated(market: Comparison) -> None:
    """Against Student's interval for independent samples of the same runs."""
    pair = next(each for each in market.differences if {each.first, each.second} == {"cheapest", "random"})
    spreads = [market.estimates[name]["cost_reduction"].sd or math.nan for name in (pair.first, pair.second)]
    unpaired_sd = math.hypot(*spreads)
    assert pair.contrast.difference.sd == pytest.approx(unpaired_sd * math.sqrt(1 - pair.variance_removed))
    assert pair.variance_removed > 0.3


def test_nobody_beats_the_oracle_where_queues_do_not_bind_tasks_together(market: Comparison) -> None:
    regret = market.runs.loc[market.runs["policy"] != "oracle", "regret_oracle_usd_per_task"]
    assert (regret >= -1e-9).all()
