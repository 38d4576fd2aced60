"""Differences between design points: who is compared with whom, and what is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coalesce_sim.metrics import UnknownMetric
from coalesce_sim.statistics.contrasts import holm
from coalesce_sim.sweeps.differences import differences

LEVELS: Mapping[str, Sequence[Any]] = {
    "policy.epsilon": [0.0, 0.1, 0.1 + 0.2],
    "policy": ["topsis", "greedy"],
}
REPLICATIONS = 12


def runs_of(levels: Mapping[str, Sequence[Any]], effects: Sequence[float], seeds: int = 1) -> pd.DataFrame:
    """The runs of a grid: an effect of each point, much luck that all share, and a little of their own."""
    shared = np.random.default_rng(1).normal(0, 30, REPLICATIONS)
    rows = []
    for point, (cells, effect) in enumerate(zip(product(*levels.values()), effects, strict=True)):
        own = np.random.default_rng((2, point)).normal(0, 1, REPLICATIONS)
        for replication, value in enumerate(50 + effect + shared + own):
            keys = {"point": point, "replication": replication, "seed": point % seeds}
            rows.append({**keys, **dict(zip(levels, cells, strict=True)), "cost_reduction": value})
    return pd.DataFrame(rows)


RUNS = runs_of(LEVELS, [0, 10, 0, 10, 5, 10])


def by_point(runs: pd.DataFrame, point: int) -> pd.Series[float]:
    return runs[runs["point"] == point].set_index("replication")["cost_reduction"]


def test_all_pairs_are_compared_by_paired_t_tests_of_one_family() -> None:
    found = differences(RUNS, list(LEVELS), "cost_reduction")
    assert list(found.columns) == [
        *("point", "policy.epsilon", "policy", "other", "policy.epsilon_other", "policy_other"),
        *("mean", "low", "high", "p_holm", "shown", "n"),
    ]
    assert len(found) == 15
    assert (found["point"] > found["other"]).all()
    pairs = list(zip(found["point"].tolist(), found["other"].tolist(), strict=True))
    tests = [stats.ttest_rel(by_point(RUNS, point), by_point(RUNS, other)) for point, other in pairs]
    assert found["p_holm"].to_numpy() == pytest.approx(holm([float(test.pvalue) for test in tests]))
    assert found["shown"].tolist() == ((found["low"] > 0) | (found["high"] < 0)).tolist()
    assert found["shown"].sum() == 11, "all but the three pairs of 10 with 10, and that of 0 with 0"
    first = found.iloc[0]
    assert (first["policy"], first["policy_other"], first["n"]) == ("greedy", "topsis", REPLICATIONS)
    assert first["low"] < 10 < first["high"]
    assert first["high"] - first["low"] < 6, "the luck that all share is gone"


def test_with_a_reference_each_point_is_compared_with_the_one_like_it_in_all_else() -> None:
    by_policy = differences(RUNS, list(LEVELS), "cost_reduction", reference={"policy": "topsis"})
    assert list(zip(by_policy["point"], by_policy["other"], strict=True)) == [(1, 0), (3, 2), (5, 4)]
    assert by_policy["mean"].to_numpy() == pytest.approx([10, 10, 5], abs=2)
    one = {"policy": "greedy", "policy.epsilon": 0.3}
    with_one = differences(RUNS, list(LEVELS), "cost_reduction", reference=one)
    assert with_one["point"].tolist() == [0, 1, 2, 3, 4]
    assert set(with_one["other"]) == {5}, "0.3 is 0.1 + 0.2"


def test_equivalence_is_shown_within_the_margin_and_not_beyond() -> None:
    found = differences(RUNS, list(LEVELS), "cost_reduction", reference={"policy.epsilon": 0}, margin=3.0)
    assert found["equivalent"].tolist() == [True, True, False, True]
    assert found["shown"].tolist() == [False, False, True, False]
    with pytest.raises(ValueError, match="margin: must be > 0"):
        differences(RUNS, list(LEVELS), "cost_reduction", margin=0.0)


def test_replications_that_are_undefined_or_missing_at_one_of_two_points_are_left_out() -> None:
    runs = RUNS.copy()
    runs.loc[[0, 1], "cost_reduction"] = [math.nan, math.inf]
    runs = runs.drop(index=[2, REPLICATIONS + 2, REPLICATIONS + 3])
    found = differences(runs, list(LEVELS), "cost_reduction").set_index(["point", "other"])
    assert found.loc[(1, 0), "n"] == REPLICATIONS - 4
    assert found.loc[(3, 2), "n"] == REPLICATIONS
    assert np.isfinite(found["mean"]).all()


def test_where_nothing_can_be_said_nothing_is_shown() -> None:
    runs = RUNS.assign(cost_reduction=math.nan)
    found = differences(runs, list(LEVELS), "cost_reduction", margin=1.0)
    assert found[["mean", "low", "high", "p_holm"]].isna().all(axis=None)
    assert not found[["shown", "equivalent"]].any(axis=None)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ({"policy": "ucb1"}, "reference: no design point has policy = ucb1"),
        ({"contractors.count": 3}, "contractors.count does not vary; there are: policy.epsilon, policy"),
        ({}, "reference: every design point has no values"),
    ],
)
def test_a_reference_that_is_none_is_refused(reference: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        differences(RUNS, list(LEVELS), "cost_reduction", reference=reference)


def test_a_reference_that_some_point_has_nothing_like_is_refused_with_that_point() -> None:
    runs = RUNS[RUNS["point"] != 2]
    told = r"no design point has policy = topsis and policy.epsilon = 0.1, as point 3 has"
    with pytest.raises(ValueError, match=told):
        differences(runs, list(LEVELS), "cost_reduction", reference={"policy": "topsis"})


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(UnknownMetric, match="late_rate: no such metric"):
        differences(RUNS, list(LEVELS), "late_rate")
    with pytest.raises(ValueError, match="common_random_numbers: false gives each design point its own"):
        differences(runs_of(LEVELS, [0] * 6, seeds=6), list(LEVELS), "cost_reduction")
    with pytest.raises(ValueError, match=r"take two design points .* \(got 1\)"):
        differences(RUNS[RUNS["point"] == 0], list(LEVELS), "cost_reduction")
    many = runs_of({"policy.epsilon": range(101)}, [0] * 101)
    with pytest.raises(ValueError, match="101 design points make 5,050 pairs"):
        differences(many, ["policy.epsilon"], "cost_reduction")
    assert (
        len(differences(many, ["policy.epsilon"], "cost_reduction", reference={"policy.epsilon": 0})) == 100
    )
