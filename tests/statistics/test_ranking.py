"""Which point is named the best, which others are said to be worse, and the interval of the best."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import stdtr, stdtrit

from coalesce_sim.arrays import FloatArray
from coalesce_sim.statistics.contrasts import holm
from coalesce_sim.statistics.intervals import estimate
from coalesce_sim.statistics.ranking import MOST_HOLM, ranked

NAN = math.nan


def t_test(one: FloatArray, other: FloatArray) -> float:
    """The two-sided p-value of a paired t test."""
    difference = one - other
    t = difference.mean() / difference.std(ddof=1) * math.sqrt(len(difference))
    return float(2 * stdtr(len(difference) - 1, -abs(t)))


def test_verdicts_are_corrected_for_the_choice_of_the_best_out_of_all_pairs():
    values = np.random.default_rng(5).normal(size=(4, 12)) + np.array([[0.9], [0.0], [0.0], [0.0]])
    ranking = ranked(values)
    pairs = itertools.combinations(values[list(ranking.order)], 2)
    assert [lead.p_holm for lead in ranking.leads] == pytest.approx(
        holm([t_test(*pair) for pair in pairs])[:3]
    )
    many = ranked(np.vstack([values, np.tile(values[1] - 9, (MOST_HOLM - 3, 1))]))
    assert (ranking.procedure, many.procedure) == ("Holm", "Bonferroni")
    for lead in many.leads:
        assert lead.p_holm == pytest.approx(min(1.0, (lead.p or 0) * many.pairs))
        assert lead.ci_holm is not None
        assert lead.shown == (not lead.ci_holm[0] <= 0 <= lead.ci_holm[1])


def test_more_replications_of_the_worse_point_do_not_make_it_the_best():
    """The difference, 0.5, is small beside what a replication adds to both, whose sd is 5."""
    for seed in range(300):
        rng = np.random.default_rng(seed)
        values = 5 * rng.normal(size=60) + 0.3 * rng.normal(size=(2, 60)) + np.array([[0.5], [0.0]])
        values[0, 20:] = NAN
        ranking = ranked(values)
        assert ranking.order == (0, 1), seed
        assert ranking.alike == [], seed
        assert ranking.uneven


def test_where_no_replications_are_common_to_all_a_point_shown_to_be_better_leads():
    """The mean of b is lower than that of a, which was played in lucky replications besides."""
    a = [0.0, 1.0, 2.0, 3.0, 90.0, 91.0, NAN, NAN]
    b = [9.0, 10.1, 11.0, 12.1, NAN, NAN, NAN, NAN]
    c = [NAN, NAN, NAN, NAN, NAN, NAN, 1.0, 1.0]
    ranking = ranked(np.array([a, b, c]))
    assert ranking.order == (1, 0, 2)
    assert ranking.alike == [2]
    assert ranking.leads[0].difference.n == 4
    assert ranking.leads[1].p is None


def test_three_points_of_which_each_beats_the_next_still_have_an_order():
    """As in a vote without a winner; each pair has replications of its own."""
    up, down, gap = [5.0, 5.1, 4.9, 5.0], [0.0, 0.1, 0.0, 0.0], [NAN] * 4
    ranking = ranked(np.array([[*up, *gap, *down], [*down, *up, *gap], [*gap, *down, *up]]))
    assert sorted(ranking.order) == [0, 1, 2]
    assert len(ranking.alike) == 1


def test_lower_may_be_better_and_points_without_a_value_are_no_points():
    values = np.array([[5.0, 6.1, 7.0], [NAN, NAN, NAN], [2.0, 3.0, 4.0]])
    ranking = ranked(values, lower_is_better=True)
    assert ranking.order == (2, 0)
    assert ranking.best.mean == 3
    assert ranking.leads[0].difference.mean == pytest.approx(9.1 / 3)
    assert not ranking.uneven
    assert ranked(values[1:2]).order == ()


@pytest.mark.parametrize("points", [8, 46])
def test_the_interval_of_the_best_holds_although_it_was_chosen_by_its_mean(points: int):
    """Of points that are all alike: the plain interval of the highest of 46 covers in less than half."""
    rng, hits, plain = np.random.default_rng(2), 0, 0
    quantile = float(stdtrit(19, 0.975))
    for _ in range(200):
        values = rng.normal(size=(points, 20))
        means = values.mean(axis=1)
        best = int(means.argmax())
        plain += means[best] <= quantile * values[best].std(ddof=1) / math.sqrt(20)
        low, high = ranked(values).best.ci95 or (NAN, NAN)
        hits += low <= 0 <= high
    assert hits >= 190
    assert plain < (180 if points == 8 else 100)


def test_the_best_of_two_has_its_own_interval_and_of_three_a_wider_one() -> None:
    rng = np.random.default_rng(7)
    values = rng.normal([[5.0], [3.0], [1.0]], 1.0, (3, 12))
    own = estimate(values[0].tolist()).half_width
    assert own is not None
    assert ranked(values[:2]).best.half_width == pytest.approx(own)
    of_three = ranked(values).best.half_width
    assert of_three is not None
    assert of_three > own


def test_where_nothing_is_known_nothing_is_ranked() -> None:
    nothing = ranked(np.full((3, 4), np.nan))
    assert (nothing.order, nothing.leads, nothing.uneven) == ((), (), False)
