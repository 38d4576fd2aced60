"""The search on functions whose best is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from coalesce_sim.optimisation.goals import Goal, constraint
from coalesce_sim.optimisation.search import Figures, Point, best, closest, search
from coalesce_sim.optimisation.space import Axis, Setting, setting, shown
from coalesce_sim.statistics.intervals import Estimate
from coalesce_sim.sweeps.factors import Factor, Integers, LogUniform, Uniform, factor_of

AXES = [
    Axis(Factor(("x",), None, Uniform(uniform=[0.0, 0.3]))),
    Axis(Factor(("n",), None, Integers(integers=[1, 9]))),
    Axis(factor_of("policy", ["topsis", "greedy"])),
]
GOAL = Goal("cost_reduction", maximise=True)
KEEPS = [constraint("success_rate>=60%")]


def exactly(**means: float) -> Figures:
    return {name: Estimate(mean, 0.0, (mean, mean), 2) for name, mean in means.items()}


def hill(at: Setting) -> Figures:
    """Best at n = 4 with greedy, and the further up the larger x; but x above 0.2 breaks the constraint."""
    x, n = float(at["x"]), float(at["n"])
    value = 100 * x - (n - 4) ** 2 + 3 * (at["policy"] == "greedy")
    return exactly(cost_reduction=value, success_rate=100 - 200 * x)


class Recorder:
    """Evaluates settings and remembers what was asked for."""

    def __init__(self, function: Callable[[Setting], Figures | str]) -> None:
        self.function = function
        self.asked: list[Point] = []

    def __call__(self, points: Sequence[Point]) -> list[Figures | str]:
        self.asked.extend(points)
        return [self.function(setting(AXES, point)) for point in points]


def test_the_best_setting_within_the_constraint_is_found() -> None:
    evaluate = Recorder(hill)
    trials = search(GOAL, KEEPS, AXES, evaluate, trials=96, seed=1)
    assert len(trials) == 96
    assert len(evaluate.asked) == len(set(evaluate.asked)) == len({trial.point for trial in trials})
    found = best(trials, GOAL)
    assert found is not None
    assert (found.setting["n"], found.setting["policy"]) == (4, "greedy")
    assert 0.18 <= float(found.setting["x"]) <= 0.2
    assert all(trial.feasible == (float(trial.setting["x"]) <= 0.2) for trial in trials)


def test_a_search_repeats_and_differs_by_seed() -> None:
    runs = [
        [trial.point for trial in search(GOAL, [], AXES, Recorder(hill), trials=20, seed=seed)]
        for seed in (5, 5, 6)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_minimising_is_the_other_way_round() -> None:
    goal = Goal("cost_reduction", maximise=False)
    found = best(search(goal, [], AXES, Recorder(hill), trials=40, seed=1), goal)
    assert found is not None
    assert found.setting["n"] == 9


def test_trials_that_fail_or_have_no_mean_are_never_the_best() -> None:
    def fragile(at: Setting) -> Figures | str:
        if at["policy"] == "greedy":
            return "replication 0: ValueError: no"
        none = Estimate(None, None, None, 0)
        return hill(at) if int(at["n"]) % 2 else {"cost_reduction": none, "success_rate": none}

    trials = search(GOAL, KEEPS, AXES, Recorder(fragile), trials=24, seed=1)
    failed = [trial for trial in trials if trial.error is not None]
    assert failed
    assert all(trial.setting["policy"] == "greedy" and not trial.feasible for trial in failed)
    found = best(trials, GOAL)
    assert found is not None
    assert found.setting["policy"] == "topsis"
    assert int(found.setting["n"]) % 2


def test_without_a_feasible_trial_the_closest_misses_its_worst_constraint_by_least() -> None:
    impossible = [constraint("success_rate>=120"), constraint("cost_reduction<=1000")]
    trials = search(GOAL, impossible, AXES, Recorder(hill), trials=16, seed=1)
    assert best(trials, GOAL) is None
    near = closest(trials, GOAL, impossible)
    assert near is not None
    assert near.setting["x"] == min(trial.setting["x"] for trial in trials)
    assert closest(trials, GOAL, []) is None


def test_settings_are_in_thousandths_of_their_range_and_lists_are_met_at_each_value() -> None:
    axes = [
        Axis(Factor(("x",), None, Uniform(uniform=[0.0, 0.3]))),
        Axis(Factor(("p",), None, LogUniform(log_uniform=[0.01, 100.0]))),
        Axis(factor_of("k", [5, 10, 20])),
    ]
    at = setting(axes, [axes[0].share(281), axes[1].share(500), axes[2].share(2)])
    assert at == {"x": 0.0843, "p": pytest.approx(1.0), "k": 20}
    assert [axis.values for axis in axes] == [None, None, 3]
    assert [setting(AXES[1:2], [AXES[1].share(index)])["n"] for index in range(9)] == list(range(1, 10))
    assert shown({"x": 0.0843, "policy": "topsis", "on": True}) == "x = 0.0843, policy = topsis, on = true"
