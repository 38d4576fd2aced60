"""TOPSIS, its decision memory, ε-greedy exploration and CRITIC weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import coalesce_sim
from coalesce_sim.market.observer import DecidedOffers
from coalesce_sim.policies import mcdm
from coalesce_sim.policies.registry import create
from coalesce_sim.policies.topsis import Memory
from coalesce_sim.scenario.policy import Confidence

WEIGHTS = mcdm.normalised((0.40, 0.25, 0.20, 0.15))
finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))


def closeness_of(criteria: np.ndarray, weights: mcdm.Weights, normalisation: str) -> np.ndarray:
    gaps = np.stack([mcdm.squared_gaps(row, normalisation) for row in criteria])
    return mcdm.closeness(mcdm.weighted_distances(gaps, weights))


def textbook(criteria: np.ndarray, weights: mcdm.Weights, normalisation: str) -> np.ndarray:
    """TOPSIS step by step as in Hwang and Yoon (1981), one alternative at a time; larger is better."""
    rows = []
    for values, weight in zip(criteria, weights, strict=True):
        if values.max() == values.min():
            rows.append([0.0] * len(values))
        elif normalisation == "min_max":
            rows.append([weight * (v - values.min()) / (values.max() - values.min()) for v in values])
        else:
            rows.append([weight * v / math.sqrt(sum(values**2)) for v in values])
    scores = []
    for j in range(criteria.shape[1]):
        best = math.sqrt(sum((max(row) - row[j]) ** 2 for row in rows))
        worst = math.sqrt(sum((row[j] - min(row)) ** 2 for row in rows))
        scores.append(worst / (best + worst) if best + worst else 0.5)
    return np.array(scores)


@given(
    criteria=hnp.arrays(float, st.tuples(st.just(4), st.integers(1, 8)), elements=finite),
    normalisation=st.sampled_from(["min_max", "vector"]),
)
def test_closeness_is_the_textbook_one(criteria: np.ndarray, normalisation: str) -> None:
    ours = closeness_of(criteria, WEIGHTS, normalisation)
    assert ours == pytest.approx(textbook(criteria, WEIGHTS, normalisation), rel=1e-9, abs=1e-9)


def test_a_single_alternative_always_scores_one_half() -> None:
    assert closeness_of(np.array([[-3.0], [0.9], [-5.0], [0.98]]), WEIGHTS, "min_max").tolist() == [0.5]


def test_the_best_in_everything_scores_1_and_the_worst_0() -> None:
    criteria = np.array([[-1.0, -2.0, -3.0], [0.9, 0.8, 0.7], [-1.0, -2.0, -3.0], [0.9, 0.8, 0.7]])
    scores = closeness_of(criteria, WEIGHTS, "min_max")
    assert scores == pytest.approx([1.0, 0.5, 0.0])


def closest_offer_of(columns: np.ndarray, eligible: np.ndarray) -> tuple[int, float]:
    """By both functions, which must agree to the last bit. Costs first."""
    cost_usd, reliability, latency_s, security = columns
    position, score = mcdm.closest_offer(cost_usd, reliability, latency_s, security, eligible, WEIGHTS)
    if eligible.any():
        index = np.flatnonzero(eligible)
        gaps = np.empty((4, 2, len(index)))
        for row, values in enumerate((reliability, -latency_s, security), 1):
            mcdm.squared_gaps(values[index], "min_max", gaps[row])
        best, same = mcdm.closest(cost_usd, index, gaps, WEIGHTS)
        assert (index[best], same) == (position, score)
    return position, score


few = st.sampled_from([0.0, 0.1 + 0.2, 0.15 + 0.15, 0.3, 1.0])


@settings(max_examples=25)
@given(
    columns=hnp.arrays(float, (4, 6), elements=few),
    infinite=st.sets(st.tuples(st.sampled_from([0, 2]), st.integers(0, 5)), max_size=8),
    eligible=hnp.arrays(bool, 6),
)
def test_equal_and_infinite_amounts_are_the_same_to_both_ways_of_scoring(
    columns: np.ndarray, infinite: set[tuple[int, int]], eligible: np.ndarray
) -> None:
    for place in infinite:
        columns[place] = np.inf
    position, score = closest_offer_of(columns, eligible)
    assert 0 <= score <= 1
    exact = np.where(np.isclose(columns, 0.3), 0.3, columns)
    same, exact_score = closest_offer_of(exact, eligible)
    assert same == position
    assert exact_score == pytest.approx(score, abs=1e-8)


def test_costs_that_are_equal_but_for_rounding_separate_nobody() -> None:
    """0.1 + 0.2 and 0.15 + 0.15 USD for the same service: both are as close to the ideal."""
    alike = np.array([[0.1 + 0.2, 0.15 + 0.15], [0.9, 0.9], [2.0, 2.0], [0.98, 0.98]])
    for columns in (alike, alike[:, ::-1]):
        assert closest_offer_of(columns, np.ones(2, dtype=bool)) == (0, 0.5)
    for normalisation in ("min_max", "vector"):
        assert closeness_of(alike, WEIGHTS, normalisation).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("normalisation", ["min_max", "vector"])
def test_an_infinite_cost_is_the_worst_and_changes_nothing_for_the_others(normalisation: str) -> None:
    costs = np.array([-1.0, -2.0, -4.0])
    gaps = mcdm.squared_gaps(np.insert(costs, 1, -np.inf), normalisation)
    assert gaps[:, [0, 2, 3]].tolist() == mcdm.squared_gaps(costs, normalisation).tolist()
    criteria = np.array([[-1.0, -np.inf, -2.0, -4.0], [0.7, 0.9, 0.8, 0.8], [1.0] * 4, [0.9] * 4])
    assert closeness_of(criteria, WEIGHTS, normalisation)[1] < 1e-90
    assert closeness_of(criteria, mcdm.normalised((0.0, 0.5, 0.25, 0.25)), normalisation)[1] == 1.0


def test_confidence_follows_the_window() -> None:
    memory, rule = Memory(WEIGHTS, window=50), Confidence()
    for _ in range(9):
        memory.remember(0.9, rule.good_score)
    assert memory.confidence(rule) == 0.8
    memory.remember(0.9, rule.good_score)
    assert memory.confidence(rule) == 1.0
    for _ in range(10):
        memory.remember(0.0, rule.good_score)
    assert memory.confidence(rule) == pytest.approx(1 - 1.96 * 2 * 0.5 / math.sqrt(20))
    for _ in range(50):
        memory.remember(0.0, rule.good_score)
    assert memory.confidence(rule) == 1.0


def test_critic_weights_are_contrast_times_conflict() -> None:
    criteria = np.array(
        [[1.0, 2.0, 4.0, 3.0], [5.0, 1.0, 2.0, 2.0], [7.0, 7.0, 7.0, 7.0], [1.0, 0.0, 0.0, 2.0]]
    )
    varying = criteria[[0, 1, 3]]
    unit = (varying - varying.min(1, keepdims=True)) / np.ptp(varying, axis=1, keepdims=True)
    # A constant criterion correlates with nothing: it adds 1 to the conflict of each of the others.
    conflict = (1 - np.corrcoef(unit)).sum(axis=1) + 1
    information = unit.std(axis=1, ddof=1) * conflict
    expected = information / information.sum()
    ours = mcdm.critic_weights(criteria)
    assert ours is not None
    assert ours[2] == 0
    assert [ours[0], ours[1], ours[3]] == pytest.approx(expected.tolist())


def test_critic_has_nothing_to_say_where_nothing_differs() -> None:
    assert mcdm.critic_weights(np.ones((4, 3))) is None
    assert mcdm.critic_weights(np.arange(4.0).reshape(4, 1)) is None


def test_critic_finds_no_contrast_in_rounding() -> None:
    criteria = np.array([[0.1 + 0.2, 0.15 + 0.15, 0.3], [1.0, 2.0, 4.0], [1.0, 3.0, 2.0], [0.5] * 3])
    exact = criteria.copy()
    exact[0] = 0.3
    assert mcdm.critic_weights(criteria) == mcdm.critic_weights(exact)
    assert mcdm.critic_weights(criteria[[0, 0, 3, 3]]) is None


@settings(max_examples=25)
@given(
    slopes=st.tuples(*[st.floats(0.01, 100)] * 3),
    values=hnp.arrays(float, 5, elements=st.integers(-1000, 1000).map(float)),
)
def test_collinear_criteria_have_no_conflict_and_no_weight_is_negative(
    slopes: tuple[float, float, float], values: np.ndarray
) -> None:
    """Four criteria that say the same leave CRITIC nothing to go by; with one that says something else the
    three are weighed by their conflict with it alone, and so alike."""
    collinear = np.stack([values, *(slope * values + slope for slope in slopes)])
    assert mcdm.critic_weights(collinear) is None
    weights = mcdm.critic_weights(np.concatenate([collinear[:3], [[3.0, 1.0, 4.0, 1.0, 5.0]]]))
    if weights is not None and np.ptp(values) > 0:
        assert min(weights) >= 0
        assert weights[:3] == pytest.approx([weights[0]] * 3, rel=1e-6, abs=1e-6)


def test_critic_leaves_out_what_is_infinitely_bad() -> None:
    criteria = np.array([[-1.0, -2.0, -4.0], [0.7, 0.9, 0.8], [-5.0, -2.0, -3.0], [0.9, 0.8, 0.95]])
    with_one = np.insert(criteria, 1, [-np.inf, 0.1, -9.0, 0.1], axis=1)
    assert mcdm.critic_weights(with_one) == mcdm.critic_weights(criteria)


def test_epsilon_1_sends_every_task_to_a_random_contractor_whatever_its_skills() -> None:
    result = coalesce_sim.run(coalesce_sim.load("dur_02", ["policy.epsilon=1"]), replications=3)
    decisions = result.decisions
    assert decisions["explored"].all()
    assert (decisions["choice"] == "contractor").all()
    assert set(decisions["score"]) == {0.5}
    assert set(decisions["confidence"]) == {0.7}
    assert decisions["contractor"].nunique() > 25


def test_without_exploration_the_first_ten_decisions_with_candidates_stay_home() -> None:
    decisions = coalesce_sim.run(coalesce_sim.load("dur_02", ["policy.epsilon=0"]), replications=1).decisions
    scored = decisions[decisions["score"].notna()]
    assert (scored["choice"].iloc[:10] == "local").all()
    assert (scored["choice"].iloc[10:] == "contractor").any()
    outsourced = scored[scored["choice"] == "contractor"]
    assert (outsourced["score"] > 0.6).all()
    assert (outsourced["confidence"] > 0.8).all()


@pytest.mark.parametrize("setting", ["normalisation=vector", "weighting=critic", "memory=per_client"])
def test_every_variant_plays(setting: str) -> None:
    plain = coalesce_sim.run(coalesce_sim.load("dur_02"), replications=1).decisions
    varied = coalesce_sim.run(coalesce_sim.load("dur_02", [f"policy.{setting}"]), replications=1).decisions
    assert varied["arrival_s"].equals(plain["arrival_s"])
    assert not varied["contractor"].equals(plain["contractor"])


@pytest.mark.parametrize("asked", [False, True])
def test_an_explored_choice_tells_its_draw_only_where_reasons_are_asked_for(asked: bool) -> None:
    class Asking(coalesce_sim.Observer):
        def wants(self, event: str) -> bool:
            return asked and event == "decided"

    told: list[dict[str, object] | None] = []

    class Spy(coalesce_sim.Policy):
        def start(self, surroundings: coalesce_sim.Surroundings) -> None:
            self._topsis = create(coalesce_sim.load("dur_02", ["policy.epsilon=1"]).policy)
            self._topsis.start(surroundings)

        def decide(self, view: coalesce_sim.View) -> coalesce_sim.Decision:
            decision = self._topsis.decide(view)
            told.append(decision.reasons)
            return decision

    scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    coalesce_sim.stage(scenario, policy=Spy, observer=Asking()).play()
    assert len(told) > 20
    assert all((reasons is not None and "exploration_draw" in reasons) == asked for reasons in told)


def test_a_task_that_stays_at_home_counts_as_a_bad_score_and_makes_weights_drift() -> None:
    """Without drift there are as many weights as combinations of boosts, at most eight."""

    class Weighing(coalesce_sim.Observer):
        def __init__(self) -> None:
            self.weights: set[tuple[float, ...]] = set()

        def decided(self, decided: DecidedOffers) -> None:
            if decided.decision.reasons and "weights" in decided.decision.reasons:
                self.weights.add(tuple(decided.decision.reasons["weights"].values()))

    stays = ["policy.epsilon=0", "policy.outsource_above_score=1", "clock.days=1"]
    still, drifting = Weighing(), Weighing()
    for observer, step in ((still, 0), (drifting, 0.1)):
        drift = f"policy.drift={{step: {step}, sd: 0.5, up_to_score: 0.5}}"
        coalesce_sim.stage(coalesce_sim.load("dur_02", [*stays, drift]), observer=observer).play()
    assert len(still.weights) <= 8
    assert len(drifting.weights) > 20
