"""The policies that forget: what counts for how much, and who is found again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.policies.bandits.arms import ALL_TYPES, Arms
from coalesce_sim.policies.bandits.forgetting import DiscountedArms, WindowedArms
from coalesce_sim.policies.bandits.indices import shrunk_mean
from coalesce_sim.policies.protocol import LOCAL
from tests.policies.by_hand import estimates_usd, outcome, play, started, view


def decided(arms: Arms) -> Arms:
    """Three decisions: on type 0 for arm 1, on type 1 for arm 1, on type 0 for arm 2."""
    for task, (type_id, arm, value) in enumerate([(0, 1, 0.5), (1, 1, 0.3), (0, 2, 0.7)]):
        arms.expect(view(task, type_id=type_id), arm, value)
    return arms


def records(arms: Arms, arm: int) -> list[tuple[float, float]]:
    """Observations of an arm and their mean, by type and of all types; −1 where there are none."""
    told = [arms.record(row, np.array([arm]), np.array([-1.0]), 0.0) for row in (0, 1, ALL_TYPES)]
    return [(float(count[0]), float(mean[0])) for count, mean in told]


def test_every_decision_fades_all_earlier_ones_of_whatever_type() -> None:
    arms = decided(DiscountedArms(2, 4, 0.5))
    pooled = pytest.approx((0.25 * 0.5 + 0.5 * 0.3) / 0.75)
    assert records(arms, 1) == [(0.25, 0.5), (0.5, 0.3), (0.75, pooled)]
    assert records(arms, 2) == [(1.0, 0.7), (0.0, -1.0), (1.0, 0.7)]
    assert [arms.plays(row) for row in (0, 1, ALL_TYPES)] == [1.25, 0.5, 1.75]


def test_what_stands_for_observations_does_not_fade() -> None:
    arms, of, prior = decided(DiscountedArms(2, 4, 0.5)), np.array([1]), np.array([0.9])
    count, mean = arms.record(0, of, prior, 2.0)
    assert (count.tolist(), mean.tolist()) == ([2.25], pytest.approx([(2 * 0.9 + 0.25 * 0.5) / 2.25]))
    square = (2 * 0.9**2 + 0.25 * 0.5**2) / 2.25
    assert arms.variance(0, of, prior, 2.0, mean) == pytest.approx(square - mean**2)


def test_an_outcome_that_comes_late_counts_for_no_more_than_its_decision() -> None:
    arms = decided(DiscountedArms(2, 4, 0.5))
    arms.learn(outcome(0, 1, 0.0), 0.9)
    assert records(arms, 1)[0] == pytest.approx((0.25, 0.9))
    assert records(arms, 1)[2][1] == pytest.approx((0.25 * 0.9 + 0.5 * 0.3) / 0.75)


def test_much_may_be_forgotten() -> None:
    """Two thousand decisions at 0.5: as much as 0.5²⁰⁰⁰, which no float can hold."""
    arms, late = DiscountedArms(2, 4, 0.5), DiscountedArms(2, 4, 0.5)
    for task in range(2000):
        for each in (arms, late):
            each.expect(view(task % 1000), task % 3, 0.3)
        arms.learn(outcome(task % 1000, task % 3, 0.0), 0.6)
        if task > 0:
            late.learn(outcome((task - 1) % 1000, (task - 1) % 3, 0.0), 0.6)
    late.learn(outcome(999, 1999 % 3, 0.0), 0.6)
    for one in (arms, late):
        assert one.plays(ALL_TYPES) == pytest.approx(2.0)
        assert records(one, 1)[0] == pytest.approx((8 / 7, 0.6))


def test_a_window_holds_the_last_decisions_of_all_types_together() -> None:
    arms = decided(WindowedArms(2, 4, 2))
    assert arms.count[:, 1].tolist() == [0.0, 1.0, 1.0]
    assert arms.sum[:, 1].tolist() == [0.0, 0.3, pytest.approx(0.3)]
    assert [arms.plays(row) for row in (0, 1, ALL_TYPES)] == [1, 1, 2]


def test_an_outcome_whose_decision_is_forgotten_comes_too_late() -> None:
    arms, untold = decided(WindowedArms(2, 4, 2)), decided(WindowedArms(2, 4, 2))
    arms.learn(outcome(0, 1, 0.0), 0.9)
    assert arms.sum.tolist() == untold.sum.tolist()


def test_with_a_decision_its_outcome_is_forgotten_to_the_last_digit() -> None:
    arms = WindowedArms(2, 4, 2)
    for task, value in enumerate((1e9, 0.1, 0.7, 0.2)):
        arms.expect(view(task), task % 3, 0.3)
        arms.learn(outcome(task, task % 3, 0.0), value)
    assert arms.sum[0].tolist() == [0.2, 0.0, 0.7, 0.0, 0.0]
    assert arms.squares[0, 1] == 0.0


def test_the_mean_of_less_than_one_observation_is_its_value() -> None:
    count, total = np.array([0.0, 0.25, 1e-12]), np.array([0.0, 0.2, 3e-13])
    assert shrunk_mean(count, total, np.full(3, 0.5), 0.0) == pytest.approx([0.5, 0.8, 0.3])


def test_windowed_greedy_estimates_by_its_window_alone() -> None:
    """One bad task at contractor 0, 11 above its price; then two at contractor 1, as its offer says."""
    policy = started("windowed_greedy", window_tasks=2, by_task_type=False)
    play(policy, lambda *_: 12.0, 1)
    assert estimates_usd(policy)[0] == pytest.approx(1 + (1 + 11) / 2)
    policy = started("windowed_greedy", window_tasks=2, by_task_type=False)
    play(policy, lambda *_: 12.0, 1)
    assert play(policy, lambda *_: 3.0, 2, first=1) == [1, 1]
    assert estimates_usd(policy)[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("forgets", "remembers", "chosen"),
    [
        ("windowed_greedy", "greedy", {"window_tasks": 20}),
        ("discounted_thompson", "thompson", {"discount": 0.97}),
    ],
)
def test_whoever_forgets_finds_that_the_worst_became_the_best(
    forgets: str, remembers: str, chosen: dict[str, Any]
) -> None:
    """Contractor 3 does bad work for 300 tasks, and from then on costs least."""

    def realised_usd(task: int, contractor: int) -> float:
        return {0: 6.0, 3: 1.0 if task >= 300 else 30.0, LOCAL: 10.0}.get(contractor, 8.0)

    scale = {} if "greedy" in forgets else {"scale_usd": 10.0}
    policies = started(forgets, **scale, **chosen), started(remembers, **scale)
    found = [play(policy, realised_usd, 700)[600:].count(3) for policy in policies]
    assert found[0] > 70
    assert found[1] == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{kind: discounted_ucb, discount: 2}", r"policy\.discount: .*1.*2"),
        ("{kind: sliding_window_ucb, window_tasks: 0}", r"policy\.window_tasks: .*1.*0"),
        ("{kind: windowed_greedy, window_tasks: 1.5}", r"policy\.window_tasks: .*1\.5"),
        ("{kind: discounted_thompson, window_tasks: 5}", r"policy\.window_tasks"),
    ],
)
def test_what_is_wrong_is_told_with_field_and_value(settings: str, told: str) -> None:
    with pytest.raises(coalesce_sim.ScenarioError, match=told):
        coalesce_sim.load("dur_01", [f"policy={settings}"])
