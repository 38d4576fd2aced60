"""Policies that forget, where arms change and where they do not: against textbook rules, and what it brings.

All regrets are in expected good pulls. On two arms of 0.9 and 0.8 that stay as they are, 5,000 pulls cost
about 192 with `discounted_ucb`, 128 with `sliding_window_ucb` and 65 with `discounted_thompson`, all by their
defaults, where `ucb1` loses 64 and `thompson` 9 (`test_bandits`). "About" is meant as there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter
from scipy import stats

from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.policy import PolicySettings
from verification.machine import LUCK, luck_of, played

SETTINGS: TypeAdapter[PolicySettings] = TypeAdapter(PolicySettings)
CONFIDENCE, ABOUT = 0.99, 0.1
SEED = 2011
KEPT = 50
"""Pulls in the window of those whose choices are compared."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def one_rises(pulls: int) -> Floats:
    """Means, (pulls, arms): one arm stays, and half-way the other one comes to be better."""
    means = np.tile([0.5, 0.1], (pulls, 1))
    means[pulls // 2 :, 1] = 0.9
    return means


def one_shines(pulls: int) -> Floats:
    """The abrupt changes of Garivier and Moulines (2011): one of three arms is the best for a fifth of all
    pulls."""
    means = np.tile([0.5, 0.3, 0.4], (pulls, 1))
    means[3 * pulls // 10 : pulls // 2, 2] = 0.9
    return means


def best_discount(pulls: int, changes: int) -> float:
    return 1 - math.sqrt(changes / pulls) / 4


def best_window(pulls: int, changes: int) -> int:
    return round(2 * math.sqrt(pulls * math.log(pulls) / changes))


def regrets(policy: dict[str, Any], means: Floats, runs: int) -> Iterator[float]:
    """Of each run, whose arms come in an order of its own; rewards and luck are the same for all policies."""
    scale = {} if "greedy" in policy["kind"] else {"scale_usd": 1.0}
    for run in range(runs):
        rng = np.random.default_rng([SEED, run])
        ordered = means[:, rng.permutation(means.shape[1])]
        pays = rng.random(ordered.shape) < ordered
        arms = played(create(SETTINGS.validate_python(scale | policy)), pays, luck_of(run))
        yield float((ordered.max(axis=1) - ordered[range(len(arms)), arms]).sum())


def interval(values: Floats) -> tuple[float, float]:
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, values.mean(), stats.sem(values))
    return float(low), float(high)


# The rules, from all that came before: by definition, and slowly.


def by_discounted_ucb(weights: Floats, good: Floats, pulled: Bools, pull: int) -> Floats:  # noqa: ARG001
    """``X̄ + 2·√(ξ·ln n/N)`` with ξ = ½."""
    count = weights @ pulled
    with np.errstate(divide="ignore", invalid="ignore"):
        index = (weights * good) @ pulled / count + 2 * np.sqrt(0.5 * np.log(count.sum()) / count)
    return np.where(count > 0, index, np.inf)


def by_sliding_window_ucb(weights: Floats, good: Floats, pulled: Bools, pull: int) -> Floats:
    """``X̄ + √(ξ·ln min(t, τ)/N)`` with ξ = ½; t are the pulls so far."""
    count = weights @ pulled
    with np.errstate(divide="ignore", invalid="ignore"):
        index = (weights * good) @ pulled / count + np.sqrt(0.5 * np.log(min(pull, KEPT)) / count)
    return np.where(count > 0, index, np.inf)


def by_discounted_thompson(weights: Floats, good: Floats, pulled: Bools, pull: int) -> Floats:
    """The draw that has as much of Beta(1 + S, 1 + F) below it as the luck of the task says."""
    draws = LUCK("policy.thompson").draws(np.array([0, 1, LOCAL]), pull)
    successes, failures = (weights * good) @ pulled, (weights * (1 - good)) @ pulled
    return np.asarray(stats.beta(1 + successes, 1 + failures).ppf(draws))


def by_windowed_greedy(weights: Floats, good: Floats, pulled: Bools, pull: int) -> Floats:  # noqa: ARG001
    """What is saved: above the price, 0 (home: 1), bad work costs 2 (1) and good work 0 (−1)."""
    at_home = np.array([0, 0, 1])
    count, excess = weights @ pulled, 2 * ((weights * (1 - good)) @ pulled) - (weights @ pulled) * at_home
    over_all_types = excess / (count + 1)
    return np.asarray(-(at_home + (excess + 4 * over_all_types) / (count + 4)))


@pytest.mark.parametrize(
    ("policy", "rule"),
    [
        ({"kind": "discounted_ucb", "discount": 0.98}, by_discounted_ucb),
        ({"kind": "discounted_ucb", "discount": 0.4}, by_discounted_ucb),
        ({"kind": "sliding_window_ucb", "window_tasks": KEPT}, by_sliding_window_ucb),
        ({"kind": "discounted_thompson", "discount": 0.98}, by_discounted_thompson),
        ({"kind": "discounted_thompson", "discount": 0.4}, by_discounted_thompson),
        ({"kind": "windowed_greedy", "window_tasks": KEPT}, by_windowed_greedy),
    ],
    ids=lambda parameter: parameter["kind"] if isinstance(parameter, dict) else "",
)
def test_the_policies_in_a_market_choose_as_their_rules_do(
    policy: dict[str, Any], rule: Callable[[Floats, Floats, Bools, int], Floats]
) -> None:
    """4,000 tasks at the same rewards (and draws); of equals, but for rounding, the first."""
    means = one_shines(4000)
    pays = np.random.default_rng(SEED).random(means.shape) < means
    scale = {} if "greedy" in policy["kind"] else {"scale_usd": 1.0}
    arms = np.array(played(create(SETTINGS.validate_python(scale | policy)), pays))
    good, pulled = pays[range(len(arms)), arms].astype(float), arms[:, None] == range(3)
    for pull, arm in enumerate(arms):
        age = np.arange(pull)[::-1]
        weights = policy["discount"] ** age if "discount" in policy else (age < KEPT).astype(float)
        index = rule(weights, good[:pull], pulled[:pull], pull)
        most = index.max()
        assert arm == (index >= most - 1e-9 * abs(most) if np.isfinite(most) else index == most).argmax()
    assert pulled.sum(axis=0).min() > 10


WINDOW, DISCOUNT = {"window_tasks": best_window(5000, 2)}, {"discount": best_discount(5000, 2)}


@pytest.mark.parametrize(
    ("forgets", "remembers", "runs"),
    [
        ({"kind": "discounted_ucb", **DISCOUNT}, {"kind": "ucb1"}, 16),
        ({"kind": "sliding_window_ucb", **WINDOW}, {"kind": "ucb1"}, 16),
        ({"kind": "discounted_thompson", **DISCOUNT}, {"kind": "thompson"}, 8),
        ({"kind": "windowed_greedy", **WINDOW}, {"kind": "greedy"}, 40),
    ],
    ids=lambda parameter: parameter["kind"] if isinstance(parameter, dict) else "",
)
def test_where_arms_change_whoever_forgets_loses_less(
    forgets: dict[str, Any], remembers: dict[str, Any], runs: int
) -> None:
    """The UCB rules at the same weight of uncertainty, ½: with 2, the default of `ucb1` and `discounted_ucb`,
    these two try so much that they find the change anyway, and forgetting does not pay here."""
    weight = {"exploration": 0.5} if remembers["kind"] == "ucb1" else {}
    lost = [np.fromiter(regrets(p | weight, one_shines(5000), runs), float) for p in (forgets, remembers)]
    assert interval(lost[1] - lost[0])[0] > 0


@pytest.mark.parametrize(
    ("kind", "runs"), [("discounted_ucb", 12), ("sliding_window_ucb", 12), ("discounted_thompson", 6)]
)
def test_regret_grows_more_slowly_than_time(kind: str, runs: int) -> None:
    """Four times the pulls, and the discount or window that is best for each, cost about ``2·ln 4T/ln T`` or
    ``2·√(ln 4T/ln T)`` as much by the published bounds, 2.4 and 2.2, when T is large; whoever never finds
    the other arm loses four times as much."""
    logs = []
    for pulls in (2500, 10_000):
        window, discount = best_window(pulls, 1), best_discount(pulls, 1)
        forgetting = {"window_tasks": window} if "window" in kind else {"discount": discount}
        lost = np.fromiter(regrets({"kind": kind, **forgetting}, one_rises(pulls), runs), float)
        logs.append((math.log(lost.mean()), stats.sem(lost) / lost.mean()))
    (before, error), (after, other_error) = logs
    most = after - before + stats.norm.ppf(CONFIDENCE) * math.hypot(error, other_error)
    assert math.exp(most) < 3.2


@pytest.mark.parametrize(
    ("kind", "figure", "runs"),
    [("discounted_ucb", 192, 12), ("sliding_window_ucb", 128, 12), ("discounted_thompson", 65, 30)],
)
def test_the_price_of_forgetting_where_nothing_changes(kind: str, figure: float, runs: int) -> None:
    """It is paid again and again: the second half of the pulls costs at least half of what the first does."""
    lost, before = (
        np.fromiter(regrets({"kind": kind}, np.tile([0.9, 0.8], (pulls, 1)), runs), float)
        for pulls in (5000, 2500)
    )
    low, high = interval(lost)
    assert high - low < 0.25 * figure
    assert low < figure * (1 + ABOUT)
    assert high > figure * (1 - ABOUT)
    assert interval(lost - 1.5 * before)[0] > 0


@pytest.mark.parametrize(
    ("forgets", "remembers"),
    [
        ({"kind": "discounted_ucb", "discount": 1.0}, {"kind": "ucb1"}),
        ({"kind": "sliding_window_ucb", "window_tasks": 2000}, {"kind": "ucb1", "exploration": 0.5}),
        ({"kind": "discounted_thompson", "discount": 1.0}, {"kind": "thompson"}),
        ({"kind": "windowed_greedy", "window_tasks": 2000}, {"kind": "greedy"}),
    ],
    ids=lambda parameter: parameter["kind"],
)
def test_whoever_forgets_nothing_is_the_one_that_remembers(
    forgets: dict[str, Any], remembers: dict[str, Any]
) -> None:
    means = one_shines(2000)
    pays = np.random.default_rng(SEED).random(means.shape) < means
    one, other = (played(create(SETTINGS.validate_python(each)), pays) for each in (forgets, remembers))
    assert one == other
