"""The policies that learn: what each rule decides on views made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coalesce_sim
from coalesce_sim.luck import Draws, Luck
from coalesce_sim.policies.bandits.arms import Alternatives, Arms, Roster
from coalesce_sim.policies.bandits.budgeted import BudgetedUcb
from coalesce_sim.policies.bandits.greedy import AdaptiveThreshold
from coalesce_sim.policies.bandits.indices import exp3_gamma, exp3_probabilities, shrunk_mean, ucb1, ucb_v
from coalesce_sim.policies.bandits.linear import FEATURES, LinUcb, Ridge
from coalesce_sim.policies.bandits.rewards import Rewards
from coalesce_sim.policies.protocol import LOCAL, View
from tests.policies.by_hand import (
    CONTRACTORS,
    TYPES,
    estimates_usd,
    outcome,
    play,
    settings,
    started,
    surroundings,
    view,
)

KINDS = (
    "greedy",
    "epsilon_greedy",
    "optimistic_greedy",
    "windowed_greedy",
    "ucb1",
    "ucb_v",
    "discounted_ucb",
    "sliding_window_ucb",
    "thompson",
    "thompson_gaussian",
    "discounted_thompson",
    "lin_ucb",
    "exp3",
    "budgeted_ucb",
    "adaptive_threshold",
)
DETERMINISTIC = (
    "greedy",
    "optimistic_greedy",
    "windowed_greedy",
    "ucb1",
    "ucb_v",
    "discounted_ucb",
    "sliding_window_ucb",
    "lin_ucb",
    "budgeted_ucb",
    "adaptive_threshold",
)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_eligible_means_home(kind: str) -> None:
    policy = started(kind)
    for task in range(20):
        assert policy.decide(view(task, eligible=[False] * CONTRACTORS)).contractor == LOCAL
        policy.observe(outcome(task, LOCAL, 12.0))
    assert policy.decide(view(20, price_usd=())).contractor == LOCAL


@pytest.mark.parametrize("kind", KINDS)
def test_only_eligible_offers_are_chosen(kind: str) -> None:
    chosen = play(
        started(kind),
        lambda task, _: 1.0 + task % 3 * 6,
        60,
        eligible=[False, True, False, True],
    )
    assert set(chosen) <= {1, 3, LOCAL}
    assert 1 in chosen


@pytest.mark.parametrize("kind", KINDS)
def test_a_contractor_keeps_its_record_whatever_its_position_among_the_offers(kind: str) -> None:
    """Contractor 2 does well, now as the second of two offers and now as the first; the others do badly."""
    policy = started(kind)

    def realised_usd(_: int, contractor: int) -> float:
        return {2: 1.0, LOCAL: 10.0}.get(contractor, 25.0)

    chosen = []
    for task in range(0, 500, 2):
        chosen += play(
            policy, realised_usd, 1, first=task, price_usd=(1.0, 1.0), ids=(0, 2), reliability=(0.2, 0.9)
        )
        chosen += play(
            policy, realised_usd, 1, first=task + 1, price_usd=(1.0, 1.0), ids=(2, 3), reliability=(0.9, 0.2)
        )
    late = chosen[-200:]
    assert late[::2].count(2) > 45
    assert late[1::2].count(2) > 45


@pytest.mark.parametrize("kind", ["ucb1", "ucb_v"])
def test_a_retry_without_the_failed_contractor_is_a_choice_of_its_own(kind: str) -> None:
    policy = started(kind)
    assert policy.decide(view(0)).contractor == 0
    policy.observe(outcome(0, 0, 12.0, success=False))
    assert policy.decide(view(0, (2.0, 3.0, 4.0), ids=(1, 2, 3))).contractor == 0  # the first of them is 1
    policy.observe(outcome(0, 1, 3.0))
    assert policy.decide(view(1)).contractor == 2


def test_greedy_learns_from_both_attempts_of_a_retried_task() -> None:
    policy = started("greedy", by_task_type=False)
    policy.decide(view(0))
    policy.observe(outcome(0, 0, 12.0, success=False))
    policy.decide(view(0, (2.0, 3.0, 4.0), ids=(1, 2, 3)))
    policy.observe(outcome(0, 1, 9.0))
    assert estimates_usd(policy) == pytest.approx([1 + (1 + 11) / 2, 2 + (1 + 7) / 2, 4.0, 5.0, 10.0])


@pytest.mark.parametrize("kind", KINDS)
def test_an_outcome_that_nobody_decided_on_is_no_lesson(kind: str) -> None:
    """The market ran the task at home after the contract failed."""
    policy = started(kind)
    policy.observe(outcome(5, LOCAL, 7.0))
    policy.observe(outcome(5, 2, 7.0))
    assert play(policy, lambda *_: 3.0, 30) == play(started(kind), lambda *_: 3.0, 30)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_luck_gives_the_same_decisions_and_a_new_start_forgets(kind: str) -> None:
    def realised_usd(task: int, contractor: int) -> float:
        return float((task * 7 + contractor * 5) % 13)

    policy = started(kind)
    once = play(policy, realised_usd, 80)
    policy.start(surroundings())
    assert play(policy, realised_usd, 80) == once
    assert play(started(kind), realised_usd, 80) == once


@pytest.mark.parametrize("kind", DETERMINISTIC)
def test_policies_without_chance_draw_nothing_and_break_ties_to_the_lowest_position(kind: str) -> None:
    class Refused(Luck):
        def __call__(self, purpose: str) -> Draws:
            raise AssertionError(f"luck for {purpose!r} was asked for")

    asked = view(
        0,
        (2.0, 2.0, 2.0, 2.0),
        eligible=[False, True, True, True],
        luck=Refused(1, 0, np.arange(4, dtype=np.uint64)),
    )
    assert started(kind).decide(asked).contractor == 1


@pytest.mark.parametrize(
    "kind", ["optimistic_greedy", "ucb1", "ucb_v", "discounted_ucb", "sliding_window_ucb"]
)
def test_a_burst_does_not_all_go_to_one_untried_contractor(kind: str) -> None:
    """Four equal offers, four tasks, no outcome yet."""
    policy = started(kind)
    burst = [policy.decide(view(task, (2.0, 2.0, 2.0, 2.0), risk_usd=2.0)).contractor for task in range(4)]
    assert sorted(burst) == [0, 1, 2, 3]


def test_a_mean_is_shrunk_to_its_prior() -> None:
    count, total, prior = np.array([0.0, 3.0]), np.array([0.0, 6.0]), np.array([5.0, 5.0])
    assert shrunk_mean(count, total, prior, 1.0).tolist() == [5.0, 11 / 4]
    assert shrunk_mean(count, total, prior, 0.0).tolist() == [5.0, 2.0]


def test_greedy_mixes_what_happened_with_what_the_offer_says() -> None:
    policy = started("greedy", prior_weight=2.0, by_task_type=False)
    assert estimates_usd(policy) == pytest.approx([2.0, 3.0, 4.0, 5.0, 10.0])
    policy.start(surroundings())
    assert play(policy, lambda *_: 7.0, 1) == [0]
    # price 1 + (2 × the risk of 1 stated + the excess of 6 over the price that happened) / 3
    assert estimates_usd(policy) == pytest.approx([1 + (2 * 1 + 6) / 3, 3.0, 4.0, 5.0, 10.0])


def test_greedy_learns_of_home_too() -> None:
    policy = started("greedy", prior_weight=1.0, by_task_type=False)
    chosen = play(policy, lambda *_: 4.0, 1, internal_usd=1.5)
    assert chosen == [LOCAL]
    assert estimates_usd(policy, internal_usd=1.5)[-1] == pytest.approx(1.5 + 2.5 / 2)


def test_a_record_on_one_type_counts_for_the_other_less() -> None:
    policy = started("greedy", prior_weight=1.0, pooled_weight=4.0)
    play(policy, lambda *_: 9.0, 1)  # contractor 0, type 0: an excess of 8
    pooled = (1 * 1 + 8) / 2
    assert estimates_usd(policy, type_id=1)[0] == pytest.approx(1 + pooled)
    policy = started("greedy", prior_weight=1.0, pooled_weight=4.0)
    play(policy, lambda *_: 9.0, 1)
    assert estimates_usd(policy, type_id=0)[0] == pytest.approx(1 + (4 * pooled + 8) / 5)


def test_optimistic_greedy_tries_the_cheapest_and_moves_on_from_bad_work() -> None:
    def realised_usd(_: int, contractor: int) -> float:
        return {0: 9.0, 1: 10.0, 2: 3.0, 3: 4.0}[contractor]

    policy = started("optimistic_greedy")
    chosen = play(policy, realised_usd, 30)
    assert chosen[:3] == [0, 1, 2]
    assert set(chosen[3:]) == {2}


def test_optimism_never_exceeds_what_good_work_comes_to_above_its_price() -> None:
    """Fees of 0.5 on top of every price are learned of all contractors from the first good work."""
    policy = started("optimistic_greedy", by_task_type=False)
    play(policy, lambda *_: 1.5, 1)
    assert estimates_usd(policy)[1:4] == pytest.approx([2.5, 3.5, 4.5])
    assert estimates_usd(policy, risk_usd=0.2)[3] == pytest.approx(4.2)


def test_epsilon_greedy_without_epsilon_is_greedy_and_with_epsilon_1_is_random() -> None:
    def realised_usd(task: int, contractor: int) -> float:
        return float((task * 7 + contractor * 5) % 13)

    greedy = play(started("greedy"), realised_usd, 50)
    assert play(started("epsilon_greedy", epsilon=0.0), realised_usd, 50) == greedy
    policy = started("epsilon_greedy", epsilon=1.0)
    decided = [policy.decide(view(task)) for task in range(400)]
    assert all(decision.explored for decision in decided)
    counts = np.bincount([decision.contractor for decision in decided], minlength=CONTRACTORS)
    assert (abs(counts - 100) < 35).all()  # 4 standard deviations of a binomial


def test_epsilon_halves_every_half_life() -> None:
    policy = started("epsilon_greedy", epsilon=1.0, epsilon_half_life_tasks=50.0)
    explored = [policy.decide(view(task)).explored for task in range(1000)]
    expected = sum(0.5 ** (task / 50) for task in range(1000))
    assert sum(explored) == pytest.approx(expected, abs=4 * math.sqrt(expected))
    assert explored[0]
    assert not any(explored[700:])


def test_topsis_explores_less_and_less_with_a_half_life() -> None:
    """On the same draws: what it still explores, it would have explored with a constant ε too."""

    def explored(**chosen: Any) -> np.ndarray:
        policy = started("topsis", epsilon=0.5, **chosen)
        return np.array([policy.decide(view(task)).explored for task in range(600)])

    constant, decaying = explored(), explored(epsilon_half_life_tasks=40.0)
    assert decaying[:40].any()
    assert not decaying[400:].any()
    assert constant[400:].any()
    assert not (decaying & ~constant).any()


def test_ucb1_tries_everybody_once_and_then_mostly_the_best() -> None:
    chosen = play(
        started("ucb1"), lambda _, contractor: 9.0 - 2 * contractor if contractor >= 0 else 10.0, 400
    )
    assert chosen[: CONTRACTORS + 1] == [0, 1, 2, 3, LOCAL]
    assert max(set(chosen), key=chosen.count) == 3


def test_ucb1_is_the_textbook_rule_recomputed_from_the_history() -> None:
    def realised_usd(task: int, contractor: int) -> float:
        return float((task * task * 7 + contractor * 5) % 17)

    rewards: dict[int, list[float]] = {arm: [] for arm in (0, 1, 2, 3, LOCAL)}
    for task, arm in enumerate(play(started("ucb1", scale_usd=10.0), realised_usd, 300)):
        index = {
            each: sum(seen) / len(seen) + math.sqrt(2 * math.log(task) / len(seen)) if seen else math.inf
            for each, seen in rewards.items()
        }
        best = max(index.values())
        assert index[arm] == pytest.approx(best, rel=1e-9)
        rewards[arm].append(min(max(0.5 + (10 - realised_usd(task, arm)) / 20, 0), 1))


def test_a_prior_spares_ucb1_trying_what_nobody_would_try() -> None:
    """One of the offers says that it costs three times what home does."""
    chosen = play(started("ucb1", prior_weight=50.0), lambda *_: 2.0, 10, price_usd=(1.0, 1.0, 30.0, 30.0))
    assert set(chosen) == {0, 1}


def test_the_indices_of_optimists_are_those_of_their_papers() -> None:
    """ln 100 = 4.605; an arm that was never tried comes first."""
    count, mean, variance = np.array([0.0, 4.0, 50.0]), np.array([0.0, 0.5, 0.2]), np.array([0.0, 0.25, 0.01])
    share = 4.605170186 / np.array([np.inf, 4.0, 50.0])
    assert ucb1(100, count, mean).tolist() == pytest.approx([np.inf, *(mean + (2 * share) ** 0.5)[1:]])
    wide = mean + (2 * variance * 1.2 * share) ** 0.5 + 3 * 1.2 * share
    assert ucb_v(100, count, mean, variance).tolist() == pytest.approx([np.inf, *wide[1:]])


def test_ucb_v_explores_an_arm_of_steady_rewards_less_than_ucb1() -> None:
    """After 600 steady outcomes a worse arm's index rests on its variance, which is 0."""

    def realised_usd(_: int, contractor: int) -> float:
        return {0: 6.0, LOCAL: 10.0}[contractor]

    one: dict[str, Any] = {"eligible": [True, False, False, False]}
    at_home = {kind: play(started(kind), realised_usd, 600, **one).count(LOCAL) for kind in ("ucb1", "ucb_v")}
    assert at_home["ucb_v"] < at_home["ucb1"]


@pytest.mark.parametrize("kind", ["thompson", "thompson_gaussian"])
def test_thompson_sampling_settles_on_the_best(kind: str) -> None:
    chosen = play(started(kind), lambda _, contractor: {2: 1.0, LOCAL: 10.0}.get(contractor, 14.0), 400)
    assert set(chosen[:60]) >= {0, 1, 2, 3}
    assert chosen[200:].count(2) > 150


def test_a_reward_falls_with_cost_and_saturates_only_beyond_twice_the_ordinary_loss() -> None:
    rewards = Rewards(None)
    assert [rewards.met(outcome(0, 0, cost_usd)) for cost_usd in (0.0, 5.0, 10.0)] == [1.0, 0.75, 0.5]
    assert rewards.met(outcome(0, 0, 26.0)) == 0.25  # a loss of 16, the first: the scale is 32
    given = [rewards.met(outcome(0, 0, cost_usd)) for cost_usd in (0.0, 2.0, 9.0, 11.0, 25.0, 30.0)]
    assert given == sorted(given, reverse=True)
    assert len(set(given)) == len(given)
    assert given[-1] > 0


def test_one_absurd_loss_does_not_press_all_rewards_together() -> None:
    rewards = Rewards(None)
    for cost_usd in [26.0] * 20:
        rewards.met(outcome(0, 0, cost_usd))
    assert rewards.met(outcome(0, 0, 1e6)) == 0.0
    assert rewards.met(outcome(0, 0, 0.0)) > 0.6
    assert Rewards(5.0).met(outcome(0, 0, 6.0)) == 0.9


def test_exp3_weighs_a_reward_by_how_unlikely_its_choice_was() -> None:
    assert exp3_gamma(2, 5000) == pytest.approx(math.sqrt(2 * math.log(2) / ((math.e - 1) * 5000)))
    assert exp3_gamma(30, 10) == 1.0
    policy = started("exp3", gamma=0.3, scale_usd=10.0)

    def probabilities(task: int) -> np.ndarray:
        reasons = policy.decide(view(task, explain=True)).reasons
        assert reasons is not None
        return np.append(reasons["probability"], reasons["probability_at_home"])

    assert probabilities(0) == pytest.approx([0.2] * 5)
    arm = policy.decide(view(1)).contractor
    policy.observe(outcome(1, arm, 5.0))  # reward 0.75
    log_weights = np.zeros(5)
    log_weights[arm] = 0.3 / 5 * 0.75 / 0.2
    assert probabilities(2) == pytest.approx(exp3_probabilities(log_weights, 0.3))
    assert exp3_probabilities(np.array([0.0, 5000.0]), 0.1) == pytest.approx([0.05, 0.95])


def test_ridge_regression_is_that_of_the_normal_equations() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.random((40, 5)), rng.normal(size=40)
    ridge = Ridge(5, 0.7)
    for features, value in zip(x, y, strict=True):
        ridge.see(features)
        ridge.hear(features, value)
    a = 0.7 * np.eye(5) + x.T @ x
    mean, width = ridge.predict(x[:6])
    assert mean == pytest.approx(x[:6] @ np.linalg.solve(a, x.T @ y))
    assert width == pytest.approx(np.sqrt([row @ np.linalg.solve(a, row) for row in x[:6]]))


def test_lin_ucb_learns_that_the_unreliable_fail_whoever_they_are() -> None:
    """Trained on contractors 0 and 1, it prefers the reliable one of 2 and 3, which it never tried."""
    policy = started("lin_ucb", alpha=0.3)

    def realised_usd(_: int, contractor: int) -> float:
        return {0: 25.0, 1: 1.0, LOCAL: 10.0}[contractor]

    play(policy, realised_usd, 100, price_usd=(1.0, 1.0), ids=(0, 1), reliability=(0.2, 0.9))
    for task, (reliability, best) in enumerate([((0.2, 0.9), 1), ((0.9, 0.2), 0)]):
        seen = view(500 + task, (1.0, 1.0), ids=(2, 3), reliability=reliability)
        assert policy.decide(seen).contractor == best


def test_features_lie_within_0_and_1_whatever_the_offers() -> None:
    policy = started("lin_ucb")
    assert isinstance(policy, LinUcb)
    seen = view(0, (0.0, 1e9), internal_usd=0.0, reliability=(0.0, 1.0))
    features = policy.features(seen, Alternatives(seen))
    assert features.shape == (2, TYPES + len(FEATURES))
    assert ((features >= 0) & (features <= 1)).all()


def test_the_threshold_rises_after_losses_falls_after_gains_and_recovers() -> None:
    policy = started("adaptive_threshold", threshold=0.2, step=0.1, recovery=0.5)
    assert isinstance(policy, AdaptiveThreshold)
    assert play(policy, lambda *_: 5.0, 1) == [0]
    assert policy.threshold == pytest.approx(0.2 - 0.1 * 0.5)
    play(policy, lambda *_: 1000.0, 1)  # a loss counts as no more than the task at home
    assert policy.threshold == pytest.approx(0.15 + 0.1)
    chosen = play(policy, lambda *_: 10.0, 1, first=2, price_usd=(9.0,) * 4, risk_usd=0.0)
    assert chosen == [LOCAL]
    assert policy.threshold == pytest.approx(0.25 + 0.5 * (0.2 - 0.25))


@pytest.mark.parametrize("unit_usd", [1e-6, 1.0, 1e6])
def test_the_threshold_moves_by_shares_of_any_amount(unit_usd: float) -> None:
    policy = started("adaptive_threshold", threshold=0.2, step=0.1)
    assert isinstance(policy, AdaptiveThreshold)
    policy.observe(outcome(0, 0, 0.25 * unit_usd, internal_usd=unit_usd))
    assert policy.threshold == pytest.approx(0.2 - 0.1 * 0.75)


def test_an_offer_must_save_more_than_the_threshold() -> None:
    offered: dict[str, Any] = {"price_usd": (8.0, 9.0), "risk_usd": 0.0}
    assert started("adaptive_threshold", threshold=0.2).decide(view(0, **offered)).contractor == LOCAL
    assert started("adaptive_threshold", threshold=0.19).decide(view(0, **offered)).contractor == 0


def test_a_budget_is_never_overspent_and_then_everything_stays_home() -> None:
    policy = started("budgeted_ucb", budget_usd=10.0)
    chosen = play(policy, lambda _, contractor: [1.0, 2.0, 3.0, 4.0, 10.0][contractor], 40)
    spent_usd = sum([1.0, 2.0, 3.0, 4.0, 0.0][contractor] for contractor in chosen)
    assert 9.0 <= spent_usd <= 10.0
    assert set(chosen[-20:]) == {LOCAL}


def test_decisions_whose_bill_is_still_out_are_spent_already() -> None:
    policy = started("budgeted_ucb", budget_usd=2.5)
    assert isinstance(policy, BudgetedUcb)
    assert [policy.decide(view(task, (1.0,) * 4)).contractor for task in range(4)][2:] == [LOCAL, LOCAL]
    policy.observe(outcome(0, 0, 0.0, price_usd=0.0))
    assert policy.spent_usd == 1.0
    assert policy.decide(view(4, (1.0,) * 4)).contractor != LOCAL


def test_a_paced_budget_lasts_to_the_end() -> None:
    chosen = play(
        started("budgeted_ucb", budget_usd=10.0, pace_tasks=40), lambda *_: 1.0, 40, price_usd=(1.0,) * 4
    )
    away = [task for task, contractor in enumerate(chosen) if contractor != LOCAL]
    assert len(away) == 10
    assert away[-1] >= 36


def test_a_budget_goes_where_a_dollar_saves_most() -> None:
    """Contractor 0 saves 9 for 1 USD, contractor 1 9.9 for 2 USD."""
    policy = started("budgeted_ucb", budget_usd=100.0)
    chosen = play(
        policy, lambda _, contractor: 10 - 9 - contractor * 0.9, 50, price_usd=(1.0, 2.0), risk_usd=0.0
    )
    assert chosen.count(0) == 50


def test_alternatives_are_worked_out_again_when_the_offers_change() -> None:
    roster = Roster()
    first, second = view(0), view(1, eligible=[True, False, True, False])
    assert roster.of(first).arms.tolist() == [0, 1, 2, 3, LOCAL]
    assert roster.of(second).arms.tolist() == [0, 2, LOCAL]
    assert roster.of(second) is roster.of(View(second.offers, 0))


@pytest.mark.parametrize("kind", KINDS)
def test_reasons_are_told_where_they_are_asked_for(kind: str) -> None:
    policy = started(kind)
    decision = policy.decide(view(0, eligible=[True, False, True, True], explain=True))
    assert decision.reasons
    columns = [value for value in decision.reasons.values() if isinstance(value, np.ndarray)]
    assert columns
    for values in columns:
        assert np.isnan(values).tolist() == [False, True, False, False]
    assert started(kind).decide(view(0)).reasons is None


def test_learning_leaves_arrivals_and_tasks_untouched() -> None:
    def tasks(kind: str) -> pd.DataFrame:
        scenario = coalesce_sim.load("dur_01", [f"policy={{kind: {kind}}}"])
        decisions = coalesce_sim.run(scenario, replications=1).decisions
        return decisions[["task", "arrival_s", "client", "type", "all_local_usd"]]

    at_home = tasks("always_local")
    for kind in ("epsilon_greedy", "thompson", "exp3"):
        pd.testing.assert_frame_equal(tasks(kind), at_home)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "greedy", "prior_weight": -1.0}, "prior_weight"),
        ({"kind": "greedy", "pooled_weight": -0.5}, "pooled_weight"),
        ({"kind": "greedy", "epsilon": 0.1}, "epsilon"),
        ({"kind": "epsilon_greedy", "epsilon": 1.5}, "epsilon"),
        ({"kind": "epsilon_greedy", "epsilon_half_life_tasks": 0.0}, "epsilon_half_life_tasks"),
        ({"kind": "topsis", "epsilon_half_life_tasks": -3.0}, "epsilon_half_life_tasks"),
        ({"kind": "ucb1", "exploration": 0.0}, "exploration"),
        ({"kind": "ucb_v", "bias": -1.0}, "bias"),
        ({"kind": "thompson", "scale_usd": 0.0}, "scale_usd"),
        ({"kind": "thompson_gaussian", "prior_weight": 0.0}, "prior_weight"),
        ({"kind": "thompson_gaussian", "sd": 0.0}, "sd"),
        ({"kind": "windowed_greedy", "window_tasks": 0}, "window_tasks"),
        ({"kind": "windowed_greedy", "window_tasks": 2.5}, "window_tasks"),
        ({"kind": "windowed_greedy", "pooled_weight": -1.0}, "pooled_weight"),
        ({"kind": "discounted_ucb", "discount": 0.0}, "discount"),
        ({"kind": "discounted_ucb", "discount": 1.01}, "discount"),
        ({"kind": "discounted_ucb", "exploration": 0.0}, "exploration"),
        ({"kind": "discounted_ucb", "window_tasks": 5}, "window_tasks"),
        ({"kind": "sliding_window_ucb", "window_tasks": 0}, "window_tasks"),
        ({"kind": "sliding_window_ucb", "exploration": -1.0}, "exploration"),
        ({"kind": "sliding_window_ucb", "discount": 0.9}, "discount"),
        ({"kind": "discounted_thompson", "discount": -0.1}, "discount"),
        ({"kind": "discounted_thompson", "exploration": 2.0}, "exploration"),
        ({"kind": "lin_ucb", "ridge": 0.0}, "ridge"),
        ({"kind": "exp3", "gamma": 0.0}, "gamma"),
        ({"kind": "exp3", "horizon_tasks": 0}, "horizon_tasks"),
        ({"kind": "budgeted_ucb", "budget_usd": -1.0}, "budget_usd"),
        ({"kind": "budgeted_ucb", "pace_tasks": 10}, "pace_tasks needs a budget_usd"),
        ({"kind": "adaptive_threshold", "threshold": 2.0}, "threshold"),
        ({"kind": "adaptive_threshold", "recovery": -0.1}, "recovery"),
    ],
)
def test_settings_refuse_what_makes_no_sense(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        settings(**fields)


def test_a_reward_ends_at_1_and_stands_for_its_saving() -> None:
    rewards = Rewards(10.0)
    met = [rewards.met(outcome(0, 0, cost_usd)) for cost_usd in (-500.0, 4.0, 12.0, 500.0)]
    assert met == [1.0, 0.8, 0.4, 0.0]
    assert rewards.savings_usd(np.array(met), 10.0).tolist() == pytest.approx([10.0, 6.0, -2.0, -10.0])


def test_the_variance_of_an_arm_is_that_of_its_observations() -> None:
    arms, observed = Arms(2, 4), [0.2, 0.6, 0.7]
    for task, value in enumerate(observed):
        arms.expect(view(task), 1, 0.5)
        arms.learn(outcome(task, 1, 0.0), value)
    of, prior = np.array([1]), np.array([0.0])
    count, mean = arms.record(0, of, prior, 0.0)
    assert (count.tolist(), mean.tolist()) == ([3.0], pytest.approx([0.5]))
    assert arms.variance(0, of, prior, 0.0, mean).tolist() == pytest.approx([np.var(observed)])


def test_who_is_no_longer_eligible_is_no_longer_hired() -> None:
    """The same contractors offer, as where everybody is known, but other ones reach the threshold."""
    policy, first = started("greedy"), view(0, eligible=[True, True, False, False])
    assert policy.decide(first).contractor == 0
    later = view(1, eligible=[False, True, False, False])
    later.offers.ids = first.offers.ids
    assert policy.decide(later).contractor == 1


def test_an_optimist_tries_every_arm_anew_for_another_type_where_types_are_told_apart() -> None:
    def cost_usd(task: int, contractor: int) -> float:  # noqa: ARG001
        return {0: 1.0, 1: 5.0, 2: 6.0, 3: 7.0, LOCAL: 10.0}[contractor]

    apart, together = started("ucb1", by_task_type=True), started("ucb1", by_task_type=False)
    for policy in (apart, together):
        play(policy, cost_usd, 60)
    first_of_hard = {}
    for name, policy in (("apart", apart), ("together", together)):
        decided = []
        for task in range(100, 105):
            seen = view(task, type_id=1)
            decided.append(policy.decide(seen).contractor)
            policy.observe(outcome(task, decided[-1], cost_usd(task, decided[-1]), type_id=1))
        first_of_hard[name] = set(decided)
    assert first_of_hard["apart"] == {0, 1, 2, 3, LOCAL}
    assert len(first_of_hard["together"]) < 5


def test_a_budget_is_spent_on_small_savings_too() -> None:
    """Half a dollar is saved each time, and the budget is no limit."""
    policy = started("budgeted_ucb", budget_usd=1e6)
    cents: dict[str, Any] = {"price_usd": (0.2,) * 4, "risk_usd": 0.1, "internal_usd": 0.9}
    chosen = play(policy, lambda _, contractor: 0.9 if contractor == LOCAL else 0.4, 400, **cents)
    assert LOCAL not in chosen[-100:]


def test_an_optimist_that_believes_estimates_starts_with_the_best_of_them() -> None:
    """Every offer is dearer than home by half a dollar or more."""
    dear = view(0, price_usd=(9.5, 10.0, 11.0, 12.0), risk_usd=1.0, internal_usd=10.0)
    assert started("ucb1", prior_weight=1.0).decide(dear).contractor == LOCAL
