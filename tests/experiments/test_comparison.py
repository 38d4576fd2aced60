from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from coalesce_sim import (
    LOCAL,
    Comparison,
    Decision,
    Policy,
    PolicyError,
    ScenarioError,
    View,
    compare,
    load,
    run,
)
from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import UNASKED, YARDSTICKS, contenders
from coalesce_sim.experiments.learning import MOST_BINS, Learning, TaskBins
from coalesce_sim.experiments.words import split
from coalesce_sim.report.comparison.findings import findings
from coalesce_sim.scenario.policy import Cheapest, Topsis
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.contrasts import holm
from tests.markets import queueing

SMALL = load("dur_01", ["clock.days=0.5"])


class LateStarter(Policy):
    """Stays at home for 60 tasks, then takes whatever is cheapest."""

    def decide(self, view: View) -> Decision:
        return Decision(LOCAL if view.fact("arrival_s") < 43_200 else int(view.external_usd.argmin()))


class Hopeless(Policy):
    def decide(self, view: View) -> Decision:  # noqa: ARG002
        raise ZeroDivisionError("hopeless")


def runs_of(comparison: Comparison, label: str, metric: str) -> FloatArray:
    """One value a replication."""
    runs = comparison.runs
    values: FloatArray = runs[runs["policy"] == label].sort_values("replication")[metric].to_numpy(float)
    return values


@pytest.fixture(scope="module")
def played() -> Comparison:
    return compare(SMALL, ["topsis", "topsis(epsilon=0)", "cheapest", "scenario"], replications=6, seed=3)


@pytest.fixture(scope="module")
def queues() -> Scenario:
    """Limited slots at home, so that the all-local market is played and not worked out."""
    return load(queueing({"kind": "renewal", "gap_s": {"exponential": {"mean": 80}}, "limit": 150}, slots=1))


def test_a_list_is_divided_at_its_own_commas_only():
    text = "topsis(epsilon=0, weights={cost: 1, latency: 0}), cheapest,m:Mine(word='a,b)')"
    assert split(text) == [
        "topsis(epsilon=0, weights={cost: 1, latency: 0})",
        "cheapest",
        "m:Mine(word='a,b)')",
    ]


def test_what_is_not_stated_is_as_in_the_scenario_or_by_default():
    scenario = load("dur_03", ["policy.epsilon=0.2", "policy.weights.cost=0.9"])
    assert isinstance(scenario.policy, Topsis)
    written: list[str | type[Policy]] = [
        " topsis",
        "topsis(epsilon=0, weights.latency=3)",
        "cheapest",
        "scenario",
        LateStarter,
    ]
    field = contenders(scenario, written)
    assert [each.label for each in field[:5]] == [
        "topsis",
        "topsis(epsilon=0, weights.latency=3)",
        "cheapest",
        "scenario",
        "LateStarter",
    ]
    assert field[0].chosen == field[3].chosen == scenario.policy
    weights = scenario.policy.weights.model_copy(update={"latency": 3.0})
    assert field[1].chosen == scenario.policy.model_copy(update={"epsilon": 0.0, "weights": weights})
    assert field[2].chosen == Cheapest(kind="cheapest")
    assert [each.label for each in field if each.yardstick] == list(UNASKED)
    other = load("dur_03", ["policy={kind: random}"])
    assert contenders(other, ["topsis"])[0].chosen == Topsis(kind="topsis")


def test_without_a_list_the_scenarios_policy_meets_the_usual_ones():
    asked = [each.label for each in contenders(SMALL) if not each.yardstick]
    assert asked == ["topsis", "always_local", "cheapest"]
    cheapest = load("dur_01", ["policy={kind: cheapest}"])
    assert [each.label for each in contenders(cheapest)][:3] == ["cheapest", "always_local", "oracle"]


@pytest.mark.parametrize("yardstick", UNASKED)
def test_a_yardstick_that_is_listed_takes_part_like_any_other(yardstick: str):
    (found,) = (each for each in contenders(SMALL, ["cheapest", yardstick]) if each.label == yardstick)
    assert not found.yardstick


@pytest.mark.parametrize(
    ("policies", "messages"),
    [
        (["topsi"], ["policy 'topsi': there is no such policy; did you mean 'topsis'? (known: scenario, "]),
        (["xyz"], ["or module:Class)"]),
        (["topsis", "topsis"], ["policy 'topsis': listed twice"]),
        ([LateStarter, LateStarter], ["policy 'LateStarter': listed twice"]),
        (["topsis(epsilon=2)"], ["policy 'topsis(epsilon=2)': epsilon: must be <= 1 (got 2)"]),
        (["topsis(epslon=0)"], ["epslon: unknown field; did you mean 'epsilon'?"]),
        (["topsis(epsilon=0"], ["a closing bracket is missing"]),
        (["topsis(0)"], ["parameters must look like field=value (got '0')"]),
        (["nowhere:Mine"], ["cannot import (got 'nowhere:Mine')"]),
        (["json:JSONDecoder"], ["must be a subclass of coalesce_sim.Policy"]),
        (["topsis", ""], ["policies: a name is missing"]),
        ([], ["policies: no policy is listed"]),
        (["rando", "topsis(epsilon=x)"], ["did you mean 'random'?", "epsilon: must be a number (got 'x')"]),
    ],
)
def test_policies_that_cannot_be_had_are_told_all_at_once(
    policies: list[str | type[Policy]], messages: list[str]
):
    with pytest.raises(ScenarioError) as raised:
        contenders(SMALL, policies)
    told = str(raised.value).splitlines()
    assert len(told) == len(messages)
    for line, message in zip(told, messages, strict=True):
        assert message in line


def test_what_is_no_policy_at_all_is_refused():
    with pytest.raises(TypeError, match=r"subclasses of coalesce_sim\.Policy"):
        compare(SMALL, [int])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="replications and jobs must be >= 1"):
        compare(SMALL, replications=0)


@pytest.mark.parametrize("slots", ["unlimited", 1])
def test_every_policy_plays_as_it_would_alone_on_the_same_tasks(slots: str | int, queues: Scenario):
    scenario = SMALL if slots == "unlimited" else queues
    found = compare(scenario, ["cheapest", "random"], replications=2, seed=5)
    for index, kind in enumerate(["cheapest", "random"]):
        alone = run(
            scenario.model_copy(update={"policy": contenders(scenario, [kind])[0].chosen}),
            seed=5,
            replications=2,
        )
        for both, single in zip(found.played, alone.replications, strict=True):
            ours = {name: both.metrics[index][name] for name in single}
            assert ours == pytest.approx(single, nan_ok=True, rel=1e-9, abs=1e-9)
    for each in found.played:
        assert len({metrics["all_local_usd"] for metrics in each.metrics}) == 1
        assert len({metrics["tasks"] for metrics in each.metrics}) == 1


def test_the_same_tables_at_any_number_of_jobs():
    one, two = (compare(SMALL, ["topsis", "random"], replications=5, jobs=jobs) for jobs in (1, 2))
    assert one.runs_table().equals(two.runs_table())
    assert one.learning_table().equals(two.learning_table())
    assert one.summary == two.summary


def test_an_error_in_another_process_ends_the_comparison():
    with pytest.raises(PolicyError, match=r"Hopeless: task 0, .* decide raised ZeroDivisionError: hopeless"):
        compare(SMALL, [Hopeless], replications=4, jobs=2)


def test_a_policy_against_itself_differs_by_nothing_at_all(played: Comparison):
    pair = next(each for each in played.differences if {each.first, each.second} == {"topsis", "scenario"})
    assert pair.contrast.difference.mean == 0
    assert pair.contrast.difference.ci95 == pair.contrast.ci_holm == (0, 0)
    assert pair.contrast.p == pair.contrast.p_holm == 1
    assert not pair.shown
    assert pair.variance_removed == 1


def test_who_is_played_unasked_is_in_no_family_of_tests(played: Comparison):
    assert played.labels[4:] == ["oracle", "best_fixed", "random"]
    tested = {label for pair in played.differences for label in (pair.first, pair.second)}
    assert tested == set(played.labels[:4])
    asked, unasked = played.course.gains[:4], played.course.gains[4:]
    alone = [gain.p for gain in asked if gain.p is not None]
    assert [gain.p_holm for gain in asked] == holm(alone)
    assert [gain.p_holm for gain in unasked] == [gain.p for gain in unasked]


def test_a_comparison_says_whether_the_best_beats_choosing_at_random(played: Comparison):
    best = next(label for label in played.ranked if label in played.labels[:4])
    first, second = (runs_of(played, label, "cost_reduction") for label in (best, "random"))
    (told,) = (each for each in findings(played) if "by a test of its own" in each)
    points, paired = (first - second).mean(), stats.ttest_rel(first, second)
    assert paired.pvalue < 0.05, "else there is nothing to be shown"
    assert points > 0
    assert told.startswith(f"{best} saves {points:.1f} points more than random, by a test of its own [")


def test_differences_are_those_of_the_runs_best_first(played: Comparison):
    assert len(played.differences) == 6, "pairs of the four that were asked for"
    for pair in played.differences:
        first, second = (runs_of(played, label, "cost_reduction") for label in (pair.first, pair.second))
        paired = stats.ttest_rel(first, second)
        found = pair.contrast.difference
        assert found.mean == pytest.approx((first - second).mean())
        assert found.mean is not None
        assert found.mean >= 0
        if found.sd:
            interval = paired.confidence_interval()
            assert found.ci95 == pytest.approx((interval.low, interval.high))
            assert pair.contrast.p == pytest.approx(paired.pvalue)


def test_regret_is_what_a_task_costs_above_the_yardstick(played: Comparison):
    for yardstick in [label for label in played.labels if label in YARDSTICKS]:
        for label in played.labels:
            above_usd = runs_of(played, label, "realised_usd") - runs_of(played, yardstick, "realised_usd")
            found = runs_of(played, label, f"regret_{yardstick}_usd_per_task")
            np.testing.assert_allclose(found, above_usd / runs_of(played, label, "tasks"))
    assert (runs_of(played, "cheapest", "regret_oracle_usd_per_task") > 0).all()


def test_the_course_ends_at_the_totals():
    """240 tasks fill 60 bins of 4."""
    found = compare(load("real_llm_240"), ["topsis", "cheapest"], replications=3)
    course = found.learning
    assert set(course["last_task"]) == set(range(4, 241, 4))
    for label in ("topsis", "cheapest"):
        own = course[course["policy"] == label]
        realised_usd = runs_of(found, label, "realised_usd").mean()
        saved_usd = runs_of(found, label, "all_local_usd").mean() - realised_usd
        assert own["saved_usd"].iloc[-1] == pytest.approx(saved_usd)
        assert 4 * own["cost_usd"].sum() == pytest.approx(realised_usd)


def test_a_policy_that_starts_to_save_late_is_found_to_gain():
    scenario = load("dur_01", ["clock.days=1"])
    found = compare(scenario, [LateStarter, "always_local"], replications=8)
    gains = dict(zip(found.labels, found.course.gains, strict=True))
    assert gains["LateStarter"].shown
    assert (gains["LateStarter"].difference.mean or 0) > 20
    assert gains["always_local"].difference.mean == 0
    assert not gains["always_local"].shown


def filled(costs_usd: list[float]) -> TaskBins:
    """Bins of tasks that cost what is given, and 1 USD at home."""
    bins = TaskBins()
    n = len(costs_usd)
    while n > bins.width * MOST_BINS:
        bins.width *= 2
    bins.tasks = n
    which = np.arange(n) // bins.width
    bins.sums[0] = np.bincount(which, weights=np.array(costs_usd), minlength=MOST_BINS)
    bins.sums[1] = np.bincount(which, minlength=MOST_BINS)
    return bins


def test_bins_are_merged_without_losing_anything():
    bins = filled([float(i) for i in range(64)])
    assert bins.merged(2)[0].tolist() == [4 * i + 1.0 for i in range(32)]
    assert bins.merged(256)[0].tolist() == [63 * 64 / 2]
    assert Learning([[bins]], most_bins=16).last_task.tolist() == list(range(4, 65, 4))


def test_the_course_tells_of_the_replications_that_reach_its_end():
    """18 of 20 replications have 101 tasks or more, which fill 50 bins of 2; so does the one of 100."""
    long = [[filled([0.5] * (100 + each))] for each in range(19)]
    course = Learning([[filled([9.0] * 10)], *long])
    assert (course.width, course.replications) == (2, 19)
    assert course.last_task[-1] == 100
    (curve,) = course.curves
    np.testing.assert_allclose(curve.cost_reduction[0], 50)
    np.testing.assert_allclose(curve.saved_usd[0], 0.5 * course.last_task)
    np.testing.assert_allclose(curve.saved_usd[1], 0, atol=1e-12)


def test_one_replication_has_no_intervals_and_none_has_no_course():
    found = compare(SMALL, ["cheapest", "random"], replications=1)
    (pair,) = found.differences
    assert pair.contrast.ci_holm is None
    assert not pair.shown
    assert found.learning["saved_usd"].notna().all()
    assert found.learning["saved_usd_half_width"].isna().all()
    idle = load("dur_01", ["workload.arrivals.tasks_per_hour=0"])
    empty = compare(idle, ["cheapest", "random"], replications=2)
    assert len(empty.learning) == 0
    assert empty.summary["policies"]["cheapest"]["metrics"]["cost_reduction"]["n"] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("topsis(kind=greedy)", "the kind stands before the bracket"),
        ("topsis(epsilon=0, epsilon=1)", "epsilon is stated twice"),
    ],
)
def test_a_policy_says_one_thing_once(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        contenders(load("dur_01"), [text])


def test_policies_may_be_listed_in_one_text() -> None:
    labels = [each.label for each in contenders(load("dur_01"), "topsis(epsilon=0), random")]
    assert labels == ["topsis(epsilon=0)", "random", "oracle", "best_fixed"]
