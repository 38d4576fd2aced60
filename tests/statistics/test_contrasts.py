"""Differences of paired samples and what is shown of them as a family, against scipy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from coalesce_sim.statistics.contrasts import contrasts, equivalence, equivalences, holm, variance_removed
from coalesce_sim.statistics.intervals import estimate


def test_holm_against_a_hand_computed_case() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04; never less than before.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.01]) == [0.01]


def test_holm_rejects_exactly_what_the_step_down_procedure_rejects() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        p_values = rng.random(8) ** 3
        rejected = set()
        for rank, index in enumerate(np.argsort(p_values)):
            if p_values[index] > 0.05 / (8 - rank):
                break
            rejected.add(int(index))
        assert {i for i, p in enumerate(holm(p_values.tolist())) if p <= 0.05} == rejected


def test_contrasts_agree_with_scipy_and_with_holm_by_hand() -> None:
    rng = np.random.default_rng(4)
    samples = [rng.normal(mean, 1, 12) for mean in (0.0, 0.9, 1.4, 0.1)]
    found = contrasts(samples)
    expected = [float(stats.ttest_1samp(sample, 0).pvalue) for sample in samples]
    assert [each.p for each in found] == pytest.approx(expected)
    in_order = sorted(range(4), key=expected.__getitem__)
    adjusted = np.maximum.accumulate([(4 - rank) * expected[i] for rank, i in enumerate(in_order)])
    assert [found[i].p_holm for i in in_order] == pytest.approx(np.minimum(adjusted, 1).tolist())


def test_the_widened_interval_leaves_out_0_exactly_where_a_difference_is_shown() -> None:
    rng = np.random.default_rng(5)
    shown = 0
    for _ in range(200):
        for each in contrasts(list(rng.normal(rng.normal(0, 0.6, (6, 1)), 1, (6, 15)))):
            assert each.ci_holm is not None
            assert each.shown == (not each.ci_holm[0] <= 0 <= each.ci_holm[1])
            shown += each.shown
    assert 100 < shown < 1100


def test_undefined_pairs_are_left_out_and_undefined_contrasts_do_not_count() -> None:
    known, unknown = np.array([1.0, 1.1, math.nan, 0.9]), np.full(4, math.nan)
    first, second = contrasts([known, unknown])
    assert first.difference == estimate([1.0, 1.1, 0.9])
    assert first.p == first.p_holm
    assert second.p_holm is None
    assert not second.shown
    (certain,) = contrasts([np.full(3, 2.0)])
    assert (certain.shown, certain.ci_holm) == (True, (2.0, 2.0))


def test_the_variance_that_pairing_removes() -> None:
    """With B = A + c·e, everything that A and B share goes."""
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert variance_removed(a, a + 7) == 1
    assert variance_removed(a, -a) == pytest.approx(-1)
    assert variance_removed(a, 3 * a) == pytest.approx(1 - 4 / 10)
    assert math.isnan(variance_removed(a, np.zeros(4)))
    assert math.isnan(variance_removed(a, np.array([1.0, *[math.nan] * 3])))


@pytest.mark.parametrize("margin", [0.2, 0.5, 1.5])
def test_equivalence_is_two_one_sided_tests(margin: float) -> None:
    differences = np.random.default_rng(7).normal(0.3, 1, 25)
    found = equivalence(differences, margin)
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    assert found.p == found.p_holm == pytest.approx(max(above, below))
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.9)
    assert found.ci90 == pytest.approx((interval.low, interval.high))
    assert found.difference == estimate(differences.tolist())


def test_equivalence_is_shown_exactly_where_the_90_percent_interval_lies_within_the_margins() -> None:
    rng = np.random.default_rng(8)
    shown = 0
    for _ in range(300):
        found = equivalence(rng.normal(rng.normal(0, 0.4), 1, 20), 0.6)
        assert found.ci90 is not None
        assert found.shown == (found.ci90[0] > -0.6 and found.ci90[1] < 0.6)
        shown += found.shown
    assert 50 < shown < 250


def test_a_family_of_equivalences_is_adjusted_and_the_undefined_do_not_count() -> None:
    rng = np.random.default_rng(9)
    samples = [rng.normal(0, scale, 15) for scale in (0.1, 0.7, 0.9)]
    alone = [equivalence(sample, 0.5) for sample in samples]
    p_values = [each.p for each in alone if each.p is not None]
    first, *rest, unknown = equivalences([*samples, np.array([1.0, math.nan])], 0.5)
    assert [first.p_holm, *[each.p_holm for each in rest]] == pytest.approx(holm(p_values))
    assert (unknown.ci90, unknown.p, unknown.p_holm, unknown.shown) == (None, None, None, False)


@pytest.mark.parametrize(("difference", "p"), [(0.0, 0), (0.4, 0), (-0.5, 1), (0.5, 1), (2.0, 1)])
def test_differences_that_do_not_vary_are_within_the_margins_or_not(difference: float, p: float) -> None:
    found = equivalence(np.full(4, difference), 0.5)
    assert (found.p, found.shown) == (p, p == 0)


@pytest.mark.parametrize("margin", [0.0, -1.0, math.inf, math.nan])
def test_a_margin_must_be_a_distance(margin: float) -> None:
    with pytest.raises(ValueError, match=rf"margin: must be > 0 and finite \(got {margin}\)"):
        equivalence(np.zeros(3), margin)
